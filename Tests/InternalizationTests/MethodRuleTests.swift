// More rules of the method, each as a table of small cases worked out by hand: what the clock of a schedule wants, what
// all problems of a run have in common, which settings are possible, when a run looks at its validation problems.

import Foundation
import Support
import Tensors
import Testing
import Transformer

@testable import Internalization

/// A schedule without smoothing.
func schedule(_ pace: Pace, _ change: (inout RemovalSchedule) -> Void = { _ in }) -> RemovalSchedule {
    var schedule = RemovalSchedule()
    schedule.pace = pace
    schedule.smoothing = .none
    change(&schedule)
    return schedule
}

/// How much is gone before each batch of a schedule that is followed.
private func removed(_ schedule: RemovalSchedule, batches: Int, perEpoch: Int, longest: Int) -> [Int] {
    var clock = ScheduleClock(schedule)
    return (0..<batches).map { batch in
        if batch % perEpoch == 0 { clock.startEpoch(schedule) }
        if case .remove(let count) = clock.due(schedule, batchesPerEpoch: perEpoch, longest: longest) {
            clock.remove(to: count, schedule, longest: longest)
        }
        clock.count(schedule)
        clock.finish(FinishedBatch(isEmptyOfChain: false), schedule)
        return clock.removed.capped(at: 99)
    }
}

