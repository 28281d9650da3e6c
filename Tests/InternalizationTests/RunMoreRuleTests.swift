// Further rules of a run: what it is measured with, when it ends, what a step counts, which problems and settings it
// takes, and what the watch makes of its steps.

import Foundation
import Support
import Tensors
import Testing
import Transformer

@testable import Internalization

private func schedule(_ change: (inout RemovalSchedule) -> Void = { _ in }) -> RemovalSchedule {
    var schedule = RemovalSchedule()
    schedule.pace = .manual
    schedule.smoothing = .none
    change(&schedule)
    return schedule
}

private func following(_ steps: Int?, _ change: (inout TrainingGoal) -> Void = { _ in }) -> TrainingGoal {
    var goal = TrainingGoal(steps: steps)
    goal.followsSchedule = true
    change(&goal)
    return goal
}

@Suite struct MeasuringRuleTests {
    @Test func `a run without a schedule is measured with its whole chain gone, every other with what is gone`() throws
    {
        let uniform = try smallRun(schedule: schedule { $0.pace = .uniform }, test: 5)
        #expect(uniform.removedCount == 0)
        #expect(try uniform.evaluateHeldOut()?.removed == .all)
        #expect(try uniform.evaluateValidation()?.removed == .all)
        let manual = try smallRun(schedule: schedule(), test: 5)
        #expect(try manual.evaluateHeldOut()?.removed == .units(0) && manual.evaluateValidation()?.removed == .units(0))
        try manual.removeMore()
        #expect(try manual.evaluateHeldOut()?.removed == .units(1) && manual.evaluateValidation()?.removed == .units(1))
    }

    @Test func `without test problems nothing is measured and nobody waits`() throws {
        let small = try smallRun(train: 20, test: 5)
        let run = try Run(small.model, on: small.problems, schedule: schedule(), settings: small.settings)
        #expect(try run.evaluateHeldOut() == nil && run.evaluateValidation() == nil && run.quickLimit == 0)
        var heard = 0
        try run.removeMore(report: {
            if case .removed(_, _, _, nil, nil) = $0 { heard += 1 }
        })
        #expect(heard == 1 && run.timeline.current.record.accuracyBefore == nil)
    }

    @Test func `a goal of accuracy is looked at only once the chain is gone, or where there is no schedule`() throws {
        func looks(_ goal: TrainingGoal, _ schedule: RemovalSchedule) throws -> (TrainingEnd, [Int]) {
            let run = try smallRun(schedule: schedule, test: 5)
            var goal = goal, updates: [Int] = []
            // Any accuracy will do.
            (goal.accuracy, goal.evaluateEvery) = (0, 2)
            let end = try run.train(goal) { if case .validated(_, let at) = $0 { updates.append(at) } }
            return (end, updates)
        }
        #expect(try looks(following(5), schedule()) == (.stepsDone, []))
        #expect(try looks(TrainingGoal(steps: 5), schedule()) == (.reachedAccuracy, [2]))
        #expect(try looks(following(5), schedule { $0.pace = .uniform }) == (.reachedAccuracy, [2]))
        // One token after three steps, the other after six; two steps later is the first look.
        #expect(try looks(following(20), schedule { $0.pace = .stepsPerRemoval(3) }) == (.reachedAccuracy, [8]))
    }

    @Test func `steps after the chain is gone are counted from there, and only where the schedule is followed`() throws
    {
        let run = try smallRun(schedule: schedule { $0.pace = .stepsPerRemoval(2) }, test: 5)
        #expect(try run.train(following(nil) { $0.finalSteps = 3 }) == .stepsDone)
        // Two tokens at two steps each, then three.
        #expect(run.progress.updates == 7 && run.progress.emptiedAt == 4)
        #expect(run.timeline.stages.map(\.record.steps) == [2, 2, 3])
        var goal = TrainingGoal(steps: 2)
        goal.finalSteps = 0
        #expect(try run.train(goal) == .stepsDone && run.progress.updates == 9)
        #expect(try run.train(following(nil) { $0.finalSteps = 3 }) == .stepsDone && run.progress.updates == 9)
    }

