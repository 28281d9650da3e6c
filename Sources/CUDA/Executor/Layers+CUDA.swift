import Tensors

// Embedding, products, norms and what is done element by element. Scratch is given back as soon as its kernels have
// been asked for: the next that takes it comes after them.

extension CUDAExecutor {
    // MARK: Embedding and rows

    public func forward(_ operation: EmbeddingOperation) {
        fours(
            .embed, operation.output.rows, operation.output.columns,
            [
                .place(operation.output.place), .place(operation.tokens.place), .place(operation.positions.place),
                .place(operation.tokenTable.values), .optional(operation.positionTable?.values),
                .int(operation.output.columns),
            ])
    }

    public func backward(_ operation: EmbeddingOperation, gradient: Place) {
        let columns = operation.output.columns
        scatter(
            gradient, operation.tokens, to: operation.tokenTable.gradient, columns, frozen: operation.frozenToken)
        if let table = operation.positionTable {
            scatter(gradient, operation.positions, to: table.gradient, columns, frozen: nil)
        }
    }

    /// Columns that one block of `scatter_rows` has.
    private static let scatteredColumns = 256

    /// table[rows m] += d[m]
    private func scatter(_ gradient: Place, _ rows: Indices, to table: Place, _ columns: Int, frozen: Int32?) {
        launch(
            .scatterRows, Grid(rows.count, (columns + Self.scatteredColumns - 1) / Self.scatteredColumns),
            threads: 256,
            [
                .place(table), .place(gradient), .place(rows.place), .int(rows.count), .int(columns),
                .int(frozen.map(Int.init) ?? -1),
            ])
    }

    public func forward(_ operation: GatherRowsOperation) {
        gather(operation.output.place, operation.input.place, operation.rows.place, operation.input.columns)
    }

    func gather(_ output: Place, _ input: Place, _ rows: Place, _ columns: Int) {
        fours(
            .gatherRows, output.count / columns, columns, twinned: output,
            [.place(output), .twin(output), .place(input), .place(rows), .int(columns)])
    }

    public func backward(_ operation: GatherRowsOperation, gradient: Place, input target: GradientTarget) {
        if !target.accumulates { clear(target.place) }
        scatter(gradient, operation.rows, to: target.place, operation.input.columns, frozen: nil)
    }

    public func forward(_ operation: ReplaceRowsOperation) {
        putRows(operation.output.place, operation.replacement.place, operation.rows, operation.input.columns)
    }

    public func backward(_ operation: ReplaceRowsOperation, gradient: Place, replacement target: GradientTarget) {
        let columns = operation.input.columns, count = operation.rows.count * columns
        let taken = allocate(count, zeroed: false)
        gather(taken.place[0..<count], gradient, operation.rows.place, columns)
        if target.accumulates { add(taken.place, to: target.place) } else { copy(taken.place, to: target.place) }
        clear(taken.place)
        putRows(gradient, taken.place, operation.rows, columns)
        free(taken)
    }

    private func putRows(_ target: Place, _ values: Place, _ rows: Indices, _ columns: Int) {
        fours(
            .putRows, rows.count, columns,
            [.place(target), .place(values), .place(rows.place), .int(columns)])
    }

    // MARK: Products

    public func forward(_ operation: LinearOperation, in memory: Workspace) {
        if paddedLogits(operation, memory) { return }
        let (rows, inputs, outputs) = (operation.input.rows, operation.input.columns, operation.output.columns)
        let scratch = operation.activation.map { active($0, operation.input, memory) }
        // Where nothing comes between them, bias and residual are added by the product.
        let isFused = operation.dropout == nil
        multiply(
            operation.output.place, scratch.map { address($0) } ?? factor(operation.input.place),
            factor(operation.weight), m: rows, n: outputs, k: inputs, transposesRight: operation.isTransposed,
            bias: isFused ? operation.bias?.values : nil, addend: isFused ? operation.residual?.place : nil)
        if !isFused {
            fours(
                .finishLinear, rows, outputs,
                [
                    .place(operation.output.place), .optional(operation.bias?.values),
                    .optional(operation.residual?.place), .int(outputs), .mask(operation.dropout),
                ])
        }
        if let scratch { memory.giveBack(scratch) }
    }

