// The bytes were worked out by a coder that keeps the whole code as one integer without limit (so it knows no carry and
// no waiting bytes) and its guesses in a dictionary.

import Support
import Testing

@testable import Checkpoints

@Suite struct AdaptiveCodeTests {
    private func bytes(_ numbers: [Int]) -> [UInt8] {
        var writer = AdaptiveWriter()
        for number in numbers { writer.write(number) }
        return writer.finish()
    }

    @Test(arguments: [
        ([1], "5fff8000"), ([1, -1, 1, -1], "68c9800000"), ([0, 0, 1, 0], "afbf8000"),
        ([0, -1, 1, -2, 3, -4, 300, -2_000_000, 0], "9398297accdea83b63a0b401ffeabd"),
    ])
    func `numbers of either sign and any size are decisions of a range coder`(_ numbers: [Int], _ code: String) {
        #expect(bytes(numbers).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == code)
    }

    @Test func `twenty thousand numbers, whose size changes all the time, have the very code that they should`() {
        var state: UInt64 = 1
        let numbers = (0..<20_000).map { place in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let half = 1 << (place / 500 % 12)
            return Int(state >> 40) % (2 * half) - half
        }
        let code = bytes(numbers)
        #expect(code.count == 16435)
        var hash = SHA256()
        hash.update(code)
        #expect(
            hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                == "f01a46b74acc65994e16ecb6c4f045060eda9d0485da535e31cbb57a47b9692b")
    }

    @Test func `weights that do not change cost a small part of a bit`() {
        #expect(bytes([Int](repeating: 0, count: 80_000)).count < 100)
    }

    @Test func `the multiples of a page are those of a folder, in another code`() {
        let stages: [[Float]] = [[1, -1, 1, -1], [1.4, -1, 2.4, -1]]
        let coded = StageCoder.encode(stages, tensors: [4], steps: [1], multiples: .adaptive)
        #expect(
            coded.map(\.values) == StageCoder.encode(stages, tensors: [4], code: .rounded, fineness: 1).map(\.values))
        #expect(coded.map(\.followsAnother) == [false, true])
        // Multiples 1, −1, 1, −1 and then 0, 0, 1, 0.
        #expect(coded.map(\.bytes) == [bytes([1, -1, 1, -1]), bytes([0, 0, 1, 0])])
    }
}
