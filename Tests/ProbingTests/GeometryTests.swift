import Foundation
import Tensors
import Testing
import Transformer

@testable import Probing

private func states(_ values: [Float], width: Int) throws -> HiddenStates {
    try HiddenStates(
        values: values, width: width, tokens: Array(repeating: 0, count: values.count / width),
        provenance: Provenance(model: "m", hook: "h", position: "p"))
}

@Suite struct GeometryTests {
    @Test func `points on a line have one component along it`() throws {
        // (1, 2, −2)/3 times −1, 0, 4, about (5, 5, 5): variance of −1, 0, 4 is 7.
        let unit: [Float] = [1.0 / 3, 2.0 / 3, -2.0 / 3]
        let points = ([-1, 0, 4] as [Float]).flatMap { t in unit.map { 5 + t * $0 } }
        let components = try states(points, width: 3).principalComponents(2)
        #expect(
            abs(components.variances[0] - 7) < 1e-5 && abs(components.explained[0] - 1) < 1e-6
                && components.explained[1] < 1e-6)
        let direction = components.directions[..<3].map { $0 * (components.directions[0] > 0 ? 1 : -1) }
        for (found, expected) in zip(direction, [1.0 / 3, 2.0 / 3, -2.0 / 3]) { #expect(abs(found - expected) < 1e-6) }
        let coordinates = components.project(points)
        #expect(abs(abs(coordinates[4] - coordinates[2]) - 4) < 1e-5)
        #expect(throws: ProbeError.self) { try states(points, width: 3).principalComponents(3) }
    }

    @Test(arguments: 0..<6 as Range<UInt64>) func `the largest number of each direction is positive`(
        _ seed: UInt64
    )
        throws
    {
        var random = RandomSource(seed: seed)
        for (rows, width) in [(40, 5), (5, 40)] {
            let values = (0..<rows * width).map { _ in Float(random.normal()) }
            let components = try states(values, width: width).principalComponents(3)
            for start in stride(from: 0, to: 3 * width, by: width) {
                let direction = components.directions[start..<start + width]
                let largest = try #require(direction.max { abs($0) < abs($1) })
                #expect(largest > 0)
                #expect(abs(direction.reduce(0) { $0 + $1 * $1 } - 1) < 1e-9)
            }
        }
    }

    @Test func `fewer rows than numbers give the same components as more`() throws {
        var random = RandomSource(seed: 2)
        let wide = (0..<6 * 10).map { _ in Float(random.normal()) }
        let few = try states(wide, width: 10).principalComponents(3)
        // Twice the same rows: the same directions and shares from a tall matrix.
        let twice = try states(wide + wide, width: 10).principalComponents(3)
        for (a, b) in zip(few.directions, twice.directions) { #expect(abs(a - b) < 1e-6) }
        for (a, b) in zip(few.explained, twice.explained) { #expect(abs(a - b) < 1e-9) }
    }

    @Test func `waves of the fitted frequencies are explained and others are not`() throws {
        func wave(_ k: Int, _ phase: Double = 0.3) -> [Double] {
            (0..<10).map { 2 + cos(2 * .pi * Double(k * $0) / 10 + phase) }
        }
        let fit = try FourierFit(wave(1) + wave(2) + wave(5, 0) + wave(3) + wave(4))
        for r in fit.rSquared[..<3] { #expect(abs(r - 1) < 1e-12) }
        for r in fit.rSquared[3...] { #expect(abs(r) < 1e-12) }
        #expect(fit.shareBeyondRandom == 0.6)
        let half = try FourierFit(zip(wave(1), wave(3)).map(+))
        #expect(abs(half.rSquared[0] - 0.5) < 1e-12)
    }

    @Test func `six columns on ten random points reach 0·56 by chance, and 0·88 once in twenty`() throws {
        var random = RandomSource(seed: 7)
        let fit = try FourierFit((0..<20_000 * 10).map { _ in random.normal() })
        let sorted = fit.rSquared.sorted()
        #expect(abs(sorted[10_000] - 0.56) < 0.01 && abs(sorted[19_000] - 0.88) < 0.01)
        #expect(abs(fit.randomMedian - sorted[10_000]) < 0.01 && abs(fit.random95 - sorted[19_000]) < 0.01)
        #expect(abs(fit.randomMedian - 0.56) < 0.005 && abs(fit.random95 - 0.88) < 0.01)
        #expect(abs(fit.shareBeyondRandom - 0.05) < 0.006)
    }

    @Test func `all frequencies together explain everything`() throws {
        var random = RandomSource(seed: 8)
        let steps = try FourierFit.cumulative((0..<200).map { _ in random.normal() })
        #expect(steps.count == 6 && steps[0].median == 0 && abs(steps[5].median - 1) < 1e-9)
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.median < $1.median })
    }

    @Test func `impossible frequencies and constant rows are told apart`() throws {
        #expect(throws: ProbeError.self) { try FourierFit([1, 2], period: 2, frequencies: [2]) }
        #expect(throws: ProbeError.self) { try FourierFit([1, 2, 3]) }
        #expect(throws: ProbeError.notFinite("a number to fit", row: 0)) {
            try FourierFit([.nan] + Array(repeating: 1, count: 9))
        }
        let constant = try FourierFit(Array(repeating: 3, count: 10))
        #expect(constant.rSquared[0].isNaN && constant.shareBeyondRandom == 0)
    }

    @Test func `dimensions of digit embeddings are the columns of the table`() throws {
        let model = smallModel()
        let rows = try model.dimensions(ofTokens: [3, 5])
        let table = try #require(model.parameters["transformer.wte.weight"])
        #expect(
            rows.count == 32 && rows[2 * 7] == Double(table[3 * 16 + 7]) && rows[2 * 7 + 1] == Double(table[5 * 16 + 7])
        )
        #expect(throws: BatchError.token(13, vocabularySize: 13)) { try model.dimensions(ofTokens: [13]) }
    }
}

