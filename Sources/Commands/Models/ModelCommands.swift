// Making, loading and looking into models: `model`, `load`, `hash`, `tokenize`, `logits`.

import Checkpoints
import Experiments
import Internalization
import Language
import Support
import Tensors
import Transformer

enum ModelCommands {
    static var all: [Command] { [model(), load(), hash(), tokenize(), logits()] }

    private static func model() -> Command {
        Command(
            CommandSignature(
                "model", "Makes a model with fresh weights.",
                [
                    .value(
                        "architecture",
                        .choice([
                            .init("gpt2", "learned positions, layer norm, GELU"),
                            .init("llama", "rotary positions, RMS norm, SwiGLU"),
                            .init("mistral", "Llama with a sliding window"),
                            .init("phi3", "Llama with fused projections"),
                        ]), "the family"),
                    .label("layers", .integer(1...1000), default: "2", aliases: Aliases.layers, "blocks"),
                    .label("heads", .integer(1...1000), default: "4", aliases: Aliases.heads, "attention heads"),
                    .label(
                        "width", .integer(1...65536), default: "64", aliases: Aliases.width, "of the residual stream"),
                    .label("positions", .integer(2...1_000_000), default: "256", "the longest sequence"),
                    .label(
                        "vocab",
                        .oneOf([
                            .choice([.init("digits", "one token a character, for tasks with numbers")]), .path(.read),
                            .value(ProblemsValue.typeName), .list(of: .value(ProblemsValue.typeName)),
                        ]), default: ".digits", aliases: Aliases.vocabulary,
                        "the tokens: .digits, the characters of some problems or of several sets, "
                            + "[train, test], or a folder with a tokenizer"
                    ),
                    .label(
                        "init",
                        .choice([.init("fan_in", "N(0, 1/fan-in): small models learn"), .init("gpt2", "N(0, 0.02²)")]),
                        default: ".fan_in", "how weights are drawn"),
                    .label("tied", .boolean, default: "false", "whether the head reads the token table"),
                    .label("dropout", .real(0...0.99), default: "0", "while training; GPT-2 uses 0.1"),
                    .label("seed", .integer(0...Int.max), default: "1", aliases: Aliases.seed, "of the weights"),
                    EngineDevice.deviceParameter, EngineDevice.precisionParameter,
                ], result: ModelValue.typeName, examples: ["model .gpt2 layers: 2 heads: 4 width: 64"],
                seeAlso: ["load", "start", "show"],
                discussion:
                    "The weights start from N(0, 1/fan-in) because at the widths that a small machine trains GPT-2's "
                    + "0.02 leaves a model that hardly learns; the paper starts from pretrained weights."
            )
        ) { call in
            let writing = try writing(call)
            let size: Int
            switch writing {
            case .characters(let vocabulary): size = vocabulary.count
            case .tokenizer(let tokenizer, _): size = tokenizer.vocabularySize
            case .ids: size = 0
            }
            let heads = try call.integer("heads"), width = try call.integer("width")
            var configuration = ModelConfiguration.gpt2(
                vocabularySize: size, positionCount: try call.integer("positions"), width: width,
                layerCount: try call.integer("layers"),
                headCount: heads, isHeadTied: try call.boolean("tied"))
            let p = Float(try call.real("dropout"))
            configuration.dropout = DropoutProbabilities(embedding: p, attention: p, residual: p)
            if let architecture = Architecture(rawValue: try call.choice("architecture")), architecture != .gpt2 {
                configuration.architecture = architecture
                configuration.rotary = RotaryConfiguration(base: 10_000, width: configuration.headWidth)
                configuration.innerWidth = (8 * width / 3 + 7) / 8 * 8
                if architecture == .mistral { configuration.slidingWindow = configuration.positionCount }
            }
            switch configuration.fault {
            case .unevenHeads(let width, let heads)?:
                throw call.failure(
                    ConfigurationFault.unevenHeads(width: width, heads: heads).description, code: .runtimeArgument,
                    at: "width", help: "try width: \((width / heads + 1) * heads)")
            case let fault?: throw call.failure(fault.description, code: .runtimeArgument)
            case nil: break
            }
            let executor = try EngineDevice.executor(call)
            try EngineDevice.check(configuration, call, on: executor)
            try Memory.check(floats: 4 * configuration.parameterLayout.count, call, on: executor)
            let seed = try call.integer("seed"), precision = try EngineDevice.precision(call, on: executor)
            let initialization: Initialization = try call.choice("init") == "gpt2" ? .gpt2 : .fanIn
            let drawn = try LanguageModel(
                configuration, initialization: initialization, seed: UInt64(seed),
                observer: call.observer("drawing weights"))
            let model = executor.map { drawn.copy(on: $0) } ?? drawn
            if let precision { try model.multiply(in: precision) }
            return .object(ModelValue(ExperimentModel(model, writing: writing, origin: .seed(seed))))
        }
    }

