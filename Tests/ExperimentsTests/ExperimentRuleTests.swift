// Rules of an experiment that nothing else holds: what a budget counts, what an interrupt leaves, what is written down,
// what a probe could know without a model, and whose probabilities are shown.

import Foundation
import Internalization
import Probing
import Support
import TestSupport
import Testing
import Transformer

@testable import Experiments

@Suite struct ExperimentRuleTests {
    // MARK: - Controls

    @Test func `a budget of tokens counts the problems of all batches that make an update`() throws {
        let experiment = try Small.experiment { $0.training.accumulation = 2 }
        try experiment.train(TrainingGoal(steps: 7))
        // Nine tokens a problem with its chain, seven without.
        #expect(experiment.run.spent.updates == 7 && experiment.run.spent.tokens == 7 * 16 * 9)
        #expect(try ControlBudget(matching: .tokens, of: experiment, .noCoT).updates == 9)
        #expect(try ControlBudget(matching: .tokens, of: experiment, .explicit).updates == 7)
        #expect(try ControlBudget(matching: .updates, of: experiment, .noCoT).updates == 7)
    }

    @Test func `a control that is stopped is trained no further and not reset`() throws {
        let experiment = try Small.experiment()
        try experiment.train(TrainingGoal(steps: 2))
        experiment.run.resetOptimizer()
        try experiment.train(TrainingGoal(steps: 2))
        let budget = try ControlBudget(matching: .updates, of: experiment, .noCoT)
        let control = try experiment.control(.noCoT, budget)
        let stop = Interrupt()
        let end = try control.train(
            asControlOf: experiment, budget, report: { if case .step = $0 { stop.request() } }, interrupt: stop)
        #expect(end == .interrupted)
        #expect(control.run.spent.resets.isEmpty && control.run.spent.updates < 2)
    }

    @Test func `a control is written like its run, separator and parts included`() throws {
        let experiment = try Small.experiment { $0.separator = .kept }
        try experiment.train(TrainingGoal(steps: 1))
        let budget = try ControlBudget(matching: .updates, of: experiment, .explicit)
        for kind in ControlKind.allCases {
            let control = try experiment.control(kind, budget)
            #expect(control.separator == .kept && control.encoder.separator == .kept, "\(kind)")
            #expect(control.validation?.fingerprint == experiment.validation?.fingerprint)
            #expect(control.data.fingerprint == experiment.data.fingerprint && control.folder == nil)
            #expect(control.model.origin == experiment.model.origin)
            #expect((control.encoder is FillerEncoder) == (kind == .filler))
        }
    }

    @Test func `a run keeps the weights that it began with, whatever it learns`() throws {
        let experiment = try Small.experiment()
        let before = experiment.run.model.contentHash()
        #expect(experiment.initial.contentHash() == before)
        try experiment.train(TrainingGoal(steps: 3))
        #expect(experiment.initial.contentHash() == before && experiment.run.model.contentHash() != before)
    }

    // MARK: - What is written down

