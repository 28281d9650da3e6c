// A signature table like the real one, so that the language can be tested without an engine.

import Language

extension CommandEffect {
    static let changesRun = CommandEffect.changes("the current run", parts: "its steps")
}

enum TestSignatures {
    private static let side = ParameterKind.choice([
        .init("left", "from the start of the chain"), .init("right", "from its end"),
    ])
    private static let places: [ChoiceOption] = [
        .init("answer", "the tokens of the answer"), .init("first_answer", "its first token"),
        .init("chain", "the chain of thought"),
        .init("separator", "the sign between chain and answer"),
    ]
    private static let data = ParameterKind.value("problems")

    static let verbs: [CommandSignature] = [
        CommandSignature(
            "gen", "Makes problems of one kind.",
            [
                .value(
                    "kind",
                    .choice([
                        .init("mult", "multiplication, digit by digit"), .init("parity", "parity of a digit sum"),
                        .init("add", "addition"),
                    ])),
                .label("digits", .integer(1...20), default: "4"),
                .label("n", .integer(1...10_000_000), default: "1000", aliases: ["count"]),
                .label("seed", .integer(0...Int.max), default: "1"),
                .label("apart_from", data, "share no input with these"),
            ], result: "problems", examples: ["gen .mult digits: 4 n: 100"]),
        CommandSignature(
            "show", "Shows a value with all there is to see.", [.value("value", .any)],
            examples: ["show (gen .mult n: 3)"]),
        CommandSignature(
            "print", "Writes values on one line.", [.value("values", .any, required: false, repeated: true)],
            examples: ["print 1 \"two\""]),
        CommandSignature(
            "model", "Makes a model with fresh weights.",
            [
                .value(
                    "architecture",
                    .choice([
                        .init("gpt2", "GPT-2"), .init("llama", "Llama"), .init("mistral", "Mistral"),
                        .init("phi3", "Phi-3"),
                    ])),
                .label("layers", .integer(1...200), default: "2", aliases: ["n_layer"]),
                .label("heads", .integer(1...200), default: "4", aliases: ["n_head"]),
                .label("width", .integer(1...16384), default: "128", aliases: ["d_model"]),
                .label("vocab", .choice([.init("digits"), .init("gpt2")]), default: ".digits"),
                .label("seed", .integer(0...Int.max), default: "1"),
            ], result: "model"),
        CommandSignature(
            "start", "Starts a run: model, data, optimizer, schedule, clock, timeline.",
            [
                .value("model", .value("model")), .label("on", data, required: true),
                .label("batch", .integer(1...4096), default: "32"),
                .label("lr", .real(0...10), default: "5e-5", aliases: ["learning_rate"]),
                .label("weight_decay", .real(0...1), default: "0.01"),
            ], result: "run", effects: [.changesRun]),
        CommandSignature(
            "schedule", "Says how the chain is taken away.",
            [
                .label("per_epoch", .integer(1...10_000)), .label("every", .integer(1...1_000_000)),
                .label("side", side, default: ".left"),
                .label("smoothing", .real(0...100), default: "4"), .label("reset_optimizer", .boolean, default: "true"),
            ], effects: [.changesRun]),
        CommandSignature(
            "train", "Trains the current run.",
            [
                .label("steps", .integer(1...1_000_000_000)), .label("epochs", .integer(1...100_000)),
                .label("until", .real(0...1)),
                .label("at_most", .integer(1...1_000_000_000)), .label("lr", .real(0...10), aliases: ["learning_rate"]),
            ], effects: [.changesRun]),
        CommandSignature("mark", "Gives the present stage a name.", [.value("name", .text)], effects: [.changesRun]),
        CommandSignature(
            "step", "Removes more chain tokens.",
            [.value("count", .integer(-10_000...10_000), default: "1"), .label("to", .integer(0...10_000))],
            effects: [.changesRun]),
        CommandSignature(
            "back", "Goes back along the timeline.",
            [.value("count", .integer(1...10_000), default: "1"), .label("to", .oneOf([.text, .integer()]))],
            effects: [.changesRun]),
        CommandSignature(
            "eval", "Solves problems and counts what is right.",
            [.value("problems", data, aliases: ["on", "data"]), .label("limit", .integer(1...1_000_000))],
            acceptsWhere: true,
            acceptsBy: true, result: "table"),
        CommandSignature(
            "internalize", "Runs the rest of the schedule.", [.label("every", .integer(1...1_000_000))],
            effects: [.changesRun]),
        CommandSignature(
            "timeline", "Shows one row a stage.", [.value("run", .value("run"), required: false)], result: "table"),
        CommandSignature("solve", "Lets the model write.", [.value("problem", .oneOf([.value("problem"), .text]))]),
        CommandSignature(
            "hidden", "Reads hidden states.",
            [
                .value("model", .value("model")), .label("on", data, required: true),
                .label("layer", .integer(0...200), required: true),
                .label("at", .selector(places, allowsIndex: true), required: true),
            ], result: "array"),
        CommandSignature(
            "probe", "Fits a probe to hidden states.",
            [
                .label("layers", .range), .label("at", .selector(places, allowsIndex: true), required: true),
                .label(
                    "target", .selector([.init("running_sum"), .init("partial_2"), .init("carry")]), required: true),
                .label("on", data, required: true),
            ], result: "table"),
        CommandSignature(
            "plot", "Draws a figure.",
            [
                .value("table", .oneOf([.value("table"), .value("array")])), .label("x", .column), .label("y", .column),
                .label("style", .choice([.init("braille"), .init("block"), .init("ascii")])), .label("title", .text),
            ], result: "figure", effects: []),
        CommandSignature(
            "compare", "Sets runs side by side.",
            [.value("run", .value("run")), .label("to", .oneOf([.path(.read), .value("run")]), required: true)],
            result: "table"),
        CommandSignature("load", "Reads a model or a run.", [.value("path", .path(.read))]),
        CommandSignature("write", "Writes a value to a file.", [.value("value", .any), .value("path", .path(.write))]),
        CommandSignature("save", "Saves the session as a notebook.", [.value("path", .path(.write))]),
        CommandSignature(
            "sort", "Sorts the rows of a table.",
            [
                .value("table", .value("table")), .value("column", .column),
                .label("descending", .boolean, default: "false"),
            ], result: "table"),
        CommandSignature(
            "head", "Takes the first rows.",
            [.value("table", .value("table")), .value("count", .integer(0...1_000_000), default: "10")], result: "table"
        ),
        CommandSignature(
            "select", "Takes some columns.",
            [.value("table", .value("table")), .value("columns", .column, required: true, repeated: true)],
            result: "table"),
        CommandSignature(
            "filter", "Keeps rows.",
            [.value("table", .any), .value("function", .function, required: false)], acceptsWhere: true),
        CommandSignature(
            "map", "Applies a function to each element.", [.value("values", .any), .value("function", .function)],
            result: "list"),
        CommandSignature(
            "log", "Notes values under their labels.", [.label("removed", .number), .label("accuracy", .number)]),
        CommandSignature(
            "join", "Puts two tables side by side.",
            [
                .value("table", .value("table")), .value("other", .value("table")),
                .label("on", .column, required: true),
            ],
            result: "table"),
        CommandSignature("vars", "Lists the variables.", [], result: "table"),
        CommandSignature("hash", "Gives the hash of a model.", [.value("model", .value("model"))], result: "text"),
    ]