    private static func writing(_ call: Invocation) throws -> ProblemWriting {
        switch call["vocab"] {
        case .object(let problems as ProblemsValue)?: return .characters(CharacterVocabulary(of: problems.set))
        case let value? where value.asList != nil:
            let sets = (value.asList ?? []).compactMap { $0.asHost(ProblemsValue.self)?.set }
            return .characters(CharacterVocabulary(of: sets))
        case .object(let path as TextObject)?:
            return .tokenizer(
                try TokenizerFolder.load(path.string), folder: FileSystem.absolute(path.string))
        default: return .characters(.digits)
        }
    }

    private static func load() -> Command {
        Command(
            CommandSignature(
                "load", "Loads a model from a folder or by name from the Hugging Face cache.",
                [
                    .value(
                        "name", .path(.read),
                        "a folder, a weight file in its folder, or a name such as \"gpt2\" that is in the cache; nothing is "
                            + "ever fetched"
                    ),
                    .label("revision", .text, "a branch, tag or commit of a model in the cache; main without it"),
                    .label("base", .path(.read), "the folder of the base model, for a checkpoint of the reference"),
                    .label(
                        "positions", .integer(1...1_000_000),
                        "more positions than it has, for long chains: new rows copy the last one, as the reference does"
                    ),
                    EngineDevice.deviceParameter, EngineDevice.precisionParameter,
                ], result: ModelValue.typeName, examples: ["load \"gpt2\""],
                seeAlso: ["write", "model", "show"],
                discussion:
                    """
                    Reads config.json of transformers 4 and 5, safetensors (also in shards), pytorch_model.bin, the \
                    reference's state_dict.bin, and the checkpoints of training scripts (the weights under model or \
                    state_dict, numbers beside them; nanoGPT's without a config.json). A pickle is read by a reader \
                    that knows tensors only; it can run nothing. What would compute with other numbers without a \
                    word, such as quantised weights or an adapter beside its base, is refused. Of a tokenizer that is \
                    not known only the ids are missing: logits and hidden work.
                    """
            )
        ) { call in
            let name = try call.text("name"), executor = try EngineDevice.executor(call)
            let precision = try EngineDevice.precision(call, on: executor)
            let checkpoint = try Checkpoint(
                name, base: call.textIfPresent("base"), revision: call.textIfPresent("revision"))
            tell(checkpoint.notes, call)
            try EngineDevice.check(checkpoint.configuration, call, on: executor)
            try Memory.check(floats: checkpoint.configuration.parameterLayout.count, call, on: executor)
            var model = try LanguageModel(checkpoint, observer: call.observer("loading"))
            if let positions = call.integerIfPresent("positions") { model = try model.extended(positions: positions) }
            if let executor { model = model.copy(on: executor) }
            if let precision { try model.multiply(in: precision) }
            return .object(
                ModelValue(
                    ExperimentModel(model, writing: try writing(checkpoint, call), origin: .folder(name))))
        }
    }

    private static func tell(_ notes: [String], _ call: Invocation) {
        for note in notes.prefix(4) { call.output(StyledText(note, .dim)) }
        if notes.count > 4 { call.output(StyledText("and \(notes.count - 4) more of the kind", .dim)) }
    }

    /// How problems are written for a checkpoint: by the tokenizer beside it. One that is not known does not bar the
    /// model.
    private static func writing(_ checkpoint: Checkpoint, _ call: Invocation) throws -> ProblemWriting {
        if CharacterVocabulary.exists(in: checkpoint.folder) {
            return .characters(try CharacterVocabulary(folder: checkpoint.folder))
        }
        guard let folder = checkpoint.tokenizerFolder else {
            guard let file = TokenizerFolder.unknownFile(in: checkpoint.folder) else { return .ids(reason: nil) }
            let reason = "\(file) is a tokenizer of a kind that is not read; tokenizer.json is"
            tell(["\(reason): the model is there without it"], call)
            return .ids(reason: reason)
        }
        do {
            let tokenizer = try TokenizerFolder.load(folder)
            tell(try TokenizerFolder.notes(folder, tokenizer), call)
            // Later somebody may have gone to another folder.
            return .tokenizer(tokenizer, folder: FileSystem.absolute(folder))
        } catch let error as FileError where error.kind == .unsupported {
            let reason = "its tokenizer is not known (\(error.description))"
            tell(["\(reason): the model is there without it"], call)
            return .ids(reason: reason)
        }
    }

