// How a configuration stretches rotary positions, member by member, and the sizes and probabilities that it says twice
// or not at all.

import Foundation
import Support
import Testing

@testable import Transformer

/// A configuration of eight pairs to a head, for 50 positions, with more members.
private func configuration(_ more: String, family: String = "llama") throws -> ModelConfiguration {
    let text =
        "{\"model_type\": \"\(family)\", \"vocab_size\": 100, \"hidden_size\": 64, \"num_hidden_layers\": 2, "
        + "\"num_attention_heads\": 4, \"max_position_embeddings\": 50, \(more)}"
    let members = try JSONReader.read(Array(text.utf8), path: "c").object ?? JSONObject()
    return try ConfigurationReader("c", members).configuration()
}

private func scaling(_ members: String, beside more: String = "") throws -> RotaryConfiguration.Scaling? {
    try configuration("\"rope_scaling\": {\(members)}\(more)").rotary?.scaling
}

private func refusal(_ members: String) -> String? {
    let error = #expect(throws: FileError.self) { try scaling(members) }
    return error?.rule
}

@Suite struct ScalingRuleTests {
    private func yarn(_ members: String, beside more: String = "") throws -> RotaryConfiguration.Yarn? {
        if case .yarn(let yarn) = try scaling("\"type\": \"yarn\", \"factor\": 4\(members)", beside: more) {
            return yarn
        }
        return nil
    }

    @Test func `what YaRN is not told is as the library has it`() throws {
        let usual = try #require(try yarn(""))
        #expect(usual.factor == 4 && usual.originalPositionCount == 50 && usual.isRounded)
        #expect(usual.fast == 32 && usual.slow == 1 && abs(usual.attentionFactor - (0.1 * log(4.0) + 1)) < 1e-12)
        #expect(try yarn(", \"beta_fast\": 0, \"beta_slow\": 0") == usual)
        #expect(try yarn("", beside: ", \"original_max_position_embeddings\": 20")?.originalPositionCount == 20)
        let both = try yarn(
            ", \"original_max_position_embeddings\": 30", beside: ", \"original_max_position_embeddings\": 20")
        #expect(both?.originalPositionCount == 30)
    }

