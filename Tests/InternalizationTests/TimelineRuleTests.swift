// Rules of the timeline: which way is forward, what a stage records, what is kept of a state and where, what a rescue
// leaves behind.

import Foundation
import Support
import Tensors
import TestSupport
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

/// All that decides how a run goes on.
private func state(_ run: Run) -> String {
    "\(run.model.parameters.fingerprint) \(run.optimizer.firstMoments.fingerprint) "
        + "\(run.optimizer.secondMoments.fingerprint) \(run.optimizer.stepCount) \(run.optimizer.secondStepCount) "
        // Gradients count where they are on the way to an update.
        + "\(run.accumulated > 0 ? run.trainee.gradients.fingerprint : "") \(run.accumulated) "
        + "\(run.progress) \(run.clock)"
}

@Suite struct ForwardRuleTests {
    /// Two ways on from the first stage: 1 and 2.
    private func forked() throws -> Run {
        let run = try smallRun(schedule: schedule())
        try run.removeMore()
        try run.train(TrainingGoal(steps: 1))
        try run.back()
        // What was trained since is another state, so this way is a new one.
        try run.train(TrainingGoal(steps: 1))
        try run.removeMore()
        #expect(run.timeline.stages.count == 3 && run.timeline.currentIndex == 2)
        return run
    }

    @Test func `the way forward is that to the stage that was visited last, not the newest`() throws {
        let run = try forked()
        try run.back()
        #expect(run.nextStage?.id == 2)
        try run.go(to: 1)
        try run.back()
        #expect(run.nextStage?.id == 1)
        let known = try run.step(to: 1)
        #expect(known == 1 && run.timeline.currentIndex == 1)
        try run.mark("here")
        try run.go(to: 2)
        try run.go(toMark: "here")
        try run.back()
        #expect(run.nextStage?.id == 1)
    }

    @Test(arguments: OptimizerReset.allCases)
    func `a stage in which nothing was done is entered again, one in which something was done is left as it is`(
        _ reset: OptimizerReset
    ) throws {
        let run = try smallRun(schedule: schedule { $0.reset = reset })
        try run.removeMore()
        try run.back()
        try run.removeMore()
        #expect(run.timeline.stages.count == 2 && run.timeline.currentIndex == 1)
        try run.train(TrainingGoal(steps: 1))
        try run.back()
        try run.removeMore()
        #expect(run.timeline.stages.count == 3 && run.timeline.currentIndex == 2)
        // On another line it is another stage.
        try run.back()
        try run.branch("other")
        let before = run.timeline.stages.count
        try run.removeMore()
        #expect(run.timeline.stages.count == before + 1 && run.timeline.current.branch == "other")
        try run.go(toMark: "main")
        let stages = run.timeline.stages.count
        try run.branch("b")
        try run.go(toMark: "main")
        try run.branch("c")
        #expect(run.timeline.stages.count == stages + 2 && run.timeline.current.branch == "c")
    }

    @Test func `what was trained before a removal makes no second stage where its moments are forgotten`() throws {
        let run = try smallRun(schedule: schedule())
        try run.train(TrainingGoal(steps: 1))
        for _ in 0..<3 {
            try run.removeMore()
            #expect(run.timeline.stages.count == 2 && run.timeline.currentIndex == 1)
            try run.back()
        }
    }

    @Test func `where something has changed since the return there is no known way forward`() throws {
        for change in [{ _ = try $0.step() }, { $0.resetOptimizer() }] as [(Run) throws -> Void] {
            let run = try smallRun(schedule: schedule())
            try run.train(TrainingGoal(steps: 1))
            try run.removeMore()
            try run.back()
            #expect(run.nextStage?.id == 1)
            try change(run)
            #expect(run.nextStage == nil)
        }
        #expect(try smallRun(schedule: schedule()).nextStage == nil)
    }

