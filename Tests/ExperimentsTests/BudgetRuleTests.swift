// What a control is shown and how long it is trained, what the parts of an experiment are, and what is said of both.

import Foundation
import Internalization
import Support
import TestSupport
import Testing
import Transformer

@testable import Experiments

@Suite struct BudgetRuleTests {
    // MARK: - Controls

    @Test func `a control is shown the same chain from the first update to the last, and keeps every other switch`() {
        var schedule = RemovalSchedule()
        schedule.pace = .stepsPerRemoval(3)
        schedule.startFrom = 2
        schedule.removeAllBeyond = 5
        schedule.pretrainEpochs = 4
        schedule.smoothing = RemovalSmoothing(lambda: 1)
        schedule.mixing = 0.3
        schedule.mixingAfterRescue = 0.5
        schedule.positions = .original
        schedule.order = .right
        schedule.maximumLength = 17
        for kind in ControlKind.allCases {
            let its = kind.schedule(of: schedule)
            #expect(its.pace == .manual && its.startFrom == 0 && its.pretrainEpochs == 0)
            #expect(its.removeAllBeyond == (kind == .noCoT ? 0 : nil), "\(kind)")
            #expect(its.smoothing.isNone && its.mixing == 0 && its.mixingAfterRescue == nil)
            #expect(its.positions == .original && its.maximumLength == 17)
            // Of fillers none goes, and they have no pieces by which they could.
            #expect(its.order == (kind == .filler ? .left : .right), "\(kind)")
        }
        #expect(ControlKind.allCases.map(\.runName) == ["No CoT", "Explicit CoT", "filler tokens"])
    }

