import Glibc
import Support
import Transformer

// What a run's folder needs of the file system beyond `writeFileAtomically`.

/// What is wrong with the folder of a run.
public enum RunFolderError: Error, Equatable, CustomStringConvertible {
    case inUse(path: String, host: String, process: Int, since: String)
    case foreignOwner(path: String, host: String, process: Int, since: String)
    case exists(path: String)
    case notARun(path: String)
    case version(path: String, found: Int, known: Int)
    case malformed(path: String, rule: String)
    case changedData(path: String, what: String)
    case noCheckpoint(path: String)
    case notWritten(path: String, reason: String)

    public var description: String {
        switch self {
        case .inUse(let path, let host, let process, let since):
            "\(path) is being written by process \(process) on \(host) since \(since); wait for it, or choose another name"
        case .foreignOwner(let path, let host, let process, let since):
            "\(path) belongs to process \(process) on \(host) since \(since), which cannot be seen from here; if it is gone, take the run over with steal: true"
        case .exists(let path): "\(path) is there already; resume it, or choose another name"
        case .notARun(let path): "\(path) is not a run: it has no run.json"
        case .version(let path, let found, let known):
            "\(path) was written in format \(found); this program knows format \(known)"
        case .malformed(let path, let rule): "\(path): \(rule)"
        case .changedData(let path, let what): "\(path): \(what) are not those the run was started with"
        case .noCheckpoint(let path): "\(path) has no complete checkpoint to go on from"
        case .notWritten(let path, let reason): "\(path) could not be written: \(reason)"
        }
    }
}

enum RunFiles {
    /// Makes a folder and those above it that are missing.
    static func makeFolder(_ path: String) throws {
        if isFolder(path) { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeFolder(String(path[..<slash])) }
        guard mkdir(path, 0o777) == 0 || errno == EEXIST && isFolder(path) else { throw failure(path) }
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The names in a folder, sorted; none if it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes sure that the names in a folder are on the disk.
    static func flush(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(folder) }
    }

    /// Removes a folder of plain files.
    static func removeFolder(_ path: String) {
        for name in names(in: path) { unlink(path + "/" + name) }
        rmdir(path)
    }

    static func failure(_ path: String) -> RunFolderError {
        .notWritten(path: path, reason: strerror(errno).map { String(cString: $0) } ?? "error \(errno)")
    }

    /// The time as `2026-11-25T03:04:05Z`.
    static func timestamp() -> String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