    /// GELU(x) as products read it, in scratch.
    private func active(_ form: GELUForm, _ input: Variable, _ memory: Workspace) -> Place {
        let scratch = memory.take(input.count)
        if hasTwins {
            eachFour(.roundedGELU, input.count, [.place(scratch), .place(input.place), .flag(form == .exact)])
        } else {
            gelu(scratch, input.place, form)
        }
        return scratch
    }

    public func backward(
        _ operation: LinearOperation, gradient: Place, input target: GradientTarget, in memory: Workspace
    ) {
        let (rows, inputs, outputs) = (operation.input.rows, operation.input.columns, operation.output.columns)
        // What reaches the product: dy, thinned by the mask. The residual receives dy as it is.
        let masked = operation.dropout.map { mask in
            let scratch = memory.take(operation.output.count)
            eachFour(
                .dropout, scratch.count, twinned: scratch,
                [.place(scratch), .twin(scratch), .place(gradient), .mask(mask)])
            return scratch
        }
        let dy = masked ?? gradient, dyFactor = factor(dy)
        let scratch = operation.activation.map { active($0, operation.input, memory) }
        // Of the input there is a twin since the pass forwards.
        let x = scratch.map { address($0) } ?? (hasTwins ? twin(operation.input.place) : address(operation.input.place))
        let (left, right) = operation.isTransposed ? (dyFactor, x) : (x, dyFactor)
        multiply(
            operation.weight.gradient, left, right, m: operation.isTransposed ? outputs : inputs,
            n: operation.isTransposed ? inputs : outputs, k: rows, transposesLeft: true, accumulates: true)
        if let bias = operation.bias {
            addColumnSums(bias.gradient, dy, rows: rows, columns: outputs, memory)
        }
        multiply(
            target.place, dyFactor, factor(operation.weight), m: rows, n: inputs, k: outputs,
            transposesRight: !operation.isTransposed, accumulates: target.accumulates)
        // Last, for whoever reads the gradient next reads the twin that this writes.
        if let form = operation.activation { geluBackward(target.place, operation.input.place, form) }
        if let scratch { memory.giveBack(scratch) }
        if let masked { memory.giveBack(masked) }
    }

    public func product(_ operation: ProductOperation, to host: UnsafeMutableBufferPointer<Float>) {
        precondition(host.count == operation.rows * operation.outputs, "\(host.count) numbers")
        guard host.count > 0 else { return }
        let result = allocate(host.count, zeroed: false)
        // What is looked at is not rounded further than it has to be.
        multiply(
            result.place, address(operation.input), address(operation.weight), m: operation.rows,
            n: operation.outputs, k: operation.inputs, transposesRight: operation.isTransposed,
            precision: hasTwins ? .f32 : precision)
        read(result.place) { _ = host.update(fromContentsOf: $0) }
        free(result)
    }

    // MARK: Norms

    /// A kernel with a block for each row and four columns a thread.
    private func norms(_ kernel: Kernel, _ input: Variable, to result: Place, _ arguments: [Argument]) {
        launch(
            kernel, Grid(input.rows), threads: min(512, ((input.columns + 3) / 4 + 31) & ~31), twinned: result,
            [.place(result), .twin(result)] + arguments)
    }

    public func forward(_ operation: LayerNormOperation) {
        norms(
            .layerNorm, operation.input, to: operation.output.place,
            [
                .place(operation.mean), .place(operation.rstd), .place(operation.input.place),
                .place(operation.gain.values), .place(operation.bias.values), .float(operation.epsilon),
                .int(operation.input.columns),
            ])
    }

