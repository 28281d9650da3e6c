import Glibc

/// What this process may still take of the machine's memory.
public enum FreeMemory {
    /// Bytes: the least of what the kernel could give without swapping, what is left of the process's own limits
    /// (`ulimit -v`), and what is left to the control group, as of a container. nil where the system does not say.
    public static var bytes: Int? {
        [available, addressSpace, controlGroup].compactMap { $0 }.min().map { max($0, 0) }
    }

    private static var available: Int? { value(of: "MemAvailable:", in: "/proc/meminfo").map { $0 << 10 } }

    private static var addressSpace: Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < 1 << 60,
            let used = value(of: "VmSize:", in: "/proc/self/status")
        else { return nil }
        return Int(limit.rlim_cur) - used << 10
    }

    private static var controlGroup: Int? {
        guard let limit = number(in: "/sys/fs/cgroup/memory.max"),
            let used = number(in: "/sys/fs/cgroup/memory.current")
        else { return nil }
        // Pages of files count as used, and are given up before anything else.
        let files = ["inactive_file", "active_file"].compactMap { value(of: $0, in: "/sys/fs/cgroup/memory.stat") }
        return limit - used + files.reduce(0, +)
    }

    private static func text(_ path: String) -> String? {
        (try? readBytes(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func number(in path: String) -> Int? {
        text(path).flatMap { Int($0.filter { !$0.isWhitespace }) }
    }

    /// The number after a name in a file of the kernel's.
    private static func value(of name: String, in path: String) -> Int? {
        guard let line = text(path)?.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
}
