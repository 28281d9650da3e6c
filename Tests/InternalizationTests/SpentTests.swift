import Foundation
import TestSupport
import Testing
import Transformer

@testable import Internalization

/// Counts what the reports of a training say, beside the run's own count.
private final class Meter {
    var updates = 0, tokens = 0

    func count(_ event: TrainingEvent) {
        guard case .step(let step) = event else { return }
        updates += step.isUpdate ? 1 : 0
        tokens += step.tokens
    }
}

@Suite struct SpentTests {
    @Test func `going back takes nothing off what a run has spent`() throws {
        let run = try smallRun(), meter = Meter()
        try run.train(TrainingGoal(steps: 3), report: meter.count)
        try run.removeMore()
        try run.train(TrainingGoal(steps: 4), report: meter.count)
        try run.back()
        try run.train(TrainingGoal(steps: 5), report: meter.count)
        #expect(run.progress.updates == 8)
        #expect(run.spent.updates == 12 && meter.updates == 12)
        #expect(run.spent.tokens == meter.tokens && meter.tokens > run.progress.tokens)
        // One removal, after three updates.
        #expect(run.spent.resets == [3])
    }

    @Test func `what a rescue takes back was spent all the same`() throws {
        var schedule = RemovalSchedule()
        // The first token goes after two updates or as many as a rescue says; the stage without it can never pass.
        schedule.pace = .adaptive(
            AdaptiveRule(
                measure: .loss(1e-9), firstMeasure: .loss(100), leastSteps: 2, mostSteps: .steps(6), patience: .none))
        let run = try smallRun(schedule: schedule), meter = Meter()
        var goal = TrainingGoal(steps: 60)
        goal.followsSchedule = true
        goal.rescues = 2
        var rescues = 0
        try run.train(
            goal,
            report: {
                if case .rescued = $0 { rescues += 1 }; meter.count($0)
            })
        #expect(rescues == 2)
        #expect(run.spent.updates == meter.updates && run.spent.tokens == meter.tokens)
        #expect(run.progress.updates < run.spent.updates)
    }

    @Test func `it is saved with the run, and a folder of before is given what its timeline tells`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            var spent = Spent(), schedule = RemovalSchedule()
            schedule.smoothing = .none
            do {
                let run = try smallRun(schedule: schedule, train: 160)
                let saved = try RunFolder.create(path, for: run)
                try run.train(TrainingGoal(steps: 2))
                try run.mark("before")
                try run.removeMore()
                try run.train(TrainingGoal(steps: 3))
                try run.go(toMark: "before")
                try run.branch("other")
                try run.train(TrainingGoal(steps: 1))
                try saved.save(run)
                spent = run.spent
                #expect(spent.updates == 6)
                // On the way to the present state a sequence has 9 tokens; three batches of 16 had one less.
                let estimate = Spent(run.timeline, run.progress)
                #expect(estimate.updates == 6 && estimate.resets == [])
                #expect(estimate.tokens == 6 * 16 * 9 && spent.tokens == estimate.tokens - 3 * 16)
            }
            let resumed = try RunFolder.resume(path) { _ in CharacterEncoder(answerCount: 1) }
            #expect(resumed.run.spent == spent)
        }
    }

    @Test func `a step that fails, and a state that is put back, have cost nothing`() throws {
        let run = try smallRun()
        try run.train(TrainingGoal(steps: 2))
        let before = run.spent, kept = run.checkpoint()
        run.model.parameters.put([.nan])
        #expect(throws: (any Error).self) { try run.train(TrainingGoal(steps: 1)) }
        #expect(run.spent == before)
        try run.restore(kept)
        try run.removeMore()
        try run.train(TrainingGoal(steps: 2))
        try run.restore(kept)
        #expect(run.spent == before)
    }

    @Test func `a goal counts updates, not batches`() throws {
        let run = try smallRun {
            $0.accumulation = 2
            $0.accumulationRule = .reference
        }
        try run.train(TrainingGoal(steps: 5))
        // An update at batches 0, 2, 4, 6, 8.
        #expect(run.progress.updates == 5 && run.progress.steps == 9)
        #expect(run.timeline.current.record.steps == 5)
    }

    @Test func `a goal of tokens ends with the first batch that reaches it`() throws {
        var schedule = RemovalSchedule()
        schedule.smoothing = .none
        let run = try smallRun(schedule: schedule)
        var goal = TrainingGoal()
        // 16 sequences of 4 + 1 + 2 + 1 + 1 tokens a batch.
        goal.tokens = 2 * 16 * 9 + 1
        try run.train(goal)
        #expect(run.spent.tokens == 3 * 16 * 9)
    }

    @Test func `where every batch is skipped training says so instead of going on for ever`() throws {
        var schedule = RemovalSchedule()
        schedule.maximumLength = 8
        schedule.lengthRule = .reference
        let run = try smallRun(schedule: schedule)
        #expect(throws: RunError.allSkipped(limit: 8)) { try run.train(TrainingGoal(steps: 1)) }
    }
}