    static let functions: [CommandSignature] = [
        CommandSignature("sqrt", "The square root.", [.value("x", .any)], result: "number"),
        CommandSignature("mean", "The mean.", [.value("values", .any)], result: "number"),
        CommandSignature("max", "The greatest.", [.value("values", .any, repeated: true)]),
        CommandSignature("min", "The least.", [.value("values", .any, repeated: true)]),
        CommandSignature("length", "How many elements.", [.value("values", .any)], result: "integer"),
        CommandSignature(
            "contains", "Whether a list holds a value.", [.value("values", .any), .value("value", .any)],
            result: "boolean"),
        CommandSignature(
            "round", "Rounds to digits.", [.value("x", .number), .label("digits", .integer(0...15), default: "0")],
            result: "number"),
        CommandSignature("upper", "In capital letters.", [.value("text", .text)], result: "text"),
        CommandSignature("text", "A value as text.", [.value("value", .any)], result: "text"),
        CommandSignature(
            "joined", "The elements as one text.",
            [.value("values", .any), .value("separator", .text, required: false)],
            result: "text"),
        CommandSignature("nan", "Not a number.", [], result: "real"),
        CommandSignature(
            "append", "A list with one more value.", [.value("list", .any), .value("value", .any)], result: "list"),
        CommandSignature("error", "Raises an error.", [.value("message", .text)]),
    ]

    static let table = SignatureTable(verbs: verbs, functions: functions)
    static let context = LanguageContext(signatures: table)
}

func parse(_ text: String) -> ParsedText { Parser.parse(SourceText(text), TestSignatures.context) }
