// Blocks without braces: Python's colon and indentation, `then … end`, a body that only stands on the same line.

extension Habits {
    private static let openers: Set<String> = [
        "for", "while", "if", "def", "else", "elif", "elseif", "elsif", "try", "except", "catch", "finally", "function",
        "func", "fn", "fun", "foreach", "unless",
    ]
    private static let continuers: Set<String> = ["else", "elif", "elseif", "elsif", "except", "catch", "finally"]

    /// `for k in xs:` with its lines indented below it, or with an `end`.
    static func indentedBlock(_ place: HabitPlace) -> [Habit] {
        let reader = IndentedBlocks(place.source)
        var first = place.line
        // The mistake may have been found further down in the block.
        while first > 0, let head = reader.head(first), continuers.contains(head),
            let above = reader.block(before: first)
        {
            first = above
        }
        guard let head = reader.head(first), openers.contains(head), !continuers.contains(head),
            let (text, last) = reader.braced(from: first)
        else { return [] }
        let start = place.source.span(ofLine: first).start
        let edit = Diagnostic.Replacement(SourceSpan(start, place.source.span(ofLine: last).end), text)
        return [
            Habit(
                message: "a block is written in braces, not below a ':'", span: reader.headSpan(first), edit: edit,
                help: "write \(reader.bracedHead(first)) … }")
        ]
    }

    /// `if x > 3 print x`, `if x > 3: print x`, `if x > 3 then print x end`, `for k in xs do print k end`
    static func oneLineBlock(_ place: HabitPlace) -> [Habit] {
        guard let word = place.word(0) ?? place.labelWord(0),
            ["for", "while", "if", "def", "foreach", "try"].contains(word),
            place.tokens.count > 1,
            !place.outer(1..<place.tokens.count).contains(where: { place.isSign($0, .openBrace) })
        else { return [] }
        var found: [Habit] = []
        for index in place.outer(0..<place.tokens.count) where index + 1 < place.tokens.count {
            if index == 0, place.labelWord(0) == nil { continue }
            let token = place.tokens[index]
            let next = place.tokens[index + 1]
            var headEnd: Int?
            var bodyStart = next.span.start
            switch token.kind {
            case .sign(.colon): headEnd = token.span.start
            case .label: headEnd = token.wordSpan.end
            case .identifier("then"), .identifier("do"): headEnd = place.tokens[index - 1].span.end
            case .identifier, .keyword(.let), .keyword(.return):
                // A verb where the condition is over.
                let begins = place.identifier(index).map(place.isVerb) ?? true
                guard index > 1, token.hasSpaceBefore, begins else { break }
                headEnd = place.tokens[index - 1].span.end
                bodyStart = token.span.start
            default: break
            }
            guard let headEnd else { continue }
            var bodyEnd = place.span.end
            if let last = place.tokens.last, case .identifier("end") = last.kind {
                bodyEnd = place.tokens[place.tokens.count - 2].span.end
            }
            let head = place.text(place.span.start, headEnd)
            found.append(
                Habit(
                    message: "\(word): the block is written in braces",
                    span: SourceSpan(bodyStart, bodyEnd),
                    edit: place.rewriting("\(head) { \(place.text(bodyStart, bodyEnd)) }")))
        }
        return found
    }

    /// `}` and `else` on two lines.
    static func elseOnItsOwnLine(_ place: HabitPlace) -> [Habit] {
        guard place.line > 0, let word = place.word(0), ["else", "catch", "elif", "elseif", "elsif"].contains(word)
        else {
            return []
        }
        let above = place.source.span(ofLine: place.line - 1)
        guard place.source.text(above).last == "}" else { return [] }
        let keyword = ["else", "catch"].contains(word) ? word : "else if"
        return [
            Habit(
                message: "'\(word)' belongs on the line of the '}' before it", span: place.tokens[0].span,
                edit: .init(SourceSpan(above.end, place.tokens[0].span.end), " \(keyword)"),
                help: "write } \(keyword) … { on one line")
        ]
    }

