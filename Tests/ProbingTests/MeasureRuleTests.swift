// Measures of shape and of progress, worked out by hand: waves, components, searches, codes and trajectories.

import Foundation
import Tensors
import Testing
import Transformer

@testable import Probing

private func near(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool { abs(a - b) <= tolerance }

@Suite struct WaveRuleTests {
    private func wave(_ k: Int) -> [Double] { (0..<10).map { 2 + cos(2 * .pi * Double(k * $0) / 10) } }

    @Test func `rows that never vary count neither for the median of a fit nor for the share beyond chance`() throws {
        let constant = [Double](repeating: 3, count: 10)
        let fit = try FourierFit(wave(1) + constant + constant + constant + wave(3) + wave(2))
        // Of three rows that vary two are explained.
        #expect(near(fit.shareBeyondRandom, 2.0 / 3) && near(fit.median, 1))
        #expect(fit.rSquared.map(\.isNaN) == [false, true, true, true, false, false])
    }

    @Test func `chance follows the beta distribution of as many columns as there are waves`() throws {
        // One frequency: two columns of nine, Beta(1, 3.5), of which F(x) = 1 − (1 − x)^3.5.
        let fit = try FourierFit(wave(1), frequencies: [0, 1])
        #expect(near(fit.randomMedian, 1 - pow(0.5, 1 / 3.5), 1e-9))
        #expect(near(fit.random95, 1 - pow(0.05, 1 / 3.5), 1e-9))
        // Waves for every number but one explain anything.
        let full = try FourierFit([1, 2, 4, 8], period: 4, frequencies: [0, 1, 2])
        #expect(full.randomMedian == 1 && full.random95 == 1 && near(full.rSquared[0], 1))
        #expect(try FourierFit.cumulative(wave(1)).map { $0.frequencies }.last == [0, 5, 2, 1, 3, 4])
        #expect(try FourierFit.cumulative(wave(1)).map { $0.frequencies.count } == [1, 2, 3, 4, 5, 6])
        #expect(try FourierFit(wave(1)).frequencies == [0, 1, 2, 5] && FourierFit(wave(1)).period == 10)
    }

    @Test func `frequencies that cannot be fitted are refused with those that can`() {
        for (frequencies, period) in [([6], 10), ([1, 1], 10), ([], 10), ([-1], 10), ([0, 4], 7)] as [([Int], Int)] {
            #expect(
                throws: ProbeError.invalid(
                    "frequencies \(frequencies) of period \(period)", help: "give different ones of 0 to \(period / 2)")
            ) { try FourierFit(Array(repeating: 1, count: period), period: period, frequencies: frequencies) }
        }
        #expect(throws: ProbeError.invalid("frequencies [0] of period 1", help: "give different ones of 0 to 1")) {
            try FourierFit([1], period: 1, frequencies: [0])
        }
        #expect(throws: ProbeError.lengths("rows of 10", found: 3, expected: 10)) {
            try FourierFit(Array(repeating: 1, count: 13))
        }
        #expect(throws: ProbeError.notFinite("a number to fit", row: 2)) {
            try FourierFit(wave(1) + wave(2) + [.infinity] + Array(repeating: 1, count: 9))
        }
    }

    @Test func `the head's table is read where it is asked for and there is one`() throws {
        let own = smallModel(tied: false), shared = smallModel(tied: true)
        let head = try #require(own.parameters["lm_head.weight"])
        let tokens = try #require(own.parameters["transformer.wte.weight"])
        let (read, plain) = (
            try own.dimensions(ofTokens: [4], unembedding: true), try own.dimensions(ofTokens: [4])
        )
        #expect(read == head[4 * 16..<5 * 16].map(Double.init) && plain == tokens[4 * 16..<5 * 16].map(Double.init))
        #expect(read != plain)
        #expect(try shared.dimensions(ofTokens: [4], unembedding: true) == shared.dimensions(ofTokens: [4]))
        #expect(throws: BatchError.token(-1, vocabularySize: 13)) { try own.dimensions(ofTokens: [1, -1]) }
        #expect(try own.dimensions(ofTokens: [0, 12]).count == 32)
    }
}

