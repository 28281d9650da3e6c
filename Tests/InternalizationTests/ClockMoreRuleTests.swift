// Further rules of a schedule's clock and of its plan, each a small table worked out by hand.

import Support
import Tensors
import Testing
import Transformer

@testable import Internalization

private func started(_ schedule: RemovalSchedule, removed: Int = 0, longest: Int = 4) -> ScheduleClock {
    var clock = ScheduleClock(schedule)
    clock.startEpoch(schedule)
    if removed > 0 { clock.remove(to: .units(removed), schedule, longest: longest) }
    return clock
}

private func finish(
    _ clock: inout ScheduleClock, _ schedule: RemovalSchedule, rate: Double? = nil, loss: Double? = nil, times: Int = 1
) {
    for _ in 0..<times {
        clock.finish(FinishedBatch(isEmptyOfChain: false, matchRate: rate, loss: loss), schedule)
    }
}

@Suite struct ClockMoreRuleTests {
    /// What is gone before each batch.
    private func removed(_ schedule: RemovalSchedule, batches: Int, perEpoch: Int, longest: Int) -> [Int] {
        var clock = ScheduleClock(schedule)
        return (0..<batches).map { batch in
            if batch % perEpoch == 0 { clock.startEpoch(schedule) }
            if case .remove(let count) = clock.due(schedule, batchesPerEpoch: perEpoch, longest: longest) {
                clock.remove(to: count, schedule, longest: longest)
            }
            clock.count(schedule)
            return clock.removed.capped(at: 999)
        }
    }

    @Test func `beyond the longest chain a linear schedule counts on one by one, whatever its chunks`() {
        let chunks = schedule(.stepsPerRemoval(1)) { $0.chunk = .units(3) }
        #expect(removed(chunks, batches: 7, perEpoch: 99, longest: 7) == [0, 3, 6, 9, 10, 11, 12])
        let halves = schedule(.stepsPerRemoval(1)) { $0.chunk = .half }
        #expect(removed(halves, batches: 6, perEpoch: 99, longest: 5) == [0, 3, 4, 5, 6, 7])
    }

    @Test func `a fraction of a token a pass is exact, though its product is not quite whole in binary`() {
        // 5.6 · 45 / 12 = 21 and 0.7 · 90 / 21 = 3, of which floating point makes a little less.
        #expect(removed(schedule(.perEpoch(5.6)), batches: 46, perEpoch: 12, longest: 99)[44...] == [20, 21])
        #expect(removed(schedule(.perEpoch(0.7)), batches: 91, perEpoch: 21, longest: 99)[89...] == [2, 3])
    }

    @Test func `the reference removes at each batch where its rounded number of batches is none`() {
        // round(4 / 10) = 0.
        let fast = schedule(.perEpoch(10)) { $0.counting = .reference }
        #expect(removed(fast, batches: 4, perEpoch: 4, longest: 20) == [1, 2, 3, 4])
        // Its chunks go as a whole, and it goes on from where it starts.
        let chunks = schedule(.perEpoch(2)) {
            $0.counting = .reference; $0.chunk = .units(3); $0.startFrom = 1
        }
        #expect(removed(chunks, batches: 5, perEpoch: 4, longest: 20) == [1, 1, 4, 4, 7])
    }

    @Test func `the first stage is stuck neither by its steps nor by a plateau, a later one by either`() {
        let rule = AdaptiveRule(
            measure: .exactMatch(0.8), firstMeasure: nil, memory: 0, leastSteps: 1, mostSteps: .steps(100),
            patience: .steps(60))
        for (start, removed, stuck) in [(0, 0, false), (0, 1, true), (2, 2, false), (2, 3, true)] {
            let schedule = schedule(.adaptive(rule)) { $0.startFrom = start }
            var clock = started(schedule, removed: removed == start ? 0 : removed, longest: 5)
            finish(&clock, schedule, rate: 0.5, times: 111)
            // 111 steps, the best of them the 51st: a plateau of 60.
            #expect((clock.due(schedule, batchesPerEpoch: 9, longest: 5) == .stuck) == stuck, "\(start) \(removed)")
            clock.beginStage()
            finish(&clock, schedule, rate: 0.65, times: 100)
            #expect((clock.due(schedule, batchesPerEpoch: 9, longest: 5) == .stuck) == stuck, "\(start) \(removed)")
        }
    }