    /// `unless c {` and, inside of a line, `} elif c {`.
    static func negatedBlock(_ place: HabitPlace) -> [Habit] {
        for index in place.tokens.indices {
            guard let word = place.identifier(index) else { continue }
            if ["elif", "elseif", "elsif"].contains(word), index > 0, place.isSign(index - 1, .closeBrace) {
                return [
                    Habit(
                        message: "'\(word)' is written else if", span: place.tokens[index].span,
                        edit: .init(place.tokens[index].span, "else if"), help: "write else if")
                ]
            }
        }
        guard place.identifier(0) == "unless",
            let brace = place.outer(1..<place.tokens.count).first(where: { place.isSign($0, .openBrace) }), brace > 1
        else { return [] }
        let condition = place.text(tokens: 1, upTo: brace)
        return [
            Habit(
                message: "'unless' is written if not", span: place.tokens[0].span,
                edit: .init(SourceSpan(place.span.start, place.tokens[brace - 1].span.end), "if not (\(condition))"))
        ]
    }

    /// `repeat 3 { … }`, `loop 3 { … }`
    static func repeatBlock(_ place: HabitPlace) -> [Habit] {
        guard let word = place.identifier(0), ["repeat", "loop", "times"].contains(word),
            let brace = place.outer(1..<place.tokens.count).first(where: { place.isSign($0, .openBrace) }), brace > 1
        else { return [] }
        let count = place.text(tokens: 1, upTo: brace)
        return [
            Habit(
                message: "'\(word)' is written for", span: place.tokens[0].span,
                edit: .init(SourceSpan(place.span.start, place.tokens[brace - 1].span.end), "for i in 0..<\(count)"))
        ]
    }

    /// `for (let i = 0; i < 3; i++) {`
    static func countingLoop(_ place: HabitPlace) -> [Habit] {
        guard place.word(0) == "for" else { return [] }
        let parts = place.text.split(separator: ";", omittingEmptySubsequences: false).map(\.trimmingSpaces)
        guard parts.count == 3, let equals = parts[0].ranges(of: "=").first,
            let brace = place.text.ranges(of: "{").first
        else { return [] }
        let name = parts[0][..<equals.lowerBound].trimmingSpaces.split { $0 == " " || $0 == "(" }.last.map(String.init)
        let lower = parts[0][equals.upperBound...].trimmingSpaces
        for (sign, range) in [("<=", "..."), ("<", "..<")] {
            guard let name, let mark = parts[1].ranges(of: sign).first else { continue }
            let upper = parts[1][mark.upperBound...].trimmingSpaces
            let rest = place.text[brace.lowerBound...]
            return [
                Habit(
                    message: "for: a loop goes over a range", span: place.span,
                    edit: place.rewriting("for \(name) in \(lower)\(range)\(upper) \(rest)"))
            ]
        }
        return []
    }

    /// `for (k in xs) {`, `for k of xs {`, `for k = 0...3 {`
    static func loopHeader(_ place: HabitPlace) -> [Habit] {
        guard place.word(0) == "for" else { return [] }
        if place.isSign(1, .openParenthesis), let closer = place.closer(of: 1), place.word(3) == "in" {
            return [
                Habit(
                    message: "for: the loop is written without parentheses",
                    span: SourceSpan(place.tokens[1].span.start, place.tokens[closer].span.end),
                    edit: .init(
                        SourceSpan(place.tokens[1].span.start, place.tokens[closer].span.end),
                        place.text(tokens: 2, upTo: closer)))
            ]
        }
        guard place.identifier(1) != nil, let sign = place.token(2),
            place.text(sign) == "of" || sign.kind == .sign(.equals)
        else { return [] }
        return [
            Habit(
                message: "for: '\(place.text(sign))' is written in", span: sign.span, edit: .init(sign.span, "in"),
                help: "write in")
        ]
    }

    /// `<<<<<<<`, `=======`, `>>>>>>>`: a merge that was not finished.
    static func mergeMarkers(_ place: HabitPlace) -> [Habit] {
        let source = place.source
        func isMarker(_ line: Int, _ sign: String) -> Bool {
            source.text(source.span(ofLine: line)).hasPrefix(String(repeating: sign, count: 7))
        }
        guard ["<", "=", ">"].contains(where: { isMarker(place.line, $0) }) else { return [] }
        var last = place.line
        for line in place.line..<source.lineStarts.count where isMarker(line, ">") {
            last = line
            break
        }
        return [
            Habit(
                message: "an unresolved merge: both versions of these lines are here", span: place.span, edit: nil,
                help: "keep one version and take the lines of <, = and > away",
                reach: SourceSpan(place.span.start, source.span(ofLine: last).end))
        ]
    }
}

