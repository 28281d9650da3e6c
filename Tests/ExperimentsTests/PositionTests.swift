import Experiments
import Internalization
import Probing
import Testing
import Transformer

@Suite struct PositionTests {
    //   2 7 4 3 | 1 1 0 $          after one removal   2 7 4 3 | 1 0 $
    //   0 1 2 3 4 5 6 7 8                              0 1 2 3 4 5 6 7
    private func problems(removed: Int) throws -> ProblemsAtStage {
        let experiment = try Small.experiment()
        if removed > 0 { try experiment.run.removeMore(removed) }
        let set = try Small.problems([("2 7 4 3", "1 1", "0"), ("1 0 0 2", "1 1", "1")])
        return try ProblemsAtStage(set, for: ModelAtStage(experiment))
    }

    private func index(_ problems: ProblemsAtStage, _ place: ProblemPlace, _ index: Int? = nil) throws -> [Int?] {
        try problems.positions(place, index).flatMap(\.indices)
    }

    @Test func `a position is found by what stands there, before a removal and after it`() throws {
        let whole = try problems(removed: 0), cut = try problems(removed: 1)
        #expect(try index(whole, .separator) == [4, 4] && index(cut, .separator) == [4, 4])
        #expect(try index(whole, .input, 3) == [3, 3] && index(cut, .input, 3) == [3, 3])
        #expect(try index(whole, .chain, 0) == [5, 5] && index(cut, .chain, 0) == [])
        #expect(try index(whole, .chain, 1) == [6, 6] && index(cut, .chain, 1) == [5, 5])
        #expect(try index(whole, .predictsChain, 1) == [5, 5] && index(cut, .predictsChain, 1) == [4, 4])
        #expect(try index(whole, .answer, 0) == [7, 7] && index(cut, .answer, 0) == [6, 6])
        #expect(try index(whole, .predictsAnswer, 0) == [6, 6] && index(cut, .predictsAnswer, 0) == [5, 5])
        #expect(try index(whole, .last) == [8, 8] && index(cut, .last) == [7, 7])
        // All of a kind without an index.
        #expect(try whole.positions(.chain).map(\.label) == [".chain[0]", ".chain[1]"])
        #expect(try cut.positions(.chain).map(\.label) == [".chain[1]"])
    }

    @Test func `every position has the name of what stands there, and none that is gone`() throws {
        let inputs = (0..<4).map { ".input[\($0)]" }
        #expect(
            try problems(removed: 0).everyPosition().map(\.label)
                == inputs + [".separator", ".chain[0]", ".chain[1]", ".answer[0]", ".last"])
        #expect(
            try problems(removed: 1).everyPosition().map(\.label)
                == inputs + [".separator", ".chain[1]", ".answer[0]", ".last"])
    }

    @Test func `a position that there never was, and one that is gone, are told apart`() throws {
        let cut = try problems(removed: 1)
        #expect(throws: ExperimentFault.noPlace(.chain, index: 2, count: 2)) { try cut.positions(.chain, 2) }
        #expect(throws: ExperimentFault.placeGone(.chain, index: 0, removed: .units(1))) {
            try cut.somePositions(.chain, 0)
        }
        #expect(try cut.positions(.chain, 0).isEmpty)
    }

    @Test func `a prediction is read where the token before stands`() throws {
        let whole = try problems(removed: 0)
        let readout = whole.readout(try whole.positions(.predictsAnswer, 0)[0])
        #expect(readout.tokens.map { CharacterEncoder().text($0) } == ["0", "1"])
    }

    @Test func `what a probe could read without a model: the question's digits that vary, and who asks the same`()
        throws
    {
        let experiment = try Small.experiment()
        let set = try Small.problems([
            ("2 7 4 3", "1 1", "0"), ("2 0 4 1", "0 0", "1"), ("2 7 4 3", "1 1", "0"),
        ])
        let problems = try ProblemsAtStage(set, for: ModelAtStage(experiment))
        #expect(problems.groups == [0, 1, 0])
        // The second and the fourth digit vary.
        #expect(problems.questions.rawInputs.count == 2)
        #expect(problems.questions.rawInputs.allSatisfy { $0[0] == $0[2] && $0[0] != $0[1] })
    }

    @Test func `stages of several runs are those that all of them have, for models of one shape`() throws {
        let (one, other) = (try Small.experiment(name: "one"), try Small.experiment(name: "other"))
        try one.run.removeMore(2)
        try other.run.removeMore(1)
        let shared = try ComparedStages(of: [one, other])
        #expect(shared.stages.map(\.removed) == [0, 1] && shared.runCount == 2)
        #expect(
            try shared.stages.map { try $0.models.map { try $0().name } }
                == [["removed 0", "removed 0"], ["removed 1", "removed 1"]])
        let wide = try Small.experiment(model: Small.model(width: 32), name: "wide")
        #expect(throws: ExperimentFault.otherShape("wide", than: "one")) { try ComparedStages(of: [one, wide]) }
        #expect(throws: ExperimentFault.noSharedStage) { try ComparedStages(of: []) }
    }
}
