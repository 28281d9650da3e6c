// What a configuration says where it says little, what it may not say, and what parameters are called in files.

import Checkpoints
import Support
import Testing

@testable import Transformer

private func configuration(_ text: String) throws -> ModelConfiguration {
    let members = try JSONReader.read(Array(text.utf8), path: "c").object ?? JSONObject()
    return try ConfigurationReader("c", members).configuration()
}

private func refusal(_ text: String) -> FileError? {
    #expect(throws: FileError.self) { try configuration(text) }
}

@Suite struct ConfigurationDefaultRuleTests {
    // Vocabulary, positions, width, inner width, key heads, ε and window of the library's classes.
    @Test(
        arguments: [
            ("llama", (32_000, 2048, 4096, 11_008, 32, 1e-6, nil)),
            ("mistral", (32_000, 131_072, 4096, 14_336, 8, 1e-6, 4096)),
            ("phi3", (32_064, 4096, 3072, 8192, 32, 1e-5, nil)),
            ("qwen2", (151_936, 32_768, 4096, 22_016, 32, 1e-6, nil)),
        ] as [(String, (Int, Int, Int, Int, Int, Float, Int?))])
    func `what a Llama or one of its kin does not say is as the library has it`(
        _ name: String, _ sizes: (Int, Int, Int, Int, Int, Float, Int?)
    ) throws {
        let found = try configuration("{\"model_type\": \"\(name)\"}")
        #expect(found.vocabularySize == sizes.0 && found.positionCount == sizes.1 && found.width == sizes.2)
        #expect(found.innerWidth == sizes.3 && found.keyValueHeadCount == sizes.4 && found.epsilon == sizes.5)
        #expect(found.slidingWindow == sizes.6 && found.layerCount == 32 && found.headCount == 32)
        #expect(found.headWidth == sizes.2 / 32 && !found.isHeadTied && found.dropout.isNone)
        #expect(found.rotary == RotaryConfiguration(base: 10_000, width: sizes.2 / 32))
        #expect(found.attentionBiases == (name == "qwen2" ? .inputs : .none) && !found.hasMLPBiases)
        #expect(found.paddingToken == (name == "phi3" ? 32_000 : nil))
    }

