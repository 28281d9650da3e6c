import Foundation
import Tensors
import Testing
import Transformer

@testable import Probing

/// Invented states and what is known of them: nothing here comes from a model.
private struct World {
    let rows = 1500
    let width = 12
    let digits: [[Int]]  // three columns of digits
    let values: [Float]
    /// A direction of the states, plus little noise.
    let hidden: [Double]

    init(seed: UInt64 = 3) {
        var random = RandomSource(seed: seed)
        let (rows, width) = (self.rows, self.width)
        values = (0..<rows * width).map { _ in Float(random.normal()) }
        digits = (0..<3).map { _ in (0..<rows).map { _ in random.below(10) } }
        let direction = (0..<width).map { _ in random.normal() }
        let values = values
        hidden = (0..<rows).map { row in
            (0..<width).reduce(0.02 * random.normal()) { $0 + direction[$1] * Double(values[row * width + $1]) }
        }
    }

    func states(
        model: String = "m", hook: String = "h", position: String = "p", tokens: [Int32]? = nil, seed: UInt64? = nil
    ) throws -> HiddenStates {
        var values = values
        if let seed {
            var random = RandomSource(seed: seed)
            values = values.map { _ in Float(random.normal()) }
        }
        return try HiddenStates(
            values: values, width: width, tokens: tokens ?? Array(repeating: 1, count: rows),
            provenance: Provenance(model: model, stage: "s", hook: hook, position: position))
    }

    var problems: ProbeProblems {
        ProbeProblems(
            groups: (0..<rows).map { $0 / 3 }, rawInputs: digits,
            controlTypes: (0..<rows).map { digits[0][$0] * 10 + digits[1][$0] })
    }
}

@Suite struct ProbeTests {
    @Test func `a number that lies in the states beats every baseline`() throws {
        let world = World()
        let result = try probe(
            world.states(), for: [ProbeTarget("sum", numbers: world.hidden)], world.problems,
            untrained: world.states(model: "u", seed: 8))[0]
        let report = result.report
        #expect(report.probe.primary.value > 0.999 && report.probe.primary.low > 0.99)
        #expect(report.isAboveEveryBaseline)
        #expect(Set(report.baselines.keys) == Set(ProbeBaseline.allCases) && report.missing.isEmpty)
        for (name, score) in report.baselines { #expect(abs(score.primary.value) < 0.15, "\(name)") }
        #expect(try #require(report.selectivity).low > 0.8)
        #expect(try #require(report.codeLength).compression > 2)
        #expect(report.trainingRows + report.heldOutRows == world.rows)
    }

    @Test func `a class that lies in the states beats every baseline`() throws {
        let world = World()
        let classes = world.hidden.map { $0 < -1 ? 7 : $0 < 1 ? 8 : 9 }
        let result = try probe(
            world.states(), for: [ProbeTarget("third", classes: classes)], world.problems,
            untrained: world.states(model: "u", seed: 8))[0]
        #expect(
            result.report.probe.primary.value > 0.93 && result.report.isAboveEveryBaseline && result.report.isClasses)
        #expect(result.report.baselines.count == ProbeBaseline.allCases.count)
        #expect(try #require(result.report.codeLength).compression > 2)
        let accuracy = try result.probe.score(world.states(), ProbeTarget("third", classes: classes)).primary.value
        #expect(accuracy > 0.93)
        #expect(try Set(result.probe.readings(world.states())) == [7, 8, 9])
    }

    @Test func `what the raw inputs tell is no finding about the model`() throws {
        let world = World()
        let sum = (0..<world.rows).map { Double(world.digits[0][$0] + 2 * world.digits[1][$0]) }
        // The states are the digits themselves.
        let values = (0..<world.rows).flatMap { row in world.digits.map { Float($0[row]) } }
        let states = try HiddenStates(
            values: values, width: 3, tokens: Array(repeating: 0, count: world.rows),
            provenance: Provenance(model: "m", hook: "h", position: "p"))
        let report = try probe(states, for: [ProbeTarget("sum", numbers: sum)], world.problems)[0].report
        #expect(report.probe.primary.value > 0.999)
        #expect(!report.isAboveEveryBaseline && report.nearestBaseline == .rawInput)
        #expect(report.missing[.untrained] == "no untrained model was given")
    }

