import Testing

@testable import Tensors

@Suite struct RandomSourceTests {
    @Test func `the stream is xoshiro256**, seeded by SplitMix64`() {
        // SplitMix64 from seed 1234567, and xoshiro256** from the state 1, 2, 3, 4: the values of the published C
        // programs.
        let seeded = RandomSource(seed: 1_234_567)
        #expect(
            seeded.state == (
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431
            ))
        var source = RandomSource(seed: 0)
        source.state = (1, 2, 3, 4)
        #expect((0..<4).map { _ in source.next() } == [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240])
    }

    @Test func `uniform and normal numbers have their moments`() {
        var source = RandomSource(seed: 11)
        let count = 40_000
        let uniform = (0..<count).map { _ in source.uniform() }
        #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
        // Four standard errors of each estimate.
        let mean = uniform.reduce(0, +) / Double(count)
        #expect(abs(mean - 0.5) < 4 * (1.0 / 12 / Double(count)).squareRoot())
        let normal = (0..<count).map { _ in source.normal() }
        #expect(abs(normal.reduce(0, +) / Double(count)) < 4 / Double(count).squareRoot())
        let variance = normal.reduce(0) { $0 + $1 * $1 } / Double(count)
        #expect(abs(variance - 1) < 4 * (2 / Double(count)).squareRoot())
        #expect(normal.allSatisfy { $0.isFinite })
    }

    @Test func `whole numbers below a bound are equally likely`() {
        var source = RandomSource(seed: 12)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[source.below(7)] += 1 }
        // χ² with 6 degrees of freedom is below 22.5 with probability 0.999.
        #expect(counts.reduce(0.0) { $0 + Double(($1 - 10_000) * ($1 - 10_000)) / 10_000 } < 22.5)
        #expect((0..<10).allSatisfy { _ in source.below(1) == 0 })
    }

    @Test func `a shuffle is a permutation that its seed repeats`() {
        var a = RandomSource(seed: 3), b = RandomSource(seed: 3), c = RandomSource(seed: 4)
        var x = Array(0..<50), y = x, z = x
        a.shuffle(&x)
        b.shuffle(&y)
        c.shuffle(&z)
        #expect(x == y && x != z && x.sorted() == Array(0..<50))
    }

    @Test func `split streams differ from each other and leave their source alone`() {
        var source = RandomSource(seed: 5)
        let before = source
        var firsts = Set(
            (0..<100 as Range<UInt64>).map { stream in
                var split = source.split(stream); return split.next()
            })
        #expect(source == before)
        firsts.insert(source.next())
        #expect(firsts.count == 101)
    }
}
