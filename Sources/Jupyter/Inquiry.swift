// What a front end asks about a text without running it. Its cursor positions count Unicode scalars, ours bytes.

import Language
import Support

enum Inquiry {
    /// The content of a `complete_reply`.
    static func completions(_ content: JSONValue, _ session: Session) -> JSONValue {
        let code = content["code"]?.string ?? ""
        let offset = offset(of: content["cursor_pos"]?.integer, in: code)
        let found = Completer.complete(
            SourceText(code), at: offset, session.context, sources: CompletionSources(session))
        let span = found.first?.span ?? SourceSpan(at: offset)
        let fitting = found.filter { $0.span == span }
        let start = scalars(upTo: span.start, in: code)
        let end = scalars(upTo: span.end, in: code)
        let types: [JSONValue] = fitting.map {
            [
                "text": .string($0.text), "type": .string("\($0.kind)"), "signature": .string($0.summary),
                "start": JSONValue(start), "end": JSONValue(end),
            ]
        }
        return [
            "status": "ok", "matches": .array(fitting.map { .string($0.text) }), "cursor_start": JSONValue(start),
            "cursor_end": JSONValue(end),
            "metadata": ["_jupyter_types_experimental": .array(types)],
        ]
    }

    /// The content of an `inspect_reply`: the help of the word at the cursor.
    static func inspection(_ content: JSONValue, _ session: Session) -> JSONValue {
        let code = content["code"]?.string ?? ""
        let word = word(in: code, at: offset(of: content["cursor_pos"]?.integer, in: code))
        let isDetailed = (content["detail_level"]?.integer ?? 0) > 0
        guard !word.isEmpty, let question = Question((isDetailed ? "??" : "?") + word) else {
            return ["status": "ok", "found": false, "data": [:], "metadata": [:]]
        }
        let (lines, isKnown) = question.answer(session)
        let data: JSONValue = isKnown ? ["text/plain": .string(lines.map(\.plain).joined(separator: "\n"))] : [:]
        return ["status": "ok", "found": .bool(isKnown), "data": data, "metadata": [:]]
    }

    /// The content of an `is_complete_reply`.
    static func completeness(_ content: JSONValue, _ session: Session) -> JSONValue {
        let code = content["code"]?.string ?? ""
        if Question(code) != nil { return ["status": "complete"] }
        switch Parser.parse(SourceText(Aside.spelledOut(code, session.context) ?? code), session.context).completeness {
        case .complete: return ["status": "complete"]
        case .invalid: return ["status": "invalid"]
        case .incomplete:
            let line = code.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
            let spaces = line.prefix { $0 == " " }.count + (line.last { $0 != " " } == "{" ? 2 : 0)
            return ["status": "incomplete", "indent": .string(String(repeating: " ", count: spaces))]
        }
    }

    // MARK: Places

    /// The offset in bytes of a place counted in scalars; the end where none is given.
    static func offset(of position: Int?, in code: String) -> Int {
        guard let position else { return code.utf8.count }
        return code.unicodeScalars.prefix(max(0, position)).reduce(0) { $0 + UTF8.width($1) }
    }

    static func scalars(upTo offset: Int, in code: String) -> Int {
        var bytes = 0
        var count = 0
        for scalar in code.unicodeScalars where bytes < offset {
            bytes += UTF8.width(scalar)
            count += 1
        }
        return count
    }

    /// The name that the offset touches.
    static func word(in code: String, at offset: Int) -> String {
        let bytes = Array(code.utf8)
        func isPart(_ index: Int) -> Bool {
            let byte = bytes[index]
            return byte == UInt8(ascii: "_") || byte >= 0x80 || (byte >= 0x30 && byte <= 0x39)
                || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a)
        }
        var start = min(max(offset, 0), bytes.count)
        var end = start
        while start > 0, isPart(start - 1) { start -= 1 }
        while end < bytes.count, isPart(end) { end += 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }
}
