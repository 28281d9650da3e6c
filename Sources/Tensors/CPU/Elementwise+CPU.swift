import CKernels

extension CPUExecutor {
    public func forward(_ operation: GELUOperation) {
        let (x, y) = (floats(operation.input), floats(operation.output))
        workers.parts(of: operation.input.count, grain: 16) { _, part in
            operation.form.apply(y + part.lowerBound, x + part.lowerBound, part.count)
        }
    }

    public func backward(_ operation: GELUOperation, gradient: Place) {
        let (x, dy) = (floats(operation.input), floats(gradient))
        workers.parts(of: operation.input.count, grain: 16) { _, part in
            let (dy, x) = (dy + part.lowerBound, x + part.lowerBound)
            switch operation.form {
            case .tanh: ck_gelu_backward(dy, dy, x, part.count)
            case .exact: ck_gelu_exact_backward(dy, dy, x, part.count)
            }
        }
    }

    public func forward(_ operation: ReLUOperation) {
        let (x, y) = (floats(operation.input), floats(operation.output))
        for index in 0..<operation.input.count { y[index] = x[index] < 0 ? 0 : x[index] }
    }

    public func backward(_ operation: ReLUOperation, gradient: Place) {
        let (x, dy) = (floats(operation.input), floats(gradient))
        for index in 0..<operation.input.count where x[index] <= 0 { dy[index] = 0 }
    }

    public func forward(_ operation: SwiGLUOperation) {
        let width = operation.output.columns
        let (x, y) = (floats(operation.input), floats(operation.output))
        spread(operation.output.rows, work: operation.output.count) { part in
            for n in part {
                let gate = x + n * 2 * width
                ck_swiglu(y + n * width, gate, gate + width, width)
            }
        }
    }

    public func backward(_ operation: SwiGLUOperation, gradient: Place, input: Place) {
        let width = operation.output.columns
        let (x, dx, dy) = (floats(operation.input), floats(input), floats(gradient))
        workers.parts(of: operation.output.rows) { _, part in
            for n in part {
                let gate = x + n * 2 * width
                let dgate = dx + n * 2 * width
                ck_swiglu_backward(dgate, dgate + width, dy + n * width, gate, gate + width, width)
            }
        }
    }

    public func forward(_ operation: SumOperation) {
        let (a, b, y) = (floats(operation.left), floats(operation.right), floats(operation.output))
        workers.parts(of: operation.output.count, grain: 16) { _, part in
            (y + part.lowerBound).update(from: a + part.lowerBound, count: part.count)
            ck_add(y + part.lowerBound, b + part.lowerBound, part.count)
        }
    }
}

extension GELUForm {
    /// y = GELU(x)
    func apply(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int) {
        switch self {
        case .tanh: ck_gelu(y, x, count)
        case .exact: ck_gelu_exact(y, x, count)
        }
    }

    /// dx *= GELU′(x) and y = GELU(x)
    func applyAgain(
        _ dx: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int
    ) {
        switch self {
        case .tanh: ck_gelu_again(dx, y, x, count)
        case .exact: ck_gelu_exact_again(dx, y, x, count)
        }
    }
}
