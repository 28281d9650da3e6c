import Support
import Tensors
import Transformer

// What rank 0 tells the others: a frame of 24 words of 64 bits, little-endian, and for some of them a payload right
// after it. Word 0 is the number of the command, word 1 that of the replica it is about.
//
//   begin    threads, bytes of the payload      payload: the model's configuration as JSON
//   set      part, whether it is all zeros      payload where it is not: the numbers of that part
//   pass     slices, flags, scale, whether there is dropout and the 4 words of its source, tokens, sequences
//                                               payload: tokens, positions, labels, offsets, 32 bits each
//   update   rate, whether clipped, clip, β₁, β₂, ε, decay, first and second step count
//   compare                                     answer: the SHA-256 of the weights
//   drop, end

/// A command of rank 0.
enum RankCommand: Equatable {
    case begin(Int, threads: Int, bytes: Int)
    case set(Int, Part, isZero: Bool)
    case pass(Int, RankedPass, tokens: Int, sequences: Int)
    case update(Int, RankedUpdate)
    case compare(Int)
    case drop(Int)
    case end

    /// What a replica consists of.
    enum Part: UInt64, CaseIterable { case weights, firstMoments, secondMoments, gradients }

    static let wordCount = 24

    var words: [UInt64] {
        var words: [UInt64] = []
        switch self {
        case .begin(let id, let threads, let bytes): words = [1, UInt64(id), UInt64(threads), UInt64(bytes)]
        case .set(let id, let part, let isZero): words = [2, UInt64(id), part.rawValue, isZero ? 1 : 0]
        case .pass(let id, let pass, let tokens, let sequences):
            let flags: UInt64 = (pass.isFirst ? 1 : 0) | (pass.isLast ? 2 : 0) | (pass.carries ? 4 : 0)
            let state = pass.dropout?.state ?? (0, 0, 0, 0)
            words = [
                3, UInt64(id), UInt64(pass.slices), flags, Self.word(pass.scale), pass.dropout == nil ? 0 : 1, state.0,
                state.1, state.2, state.3, UInt64(tokens), UInt64(sequences),
            ]
        case .update(let id, let update):
            let h = update.hyperparameters
            words =
                [4, UInt64(id), Self.word(update.learningRate), update.clip == nil ? 0 : 1]
                + [update.clip ?? 0, h.beta1, h.beta2, h.epsilon, h.weightDecay].map(Self.word)
                + [UInt64(update.stepCounts.first), UInt64(update.stepCounts.second)]
        case .compare(let id): words = [5, UInt64(id)]
        case .drop(let id): words = [6, UInt64(id)]
        case .end: words = [7, 0]
        }
        return words + [UInt64](repeating: 0, count: Self.wordCount - words.count)
    }

    private static func word(_ value: Float) -> UInt64 { UInt64(value.bitPattern) }
    private static func float(_ word: UInt64) -> Float { Float(bitPattern: UInt32(truncatingIfNeeded: word)) }

    /// - Precondition: the words are a command's: both ends are the same program.
    init(words: [UInt64]) {
        let id = Int(words[1])
        switch words[0] {
        case 1: self = .begin(id, threads: Int(words[2]), bytes: Int(words[3]))
        case 2:
            guard let part = Part(rawValue: words[2]) else { preconditionFailure("no part \(words[2])") }
            self = .set(id, part, isZero: words[3] == 1)
        case 3:
            var pass = RankedPass()
            pass.slices = Int(words[2])
            (pass.isFirst, pass.isLast, pass.carries) = (words[3] & 1 != 0, words[3] & 2 != 0, words[3] & 4 != 0)
            pass.scale = Self.float(words[4])
            if words[5] == 1 {
                var source = RandomSource(seed: 0)
                source.state = (words[6], words[7], words[8], words[9])
                pass.dropout = source
            }
            self = .pass(id, pass, tokens: Int(words[10]), sequences: Int(words[11]))
        case 4:
            self = .update(
                id,
                RankedUpdate(
                    learningRate: Self.float(words[2]), clip: words[3] == 1 ? Self.float(words[4]) : nil,
                    hyperparameters: AdamWHyperparameters(
                        beta1: Self.float(words[5]), beta2: Self.float(words[6]), epsilon: Self.float(words[7]),
                        weightDecay: Self.float(words[8])), stepCounts: (Int(words[9]), Int(words[10]))))
        case 5: self = .compare(id)
        case 6: self = .drop(id)
        case 7: self = .end
        default: preconditionFailure("no command \(words[0])")
        }
    }
}

extension RaggedBatch {
    /// Tokens, positions, labels and offsets one after another.
    var words: [Int32] { tokens + positions + labels + offsets.map { Int32($0) } }

    init(words: [Int32], tokens count: Int) {
        self.init(
            tokens: Array(words[..<count]), positions: Array(words[count..<2 * count]),
            labels: Array(words[2 * count..<3 * count]), offsets: words[(3 * count)...].map { Int($0) })
    }

    static func wordCount(tokens: Int, sequences: Int) -> Int { 3 * tokens + sequences + 1 }
}

extension Replica {
    func part(_ part: RankCommand.Part) -> ParameterSet {
        switch part {
        case .weights: model.parameters
        case .firstMoments: optimizer.firstMoments
        case .secondMoments: optimizer.secondMoments
        case .gradients: trainee.gradients
        }
    }
}
