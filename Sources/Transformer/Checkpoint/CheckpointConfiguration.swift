import Support

/// What a `config.json` of the transformers library says about a model, version 4 or 5.
///
/// The members read, with the library's defaults where a file leaves one out:
///
///     model_type                                gpt2, llama, mistral, phi3 or qwen2
///     gpt2                                      vocab_size, n_positions, n_embd, n_layer, n_head, n_inner (null: 4
///                                               n_embd),
///                                               layer_norm_epsilon, activation_function (gelu_new; gelu is the exact
///                                               one), embd_pdrop, attn_pdrop, resid_pdrop, tie_word_embeddings (true),
///                                               scale_attn_weights (true), scale_attn_by_inverse_layer_idx (false)
///     the others                                vocab_size, max_position_embeddings, hidden_size, num_hidden_layers,
///                                               num_attention_heads, num_key_value_heads (null: as many as heads),
///                                               head_dim (null: hidden_size / heads), intermediate_size, rms_norm_eps,
///                                               hidden_act (silu), attention_dropout, tie_word_embeddings (false),
///                                               sliding_window (mistral, phi3), embd_pdrop and resid_pdrop (0; so
///                                               phi3 calls them, and we do for the others),
///                                               pad_token_id (null; phi3: 32000), attention_bias and mlp_bias (llama),
///                                               use_sliding_window, max_window_layers, layer_types (qwen2)
///     rotary positions, version 4               rope_theta, rope_scaling: null or {"type" or "rope_type", …},
///                                               partial_rotary_factor
///     rotary positions, version 5               rope_parameters: {"rope_theta", "rope_type", "partial_rotary_factor",
///                                               …}
///
/// A setting that would change the numbers and is not known here (another activation, weights that are quantised, a
/// window in some layers only, another kind of rotary scaling) is refused by name. Python's `NaN` and `Infinity` are
/// read, and refused only as the value of a member that counts.
struct ConfigurationReader {
    private let path: String
    private let members: JSONObject
    /// The version 5 home of the rotary settings.
    private let rotaryMembers: JSONObject

    /// Reads `path`; throws `FileError` for the first member that is unknown, out of range or of the wrong type.
    static func read(_ path: String) throws -> ModelConfiguration {
        guard let members = try JSONReader.readFile(path, nonFinite: .read).object else {
            throw FileError(.malformed, path, "is not a JSON object")
        }
        return try ConfigurationReader(path, members).configuration()
    }

    init(_ path: String, _ members: JSONObject) {
        self.path = path
        self.members = members
        rotaryMembers = members["rope_parameters"]?.object ?? members["rope_scaling"]?.object ?? JSONObject()
    }

    func configuration() throws -> ModelConfiguration {
        guard let name = try text("model_type") else { throw error("has no model_type") }
        guard let architecture = Architecture(rawValue: name) else {
            let known = Architecture.allCases.map(\.rawValue).joined(separator: ", ")
            throw FileError(.unsupported, path, "model_type \"\(name.prefix(40))\" is not known; known are \(known)")
        }
        try refuseQuantised()
        let configuration = architecture == .gpt2 ? try gpt2() : try llamaFamily(architecture)
        if let fault = configuration.fault { throw FileError(.contradictory, path, fault.description) }
        return configuration
    }

    private func refuseQuantised() throws {
        for name in ["quantization_config", "compression_config"] {
            guard let settings = member(name)?.object else { continue }
            let method = settings["quant_method"]?.string ?? settings["format"]?.string
            throw FileError(
                .unsupported, path, "\(name): the weights are quantised\(method.map { " (\($0.prefix(40)))" } ?? "")",
                help: ForeignTensors.dequantise)
        }
    }

    // MARK: Families

