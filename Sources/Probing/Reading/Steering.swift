import Support
import Tensors
import Transformer

/// What adding a direction with one scale did.
public struct SteeringEffect: Sendable {
    public let scale: Double
    public let effect: CausalEffect
}

extension LanguageModel {
    /// Adds `scale` times a direction to the state at one point and position and reads the predictions: for example a
    /// probe's direction, to see whether raising its reading by 1 changes what the model answers.
    /// - Parameter direction: (width at the point)
    /// - Throws: `ProbeError`, `BatchError`.
    public func steer(
        _ batch: RaggedBatch, _ point: HookPoint, at position: Position, direction: [Float], scales: [Double],
        readouts: [Readout],
        workers: Workers = .shared, observer: WorkObserver = WorkObserver()
    ) throws -> [SteeringEffect] {
        try point.check(against: configuration)
        let width = point.width(in: configuration)
        guard direction.count == width else {
            throw ProbeError.lengths("a direction at \(point)", found: direction.count, expected: width)
        }
        if let bad = direction.firstIndex(where: { !$0.isFinite }) {
            throw ProbeError.notFinite("the direction", row: bad)
        }
        let rerun = try Rerun(self, batch, readouts, workers, observer)
        let rows = try position.rows(in: batch)
        let before = try rerun.predictions()
        return try scales.enumerated().map { done, scale in
            try observer.step(done, of: scales.count)
            let after = try rerun.predictions(interventions: { chunk in
                [
                    Intervention(
                        point,
                        Edit(
                            .add(direction, factor: Float(scale)),
                            rows: rows[chunk.sequences].map { $0 - chunk.firstRow }))
                ]
            })
            return SteeringEffect(scale: scale, effect: CausalEffect(before: before, after: after))
        }
    }
}
