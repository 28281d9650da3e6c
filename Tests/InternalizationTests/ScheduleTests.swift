import Foundation
import Support
import TestSupport
import Testing
import Transformer

@testable import Internalization

@Suite struct ScheduleTests {
    /// Every recorded run of the reference's loop, batch by batch.
    @Test func `the reference's reading does what the reference's loop does`() throws {
        let file = try #require(
            try JSONReader.readFile(goldenFolder.appending(path: "schedule/schedule.json").path).object)
        let runs = try #require(file["runs"]?.array).compactMap(\.object)
        #expect(runs.count == 19)
        for (number, run) in runs.enumerated() {
            guard let expected = run["per_batch"]?.object else {
                try expectSense(run)
                continue
            }
            var plan = try SchedulePlan(run: run)
            let chains = try #require(run["cot_tokens_per_batch"]?.array).map { $0.ids ?? [] }
            let offsets = run["random_removal_offset"]?.array?.map { $0.ids ?? [] }
            let count = try #require(expected["step"]?.array?.count)
            for batch in 0..<count {
                // Eleven tokens of each recorded sequence are not chain.
                let planned = plan.next { batch in
                    chains[batch % chains.count].enumerated().map { place, units in
                        SchedulePlan.Example(
                            units: Int(units), length: Int(units) + 11,
                            offset: offsets.map { Int($0[batch][place]) } ?? 0)
                    }
                }
                func value(_ name: String) -> JSONValue? { expected[name]?.array?[batch] }
                #expect(planned.epoch == value("epoch")?.integer, "run \(number) batch \(batch)")
                #expect(planned.step == value("step")?.integer, "run \(number) batch \(batch)")
                #expect(
                    planned.removed == value("scheduled_to_remove").map(RemovalCount.init),
                    "run \(number) batch \(batch)")
                #expect(planned.isRemoval == value("removed_more")?.bool, "run \(number) batch \(batch)")
                #expect(planned.resetsOptimizer == value("reset")?.bool, "run \(number) batch \(batch)")
                #expect(
                    planned.isEmptyOfChain == value("all_cot_removed_in_batch")?.bool, "run \(number) batch \(batch)")
                #expect(planned.isTrained == value("trained")?.bool, "run \(number) batch \(batch)")
                #expect(planned.isUpdate == value("optimizer_step")?.bool, "run \(number) batch \(batch)")
            }
        }
    }

    /// Where the reference crashes: `startFrom` during pretraining, everything afterwards.
    private func expectSense(_ run: JSONObject) throws {
        var plan = try SchedulePlan(run: run)
        let perEpoch = try #require(run["steps_per_epoch"]?.integer)
        let empties = (0..<2 * perEpoch).map { _ in plan.next { _ in [.init(units: 5, length: 16)] }.isEmptyOfChain }
        #expect(empties == (0..<2 * perEpoch).map { $0 >= perEpoch })
    }

    @Test(arguments: [
        (8.0, [47: 148_332, 75: 236_700, 149: 470_244, 247: 779_532, 320: 1_009_920, 369: 1_164_564], 3156),
        (16.0, [1: 1578], 1578),
    ])
    func `the paper's multiplication runs remove when the reference removed`(
        _ delta: Double, _ first: [Int: Int], _ pace: Int
    ) throws {
        var schedule = RemovalSchedule.reference
        schedule.pace = .perEpoch(delta)
        // Only the clock: a plan of a million batches.
        var clock = ScheduleClock(schedule)
        var seen: [Int: Int] = [:]
        let last = first.values.max()!
        for batch in 0...last {
            if batch % 25_250 == 0 { clock.startEpoch(schedule) }
            if case .remove(let count) = clock.due(schedule, batchesPerEpoch: 25_250, longest: 400) {
                clock.remove(to: count, schedule, longest: 400)
                if case .units(let units) = count { seen[units] = batch }
            }
            clock.count(schedule)
        }
        for (units, batch) in first { #expect(seen[units] == batch) }
        #expect(seen[1] == pace)
    }

    @Test func `the paper's formula removes the 47th token 12 steps later`() throws {
        var plan = try SchedulePlan(.paper, TrainingSettings(), batchesPerEpoch: 25_250, longest: 47)
        let events = plan.events(epochs: 6) { _ in [.init(units: 47, length: 73)] }
        #expect(events.first { $0.removed == .units(47) }?.batch == 148_344)
        #expect(events[0].batch == 3157)
        #expect(events.allSatisfy { $0.resetsOptimizer })
    }

    @Test func `half of what is left goes in log-sized chunks`() throws {
        var schedule = RemovalSchedule()
        schedule.pace = .stepsPerRemoval(2)
        schedule.chunk = .half
        var plan = try SchedulePlan(schedule, TrainingSettings(), batchesPerEpoch: 100, longest: 11)
        let events = plan.events(epochs: 1) { _ in [.init(units: 11, length: 20)] }.filter { $0.removed <= .units(11) }
        #expect(events.map(\.removed) == [.units(6), .units(9), .units(10), .units(11)])
        #expect(events.map(\.batch) == [2, 4, 6, 8])
    }

    @Test func `an adaptive schedule waits for its threshold and reports a stage that never passes it`() {
        var schedule = RemovalSchedule()
        schedule.pace = .adaptive(
            AdaptiveRule(measure: .exactMatch(0.9), firstMeasure: nil, memory: 0, leastSteps: 3, mostSteps: .steps(5)))
        var clock = ScheduleClock(schedule)
        clock.startEpoch(schedule)
        func due(after rate: Double) -> RemovalDue {
            clock.finish(FinishedBatch(isEmptyOfChain: false, matchRate: rate), schedule)
            return clock.due(schedule, batchesPerEpoch: 10, longest: 4)
        }
        #expect([1, 1, 0.5, 0.95].map { due(after: $0) } == [.nothing, .nothing, .nothing, .remove(to: .units(1))])
        clock.remove(to: .units(1), schedule, longest: 4)
        #expect([0, 0, 0, 0, 0.8].map { due(after: $0) } == [.nothing, .nothing, .nothing, .nothing, .stuck])
    }

    @Test func `a rate that stays low is a plateau, one that rises or is nearly there is not`() {
        var schedule = RemovalSchedule()
        schedule.pace = .adaptive(AdaptiveRule(measure: .exactMatch(0.9), mostSteps: .none, patience: .steps(200)))
        func firstStuck(removed: RemovalCount = .units(1), _ rate: (Int) -> Double) -> Int? {
            var clock = ScheduleClock(schedule)
            clock.startEpoch(schedule)
            clock.remove(to: removed, schedule, longest: 4)
            return (1...1000).first { step in
                clock.finish(FinishedBatch(isEmptyOfChain: false, matchRate: rate(step)), schedule)
                return clock.due(schedule, batchesPerEpoch: 10, longest: 4) == .stuck
            }
        }
        #expect(firstStuck { _ in 0.5 } == 251)
        #expect(firstStuck { min(0.5 + 0.0003 * Double($0), 0.85) } == nil)
        #expect(firstStuck { _ in 0.8 } == nil)
        // Also when nothing is left to remove.
        #expect(firstStuck(removed: .units(4)) { _ in 0.5 } == 251)
        #expect(firstStuck(removed: .all) { _ in 0.8 } == nil)
    }

    @Test func `a flat loss removes more, a falling one does not`() {
        var schedule = RemovalSchedule()
        schedule.pace = .flatLoss(FlatLossRule(window: 3, tolerance: 0.05))
        func due(_ losses: [Double]) -> RemovalDue {
            var clock = ScheduleClock(schedule)
            clock.startEpoch(schedule)
            for loss in losses { clock.finish(FinishedBatch(isEmptyOfChain: false, loss: loss), schedule) }
            return clock.due(schedule, batchesPerEpoch: 10, longest: 4)
        }
        #expect(due([6, 5, 4, 3, 2, 1]) == .nothing)
        #expect(due([1, 1, 1, 1, 1]) == .nothing)
        #expect(due([9, 2, 2, 2, 2, 2, 2]) == .remove(to: .units(1)))
    }

    @Test(arguments: [0, -1, .nan, .infinity])
    func `a Δ that removes nothing is refused`(_ delta: Double) {
        var schedule = RemovalSchedule()
        schedule.pace = .perEpoch(delta)
        guard case .outside(.perEpoch, _, .above(0))? = schedule.fault else {
            Issue.record("\(delta) passed: \(String(describing: schedule.fault))")
            return
        }
    }

    @Test func `a threshold that cannot be reached is refused`() {
        var schedule = RemovalSchedule()
        schedule.pace = .adaptive(AdaptiveRule(measure: .exactMatch(1.2)))
        #expect(schedule.fault == .outside(.matchThreshold, found: 1.2, .aboveTo(0, 1)))
        #expect(
            schedule.fault?.description
                == "the threshold of exact matches is 1.2, but must be above 0 and at most 1")
        #expect(throws: SettingFault.cannotBePlanned) {
            try SchedulePlan(RemovalSchedule(), TrainingSettings(), batchesPerEpoch: 3, longest: 2)
        }
    }
}