    @Test func `going back is by stages, and by how much was gone on the way to here`() throws {
        let run = try smallRun(digits: 6, schedule: schedule())
        try run.removeMore(4)
        try run.back(0)
        #expect(run.removedCount == 4)
        #expect(throws: RunError.noStages(before: -1)) { try run.back(-1) }
        #expect(throws: RunError.noStages(before: 5)) { try run.back(5) }
        #expect(run.removedCount == 4)
        try run.back(toRemoved: 1)
        #expect(run.removedCount == 1 && run.timeline.currentIndex == 1)
        // Stage 3 is not on the way to stage 1.
        #expect(throws: RunError.noStage(removed: 3)) { try run.back(toRemoved: 3) }
        for id in [-1, 5] { #expect(throws: RunError.noStageNumber(id)) { try run.go(to: id) } }
        // Of two with as much removed the last one on the way.
        try run.branch("again")
        let id = run.timeline.currentIndex
        try run.removeMore()
        try run.back(toRemoved: 1)
        #expect(run.timeline.currentIndex == id)
    }

    @Test func `as many stages are entered as units are removed, none for none, and no more than there are`() throws {
        let run = try smallRun(digits: 6, schedule: schedule())
        #expect(try run.removeMore(0).isEmpty && run.removeMore(-2).isEmpty && run.removedCount == 0)
        var events: [String] = []
        let stages = try run.removeMore(
            2,
            report: {
                if case .removed(let from, let to, let resets, _, _) = $0 { events.append("\(from) \(to) \(resets)") }
            })
        #expect(stages.map(\.record.removed) == [.units(1), .units(2)] && stages.map(\.parent) == [0, 1])
        #expect(events == ["0 1 true", "1 2 true"])
        #expect(try run.removeMore(9).map(\.id) == [3, 4])
        #expect(throws: RunError.nothingLeft(removed: 4)) { try run.removeMore(0) }
        // Forward again over what is known, and on from there.
        try run.back(4)
        #expect(try run.step(to: 3) == 3 && run.removedCount == 3)
        #expect(try run.step(to: 3) == 0 && run.step(to: 1) == 0 && run.removedCount == 3)
        let interrupt = Interrupt()
        interrupt.request()
        #expect(throws: Interrupted.self) { try run.step(to: 4, interrupt: interrupt) }
    }

    @Test func `a name is given once, to a mark or to a line, and the first line is called main`() throws {
        let run = try smallRun(schedule: schedule())
        #expect(run.timeline.current.branch == "main" && run.timeline.marks.isEmpty)
        try run.mark("a")
        try run.train(TrainingGoal(steps: 1))
        try run.branch("b")
        for name in ["a", "b", "main"] { #expect(throws: RunError.markTaken(name)) { try run.branch(name) } }
        #expect(throws: RunError.markTaken("a")) { try run.mark("a") }
        try run.mark("c")
        #expect(run.timeline.marks.map(\.name) == ["a", "c"] && run.timeline.marks.map(\.stage) == [0, 1])
        // To a mark's state, in the stage that it was set in; to a line's latest stage.
        try run.go(toMark: "a")
        #expect(run.progress.updates == 0 && run.timeline.currentIndex == 0)
        try run.go(toMark: "b")
        #expect(run.progress.updates == 1 && run.timeline.currentIndex == 1)
        #expect(throws: RunError.noMark("d")) { try run.go(toMark: "d") }
        // What was reached before going to a mark is what the stage is left with.
        try run.train(TrainingGoal(steps: 2))
        try run.go(toMark: "a")
        try run.go(to: 1)
        #expect(run.progress.updates == 3)
    }
}

@Suite struct StageRuleTests {
    @Test func `a stage records where it began, how long it took, and what was reached`() throws {
        var ticks = 0.0
        let small = try smallRun()
        let run = try Run(
            small.model, on: small.problems, heldOut: small.heldOut, schedule: schedule(), settings: small.settings,
            now: {
                ticks += 1
                return ticks
            })
        #expect(run.timeline.current.record.startedAt == 0)
        try run.train(TrainingGoal(steps: 3))
        #expect(run.timeline.current.record.loss == run.clock.loss)
        #expect(run.timeline.current.record.matchRate == run.clock.matchRate)
        try run.removeMore()
        try run.train(TrainingGoal(steps: 2))
        let records = run.timeline.path.map(\.record)
        #expect(records.map(\.startedAt) == [0, 3] && records.map(\.steps) == [3, 2])
        // The clock goes by one from the start of a step to its end.
        #expect(records.map(\.seconds) == [3, 2] && records.map(\.rescues) == [0, 0])
        #expect(records[0].accuracyBefore == nil && records[1].accuracyBefore != nil)
        let found = try #require(try run.evaluateHeldOut())
        #expect(run.timeline.current.record.accuracy == found.accuracy)
        #expect(run.timeline.current.record.generatedTokens == found.generatedTokens)
    }

    @Test func `a second way beside a stage begins as that one did, with nothing of what came of it`() throws {
        let run = try smallRun(digits: 6, schedule: schedule())
        try run.train(TrainingGoal(steps: 2))
        try run.removeMore()
        try run.train(TrainingGoal(steps: 3))
        run.timeline.edit {
            $0.recoverySteps = 3; $0.accuracy = 0.5; $0.generatedTokens = 7; $0.accuracyRecovered = 0.25
        }
        let first = run.timeline.current
        try run.restore(first.entry)
        try run.timeline.enter(run.snapshot(sharing: first.entry), beside: first.id)
        let second = run.timeline.current
        #expect(second.id == 2 && second.parent == 0 && second.branch == "main")
        #expect(second.record.removed == .units(1) && second.record.startedAt == 2)
        #expect(second.record.accuracyBefore == first.record.accuracyBefore && second.record.accuracyBefore != nil)
        #expect(second.record.accuracyAfter == first.record.accuracyAfter && second.record.accuracyAfter != nil)
        #expect(second.record.steps == 0 && second.record.seconds == 0 && second.record.loss == nil)
        #expect(second.record.recoverySteps == nil && second.record.accuracy == nil)
        #expect(second.record.generatedTokens == nil && second.record.accuracyRecovered == nil)
        #expect(run.timeline.stages[0].next == 2)
    }

    @Test func `a model of a stage is as that was left, of the present one as it is now, and the first as it began`()
        throws
    {
        let run = try smallRun(schedule: schedule())
        let first = run.model.parameters.fingerprint
        try run.train(TrainingGoal(steps: 1))
        let left = run.model.parameters.fingerprint
        try run.removeMore()
        try run.train(TrainingGoal(steps: 1))
        let now = run.model.parameters.fingerprint
        #expect(Set([first, left, now]).count == 3)
        let models = try run.timeline.stages.map { try run.model(at: $0) }
        #expect(models.map { $0.parameters.fingerprint } == [left, now])
        #expect(try run.initialModel().parameters.fingerprint == first)
        // They are copies: what the run learns later is not in them.
        try run.train(TrainingGoal(steps: 1))
        #expect(models[1].parameters.fingerprint == now)
    }

    @Test func `gradients on the way to an update are part of a state`() throws {
        let run = try smallRun(schedule: schedule()) {
            $0.accumulation = 3; $0.accumulationRule = .reference
        }
        // An update at batch 0, and the batches 1 and 2 are gathered.
        for _ in 0..<3 { _ = try run.step() }
        #expect(run.accumulated == 2)
        try run.mark("middle")
        let here = state(run)
        func on() throws -> String {
            for _ in 0..<2 { _ = try run.step() }
            return run.model.parameters.fingerprint
        }
        let there = try on()
        try run.go(toMark: "middle")
        #expect(state(run) == here)
        #expect(try on() == there)
        // A reset forgets them.
        run.resetOptimizer()
        #expect(run.accumulated == 0)
    }

    @Test func `a reset of the second moments alone leaves the first, in a state that is gone back to too`() throws {
        let run = try smallRun(schedule: schedule { $0.reset = .secondMoments })
        try run.train(TrainingGoal(steps: 4))
        try run.removeMore()
        #expect(run.optimizer.stepCount == 4 && run.optimizer.secondStepCount == 0)
        let first = run.optimizer.firstMoments.values()
        #expect(first.contains { $0 != 0 } && run.optimizer.secondMoments.values().allSatisfy { $0 == 0 })
        let here = state(run)
        try run.back()
        #expect(run.optimizer.secondStepCount == 4)
        try run.step(to: 1)
        #expect(state(run) == here)
    }

    @Test func `forgetting moments resets the optimizer here and in every state, and changes nothing else`() throws {
        let run = try smallRun(schedule: schedule())
        try run.train(TrainingGoal(steps: 2))
        try run.mark("before")
        try run.removeMore()
        try run.train(TrainingGoal(steps: 2))
        try run.removeMore()
        try run.back()
        let weights = run.model.parameters.fingerprint, stages = run.timeline.stages.map(\.record)
        run.forgetMoments()
        #expect(run.model.parameters.fingerprint == weights && run.timeline.currentIndex == 1)
        #expect(run.timeline.stages.map(\.record) == stages && run.timeline.marks.map(\.name) == ["before"])
        #expect(run.optimizer.stepCount == 0 && run.optimizer.firstMoments.values().allSatisfy { $0 == 0 })
        for stage in run.timeline.stages {
            for snapshot in [stage.entry, stage.exit] {
                #expect(snapshot.firstMoments.isZero && snapshot.secondMoments.isZero && snapshot.momentSteps == (0, 0))
                #expect(snapshot.progress.updatesSinceReset == 0)
            }
        }
        #expect(run.timeline.marks[0].snapshot.firstMoments.isZero && run.timeline.marks[0].stage == 0)
        try run.go(toMark: "before")
        #expect(run.optimizer.stepCount == 0 && run.progress.updates == 2 && run.progress.updatesSinceReset == 0)
    }
}

@Suite struct PutBackRuleTests {
    @Test func `a run that is put back has its stages, marks and place again, and nothing of what was done since`()
        throws
    {
        let run = try smallRun(digits: 6, schedule: schedule())
        try run.train(TrainingGoal(steps: 1))
        try run.removeMore()
        try run.mark("one")
        try run.train(TrainingGoal(steps: 1))
        let here = state(run), kept = run.checkpoint(), spent = run.spent
        let records = run.timeline.stages.map(\.record)
        for change in [
            { try $0.removeMore(2) }, { try $0.mark("two") }, { try $0.back() }, { try $0.branch("other") },
            { try $0.train(TrainingGoal(steps: 1)) }, { $0.resetOptimizer() }, { $0.forgetMoments() },
            { try $0.change(schedule { $0.positions = .shifted }) },
        ] as [(Run) throws -> Void] {
            try change(run)
            try run.restore(kept)
            #expect(state(run) == here && run.spent == spent && run.schedule.positions == .kept)
            #expect(run.timeline.stages.map(\.record) == records && run.timeline.currentIndex == 1)
            #expect(run.timeline.marks.map(\.name) == ["one"] && run.timeline.current.branch == "main")
        }
        // The stage is left as it was, so going away and back is no loss.
        try run.back()
        try run.step(to: 1)
        #expect(state(run) == here)
    }

    @Test
    func `a batch is never larger than the data, and a pass has as many as there are, the last one perhaps short`() {
        var order = DataOrder(count: 5, batchSize: 10, seed: 1, keepsPartialBatch: false, isShuffled: false)
        #expect(order.batchesPerEpoch == 1)
        let batch = Array(order.batch(0, epoch: 0, variant: 0))
        #expect(batch == [0, 1, 2, 3, 4])
        var settings = TrainingSettings()
        (settings.batchSize, settings.accumulation) = (4, 3)
        // Twelve problems an update; by the reference's rule four.
        #expect([11, 12, 23, 24, 30].map { settings.batchesPerEpoch(problems: $0) } == [1, 1, 1, 2, 2])
        settings.accumulationRule = .reference
        #expect([4, 11, 12].map { settings.batchesPerEpoch(problems: $0) } == [1, 2, 3])
        settings.keepsPartialBatch = true
        #expect([4, 11, 12, 13].map { settings.batchesPerEpoch(problems: $0) } == [1, 3, 3, 4])
    }
}

@Suite struct MemoryRuleTests {
    private func long(_ timeline: Timeline) throws -> Run {
        let run = try smallRun(digits: 6, schedule: schedule(), timeline: timeline)
        for _ in 0..<3 {
            try run.train(TrainingGoal(steps: 1))
            try run.removeMore()
        }
        return run
    }

    @Test func `the oldest states go to files first, those of the present stage stay`() throws {
        #expect(Timeline().memoryLimit == 1 << 30)
        try withTemporaryFolder { folder in
            let path = folder.path + "/spill"
            let run = try long(Timeline(memoryLimit: 0, spillFolder: path))
            let stages = run.timeline.stages
            #expect(stages[0].entry.weights.values == nil && stages[0].exit.weights.values == nil)
            #expect(stages[3].entry.weights.values != nil)
            for part in [stages[0].entry.weights, stages[1].exit.weights, stages[1].exit.firstMoments] {
                let file = try #require(part.file)
                #expect(file.path == path + "/" + file.digest + ".safetensors" && FileSystem.exists(file.path))
            }
            // Moments after a reset are nothing, and need no file.
            #expect(stages[1].entry.firstMoments.isZero && stages[1].entry.firstMoments.file == nil)
            #expect(stages[1].entry.firstMoments.byteCount == 0)
        }
        // With room for all but one part only the oldest goes.
        let all = try long(Timeline())
        let roomy = try long(Timeline(memoryLimit: all.timeline.byteCount - 1))
        #expect(roomy.timeline.byteCount == all.timeline.byteCount - 4 * all.model.parameterCount)
        #expect(roomy.timeline.stages[0].entry.weights.values == nil)
        #expect(roomy.timeline.stages[0].exit.weights.values != nil)
    }

    @Test func `a temporary folder of states goes with its timeline`() throws {
        var path = ""
        do {
            let run = try long(Timeline(memoryLimit: 0))
            path = FileSystem.folder(of: try #require(run.timeline.stages[0].entry.weights.file).path)
            #expect(FileSystem.isFolder(path) && path.contains("/icot-snapshots-"))
        }
        #expect(!FileSystem.exists(path))
    }

    @Test func `a state whose file was changed is refused, by the file's name`() throws {
        try withTemporaryFolder { folder in
            let run = try long(Timeline(memoryLimit: 0, spillFolder: folder.path))
            let file = try #require(run.timeline.stages[0].exit.weights.file).path
            var bytes = try Data(contentsOf: URL(filePath: file))
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: URL(filePath: file))
            let stage = run.timeline.stages[0]
            #expect(throws: RunError.damagedSnapshot(file)) { try run.model(at: stage) }
        }
        try withTemporaryFolder { folder in
            let place = folder.path + "/no/such"
            #expect(throws: RunError.noFolder(place)) { try long(Timeline(memoryLimit: 0, spillFolder: place)) }
        }
    }

    @Test func `a part is put into another folder only if it is not there yet`() throws {
        try withTemporaryFolder { folder in
            let run = try smallRun()
            let part = SnapshotPart(run.model.parameters)
            let (one, two) = (folder.path + "/one", folder.path + "/two")
            for path in [one, two] { try FileSystem.makeFolder(path) }
            try part.keep(in: one)
            let file = try #require(part.file)
            #expect(file.path == one + "/\(file.digest).safetensors")
            try part.keep(in: one)
            #expect(part.file == file && part.values != nil)
            part.release()
            #expect(part.values == nil && part.byteCount == 0)
            // From the file to another one, without the numbers in memory.
            try part.keep(in: two)
            #expect(
                part.file == PartFile(file.digest, in: two) && FileSystem.exists(two + "/\(file.digest).safetensors"))
            let set = ParameterSet(run.model.parameters.layout)
            try part.copy(to: set)
            #expect(set.fingerprint == run.model.parameters.fingerprint)
            let zero = SnapshotPart(run.model.parameters, isZero: true)
            try zero.keep(in: one)
            try zero.copy(to: set)
            #expect(zero.file == nil && set.values().allSatisfy { $0 == 0 })
        }
    }
}

@Suite struct RescueRuleTests {
    private func stuck(_ pace: Pace, at removed: Int) throws -> Run {
        let run = try smallRun(digits: 7, schedule: schedule { $0.pace = pace })
        for _ in 0..<removed {
            _ = try run.step()
            try run.removeMore()
        }
        return run
    }

