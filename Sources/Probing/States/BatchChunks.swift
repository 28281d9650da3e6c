import Transformer

/// Some whole sequences of a larger batch, as a batch of their own.
struct BatchChunk {
    let batch: RaggedBatch
    /// Which sequences of the larger batch these are.
    let sequences: Range<Int>
    /// The row of the larger batch at which the chunk starts.
    let firstRow: Int
}

extension RaggedBatch {
    /// Tokens in a pass: enough to keep the matrix products busy, few enough for the activations of a block to stay
    /// near.
    static let chunkTokens = 1024

    /// The batch cut into runs of whole sequences of about `tokens` tokens each.
    func chunks(tokens limit: Int = chunkTokens) -> [BatchChunk] {
        var chunks: [BatchChunk] = []
        var first = 0
        while first < sequenceCount {
            var end = first + 1
            while end < sequenceCount, offsets[end + 1] - offsets[first] <= limit { end += 1 }
            chunks.append(chunk(first..<end))
            first = end
        }
        return chunks
    }

    private func chunk(_ sequences: Range<Int>) -> BatchChunk {
        let start = offsets[sequences.lowerBound]
        let rows = start..<offsets[sequences.upperBound]
        let part = RaggedBatch(
            tokens: Array(tokens[rows]), positions: Array(positions[rows]), labels: Array(labels[rows]),
            offsets: offsets[sequences.lowerBound...sequences.upperBound].map { $0 - start })
        return BatchChunk(batch: part, sequences: sequences, firstRow: start)
    }
}
