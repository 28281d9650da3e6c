// What a probe is compared with, how strongly its weights are held back, and which questions it refuses.

import Glibc
import Tensors
import Testing
import Transformer

@testable import Probing

private func near(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool { abs(a - b) <= tolerance }

/// Invented states of which the first column tells the number, each row a problem of its own.
private struct Columns {
    let rows: Int
    let width: Int
    let values: [Float]
    let number: [Double]

    init(rows: Int = 400, width: Int = 30, seed: UInt64 = 21) {
        var random = RandomSource(seed: seed)
        self.rows = rows
        self.width = width
        let values = (0..<rows * width).map { _ in Float(random.normal()) }
        number = (0..<rows).map { Double(values[$0 * width]) + 0.05 * random.normal() }
        self.values = values
    }

    /// - Parameter unit: what the first column is multiplied with.
    func states(
        _ model: String = "m", hook: String = "h", position: String = "p", unit: Float = 1, tokens: [Int32]? = nil
    ) throws -> HiddenStates {
        try HiddenStates(
            values: values.enumerated().map { $0 % width == 0 ? unit * $1 : $1 }, width: width,
            tokens: tokens ?? Array(repeating: 1, count: rows),
            provenance: Provenance(model: model, stage: "s", hook: hook, position: position))
    }

    var classes: [Int] { number.map { $0 < -0.4 ? 0 : $0 < 0.4 ? 1 : 2 } }
    var problems: ProbeProblems {
        ProbeProblems(groups: Array(0..<rows), controlTypes: (0..<rows).map { $0 % 40 })
    }
}

@Suite struct PenaltyRuleTests {
    @Test func `the probes on shuffled and on control labels take the penalty of the probe itself`() throws {
        let columns = Columns()
        func report(_ regularization: ProbeRegularization) throws -> ProbeReport {
            try probe(
                columns.states(), for: [ProbeTarget("class", classes: columns.classes)], columns.problems,
                options: ProbeOptions(regularization: regularization, describes: false))[0].report
        }
        let chosen = try report(.chosen)
        // Clear classes take a weak penalty. The others, which are noise, would take the strongest by themselves.
        #expect(chosen.penalty < 0.1)
        let target = ProbeTarget("class", classes: columns.classes)
        let plan = try ProbePlan([target], columns.problems, ProbeOptions())
        for labels in [plan.shuffle(columns.classes), plan.control.labels(columns.classes)] {
            let alone = try probe(
                columns.states(), for: [ProbeTarget("noise", classes: labels)], columns.problems,
                options: ProbeOptions(describes: false))[0].report
            #expect(alone.penalty == 0.1)
        }
        let same = try report(.fixed(chosen.penalty)), strong = try report(.fixed(0.1))
        for baseline in [ProbeBaseline.shuffled, .control] {
            let own = try #require(chosen.baselines[baseline]), fixed = try #require(same.baselines[baseline])
            #expect(near(own.error.value, fixed.error.value, 1e-3), "\(baseline)")
            #expect(abs(own.error.value - strong.baselines[baseline]!.error.value) > 1e-2, "\(baseline)")
        }
    }

    @Test
    func `a penalty is per row and in units of the states' variance, so one of a half takes a third of the slope`()
        throws
    {
        let columns = Columns(width: 1)
        for rows in [100, 400] {
            let states = try HiddenStates(
                values: Array(columns.values[..<rows]), width: 1, tokens: Array(repeating: 1, count: rows),
                provenance: Provenance(model: "m", hook: "h", position: "p"))
            let target = ProbeTarget("n", numbers: Array(columns.number[..<rows]))
            let result = try probe(
                states, for: [target], ProbeProblems(groups: Array(0..<rows)),
                options: ProbeOptions(regularization: .fixed(0.5), describes: false))[0]
            let training = Set(0..<rows).subtracting(result.heldOut)
            let n = Double(training.count)
            let x = training.reduce(0) { $0 + Double(states.values[$1]) } / n
            let y = training.reduce(0) { $0 + columns.number[$1] } / n
            let products = training.reduce(0) { $0 + (Double(states.values[$1]) - x) * (columns.number[$1] - y) }
            let squares = training.reduce(0) { $0 + (Double(states.values[$1]) - x) * (Double(states.values[$1]) - x) }
            // Σxy / (Σx² + ½ · n · variance) = two thirds of Σxy / Σx²; the line goes through both means.
            let slope = products / squares / 1.5
            #expect(near(result.probe.map.weights[0], slope) && result.report.penalty == 0.5)
            #expect(near(result.probe.map.intercepts[0], y - slope * x))
            #expect(result.report.trainingRows == training.count && result.report.heldOutRows == rows / 5)
        }
    }

    @Test func `states in other units are read as well as before`() throws {
        let columns = Columns(width: 6)
        func reports(_ unit: Float) throws -> [ProbeReport] {
            try probe(
                columns.states(unit: unit),
                for: [ProbeTarget("n", numbers: columns.number), ProbeTarget("c", classes: columns.classes)],
                columns.problems, options: ProbeOptions(regularization: .fixed(0.2))
            ).map(\.report)
        }
        for (one, other) in zip(try reports(1), try reports(1024)) {
            #expect(near(one.probe.primary.value, other.probe.primary.value, 1e-6), "\(one.target)")
            #expect(near(one.probe.error.value, other.probe.error.value, 1e-4), "\(one.target)")
            #expect(near(one.codeLength!.compression, other.codeLength!.compression, 1e-2), "\(one.target)")
        }
    }
}

@Suite struct ProbeRefusalRuleTests {
    private func plan(
        _ targets: [ProbeTarget], rows: Int = 50, _ options: ProbeOptions = ProbeOptions()
    ) throws -> ProbePlan {
        try ProbePlan(targets, ProbeProblems(groups: Array(0..<rows)), options)
    }

    @Test func `a target that never varies among the fitted or the held-out rows is told with these rows`() throws {
        let split = try plan([ProbeTarget("t", numbers: (0..<50).map(Double.init))]).split
        #expect((split.fitEnd, split.trainEnd, split.count) == (32, 40, 50))
        func numbers(_ value: (Int) -> Double) -> ProbeTarget {
            var numbers = [Double](repeating: 0, count: 50)
            for place in 0..<50 { numbers[split.order[place]] = value(place) }
            return ProbeTarget("t", numbers: numbers)
        }
        func classes(_ value: (Int) -> Int) -> ProbeTarget {
            var classes = [Int](repeating: 0, count: 50)
            for place in 0..<50 { classes[split.order[place]] = value(place) }
            return ProbeTarget("c", classes: classes)
        }
        #expect(throws: ProbeError.constantTarget("t (training rows)", value: "4")) {
            try plan([numbers { $0 < 32 ? 4 : Double($0) }])
        }
        #expect(throws: ProbeError.constantTarget("t (held-out rows)", value: "2.5")) {
            try plan([numbers { $0 < 40 ? Double($0) : 2.5 }])
        }
        #expect(throws: ProbeError.constantTarget("c (training rows)", value: "9")) {
            try plan([classes { $0 < 32 ? 9 : 7 }])
        }
        // Held-out rows of one class can be scored: an accuracy needs no variance.
        #expect(try plan([classes { $0 < 40 ? $0 % 2 : 1 }]).targets.count == 1)
        // One row that differs is enough.
        #expect(try plan([numbers { $0 == 31 || $0 == 49 ? 1 : 0 }]).targets.count == 1)
    }

    @Test func `an estimator that does not read such a target says which does, and no target is a mistake`() throws {
        let number = ProbeTarget("n", numbers: (0..<50).map(Double.init))
        let digit = ProbeTarget("d", classes: (0..<50).map { $0 % 3 })
        #expect(
            throws: ProbeError.invalid(
                "multinomial regression reads classes and n is a number", help: "give it as classes, or use ridge")
        ) { try plan([digit, number], ProbeOptions(estimator: .multinomial)) }
        for (estimator, name) in [(ProbeEstimator.ridge, "ridge"), (.leastSquares, "least_squares")] {
            #expect(
                throws: ProbeError.invalid(
                    "\(name) reads numbers and d is a class",
                    help: "give it as numbers, or use multinomial")
            ) { try plan([number, digit], ProbeOptions(estimator: estimator)) }
        }
        #expect(throws: ProbeError.invalid("no target was given to probe")) { try plan([]) }
        #expect(try plan([number, digit]).targets.count == 2)
    }

    @Test func `options that mean nothing are told with what is usual`() throws {
        let target = ProbeTarget("n", numbers: (0..<50).map(Double.init))
        for (options, found, help) in [
            (ProbeOptions(heldOutShare: 0.9), "a held-out share of 0.9", "give 0.05 to 0.5, usually 0.2"),
            (ProbeOptions(replicates: 19), "19 resamples", "give 20 or more, usually 400"),
            (ProbeOptions(confidence: 1), "a confidence of 1.0", "give 0.9, 0.95 or 0.99"),
            (
                ProbeOptions(regularization: .fixed(-1)), "a regularization of -1.0", "give 0 or more, usually 0.01"
            ),
        ] {
            #expect(throws: ProbeError.invalid(found, help: help)) { try plan([target], options) }
        }
        let usual = ProbeOptions()
        #expect(usual.heldOutShare == 0.2 && usual.replicates == 400 && usual.confidence == 0.95 && usual.seed == 0)
        #expect(usual.describes && usual.estimator == .automatic && usual.regularization == .chosen)
    }

    @Test func `states must be those of the problems, and the untrained ones those of the same place`() throws {
        let columns = Columns(rows: 60, width: 3)
        let target = ProbeTarget("n", numbers: columns.number)
        func probed(_ untrained: HiddenStates) throws {
            _ = try probe(columns.states(), for: [target], columns.problems, untrained: untrained)
        }
        let few = Columns(rows: 59, width: 3), wide = Columns(rows: 60, width: 4)
        #expect(throws: ProbeError.lengths("states at h", found: 59, expected: 60)) {
            try probe(few.states(), for: [target], columns.problems)
        }
        #expect(throws: ProbeError.untrainedIsAnotherShape("60 states of width 4 instead of 60 of width 3")) {
            try probed(wide.states("u"))
        }
        #expect(throws: ProbeError.untrainedIsAnotherShape("59 states of width 3 instead of 60 of width 3")) {
            try probed(few.states("u"))
        }
        #expect(throws: ProbeError.otherActivations(["the untrained baseline is read at g, p"])) {
            try probed(columns.states("u", hook: "g"))
        }
        #expect(throws: ProbeError.otherActivations(["the untrained baseline is read at h, q"])) {
            try probed(columns.states("u", position: "q"))
        }
        #expect(throws: ProbeError.untrainedIsTheSameModel) { try probed(columns.states(hook: "g")) }
    }

    @Test func `as many training rows as the states are wide are enough, one fewer are not`() throws {
        for (width, isEnough) in [(8, true), (9, false)] {
            let columns = Columns(rows: 10, width: width)
            func probed() throws -> Int {
                try probe(
                    columns.states(), for: [ProbeTarget("n", numbers: columns.number)],
                    ProbeProblems(groups: Array(0..<10)), options: ProbeOptions(describes: false)
                ).count
            }
            if isEnough {
                #expect(try probed() == 1)
            } else {
                #expect(throws: ProbeError.tooFewRows(training: 8, needed: 9, width: 9)) { try probed() }
            }
        }
    }

    @Test func `a control task is scored on twenty held-out rows and on no fewer`() throws {
        for (rows, heldOut) in [(100, 20), (95, 19)] {
            let groups = Array(0..<rows)
            let main = try ProbeSplit(groups: groups, heldOutShare: 0.2, random: RandomSource(seed: 4))
            #expect(main.heldOut.count == heldOut)
            let plan = try ControlPlan(
                ProbeProblems(groups: groups, controlTypes: groups.map { $0 % 2 }), main, ProbeOptions(),
                RandomSource(seed: 5), RandomSource(seed: 6))
            #expect(plan.seen.count == (heldOut == 20 ? 20 : 0) && (plan.missing == nil) == (heldOut == 20))
        }
    }

    @Test func `a report tells what is missing and why, and groups of problems, not rows, are counted as held out`()
        throws
    {
        let columns = Columns(rows: 200, width: 3)
        let problems = ProbeProblems(groups: (0..<200).map { $0 / 2 }, controlTypes: Array(repeating: 5, count: 200))
        let result = try probe(
            columns.states(), for: [ProbeTarget("n", numbers: columns.number)], problems,
            options: ProbeOptions(describes: false))[0]
        let report = result.report
        #expect(
            report.missing == [
                .rawInput: "the raw inputs were not given", .untrained: "no untrained model was given",
                .control: "all problems are of one type",
            ])
        #expect(Set(report.baselines.keys) == [.constant, .inputToken, .shuffled])
        #expect(Set(report.margins.keys) == Set(report.baselines.keys) && report.selectivity == nil)
        // Where all problems have the same token, it tells what a constant tells.
        #expect(report.baselines[.inputToken] == report.baselines[.constant])
        #expect(report.heldOutRows == 40 && report.heldOutGroups == 20 && report.trainingRows == 160)
        #expect(report.codeLength == nil && !report.isClasses && result.heldOut.count == 40)
        #expect(result.probe.target == "n" && result.probe.classValues == nil)
    }
}

