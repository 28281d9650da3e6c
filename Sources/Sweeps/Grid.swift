// Every combination of the values that are given for some parameters; the others keep the notebook's own.

public struct Grid: Sendable {
    /// More points than this are a mistake sooner than a wish.
    public static let pointsMax = 10_000

    public private(set) var axes: [(name: String, values: [SweepValue])] = []

    /// - Throws: `SweepFault` where a parameter or a value is given twice, or there are too many points.
    public init(_ given: [(name: String, values: [SweepValue])]) throws {
        var count = 1
        for (name, values) in given {
            if axes.contains(where: { $0.name == name }) { throw SweepFault.parameterTwice(name: name) }
            var known: [String: String] = [:]
            for value in values {
                if let earlier = known.updateValue(value.literal, forKey: value.meaning) {
                    throw SweepFault.valueTwice(name: name, first: earlier, second: value.literal)
                }
            }
            let (product, isOver) = count.multipliedReportingOverflow(by: values.count)
            count = product
            if isOver || count > Grid.pointsMax {
                throw SweepFault.tooManyPoints(count: isOver ? nil : count, most: Grid.pointsMax)
            }
            axes.append((name, values))
        }
    }
}

extension Sweep {
    /// Adds the points of a grid that are not among its points yet; those it has keep their names.
    /// - Throws: `SweepFault.tooManyPoints`.
    public mutating func add(_ grid: Grid, own: [SweepValue]) throws {
        let named = Set(grid.axes.map(\.name))
        varied = parameters.filter { varied.contains($0) || named.contains($0) }
        var sets: [[SweepValue]] = [own]
        for (name, values) in grid.axes {
            guard let place = parameters.firstIndex(of: name) else { continue }
            sets = sets.flatMap { set in
                values.map { value in
                    var next = set
                    next[place] = value
                    return next
                }
            }
        }
        var known = Set(points.map { $0.values.map(\.meaning) })
        for set in sets where known.insert(set.map(\.meaning)).inserted {
            let words = parameters.indices.filter { named.contains(parameters[$0]) }.map { (parameters[$0], set[$0]) }
            points.append(SweepPoint(name: PointName.of(words), values: set))
        }
        if points.count > Grid.pointsMax {
            throw SweepFault.tooManyPoints(count: points.count, most: Grid.pointsMax)
        }
    }
}
