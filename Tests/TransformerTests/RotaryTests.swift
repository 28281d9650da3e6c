import Foundation
import Testing

@testable import Transformer

// Angles of rotary positions against the formulas at the head of RotaryConfiguration.swift, worked out here.

@Suite struct RotaryTests {
    @Test func `a text is long from the first position that the model was not made for`() {
        let rotary = RotaryConfiguration(
            base: 10_000, width: 4,
            scaling: .longRope(
                shortFactors: [1, 2], longFactors: [4, 8], originalPositionCount: 24, attentionFactor: 1.5))
        // The model was made for 24 positions: 0 to 23.
        #expect(!rotary.isLong(23) && rotary.isLong(24))
        #expect(rotary.frequencies(isLong: false) == [1, 0.005])
        #expect(rotary.frequencies(isLong: true) == [0.25, 0.00125])
        #expect(rotary.amplitude == 1.5)
        #expect(!RotaryConfiguration(base: 10_000, width: 4).isLong(1 << 20))
    }

    @Test func `the factor of long texts is 1 where nothing is stretched`() {
        #expect(RotaryConfiguration.longRopeAttentionFactor(positionCount: 4096, original: 4096) == 1)
        #expect(RotaryConfiguration.longRopeAttentionFactor(positionCount: 2048, original: 4096) == 1)
        // √(1 + ln 32 / ln 4096) with ln 32 = 5 ln 2 and ln 4096 = 12 ln 2.
        let found = RotaryConfiguration.longRopeAttentionFactor(positionCount: 131_072, original: 4096)
        #expect(abs(found - (17.0 / 12).squareRoot()) < 1e-15)
    }

    @Test func `Llama 3.1 keeps short waves, stretches long ones, and goes from one to the other`() {
        // λ = 2π/f; L/λ = 1000 f / 2π. The width makes f = 1, 0.1, 0.01, 0.001: L/λ = 159, 15.9, 1.59, 0.159.
        let rotary = RotaryConfiguration(
            base: 10_000, width: 8,
            scaling: .llama3(
                factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositionCount: 1000))
        let found = rotary.frequencies(isLong: false)
        let share = (1000 * 0.01 / (2 * Double.pi) - 1) / 3
        for (a, b) in zip(found, [1, 0.1, 0.01 * (share + (1 - share) / 8), 0.001 / 8]) {
            #expect(abs(a - b) < 1e-15)
        }
    }
}
