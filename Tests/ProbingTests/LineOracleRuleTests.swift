// Probes of one column against the formula of a line: which penalty is chosen, and what sending the numbers costs.

import Glibc
import Tensors
import Testing
import Transformer

@testable import Probing

/// A line through the rows that it was fitted to, its slope held back by a penalty in units of the variance of x:
/// Σxy / (Σx² · (1 + penalty)) about the means.
private struct Line {
    let slope: Double
    let x: Double
    let y: Double

    init(_ xs: some Collection<Double>, _ ys: some Collection<Double>, penalty: Double) {
        let n = Double(xs.count)
        let (x, y) = (xs.reduce(0, +) / n, ys.reduce(0, +) / n)
        let products = zip(xs, ys).reduce(0) { $0 + ($1.0 - x) * ($1.1 - y) }
        let squares = xs.reduce(0) { $0 + ($1 - x) * ($1 - x) }
        // One row tells no slope.
        slope = squares > 1e-12 ? products / (squares * (1 + penalty)) : 0
        (self.x, self.y) = (x, y)
    }

    func callAsFunction(_ value: Double) -> Double { y + slope * (value - x) }
}

private struct Rows {
    let states: HiddenStates
    let numbers: [Double]
    let problems: ProbeProblems

    init(count: Int, noise: Double, seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        let values = (0..<count).map { _ in Float(random.normal()) }
        numbers = values.map { Double($0) + noise * random.normal() }
        states = try HiddenStates(
            values: values, width: 1, tokens: Array(repeating: 1, count: count),
            provenance: Provenance(model: "m", hook: "h", position: "p"))
        problems = ProbeProblems(groups: Array(0..<count))
    }

    var target: ProbeTarget { ProbeTarget("n", numbers: numbers) }
}

@Suite struct LineOracleRuleTests {
    @Test func `the penalty is the one of least squared error on the rows that are kept back for it`() throws {
        var chosen: Set<Double> = []
        for seed in UInt64(1)...8 {
            let rows = try Rows(count: 40, noise: 3, seed: seed)
            let result = try probe(
                rows.states, for: [rows.target], rows.problems, options: ProbeOptions(describes: false))[0]
            let split = try ProbePlan([rows.target], rows.problems, ProbeOptions()).split
            let x = split.order.map { Double(rows.states.values[$0]) }, y = split.order.map { rows.numbers[$0] }
            func error(_ penalty: Double) -> Double {
                let line = Line(x[..<split.fitEnd], y[..<split.fitEnd], penalty: penalty)
                return (split.fitEnd..<split.trainEnd).reduce(0) { $0 + (line(x[$1]) - y[$1]) * (line(x[$1]) - y[$1]) }
            }
            let penalties = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10]
            let best = try #require(penalties.min { error($0) < error($1) })
            #expect(result.report.penalty == best, "\(seed)")
            chosen.insert(best)
            // All training rows are then fitted with it.
            let line = Line(x[..<split.trainEnd], y[..<split.trainEnd], penalty: best)
            #expect(abs(result.probe.map.weights[0] - line.slope) < 1e-9, "\(seed)")
        }
        #expect(chosen.count > 1)
    }

    @Test func `numbers are sent block by block with the penalty and the deviation of the block before`() throws {
        for seed in UInt64(1)...4 {
            let rows = try Rows(count: 200, noise: seed > 2 ? 2 : 0.3, seed: seed)
            let report = try probe(rows.states, for: [rows.target], rows.problems)[0].report
            let split = try ProbePlan([rows.target], rows.problems, ProbeOptions()).split
            let x = split.order.map { Double(rows.states.values[$0]) }, y = split.order.map { rows.numbers[$0] }
            let code = NumberCode(y), penalties = [1, 3e-2, 1e-3]
            var bits = Double(split.blockEnds[0]) * code.uniformBits
            var best = 0
            var deviations: [Double]?
            for (end, next) in zip(split.blockEnds, split.blockEnds.dropFirst()) {
                let lines = penalties.map { Line(x[..<end], y[..<end], penalty: $0) }
                let mean = y[..<end].reduce(0, +) / Double(end)
                let spread = sqrt(y[..<end].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(end))
                for row in end..<next {
                    bits += code.bits(y[row], mean: lines[best](x[row]), deviation: deviations?[best] ?? spread)
                }
                let found = lines.map { line in
                    sqrt(
                        (end..<next).reduce(0) { $0 + (line(x[$1]) - y[$1]) * (line(x[$1]) - y[$1]) }
                            / Double(next - end))
                }
                best = found.indices.min { found[$0] < found[$1] } ?? 0
                deviations = found
            }
            let length = try #require(report.codeLength)
            #expect(abs(length.bits - bits) < 1e-6 * bits, "\(seed): \(length.bits) for \(bits)")
            #expect(abs(length.uniformBits - 200 * code.uniformBits) < 1e-9)
        }
    }

    @Test func `another seed holds other problems out, and a larger share more of them`() throws {
        let rows = try Rows(count: 50, noise: 1, seed: 1)
        func heldOut(_ options: ProbeOptions) throws -> [Int] {
            try probe(rows.states, for: [rows.target], rows.problems, options: options)[0].heldOut
        }
        let usual = try heldOut(ProbeOptions(describes: false))
        #expect(try heldOut(ProbeOptions(seed: 0)) == usual && usual.count == 10)
        #expect(try Set(heldOut(ProbeOptions(seed: 1))) != Set(usual))
        #expect(try heldOut(ProbeOptions(heldOutShare: 0.4)).count == 20)
    }

    @Test func `a surer interval is wider, and its middle is where it was`() throws {
        let rows = try Rows(count: 100, noise: 1, seed: 1)
        func score(_ confidence: Double) throws -> Interval {
            try probe(
                rows.states, for: [rows.target], rows.problems,
                options: ProbeOptions(confidence: confidence, describes: false))[0].report.probe.primary
        }
        let (usual, sure) = (try score(0.95), try score(0.99))
        #expect(usual.value == sure.value && sure.low < usual.low && sure.high > usual.high)
    }
}