@Suite struct ReadingProbeRuleTests {
    private let source = Provenance(model: "m", hook: "h", position: "p")
    private let map = LinearMap(weights: [-1, 0, 1], intercepts: [0, 0.5, 0], width: 1)

    private func states(_ values: [Float], width: Int = 1) throws -> HiddenStates {
        try HiddenStates(
            values: values, width: width, tokens: Array(repeating: 0, count: values.count / width), provenance: source)
    }

    private var classProbe: LinearProbe {
        LinearProbe(target: "t", provenance: source, map: map, classValues: [-1, 4, 9])
    }
    private var numberProbe: LinearProbe {
        LinearProbe(
            target: "n", provenance: source, map: LinearMap(weights: [2], intercepts: [1], width: 1), classValues: nil)
    }

    @Test func `problems that are counted as one are one trial of a probe's score`() throws {
        // Read as -1, 4, 4, 9 twice; six of eight are right.
        let found = try states([-2, 0, 0.25, 3, -2, 0, 0.25, 3])
        let target = ProbeTarget("o", classes: [-1, 4, 9, 9, -1, 4, 4, 4])
        #expect(try classProbe.score(found, target).primary == .wilson(share: 0.75, trials: 8))
        let pairs = try classProbe.score(found, target, groups: [0, 0, 1, 1, 2, 2, 3, 3])
        #expect(pairs.primary == .wilson(share: 0.75, trials: 4))
        let sure = try classProbe.score(found, target, options: ProbeOptions(confidence: 0.8))
        #expect(sure.primary == .wilson(share: 0.75, trials: 8, confidence: 0.8))
        let some = try classProbe.score(found, target, rows: [0, 2, 3], groups: [0, 0, 1, 1, 2, 2, 3, 3])
        #expect(some.primary == .wilson(share: 2.0 / 3, trials: 2))
    }

