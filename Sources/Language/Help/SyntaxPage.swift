// `?syntax`: the language on one page. Each line of it is run by a test.

enum SyntaxPage {
    /// What to type, and what it is.
    static let rows: [(line: String, meaning: String)] = [
        ("let n = 3", "a name for a value; n = 4 changes it"),
        ("print \"n is {n}\" (n + 1)", "a command: verb, then values, separated by spaces"),
        ("print (1 > 0)", "an operation inside a command goes in parentheses"),
        ("let xs = [1, 2, 3]", "a list; xs[0] is the first, xs[-1] the last, xs[1...] the rest"),
        ("let s = [name: \"a\", size: 2]", "a record; s.size is a field"),
        ("map(xs, { x in x * 2 })", "a function is called with parentheses; a closure is { x in … }"),
        ("[1, 2] | map { x in x + 1 }", "| hands the result on to the next command"),
        ("if n > 2 { print \"many\" } else { print \"few\" }", "blocks are written in braces"),
        ("for k in 0..<3 { print k }", "a range; 0...3 includes its end"),
        ("while n > 9 { n = n // 2 }", "+ - * / // % ^, == != < <= > >=, and or not"),
        (
            "def half(x, digits: 2) { round(x / 2, digits: digits) }",
            "a verb of your own; words with a colon are labels"
        ),
        ("half 3 digits: 1", "labels come after the values"),
        ("let e = try (1 // 0)", "an error as a value; try { … } catch e { … } handles it"),
        ("print _", "the last result; _7 is the one numbered 7"),
        ("# a comment", "from # to the end of the line"),
    ]

    static func lines(_ context: LanguageContext) -> [StyledText] {
        let width = rows.map(\.line.count).max() ?? 0
        let head =
            StyledText("verb", .verb) + StyledText(" value … ") + StyledText("label:", .label)
            + StyledText(" value …   choices and columns are ") + StyledText(".words", .choice)
            + StyledText(", texts and paths ") + StyledText("\"quoted\"", .string)
        return [head, StyledText()]
            + rows.map { row in
                let line = Highlighter.lines(SourceText(row.line), context).first ?? StyledText(row.line)
                return StyledText("  ") + line
                    + StyledText(String(repeating: " ", count: width - row.line.count + 2) + row.meaning, .dim)
            }
    }
}
