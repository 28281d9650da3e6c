import Glibc
import Tensors

/// How much of a target can be read off the token at the probed position, without any model.
///
/// At the position of an answer's digit the digit itself is the input: a probe for a running sum "finds" its last digit there.
public struct InputLeak: Sendable, Equatable {
    /// The share of the target's entropy that the token gives away, 0 to 1: (I − E)/(H − E) with the mutual information I
    /// and what shuffled tokens show of it by chance, E (adjusted mutual information; Vinh et al. 2010).
    public let share: Double
    /// H, the entropy of the target, in bits; of its deciles where it has many values.
    public let targetBits: Double

    public var bits: Double { share * targetBits }
    /// More than a twentieth of the target.
    public var isSerious: Bool { share > 0.05 }

    /// - Parameters:
    ///   - tokens: (rows)
    ///   - symbols: (rows) the target, as one of few symbols.
    init(tokens: [Int32], symbols: [Int], random: RandomSource) {
        let target = Coded(symbols)
        let targetBits = entropy(target.codes, count: target.count)
        self.targetBits = targetBits
        var token = Coded(tokens.map { Int($0) })
        guard token.count > 1 else { share = 0; return }
        let tokenBits = entropy(token.codes, count: token.count)
        let information = { (tokens: [Int]) in
            targetBits + tokenBits - entropy(zip(tokens, target.codes).map { $0 * target.count + $1 }, count: token.count * target.count)
        }
        let found = information(token.codes)
        var random = random
        var chance = 0.0
        let rounds = 4
        for _ in 0..<rounds {
            random.shuffle(&token.codes)
            chance += information(token.codes) / Double(rounds)
        }
        share = targetBits > chance ? max(0, (found - chance) / (targetBits - chance)) : 0
    }

    /// Whole numbers of few values as they are, everything else by deciles.
    static func symbols(_ numbers: [Double]) -> [Int] {
        let values = Set(numbers)
        if values.count * 5 <= numbers.count, numbers.allSatisfy({ $0 == $0.rounded() && abs($0) < 1e15 }) { return numbers.map { Int($0) } }
        let sorted = numbers.sorted()
        let cuts = (1..<10).map { quantile(sorted, Double($0) / 10) }
        return numbers.map { number in cuts.count { $0 < number } }
    }
}

/// Symbols numbered 0 ..< count.
private struct Coded {
    var codes: [Int]
    let count: Int

    init(_ symbols: [Int]) {
        var numbers: [Int: Int] = [:]
        codes = symbols.map { symbol in
            if let known = numbers[symbol] { return known }
            numbers[symbol] = numbers.count
            return numbers.count - 1
        }
        count = numbers.count
    }
}

/// In bits, of the frequencies of codes 0 ..< count.
private func entropy(_ codes: [Int], count: Int) -> Double {
    var counts = [Int](repeating: 0, count: count)
    for code in codes { counts[code] += 1 }
    let n = Double(max(codes.count, 1))
    return counts.reduce(0) { $1 == 0 ? $0 : $0 - Double($1) / n * log2(Double($1) / n) }
}
