// A point while it runs: its process, and the line that it last said of itself.

import CProcess
import Glibc
import Support

/// How a process ended that left no result.
public enum PointDeath: Equatable, Sendable {
    case signal(Int32)
    case status(Int32)

    public var words: String {
        switch self {
        case .signal(SIGKILL): "its process was killed, as the system does where memory runs out"
        case .signal(let number): "its process was ended by signal \(number)"
        case .status(let status): "its process ended with status \(status)"
        }
    }
}

final class PointProcess {
    let point: SweepPoint
    let process: pid_t
    /// Where it reports how far it is.
    let report: Int32
    /// Its place among those that run side by side.
    let slot: Int
    private var rest: [UInt8] = []
    private(set) var peak = 0

    /// - Throws: `FileError`.
    init(
        _ point: SweepPoint, in folder: String, program: String, arguments: [String], variables: [String: String],
        core: Int?, slot: Int
    ) throws {
        (self.point, self.slot) = (point, slot)
        try FileSystem.makeFolder(folder)
        let path = folder + "/" + PointFolder.logName
        let log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard log >= 0 else { throw FileError(.notWritten, path, "cannot be opened: \(errorText(errno))") }
        defer { close(log) }
        var ends: [Int32] = [0, 0]
        guard process_pipe(&ends) == 0 else {
            throw FileError(.notWritten, path, "no pipe: \(errorText(errno))")
        }
        defer { close(ends[1]) }
        report = ends[0]
        process = PointProcess.start(program, arguments, variables, log: log, report: ends[1], core: core)
        if process < 0 {
            let code = errno
            close(report)
            throw FileError(.unreadable, program, "cannot be started: \(errorText(code))")
        }
    }

    private static func start(
        _ program: String, _ arguments: [String], _ variables: [String: String], log: Int32, report: Int32, core: Int?
    ) -> pid_t {
        var own: [String] = []
        var place = environ
        while let entry = place.pointee {
            let text = String(cString: entry)
            if !variables.keys.contains(where: { text.hasPrefix($0 + "=") }) { own.append(text) }
            place += 1
        }
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        let environment = (own + variables.map { "\($0.key)=\($0.value)" }).map { strdup($0) } + [nil]
        defer { for pointer in words + environment { free(pointer) } }
        return process_start(program, words, environment, log, report, Int32(core ?? -1))
    }

    /// What it has said since it was last asked, the last line of it; nil where it has said nothing.
    func takeReport() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var last: String?
        while true {
            let count = read(report, &buffer, buffer.count)
            guard count > 0 else { return last }
            rest += buffer[..<count]
            while let end = rest.firstIndex(of: 10) {
                last = String(decoding: rest[..<end], as: UTF8.self)
                rest.removeSubrange(...end)
            }
        }
    }

    /// Bytes of memory now.
    func memory() -> Int {
        guard let memory = Machine.memory(of: process) else { return 0 }
        peak = max(peak, memory.peak)
        return memory.now
    }

    func signal(_ number: Int32) { kill(process, number) }

    /// How it ended, once it has; nil while it runs.
    func reap() -> PointDeath? {
        var status: Int32 = 0
        let found = waitpid(process, &status, WNOHANG)
        guard found == process else { return nil }
        close(report)
        return status & 0x7f == 0 ? .status((status >> 8) & 0xff) : .signal(status & 0x7f)
    }
}