@Suite struct PaceRuleTests {
    @Test(
        arguments: [
            // Δ, batches a pass, what is gone before batches 0, 1, 2, …: ⌊Δ·t/T⌋.
            (1, 4, [0, 0, 0, 0, 1, 1, 1, 1, 2]), (2, 4, [0, 0, 1, 1, 2, 2, 3, 3, 4]), (4, 4, [0, 1, 2, 3, 4, 5]),
            (0.5, 2, [0, 0, 0, 0, 1, 1, 1, 1, 2]), (3, 2, [0, 1, 3, 4, 6]), (1.5, 3, [0, 0, 1, 1, 2, 2, 3]),
        ] as [(Double, Int, [Int])])
    func `so many a pass are removed as the formula says, batch by batch`(
        _ delta: Double, _ perEpoch: Int, _ expected: [Int]
    ) {
        for counting in [Fidelity.paper, .fixed] {
            let schedule = schedule(.perEpoch(delta)) { $0.counting = counting }
            #expect(
                removed(schedule, batches: expected.count, perEpoch: perEpoch, longest: 20) == expected, "\(counting)")
        }
    }

    @Test(
        arguments: [
            // The reference counts from the removal on, round(T/Δ) batches, half to even.
            (1, 4, [0, 0, 0, 0, 1, 1, 1, 1, 2]), (8, 20, [0, 0, 1, 1, 2, 2, 3]), (8, 28, [0, 0, 0, 0, 1, 1, 1, 1, 2]),
        ] as [(Double, Int, [Int])])
    func `the reference counts batches up to a rounded number`(_ delta: Double, _ perEpoch: Int, _ expected: [Int]) {
        let schedule = schedule(.perEpoch(delta)) { $0.counting = .reference }
        #expect(removed(schedule, batches: expected.count, perEpoch: perEpoch, longest: 20) == expected)
    }

    @Test func `a pace in steps counts from the start, and whole chunks go`() {
        #expect(removed(schedule(.stepsPerRemoval(1)), batches: 5, perEpoch: 9, longest: 20) == [0, 1, 2, 3, 4])
        #expect(removed(schedule(.stepsPerRemoval(2)), batches: 6, perEpoch: 9, longest: 20) == [0, 0, 1, 1, 2, 2])
        let chunks = schedule(.stepsPerRemoval(2)) { $0.chunk = .units(3) }
        #expect(removed(chunks, batches: 7, perEpoch: 9, longest: 20) == [0, 0, 3, 3, 6, 6, 9])
        let late = schedule(.stepsPerRemoval(2)) { $0.startFrom = 5 }
        #expect(removed(late, batches: 5, perEpoch: 9, longest: 20) == [5, 5, 6, 6, 7])
        let pretrained = schedule(.stepsPerRemoval(1)) { $0.pretrainEpochs = 2 }
        #expect(removed(pretrained, batches: 7, perEpoch: 2, longest: 20) == [0, 0, 0, 0, 0, 1, 2])
    }

    @Test func `what somebody removes by hand starts the count anew`() {
        let schedule = schedule(.stepsPerRemoval(3))
        var clock = ScheduleClock(schedule)
        clock.startEpoch(schedule)
        var seen: [Int] = []
        for batch in 0..<9 {
            if batch == 2 { clock.remove(to: .units(4), schedule, longest: 20, isManual: true) }
            if case .remove(let count) = clock.due(schedule, batchesPerEpoch: 9, longest: 20) {
                clock.remove(to: count, schedule, longest: 20)
            }
            clock.count(schedule)
            seen.append(clock.removed.capped(at: 99))
        }
        #expect(seen == [0, 0, 4, 4, 4, 5, 5, 5, 6])
    }

    @Test func `without a schedule nothing is ever due`() {
        for pace in [Pace.uniform, .manual] {
            #expect(removed(schedule(pace), batches: 20, perEpoch: 5, longest: 4) == [Int](repeating: 0, count: 20))
        }
    }

    @Test(
        arguments: [
            (RemovalChunk.units(1), 0, 4, [0, 1, 2, 3, 4]), (.units(3), 0, 7, [0, 3, 6, 9]),
            (.units(2), 1, 5, [1, 3, 5]),
            (.half, 0, 11, [0, 6, 9, 10, 11]), (.half, 0, 1, [0, 1]), (.half, 3, 8, [3, 6, 7, 8]),
            (.units(1), 4, 4, [4]),
        ])
    func `the stages of a schedule that waits are known before it begins`(
        _ chunk: RemovalChunk, _ start: Int, _ longest: Int, _ expected: [Int]
    ) {
        let schedule = schedule(.adaptive(AdaptiveRule())) {
            $0.chunk = chunk; $0.startFrom = start
        }
        #expect(ScheduleClock.stages(schedule, longest: longest) == expected.map { .units($0) })
    }

    @Test func `beyond the limit the stages end with all of the chain`() {
        let schedule = schedule(.adaptive(AdaptiveRule())) { $0.removeAllBeyond = 2 }
        #expect(ScheduleClock.stages(schedule, longest: 9) == [.units(0), .units(1), .all])
    }

    @Test func `a loss is flat where the later window is not lower by the tolerance, exactly that much is enough`() {
        let schedule = schedule(.flatLoss(FlatLossRule(window: 2, tolerance: 0.25)))
        func due(_ losses: [Double], removed: Int = 0) -> RemovalDue {
            var clock = ScheduleClock(schedule)
            clock.startEpoch(schedule)
            if removed > 0 { clock.remove(to: .units(removed), schedule, longest: 4) }
            for loss in losses { clock.finish(FinishedBatch(isEmptyOfChain: false, loss: loss), schedule) }
            return clock.due(schedule, batchesPerEpoch: 10, longest: 4)
        }
        #expect(due([4, 4, 3, 3]) == .remove(to: .units(1)) && due([4, 4, 3, 2.9]) == .nothing)
        #expect(due([4, 4, 9, 9]) == .remove(to: .units(1)) && due([4, 4, 3]) == .nothing)
        // Only the last two windows count.
        #expect(due([1, 1, 4, 4, 2, 2]) == .nothing && due([9, 9, 4, 4, 4, 4]) == .remove(to: .units(1)))
        #expect(due([1, 1, 1, 1], removed: 4) == .nothing && due([1, 1, 1, 1], removed: 3) == .remove(to: .units(4)))
    }

    @Test func `a flat loss that never comes ends after the most steps there may be`() {
        let schedule = schedule(.flatLoss(FlatLossRule(window: 50, tolerance: 0, mostSteps: 3)))
        var clock = ScheduleClock(schedule)
        clock.startEpoch(schedule)
        let dues = (0..<3).map { step -> RemovalDue in
            clock.finish(FinishedBatch(isEmptyOfChain: false, loss: 3 - Double(step)), schedule)
            return clock.due(schedule, batchesPerEpoch: 10, longest: 4)
        }
        #expect(dues == [.nothing, .nothing, .remove(to: .units(1))])
    }

    @Test func `amounts compare by units, everything is more than any of them`() {
        let order: [RemovalCount] = [.units(0), .units(1), .units(99), .all]
        for (place, one) in order.enumerated() {
            for (other, two) in order.enumerated() { #expect((one < two) == (place < other), "\(one) \(two)") }
        }
        #expect([-1, 0, 3, 9].map { RemovalCount.units($0).capped(at: 5) } == [0, 0, 3, 5])
        #expect(RemovalCount.all.capped(at: 5) == 5 && RemovalCount.all.adding(-3) == .all)
        #expect(
            RemovalCount.units(2).adding(-3) == .units(-1) && "\(RemovalCount.units(2)) \(RemovalCount.all)" == "2 all")
    }

    @Test func `what has been removed stays when another schedule is followed, and so does where the stage is`() throws
    {
        let run = try smallRun(schedule: schedule(.stepsPerRemoval(2)))
        var goal = TrainingGoal(steps: 3)
        goal.followsSchedule = true
        try run.train(goal)
        #expect(run.removedCount == 1)
        let steps = run.clock.stageSteps
        try run.change(schedule(.manual))
        #expect(run.clock.removed == .units(1) && run.clock.stageSteps == steps && run.due == .nothing)
        try run.change(schedule(.stepsPerRemoval(2)))
        // It counts from here, and batches of the schedule only: two more of these before the next removal.
        try run.train(TrainingGoal(steps: 1))
        #expect(run.due == .nothing)
        goal.steps = 1
        try run.train(goal)
        #expect(run.removedCount == 1 && run.due == .nothing)
        try run.train(goal)
        #expect(run.removedCount == 2)
    }
}

