// The rules of training, each by a hand count or by changing one thing and looking at what else changes.

import Foundation
import Support
import Tensors
import TestSupport
import Testing
import Transformer

@testable import Internalization

/// A schedule that somebody moves by hand and that cuts every example alike.
private var plain: RemovalSchedule {
    var schedule = RemovalSchedule()
    schedule.pace = .manual
    schedule.smoothing = .none
    return schedule
}

private func adaptive(
    _ measure: AdaptiveRule.Measure = .exactMatch(0.75), first: AdaptiveRule.Measure? = nil, memory: Double = 0.5,
    least: Int = 1, most: Int? = nil, patience: Int? = nil, whenStuck: AdaptiveRule.WhenStuck = .report
) -> RemovalSchedule {
    var schedule = plain
    schedule.pace = .adaptive(
        AdaptiveRule(
            measure: measure, firstMeasure: first, memory: memory, leastSteps: least,
            mostSteps: most.map { .steps($0) } ?? .none, patience: patience.map { .steps($0) } ?? .none,
            whenStuck: whenStuck))
    return schedule
}

@Suite struct ClockRuleTests {
    private func clock(_ schedule: RemovalSchedule) -> ScheduleClock {
        var clock = ScheduleClock(schedule)
        clock.startEpoch(schedule)
        return clock
    }

    private func finish(_ clock: inout ScheduleClock, _ rate: Double?, loss: Double? = nil, _ schedule: RemovalSchedule)
    {
        clock.finish(FinishedBatch(isEmptyOfChain: false, matchRate: rate, loss: loss), schedule)
    }

    @Test func `the optimizer is reset when more is removed, never when tokens are put back or nothing changes`() {
        for rule in Fidelity.allCases {
            var schedule = plain
            schedule.resetRule = rule
            var clock = clock(schedule)
            let counts: [RemovalCount] = [.units(2), .units(2), .units(1), .units(0), .all, .units(3)]
            let resets = counts.map { clock.remove(to: $0, schedule, longest: 4) }
            #expect(resets == [true, false, false, false, true, false], "\(rule)")
            schedule.reset = .none
            let without = clock.remove(to: .all, schedule, longest: 4)
            #expect(!without)
        }
    }

    @Test func `beyond the longest chain only the paper's reading resets`() {
        for (rule, resets) in [(Fidelity.paper, true), (.fixed, false), (.reference, false)] {
            var schedule = plain
            schedule.resetRule = rule
            var clock = clock(schedule)
            let first = clock.remove(to: .units(4), schedule, longest: 4)
            clock.finish(FinishedBatch(isEmptyOfChain: true), schedule)
            let second = clock.remove(to: .units(5), schedule, longest: 4)
            #expect(first && second == resets, "\(rule)")
        }
    }

    @Test func `nothing is removed during pretraining, by no pace and however well it goes`() {
        var flat = plain
        flat.pace = .flatLoss(FlatLossRule())
        for (name, schedule) in [("adaptive", adaptive(memory: 0)), ("flat", flat), ("linear", plain)] {
            var schedule = schedule
            if name == "linear" { schedule.pace = .stepsPerRemoval(1) }
            schedule.pretrainEpochs = 1
            var clock = clock(schedule)
            // The first pass is epoch 0, which is pretraining.
            #expect(clock.isPretraining(schedule), "\(name)")
            for _ in 0..<5000 {
                finish(&clock, 1, loss: 0, schedule)
                let due = clock.due(schedule, batchesPerEpoch: 10, longest: 4)
                #expect(due == .nothing, "\(name)")
                if due != .nothing { break }
            }
            clock.startEpoch(schedule)
            #expect(!clock.isPretraining(schedule), "\(name)")
            guard name == "adaptive" else { continue }
            for _ in 0..<5000 where clock.due(schedule, batchesPerEpoch: 10, longest: 4) == .nothing {
                finish(&clock, 1, loss: 0, schedule)
            }
            #expect(clock.due(schedule, batchesPerEpoch: 10, longest: 4) != .nothing, "\(name)")
        }
    }