    @Test func `what a linear schedule counts beyond the last token is no stage`() throws {
        let run = try smallRun(schedule: schedule { $0.pace = .stepsPerRemoval(1) }, test: 5)
        var removals = 0
        try run.train(following(7), report: { if case .removed = $0 { removals += 1 } })
        #expect(run.timeline.stages.count == 3 && removals == 2)
        // One before each step but the first, and one that is due when the steps are over.
        #expect(run.clock.removed == .units(7) && run.removedCount == 2 && run.progress.emptiedAt == 2)
    }

    @Test func `a last stage is rescued at its end only where it is more than a tenth below its threshold`() throws {
        let rule = AdaptiveRule(
            measure: .exactMatch(0.5), firstMeasure: nil, memory: 0.999, leastSteps: 1000, mostSteps: .none,
            patience: .none)
        for (seen, rescues) in [(0.44, 1), (0.46, 0)] {
            let run = try smallRun(schedule: schedule { $0.pace = .adaptive(rule) }, test: 5)
            try run.removeMore(2)
            // Three steps move such a mean by three thousandths at most, and 0.45 is the tenth below.
            run.clock.finish(FinishedBatch(isEmptyOfChain: true, matchRate: seen), run.schedule)
            var count = 0
            let goal = following(9) { ($0.finalSteps, $0.rescues) = (3, 1) }
            try run.train(goal, report: { if case .rescued = $0 { count += 1 } })
            #expect(count == rescues, "\(seen)")
        }
        // A run that does not wait for a threshold is never far from one.
        let run = try smallRun(schedule: schedule(), test: 5)
        try run.removeMore(2)
        var count = 0
        try run.train(
            following(9) { ($0.finalSteps, $0.rescues) = (3, 1) }, report: { if case .rescued = $0 { count += 1 } })
        #expect(count == 0 && run.progress.updates == 3)
    }

    @Test func `a goal without rescues ends at the first stage that is stuck, and says why`() throws {
        let rule = AdaptiveRule(
            measure: .loss(1e-9), firstMeasure: .loss(100), leastSteps: 2, mostSteps: .steps(4), patience: .none)
        let run = try smallRun(schedule: schedule { $0.pace = .adaptive(rule) }, test: 5)
        var alarms: [Alarm] = []
        let end = try run.train(following(50), report: { if case .alarm(let alarm) = $0 { alarms.append(alarm) } })
        #expect(
            end == .stuck && run.progress.updates == 6 && alarms == [.plateau(steps: 4, rate: run.clock.matchRate ?? 0)]
        )
    }

    @Test func `somebody who looks between steps is called before each, and an interrupt is heard there`() throws {
        let run = try smallRun(schedule: schedule())
        var calls = 0
        let interrupt = Interrupt()
        let end = try run.train(
            TrainingGoal(steps: 9),
            betweenSteps: {
                calls += 1
                if calls == 4 { interrupt.request() }
            }, interrupt: interrupt)
        #expect(end == .interrupted && run.progress.updates == 3)
        #expect(TrainingEnd.reachedAccuracy.rawValue == "reachedAccuracy" && TrainingEnd.stuck.rawValue == "stuck")
    }
}

@Suite struct StepRuleTests {
    @Test func `a step counts batches, passes and updates, and says where it was`() throws {
        let run = try smallRun(schedule: schedule(), train: 50)
        #expect(run.batchesPerEpoch == 3 && !run.hasMemory)
        var reports: [StepReport] = []
        for _ in 0..<4 { reports.append(try run.step()) }
        #expect(reports.map(\.epoch) == [0, 0, 0, 1] && reports.map(\.updates) == [1, 2, 3, 4])
        #expect(reports.map(\.stageSteps) == [1, 2, 3, 4] && reports.allSatisfy { $0.isUpdate && !$0.isSkipped })
        #expect(reports.allSatisfy { $0.sequences == 16 && $0.tokens == 16 * 9 && $0.removed == .units(0) })
        #expect(run.progress.epoch == 1 && run.progress.batchInEpoch == 1 && run.progress.steps == 4)
        #expect(run.progress.tokens == 4 * 16 * 9 && run.clock.epoch == 1 && run.hasMemory)
        try run.removeMore()
        let next = try run.step()
        #expect(next.removed == .units(1) && next.stageSteps == 1 && next.updates == 5 && next.tokens == 16 * 8)
        #expect(run.progress.updatesSinceReset == 1 && run.progress.resets == 1)
        // 2e-3, at the fifth of fifty updates of warm-up and the first of twenty after the reset.
        #expect(abs(next.learningRate - 2e-3 * 5 / 50 / 20) < 1e-10)
    }