@Suite struct PresetRuleTests {
    @Test func `the paper's numbers are the paper's`() {
        let paper = RemovalSchedule.paper, reference = RemovalSchedule.reference, fixed = RemovalSchedule.fixed
        for (name, schedule) in [("paper", paper), ("reference", reference), ("fixed", fixed)] {
            #expect(schedule.pace == .perEpoch(8) && schedule.smoothing.lambda == 4, "\(name)")
            #expect(schedule.positions == .shifted && schedule.mixingAfterRescue == nil, "\(name)")
            #expect(schedule.warmUpAfterReset == 0 && schedule.reset == .all && schedule.order == .left, "\(name)")
            #expect(schedule.fault == nil)
        }
        #expect(
            paper.smoothing.binCount == nil && reference.smoothing.binCount == 100 && fixed.smoothing.binCount == nil)
        for (schedule, whose) in [(paper, Fidelity.paper), (reference, .reference), (fixed, .fixed)] {
            #expect(schedule.counting == whose && schedule.resetRule == whose && schedule.lengthRule == whose)
        }
        let gsm = paper.forGSM8K
        #expect(gsm.pace == .perEpoch(1) && gsm.removeAllBeyond == 39 && gsm.maximumLength == 150)
        #expect(gsm.smoothing == paper.smoothing)
        let settings = TrainingSettings.paper
        #expect(settings.batchSize == 32 && settings.learningRate == 5e-5 && settings.warmUp == 0)
        #expect(settings.keepsPartialBatch && settings.decay == nil && settings.clip == 1)
        #expect(
            [TrainingSettings.paper, .reference, .fixed].map(\.accumulationRule) == [.paper, .reference, .fixed])
    }

    @Test func `our own defaults are those that the manual tells`() {
        let schedule = RemovalSchedule(), settings = TrainingSettings(), rule = AdaptiveRule()
        #expect(schedule.pace == .adaptive(rule) && schedule.smoothing == RemovalSmoothing(lambda: 1, binCount: 100))
        #expect(schedule.positions == .kept && schedule.warmUpAfterReset == 20 && schedule.mixing == 0)
        #expect(schedule.mixingAfterRescue == 0.2 && schedule.chunk == .units(1) && schedule.reset == .all)
        #expect(rule.measure == .exactMatch(0.95) && rule.firstMeasure == .exactMatch(0.97) && rule.memory == 0.9)
        #expect(rule.leastSteps == 20 && rule.mostSteps == .byChain && rule.patience == .byChain)
        #expect(rule.whenStuck == .report)
        #expect(
            settings.batchSize == 64 && settings.learningRate == 2e-3 && settings.warmUp == 50 && settings.clip == 1)
        #expect(settings.optimizer == AdamWHyperparameters(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01))
        let watch = InstabilityWatch()
        #expect(watch.gradientFactor == 20 && watch.lossFactor == 3 && watch.lossSteps == 5)
        #expect(watch.updateRatio == 0.1 && watch.grace == 50)
        #expect(
            TrainingGoal().evaluateEvery == 100 && TrainingGoal().rescues == 0 && EvaluationOptions().spareTokens == 16)
    }

    @Test(
        arguments: [
            (.above(0), 0, false), (.above(0), 0.001, true), (.above(0), .infinity, false), (.above(0), .nan, false),
            (.atLeast(1), 1, true), (.atLeast(1), 0.999, false), (.atLeast(1), .infinity, false),
            (.fromTo(0, 1), 0, true), (.fromTo(0, 1), 1, true), (.fromTo(0, 1), 1.001, false),
            (.fromTo(0, 1), -0.001, false), (.fromBelow(0, 1), 0, true), (.fromBelow(0, 1), 1, false),
            (.aboveTo(0, 1), 0, false), (.aboveTo(0, 1), 1, true), (.aboveTo(0, 1), .nan, false),
        ] as [(SettingFault.Bound, Double, Bool)])
    func `a bound holds where its words say`(_ bound: SettingFault.Bound, _ value: Double, _ holds: Bool) {
        #expect(bound.holds(value) == holds)
    }

    private func setting(_ change: (inout RemovalSchedule) -> Void) -> SettingFault.Setting? {
        var schedule = RemovalSchedule()
        change(&schedule)
        guard case .outside(let setting, _, _)? = schedule.fault else { return nil }
        return setting
    }

    @Test func `each number of a schedule is refused by its own name`() {
        #expect(setting { $0.chunk = .units(0) } == .chunk && setting { $0.chunk = .units(1) } == nil)
        #expect(setting { $0.mixing = 1.1 } == .mixing && setting { $0.mixing = 1 } == nil)
        #expect(setting { $0.mixingAfterRescue = -1 } == .mixingAfterRescue)
        #expect(
            setting { $0.warmUpAfterReset = -1 } == .warmUpAfterReset && setting { $0.startFrom = -1 } == .startFrom)
        #expect(setting { $0.removeAllBeyond = -1 } == .removeAllBeyond && setting { $0.removeAllBeyond = 0 } == nil)
        #expect(setting { $0.pretrainEpochs = -1 } == .pretrainEpochs)
        #expect(setting { $0.maximumLength = 1 } == .maximumLength && setting { $0.maximumLength = 2 } == nil)
        #expect(setting { $0.smoothing = RemovalSmoothing(lambda: 0) } == .smoothing)
        #expect(setting { $0.smoothing = RemovalSmoothing(lambda: .nan) } == .smoothing)
        #expect(setting { $0.smoothing = RemovalSmoothing(lambda: 1, binCount: 0) } == .smoothingBins)
        #expect(setting { $0.pace = .stepsPerRemoval(0) } == .stepsPerRemoval)
        #expect(setting { $0.pace = .flatLoss(FlatLossRule(window: 0)) } == .flatLossWindow)
        #expect(setting { $0.pace = .flatLoss(FlatLossRule(tolerance: -1)) } == .flatLossTolerance)
        #expect(setting { $0.pace = .adaptive(AdaptiveRule(measure: .loss(0))) } == .lossThreshold)
        #expect(setting { $0.pace = .adaptive(AdaptiveRule(firstMeasure: .exactMatch(0))) } == .matchThreshold)
        #expect(setting { $0.pace = .adaptive(AdaptiveRule(memory: 1)) } == .memory)
        #expect(setting { $0.pace = .adaptive(AdaptiveRule(leastSteps: 0)) } == .leastSteps)
        #expect(setting { $0.pace = .adaptive(AdaptiveRule(patience: .steps(0))) } == .patience)
        var schedule = RemovalSchedule()
        schedule.pace = .adaptive(AdaptiveRule(leastSteps: 20, mostSteps: .steps(19)))
        #expect(schedule.fault == .mostBelowLeast(most: 19, least: 20))
        schedule.pace = .adaptive(AdaptiveRule(leastSteps: 20, mostSteps: .steps(20)))
        #expect(schedule.fault == nil)
    }

    @Test func `each number of the training is refused by its own name`() {
        func setting(_ change: (inout TrainingSettings) -> Void) -> SettingFault.Setting? {
            var settings = TrainingSettings()
            change(&settings)
            guard case .outside(let setting, _, _)? = settings.fault else { return nil }
            return setting
        }
        #expect(setting { $0.batchSize = 0 } == .batchSize && setting { $0.learningRate = 0 } == .learningRate)
        #expect(setting { $0.warmUp = -1 } == .warmUp && setting { $0.decay = 0 } == .decay)
        #expect(setting { $0.clip = 0 } == .clip && setting { $0.clip = nil } == nil)
        #expect(setting { $0.accumulation = 0 } == .accumulation && setting { $0.optimizer.beta1 = 1 } == .beta1)
        #expect(setting { $0.optimizer.beta2 = 1 } == .beta2 && setting { $0.optimizer.epsilon = 0 } == .epsilon)
        #expect(setting { $0.optimizer.weightDecay = -1 } == .weightDecay && setting { _ in } == nil)
    }
}

