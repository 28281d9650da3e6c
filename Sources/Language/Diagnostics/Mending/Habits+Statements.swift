// Definitions, assignments, closures and comments as other languages write them.

extension Habits {
    // MARK: - Functions

    /// `let f(x) = x + 1`, `f(x) = x + 1`, `def f(x) = x + 1`, `def f(x) -> int { … }`
    static func functionDefinition(_ place: HabitPlace) -> [Habit] {
        let first = ["let", "def", "fn", "func", "function", "fun"].contains(place.word(0) ?? "") ? 1 : 0
        guard let name = place.identifier(first), place.isSign(first + 1, .openParenthesis),
            let closer = place.closer(of: first + 1)
        else { return [] }
        let parameters = place.text(tokens: first + 1, upTo: closer + 1)
        if place.isSign(closer + 1, .equals), place.token(closer + 2) != nil {
            let body = place.text(place.tokens[closer + 2].span.start, place.span.end)
            return [
                Habit(
                    message: "'\(name)' is a function, which def defines",
                    span: SourceSpan(place.span.start, place.tokens[closer].span.end),
                    edit: place.rewriting("def \(name)\(parameters) { \(body) }"))
            ]
        }
        guard place.word(0) == "def", let arrow = place.token(closer + 1), place.text(arrow) == "->",
            let brace = (closer + 2..<place.tokens.count).first(where: { place.isSign($0, .openBrace) })
        else { return [] }
        return [
            Habit(
                message: "def: a result has no type",
                span: SourceSpan(arrow.span.start, place.tokens[brace - 1].span.end),
                edit: .init(SourceSpan(place.tokens[closer].span.end, place.tokens[brace - 1].span.end), ""),
                help: "write def \(name)\(parameters) { … }")
        ]
    }

    /// `def f(x) => x + 1`
    static func arrowResult(_ place: HabitPlace) -> [Habit] {
        guard place.word(0) == "def", place.isSign(2, .openParenthesis), let closer = place.closer(of: 2),
            let arrow = place.token(closer + 1), ["=>", "->"].contains(place.text(arrow)),
            let body = place.token(closer + 2)
        else { return [] }
        return [
            Habit(
                message: "def: the body is written in braces", span: arrow.span,
                edit: place.rewriting(
                    "\(place.text(tokens: 0, upTo: closer + 1)) { \(place.text(body.span.start, place.span.end)) }"))
        ]
    }

    /// `x -> x + 1`, `(x, y) => x + y`, `lambda x: x + 1`, `{ x => x + 1 }`
    static func closures(_ place: HabitPlace) -> [Habit] {
        var found: [Habit] = []
        for index in place.tokens.indices {
            if place.identifier(index) == "lambda", let (names, body) = lambda(place, index) {
                found.append(closure(place, from: index, names, body))
                continue
            }
            guard index > 0, ["->", "=>"].contains(place.text(place.tokens[index])), place.token(index + 1) != nil
            else {
                continue
            }
            var first = index - 1
            var names = place.text(place.tokens[first])
            if place.isSign(first, .closeParenthesis) {
                guard let open = (0..<first).last(where: { place.isSign($0, .openParenthesis) }) else { continue }
                names = place.text(tokens: open + 1, upTo: first)
                first = open
            }
            if place.isSign(first - 1, .openBrace), place.closer(of: first - 1) != nil {
                found.append(
                    Habit(
                        message: "a closure is written { \(names) in … }", span: place.tokens[index].span,
                        edit: .init(
                            SourceSpan(place.tokens[first].span.start, place.tokens[index].span.end), "\(names) in"),
                        help: "write { \(names) in … }"))
            } else {
                found.append(closure(place, from: first, names, index + 1))
            }
        }
        return found
    }

    /// The parameters of a `lambda` at an index, and where its body begins.
    private static func lambda(_ place: HabitPlace, _ index: Int) -> (names: String, body: Int)? {
        var place_ = index + 1
        while place_ < place.tokens.count {
            if place.isSign(place_, .colon) { return (place.text(tokens: index + 1, upTo: place_), place_ + 1) }
            if case .label = place.tokens[place_].kind {
                let names = place.text(place.tokens[index + 1].span.start, place.tokens[place_].wordSpan.end)
                return (names, place_ + 1)
            }
            place_ += 1
        }
        return nil
    }

    private static func closure(_ place: HabitPlace, from first: Int, _ names: String, _ body: Int) -> Habit {
        var (first, end) = (first, place.endOfValue(from: body))
        // Parentheses around the whole closure go with it.
        let text = place.text(tokens: body, upTo: end)
        if place.isSign(first - 1, .openParenthesis), place.tokens[first - 1].hasSpaceBefore,
            place.isSign(end, .closeParenthesis)
        {
            (first, end) = (first - 1, end + 1)
        }
        let span = SourceSpan(place.tokens[first].span.start, place.tokens[end - 1].span.end)
        let written = "{ \(names) in \(text) }"
        return Habit(
            message: "a closure is written { \(names) in … }", span: span, edit: .init(span, written),
            help: "write \(written)")
    }