    @Test func `a stage on a plateau gives up its token where that is wanted`() {
        let rule = AdaptiveRule(
            measure: .exactMatch(0.8), firstMeasure: nil, leastSteps: 1, mostSteps: .none, patience: .steps(60),
            whenStuck: .removeAnyway)
        let schedule = schedule(.adaptive(rule)) { $0.chunk = .units(2) }
        var clock = started(schedule, removed: 1, longest: 9)
        finish(&clock, schedule, rate: 0.5, times: 110)
        #expect(clock.due(schedule, batchesPerEpoch: 9, longest: 9) == .nothing)
        finish(&clock, schedule, rate: 0.5)
        #expect(clock.due(schedule, batchesPerEpoch: 9, longest: 9) == .remove(to: .units(3)))
    }

    @Test func `a plateau begins at the last rise by three hundredths, and what a rescue wants lengthens it`() {
        let rule = AdaptiveRule(
            measure: .exactMatch(1), firstMeasure: nil, leastSteps: 1, mostSteps: .none, patience: .steps(60))
        let schedule = schedule(.adaptive(rule))
        var clock = started(schedule, removed: 1)
        // The first fifty steps are noise: the best rate so far is that of the 51st.
        finish(&clock, schedule, rate: 0.5, times: 80)
        #expect(clock.plateauSteps == 29)
        // The slow mean goes to 0.5 + 0.05 · (1 − 0.98ⁿ): above 0.53 once 0.98ⁿ < 0.4, at n = 46 (0.98⁴⁵ = 0.403).
        finish(&clock, schedule, rate: 0.55, times: 45)
        #expect(clock.plateauSteps == 74)
        finish(&clock, schedule, rate: 0.55)
        #expect(clock.plateauSteps == 0)
        finish(&clock, schedule, rate: 0.55, times: 60)
        #expect(clock.due(schedule, batchesPerEpoch: 9, longest: 4) == .stuck)
        clock.leastSteps = 61
        #expect(clock.due(schedule, batchesPerEpoch: 9, longest: 4) == .nothing)
        // A new stage has no best rate yet.
        clock.remove(to: .units(2), schedule, longest: 4)
        finish(&clock, schedule, rate: 0.1, times: 51)
        #expect(clock.plateauSteps == 0)
    }

    @Test func `losses of the stage before do not count for a flat one`() {
        let schedule = schedule(.flatLoss(FlatLossRule(window: 2, tolerance: 0)))
        var clock = started(schedule)
        finish(&clock, schedule, loss: 1, times: 4)
        #expect(clock.due(schedule, batchesPerEpoch: 9, longest: 4) == .remove(to: .units(1)))
        clock.remove(to: .units(1), schedule, longest: 4)
        finish(&clock, schedule, loss: 1, times: 3)
        #expect(clock.due(schedule, batchesPerEpoch: 9, longest: 4) == .nothing)
        finish(&clock, schedule, loss: 1)
        #expect(clock.due(schedule, batchesPerEpoch: 9, longest: 4) == .remove(to: .units(2)))
    }

    @Test func `without a rule of its own a running mean keeps nine tenths`() {
        let schedule = schedule(.manual)
        var clock = started(schedule)
        finish(&clock, schedule, rate: 1, loss: 2)
        finish(&clock, schedule, rate: 0, loss: 0)
        #expect(clock.matchRate == 0.9 && clock.loss == 1.8)
    }

    @Test func `another schedule goes on with pass, means and the last batch of the one before`() {
        let first = schedule(.manual)
        var clock = started(first, removed: 1)
        clock.startEpoch(first)
        clock.finish(FinishedBatch(isEmptyOfChain: true, matchRate: 0.5, loss: 3), first)
        let second = schedule(.perEpoch(1)) { $0.resetRule = .reference }
        var other = ScheduleClock(second)
        other.resume(from: clock, removed: .units(3))
        #expect(other.epoch == 1 && other.stageSteps == 1 && other.matchRate == 0.5 && other.loss == 3)
        #expect(other.removed == .units(3))
        // It counts from there, and the batch before had no chain: no reset.
        #expect(other.due(second, batchesPerEpoch: 1, longest: 9) == .nothing)
        other.count(second)
        #expect(other.due(second, batchesPerEpoch: 1, longest: 9) == .remove(to: .units(4)))
        let resets = other.remove(to: .units(4), second, longest: 9)
        #expect(!resets)
    }

