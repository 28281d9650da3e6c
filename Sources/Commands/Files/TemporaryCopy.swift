import Glibc
import Transformer

/// A copy of a folder that goes away with this object: for reading a kept run without holding or changing it.
final class TemporaryCopy {
    let path: String

    /// - Throws: `FileError`.
    init(of folder: String) throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((base + "/icot-run-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FileError(.notWritten, base, "has no room for a copy of \(folder)")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try Self.copy(folder, to: path)
    }

    deinit { Self.remove(path) }

    private static func copy(_ folder: String, to target: String) throws {
        for name in names(in: folder) {
            let (source, copy) = (folder + "/" + name, target + "/" + name)
            if isFolder(source) {
                guard mkdir(copy, 0o777) == 0 else { throw FileError(.notWritten, copy, "cannot be made") }
                try Self.copy(source, to: copy)
            } else {
                let file = try MappedFile(source)
                try withExtendedLifetime(file) {
                    try writeFileAtomically(copy, byteCount: file.bytes.count) { try $0.write(file.bytes) }
                }
            }
        }
    }

    private static func remove(_ folder: String) {
        for name in names(in: folder) {
            let path = folder + "/" + name
            if isFolder(path) { remove(path) } else { unlink(path) }
        }
        rmdir(folder)
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != "..", name != "lock", name != "owner.json" { names.append(name) }
        }
        return names
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
