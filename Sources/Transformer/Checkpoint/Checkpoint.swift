import Checkpoints
import Support

/// A model as it lies in a folder: its configuration and its named tensors, opened and checked but not yet copied.
///
/// The folder is one that transformers writes; one the reference writes (da03/Internalize_CoT_Step_by_Step,
/// `ImplicitModel.save_pretrained`): `config.json` with `"base_model"` and `"tokenizer_name"` instead of a model, and
/// `state_dict.bin`, the base model's own configuration being looked for beside it, under that name in the cache, or
/// where the caller says; or one of a training script, whose pickle holds the weights among other things
/// (`PickledTensors`). A pickle of nanoGPT needs no `config.json`: its `model_args` say the same.
///
/// What would compute with other numbers without a word is refused by name: quantised weights, an adapter beside its
/// base (`ForeignTensors`), settings that are not known (`ConfigurationReader`). Where two files say two things, what
/// transformers 5 does is done, with a note: of a tied head that is another one in the weights, the weights count.
public struct Checkpoint {
    public let folder: String
    public let configuration: ModelConfiguration
    /// What was passed over, for a person to know: tensors that the model has no use for.
    public let notes: [String]
    /// Where the tokenizer is, if there is one.
    public let tokenizerFolder: String?
    /// In the order of the model's parameters, one each; nil for zeros.
    let tensors: [CheckpointTensor?]

    /// Opens the checkpoint called `name`, a path or a model of the Hugging Face cache; `base` is the folder of the
    /// base model for a checkpoint of the reference, `revision` which one of the cache's. Throws `FileError`.
    public init(
        _ name: String, base: String? = nil, revision: String? = nil, locator: CheckpointLocator = CheckpointLocator()
    ) throws {
        let place = try locator.place(name, revision: revision)
        let folder = place.folder
        try Checkpoint.refuseAdapter(folder)
        let source = try Checkpoint.configurationFolder(folder, base, locator)
        // A configuration that cannot be used is said before weights of gigabytes are opened.
        var configuration = try source.map { try ConfigurationReader.read($0 + "/config.json") }
        let contents: CheckpointContents
        do { contents = try CheckpointWeights.read(folder, file: place.file) } catch let error as FileError
            where source == nil && error.kind == .missing
        {
            throw FileError(.missing, folder, "has no config.json, so it is not a checkpoint")
        }
        if configuration == nil, let arguments = contents.arguments {
            configuration = try NanoGPT.configuration(arguments, contents.tensors.first?.path ?? folder)
        }
        guard var configuration else {
            throw FileError(.missing, folder, "has no config.json, so it is not a checkpoint")
        }
        var tensors = TensorTable(try Checkpoint.named(contents.tensors, configuration.architecture, folder))
        var notes = contents.notes
        if NanoGPT.wrote(tensors, configuration) {
            notes += NanoGPT.turn(&tensors, &configuration, hasArguments: source == nil)
        }
        if let source, source != folder { Checkpoint.adoptPositions(tensors, &configuration) }
        notes += try tensors.reconcileHead(&configuration)
        let missing = contents.arguments?["bias"]?.bool == false ? TensorTable.Missing.zeroBiases : .refused
        (self.tensors, notes) = try tensors.match(configuration, folder, missing, notes)
        self.folder = folder
        self.configuration = configuration
        self.notes = notes
        tokenizerFolder = [folder, source ?? folder].first { TokenizerFolder.exists(in: $0) }
    }

    /// The tokenizer beside the weights, or nil if there is none; throws `FileError` if it breaks a rule.
    public func tokenizer() throws -> (any Tokenizer)? { try tokenizerFolder.map { try TokenizerFolder.load($0) } }

    // MARK: The configuration

    /// An adapter's own folder, or one that transformers would put an adapter into.
    private static func refuseAdapter(_ folder: String) throws {
        let path = folder + "/adapter_config.json"
        guard FileSystem.exists(path) else { return }
        let base = (try? JSONReader.readFile(path, nonFinite: .read))?["base_model_name_or_path"]?.string
        throw FileError(
            .unsupported, path, "is that of an adapter such as LoRA" + (base.map { " for \"\($0.prefix(80))\"" } ?? ""),
            help: "merge it into its base: model.merge_and_unload().save_pretrained(folder), with peft")
    }

    /// The folder whose `config.json` counts; nil where there is none.
    private static func configurationFolder(
        _ folder: String, _ base: String?, _ locator: CheckpointLocator
    ) throws -> String? {
        let path = folder + "/config.json"
        guard FileSystem.exists(path) else {
            guard FileSystem.names(in: folder).contains("config.json") else { return nil }
            throw FileError(
                .missing, path, "is a link to a file that is not there: it was not fetched to its end",
                help: "fetch it again: hf download")
        }
        guard let members = try JSONReader.readFile(path, nonFinite: .read).object else {
            throw FileError(.malformed, path, "is not a JSON object")
        }
        guard members["model_type"] == nil, let name = members["base_model"]?.string else { return folder }
        if let base { return try locator.folder(base) }
        let beside = folder + "/" + name
        if !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains(".."),
            FileSystem.exists(beside + "/config.json")
        {
            return beside
        }
        do {
            return try locator.folder(name)
        } catch {
            throw FileError(
                .missing, path,
                "names the base model \"\(name.prefix(80))\", whose config.json is not here; say which folder it is "
                    + "in with base:"
            )
        }
    }

    /// The reference lengthens the position table without writing it into a configuration.
    private static func adoptPositions(_ tensors: TensorTable, _ configuration: inout ModelConfiguration) {
        guard configuration.architecture == .gpt2, let table = tensors["transformer.wpe.weight"], table.shape.count == 2
        else { return }
        var longer = configuration
        longer.positionCount = table.shape[0]
        if longer.fault == nil { configuration = longer }
    }

    // MARK: The tensors

    private static func named(
        _ tensors: [CheckpointTensor], _ architecture: Architecture, _ folder: String
    ) throws -> [ExactString: CheckpointTensor] {
        try ForeignTensors.refuse(tensors)
        let names: CheckpointNames
        do { names = try CheckpointNames(tensors.map(\.name), architecture) } catch {
            throw FileError(
                .contradictory, tensors.first?.path ?? folder,
                "holds several models, under " + error.wrappers.map { "\"\($0)\"" }.joined(separator: ", "),
                help: "save the one that is meant by itself")
        }
        var named: [ExactString: CheckpointTensor] = [:]
        for tensor in tensors {
            guard let name = names.canonical(tensor.name) else { continue }
            if let other = named.updateValue(tensor, forKey: ExactString(name)) {
                throw FileError(
                    .contradictory, tensor.path, "\"\(other.name)\" and \"\(tensor.name)\" are both \"\(name)\"")
            }
        }
        return named
    }
}
