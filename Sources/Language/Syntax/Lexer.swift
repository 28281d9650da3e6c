// From bytes to tokens, in one pass without recursion: texts with interpolations are kept apart by a stack of modes, so
// no input can overflow anything. What cannot be read is reported and stepped over; the lexer always reaches the end.
//
//   identifier   letter or _ , then letters, digits, _         label        identifier ":"      (no space between)
//   dot name     "." identifier                                integer      digits with single _ between digits
//   real         digits "." digits [exponent], digits exponent
//   text         " … " on one line; \n \t \" \\ \{ \} \u{hex}; { value } inside
//   comment      # to the end of the line                      newline (LF, CR LF, CR), ";" end a statement

struct LexedText {
    var tokens: [Token]
    var comments: [SourceSpan]
    /// Escapes inside texts, for highlighting.
    var escapes: [SourceSpan]
    var diagnostics: [Diagnostic]
    var version: Int?
}

struct Lexer {
    /// The most digits of an integer: what takes a hundredth of a second to read and to write.
    static let integerDigitsMax = 30_000

    private let source: SourceText
    private let bytes: [UInt8]
    private var position = 0
    private var result = LexedText(tokens: [], comments: [], escapes: [], diagnostics: [], version: nil)
    private var sawSpace = true
    /// The interpolations that are open, from the outside in.
    private var interpolations: [Interpolation] = []

    private struct Interpolation {
        /// Where the text around it begins.
        var quote: Int
        /// Its own `{`.
        var brace: Int
        /// How many braces are open inside it.
        var depth = 0
    }

    /// The highest version of the language that this parser reads.
    static let version = 1

    private init(_ source: SourceText) {
        self.source = source
        bytes = source.bytes
    }

    static func lex(_ source: SourceText) -> LexedText {
        var lexer = Lexer(source)
        lexer.checkEncoding()
        while lexer.position < lexer.bytes.count { lexer.step() }
        lexer.closeInterpolations()
        lexer.add(.endOfText, from: lexer.bytes.count)
        return lexer.result
    }

    // MARK: - Reading

    private func peek(_ ahead: Int = 0) -> UInt8 {
        position + ahead < bytes.count ? bytes[position + ahead] : 0
    }

    private func scalar(at offset: Int) -> (Unicode.Scalar, length: Int)? {
        guard offset < bytes.count else { return nil }
        let first = bytes[offset]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1
        guard length > 1, offset + length <= bytes.count else { return nil }
        var iterator = bytes[offset..<(offset + length)].makeIterator()
        var decoder = UTF8()
        if case .scalarValue(let scalar) = decoder.decode(&iterator) { return (scalar, length) }
        return nil
    }

    private func isWordStart(at offset: Int) -> Int? {
        guard offset < bytes.count else { return nil }
        let byte = bytes[offset]
        if byte < 0x80 { return isLetter(byte) ? 1 : nil }
        guard let (scalar, length) = scalar(at: offset), scalar.properties.isXIDStart else { return nil }
        return length
    }

    private func isWordPart(at offset: Int) -> Int? {
        guard offset < bytes.count else { return nil }
        let byte = bytes[offset]
        if byte < 0x80 { return isLetter(byte) || isDigit(byte) ? 1 : nil }
        guard let (scalar, length) = scalar(at: offset), scalar.properties.isXIDContinue else { return nil }
        return length
    }

    private func endOfWord(from offset: Int) -> Int {
        var end = offset
        while let length = isWordPart(at: end) { end += length }
        return end
    }

    private func text(_ start: Int, _ end: Int) -> String { String(decoding: bytes[start..<end], as: UTF8.self) }

    private func endOfLine(from offset: Int) -> Int {
        var end = offset
        while end < bytes.count, !isLineEnd(at: end) { end += 1 }
        return end
    }

    private func isLineEnd(at offset: Int) -> Bool {
        let byte = bytes[offset]
        guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else { return false }
        return SourceText.endsLine(bytes, at: offset)
    }

    // MARK: - Writing

