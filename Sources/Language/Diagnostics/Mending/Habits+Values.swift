// Texts, numbers, lists, ranges and operators as other languages write them.

extension Habits {
    // MARK: - Texts

    /// `f"…"`, `r"…"`
    static func stringPrefix(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices {
            guard let word = place.identifier(index),
                ["f", "r", "b", "u", "rf", "fr", "s"].contains(word.lowercased()),
                let next = place.token(index + 1), next.kind == .textStart, !next.hasSpaceBefore
            else { continue }
            let span = place.tokens[index].span
            return [
                Habit(
                    message: "a text has no letter before its quotes; { } inside it is a value", span: span,
                    edit: .init(span, ""), help: "take the \(word) away")
            ]
        }
        return []
    }

    /// `"""text"""`
    static func tripleQuotes(_ place: HabitPlace) -> [Habit] {
        delimited(place, "\"\"\"", "\"\"\"", "a text is written between single \" signs, on one line")
    }

    /// `“text”`, as word processors write it.
    static func curlyQuotes(_ place: HabitPlace) -> [Habit] {
        delimited(place, "\u{201C}", "\u{201D}", "texts are written in straight double quotes")
            + delimited(place, "\u{2018}", "\u{2019}", "texts are written in straight double quotes")
            + delimited(place, "\u{201E}", "\u{201C}", "texts are written in straight double quotes")
    }

    static func backticks(_ place: HabitPlace) -> [Habit] {
        delimited(place, "`", "`", "texts are written in double quotes")
    }

    /// Every text between two signs that are not ours.
    private static func delimited(_ place: HabitPlace, _ open: String, _ close: String, _ message: String) -> [Habit] {
        var text = Substring(place.text)
        var edited = ""
        var first: SourceSpan?
        while let start = text.ranges(of: open).first {
            guard let end = text[start.upperBound...].ranges(of: close).first else { break }
            let offset = place.span.end - text.utf8.count + text[..<start.lowerBound].utf8.count
            first = first ?? SourceSpan(offset, offset + text[start.lowerBound..<end.upperBound].utf8.count)
            edited += text[..<start.lowerBound] + "\"" + text[start.upperBound..<end.lowerBound] + "\""
            text = text[end.upperBound...]
        }
        guard let first else { return [] }
        return [Habit(message: message, span: first, edit: place.rewriting(edited + text))]
    }

    /// `"n is " + n`
    static func textAddition(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where place.tokens[index].kind == .textEnd && place.isSign(index + 1, .plus) {
            guard let start = (0..<index).last(where: { place.tokens[$0].kind == .textStart }),
                let name = place.identifier(index + 2), place.names.contains(name)
            else { continue }
            let span = SourceSpan(place.tokens[start].span.start, place.tokens[index + 2].span.end)
            let inner = place.text(place.tokens[start].span.end, place.tokens[index].span.start)
            let written = "\"\(inner){\(name)}\""
            return [
                Habit(
                    message: "a value goes into a text in braces", span: span, edit: .init(span, written),
                    help: "write \(written)")
            ]
        }
        return []
    }

    // MARK: - Numbers

    private static func number(_ place: HabitPlace, _ span: SourceSpan, _ message: String, _ written: String) -> Habit {
        Habit(message: message, span: span, edit: .init(span, written), help: "write \(written)")
    }

    /// The malformed number at which the mistake was found.
    private static func malformed(_ place: HabitPlace) -> [(span: SourceSpan, text: String)] {
        place.tokens.filter { $0.kind == .invalid && ("0"..."9").contains(place.text($0).first ?? "x") }.map {
            ($0.span, place.text($0))
        }
    }

    /// `10k`, `2M`
    static func numberSuffix(_ place: HabitPlace) -> [Habit] {
        malformed(place).compactMap { span, text in
            guard let zeros = ["k": "_000", "m": "_000_000", "b": "_000_000_000"][text.suffix(1).lowercased()],
                text.dropLast().allSatisfy(\.isNumber)
            else { return nil }
            return number(place, span, "a number has no letter after it", text.dropLast() + zeros)
        }
    }

    /// `0x1F`, `0b101`
    static func numberBase(_ place: HabitPlace) -> [Habit] {
        malformed(place).compactMap { span, text in
            guard let radix = ["0x": 16, "0b": 2, "0o": 8][text.prefix(2).lowercased()],
                let value = Int(text.dropFirst(2).replacing("_", with: ""), radix: radix)
            else { return nil }
            return number(place, span, "numbers are written in tens", String(value))
        }
    }

