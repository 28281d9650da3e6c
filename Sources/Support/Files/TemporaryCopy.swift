import Glibc

/// A copy of a folder that goes away with this object: for reading what another process may hold, or must not be
/// changed.
public final class TemporaryCopy {
    public let path: String

    /// Copies a folder with all that is in it except files and folders of the names `omitted`.
    /// - Throws: `FileError`.
    public init(of folder: String, without omitted: Set<String> = []) throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((base + "/icot-run-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FileError(.notWritten, base, "has no room for a copy of \(folder)")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try Self.copy(folder, to: path, without: omitted)
    }

    deinit { FileSystem.removeFolder(path) }

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
