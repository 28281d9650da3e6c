import Tensors

// Which problems are in which batch. The order of a pass over the data is a permutation that follows from (seed,
// variant, epoch) alone, so a run that goes on from any point sees the batches it would have seen.

/// The problems of each batch of a run.
struct DataOrder {
    let count: Int
    let batchSize: Int
    let seed: UInt64
    /// Whether an epoch ends with a batch of what is left over, as the reference's does.
    let keepsPartialBatch: Bool
    let isShuffled: Bool
    private var permutation: [Int32] = []
    private var key: (epoch: Int, variant: Int) = (-1, -1)

    init(count: Int, batchSize: Int, seed: UInt64, keepsPartialBatch: Bool, isShuffled: Bool) {
        self.count = count
        self.batchSize = min(batchSize, count)
        self.seed = seed
        self.keepsPartialBatch = keepsPartialBatch
        self.isShuffled = isShuffled
    }

    init(_ count: Int, _ settings: TrainingSettings) {
        let fixed = settings.accumulationRule == .reference ? 1 : settings.accumulation
        self.init(
            count: count, batchSize: settings.batchSize * fixed, seed: settings.seed,
            keepsPartialBatch: settings.keepsPartialBatch, isShuffled: settings.isShuffled)
    }

    var batchesPerEpoch: Int { keepsPartialBatch ? (count + batchSize - 1) / batchSize : count / batchSize }

    /// The problems of batch `index` of a pass.
    mutating func batch(_ index: Int, epoch: Int, variant: Int) -> ArraySlice<Int32> {
        if key != (epoch, variant) {
            permutation = (0..<Int32(count)).map { $0 }
            if isShuffled {
                var random = RandomSource(seed: seed).split(UInt64(bitPattern: Int64(variant))).split(UInt64(epoch))
                random.shuffle(&permutation)
            }
            key = (epoch, variant)
        }
        return permutation[index * batchSize..<min((index + 1) * batchSize, count)]
    }
}

extension TrainingSettings {
    /// How many batches a pass over this many problems has.
    public func batchesPerEpoch(problems count: Int) -> Int { DataOrder(count, self).batchesPerEpoch }
}
