/// A kernel of `Kernels/`, by its name there.
public struct Kernel: Sendable, Hashable {
    public let name: String
    /// The text that it is compiled with.
    public let source: KernelSource

    /// Of its name and its text's, by FNV-1a: what tells kernels apart where hundreds are looked up for each step.
    public let number: UInt64

    private init(_ name: String, _ source: KernelSource = .common) {
        self.name = name
        self.source = source
        let start = name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        number = source.definitions.joined().utf8.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    public static func == (a: Kernel, b: Kernel) -> Bool { a.number == b.number }
    public func hash(into hasher: inout Hasher) { hasher.combine(number) }

    static let add = Kernel("add")
    static let sum = Kernel("sum")
    static let roundToTwin = Kernel("round_to_twin")
    static let dropout = Kernel("dropout")
    static let finishLinear = Kernel("finish_linear")
    static let gelu = Kernel("gelu")
    static let roundedGELU = Kernel("rounded_gelu")
    static let geluBackward = Kernel("gelu_backward")
    static let swiglu = Kernel("swiglu")
    static let swigluBackward = Kernel("swiglu_backward")
    static let rotate = Kernel("rotate")
    static let findNotFinite = Kernel("find_not_finite")
    static let layerNorm = Kernel("layer_norm")
    static let layerNormBackward = Kernel("layer_norm_backward")
    static let rmsNorm = Kernel("rms_norm")
    static let rmsNormBackward = Kernel("rms_norm_backward")
    static let columnSums = Kernel("column_sums")
    static let gainSums = Kernel("gain_sums")
    static let addChunks = Kernel("add_chunks")
    static let embed = Kernel("embed")
    static let gatherRows = Kernel("gather_rows")
    static let addToRows = Kernel("add_to_rows")
    static let putRows = Kernel("put_rows")
    static let scatterRows = Kernel("scatter_rows")
    static let crossEntropy = Kernel("cross_entropy")
    static let mostProbable = Kernel("most_probable")
    static let probabilityOf = Kernel("probability_of")
    static let dropPadding = Kernel("drop_padding")
    static let sumOfSquares = Kernel("sum_of_squares")
    static let addParts = Kernel("add_parts")
    static let clipFactor = Kernel("clip_factor")
    static let adamw = Kernel("adamw")
    static let keepKeys = Kernel("keep_keys")
    static let cachedAttention = Kernel("cached_attention")
    static let pattern = Kernel("pattern")
    static let applyPattern = Kernel("apply_pattern")

    static func attentionDots(_ width: Int) -> Kernel { Kernel("attention_dots", .attention(width: width)) }
    static func attention(_ width: Int) -> Kernel { Kernel("attention_\(width)", .attention(width: width)) }
    static func attentionQueries(_ width: Int) -> Kernel {
        Kernel("attention_queries_\(width)", .attention(width: width))
    }
    static func attentionKeys(_ width: Int) -> Kernel { Kernel("attention_keys_\(width)", .attention(width: width)) }

    static func tiledAttention(_ width: Int) -> Kernel {
        Kernel("tiled_attention_\(width)", .tiledAttention(width: width))
    }
    static func tiledAttentionQueries(_ width: Int) -> Kernel {
        Kernel("tiled_attention_queries_\(width)", .tiledAttention(width: width))
    }
    static func tiledAttentionKeys(_ width: Int) -> Kernel {
        Kernel("tiled_attention_keys_\(width)", .tiledAttention(width: width))
    }
}

/// A text that is compiled as a whole.
public enum KernelSource: Sendable, Hashable {
    /// Everything but attention over sequences.
    case common
    /// Attention over sequences, for heads of up to that width: it takes longer to compile than all the rest.
    case attention(width: Int)
    /// The same by tensor cores.
    case tiledAttention(width: Int)

    /// Everything that there is to compile.
    public static var all: [KernelSource] {
        [.common] + attentionWidths.map { .attention(width: $0) } + attentionWidths.map { .tiledAttention(width: $0) }
    }

    /// Widths that attention is compiled for.
    public static let attentionWidths = [32, 64, 96, 128, 192]

    /// The files of which it consists, in their order.
    var files: [String] {
        switch self {
        case .common: ["Common", "Elementwise", "Norms", "Sums", "Rows", "Loss", "Optimizer", "Decoding"]
        case .attention: ["Common", "AttentionShape", "Attention"]
        case .tiledAttention: ["Common", "AttentionShape", "TiledAttention"]
        }
    }

    public var text: String {
        files.map { name in embeddedKernels.first { $0.path == "Kernels/\(name).cu" }?.text ?? "" }.joined()
    }

    /// What the compiler is told beside the text.
    var definitions: [String] {
        switch self {
        case .common: []
        case .attention(let width), .tiledAttention(let width): ["-DHEAD_WIDTH=\(width)"]
        }
    }
}