/// Turns blocks of indented lines into blocks in braces, line by line.
struct IndentedBlocks {
    private let source: SourceText

    init(_ source: SourceText) { self.source = source }

    private func text(_ line: Int) -> String { source.text(source.span(ofLine: line)) }

    private func indentation(_ line: Int) -> Int? {
        let text = text(line)
        let spaces = text.prefix { $0 == " " || $0 == "\t" }.count
        return spaces == text.count ? nil : spaces
    }

    /// The word that a line begins with.
    func head(_ line: Int) -> String? {
        guard source.lineStarts.indices.contains(line) else { return nil }
        let word = text(line).drop { $0 == " " || $0 == "\t" }.prefix { $0.isLetter || $0 == "_" }
        return word.isEmpty ? nil : String(word)
    }

    func headSpan(_ line: Int) -> SourceSpan {
        let span = source.span(ofLine: line)
        return SourceSpan(span.start + (indentation(line) ?? 0), span.end)
    }

    /// The line above, at the same depth, that begins the block which a line with `else` goes on with.
    func block(before line: Int) -> Int? {
        guard let depth = indentation(line) else { return nil }
        var above = line - 1
        while above >= 0 {
            if let own = indentation(above), own <= depth { return own == depth ? above : nil }
            above -= 1
        }
        return nil
    }

    /// `for k in xs {`
    func bracedHead(_ line: Int) -> String {
        String(opened(text(line)).drop { $0 == " " || $0 == "\t" })
    }

    /// A block and what belongs to it, in braces, with the number of its last line; nil where there is nothing
    /// indented.
    func braced(from line: Int) -> (text: String, last: Int)? {
        guard let depth = indentation(line), !text(line).contains("{") else { return nil }
        var lines = [opened(text(line))]
        var current = line
        var hasBody = false
        let margin = String(text(line).prefix(depth))
        while true {
            var next = current + 1
            while next < source.lineStarts.count, indentation(next) == nil { next += 1 }
            guard next < source.lineStarts.count, let own = indentation(next) else { break }
            if own > depth {
                hasBody = true
                if !text(next).contains("{"), let head = head(next), Self.begins.contains(head),
                    let inner = braced(from: next)
                {
                    lines.append(inner.text)
                    current = inner.last
                } else {
                    lines.append(text(next))
                    current = next
                }
                continue
            }
            guard own == depth, hasBody, let head = head(next) else { break }
            if head == "end" {
                current = next
                break
            }
            guard Self.goesOn[head] != nil else { break }
            lines.append(margin + "} " + opened(text(next)).drop { $0 == " " || $0 == "\t" })
            current = next
        }
        guard hasBody else { return nil }
        return ((lines + [margin + "}"]).joined(separator: "\n"), current)
    }

    private static let begins: Set<String> = ["for", "while", "if", "def", "try", "foreach", "function", "func", "fn"]
    private static let goesOn = [
        "else": "else", "elif": "else if", "elseif": "else if", "elsif": "else if", "except": "catch", "catch": "catch",
    ]
    private static let renamed = ["foreach": "for", "function": "def", "func": "def", "fn": "def"]

    /// The first line of a block with `{` in place of `:`, `then` or `do`.
    private func opened(_ line: String) -> String {
        let margin = line.prefix { $0 == " " || $0 == "\t" }
        var rest = String(line.dropFirst(margin.count))
        var comment = ""
        if let mark = rest.ranges(of: " #").first {
            comment = "  " + rest[mark.lowerBound...].drop { $0 == " " }
            rest = String(rest[..<mark.lowerBound])
        }
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        if rest.last == ":" { rest.removeLast() }
        for word in [" then", " do"] where rest.hasSuffix(word) { rest.removeLast(word.count) }
        let head = String(rest.prefix { $0.isLetter || $0 == "_" })
        if let word = Self.goesOn[head] ?? Self.renamed[head] { rest = word + rest.dropFirst(head.count) }
        // `except ValueError as problem` names a kind of error, which icot does not have.
        if head == "except" {
            rest = rest.contains(" as ") ? "catch " + (rest.split(separator: " ").last ?? "") : "catch"
        }
        while rest.last == " " { rest.removeLast() }
        return margin + rest + " {" + comment
    }
}