    @Test func `a kept run writes down what happens, and a copy of it nothing`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            func lines() throws -> Int {
                try String(contentsOfFile: path + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").count
            }
            let kept = try Small.experiment { $0.schedule.pace = .stepsPerRemoval(2) }
            try kept.keep(at: path)
            let before = try lines()
            var heard = 0
            var goal = TrainingGoal(steps: 6)
            goal.followsSchedule = true
            try kept.train(goal, report: { _ in heard += 1 })
            try kept.save()
            let after = try lines()
            #expect(heard >= 8 && after > before)
            let copy = try Experiment.open(copyOf: path), other = try Experiment.open(copyOf: path)
            try copy.train(TrainingGoal(steps: 3))
            #expect(try lines() == after && other.run.progress.updates == 6)
        }
    }

    @Test func `a folder that does not say how its problems are written is refused by that`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run", file = path + "/run.json"
            do { try Small.experiment().keep(at: path) }
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let other = text.replacing("\"characters\"", with: "\"letters\"")
            #expect(other != text)
            try other.write(toFile: file, atomically: true, encoding: .utf8)
            let fault = #expect(throws: FileError.self) { try Experiment.resume(path) }
            #expect(fault?.path == file && fault?.kind == .malformed)
        }
    }

    // MARK: - What it can do

    @Test func `the probability below a written token is the model's own for it, those before it given`() throws {
        let experiment = try Small.experiment()
        try experiment.train(TrainingGoal(steps: 5))
        let test = try #require(experiment.test)
        let answer = try #require(try experiment.solve(test, 3, removed: .units(0), interrupt: Interrupt()))
        let problem = try experiment.written(test, 3).problem
        let question = Array(problem.tokens[..<problem.inputCount])
        let written = answer.solution.tokens
        for place in [0, written.count - 1] {
            let tokens = question + written[..<place]
            var batch = RaggedBatch()
            batch.append(tokens, positions: tokens.indices.map { Int32($0) }, labels: nil)
            let row = try experiment.run.model.logits(batch).suffix(experiment.encoder.vocabularySize).map(Double.init)
            let sum = row.reduce(0) { $0 + exp($1) }
            #expect(abs(answer.probabilities[place] - exp(row[Int(written[place])]) / sum) < 1e-5, "\(place)")
        }
    }

    @Test func `with shifted ids as much may be asked to be gone as is gone, and nothing else`() throws {
        let shifted = try Small.experiment { $0.schedule.positions = .shifted }
        try shifted.run.removeMore()
        #expect(try shifted.removed(asked: 1) == .units(1) && shifted.removed(asked: nil) == .units(1))
        #expect(throws: ExperimentFault.partNotAskable) { try shifted.removed(asked: 0) }
        #expect(throws: ExperimentFault.removedBeyondChain(3, longest: 2)) { try shifted.removed(asked: 3) }
    }

    // MARK: - What is known without a model

    @Test func `problems are of one type for the control task where their first and last varying tokens are the same`()
        throws
    {
        let experiment = try Small.experiment()
        func types(_ questions: [String]) throws -> [Int]? {
            let set = try Small.problems(questions.map { ($0, "1 1", "0") })
            return try ProblemsAtStage(set, for: ModelAtStage(experiment)).questions.controlTypes
        }
        // The first token never varies.
        let found = try #require(try types(["5 1 7 2", "5 1 3 2", "5 1 7 4", "5 2 7 2", "5 2 7 1"]))
        #expect(found[0] == found[1])
        #expect(found[0] != found[2] && found[0] != found[3] && found[2] != found[3])
        // 1 … 2 and 2 … 1 are two types.
        #expect(found[0] != found[4])
        #expect(try types(["5 1 7 2", "5 1 7 2"]) == nil)
    }

    @Test func `after the last token nothing is predicted, and of several tokens each has the one after it`() throws {
        let experiment = try Small.experiment()
        let set = try Small.problems([("2 7 4 3", "1 1", "0")])
        let problems = try ProblemsAtStage(set, for: ModelAtStage(experiment))
        let last = try problems.positions(.last)
        #expect(problems.readout(last[0]).tokens == [0])
        let chain = try problems.positions(.predictsChain).flatMap { problems.readout($0).tokens }
        #expect(chain.map { experiment.encoder.text($0) } == ["1", "1"])
        #expect(try problems.positions(.input).map(\.label) == (0..<4).map { ".input[\($0)]" })
    }

    @Test func `a model without a run is read with the whole chain, and the present state has no number`() throws {
        let set = try Small.problems([("2 7 4 3", "1 1", "0")])
        let model = try ModelAtStage(Small.model(), asked: set)
        #expect(model.removed == .units(0) && model.name == "" && model.shape == nil)
        #expect(try ProblemsAtStage(set, for: model).remaining[0].tokens.count == 9)
        let stages = ComparedStages(present: model)
        #expect(stages.runCount == 1 && stages.stages.map(\.removed) == [nil] && stages.stages[0].models.count == 1)
    }

    // MARK: - What is said

    @Test func `each fault is about one thing, and says it`() {
        let said: [(ExperimentFault, String)] = [
            (.orderAfterSteps, "the run has taken steps already; this order can only be chosen before the first"),
            (.orderWhenKept, "the run is kept in a folder already; this order can only be chosen before"),
            (.notTrained, "the run has not been trained yet"),
            (
                .partNotAskable,
                "with shifted positions nothing in the question tells the model how much of the chain to write"
            ),
            (.noSharedStage, "the runs have no stage with the same number of tokens removed"),
        ]
        for (fault, words) in said { #expect(fault.description == words) }
        #expect(
            SeparatorFault.tokenizer.description
                == "with a tokenizer the answer is found by the <eos> and #### before it")
        #expect(ProblemPlace.allCases.map { $0.text(nil) }.contains(".predicts_chain"))
        #expect(Set(ControlKind.allCases.map(\.summary)).count == 3 && ControlKind.noCoT.rawValue == "no_cot")
    }
}
