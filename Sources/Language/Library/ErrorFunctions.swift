extension LanguageLibrary {
    static var errorFunctions: [Command] { [error, failed, kind] }

    private static var error: Command {
        Command(
            CommandSignature(
                "error", "Raises an error with a message, or raises a caught error again.",
                [.value("message", .oneOf([.text, .value(TypeName.error)]))], result: "none",
                examples: ["try error(\"no data\")"], seeAlso: ["failed", "assert"])
        ) { call in
            let value = try call.value("message")
            if let caught = value.asError { throw Raised(diagnostic: caught.diagnostic, source: caught.source) }
            throw Diagnostic(.userError, try call.text("message"), at: call.span)
        }
    }

    private static var failed: Command {
        Command(
            CommandSignature(
                "failed", "Whether a value is an error, as `try` gives it.", [.value("value", .any)],
                result: TypeName.boolean, examples: ["failed((try 1 // 0))"])
        ) { call in .boolean(call["value"]?.asError != nil) }
    }

    private static var kind: Command {
        Command(
            CommandSignature(
                "kind", "The kind of a value as a text, such as \"integer\", \"text\" or \"table\".",
                [.value("value", .any)], result: TypeName.text, examples: ["kind(1.5)"])
        ) { call in .text(try call.value("value").typeName) }
    }
}