    @Test func `a target that the token at the position gives away is found out`() throws {
        let world = World()
        var random = RandomSource(seed: 4)
        let numbers = (0..<world.rows).map { _ in random.below(100) }
        let tokens = numbers.map { Int32($0 % 10) }
        let report = try probe(
            world.states(tokens: tokens),
            for: [
                ProbeTarget("n", numbers: numbers.map(Double.init)),
                ProbeTarget("last", classes: numbers.map { $0 % 10 }),
            ],
            world.problems
        ).map(\.report)
        // The last digit of a number below 100: log₂ 10 of log₂ 100 bits.
        #expect(abs(report[0].leak.share - 0.5) < 0.06 && report[0].leak.isSerious)
        #expect(abs(report[1].leak.share - 1) < 1e-9)
        #expect(report[1].baselines[.inputToken]?.primary.value == 1)
        let clean = try probe(
            world.states(), for: [ProbeTarget("n", numbers: numbers.map(Double.init))], world.problems)[0].report
        #expect(clean.leak.bits == 0)
    }

    @Test func `the constant baseline is the mean for squares and the median for absolute errors`() throws {
        let world = World()
        let skewed = world.hidden.map { exp($0) }
        let report = try probe(world.states(), for: [ProbeTarget("skewed", numbers: skewed)], world.problems)[0].report
        let split = try ProbePlan([ProbeTarget("skewed", numbers: skewed)], world.problems, ProbeOptions()).split
        let training = split.order[..<split.trainEnd].map { skewed[$0] }.sorted()
        let median = (training[training.count / 2] + training[(training.count - 1) / 2]) / 2
        let expected =
            split.order[split.heldOut].reduce(0) { $0 + abs(skewed[$1] - median) } / Double(split.heldOut.count)
        #expect(abs(try #require(report.baselines[.constant]).error.value - expected) < 1e-9)
    }

    @Test func `groups are never split and every boundary lies between them`() throws {
        let groups = (0..<1000).map { $0 % 137 }
        let split = try ProbeSplit(groups: groups, heldOutShare: 0.2, random: RandomSource(seed: 1))
        #expect(Set(split.order) == Set(0..<1000))
        let training = Set(split.groups[..<split.trainEnd]), heldOut = Set(split.groups[split.heldOut])
        #expect(training.isDisjoint(with: heldOut) && training.count + heldOut.count == 137)
        for end in split.blockEnds.dropLast() + [split.fitEnd] { #expect(split.groups[end - 1] != split.groups[end]) }
        #expect(split.blockEnds.last == 1000 && abs(split.trainEnd - 800) < 10)
    }

    @Test func `of a hundred problems 64 fit the weights, 16 choose the penalty and 20 are held out`() throws {
        let split = try ProbeSplit(groups: Array(0..<100), heldOutShare: 0.2, random: RandomSource(seed: 1))
        #expect((split.fitEnd, split.trainEnd, split.count) == (64, 80, 100))
        // 0.1, 0.2, 0.4, … 100 % of the rows, each at least one.
        #expect(split.blockEnds == [1, 2, 4, 7, 13, 25, 50, 100])
    }

    @Test func `a split needs five problems`() throws {
        // Held out 3/8: of four 2 would fit, 1 choose and 1 be held out, which is too little to go by.
        #expect(throws: ProbeError.tooFewGroups(4)) {
            try ProbeSplit(groups: [1, 2, 3, 4], heldOutShare: 0.375, random: RandomSource(seed: 1))
        }
        let split = try ProbeSplit(groups: [1, 2, 3, 4, 5], heldOutShare: 0.375, random: RandomSource(seed: 1))
        #expect((split.fitEnd, split.trainEnd, split.count) == (3, 4, 5))
    }

