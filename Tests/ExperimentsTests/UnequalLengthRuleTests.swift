// Problems of unequal lengths side by side: a position is called by what stands there in all of them.

import Experiments
import Internalization
import Probing
import Testing
import Transformer

@Suite struct UnequalLengthRuleTests {
    //   0 1 2 3 4 5 6 7 8          after one removal   0 1 2 3 4 5 6 7
    //   2 7 4 3 | 1 1 0 $                              2 7 4 3 | 1 0 $
    //   1 0 0 2 | 1 1 $                                1 0 0 2 | 1 $
    private func problems(_ rows: [(String, String, String)], removed: Int) throws -> ProblemsAtStage {
        let experiment = try Small.experiment()
        if removed > 0 { try experiment.run.removeMore(removed) }
        return try ProblemsAtStage(Small.problems(rows), for: ModelAtStage(experiment))
    }

    private let chains = [("2 7 4 3", "1 1", "0"), ("1 0 0 2", "1", "1")]

    @Test func `where problems have different tokens a position is called by its number alone`() throws {
        let inputs = (0..<4).map { ".input[\($0)]" }
        let whole = try problems(chains, removed: 0), cut = try problems(chains, removed: 1)
        // As many as the shorter one has: its answer stands where the other has its second chain token.
        #expect(whole.everyPosition().map(\.label) == inputs + [".separator", ".chain[0]", "token 6", "token 7"])
        #expect(cut.everyPosition().map(\.label) == inputs + [".separator", "token 5", "token 6"])
        #expect(whole.everyPosition().allSatisfy { $0.indices.count == 2 })
        // The same whichever problem comes first.
        let turned = try problems(chains.reversed(), removed: 0)
        #expect(turned.everyPosition().map(\.label) == whole.everyPosition().map(\.label))
        let questions = try problems([("2 7 4 3", "1 1", "0"), ("2 7 4", "1 1", "0")], removed: 0)
        #expect(
            questions.everyPosition().map(\.label)
                == [".input[0]", ".input[1]", ".input[2]", "token 3", "token 4", "token 5", "token 6", "token 7"])
    }

    @Test func `a position by its meaning is in each problem where that stands, and nowhere in one that lacks it`()
        throws
    {
        let whole = try problems(chains, removed: 0), cut = try problems(chains, removed: 1)
        func places(_ problems: ProblemsAtStage, _ place: ProblemPlace, _ index: Int? = nil) throws -> [[Int?]] {
            try problems.positions(place, index).map(\.indices)
        }
        #expect(try places(whole, .chain) == [[5, 5], [6, nil]])
        #expect(try places(cut, .chain) == [[5, nil]])
        // None is left out where the shorter one comes first.
        let turned = try problems(chains.reversed(), removed: 0)
        #expect(try places(turned, .chain) == [[5, 5], [nil, 6]])
        #expect(try places(whole, .answer, 0) == [[7, 6]] && places(cut, .answer, 0) == [[6, 5]])
        #expect(try places(whole, .last) == [[8, 7]] && places(cut, .last) == [[7, 6]])
        #expect(throws: ExperimentFault.noPlace(.chain, index: 2, count: 2)) { try whole.positions(.chain, 2) }
    }
}