    @Test func `a batch too long by the reference's rule is drawn and left out, one of just that length is not`() throws
    {
        func first(_ limit: Int) throws -> (StepReport, Run) {
            let run = try smallRun(
                schedule: schedule {
                    $0.maximumLength = limit; $0.lengthRule = .reference
                })
            return (try run.step(), run)
        }
        let (taken, _) = try first(9)
        #expect(!taken.isSkipped && taken.isUpdate)
        let (skipped, run) = try first(8)
        #expect(skipped.isSkipped && !skipped.isUpdate && skipped.tokens == 0 && run.problems.count == 400)
        #expect(run.progress.batchInEpoch == 1 && run.progress.steps == 0 && run.progress.updates == 0)
        #expect(run.clock.stageSteps == 1 && run.spent.tokens == 0)
        // Other rules leave out the rows before the run begins.
        #expect(throws: RunError.noProblems) {
            try smallRun(schedule: schedule { $0.maximumLength = 8 })
        }
        #expect(try smallRun(schedule: schedule { $0.maximumLength = 9 }).problems.count == 400)
    }

    @Test func `mixing counts from what is really gone, also once all is gone, and the larger share holds`() throws {
        let run = try smallRun(
            schedule: schedule {
                $0.mixing = 1; $0.removeAllBeyond = 0
            }
        ) { $0.batchSize = 400 }
        #expect(run.clock.removed == .all)
        // 0, 1 or 2 tokens of the chain are left, equally often: a mean of 1 with variance 2/3.
        let left = Double(try run.step().tokens) / 400 - 7
        #expect(abs(left - 1) < 4 * (2.0 / 3 / 400).squareRoot())
        let often = try smallRun(schedule: schedule { $0.mixing = 0.5 })
        #expect(often.mixing == 0.5)
        often.progress.variant = 1
        #expect(often.mixing == 0.5)
        let after = try smallRun(schedule: schedule { ($0.mixing, $0.mixingAfterRescue) = (0.1, 0.3) })
        #expect(after.mixing == 0.1)
        after.progress.variant = 2
        #expect(after.mixing == 0.3)
        let never = try smallRun(schedule: schedule { ($0.mixing, $0.mixingAfterRescue) = (0.1, nil) })
        never.progress.variant = 2
        #expect(never.mixing == 0.1)
        #expect(try smallRun(schedule: schedule { $0.pace = .uniform }).mixing == 1)
    }

    @Test func `losses of the answer's tokens are there where somebody watches`() throws {
        let run = try smallRun(schedule: schedule())
        #expect(try run.step().answerLosses.count == 1)
        run.watch = nil
        #expect(try run.step().answerLosses == [])
    }

    @Test func `other settings take hold with the next step, and a pass that is over for them ends`() throws {
        let run = try smallRun(schedule: schedule(), train: 64)
        for _ in 0..<3 { _ = try run.step() }
        var settings = run.settings
        settings.batchSize = 32
        settings.optimizer.weightDecay = 0.5
        try run.change(settings)
        #expect(run.batchesPerEpoch == 2 && run.progress.batchInEpoch == 2)
        #expect(run.optimizer.hyperparameters.weightDecay == 0.5 && run.progress.epoch == 0)
        let step = try run.step()
        #expect(step.sequences == 32 && step.epoch == 1 && run.progress.batchInEpoch == 1)
        settings.learningRate = 0
        #expect(throws: SettingFault.outside(.learningRate, found: 0, .above(0))) { try run.change(settings) }
        #expect(run.settings.learningRate == 2e-3)
        var other = run.schedule
        other.mixing = 2
        #expect(throws: SettingFault.outside(.mixing, found: 2, .fromTo(0, 1))) { try run.change(other) }
        other.mixing = 0
        other.order = .grouped(name: "levels")
        #expect(throws: RunError.missingGroups(order: "levels")) { try run.change(other) }
    }

    @Test func `a state that is gone back to brings its settings and schedule with it`() throws {
        let run = try smallRun(schedule: schedule(), train: 64)
        try run.mark("before")
        _ = try run.step()
        var settings = run.settings
        (settings.batchSize, settings.optimizer.beta1) = (32, 0.5)
        try run.change(settings)
        try run.change(schedule { $0.positions = .shifted })
        try run.go(toMark: "before")
        #expect(run.settings.batchSize == 16 && run.batchesPerEpoch == 4 && run.schedule.positions == .kept)
        #expect(run.optimizer.hyperparameters.beta1 == 0.9)
    }

    @Test func `problems that the model cannot take are refused by the first rule, whichever part they are of`() throws
    {
        let small = try smallRun(train: 20, test: 5)
        let encoder = CharacterEncoder(answerCount: 1)
        let long = try EncodedProblems(
            ProblemSet.generate(DigitSum.parity(digits: 8), count: 5, seed: 1), encoder: encoder)
        // Eight digits, |, six of chain, answer and $.
        #expect(long.longestSequence == 17)
        let fault = RunError.tooLong(tokens: 17, positions: 16)
        #expect(throws: fault) { try Run(small.model, on: small.problems, heldOut: HeldOut(long, encoder: encoder)) }
        #expect(throws: fault) {
            try Run(small.model, on: small.problems, validation: HeldOut(long, encoder: encoder))
        }
        func model(vocabulary: Int, positions: Int) -> LanguageModel {
            LanguageModel(
                .gpt2(vocabularySize: vocabulary, positionCount: positions, width: 8, layerCount: 1, headCount: 1),
                initialization: .gpt2, seed: 0)
        }
        // Ten digits and three marks: the largest token is 12.
        let tokens = try EncodedProblems([
            EncodedProblem(tokens: [12, 0, 5, 5, 6, 2], inputCount: 2, chain: 2..<4, answer: 4..<5),
            EncodedProblem(tokens: [12, 12, 12, 0, 6, 2], inputCount: 4, chain: 4..<4, answer: 4..<5),
        ])
        #expect(throws: RunError.vocabulary(needed: 13, model: 12)) {
            try Run(model(vocabulary: 12, positions: 8), on: tokens)
        }
        // The longest input and rest of six tokens, and the longest chain of two jumped over.
        #expect(throws: RunError.keptPositions(needed: 8, positions: 7)) {
            try Run(model(vocabulary: 13, positions: 7), on: tokens)
        }
        #expect(try Run(model(vocabulary: 13, positions: 8), on: tokens).longest == 2)
        let shifted = schedule { $0.positions = .shifted }
        #expect(try Run(model(vocabulary: 13, positions: 6), on: tokens, schedule: shifted).longest == 2)
    }

    @Test func `a problem that is left out for its length needs no place among the tokens of the model`() throws {
        let model = LanguageModel(
            .gpt2(vocabularySize: 12, positionCount: 8, width: 8, layerCount: 1, headCount: 1),
            initialization: .gpt2, seed: 0)
        let mixed = try EncodedProblems([
            EncodedProblem(tokens: [9, 0, 5, 5, 6, 2], inputCount: 2, chain: 2..<4, answer: 4..<5),
            EncodedProblem(tokens: [12, 12, 12, 0, 5, 5, 6, 2], inputCount: 4, chain: 4..<6, answer: 6..<7),
        ])
        #expect(throws: RunError.vocabulary(needed: 13, model: 12)) {
            try Run(model, on: mixed, schedule: schedule { $0.maximumLength = 8 })
        }
        #expect(try Run(model, on: mixed, schedule: schedule { $0.maximumLength = 6 }).longest == 2)
        #expect(mixed.largestToken == 12 && mixed.filtered(maximumLength: 6).largestToken == 9)
        #expect(mixed.filtered(maximumLength: 5).largestToken == -1)
    }

    @Test func `a batch that is cut into slices is the same batch, and more slices than rows are refused`() throws {
        func steps(_ slices: Int, accumulation: Int = 1, _ rule: Fidelity = .fixed) throws -> [StepReport] {
            let run = try smallRun(schedule: schedule()) {
                ($0.slices, $0.accumulation, $0.accumulationRule) = (slices, accumulation, rule)
            }
            return try (0..<3).map { _ in try run.step() }
        }
        for (accumulation, rule) in [(1, Fidelity.fixed), (2, .fixed), (2, .reference)] {
            let (whole, cut) = (
                try steps(1, accumulation: accumulation, rule), try steps(4, accumulation: accumulation, rule)
            )
            for (one, four) in zip(whole, cut) {
                #expect(one.tokens == four.tokens && one.sequences == four.sequences && one.isUpdate == four.isUpdate)
                #expect(abs(one.loss - four.loss) < 1e-5 && one.matchRate == four.matchRate)
                let (norm, other) = (one.gradientNorm ?? 0, four.gradientNorm ?? 0)
                #expect(abs(norm - other) <= 1e-4 * norm, "\(accumulation) \(rule)")
            }
        }
        var settings = TrainingSettings()
        (settings.batchSize, settings.slices) = (4, 5)
        #expect(settings.fault == .outside(.slices, found: 5, .fromTo(1, 4)))
        settings.slices = 4
        #expect(settings.fault == nil)
        settings.slices = 0
        #expect(settings.fault == .outside(.slices, found: 0, .fromTo(1, 4)))
    }

    @Test func `ranks share slices in order, each as many as the others`() {
        #expect((0..<4).map { Replica.slices(of: $0, 4, ranks: 4) } == [0..<1, 1..<2, 2..<3, 3..<4])
        #expect((0..<2).map { Replica.slices(of: $0, 8, ranks: 2) } == [0..<4, 4..<8])
        #expect(Replica.slices(of: 0, 6, ranks: 1) == 0..<6)
        func minority(_ digests: UInt8...) -> [Int] { DataParallel.minority(digests.map { [$0] }) }
        #expect(minority(7, 7) == [] && minority(7, 8) == [1] && minority(8, 7, 7) == [0] && minority(7, 7, 8) == [2])
        #expect(minority(7, 8, 8, 7) == [1, 2])
    }

    @Test func `what a rank is told it hears, number by number`() {
        let pass = RankedPass(
            slices: 6, isFirst: false, isLast: true, carries: false, scale: 0.25, dropout: RandomSource(seed: 5))
        var plain = RankedPass()
        (plain.isLast, plain.carries) = (false, true)
        let update = RankedUpdate(
            learningRate: 2e-3, clip: 0.5,
            hyperparameters: AdamWHyperparameters(beta1: 0.8, beta2: 0.7, epsilon: 0.6, weightDecay: 0.3),
            stepCounts: (5, 3))
        var free = update
        free.clip = nil
        let commands: [RankCommand] = [
            .begin(1, threads: 3, bytes: 700), .set(2, .secondMoments, isZero: true),
            .set(2, .weights, isZero: false), .pass(9, pass, tokens: 77, sequences: 4),
            .pass(9, plain, tokens: 7, sequences: 5), .update(9, update), .update(9, free), .compare(8), .drop(7), .end,
        ]
        for command in commands {
            #expect(command.words.count == 24 && RankCommand(words: command.words) == command, "\(command)")
        }
        #expect(commands.map { $0.words[0] } == [1, 2, 2, 3, 3, 4, 4, 5, 6, 7])
        #expect(update != free && pass != plain)
        var later = update
        later.stepCounts.second = 4
        #expect(update != later)
        let batch = RaggedBatch(
            tokens: [5, 6, 7, 8], positions: [0, 1, 0, 1], labels: [6, -1, 8, -1], offsets: [0, 2, 4])
        #expect(batch.words == [5, 6, 7, 8, 0, 1, 0, 1, 6, -1, 8, -1, 0, 2, 4])
        #expect(RaggedBatch(words: batch.words, tokens: 4) == batch)
        #expect(RaggedBatch.wordCount(tokens: 4, sequences: 2) == 15)
    }
}

