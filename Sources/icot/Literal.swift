enum Literal {
    /// A text of the language; braces would begin an expression in it.
    static func of(_ text: String) -> String {
        var result = "\""
        for character in text {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "{": result += "\\{"
            case "}": result += "\\}"
            default: result.append(character)
            }
        }
        return result + "\""
    }
}
