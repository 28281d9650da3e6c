import CKernels

extension CPUExecutor {
    public func forward(_ operation: RotaryOperation) { turn(operation, floats(operation.variable), isInverse: false) }

    public func backward(_ operation: RotaryOperation, gradient: Place) {
        turn(operation, floats(gradient), isInverse: true)
    }

    private func turn(_ operation: RotaryOperation, _ x: UnsafeMutablePointer<Float>, isInverse: Bool) {
        let (half, width) = (operation.table.half, operation.headWidth)
        let (cosine, sine) = (floats(operation.table.cosine), floats(operation.table.sine))
        let positions = integers(operation.positions)
        let turned = operation.heads * width
        spread(operation.variable.rows, work: operation.variable.rows * turned) { part in
            for n in part {
                let row = x + n * operation.variable.columns + operation.offset
                let angles = Int(positions[n]) * half
                for head in 0..<operation.heads {
                    ck_rotate(row + head * width, cosine + angles, sine + angles, half, isInverse ? 1 : 0)
                }
            }
        }
    }
}
