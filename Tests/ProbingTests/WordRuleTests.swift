// What probes say: of what was wrong and what to do about it, of where states come from, and which baseline is nearest.

import Tensors
import Testing
import Transformer

@testable import Probing

@Suite struct ProbeWordRuleTests {
    @Test func `each fault says what was found and what to do about it`() {
        let faults: [(ProbeError, String, String?)] = [
            (.layerOutOfRange(4, layerCount: 4), "there is no layer 4: the model has 4, 0 to 3", nil),
            (.headOutOfRange(-1, headCount: 2), "there is no head -1: a layer of the model has 2, 0 to 1", nil),
            (
                .positionMissing(".answer[2]", first: 3, missing: 5, count: 9),
                "5 of 9 problems have no position .answer[2], the first of them problem 3",
                "choose a position that all have, or only the problems that have it"
            ),
            (
                .positionOutside(".end", problem: 1, index: 7, length: 7),
                "position .end is token 7 of problem 1, which has only 7 tokens", nil
            ),
            (
                .tooFewRows(training: 3, needed: 8, width: 4),
                "3 training rows are too few for states of width 4, where a probe fits anything",
                "take problems enough for 8 training rows, or a narrower model"
            ),
            (
                .tooFewGroups(1), "the problems form 1 group, too few to hold some out",
                "take problems with more different operands"
            ),
            (
                .tooFewGroups(4), "the problems form 4 groups, too few to hold some out",
                "take problems with more different operands"
            ),
            (
                .constantTarget("sum", value: "7"), "sum is 7 in every problem, so there is nothing to probe",
                "choose another target or more varied problems"
            ),
            (.lengths("target sum", found: 3, expected: 4), "target sum: 3 values for 4 rows", nil),
            (
                .otherActivations(["a", "b"]), "this probe was trained on other activations: a, b",
                "train one for these, or ask for a transfer if that is what you want to measure"
            ),
            (
                .separable("sum"),
                "the classes of sum can be told apart without a mistake, so weights grow without bound",
                "give a regularization above 0"
            ),
            (
                .differentLengths(problem: 2, clean: 5, corrupt: 6),
                "problem 2 has 5 tokens when clean and 6 when corrupt",
                "a patch needs pairs of the same length"
            ),
            (
                .noPartner(problem: 2, length: 5),
                "no other problem has 5 tokens like problem 2, so there is nothing to resample from",
                "use a mean or zero ablation"
            ),
            (
                .metricDoesNotMove(0.5), "the corrupt inputs change the metric by only 0.5, so nothing can be restored",
                "choose pairs with different answers"
            ),
            (
                .edgeAhead(query: "q", key: "k", problem: 1), "q cannot attend to k in problem 1, which comes after it",
                nil
            ),
            (.invalid("this", help: "that"), "this", "that"), (.invalid("this"), "this", nil),
        ]
        for (fault, found, help) in faults { #expect(fault.description == found && fault.help == help, "\(fault)") }
    }

    @Test func `an origin is told by eight digits of its model, and its stage where it has one`() {
        let origin = Provenance(model: "0123456789", stage: "explicit", hook: "h.2.residualPost", position: ".end")
        #expect(origin.description == "model 01234567, stage explicit, h.2.residualPost, .end")
        #expect(Provenance(model: "abc", hook: "h", position: "p").description == "model abc, h, p")
        // Models that differ only beyond what is shown are still told apart; the other's words come first.
        let near = Provenance(model: "0123456788", stage: "", hook: "embedding", position: ".end")
        #expect(
            origin.differences(from: near) == [
                "another model", "stage (none) instead of explicit", "hook embedding instead of h.2.residualPost",
            ])
        #expect(near.differences(from: origin)[1] == "stage explicit instead of (none)")
    }

    @Test func `a position must lie in every sequence, and the first that lacks it is told`() throws {
        let batch = RaggedBatch(sequences: [[1, 2, 3], [4], [5, 6]])
        func rows(_ indices: [Int?]) throws -> [Int] { try Position("p", indices: indices).rows(in: batch) }
        #expect(try rows([0, 0, 0]) == [0, 3, 4] && rows([2, 0, 1]) == [2, 3, 5])
        #expect(throws: ProbeError.positionOutside("p", problem: 1, index: 1, length: 1)) { try rows([2, 1, 9]) }
        #expect(throws: ProbeError.positionOutside("p", problem: 0, index: -1, length: 3)) { try rows([-1, 0, 0]) }
        #expect(throws: ProbeError.positionMissing("p", first: 1, missing: 2, count: 3)) { try rows([9, nil, nil]) }
        #expect(throws: ProbeError.lengths("position p", found: 2, expected: 3)) { try rows([0, 0]) }
        #expect(Position("p", index: 4, count: 2) == Position("p", indices: [4, 4]))
    }

    @Test func `a target has as many values as rows, all of them finite, and at least two different ones`() throws {
        try ProbeTarget("t", numbers: [1, 1, 2]).check(rows: 3)
        try ProbeTarget("t", classes: [5, 7]).check(rows: 2)
        #expect(throws: ProbeError.lengths("target t", found: 3, expected: 4)) {
            try ProbeTarget("t", numbers: [1, 1, 2]).check(rows: 4)
        }
        #expect(throws: ProbeError.notFinite("target t", row: 1)) {
            try ProbeTarget("t", numbers: [1, .nan, .infinity]).check(rows: 3)
        }
        // A number is told without a needless fraction.
        for (value, text) in [(3.0, "3"), (0.5, "0.5"), (-2, "-2"), (1e15, "1000000000000000.0")] {
            #expect(throws: ProbeError.constantTarget("t", value: text)) {
                try ProbeTarget("t", numbers: [value, value]).check(rows: 2)
            }
        }
        #expect(throws: ProbeError.constantTarget("t", value: "7")) {
            try ProbeTarget("t", classes: [7, 7]).check(rows: 2)
        }
        #expect(throws: ProbeError.constantTarget("t", value: "absent")) {
            try ProbeTarget("t", classes: []).check(rows: 0)
        }
    }

    @Test func `what is known of problems is as long as their groups`() throws {
        try ProbeProblems(groups: [1, 2], rawInputs: [[3, 4]], controlTypes: [5, 6]).check()
        #expect(throws: ProbeError.lengths("raw input 1", found: 1, expected: 2)) {
            try ProbeProblems(groups: [1, 2], rawInputs: [[3, 4], [5]]).check()
        }
        #expect(throws: ProbeError.lengths("control types", found: 3, expected: 2)) {
            try ProbeProblems(groups: [1, 2], controlTypes: [1, 2, 3]).check()
        }
    }
}
