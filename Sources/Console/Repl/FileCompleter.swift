// Names of files and folders inside quotes.

import Glibc
import Language

enum FileCompleter {
    /// What could stand at `offset` if that lies in a text that has begun with a quote on this line.
    static func completions(in text: String, at offset: Int) -> [CompletionItem] {
        guard let start = openQuote(Array(text.utf8.prefix(offset))) else { return [] }
        let written = String(decoding: Array(text.utf8)[(start + 1)..<offset], as: UTF8.self)
        let folderLength = written.utf8.lastIndex(of: UInt8(ascii: "/")).map { written.utf8.distance(from: written.utf8.startIndex, to: $0) + 1 } ?? 0
        let folder = String(decoding: Array(written.utf8)[..<folderLength], as: UTF8.self)
        let prefix = String(decoding: Array(written.utf8)[folderLength...], as: UTF8.self)
        let span = SourceSpan(start + 1 + folderLength, offset)
        let isClosed = text.utf8.dropFirst(offset).first == UInt8(ascii: "\"")
        return names(in: folder.isEmpty ? "." : expanded(folder), prefix: prefix).map { entry in
            let end = entry.isFolder ? "/" : isClosed ? "" : "\""
            return CompletionItem(
                label: entry.name + (entry.isFolder ? "/" : ""), summary: entry.isFolder ? "folder" : "",
                span: span, replacement: entry.name + end)
        }
    }

    /// The paths that begin with `prefix`; folders end with `/`.
    static func paths(beginningWith prefix: String) -> [String] {
        let folder = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
        return names(in: folder.isEmpty ? "." : expanded(folder), prefix: String(prefix.dropFirst(folder.count))).map { entry in
            folder + entry.name + (entry.isFolder ? "/" : "")
        }
    }

    /// The offset of the quote that is still open at the end of `bytes`.
    private static func openQuote(_ bytes: [UInt8]) -> Int? {
        var open: Int?
        var isEscaped = false
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0a { open = nil }
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") && open != nil {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                open = open == nil ? index : nil
            } else if byte == UInt8(ascii: "#") && open == nil {
                return nil
            }
        }
        return open
    }

    private static func expanded(_ folder: String) -> String {
        guard folder.hasPrefix("~/"), let home = environment("HOME") else { return folder }
        return home + folder.dropFirst()
    }

    private static func names(in folder: String, prefix: String) -> [(name: String, isFolder: Bool)] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [(name: String, isFolder: Bool)] = []
        while let entry = readdir(directory), names.count < 1000 {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix(prefix), name != ".", name != "..", prefix.hasPrefix(".") || !name.hasPrefix(".") else { continue }
            // A name that would have to be escaped, or could steer the terminal, is not offered.
            guard !name.contains(where: { "\"\\{}".contains($0) }), Neutral.text(name) == name else { continue }
            var status = stat()
            names.append((name, stat(folder + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR))
        }
        return names.sorted { $0.name < $1.name }
    }
}
