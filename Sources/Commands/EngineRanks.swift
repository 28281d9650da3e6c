import Communication
import Glibc
import Internalization
import Support
import Tensors

// What happens where mpirun started several of this program, before anything else does: they say to rank 0 who they
// are, rank 0 sees whether they can train together, and goes on as the program; the others follow until it is over.
// They read and write no file, have no terminal, and take no signals: rank 0 alone hears that somebody wants it to
// stop.

/// Why several ranks were not let in.
enum RankRefusal: Equatable, CustomStringConvertible {
    /// They were started by an MPI that icot does not speak to.
    case otherMPI
    case library(OpenMPIFault)
    case otherProgram(rank: Int, RankIdentity, RankIdentity)
    case otherArithmetic(rank: Int, RankIdentity, RankIdentity)

    var description: String {
        switch self {
        case .otherMPI:
            "several ranks were started by another MPI than Open MPI (there is PMI_SIZE, and no OMPI_COMM_WORLD_SIZE)"
        case .library(let fault): "mpirun started several of icot, but \(fault.description)"
        case .otherProgram(let rank, let its, let first):
            "rank \(rank) on \(its.host) runs another icot than rank 0 on \(first.host): \(its.version), SHA-256 "
                + "\(its.digest.prefix(12))…, not \(first.version), SHA-256 \(first.digest.prefix(12))…"
        case .otherArithmetic(let rank, let its, let first):
            "rank \(rank) on \(its.host) computes as \"\(its.arithmetic)\", rank 0 on \(first.host) as "
                + "\"\(first.arithmetic)\": after some steps their weights would differ"
        }
    }

    var help: String {
        switch self {
        case .otherMPI: "start it with Open MPI's mpirun"
        case .library(let fault): fault.help
        case .otherProgram: "install the same program on every machine"
        case .otherArithmetic:
            "take machines of one kind, or have all of them take the same kernels: OPENBLAS_CORETYPE, or ICOT_BLAS=own"
        }
    }

    /// 3 something is missing, 4 refused.
    var status: Int32 {
        if case .library(.missing) = self { return 3 }
        return 4
    }
}

/// What a rank says of itself.
struct RankIdentity: Equatable {
    var version: String
    /// SHA-256 of the program.
    var digest: String
    /// What decides the last bits, but for the number of threads.
    var arithmetic: String
    var host: String
    /// The cores that it may run on, and how many they are.
    var cores: String
    var coreCount: Int

    static func own(version: String) -> RankIdentity {
        let status = (try? readBytes("/proc/self/status", limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
        let cores = status?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") } ?? ""
        return RankIdentity(
            version: version, digest: (try? SHA256.hex(ofFile: "/proc/self/exe")) ?? "unknown",
            arithmetic: CPUExecutor(Workers(threadCount: 1)).profile.split(separator: " ").dropLast(2)
                .joined(separator: " "),
            host: FolderLock.host, cores: String(cores.drop { $0 != "\t" }.dropFirst()), coreCount: Workers.usableCores)
    }

    var text: String { [version, digest, arithmetic, host, cores, "\(coreCount)"].joined(separator: "\n") }

    init(version: String, digest: String, arithmetic: String, host: String, cores: String, coreCount: Int) {
        (self.version, self.digest, self.arithmetic) = (version, digest, arithmetic)
        (self.host, self.cores, self.coreCount) = (host, cores, coreCount)
    }

    /// - Parameter text: as `text` has it.
    init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 6, let count = Int(lines[5]) else { return nil }
        self.init(
            version: lines[0], digest: lines[1], arithmetic: lines[2], host: lines[3], cores: lines[4],
            coreCount: count)
    }

    /// The first reason why these, in the order of ranks, cannot train together.
    static func refusal(_ ranks: [RankIdentity]) -> RankRefusal? {
        guard let first = ranks.first else { return nil }
        for (rank, its) in ranks.enumerated() {
            if its.digest != first.digest || its.version != first.version {
                return .otherProgram(rank: rank, its, first)
            }
        }
        for (rank, its) in ranks.enumerated() where its.arithmetic != first.arithmetic {
            return .otherArithmetic(rank: rank, its, first)
        }
        return nil
    }

    /// Threads that every rank has a core for: all take as many, since an update's bits may depend on it. Ranks that
    /// may run on the same cores of the same machine share them.
    static func threads(_ ranks: [RankIdentity]) -> Int {
        ranks.map { its in its.coreCount / ranks.count { $0.host == its.host && $0.cores == its.cores } }.min().map {
            max(1, $0)
        } ?? 1
    }
}

/// Several processes of this program that mpirun started.
public enum EngineRanks {
    public enum Joined {
        /// The program goes on here: alone, or as rank 0.
        case leads
        /// What is left to do is to end with this status, after this word where there is one.
        case ends(Int32, message: String?)
    }

    /// How many ranks train together.
    public static var count: Int { Ranks.current.size }

    /// Whether what is written here goes to the terminal by way of mpirun, if it goes there at all.
    public static var isForwarded: Bool { Launch.isForwarded }

    /// `Open MPI 4.1.4`, or why it cannot be used; for `icot doctor`.
    public static func library() -> (version: String?, fault: (description: String, help: String)?) {
        do { return (try OpenMPILibrary().version, nil) } catch { return (nil, (error.description, error.help)) }
    }

    /// Meets the other ranks, where there are any. Elsewhere than on rank 0 it returns when all is over.
    public static func join(version: String) -> Joined {
        let rank: Int
        switch Launch() {
        case .alone: return .leads
        case .other(let number): return refused(.otherMPI, rank: number)
        case .openMPI(let number): rank = number
        }
        let communicator: OpenMPI
        do { communicator = try OpenMPI(OpenMPILibrary()) } catch { return refused(.library(error), rank: rank) }
        // What this program starts is on its own.
        Launch.forget()
        let own = RankIdentity.own(version: version)
        let ranks = Ranks(communicator)
        let identities = communicator.gather(own.text).compactMap { RankIdentity($0) }
        guard communicator.rank == 0 else {
            for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2] { Glibc.signal(signal, SIG_IGN) }
            ranks.follow()
            return .ends(0, message: nil)
        }
        if let refusal = RankIdentity.refusal(identities) {
            ranks.end()
            return refused(refusal, rank: 0)
        }
        setenv("ICOT_THREADS", "\(RankIdentity.threads(identities))", 0)
        Ranks.choose(ranks)
        atexit { Ranks.current.end() }
        return .leads
    }

    /// Only one of them says so.
    private static func refused(_ refusal: RankRefusal, rank: Int) -> Joined {
        .ends(refusal.status, message: rank == 0 ? "\(refusal.description)\n  fix: \(refusal.help)" : nil)
    }
}