@Suite struct ComponentRuleTests {
    private func states(_ values: [Float]) throws -> HiddenStates {
        try HiddenStates(
            values: values, width: 2, tokens: Array(repeating: 0, count: values.count / 2),
            provenance: Provenance(model: "m", hook: "h", position: "p"))
    }

    @Test func `components are told with variances, shares of all variance and coordinates about the mean`() throws {
        // About (2, 1): −2, 0, 2 along x and −1, 1 along y. Variances 8/4 and 2/4.
        let cross: [Float] = [0, 1, 2, 1, 4, 1, 2, 2, 2, 0]
        let found = try states(cross).principalComponents(2)
        #expect(found.count == 2 && near(found.mean[0], 2) && near(found.mean[1], 1))
        #expect(near(found.variances[0], 2) && near(found.variances[1], 0.5))
        #expect(near(found.explained[0], 0.8) && near(found.explained[1], 0.2))
        for (a, b) in zip(found.directions, [1, 0, 0, 1] as [Double]) { #expect(near(a, b)) }
        for (a, b) in zip(found.project([4, 1, 2, 0, 3, 3]), [2, 0, 0, -1, 1, 2] as [Double]) { #expect(near(a, b)) }
    }

    @Test func `more components than there can be, or none, are refused, and states that are all the same`() throws {
        let cross: [Float] = [0, 1, 2, 1, 4, 1, 2, 2, 2, 0]
        for count in [0, 3] {
            #expect(
                throws: ProbeError.invalid("\(count) components of 5 states of width 2", help: "give 1 to 2")
            ) { try states(cross).principalComponents(count) }
        }
        // Two points have one direction between them.
        #expect(throws: ProbeError.invalid("2 components of 2 states of width 2", help: "give 1 to 1")) {
            try states([0, 0, 1, 1]).principalComponents(2)
        }
        #expect(throws: ProbeError.constantTarget("the state at h", value: "the same")) {
            try states([3, 4, 3, 4, 3, 4]).principalComponents(1)
        }
    }
}

@Suite struct SearchRuleTests {
    /// ½ |x − (3, −2)|², and how often it was asked for.
    private func minimum(
        from start: [Double], tolerance: Double = 1e-20, iterations: Int = 50
    ) -> (found: Minimum, evaluations: Int) {
        var evaluations = 0
        let found = minimize(from: start, tolerance: tolerance, iterations: iterations) { point, gradient in
            evaluations += 1
            gradient = [point[0] - 3, point[1] + 2]
            return (gradient[0] * gradient[0] + gradient[1] * gradient[1]) / 2
        }
        return (found, evaluations)
    }

    @Test func `a search ends at the minimum, or where its steps are used up, and says which`() {
        let (found, _) = minimum(from: [0, 0])
        #expect(found.isConverged && near(found.point[0], 3) && near(found.point[1], -2) && near(found.value, 0))
        let (none, evaluations) = minimum(from: [0, 0], iterations: 0)
        #expect(!none.isConverged && none.point == [0, 0] && none.value == 6.5 && evaluations == 1)
        let (there, once) = minimum(from: [3, -2])
        #expect(there.isConverged && there.value == 0 && once == 1)
    }

    @Test func `a search may end where the squared gradient is as small as its tolerance`() {
        let (left, once) = minimum(from: [3.5, -2], tolerance: 0.25)
        #expect(left.isConverged && left.point == [3.5, -2] && once == 1)
        let (moved, _) = minimum(from: [3.5, -2], tolerance: 0.24)
        #expect(moved.isConverged && moved.point == [3, -2])
    }