    @Test func `the running means begin anew with each stage and keep what the rule says`() {
        let schedule = adaptive(memory: 0.5)
        var clock = clock(schedule)
        for rate in [1.0, 0.5, 0] { finish(&clock, rate, loss: 2 * rate, schedule) }
        // 1, 0.75, 0.375
        #expect(clock.matchRate == 0.375 && clock.loss == 0.75 && clock.stageSteps == 3)
        finish(&clock, nil, schedule)
        #expect(clock.matchRate == 0.375 && clock.stageSteps == 4)
        clock.remove(to: .units(1), schedule, longest: 4)
        #expect(clock.matchRate == nil && clock.loss == nil && clock.stageSteps == 0 && clock.plateauSteps == 0)
        finish(&clock, 0.25, loss: 3, schedule)
        #expect(clock.matchRate == 0.25 && clock.loss == 3)
    }

    @Test func `an adaptive stage passes at its threshold and after its least steps, not before`() {
        let schedule = adaptive(.exactMatch(0.75), memory: 0, least: 3)
        func due(_ rates: [Double]) -> RemovalDue {
            var clock = clock(schedule)
            clock.remove(to: .units(1), schedule, longest: 4)
            for rate in rates { finish(&clock, rate, schedule) }
            return clock.due(schedule, batchesPerEpoch: 10, longest: 4)
        }
        #expect(due([1, 1]) == .nothing)
        #expect(due([1, 1, 1]) == .remove(to: .units(2)))
        #expect(due([0, 0, 0.75]) == .remove(to: .units(2)))
        #expect(due([1, 1, 0.7499]) == .nothing)
        #expect(due([]) == .nothing)
        // A loss passes from above.
        let losses = adaptive(.loss(0.25), memory: 0)
        for (loss, passes) in [(0.25, true), (0.2, true), (0.2501, false)] {
            var clock = clock(losses)
            clock.remove(to: .units(1), losses, longest: 4)
            finish(&clock, 0, loss: loss, losses)
            #expect((clock.due(losses, batchesPerEpoch: 10, longest: 4) == .remove(to: .units(2))) == passes)
        }
    }

    @Test func `the first stage has a threshold of its own, and counts from where the schedule starts`() {
        var schedule = adaptive(.exactMatch(0.5), first: .exactMatch(0.9), memory: 0)
        schedule.startFrom = 2
        func due(_ removed: Int, _ rate: Double) -> RemovalDue {
            var clock = clock(schedule)
            if removed != 2 { clock.remove(to: .units(removed), schedule, longest: 5) }
            finish(&clock, rate, schedule)
            return clock.due(schedule, batchesPerEpoch: 10, longest: 5)
        }
        #expect(due(2, 0.8) == .nothing)
        #expect(due(2, 0.9) == .remove(to: .units(3)))
        #expect(due(3, 0.5) == .remove(to: .units(4)))
        #expect(due(3, 0.4) == .nothing)
    }

    @Test func `a stage that has had its steps is stuck, but goes on within a tenth of its threshold`() {
        func due(
            _ rate: Double, steps: Int, _ whenStuck: AdaptiveRule.WhenStuck = .report, leastSteps: Int = 0
        )
            -> RemovalDue
        {
            let schedule = adaptive(.exactMatch(0.8), memory: 0, most: 10, whenStuck: whenStuck)
            var clock = clock(schedule)
            clock.remove(to: .units(1), schedule, longest: 4)
            clock.leastSteps = leastSteps
            for _ in 0..<steps { finish(&clock, rate, schedule) }
            return clock.due(schedule, batchesPerEpoch: 10, longest: 4)
        }
        #expect(due(0.5, steps: 9) == .nothing)
        #expect(due(0.5, steps: 10) == .stuck)
        #expect(due(0.5, steps: 10, .removeAnyway) == .remove(to: .units(2)))
        // 0.9 · 0.8 = 0.72
        #expect(due(0.719, steps: 10) == .stuck)
        #expect(due(0.721, steps: 10) == .remove(to: .units(2)))
        // A stage that must last has twice that time.
        #expect(due(0.5, steps: 19, leastSteps: 10) == .nothing)
        #expect(due(0.5, steps: 20, leastSteps: 10) == .stuck)
    }

    @Test func `one chunk goes at a time, and a linear pace counts batches of the schedule only`() {
        var schedule = plain
        schedule.pace = .stepsPerRemoval(3)
        schedule.chunk = .units(2)
        schedule.pretrainEpochs = 1
        var clock = clock(schedule)
        var removals: [Int] = []
        for batch in 0..<20 {
            if batch == 5 { clock.startEpoch(schedule) }
            if case .remove(let count) = clock.due(schedule, batchesPerEpoch: 5, longest: 7) {
                clock.remove(to: count, schedule, longest: 7)
                removals.append(batch)
                #expect(count == .units(min(2 * removals.count, 8)))
            }
            clock.count(schedule)
            finish(&clock, nil, schedule)
        }
        // Counting begins with batch 5, after the pass of pretraining.
        #expect(removals.prefix(4) == [8, 11, 14, 17])
    }