    /// `1__000`, `1000_`
    static func doubledUnderscore(_ place: HabitPlace) -> [Habit] {
        malformed(place).compactMap { span, text in
            guard text.allSatisfy({ $0.isNumber || $0 == "_" }) else { return nil }
            let written = text.split(separator: "_").joined(separator: "_")
            return number(place, span, "digits may have a single _ between them", written)
        }
    }

    /// `2n`
    static func implicitProduct(_ place: HabitPlace) -> [Habit] {
        malformed(place).compactMap { span, text in
            let digits = text.prefix(while: \.isNumber)
            let word = String(text.dropFirst(digits.count))
            guard place.names.contains(word) else { return nil }
            return number(place, span, "a product is written with *", "\(digits) * \(word)")
        }
    }

    /// `let 2nd = 3`
    static func leadingDigit(_ place: HabitPlace) -> [Habit] {
        guard place.word(0) == "let", place.isSign(2, .equals), let token = place.token(1), token.kind == .invalid
        else {
            return []
        }
        return [number(place, token.span, "a name starts with a letter", "n" + place.text(token))]
    }

    /// `5e -5`
    static func splitExponent(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where place.tokens[index].kind == .invalid && place.isSign(index + 1, .minus)
        {
            let text = place.text(place.tokens[index])
            guard text.last == "e" || text.last == "E", let digits = place.token(index + 2), !digits.hasSpaceBefore
            else {
                continue
            }
            let span = SourceSpan(place.tokens[index].span.start, digits.span.end)
            return [number(place, span, "a number has no space inside it", "\(text)-\(place.text(digits))")]
        }
        return []
    }

    /// `99%`
    static func percent(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where place.isSign(index, .remainder) && index > 0 {
            let token = place.tokens[index - 1]
            guard let value = Double(place.text(token)), !place.tokens[index].hasSpaceBefore else { continue }
            // `0.5%` is how some write a half; `1%` nobody means to be the whole.
            let share = value >= 1 ? value / 100 : value
            let written = share == share.rounded() ? String(Int(share)) : String(share)
            return [
                number(
                    place, SourceSpan(token.span.start, place.tokens[index].span.end),
                    "a share is a number from 0 to 1, without %", written)
            ]
        }
        return []
    }

    /// `1,000`
    static func thousands(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where place.isSign(index, .comma) && index > 0 {
            let (left, right) = (place.tokens[index - 1], place.token(index + 1))
            guard let right, case .integer = left.kind, case .integer = right.kind, !place.tokens[index].hasSpaceBefore,
                !right.hasSpaceBefore, place.text(right).count == 3, place.text(left).count <= 3
            else { continue }
            return [
                number(
                    place, SourceSpan(left.span.start, right.span.end), "digits are grouped with _, not with a comma",
                    place.text(left) + "_" + place.text(right))
            ]
        }
        return []
    }

    // MARK: - Lists

    /// `[x * 2 for x in xs if x > 1]`
    static func comprehension(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where place.isSign(index, .openBracket) {
            guard let closer = place.closer(of: index) else { continue }
            let inside = place.outer(index + 1..<closer)
            guard let loop = inside.first(where: { place.word($0) == "for" }), let name = place.identifier(loop + 1),
                place.word(loop + 2) == "in"
            else { continue }
            let test = inside.first { $0 > loop && place.word($0) == "if" }
            let element = place.text(tokens: index + 1, upTo: loop)
            var values = place.text(tokens: loop + 3, upTo: test ?? closer)
            if let test {
                values = "filter(\(values), { \(name) in \(place.text(tokens: test + 1, upTo: closer)) })"
            }
            let written = test != nil && element == name ? values : "map(\(values), { \(name) in \(element) })"
            let span = SourceSpan(place.tokens[index].span.start, place.tokens[closer].span.end)
            return [
                Habit(
                    message: "a list is made of another with map and filter", span: span, edit: .init(span, written),
                    help: "write \(written)")
            ]
        }
        return []
    }