    @Test func `a rescue slows down the stage that was stuck too, and none beyond it`() throws {
        let run = try stuck(.adaptive(AdaptiveRule(leastSteps: 3, mostSteps: .steps(6))), at: 2)
        var goal = TrainingGoal()
        goal.rescues = 1
        #expect(try run.rescue(goal) { _ in } && run.removedCount == 1)
        #expect(run.clock.leastSteps == 15 && run.progress.rescuedStage == 2)
        try run.removeMore()
        #expect(run.removedCount == 2 && run.clock.leastSteps == 15)
        try run.removeMore()
        #expect(run.removedCount == 3 && run.clock.leastSteps == 0)
    }

    @Test func `a rescue counts its attempts for one stage, and keeps the stage that was stuck as it was left`() throws
    {
        let run = try stuck(.adaptive(AdaptiveRule(leastSteps: 3, mostSteps: .steps(6))), at: 2)
        _ = try run.step()
        let left = run.model.parameters.fingerprint, entry = run.timeline.stages[1].entry
        var goal = TrainingGoal()
        goal.rescues = 2
        #expect(try run.rescue(goal) { _ in })
        // A second way beside stage 1, from where that began, in another order of the data.
        #expect(run.timeline.current.parent == 0 && run.timeline.current.record.rescues == 1)
        #expect(run.timeline.current.entry.isSameState(as: entry))
        #expect(run.progress.variant == 1 && run.progress.rescueAttempts == 1)
        #expect(try run.model(at: run.timeline.stages[2]).parameters.fingerprint == left)
        // Another stage that is stuck has attempts of its own.
        #expect(try run.rescue(goal) { _ in })
        #expect(run.progress.rescuedStage == 1 && run.progress.rescueAttempts == 1 && run.progress.variant == 2)
        #expect(run.removedCount == 0 && run.timeline.current.parent == nil && !run.isRescuable(goal))
    }

