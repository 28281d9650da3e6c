// Texts that are not typed: the user's own statements, run before the first prompt, and what comes through a pipe.

import Glibc
import Language
import Support

public enum Startup {
    /// The text of `$XDG_CONFIG_HOME/icot/startup.icot`, by default in `~/.config`; nil if there is none.
    public static func source() -> SourceText? {
        guard let path else { return nil }
        guard let file = try? readWholeFile(path, limit: 1 << 20) else { return nil }
        return SourceText(bytes: [UInt8](file.bytes), name: path)
    }

    private static var path: String? {
        if let folder = environment("XDG_CONFIG_HOME"), folder.hasPrefix("/") { return folder + "/icot/startup.icot" }
        guard let home = environment("HOME"), home.hasPrefix("/") else { return nil }
        return home + "/.config/icot/startup.icot"
    }
}

/// A text that comes through a pipe.
public enum StandardInput {
    /// Everything up to the end of standard input.
    public static func source() -> SourceText { SourceText(bytes: readAll(STDIN_FILENO, limit: .max), name: "stdin") }
}

/// What a descriptor holds, up to about `limit` bytes.
private func readAll(_ descriptor: Int32, limit: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while bytes.count < limit {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { break }
        bytes += chunk[..<count]
    }
    return bytes
}