    @Test func `all goes at once beyond the limit, also from the start`() {
        var schedule = plain
        schedule.removeAllBeyond = 3
        var clock = clock(schedule)
        clock.remove(to: .units(2), schedule, longest: 9)
        #expect(clock.removed == .units(2))
        clock.remove(to: .units(3), schedule, longest: 9)
        #expect(clock.removed == .all)
        schedule.removeAllBeyond = 0
        #expect(self.clock(schedule).removed == .all)
    }
}

@Suite struct TrainingRuleTests {
    // MARK: Randomness

    @Test func `each step has dropout masks of its own, and equal seeds the same ones`() throws {
        func losses(dropout: Float, seed: UInt64 = 1) throws -> [Double] {
            // The same sixteen problems in every step, and weights that as good as do not move.
            let run = try smallRun(seed: seed, schedule: plain, train: 16, dropout: dropout) {
                $0.learningRate = 1e-30; $0.isShuffled = false
            }
            return try (0..<6).map { _ in try run.step().loss }
        }
        #expect(Set(try losses(dropout: 0)).count == 1)
        let masked = try losses(dropout: 0.3)
        #expect(Set(masked).count == 6)
        #expect(try masked == losses(dropout: 0.3))
        #expect(try masked != losses(dropout: 0.3, seed: 2))
    }

    @Test func `every pass and every variant has an order of its own that holds each problem once`() {
        var order = DataOrder(count: 50, batchSize: 10, seed: 3, keepsPartialBatch: false, isShuffled: true)
        func pass(_ epoch: Int, _ variant: Int) -> [Int32] {
            (0..<5).flatMap { Array(order.batch($0, epoch: epoch, variant: variant)) }
        }
        let orders = [pass(0, 0), pass(1, 0), pass(0, 1), pass(1, 1), pass(0, 2)]
        #expect(Set(orders).count == 5)
        for order in orders { #expect(order.sorted() == (0..<50).map { Int32($0) }) }
        let again = pass(0, 1)
        #expect(again == orders[2])
        var other = DataOrder(count: 50, batchSize: 10, seed: 4, keepsPartialBatch: false, isShuffled: true)
        let otherSeed = Array(other.batch(0, epoch: 0, variant: 0))
        #expect(otherSeed != Array(orders[0][..<10]))
        var straight = DataOrder(count: 23, batchSize: 10, seed: 3, keepsPartialBatch: true, isShuffled: false)
        #expect(straight.batchesPerEpoch == 3)
        let last = Array(straight.batch(2, epoch: 4, variant: 1))
        #expect(last == [20, 21, 22])
        #expect(
            DataOrder(count: 23, batchSize: 10, seed: 3, keepsPartialBatch: false, isShuffled: false).batchesPerEpoch
                == 2)
    }

    @Test func `a run in another variant sees other batches and other offsets`() throws {
        func first(_ variant: Int) throws -> StepReport {
            var schedule = RemovalSchedule()
            schedule.smoothing = RemovalSmoothing(lambda: 0.5)
            schedule.mixingAfterRescue = nil
            let run = try smallRun(schedule: schedule)
            run.progress.variant = variant
            return try run.step()
        }
        let reports = try [0, 1, 0].map(first)
        #expect(reports[0] == reports[2])
        #expect(reports[0].loss != reports[1].loss)
    }

    // MARK: What is cut

    /// Tokens of the sequences of a step, without a schedule at work.
    private func tokens(_ schedule: RemovalSchedule, train: Int = 400, prepare: (Run) -> Void = { _ in }) throws -> Int
    {
        let run = try smallRun(schedule: schedule, train: train) { $0.batchSize = train }
        prepare(run)
        return try run.step().tokens
    }

    // Four digits, the end of the input, two tokens of chain, answer and end: 9 tokens.
    private let whole = 9