@Suite struct ShapeOfDataRuleTests {
    /// Inputs of 2 and 3 tokens, chains of 2 and 4, rests of 2 and 3.
    private func problems() throws -> EncodedProblems {
        try EncodedProblems([
            EncodedProblem(tokens: [9, 0, 5, 6, 7, 2], inputCount: 2, chain: 2..<4, answer: 4..<5),
            EncodedProblem(tokens: [9, 9, 0, 5, 6, 5, 6, 7, 8, 2], inputCount: 3, chain: 3..<7, answer: 7..<9),
        ])
    }

    @Test func `the longest of each are what all problems have in common`() throws {
        let shape = DataShape(try problems())
        #expect(shape.longestChain == 4 && shape.longestRest == 3 && shape.longestWithoutChain == 6)
        #expect(!shape.hasOneChainLength && shape.commonGroups == nil)
        #expect(DataShape(try problems().prefix(1)).hasOneChainLength)
        #expect(shape.neededPositions(RemovalSchedule(), for: shape) == 10)
        #expect(shape.neededPositions(.paper, for: shape) == 0)
        #expect(shape.jump(.units(3), .left) == 3 && shape.jump(.units(9), .left) == 4 && shape.jump(.all, .left) == 4)
        #expect(shape.jump(.units(3), .right) == nil)
    }

