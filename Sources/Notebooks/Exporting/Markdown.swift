// Prose through cmark, the reference implementation of CommonMark. HTML in the prose and links to scripts are left out.

import CMark
import Glibc

enum Markdown {
    static func html(_ lines: [String]) -> String {
        let text = Array(lines.joined(separator: "\n").utf8)
        let result = text.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) {
                cmark_markdown_to_html($0.baseAddress, $0.count, CMARK_OPT_DEFAULT)
            }
        }
        guard let result else { return "" }
        defer { free(result) }
        return String(cString: result)
    }
}
