import Glibc
import Tensors
import Transformer

// Which of a teacher's states stand for its chain of thought (Deng et al. 2023, arXiv 2311.01460). The teacher, trained
// on chains, reads the whole problem. Of its states h_l[t], the input of block l = 0 … L−1 at place t, one for each
// block is kept:
//
//     z_l = LayerNorm(h_{r_l}[p_l]),   LayerNorm(h) = (h − mean h) / √(var h + 1e-5), without gain and bias
//     p_l = min(round(first + δ·l), last),   δ = (last − first) / (L − 1), rounded half to even
//
//     diagonal       r_l = l      p_l as above: a layer deeper, some tokens later
//     first_column   r_l = l      p_l = first
//     last_column    r_l = l      p_l = last
//     top_row        r_l = L − 1  p_l as above
//     bottom_row     r_l = 0      p_l as above
//
// `first` is the separator after the input, `last` the separator after the chain; where there is none, or where it
// counts as part of the chain, the chain's last token, so that no state has seen the answer. With δ of its own for
// every problem (`fixed`, `paper`) the diagonal always ends at `last`. The published code resolves δ on the first
// problem of a batch and uses it for all (`reference`); that makes a difference only where chains differ in length. (It
// also takes `last_column` at `first`, and its rows stop at an assertion; both are here what their names say.)

/// Which states of the (layer, time) square are distilled.
public enum ThoughtSubset: String, Sendable, CaseIterable {
    case diagonal
    case firstColumn = "first_column"
    case lastColumn = "last_column"
    case topRow = "top_row"
    case bottomRow = "bottom_row"
}

/// A state of the teacher: the input of a block at a place of the sequence.
struct ThoughtPlace: Equatable {
    let layer: Int
    let place: Int
}

extension ThoughtSubset {
    /// Where z_0 … z_(L−1) are.
    /// - Parameter delta: tokens for each layer of the diagonal; nil for the δ that ends at `last`.
    func places(first: Int, last: Int, layerCount: Int, delta: Double? = nil) -> [ThoughtPlace] {
        let delta = delta ?? ThoughtSubset.delta(first: first, last: last, layerCount: layerCount)
        return (0..<layerCount).map { l in
            let time = min(Int((Double(first) + delta * Double(l)).rounded(.toNearestOrEven)), last)
            return switch self {
            case .diagonal: ThoughtPlace(layer: l, place: time)
            case .firstColumn: ThoughtPlace(layer: l, place: first)
            case .lastColumn: ThoughtPlace(layer: l, place: last)
            case .topRow: ThoughtPlace(layer: layerCount - 1, place: time)
            case .bottomRow: ThoughtPlace(layer: 0, place: time)
            }
        }
    }

    static func delta(first: Int, last: Int, layerCount: Int) -> Double {
        layerCount > 1 ? Double(last - first) / Double(layerCount - 1) : 0
    }
}

extension EncodedProblems {
    /// The places between which a problem's thoughts are.
    func thoughtRange(_ index: Int) -> (first: Int, last: Int) {
        let chain = chain(index)
        let hasSeparator = answer(index).lowerBound > chain.upperBound
        return (inputCount(index) - 1, hasSeparator ? chain.upperBound : chain.upperBound - 1)
    }
}

/// Reads thoughts off a teacher, which is not trained any more.
final class ThoughtReader {
    private let teacher: JointModel
    private let subset: ThoughtSubset
    private let rule: Fidelity
    private let pass: JointPass
    private var batch = RaggedBatch()

    init(_ teacher: LanguageModel, subset: ThoughtSubset, rule: Fidelity, workers: Workers) {
        self.teacher = JointModel("teacher", teacher)
        self.subset = subset
        self.rule = rule
        pass = JointPass(teacher.executor(workers))
    }

    /// (L)(B, C) the normalised thoughts of the given problems.
    func thoughts(_ problems: EncodedProblems, _ indices: some Collection<Int>) throws -> [[Float]] {
        let layerCount = teacher.model.configuration.layerCount, width = teacher.model.configuration.width
        batch.removeAll()
        /// For each layer: thought, problem of the batch, row of the batch.
        var wanted = [[(thought: Int, problem: Int, row: Int)]](repeating: [], count: layerCount)
        var delta: Double?
        for (m, index) in indices.enumerated() {
            let (first, last) = problems.thoughtRange(index)
            if rule == .reference, delta == nil {
                delta = ThoughtSubset.delta(first: first, last: last, layerCount: layerCount)
            }
            let start = batch.tokenCount
            for (thought, place) in subset.places(first: first, last: last, layerCount: layerCount, delta: delta)
                .enumerated()
            {
                wanted[place.layer].append((thought, m, start + place.place))
            }
            // What comes after changes nothing before it.
            batch.append(Array(problems.sequence(index).prefix(last + 1)), positions: nil, labels: nil)
        }
        var thoughts = [[Float]](repeating: [Float](repeating: 0, count: indices.count * width), count: layerCount)
        let lastLayer = wanted.lastIndex { !$0.isEmpty } ?? 0
        pass.begin(recording: false)
        try pass.run(teacher, batch) { layer, stream in
            let states = self.pass.values(of: stream, rows: wanted[layer].map(\.row))
            for (index, item) in wanted[layer].enumerated() {
                let own = normalised(states[index * width..<(index + 1) * width])
                thoughts[item.thought].replaceSubrange(item.problem * width..<(item.problem + 1) * width, with: own)
            }
            return layer == lastLayer ? nil : stream
        }
        return thoughts
    }
}

/// Layer normalisation without gain and bias.
private func normalised(_ x: ArraySlice<Float>) -> [Float] {
    var mean = 0.0, variance = 0.0
    for value in x { mean += Double(value) }
    mean /= Double(x.count)
    for value in x { variance += (Double(value) - mean) * (Double(value) - mean) }
    let scale = 1 / sqrt(variance / Double(x.count) + 1e-5)
    return x.map { Float((Double($0) - mean) * scale) }
}
