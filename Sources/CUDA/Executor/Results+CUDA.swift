import Tensors

// The loss, what is read of logits, changes from outside, and the update.

extension CUDAExecutor {
    public func forward(_ operation: CrossEntropyOperation, in memory: Workspace) {
        let (columns, vocabulary, count) = (operation.input.columns, operation.vocabularySize, operation.count)
        guard count > 0 else { return }
        let gathered = memory.take(count * columns)
        gather(gathered, operation.input.place, operation.rows.place, columns)
        let gatheredFactor = factor(gathered), head = factor(operation.head)
        let block = max(1, min(count, operation.blockSize / vocabulary))
        let logits = memory.take(block * vocabulary)
        var start = 0
        while start < count {
            let size = min(block, count - start)
            let x = gatheredFactor.advanced(bytes: start * columns * (hasTwins ? 2 : 4))
            let own = logits[0..<size * vocabulary]
            multiply(
                own, x, head, m: size, n: vocabulary, k: columns, transposesRight: true)
            rows(
                .crossEntropy, size, columns: vocabulary,
                [
                    .place(own), .place(operation.losses.from(start)),
                    .place(operation.predictions.place.from(start)), .place(operation.labels.place.from(start)),
                    .float(operation.scale), .int(vocabulary),
                ])
            if let gradient = operation.gradient {
                let logitsFactor = factor(own)
                multiply(
                    gradient[start * columns..<(start + size) * columns], logitsFactor, head, m: size,
                    n: columns, k: vocabulary)
                multiply(
                    operation.head.gradient, logitsFactor, x, m: vocabulary, n: columns, k: size, transposesLeft: true,
                    accumulates: true)
            }
            start += size
        }
        memory.giveBack(logits)
        memory.giveBack(gathered)
    }

    public func backward(_ operation: CrossEntropyOperation, input target: GradientTarget) {
        guard let gradient = operation.gradient else { return }
        if !target.accumulates { clear(target.place) }
        each(
            .addToRows, gradient.count,
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
        rows(
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
        rows(
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
