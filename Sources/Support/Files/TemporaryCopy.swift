import Glibc

/// A copy of a folder that goes away with this object: for reading what another process may hold, or must not be
/// changed.
public final class TemporaryCopy {
    public let path: String
    private let descriptor: Int32

    /// Copies a folder with all that is in it except files and folders of the names `omitted`.
    /// - Throws: `FileError`.
    public init(of folder: String, without omitted: Set<String> = []) throws {
        let base = FileSystem.temporaryFolder
        var template = Array((base + "/icot-run-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FileError(.notWritten, base, "has no room for a copy of \(folder)")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        Leftovers.add(path)
        descriptor = open(path + "/" + Self.mark, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { flock(descriptor, LOCK_EX | LOCK_NB) }
        Self.removeAbandoned(base)
        try Self.copy(folder, to: path, without: omitted)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        Leftovers.remove(path)
    }

    /// Locked as long as the process lives that has the copy.
    private static let mark = "copy.lock"

    /// Copies of processes that could not remove them because they were killed.
    private static func removeAbandoned(_ base: String) {
        for name in FileSystem.names(in: base) where name.hasPrefix("icot-run-") {
            let copy = base + "/" + name
            let held = open(copy + "/" + mark, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard held >= 0 else { continue }
            defer { close(held) }
            var status = stat()
            guard fstat(held, &status) == 0, status.st_uid == getuid(), flock(held, LOCK_EX | LOCK_NB) == 0
            else { continue }
            FileSystem.removeFolder(copy)
        }
    }

    private static func copy(_ folder: String, to target: String, without omitted: Set<String>) throws {
        for name in FileSystem.names(in: folder) where !omitted.contains(name) {
            let (source, copy) = (folder + "/" + name, target + "/" + name)
            if FileSystem.isFolder(source) {
                try FileSystem.makeFolder(copy)
                try Self.copy(source, to: copy, without: omitted)
            } else {
                let file = try MappedFile(source)
                try withExtendedLifetime(file) {
                    try writeFileAtomically(copy, byteCount: file.bytes.count) { try $0.write(file.bytes) }
                }
            }
        }
    }
}
