import CKernels

// Work is spread over (sequence, key head), each on one thread: products of this size lose more by being shared than
// they gain. Query heads that share a key head are one task, so their dK and dV are summed without locks, in order.

extension CPUExecutor {
    public func forward(_ operation: CausalAttentionOperation, in memory: Workspace) {
        AttentionTasks(operation, self).forward(memory)
    }

    public func backward(
        _ operation: CausalAttentionOperation, gradient: Place, query: Place, key: Place, value: Place,
        in memory: Workspace
    ) {
        AttentionTasks(operation, self).backward(
            memory, floats(gradient), floats(query), floats(key), floats(value))
    }
}

/// Where a head's vectors are: of the columns of a matrix.
private struct HeadPointer {
    let base: UnsafeMutablePointer<Float>
    let columns: Int
    let offset: Int
}

private struct AttentionTasks {
    let shape: AttentionShape
    let dropout: DropoutMask?
    let access: PatternAccess?
    let query: HeadPointer
    let key: HeadPointer
    let value: HeadPointer
    let offsets: UnsafePointer<Int32>
    let sequenceCount: Int
    let longest: Int
    let logSumExp: UnsafeMutablePointer<Float>
    let readings: UnsafeMutablePointer<Float>
    let output: UnsafeMutablePointer<Float>
    let rows: Int
    let columns: Int
    let cpu: CPUExecutor
    private var workers: Workers { cpu.workers }

    init(_ operation: CausalAttentionOperation, _ cpu: CPUExecutor) {
        func pointer(_ columns: HeadColumns) -> HeadPointer {
            HeadPointer(base: cpu.floats(columns.variable), columns: columns.variable.columns, offset: columns.offset)
        }
        shape = operation.shape
        dropout = operation.dropout
        access = operation.access
        query = pointer(operation.query)
        key = pointer(operation.key)
        value = pointer(operation.value)
        offsets = UnsafePointer(cpu.integers(operation.sequences.offsets))
        sequenceCount = operation.sequences.count
        longest = operation.sequences.longest
        logSumExp = cpu.floats(operation.logSumExp)
        readings = cpu.floats(operation.readings)
        output = cpu.floats(operation.output)
        rows = operation.output.rows
        columns = operation.output.columns
        self.cpu = cpu
    }

    /// One head of one sequence.
    struct Task {
        let sequence: Int
        let keyHead: Int
        let start: Int
        let length: Int
        let padded: Int
    }

    private var groupSize: Int { shape.headCount / shape.keyValueHeadCount }

    /// Length rounded up to whole vector tiles.
    private static func pad(_ length: Int) -> Int { (length + 15) & ~15 }

    /// Calls `body` for every task. A thread begins with the sequences whose rows are its own in the other operations,
    /// which its cache holds, and then helps with what is left of the others' (each task writes only its own rows).
    private func forEachTask(_ body: (_ thread: Int, Task) -> Void) {
        let heads = shape.keyValueHeadCount
        let threads = workers.threadCount
        workers.share { thread in
            firstSequence(at: rows * thread / threads) * heads..<firstSequence(at: rows * (thread + 1) / threads)
                * heads
        } task: { thread, index in
            let sequence = index / heads
            let start = Int(offsets[sequence])
            let length = Int(offsets[sequence + 1]) - start
            if length == 0 { return }
            body(
                thread,
                Task(
                    sequence: sequence, keyHead: index % heads, start: start, length: length,
                    padded: Self.pad(length)))
        }
    }

