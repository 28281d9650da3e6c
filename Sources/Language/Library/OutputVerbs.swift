import Support

extension LanguageLibrary {
    static var outputVerbs: [Command] { [print, assert] }

    private static var print: Command {
        Command(
            CommandSignature(
                "print", "Writes values on one line, with a space between them.",
                [.value("values", .any, required: false, repeated: true)], result: "none",
                examples: ["print 1 \"two\"", "print \"loss {0.25}\""])
        ) { call in
            let text = try call.list("values").map(\.text).joined(separator: " ")
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { StyledText(String($0)) }
            call.output(DisplayBundle(lines: lines, json: Escaping.json(text)))
            return .none
        }
    }

    private static var assert: Command {
        Command(
            CommandSignature(
                "assert", "Stops with an error unless a condition holds.",
                [
                    .value("condition", .boolean, "what must be true"),
                    .value("message", .text, required: false, "what to say if it is not"),
                ], result: "none",
                examples: ["assert (1 + 1 == 2)", "assert (2 > 1) \"two is more\""])
        ) { call in
            if try call.boolean("condition") { return .none }
            throw Diagnostic(
                .userError, "assert: " + (call.textIfPresent("message") ?? "this does not hold"), at: call.span,
                help: "the condition was \(call.source.text(call.span).dropFirst("assert ".count))")
        }
    }
}