    @Test func `regressions refuse inputs that do not match, classes that do not exist and penalties below zero`() {
        func fit(_ classes: [Int], count: Int = 2, alpha: Double = 1, x: [Double] = [1, 2, 3]) throws {
            _ = try MultinomialRegression.fit(x, width: 1, classes: classes, classCount: count, alpha: alpha)
        }
        #expect(throws: ProbeError.lengths("inputs of width 1", found: 3, expected: 2)) { try fit([0, 1]) }
        for (classes, count) in [([0, 1, 2], 2), ([-1, 0, 1], 2), ([0, 0, 0], 1)] {
            #expect(
                throws: ProbeError.invalid(
                    "classes must lie in 0 ..< \(count), of which there are at least two")
            ) { try fit(classes, count: count) }
        }
        #expect(throws: ProbeError.invalid("a penalty of -1.0", help: "give 0 or more")) {
            try fit([0, 1, 0], alpha: -1)
        }
        #expect(throws: ProbeError.invalid("a penalty of inf", help: "give 0 or more")) {
            try fit([0, 1, 0], alpha: .infinity)
        }
        #expect(throws: ProbeError.invalid("a ridge penalty of -0.5", help: "give 0 or more")) {
            try RidgeRegression.fit([1, 2], width: 1, [1, 2], alpha: -0.5)
        }
        #expect(throws: ProbeError.lengths("1 targets", found: 1, expected: 2)) {
            try RidgeRegression.fit([1, 2], width: 1, [1], alpha: 1)
        }
    }

    @Test
    func `numbers are sent in ones up to a range of a million, and no prediction is surer than a fifth of a step`() {
        #expect(near(NumberCode([0, 1e6]).uniformBits, log2(1_000_001)))
        #expect(near(NumberCode([0, 2e6]).uniformBits, log2(101)))
        // Half a step are 2.5 deviations of a fifth: 0.987581 of a normal distribution.
        let whole = NumberCode([0, 7]).bits(3, mean: 3, deviation: 0)
        #expect(near(whole, -log2(0.99 * 0.987581 + 0.01 / 8), 1e-5))
        // A deviation is told in steps: one of 0.02 is one step of a hundredth of 2. Half a step either side: 0.382925.
        let part = NumberCode([0, 0.5, 2]).bits(1, mean: 1, deviation: 0.02)
        #expect(near(part, -log2(0.99 * 0.382925 + 0.01 / 101), 1e-5))
    }
}

@Suite struct StageRuleTests {
    private func report(
        _ margins: [ProbeBaseline: Interval], value: Double = 0.5, stage: String = "s", target: String = "t",
        hook: String = "h", position: String = "p"
    ) -> ProbeReport {
        let score = ProbeScore(
            primary: Interval(value: value, low: value - 0.1, high: value + 0.1),
            error: Interval(value: 0, low: 0, high: 0))
        return ProbeReport(
            target: target, provenance: Provenance(model: "m", stage: stage, hook: hook, position: position),
            isClasses: false, penalty: 1, trainingRows: 1, heldOutRows: 1, heldOutGroups: 1, probe: score,
            baselines: [:], margins: margins, missing: [:], codeLength: nil,
            leak: InputLeak(CodedTokens([1], random: RandomSource(seed: 1)), CodedSymbols([1])))
    }

    private func margin(_ value: Double, _ half: Double = 0.05) -> Interval {
        Interval(value: value, low: value - half, high: value + half)
    }

    @Test func `of one seed a stage has the probe's own interval, and the margin whose low end is lowest`() throws {
        let wide = Interval(value: 0.5, low: -0.1, high: 0.9), clear = margin(0.2)
        let stage = try Trajectory([[report([.constant: clear, .control: wide], value: 0.7, stage: "a")]]).stages[0]
        #expect(stage.stage == "a" && stage.value == Interval(value: 0.7, low: 0.7 - 0.1, high: 0.7 + 0.1))
        #expect(stage.margin == wide && stage.nearest == .control && !stage.isAbove && stage.seedCount == 1)
        let none = try Trajectory([[report([:])]]).stages[0]
        #expect(none.nearest == nil && none.margin.low == -.infinity && !none.isAbove)
        // Just above nothing is above; nothing is not.
        let touching = Interval(value: 0.1, low: 0, high: 0.2)
        #expect(try !Trajectory([[report([.constant: touching])]]).stages[0].isAbove)
    }

