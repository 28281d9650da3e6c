// The verbs and functions that are the language's own. Verbs are few, because the name of a verb cannot be a
// variable's.

public enum LanguageLibrary {
    /// Commands: they begin a line.
    public static var verbs: [Command] { outputVerbs + tableVerbs + sessionVerbs }
    /// Functions: they are called with parentheses.
    public static var functions: [Command] { functionGroups.flatMap(\.commands) }

    static var functionGroups: [(title: String, commands: [Command])] {
        [
            ("numbers", numberFunctions), ("statistics", statisticsFunctions), ("lists and records", listFunctions),
            ("texts", textFunctions), ("errors", errorFunctions),
        ]
    }
}

extension Command {
    /// A function with a short cut for calls with values by place.
    init(
        _ signature: CommandSignature, direct: @escaping (UnsafeBufferPointer<Value>) throws -> Value?,
        _ run: @escaping (Invocation) throws -> Value
    ) {
        self.init(signature, run)
        self.direct = direct
    }
}
