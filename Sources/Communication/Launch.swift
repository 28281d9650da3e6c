import Glibc
import Support

/// Who started this process, as the environment tells it.
public enum Launch: Equatable, Sendable {
    /// Nobody who starts several together.
    case alone
    /// Open MPI's mpirun, or a queue that speaks its language (PMIx), as one of several.
    case openMPI(rank: Int)
    /// Another kind of MPI, as one of several: each would believe that it is alone.
    case other(rank: Int)

    /// - Parameter variable: the value of an environment variable.
    public init(_ variable: (String) -> String? = { getenv($0).map { String(cString: $0) } }) {
        func number(_ name: String) -> Int? { variable(name).flatMap { Int($0) } }
        if let size = number("OMPI_COMM_WORLD_SIZE") {
            self = size > 1 ? .openMPI(rank: number("OMPI_COMM_WORLD_RANK") ?? 0) : .alone
        } else if let rank = number("PMIX_RANK") {
            // srun --mpi=pmix says no more than this.
            self = (number("SLURM_STEP_NUM_TASKS") ?? 2) > 1 ? .openMPI(rank: rank) : .alone
        } else if let size = number("PMI_SIZE"), size > 1 {
            self = .other(rank: number("PMI_RANK") ?? 0)
        } else {
            self = .alone
        }
    }

    /// Whether mpirun passes on what this process writes: its terminal is none that anybody sees.
    public static var isForwarded: Bool { getenv("OMPI_COMM_WORLD_SIZE") != nil || getenv("PMIX_RANK") != nil }

    /// Takes the launcher's words out of the environment: a program that this one starts is on its own.
    public static func forget() {
        let prefixes = ["OMPI_", "PMIX_", "PMI_", "ORTE_", "PRTE_"]
        // What a person allows holds for what is started from here too.
        let kept: Set = ["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"]
        for name in names where prefixes.contains(where: { name.hasPrefix($0) }) && !kept.contains(name) {
            unsetenv(name)
        }
    }

    /// The names that this process was given.
    private static var names: [String] {
        let bytes = (try? readBytes("/proc/self/environ", limit: 1 << 24)) ?? []
        return bytes.split(separator: 0).map { String(decoding: $0.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self) }
    }
}