    private static func hash() -> Command {
        Command(
            CommandSignature(
                "hash", "Gives the SHA-256 of a model's configuration and weights, or of problems.",
                [
                    .value(
                        "value",
                        .oneOf([.value(ModelValue.typeName), .value(RunValue.typeName), .value(ProblemsValue.typeName)]
                        ), "what to hash")
                ],
                result: TypeName.text, examples: ["hash (model .gpt2)"], seeAlso: ["back", "show"])
        ) { call in
            switch call["value"] {
            case .object(let problems as ProblemsValue)?: return .text(problems.set.fingerprint)
            case .object(let run as RunValue)?:
                return .text(try run.experiment.run.model.contentHash(interrupt: call.interrupt))
            default:
                let model = try call.host("value", as: ModelValue.self).model
                return .text(try model.contentHash(interrupt: call.interrupt))
            }
        }
    }

    private static func tokenize() -> Command {
        Command(
            CommandSignature(
                "tokenize", "Gives the token ids of a text.",
                [
                    .value(
                        "tokenizer", .oneOf([.path(.read), .value(ModelValue.typeName)]),
                        "a folder with tokenizer.json, or vocab.json and merges.txt; or a model"),
                    .value("text", .text, "what to write in tokens"),
                    .label(
                        "special", .boolean, default: "true",
                        "whether <|endoftext|> and the like in the text are tokens"),
                    .label(
                        "around", .boolean, default: "true",
                        "whether what the tokenizer puts around every text, such as <s>, is there"),
                ], result: TypeName.table, examples: ["tokenize (model .gpt2) \"12 * 34\""], seeAlso: ["tokens"])
        ) { call in
            let text = try call.text("text")
            let tokenizer: any Tokenizer
            if let model = call["tokenizer"]?.asHost(ModelValue.self) {
                switch model.writing {
                case .characters(let vocabulary): return try characters(vocabulary, text, call)
                case .tokenizer(let own, _): tokenizer = own
                case .ids(let reason):
                    throw call.failure(
                        reason ?? "the model came without a tokenizer", code: .runtimeArgument, at: "tokenizer")
                }
            } else {
                tokenizer = try TokenizerFolder.load(try CheckpointLocator().folder(try call.text("tokenizer")))
            }
            let ids = try tokenizer.encode(
                text,
                EncodingOptions(
                    parsesSpecialTokens: try call.boolean("special"), addsSpecialTokens: try call.boolean("around")))
            return .table(
                TableObject([.init("token", ids.map { tokenizer.token($0) ?? "" }), .init("id", ids.map { Int($0) })]))
        }
    }

    private static func characters(
        _ vocabulary: CharacterVocabulary, _ text: String, _ call: Invocation
    ) throws -> Value {
        var ids: [Int] = []
        for character in text where character != " " {
            guard let id = vocabulary.id(of: character) else {
                throw call.failure(
                    "the vocabulary has no token for \"\(character)\"", code: .runtimeArgument, at: "text")
            }
            ids.append(Int(id))
        }
        return .table(
            TableObject([.init("token", ids.map { vocabulary.name(of: Int32($0)) ?? "" }), .init("id", ids)]))
    }

    private static func logits() -> Command {
        Command(
            CommandSignature(
                "logits", "Gives the logits of a model after every token, (B, T, V).",
                [
                    .value("model", .oneOf([.value(ModelValue.typeName), .value(RunValue.typeName)]), "whose"),
                    .label(
                        "ids", .list(of: .list(of: .integer(0...Int(Int32.max)))), required: true,
                        "sequences of token ids, all of one length"),
                ], result: TypeName.array, examples: ["logits (model .gpt2) ids: [[1, 2, 3]]"],
                seeAlso: ["hidden", "tokens"])
        ) { call in
            let model = try self.model(call, "model")
            let sequences = try call.list("ids").map { row in
                (row.asList ?? []).map { Int32(clamping: $0.asInteger ?? 0) }
            }
            let length = sequences.first?.count ?? 0
            guard length > 0, sequences.allSatisfy({ $0.count == length }) else {
                throw call.failure(
                    "the sequences must have one length above 0", code: .runtimeShape, at: "ids",
                    help: "write ids: [[1, 2, 3], [4, 5, 6]]")
            }
            try Memory.check(floats: sequences.count * length * model.configuration.vocabularySize, call)
            let values = try model.logits(RaggedBatch(sequences: sequences))
            return .array(
                ArrayObject(
                    shape: [sequences.count, length, model.configuration.vocabularySize], values: values,
                    provenance: [("model", model.contentHash()), ("hook", "logits")]))
        }
    }

    /// The model of an argument that takes a model or a run.
    static func model(_ call: Invocation, _ name: String) throws -> LanguageModel {
        if let run = call.experimentIfPresent(name) { return run.run.model }
        return try call.host(name, as: ModelValue.self).model
    }
}