    @Test func `what is removed is what the schedule says, for every example of the batch`() throws {
        for removed in 0...3 {
            #expect(
                try tokens(plain) { $0.remove(to: .units(removed), isManual: true) } == 400 * (whole - min(removed, 2)))
        }
        #expect(try tokens(plain) { $0.remove(to: .all, isManual: true) } == 400 * (whole - 2))
    }

    @Test func `smoothing takes more away as often as its distribution says, and mixing any length equally often`()
        throws
    {
        var smoothed = plain
        smoothed.smoothing = RemovalSmoothing(lambda: 1)
        // P(0) = 1 − 1/e, P(1) = (1 − 1/e)/e, the rest takes all of both tokens.
        let p = 1 - exp(-1.0)
        let (one, two) = (p * exp(-1.0), exp(-2.0))
        let mean = one + 2 * two, deviation = (one + 4 * two - mean * mean).squareRoot()
        func gone(_ schedule: RemovalSchedule) throws -> Double { Double(whole) - Double(try tokens(schedule)) / 400 }
        #expect(abs(try gone(smoothed) - mean) < 4 * deviation / 20)
        var uniform = plain
        uniform.pace = .uniform
        // 0, 1 or 2 tokens: mean 1, variance 2/3.
        #expect(abs(try gone(uniform) - 1) < 4 * (2.0 / 3).squareRoot() / 20)
        var mixed = plain
        mixed.mixing = 0.5
        #expect(abs(try gone(mixed) - 0.5) < 4 * (7.0 / 12).squareRoot() / 20)
        mixed.mixing = 0
        #expect(try gone(mixed) == 0)
    }

    @Test func `during pretraining every example loses exactly the start, whatever smoothing and pace say`() throws {
        var schedule = RemovalSchedule()
        schedule.pace = .stepsPerRemoval(1)
        schedule.smoothing = RemovalSmoothing(lambda: 0.01)
        schedule.pretrainEpochs = 1
        schedule.startFrom = 1
        let run = try smallRun(schedule: schedule, train: 64)
        var goal = TrainingGoal(steps: 8)
        goal.followsSchedule = true
        var tokens: [Int] = []
        try run.train(goal, report: { if case .step(let step) = $0 { tokens.append(step.tokens) } })
        // Four batches of 16 a pass.
        #expect(tokens.prefix(4) == [128, 128, 128, 128])
        #expect(tokens.suffix(4).allSatisfy { $0 < 128 })
    }

    @Test func `examples that lose more than scheduled count neither for the match rate nor for the schedule's loss`()
        throws
    {
        var schedule = plain
        // Practically every example loses everything.
        schedule.smoothing = RemovalSmoothing(lambda: 1e-9)
        let run = try smallRun(schedule: schedule)
        let step = try run.step()
        #expect(step.tokens == 16 * (whole - 2))
        #expect(step.matchRate == nil && run.clock.matchRate == nil && run.clock.loss == nil)
        #expect(step.loss > 0)
        schedule.smoothing = .none
        let other = try smallRun(schedule: schedule)
        #expect(try other.step().matchRate == 0)
        #expect(abs(try #require(other.clock.loss) - (try smallRun(schedule: schedule).step().loss)) < 1e-6)
    }

    @Test func `gathering two batches counts the same examples as one batch of both`() throws {
        var schedule = plain
        schedule.smoothing = RemovalSmoothing(lambda: 0.7)
        let whole = try smallRun(schedule: schedule) { $0.batchSize = 32 }
        let parts = try smallRun(schedule: schedule) {
            $0.batchSize = 8; $0.accumulation = 4
        }
        for run in [whole, parts] { run.remove(to: .units(1), isManual: true) }
        let (one, four) = (try whole.step(), try parts.step())
        #expect(one.tokens == four.tokens && one.sequences == 32 && four.sequences == 32)
        #expect(abs(one.loss - four.loss) < 1e-5)
        #expect(one.matchRate == four.matchRate)
        #expect(abs(try #require(whole.clock.loss) - #require(parts.clock.loss)) < 1e-5)
        #expect(whole.progress.updates == 1 && parts.progress.updates == 1)
        #expect(one.answerLosses.count == four.answerLosses.count)
        for (a, b) in zip(one.answerLosses, four.answerLosses) { #expect(abs(a - b) < 1e-5) }
    }

    /// What every switch of the schedule does to the first step of equal runs, and that it leaves the rest alone.
    @Test func `a switch changes what it says and nothing else`() throws {
        func first(_ change: (inout RemovalSchedule) -> Void, removed: Int = 1) throws -> (StepReport, Run) {
            var schedule = plain
            change(&schedule)
            let run = try smallRun(schedule: schedule, train: 64)
            run.remove(to: .units(removed), isManual: true)
            return (try run.step(), run)
        }
        let (base, usual) = try first { _ in }
        // Positions: the same tokens, another loss; with nothing gone no difference at all.
        for rule in [PositionRule.shifted, .original] {
            let (step, _) = try first { $0.positions = rule }
            #expect(step.tokens == base.tokens && step.loss != base.loss, "\(rule)")
            #expect(try first({ $0.positions = rule }, removed: 0).0 == first({ _ in }, removed: 0).0, "\(rule)")
        }
        // The side: as many tokens, another loss; with all gone no difference.
        let (right, _) = try first { $0.order = .right }
        #expect(right.tokens == base.tokens && right.loss != base.loss)
        #expect(
            try first(
                {
                    $0.order = .right; $0.positions = .shifted
                }, removed: 2
            ).0.loss
                == first({ $0.positions = .shifted }, removed: 2).0.loss)
        // The warm-up after a reset: the same step at another rate.
        let (warm, _) = try first { $0.warmUpAfterReset = 0 }
        #expect(warm.loss == base.loss && warm.gradientNorm == base.gradientNorm)
        #expect(abs(warm.learningRate - 20 * base.learningRate) < 1e-9)
        // No reset: the same step, and no warm-up after it.
        let (kept, run) = try first { $0.reset = .none }
        #expect(kept.loss == base.loss && kept.learningRate == warm.learningRate)
        #expect(run.progress.resets == 0 && usual.progress.resets == 1)
        // Pretraining: the step is that with nothing gone.
        let (pretrained, _) = try first { $0.pretrainEpochs = 1 }
        #expect(pretrained.tokens == 16 * whole)
        #expect(try pretrained.loss == first({ _ in }, removed: 0).0.loss)
    }

    // MARK: Rates and counters

    @Test
    func `the rate climbs, climbs again after a reset, and falls from the end of the chain or from where it is told`() {
        var settings = TrainingSettings()
        settings.learningRate = 1
        settings.warmUp = 10
        func rate(_ updates: Int, sinceReset: Int? = nil, emptied: Int? = nil, warmUpAfterReset: Int = 4) -> Float {
            var progress = Progress()
            progress.updates = updates
            progress.updatesSinceReset = sinceReset ?? updates
            progress.resets = sinceReset == nil ? 0 : 1
            progress.emptiedAt = emptied
            return settings.learningRate(progress, warmUpAfterReset: warmUpAfterReset)
        }
        #expect([0, 4, 9, 10, 500].map { rate($0) } == [0.1, 0.5, 1, 1, 1])
        #expect([0, 1, 3, 4].map { rate(100, sinceReset: $0) } == [0.25, 0.5, 1, 1])
        #expect(rate(100, sinceReset: 0, warmUpAfterReset: 0) == 1)
        #expect(rate(4, sinceReset: 1) == 0.25)
        settings.warmUp = 0
        settings.decay = 100
        #expect([0, 99, 1000].map { rate($0) } == [1, 1, 1])
        // To a twentieth: 1/20 + 19/20 of what a fall to nothing would leave.
        func thousandths(_ updates: [Int], emptied: Int?) -> [Float] {
            updates.map { (rate($0, emptied: emptied) * 10_000).rounded() / 10 }
        }
        #expect(thousandths([49, 50, 60, 149, 150, 300], emptied: 50) == [1000, 1000, 905, 59.5, 50, 50])
        // A chain that was gone from the start starts no fall.
        #expect(thousandths([0, 60, 180], emptied: 0) == [1000, 1000, 1000])
        settings.decayStart = 80
        #expect(thousandths([60, 80, 90, 180], emptied: 0) == [1000, 1000, 905, 50])
        #expect(thousandths([60, 90], emptied: nil) == [1000, 905])
    }

    @Test func `the moment at which the chain was gone stays, whatever is removed later`() throws {
        let run = try smallRun(schedule: plain)
        _ = try run.step()
        run.remove(to: .units(1), isManual: true)
        #expect(run.progress.emptiedAt == nil)
        _ = try run.step()
        run.remove(to: .units(2), isManual: true)
        #expect(run.progress.emptiedAt == 2)
        _ = try run.step()
        for count in [RemovalCount.units(3), .units(9), .all] {
            run.remove(to: count, isManual: false)
            #expect(run.progress.emptiedAt == 2)
        }
        run.remove(to: .units(1), isManual: true)
        #expect(run.progress.emptiedAt == nil)
        run.remove(to: .units(2), isManual: true)
        #expect(run.progress.emptiedAt == 3)
    }

    @Test func `a step that fails leaves every counter as it was, also where it began a new pass`() throws {
        var schedule = plain
        schedule.pace = .stepsPerRemoval(1000)
        let run = try smallRun(schedule: schedule, train: 16)
        _ = try run.step()
        let progress = run.progress, clock = run.clock
        #expect(progress.batchInEpoch == run.batchesPerEpoch)
        let norm = try #require(run.model.parameters.layout["transformer.h.0.ln_1.weight"])
        run.model.parameters.put([.nan], at: norm.range.lowerBound)
        #expect(throws: RunError.self) { try run.step() }
        #expect(run.progress == progress && run.clock == clock)
        #expect(throws: RunError.self) { try run.step() }
        #expect(run.progress == progress && run.clock == clock)
    }

    // MARK: Before and after

    @Test func `a stage records what the model reached before its removal and what just after, each measured anew`()
        throws
    {
        let run = try smallRun(schedule: plain, train: 600, width: 32, heads: 4) {
            $0.batchSize = 32; $0.learningRate = 4e-3
        }
        try run.train(TrainingGoal(steps: 250))
        let heldOut = try #require(run.heldOut)
        func accuracy(_ removed: Int) throws -> Double {
            try Evaluator(run.model, encoder: heldOut.encoder, shape: run.shape).evaluate(
                heldOut.problems, removed: .units(removed), schedule: run.schedule
            ).accuracy
        }
        let expected = try (0...2).map(accuracy)
        // It needs its chain.
        #expect(expected[0] > 0.9 && expected[2] < expected[0] - 0.2)
        var events: [(before: Evaluation?, after: Evaluation?)] = []
        try run.removeMore(2, report: { if case .removed(_, _, _, let a, let b) = $0 { events.append((a, b)) } })
        for (place, stage) in run.timeline.path.dropFirst().enumerated() {
            #expect(stage.record.accuracyBefore == expected[place])
            #expect(stage.record.accuracyAfter == expected[place + 1])
            #expect(events[place].before?.removed == .units(place))
            #expect(events[place].after?.removed == .units(place + 1))
        }
        #expect(try run.evaluateHeldOut()?.removed == .units(2))
        #expect(try run.evaluateHeldOut()?.accuracy == expected[2])
    }

    @Test func `losses and accuracies of the answer's tokens are those of the model's logits, token by token`() throws {
        let encoder = CharacterEncoder(answerCount: 3)
        var random = RandomSource(seed: 5)
        func digits(_ count: Int) -> String { (0..<count).map { _ in String(random.below(10)) }.joined(separator: " ") }
        let problems = try EncodedProblems(
            (0..<40).map { _ in
                try encoder.encode(Problem(question: digits(3), chain: digits(4), answer: digits(3)))
            })
        let model = LanguageModel(
            .gpt2(vocabularySize: encoder.vocabularySize, positionCount: 20, width: 16, layerCount: 1, headCount: 2),
            initialization: .fanIn, seed: 3)
        let size = encoder.vocabularySize
        for (removed, order) in [(0, RemovalOrder.left), (3, .left), (2, .right)] {
            var schedule = plain
            schedule.order = order
            let found = try Evaluator(model, encoder: encoder, shape: DataShape(problems)).evaluate(
                problems, removed: .units(removed), schedule: schedule)
            var losses = [0.0, 0, 0], hits = [0.0, 0, 0]
            for index in 0..<problems.count {
                let left = problems[index].removing(.units(removed), order: order, positions: .kept)
                var batch = RaggedBatch()
                batch.append(left.tokens, positions: left.positions, labels: nil)
                let logits = try model.logits(batch)
                for place in 0..<3 {
                    // The answer's three tokens and the end.
                    let at = left.tokens.count - 4 + place
                    let row = logits[(at - 1) * size..<at * size].map(Double.init)
                    let sum = log(row.reduce(0) { $0 + exp($1) })
                    losses[place] += (sum - row[Int(left.tokens[at])]) / 40
                    if row.indices.max(by: { row[$0] < row[$1] }) == Int(left.tokens[at]) { hits[place] += 1.0 / 40 }
                }
            }
            #expect(found.answerLosses.count == 3 && found.answerAccuracy.count == 3)
            for place in 0..<3 {
                #expect(abs(found.answerLosses[place] - losses[place]) < 1e-4, "removed \(removed)")
                #expect(abs(found.answerAccuracy[place] - hits[place]) < 1e-9, "removed \(removed)")
            }
        }
    }

    @Test func `relative speed is the time without a chain over the time with it`() {
        var speed = AnsweringSpeed()
        speed.seconds = [Double](repeating: 0.5, count: 8)
        speed.secondsWithoutChain = [Double](repeating: 0.125, count: 8)
        speed.tokens = 24
        #expect(speed.relativeToNoChain == 0.25)
        #expect(speed.examplesPerSecond == 2)
    }

    // MARK: Rescues

    @Test func `a rescue goes back one stage further with each attempt, and stays longer in each stage`() throws {
        var schedule = plain
        schedule.pace = .adaptive(AdaptiveRule(leastSteps: 3, mostSteps: .steps(6)))
        let run = try smallRun(digits: 7, schedule: schedule)
        for _ in 0..<4 {
            _ = try run.step()
            try run.removeMore()
        }
        var goal = TrainingGoal()
        goal.rescues = 3
        var rescues: [Rescue] = []
        for _ in 0..<3 {
            #expect(run.removedCount == 4)
            #expect(try run.rescue(goal) { if case .rescued(let rescue) = $0 { rescues.append(rescue) } })
            while run.removedCount < 4 { try run.removeMore() }
        }
        #expect(rescues.map(\.attempt) == [1, 2, 3])
        #expect(rescues.map(\.stuckAt) == [.units(4), .units(4), .units(4)])
        #expect(rescues.map(\.removed) == [.units(3), .units(2), .units(1)])
        #expect(rescues.map(\.leastSteps) == [15, 30, 60])
        #expect(run.progress.variant == 3)
        #expect(try !run.rescue(goal) { _ in })
    }

    @Test func `a jump is told against what was usual before it`() throws {
        var state = WatchState()
        state.weightNorm = 10
        var alarms: [Alarm] = []
        for step in 0..<120 {
            var report = StepReport()
            report.loss = step >= 80 ? 2 : 0.25
            report.answerLosses = [step >= 80 ? 3 : 0.5]
            report.gradientNorm = 1
            report.updateNorm = 0.01
            alarms += state.note(report, InstabilityWatch())
        }
        #expect(alarms.count == 2)
        guard case .loss(let loss, let usual)? = alarms.first,
            case .answerLoss(0, let answer, let before)? = alarms.last
        else {
            Issue.record("\(alarms)")
            return
        }
        #expect(loss == 2 && abs(usual - 0.25) < 1e-9 && answer == 3 && abs(before - 0.5) < 1e-9)
    }

    // MARK: Generation

    /// Stops at the second of a token.
    private struct StopsAtSecond: ProblemEncoder {
        let base = CharacterEncoder(answerCount: 1)
        let token: Int32?
        var vocabularySize: Int { base.vocabularySize }
        var separator: AnswerSeparator { base.separator }
        var endToken: Int32 { token ?? base.endToken }
        func stop(after written: ArraySlice<Int32>) -> StopRule? {
            guard let token else { return StopRule.none }
            let left = 2 - written.filter { $0 == token }.count
            return left > 0 ? .nthToken(token, count: left) : nil
        }
        func expectedAnswer(of problem: EncodedProblem) -> String { base.expectedAnswer(of: problem) }
        func encode(_ problem: Problem) throws -> EncodedProblem { try base.encode(problem) }
        func text(_ token: Int32) -> String { base.text(token) }
        func answerText(of generated: ArraySlice<Int32>) -> String { base.answerText(of: generated) }
    }

    @Test func `a stop at the second of a token counts over jumps of the positions`() throws {
        let run = try smallRun(digits: 6, train: 20)
        let heldOut = try #require(run.heldOut)
        var schedule = plain
        schedule.positions = .original
        var checked = 0
        for removed in 1...3 {
            func solve(_ token: Int32?, _ index: Int) throws -> [Int32] {
                try Evaluator(run.model, encoder: StopsAtSecond(token: token), shape: run.shape).solve(
                    heldOut.problems, [index], removed: .units(removed), schedule: schedule)[0].tokens
            }
            for index in 0..<20 {
                let free = try solve(nil, index)
                // Written first, before the jump, and again later.
                guard let second = free.dropFirst().firstIndex(of: free[0]) else { continue }
                #expect(try solve(free[0], index) == Array(free[...second]))
                checked += 1
            }
        }
        #expect(checked > 10)
    }
}