    @Test func `what YaRN is told counts, and two weights make a ratio of factors`() throws {
        let told = try #require(
            try yarn(", \"beta_fast\": 20, \"beta_slow\": 2, \"truncate\": false, \"attention_factor\": 1.5"))
        #expect(told.fast == 20 && told.slow == 2 && !told.isRounded && told.attentionFactor == 1.5)
        let ratio = try #require(try yarn(", \"mscale\": 2, \"mscale_all_dim\": 0.5")).attentionFactor
        #expect(abs(ratio - (0.2 * log(4.0) + 1) / (0.05 * log(4.0) + 1)) < 1e-12)
        // One of the two alone changes nothing.
        for alone in [", \"mscale\": 2", ", \"mscale_all_dim\": 2", ", \"mscale\": 2, \"mscale_all_dim\": 0"] {
            #expect(abs(try #require(try yarn(alone)).attentionFactor - (0.1 * log(4.0) + 1)) < 1e-12, "\(alone)")
        }
    }

    @Test func `the pairs that YaRN keeps, changes and stretches are rounded outwards`() {
        func frequencies(_ original: Int) -> [Double] {
            RotaryConfiguration(
                base: 10_000, width: 8,
                scaling: .yarn(.init(factor: 4, originalPositionCount: original, attentionFactor: 1))
            ).frequencies(isLong: false)
        }
        func isNear(_ a: [Double], _ kept: [Double]) -> Bool {
            zip(a, kept.enumerated()).allSatisfy { found, pair in
                let own = pow(10, -Double(pair.offset))
                return abs(found - own * ((1 - pair.element) / 4 + pair.element)) < 1e-12
            }
        }
        // 32 turns at pair 8 ln(10000/64π) / 2 ln 10000 = 1.70, down to 1; one at 3.20, up to 4.
        #expect(isNear(frequencies(10_000), [1, 1, 2.0 / 3, 1.0 / 3]))
        // 32 turns at −0.30, which is no pair: 0; one at 1.20, up to 2.
        #expect(isNear(frequencies(100), [1, 0.5, 0, 0]))
        // Where both are pair 0 only that one is kept.
        #expect(isNear(frequencies(6), [1, 0, 0, 0]))
    }

    @Test func `longrope has its factors, its original length from either place, and a factor of attention of its own`()
        throws
    {
        let lists = "\"short_factor\": [1,2,3,4,5,6,7,8], \"long_factor\": [2,2,2,2,2,2,2,9]"
        func long(_ members: String, beside more: String = "") throws -> RotaryConfiguration.Scaling? {
            try scaling("\"type\": \"longrope\", \(lists)\(members)", beside: more)
        }
        func expected(_ original: Int, _ factor: Double) -> RotaryConfiguration.Scaling {
            .longRope(
                shortFactors: [1, 2, 3, 4, 5, 6, 7, 8], longFactors: [2, 2, 2, 2, 2, 2, 2, 9],
                originalPositionCount: original, attentionFactor: factor)
        }
        let own = (1 + log(2.0) / log(25.0)).squareRoot()
        #expect(try long("", beside: ", \"original_max_position_embeddings\": 25") == expected(25, own))
        #expect(
            try long(
                ", \"original_max_position_embeddings\": 25, \"attention_factor\": 1.25",
                beside: ", \"original_max_position_embeddings\": 10") == expected(25, 1.25))
        #expect(try long("", beside: ", \"original_max_position_embeddings\": 50") == expected(50, 1))
    }

    @Test(arguments: [
        ("\"type\": \"yarn\"", "rotary scaling needs a positive factor"),
        ("\"type\": \"yarn\", \"factor\": 4, \"beta_fast\": -1", "beta_fast and beta_slow must be positive"),
        ("\"type\": \"yarn\", \"factor\": 4, \"beta_slow\": -1", "beta_fast and beta_slow must be positive"),
        (
            "\"type\": \"yarn\", \"factor\": 4, \"original_max_position_embeddings\": 1",
            "rotary scaling needs original_max_position_embeddings above 1"
        ),
        (
            "\"type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1, \"high_freq_factor\": 4",
            "rotary scaling needs original_max_position_embeddings above 1"
        ),
        (
            "\"type\": \"llama3\", \"factor\": 8, \"high_freq_factor\": 4",
            "rotary scaling needs a positive low_freq_factor"
        ),
        (
            "\"type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1",
            "rotary scaling needs a positive high_freq_factor"
        ),
        (
            "\"type\": \"longrope\", \"original_max_position_embeddings\": 9, \"short_factor\": [1,1,1,1,1,1,1,1]",
            "long_factor must be 8 positive numbers, one for each rotary frequency"
        ),
        (
            "\"type\": \"longrope\", \"original_max_position_embeddings\": 9, \"short_factor\": [1,1,1,1,1,1,1,0]",
            "short_factor must be 8 positive numbers, one for each rotary frequency"
        ),
        ("\"rope_type\": 1", "rope_type is a number, where a string was expected"),
    ])
    func `a scaling that lacks something or has it out of range is refused by that`(_ members: String, _ rule: String) {
        #expect(refusal(members) == rule)
    }

    @Test func `the newer name of the kind of scaling goes before the older`() throws {
        #expect(
            try scaling("\"rope_type\": \"linear\", \"type\": \"yarn\", \"factor\": 2") == .linear(factor: 2))
        #expect(try scaling("\"rope_type\": \"default\"") == RotaryConfiguration.Scaling.none)
        #expect(try configuration("\"rope_scaling\": null").rotary?.scaling == RotaryConfiguration.Scaling.none)
    }
}

@Suite struct ConfigurationMemberRuleTests {
    private func gpt2(_ more: String) throws -> ModelConfiguration {
        let members = try JSONReader.read(Array("{\"model_type\": \"gpt2\", \(more)}".utf8), path: "c").object
        return try ConfigurationReader("c", members ?? JSONObject()).configuration()
    }