    /// The first sequence that starts at `row` or later.
    private func firstSequence(at row: Int) -> Int {
        var low = 0, high = sequenceCount
        while low < high {
            let middle = (low + high) / 2
            if Int(offsets[middle]) < row { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Vector `head` of `row` in a matrix laid out like `columns`.
    private func head(
        _ columns: HeadPointer, _ base: UnsafeMutablePointer<Float>, _ head: Int, _ row: Int
    ) -> UnsafeMutablePointer<Float> {
        base + row * columns.columns + columns.offset + head * shape.headWidth
    }

    private func factor(_ columns: HeadPointer, _ head: Int, _ row: Int, isTransposed: Bool = false) -> ck_factor {
        ck_factor(
            values: self.head(columns, columns.base, head, row), stride: columns.columns,
            transposed: isTransposed ? 1 : 0)
    }

    func forward(_ memory: Workspace) {
        let width = shape.headWidth
        let scratchSize = Self.pad(longest) * longest
        let scratch = cpu.floats(memory.arena.take(scratchSize * workers.threadCount))
        forEachTask { thread, task in
            let pattern = scratch + thread * scratchSize
            for head in task.keyHead * groupSize..<(task.keyHead + 1) * groupSize {
                ck_product(
                    pattern, task.padded, factor(query, head, task.start),
                    factor(key, task.keyHead, task.start, isTransposed: true),
                    task.length, task.length, width, nil, 0, nil, CK_LOWER_RESULT)
                ck_causal_softmax(
                    pattern, task.padded, task.length, shape.window ?? 0, shape.scale,
                    logSumExp + head * rows + task.start)
                thin(pattern, head, task)
                if let access { apply(access, pattern, head, task) }
                ck_product(
                    output + task.start * columns + head * width, columns,
                    ck_factor(values: pattern, stride: task.padded, transposed: 0),
                    factor(value, task.keyHead, task.start), task.length, width,
                    task.length, nil, 0, nil, CK_LOWER_FACTOR)
            }
        }
    }

    /// Applies dropout to a pattern; element numbers depend only on the head, the row and the key.
    private func thin(_ pattern: UnsafeMutablePointer<Float>, _ head: Int, _ task: Task) {
        guard let dropout else { return }
        for i in 0..<task.length {
            dropout.apply(pattern + i * task.padded, first: (head * rows + task.start + i) * longest, count: i + 1)
        }
    }

    // MARK: Patterns changed and read

    private func apply(
        _ access: PatternAccess, _ pattern: UnsafeMutablePointer<Float>, _ head: Int, _ task: Task
    ) {
        access.cut(pattern, head: head, sequence: task.sequence, stride: task.padded)
        guard !access.reading.isEmpty else { return }
        // Every task writes its own part, whichever thread it is on.
        var first = 0
        for sequence in 0..<task.sequence { first += access.reading[sequence].count }
        let own = readings + head * access.readingCount + first
        for (index, cell) in access.reading[task.sequence].enumerated() {
            own[index] = pattern[cell.query * task.padded + cell.key]
        }
    }

    // MARK: Backward

    func backward(
        _ memory: Workspace, _ gradient: UnsafeMutablePointer<Float>, _ dquery: UnsafeMutablePointer<Float>,
        _ dkey: UnsafeMutablePointer<Float>, _ dvalue: UnsafeMutablePointer<Float>
    ) {
        let width = shape.headWidth
        let patternSize = Self.pad(longest) * longest
        let place = memory.take(2 * patternSize * workers.threadCount)
        let scratch = cpu.floats(place)
        forEachTask { thread, task in
            let pattern = scratch + thread * 2 * patternSize
            let dpattern = pattern + patternSize
            let dk = head(key, dkey, task.keyHead, task.start)
            let dv = head(value, dvalue, task.keyHead, task.start)
            for query in task.keyHead * groupSize..<(task.keyHead + 1) * groupSize {
                // Of query heads that share a key head the first overwrites, the others add.
                let adds = query > task.keyHead * groupSize
                let q = factor(self.query, query, task.start)
                let dout = ck_factor(
                    values: gradient + task.start * columns + query * width, stride: columns, transposed: 0)
                ck_product(
                    pattern, task.padded, q, factor(key, task.keyHead, task.start, isTransposed: true), task.length,
                    task.length, width, nil, 0, nil, CK_LOWER_RESULT)
                ck_causal_softmax_known(
                    pattern, task.padded, task.length, shape.window ?? 0, shape.scale,
                    logSumExp + query * rows + task.start)
                ck_product(
                    dpattern, task.padded, dout, factor(value, task.keyHead, task.start, isTransposed: true),
                    task.length, task.length, width, nil, 0, nil, CK_LOWER_RESULT)
                thin(dpattern, query, task)
                ck_causal_softmax_backward(dpattern, pattern, task.padded, task.length, shape.window ?? 0, shape.scale)
                ck_product(
                    head(self.query, dquery, query, task.start), self.query.columns,
                    ck_factor(values: dpattern, stride: task.padded, transposed: 0),
                    factor(key, task.keyHead, task.start), task.length, width, task.length, nil, 0, nil,
                    CK_LOWER_FACTOR)
                ck_product(
                    dk, key.columns, ck_factor(values: dpattern, stride: task.padded, transposed: 1), q,
                    task.length, width, task.length, adds ? UnsafePointer(dk) : nil, key.columns, nil,
                    CK_UPPER_FACTOR)
                thin(pattern, query, task)
                ck_product(
                    dv, value.columns, ck_factor(values: pattern, stride: task.padded, transposed: 1), dout,
                    task.length, width, task.length, adds ? UnsafePointer(dv) : nil, value.columns, nil,
                    CK_UPPER_FACTOR)
            }
        }
        memory.giveBack(place)
    }
}
