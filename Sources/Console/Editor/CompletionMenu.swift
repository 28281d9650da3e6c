// The list below the line: what could stand at the cursor, with a line about each. Tab and Shift-Tab walk through it.

import Language

struct CompletionMenu {
    let items: [CompletionItem]
    /// The buffer with what all items have in common.
    let base: LineEditor.Buffer
    private let original: LineEditor.Buffer
    private(set) var selected: Int?

    init(items: [CompletionItem], buffer: LineEditor.Buffer) {
        self.items = items
        original = buffer
        let common = Self.commonPrefix(items.map(\.replacement))
        let written = buffer.text.utf8.dropFirst(items[0].span.start).prefix(items[0].span.length).count
        if common.utf8.count > written, items.allSatisfy({ $0.span == items[0].span }) {
            base = Self.applying(CompletionItem(label: "", span: items[0].span, replacement: common), to: buffer)
        } else {
            base = buffer
        }
    }

    mutating func select(forward: Bool) {
        guard let now = selected else {
            selected = forward ? 0 : items.count - 1
            return
        }
        let next = now + (forward ? 1 : -1)
        selected = items.indices.contains(next) ? next : nil
    }

    /// The buffer with the selected item, or with what all have in common.
    var applied: LineEditor.Buffer { selected.map { Self.applying(items[$0], to: original) } ?? base }

    static func applying(_ item: CompletionItem, to buffer: LineEditor.Buffer) -> LineEditor.Buffer {
        var bytes = Array(buffer.text.utf8)
        let start = min(max(item.span.start, 0), bytes.count)
        let end = min(max(item.span.end, start), bytes.count)
        bytes.replaceSubrange(start..<end, with: item.replacement.utf8)
        let head = String(decoding: bytes[..<(start + item.replacement.utf8.count)], as: UTF8.self)
        return LineEditor.Buffer(
            scalars: String(decoding: bytes, as: UTF8.self).unicodeScalars.map(\.value),
            cursor: head.unicodeScalars.count)
    }

    // MARK: Drawing

    func lines(columns: Int, rowsMax: Int, marks: StyleSheet) -> [StyledText] {
        let shownMax = items.count > rowsMax ? rowsMax - 1 : rowsMax
        let first = max(0, min((selected ?? 0) - shownMax / 2, items.count - shownMax))
        let shown = first..<min(items.count, first + max(1, shownMax))
        let width = min(max(8, columns / 2), shown.map { items[$0].label.columns }.max() ?? 0)
        var lines = shown.map { index in
            let item = items[index]
            let label = StyledText(item.label).truncated(to: width)
            var line = StyledText(index == selected ? "> " : "  ", .emphasis)
            line.append(
                label.plain + String(repeating: " ", count: width - label.columns), index == selected ? .next : .plain)
            if !item.summary.isEmpty { line.append("  " + item.summary, .dim) }
            return line
        }
        if items.count > shown.count { lines.append(StyledText("  \(items.count - shown.count) more", .dim)) }
        return lines
    }

    private static func commonPrefix(_ texts: [String]) -> String {
        guard var common = texts.first else { return "" }
        for text in texts.dropFirst() {
            common = String(zip(common, text).prefix { $0 == $1 }.map(\.0))
        }
        return common
    }
}
