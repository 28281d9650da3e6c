import Tensors

// The loss, what is read of logits, changes from outside, and the update.

extension CUDAExecutor {
    /// Blocks of logits that a card has memory for, of those that an operation allows: each block adds to the head's
    /// whole gradient, which takes longer than its own rows if these are few.
    private static let logitBlocks = 4

    /// The gradient of the logits is as products read it: in the place of the logits, or in bfloat16 beside them.
    public func forward(_ operation: CrossEntropyOperation, in memory: Workspace) {
        let (columns, vocabulary, count) = (operation.input.columns, operation.vocabularySize, operation.count)
        guard count > 0 else { return }
        let heads = [operation.head.values] + (operation.gradient == nil ? [] : [operation.head.gradient])
        let width = paddedVocabulary(vocabulary, columns: columns, heads)
        let gathered = memory.take(count * columns)
        gather(gathered, operation.input.place, operation.rows.place, columns)
        let gatheredFactor = factor(gathered), head = factor(operation.head)
        let block = max(1, min(count, Self.logitBlocks * operation.blockSize / width))
        let logits = memory.take(block * width)
        let halves = hasTwins && operation.gradient != nil ? memory.take((block * width + 1) / 2) : nil
        let logitsFactor = address(halves ?? logits)
        var start = 0
        while start < count {
            let size = min(block, count - start)
            let x = gatheredFactor.advanced(bytes: start * columns * (hasTwins ? 2 : 4))
            multiply(logits, x, head, m: size, n: width, k: columns, transposesRight: true)
            look(
                .crossEntropy, size, columns: width,
                [
                    .place(logits), .optional(halves), .place(operation.losses.from(start)),
                    .place(operation.predictions.place.from(start)), .place(operation.labels.place.from(start)),
                    .float(operation.scale), .int(vocabulary), .int(width),
                ])
            if let gradient = operation.gradient {
                multiply(
                    gradient[start * columns..<(start + size) * columns], logitsFactor, head, m: size,
                    n: columns, k: width)
                multiply(
                    operation.head.gradient, logitsFactor, x, m: width, n: columns, k: size, transposesLeft: true,
                    accumulates: true)
            }
            start += size
        }
        if let halves { memory.giveBack(halves) }
        memory.giveBack(logits)
        memory.giveBack(gathered)
    }

    /// A kernel with a block for each row of logits.
    private func look(_ kernel: Kernel, _ rows: Int, columns: Int, _ arguments: [Argument]) {
        launch(kernel, Grid(rows), threads: min(1024, ((columns + 3) / 4 + 31) & ~31), arguments)
    }

    public func backward(_ operation: CrossEntropyOperation, input target: GradientTarget) {
        guard let gradient = operation.gradient else { return }
        if !target.accumulates { clear(target.place) }
        fours(
            .addToRows, operation.count, operation.input.columns,
            [
                .place(target.place), .place(gradient), .place(operation.rows.place), .int(operation.input.columns),
            ])
    }

    // MARK: Of logits

    public func appendMostProbable(
        _ logits: Variable, to tokens: inout [Int32], _ probabilities: inout [Float]
    ) {
        let count = logits.rows
        guard count > 0 else { return }
        // Side by side, so that the host looks once.
        let found = allocate(2 * count, zeroed: false)
        look(
            .mostProbable, count, columns: logits.columns,
            [
                .place(found.place), .place(found.place.from(count)), .place(logits.place), .int(logits.columns),
            ])
        read(Indices(found.place)) { words in
            tokens.append(contentsOf: words[..<count])
            probabilities.append(contentsOf: words[count...].lazy.map { Float(bitPattern: UInt32(bitPattern: $0)) })
        }
        free(found)
    }

    public func appendProbabilities(of tokens: [Int32], _ logits: Variable, to probabilities: inout [Float]) {
        precondition(tokens.count == logits.rows, "\(tokens.count) tokens for \(logits.rows) rows")
        guard logits.rows > 0 else { return }
        let wanted = allocate(logits.rows, zeroed: false), found = allocate(logits.rows, zeroed: false)
        fill(Indices(wanted.place)) { _ = $0.update(fromContentsOf: tokens) }
        look(
            .probabilityOf, logits.rows, columns: logits.columns,
            [.place(found.place), .place(logits.place), .place(wanted.place), .int(logits.columns)])
        append(found.place, to: &probabilities)
        free(found)
        free(wanted)
    }

    // MARK: Changes from outside

    /// By the host, row by row: such passes are looked at, not waited for.
    public func apply(_ edit: Edit, to variable: Variable) {
        for index in 0..<edit.count(of: variable.rows) {
            let first = edit.row(index) * variable.columns
            let place = variable.place[first..<first + variable.columns]
            var values = copyOut(place)
            values.withUnsafeMutableBufferPointer { edit.change($0, index: index) }
            copyIn(values, to: place)
        }
    }

