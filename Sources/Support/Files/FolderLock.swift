import Glibc

/// The right to write a folder, held by one process at a time.
///
/// Two things together: an `flock` on the file `NAME.lock`, which the kernel gives back when a process dies, and a file
/// `owner.lock` (as JSON: host, process, since when, boot of the machine) for file systems on which such locks do not
/// reach other hosts. An owner on this host without a lock is dead, and is replaced; one on another host is believed.
/// Both names end in `.lock`, so they are no part of what a folder holds where a notebook pins it.
public final class FolderLock {
    /// Why the folder is not to be had.
    public enum Refusal: Error, Equatable {
        /// A process on this machine holds it; what it wrote about itself, where that can be read.
        case held(Owner?)
        /// A process on another machine does, or died there.
        case foreign(Owner)
        /// The system does not let the file be opened or locked.
        case system(path: String, code: Int32)
    }

    public struct Owner: Codable, Equatable, Sendable {
        public var host: String
        public var process: Int
        public var since: String
        public var boot: String
    }

    /// The names of its files, which a copy of the folder leaves out.
    public static func fileNames(_ name: String) -> [String] { ["\(name).lock", "owner.lock"] }

    private let descriptor: Int32
    private let ownerPath: String

    /// - Parameter steals: takes it over from a process on another machine that is gone.
    /// - Throws: `Refusal`; `FileError` where the owner cannot be written down.
    public init(_ folder: String, name: String, steals: Bool = false) throws {
        // Whoever holds it may go to another folder.
        ownerPath = FileSystem.absolute(folder) + "/owner.lock"
        let path = folder + "/\(name).lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw Refusal.system(path: path, code: errno) }
        let known = FolderLock.owner(ownerPath)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EWOULDBLOCK ? Refusal.held(known) : Refusal.system(path: path, code: code)
        }
        if let known, known.host != FolderLock.host, !steals {
            close(descriptor)
            throw Refusal.foreign(known)
        }
        self.descriptor = descriptor
        let owner = Owner(host: FolderLock.host, process: Int(getpid()), since: UTCTime.now(), boot: FolderLock.boot)
        try writeFileAtomically(ownerPath, (JSONWriter.text(JSONValue(encoding: owner)) + "\n").utf8)
        Leftovers.add(ownerPath)
    }

    deinit {
        Leftovers.remove(ownerPath)
        close(descriptor)
    }

    private static func owner(_ path: String) -> Owner? {
        guard FileSystem.exists(path) else { return nil }
        return try? JSONReader.readFile(path).decode(Owner.self)
    }

    /// What this machine is called.
    public static var host: String {
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
