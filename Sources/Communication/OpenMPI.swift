import Glibc
import Support

// libmpi of Open MPI, opened where several ranks were started and not before: icot itself needs none.
//
// The standard leaves it open what a communicator or a type is in C. In Open MPI (4 and 5) it is the address of an
// object that the library exports, `ompi_mpi_comm_world`, `ompi_mpi_byte`; in MPICH and its kin a number from its
// header. So a library with those names is Open MPI's, and another one is refused. Only bytes travel; sums are our own
// (`OrderedSum`).
//
// Errors keep MPI's default: they end all ranks.

/// Why Open MPI cannot be used.
public enum OpenMPIFault: Error, Equatable, CustomStringConvertible {
    case missing(String)
    /// A library of MPI that is another's.
    case notOpenMPI(library: String, version: String)
    case lacks(function: String, version: String)
    case notStarted(Int)

    public var description: String {
        switch self {
        case .missing(let name): "\(name), the library of Open MPI, cannot be opened"
        case .notOpenMPI(let library, let version):
            "\(library) is \(version), and icot speaks to Open MPI only"
        case .lacks(let function, let version): "\(version) has no \(function)"
        case .notStarted(let code): "Open MPI could not be started: MPI_Init_thread gave \(code)"
        }
    }

    public var help: String {
        switch self {
        case .missing: "apt install openmpi-bin on every machine, or name its library in ICOT_MPI"
        case .notOpenMPI: "start it with Open MPI's mpirun, or name its library in ICOT_MPI"
        case .lacks: "take Open MPI 4 or 5"
        case .notStarted: "try mpirun -np 2 hostname, which says what is wrong"
        }
    }
}

/// The library, not yet started.
public struct OpenMPILibrary: Sendable {
    fileprivate typealias Pointer = UnsafeMutableRawPointer
    fileprivate typealias Counts = UnsafePointer<Int32>
    fileprivate struct Functions {
        let start: @convention(c) (Pointer?, Pointer?, CInt, UnsafeMutablePointer<CInt>) -> CInt
        let end: @convention(c) () -> CInt
        let abort: @convention(c) (Pointer, CInt) -> CInt
        let rank: @convention(c) (Pointer, UnsafeMutablePointer<CInt>) -> CInt
        let size: @convention(c) (Pointer, UnsafeMutablePointer<CInt>) -> CInt
        let broadcast: @convention(c) (Pointer?, CInt, Pointer, CInt, Pointer) -> CInt
        let startBroadcast:
            @convention(c) (Pointer?, CInt, Pointer, CInt, Pointer, UnsafeMutablePointer<Pointer?>) -> CInt
        let test: @convention(c) (UnsafeMutablePointer<Pointer?>, UnsafeMutablePointer<CInt>, Pointer?) -> CInt
        let gather:
            @convention(c) (
                UnsafeRawPointer?, CInt, Pointer, Pointer?, Counts?, Counts?, Pointer, CInt, Pointer
            ) -> CInt
        let exchange:
            @convention(c) (
                UnsafeRawPointer?, Counts, Counts, Pointer, Pointer?, Counts, Counts, Pointer, Pointer
            ) -> CInt
        let share: @convention(c) (UnsafeRawPointer?, CInt, Pointer, Pointer?, Counts, Counts, Pointer, Pointer) -> CInt
        let world: Pointer
        let byte: Pointer
    }

    fileprivate nonisolated(unsafe) let functions: Functions
    /// `Open MPI 4.1.4`
    public let version: String

    /// Opens what ICOT_MPI names, or the library of Open MPI 4 and 5.
    public init() throws(OpenMPIFault) {
        let own = getenv("ICOT_MPI").map { String(cString: $0) }
        let names = own.map { [$0] } ?? ["libmpi.so.40", "libmpi.so"]
        // Open MPI's own plug-ins look for its names among those that everybody sees.
        guard let library = DynamicLibrary(anyOf: names, isGlobal: true) else { throw .missing(names[0]) }
        let version = Self.version(library)
        guard let world = library.object("ompi_mpi_comm_world"), let byte = library.object("ompi_mpi_byte") else {
            throw .notOpenMPI(library: names[0], version: version)
        }
        func function<T>(_ name: String) throws(OpenMPIFault) -> T {
            guard let function: T = library.function(name) else { throw .lacks(function: name, version: version) }
            return function
        }
        functions = Functions(
            start: try function("MPI_Init_thread"), end: try function("MPI_Finalize"),
            abort: try function("MPI_Abort"), rank: try function("MPI_Comm_rank"), size: try function("MPI_Comm_size"),
            broadcast: try function("MPI_Bcast"), startBroadcast: try function("MPI_Ibcast"),
            test: try function("MPI_Test"), gather: try function("MPI_Gatherv"),
            exchange: try function("MPI_Alltoallv"), share: try function("MPI_Allgatherv"), world: world, byte: byte)
        self.version = version
    }

