// A few verbs, so that notebooks can be tested without an engine.

import Language

enum TestVocabulary {
    static let verbs: [CommandSignature] = [
        CommandSignature("print", "Writes values on one line.", [.value("values", .any, required: false, repeated: true)]),
        CommandSignature("step", "Removes more tokens.", [.value("count", .integer(-100...100), default: "1")], effects: [.changesRun]),
        CommandSignature("train", "Trains.", [.label("steps", .integer(1...1_000_000), default: "100")], effects: [.changesRun]),
        CommandSignature("load", "Reads a file.", [.value("path", .path(.read))]),
        CommandSignature("write", "Writes a value.", [.value("value", .any), .value("path", .path(.write))]),
    ]

    static let context = LanguageContext(signatures: SignatureTable(verbs: verbs))
}
