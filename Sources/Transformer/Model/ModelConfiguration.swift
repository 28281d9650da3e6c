/// The families of decoder models, each with its own forward pass in `Model/`.
public enum Architecture: String, Sendable, CaseIterable, Codable {
    /// Learned positions, layer norm, tanh-GELU (Radford et al. 2019).
    case gpt2
    /// Rotary positions, RMS norm, SwiGLU, grouped queries (Touvron et al. 2023).
    case llama
    /// Llama with a sliding window (Jiang et al. 2023).
    case mistral
    /// Llama with fused query-key-value and gate-up projections (Abdin et al. 2024).
    case phi3
    /// Llama with biases on queries, keys and values (Yang et al. 2024).
    case qwen2
}

/// What stands between the two matrices of GPT-2's MLP.
public enum Activation: String, Sendable, CaseIterable, Codable {
    /// x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³))), as GPT-2 has it.
    case tanhGELU
    /// x · Φ(x).
    case exactGELU
}

/// Which matrices of attention have biases, in the families that usually have none.
public enum AttentionBiases: String, Sendable, CaseIterable, Codable {
    case none
    /// Queries, keys and values.
    case inputs
    /// Those and the output.
    case all
}

/// The probabilities of dropout while training; none elsewhere.
public struct DropoutProbabilities: Sendable, Equatable, Codable {
    public var embedding: Float
    public var attention: Float
    public var residual: Float

    public init(embedding: Float = 0, attention: Float = 0, residual: Float = 0) {
        self.embedding = embedding
        self.attention = attention
        self.residual = residual
    }

    public static let none = DropoutProbabilities()
    public var isNone: Bool { self == .none }
}

/// The shape of a model: all that is needed to lay out its parameters and run it.
public struct ModelConfiguration: Sendable, Equatable, Codable {
    public var architecture: Architecture
    public var vocabularySize: Int
    /// Rows of the position table; for rotary models the longest sequence.
    public var positionCount: Int
    /// C, the width of the residual stream.
    public var width: Int
    public var layerCount: Int
    public var headCount: Int
    /// Less than `headCount` with grouped queries.
    public var keyValueHeadCount: Int
    /// The width of one head; C / H except where a Llama says otherwise.
    public var headWidth: Int
    /// The width inside the MLP.
    public var innerWidth: Int
    /// Whether the head reads the token table.
    public var isHeadTied: Bool
    /// ε of the norms.
    public var epsilon: Float
    public var dropout: DropoutProbabilities
    /// How positions enter; nil for the learned positions of GPT-2.
    public var rotary: RotaryConfiguration?
    /// How many keys a query sees, itself included; nil for all before it.
    public var slidingWindow: Int?
    /// The token whose row of the token table learns nothing as an input, as transformers has it for Llama's
    /// descendants (Phi-3's padding is its end-of-text token); nil for none.
    public var paddingToken: Int32?
    /// GPT-2's; the others have SwiGLU.
    public var activation = Activation.tanhGELU
    /// Whether scores are divided by √w, w the width of a head.
    public var scalesAttention = true
    /// Whether the scores of block i are divided by i + 1 as well, as Mistral's GPT-2 (Stanford CRFM 2021) has it.
    public var scalesAttentionByLayer = false
    /// Of the families with rotary positions.
    public var attentionBiases = AttentionBiases.none
    /// Of the families with rotary positions: whether the matrices of the MLP have biases.
    public var hasMLPBiases = false

    /// A GPT-2; `innerWidth` is 4 C.
    public static func gpt2(
        vocabularySize: Int, positionCount: Int, width: Int, layerCount: Int, headCount: Int, isHeadTied: Bool = true,
        dropout: DropoutProbabilities = .none
    ) -> ModelConfiguration {
        ModelConfiguration(
            architecture: .gpt2, vocabularySize: vocabularySize, positionCount: positionCount, width: width,
            layerCount: layerCount,
            headCount: headCount, keyValueHeadCount: headCount, headWidth: width / max(headCount, 1),
            innerWidth: 4 * width,
            isHeadTied: isHeadTied, epsilon: 1e-5, dropout: dropout)
    }

