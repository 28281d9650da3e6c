import Tensors

extension CUDAExecutor {
    /// The width that attention is compiled for, for heads of this width.
    private func compiledWidth(_ width: Int) -> Int {
        guard let wide = KernelSource.attentionWidths.first(where: { $0 >= width }) else { end(.wideHead(width)) }
        return wide
    }

    public func forward(_ operation: CausalAttentionOperation, in memory: Workspace) {
        if let access = operation.access { return attend(operation, access) }
        let width = compiledWidth(operation.shape.headWidth), output = operation.output.place
        let inputs: [Argument] = [
            .place(operation.logSumExp), .place(head(operation.query)), .place(head(operation.key)),
            .place(head(operation.value)),
        ]
        if isExact {
            launch(
                .attention(width), operation, heads: operation.shape.headCount, .exact, [.place(output)] + inputs)
        } else {
            launch(
                .tiledAttention(width), operation, heads: operation.shape.headCount, .tiled(width), twinned: output,
                [.place(output), .twin(output)] + inputs)
        }
    }

    public func backward(
        _ operation: CausalAttentionOperation, gradient: Place, query: Place, key: Place, value: Place,
        in memory: Workspace
    ) {
        let shape = operation.shape, rows = operation.output.rows
        let width = compiledWidth(shape.headWidth)
        let dots = memory.take(shape.headCount * rows)
        let inputs: [Argument] = [
            .place(head(operation.query)), .place(head(operation.key)), .place(head(operation.value)),
        ]
        let (dquery, dkey, dvalue) = (
            query.from(operation.query.offset), key.from(operation.key.offset), value.from(operation.value.offset)
        )
        if isExact {
            // A warp for each row and head, four of them in a block.
            launch(
                .attentionDots(width), Grid((rows * shape.headCount + 3) / 4), threads: 128,
                [
                    .place(dots), .place(gradient), .place(operation.output.place), .int(rows),
                    .int(shape.headCount), .int(shape.headWidth),
                ])
            let known: [Argument] = [.place(gradient), .place(operation.logSumExp), .place(dots)]
            launch(
                .attentionQueries(width), operation, heads: shape.headCount, .exact, [.place(dquery)] + known + inputs)
            launch(
                .attentionKeys(width), operation, heads: shape.keyValueHeadCount, .exact,
                [.place(dkey), .place(dvalue)] + known + inputs)
        } else {
            launch(
                .tiledAttentionQueries(width), operation, heads: shape.headCount, .tiledQueries(width),
                [
                    .place(dquery), .twin(dquery), .place(dots), .place(gradient), .place(operation.output.place),
                    .place(operation.logSumExp),
                ] + inputs)
            // Where queries, keys and values are one matrix, all of its gradient has its twin now.
            let filled = (shape.headCount + 2 * shape.keyValueHeadCount) * shape.headWidth
            let isWhole = query == key && query == value && operation.query.variable.columns == filled
            launch(
                .tiledAttentionKeys(width), operation, heads: shape.keyValueHeadCount, .tiledKeys(width),
                twinned: isWhole ? query : nil,
                [
                    .place(dkey), .twin(dkey), .place(dvalue), .twin(dvalue), .place(gradient),
                    .place(operation.logSumExp), .place(dots),
                ] + inputs)
        }
        memory.giveBack(dots)
    }

    /// Tensor cores read rounded factors.
    private var isExact: Bool { precision == .f32 }

    /// How many rows a block has, and threads for each sixteen of them.
    private struct Tiling {
        var threads: Int
        /// Tiles of 16 rows of a block at most.
        var tilesMost = 1

        static let exact = Tiling(threads: 128)

        /// `Tiling` of `TiledAttention.cu`: a warp for 64 or 32 columns of 16 rows.
        static func tiled(_ width: Int) -> Tiling { Tiling(threads: 32 * parts(width), tilesMost: 5) }

        static func tiledQueries(_ width: Int) -> Tiling {
            Tiling(threads: 32 * parts(width), tilesMost: parts(width) == 1 ? 4 : 2)
        }

        static func tiledKeys(_ width: Int) -> Tiling {
            Tiling(threads: 32 * parts(width), tilesMost: width == 32 ? 4 : 2)
        }

        private static func parts(_ width: Int) -> Int { width % 64 == 0 ? width / 64 : width / 32 }

        /// The same number of tiles in each block, as far as possible, for sequences up to that length.
        func cut(_ longest: Int) -> (blocks: Int, threads: Int) {
            let tiles = max(1, (longest + 15) / 16), blocks = (tiles + tilesMost - 1) / tilesMost
            return (blocks, threads * ((tiles + blocks - 1) / blocks))
        }
    }

