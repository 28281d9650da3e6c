// Half the squared distance to a target that learns nothing: L = scale · ½ Σ (x − t)², x and t (N, C). Backward: dx = scale · (x − t).

struct SquaredErrorOperation {
    let input: Variable
    let target: UnsafePointer<Float>
    let scale: Float
}

extension Tape {
    /// ½ Σ (x − t)², without the scale. `target` must stay alive until the pass is over.
    public func squaredError(_ input: Variable, target: UnsafePointer<Float>, scale: Float) -> Double {
        var sum = 0.0
        for index in 0..<input.count {
            let difference = Double(input.values[index] - target[index])
            sum += difference * difference
        }
        record(.squaredError(SquaredErrorOperation(input: input, target: target, scale: scale)))
        return sum / 2
    }
}

extension SquaredErrorOperation {
    func backward(_ tape: Tape) {
        let (dx, accumulate) = tape.contribute(to: input)
        for index in 0..<input.count {
            let gradient = scale * (input.values[index] - target[index])
            dx[index] = gradient + (accumulate ? dx[index] : 0)
        }
    }
}
