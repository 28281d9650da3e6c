import Testing

@testable import Tensors

@Suite struct DropoutTests {
    private func factors(_ mask: DropoutMask, _ count: Int) -> [Double] { maskFactors(mask, 0..<count) }

    @Test(arguments: [Float(0.1), 0.5, 0.9])
    func `elements fall with the probability asked for, and survivors keep the mean`(_ p: Float) {
        let count = 100_000
        let found = factors(DropoutMask(key: 0x1234_5678_9ABC_DEF0, probability: p), count)
        let share = Double(found.reduce(0) { $1 == 0 ? $0 + 1 : $0 }) / Double(count)
        let error = (Double(p) * Double(1 - p) / Double(count)).squareRoot()
        #expect(abs(share - Double(p)) < 4 * error)
        #expect(found.allSatisfy { $0 == 0 || abs($0 - 1 / Double(1 - p)) < 1e-5 })
    }

    @Test func `neighbours, and masks of other keys, are independent`() {
        let count = 100_000
        let a = factors(DropoutMask(key: 1, probability: 0.5), count),
            b = factors(DropoutMask(key: 2, probability: 0.5), count)
        // Both fall with probability 1/4.
        let error = 4 * (3.0 / 16 / Double(count)).squareRoot()
        let neighbours = Double(zip(a, a.dropFirst()).reduce(0) { $1 == (0, 0) ? $0 + 1 : $0 }) / Double(count)
        let keys = Double(zip(a, b).reduce(0) { $1 == (0, 0) ? $0 + 1 : $0 }) / Double(count)
        #expect(abs(neighbours - 0.25) < error)
        #expect(abs(keys - 0.25) < error)
    }

    @Test func `an element's fate depends on the key and its number alone`() {
        let mask = DropoutMask(key: 42, probability: 0.4)
        let whole = factors(mask, 1000)
        for (start, end) in [(0, 1), (3, 40), (499, 1000)] {
            #expect(maskFactors(mask, start..<end) == Array(whole[start..<end]))
        }
    }
}