    @Test func `what a GPT-2 does not say is as the library has it, and either of two names is read`() throws {
        let found = try configuration(#"{"model_type": "gpt2"}"#)
        #expect(found.vocabularySize == 50_257 && found.positionCount == 1024 && found.width == 768)
        #expect(found.layerCount == 12 && found.headCount == 12 && found.innerWidth == 3072 && found.isHeadTied)
        #expect(found.epsilon == 1e-5 && found.activation == .tanhGELU && found.scalesAttention)
        #expect(!found.scalesAttentionByLayer && found.rotary == nil)
        #expect(found.dropout == DropoutProbabilities(embedding: 0.1, attention: 0.1, residual: 0.1))
        let other = try configuration(
            #"""
            {"model_type": "gpt2", "max_position_embeddings": 8, "hidden_size": 6, "num_hidden_layers": 2,
             "num_attention_heads": 3, "n_inner": 7}
            """#)
        #expect(other.positionCount == 8 && other.width == 6 && other.layerCount == 2 && other.headCount == 3)
        #expect(other.innerWidth == 7)
        let both = try configuration(#"{"model_type": "gpt2", "n_positions": 5, "max_position_embeddings": 8}"#)
        #expect(both.positionCount == 5)
        for (name, activation) in [
            ("gelu_new", Activation.tanhGELU), ("gelu_pytorch_tanh", .tanhGELU), ("gelu", .exactGELU),
            ("gelu_python", .exactGELU),
        ] {
            let text = "{\"model_type\": \"gpt2\", \"activation_function\": \"\(name)\"}"
            #expect(try configuration(text).activation == activation, "\(name)")
        }
    }

    private func small(_ family: String, _ more: String) -> String {
        "{\"model_type\": \"\(family)\", \"vocab_size\": 100, \"hidden_size\": 64, \"num_hidden_layers\": 2, "
            + "\"num_attention_heads\": 4, \"num_key_value_heads\": 2, \"max_position_embeddings\": 50\(more)}"
    }

    @Test func `key heads that are null are as many as heads, and a head may have a width of its own`() throws {
        let text = #"{"model_type": "mistral", "num_attention_heads": 16, "num_key_value_heads": null}"#
        #expect(try configuration(text).keyValueHeadCount == 16)
        #expect(try configuration(small("llama", ", \"head_dim\": 32")).headWidth == 32)
        #expect(try configuration(small("llama", ", \"head_dim\": null")).headWidth == 16)
    }

    @Test func `a padding token counts from the end where it is negative, and lies in the vocabulary or is none`()
        throws
    {
        func padding(_ family: String, _ value: String?) throws -> Int32? {
            try configuration(small(family, value.map { ", \"pad_token_id\": \($0)" } ?? "")).paddingToken
        }
        #expect(try padding("phi3", nil) == nil && padding("phi3", "null") == nil && padding("llama", nil) == nil)
        #expect(try padding("llama", "7") == 7 && padding("llama", "0") == 0 && padding("llama", "99") == 99)
        #expect(try padding("llama", "100") == nil && padding("llama", "-1") == 99 && padding("llama", "-100") == 0)
        #expect(try padding("llama", "-101") == nil)
        #expect(
            refusal(small("llama", ", \"pad_token_id\": \"x\""))?.rule
                == "pad_token_id is a string, where a token id was expected")
    }

    @Test func `Qwen2 has its window in all layers or in none, and only where it is switched on`() throws {
        func window(_ more: String) throws -> Int? {
            try configuration(small("qwen2", ", \"sliding_window\": 8" + more)).slidingWindow
        }
        let on = ", \"use_sliding_window\": true"
        #expect(try window("") == nil && window(on + ", \"max_window_layers\": 0") == 8)
        // From layer 28 on, of which there are two.
        #expect(try window(on) == nil && window(on + ", \"max_window_layers\": 2") == nil)
        let half = refusal(small("qwen2", ", \"sliding_window\": 8\(on), \"max_window_layers\": 1"))
        #expect(half?.rule == "a sliding window in 1 of 2 layers is not supported")
        let types = ", \"layer_types\": [\"sliding_attention\", \"sliding_attention\"]"
        #expect(try window(on + types) == 8)
        // Llama does not look at it, the others do; null is none.
        #expect(try configuration(small("llama", ", \"sliding_window\": 8")).slidingWindow == nil)
        #expect(try configuration(small("phi3", ", \"sliding_window\": 8")).slidingWindow == 8)
        #expect(try configuration(small("mistral", ", \"sliding_window\": null")).slidingWindow == nil)
    }

    @Test func `only Llama's configuration is asked for biases`() throws {
        let biases = ", \"attention_bias\": true, \"mlp_bias\": true"
        let llama = try configuration(small("llama", biases)), mistral = try configuration(small("mistral", biases))
        #expect(llama.attentionBiases == .all && llama.hasMLPBiases)
        #expect(mistral.attentionBiases == .none && !mistral.hasMLPBiases)
    }

    @Test func `rotary settings of version 5 go before those of version 4, and a share of a head may be turned`() throws
    {
        func rotary(_ more: String) throws -> RotaryConfiguration? { try configuration(small("llama", more)).rotary }
        #expect(try rotary(", \"rope_theta\": 500")?.base == 500)
        #expect(try rotary(", \"rope_theta\": 500, \"rope_parameters\": {\"rope_theta\": 7000}")?.base == 7000)
        #expect(try rotary(", \"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}")?.scaling == .linear(factor: 4))
        let both =
            ", \"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}, "
            + "\"rope_parameters\": {\"rope_type\": \"default\"}"
        #expect(try rotary(both)?.scaling == RotaryConfiguration.Scaling.none)
        #expect(try rotary(", \"partial_rotary_factor\": 0.5")?.width == 8)
        #expect(
            try rotary(", \"partial_rotary_factor\": 0.5, \"rope_parameters\": {\"partial_rotary_factor\": 1}")?.width
                == 16)
        let llama3 =
            ", \"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1, "
            + "\"high_freq_factor\": 4, \"original_max_position_embeddings\": 40}"
        #expect(
            try rotary(llama3)?.scaling
                == .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositionCount: 40))
    }

    @Test(arguments: [
        ("\"partial_rotary_factor\": 0", "partial_rotary_factor is 0.0, not within 0 and 1"),
        ("\"partial_rotary_factor\": 1.5", "partial_rotary_factor is 1.5, not within 0 and 1"),
        ("\"rope_theta\": 1", "rope_theta is 1.0; it must be above 1"),
        ("\"head_dim\": 15", "rotary positions of an odd width, 15"),
        ("\"rope_scaling\": {\"type\": \"linear\"}", "rotary scaling needs a positive factor"),
        ("\"rope_scaling\": {\"type\": \"linear\", \"factor\": 0}", "rotary scaling needs a positive factor"),
        (
            "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4, "
                + "\"high_freq_factor\": 4}",
            "high_freq_factor 4.0 is not above low_freq_factor 4.0"
        ),
        (
            "\"rope_scaling\": {\"type\": \"su\", \"short_factor\": [1], \"long_factor\": [1], "
                + "\"original_max_position_embeddings\": 40}",
            "short_factor must be 8 positive numbers, one for each rotary frequency"
        ),
        ("\"rope_scaling\": {\"type\": \"su\"}", "rotary scaling needs original_max_position_embeddings above 1"),
        (
            "\"rope_scaling\": {\"type\": \"dynamic\"}",
            "rotary scaling \"dynamic\" is not known; known are default, linear, llama3, longrope and yarn"
        ),
        ("\"hidden_act\": \"gelu\"", "hidden_act \"gelu\" is not supported; silu is"),
        ("\"hidden_size\": \"x\"", "hidden_size is a string, where a whole number, 0 or more, was expected"),
        ("\"hidden_size\": -1", "hidden_size is a number, where a whole number, 0 or more, was expected"),
        ("\"tie_word_embeddings\": 1", "tie_word_embeddings is a number, where true or false was expected"),
        ("\"rms_norm_eps\": []", "rms_norm_eps is an array, where a finite number was expected"),
        ("\"hidden_act\": 1", "hidden_act is a number, where a string was expected"),
        ("\"num_attention_heads\": 0", "num_attention_heads is 0"),
        ("\"rms_norm_eps\": 1", "epsilon is 1.0"),
        (
            "\"quantization_config\": {\"quant_method\": \"awq\"}",
            "quantization_config: the weights are quantised (awq)"
        ),
        ("\"compression_config\": {\"format\": \"pack\"}", "compression_config: the weights are quantised (pack)"),
        ("\"quantization_config\": {}", "quantization_config: the weights are quantised"),
    ])
    func `each setting that would change the numbers is refused by name`(_ member: String, _ rule: String) {
        // A member that stands there already would be named twice: the one of the case goes before it.
        let name = member.prefix { $0 != ":" }
        let usual = [
            "\"hidden_size\": 64", "\"num_attention_heads\": 4", "\"max_position_embeddings\": 50",
            "\"vocab_size\": 100",
        ].filter { !$0.hasPrefix(name) }
        let text = "{\"model_type\": \"llama\", " + (usual + [member]).joined(separator: ", ") + "}"
        #expect(refusal(text)?.rule == rule)
    }

    @Test func `a model of no known kind, of none, or one that looks at another text is refused`() {
        #expect(refusal("{}")?.rule == "has no model_type")
        #expect(
            refusal(#"{"model_type": "bert"}"#)?.rule
                == "model_type \"bert\" is not known; known are gpt2, llama, mistral, phi3, qwen2")
        let cross = refusal(#"{"model_type": "gpt2", "add_cross_attention": true}"#)
        #expect(cross?.rule == "add_cross_attention true is not supported" && cross?.kind == .unsupported)
    }
}

@Suite struct WrittenConfigurationRuleTests {
    private func written(_ configuration: ModelConfiguration, _ ids: SpecialIDs = SpecialIDs()) -> ConfigurationWriter {
        ConfigurationWriter(configuration, specialIDs: ids)
    }

    private func llama(
        _ architecture: Architecture = .llama, _ change: (inout ModelConfiguration) -> Void = { _ in }
    ) -> ModelConfiguration {
        var configuration = ModelConfiguration(
            architecture: architecture, vocabularySize: 300, positionCount: 64, width: 64, layerCount: 2, headCount: 4,
            keyValueHeadCount: 2, headWidth: 16, innerWidth: 96, isHeadTied: false, epsilon: 1e-5, dropout: .none)
        configuration.rotary = RotaryConfiguration(base: 10_000, width: 16)
        if architecture == .qwen2 { configuration.attentionBiases = .inputs }
        change(&configuration)
        return configuration
    }

    @Test func `a configuration that is written is read as it was, whatever it says`() throws {
        var gpt2 = ModelConfiguration.gpt2(
            vocabularySize: 9, positionCount: 8, width: 8, layerCount: 1, headCount: 2, isHeadTied: false,
            dropout: DropoutProbabilities(embedding: 0.1, attention: 0.2, residual: 0.3))
        gpt2.innerWidth = 20
        gpt2.activation = .exactGELU
        gpt2.scalesAttention = false
        gpt2.scalesAttentionByLayer = true
        var yarn = RotaryConfiguration.Yarn(factor: 4, originalPositionCount: 16, attentionFactor: 1.25)
        yarn.fast = 20
        yarn.slow = 2
        yarn.isRounded = false
        let scalings: [RotaryConfiguration.Scaling] = [
            .none, .linear(factor: 2.5), .yarn(yarn),
            .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositionCount: 32),
            .longRope(
                shortFactors: Array(repeating: 1, count: 8), longFactors: Array(repeating: 2, count: 8),
                originalPositionCount: 32, attentionFactor: 1.5),
        ]
        let configurations =
            [gpt2] + Architecture.allCases.dropFirst().map { llama($0) }
            + scalings.map { scaling in llama { $0.rotary?.scaling = scaling } }
            + [
                llama {
                    $0.attentionBiases = .all; $0.hasMLPBiases = true
                }, llama { $0.rotary?.width = 8 },
                llama(.phi3) {
                    $0.paddingToken = 7; $0.slidingWindow = 5
                }, llama(.qwen2) { $0.slidingWindow = 6 },
                llama(.mistral) {
                    $0.isHeadTied = true; $0.slidingWindow = 9; $0.headWidth = 24; $0.rotary?.width = 24
                },
                llama { $0.dropout = DropoutProbabilities(embedding: 0.1, attention: 0.2, residual: 0.3) },
            ]
        for configuration in configurations {
            let members = try #require(written(configuration).config.object)
            #expect(try ConfigurationReader("c", members).configuration() == configuration, "\(members)")
            #expect(members.members.map(\.name) == members.members.map(\.name).sorted())
        }
    }

    @Test func `a token that ends texts begins them too where no other is known`() {
        let both: JSONValue = ["bos_token_id": 1, "eos_token_id": 5]
        #expect(written(llama(), SpecialIDs(begin: 1, end: 5)).generation == both)
        #expect(written(llama(), SpecialIDs(end: 5)).generation == ["bos_token_id": 5, "eos_token_id": 5])
        #expect(written(llama()).generation == ["bos_token_id": nil, "eos_token_id": nil])
        #expect(written(llama(), SpecialIDs(end: 5)).config["bos_token_id"] == 5)
    }

    @Test func `what is as usual is not written, so that it changes no hash`() {
        let gpt2 = ModelConfiguration.gpt2(vocabularySize: 9, positionCount: 8, width: 8, layerCount: 1, headCount: 2)
        let members = written(gpt2).config
        #expect(members["n_inner"] == .null && members["scale_attn_weights"] == nil)
        #expect(members["scale_attn_by_inverse_layer_idx"] == nil && members["layer_norm_epsilon"] == 1e-05)
        #expect(written(llama()).config["embd_pdrop"] == nil && written(llama(.phi3)).config["embd_pdrop"] == 0.0)
        #expect(
            written(llama()).config["sliding_window"] == nil
                && written(llama(.mistral)).config["sliding_window"] == .null)
        #expect(written(llama()).config["partial_rotary_factor"] == nil)
    }
}

@Suite struct ParameterNameRuleTests {
    private static let norm = "h.0.ln_1.weight", llamaNorm = "layers.0.input_layernorm.weight"

    @Test(
        arguments: [
            (["transformer." + norm], .gpt2, ""), ([norm], .gpt2, ""),
            (["module._orig_mod.base_model." + norm], .gpt2, ""),
            (["base_causallm.transformer." + norm], .gpt2, "base_causallm."), (["a.b." + norm], .gpt2, "a.b."),
            (["x" + norm], .gpt2, ""), (["model." + llamaNorm], .llama, ""),
            (["net.model." + llamaNorm], .llama, "net."),
            // One that stands bare goes before one that is wrapped.
            (["ema." + norm, norm], .gpt2, ""),
        ] as [([String], Architecture, String)])
    func `what stands before all names is found by the first norm`(
        _ names: [String], _ architecture: Architecture, _ wrapper: String
    ) throws {
        #expect(try CheckpointNames(names, architecture).wrapper == wrapper)
    }

    @Test func `two wrapped models are not one`() {
        let error = #expect(throws: CheckpointNames.Ambiguity.self) {
            try CheckpointNames(["b." + Self.norm, "a." + Self.norm], .gpt2)
        }
        #expect(error?.wrappers == ["a.", "b."])
    }

    @Test func `names are brought to those of today, and buffers are none`() throws {
        let gpt2 = try CheckpointNames(["net." + Self.norm], .gpt2),
            llama = try CheckpointNames([Self.llamaNorm], .llama)
        for (name, today) in [
            ("net.h.0.ln_1.weight", "transformer.h.0.ln_1.weight"),
            ("net.transformer.wte.weight", "transformer.wte.weight"),
            ("wpe.weight", "transformer.wpe.weight"), ("ln_f.bias", "transformer.ln_f.bias"),
            ("module.net.lm_head.weight", "lm_head.weight"), ("other.weight", "other.weight"),
            ("net.h.0.attn.bias", nil), ("net.h.0.attn.masked_bias", nil),
            ("net.h.0.attn.c_attn.bias", "transformer.h.0.attn.c_attn.bias"),
        ] as [(String, String?)] { #expect(gpt2.canonical(name) == today, "\(name)") }
        for (name, today) in [
            ("layers.1.mlp.up_proj.weight", "model.layers.1.mlp.up_proj.weight"),
            ("embed_tokens.weight", "model.embed_tokens.weight"), ("norm.weight", "model.norm.weight"),
            ("model.norm.weight", "model.norm.weight"), ("layers.0.self_attn.rotary_emb.inv_freq", nil),
            ("layers.0.attn.bias", "model.layers.0.attn.bias"),
        ] as [(String, String?)] { #expect(llama.canonical(name) == today, "\(name)") }
    }

    @Test func `why there is no model of a shape, and what is wrong with a batch, is told in numbers`() {
        let faults: [(ConfigurationFault, String)] = [
            (.outside(.keyHeads, 0, limit: 1024), "key heads is 0, not 1 to 1024"),
            (.outside(.vocabulary, 0, limit: 9), "vocabulary size is 0, not 1 to 9"),
            (.unevenHeads(width: 8, heads: 3), "width 8 is not a multiple of 3 heads"),
            (.unsharedKeys(heads: 4, keyHeads: 3), "4 heads cannot share 3 key heads"),
            (.rotaryWidth(15, headWidth: 16), "rotary positions turn pairs, not 15 of 16 numbers"),
            (.window(0), "a sliding window of 0 keys"), (.dropout(1), "a dropout probability is 1.0"),
            (.biases, "phi3 has no biases"),
        ]
        for (fault, text) in faults { #expect(fault.description == text) }
        let errors: [(BatchError, String)] = [
            (.token(9, vocabularySize: 8), "token id 9 is outside the model's vocabulary of 8"),
            (.position(4, positionCount: 4), "position 4 is beyond the model's 4 positions"),
            (.row(7, tokenCount: 3), "row 7 is outside a batch of 3 tokens"),
            (.states(5, needed: 6), "5 numbers for the states of a prompt's last token, which has 6"),
            (
                .lengths(tokens: 1, positions: 2, labels: 3, end: 4),
                "a batch of 1 tokens has 2 positions, 3 labels and offsets that end at 4"
            ),
        ]
        for (error, text) in errors { #expect(error.description == text) }
        #expect(
            PositionExtensionError(positions: 3, current: 8).description
                == "a model of 8 positions cannot be extended to 3")
    }
}