    /// `|x| x + 1`
    static func barClosure(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices where place.isSign(index, .pipe) {
            guard let end = place.tokens.indices.first(where: { $0 > index + 1 && place.isSign($0, .pipe) }),
                end + 1 < place.tokens.count
            else { continue }
            return [closure(place, from: index, place.text(tokens: index + 1, upTo: end), end + 1)]
        }
        return []
    }

    // MARK: - Giving values

    /// `let a, b = 1, 2`
    static func severalNames(_ place: HabitPlace) -> [Habit] {
        guard place.word(0) == "let",
            let equals = place.outer(1..<place.tokens.count).first(where: { place.isSign($0, .equals) }), equals > 2
        else { return [] }
        let names = place.text(tokens: 1, upTo: equals).split(separator: ",").map(\.trimmingSpaces)
        var values: [String] = []
        var start = equals + 1
        for comma in place.outer(equals + 1..<place.tokens.count) where place.isSign(comma, .comma) {
            values.append(place.text(tokens: start, upTo: comma))
            start = comma + 1
        }
        values.append(place.text(tokens: start, upTo: place.tokens.count))
        guard names.count == values.count, names.count > 1 else { return [] }
        let lines = zip(names, values).map { "let \($0) = \($1)" }
        return [
            Habit(
                message: "let: gives one name a value", span: place.span,
                edit: place.rewriting(lines.joined(separator: "; ")))
        ]
    }

    private static let changes = [
        "+=": "+", "-=": "-", "*=": "*", "/=": "/", "%=": "%", "^=": "^", "++": "+", "--": "-",
    ]

    /// `x += 1`, `x++`
    static func changingAssignment(_ place: HabitPlace) -> [Habit] {
        let text = place.text
        for (sign, operation) in changes.sorted(by: { $0.key < $1.key }) {
            guard let mark = text.ranges(of: sign).first, mark.lowerBound > text.startIndex else { continue }
            let target = text[..<mark.lowerBound].trimmingSpaces
            let rest = text[mark.upperBound...].trimmingSpaces
            guard !target.isEmpty, !target.contains(" "), target.first?.isLetter == true || target.first == "_",
                rest.isEmpty == (sign == "++" || sign == "--")
            else { continue }
            let value = rest.isEmpty ? "1" : rest
            let isPlain = value.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." } || operation == "+"
            let start = place.span.start + text[..<mark.lowerBound].utf8.count
            return [
                Habit(
                    message: "'\(sign)' is not part of the language", span: SourceSpan(start, start + 2),
                    edit: place.rewriting("\(target) = \(target) \(operation) \(isPlain ? value : "(\(value))")"))
            ]
        }
        return []
    }

    /// `x <- 3`, `x := 3`
    static func arrowAssignment(_ place: HabitPlace) -> [Habit] {
        let first = place.word(0) == "let" ? 1 : 0
        guard let name = place.identifier(first) ?? place.labelWord(first) else { return [] }
        let start =
            place.tokens[first].kind == .label(name) ? place.tokens[first].wordSpan.end : place.tokens[first].span.end
        let rest = place.text(start, place.span.end).trimmingSpaces
        for sign in ["<-", ":=", "=:"] where rest.hasPrefix(sign) {
            let value = rest.dropFirst(sign.count).trimmingSpaces
            guard !value.isEmpty else { return [] }
            let head = first == 1 || !place.names.contains(name) ? "let \(name)" : name
            return [
                Habit(
                    message: "a value is given with '='", span: SourceSpan(start, place.span.end),
                    edit: place.rewriting("\(head) = \(value)"))
            ]
        }
        return []
    }

    private static let declarers: Set<String> = [
        "var", "const", "val", "int", "float", "double", "str", "string", "bool", "auto", "local", "my", "export",
        "set",
        "setenv", "final", "define",
    ]

    /// `int x = 3`, `export x=3`, `set x 3`
    static func typedBinding(_ place: HabitPlace) -> [Habit] {
        guard let word = place.word(0), declarers.contains(word), !place.isKnown(word), let name = place.identifier(1),
            let third = place.token(2)
        else { return [] }
        let head = place.tokens[0].span
        if third.kind == .sign(.equals) {
            return [
                Habit(
                    message: "'\(word)' is written let", span: head, edit: .init(head, "let"),
                    help: "write let \(name) = …")
            ]
        }
        return [
            Habit(
                message: "'\(word)' is written let, with '='", span: head,
                edit: place.rewriting("let \(name) = \(place.text(third.span.start, place.span.end))"))
        ]
    }

