// The rules that keep a probe honest, each against a computation of its own or by changing what must not matter.

import Glibc
import Tensors
import Testing
import Transformer

@testable import Probing

/// Invented rows: states of a few columns, a hidden number, and problems that are asked several times each.
private struct Rows {
    let count: Int
    let width: Int
    let values: [Float]
    let number: [Double]
    let digit: [Int]
    let groups: [Int]
    let types: [Int]
    let tokens: [Int32]

    /// - Parameter noise: the share of the number that the states do not tell.
    init(count: Int = 600, width: Int = 6, noise: Double = 0.3, seed: UInt64 = 11) {
        var random = RandomSource(seed: seed)
        self.count = count
        self.width = width
        let values = (0..<count * width).map { _ in Float(random.normal()) }
        number = (0..<count).map { row in
            Double(values[row * width]) - 0.5 * Double(values[row * width + 1]) + noise * random.normal()
        }
        digit = (0..<count).map { _ in random.below(7) }
        groups = (0..<count).map { $0 / 2 }
        let digit = digit
        types = (0..<count).map { digit[$0] * 3 + $0 % 3 }
        tokens = (0..<count).map { Int32(digit[$0] % 4) }
        self.values = values
    }

    func states(model: String = "m", seed: UInt64? = nil) throws -> HiddenStates {
        var values = values
        if let seed {
            var random = RandomSource(seed: seed)
            values = values.map { 0.5 * $0 + Float(random.normal()) }
        }
        return try HiddenStates(
            values: values, width: width, tokens: tokens,
            provenance: Provenance(model: model, stage: "s", hook: "h", position: "p"))
    }

    var classes: [Int] { number.map { $0 < -0.7 ? 3 : $0 < 0.5 ? 4 : 9 } }
    var problems: ProbeProblems {
        ProbeProblems(groups: groups, rawInputs: [digit, groups.map { $0 % 5 }], controlTypes: types)
    }
    var targets: [ProbeTarget] { [ProbeTarget("number", numbers: number), ProbeTarget("class", classes: classes)] }
}

private func rSquared(_ predictions: [Double], _ numbers: [Double]) -> Double {
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    let squares = zip(predictions, numbers).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return 1 - squares / numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
}

@Suite struct ProbeRuleTests {
    // MARK: Held-out rows

    @Test func `nothing that is fitted or chosen looks at held-out labels`() throws {
        let rows = Rows()
        let plan = try ProbePlan(rows.targets, rows.problems, ProbeOptions())
        let heldOut = Set(plan.split.order[plan.split.heldOut])
        // The held-out labels turned round: what was the best penalty for them is now the worst.
        let targets = [
            ProbeTarget("number", numbers: rows.number.enumerated().map { heldOut.contains($0) ? -30 * $1 : $1 }),
            ProbeTarget(
                "class", classes: rows.classes.enumerated().map { heldOut.contains($0) ? ($1 == 3 ? 9 : 3) : $1 }),
        ]
        let options = ProbeOptions(describes: false)
        let before = try probe(rows.states(), for: rows.targets, rows.problems, options: options)
        let after = try probe(rows.states(), for: targets, rows.problems, options: options)
        for (before, after) in zip(before, after) {
            #expect(before.report.penalty == after.report.penalty)
            #expect(before.probe.map.weights == after.probe.map.weights)
            #expect(before.probe.map.intercepts == after.probe.map.intercepts)
            #expect(Set(before.heldOut) == heldOut)
        }
        let changed = try ProbePlan(targets, rows.problems, ProbeOptions())
        let keys = rows.digit.map { $0 % 4 }
        for (one, other) in [(plan, rows.targets), (changed, targets)].map({ plan, targets in
            let lookup = Lookup(keys: plan.split.reorder(keys), keyCount: 4, split: plan.split)
            guard case .numbers(let numbers) = targets[0].labels, case .classes(let classes, _) = targets[1].labels
            else { return ([Double](), [Double]()) }
            let found = lookup.numbers(plan.split.reorder(numbers))
            return (found.means + found.medians, lookup.classes(plan.split.reorder(classes), classCount: 3))
        }).split(by: 1) {
            #expect(one.0 == other.0 && !one.0.isEmpty)
            #expect(one.1 == other.1 && !one.1.isEmpty)
        }
    }