    private mutating func add(_ kind: Token.Kind, from start: Int) {
        result.tokens.append(Token(kind: kind, span: SourceSpan(start, position), hasSpaceBefore: sawSpace))
        sawSpace = false
    }

    private mutating func complain(
        _ code: DiagnosticCode, _ message: String, _ span: SourceSpan, help: String? = nil, replacement: String? = nil
    ) {
        guard result.diagnostics.count < Parser.errorMax else { return }
        result.diagnostics.append(
            Diagnostic(code, message, at: span, help: help, replacement: replacement.map { .init(span, $0) }))
    }

    // MARK: - One token

    private mutating func step() {
        let start = position
        let byte = bytes[position]
        if "<=>|".utf8.contains(byte), conflictMark() { return }
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\t"),
            UInt8(ascii: "\r") where !isLineEnd(at: position):
            position += 1
            sawSpace = true
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
            closeInterpolations()
            position += 1
            add(.newline, from: start)
            sawSpace = true
        case UInt8(ascii: ";"):
            position += 1
            add(.semicolon, from: start)
            sawSpace = true
        case UInt8(ascii: "#"):
            comment()
        case UInt8(ascii: "\""):
            position += 1
            openText(from: start, closer: UInt8(ascii: "\""))
        case UInt8(ascii: "'"):
            singleQuoted()
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            number()
        case UInt8(ascii: "."):
            dot()
        default:
            if isWordStart(at: position) != nil { word() } else if !barePath() { sign() }
        }
    }

    /// `./x`, `../x`, `~/x` after a space: a path whose quotes are missing.
    private mutating func barePath() -> Bool {
        let start = position
        guard sawSpace, ["./", "~/", "../"].contains(where: { bytes[start...].starts(with: $0.utf8) }) else {
            return false
        }
        while position < bytes.count, !isSpace(bytes[position]), !Array("\n\r;|)]}\"".utf8).contains(bytes[position]) {
            position += 1
        }
        let path = text(start, position)
        complain(
            .bareWord, "a path is written in quotes; did you mean \"\(path)\"?", SourceSpan(start, position),
            help: "write \"\(path)\"", replacement: "\"\(path)\"")
        add(.invalid, from: start)
        return true
    }

    /// `<<<<<<< HEAD`, `=======`, `>>>>>>> branch` or `||||||| base` at the start of a line: what git leaves of a
    /// merge.
    private mutating func conflictMark() -> Bool {
        let start = position
        guard start == 0 || isLineEnd(at: start - 1), bytes.count - start >= 7,
            bytes[start..<start + 7].allSatisfy({ $0 == bytes[start] }),
            start + 7 == bytes.count || isSpace(bytes[start + 7]) || isLineEnd(at: start + 7)
        else { return false }
        position = endOfLine(from: start)
        var end = position
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        complain(
            .foreignSyntax, "an unresolved merge: both versions of these lines are here", SourceSpan(start, end),
            help: "keep one version and take the lines of <, = and > away")
        add(.invalid, from: start)
        return true
    }

    private mutating func comment() {
        let start = position
        position = endOfLine(from: position)
        var end = position
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        result.comments.append(SourceSpan(start, end))
        sawSpace = true
        checkLineSeparators(start, end)
        readVersion(SourceSpan(start, end))
    }

    /// What many editors show as a new line and the language does not: in a comment it would hide a statement.
    private mutating func checkLineSeparators(_ start: Int, _ end: Int) {
        var offset = start
        while offset < end {
            guard let (scalar, length) = scalar(at: offset) else { return }
            if Lexer.lineSeparators.contains(scalar.value) {
                complain(
                    .unexpectedCharacter,
                    "the character U+\(String(scalar.value, radix: 16, uppercase: true)) looks like a line "
                        + "end and is none",
                    SourceSpan(offset, offset + length), help: "end the line there, or take it away",
                    replacement: "\n")
                let position = self.position
                self.position = offset + length
                add(.invalid, from: offset)
                self.position = position
                return
            }
            offset += length
        }
    }

    /// Line and paragraph separator, next line, vertical tab, form feed.
    private static let lineSeparators: Set<UInt32> = [0x2028, 0x2029, 0x85, 0x0B, 0x0C]

    /// `# icot 1` within the first two lines.
    private mutating func readVersion(_ span: SourceSpan) {
        guard result.version == nil, source.line(at: span.start) < 2 else { return }
        let words = source.text(span).dropFirst().split(separator: " ")
        guard words.count == 2, words[0] == "icot", let number = Int(words[1]) else { return }
        result.version = number
        if number != Lexer.version {
            complain(
                .unknownVersion, "this icot reads version \(Lexer.version) of the language, not \(number)", span,
                help: "write # icot \(Lexer.version), or open it with a newer icot",
                replacement: "# icot \(Lexer.version)")
        }
    }

    private mutating func word() {
        let start = position
        position = endOfWord(from: position)
        let word = text(start, position)
        if peek() == UInt8(ascii: ":") {
            position += 1
            add(.label(word), from: start)
        } else if let keyword = Keyword(rawValue: word) {
            add(.keyword(keyword), from: start)
        } else {
            add(.identifier(word), from: start)
        }
    }

    private mutating func dot() {
        let start = position
        if barePath() { return }
        if peek(1) == UInt8(ascii: ".") {
            if peek(2) == UInt8(ascii: ".") || peek(2) == UInt8(ascii: "<") {
                position += 3
                add(.sign(bytes[position - 1] == UInt8(ascii: "<") ? .halfOpenRange : .closedRange), from: start)
            } else {
                position += 2
                complain(
                    .foreignSyntax, "'..' is not a range", SourceSpan(start, position),
                    help: "write 0...8 to include the end, 0..<8 to leave it out", replacement: "...")
                add(.sign(.closedRange), from: start)
            }
        } else if isWordStart(at: position + 1) != nil {
            position = endOfWord(from: position + 1)
            add(.dotName(text(start + 1, position)), from: start)
        } else if isDigit(peek(1)) {
            position += 1
            while isDigit(peek()) { position += 1 }
            let written = text(start, position)
            complain(
                .malformedNumber, "a number starts with a digit", SourceSpan(start, position),
                help: "write 0\(written)", replacement: "0\(written)")
            add(.invalid, from: start)
        } else {
            position += 1
            complain(
                .unexpectedCharacter, "a '.' is followed directly by a name", SourceSpan(start, position),
                help: "write .name without a space")
            add(.invalid, from: start)
        }
    }

    private mutating func number() {
        let start = position
        var isReal = false
        digits()
        if peek() == UInt8(ascii: "."), isDigit(peek(1)) {
            isReal = true
            position += 1
            digits()
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            let signed = peek(1) == UInt8(ascii: "-") || peek(1) == UInt8(ascii: "+")
            if isDigit(peek(signed ? 2 : 1)) {
                isReal = true
                position += signed ? 2 : 1
                digits()
            }
        }
        let written = text(start, position)
        let hasSeparators = bytes[start..<position].contains(UInt8(ascii: "_"))
        if isWordPart(at: position) != nil || hasSeparators && (written.hasSuffix("_") || written.contains("__")) {
            let wordStart = position
            position = endOfWord(from: position)
            let word = text(wordStart, position)
            let help =
                word.isEmpty || written.hasSuffix("_")
                ? "digits may have a single _ between them: 80_000"
                : "put a space or an operator between \(written) and \(word)"
            complain(
                .malformedNumber, "'\(text(start, position))' is not a number", SourceSpan(start, position), help: help)
            add(.invalid, from: start)
            return
        }
        if peek() == UInt8(ascii: "."), !(peek(1) == UInt8(ascii: ".")), isWordStart(at: position + 1) == nil {
            position += 1
            complain(
                .malformedNumber, "a digit is missing after the point", SourceSpan(start, position),
                help: "write \(written).0", replacement: "\(written).0")
            add(.invalid, from: start)
            return
        }
        let plain = hasSeparators ? written.filter { $0 != "_" } : written
        if !isReal, plain.utf8.count > Lexer.integerDigitsMax {
            complain(
                .malformedNumber, "this integer has more than \(Lexer.integerDigitsMax) digits",
                SourceSpan(start, position), help: "write it as a power, such as 2^100")
            add(.invalid, from: start)
        } else if !isReal {
            add(Int(plain).map { .integer($0) } ?? .bigInteger(plain), from: start)
        } else if let value = Double(plain), value.isFinite {
            add(.real(value), from: start)
        } else {
            complain(.malformedNumber, "\(written) is too large for a real number", SourceSpan(start, position))
            add(.invalid, from: start)
        }
    }

    private mutating func digits() {
        while isDigit(peek()) || (peek() == UInt8(ascii: "_") && (isDigit(peek(1)) || peek(1) == UInt8(ascii: "_"))) {
            position += 1
        }
        if peek() == UInt8(ascii: "_") { position += 1 }
    }

    // MARK: - Texts

    /// Reads from after the opening quote (or after the `}` of an interpolation) to the closing quote or the next `{`.
    private mutating func openText(from start: Int, closer: UInt8) {
        add(.textStart, from: start)
        textBody(quote: start)
    }

    private mutating func textBody(quote: Int) {
        let start = position
        var part: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                add(.textPart(String(decoding: part, as: UTF8.self)), from: start)
                let closer = position
                position += 1
                add(.textEnd, from: closer)
                return
            case UInt8(ascii: "\n"),
                UInt8(ascii: "\r") where isLineEnd(at: position):
                unclosedText(quote: quote, bodyStart: start)
                return
            case UInt8(ascii: "{"):
                add(.textPart(String(decoding: part, as: UTF8.self)), from: start)
                let brace = position
                position += 1
                add(.interpolationStart, from: brace)
                interpolations.append(Interpolation(quote: quote, brace: brace))
                return
            case UInt8(ascii: "}"):
                complain(
                    .badEscape, "a '}' inside a text has no '{' before it", SourceSpan(position, position + 1),
                    help: "write \\} for the sign itself",
                    replacement: "\\}")
                part.append(byte)
                position += 1
            case UInt8(ascii: "\\"):
                escape(into: &part)
            default:
                part.append(byte)
                position += 1
            }
        }
        unclosedText(quote: quote, bodyStart: start)
    }

    private mutating func escape(into part: inout [UInt8]) {
        let start = position
        let byte = peek(1)
        position += 2
        switch byte {
        case UInt8(ascii: "n"): part.append(10)
        case UInt8(ascii: "t"): part.append(9)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "{"), UInt8(ascii: "}"): part.append(byte)
        case UInt8(ascii: "u") where peek() == UInt8(ascii: "{"):
            var end = position + 1
            while end < bytes.count, isLetter(bytes[end]) || isDigit(bytes[end]) { end += 1 }
            let hexadecimal = text(position + 1, end)
            if end < bytes.count, bytes[end] == UInt8(ascii: "}"), let value = UInt32(hexadecimal, radix: 16),
                let scalar = Unicode.Scalar(value)
            {
                part += Array(String(scalar).utf8)
                position = end + 1
            } else {
                // The brace belongs to it all the same, or it would be a second mistake.
                position = end < bytes.count && bytes[end] == UInt8(ascii: "}") ? end + 1 : end
                complain(
                    .badEscape, "\\u takes the number of a character", SourceSpan(start, position),
                    help: "write up to 10ffff in hexadecimal digits, such as \\u{e9} for é")
            }
        default:
            position = min(position, endOfLine(from: start))
            let length = isWordStart(at: start + 1) ?? max(position - start - 1, 0)
            position = max(position, min(start + 1 + length, bytes.count))
            complain(
                .badEscape, "'\(text(start, position))' is not an escape", SourceSpan(start, position),
                help: "known are \\n \\t \\\" \\\\ \\{ \\} and \\u{…}; write \\\\ for a backslash")
        }
        position = min(position, bytes.count)
        result.escapes.append(SourceSpan(start, position))
    }

    /// Without a closing quote the text ends where the next label seems to start, or else at the end of the line.
    private mutating func unclosedText(quote: Int, bodyStart: Int) {
        let lineEnd = endOfLine(from: bodyStart)
        var end = lineEnd
        while end > quote + 1, isSpace(bytes[end - 1]) { end -= 1 }
        if let interpolation = interpolations.last {
            complain(
                .unclosedBracket, "the '{' in this text is never closed",
                SourceSpan(interpolation.brace, interpolation.brace + 1),
                help: "write { value } inside the text, or \\{ for the sign itself")
            position = lineEnd
            interpolations.removeAll()
            return
        }
        if closesNothing(quote) {
            var wordStart = quote
            while wordStart > 0, !isSpace(bytes[wordStart - 1]), !isLineEnd(at: wordStart - 1),
                !isOpener(bytes[wordStart - 1])
            {
                wordStart -= 1
            }
            let word = text(wordStart, quote)
            complain(
                .unclosedText, "this quote closes a text that was never opened", SourceSpan(wordStart, quote + 1),
                help: "write \"\(word)\"", replacement: "\"\(word)\"")
            position = quote + 1
            add(.textPart(""), from: position)
            add(.textEnd, from: position)
            return
        }
        var cut = bodyStart
        while cut < end {
            if isSpace(bytes[cut]), isWordStart(at: cut + 1) != nil {
                let wordEnd = endOfWord(from: cut + 1)
                if wordEnd < bytes.count, bytes[wordEnd] == UInt8(ascii: ":") {
                    end = cut
                    break
                }
            }
            cut += 1
        }
        complain(
            .unclosedText, "this text has no closing quote", SourceSpan(quote, end),
            help: "write \(text(quote, end))\"",
            replacement: "\(text(quote, end))\"")
        position = max(end, bodyStart)
        add(.textPart(text(min(bodyStart, position), position)), from: min(bodyStart, position))
        add(.textEnd, from: position)
    }

    /// Whether a quote without partner stands after a word (`runs/x"`): then the opening quote was forgotten.
    private func closesNothing(_ quote: Int) -> Bool {
        guard quote > 0, isWordPartByte(bytes[quote - 1]) || bytes[quote - 1] == UInt8(ascii: "/") else { return false }
        guard quote + 1 < bytes.count else { return true }
        let next = bytes[quote + 1]
        return isSpace(next)
            || [10, 13, UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "|"), UInt8(ascii: "}")].contains(next)
    }

    /// A line that ends inside an interpolation.
    private mutating func closeInterpolations() {
        guard let interpolation = interpolations.last else { return }
        defer { interpolations.removeAll() }
        if bytes[(interpolation.brace + 1)..<endOfLine(from: interpolation.brace)].allSatisfy(isSpace) {
            // The brace of a block: it is the quote before it that is missing.
            var end = interpolation.brace
            while end > interpolation.quote + 1, isSpace(bytes[end - 1]) { end -= 1 }
            complain(
                .unclosedText, "this text has no closing quote", SourceSpan(interpolation.quote, end),
                help: "write \" where the text ends")
            return
        }
        complain(
            .unclosedBracket, "the '{' in this text is never closed",
            SourceSpan(interpolation.brace, interpolation.brace + 1),
            help: "write { value } inside the text, or \\{ for the sign itself")
    }

    private mutating func singleQuoted() {
        let start = position
        let lineEnd = endOfLine(from: start)
        var end = start + 1
        while end < lineEnd, bytes[end] != UInt8(ascii: "'") { end += 1 }
        if end < lineEnd {
            let inner = text(start + 1, end)
            position = end + 1
            complain(
                .foreignSyntax, "texts are written in double quotes", SourceSpan(start, position),
                help: "write \"\(inner)\"",
                replacement: "\"\(inner)\"")
            add(.textStart, from: start)
            add(.textPart(inner), from: start)
            add(.textEnd, from: start)
        } else {
            position = start + 1
            complain(
                .foreignSyntax, "texts are written in double quotes", SourceSpan(start, position), help: "write \"…\"")
            add(.invalid, from: start)
        }
    }

    // MARK: - Signs

    private mutating func sign() {
        let start = position
        let byte = bytes[position]
        if byte < 0x80, !Lexer.continuesSign(peek(1)), let sign = Lexer.singleSigns[Int(byte)] {
            position += 1
            brace(sign, from: start)
            return
        }
        for length in [3, 2, 1] where position + length <= bytes.count {
            // Foreign signs first, so that `+=` is one mistake and not two signs.
            let candidate = length == 1 ? String(UnicodeScalar(byte)) : asciiText(start, start + length)
            guard let candidate else { continue }
            if let foreign = Lexer.foreignSigns[candidate] {
                position += length
                complain(
                    .foreignSyntax, foreign.message, SourceSpan(start, position), help: foreign.help,
                    replacement: foreign.replacement)
                add(foreign.kind, from: start)
                return
            }
            if byte < 0x80, let sign = Sign(rawValue: candidate) {
                position += length
                brace(sign, from: start)
                return
            }
        }
        unexpectedScalar()
    }

    /// The signs of one byte, by that byte; the way most signs take, since looking up text for each would be a
    /// quarter of the time of the lexer.
    private static let singleSigns: [Sign?] = (0..<0x80).map { Sign(rawValue: String(UnicodeScalar(UInt8($0)))) }

    /// Whether the byte can be the second of a longer sign, ours or foreign.
    private static func continuesSign(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: "."), UInt8(ascii: "/"),
            UInt8(ascii: "*"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "&"), UInt8(ascii: "|"):
            true
        default: false
        }
    }

    private mutating func brace(_ sign: Sign, from start: Int) {
        if let last = interpolations.indices.last {
            if sign == .openBrace { interpolations[last].depth += 1 }
            if sign == .closeBrace {
                if interpolations[last].depth == 0 {
                    let quote = interpolations.removeLast().quote
                    add(.interpolationEnd, from: start)
                    textBody(quote: quote)
                    return
                }
                interpolations[last].depth -= 1
            }
        }
        add(.sign(sign), from: start)
    }

    private func asciiText(_ start: Int, _ end: Int) -> String? {
        guard end <= bytes.count, bytes[start..<end].allSatisfy({ $0 < 0x80 }) else { return nil }
        return text(start, end)
    }

    private struct Foreign {
        var message: String
        var help: String
        var replacement: String?
        var kind: Token.Kind
    }

    private static let foreignSigns: [String: Foreign] = [
        "&&": Foreign(message: "'&&' is written and", help: "write and", replacement: "and", kind: .keyword(.and)),
        "||": Foreign(message: "'||' is written or", help: "write or", replacement: "or", kind: .keyword(.or)),
        "!": Foreign(message: "'!' is written not", help: "write not", replacement: "not ", kind: .keyword(.not)),
        "**": Foreign(message: "'**' is written ^", help: "write ^", replacement: "^", kind: .sign(.power)),
        "===": Foreign(message: "'===' is written ==", help: "write ==", replacement: "==", kind: .sign(.equal)),
        "<>": Foreign(message: "'<>' is written !=", help: "write !=", replacement: "!=", kind: .sign(.notEqual)),
        ":=": Foreign(
            message: "':=' is written =", help: "write let name = value", replacement: "=", kind: .sign(.equals)),
        "->": Foreign(
            message: "'->' has no meaning here", help: "a closure is written { x in x + 1 }", replacement: nil,
            kind: .invalid),
        "=>": Foreign(
            message: "'=>' has no meaning here", help: "a closure is written { x in x + 1 }; at least is >=",
            replacement: nil, kind: .invalid),
        "+=": Foreign(
            message: "'+=' is not part of the language", help: "write x = x + …", replacement: nil, kind: .invalid),
        "-=": Foreign(
            message: "'-=' is not part of the language", help: "write x = x - …", replacement: nil, kind: .invalid),
        "*=": Foreign(
            message: "'*=' is not part of the language", help: "write x = x * …", replacement: nil, kind: .invalid),
        "/=": Foreign(
            message: "'/=' is not part of the language", help: "write x = x / …", replacement: nil, kind: .invalid),
        "++": Foreign(
            message: "'++' is not part of the language", help: "write x = x + 1", replacement: nil, kind: .invalid),
        "$": Foreign(
            message: "names are written without '$'", help: "write the name alone", replacement: "", kind: .invalid),
        "&": Foreign(message: "'&' is written and", help: "write and", replacement: "and", kind: .keyword(.and)),
        "@": Foreign(
            message: "'@' is not part of the language", help: "for a product of matrices write matmul(a, b)",
            replacement: nil, kind: .invalid),
        "?": Foreign(
            message: "'?' asks for help only at the start of a line of the prompt", help: "write if … { … } else { … }",
            replacement: nil, kind: .invalid),
        "\\": Foreign(
            message: "a '\\' does not continue a line", help: "put the command in parentheses to spread it over lines",
            replacement: "", kind: .invalid),
        "`": Foreign(
            message: "texts are written in double quotes", help: "write \"…\"", replacement: nil, kind: .invalid),
        "~": Foreign(
            message: "'~' is not part of the language", help: "write not for logic", replacement: nil, kind: .invalid),
    ]

    /// Signs of other alphabets that look like ours, as they come out of word processors and papers.
    private static let lookalikes: [UInt32: (replacement: String, kind: Token.Kind)] = [
        0x2212: ("-", .sign(.minus)), 0x2013: ("-", .sign(.minus)), 0x2014: ("-", .sign(.minus)),
        0x00D7: ("*", .sign(.times)),
        0x00B7: ("*", .sign(.times)), 0x00F7: ("/", .sign(.divide)), 0x2264: ("<=", .sign(.lessOrEqual)),
        0x2265: (">=", .sign(.greaterOrEqual)),
        0x2260: ("!=", .sign(.notEqual)), 0x2026: ("...", .sign(.closedRange)), 0x201C: ("\"", .invalid),
        0x201D: ("\"", .invalid),
        0x201E: ("\"", .invalid), 0x2018: ("\"", .invalid), 0x2019: ("\"", .invalid), 0xFF1A: (":", .invalid),
    ]

    private mutating func unexpectedScalar() {
        let start = position
        guard let (scalar, length) = scalar(at: start) else {
            position += 1
            add(.invalid, from: start)
            return
        }
        position += length
        if scalar.value == 0xA0 || (scalar.value == 0xFEFF && start == 0)
            || scalar.properties.generalCategory == .spaceSeparator
        {
            sawSpace = true
            return
        }
        let span = SourceSpan(start, position)
        if let known = Lexer.lookalikes[scalar.value] {
            complain(
                .unexpectedCharacter, "'\(scalar)' is written \(known.replacement)", span,
                help: "write \(known.replacement)", replacement: known.replacement)
            add(known.kind, from: start)
            return
        }
        let shown =
            isPrintable(scalar) ? "'\(scalar)'" : "the character U+\(String(scalar.value, radix: 16, uppercase: true))"
        complain(
            .unexpectedCharacter, "\(shown) is not part of the language", span,
            help: "take it away, or put it into a text")
        add(.invalid, from: start)
    }

    private func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }

    // MARK: - Encoding

    private mutating func checkEncoding() {
        var iterator = bytes.makeIterator()
        var decoder = UTF8()
        var offset = 0
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                offset += UTF8.width(scalar)
            case .emptyInput:
                return
            case .error:
                let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
                complain(
                    .notText, isUTF16 ? "this is UTF-16, not UTF-8 text" : "this is not UTF-8 text",
                    SourceSpan(offset, min(offset + 1, bytes.count)),
                    help: isUTF16 ? "convert it: iconv -f UTF-16 -t UTF-8 old > new" : "save the file as UTF-8")
                return
            }
        }
    }
}

// MARK: - Classes of bytes

private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

private func isLetter(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return (lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")) || byte == UInt8(ascii: "_")
}

private func isWordPartByte(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || byte >= 0x80 }

private func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
}

private func isOpener(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "(") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{")
}
