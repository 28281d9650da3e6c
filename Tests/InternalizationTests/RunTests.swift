import Support
import Tensors
import Testing
import Transformer

@testable import Internalization

/// A run small enough to train in a test: the parity of a digit sum.
func smallRun(
    digits: Int = 4, seed: UInt64 = 1, schedule: RemovalSchedule = RemovalSchedule(), train: Int = 400, test: Int = 50,
    width: Int = 16, heads: Int = 2,
    dropout: Float = 0, timeline: Timeline = Timeline(), change: (inout TrainingSettings) -> Void = { _ in }
) throws -> Run {
    let task = try DigitSum.parity(digits: digits)
    let encoder = CharacterEncoder(answerCount: 1)
    let held = try ProblemSet.generate(task, count: test, seed: 99)
    let validation = try ProblemSet.generate(task, count: test, seed: 98, apartFrom: [held])
    let problems = try EncodedProblems(
        ProblemSet.generate(task, count: train, seed: 7, apartFrom: [held, validation]), encoder: encoder)
    let configuration = ModelConfiguration.gpt2(
        vocabularySize: encoder.vocabularySize, positionCount: 16, width: width, layerCount: 2, headCount: heads,
        isHeadTied: false,
        dropout: DropoutProbabilities(embedding: dropout, attention: dropout, residual: dropout))
    var settings = TrainingSettings()
    settings.batchSize = 16
    settings.seed = seed
    change(&settings)
    return try Run(
        LanguageModel(configuration, initialization: .fanIn, seed: seed), on: problems,
        heldOut: HeldOut(EncodedProblems(held, encoder: encoder), encoder: encoder),
        validation: HeldOut(EncodedProblems(validation, encoder: encoder), encoder: encoder), schedule: schedule,
        settings: settings, timeline: timeline)
}

/// All that decides how a run goes on.
private func state(_ run: Run) -> String {
    "\(run.model.parameters.fingerprint) \(run.optimizer.firstMoments.fingerprint) \(run.optimizer.secondMoments.fingerprint) "
        + "\(run.optimizer.stepCount) \(run.progress) \(run.clock)"
}

private func every(_ steps: Int) -> RemovalSchedule {
    var schedule = RemovalSchedule()
    schedule.pace = .stepsPerRemoval(steps)
    schedule.smoothing = RemovalSmoothing(lambda: 1)
    return schedule
}

private func following(_ steps: Int) -> TrainingGoal {
    var goal = TrainingGoal(steps: steps)
    goal.followsSchedule = true
    return goal
}

@Suite struct RunTests {
    @Test func `the schedule that a run follows already, said again, counts on`() throws {
        let run = try smallRun(schedule: every(5))
        try run.train(following(3))
        let before = state(run)
        try run.change(every(5))
        #expect(state(run) == before)
        // Two steps more make five.
        try run.train(following(1))
        #expect(run.removedCount == 0)
        try run.train(following(1))
        #expect(run.removedCount == 1)
        // Another schedule counts anew.
        try run.change(every(4))
        try run.train(following(3))
        #expect(run.removedCount == 1)
        try run.train(following(1))
        #expect(run.removedCount == 2)
    }

    @Test func `a small model loses its chain and still answers`() throws {
        var schedule = RemovalSchedule()
        schedule.smoothing = RemovalSmoothing(lambda: 1)
        let run = try smallRun(schedule: schedule, train: 8000, test: 200, width: 48, heads: 4) {
            $0.learningRate = 4e-3; $0.batchSize = 64
        }
        var goal = following(2000)
        goal.accuracy = 0.95
        var removals: [RemovalCount] = []
        let end = try run.train(goal, report: { if case .removed(_, let to, _, _, _) = $0 { removals.append(to) } })
        #expect(end == .reachedAccuracy)
        #expect(removals == [.units(1), .units(2)])
        #expect(run.isEmptied)
        let records = run.timeline.path.map(\.record)
        #expect(records.map(\.removed) == [.units(0), .units(1), .units(2)])
        #expect(try #require(records[2].accuracyBefore) > 0.9)
        let final = try #require(try run.evaluateHeldOut())
        #expect(final.accuracy >= 0.95)
        // Answer and end token.
        #expect(final.generatedTokens == 2)
    }

    @Test func `equal seeds give equal bits and another seed others`() throws {
        let states = try [3, 3, 4].map { (seed: UInt64) in
            let run = try smallRun(seed: seed, schedule: every(5), dropout: 0.1)
            try run.train(following(12))
            return state(run)
        }
        #expect(states[0] == states[1])
        #expect(states[0] != states[2])
    }