    private func gpt2() throws -> ModelConfiguration {
        let activation = try text("activation_function") ?? "gelu_new"
        try require("activation_function", oneOf: ["gelu_new", "gelu_pytorch_tanh", "gelu", "gelu_python"], "gelu_new")
        try require("add_cross_attention", false, default: false)
        var configuration = ModelConfiguration.gpt2(
            vocabularySize: try count("vocab_size") ?? 50257,
            positionCount: try count("n_positions") ?? count("max_position_embeddings") ?? 1024,
            width: try count("n_embd") ?? count("hidden_size") ?? 768,
            layerCount: try count("n_layer") ?? count("num_hidden_layers") ?? 12,
            headCount: try count("n_head") ?? count("num_attention_heads") ?? 12,
            isHeadTied: try flag("tie_word_embeddings") ?? true,
            dropout: DropoutProbabilities(
                embedding: Float(try real("embd_pdrop") ?? 0.1), attention: Float(try real("attn_pdrop") ?? 0.1),
                residual: Float(try real("resid_pdrop") ?? 0.1)))
        configuration.innerWidth = try count("n_inner") ?? configuration.innerWidth
        configuration.epsilon = Float(try real("layer_norm_epsilon") ?? 1e-5)
        if activation == "gelu" || activation == "gelu_python" { configuration.activation = .exactGELU }
        configuration.scalesAttention = try flag("scale_attn_weights") ?? true
        configuration.scalesAttentionByLayer = try flag("scale_attn_by_inverse_layer_idx") ?? false
        return configuration
    }

    private func llamaFamily(_ architecture: Architecture) throws -> ModelConfiguration {
        try require("hidden_act", oneOf: ["silu", "swish"], "silu")
        // Only Llama has these; the others' classes do not look at them.
        let hasBiases = architecture == .llama ? try flag("attention_bias") ?? false : false
        let defaults = FamilyDefaults(architecture)
        let width = try count("hidden_size") ?? defaults.width
        let headCount = try count("num_attention_heads") ?? 32
        guard headCount > 0 else { throw error("num_attention_heads is 0") }
        let keyValueHeadCount =
            members["num_key_value_heads"] == nil
            ? defaults.keyValueHeadCount ?? headCount : try count("num_key_value_heads") ?? headCount
        var configuration = ModelConfiguration(
            architecture: architecture, vocabularySize: try count("vocab_size") ?? defaults.vocabularySize,
            positionCount: try count("max_position_embeddings") ?? defaults.positionCount, width: width,
            layerCount: try count("num_hidden_layers") ?? 32, headCount: headCount,
            keyValueHeadCount: keyValueHeadCount,
            headWidth: try count("head_dim") ?? width / headCount,
            innerWidth: try count("intermediate_size") ?? defaults.innerWidth,
            isHeadTied: try flag("tie_word_embeddings") ?? false,
            epsilon: Float(try real("rms_norm_eps") ?? defaults.epsilon),
            dropout: DropoutProbabilities(
                embedding: Float(try real("embd_pdrop") ?? 0),
                attention: Float(try real("attention_dropout") ?? 0),
                residual: Float(try real("resid_pdrop") ?? 0)))
        configuration.slidingWindow = try slidingWindow(architecture, defaults, configuration.layerCount)
        configuration.attentionBiases = architecture == .qwen2 ? .inputs : hasBiases ? .all : .none
        configuration.hasMLPBiases = architecture == .llama ? try flag("mlp_bias") ?? false : false
        configuration.paddingToken = try paddingToken(configuration)
        configuration.rotary = try rotary(configuration)
        return configuration
    }

    /// How far a query sees. Qwen2 has the window only where `use_sliding_window` says so, and then from layer
    /// `max_window_layers` on, or where `layer_types` has it.
    private func slidingWindow(
        _ architecture: Architecture, _ defaults: FamilyDefaults, _ layerCount: Int
    ) throws -> Int? {
        let written = members["sliding_window"] == nil ? defaults.slidingWindow : try count("sliding_window")
        switch architecture {
        case .gpt2, .llama: return nil
        case .mistral, .phi3: return written
        case .qwen2:
            guard try flag("use_sliding_window") ?? false, let written else { return nil }
            let from = try count("max_window_layers") ?? 28
            let sliding =
                member("layer_types")?.array.map { types in types.filter { $0.string == "sliding_attention" }.count }
                ?? max(layerCount - from, 0)
            guard sliding == 0 || sliding == layerCount else {
                throw FileError(
                    .unsupported, path, "a sliding window in \(sliding) of \(layerCount) layers is not supported")
            }
            return sliding == 0 ? nil : written
        }
    }

