import Glibc

/// Questions about names in the file system, and folders.
public enum FileSystem {
    /// Whether a file or folder is there, links followed.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether `path` is a folder, links followed.
    public static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// What may stand under a name.
    public enum Kind: String, Sendable {
        case file = "a file"
        case folder = "a folder"
        case link = "a link"
        case device = "a device"
        case pipe = "a pipe"
        case socket = "a socket"
    }

    /// What stands under this name itself, links not followed; nil where nothing does.
    public static func kind(of path: String) -> Kind? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFLNK: .link
        case S_IFIFO: .pipe
        case S_IFSOCK: .socket
        default: .device
        }
    }

    /// The first entry of a folder, or of those in it, that is neither a file nor a folder: what a folder that somebody
    /// else may have made must not hold before anything in it is opened for writing.
    public static func strangeEntry(in folder: String) -> (path: String, kind: Kind)? {
        for name in names(in: folder) {
            let path = folder + "/" + name
            switch kind(of: path) {
            case .file, nil: continue
            case .folder: if let inner = strangeEntry(in: path) { return inner }
            case let kind?: return (path, kind)
            }
        }
        return nil
    }

    /// The folder from which relative paths start; nil where it is gone.
    public static var currentFolder: String? {
        guard let pointer = getcwd(nil, 0) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    /// The path from the root, links not followed.
    public static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = currentFolder else { return path }
        return folder + (folder.hasSuffix("/") ? "" : "/") + path
    }

    /// A relative path as it is called from another folder, where the process has gone elsewhere since; with `start`
    /// before it where it does not lie below that.
    public static func path(_ path: String, asFrom start: String) -> String {
        guard !path.hasPrefix("/"), !path.hasPrefix("~"), let here = currentFolder, here != start else { return path }
        let whole = joined(here, path)
        let head = start.hasSuffix("/") ? start : start + "/"
        return whole.hasPrefix(head) ? String(whole.dropFirst(head.count)) : whole
    }

    /// A path as it is called after going to a folder, without `.`, and without `..` as far as it can be told from the
    /// names.
    public static func joined(_ folder: String, _ path: String) -> String {
        if path.hasPrefix("/") || path.hasPrefix("~") || folder.isEmpty { return path }
        var parts: [Substring] = []
        for part in (folder + "/" + path).split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != "..", last != "~" {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return (folder.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }

    /// Does something after which the process is in the folder in which it was.
    public static func returning<Result>(_ work: () throws -> Result) rethrows -> Result {
        let folder = currentFolder
        defer { if let folder { chdir(folder) } }
        return try work()
    }

    /// With the home folder for `~`.
    public static func withHome(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/"), let home = getenv("HOME") else { return path }
        return String(cString: home) + path.dropFirst()
    }

    /// The bytes of one file; nil where it cannot be asked.
    public static func size(of file: String) -> Int? {
        var status = stat()
        return stat(file, &status) == 0 ? Int(status.st_size) : nil
    }

    /// Where a path leads through all links; the path itself where nothing is there.
    public static func resolved(_ path: String) -> String {
        guard let pointer = realpath(path, nil) else { return path }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    /// The folder `path` is in, `.` for a bare name.
    public static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }

    /// Where files go that nobody keeps.
    public static var temporaryFolder: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

    /// Makes a folder and those above it that are missing.
    /// - Throws: `FileError`.
    public static func makeFolder(_ path: String, mode: mode_t = 0o777) throws {
        if isFolder(path) { return }
        let parent = folder(of: path)
        if parent != path, !isFolder(parent) { try makeFolder(parent, mode: mode) }
        guard mkdir(path, mode) != 0 else { return }
        // A look at what is there would say why it failed itself.
        let code = errno
        guard code == EEXIST && isFolder(path) else {
            throw FileError(.notWritten, path, "cannot be made: \(errorText(code))")
        }
    }

    /// Makes sure that the names in a folder are on the disk.
    /// - Throws: `FileError`.
    public static func flushFolder(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(.notWritten, path, "cannot be flushed: \(errorText(errno))") }
        defer { close(descriptor) }
        // Some file systems do not know how to flush a folder and say EINVAL; there is nothing more to be done on them.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw FileError(.notWritten, path, "cannot be flushed: \(errorText(errno))")
        }
    }

    /// The names in a folder, sorted; none if it cannot be read.
    public static func names(in folder: String) -> [String] {
        FolderReader(folder)?.sorted() ?? []
    }

    /// How many bytes the files in a folder have, those of the folders in it included; links count as nothing.
    public static func byteCount(of folder: String) -> Int {
        names(in: folder).reduce(0) { sum, name in
            var status = stat()
            guard lstat(folder + "/" + name, &status) == 0 else { return sum }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: return sum + byteCount(of: folder + "/" + name)
            case S_IFREG: return sum + Int(status.st_size)
            default: return sum
            }
        }
    }

    /// Removes a folder with all that is in it, as far as that can be removed. A link is removed, not what it leads to.
    public static func removeFolder(_ path: String) {
        for name in names(in: path) {
            let inner = path + "/" + name
            var status = stat()
            if lstat(inner, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                removeFolder(inner)
            } else {
                unlink(inner)
            }
        }
        rmdir(path)
    }
}