    @Test func `interrupted and continued is uninterrupted, at every step`() throws {
        let whole = try smallRun(schedule: every(4), train: 100, dropout: 0.1)
        try whole.train(following(14))
        for stop in 0..<14 {
            let run = try smallRun(schedule: every(4), train: 100, dropout: 0.1)
            var steps = 0
            let interrupt = Interrupt()
            if stop == 0 { interrupt.request() }
            let end = try run.train(
                following(14),
                report: {
                    guard case .step = $0 else { return }
                    steps += 1
                    if steps == stop { interrupt.request() }
                }, interrupt: interrupt)
            #expect(end == .interrupted && steps == stop)
            try run.train(following(14 - stop))
            #expect(state(run) == state(whole), "stopped after \(stop)")
        }
    }

    @Test func `back and forward again gives the same bits`() throws {
        let run = try smallRun()
        try run.train(TrainingGoal(steps: 5))
        let first = state(run)
        try run.removeMore()
        try run.train(TrainingGoal(steps: 5))
        let second = state(run)
        try run.removeMore()
        try run.train(TrainingGoal(steps: 3))
        let third = state(run)
        try run.back(2)
        #expect(state(run) == first)
        try run.step(to: 1)
        #expect(state(run) == second)
        try run.step(to: 2)
        #expect(state(run) == third)
        // Not only moved but done again.
        try run.back(1)
        try run.removeMore()
        try run.train(TrainingGoal(steps: 3))
        #expect(state(run) == third)
        #expect(run.timeline.stages.count == 4)
    }

    @Test func `marks and branches are returned to`() throws {
        let run = try smallRun()
        try run.train(TrainingGoal(steps: 3))
        try run.mark("explicit")
        let marked = state(run)
        try run.branch("other")
        try run.removeMore()
        try run.train(TrainingGoal(steps: 2))
        let other = state(run)
        try run.go(toMark: "explicit")
        #expect(state(run) == marked)
        #expect(run.timeline.current.branch == "main")
        try run.go(toMark: "other")
        #expect(state(run) == other)
        #expect(throws: RunError.noMark("implicit")) { try run.go(toMark: "implicit") }
        #expect(throws: RunError.markTaken("explicit")) { try run.mark("explicit") }
        #expect(throws: RunError.noStages(before: 9)) { try run.back(9) }
        #expect(state(run) == other)
    }

    @Test func `snapshots beyond the memory limit go to files and come back as they were`() throws {
        let run = try smallRun(timeline: Timeline(memoryLimit: 200_000))
        var states: [String] = []
        for _ in 0..<2 {
            try run.train(TrainingGoal(steps: 2))
            states.append(state(run))
            try run.removeMore()
        }
        try run.train(TrainingGoal(steps: 2))
        #expect(run.timeline.byteCount <= 200_000)
        try run.back(2)
        #expect(state(run) == states[0])
        try run.step(to: 1)
        #expect(state(run) == states[1])
    }

    @Test func `what is equal in two snapshots is kept once`() throws {
        let run = try smallRun()
        try run.train(TrainingGoal(steps: 2))
        try run.removeMore(2)
        let weights = run.timeline.path.map { $0.exit.weights }
        #expect(weights[0] === weights[1])
        #expect(weights[1] === weights[2])
        // Two states of the weights (at the start, after two steps) and one of both moments: after a reset they are
        // zero.
        #expect(run.timeline.byteCount == 4 * 4 * run.model.parameterCount)
    }

    @Test func `nothing more can be removed from an empty chain`() throws {
        let run = try smallRun()
        try run.removeMore(5)
        #expect(run.removedCount == 2)
        #expect(throws: RunError.nothingLeft(removed: 2)) { try run.removeMore() }
    }

    @Test
    func `a stuck stage is taken back with another data order, further each time, and given up when no rescue is left`()
        throws
    {
        var schedule = RemovalSchedule()
        schedule.pace = .adaptive(
            AdaptiveRule(measure: .exactMatch(1), firstMeasure: .exactMatch(0.001), leastSteps: 2, mostSteps: .steps(6))
        )
        let run = try smallRun(schedule: schedule)
        try run.train(TrainingGoal(steps: 3))
        try run.removeMore()
        var goal = following(500)
        goal.rescues = 2
        var rescues: [Rescue] = []
        let end = try run.train(goal, report: { if case .rescued(let rescue) = $0 { rescues.append(rescue) } })
        #expect(end == .stuck)
        #expect(rescues.map(\.attempt) == [1, 2])
        #expect(rescues.map(\.removed) == [.units(0), .units(0)])
        #expect(run.progress.variant == 2)
        // The ways that led nowhere stay on the timeline.
        #expect(run.timeline.stages.count > run.timeline.path.count)
    }

    @Test func `once something was rescued a fifth of the examples loses any amount, where positions tell how much`()
        throws
    {
        let run = try smallRun()
        #expect(run.mixing == 0)
        run.progress.variant = 1
        #expect(run.mixing == 0.2)
        let paper = try smallRun(schedule: .paper)
        paper.progress.variant = 1
        #expect(paper.mixing == 0)
    }