    @Test func `without a rule that waits a rescue slows down to five times twenty steps, and sixteen times at most`()
        throws
    {
        let run = try stuck(.manual, at: 1)
        var goal = TrainingGoal()
        goal.rescues = 9
        var least: [Int] = []
        for _ in 0..<6 {
            #expect(try run.rescue(goal) { if case .rescued(let rescue) = $0 { least.append(rescue.leastSteps) } })
            try run.removeMore()
        }
        #expect(least == [100, 200, 400, 800, 1600, 1600])
        goal.rescues = 6
        #expect(!run.isRescuable(goal))
    }

    @Test func `an alarm ends training or is rescued where that is asked for, and otherwise is only told`() throws {
        func train(onAlarm: Bool, rescues: Int) throws -> (TrainingEnd, alarms: Int, rescues: Int, updates: Int) {
            let run = try smallRun(schedule: schedule())
            try run.removeMore()
            run.watch?.updateRatio = 0
            var goal = TrainingGoal(steps: 4)
            (goal.rescuesOnAlarm, goal.rescues) = (onAlarm, rescues)
            var alarms = 0, rescued = 0
            let end = try run.train(goal) {
                switch $0 {
                case .alarm: alarms += 1
                case .rescued: rescued += 1
                default: break
                }
            }
            return (end, alarms, rescued, run.spent.updates)
        }
        #expect(try train(onAlarm: false, rescues: 3) == (.stepsDone, 4, 0, 4))
        #expect(try train(onAlarm: true, rescues: 0) == (.stuck, 1, 0, 1))
        // The first stage is where it was taken back to, and has attempts of its own.
        #expect(try train(onAlarm: true, rescues: 1) == (.stuck, 3, 2, 3))
    }
}
