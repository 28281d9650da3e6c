import Checkpoints
import Glibc
import Support

extension LanguageModel {
    /// Writes the model as a folder that transformers opens unchanged: `config.json`, `generation_config.json`,
    /// `model.safetensors` in float32, and the tokenizer files of `tokenizerFolder` if it is given.
    ///
    /// The folder is made if it is missing. Each file appears whole or not at all, the weights last, so that a folder
    /// without weights is one whose writing did not finish.
    /// - Throws: `FileError`.
    public func write(to folder: String, tokenizerFolder: String? = nil, specialIDs: SpecialIDs = SpecialIDs()) throws {
        try writeConfiguration(to: folder, tokenizerFolder: tokenizerFolder, specialIDs: specialIDs)
        try parameters.read(0..<parameters.count) { values in
            let arrays = parameters.entries.map {
                StoredArray($0.name, shape: $0.shape, UnsafeBufferPointer(rebasing: values[$0.range]))
            }
            try SafeTensorsWriter.write(arrays, metadata: [("format", "pt")], to: folder + "/model.safetensors")
        }
    }

    /// Writes everything but the weights.
    /// - Throws: `FileError`.
    public func writeConfiguration(
        to folder: String, tokenizerFolder: String? = nil, specialIDs: SpecialIDs = SpecialIDs()
    ) throws {
        try FileSystem.makeFolder(folder)
        if let tokenizerFolder { try TokenizerFolder.copy(tokenizerFolder, to: folder) }
        let configuration = ConfigurationWriter(configuration, specialIDs: specialIDs)
        try writeFileAtomically(folder + "/config.json", (JSONWriter.text(configuration.config) + "\n").utf8)
        try writeFileAtomically(
            folder + "/generation_config.json", (JSONWriter.text(configuration.generation) + "\n").utf8)
    }
}

/// The ids of the tokens that begin and end a text; nil where nobody knows one. Where only the end is known, as with
/// GPT-2, it begins a text too.
public struct SpecialIDs: Sendable, Equatable {
    public var begin: Int32?
    public var end: Int32?

    public init(begin: Int32? = nil, end: Int32? = nil) {
        self.begin = begin
        self.end = end
    }
}

/// A model's configuration as `config.json`, in the layout of transformers 4, which version 5 reads too (see
/// `ConfigurationReader` for the members).
struct ConfigurationWriter {
    let config: JSONValue
    let generation: JSONValue

    init(_ configuration: ModelConfiguration, specialIDs: SpecialIDs) {
        func id(_ value: Int32?) -> JSONValue { value.map { JSONValue(Int($0)) } ?? .null }
        let (begin, end) = (id(specialIDs.begin ?? specialIDs.end), id(specialIDs.end))
        generation = ["bos_token_id": begin, "eos_token_id": end]
        var members =
            configuration.architecture == .gpt2
            ? ConfigurationWriter.gpt2(configuration) : ConfigurationWriter.llamaFamily(configuration)
        members["bos_token_id"] = begin
        members["eos_token_id"] = end
        members["model_type"] = .string(configuration.architecture.rawValue)
        members["tie_word_embeddings"] = .bool(configuration.isHeadTied)
        members["torch_dtype"] = "float32"
        members["use_cache"] = true
        members["vocab_size"] = JSONValue(configuration.vocabularySize)
        members.members.sort { $0.name < $1.name }
        config = .object(members)
    }

    private static func gpt2(_ configuration: ModelConfiguration) -> JSONObject {
        let isUsual = configuration.innerWidth == 4 * configuration.width
        var members = JSONObject([
            .init("architectures", ["GPT2LMHeadModel"]),
            .init("activation_function", configuration.activation == .exactGELU ? "gelu" : "gelu_new"),
            .init("attn_pdrop", number(configuration.dropout.attention)),
            .init("embd_pdrop", number(configuration.dropout.embedding)),
            .init("resid_pdrop", number(configuration.dropout.residual)),
            .init("layer_norm_epsilon", number(configuration.epsilon)),
            .init("n_embd", JSONValue(configuration.width)),
            .init("n_head", JSONValue(configuration.headCount)),
            .init("n_inner", isUsual ? .null : JSONValue(configuration.innerWidth)),
            .init("n_layer", JSONValue(configuration.layerCount)),
            .init("n_positions", JSONValue(configuration.positionCount)),
        ])
        // Only where they are not as usual: a model's hash is of this text.
        if !configuration.scalesAttention { members["scale_attn_weights"] = false }
        if configuration.scalesAttentionByLayer { members["scale_attn_by_inverse_layer_idx"] = true }
        return members
    }

