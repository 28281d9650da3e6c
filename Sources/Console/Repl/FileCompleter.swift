// Names of files and folders inside quotes.

import Language

enum FileCompleter {
    /// What could stand at `offset` if that lies in a text that has begun with a quote on this line.
    static func completions(in text: String, at offset: Int) -> [CompletionItem] {
        guard let start = openQuote(Array(text.utf8.prefix(offset))) else { return [] }
        let written = String(decoding: Array(text.utf8)[(start + 1)..<offset], as: UTF8.self)
        let folderLength =
            written.utf8.lastIndex(of: UInt8(ascii: "/")).map {
                written.utf8.distance(from: written.utf8.startIndex, to: $0) + 1
            } ?? 0
        let folder = String(decoding: Array(written.utf8)[..<folderLength], as: UTF8.self)
        let prefix = String(decoding: Array(written.utf8)[folderLength...], as: UTF8.self)
        let span = SourceSpan(start + 1 + folderLength, offset)
        let isClosed = text.utf8.dropFirst(offset).first == UInt8(ascii: "\"")
        return FilePaths.names(in: folder, prefix: prefix).map { entry in
            let end = entry.isFolder ? "/" : isClosed ? "" : "\""
            return CompletionItem(
                label: entry.name + (entry.isFolder ? "/" : ""), summary: entry.isFolder ? "folder" : "",
                span: span, replacement: entry.name + end)
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
}
