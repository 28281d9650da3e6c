extension LanguageLibrary {
    static var sessionVerbs: [Command] { [vars, undo] }

    private static var vars: Command {
        Command(
            CommandSignature(
                "vars", "Lists the variables with their kinds and values.", [], result: TypeName.table,
                examples: ["vars"], seeAlso: ["undo"])
        ) { call in
            let variables = call.session.variables
            func brief(_ value: Value) -> String {
                let text = value.quotedText.replacing("\n", with: " ")
                return text.count > 60 ? String(text.prefix(59)) + "…" : text
            }
            return .table(
                TableObject([
                    .init("name", variables.map(\.name)), .init("kind", variables.map { $0.value.typeName }),
                    .init("value", variables.map { brief($0.value) }),
                ]))
        }
    }

    private static var undo: Command {
        Command(
            CommandSignature(
                "undo", "Puts the variables back as they were before the last statement that changed one.", [],
                result: "none", examples: ["undo"],
                seeAlso: ["vars"],
                discussion:
                    "Models and runs are not turned back by it: they are shared, and have a timeline of their own.")
        ) { call in
            guard call.session.undo() else {
                throw call.failure(
                    "there is nothing to undo", help: "it goes back over statements that changed a variable")
            }
            return .none
        }
    }
}
