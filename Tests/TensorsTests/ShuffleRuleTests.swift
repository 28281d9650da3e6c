import Testing

@testable import Tensors

@Suite struct ShuffleRuleTests {
    @Test func `every order of three comes equally often, those that leave items in place too`() {
        var random = RandomSource(seed: 21)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<6000 {
            var items = [0, 1, 2]
            random.shuffle(&items)
            counts[items, default: 0] += 1
        }
        // χ² with 5 degrees of freedom is below 20.5 with probability 0.999.
        #expect(counts.count == 6)
        #expect(counts.values.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 } < 20.5)
    }

    @Test func `nothing and one item are shuffled into themselves, without a draw`() {
        var random = RandomSource(seed: 1)
        let before = random
        var none: [Int] = [], one = [7]
        random.shuffle(&none)
        random.shuffle(&one)
        #expect(none == [] && one == [7] && random == before)
    }
}
