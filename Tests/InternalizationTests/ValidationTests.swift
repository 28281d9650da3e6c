import Support
import Testing
import Transformer

@testable import Internalization

@Suite struct ValidationTests {
    private func set(_ questions: [String]) throws -> ProblemSet {
        var builder = ProblemSetBuilder(taskName: "t")
        for question in questions { try builder.append(question: question, chain: "", answer: "1") }
        return builder.finish()
    }

    private func questions(_ set: ProblemSet) -> [String] { (0..<set.count).map { set[$0].question } }

    @Test func `a tenth of the questions is set aside from the end, wherever else they are asked`() throws {
        let names = (0..<30).map { "q\($0)" }
        let (rest, aside) = try set(names + ["q29", "q3", "q29"]).settingAside()
        #expect(questions(aside) == ["q28", "q3", "q29"])
        #expect(questions(rest) == names.filter { !["q28", "q3", "q29"].contains($0) })
        #expect(AskedQuestions(aside).count(in: rest) == 0)
        #expect(try AskedQuestions(set(["a", "c"])).first(in: set(["b", "c", "a"]))?.question == "c")
        #expect(try AskedQuestions(set(["a", "c"])).first(in: set(["b"])) == nil)
        #expect(try AskedQuestions(set(["a", "c"])).count(in: set(["a", "a", "b"])) == 2)
    }

    @Test func `at most 500 questions are set aside, and none from a single one`() throws {
        #expect(ProblemSet.countSetAside(of: 50_000) == 500)
        #expect(ProblemSet.countSetAside(of: 990) == 99)
        #expect(ProblemSet.countSetAside(of: 4) == 1)
        #expect(ProblemSet.countSetAside(of: 1) == 0)
        #expect(try set(["a", "a"]).settingAside().aside.isEmpty)
    }

    /// Problems of the run's task with every answer turned around.
    private func falsified(_ heldOut: HeldOut) throws -> HeldOut {
        HeldOut(
            try EncodedProblems(
                (0..<heldOut.problems.count).map { index in
                    var problem = heldOut.problems[index]
                    let place = problem.answer.lowerBound
                    let (zero, one) = (CharacterVocabulary.digits.id(of: "0")!, CharacterVocabulary.digits.id(of: "1")!)
                    problem.tokens[place] = problem.tokens[place] == zero ? one : zero
                    return problem
                }), encoder: heldOut.encoder)
    }

    private func run() throws -> Run {
        try smallRun(digits: 3, train: 600, width: 32, heads: 4) {
            $0.batchSize = 32; $0.learningRate = 4e-3
        }
    }

    @Test func `training stops by the validation problems, whatever the test problems say`() throws {
        let run = try run()
        run.heldOut = try falsified(try #require(run.heldOut))
        var goal = TrainingGoal(steps: 600, accuracy: 0.95)
        goal.evaluateEvery = 20
        #expect(try run.train(goal) == .reachedAccuracy)
        #expect(run.progress.updates < 600)
        #expect(try #require(try run.evaluateHeldOut()).accuracy <= 0.05)
    }

    @Test func `training does not stop while only the test problems are right`() throws {
        let run = try run()
        run.validation = try falsified(try #require(run.validation))
        var goal = TrainingGoal(steps: 300, accuracy: 0.95)
        goal.evaluateEvery = 20
        #expect(try run.train(goal) == .stepsDone)
        #expect(try #require(try run.evaluateHeldOut()).accuracy > 0.95)
    }

    @Test func `a goal of accuracy needs validation problems`() throws {
        let run = try run()
        run.validation = nil
        #expect(throws: RunError.noValidation) { try run.train(TrainingGoal(steps: 5, accuracy: 0.5)) }
    }

    @Test func `patience and the longest stay follow the length of the chain`() throws {
        let rule = AdaptiveRule()
        #expect([1, 4, 6, 8, 24, 46].map { rule.patienceSteps(longest: $0) } == [400, 400, 400, 800, 4000, 8400])
        #expect([1, 4, 24, 46].map { rule.mostSteps(longest: $0) } == [2000, 2000, 12_000, 23_000])
        #expect(AdaptiveRule(patience: .steps(7)).patienceSteps(longest: 46) == 7)
        #expect(AdaptiveRule(patience: .none).patienceSteps(longest: 46) == nil)
        for limit in [StepLimit.none, .steps(12), .byChain] {
            let rule = AdaptiveRule(mostSteps: limit, patience: limit)
            #expect(try JSONValue(encoding: rule).decode(AdaptiveRule.self) == rule)
        }
        // As older runs were kept: a limit that is not there is none.
        let old = try JSONValue(encoding: AdaptiveRule(mostSteps: .steps(9), patience: .none))
        var members = try #require(old.object)
        members["patience"] = nil
        #expect(try JSONValue.object(members).decode(AdaptiveRule.self).patience == .none)
    }
}
