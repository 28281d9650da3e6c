import TestSupport
import Testing

@testable import Notebooks

@Suite("Comparing outputs") struct ComparisonTests {
    @Test(arguments: [
        ("removed 1 of 9", "removed 1 of 9"), ("a   b", "a b"), ("loss 0.0312", "loss 0.0313"),
        ("loss 0.0312", "loss 0.03121"), ("loss 0.0312 ±0.004", "loss 0.0350 ±0.002"),
        ("loss 0.0312 ±0.004", "loss 0.0300"), ("loss 0.03", "loss 0.0312"), ("-0.0", "0.0"), ("-0", "0"),
        ("nan inf", "nan inf"), ("1.50 {~4.2 s}", "1.49 {~99 s}"), ("99.2%", "99.3%"), ("(0.5,", "(0.6,"),
        ("1.2M", "1.3M"),
        ("a ... d", "a b c d"), ("a ... d", "a d"), ("...", ""), ("... 0.50 ...", "x 0.51 y z"),
        ("───── ──", "─────── ──"), ("0.97→0.98", "0.98→0.97"), ("5e-5", "6e-5"), ("x=0.50", "x=0.51"),
        ("1e5", "100000"),
        ("0.1...0.5", "0.1...0.4"), ("a \\... b", "a \\... b"), ("shape 2×3", "shape 2×3"), ("−0.5 0.25", "−0.5 0.26"),
        ("10.00", "9.99"), ("12 ±3", "10.5 ±2"),
    ]) func `equal within what is written`(recorded: String, got: String) {
        #expect(Comparison.difference(recorded, got) == nil)
    }

    @Test(arguments: [
        ("removed 1 of 9", "removed 2 of 9"), ("loss 0.0312", "loss 0.0314"), ("loss 0.0312", "loss 0.03"),
        ("loss 0.0312 ±0.004", "loss 0.0360"), ("loss 0.0312", "loss 0.0312 ±0.1"), ("1", "1.0"), ("nan", "inf"),
        ("nan", "0.5"),
        ("1.50 {~4.2 s}", "1.50 4.2 s"), ("1.50", "1.50 {~4.2 s}"), ("99.2%", "99.5%"), ("v1.2.3", "v1.2.4"),
        ("9f2c01e4", "9f2c01e5"), ("a ... d", "a b c"), ("... 0.50 ...", "x 0.53 y z"), ("a b", "ab"), ("a", ""),
        ("", "a"), ("a b c", "a b"),
        ("a \\... b", "a c b"), ("shape 2×3", "shape 2×4"), ("0.97→0.98", "0.97→1.08"), ("───", "---"),
        ("gpt2 0.5x3", "gpt2 0.5x4"), ("2024_11", "2024_12"),
    ]) func `different`(recorded: String, got: String) {
        #expect(Comparison.difference(recorded, got) != nil)
    }

    @Test func `a difference is named with what was allowed`() {
        #expect(Comparison.difference("loss 0.0312", "loss 0.0320") == "0.0320 is 0.0008 from 0.0312, more than 0.0001")
        #expect(Comparison.difference("n 3", "n 4") == "3 is recorded, 4 came")
        #expect(Comparison.difference("right", "wrong") == "'right' is recorded, 'wrong' came")
        #expect(Comparison.difference("a b", "a") == "'b' is missing")
        #expect(Comparison.difference("a", "a b") == "'b' is not recorded")
    }

    /// The simulation that the rule was chosen by: four decimals, a relative drift of 1e-6.
    @Test func `numbers that drift in the seventh digit never fail, faults of two units always do`() {
        var random = TestRandom(seed: 3)
        var falseAlarms = 0
        var missed = 0
        for _ in 0..<20_000 {
            let value = Double.random(in: 0..<1, using: &random)
            let written = Self.fourDecimals(value)
            if Comparison.difference(written, Self.fourDecimals(value * (1 + 1e-6))) != nil { falseAlarms += 1 }
            if Comparison.difference(written, Self.fourDecimals(value + 0.0003)) == nil { missed += 1 }
        }
        #expect(falseAlarms == 0)
        #expect(missed == 0)
    }

    private static func fourDecimals(_ value: Double) -> String {
        let digits = String(Int((value * 10_000).rounded()) + 100_000)
        return "\(digits.dropFirst().first == "1" ? "1" : "0").\(digits.suffix(4))"
    }
}