    /// `pad_token_id`, which counts from the table's end where it is negative.
    private func paddingToken(_ configuration: ModelConfiguration) throws -> Int32? {
        var id = configuration.architecture == .phi3 ? 32000 : -configuration.vocabularySize - 1
        if let value = members["pad_token_id"] {
            if case .null = value { return nil }
            guard let written = value.integer else { throw mistyped("pad_token_id", value, "a token id") }
            id = written
        }
        if id < 0, id >= -configuration.vocabularySize { id += configuration.vocabularySize }
        return id >= 0 && id < configuration.vocabularySize ? Int32(id) : nil
    }

    /// What transformers takes where a file says nothing.
    private struct FamilyDefaults {
        var vocabularySize = 32000
        var positionCount = 2048
        var width = 4096
        var innerWidth = 11008
        var keyValueHeadCount: Int?
        var epsilon = 1e-6
        var slidingWindow: Int?

        init(_ architecture: Architecture) {
            switch architecture {
            case .gpt2, .llama: break
            case .mistral: (positionCount, innerWidth, keyValueHeadCount, slidingWindow) = (131_072, 14336, 8, 4096)
            case .phi3: (vocabularySize, positionCount, width, innerWidth, epsilon) = (32064, 4096, 3072, 8192, 1e-5)
            case .qwen2:
                (vocabularySize, positionCount, innerWidth) = (151_936, 32_768, 22_016)
                (keyValueHeadCount, slidingWindow) = (32, 4096)
            }
        }
    }

    // MARK: Rotary positions

    private func rotary(_ configuration: ModelConfiguration) throws -> RotaryConfiguration {
        let share = try real("partial_rotary_factor", in: rotaryMembers) ?? real("partial_rotary_factor") ?? 1
        guard share > 0, share <= 1 else { throw error("partial_rotary_factor is \(share), not within 0 and 1") }
        let base = try real("rope_theta", in: rotaryMembers) ?? real("rope_theta") ?? 10000
        guard base > 1 else { throw error("rope_theta is \(base); it must be above 1") }
        let width = Int(Double(configuration.headWidth) * share)
        guard width > 0, width % 2 == 0 else { throw error("rotary positions of an odd width, \(width)") }
        return RotaryConfiguration(
            base: base, width: width, scaling: try rotaryScaling(configuration, pairCount: width / 2))
    }

