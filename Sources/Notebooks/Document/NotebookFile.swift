// A notebook on disk. What is written takes the place of the old file in one step, or not at all: into a file beside
// it, flushed, then renamed. A file that changed since it was read is never replaced.

import Glibc
import Language
import Support

/// Why a notebook cannot be read, written, changed or run.
public enum NotebookError: Error, Equatable, CustomStringConvertible {
    /// The system does not let it be read or written.
    case file(FileError)
    /// Someone else wrote the file since it was read.
    case changedMeanwhile(path: String)
    case unknownCell(title: String, nearest: String?)
    case unknownParameter(name: String, known: [String])
    case malformedParameter(text: String, reason: String)

    public var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .changedMeanwhile(let path):
            "\(path) was changed on disk since it was read and is left as it is; run the command again"
        case .unknownCell(let title, let nearest):
            "no cell is called '\(title)'" + (nearest.map { "; did you mean '\($0)'?" } ?? "")
        case .unknownParameter(let name, let known):
            known.isEmpty
                ? "'\(name)' is no parameter: the notebook has no cell '# %% params' with 'let \(name) = …'"
                : "'\(name)' is no parameter of the notebook; it has \(known.joined(separator: ", "))"
                    + (Suggestions.nearest(to: name, among: known).first.map { "; did you mean '\($0)'?" } ?? "")
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
        place = FileSystem.absolute(path)
        let bytes = try NotebookFile.read(path)
        // Two-byte text is left to the language, which says where it is.
        if let mistake = bytes.withUnsafeBytes({ MistakenFile($0, isText: false) }), mistake != .empty {
            throw .file(mistake.error(path))
        }
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

    /// Writes any file in one step; never through a link, which may lie where a file is written by its default name.
    public static func write(_ bytes: [UInt8], to path: String) throws(NotebookError) {
        try replace(path, named: path, bytes, onlyIf: nil, followsLinks: false)
    }

    // MARK: - Files

    /// The folder of a path, with its `/`; empty for the current one.
    public static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[...$0]) } ?? "" }

    public static func read(_ path: String) throws(NotebookError) -> [UInt8] {
        do { return try readBytes(path) } catch { throw .file(error) }
    }

    private static func replace(
        _ place: String, named path: String, _ bytes: [UInt8], onlyIf hash: String?, followsLinks: Bool = true
    ) throws(NotebookError) {
        // A notebook is written through a link, so that the link stays.
        let target = followsLinks ? FileSystem.resolved(place) : place
        var mode: mode_t = 0o644
        var status = stat()
        if stat(target, &status) == 0 { mode = status.st_mode & 0o777 }
        do {
            try writeFileAtomically(
                target, mode: mode,
                check: {
                    guard let hash else { return }
                    guard let now = try? read(target), SHA256.hex(now) == hash else {
                        throw NotebookError.changedMeanwhile(path: path)
                    }
                }, bytes)
        } catch let error as NotebookError {
            throw error
        } catch {
            throw .file(error as? FileError ?? FileError(.notWritten, path, "\(error)"))
        }
    }
}

extension Notebook {
    /// The file as it is.
    public var bytes: [UInt8] { source.bytes }
    /// The same as text.
    public var text: String { source.text }
}
