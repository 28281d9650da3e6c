// What the machine has for points: cores, room on the disk, and what the memory of a process comes to.

import CProcess
import Glibc
import Support

public enum Machine {
    /// The cores that this process may run on, those first that share nothing with an earlier one: two points on the
    /// two threads of one core would get half a core each.
    public static func cores() -> [Int] {
        var found = [Int32](repeating: 0, count: 1024)
        let count = Int(process_cores(&found, Int32(found.count)))
        return ordered(found.prefix(count).map { Int($0) }) { core in
            firstLine("/sys/devices/system/cpu/cpu\(core)/topology/thread_siblings_list")
        }
    }

    /// - Parameter siblings: what the system says of the threads of a core's own core; the same text for all of them.
    static func ordered(_ cores: [Int], siblings: (Int) -> String?) -> [Int] {
        var seen: Set<String> = []
        var first: [Int] = []
        var rest: [Int] = []
        for core in cores {
            if let text = siblings(core), !seen.insert(text).inserted { rest.append(core) } else { first.append(core) }
        }
        return first + rest
    }

    /// Bytes of memory of a process: now, and at its largest.
    static func memory(of process: pid_t) -> (now: Int, peak: Int)? {
        let path = "/proc/\(process)/status"
        guard let now = field("VmRSS:", in: path), let peak = field("VmHWM:", in: path) else { return nil }
        return (now * 1024, peak * 1024)
    }

    /// Bytes free on the disk that a path is on, or will be.
    public static func freeDisk(_ path: String) -> Int? {
        var folder = path
        while !FileSystem.exists(folder) {
            let parent = FileSystem.folder(of: folder)
            if parent == folder { return nil }
            folder = parent
        }
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    private static func firstLine(_ path: String) -> String? { lines(path)?.first.map(String.init) }

    /// The number after a word at the start of a line.
    private static func field(_ word: String, in path: String) -> Int? {
        lines(path)?.first { $0.hasPrefix(word) }.flatMap { line in
            line.dropFirst(word.count).split(whereSeparator: { $0 == " " || $0 == "\t" }).first.flatMap { Int($0) }
        }
    }

    private static func lines(_ path: String) -> [Substring]? {
        // Files of the system have no size to ask for.
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 14)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
    }
}
