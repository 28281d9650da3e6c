import Glibc
import Support
import Transformer

/// The right to write a run's folder, held by one process at a time.
///
/// Two things together: an `flock` on the file `run.lock`, which the kernel gives back when a process dies, and a file
/// `owner.lock` (as JSON: host, process, since when, boot of the machine) for file systems on which such locks do not
/// reach other hosts. An owner on this host without a lock is dead, and is replaced; one on another host is believed.
/// Both names end in `.lock`, so they are no part of what a folder holds where a notebook pins it.
public final class RunLock {
    /// What a copy of a run's folder leaves out.
    public static let fileNames = ["run.lock", "owner.lock"]

    private let descriptor: Int32
    private let ownerPath: String

    private struct Owner: Codable {
        var host: String
        var process: Int
        var since: String
        var boot: String
    }

    /// - Throws: `RunFolderError.inUse`, `.foreignOwner`.
    init(_ folder: String, steals: Bool = false) throws {
        ownerPath = folder + "/owner.lock"
        let path = folder + "/run.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw RunFolderError.system(path) }
        let known = RunLock.owner(ownerPath)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else { throw RunFolderError.system(path) }
            throw RunFolderError.inUse(
                path: folder, host: known?.host ?? "this host", process: known?.process ?? 0,
                since: known?.since ?? "an unknown time")
        }
        if let known, known.host != RunLock.host, !steals {
            close(descriptor)
            throw RunFolderError.foreignOwner(
                path: folder, host: known.host, process: known.process, since: known.since)
        }
        self.descriptor = descriptor
        let owner = Owner(host: RunLock.host, process: Int(getpid()), since: UTCTime.now(), boot: RunLock.boot)
        try writeFileAtomically(ownerPath, (JSONWriter.text(JSONValue(encoding: owner)) + "\n").utf8)
    }

    deinit {
        unlink(ownerPath)
        close(descriptor)
    }

    private static func owner(_ path: String) -> Owner? {
        guard FileSystem.exists(path) else { return nil }
        return try? JSONReader.readFile(path).decode(Owner.self)
    }

    static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static var boot: String {
        guard let file = fopen("/proc/sys/kernel/random/boot_id", "r") else { return "" }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 64)
        guard fgets(&text, Int32(text.count), file) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
