import Checkpoints
import Support

/// A model as it lies in a folder: its configuration and its named tensors, opened and checked but not yet copied.
///
/// The folder is one that transformers writes, or one the reference writes (da03/Internalize_CoT_Step_by_Step,
/// `ImplicitModel.save_pretrained`): `config.json` with `"base_model"` and `"tokenizer_name"` instead of a model, and
/// `state_dict.bin`. The base model's own configuration is then looked for beside it, under that name in the cache, or
/// where the caller says.
public struct Checkpoint {
    public let folder: String
    public let configuration: ModelConfiguration
    /// What was passed over, for a person to know: tensors that the model has no use for.
    public let notes: [String]
    /// Where the tokenizer is, if there is one.
    public let tokenizerFolder: String?
    /// In the order of the model's parameters, one each.
    let tensors: [CheckpointTensor]

    /// Opens the checkpoint called `name`, a path or a model of the Hugging Face cache; `base` is the folder of the
    /// base model for a checkpoint of the reference. Throws `FileError`.
    public init(_ name: String, base: String? = nil, locator: CheckpointLocator = CheckpointLocator()) throws {
        let folder = try locator.folder(name)
        let source = try Checkpoint.configurationFolder(folder, base, locator)
        var configuration = try ConfigurationReader.read(source + "/config.json")
        let (named, unused) = try Checkpoint.named(try CheckpointWeights.read(folder), configuration.architecture)
        if source != folder { Checkpoint.adoptPositions(named, &configuration) }
        (tensors, notes) = try Checkpoint.match(named, configuration, folder, unused)
        self.folder = folder
        self.configuration = configuration
        tokenizerFolder = [folder, source].first { TokenizerFolder.exists(in: $0) }
    }

    /// The tokenizer beside the weights, or nil if there is none; throws `FileError` if it breaks a rule.
    public func tokenizer() throws -> (any Tokenizer)? { try tokenizerFolder.map { try TokenizerFolder.load($0) } }

    // MARK: The configuration

    private static func configurationFolder(
        _ folder: String, _ base: String?, _ locator: CheckpointLocator
    ) throws -> String {
        let path = folder + "/config.json"
        guard FileSystem.exists(path) else {
            throw FileError(.missing, folder, "has no config.json, so it is not a checkpoint")
        }
        guard let members = try JSONReader.readFile(path).object else {
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
    private static func adoptPositions(
        _ tensors: [ExactString: CheckpointTensor], _ configuration: inout ModelConfiguration
    ) {
        guard configuration.architecture == .gpt2, let table = tensors[ExactString("transformer.wpe.weight")],
            table.shape.count == 2
        else { return }
        var longer = configuration
        longer.positionCount = table.shape[0]
        if longer.fault == nil { configuration = longer }
    }

    // MARK: The tensors

    private static func named(
        _ tensors: [CheckpointTensor], _ architecture: Architecture
    ) throws -> (tensors: [ExactString: CheckpointTensor], unused: [String]) {
        var named: [ExactString: CheckpointTensor] = [:]
        for tensor in tensors {
            guard let name = CheckpointNames.canonical(tensor.name, architecture) else { continue }
            if let other = named.updateValue(tensor, forKey: ExactString(name)) {
                throw FileError(
                    .contradictory, tensor.path, "\"\(other.name)\" and \"\(tensor.name)\" are both \"\(name)\"")
            }
        }
        return (named, [])
    }

    /// One tensor for each parameter, of its shape; what is left over becomes notes.
    private static func match(
        _ named: [ExactString: CheckpointTensor], _ configuration: ModelConfiguration, _ folder: String,
        _ unused: [String]
    ) throws -> ([CheckpointTensor], notes: [String]) {
        var rest = named
        let tensors = try configuration.parameterLayout.entries.map { entry in
            guard let tensor = rest.removeValue(forKey: ExactString(entry.name)) else {
                throw FileError(
                    .contradictory, folder, "has no tensor \"\(entry.name)\", which its configuration asks for")
            }
            guard tensor.shape == entry.shape else {
                throw FileError(
                    .contradictory, tensor.path, at: tensor.byteOffset,
                    "\"\(tensor.name)\" has shape \(shapeText(tensor.shape)); the configuration makes it "
                        + "\(shapeText(entry.shape))"
                )
            }
            return tensor
        }
        // A tied model's head is the token table again.
        if configuration.isHeadTied { rest[ExactString("lm_head.weight")] = nil }
        return (tensors, rest.keys.map { "tensor \"\($0.text)\" was not needed" }.sorted())
    }
}
