/// One stage of a trajectory: a measure with its interval, over seeds where there are several.
public struct TrajectoryStage: Sendable {
    public let stage: String
    /// The measure itself, for example R² or a drop in loss.
    public let value: Interval
    /// How much it is above the nearest thing that it must beat.
    public let margin: Interval
    /// The baseline that the margin is over; nil for a measure that has none.
    public let nearest: ProbeBaseline?
    public let seedCount: Int
    public var isAbove: Bool { margin.low > 0 }
}

/// A measure over the stages of a removal, for one seed or several.
public struct Trajectory: Sendable {
    public let stages: [TrajectoryStage]

    /// Of probe reports (stages, seeds): each margin is over the baseline that comes nearest on average over the seeds.
    /// - Throws: `ProbeError.lengths` if a stage lacks a seed, `.invalid` if reports of one stage are of different
    ///   things.
    public init(_ reports: [[ProbeReport]]) throws(ProbeError) {
        let seeds = reports.first?.count ?? 0
        var stages: [TrajectoryStage] = []
        for stage in reports {
            guard stage.count == seeds, let first = stage.first else {
                throw .lengths("reports of stage \(stages.count)", found: stage.count, expected: max(seeds, 1))
            }
            for report in stage
            where report.target != first.target || report.provenance.hook != first.provenance.hook
                || report.provenance.position != first.provenance.position
            {
                throw .invalid(
                    "a trajectory is of one target at one place, and \(first.target) at \(first.provenance.hook), "
                        + "\(first.provenance.position) was mixed with \(report.target) at \(report.provenance.hook), "
                        + "\(report.provenance.position)"
                )
            }
            stages.append(Self.stage(first, stage))
        }
        self.stages = stages
    }

    private static func stage(_ first: ProbeReport, _ reports: [ProbeReport]) -> TrajectoryStage {
        var nearest: ProbeBaseline?
        var margin = Interval(value: .nan, low: -.infinity, high: .infinity)
        for baseline in ProbeBaseline.allCases {
            let own = reports.compactMap { $0.margins[baseline] }
            guard own.count == reports.count else { continue }
            let over = own.count == 1 ? own[0] : Interval.student(own.map(\.value))
            if nearest == nil || over.low < margin.low { (nearest, margin) = (baseline, over) }
        }
        let value = reports.count == 1 ? first.probe.primary : .student(reports.map(\.probe.primary.value))
        return TrajectoryStage(
            stage: first.provenance.stage, value: value, margin: margin, nearest: nearest, seedCount: reports.count)
    }

    /// Of any other measure (stages, seeds) that is nothing at 0, for example a loss increase under ablation.
    /// - Throws: `ProbeError.lengths` if a stage lacks a seed.
    public init(stages names: [String], _ measures: [[Interval]]) throws(ProbeError) {
        guard names.count == measures.count else {
            throw .lengths("stages", found: measures.count, expected: names.count)
        }
        let seeds = measures.first?.count ?? 0
        var stages: [TrajectoryStage] = []
        for (name, stage) in zip(names, measures) {
            guard stage.count == seeds, let first = stage.first else {
                throw .lengths("measures of stage \(name)", found: stage.count, expected: max(seeds, 1))
            }
            let value = stage.count == 1 ? first : Interval.student(stage.map(\.value))
            stages.append(
                TrajectoryStage(stage: name, value: value, margin: value, nearest: nil, seedCount: stage.count))
        }
        self.stages = stages
    }
}