@Suite struct WatchRuleTests {
    private func step(
        loss: Double = 0.2, norm: Double? = 1, update: Double = 0.01, answers: [Double] = []
    ) -> StepReport {
        var report = StepReport()
        (report.loss, report.gradientNorm, report.updateNorm, report.answerLosses) = (loss, norm, update, answers)
        return report
    }

    private func alarms(_ steps: [StepReport], _ change: (inout InstabilityWatch) -> Void = { _ in }) -> [[Alarm]] {
        var state = WatchState(), watch = InstabilityWatch()
        state.weightNorm = 1
        change(&watch)
        return steps.map { state.note($0, watch) }
    }

    @Test func `a large update is told at once, also just after a removal, every time, and only above the ratio`() {
        let seen = alarms([0.1, 0.11, 0.5, 0.05].map { step(update: $0) })
        #expect(seen == [[], [.updateRatio(0.11)], [.updateRatio(0.5)], []])
        // Where the weights' norm is not known yet nothing can be said.
        var state = WatchState()
        #expect(state.note(step(update: 9), InstabilityWatch()).isEmpty)
    }

    @Test func `high losses count where they come in a row, and a step without an update not at all`() {
        func losses(_ tail: [StepReport]) -> Int {
            alarms((0..<60).map { _ in step() } + tail).flatMap { $0 }.count
        }
        let high = step(loss: 2), low = step()
        #expect(losses([high, high, high, high]) == 0 && losses([high, high, high, high, high]) == 1)
        #expect(losses([high, high, high, high, low, high, high, high, high]) == 0)
        // After it was told it is told again only once it has been low.
        #expect(losses([StepReport](repeating: high, count: 20)) == 1)
        #expect(
            losses([StepReport](repeating: high, count: 6) + [low] + [StepReport](repeating: high, count: 5)) == 2)
        // Nothing was updated: as if the step had not been.
        let gathered = step(loss: 2, norm: nil)
        #expect(
            losses([high, high, gathered, high, high]) == 0 && losses([high, high, gathered, high, high, high]) == 1)
    }

    @Test func `each token of the answer has a usual loss of its own`() {
        let calm = (0..<60).map { _ in step(answers: [0.5, 0.01, 1]) }
        let seen = alarms(calm + (0..<5).map { _ in step(answers: [0.5, 1, 3.1]) }).flatMap { $0 }
        guard seen.count == 2, case .answerLoss(1, let one, let usual) = seen[0],
            case .answerLoss(2, let two, let before) = seen[1]
        else {
            Issue.record("\(seen)")
            return
        }
        #expect(one == 1 && abs(usual - 0.01) < 1e-9 && two == 3.1 && abs(before - 1) < 1e-9)
    }

    @Test func `what is usual is the plain mean at first, then what the last fifty steps or so were`() {
        // Losses 1 and 3: the mean is 2, and 6 is not yet above three times that; 6.01 is.
        func first(_ value: Double) -> Int? {
            alarms([step(loss: 1), step(loss: 3), step(loss: value)]) {
                ($0.grace, $0.lossSteps) = (2, 1)
            }.firstIndex { !$0.isEmpty }
        }
        #expect(first(6) == nil && first(6.01) == 2)
        // After 1,000 steps at 1 one at 2 moves it by a fiftieth: to 1.02, and 3.06 is its threefold.
        func later(_ value: Double) -> Bool {
            !alarms([StepReport](repeating: step(loss: 1), count: 1000) + [step(loss: 2), step(loss: value)]) {
                $0.lossSteps = 1
            }[1001].isEmpty
        }
        #expect(!later(3.05) && later(3.07))
    }

    @Test func `the watch begins anew with each stage and each reset, and knows the weights' norm from there`() throws {
        for change in [{ try $0.removeMore() }, { $0.resetOptimizer() }] as [(Run) throws -> Void] {
            let run = try smallRun(schedule: schedule { $0.reset = .none })
            try run.train(TrainingGoal(steps: 3))
            try change(run)
            var report = StepReport()
            try run.train(TrainingGoal(steps: 1), report: { if case .step(let step) = $0 { report = step } })
            var fresh = WatchState()
            fresh.weightNorm = run.optimizer.norm(of: run.model.parameters)
            _ = fresh.note(report, InstabilityWatch())
            #expect(run.progress.watch == fresh && fresh.weightNorm > 0)
        }
        var state = WatchState()
        var needed: [Int] = []
        for number in 0..<250 {
            if state.needsWeightNorm { needed.append(number) }
            _ = state.note(step(), InstabilityWatch())
        }
        #expect(needed == [0, 100, 200])
        let run = try smallRun(schedule: schedule())
        run.watch = nil
        try run.train(TrainingGoal(steps: 2))
        #expect(run.progress.watch == WatchState())
    }
}
