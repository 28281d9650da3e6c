import Glibc
import Tensors

/// How much of a target can be read off the token at the probed position, without any model.
///
/// At the position of an answer's digit the digit itself is the input: a probe for a running sum "finds" its last digit
/// there.
public struct InputLeak: Sendable, Equatable {
    /// The share of the target's entropy that the token gives away, 0 to 1: (I − E)/(H − E) with the mutual information
    /// I and what shuffled tokens show of it by chance, E (adjusted mutual information; Vinh et al. 2010).
    public let share: Double
    /// H, the entropy of the target, in bits; of its deciles where it has many values.
    public let targetBits: Double

    public var bits: Double { share * targetBits }
    /// More than a twentieth of the target.
    public var isSerious: Bool { share > 0.05 }

    init(_ tokens: CodedTokens, _ target: CodedSymbols) {
        targetBits = target.bits
        guard tokens.count > 1 else { share = 0; return }
        let chance =
            tokens.shuffled.reduce(0) { $0 + Self.information($1, tokens, target) } / Double(tokens.shuffled.count)
        let found = Self.information(tokens.codes, tokens, target)
        share = targetBits > chance ? max(0, (found - chance) / (targetBits - chance)) : 0
    }

    private static func information(_ codes: [Int], _ tokens: CodedTokens, _ target: CodedSymbols) -> Double {
        var joint = [Int](repeating: 0, count: tokens.count * target.count)
        for (token, symbol) in zip(codes, target.codes) { joint[token * target.count + symbol] += 1 }
        return target.bits + tokens.bits - entropy(joint, of: codes.count)
    }

    /// Whole numbers of few values as they are, everything else by deciles.
    static func symbols(_ numbers: [Double]) -> [Int] {
        let values = Set(numbers)
        if values.count * 5 <= numbers.count, numbers.allSatisfy({ $0 == $0.rounded() && abs($0) < 1e15 }) {
            return numbers.map { Int($0) }
        }
        let sorted = numbers.sorted()
        let cuts = (1..<10).map { quantile(sorted, Double($0) / 10) }
        return numbers.map { number in cuts.count { $0 < number } }
    }
}

/// The tokens at a position, numbered 0 ..< count, and the same in other orders.
struct CodedTokens {
    let codes: [Int]
    let count: Int
    let bits: Double
    let shuffled: [[Int]]

    init(_ tokens: [Int32], random: RandomSource) {
        let coded = CodedSymbols(tokens.map { Int($0) })
        (codes, count, bits) = (coded.codes, coded.count, coded.bits)
        var random = random
        shuffled = (0..<4).map { _ in
            var codes = coded.codes
            random.shuffle(&codes)
            return codes
        }
    }
}

/// Symbols numbered 0 ..< count.
struct CodedSymbols {
    let codes: [Int]
    let count: Int
    /// Their entropy.
    let bits: Double

    init(_ symbols: [Int]) {
        var numbers: [Int: Int] = [:]
        codes = symbols.map { symbol in
            if let known = numbers[symbol] { return known }
            numbers[symbol] = numbers.count
            return numbers.count - 1
        }
        count = numbers.count
        var counts = [Int](repeating: 0, count: count)
        for code in codes { counts[code] += 1 }
        bits = entropy(counts, of: codes.count)
    }
}

/// In bits, of frequencies that add up to `total`.
private func entropy(_ counts: [Int], of total: Int) -> Double {
    let n = Double(max(total, 1))
    return counts.reduce(0) { $1 == 0 ? $0 : $0 - Double($1) / n * log2(Double($1) / n) }
}
