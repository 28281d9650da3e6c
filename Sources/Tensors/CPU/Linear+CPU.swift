import CKernels

extension CPUExecutor {
    public func forward(_ operation: LinearOperation, in memory: Workspace) {
        let outputs = operation.output.columns
        // More rows than that are worth packing the matrix for.
        let isWide = operation.isTransposed && outputs > 8 * operation.input.rows
        if operation.isDecoding, precision == .bf16 { return decodeRounded(operation, in: memory) }
        if operation.isDecoding, isWide || operation.input.rows <= MatrixProduct.fewRows {
            return decode(operation, in: memory)
        }
        withProducts(memory) { forward(operation, $0, memory) }
    }

    private func forward(_ operation: LinearOperation, _ products: Products, _ memory: Workspace) {
        let (inputs, outputs) = (operation.input.columns, operation.output.columns)
        let (input, output) = (floats(operation.input), floats(operation.output))
        let (weight, bias) = (floats(operation.weight.values), operation.bias.map { floats($0.values) })
        let residual = operation.residual.map { floats($0) }
        let scratch = operation.activatesInput ? memory.take(operation.input.count) : nil
        let active = scratch.map { floats($0) } ?? input
        workers.parts(of: operation.input.rows, grain: products.grain) { thread, part in
            let start = part.lowerBound * outputs
            operation.activation?.apply(
                active + part.lowerBound * inputs, input + part.lowerBound * inputs, part.count * inputs)
            let y = output + start
            // Without dropout the residual is simply what the product is added to.
            products.multiply(
                thread, y, outputs, active + part.lowerBound * inputs, inputs, weight,
                operation.isTransposed ? inputs : outputs, m: part.count, n: outputs, k: inputs,
                transposeB: operation.isTransposed,
                add: operation.dropout == nil ? residual.map { UnsafePointer($0 + start) } : nil, ldadd: outputs,
                bias: bias.map { UnsafePointer($0) })
            if let dropout = operation.dropout {
                dropout.apply(y, first: start, count: part.count * outputs)
                if let residual { ck_add(y, residual + start, part.count * outputs) }
            }
        }
        if let scratch { memory.giveBack(scratch) }
    }

    /// A few rows against a whole matrix, which is read once, at the speed of the memory, each thread a part of it.
    private func decode(_ operation: LinearOperation, in memory: Workspace) {
        let (rows, inputs, outputs) = (operation.input.rows, operation.input.columns, operation.output.columns)
        let (weight, output) = (floats(operation.weight.values), floats(operation.output))
        let bias = operation.bias.map { UnsafePointer(floats($0.values)) }
        let mark = memory.arena.mark
        let input = activeInput(operation, memory)
        if let residual = operation.residual { output.update(from: floats(residual), count: operation.output.count) }
        let accumulate = operation.residual != nil
        if operation.isTransposed {
            MatrixProduct.applyTransposed(
                output, input, weight: weight, rows: rows, inputs: inputs, outputs: outputs, accumulate: accumulate,
                workers: workers)
            if let bias { ck_add_bias(output, bias, rows, outputs, outputs) }
        } else {
            let scratch = floats(
                memory.arena.take(MatrixProduct.scratchSize(rows: rows, outputs: outputs, workers: workers)))
            MatrixProduct.apply(
                output, input, weight: weight, bias: bias, rows: rows, inputs: inputs, outputs: outputs,
                accumulate: accumulate, scratch: scratch, workers: workers)
        }
        memory.arena.rewind(to: mark)
    }

    /// What the product takes, GELU(x) in the arena where it takes that.
    private func activeInput(_ operation: LinearOperation, _ memory: Workspace) -> UnsafeMutablePointer<Float> {
        let x = floats(operation.input)
        guard let activation = operation.activation else { return x }
        let active = floats(memory.arena.take(operation.input.count))
        spread(operation.input.count, grain: 16, work: operation.input.count) { part in
            activation.apply(active + part.lowerBound, x + part.lowerBound, part.count)
        }
        return active
    }

    /// The same against the copy of the matrix in bfloat16, for any number of rows.
    private func decodeRounded(_ operation: LinearOperation, in memory: Workspace) {
        let mark = memory.arena.mark
        let input = activeInput(operation, memory)
        withProducts(memory) { products in
            applyRounded(
                operation.weight.values, inputs: operation.input.columns, outputs: operation.output.columns,
                isTransposed: operation.isTransposed, to: input, rows: operation.input.rows, floats(operation.output),
                add: operation.residual.map { UnsafePointer(floats($0)) },
                bias: operation.bias.map { UnsafePointer(floats($0.values)) }, products)
        }
        memory.arena.rewind(to: mark)
    }

    public func backward(
        _ operation: LinearOperation, gradient: Place, input target: GradientTarget, in memory: Workspace
    ) {
        // What reaches the product: dy, thinned by the mask. The residual receives dy as it is.
        withProducts(memory) { backward(operation, gradient, target, $0, memory) }
    }

