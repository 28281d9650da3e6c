// Integers of any size, held against another library's, and by hand where a rare path is meant.

import BigInt
import TestSupport
import Testing

@testable import Language

@Suite struct BigIntegerTests {
    /// Integers of up to nine words, half of them made of words that are all zeros, all ones or a single bit: there
    /// carries run far and quotients are guessed wrong.
    private func integer(_ random: inout TestRandom) -> String {
        var value: BigInt = 0
        let extreme: [UInt] = [0, 1, .max, .max - 1, 1 << 63, (1 << 63) - 1]
        let isExtreme = random.chance(0.5)
        for _ in 0..<Int.random(in: 0...9, using: &random) {
            let word = isExtreme ? random.pick(extreme) : UInt(truncatingIfNeeded: random.next())
            value = value << 64 + BigInt(word)
        }
        return String(random.chance(0.5) ? -value : value)
    }

    @Test func `sums, differences, products, quotients and orders are those of another library`() throws {
        var random = TestRandom(seed: 31)
        for _ in 0..<4000 {
            let (x, y) = (integer(&random), integer(&random))
            let (a, b) = (try #require(BigInteger(x)), try #require(BigInteger(y)))
            let (p, q) = (try #require(BigInt(x)), try #require(BigInt(y)))
            #expect("\(a)" == x)
            #expect("\(a + b)" == String(p + q), "\(x) + \(y)")
            #expect("\(a - b)" == String(p - q), "\(x) - \(y)")
            #expect("\(a * b)" == String(p * q), "\(x) * \(y)")
            #expect((a < b) == (p < q), "\(x) < \(y)")
            #expect((a == b) == (p == q), "\(x) == \(y)")
            if q != 0 {
                let (quotient, rest) = a.quotientAndRemainder(dividingBy: b)
                #expect("\(quotient)" == String(p / q), "\(x) / \(y)")
                #expect("\(rest)" == String(p % q), "\(x) % \(y)")
            }
            let shift = Int.random(in: 0...200, using: &random)
            #expect("\(a << shift)" == String(p << shift), "\(x) << \(shift)")
            #expect(a.bitCount == p.magnitude.bitWidth)
        }
    }

    /// 2²⁵⁵ + 3 over 2¹⁸⁹ + 1: the first two words of the divisor are a power of two and zero, so that the last word of
    /// the quotient is guessed one too large, Knuth's step D6. The quotient is 2⁶⁶ − 1, as (2⁶⁶ − 1)(2¹⁸⁹ + 1) lies
    /// 2¹⁸⁹ − 2⁶⁶ + 4 below.
    @Test func `a quotient that was guessed one too large is corrected`() {
        let one = BigInteger(1)
        let (quotient, rest) = ((one << 255) + BigInteger(3)).quotientAndRemainder(dividingBy: (one << 189) + one)
        #expect(quotient == (one << 66) - one)
        #expect(rest == (one << 189) - (one << 66) + BigInteger(4))
    }

    @Test func `groups of digits keep the zeros in front of them`() throws {
        #expect("\(BigInteger(10).power(40))" == "1" + String(repeating: "0", count: 40))
        let padded = try #require(BigInteger("-00120000000000000000000000000000000000000005"))
        #expect("\(padded)" == "-120000000000000000000000000000000000000005")
        for text in ["", "-", "1x", "+1", "--1", "1 2", "１"] { #expect(BigInteger(text) == nil, "\(text)") }
        #expect("\(try #require(BigInteger("-0")))" == "0")
        #expect(BigInteger("-0") == BigInteger(0))
    }

    @Test func `what fits 64 bits is a small integer, and nothing else`() throws {
        for value in [0, 1, -1, Int.max, Int.min] { #expect(Int(exactly: BigInteger(value)) == value) }
        #expect(Int(exactly: BigInteger(Int.max) + BigInteger(1)) == nil)
        #expect(Int(exactly: BigInteger(Int.min) - BigInteger(1)) == nil)
    }

    /// 2⁵³ + 1 lies between two reals and goes to the even one; a single bit far below decides otherwise.
    @Test func `the nearest real is found, half-way cases go to the even one`() throws {
        let tie = (BigInteger(1) << 53) + BigInteger(1)
        #expect(Double(tie) == 0x1p53)
        #expect(Double((tie << 200) + BigInteger(1)) == (0x1p53 + 2) * 0x1p200)
        #expect(Double(-((tie << 200) - BigInteger(1))) == -0x1p253)
        #expect(Double(BigInteger(3) << 54) == 3 * 0x1p54)
        #expect(Double(BigInteger(1) << 1023) == 0x1p1023)
        #expect(Double(BigInteger(1) << 1024) == .infinity)
        #expect(Double(-(BigInteger(1) << 5000)) == -.infinity)
    }

    @Test func `a real becomes the integer that it is, its fraction cut`() {
        #expect(BigInteger(-2.9) == BigInteger(-2))
        #expect(BigInteger(0x1p53) == BigInteger(1 << 53))
        #expect("\(BigInteger(1e22))" == "10000000000000000000000")
        #expect(BigInteger(-0x1.8p100) == -(BigInteger(3) << 99))
        #expect(Double(BigInteger(Double.greatestFiniteMagnitude)) == .greatestFiniteMagnitude)
    }

    @Test func `powers are repeated products`() {
        #expect("\(BigInteger(-3).power(5))" == "-243")
        #expect(BigInteger(7).power(0) == BigInteger(1))
        #expect(BigInteger(2).power(1000) == BigInteger(1) << 1000)
    }
}
