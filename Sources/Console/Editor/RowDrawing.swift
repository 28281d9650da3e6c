// One row of the text with its colours.

import Language
import Support

struct RowDrawing {
    let scalars: [UInt32]
    /// In order, without overlaps; UTF-8 offsets.
    let spans: [HighlightedSpan]
    /// Underlined.
    let faults: [SourceSpan]
    /// Shown reversed.
    let match: SourceSpan?
    let styles: StyleSheet

    func text(of row: ScreenLayout.Row) -> String {
        var out = String.UnicodeScalarView()
        var offset = row.utf8Start
        var next = firstSpan(endingAfter: offset)
        var current = ""
        for index in row.scalars {
            let scalar = Unicode.Scalar(scalars[index]) ?? "\u{fffd}"
            while next < spans.count, spans[next].span.end <= offset { next += 1 }
            let code = code(at: offset, span: next < spans.count ? spans[next] : nil)
            if code != current {
                if !current.isEmpty { out.append(contentsOf: "\u{1b}[0m".unicodeScalars) }
                if !code.isEmpty { out.append(contentsOf: "\u{1b}[\(code)m".unicodeScalars) }
                current = code
            }
            if let shown = Escaping.mark(scalar) {
                out.append(contentsOf: shown.unicodeScalars)
            } else {
                out.append(scalar)
            }
            offset += UTF8.width(scalar)
        }
        if !current.isEmpty { out.append(contentsOf: "\u{1b}[0m".unicodeScalars) }
        return String(out)
    }

    private func code(at offset: Int, span: HighlightedSpan?) -> String {
        if let match, match.start <= offset, offset < match.end { return styles.usesAttributes ? "7" : "" }
        let code = span.flatMap { $0.span.start <= offset ? styles.code(for: $0.style) : nil } ?? ""
        guard styles.usesAttributes, faults.contains(where: { $0.start <= offset && offset < $0.end }) else {
            return code
        }
        return styles.faultCode
    }

    private func firstSpan(endingAfter offset: Int) -> Int {
        var low = 0
        var high = spans.count
        while low < high {
            let middle = (low + high) / 2
            if spans[middle].span.end <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
