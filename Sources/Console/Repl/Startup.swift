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
    static let tooLong =
        "icot: a line of standard input has more than \(byteText(PlainReader.lineCountMax)) and is not read"

    /// Everything up to the end of standard input; nil, said on standard error, where a line of it is too long.
    public static func source() -> SourceText? {
        var lineCount = 0
        let bytes = readAll(STDIN_FILENO, limit: .max) { chunk in
            lineCount = chunk.lastIndex(of: 0x0a).map { chunk.endIndex - $0 - 1 } ?? lineCount + chunk.count
            return lineCount <= PlainReader.lineCountMax
        }
        if lineCount <= PlainReader.lineCountMax { return SourceText(bytes: bytes, name: "stdin") }
        TerminalWriter.note(tooLong, isError: true)
        return nil
    }
}

/// What a descriptor holds, up to about `limit` bytes.
private func readAll(
    _ descriptor: Int32, limit: Int, goesOn: (ArraySlice<UInt8>) -> Bool = { _ in true }
) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while bytes.count < limit {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { break }
        bytes += chunk[..<count]
        guard goesOn(chunk[..<count]) else { break }
    }
    return bytes
}
