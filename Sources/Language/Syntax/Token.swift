// The words of the language. A token remembers whether a space stands before it, because spaces decide where an
// argument ends (`xs[0]` is one argument, `xs [0]` is an error).

enum Keyword: String, CaseIterable {
    case `let`, def, `for`, `in`, `while`, `if`, `else`, `return`, `break`, `continue`, `try`, `catch`, `import`
    case time, `where`, by, and, or, not, `true`, `false`, none
}

enum Sign: String {
    case openParenthesis = "(", closeParenthesis = ")"
    case openBracket = "[", closeBracket = "]"
    case openBrace = "{", closeBrace = "}"
    case comma = ",", pipe = "|", colon = ":", equals = "="
    case plus = "+", minus = "-", times = "*", divide = "/", floorDivide = "//", remainder = "%", power = "^"
    case equal = "==", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
    case closedRange = "...", halfOpenRange = "..<"

    /// The sign that closes what this one opens.
    var closer: Sign? {
        switch self {
        case .openParenthesis: .closeParenthesis
        case .openBracket: .closeBracket
        case .openBrace: .closeBrace
        default: nil
        }
    }
}

struct Token {
    enum Kind: Equatable {
        case newline
        case semicolon
        case endOfText
        case identifier(String)
        case keyword(Keyword)
        /// `word:`; the colon is the last byte of the span
        case label(String)
        /// `.word`; whether it is a field or a choice is for the parser to say
        case dotName(String)
        case integer(Int)
        case bigInteger(String)
        case real(Double)
        // `"a {x} b"` is textStart, textPart, interpolationStart, identifier, interpolationEnd, textPart, textEnd.
        case textStart
        case textPart(String)
        case interpolationStart
        case interpolationEnd
        case textEnd
        case sign(Sign)
        /// Something the lexer has already complained about.
        case invalid
    }

    var kind: Kind
    var span: SourceSpan
    var hasSpaceBefore: Bool

    /// The span of the word in `word:` or `.word`.
    var wordSpan: SourceSpan {
        switch kind {
        case .label: SourceSpan(span.start, span.end - 1)
        case .dotName: SourceSpan(span.start + 1, span.end)
        default: span
        }
    }

    var endsStatement: Bool {
        switch kind {
        case .newline, .semicolon, .endOfText: true
        default: false
        }
    }
}
