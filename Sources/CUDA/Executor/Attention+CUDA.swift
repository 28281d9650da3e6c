import Tensors

extension CUDAExecutor {
    /// Rows of a tile of attention, and threads of its block.
    private static let tile = 16
    private static let attentionThreads = 128

    /// The width that attention is compiled for, for heads of this width.
    private func compiledWidth(_ width: Int) -> Int {
        guard let wide = KernelSource.attentionWidths.first(where: { $0 >= width }) else { end(.wideHead(width)) }
        return wide
    }

    public func forward(_ operation: CausalAttentionOperation, in memory: Workspace) {
        if let access = operation.access { return attend(operation, access) }
        launch(
            .attention(compiledWidth(operation.shape.headWidth)), operation, heads: operation.shape.headCount,
            [
                .place(operation.output.place), .place(operation.logSumExp), .place(head(operation.query)),
                .place(head(operation.key)), .place(head(operation.value)),
            ])
    }

    /// A kernel with a block for each tile, head and sequence: as many launches as the sequences need.
    private func launch(
        _ kernel: Kernel, _ operation: CausalAttentionOperation, heads: Int, _ arguments: [Argument]
    ) {
        let sequences = operation.sequences
        for first in stride(from: 0, to: sequences.count, by: sequencesMost) {
            let count = min(sequencesMost, sequences.count - first)
            launch(
                kernel, Grid((sequences.longest + Self.tile - 1) / Self.tile, heads, count),
                threads: Self.attentionThreads, arguments + described(operation, from: first))
        }
    }

    public func backward(
        _ operation: CausalAttentionOperation, gradient: Place, query: Place, key: Place, value: Place,
        in memory: Workspace
    ) {
        let shape = operation.shape, rows = operation.output.rows
        let width = compiledWidth(shape.headWidth)
        let dots = memory.take(shape.headCount * rows)
        // A warp for each row and head, four of them in a block.
        launch(
            .attentionDots(width), Grid((rows * shape.headCount + 3) / 4), threads: 128,
            [
                .place(dots), .place(gradient), .place(operation.output.place), .int(rows), .int(shape.headCount),
                .int(shape.headWidth),
            ])
        let inputs: [Argument] = [
            .place(gradient), .place(operation.logSumExp), .place(dots), .place(head(operation.query)),
            .place(head(operation.key)), .place(head(operation.value)),
        ]
        func place(_ columns: HeadColumns, _ gradient: Place) -> Argument { .place(gradient.from(columns.offset)) }
        launch(
            .attentionQueries(width), operation, heads: shape.headCount, [place(operation.query, query)] + inputs)
        launch(
            .attentionKeys(width), operation, heads: shape.keyValueHeadCount,
            [place(operation.key, key), place(operation.value, value)] + inputs)
        memory.giveBack(dots)
    }

    private func head(_ columns: HeadColumns) -> Place { columns.variable.place.from(columns.offset) }

    /// `ATTENTION_SHAPE` of `Attention.cu`, for the sequences from `first` on.
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
