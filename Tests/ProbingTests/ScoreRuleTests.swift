// The numbers that probes are judged by, each on a few rows that can be worked out by hand.

import Foundation
import Tensors
import Testing
import Transformer

@testable import Probing

private func near(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool { abs(a - b) <= tolerance }

@Suite struct ScoreRuleTests {
    @Test func `errors of opposite sign do not cancel, and R² is about the mean of the targets at hand`() {
        let scores = RegressionScores(predictions: [2, 2, 5], targets: [1, 3, 5])
        // Squares 1 + 1 of 4 + 0 + 4.
        #expect(near(scores.meanAbsoluteError, 2.0 / 3) && near(scores.meanSquaredError, 2.0 / 3))
        #expect(near(scores.rSquared, 0.75))
        #expect(near(RegressionScores(predictions: [3, 3, 3], targets: [1, 3, 5]).rSquared, 0))
        #expect(RegressionScores(predictions: [0, 0, 0], targets: [1, 3, 5]).rSquared < 0)
        #expect(RegressionScores(predictions: [1, 1], targets: [1, 1]).rSquared.isNaN)
    }

    @Test func `a right class has the largest logit, the lowest class where two are equal, and costs −log p`() {
        let scores = ClassificationScores(
            logits: [1, 1, 0, 2, 2, 2, 0, 0, 5], classCount: 3, classes: [0, 1, 2])
        // Right, wrong (class 0 at a tie), right.
        #expect(near(scores.accuracy, 2.0 / 3))
        let losses: [Double] = [log(2 * exp(1.0) + 1) - 1, log(3.0), log(2 + exp(5.0)) - 5]
        #expect(near(scores.meanLoss, losses.reduce(0, +) / 3, 1e-12))
        let row: [Double] = [3, 5, 5, 1]
        #expect(classOfLargest(row[...]) == 1 && classOfLargest(row[1...]) == 0)
        let (large, small): (Double, Double) = (1000 + log(2.0), -1000 + log(1 + exp(-1.0)))
        #expect(near(logSumExp([1000, 1000]), large))
        #expect(near(logSumExp([-1000, -1001]), small))
        let logits: [Float] = [0, 2, 2, -1]
        let (best, sum) = logits.withUnsafeBufferPointer { summary($0) }
        let expected: Double = log(1 + 2 * exp(2.0) + exp(-1.0))
        #expect(best == 1 && near(sum, expected, 1e-6))
    }

    @Test(
        arguments: [
            ([1, 2, 3, 4], 0.5, 2.5), ([1, 2, 3], 0.5, 2), ([1, 2, 3, 4, 5], 0.25, 2), ([1, 3], 0.75, 2.5),
            ([7], 0.3, 7),
            ([1, 2, 3], 0, 1), ([1, 2, 3], 1, 3), ([0, 10], 0.025, 0.25),
        ] as [([Double], Double, Double)])
    func `a quantile lies between its neighbours in proportion`(_ values: [Double], _ p: Double, _ expected: Double) {
        #expect(near(quantile(values, p), expected))
    }

    @Test func `intervals widen with confidence, narrow with trials, and know nothing of nothing`() {
        let usual = Interval.wilson(share: 0.5, trials: 100)
        #expect(Interval.wilson(share: 0.5, trials: 100, confidence: 0.99).low < usual.low)
        #expect(Interval.wilson(share: 0.5, trials: 400).low > usual.low && near(usual.low + usual.high, 1))
        #expect(Interval.wilson(share: 0, trials: 7).low == 0 && Interval.wilson(share: 1, trials: 7).high == 1)
        #expect(Interval.wilson(share: 0.3, trials: 0) == Interval(value: 0.3, low: 0, high: 1))
        #expect(quantile([], 0.5).isNaN && Interval.student([]).value.isNaN && Interval.student([]).low == -.infinity)
        #expect(Interval.student([4, 4, 4]) == Interval(value: 4, low: 4, high: 4))
        // Two values have one degree of freedom: 12.706 standard errors.
        #expect(near(Interval.student([0, 2]).high, 1 + 12.7062047364, 1e-6))
        #expect(near(Interval.student([0, 2], confidence: 0.9).high, 1 + 6.3137515147, 1e-6))
    }

    @Test func `every resample has as many groups as there are, and all of the rows of each`() {
        // Groups 7, 7, 9 and 4, with one column that counts rows and one that counts groups by 1 / size.
        let bootstrap = Bootstrap(
            groups: [7, 7, 9, 4, 4, 4], replicates: 300, confidence: 0.9, random: RandomSource(seed: 1))
        #expect(bootstrap.independentCount == 3)
        let sums = bootstrap.sums([
            [1, 1, 1, 1, 1, 1], [0.5, 0.5, 1, 1.0 / 3, 1.0 / 3, 1.0 / 3], [1, -1, 0, 0, 0, 0],
        ])
        for replicate in 0..<300 {
            #expect(near(sums[replicate, 1], 3) && near(sums[replicate, 2], 0))
            #expect((3.0...9).contains(sums[replicate, 0]))
        }
        let sample = bootstrap.sample { sums[$0, 0] }
        #expect(sample.value == 6 && sample.replicates.count == 300 && Set(sample.replicates).count > 3)
        let difference = sample - sample
        #expect(difference.value == 0 && difference.replicates.allSatisfy { $0 == 0 })
        let odd = Bootstrap.Sample(value: 2, replicates: [.nan] + (0...10).map(Double.init))
        // The fifth and the 95th percentile of 0 … 10.
        let interval = bootstrap.interval(odd)
        #expect(interval.value == 2 && near(interval.low, 0.5) && near(interval.high, 9.5))
        #expect(bootstrap.interval(.init(value: 2, replicates: [.nan])) == Interval(value: 2, low: 2, high: 2))
    }

    @Test func `a table of tokens tells means, medians and frequencies of the training rows, a new token those of all`()
        throws
    {
        let split = try ProbeSplit(groups: Array(0..<10), heldOutShare: 0.3, random: RandomSource(seed: 5))
        #expect(split.trainEnd == 7)
        // In the order of the split: tokens 0 and 1 in training, 0, 1 and 2 held out.
        let keys = [0, 0, 0, 0, 1, 1, 1, 0, 1, 2], y: [Double] = [1, 2, 3, 10, 5, 6, 7, 100, 100, 100]
        let lookup = Lookup(keys: keys, keyCount: 3, split: split)
        let found = lookup.numbers(y)
        #expect(found.means == [4, 6, 34.0 / 7] && found.medians == [2.5, 6, 5])
        let logs = lookup.classes([0, 0, 0, 1, 1, 1, 1, 0, 0, 0], classCount: 2)
        // One is added to each count: 4 and 2, 1 and 4, and over all 4 and 5.
        for (a, b) in zip(logs, [4, 2, 1, 4, 4, 5] as [Double]) { #expect(near(a, log(b))) }
    }
}

@Suite struct CodeRuleTests {
    @Test func `whole numbers are sent in steps of one, others in hundredths of their range`() {
        #expect(near(NumberCode([0, 3, 7]).uniformBits, 3) && near(NumberCode([5, 5]).uniformBits, 0))
        #expect(near(NumberCode([0, 0.5, 2]).uniformBits, log2(101)) && near(NumberCode([-4, 3]).uniformBits, 3))
    }

    @Test func `a number that is expected costs little, a surprise no more than the uniform share`() {
        let code = NumberCode([0, 7])
        // All eight steps together are certain.
        for (mean, deviation) in [(3.0, 1.0), (0, 0.1), (7, 5), (3.4, 0.01)] {
            let total = (0...7).reduce(0) { $0 + exp2(-code.bits(Double($1), mean: mean, deviation: deviation)) }
            #expect(near(total, 1, 1e-9), "\(mean) \(deviation)")
        }
        #expect(near(code.bits(7, mean: 0, deviation: 0.1), log2(800), 1e-3))
        #expect(code.bits(3, mean: 3, deviation: 0.01) < 0.05 && code.bits(3, mean: 3, deviation: 3) > 1.5)
    }

    @Test func `a class costs its probability with a hundredth of it uniform`() {
        #expect(near(classBits([0, 0], 0), 1) && near(classBits([0, 0, 0, 0], 3), 2))
        #expect(near(classBits([1000, 0], 1), log2(200)) && near(classBits([1000, 0], 0), -log2(0.995), 1e-9))
        #expect(near(CodeLength(bits: 50, uniformBits: 200).compression, 4))
    }

    @Test func `what a token gives away is all, nothing, or half of the target's bits`() {
        func leak(_ tokens: [Int32], _ symbols: [Int]) -> InputLeak {
            InputLeak(CodedTokens(tokens, random: RandomSource(seed: 1)), CodedSymbols(symbols))
        }
        let rows = Array(0..<4000)
        let all = leak(rows.map { Int32($0 % 4) }, rows.map { $0 % 4 + 9 })
        #expect(near(all.share, 1) && near(all.targetBits, 2) && near(all.bits, 2) && all.isSerious)
        let half = leak(rows.map { Int32($0 % 2) }, rows.map { $0 % 4 })
        #expect(near(half.share, 0.5, 0.01))
        let none = leak(rows.map { Int32($0 % 2) }, rows.map { $0 / 2 % 2 })
        #expect(near(none.share, 0, 0.01) && !none.isSerious && near(none.targetBits, 1))
        let single = leak(rows.map { _ in 7 }, rows.map { $0 % 4 })
        #expect(single.share == 0 && single.bits == 0)
        #expect(
            near(CodedSymbols([5, 5, 9, 5]).bits, 2 - 0.75 * log2(3)) && CodedSymbols([5, 5, 9]).codes == [0, 0, 1])
    }
}

@Suite struct ProbeInputRuleTests {
    private let source = Provenance(model: "m", hook: "h", position: "p")

    private func states(_ values: [Float], width: Int) throws -> HiddenStates {
        try HiddenStates(
            values: values, width: width, tokens: Array(repeating: 0, count: values.count / width), provenance: source)
    }

    @Test func `classes are numbered by rising value, and read as these values`() throws {
        let target = ProbeTarget("t", classes: [9, -1, 4, 9])
        #expect(target.labels == .classes([2, 0, 1, 2], values: [-1, 4, 9]) && target.count == 4)
        let map = LinearMap(weights: [-1, 0, 1], intercepts: [0, 0.5, 0], width: 1)
        let probe = LinearProbe(target: "t", provenance: source, map: map, classValues: [-1, 4, 9])
        let found = try states([-2, 0, 0.25, 3], width: 1)
        #expect(try probe.readings(found) == [-1, 4, 4, 9])
        // Classes are matched by value: all but the second are read rightly.
        #expect(try probe.score(found, ProbeTarget("o", classes: [-1, 9, 4, 9])).primary.value == 0.75)
        #expect(try probe.score(found, ProbeTarget("o", classes: [4, 4, 4, 9]), rows: [1, 2]).primary.value == 1)
        #expect(throws: ProbeError.self) { try probe.score(found, ProbeTarget("o", classes: [5, 9, 4, 9])) }
        #expect(throws: ProbeError.self) { try probe.score(found, ProbeTarget("o", numbers: [5, 9, 4, 9])) }
    }

    @Test func `a direction raises one class over another, or the number, by one`() throws {
        let map = LinearMap(weights: [1, 0, 0, 2, 3, 0], intercepts: [0, 0, 0], width: 2)
        let probe = LinearProbe(target: "t", provenance: source, map: map, classValues: [0, 1, 2])
        // (0, 2) − (1, 0), by its squared length 5; (3, 0) − (0, 2) by 13.
        let first = try probe.direction(), other = try probe.direction(from: 1, to: 2)
        #expect(near(Double(first[0]), -0.2, 1e-7) && near(Double(first[1]), 0.4, 1e-7))
        #expect(near(Double(other[0]), 3.0 / 13, 1e-7) && near(Double(other[1]), -2.0 / 13, 1e-7))
        for (from, to) in [(1, 1), (0, 3), (-1, 0)] {
            #expect(throws: ProbeError.self) { try probe.direction(from: from, to: to) }
        }
        let number = LinearProbe(
            target: "n", provenance: source, map: LinearMap(weights: [3, 4], intercepts: [7], width: 2),
            classValues: nil)
        let steps = try number.direction()
        #expect(near(Double(steps[0]), 0.12, 1e-7) && near(Double(steps[1]), 0.16, 1e-7))
        #expect(try number.readings(states([1, 1, 0, 0], width: 2)) == [14, 7])
        let dead = LinearProbe(
            target: "n", provenance: source, map: LinearMap(weights: [0, 0], intercepts: [7], width: 2),
            classValues: nil)
        #expect(throws: ProbeError.self) { try dead.direction() }
    }

    @Test func `raw inputs stand side by side, one column a symbol`() throws {
        let found = try #require(ProbeProblems(groups: [0, 1, 2], rawInputs: [[5, 3, 5], [1, 1, 2]]).oneHotInputs())
        // 3, 5 of the first column, 1, 2 of the second.
        #expect(found.width == 4 && found.values == [0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1])
        #expect(ProbeProblems(groups: [0, 1]).oneHotInputs() == nil)
        #expect(throws: ProbeError.self) { try ProbeProblems(groups: [0, 1], rawInputs: [[1]]).check() }
        #expect(throws: ProbeError.self) { try ProbeProblems(groups: [0, 1], controlTypes: [1, 2, 3]).check() }
    }

    @Test func `inputs are taken about their mean, in the order of the split`() {
        let inputs = ProbeInputs([1, 10, 3, 20, 5, 60], width: 2, order: [2, 0, 1])
        #expect(inputs.mean == [3, 30] && inputs.values == [2, 30, -2, -20, 0, -10])
        let map = LinearMap(weights: [1, 0.5], intercepts: [4], width: 2)
        // 4 − 2 − 10 and 4 − 5.
        #expect(inputs.apply(map, rows: 1..<3) == [-8, -1])
        // The same map for inputs as they are: 4 − 3 − 15.
        let own = inputs.undoingMean(map)
        #expect(own.intercepts == [-14] && own([1, 10]) == [-8] && own.weights == map.weights)
    }

    @Test(
        arguments: [
            (0.2, 400, 0.95, nil, true), (0, 400, 0.95, nil, false), (0.9, 400, 0.95, nil, false),
            (0.89, 400, 0.95, nil, true),
            (0.2, 19, 0.95, nil, false), (0.2, 20, 0.95, nil, true), (0.2, 100_001, 0.95, nil, false),
            (0.2, 400, 0.5, nil, false), (0.2, 400, 1, nil, false), (0.2, 400, 0.95, -0.1, false),
            (0.2, 400, 0.95, 0, true),
            (0.2, 400, 0.95, .infinity, false),
        ] as [(Double, Int, Double, Double?, Bool)])
    func `options that mean nothing are refused`(
        _ share: Double, _ replicates: Int, _ confidence: Double, _ penalty: Double?, _ isPossible: Bool
    ) {
        let options = ProbeOptions(
            regularization: penalty.map { .fixed($0) } ?? .chosen, heldOutShare: share, replicates: replicates,
            confidence: confidence)
        do { try options.check(); #expect(isPossible) } catch { #expect(!isPossible) }
    }

    @Test func `penalties are tried from the list, or the one that is given`() {
        #expect(ProbeOptions(regularization: .fixed(0.3)).ridgePenalties == [0.3])
        #expect(ProbeOptions(regularization: .fixed(0.3)).multinomialPenalties == [0.3])
        #expect(ProbeOptions(estimator: .leastSquares, regularization: .fixed(0.3)).ridgePenalties == [0])
        #expect(ProbeOptions().ridgePenalties == [1e-4, 1e-3, 1e-2, 1e-1, 1, 10])
        // Strongest first: each fit starts where the stronger one ended.
        #expect(ProbeOptions().multinomialPenalties == [1e-1, 1e-2, 1e-3])
    }

    @Test func `a batch is cut between sequences, into pieces of about so many tokens`() {
        let batch = randomBatch(lengths: [4, 4, 3, 9, 2])
        let chunks = batch.chunks(tokens: 8)
        #expect(chunks.map(\.sequences) == [0..<2, 2..<3, 3..<4, 4..<5] && chunks.map(\.firstRow) == [0, 8, 11, 20])
        #expect(chunks.map(\.batch.offsets) == [[0, 4, 8], [0, 3], [0, 9], [0, 2]])
        #expect(chunks.flatMap(\.batch.tokens) == batch.tokens)
        #expect(batch.chunks(tokens: 1).count == 5 && batch.chunks(tokens: 99).count == 1)
    }

    @Test func `a part has its own columns, and only a head has a few of them`() {
        let configuration = smallModel().configuration
        #expect(Component.head(layer: 1, 1).columns(in: configuration) == 8..<16)
        #expect(Component.head(layer: 0, 0).columns(in: configuration) == 0..<8)
        #expect(Component.mlp(layer: 0).columns(in: configuration) == 0..<16)
        #expect(Component.attention(layer: 1).point == .block(1, .attentionOutput))
        #expect(Component.head(layer: 1, 0).point == .block(1, .headOutputs))
        #expect(
            Component.all(of: configuration).map(\.description) == [
                "head 0.0", "head 0.1", "mlp 0", "head 1.0", "head 1.1", "mlp 1",
            ])
    }

    @Test func `moments tell variances, and a line without an intercept goes through zero`() throws {
        var moments = Moments(width: 2, targetCount: 1)
        moments.add([1, 5, 3, 5], [0, 0], rows: 2)
        moments.add([5, 5], [0], rows: 1)
        // 1, 3, 5 have a variance of 8/3; what never varies keeps a billionth of the largest.
        #expect(moments.rows == 3 && moments.sums == [9, 15])
        #expect(near(moments.variances[0], 8.0 / 3, 1e-12) && near(moments.variances[1], 8.0 / 3 * 1e-9, 1e-15))
        // Σxy / Σx² = (1 + 6 + 15) / 14 without, 2 with an intercept: y = 2x − 1.
        let through = try RidgeRegression.fit([1, 2, 3], width: 1, [1, 3, 5], alpha: 0, intercept: false)
        #expect(near(through.weights[0], 22.0 / 14) && through.intercepts == [0])
        let free = try RidgeRegression.fit([1, 2, 3], width: 1, [1, 3, 5], alpha: 0)
        #expect(near(free.weights[0], 2) && near(free.intercepts[0], -1))
        #expect(throws: ProbeError.self) { try RidgeRegression.fit([1, 2], width: 1, [1, 2], alpha: -1) }
        #expect(throws: ProbeError.self) { try RidgeRegression.fit([1, 2], width: 1, [1], alpha: 0) }
    }
}
