import Experiments
import Foundation
import Internalization
import Support
import TestSupport
import Testing
import Transformer

@Suite struct ExperimentTests {
    // MARK: Starting

    @Test func `what decides when to stop is set aside from the problems trained on, and no part asks for another's`()
        throws
    {
        let data = try Small.parity(400, seed: 1), test = try Small.parity(40, seed: 2, apartFrom: [data])
        let parts = try ProblemParts(data, test: test, validation: nil)
        let validation = try #require(parts.validation)
        // A tenth.
        #expect(parts.data.count == 360 && validation.count == 40 && parts.test?.count == 40)
        let questions = parts.all.map { set in Set((0..<set.count).map { set[$0].question }) }
        #expect(questions[0].isDisjoint(with: questions[1]) && questions[0].isDisjoint(with: questions[2]))
        #expect(questions[1].isDisjoint(with: questions[2]))

        let shared = data[7].question
        #expect(throws: ExperimentFault.sharedQuestion(shared, of: .test, with: .training)) {
            try ProblemParts(data, test: data.select([7]), validation: nil)
        }
        #expect(throws: ExperimentFault.sharedQuestion(test[3].question, of: .validation, with: .test)) {
            try ProblemParts(data, test: test, validation: test.select([3]))
        }
    }

    @Test func `a loaded model is trained forty times more slowly than a fresh one, and for good`() throws {
        let data = try Small.parity(10, seed: 1)
        let fresh = StartSettings(nil, model: Small.model(.seed(1)), data: data).training
        // The name of a folder decides nothing.
        let loaded = StartSettings(nil, model: Small.model(.folder("seed_model")), data: data).training
        #expect(fresh.learningRate == 2e-3 && fresh.decay == 1000)
        #expect(loaded.learningRate == 5e-5 && loaded.decay == nil)
        let paper = StartSettings(.paper, model: Small.model(.seed(1)), data: data)
        #expect(paper.training.learningRate == 5e-5 && paper.training.decay == nil && paper.separator == .kept)
    }

    @Test func `a start says what its settings do not: problems left out, ids that jump alike, ids that are shifted`()
        throws
    {
        // `21|11$` has six tokens, `11|1010$` eight, `12345|11$` nine.
        let rows = [("21", "1", "1"), ("11", "101", "0"), ("31", "1", "0"), ("41", "110", "1"), ("12345", "1", "1")]
        let set = try Small.problems(rows)
        var notes: [StartNote] = []
        func start(_ model: ExperimentModel, limit: Int?) throws {
            notes = []
            _ = try Small.experiment(on: ProblemParts(set, test: nil, validation: nil), model: model) {
                $0.schedule.maximumLength = limit
                $0.training.batchSize = 1
            } note: {
                notes.append($0)
            }
        }
        try start(Small.model(), limit: 6)
        #expect(notes == [.leftOut(3, limit: 6)])
        try start(Small.model(), limit: nil)
        #expect(notes == [.positionsJumpAlike])
        // Six tokens of input, the longest chain of three jumped over, and answer and $ after it.
        try start(Small.model(positions: 9), limit: nil)
        #expect(notes == [.positionsShifted(needed: 11, positions: 9)])
        #expect(throws: ExperimentFault.allTooLong(limit: 3, longest: 9)) { try start(Small.model(), limit: 3) }
    }

    @Test func `an order of whole pieces can be chosen until the first step, and until the run is kept`() throws {
        func steps(_ experiment: Experiment) -> RemovalSchedule {
            var schedule = experiment.run.schedule
            schedule.order = .grouped(name: "steps")
            return schedule
        }
        let early = try Small.experiment()
        #expect(early.run.longest == 2)
        try early.change(steps(early))
        #expect(early.run.schedule.order == .grouped(name: "steps") && early.run.problems.groups(0) != nil)

        let late = try Small.experiment()
        try late.train(TrainingGoal(steps: 1))
        #expect(throws: ExperimentFault.orderAfterSteps) { try late.change(steps(late)) }
        try withTemporaryFolder { folder in
            let kept = try Small.experiment()
            try kept.keep(at: folder.path + "/run")
            #expect(throws: ExperimentFault.orderWhenKept) { try kept.change(steps(kept)) }
        }
    }

    // MARK: Its folder

    @Test func `a kept run comes back with its problems, names and bits, and a copy leaves it as it is`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            let whole = try Small.experiment(name: "mine"), first = try Small.experiment(name: "mine")
            try whole.train(TrainingGoal(steps: 9))
            try first.keep(at: path)
            try first.train(TrainingGoal(steps: 4))
            try first.save()
            let copy = try Experiment.open(copyOf: path)
            try copy.train(TrainingGoal(steps: 2))
            #expect(copy.path == path && copy.run.progress.updates == 6)
            #expect(throws: RunFolderError.self) { try Experiment.resume(path) }
            try first.train(TrainingGoal(steps: 5))
            #expect(first.run.model.contentHash() == whole.run.model.contentHash())
        }
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            let parts = try Small.parts()
            var hash = ""
            do {
                let first = try Small.experiment(on: parts, name: "mine")
                try first.keep(at: path)
                try first.train(TrainingGoal(steps: 4))
                try first.save()
                hash = first.run.model.contentHash()
            }
            var warnings: [String] = []
            let second = try Experiment.resume(path, warn: { warnings.append($0) })
            #expect(second.run.model.contentHash() == hash && warnings == [])
            #expect(second.name == "mine" && second.path == path && second.model.origin == .folder(path))
            #expect(zip(second.problems.all, parts.all).allSatisfy { $0.fingerprint == $1.fingerprint })
            #expect(second.initial.contentHash() == Small.model().model.contentHash())
        }
    }

    @Test func `training goes on where the disk does not, and says so once`() throws {
        try withTemporaryFolder { folder in
            let kept = try Small.experiment {
                $0.schedule.pace = .stepsPerRemoval(2)
            }
            try kept.keep(at: folder.path + "/run")
            // A file where a folder should be.
            try FileManager.default.removeItem(atPath: folder.path + "/run/checkpoints")
            try Data().write(to: folder.appending(path: "run/checkpoints"))
            var told = 0
            var goal = TrainingGoal(steps: 8)
            goal.followsSchedule = true
            try kept.train(goal, notSaved: { _ in told += 1 })
            #expect(told == 1 && kept.run.progress.updates == 8 && kept.run.isEmptied)
        }
    }

    // MARK: What it can do

    @Test func `a part of the chain can only be asked for where the position ids say so`() throws {
        let kept = try Small.experiment()
        #expect(try kept.removed(asked: nil) == .units(0) && kept.removed(asked: 2) == .units(2))
        #expect(throws: ExperimentFault.removedBeyondChain(3, longest: 2)) { try kept.removed(asked: 3) }
        let shifted = try Small.experiment { $0.schedule.positions = .shifted }
        #expect(try shifted.removed(asked: 0) == .units(0))
        #expect(throws: ExperimentFault.partNotAskable) { try shifted.removed(asked: 1) }
    }

    @Test func `what a run writes for a problem has a probability each, all of them together what the model gives`()
        throws
    {
        let experiment = try Small.experiment()
        try experiment.train(TrainingGoal(steps: 30))
        let test = try #require(experiment.test)
        for index in 0..<5 {
            let answer = try #require(
                try experiment.solve(test, index, removed: .units(0), interrupt: Interrupt()))
            #expect(answer.inputCount == 5 && answer.expected.tokens.count == 9)
            #expect(answer.probabilities.count == answer.solution.tokens.count)
            // Greedy writing takes the likeliest of the vocabulary.
            let least = 1 / Double(CharacterVocabulary.digits.count)
            #expect(answer.probabilities.allSatisfy { $0 >= least && $0 <= 1 })
        }
        let counted = try experiment.evaluate(test, removed: .units(0), EvaluationOptions(), interrupt: Interrupt())
        #expect(counted.count == 40)
    }

    @Test func `of several stages with as much removed the last one counts`() throws {
        let experiment = try Small.experiment()
        let run = experiment.run
        try run.removeMore()
        try run.branch("again")
        try run.removeMore()
        #expect(run.timeline.path.map { $0.record.removed.capped(at: 2) } == [0, 1, 1, 2])
        #expect(experiment.stages.map(\.removed) == [0, 1, 2])
        #expect(experiment.stages[1].stage.id == run.timeline.path[2].id)
    }
}