    /// `range(10)`, `range(1, 10)`
    static func rangeCall(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where place.identifier(index) == "range" {
            guard place.isSign(index + 1, .openParenthesis), let closer = place.closer(of: index + 1) else { continue }
            let commas = place.outer(index + 2..<closer).filter { place.isSign($0, .comma) }
            guard commas.count < 2, closer > index + 2 else { continue }
            let written: String
            if let comma = commas.first {
                written =
                    "\(place.text(tokens: index + 2, upTo: comma))..<\(place.text(tokens: comma + 1, upTo: closer))"
            } else {
                written = "0..<\(place.text(tokens: index + 2, upTo: closer))"
            }
            let span = SourceSpan(place.tokens[index].span.start, place.tokens[closer].span.end)
            return [written, "(\(written))"].map {
                Habit(
                    message: "a range is written with ..<, or with ... to include its end", span: span,
                    edit: .init(span, $0), help: "write \($0)")
            }
        }
        return []
    }

    /// `1:10`
    static func colonRange(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where index > 0 && place.isSign(index, .colon) {
            guard let next = place.token(index + 1), !next.hasSpaceBefore, case .integer = place.tokens[index - 1].kind
            else {
                continue
            }
            let span = place.tokens[index].span
            return [
                Habit(
                    message: "a range is written with ...", span: span, edit: .init(span, "..."),
                    help: "write \(place.text(place.tokens[index - 1]))...\(place.text(next))")
            ]
        }
        return []
    }

    /// `xs[1:3]`, `xs[:2]`, `xs[1:]`
    static func slice(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where index > 0 && place.isSign(index, .openBracket) {
            guard !place.tokens[index].hasSpaceBefore, let closer = place.closer(of: index) else { continue }
            let inside = place.text(tokens: index + 1, upTo: closer)
            let parts = inside.split(separator: ":", omittingEmptySubsequences: false).map(\.trimmingSpaces)
            guard parts.count == 2, closer > index + 1 else { continue }
            let written = parts[1].isEmpty ? "\(parts[0])..." : "\(parts[0].isEmpty ? "0" : parts[0])..<\(parts[1])"
            let span = SourceSpan(place.tokens[index + 1].span.start, place.tokens[closer - 1].span.end)
            return [
                Habit(
                    message: "part of a list is taken with a range", span: span, edit: .init(span, written),
                    help: "write [\(written)]")
            ]
        }
        return []
    }

    /// `{a: 1}`, `{"a": 1}`, `{1, 2}`
    static func braces(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where place.isSign(index, .openBrace) {
            guard let closer = place.closer(of: index), closer > index + 1 else { continue }
            let inside = place.outer(index + 1..<closer)
            let isRecord: Bool
            if case .label = place.tokens[index + 1].kind {
                isRecord = true
            } else {
                isRecord = inside.contains { place.isSign($0, .colon) }
            }
            guard isRecord || inside.contains(where: { place.isSign($0, .comma) }),
                !inside.contains(where: { place.word($0) == "in" })
            else { continue }
            let span = SourceSpan(place.tokens[index].span.start, place.tokens[closer].span.end)
            let written = "[\(place.text(tokens: index + 1, upTo: closer))]"
            return [
                Habit(
                    message: isRecord ? "a record is written in brackets" : "a list is written in brackets", span: span,
                    edit: .init(span, written), help: "write \(written)")
            ]
        }
        return []
    }

    /// `(1, 2)`
    static func tuple(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where place.isSign(index, .openParenthesis) {
            guard place.tokens[index].hasSpaceBefore || index == 0, let closer = place.closer(of: index),
                place.outer(index + 1..<closer).contains(where: { place.isSign($0, .comma) })
            else { continue }
            let span = SourceSpan(place.tokens[index].span.start, place.tokens[closer].span.end)
            let written = "[\(place.text(tokens: index + 1, upTo: closer))]"
            return [
                Habit(
                    message: "a list of values is written in brackets", span: span, edit: .init(span, written),
                    help: "write \(written)")
            ]
        }
        return []
    }

    /// `[1 2 3]`, `[1; 2; 3]`
    static func listSeparators(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where place.isSign(index, .openBracket) {
            guard let closer = place.closer(of: index), closer > index + 2 else { continue }
            let inside = place.outer(index + 1..<closer)
            var items: [String] = []
            if inside.contains(where: { place.tokens[$0].kind == .semicolon }) {
                let whole = place.text(tokens: index + 1, upTo: closer)
                items = whole.split(separator: ";").map(\.trimmingSpaces)
            } else {
                var start = index + 1
                for place_ in inside where place_ > start && place.tokens[place_].hasSpaceBefore {
                    items.append(place.text(tokens: start, upTo: place_))
                    start = place_
                }
                items.append(place.text(tokens: start, upTo: closer))
            }
            guard items.count > 1, !items.contains(where: { $0.hasSuffix(",") || $0.hasSuffix(":") }) else { continue }
            let span = SourceSpan(place.tokens[index].span.start, place.tokens[closer].span.end)
            let written = "[\(items.joined(separator: ", "))]"
            return [
                Habit(
                    message: "the values of a list have commas between them", span: span, edit: .init(span, written),
                    help: "write \(written)")
            ]
        }
        return []
    }