    /// A kernel with a block for some rows of each head and sequence: as many launches as the sequences need.
    private func launch(
        _ kernel: Kernel, _ operation: CausalAttentionOperation, heads: Int, _ tiling: Tiling,
        twinned place: Place? = nil, _ arguments: [Argument]
    ) {
        let sequences = operation.sequences, (blocks, threads) = tiling.cut(sequences.longest)
        for first in stride(from: 0, to: sequences.count, by: sequencesMost) {
            let count = min(sequencesMost, sequences.count - first)
            launch(
                kernel, Grid(blocks, heads, count), threads: threads, twinned: place,
                arguments + described(operation, from: first))
        }
    }

    private func head(_ columns: HeadColumns) -> Place { columns.variable.place.from(columns.offset) }

    /// `ATTENTION_SHAPE` of `AttentionShape.cu`, for the sequences from `first` on.
    private func described(_ operation: CausalAttentionOperation, from first: Int) -> [Argument] {
        let shape = operation.shape
        return [
            .place(operation.sequences.offsets.place.from(first)), .int(operation.output.rows), .int(shape.headCount),
            .int(shape.keyValueHeadCount), .int(shape.headWidth), .int(operation.query.variable.columns),
            .int(operation.key.variable.columns), .int(operation.value.variable.columns), .int(shape.window ?? 0),
            .float(shape.scale), .int(operation.sequences.longest), .mask(operation.dropout),
        ]
    }

    // MARK: Patterns changed and read

    /// A sequence after the other, each with its whole patterns, which the host changes and reads.
    private func attend(_ operation: CausalAttentionOperation, _ access: PatternAccess) {
        precondition(operation.dropout == nil, "patterns are looked at without dropout")
        let shape = operation.shape, heads = shape.headCount, width = shape.headWidth
        let group = heads / shape.keyValueHeadCount
        let offsets = read(operation.sequences.offsets) { $0.map(Int.init) }
        let longest = operation.sequences.longest
        let patterns = Buffer(self, count: heads * longest * longest, zeroed: false)
        var readings = [[Float]](repeating: [], count: heads)
        for sequence in 0..<operation.sequences.count {
            let start = offsets[sequence], length = offsets[sequence + 1] - start
            if length == 0 { continue }
            let place = patterns.place[0..<heads * length * length]
            launch(
                .pattern, Grid(length, heads), threads: 128,
                [
                    .place(place), .place(head(operation.query)), .place(head(operation.key)), .int(start),
                    .int(length), .int(group), .int(width), .int(operation.query.variable.columns),
                    .int(operation.key.variable.columns), .int(shape.window ?? 0), .float(shape.scale),
                ])
            var values = copyOut(place)
            values.withUnsafeMutableBufferPointer { values in
                for head in 0..<heads {
                    guard let base = values.baseAddress else { continue }
                    let square = base + head * length * length
                    access.cut(square, head: head, sequence: sequence, stride: length)
                    guard !access.reading.isEmpty else { continue }
                    readings[head] += access.reading[sequence].map { square[$0.query * length + $0.key] }
                }
            }
            copyIn(values, to: place)
            launch(
                .applyPattern, Grid(length, heads), threads: 64,
                [
                    .place(operation.output.place), .place(place), .place(head(operation.value)), .int(start),
                    .int(length), .int(group), .int(heads), .int(width), .int(operation.value.variable.columns),
                ])
        }
        copyIn(readings.flatMap { $0 }, to: operation.readings)
    }

    // MARK: Over a cache

    public func forward(_ operation: CachedAttentionOperation, in memory: Workspace) {
        let shape = operation.shape, rows = operation.input.rows, stride = operation.input.columns
        let (queryWidth, keyWidth) = (shape.headCount * shape.headWidth, shape.keyValueHeadCount * shape.headWidth)
        let (sequences, slots) = (operation.rows.sequences.place, operation.rows.slots.place)
        each(
            .keepKeys, rows * keyWidth,
            [
                .place(operation.keys), .place(operation.values), .place(operation.input.place), .place(sequences),
                .place(slots), .int(operation.capacity), .int(stride), .int(queryWidth), .int(keyWidth),
            ])
        let scores = memory.take(rows * shape.headCount * operation.capacity)
        launch(
            .cachedAttention, Grid(rows, shape.headCount), threads: 128,
            [
                .place(operation.output.place), .place(scores), .place(operation.input.place), .place(operation.keys),
                .place(operation.values), .place(sequences), .place(slots), .int(operation.capacity), .int(stride),
                .int(shape.headCount), .int(shape.keyValueHeadCount), .int(shape.headWidth),
                .int(shape.window ?? 0), .float(shape.scale),
            ])
        memory.giveBack(scores)
    }
}
