// The notebooks at hand, by their titles, for the search of help.

import Glibc
import Language

enum NotebookShelf {
    /// The notebooks of the folder `notebooks`, or else of the current one, in the order of their names.
    static func readings() -> [Reading] {
        for folder in ["notebooks/", ""] {
            let paths = FilePaths.beginning(with: folder).filter { $0.hasSuffix(".icot") }
            if !paths.isEmpty { return paths.prefix(200).map { Reading(path: $0, title: title($0) ?? "") } }
        }
        return []
    }

    /// What a notebook says it is called, in its first lines: `# title: …`.
    private static func title(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 2000)
        let count = fread(&bytes, 1, bytes.count, file)
        let mark = "# title: "
        let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
        return lines.first { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count)) }
    }
}