    /// `list()`, `dict()`
    static func constructors(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices {
            guard let word = place.identifier(index), place.isSign(index + 1, .openParenthesis),
                place.isSign(index + 2, .closeParenthesis),
                let written = ["list": "[]", "dict": "[:]", "set": "[]", "array": "[]", "Dict": "[:]"][word]
            else { continue }
            let span = SourceSpan(place.tokens[index].span.start, place.tokens[index + 2].span.end)
            return [
                Habit(
                    message: "\(written == "[:]" ? "an empty record" : "an empty list") is written \(written)",
                    span: span,
                    edit: .init(span, written), help: "write \(written)")
            ]
        }
        return []
    }

    // MARK: - Operators

    private static let operators = [
        "mod": "%", "div": "//", "is": "==", "isnt": "!=", "equals": "==", "xor": "!=", "AND": "and", "OR": "or",
        "NOT": "not", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=",
    ]

    /// `n mod 2`, `n is 3`
    static func wordOperators(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where index > 0 || place.identifier(index) == "NOT" {
            guard let word = place.identifier(index), !place.isKnown(word), let sign = operators[word],
                place.token(index + 1) != nil
            else { continue }
            let span = place.tokens[index].span
            let full = word == "is" && place.word(index + 1) == "not" ? place.tokens[index + 1].span : span
            let written = full == span ? sign : "!="
            return [
                Habit(
                    message: "'\(word)' is written \(written)", span: span, edit: .init(span.union(full), written),
                    help: "write \(written)")
            ]
        }
        return []
    }

    /// `n =< 3`, `n => 3`
    static func swappedComparison(_ place: HabitPlace) -> [Habit] {
        for (wrong, right) in [("=<", "<="), ("=>", ">="), ("=!", "!=")] {
            guard let mark = place.text.ranges(of: wrong).first else { continue }
            let start = place.span.start + place.text[..<mark.lowerBound].utf8.count
            let span = SourceSpan(start, start + 2)
            return [
                Habit(
                    message: "'\(wrong)' is written \(right)", span: span, edit: .init(span, right),
                    help: "write \(right)")
            ]
        }
        return []
    }

    /// `2 in xs`
    static func membership(_ place: HabitPlace) -> [Habit] {
        guard place.word(0) != "for" else { return [] }
        for index in place.tokens.indices where index > 0 && place.word(index) == "in" {
            // `{ x in x + 1 }` is the head of a closure.
            guard let right = place.token(index + 1), place.identifier(index + 1) != nil,
                index < 2 || !(place.isSign(index - 2, .openBrace) || place.isSign(index - 2, .comma))
            else { continue }
            let left = place.tokens[index - 1]
            let start =
                left.kind == .textEnd
                ? (0..<index).last { place.tokens[$0].kind == .textStart } ?? index - 1 : index - 1
            let span = SourceSpan(place.tokens[start].span.start, right.span.end)
            let written = "contains(\(place.text(right)), \(place.text(tokens: start, upTo: index)))"
            return [
                Habit(
                    message: "whether a list holds a value is asked with contains", span: span,
                    edit: .init(span, written), help: "write \(written)")
            ]
        }
        return []
    }

    /// `0 ... 3` in a command.
    static func spacedRange(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where index > 0 {
            guard place.isSign(index, .closedRange) || place.isSign(index, .halfOpenRange),
                let next = place.token(index + 1), next.hasSpaceBefore || place.tokens[index].hasSpaceBefore
            else { continue }
            let (left, sign) = (place.tokens[index - 1], place.text(place.tokens[index]))
            let span = SourceSpan(left.span.start, next.span.end)
            let written = "\(place.text(left))\(sign)\(place.text(next))"
            return [
                Habit(
                    message: "inside a command a range is written without spaces", span: span,
                    edit: .init(span, written),
                    help: "write \(written)")
            ]
        }
        return []
    }
}