    /// What the library says that it is, its first words.
    private static func version(_ library: DynamicLibrary) -> String {
        typealias Version = @convention(c) (UnsafeMutablePointer<CChar>, UnsafeMutablePointer<CInt>) -> CInt
        guard let ask: Version = library.function("MPI_Get_library_version") else { return "no MPI" }
        // MPI_MAX_LIBRARY_VERSION_STRING is 256 in Open MPI and 8192 in MPICH.
        var text = [CChar](repeating: 0, count: 8193)
        var count: CInt = 0
        _ = ask(&text, &count)
        let words = String(decoding: text[..<min(Int(count), 8192)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // `Open MPI v4.1.4, package: …`
        let first = words.split(whereSeparator: { $0 == "," || $0 == "\n" || $0 == "\t" }).first ?? "an unknown MPI"
        return first.split(separator: " ").map { $0.hasPrefix("v") ? $0.dropFirst() : $0 }.joined(separator: " ")
    }
}

/// The ranks that mpirun started.
public final class OpenMPI: Communicator {
    public let rank: Int
    public let size: Int
    private let library: OpenMPILibrary
    private var functions: OpenMPILibrary.Functions { library.functions }

    /// How long a rank that waits looks without a pause, and between two looks at most afterwards, in microseconds.
    private static let attention = 1000.0
    private static let longestPause: UInt32 = 5000
    /// More bytes than a message's count can tell go in pieces.
    private static let largest = 1 << 30
    /// MPI_THREAD_SERIALIZED: one thread at a time, not always the same.
    private static let serialized: CInt = 2
    /// MPI_IN_PLACE
    private static var inPlace: UnsafeRawPointer? { UnsafeRawPointer(bitPattern: 1) }

    /// Begins to talk. Once in the life of a process.
    public init(_ library: OpenMPILibrary) throws(OpenMPIFault) {
        self.library = library
        let functions = library.functions
        var provided: CInt = 0
        let status = functions.start(nil, nil, Self.serialized, &provided)
        guard status == 0, provided >= Self.serialized else { throw .notStarted(Int(status)) }
        var (rank, size): (CInt, CInt) = (0, 0)
        _ = functions.rank(functions.world, &rank)
        _ = functions.size(functions.world, &size)
        (self.rank, self.size) = (Int(rank), Int(size))
    }

    public func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {
        var start = 0
        while start < bytes.count {
            let count = min(Self.largest, bytes.count - start)
            _ = functions.broadcast(
                bytes.baseAddress.map { $0 + start }, CInt(count), functions.byte, 0, functions.world)
            start += count
        }
    }

    public func call(_ bytes: UnsafeMutableRawBufferPointer) {
        var request: UnsafeMutableRawPointer?
        _ = functions.startBroadcast(
            bytes.baseAddress, CInt(bytes.count), functions.byte, 0, functions.world, &request)
        var isDone: CInt = 0
        let started = MonotonicClock.seconds()
        var pause: UInt32 = 0
        while true {
            _ = functions.test(&request, &isDone, nil)
            if isDone != 0 { return }
            if rank == 0 { continue }
            if pause > 0 || MonotonicClock.seconds() - started > Self.attention * 1e-6 {
                pause = min(pause + 50, Self.longestPause)
                usleep(pause)
            }
        }
    }

    public func gather(_ own: UnsafeRawBufferPointer, _ counts: [Int], into all: UnsafeMutableRawBufferPointer) {
        _ = functions.gather(
            own.baseAddress, CInt(own.count), functions.byte, all.baseAddress, counts.map { Int32($0) },
            Self.starts(counts), functions.byte, 0, functions.world)
    }

    public func exchange(
        _ source: UnsafeRawBufferPointer, _ sourceCounts: [Int], into target: UnsafeMutableRawBufferPointer,
        _ targetCounts: [Int]
    ) {
        _ = functions.exchange(
            source.baseAddress, sourceCounts.map { Int32($0) }, Self.starts(sourceCounts), functions.byte,
            target.baseAddress, targetCounts.map { Int32($0) }, Self.starts(targetCounts), functions.byte,
            functions.world)
    }

    public func share(_ bytes: UnsafeMutableRawBufferPointer, _ counts: [Int]) {
        _ = functions.share(
            Self.inPlace, 0, functions.byte, bytes.baseAddress, counts.map { Int32($0) }, Self.starts(counts),
            functions.byte, functions.world)
    }

    public func end() { _ = functions.end() }

    public func abort(_ status: Int32) { _ = functions.abort(functions.world, status) }

    /// Where each part begins.
    private static func starts(_ counts: [Int]) -> [Int32] {
        var start = 0
        return counts.map { count in
            defer { start += count }
            return Int32(start)
        }
    }
}