    @Test func `numbers of many values are told by their tenths, a border belonging to the lower one`() {
        // Of 1 … 11 the deciles are 2, 3, … 10.
        #expect(InputLeak.symbols((1...11).map(Double.init)) == [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        // Few whole numbers are told as they are; halves are not whole.
        #expect(InputLeak.symbols(Array(repeating: [7.0, -3], count: 5).flatMap { $0 }).prefix(2) == [7, -3])
        #expect(Set(InputLeak.symbols(Array(repeating: [0.5, 1.5], count: 5).flatMap { $0 })).count == 2)
    }

    @Test func `where no type occurs twice the control task says why it is missing`() throws {
        let world = World()
        let problems = ProbeProblems(groups: Array(0..<world.rows), rawInputs: world.digits)
        let report = try probe(world.states(), for: [ProbeTarget("sum", numbers: world.hidden)], problems)[0].report
        #expect(report.selectivity == nil)
        #expect(report.missing[.control]?.contains("occurs twice") == true)
    }

    @Test func `types as fine as groups are controlled on a split by rows`() throws {
        let world = World()
        let groups = (0..<world.rows).map { $0 % 6 }
        // States that tell the group apart, so that the control task can be learned by heart.
        let values = groups.flatMap { group in (0..<6).map { Float($0 == group ? 1 : 0) } }
        let states = try HiddenStates(
            values: values, width: 6, tokens: Array(repeating: 0, count: world.rows),
            provenance: Provenance(model: "m", hook: "h", position: "p"))
        let report = try probe(states, for: [ProbeTarget("sum", numbers: world.hidden)], ProbeProblems(groups: groups))[
            0
        ].report
        #expect(try #require(report.baselines[.control]).primary.value > 0.99)
        #expect(try #require(report.selectivity).high < -0.5)
    }

