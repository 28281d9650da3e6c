import Tensors
import Transformer

/// The shapes that are measured: those of the peers' scripts, and the product's own tour.
struct Shape {
    let name: String
    let vocabulary: Int
    let layers: Int
    let heads: Int
    let width: Int
    var length: Int
    var batch: Int
    /// Positions at the start of each sequence that carry no label, as the peers have it.
    let unlabelled: Int

    static let all = [
        Shape(name: "tour", vocabulary: 16, layers: 2, heads: 4, width: 64, length: 13, batch: 64, unlabelled: 6),
        Shape(name: "tiny", vocabulary: 32, layers: 2, heads: 4, width: 128, length: 64, batch: 32, unlabelled: 11),
        Shape(name: "small", vocabulary: 32, layers: 4, heads: 8, width: 256, length: 64, batch: 32, unlabelled: 11),
        Shape(
            name: "icot2L4H", vocabulary: 50257, layers: 2, heads: 4, width: 768, length: 66, batch: 32, unlabelled: 11),
        Shape(
            name: "gpt2-small", vocabulary: 50257, layers: 12, heads: 12, width: 768, length: 66, batch: 32,
            unlabelled: 11),
    ]

    static func named(_ name: String) -> Shape? { all.first { $0.name == name } }

    var configuration: ModelConfiguration {
        .gpt2(vocabularySize: vocabulary, positionCount: 1024, width: width, layerCount: layers, headCount: heads)
    }

    /// Positions that predict something: the last of a sequence never does.
    var targets: Int { batch * (length - max(unlabelled, 1)) }

    /// Floating-point operations of a training step, forwards and backwards, as the peers count them; the head only
    /// where there are labels.
    var trainingFlops: Double {
        let tokens = Double(batch * length)
        let (l, d, t) = (Double(layers), Double(width), Double(length))
        return 72 * l * d * d * tokens + 12 * l * Double(batch) * t * t * d + 6 * Double(vocabulary) * d
            * Double(targets)
    }

    /// Bytes of weights that one new token reads.
    var weightBytes: Double {
        let (v, l, d) = (Double(vocabulary), Double(layers), Double(width))
        return 4 * (v * d + l * (12 * d * d + 13 * d) + 2 * d)
    }

    func randomBatch(seed: UInt64) -> RaggedBatch {
        var random = RandomSource(seed: seed)
        var result = RaggedBatch()
        for _ in 0..<batch {
            let tokens = (0..<length).map { _ in Int32(random.below(vocabulary)) }
            let labels = (0..<length).map { $0 + 1 < length && $0 + 1 >= unlabelled ? tokens[$0 + 1] : -1 }
            result.append(tokens, positions: nil, labels: labels)
        }
        return result
    }
}