    private func rotaryScaling(
        _ configuration: ModelConfiguration, pairCount: Int
    ) throws -> RotaryConfiguration.Scaling {
        let type = try text("rope_type", in: rotaryMembers) ?? text("type", in: rotaryMembers) ?? "default"
        switch type {
        case "default": return .none
        case "linear": return .linear(factor: try positive("factor"))
        case "llama3":
            let low = try positive("low_freq_factor"), high = try positive("high_freq_factor")
            guard high > low else { throw error("high_freq_factor \(high) is not above low_freq_factor \(low)") }
            return .llama3(
                factor: try positive("factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
                originalPositionCount: try originalPositionCount())
        case "longrope", "su":
            let original = try originalPositionCount()
            return .longRope(
                shortFactors: try factors("short_factor", pairCount),
                longFactors: try factors("long_factor", pairCount), originalPositionCount: original,
                attentionFactor: try real("attention_factor", in: rotaryMembers)
                    ?? RotaryConfiguration.longRopeAttentionFactor(
                        positionCount: configuration.positionCount, original: original))
        case "yarn": return .yarn(try yarn(configuration))
        default:
            throw FileError(
                .unsupported, path,
                "rotary scaling \"\(type.prefix(40))\" is not known; known are default, linear, llama3, "
                    + "longrope and yarn"
            )
        }
    }

    private func yarn(_ configuration: ModelConfiguration) throws -> RotaryConfiguration.Yarn {
        let name = "original_max_position_embeddings"
        let original = try count(name, in: rotaryMembers) ?? count(name) ?? configuration.positionCount
        guard original > 1 else { throw error("rotary scaling needs \(name) above 1") }
        let factor = try positive("factor")
        let weights = (try real("mscale", in: rotaryMembers) ?? 0, try real("mscale_all_dim", in: rotaryMembers) ?? 0)
        let attention =
            weights.0 != 0 && weights.1 != 0
            ? RotaryConfiguration.yarnAttentionFactor(factor, weight: weights.0)
                / RotaryConfiguration.yarnAttentionFactor(factor, weight: weights.1)
            : RotaryConfiguration.yarnAttentionFactor(factor)
        func turns(_ name: String, _ fallback: Double) throws -> Double {
            let value = try real(name, in: rotaryMembers) ?? 0
            return value == 0 ? fallback : value
        }
        var yarn = RotaryConfiguration.Yarn(
            factor: factor, originalPositionCount: original,
            attentionFactor: try real("attention_factor", in: rotaryMembers) ?? attention)
        yarn.fast = try turns("beta_fast", 32)
        yarn.slow = try turns("beta_slow", 1)
        yarn.isRounded = rotaryMembers["truncate"]?.bool ?? true
        guard yarn.fast > 0, yarn.slow > 0 else { throw error("beta_fast and beta_slow must be positive") }
        return yarn
    }

    private func originalPositionCount() throws -> Int {
        let name = "original_max_position_embeddings"
        guard let value = try count(name, in: rotaryMembers) ?? count(name), value > 1 else {
            throw error("rotary scaling needs \(name) above 1")
        }
        return value
    }

    private func positive(_ name: String) throws -> Double {
        guard let value = try real(name, in: rotaryMembers), value > 0 else {
            throw error("rotary scaling needs a positive \(name)")
        }
        return value
    }

    private func factors(_ name: String, _ expected: Int) throws -> [Double] {
        let values = (rotaryMembers[name]?.array ?? []).compactMap(\.double)
        guard values.count == expected, values.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw error("\(name) must be \(expected) positive numbers, one for each rotary frequency")
        }
        return values
    }

    // MARK: Members

    private func error(_ rule: String) -> FileError { FileError(.malformed, path, rule) }

    private func mistyped(_ name: String, _ value: JSONValue, _ expected: String) -> FileError {
        error("\(name) is \(value.kindName), where \(expected) was expected")
    }

    /// A member that is there and not null.
    private func member(_ name: String, in object: JSONObject? = nil) -> JSONValue? {
        let value = (object ?? members)[name]
        return value == .null ? nil : value
    }

    private func text(_ name: String, in object: JSONObject? = nil) throws -> String? {
        guard let value = member(name, in: object) else { return nil }
        guard let text = value.string else { throw mistyped(name, value, "a string") }
        return text
    }

    private func flag(_ name: String) throws -> Bool? {
        guard let value = member(name) else { return nil }
        guard let flag = value.bool else { throw mistyped(name, value, "true or false") }
        return flag
    }

    private func count(_ name: String, in object: JSONObject? = nil) throws -> Int? {
        guard let value = member(name, in: object) else { return nil }
        guard let count = value.integer, count >= 0 else { throw mistyped(name, value, "a whole number, 0 or more,") }
        return count
    }

    private func real(_ name: String, in object: JSONObject? = nil) throws -> Double? {
        guard let value = member(name, in: object) else { return nil }
        guard let real = value.double else { throw mistyped(name, value, "a finite number") }
        guard real.isFinite else { throw error("\(name) is \(real), not a finite number") }
        return real
    }

    private func require(_ name: String, _ expected: Bool, default fallback: Bool) throws {
        guard try flag(name) ?? fallback == expected else {
            throw FileError(.unsupported, path, "\(name) \(!expected) is not supported")
        }
    }

    private func require(_ name: String, oneOf known: [String], _ fallback: String) throws {
        let value = try text(name) ?? fallback
        guard known.contains(value) else {
            throw FileError(.unsupported, path, "\(name) \"\(value.prefix(40))\" is not supported; \(known[0]) is")
        }
    }
}
