// Statements of the user's own, run before the first prompt.

import Glibc
import Language

public enum Startup {
    /// The text of `$XDG_CONFIG_HOME/icot/startup.icot`, by default in `~/.config`; nil if there is none.
    public static func source() -> SourceText? {
        guard let path else { return nil }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        while bytes.count < 1 << 20, case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
        return SourceText(bytes: bytes, name: path)
    }

    private static var path: String? {
        if let folder = environment("XDG_CONFIG_HOME"), folder.hasPrefix("/") { return folder + "/icot/startup.icot" }
        guard let home = environment("HOME"), home.hasPrefix("/") else { return nil }
        return home + "/.config/icot/startup.icot"
    }
}