@Suite struct RunFolderRuleTests {
    private func resume(_ path: String, steals: Bool = false) throws -> RunFolder.Resumed {
        try RunFolder.resume(path, steals: steals) { _ in CharacterEncoder(answerCount: 1) }
    }

    @Test func `a checkpoint with one other digit is passed over: its hash is that of what was written`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            do {
                let run = try smallRun()
                let saved = try RunFolder.create(path, for: run)
                for _ in 0..<2 {
                    try run.train(TrainingGoal(steps: 2))
                    try saved.save(run)
                }
            }
            let state = path + "/checkpoints/step-0000000003/state.json"
            let text = try String(contentsOfFile: state, encoding: .utf8)
            // The same length, and as good a checkpoint as any.
            let other = text.replacingOccurrences(of: "\"updates\":4", with: "\"updates\":9")
            #expect(other != text && other.utf8.count == text.utf8.count)
            try other.write(toFile: state, atomically: true, encoding: .utf8)
            let resumed = try resume(path)
            #expect(resumed.warnings.count == 1)
            #expect(resumed.run.progress.updates == 2)
        }
    }

    @Test func `a run that another host is writing is refused, unless it is taken over on purpose`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            do { _ = try RunFolder.create(path, for: try smallRun()) }
            let owner = #"{"host": "elsewhere", "process": 7, "since": "2026-01-02T03:04:05Z", "boot": "b"}"#
            try owner.write(toFile: path + "/owner.lock", atomically: true, encoding: .utf8)
            #expect(
                throws: RunFolderError.foreignOwner(
                    path: path, host: "elsewhere", process: 7, since: "2026-01-02T03:04:05Z")
            ) { try resume(path) }
            let resumed = try resume(path, steals: true)
            #expect(resumed.warnings.isEmpty)
            _ = resumed
        }
    }

    @Test func `settings, schedules and progress come back from JSON whole, whatever they hold`() throws {
        var settings = TrainingSettings()
        settings.batchSize = 7
        settings.learningRate = 0.25
        settings.warmUp = 3
        settings.decay = 11
        settings.decayStart = 13
        settings.optimizer = AdamWHyperparameters(beta1: 0.5, beta2: 0.75, epsilon: 0.125, weightDecay: 0.0625)
        settings.clip = 0.5
        settings.accumulation = 5
        settings.accumulationRule = .reference
        settings.isShuffled = false
        settings.keepsPartialBatch = true
        settings.seed = 17
        #expect(try JSONValue(encoding: settings).decode(TrainingSettings.self) == settings)
        var schedule = RemovalSchedule()
        schedule.pace = .flatLoss(FlatLossRule(window: 3, tolerance: 0.5, mostSteps: 9))
        schedule.chunk = .half
        schedule.order = .random(seed: 5)
        schedule.smoothing = RemovalSmoothing(lambda: 2, binCount: 7)
        (schedule.mixing, schedule.mixingAfterRescue) = (0.125, 0.25)
        (schedule.positions, schedule.reset, schedule.warmUpAfterReset) = (.original, .secondMoments, 6)
        (schedule.startFrom, schedule.removeAllBeyond, schedule.pretrainEpochs) = (1, 8, 2)
        (schedule.maximumLength, schedule.counting, schedule.resetRule, schedule.lengthRule) = (
            99, .paper, .reference, .paper
        )
        #expect(try JSONValue(encoding: schedule).decode(RemovalSchedule.self) == schedule)
        let run = try smallRun()
        try run.train(TrainingGoal(steps: 2))
        run.remove(to: .all, isManual: true)
        (run.progress.variant, run.progress.rescuedStage, run.progress.rescueAttempts) = (2, 1, 1)
        #expect(try JSONValue(encoding: run.progress).decode(Progress.self) == run.progress)
        #expect(try JSONValue(encoding: run.clock).decode(ScheduleClock.self) == run.clock)
    }

    @Test func `a record of TensorBoard's file is length, checksum, data and checksum, byte for byte`() {
        // Masked CRC-32C of the eight bytes of the length 3 and of "abc", worked out in Python.
        let record = TensorBoardLog.record(Array("abc".utf8))
        #expect(
            record == [3, 0, 0, 0, 0, 0, 0, 0] + [0xB0, 0x99, 0x49, 0x0E] + Array("abc".utf8) + [
                0x6E, 0x57, 0xF1, 0x21,
            ])
    }
}
