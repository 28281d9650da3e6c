// Ctrl-R: each letter narrows down, Ctrl-R again goes further back, Ctrl-S forward; Enter runs what is shown, Ctrl-C or
// Ctrl-G gives the old line back, any other key takes what is shown into the line and acts on it.

import Language

struct HistorySearch {
    enum Step { case goOn, cancel, leave }

    private(set) var pattern = ""
    private(set) var found: Int?
    private var isFailing = false
    private let newest: Int

    init(newest: Int) { self.newest = newest }

    mutating func take(_ key: Key, _ history: History) -> Step {
        switch key {
        case .scalar(0x12): look(history, from: (found ?? newest + 1) - 1)
        case .scalar(0x13): lookForward(history)
        case .scalar(0x03), .scalar(0x07), .escape: return .cancel
        case .scalar(0x08), .scalar(0x7f):
            if !pattern.isEmpty { pattern.removeLast() }
            found = nil
            look(history, from: newest)
        case .scalar(let scalar) where scalar >= 0x20:
            pattern.unicodeScalars.append(Unicode.Scalar(scalar) ?? "\u{fffd}")
            look(history, from: found ?? newest)
        case .paste(let text):
            pattern += text
            look(history, from: found ?? newest)
        case .unknown, .background: break
        default: return .leave
        }
        return .goOn
    }

    /// The row below the text.
    var line: StyledText {
        var line = StyledText(isFailing ? "nothing found: " : "search: ", isFailing ? .warning : .dim)
        line.append(pattern, .emphasis)
        return line
    }

    /// The entry found with the cursor at the match, or the line as it was.
    func shown(in history: History, original: LineEditor.Buffer) -> (buffer: LineEditor.Buffer, match: SourceSpan?) {
        guard let found, found < history.count else { return (original, nil) }
        let entry = history.entries[found]
        let scalars = entry.unicodeScalars.map(\.value)
        let (folded, wanted) =
            pattern.contains(where: \.isUppercase) ? (entry, pattern) : (Self.lowered(entry), pattern)
        guard !wanted.isEmpty, let start = Self.offset(of: wanted, in: folded) else {
            return (LineEditor.Buffer(scalars: scalars, cursor: scalars.count), nil)
        }
        let cursor = String(decoding: Array(entry.utf8)[..<start], as: UTF8.self).unicodeScalars.count
        return (LineEditor.Buffer(scalars: scalars, cursor: cursor), SourceSpan(start, start + wanted.utf8.count))
    }

    private mutating func look(_ history: History, from index: Int) {
        guard !pattern.isEmpty else {
            isFailing = false
            return
        }
        if let index = history.index(searching: pattern, from: index) {
            found = index
            isFailing = false
        } else {
            isFailing = true
        }
    }

    private mutating func lookForward(_ history: History) {
        guard let from = found, !pattern.isEmpty else { return }
        if let index = history.index(searchingForward: pattern, from: from + 1) {
            found = index
            isFailing = false
        } else {
            isFailing = true
        }
    }

    /// Small letters for ASCII capitals, byte for byte.
    private static func lowered(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 >= 0x41 && $0 <= 0x5a ? $0 + 0x20 : $0 }, as: UTF8.self)
    }

    private static func offset(of pattern: String, in text: String) -> Int? {
        let (pattern, text) = (Array(pattern.utf8), Array(text.utf8))
        guard pattern.count <= text.count else { return nil }
        return (0...(text.count - pattern.count)).first { text[$0...].starts(with: pattern) }
    }
}