    @Test func `resets come where the run's were, those beyond the end not at all`() throws {
        let experiment = try Small.experiment()
        for _ in 0..<3 {
            try experiment.train(TrainingGoal(steps: 2))
            experiment.run.resetOptimizer()
        }
        try experiment.train(TrainingGoal(steps: 1))
        #expect(experiment.run.spent.resets == [2, 4, 6])
        let whole = try ControlBudget(matching: .updates, of: experiment, .explicit)
        #expect(whole.updates == 7 && !whole.matchesTokens)
        #expect(whole.resets(of: experiment.run.spent) == [2, 4, 6])
        let short = try ControlBudget(matching: .updates, of: experiment, .explicit, steps: 4)
        #expect(short.updates == 4 && short.resets(of: experiment.run.spent) == [2])
        let long = try ControlBudget(matching: .updates, of: experiment, .explicit, steps: 14)
        #expect(long.resets(of: experiment.run.spent) == [2, 4, 6])
        // As many tokens an update as the run's: as many updates.
        let tokens = try ControlBudget(matching: .tokens, of: experiment, .filler)
        #expect(tokens.updates == 7 && tokens.matchesTokens && tokens.resets(of: experiment.run.spent) == [2, 4, 6])
        #expect(throws: ExperimentFault.notTrained) {
            try ControlBudget(matching: .updates, of: experiment, .explicit, steps: 0)
        }
        let control = try experiment.control(.explicit, whole)
        try control.train(asControlOf: experiment, whole, resets: false)
        #expect(control.run.spent.resets.isEmpty && control.run.spent.updates == 7)
        let again = try experiment.control(.explicit, whole)
        #expect(try again.train(asControlOf: experiment, whole) == .stepsDone)
        #expect(again.run.spent.resets == [2, 4, 6] && again.run.spent.updates == 7)
        // What has been trained in part is trained to the end, and not beyond.
        let begun = try experiment.control(.explicit, whole)
        try begun.train(TrainingGoal(steps: 5))
        try begun.train(asControlOf: experiment, whole, resets: false)
        #expect(begun.run.spent.updates == 7)
    }

    @Test func `a control's rate falls for as many updates at its end as the run had without a chain`() throws {
        let experiment = try Small.experiment { $0.training.decay = 100 }
        try experiment.train(TrainingGoal(steps: 5))
        func settings(_ steps: Int? = nil) throws -> TrainingSettings {
            let budget = try ControlBudget(matching: .updates, of: experiment, .noCoT, steps: steps)
            return try experiment.control(.noCoT, budget).run.settings
        }
        // The run still has its chain, so its rate has not begun to fall.
        #expect(try settings().decay == nil)
        try experiment.run.removeMore(2)
        try experiment.train(TrainingGoal(steps: 4))
        #expect(try settings().decayStart == 5 && settings().decay == 100)
        #expect(try settings(20).decayStart == 16)
        #expect(try settings(2).decayStart == 0)
        let budget = try ControlBudget(matching: .updates, of: experiment, .noCoT)
        #expect(try experiment.control(.noCoT, budget).run.settings.seed == experiment.run.settings.seed)
        #expect(try experiment.control(.noCoT, budget, seed: 9).run.settings.seed == 9)
        #expect(try experiment.control(.filler, budget).name == "filler tokens")
    }

    // MARK: - Parts

    @Test func `a part is set aside only where the other is given, and never from both`() throws {
        let data = try Small.parity(100, seed: 1), other = try Small.parity(10, seed: 2, apartFrom: [data])
        let third = try Small.parity(10, seed: 3, apartFrom: [data, other])
        func counts(_ test: ProblemSet?, _ validation: ProblemSet?) throws -> [Int?] {
            let parts = try ProblemParts(data, test: test, validation: validation)
            return [parts.data.count, parts.test?.count, parts.validation?.count]
        }
        #expect(try counts(nil, nil) == [100, nil, nil])
        #expect(try counts(other, nil) == [90, 10, 10])
        #expect(try counts(nil, other) == [90, 10, 10])
        #expect(try counts(other, third) == [100, 10, 10])
        let given = try ProblemParts(data, test: nil, validation: other)
        #expect(given.validation?.fingerprint == other.fingerprint && given.all.count == 3)
        #expect(throws: ExperimentFault.sharedQuestion(data[0].question, of: .validation, with: .training)) {
            try ProblemParts(data, test: nil, validation: data.select([0]))
        }
    }

    @Test func `what is known of a set is counted by its questions, and the first test problem is the example`() throws
    {
        let experiment = try Small.experiment()
        let data = experiment.data, test = try #require(experiment.test)
        let validation = try #require(experiment.validation)
        #expect(experiment.known(in: data[0..<7]) == (7, 0))
        #expect(experiment.known(in: validation[0..<3]) == (0, 3))
        #expect(experiment.known(in: test) == (0, 0))
        let example = try #require(try experiment.example())
        #expect(example.problem.tokens == (try experiment.encoder.encode(test[0])).tokens)
        let bare = try Small.experiment(on: ProblemParts(data[0..<20], test: nil, validation: nil))
        let first = try #require(try bare.example())
        #expect(first.problem.tokens == (try bare.encoder.encode(data[0])).tokens)
    }

    @Test func `stages are named by what is gone, and an untrained model is always the same`() throws {
        let experiment = try Small.experiment()
        try experiment.run.removeMore()
        #expect(ModelAtStage(experiment).name == "removed 1")
        let stages = experiment.stages
        #expect(try stages.map { try ModelAtStage(experiment, at: $0.stage).name } == ["removed 0", "removed 1"])
        let configuration = experiment.run.model.configuration
        #expect(
            LanguageModel.untrained(configuration).contentHash() == LanguageModel.untrained(configuration).contentHash()
        )
    }

    // MARK: - How problems are written

    @Test func `answers of one length need no sign before them, others do, and spaces are no characters of them`()
        throws
    {
        func encoder(_ answers: [String], _ separator: AnswerSeparator? = nil) throws -> any ProblemEncoder {
            let set = try Small.problems(answers.enumerated().map { ("1 \($0.offset)", "2", $0.element) })
            return try ProblemWriting.characters(.digits).encoder(separator: separator, answers: [set])
        }
        #expect(try encoder(["1", "2"]).separator == .absent)
        #expect(try encoder(["1 2", "34"]).separator == .absent)
        #expect(try encoder(["1", "22"]).separator == .kept)
        #expect(try encoder(["1", "2"], .kept).separator == .kept)
        #expect(try encoder(["1", "22"], .removedLast).separator == .removedLast)
        let fault = #expect(throws: SeparatorFault.self) { try encoder(["1", "222"], .absent) }
        #expect("\(try #require(fault))".hasPrefix("the answers have 1 to 3 characters"))
        let error = #expect(throws: ProblemError.self) {
            try ProblemWriting.ids(reason: "it is odd").encoder(separator: nil, answers: [])
        }
        #expect("\(try #require(error))".contains("problems cannot be written for the model: it is odd"))
        #expect(ProblemWriting.characters(.digits).hasSameCharacters(as: .characters(.digits)))
        #expect(!ProblemWriting.characters(.digits).hasSameCharacters(as: .ids(reason: nil)))
        #expect(!ProblemWriting.ids(reason: nil).hasSameCharacters(as: .ids(reason: nil)))
    }

    @Test func `problems that are too long are left out by every rule but the reference's`() throws {
        let set = try Small.problems([("21", "1", "1"), ("12345", "1", "1")])
        for (rule, expected) in [
            (Fidelity.fixed, [StartNote.leftOut(1, limit: 6)]), (.paper, [.leftOut(1, limit: 6)]), (.reference, []),
        ] {
            var notes: [StartNote] = []
            _ = try Small.experiment(on: ProblemParts(set, test: nil, validation: nil)) {
                $0.schedule.maximumLength = 6
                $0.schedule.lengthRule = rule
                $0.training.batchSize = 1
            } note: {
                notes.append($0)
            }
            #expect(notes == expected, "\(rule)")
        }
    }

    // MARK: - What is said

    @Test func `what cannot be done is said in a person's words`() {
        let said: [(ExperimentFault, String)] = [
            (.sharedQuestion("1 2", of: .test, with: .training), "the test problem 1 2 is among those trained on"),
            (.sharedQuestion("1", of: .validation, with: .test), "the validation problem 1 is among the test problems"),
            (.allTooLong(limit: 3, longest: 9), "every problem has more than 3 tokens"),
            (.removedBeyondChain(5, longest: 2), "5 tokens cannot be gone: the longest chain has 2"),
            (.noPlace(.chain, index: 4, count: 2), "no problem has a position .chain[4]"),
            (.otherShape("b", than: "a"), "b has a model of another shape than a"),
        ]
        for (fault, words) in said { #expect(fault.description == words) }
        #expect(StartNote.leftOut(1, limit: 6).description == "1 problem longer than 6 tokens left out")
        #expect(StartNote.leftOut(1200, limit: 6).description == "1,200 problems longer than 6 tokens left out")
        #expect(
            StartNote.positionsShifted(needed: 11, positions: 9).description
                == "kept position ids would reach 11, and the model has 9: they are shifted")
        #expect(ProblemPlace.predictsAnswer.text(2) == ".predicts_answer[2]" && ProblemPlace.last.text(nil) == ".last")
    }

    // MARK: - Its folder

    @Test
    func `a folder holds the separator and the characters that were asked for, and a copy the name of its source`()
        throws
    {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            do {
                let kept = try Small.experiment(name: "mine") { $0.separator = .kept }
                try kept.keep(at: path)
                try kept.train(TrainingGoal(steps: 1))
                try kept.save()
            }
            let copy = try Experiment.open(copyOf: path)
            #expect(copy.separator == .kept && copy.encoder.separator == .kept && copy.name == "mine")
            #expect(copy.path == path && copy.folder == nil && copy.model.origin == .folder(path))
            #expect(copy.model.writing.hasSameCharacters(as: .characters(.digits)))
            #expect(copy.test?.count == 40 && copy.data.count == 360)
            // What is trained in a copy is not kept.
            try copy.train(TrainingGoal(steps: 2))
            try copy.save()
            let again = try Experiment.resume(path)
            #expect(again.run.progress.updates == 1 && again.path == path && again.folder != nil)
        }
    }
}