    @Test func `kept ids are kept where all chains are cut alike, and otherwise only from the left`() throws {
        let uneven = DataShape(try problems()), even = DataShape(try problems().prefix(1))
        for (order, kept) in [(RemovalOrder.left, true), (.right, false), (.random(seed: 1), false)] {
            var schedule = RemovalSchedule()
            schedule.order = order
            #expect(uneven.positions(schedule) == (kept ? .kept : .shifted))
            #expect(even.positions(schedule) == .kept)
            schedule.positions = .shifted
            #expect(uneven.positions(schedule) == .shifted)
        }
        var grouped = RemovalSchedule()
        grouped.order = .grouped(name: "g")
        let one = EncodedProblem(tokens: [9, 0, 5, 6, 7, 2], inputCount: 2, chain: 2..<4, answer: 4..<5)
        #expect(
            DataShape(try EncodedProblems([one, one], groups: [[[0], [1]], [[0], [1]]])).positions(grouped) == .kept)
        #expect(
            DataShape(try EncodedProblems([one, one], groups: [[[0], [1]], [[1], [0]]])).positions(grouped) == .shifted)
    }

    @Test(
        arguments: [
            // Kept ids with a jump of J: the separator, the last token of the input, takes the jump.
            (PositionRule.kept, 3, [3, 4, 5, 6, 7], 4 - 3 + 3), (.original, 3, [0, 4, 5, 6, 7], 4 - 3 + 3),
            (.shifted, 3, [0, 1, 2, 3, 4], 4 - 3 + 3), (.kept, 0, [0, 1, 2, 3, 4, 5, 6, 7], 4 + 3),
            (.kept, 9, [4, 5, 6, 7], 3),
        ])
    func `every question is put alike, and an answer ends where the longest would`(
        _ rule: PositionRule, _ gone: Int, _ positions: [Int32], _ limit: Int
    ) throws {
        var schedule = RemovalSchedule()
        schedule.positions = rule
        let frame = DataShape(try problems()).frame(.units(gone), schedule, spareTokens: 5)
        #expect(frame.positions == positions && frame.limit == limit + 5)
    }

    @Test func `the ids of an input and of what is written go on from those of the frame`() {
        let frame = AnswerFrame(positions: [3, 4, 5], limit: 9)
        #expect(frame.positions(input: 1, written: 0) == [3] && frame.positions(input: 3, written: 0) == [0, 1, 5])
        #expect(frame.positions(input: 3, written: 2) == [0, 1, 5, 6, 7])
        #expect(frame.positions(input: 3, written: 4) == [0, 1, 5, 6, 7, 8, 9] && frame.jumps == [])
        #expect(AnswerFrame(positions: [0, 4, 5, 7], limit: 9).jumps == [1, 3])
    }

    @Test(
        arguments: [
            (0, 0..<2, 2..<3, .emptyInput), (5, 5..<5, 5..<5, .nothingAfterInput),
            (1, 2..<3, 3..<4, .chainElsewhere(2..<3, inputCount: 1)),
            (1, 1..<6, 6..<6, .chainElsewhere(1..<6, inputCount: 1)),
            (1, 1..<3, 2..<4, .answerElsewhere(2..<4, chain: 1..<3)),
            (1, 1..<3, 3..<6, .answerElsewhere(3..<6, chain: 1..<3)), (1, 1..<5, 5..<5, .nothingAfterChain),
            (1, 1..<3, 3..<4, nil), (1, 1..<1, 1..<4, nil),
        ] as [(Int, Range<Int>, Range<Int>, EncodedProblemFault?)])
    func `a problem of five tokens is refused for the first rule that it breaks`(
        _ inputCount: Int, _ chain: Range<Int>, _ answer: Range<Int>, _ fault: EncodedProblemFault?
    ) {
        let problem = EncodedProblem(tokens: [1, 2, 3, 4, 5], inputCount: inputCount, chain: chain, answer: answer)
        #expect(problem.fault == fault)
    }

    @Test func `the first problems, and those that are short enough, keep what is theirs`() throws {
        let all = try problems()
        #expect(all.count == 2 && all.tokenCount == 16 && all.chainTokenCount == 6)
        #expect(all.longestChain == 4 && all.longestSequence == 10)
        let first = all.prefix(1)
        #expect(first.count == 1 && first.longestChain == 2 && first.longestSequence == 6 && first[0] == all[0])
        #expect(all.filtered(maximumLength: 9).count == 1 && all.filtered(maximumLength: 10).count == 2)
        #expect(all.filtered(maximumLength: 5).count == 0 && all.prefix(0).longestChain == 0)
        #expect(all.answerPlace(1) == (fromEnd: 3, count: 2) && all.answerPlace(0) == (fromEnd: 2, count: 1))
        #expect(all.longestUnitCount(.left) == 4 && all.unitCount(0, .right) == 2)
        let grouped = try EncodedProblems([all[1], all[0]], groups: [[[3, 0], [1, 2]], [[1], [0]]])
        #expect(grouped.longestUnitCount(.grouped(name: "g")) == 2 && grouped.longestUnitCount(.left) == 4)
        #expect(grouped.prefix(1).groups(0) == [[3, 0], [1, 2]])
    }

    @Test func `an order is known by its name, and arranges pieces by what it goes by`() {
        #expect(RemovalOrder(named: "left", seed: 1) == .left && RemovalOrder(named: "right", seed: 1) == .right)
        #expect(RemovalOrder(named: "random", seed: 7) == .random(seed: 7) && RemovalOrder(named: "up", seed: 1) == nil)
        for order in ChainOrder.allCases {
            #expect(RemovalOrder(named: order.rawValue, seed: 1) == .grouped(name: order.rawValue))
        }
        typealias Segment = ProblemLayout.Segment
        let segments = [
            Segment(kind: .partialProduct, step: 0, level: 0, bytes: 0..<1),
            Segment(kind: .partialProduct, step: 1, level: 0, bytes: 1..<2),
            Segment(kind: .sum, step: 1, level: 1, bytes: 2..<3), Segment(kind: .sum, step: 2, level: 2, bytes: 3..<4),
        ]
        #expect(ChainOrder.steps.arrange(segments) == [[0], [1, 2], [3]])
        #expect(ChainOrder.productsFirst.arrange(segments) == [[0, 1], [2, 3]])
        #expect(ChainOrder.sumsFirst.arrange(segments) == [[2, 3], [0, 1]])
        #expect(ChainOrder.levels.arrange(segments) == [[0, 1], [2], [3]])
        #expect(ChainOrder.levelsDown.arrange(segments) == [[3], [2], [0, 1]])
        #expect(ChainOrder.allCases.filter(\.isWhole) == [.steps, .levels, .levelsDown])
        #expect(!ChainOrder.levels.tellsApart(Array(segments[..<2])) && ChainOrder.levels.tellsApart(segments))
        #expect(!ChainOrder.sumsFirst.tellsApart(Array(segments[2...])) && !ChainOrder.steps.tellsApart([]))
    }
}