    private func backward(
        _ operation: LinearOperation, _ gradient: Place, _ target: GradientTarget, _ products: Products,
        _ memory: Workspace
    ) {
        guard let dropout = operation.dropout else {
            return multiply(operation, floats(gradient), target, products, memory)
        }
        let count = operation.output.count
        let place = memory.take(count)
        let (full, masked) = (floats(gradient), floats(place))
        workers.parts(of: count, grain: 16) { _, part in
            (masked + part.lowerBound).update(from: full + part.lowerBound, count: part.count)
            dropout.apply(masked + part.lowerBound, first: part.lowerBound, count: part.count)
        }
        multiply(operation, masked, target, products, memory)
        memory.giveBack(place)
    }

    /// dx, dW and db from dy.
    private func multiply(
        _ operation: LinearOperation, _ dy: UnsafeMutablePointer<Float>, _ target: GradientTarget,
        _ products: Products, _ memory: Workspace
    ) {
        let (rows, inputs, outputs) = (operation.input.rows, operation.input.columns, operation.output.columns)
        let (isTransposed, activatesInput) = (operation.isTransposed, operation.activatesInput)
        let (input, weight, dx) = (floats(operation.input), floats(operation.weight.values), floats(target.place))
        let (dweight, dbias) = (floats(operation.weight.gradient), operation.bias.map { floats($0.gradient) })
        let activePlace = activatesInput ? memory.take(operation.input.count) : nil
        defer { if let activePlace { memory.giveBack(activePlace) } }
        let active = activePlace.map { floats($0) } ?? input
        // dW (height, width) = leftᵀ · right.
        let (left, right) = isTransposed ? (dy, active) : (active, dy)
        let (height, width) = isTransposed ? (outputs, inputs) : (inputs, outputs)
        func rowsOfDx(_ thread: Int, _ part: Range<Int>) {
            products.multiply(
                thread, dx + part.lowerBound * inputs, inputs, dy + part.lowerBound * outputs, outputs, weight,
                isTransposed ? inputs : outputs, m: part.count, n: inputs, k: outputs, transposeB: !isTransposed,
                accumulate: target.accumulates)
            let start = part.lowerBound * inputs
            operation.activation?.applyAgain(dx + start, active + start, input + start, part.count * inputs)
        }
        let threads = workers.threadCount
        // Sums that are cut by rows would depend on the number of threads.
        if threads > 1, !products.areRounded, height * width * 4 < rows * (height + width) {
            // What crosses between the cores decides here. Each thread sums over its own rows, which its cache holds;
            // only the sums cross, and are added in the order of the threads.
            let size = (height * width + outputs + 31) & ~31
            let place = memory.take((threads - 1) * size)
            let partial = floats(place)
            workers.run { thread in
                let part = Workers.part(thread, of: threads, count: rows, grain: 8)
                rowsOfDx(thread, part)
                let sums = thread == 0 ? dweight : partial + (thread - 1) * size
                MatrixProduct.multiply(
                    sums, width, left + part.lowerBound * height, height, right + part.lowerBound * width, width,
                    m: height, n: width, k: part.count, transposeA: true, accumulate: thread == 0)
                if let dbias {
                    let sums = thread == 0 ? dbias : partial + (thread - 1) * size + height * width
                    if thread > 0 { sums.update(repeating: 0, count: outputs) }
                    ck_column_sums(sums, dy + part.lowerBound * outputs, part.count, outputs, outputs)
                }
            }
            workers.parts(of: height * width + outputs, grain: 32) { _, part in
                for sums in 0..<threads - 1 {
                    let sums = partial + sums * size
                    let matrix = part.clamped(to: 0..<height * width),
                        vector = part.clamped(to: height * width..<height * width + outputs)
                    ck_add(dweight + matrix.lowerBound, sums + matrix.lowerBound, matrix.count)
                    if let dbias {
                        ck_add(dbias + vector.lowerBound - height * width, sums + vector.lowerBound, vector.count)
                    }
                }
            }
            memory.giveBack(place)
            return
        }
        // Rows of dx, then a part of dW along its longer side: each thread owns what it writes. A part of dW needs all
        // of `active`.
        if activatesInput { workers.parts(of: rows, grain: products.grain) { rowsOfDx($0, $1) } }
        workers.run { thread in
            if !activatesInput {
                rowsOfDx(thread, Workers.part(thread, of: threads, count: rows, grain: products.grain))
            }
            let own = Workers.part(thread, of: threads, count: max(width, height), grain: 32)
            let (down, across) = width >= height ? (0..<height, own) : (own, 0..<width)
            products.multiply(
                thread, dweight + down.lowerBound * width + across.lowerBound, width, left + down.lowerBound, height,
                right + across.lowerBound, width, m: down.count, n: across.count, k: rows, transposeA: true,
                accumulate: true)
            if let dbias {
                let own = Workers.part(thread, of: threads, count: outputs, grain: 16)
                ck_column_sums(dbias + own.lowerBound, dy + own.lowerBound, rows, own.count, outputs)
            }
        }
    }
}