@Suite struct TrajectoryTests {
    private func interval(_ value: Double, _ half: Double) -> Interval {
        Interval(value: value, low: value - half, high: value + half)
    }

    @Test func `a measure is above what it must beat where its interval leaves zero`() throws {
        let measures = [
            interval(0, 0.1), interval(0.3, 0.1), interval(0.05, 0.1), interval(0.4, 0.1), interval(0.5, 0.1),
        ]
        let trajectory = try Trajectory(stages: ["0", "1", "2", "3", "4"], measures.map { [$0] })
        #expect(trajectory.stages.map(\.isAbove) == [false, true, false, true, true])
    }

    @Test func `several seeds have Student's interval and every stage needs them all`() throws {
        let seeds = [[0.1, -0.1, 0.05], [0.5, 0.6, 0.4]].map { $0.map { interval($0, 0.01) } }
        let trajectory = try Trajectory(stages: ["0", "1"], seeds)
        #expect(trajectory.stages.map(\.isAbove) == [false, true] && trajectory.stages[1].seedCount == 3)
        // mean 0.5, deviation 0.1: 4.3027 · 0.1/√3
        #expect(abs(trajectory.stages[1].margin.low - (0.5 - 4.302652730 * 0.1 / 3.0.squareRoot())) < 1e-9)
        #expect(throws: ProbeError.lengths("measures of stage 1", found: 1, expected: 3)) {
            try Trajectory(stages: ["0", "1"], [seeds[0], [seeds[1][0]]])
        }
    }

    @Test func `a trajectory of probes is over their nearest baseline and of one target at one place`() throws {
        var random = RandomSource(seed: 3)
        let values = (0..<600 * 4).map { _ in Float(random.normal()) }
        let visible = (0..<600).map { Double(values[4 * $0]) }, hidden = (0..<600).map { _ in random.normal() }
        func report(_ numbers: [Double], _ stage: String, name: String = "t") throws -> ProbeReport {
            let states = try HiddenStates(
                values: values, width: 4, tokens: Array(repeating: 0, count: 600),
                provenance: Provenance(model: stage, stage: stage, hook: "h", position: "p"))
            return try probe(states, for: [ProbeTarget(name, numbers: numbers)], ProbeProblems(groups: Array(0..<600)))[
                0
            ].report
        }
        let trajectory = try Trajectory([[report(hidden, "0 removed")], [report(visible, "1 removed")]])
        #expect(
            trajectory.stages.map(\.isAbove) == [false, true]
                && trajectory.stages.map(\.stage) == ["0 removed", "1 removed"])
        #expect(trajectory.stages[1].value.value > 0.99)
        #expect(throws: ProbeError.self) {
            try Trajectory([[report(hidden, "0")], [report(visible, "1"), report(visible, "1")]])
        }
        #expect(throws: ProbeError.self) {
            try Trajectory([[report(visible, "1", name: "a"), report(visible, "1", name: "b")]])
        }
    }
}