    @Test func `what a probe cannot be scored on is told`() throws {
        let found = try states([-2, 0, 0.25, 3])
        #expect(throws: ProbeError.lengths("target o", found: 3, expected: 4)) {
            try classProbe.score(found, ProbeTarget("o", classes: [-1, 4, 9]))
        }
        #expect(throws: ProbeError.invalid("there is no row to read")) {
            try classProbe.score(found, ProbeTarget("o", classes: [-1, 4, 9, 9]), rows: [])
        }
        #expect(throws: ProbeError.invalid("o is a number and this probe reads classes")) {
            try classProbe.score(found, ProbeTarget("o", numbers: [1, 2, 3, 4]))
        }
        #expect(throws: ProbeError.invalid("o is a class and this probe reads numbers")) {
            try numberProbe.score(found, ProbeTarget("o", classes: [1, 2, 3, 4]))
        }
        let strange = ProbeTarget("o", classes: [-1, 4, 9, 5])
        #expect(throws: ProbeError.invalid("o is 5 in row 3, a class that the probe was not fitted to")) {
            try classProbe.score(found, strange)
        }
        // In a row that is not scored it does not matter.
        #expect(try classProbe.score(found, strange, rows: [0, 1]).primary.value == 1)
        // A transfer is still of states of the same width.
        #expect(throws: ProbeError.lengths("states of width 1", found: 2, expected: 1)) {
            try numberProbe.outputs(states([1, 2], width: 2), transfer: true)
        }
        #expect(try numberProbe.outputs(found) == [-3, 1, 1.5, 7])
    }

    @Test func `a direction that does not exist is refused with what there is`() {
        #expect(throws: ProbeError.invalid("classes 1 and 1", help: "give two different ones of 0 to 2")) {
            try classProbe.direction(from: 1, to: 1)
        }
        #expect(throws: ProbeError.invalid("classes 3 and 0", help: "give two different ones of 0 to 2")) {
            try classProbe.direction(from: 3, to: 0)
        }
        let dead = LinearProbe(
            target: "n", provenance: source, map: LinearMap(weights: [0], intercepts: [7], width: 1), classValues: nil)
        #expect(throws: ProbeError.invalid("the probe for n has no weights, so it has no direction")) {
            try dead.direction()
        }
    }

    @Test func `what a token gives away is serious above a twentieth of the target, and never less than nothing`() {
        func leak(_ tokens: [Int32], _ symbols: [Int]) -> InputLeak {
            InputLeak(CodedTokens(tokens, random: RandomSource(seed: 1)), CodedSymbols(symbols))
        }
        // A yes or no in equal parts, which the token repeats in so many of a hundred: 1 − H(0.65) = 0.066 bits and
        // 1 − H(0.62) = 0.042.
        for (hits, share, isSerious) in [(65, 0.0659, true), (62, 0.0420, false)] {
            let rows = Array(0..<8000)
            let found = leak(rows.map { Int32($0 % 200 / 2 < hits ? $0 % 2 : 1 - $0 % 2) }, rows.map { $0 % 2 })
            #expect(near(found.share, share, 0.003) && found.isSerious == isSerious, "\(found.share)")
        }
        let rows = Array(0..<400)
        #expect(leak(rows.map { Int32($0 % 2) }, rows.map { $0 / 2 % 2 }).share == 0)
        // Too large to be counted one by one, though there are few of them: told by tenths.
        let large = InputLeak.symbols(Array(repeating: [1e16, 3e16], count: 5).flatMap { $0 })
        #expect(large == Array(repeating: [0, 5], count: 5).flatMap { $0 }, "\(large)")
    }
}
