import Internalization
import Language

/// What a schedule would do, as a table of its removals.
enum PlanTable {
    /// Batches looked at before a plan is called endless.
    private static let batchesMax = 50_000_000

    static func make(
        _ schedule: RemovalSchedule, _ settings: TrainingSettings, rows: Int, chain: Int, steps: Int?,
        _ call: Invocation
    ) throws -> TableObject {
        // As many batches as a run with these settings has.
        let batches = settings.batchesPerEpoch(problems: rows)
        var plan = try SchedulePlan(schedule, settings, batchesPerEpoch: batches, longest: chain)
        var events: [PlannedBatch] = []
        let example = SchedulePlan.Example(units: chain, length: chain + 1)
        for index in 0..<(steps ?? batchesMax) {
            if index % 65_536 == 0 { try call.checkInterrupt() }
            let planned = plan.next { _ in [example] }
            if planned.isRemoval || planned.resetsOptimizer || index == 0 { events.append(planned) }
            if steps == nil, planned.removed.capped(at: chain) >= chain { break }
        }
        return TableObject([
            .init("step", events.map(\.batch)), .init("epoch", events.map(\.epoch)),
            .init(
                "removed", events.map { $0.removed == .all ? Value.text("all") : .integer($0.removed.capped(at: .max)) }
            ),
            .init("left", events.map { chain - $0.removed.capped(at: chain) }),
            .init("reset", events.map { Value.boolean($0.resetsOptimizer) }),
        ])
    }
}
