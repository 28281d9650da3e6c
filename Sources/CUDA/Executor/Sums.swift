import Tensors

// Sums over rows, which gradients of gains and biases are. `Kernels/Sums.cu` says how.

extension CUDAExecutor {
    /// Rows of a chunk, or a multiple of that where there are so many that their parts would be long to add.
    private static let chunkRows = 64
    private static let chunksMost = 64

    /// How rows are cut.
    private static func chunks(_ rows: Int) -> (size: Int, count: Int) {
        let size = chunkRows * max(1, (rows + chunkRows * chunksMost - 1) / (chunkRows * chunksMost))
        return (size, (rows + size - 1) / size)
    }

    /// sums[c] += Σ_n x[n][c], x (rows, columns).
    func addColumnSums(_ sums: Place, _ x: Place, rows: Int, columns: Int, _ memory: Workspace) {
        guard rows > 0 else { return }
        let (size, count) = Self.chunks(rows)
        let parts = memory.take(count * columns)
        launch(
            .columnSums, Grid((columns + 127) / 128, count), threads: 256,
            [.place(parts), .place(x), .int(rows), .int(columns), .int(size)])
        launch(
            .addChunks, Grid((columns + 31) / 32), threads: 256,
            [.place(sums), .optional(nil), .place(parts), .optional(nil), .int(count), .int(columns)])
        memory.giveBack(parts)
    }

    /// dgain += Σ_n dy · x̂, and dbias += Σ_n dy where there is a bias.
    func addGainSums(
        _ gain: Weight, _ bias: Weight?, _ gradient: Place, _ input: Variable, mean: Place?, rstd: Place,
        _ memory: Workspace
    ) {
        guard input.rows > 0 else { return }
        let columns = input.columns, (size, count) = Self.chunks(input.rows)
        let parts = memory.take((bias == nil ? 1 : 2) * count * columns)
        let more = bias.map { _ in parts.from(count * columns) }
        launch(
            .gainSums, Grid((columns + 127) / 128, count), threads: 256,
            [
                .place(parts), .optional(more), .place(gradient), .place(input.place), .optional(mean), .place(rstd),
                .int(input.rows), .int(columns), .int(size),
            ])
        launch(
            .addChunks, Grid((columns + 31) / 32, bias == nil ? 1 : 2), threads: 256,
            [
                .place(gain.gradient), .optional(bias?.gradient), .place(parts), .optional(more), .int(count),
                .int(columns),
            ])
        memory.giveBack(parts)
    }
}
