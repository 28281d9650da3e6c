/// The families of decoder models, each with its own forward pass in `Model/`.
public enum Architecture: String, Sendable, CaseIterable {
    /// Learned positions, layer norm, tanh-GELU (Radford et al. 2019).
    case gpt2
    /// Rotary positions, RMS norm, SwiGLU, grouped queries (Touvron et al. 2023).
    case llama
    /// Llama with a sliding window (Jiang et al. 2023).
    case mistral
    /// Llama with fused query-key-value and gate-up projections (Abdin et al. 2024).
    case phi3
}

/// The probabilities of dropout while training; none elsewhere.
public struct DropoutProbabilities: Sendable, Equatable {
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
public struct ModelConfiguration: Sendable, Equatable {
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
    public var fault: String? {
        let sizes = [
            ("vocabulary size", vocabularySize, 1 << 22), ("positions", positionCount, 1 << 22),
            ("width", width, 1 << 16),
            ("layers", layerCount, 1 << 10), ("heads", headCount, 1 << 10), ("key heads", keyValueHeadCount, 1 << 10),
            ("head width", headWidth, 1 << 12), ("inner width", innerWidth, 1 << 18),
        ]
        for (name, value, limit) in sizes where value < 1 || value > limit {
            return "\(name) is \(value), not 1 to \(limit)"
        }
        if architecture == .gpt2, width != headCount * headWidth {
            return "width \(width) is not a multiple of \(headCount) heads"
        }
        if headCount % keyValueHeadCount != 0 {
            return "\(headCount) heads cannot share \(keyValueHeadCount) key heads"
        }
        if let rotary, rotary.width % 2 != 0 || rotary.width > headWidth {
            return "rotary positions turn pairs, not \(rotary.width) of \(headWidth) numbers"
        }
        if let slidingWindow, slidingWindow < 1 { return "a sliding window of \(slidingWindow) keys" }
        if !(epsilon > 0 && epsilon < 1) { return "epsilon is \(epsilon)" }
        for p in [dropout.embedding, dropout.attention, dropout.residual] where !(p >= 0 && p < 1) {
            return "a dropout probability is \(p)"
        }
        return nil
    }
}