    @Test func `a limit beyond which all goes takes hold when a pass begins`() {
        var schedule = schedule(.manual)
        var clock = started(schedule, removed: 3)
        schedule.removeAllBeyond = 3
        #expect(clock.removed == .units(3))
        clock.startEpoch(schedule)
        #expect(clock.removed == .all)
    }

    @Test func `a batch is empty by the reference's rule only where something could have been cut`() {
        func sees(_ rule: Fidelity, _ order: RemovalOrder, _ lambda: Double, empty: Int, removed: RemovalCount) -> Bool
        {
            let schedule = schedule(.manual) {
                $0.resetRule = rule; $0.order = order; $0.smoothing = RemovalSmoothing(lambda: lambda)
            }
            return schedule.seesEmptyBatch(empty: empty, of: 3, removed: removed)
        }
        for rule in [Fidelity.paper, .fixed] {
            for order in [RemovalOrder.left, .right] {
                #expect(sees(rule, order, .infinity, empty: 3, removed: .units(0)))
                #expect(!sees(rule, order, 1, empty: 2, removed: .units(1)))
            }
        }
        #expect(!sees(.reference, .left, .infinity, empty: 3, removed: .units(0)))
        #expect(sees(.reference, .left, 4, empty: 3, removed: .units(0)))
        #expect(sees(.reference, .left, .infinity, empty: 3, removed: .units(1)))
        #expect(!sees(.reference, .left, .infinity, empty: 2, removed: .units(1)))
        #expect(sees(.reference, .right, .infinity, empty: 0, removed: .all))
        #expect(!sees(.reference, .right, .infinity, empty: 0, removed: .units(0)))
    }

    @Test func `how long a stage may last and patience lasts follow from the chain by the numbers that were measured`()
    {
        #expect(AdaptiveRule(mostSteps: .none).mostSteps(longest: 9) == nil)
        #expect(AdaptiveRule(mostSteps: .steps(3)).mostSteps(longest: 99) == 3)
        #expect([4, 5, 10].map { AdaptiveRule().mostSteps(longest: $0) } == [2000, 2500, 5000])
        #expect([5, 6, 7].map { AdaptiveRule().patienceSteps(longest: $0) } == [400, 400, 600])
        #expect(AdaptiveRule.Measure.exactMatch(0.5).rate == 0.5 && AdaptiveRule.Measure.exactMatch(0.5).loss == nil)
        #expect(AdaptiveRule.Measure.loss(0.5).loss == 0.5 && AdaptiveRule.Measure.loss(0.5).rate == nil)
        #expect(FlatLossRule().window == 100 && FlatLossRule().tolerance == 0.01 && FlatLossRule().mostSteps == nil)
    }
}

@Suite struct PlanRuleTests {
    @Test func `a plan shows its first batch and each removal, until nothing is left or its batches are over`() throws {
        let schedule = schedule(.stepsPerRemoval(3)) { $0.startFrom = 1 }
        var plan = try SchedulePlan(schedule, TrainingSettings(), batchesPerEpoch: 4, longest: 9)
        let events = try plan.events(units: 3)
        #expect(events.map(\.batch) == [0, 3, 6])
        #expect(events.map(\.removed) == [.units(1), .units(2), .units(3)])
        #expect(events.map(\.epoch) == [0, 0, 1] && events.map(\.step) == [0, 3, 6])
        #expect(events.map(\.isRemoval) == [false, true, true])
        #expect(events.map(\.isEmptyOfChain) == [false, false, true])
        var short = try SchedulePlan(schedule, TrainingSettings(), batchesPerEpoch: 4, longest: 9)
        #expect(try short.events(units: 3, steps: 4).map(\.batch) == [0, 3])
        var long = try SchedulePlan(schedule, TrainingSettings(), batchesPerEpoch: 4, longest: 9)
        #expect(try long.events(units: 3, steps: 10).map(\.batch) == [0, 3, 6, 9])
        let interrupt = Interrupt()
        interrupt.request()
        #expect(throws: Interrupted.self) { try long.events(units: 3, interrupt: interrupt) }
    }