@Suite struct LearningRateTests {
    private func rate(_ updates: Int, emptiedAt: Int?, start: Int? = nil) -> Float {
        var settings = TrainingSettings(), progress = Progress()
        settings.learningRate = 1
        settings.warmUp = 0
        settings.decay = 100
        settings.decayStart = start
        progress.updates = updates
        progress.emptiedAt = emptiedAt
        return settings.learningRate(progress, warmUpAfterReset: 0)
    }

    @Test func `the rate falls in a straight line from the update at which the chain was gone, to a twentieth`() {
        #expect(rate(40, emptiedAt: nil) == 1)
        #expect(rate(40, emptiedAt: 40) == 1)
        #expect(abs(rate(90, emptiedAt: 40) - 0.525) < 1e-6)
        for updates in [140, 141, 5000] { #expect(abs(rate(updates, emptiedAt: 40) - 0.05) < 1e-6) }
    }

    @Test func `a chain that was never there starts no decay, a control's own start does`() {
        #expect(rate(90, emptiedAt: 0) == 1)
        #expect(abs(rate(90, emptiedAt: 0, start: 40) - 0.525) < 1e-6)
    }
}

@Suite struct WayForwardTests {
    @Test func `a step goes on to where more is removed, not to a branch that begins here`() throws {
        let run = try smallRun()
        try run.train(TrainingGoal(steps: 2))
        try run.branch("other")
        try run.train(TrainingGoal(steps: 1))
        try run.step(to: 1)
        try run.train(TrainingGoal(steps: 1))
        let there = run.model.parameters.fingerprint
        // From the branch's second stage to its first, and to the stage that it left.
        try run.back(2)
        #expect(run.timeline.current.branch == "main" && run.removedCount == 0)
        #expect(try run.step(to: 1) == 1)
        #expect(run.removedCount == 1)
        #expect(run.model.parameters.fingerprint == there)
    }

    @Test func `on a line that was returned to by name a step removes on that line`() throws {
        let run = try smallRun()
        try run.train(TrainingGoal(steps: 2))
        try run.branch("other")
        try run.step(to: 1)
        try run.go(toMark: "main")
        #expect(try run.step(to: 1) == 0)
        #expect(run.removedCount == 1 && run.timeline.current.branch == "main")
        try run.go(toMark: "other")
        #expect(run.removedCount == 1 && run.timeline.current.branch == "other")
    }

    @Test func `a known stage that removed more than is asked for is not gone to`() throws {
        let run = try smallRun()
        try run.train(TrainingGoal(steps: 1))
        run.remove(to: .units(2), isManual: true)
        try run.timeline.enter(run.snapshot(sharing: nil))
        try run.back()
        #expect(try run.step(to: 1) == 0)
        #expect(run.removedCount == 1)
    }
}

@Suite struct SpeedTests {
    @Test func `speed is that of the median question, whatever one of them waited for`() {
        var speed = AnsweringSpeed()
        speed.seconds = [2, 100, 1, 2, 2]
        speed.secondsWithoutChain = [0.5, 0.25, 60, 0.75]
        speed.tokens = 15
        // Medians 2 and (0.5 + 0.75) / 2.
        #expect(speed.examplesPerSecond == 0.5)
        #expect(speed.relativeToNoChain == 0.3125)
        #expect(speed.tokens == 15)
        #expect(AnsweringSpeed().examplesPerSecond == 0 && AnsweringSpeed().relativeToNoChain == 0)
    }
}
