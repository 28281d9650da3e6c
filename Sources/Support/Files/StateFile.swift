import Glibc

/// A text that grows with use, such as a history: `$XDG_STATE_HOME/icot/…`, by default below `~/.local/state`.
public enum StateFile {
    /// nil without a home.
    public static func path(_ name: String) -> String? {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let folder = variable("XDG_STATE_HOME") ?? variable("HOME").map { $0 + "/.local/state" }
        return folder.map { "\($0)/icot/\(name)" }
    }

    /// Adds lines with one write; a file that is new begins with the header. Says whether that worked.
    @discardableResult
    public static func append(_ lines: String, to path: String, header: String) -> Bool {
        try? FileSystem.makeFolder(FileSystem.folder(of: path), mode: 0o700)
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        let isNew = fstat(descriptor, &status) == 0 && status.st_size == 0
        // An empty line before, for a line that was cut short must not swallow these.
        let bytes = Array(((isNew ? header : "\n") + lines).utf8)
        return write(descriptor, bytes, bytes.count) == bytes.count
    }
}