    /// `let x: int = 3`
    static func typedName(_ place: HabitPlace) -> [Habit] {
        guard place.word(0) == "let", let name = place.labelWord(1),
            let equals = place.outer(2..<place.tokens.count).first(where: { place.isSign($0, .equals) }),
            place.token(equals + 1) != nil
        else { return [] }
        return [
            Habit(
                message: "let: names have no type",
                span: SourceSpan(
                    place.tokens[1].wordSpan.end, place.tokens[equals - 1].span.end),
                edit: .init(SourceSpan(place.tokens[1].wordSpan.end, place.tokens[equals - 1].span.end), ""),
                help: "write let \(name) = …")
        ]
    }

    // MARK: - Comments, prompts

    private static func comment(_ place: HabitPlace, _ sign: String, _ span: SourceSpan, _ text: String) -> Habit {
        Habit(
            message: "a comment starts with #, not with \(sign)", span: span,
            edit: .init(SourceSpan(span.start, place.source.span(ofLine: place.line).end), text), help: "write \(text)")
    }

    /// `let a = 3 // why`
    static func slashComment(_ place: HabitPlace) -> [Habit] {
        place.tokens.filter { place.text($0) == "//" && $0.hasSpaceBefore }.map { token in
            let end = place.source.span(ofLine: place.line).end
            let words = place.text(token.span.end, end).trimmingSpaces
            return comment(place, "//", token.span, words.isEmpty ? "#" : "# \(words)")
        }
    }

    /// `/* why */` on a line of its own, or at the end of one.
    static func blockComment(_ place: HabitPlace) -> [Habit] {
        let line = place.source.text(place.source.span(ofLine: place.line))
        guard let mark = line.ranges(of: "/*").first else { return [] }
        var words = line[mark.upperBound...].trimmingSpaces
        if words.hasSuffix("*/") { words = words.dropLast(2).trimmingSpaces }
        let start = place.source.span(ofLine: place.line).start + line[..<mark.lowerBound].utf8.count
        return [comment(place, "/*", SourceSpan(start, start + 2), words.isEmpty ? "#" : "# \(words)")]
    }

    /// `-- why` on a line of its own.
    static func dashComment(_ place: HabitPlace) -> [Habit] {
        guard place.text.hasPrefix("-- ") else { return [] }
        let words = place.text.dropFirst(3).trimmingSpaces
        return [comment(place, "--", SourceSpan(place.span.start, place.span.start + 2), "# \(words)")]
    }

    /// `icot 3> step`, `>>> print 1`, `$ icot`: what a terminal showed before the line.
    static func prompts(_ place: HabitPlace) -> [Habit] {
        guard let length = Prompt.length(place.text) else { return [] }
        let span = SourceSpan(place.span.start, place.span.start + length)
        return [
            Habit(
                message: "this is a prompt, not a part of the line", span: span, edit: .init(span, ""),
                help: "write \(place.text(span.end, place.span.end))")
        ]
    }
}

/// What stands before a line that was copied from a terminal.
public enum Prompt {
    /// The bytes of a prompt at the start of a line, of icot or of Python or Julia; nil where there is none.
    public static func length(_ line: String) -> Int? {
        for mark in [">>> ", "julia> ", "....> "] where line.hasPrefix(mark) { return mark.utf8.count }
        guard let end = line.ranges(of: "> ").first else { return nil }
        let words = line[..<end.lowerBound].split(separator: " ", omittingEmptySubsequences: false)
        func isNumber(_ word: Substring) -> Bool { !word.isEmpty && word.allSatisfy(\.isNumber) }
        func isShare(_ word: Substring) -> Bool {
            let parts = word.split(separator: "/", omittingEmptySubsequences: false)
            return parts.count == 2 && parts.allSatisfy(isNumber)
        }
        let isOurs: Bool
        switch words.count {
        case 1: isOurs = words[0] == "icot"
        case 2: isOurs = words[0] == "icot" && isNumber(words[1])
        case 3: isOurs = isShare(words[0]) && words[1] == "removed" && isNumber(words[2])
        case 4: isOurs = isShare(words[0]) && words[1...2] == ["removed", "·"] && isNumber(words[3])
        default: isOurs = false
        }
        return isOurs ? line[..<end.upperBound].utf8.count : nil
    }

    /// What was typed in a text copied from a terminal: the lines with a prompt, without it. What stands between them
    /// was shown, not typed. Nil where the text does not begin with a prompt.
    public static func stripped(_ text: String) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let first = lines.first(where: { $0.contains { !$0.isWhitespace } }), length(first) != nil else {
            return nil
        }
        return lines.compactMap { line in
            length(line).map { String(decoding: line.utf8.dropFirst($0), as: UTF8.self) }
        }.joined(separator: "\n")
    }
}

extension StringProtocol {
    /// Without the spaces and tabs at both ends. Looked for among bytes: this is asked of a whole entry at every key.
    var trimmingSpaces: String {
        func isKept(_ byte: UInt8) -> Bool { byte != 0x20 && byte != 0x09 }
        let text = String(self)
        let bytes = text.utf8
        guard let first = bytes.firstIndex(where: isKept), let last = bytes.lastIndex(where: isKept) else { return "" }
        return String(text[first..<bytes.index(after: last)])
    }
}