    // MARK: The update

    public func update(_ networks: [AdamWOperation], clip: Float?, in memory: Workspace) -> UpdateNorms {
        // Three numbers in double precision: ‖g‖, the factor, ‖Δw‖; then one for each block of each network.
        let blocks = networks.map { self.blocks($0.gradients.count) }
        let total = blocks.reduce(0, +)
        let place = memory.take(2 * (3 + total))
        let norms = place[0..<6], parts = place[6..<2 * (3 + total)]
        // The parts of a network, in the order in which all of them are added.
        func own(_ index: Int) -> Place { parts.from(2 * blocks[..<index].reduce(0, +)) }
        for (index, network) in networks.enumerated() { squares(network.gradients, own(index)) }
        addUp(norms, parts, total, takesRoot: true)
        launch(.clipFactor, Grid(1), threads: 1, [.place(norms), .float(clip ?? 0)])
        for (index, network) in networks.enumerated() {
            each(
                .adamw, network.gradients.count,
                [
                    .place(network.weights), .twin(network.weights), .place(network.firstMoments),
                    .place(network.secondMoments),
                    .place(own(index)), .place(network.gradients), .place(norms), .float(network.learningRate),
                    .float(network.beta1), .float(network.beta2), .float(network.epsilon),
                    .float(network.weightDecay), .float(network.firstCorrection), .float(network.secondCorrection),
                ])
        }
        for network in networks { changed(network.weights) }
        addUp(norms[4..<6], parts, total, takesRoot: true)
        let found = doubles(norms)
        memory.giveBack(place)
        guard found[0].isFinite else { return UpdateNorms(gradient: found[0], change: 0, factor: 1) }
        return UpdateNorms(gradient: found[0], change: found[2], factor: Float(found[1]))
    }

    /// An update has changed weights, and their twin with them where there are twins.
    private func changed(_ weights: Place) {
        let isCurrent = hasTwins && memory.isCurrent(weights.storage)
        memory.change(weights)
        if isCurrent { memory.noteCurrent(weights.storage) }
    }

    public func sumOfSquares(_ place: Place, in memory: Workspace) -> Double {
        let count = blocks(place.count)
        guard count > 0 else { return 0 }
        let parts = memory.take(2 * (count + 1))
        squares(place, parts.from(2))
        addUp(parts[0..<2], parts.from(2), count, takesRoot: false)
        defer { memory.giveBack(parts) }
        return doubles(parts[0..<2])[0]
    }

    /// A number for each block of a loop over the place.
    private func squares(_ place: Place, _ parts: Place) {
        each(.sumOfSquares, place.count, [.place(parts), .place(place)])
    }

    private func addUp(_ result: Place, _ parts: Place, _ count: Int, takesRoot: Bool) {
        launch(.addParts, Grid(1), threads: 256, [.place(result), .place(parts), .int(count), .flag(takesRoot)])
    }

    private func doubles(_ place: Place) -> [Double] {
        read(place) { floats in
            (0..<floats.count / 2).map { index in
                let low = UInt64(floats[2 * index].bitPattern), high = UInt64(floats[2 * index + 1].bitPattern)
                return Double(bitPattern: high << 32 | low)
            }
        }
    }

    // MARK: Distillation

    // These train beside ICoT-KD's networks, on the processor; whoever gives a run a device refuses them before.

    public func forward(_ operation: ReLUOperation) { end(.notOnDevice("distillation (ReLU)")) }
    public func backward(_ operation: ReLUOperation, gradient: Place) { end(.notOnDevice("distillation (ReLU)")) }
    public func forward(_ operation: ConcatenationOperation) { end(.notOnDevice("distillation (concatenation)")) }
    public func backward(
        _ operation: ConcatenationOperation, gradient: Place, left: GradientTarget, right: GradientTarget
    ) { end(.notOnDevice("distillation (concatenation)")) }
    public func forward(_ operation: LSTMCellOperation) { end(.notOnDevice("distillation (LSTM)")) }
    public func backward(
        _ operation: LSTMCellOperation, output: Place?, cell: Place?, gates: GradientTarget, before: GradientTarget?
    ) { end(.notOnDevice("distillation (LSTM)")) }
    public func forward(_ operation: KeyAttentionOperation) { end(.notOnDevice("distillation (attention to keys)")) }
    public func backward(
        _ operation: KeyAttentionOperation, gradient: Place, query: GradientTarget, keys: [GradientTarget],
        in memory: Workspace
    ) { end(.notOnDevice("distillation (attention to keys)")) }
    public func forward(_ operation: SquaredErrorOperation) -> Double {
        end(.notOnDevice("distillation (squared error)"))
    }
    public func backward(_ operation: SquaredErrorOperation, input: GradientTarget) {
        end(.notOnDevice("distillation (squared error)"))
    }
}