    @Test func `activations of another model are refused unless a transfer is asked for`() throws {
        let world = World()
        let target = ProbeTarget("sum", numbers: world.hidden)
        let trained = try probe(world.states(), for: [target], world.problems)[0].probe
        #expect(throws: ProbeError.otherActivations(["model sft instead of m"])) {
            try trained.outputs(world.states(model: "sft"))
        }
        #expect(throws: ProbeError.otherActivations(["hook g instead of h", "position q instead of p"])) {
            try trained.score(world.states(hook: "g", position: "q"), target)
        }
        #expect(try trained.score(world.states(), target).primary.value > 0.99)
        #expect(try trained.score(world.states(model: "sft", seed: 9), target, transfer: true).primary.value < 0.1)
    }

    @Test func `a step along a probe's direction moves its reading by one`() throws {
        let world = World()
        let states = try world.states()
        let trained = try probe(states, for: [ProbeTarget("sum", numbers: world.hidden)], world.problems)[0].probe
        let direction = try trained.direction()
        let moved = try HiddenStates(
            values: states.values.enumerated().map { $1 + direction[$0 % world.width] }, width: world.width,
            tokens: states.tokens,
            provenance: states.provenance)
        let before = try trained.readings(states), after = try trained.readings(moved)
        #expect(zip(before, after).allSatisfy { abs($1 - $0 - 1) < 1e-4 })
    }

    @Test func `impossible questions are refused with what to do`() throws {
        let world = World()
        let target = ProbeTarget("sum", numbers: world.hidden)
        func refusal(_ body: () throws -> Void) -> ProbeError? {
            do { try body(); return nil } catch { return error as? ProbeError }
        }
        #expect(
            refusal {
                _ = try probe(
                    world.states(), for: [ProbeTarget("c", numbers: Array(repeating: 4, count: world.rows))],
                    world.problems)
            }
                == .constantTarget("c", value: "4"))
        #expect(
            refusal {
                _ = try probe(
                    world.states(), for: [target], ProbeProblems(groups: Array(repeating: 1, count: world.rows)))
            }
                == .tooFewGroups(1))
        var broken = world.hidden
        broken[17] = .nan
        #expect(
            refusal { _ = try probe(world.states(), for: [ProbeTarget("c", numbers: broken)], world.problems) }
                == .notFinite("target c", row: 17))
        #expect(
            refusal { _ = try probe(world.states(), for: [target], world.problems, untrained: world.states()) }
                == .untrainedIsTheSameModel)
        let few = try HiddenStates(
            values: Array(world.values[..<(10 * 12)]), width: 12, tokens: Array(repeating: 0, count: 10),
            provenance: Provenance(model: "m", hook: "h", position: "p"))
        let error = refusal {
            _ = try probe(
                few, for: [ProbeTarget("sum", numbers: Array(world.hidden[..<10]))],
                ProbeProblems(groups: Array(0..<10)))
        }
        #expect(error == .tooFewRows(training: 8, needed: 12, width: 12))
        #expect(error?.help?.contains("take problems enough for 12 training rows") == true)
        // Without a penalty as many rows as columns fit anything.
        let some = try HiddenStates(
            values: Array(world.values[..<(20 * 12)]), width: 12, tokens: Array(repeating: 0, count: 20),
            provenance: Provenance(model: "m", hook: "h", position: "p"))
        for (estimator, needed) in [(ProbeEstimator.leastSquares, 24), (.ridge, nil)] {
            let error = refusal {
                _ = try probe(
                    some, for: [ProbeTarget("sum", numbers: Array(world.hidden[..<20]))],
                    ProbeProblems(groups: Array(0..<20)), options: ProbeOptions(estimator: estimator))
            }
            #expect(error == needed.map { .tooFewRows(training: 16, needed: $0, width: 12) })
        }
        #expect(
            refusal {
                _ = try probe(
                    world.states(), for: [target], world.problems, options: ProbeOptions(estimator: .multinomial))
            } != nil)
        #expect(
            refusal {
                _ = try probe(world.states(), for: [target], world.problems, options: ProbeOptions(heldOutShare: 1))
            } != nil)
    }

    @Test func `labels that cannot be predicted cost as much as a uniform code`() throws {
        let world = World()
        var random = RandomSource(seed: 6)
        let noise = (0..<world.rows).map { _ in random.below(4) }
        let reports = try probe(
            world.states(),
            for: [ProbeTarget("noise", classes: noise), ProbeTarget("noise", numbers: noise.map(Double.init))],
            world.problems
        ).map(\.report)
        for report in reports {
            let code = try #require(report.codeLength)
            #expect(abs(code.uniformBits - 2 * Double(world.rows)) < 1e-9)
            #expect(code.compression > 0.85 && code.compression < 1.01)
            #expect(!report.isAboveEveryBaseline)
        }
    }

    @Test func `least squares finds the weights that made the numbers`() throws {
        let world = World()
        let numbers = (0..<world.rows).map { 3 + 2 * Double(world.values[$0 * 12]) - Double(world.values[$0 * 12 + 5]) }
        let trained = try probe(
            world.states(), for: [ProbeTarget("n", numbers: numbers)], world.problems,
            options: ProbeOptions(estimator: .leastSquares))[0].probe
        for (j, weight) in trained.map.weights.enumerated() {
            #expect(abs(weight - (j == 0 ? 2 : j == 5 ? -1 : 0)) < 1e-9)
        }
        #expect(abs(trained.map.intercepts[0] - 3) < 1e-9)
    }
}

