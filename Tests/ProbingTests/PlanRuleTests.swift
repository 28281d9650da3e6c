// What a probe refuses and which rows its control task uses, counted by hand.

import Tensors
import Testing

@testable import Probing

@Suite struct PlanRuleTests {
    // MARK: States

    private func states(_ values: [Float], width: Int, rows: Int) throws -> HiddenStates {
        try HiddenStates(
            values: values, width: width, tokens: Array(repeating: 1, count: rows),
            provenance: Provenance(model: "m", stage: "s", hook: "h", position: "p"))
    }

    @Test func `a state that is no number is told by the row that it is in`() throws {
        for (place, row) in [(0, 0), (2, 0), (3, 1), (5, 1), (6, 2), (11, 3)] {
            for bad in [Float.nan, .infinity, -.infinity] {
                var values = (0..<12).map { Float($0) }
                values[place] = bad
                #expect(throws: ProbeError.notFinite("a state at h", row: row)) {
                    try states(values, width: 3, rows: 4)
                }
            }
        }
        // The first of several.
        #expect(throws: ProbeError.notFinite("a state at h", row: 1)) {
            try states([1, 1, 1, 1, .nan, 1, .nan, .nan, 1], width: 3, rows: 3)
        }
        let good = try states((0..<12).map { Float($0) }, width: 3, rows: 4)
        #expect(good.rows == 4 && good.width == 3 && good.values.count == 12)
    }

    @Test func `states are as many as their rows are wide and long`() {
        for (count, width, rows) in [(11, 3, 4), (12, 4, 4), (12, 3, 3), (4, 0, 4), (0, -1, 0)] {
            #expect(throws: ProbeError.lengths("states of width \(width)", found: count, expected: rows)) {
                try states(Array(repeating: 1, count: count), width: width, rows: rows)
            }
        }
    }

    // MARK: The control task

    /// 200 rows, 160 of them for training, of two types; of the 40 held out so many are of a type that training has
    /// seen, and each of the others is of a type of its own.
    private func control(seen: Int) throws -> (plan: ControlPlan, main: ProbeSplit) {
        let groups = Array(0..<200)
        let main = try ProbeSplit(groups: groups, heldOutShare: 0.2, random: RandomSource(seed: 4))
        #expect(main.trainEnd == 160 && main.heldOut == 160..<200)
        var types = [Int](repeating: 0, count: 200)
        for place in 0..<200 { types[main.order[place]] = place < 160 + seen ? place % 2 : 1000 + place }
        let plan = try ControlPlan(
            ProbeProblems(groups: groups, controlTypes: types), main, ProbeOptions(), RandomSource(seed: 5),
            RandomSource(seed: 6))
        return (plan, main)
    }

    @Test
    func `the control task keeps the split of the probe where training has seen the types of half the held-out rows`()
        throws
    {
        for seen in [40, 30, 20] {
            let (plan, main) = try control(seen: seen)
            #expect(plan.isMainSplit && plan.split?.order == main.order, "\(seen)")
            #expect(plan.seen == Array(0..<seen) && plan.missing == nil, "\(seen)")
        }
        for seen in [19, 5, 0] {
            let (plan, main) = try control(seen: seen)
            #expect(!plan.isMainSplit && plan.missing == nil, "\(seen)")
            let split = try #require(plan.split)
            #expect(split.order != main.order && split.order.sorted() == Array(0..<200), "\(seen)")
            // Split by rows, most types of the held-out ones are known.
            #expect(plan.seen.count >= 20 && plan.seen.count <= 40, "\(seen)")
        }
    }

    @Test func `a control task needs two types, and twenty held-out rows of types that occur twice`() throws {
        let groups = Array(0..<200)
        let main = try ProbeSplit(groups: groups, heldOutShare: 0.2, random: RandomSource(seed: 4))
        func missing(_ type: (Int) -> Int) throws -> String? {
            let plan = try ControlPlan(
                ProbeProblems(groups: groups, controlTypes: groups.map(type)), main, ProbeOptions(),
                RandomSource(seed: 5), RandomSource(seed: 6))
            #expect((plan.split == nil) == (plan.missing != nil) && plan.seen.isEmpty == (plan.missing != nil))
            return plan.missing
        }
        let one = try missing { _ in 7 }, each = try missing { $0 }, two = try missing { $0 % 2 }
        #expect(one == "all problems are of one type")
        #expect(each?.hasPrefix("hardly any type of problem occurs twice") == true)
        #expect(two == nil)
    }
}
