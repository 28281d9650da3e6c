/// A model at one moment: how well it answers and what an answer costs.
public struct OperatingPoint: Sendable, Equatable {
    public var removed: RemovalCount
    public var accuracy: Double
    /// Tokens, seconds or anything else that one would rather have less of.
    public var cost: Double

    public init(removed: RemovalCount, accuracy: Double, cost: Double) {
        self.removed = removed
        self.accuracy = accuracy
        self.cost = cost
    }
}

/// The points that no other point beats: none is at least as accurate and at most as costly, and better in one. By rising cost.
public func paretoFront(_ points: [OperatingPoint]) -> [OperatingPoint] {
    var front: [OperatingPoint] = []
    for point in points.sorted(by: { ($0.cost, -$0.accuracy) < ($1.cost, -$1.accuracy) })
    where point.accuracy > front.last?.accuracy ?? -.infinity {
        front.append(point)
    }
    return front
}

extension Timeline {
    /// The stages on the way to the present one as points of accuracy against tokens written, dominated ones dropped.
    public var paretoFront: [OperatingPoint] {
        Internalization.paretoFront(
            path.compactMap { stage in
                guard let accuracy = stage.record.accuracy, let tokens = stage.record.generatedTokens else {
                    return nil
                }
                return OperatingPoint(removed: stage.record.removed, accuracy: accuracy, cost: tokens)
            })
    }
}
