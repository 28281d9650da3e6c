import CKernels

// Each thread sums a norm's weights' gradients over its own rows; the partial sums are added in the order of the
// threads.

extension CPUExecutor {
    public func forward(_ operation: LayerNormOperation) {
        let columns = operation.input.columns
        let (x, y) = (floats(operation.input), floats(operation.output))
        let (gain, bias) = (floats(operation.gain.values), floats(operation.bias.values))
        let (mean, rstd) = (floats(operation.mean), floats(operation.rstd))
        spread(operation.input.rows, work: operation.input.count) { part in
            let offset = part.lowerBound * columns
            ck_layer_norm(
                y + offset, mean + part.lowerBound, rstd + part.lowerBound, x + offset, gain, bias, operation.epsilon,
                part.count, columns)
        }
    }

    public func backward(
        _ operation: LayerNormOperation, gradient: Place, input target: GradientTarget, in memory: Workspace
    ) {
        let columns = operation.input.columns
        let (x, dx, dy) = (floats(operation.input), floats(target.place), floats(gradient))
        let (mean, rstd) = (floats(operation.mean), floats(operation.rstd))
        let gain = floats(operation.gain.values)
        // Each thread's sums begin on a cache line of their own.
        let stride = (2 * columns + 31) & ~31
        let place = memory.take(workers.threadCount * stride)
        let partial = floats(place)
        partial.update(repeating: 0, count: workers.threadCount * stride)
        workers.parts(of: operation.input.rows) { thread, part in
            let offset = part.lowerBound * columns
            let sums = partial + thread * stride
            ck_layer_norm_backward(
                dx + offset, sums, sums + columns, dy + offset, x + offset, mean + part.lowerBound,
                rstd + part.lowerBound, gain, part.count, columns, target.accumulates ? 1 : 0)
        }
        for thread in 0..<workers.threadCount {
            ck_add(floats(operation.gain.gradient), partial + thread * stride, columns)
            ck_add(floats(operation.bias.gradient), partial + thread * stride + columns, columns)
        }
        memory.giveBack(place)
    }

    public func forward(_ operation: RMSNormOperation) {
        let columns = operation.input.columns
        let (x, y) = (floats(operation.input), floats(operation.output))
        let (gain, rrms) = (floats(operation.gain.values), floats(operation.rrms))
        spread(operation.input.rows, work: operation.input.count) { part in
            let offset = part.lowerBound * columns
            ck_rms_norm(
                y + offset, rrms + part.lowerBound, x + offset, gain, operation.epsilon, part.count, columns)
        }
    }

    public func backward(
        _ operation: RMSNormOperation, gradient: Place, input target: GradientTarget, in memory: Workspace
    ) {
        let columns = operation.input.columns
        let (x, dx, dy) = (floats(operation.input), floats(target.place), floats(gradient))
        let (gain, rrms) = (floats(operation.gain.values), floats(operation.rrms))
        // Each thread's sums begin on a cache line of their own.
        let stride = (columns + 31) & ~31
        let place = memory.take(workers.threadCount * stride)
        let partial = floats(place)
        partial.update(repeating: 0, count: workers.threadCount * stride)
        workers.parts(of: operation.input.rows) { thread, part in
            let offset = part.lowerBound * columns
            ck_rms_norm_backward(
                dx + offset, partial + thread * stride, dy + offset, x + offset, rrms + part.lowerBound, gain,
                part.count, columns, target.accumulates ? 1 : 0)
        }
        for thread in 0..<workers.threadCount {
            ck_add(floats(operation.gain.gradient), partial + thread * stride, columns)
        }
        memory.giveBack(place)
    }
}
