import Tensors

// A head whose vocabulary is no multiple of 8, GPT-2's 50,257 for one, makes each product with it three to seven times
// slower, because its rows of logits begin anywhere. So products take the head (V, C) to have P rows, the next multiple
// of 64, where its storage goes on behind it. The rows from V to P are then those of other parameters:
//   · their logits are never read;
//   · the gradient of the logits is 0 in their columns, whatever the others are. So dx has nothing from them, and they
//     have nothing added to their own gradients but zeros (−0 may become 0). This holds as long as weights and rows
//     are finite, for 0 · ∞ is no number. An input that is not finite makes the loss and the whole head's gradient so
//     too, and that update is refused, whatever else it has spoiled; a gradient that is not finite before is not read
//     by any product, and stays as it is. Weights that are not finite are refused wherever they come in.
// A head at the end of its storage is taken as it is.

extension CUDAExecutor {
    /// Smaller vocabularies are not worth it.
    private static let leastPadded = 1024
    /// Fewer rows are limited by the reading of the head, whatever its width.
    private static let leastRows = 16

    /// The words that products take a vocabulary to have, for heads (and their gradients) at these places.
    func paddedVocabulary(_ vocabulary: Int, columns: Int, _ places: [Place]) -> Int {
        guard vocabulary >= Self.leastPadded, vocabulary % 8 != 0 else { return vocabulary }
        let padded = (vocabulary + 63) & ~63
        return places.allSatisfy { memory.has(padded * columns, from: $0) } ? padded : vocabulary
    }

    /// The logits of a head, by way of wider ones; false where that would not be faster, and nothing is done.
    func paddedLogits(_ operation: LinearOperation, _ memory: Workspace) -> Bool {
        let (rows, columns, vocabulary) = (operation.input.rows, operation.input.columns, operation.output.columns)
        guard operation.isTransposed, operation.bias == nil, operation.residual == nil, operation.dropout == nil,
            operation.activation == nil, rows >= Self.leastRows
        else { return false }
        let padded = paddedVocabulary(vocabulary, columns: columns, [operation.weight.values])
        guard padded > vocabulary else { return false }
        let logits = memory.take(rows * padded)
        multiply(
            logits, factor(operation.input.place), factor(operation.weight), m: rows, n: padded, k: columns,
            transposesRight: true)
        launch(
            .dropPadding, Grid(rows), threads: 256,
            [.place(operation.output.place), .place(logits), .int(vocabulary), .int(padded)])
        memory.giveBack(logits)
        return true
    }
}