    @Test func `training rows alone choose the penalty: with few rows and many noisy columns a strong one`() throws {
        // 36 fitted columns that tell nothing, and one that tells a little.
        let rows = Rows(count: 120, width: 36, noise: 4)
        let result = try probe(
            rows.states(), for: [rows.targets[0]], rows.problems, options: ProbeOptions(describes: false))[0]
        #expect(result.report.penalty >= 0.1)
        let clear = Rows(count: 600, width: 6, noise: 0.01)
        let other = try probe(
            clear.states(), for: [clear.targets[0]], clear.problems, options: ProbeOptions(describes: false))[0]
        #expect(other.report.penalty <= 1e-3)
    }

    // MARK: Noise

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `noise stays at chance whatever penalty is chosen, and beats no baseline`(_ seed: UInt64) throws {
        let rows = Rows(count: 500, width: 40, seed: seed)
        var random = RandomSource(seed: 100 + seed)
        let classes = (0..<rows.count).map { _ in random.below(4) }
        let numbers = (0..<rows.count).map { _ in random.normal() }
        let reports = try probe(
            rows.states(), for: [ProbeTarget("n", numbers: numbers), ProbeTarget("c", classes: classes)],
            rows.problems, untrained: rows.states(model: "u", seed: 5)
        ).map(\.report)
        #expect(reports[0].probe.primary.low <= 0.02 && reports[0].probe.primary.value < 0.05)
        #expect(reports[1].probe.primary.low <= 0.25 && reports[1].probe.primary.value < 0.4)
        for report in reports { #expect(!report.isAboveEveryBaseline) }
    }

    @Test func `a target whose rows are shuffled is at chance where the target itself is read`() throws {
        let rows = Rows()
        var order = Array(0..<rows.count)
        var random = RandomSource(seed: 8)
        random.shuffle(&order)
        let shuffled = [
            ProbeTarget("number", numbers: order.map { rows.number[$0] }),
            ProbeTarget("class", classes: order.map { rows.classes[$0] }),
        ]
        let real = try probe(rows.states(), for: rows.targets, rows.problems).map(\.report)
        let found = try probe(rows.states(), for: shuffled, rows.problems).map(\.report)
        #expect(real[0].probe.primary.low > 0.8 && real[1].probe.primary.low > 0.7)
        #expect(found[0].probe.primary.low < 0.02)
        #expect(found[1].margins[.constant]!.low <= 0)
        #expect(real.allSatisfy(\.isAboveEveryBaseline) && !found.contains { $0.isAboveEveryBaseline })
    }

    // MARK: Baselines

    @Test func `the baselines without a model are what counting gives`() throws {
        let rows = Rows()
        let reports = try probe(rows.states(), for: rows.targets, rows.problems).map(\.report)
        let split = try ProbePlan(rows.targets, rows.problems, ProbeOptions()).split
        let training = split.order[..<split.trainEnd], heldOut = split.order[split.heldOut]
        let expected = heldOut.map { rows.number[$0] }
        let mean = training.reduce(0) { $0 + rows.number[$1] } / Double(training.count)
        #expect(
            abs(reports[0].baselines[.constant]!.primary.value - rSquared(expected.map { _ in mean }, expected)) < 1e-9)
        let byToken = Dictionary(grouping: training, by: { rows.tokens[$0] })
        let means = byToken.mapValues { $0.reduce(0) { $0 + rows.number[$1] } / Double($0.count) }
        #expect(
            abs(
                reports[0].baselines[.inputToken]!.primary.value
                    - rSquared(heldOut.map { means[rows.tokens[$0]]! }, expected)) < 1e-9)
        func accuracy(_ guess: (Int) -> Int) -> Double {
            Double(heldOut.count { guess($0) == rows.classes[$0] }) / Double(heldOut.count)
        }
        func mode(_ some: some Sequence<Int>) -> Int {
            let counts = Dictionary(grouping: some, by: { rows.classes[$0] }).mapValues(\.count)
            return counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }!.key
        }
        let most = mode(training), modes = byToken.mapValues { mode($0) }
        #expect(abs(reports[1].baselines[.constant]!.primary.value - accuracy { _ in most }) < 1e-12)
        #expect(abs(reports[1].baselines[.inputToken]!.primary.value - accuracy { modes[rows.tokens[$0]]! }) < 1e-12)
    }

    @Test func `the untrained, raw-input and shuffled baselines are the probes of just these inputs and labels`() throws
    {
        let rows = Rows()
        let options = ProbeOptions(regularization: .fixed(0.01), describes: false)
        let untrained = try rows.states(model: "u", seed: 4)
        let reports = try probe(rows.states(), for: rows.targets, rows.problems, untrained: untrained, options: options)
            .map(\.report)
        func check(_ baseline: ProbeBaseline, _ states: HiddenStates, _ targets: [ProbeTarget]) throws {
            let alone = try probe(states, for: targets, rows.problems, options: options).map(\.report)
            for (report, alone) in zip(reports, alone) {
                let found = try #require(report.baselines[baseline])
                #expect(abs(found.primary.value - alone.probe.primary.value) < 1e-6, "\(baseline) \(report.target)")
                #expect(abs(found.error.value - alone.probe.error.value) < 1e-4, "\(baseline) \(report.target)")
            }
        }
        try check(.untrained, untrained, rows.targets)
        let raw = try #require(rows.problems.oneHotInputs())
        try check(
            .rawInput,
            HiddenStates(
                values: raw.values.map { Float($0) }, width: raw.width, tokens: rows.tokens,
                provenance: Provenance(model: "raw", hook: "h", position: "p")), rows.targets)
        let plan = try ProbePlan(rows.targets, rows.problems, options)
        try check(
            .shuffled, rows.states(),
            [
                ProbeTarget("number", numbers: plan.shuffle(rows.number)),
                ProbeTarget("class", classes: plan.shuffle(rows.classes)),
            ])
        // And the shuffled labels are scored on shuffled labels: in the same order, of other rows.
        let heldOut = Array(plan.split.order[plan.split.heldOut])
        let labels = plan.shuffle(rows.number)
        guard case .numbers(let scored) = plan.shuffledHeldOut[0].values else {
            Issue.record("no numbers")
            return
        }
        #expect(scored == heldOut.map { labels[$0] })
        #expect(labels.sorted() == rows.number.sorted() && labels != rows.number)
    }

    @Test func `the control task gives every type of problem the label of a random row, and scores types it has seen`()
        throws
    {
        let rows = Rows(count: 900)
        let options = ProbeOptions(describes: false)
        let plan = try ProbePlan(rows.targets, rows.problems, options)
        let labels = plan.control.labels(rows.number)
        for (_, some) in Dictionary(grouping: rows.types.indices, by: { rows.types[$0] }) {
            #expect(Set(some.map { labels[$0] }).count == 1)
        }
        #expect(Set(labels).isSubset(of: Set(rows.number)))
        // Not the label of a row of its own type, but for chance.
        let own = Dictionary(grouping: rows.types.indices, by: { rows.types[$0] }).mapValues {
            Set($0.map { rows.number[$0] })
        }
        #expect(rows.types.indices.count { own[rows.types[$0]]!.contains(labels[$0]) } < rows.count / 4)
        // What it reaches is what a probe for these labels reaches on the same held-out rows.
        #expect(plan.control.isMainSplit)
        let report = try probe(rows.states(), for: [rows.targets[0]], rows.problems, options: options)[0].report
        let control = try probe(
            rows.states(), for: [ProbeTarget("control", numbers: labels)], rows.problems, options: options)[0]
        let outputs = try control.probe.outputs(rows.states())
        let seen = plan.control.seen.map { plan.split.order[plan.split.trainEnd + $0] }
        let expected = rSquared(seen.map { outputs[$0] }, seen.map { labels[$0] })
        #expect(abs(report.baselines[.control]!.primary.value - expected) < 1e-6)
    }

    // MARK: Intervals

    @Test func `a problem that is asked ten times narrows no interval`() {
        var random = RandomSource(seed: 2)
        let classes = (0..<60).map { _ in random.below(3) }, numbers = (0..<60).map { _ in random.normal() }
        let guesses = (0..<60).map { _ in random.normal() }
        let logits = (0..<180).map { _ in random.normal() }
        func scores(_ times: Int) -> (numbers: ProbeScore, classes: ProbeScore) {
            func repeated<T>(_ values: [T]) -> [T] {
                (0..<times).flatMap { _ in values }
            }
            let bootstrap = Bootstrap(
                groups: repeated(Array(0..<60)), replicates: 200, confidence: 0.95, random: RandomSource(seed: 3))
            var sheet = ScoreSheet()
            _ = sheet.enter(numbers: repeated(guesses), HeldOutLabels(.numbers(repeated(numbers)), bootstrap))
            let first = sheet.scores()[0].report
            var other = ScoreSheet()
            _ = other.enter(logits: repeated(logits), HeldOutLabels(.classes(repeated(classes), count: 3), bootstrap))
            return (first, other.scores()[0].report)
        }
        let (once, often) = (scores(1), scores(10))
        for (a, b) in [(once.numbers, often.numbers), (once.classes, often.classes)] {
            for (a, b) in [(a.primary, b.primary), (a.error, b.error)] {
                #expect(abs(a.low - b.low) < 1e-9 && abs(a.high - b.high) < 1e-9 && abs(a.value - b.value) < 1e-9)
            }
        }
        #expect(once.classes.primary == .wilson(share: once.classes.primary.value, trials: 60))
    }

    @Test func `a probe is above a baseline when the whole interval of the margin is`() throws {
        let rows = Rows()
        let report = try probe(rows.states(), for: [rows.targets[0]], rows.problems)[0].report
        func with(_ margins: [ProbeBaseline: Interval]) -> ProbeReport {
            ProbeReport(
                target: report.target, provenance: report.provenance, isClasses: false, penalty: report.penalty,
                trainingRows: 1, heldOutRows: 1, heldOutGroups: 1, probe: report.probe, baselines: report.baselines,
                margins: margins, missing: [:], codeLength: nil, leak: report.leak)
        }
        let clear = Interval(value: 0.5, low: 0.4, high: 0.6), unclear = Interval(value: 0.1, low: -0.01, high: 0.2)
        let near = Interval(value: 0.2, low: 0.01, high: 0.5)
        #expect(with([.constant: clear, .shuffled: near]).isAboveEveryBaseline)
        #expect(!with([.constant: clear, .shuffled: unclear]).isAboveEveryBaseline)
        #expect(!with([:]).isAboveEveryBaseline)
        #expect(with([.constant: unclear, .shuffled: near, .control: clear]).nearestBaseline == .constant)
        #expect(with([.constant: clear, .shuffled: near]).nearestBaseline == .shuffled)
    }

    @Test func `a margin is the difference of two scores, over the same resamples`() throws {
        let rows = Rows()
        let report = try probe(rows.states(), for: [rows.targets[0]], rows.problems)[0].report
        for (baseline, margin) in report.margins {
            let expected = report.probe.primary.value - report.baselines[baseline]!.primary.value
            if baseline != .control { #expect(abs(margin.value - expected) < 1e-9, "\(baseline)") }
        }
        // The same predictor twice: no margin, and no doubt about it.
        var sheet = ScoreSheet()
        let bootstrap = Bootstrap(
            groups: Array(0..<50), replicates: 100, confidence: 0.95, random: RandomSource(seed: 1))
        let labels = HeldOutLabels(.numbers(Array(rows.number[..<50])), bootstrap)
        for _ in 0..<2 { _ = sheet.enter(numbers: rows.number[..<50].map { 0.5 * $0 }, labels) }
        #expect(sheet.scores()[0].margin(over: sheet.scores()[1]) == Interval(value: 0, low: 0, high: 0))
    }

    // MARK: Classes that a plane tells apart

    @Test(arguments: [false, true])
    func `without a penalty classes that a plane tells apart have no fit, those with wrong labels have one`(
        _ hasMistakes: Bool
    ) throws {
        let split = try ProbeSplit(groups: Array(0..<400), heldOutShare: 0.2, random: RandomSource(seed: 4))
        var random = RandomSource(seed: 6)
        var values = (0..<1600).map { _ in random.normal() }
        // No row is nearer to the border than 0.1.
        for row in 0..<400 { values[row * 4] += values[row * 4] < 0 ? -0.1 : 0.1 }
        let labels = (0..<400).map { row -> Int in
            let isWrong = hasMistakes && row % 20 == 0
            return (values[row * 4] > 0) == isWrong ? 0 : 1
        }
        let x = ProbeInputs(values, width: 4, order: split.order)
        let prefixes = PrefixMoments(x, split, describes: false), classes = split.order.map { labels[$0] }
        func fit(_ penalty: Double) throws -> ClassFit {
            try ClassFit(
                x, prefixes, classes, classCount: 2, split: split, penalties: [penalty], describes: false, name: "c")
        }
        if hasMistakes {
            #expect(try fit(0).penalty == 0)
        } else {
            #expect(throws: ProbeError.separable("c")) { try fit(0) }
        }
        #expect(try fit(0.1).penalty == 0.1)
    }

    // MARK: Code lengths

    /// A code sends every sequence of labels with its own probability, so these add up to one: whoever peeks at what is
    /// still to be sent gets more than there is.
    @Test func `the online code of classes is a code: the probabilities of all labels add up to one`() throws {
        let split = try ProbeSplit(groups: Array(0..<8), heldOutShare: 0.25, random: RandomSource(seed: 4))
        var random = RandomSource(seed: 6)
        let x = ProbeInputs((0..<16).map { _ in random.normal() }, width: 2, order: split.order)
        let prefixes = PrefixMoments(x, split, describes: true)
        #expect(split.blockEnds == [1, 2, 4, 8])
        var total = 0.0
        for labels in 0..<256 {
            let classes = (0..<8).map { labels >> $0 & 1 }
            let fit = try ClassFit(
                x, prefixes, classes, classCount: 2, split: split, penalties: [0.1], describes: true, name: "c")
            total += exp2(-(try #require(fit.code)).bits)
        }
        #expect(abs(total - 1) < 1e-6, "\(total)")
    }

    @Test func `the online code of numbers is a code too`() throws {
        // The first block holds the smallest and the largest number, so that both are known from the start.
        let groups = [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
        var seed: UInt64 = 0
        var split = try ProbeSplit(groups: groups, heldOutShare: 0.3, random: RandomSource(seed: 0))
        while split.groups[0] != 0 || split.blockEnds[0] != 2 {
            seed += 1
            split = try ProbeSplit(groups: groups, heldOutShare: 0.3, random: RandomSource(seed: seed))
        }
        var random = RandomSource(seed: 6)
        let x = ProbeInputs((0..<20).map { _ in random.normal() }, width: 2, order: split.order)
        var total = 0.0
        for labels in 0..<256 {
            let y = [0.0, 1] + (0..<8).map { Double(labels >> $0 & 1) }
            let fit = NumberFit(x, y, columns: 1, split: split, penalties: [0.1], describing: 1)
            total += exp2(2 - fit.codes[0].bits)
        }
        // A prediction far off the grid leaves all but the uniform share of its code unused.
        #expect(total <= 1 + 1e-6 && total > 0.9, "\(total)")
    }
}

extension Array {
    /// Its elements paired with those so many places on.
    fileprivate func split(by distance: Int) -> [(Element, Element)] {
        indices.dropLast(distance).map { (self[$0], self[$0 + distance]) }
    }
}