    public init(
        architecture: Architecture, vocabularySize: Int, positionCount: Int, width: Int, layerCount: Int,
        headCount: Int,
        keyValueHeadCount: Int, headWidth: Int, innerWidth: Int, isHeadTied: Bool, epsilon: Float,
        dropout: DropoutProbabilities
    ) {
        self.architecture = architecture
        self.vocabularySize = vocabularySize
        self.positionCount = positionCount
        self.width = width
        self.layerCount = layerCount
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headWidth = headWidth
        self.innerWidth = innerWidth
        self.isHeadTied = isHeadTied
        self.epsilon = epsilon
        self.dropout = dropout
    }

    /// What a configuration must satisfy before memory is laid out for it; the first rule broken, or nil.
    public var fault: ConfigurationFault? {
        let sizes: [(ConfigurationFault.Size, Int, Int)] = [
            (.vocabulary, vocabularySize, 1 << 22), (.positions, positionCount, 1 << 22), (.width, width, 1 << 16),
            (.layers, layerCount, 1 << 10), (.heads, headCount, 1 << 10), (.keyHeads, keyValueHeadCount, 1 << 10),
            (.headWidth, headWidth, 1 << 12), (.innerWidth, innerWidth, 1 << 18),
        ]
        for (size, value, limit) in sizes where value < 1 || value > limit {
            return .outside(size, value, limit: limit)
        }
        if architecture == .gpt2, width != headCount * headWidth { return .unevenHeads(width: width, heads: headCount) }
        if headCount % keyValueHeadCount != 0 {
            return .unsharedKeys(heads: headCount, keyHeads: keyValueHeadCount)
        }
        if let rotary, rotary.width % 2 != 0 || rotary.width > headWidth {
            return .rotaryWidth(rotary.width, headWidth: headWidth)
        }
        if architecture == .phi3, attentionBiases != .none || hasMLPBiases { return .biases }
        if let slidingWindow, slidingWindow < 1 { return .window(slidingWindow) }
        if !(epsilon > 0 && epsilon < 1) { return .epsilon(epsilon) }
        for p in [dropout.embedding, dropout.attention, dropout.residual] where !(p >= 0 && p < 1) {
            return .dropout(p)
        }
        return nil
    }
}

/// Why there is no model of a configuration.
public enum ConfigurationFault: Equatable, Sendable, CustomStringConvertible {
    public enum Size: String, Sendable {
        case vocabulary = "vocabulary size"
        case positions, width, layers, heads
        case keyHeads = "key heads"
        case headWidth = "head width"
        case innerWidth = "inner width"
    }

    case outside(Size, Int, limit: Int)
    case unevenHeads(width: Int, heads: Int)
    case unsharedKeys(heads: Int, keyHeads: Int)
    case rotaryWidth(Int, headWidth: Int)
    case window(Int)
    case epsilon(Float)
    case dropout(Float)
    /// Of Phi-3, whose layers have none.
    case biases

    public var description: String {
        switch self {
        case .outside(let size, let value, let limit): "\(size.rawValue) is \(value), not 1 to \(limit)"
        case .unevenHeads(let width, let heads): "width \(width) is not a multiple of \(heads) heads"
        case .unsharedKeys(let heads, let keyHeads): "\(heads) heads cannot share \(keyHeads) key heads"
        case .rotaryWidth(let width, let headWidth):
            "rotary positions turn pairs, not \(width) of \(headWidth) numbers"
        case .window(let keys): "a sliding window of \(keys) keys"
        case .epsilon(let epsilon): "epsilon is \(epsilon)"
        case .dropout(let p): "a dropout probability is \(p)"
        case .biases: "phi3 has no biases"
        }
    }
}