    @Test func `each probability of dropout is read from its own member`() throws {
        let own = try gpt2("\"embd_pdrop\": 0.25, \"attn_pdrop\": 0.5, \"resid_pdrop\": 0.75").dropout
        #expect(own == DropoutProbabilities(embedding: 0.25, attention: 0.5, residual: 0.75) && !own.isNone)
        let llama = try configuration(
            "\"embd_pdrop\": 0.25, \"attention_dropout\": 0.5, \"resid_pdrop\": 0.75, \"attn_pdrop\": 0.1")
        #expect(llama.dropout == DropoutProbabilities(embedding: 0.25, attention: 0.5, residual: 0.75))
        #expect(!DropoutProbabilities(residual: 0.1).isNone && DropoutProbabilities().isNone)
    }

    @Test func `GPT-2's own names go before those of the others`() throws {
        let found = try gpt2(
            "\"n_embd\": 8, \"hidden_size\": 6, \"n_layer\": 2, \"num_hidden_layers\": 3, \"n_head\": 4, "
                + "\"num_attention_heads\": 2, \"n_positions\": 5, \"max_position_embeddings\": 7, \"vocab_size\": 11")
        #expect(found.width == 8 && found.layerCount == 2 && found.headCount == 4 && found.positionCount == 5)
        #expect(found.vocabularySize == 11 && found.headWidth == 2 && found.innerWidth == 32)
        #expect(found.keyValueHeadCount == 4)
    }

    @Test func `each switch of GPT-2 is read`() throws {
        let found = try gpt2(
            "\"tie_word_embeddings\": false, \"scale_attn_weights\": false, \"scale_attn_by_inverse_layer_idx\": true, "
                + "\"layer_norm_epsilon\": 0.5, \"n_inner\": null, \"add_cross_attention\": false")
        #expect(!found.isHeadTied && !found.scalesAttention && found.scalesAttentionByLayer)
        #expect(found.epsilon == 0.5 && found.innerWidth == 4 * 768)
        let error = #expect(throws: FileError.self) { try gpt2("\"activation_function\": \"relu\"") }
        #expect(
            error?.rule == "activation_function \"relu\" is not supported; gelu_new is" && error?.kind == .unsupported)
    }

    @Test func `each switch and size of the Llama family is read`() throws {
        let found = try configuration(
            "\"tie_word_embeddings\": true, \"num_key_value_heads\": 2, \"intermediate_size\": 96, "
                + "\"rms_norm_eps\": 0.5, \"hidden_act\": \"swish\"")
        #expect(found.isHeadTied && found.keyValueHeadCount == 2 && found.innerWidth == 96 && found.epsilon == 0.5)
        #expect(found.headWidth == 16 && found.layerCount == 2 && found.width == 64 && found.vocabularySize == 100)
        #expect(found.positionCount == 50 && found.headCount == 4)
        // A window that is switched on and not there is none.
        #expect(
            try configuration(
                "\"num_key_value_heads\": 4, \"use_sliding_window\": true, \"sliding_window\": null, "
                    + "\"max_window_layers\": 0", family: "qwen2"
            ).slidingWindow == nil)
    }

    @Test func `every size has its bounds, and both ends of them are sizes`() {
        let usual = try? configuration("\"num_key_value_heads\": 4")
        guard var base = usual else {
            Issue.record("no configuration")
            return
        }
        base.rotary = nil
        let sizes: [(WritableKeyPath<ModelConfiguration, Int>, String, Int)] = [
            (\.vocabularySize, "vocabulary size", 4_194_304), (\.positionCount, "positions", 4_194_304),
            (\.width, "width", 65_536), (\.layerCount, "layers", 1024), (\.headCount, "heads", 1024),
            (\.headWidth, "head width", 4096), (\.innerWidth, "inner width", 262_144),
        ]
        for (path, name, most) in sizes {
            for (value, isSize) in [(0, false), (most, true), (most + 1, false)] {
                var changed = base
                changed[keyPath: path] = value
                let rule = isSize ? nil : "\(name) is \(value), not 1 to \(most)"
                #expect(changed.fault?.description == rule, "\(name) \(value)")
            }
        }
        var keys = base
        (keys.headCount, keys.keyValueHeadCount) = (1024, 1024)
        #expect(keys.fault == nil)
        keys.keyValueHeadCount = 1025
        #expect(keys.fault?.description == "key heads is 1025, not 1 to 1024")
        #expect(ConfigurationFault.epsilon(2).description == "epsilon is 2.0")
    }
}