    @Test func `what depends on how training goes cannot be planned, nor what cannot be`() throws {
        func plan(_ schedule: RemovalSchedule, _ settings: TrainingSettings = TrainingSettings(), per: Int = 4) throws {
            _ = try SchedulePlan(schedule, settings, batchesPerEpoch: per, longest: 9)
        }
        for pace in [Pace.adaptive(AdaptiveRule()), .flatLoss(FlatLossRule())] {
            #expect(pace.isMeasured)
            #expect(throws: SettingFault.cannotBePlanned) { try plan(schedule(pace)) }
        }
        for pace in [Pace.perEpoch(1), .stepsPerRemoval(1), .uniform, .manual] {
            #expect(!pace.isMeasured)
            try plan(schedule(pace))
        }
        #expect(throws: RunError.noProblems) { try plan(schedule(.manual), per: 0) }
        #expect(throws: SettingFault.outside(.perEpoch, found: 0, .above(0))) { try plan(schedule(.perEpoch(0))) }
        var settings = TrainingSettings()
        settings.batchSize = 0
        #expect(throws: SettingFault.outside(.batchSize, found: 0, .atLeast(1))) {
            try plan(schedule(.manual), settings)
        }
    }

    @Test func `an update follows every batch, but by the reference's rule every so many, the first one included`()
        throws
    {
        func updates(_ rule: Fidelity) throws -> [Bool] {
            var settings = TrainingSettings()
            settings.accumulation = 3
            settings.accumulationRule = rule
            var plan = try SchedulePlan(schedule(.manual), settings, batchesPerEpoch: 4, longest: 2)
            return (0..<7).map { _ in plan.next { _ in [.init(units: 2, length: 5)] }.isUpdate }
        }
        #expect(try updates(.reference) == [true, false, false, true, false, false, true])
        for rule in [Fidelity.paper, .fixed] { #expect(try updates(rule) == [Bool](repeating: true, count: 7)) }
    }

    @Test func `a batch with a row that is too long after its removal is skipped by the reference's rule alone`() throws
    {
        func trained(_ rule: Fidelity, _ lengths: [Int]) throws -> [Bool] {
            let schedule = schedule(.manual) {
                $0.maximumLength = 6; $0.lengthRule = rule; $0.startFrom = 1
            }
            var plan = try SchedulePlan(schedule, TrainingSettings(), batchesPerEpoch: 9, longest: 2)
            // One token of chain goes, and one of two examples loses one more.
            return lengths.map { length in
                plan.next { _ in [.init(units: 3, length: length, offset: 1), .init(units: 3, length: 5)] }.isTrained
            }
        }
        #expect(try trained(.reference, [8, 9, 8]) == [true, false, true])
        #expect(try trained(.fixed, [8, 9, 20]) == [true, true, true])
        // A batch that was skipped is no step.
        let skipping = schedule(.manual) {
            $0.maximumLength = 6; $0.lengthRule = .reference
        }
        var plan = try SchedulePlan(skipping, TrainingSettings(), batchesPerEpoch: 9, longest: 2)
        let steps = [5, 7, 5, 5].map { length in plan.next { _ in [.init(units: 2, length: length)] }.step }
        #expect(steps == [0, 1, 1, 2])
    }

    @Test func `during pretraining offsets do not count, and nothing more goes than at the start`() throws {
        let schedule = schedule(.stepsPerRemoval(1)) {
            $0.pretrainEpochs = 1; $0.startFrom = 1; $0.smoothing = RemovalSmoothing(lambda: 1)
        }
        var plan = try SchedulePlan(schedule, TrainingSettings(), batchesPerEpoch: 2, longest: 3)
        let batches = (0..<5).map { _ in plan.next { _ in [.init(units: 2, length: 9, offset: 1)] } }
        #expect(batches.map(\.isEmptyOfChain) == [false, false, true, true, true])
        #expect(batches.map(\.removed) == [.units(1), .units(1), .units(1), .units(2), .units(3)])
    }
}