    public func backward(
        _ operation: LayerNormOperation, gradient: Place, input target: GradientTarget, in memory: Workspace
    ) {
        addGainSums(
            operation.gain, operation.bias, gradient, operation.input, mean: operation.mean, rstd: operation.rstd,
            memory)
        // Last, for whoever reads the gradient next reads the twin that this writes.
        norms(
            .layerNormBackward, operation.input, to: target.place,
            [
                .place(gradient), .place(operation.input.place), .place(operation.mean), .place(operation.rstd),
                .place(operation.gain.values), .int(operation.input.columns), .flag(target.accumulates),
            ])
    }

    public func forward(_ operation: RMSNormOperation) {
        norms(
            .rmsNorm, operation.input, to: operation.output.place,
            [
                .place(operation.rrms), .place(operation.input.place), .place(operation.gain.values),
                .float(operation.epsilon), .int(operation.input.columns),
            ])
    }

    public func backward(
        _ operation: RMSNormOperation, gradient: Place, input target: GradientTarget, in memory: Workspace
    ) {
        addGainSums(operation.gain, nil, gradient, operation.input, mean: nil, rstd: operation.rrms, memory)
        norms(
            .rmsNormBackward, operation.input, to: target.place,
            [
                .place(gradient), .place(operation.input.place), .place(operation.rrms),
                .place(operation.gain.values), .int(operation.input.columns), .flag(target.accumulates),
            ])
    }

    // MARK: Element by element

    public func forward(_ operation: DropoutOperation) { thin(operation.variable.place, operation.mask) }

    public func backward(_ operation: DropoutOperation, gradient: Place) { thin(gradient, operation.mask) }

    private func thin(_ place: Place, _ mask: DropoutMask) {
        eachFour(.dropout, place.count, twinned: place, [.place(place), .twin(place), .place(place), .mask(mask)])
    }

    public func forward(_ operation: GELUOperation) {
        gelu(operation.output.place, operation.input.place, operation.form)
    }

    private func gelu(_ output: Place, _ input: Place, _ form: GELUForm) {
        eachFour(.gelu, input.count, [.place(output), .place(input), .flag(form == .exact)])
    }

    public func backward(_ operation: GELUOperation, gradient: Place) {
        geluBackward(gradient, operation.input.place, operation.form)
    }

    private func geluBackward(_ gradient: Place, _ input: Place, _ form: GELUForm) {
        eachFour(
            .geluBackward, input.count, twinned: gradient,
            [.place(gradient), .twin(gradient), .place(input), .flag(form == .exact)])
    }

    public func forward(_ operation: SwiGLUOperation) {
        let (input, output) = (operation.input.place, operation.output)
        fours(
            .swiglu, output.rows, output.columns, twinned: output.place,
            [.place(output.place), .twin(output.place), .place(input), .int(output.columns)])
    }

    public func backward(_ operation: SwiGLUOperation, gradient: Place, input: Place) {
        let output = operation.output
        fours(
            .swigluBackward, output.rows, output.columns, twinned: input,
            [
                .place(input), .twin(input), .place(gradient), .place(operation.input.place), .int(output.columns),
            ])
    }

    public func forward(_ operation: RotaryOperation) { turn(operation, operation.variable.place, sign: 1) }

    public func backward(_ operation: RotaryOperation, gradient: Place) { turn(operation, gradient, sign: -1) }

    private func turn(_ operation: RotaryOperation, _ place: Place, sign: Float) {
        let (table, variable) = (operation.table, operation.variable)
        // A part of the columns is turned: what has a twin as a whole keeps it.
        let isTwinned = memory.fresh == place
        let pairs = operation.heads * table.half
        launch(
            .rotate, Grid(variable.rows, (pairs + 127) / 128), threads: 128, twinned: isTwinned ? place : nil,
            [
                .place(place), isTwinned ? .twin(place) : .optional(nil), .place(operation.positions.place),
                .place(table.cosine), .place(table.sine), .int(variable.columns), .int(operation.offset),
                .int(operation.heads), .int(operation.headWidth), .int(table.half), .float(sign),
            ])
    }

    public func forward(_ operation: SumOperation) {
        each(
            .sum, operation.output.count,
            [.place(operation.output.place), .place(operation.left.place), .place(operation.right.place)])
    }
}
