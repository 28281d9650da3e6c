// How the weights of stages are written into pages and compact run folders. What the page's scripts make of them is
// tested in EndToEndTests, in node and in a browser.

import Testing

@testable import Checkpoints

@Suite struct StageCodeTests {
    @Test func `every number of half precision is written as itself`() {
        var wrong = 0
        for bits in 0...UInt16.max where bits & 0x7FFF <= 0x7C00 {
            if Half.bits(Half.value(bits)) != bits { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test func `half precision rounds to the nearest, and to the even one of two`() {
        // One unit above 1 is 2⁻¹⁰.
        #expect(Half.bits(1 + 0x1p-11) == 0x3C00)
        #expect(Half.bits(1 + 3 * 0x1p-11) == 0x3C02)
        #expect(Half.bits(1 + 0x1.1p-11) == 0x3C01)
        #expect(Half.bits(-0.1) == 0xAE66)
        // The largest number, what still rounds to it, and what no longer does.
        #expect(Half.bits(65504) == 0x7BFF)
        #expect(Half.bits(65519) == 0x7BFF)
        #expect(Half.bits(65520) == 0x7C00)
        // The smallest one, half of it, and a little more than half.
        #expect(Half.bits(0x1p-24) == 0x0001)
        #expect(Half.bits(0x1p-25) == 0x0000)
        #expect(Half.bits(0x1.8p-25) == 0x0001)
        // Rounding up into the next power of two, and from the smallest ones to the others.
        #expect(Half.bits(0x1.fffp0) == 0x4000)
        #expect(Half.bits(0x1.fffp-15) == 0x0400)
    }

    @Test func `the very weights are written low byte first`() {
        let coded = StageCoder.encode([[1, -2]], tensors: [2], code: .float32)
        #expect(coded.map(\.bytes) == [[0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]])
        #expect(coded[0].values == [1, -2])
    }

    @Test func `rounded weights are multiples in Rice's code`() {
        // The tensor's size is 1, so with a fineness of 1 the multiples are 1, −1, 1, −1: u = 2, 1, 2, 1. Without low
        // bits they are 110 10 110 10, after five zeros that say so.
        let coded = StageCoder.encode([[1, -1, 1, -1]], tensors: [4], code: .rounded, fineness: 1)
        #expect(coded[0].steps == [1])
        #expect(coded[0].bytes == [0b0000_0110, 0b1011_0100])
        #expect(!coded[0].followsAnother)
    }

    @Test func `a stage holds what changed since the one before it, as that one was written`() {
        // 0.4 is rounded to nothing; the second stage then adds 1 to what was written and not to what was meant.
        let coded = StageCoder.encode(
            [[1, -1, 1, -1], [1.4, -1, 2.4, -1]], tensors: [4], code: .rounded, fineness: 1)
        #expect(coded[1].values == [1, -1, 2, -1])
        #expect(coded[1].followsAnother)
        // Multiples 0, 0, 1, 0: u = 0, 0, 2, 0 in 00000 0 0 110 0.
        #expect(coded[1].bytes == [0b0000_0001, 0b1000_0000])
    }

    @Test func `no weight of any stage is further off than half a step`() {
        func weight(_ index: Int, _ stage: Int) -> Float {
            let spread = Float((index * 7919 + stage * 31) % 1009) / 500
            return spread - 1 + Float(stage) * 0.03
        }
        let stages: [[Float]] = (0..<4).map { stage in (0..<300).map { weight($0, stage) } }
        let coded = StageCoder.encode(stages, tensors: [100, 200], code: .rounded, fineness: 100)
        for (weights, coded) in zip(stages, coded) {
            for index in weights.indices {
                let step = coded.steps[index < 100 ? 0 : 1]
                #expect(abs(weights[index] - coded.values[index]) <= step * 0.5001)
            }
        }
    }

    @Test func `what was written is read back, stage after stage`() {
        let stages: [[Float]] = (0..<3).map { stage in
            (0..<50).map { Float(($0 * 37 + stage * 11) % 41) / 20 - 1 }
        }
        let coded = StageCoder.encode(stages, tensors: [20, 30], code: .rounded, fineness: 64)
        var values = [Float](repeating: 0, count: 50)
        for stage in coded {
            #expect(StageCoder.add(stage.bytes, tensors: [20, 30], steps: stage.steps, to: &values))
            #expect(values == stage.values)
        }
    }

    @Test func `codes of any length are read where they were written`() {
        var writer = BitWriter()
        let values = [0, 1, 63, 64, 65, 200, 7, 1000, 0, 129, 12345]
        for lowBits in [0, 1, 5, 23] { for value in values { writer.writeRice(value, lowBits: lowBits) } }
        var reader = BitReader(writer.finish())
        for lowBits in [0, 1, 5, 23] {
            #expect(values.map { _ in reader.readRice(lowBits: lowBits) } == values)
        }
    }

    @Test func `a stage that was cut off is not read`() {
        let coded = StageCoder.encode([[1, -1, 1, -1]], tensors: [4], code: .rounded, fineness: 100)[0]
        for count in 0..<coded.bytes.count {
            var values = [Float](repeating: 0, count: 4)
            #expect(!StageCoder.add(Array(coded.bytes.prefix(count)), tensors: [4], steps: [0.01], to: &values))
        }
        var values = [Float](repeating: 0, count: 4)
        #expect(!StageCoder.add(coded.bytes, tensors: [3], steps: [0.01], to: &values))
        #expect(!StageCoder.add(coded.bytes, tensors: [4], steps: [], to: &values))
        // Ones without end.
        #expect(!StageCoder.add([UInt8](repeating: 0xFF, count: 1 << 22), tensors: [4], steps: [1], to: &values))
    }
}