    private static func llamaFamily(_ configuration: ModelConfiguration) -> JSONObject {
        var members = JSONObject([
            .init("attention_bias", .bool(configuration.attentionBiases == .all)),
            .init("attention_dropout", number(configuration.dropout.attention)),
            .init("head_dim", JSONValue(configuration.headWidth)),
            .init("hidden_act", "silu"),
            .init("hidden_size", JSONValue(configuration.width)),
            .init("intermediate_size", JSONValue(configuration.innerWidth)),
            .init("max_position_embeddings", JSONValue(configuration.positionCount)),
            .init("num_attention_heads", JSONValue(configuration.headCount)),
            .init("num_hidden_layers", JSONValue(configuration.layerCount)),
            .init("num_key_value_heads", JSONValue(configuration.keyValueHeadCount)),
            .init("rms_norm_eps", number(configuration.epsilon)),
        ])
        switch configuration.architecture {
        case .gpt2: break
        case .llama:
            members["architectures"] = ["LlamaForCausalLM"]
            members["mlp_bias"] = .bool(configuration.hasMLPBiases)
        case .mistral: members["architectures"] = ["MistralForCausalLM"]
        case .phi3:
            members["architectures"] = ["Phi3ForCausalLM"]
            members["original_max_position_embeddings"] = JSONValue(configuration.positionCount)
        case .qwen2:
            members["architectures"] = ["Qwen2ForCausalLM"]
            members["attention_bias"] = nil
            members["use_sliding_window"] = .bool(configuration.slidingWindow != nil)
            members["max_window_layers"] = JSONValue(configuration.slidingWindow == nil ? configuration.layerCount : 0)
        }
        // Phi-3 has members of these names; with the other families they are ours, and only where there is something to
        // say: a model's hash is of this text.
        for (name, p) in [
            ("embd_pdrop", configuration.dropout.embedding), ("resid_pdrop", configuration.dropout.residual),
        ] where configuration.architecture == .phi3 || p != 0 {
            members[name] = number(p)
        }
        // Always written: Phi-3's default lies beyond small vocabularies, and then the library refuses to make an
        // embedding.
        members["pad_token_id"] = configuration.paddingToken.map { JSONValue(Int($0)) } ?? .null
        if configuration.architecture != .llama {
            members["sliding_window"] = configuration.slidingWindow.map { JSONValue($0) } ?? .null
        }
        if let rotary = configuration.rotary { addRotary(rotary, configuration, to: &members) }
        return members
    }

    private static func addRotary(
        _ rotary: RotaryConfiguration, _ configuration: ModelConfiguration, to members: inout JSONObject
    ) {
        members["rope_theta"] = JSONValue(rotary.base)
        if rotary.width != configuration.headWidth {
            members["partial_rotary_factor"] = JSONValue(Double(rotary.width) / Double(configuration.headWidth))
        }
        switch rotary.scaling {
        case .none: members["rope_scaling"] = .null
        case .linear(let factor): members["rope_scaling"] = ["rope_type": "linear", "factor": JSONValue(factor)]
        case .llama3(let factor, let low, let high, let original):
            members["rope_scaling"] = [
                "rope_type": "llama3", "factor": JSONValue(factor), "low_freq_factor": JSONValue(low),
                "high_freq_factor": JSONValue(high),
                "original_max_position_embeddings": JSONValue(original),
            ]
        case .longRope(let short, let long, let original, let attention):
            members["original_max_position_embeddings"] = JSONValue(original)
            var scaling: JSONObject = JSONObject([
                .init("type", "longrope"), .init("short_factor", .array(short.map { JSONValue($0) })),
                .init("long_factor", .array(long.map { JSONValue($0) })),
            ])
            if attention
                != RotaryConfiguration.longRopeAttentionFactor(
                    positionCount: configuration.positionCount, original: original)
            {
                scaling["attention_factor"] = JSONValue(attention)
            }
            members["rope_scaling"] = .object(scaling)
        case .yarn(let yarn):
            members["rope_scaling"] = [
                "rope_type": "yarn", "factor": JSONValue(yarn.factor),
                "original_max_position_embeddings": JSONValue(yarn.originalPositionCount),
                "attention_factor": JSONValue(yarn.attentionFactor), "beta_fast": JSONValue(yarn.fast),
                "beta_slow": JSONValue(yarn.slow), "truncate": .bool(yarn.isRounded),
            ]
        }
    }

    /// The shortest decimal that gives the same float32.
    private static func number(_ value: Float) -> JSONValue { JSONValue(Double(value.description) ?? Double(value)) }
}