    @Test func `of several seeds a margin is Student's over them, of a baseline that all of them have`() throws {
        let first = report([.constant: margin(0.4), .shuffled: margin(0.1), .untrained: margin(-9)], value: 0.4)
        let second = report([.constant: margin(0.6), .shuffled: margin(0.3)], value: 0.6)
        let stage = try Trajectory([[first, second]]).stages[0]
        #expect(stage.value == .student([0.4, 0.6]) && stage.seedCount == 2)
        #expect(stage.nearest == .shuffled && stage.margin == .student([0.1, 0.3]))
    }

    @Test func `stages of different seeds or different things are refused`() throws {
        let one = report([:])
        #expect(throws: ProbeError.lengths("reports of stage 1", found: 1, expected: 2)) {
            try Trajectory([[one, one], [one]])
        }
        #expect(throws: ProbeError.lengths("reports of stage 0", found: 0, expected: 1)) { try Trajectory([[]]) }
        #expect(throws: ProbeError.lengths("stages", found: 1, expected: 2)) {
            try Trajectory(stages: ["a", "b"], [[margin(1)]])
        }
        #expect(throws: ProbeError.lengths("measures of stage a", found: 0, expected: 1)) {
            try Trajectory(stages: ["a"], [[]])
        }
        for other in [report([:], target: "u"), report([:], hook: "g"), report([:], position: "q")] {
            let what = "\(other.target) at \(other.provenance.hook), \(other.provenance.position)"
            #expect(
                throws: ProbeError.invalid(
                    "a trajectory is of one target at one place, and t at h, p was mixed with \(what)")
            ) { try Trajectory([[one, other]]) }
        }
        // A stage of its own is what a trajectory is made of.
        #expect(
            try Trajectory([[report([:], stage: "a")], [report([:], stage: "b")]]).stages.map(\.stage) == ["a", "b"])
    }
}

@Suite struct ProbeFaultRuleTests {
    @Test func `one of something is told in the singular`() {
        let faults: [(ProbeError, String)] = [
            (
                .positionMissing("p", first: 0, missing: 1, count: 3),
                "1 of 3 problems has no position p, the first of them problem 0"
            ),
            (
                .positionMissing("p", first: 0, missing: 1, count: 1),
                "1 of 1 problem has no position p, the first of them problem 0"
            ),
            (
                .positionOutside("p", problem: 2, index: 1, length: 1),
                "position p is token 1 of problem 2, which has only 1 token"
            ),
            (
                .tooFewRows(training: 1, needed: 4, width: 4),
                "1 training row is too few for states of width 4, where a probe fits anything"
            ),
            (
                .differentLengths(problem: 0, clean: 1, corrupt: 2),
                "problem 0 has 1 token when clean and 2 when corrupt"
            ),
            (
                .noPartner(problem: 0, length: 1),
                "no other problem has 1 token like problem 0, so there is nothing to resample from"
            ),
        ]
        for (fault, words) in faults { #expect(fault.description == words) }
    }

    @Test func `faults of models, cuts and swaps say what they are about and what to do`() {
        let faults: [(ProbeError, String, String?)] = [
            (.noPositions, "no position was given to read at", nil),
            (
                .notFinite("target t", row: 4), "target t is not a finite number in row 4",
                "leave that problem out or correct its value"
            ),
            (
                .untrainedIsTheSameModel, "the untrained baseline is the probed model itself",
                "give a new model of the same shape"
            ),
            (
                .untrainedIsAnotherShape("x"), "the untrained baseline has another shape: x",
                "give a new model of the same shape"
            ),
            (
                .noCandidate("p", problem: 3), "there is no other token to put at p of problem 3",
                "give at least two candidates"
            ),
            (
                .soleKey("p", problem: 3), "p of problem 3 attends to nothing else, so this edge cannot be cut", nil
            ),
        ]
        for (fault, words, help) in faults { #expect(fault.description == words && fault.help == help) }
    }
}