    @Test
    func
        `a last stage that gets nowhere is taken back too, and the steps there may be are spent once no rescue is left`()
        throws
    {
        var schedule = RemovalSchedule()
        schedule.pace = .adaptive(
            AdaptiveRule(
                measure: .exactMatch(1), firstMeasure: .exactMatch(0.001), leastSteps: 2, mostSteps: .steps(6),
                patience: .steps(5)))
        let run = try smallRun(schedule: schedule)
        try run.removeMore(2)
        var goal = following(500)
        goal.rescues = 1
        goal.finalSteps = 10
        var rescues: [Rescue] = []
        #expect(try run.train(goal, report: { if case .rescued(let rescue) = $0 { rescues.append(rescue) } }) == .stuck)
        #expect(rescues.first?.stuckAt == .units(2))
        #expect(rescues.first?.removed == .units(1))

        let other = try smallRun(schedule: schedule)
        try other.removeMore(2)
        goal.rescues = 0
        #expect(try other.train(goal) == .stepsDone)
        #expect(other.timeline.current.record.steps == 10)
    }

    @Test func `a batch that would lead to numbers that are not finite changes nothing and names the tensor`() throws {
        let run = try smallRun()
        try run.train(TrainingGoal(steps: 1))
        let gain = try #require(run.model.parameters.layout["transformer.h.1.ln_1.weight"]).range
        run.model.parameters.put([.nan], at: gain.lowerBound)
        let before = run.model.parameters.fingerprint, progress = run.progress, clock = run.clock
        #expect {
            try run.train(TrainingGoal(steps: 1))
        } throws: { error in
            guard case .notFinite(_, let name)? = error as? RunError else { return false }
            return name == "transformer.h.1.ln_1.weight"
        }
        #expect(run.model.parameters.fingerprint == before)
        #expect(run.progress == progress)
        #expect(run.clock == clock)
    }

    @Test func `one update from two batches is the update from both at once`() throws {
        let whole = try smallRun { $0.batchSize = 16 }
        let halves = try smallRun {
            $0.batchSize = 8; $0.accumulation = 2
        }
        try whole.train(TrainingGoal(steps: 1))
        try halves.train(TrainingGoal(steps: 1))
        // The first update of Adam is the sign of the gradient, the same up to rounding where it is not tiny.
        let difference = zip(whole.model.parameters.values(), halves.model.parameters.values()).map { abs($0 - $1) }
            .sorted()
        #expect(difference[difference.count * 9 / 10] < 1e-6)
    }

    @Test func `a schedule given before the first step counts from the start`() throws {
        let run = try smallRun()
        var schedule = run.schedule
        schedule.removeAllBeyond = 0
        try run.change(schedule)
        #expect(run.isEmptied)
        #expect(run.timeline.path.map(\.record.removed) == [.all])
        try run.train(TrainingGoal(steps: 1))
        // Later ones leave removed what is removed, and cannot choose the problems again.
        schedule.removeAllBeyond = nil
        try run.change(schedule)
        #expect(run.isEmptied)
        schedule.maximumLength = 4
        #expect(throws: SettingFault.limitAfterStart) { try run.change(schedule) }
    }

    @Test func `another seed on the way is followed by a run that comes back to it`() throws {
        let run = try smallRun(schedule: every(3), dropout: 0.1)
        try run.train(following(2))
        var settings = run.settings
        settings.seed = 77
        try run.change(settings)
        try run.mark("here")
        try run.train(following(4))
        let there = state(run)
        try run.go(toMark: "here")
        try run.train(following(4))
        #expect(state(run) == there)
    }

    @Test func `problems that do not fit the model are refused`() throws {
        let encoder = CharacterEncoder(answerCount: 1)
        let problems = try EncodedProblems(
            ProblemSet.generate(DigitSum.parity(digits: 6), count: 5, seed: 1), encoder: encoder)
        func model(vocabulary: Int, positions: Int) -> LanguageModel {
            LanguageModel(
                .gpt2(vocabularySize: vocabulary, positionCount: positions, width: 8, layerCount: 1, headCount: 1),
                initialization: .gpt2, seed: 0)
        }
        #expect(throws: RunError.tooLong(tokens: 13, positions: 8)) {
            try Run(model(vocabulary: encoder.vocabularySize, positions: 8), on: problems)
        }
        #expect(throws: RunError.self) { try Run(model(vocabulary: 6, positions: 20), on: problems) }
        var schedule = RemovalSchedule()
        schedule.order = .grouped(name: "sums first")
        #expect(throws: RunError.missingGroups(order: "sums first")) {
            try Run(model(vocabulary: encoder.vocabularySize, positions: 20), on: problems, schedule: schedule)
        }
    }
}