@Suite struct LookingRuleTests {
    @Test func `validation comes every so many steps of a stage, the first of them not before that many`() throws {
        let run = try smallRun(train: 100)
        var goal = TrainingGoal(steps: 7, accuracy: 2)
        goal.evaluateEvery = 3
        var updates: [Int] = []
        func note(_ event: TrainingEvent) { if case .validated(_, let at) = event { updates.append(at) } }
        #expect(try run.train(goal, report: note) == .stepsDone)
        #expect(updates == [3, 6])
        // In a stage of its own the steps are counted anew.
        try run.removeMore()
        updates = []
        try run.train(goal, report: note)
        #expect(updates == [10, 13])
    }

    @Test func `a stage has recovered once its rate is back, after ten steps at the least, and only once`() throws {
        let schedule = schedule(.adaptive(AdaptiveRule(measure: .exactMatch(1e-9), firstMeasure: .exactMatch(1e-9))))
        let run = try smallRun(schedule: schedule)
        var recovered: [Int] = [], steps = 0
        func note(_ event: TrainingEvent) {
            if case .step = event { steps += 1 }
            if case .recovered(let at, _) = event { recovered.append(at); #expect(at == steps) }
        }
        // The first stage has nothing to recover from.
        try run.train(TrainingGoal(steps: 150), report: note)
        #expect(recovered == [])
        try run.removeMore()
        steps = 0
        try run.train(TrainingGoal(steps: 60), report: note)
        #expect(recovered.count == 1 && recovered[0] >= 10)
        #expect(run.timeline.current.record.recoverySteps == recovered[0])
    }

    @Test func `an evaluation is not made twice in the same state, but where more problems are wanted`() throws {
        let run = try smallRun(train: 20, test: 50)
        let first = try #require(try run.evaluateHeldOut(limit: 5))
        #expect(first.count == 5 && run.timeline.current.record.accuracy == first.accuracy)
        #expect(try run.evaluateHeldOut(limit: 3) == first)
        #expect(try run.evaluateHeldOut()?.count == 50 && run.evaluateHeldOut(limit: 5)?.count == 50)
        run.remove(to: .units(1), isManual: true)
        #expect(try run.evaluateHeldOut(limit: 5)?.removed == .units(1))
        // Loss and accuracies given the right tokens are for reports, not for decisions.
        #expect(first.loss != nil && first.forcedMatches != nil)
        #expect(try run.evaluateValidation()?.loss == nil)
    }

    @Test func `an interval is narrower with more trials and never beyond 0 and 1`() {
        let few = wilsonInterval(8, of: 10), many = wilsonInterval(80, of: 100)
        // Wilson's interval of 8 in 10, as tables have it.
        #expect(abs(few.lowerBound - 0.4901625) < 1e-6 && abs(few.upperBound - 0.9433178) < 1e-6)
        #expect(many.lowerBound > few.lowerBound && many.upperBound < few.upperBound)
        let (all, none) = (wilsonInterval(10, of: 10).upperBound, wilsonInterval(0, of: 10).lowerBound)
        #expect(all <= 1 && all > 1 - 1e-12 && none >= 0 && none < 1e-12)
        var evaluation = Evaluation()
        #expect(evaluation.accuracy == 0 && evaluation.interval == 0...1)
        evaluation.isCorrect = [true, false, true, true]
        #expect(evaluation.count == 4 && evaluation.correctCount == 3 && evaluation.accuracy == 0.75)
    }

    @Test func `two resets after the same update are one, and a step costs what it changed`() {
        var spent = Spent()
        spent.addReset()
        spent.addReset()
        var before = Progress(), after = Progress()
        (before.updates, before.tokens, after.updates, after.tokens) = (3, 100, 4, 164)
        spent.add(from: before, to: after)
        spent.addReset()
        #expect(spent.updates == 1 && spent.tokens == 64 && spent.resets == [0, 1])
    }

    @Test func `a gradient is far above the usual at twenty times its geometric mean`() {
        func alarms(_ factor: Double, after steps: Int) -> Int {
            var state = WatchState()
            state.weightNorm = 1000
            var count = 0
            for step in 0...steps {
                var report = StepReport()
                // 1/2 and 2 in turn: the geometric mean is 1.
                report.gradientNorm = step == steps ? factor : step % 2 == 0 ? 0.5 : 2
                report.updateNorm = 1
                count += state.note(report, InstabilityWatch()).count
            }
            return count
        }
        #expect(alarms(19, after: 60) == 0 && alarms(21, after: 60) == 1)
        // The 51st step is the first that may say anything.
        #expect(alarms(1000, after: 49) == 0 && alarms(1000, after: 50) == 1)
    }

    @Test func `an alarm says what it saw in numbers`() {
        #expect("\(Alarm.gradientNorm(50, usual: 1.25))" == "the gradient norm is 50, usually 1.25")
        #expect("\(Alarm.updateRatio(0.125))" == "one update changed the weights by 12.5 %")
        #expect("\(Alarm.loss(2, usual: 0.25))" == "the loss jumped to 2 from 0.25")
        #expect("\(Alarm.answerLoss(position: 3, 2, usual: 0.5))" == "the loss of answer token 3 jumped to 2 from 0.5")
        #expect("\(Alarm.plateau(steps: 400, rate: 0.5))" == "no progress for 400 steps: 50 % of the examples right")
    }
}
