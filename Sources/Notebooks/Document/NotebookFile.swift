// A notebook on disk. What is written takes the place of the old file in one step, or not at all: into a file beside it,
// flushed, then renamed. A file that changed since it was read is never replaced.

import Glibc
import Language
import Support

/// Why a notebook cannot be read, written, changed or run.
public enum NotebookError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case unwritable(path: String, reason: String)
    /// Someone else wrote the file since it was read.
    case changedMeanwhile(path: String)
    case unknownCell(title: String, nearest: String?)
    case unknownParameter(name: String, known: [String])
    case malformedParameter(text: String, reason: String)

    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .unwritable(let path, let reason): "cannot write \(path): \(reason)"
        case .changedMeanwhile(let path):
            "\(path) was changed on disk since it was read and is left as it is; run the command again"
        case .unknownCell(let title, let nearest):
            "no cell is called '\(title)'" + (nearest.map { "; did you mean '\($0)'?" } ?? "")
        case .unknownParameter(let name, let known):
            known.isEmpty
                ? "'\(name)' is no parameter: the notebook has no cell '# %% params' with 'let \(name) = …'"
                : "'\(name)' is no parameter of the notebook; it has \(known.joined(separator: ", "))"
        case .malformedParameter(let text, let reason): "-p \(text): \(reason)"
        }
    }
}

public struct NotebookFile {
    /// As the person gave it.
    public let path: String
    /// Where it lies, whatever the working directory becomes.
    private let place: String
    public private(set) var notebook: Notebook
    private var hash: String

    /// Reads a file; runs nothing and writes nothing.
    public init(path: String) throws(NotebookError) {
        self.path = path
        place = NotebookFile.absolute(path)
        let bytes = try NotebookFile.read(path)
        notebook = Notebook(bytes: bytes, name: path)
        hash = SHA256.hex(bytes)
    }

    /// Puts a changed notebook in the place of the file. Writes nothing where nothing changed.
    /// Returns whether anything was written.
    @discardableResult
    public mutating func write(_ changed: Notebook) throws(NotebookError) -> Bool {
        if changed.bytes == notebook.bytes { return false }
        try NotebookFile.replace(place, named: path, changed.bytes, onlyIf: hash)
        notebook = changed
        hash = SHA256.hex(changed.bytes)
        return true
    }

    /// Writes a notebook to a path, over what is there.
    public static func write(_ notebook: Notebook, to path: String) throws(NotebookError) {
        try replace(path, named: path, notebook.bytes, onlyIf: nil)
    }

    /// Writes any file in one step.
    public static func write(_ bytes: [UInt8], to path: String) throws(NotebookError) {
        try replace(path, named: path, bytes, onlyIf: nil)
    }

    // MARK: - Files

    /// The folder of a path, with its `/`; empty for the current one.
    public static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "" }

    /// A path that stays right when the working directory changes.
    public static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }

    static func read(_ path: String) throws(NotebookError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: reason(errno)) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(path: path, reason: reason(errno)) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= sizeMax else {
                throw .unreadable(path: path, reason: "it holds more than \(sizeMax >> 20) MB")
            }
        }
    }

    private static let sizeMax = 1 << 29

    private static func replace(
        _ place: String, named path: String, _ bytes: [UInt8], onlyIf hash: String?
    ) throws(NotebookError) {
        // Through a link, so that the link stays.
        let target = resolved(place)
        var mode: mode_t = 0o644
        var status = stat()
        if stat(target, &status) == 0 { mode = status.st_mode & 0o777 }
        let temporary = "\(target).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: reason(errno)) }
        var failure: Int32 = fchmod(descriptor, mode) == 0 ? 0 : errno
        var sent = 0
        while sent < bytes.count, failure == 0 {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + sent, bytes.count - sent) }
            if count < 0 { failure = errno == EINTR ? 0 : errno } else { sent += count }
        }
        if failure == 0, fsync(descriptor) != 0 { failure = errno }
        close(descriptor)
        guard failure == 0 else {
            unlink(temporary)
            throw .unwritable(path: path, reason: reason(failure))
        }
        if let hash {
            let now: [UInt8]
            do { now = try read(target) } catch {
                unlink(temporary)
                throw .changedMeanwhile(path: path)
            }
            guard SHA256.hex(now) == hash else {
                unlink(temporary)
                throw .changedMeanwhile(path: path)
            }
        }
        guard rename(temporary, target) == 0 else {
            let failure = errno
            unlink(temporary)
            throw .unwritable(path: path, reason: reason(failure))
        }
    }

    private static func resolved(_ path: String) -> String {
        guard let pointer = realpath(path, nil) else { return path }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}

extension Notebook {
    /// The file as it is.
    public var bytes: [UInt8] { source.bytes }
    /// The same as text.
    public var text: String { source.text }
}