extension RemovalCount {
    fileprivate init(_ value: JSONValue) { self = value.integer.map { .units($0) } ?? .all }
}

extension SchedulePlan {
    /// The reference's arguments of a recorded run.
    fileprivate init(run: JSONObject) throws {
        let arguments = run["args"]?.object ?? JSONObject()
        var schedule = RemovalSchedule.reference
        schedule.pace = .perEpoch(arguments["remove_per_epoch"]?.double ?? 8)
        schedule.smoothing = RemovalSmoothing(lambda: arguments["removal_smoothing_lambda"]?.double ?? .infinity)
        schedule.order = arguments["removal_side"]?.string == "right" ? .right : .left
        schedule.reset = arguments["reset_optimizer"]?.bool == true ? .all : .none
        schedule.startFrom = arguments["remove_start_from"]?.integer ?? 0
        schedule.removeAllBeyond = arguments["remove_all_when_remove_beyond"]?.integer
        schedule.pretrainEpochs = arguments["pretrain_epochs"]?.integer ?? 0
        schedule.maximumLength = arguments["max_len_train"]?.integer
        var settings = TrainingSettings()
        settings.accumulation = arguments["accumulate"]?.integer ?? 1
        settings.accumulationRule = .reference
        let longest = run["cot_tokens_per_batch"]?.array?.flatMap { $0.ids ?? [] }.max() ?? 5
        try self.init(schedule, settings, batchesPerEpoch: run["steps_per_epoch"]?.integer ?? 1, longest: Int(longest))
    }
}