@Suite struct ProbeGridTests {
    @Test func `a grid gives for each place what probing that place alone gives, on one thread or two`() throws {
        let model = smallModel(), untrained = smallModel(seed: 2)
        let batch = randomBatch(lengths: Array(repeating: 6, count: 200))
        let first = (0..<200).map { Int(batch.tokens[6 * $0]) }
        let targets = [
            ProbeTarget("first", numbers: first.map(Double.init)),
            ProbeTarget("low", classes: first.map { $0 < 6 ? 0 : 1 }),
        ]
        let problems = ProbeProblems(groups: first.indices.map { $0 / 2 }, rawInputs: [first], controlTypes: first)
        let positions = [Position("a", index: 0, count: 200), Position("c", index: 2, count: 200)]
        var grid = ProbeGrid(
            points: [.block(0, .residualPost), .finalNorm], positions: positions, targets: targets, problems: problems)
        grid.isWanted = { position, target in position == 0 || target == 1 }
        let one = try grid.run(model, batch, untrained: untrained, stage: "x", workers: Workers(threadCount: 1))
        grid.memoryLimit = 1  // one hook point at a time
        let two = try grid.run(model, batch, untrained: untrained, stage: "x", workers: Workers(threadCount: 2))
        #expect(one.map(\.report.provenance.description) == two.map(\.report.provenance.description))
        #expect(one.map(\.report.probe) == two.map(\.report.probe))
        #expect(one.count == 6)
        let states = try model.hiddenStates(batch, at: [.finalNorm], positions: [positions[1]], stage: "x")[0][0]
        let plain = try untrained.hiddenStates(batch, at: [.finalNorm], positions: [positions[1]])[0][0]
        let alone = try probe(states, for: targets, problems, untrained: plain)[1]
        #expect(alone.report.provenance == one[5].report.provenance && alone.report.target == one[5].report.target)
        #expect(abs(alone.report.probe.primary.value - one[5].report.probe.primary.value) < 1e-9)
        // The first token is the input of the first position.
        #expect(one[0].report.leak.isSerious && one[0].report.baselines[.inputToken]!.primary.value > 0.999)
    }

    @Test func `the probed model is not its own untrained baseline`() throws {
        let model = smallModel()
        let grid = ProbeGrid(
            points: [.finalNorm], positions: [Position("a", index: 0, count: 50)],
            targets: [ProbeTarget("t", classes: (0..<50).map { $0 % 2 })],
            problems: ProbeProblems(groups: Array(0..<50)))
        #expect(throws: ProbeError.untrainedIsTheSameModel) {
            try grid.run(model, randomBatch(lengths: Array(repeating: 3, count: 50)), untrained: model.copy())
        }
    }
}

@Suite struct IntervalTests {
    @Test func `Wilson's interval of 8 in 10 is the textbook's`() {
        let interval = Interval.wilson(share: 0.8, trials: 10)
        #expect(abs(interval.low - 0.4901625) < 1e-6 && abs(interval.high - 0.9433178) < 1e-6)
        #expect(Interval.wilson(share: 1, trials: 10).low < 0.73)
    }

    @Test func `Student's interval of 1 2 3 uses the tabulated 4 3027`() {
        let interval = Interval.student([1, 2, 3])
        #expect(interval.value == 2 && abs(interval.high - (2 + 4.302652730 / 3.0.squareRoot())) < 1e-8)
        #expect(Interval.student([5]).high == .infinity)
    }

    @Test func `quantiles are the tables'`() {
        #expect(abs(normalQuantile(0.975) - 1.959963985) < 1e-8)
        #expect(abs(studentQuantile(0.975, degrees: 10) - 2.228138852) < 1e-8)
        #expect(abs(studentQuantile(0.05, degrees: 3) + 2.353363435) < 1e-8)
        // I_x(2, 1) = x²
        #expect(abs(betaQuantile(0.25, 2, 1) - 0.5) < 1e-12)
    }

    @Test func `a bootstrap of a mean has the width of the normal approximation`() {
        var random = RandomSource(seed: 1)
        let values = (0..<400).map { _ in random.normal() }
        let bootstrap = Bootstrap(
            groups: Array(0..<400), replicates: 2000, confidence: 0.95, random: RandomSource(seed: 2))
        let sums = bootstrap.sums([Array(repeating: 1, count: 400), values])
        let interval = bootstrap.interval(bootstrap.sample { sums[$0, 1] / sums[$0, 0] })
        let mean = values.reduce(0, +) / 400
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400).squareRoot()
        #expect(abs(interval.value - mean) < 1e-12)
        #expect(abs((interval.high - interval.low) / (2 * 1.96 * deviation / 20) - 1) < 0.08)
    }
}
