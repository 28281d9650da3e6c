import Tensors

/// Multiplication of a K-digit by an L-digit number with its chain of thought, in the exact text of the reference's
/// data:
///
///     line   :=  input "||" chain " #### " output
///     input  :=  rev(a, K) " * " rev(b, L)
///     chain  :=  PP_0 " + " PP_1 " ( " S_1 " ) + " … " + " PP_(L-1)
///     PP_j   :=  rev(a · b_j · 10^j, K+1+j)        the partial product of b's digit j, b_0 the least significant
///     S_j    :=  rev(PP_0 + … + PP_j, K+1+j)       the partial sum; only for 1 ≤ j ≤ L-2, for the last sum is the
///                                                  answer
///     output :=  rev(a · b, K+L)
///     rev(v, w): w digits of v, least significant first, with spaces between them
///
/// Every width depends on K, L and j alone: the shift shows as j leading zeros, padding as trailing zeros, and a zero
/// digit of b gives a row of zeros. The published files have K = L (docs/method.md, "Two formats of the data"); others
/// follow the same rule.
///
/// The chain of Appendix C adds the partial products in a binary tree instead (the paper gives no text; this is ours):
/// level 0 is PP_0 " + " … " + " PP_(L-1); each further level adds neighbours pairwise and writes only the new sums,
/// each at the width of its right-hand member; an odd one out goes up without being written again. Levels are joined by
/// " = ", and the root is not written: it is the answer.
public struct Multiplication: ProblemTask {
    public enum Chain: String, Sendable, CaseIterable {
        /// Partial products with their running partial sums, as published.
        case sums
        /// The binary tree of Appendix C.
        case tree
    }

    /// How many digits a has; more than one where lengths are mixed.
    public let left: ClosedRange<Int>
    public let right: ClosedRange<Int>
    /// Whether a and b always have the same number of digits.
    public let isSquare: Bool
    /// Whether shorter numbers are written with zeros up to the longest length, so that all problems look alike.
    public let isPadded: Bool
    public let chain: Chain

    public static let digitsMax = 50

    /// K × K; K is drawn for each problem where a range is given.
    public init(digits: ClosedRange<Int>, padded: Bool = false, chain: Chain = .sums) throws {
        try self.init(left: digits, right: digits, square: true, padded: padded, chain: chain)
    }

    public init(digits: Int, chain: Chain = .sums) throws {
        guard (1...Self.digitsMax).contains(digits) else {
            throw ProblemError.outOfRange(what: "digits", value: digits, allowed: 1...Self.digitsMax)
        }
        try self.init(digits: digits...digits, chain: chain)
    }

    /// K × L with lengths of their own, such as one digit times six.
    public init(
        left: ClosedRange<Int>, right: ClosedRange<Int>, square: Bool = false, padded: Bool = false,
        chain: Chain = .sums
    ) throws {
        for length in [left.lowerBound, left.upperBound, right.lowerBound, right.upperBound]
        where !(1...Self.digitsMax).contains(length) {
            throw ProblemError.outOfRange(what: "digits", value: length, allowed: 1...Self.digitsMax)
        }
        self.left = left
        self.right = square ? left : right
        isSquare = square
        isPadded = padded && left.count + right.count > 2
        self.chain = chain
    }

    public var name: String {
        func text(_ range: ClosedRange<Int>) -> String {
            range.count == 1 ? "\(range.lowerBound)" : "(\(range.lowerBound)…\(range.upperBound))"
        }
        return "mult \(text(left))×\(text(right))" + (isPadded ? " padded" : "") + (chain == .tree ? " tree" : "")
    }

    public var hasFixedLayout: Bool { true }

    // MARK: Inputs

    /// The digits of a, then those of b, least significant first, zeros above the highest. A number's highest digit is
    /// never zero, so its length is in its digits.
    public var inputCount: Int { left.upperBound + right.upperBound }

    public var inputSpace: Int? {
        var total = 0
        for shape in shapes {
            guard let count = count(of: shape) else { return nil }
            let (sum, isOver) = total.addingReportingOverflow(count)
            if isOver { return nil }
            total = sum
        }
        return total
    }

    private var shapes: [(left: Int, right: Int)] {
        if isSquare { return left.map { ($0, $0) } }
        return left.flatMap { l in right.map { (l, $0) } }
    }

    private func count(of shape: (left: Int, right: Int)) -> Int? {
        guard let a = DecimalDigits.powerOfTen(shape.left - 1), let b = DecimalDigits.powerOfTen(shape.right - 1) else {
            return nil
        }
        let (product, isOver) = (a * 9).multipliedReportingOverflow(by: b * 9)
        return isOver || shape.left > 18 || shape.right > 18 ? nil : product
    }

    public func draw(_ random: inout RandomSource, into input: UnsafeMutablePointer<UInt8>) {
        let leftLength = left.count == 1 ? left.lowerBound : left.lowerBound + random.below(left.count)
        let rightLength =
            isSquare ? leftLength : right.count == 1 ? right.lowerBound : right.lowerBound + random.below(right.count)
        drawNumber(&random, input, leftLength, left.upperBound)
        drawNumber(&random, input + left.upperBound, rightLength, right.upperBound)
    }

    /// Uniform over the numbers with exactly `length` digits.
    @inline(__always)
    private func drawNumber(
        _ random: inout RandomSource, _ digits: UnsafeMutablePointer<UInt8>, _ length: Int, _ width: Int
    ) {
        // Four digits from each random number; the highest ones are 10^(m-1) up to 10^m.
        let text = DigitText.table
        var done = 0
        while done < length {
            let count = min(4, length - done)
            let isTop = done + count == length
            let floor = count == 4 ? 1000 : count == 3 ? 100 : count == 2 ? 10 : 1
            let chunk = isTop ? floor + random.below(9 * floor) : random.below(10 * floor)
            for place in 0..<count { digits[done + place] = text[8 * chunk + 2 * place] & 0xF }
            done += count
        }
        for index in length..<max(length, width) { digits[index] = 0 }
    }

    public func enumerate(_ index: Int, into input: UnsafeMutablePointer<UInt8>) {
        var rest = index
        input.update(repeating: 0, count: inputCount)
        for shape in shapes {
            guard let count = count(of: shape) else { return }
            if rest >= count {
                rest -= count
                continue
            }
            let a = DecimalDigits.powerOfTen(shape.left - 1) ?? 1
            let b = DecimalDigits.powerOfTen(shape.right - 1) ?? 1
            DecimalDigits.write(a + rest / (9 * b), to: input, count: shape.left)
            DecimalDigits.write(b + rest % (9 * b), to: input + left.upperBound, count: shape.right)
            return
        }
    }

    public func read(_ question: UnsafeBufferPointer<UInt8>, into input: UnsafeMutablePointer<UInt8>) -> Bool {
        input.update(repeating: 0, count: inputCount)
        return lengths(of: question, digits: input) != nil
    }

    /// Reads a and b and returns how many digits each is written with.
    private func lengths(of question: UnsafeBufferPointer<UInt8>, digits: UnsafeMutablePointer<UInt8>) -> (Int, Int)? {
        var scanner = QuestionScanner(question)
        guard let a = scanner.readNumber(into: digits, countMax: left.upperBound, before: UInt8(ascii: "*")), a > 0,
            let b = scanner.readNumber(into: digits + left.upperBound, countMax: right.upperBound, before: nil), b > 0
        else { return nil }
        return (a, b)
    }

    /// The digits of a and b as they are written, least significant first.
    func operands(of problem: Problem) -> (a: [UInt8], b: [UInt8])? {
        var digits = [UInt8](repeating: 0, count: inputCount)
        var question = problem.question
        guard let (a, b) = question.withUTF8({ lengths(of: $0, digits: &digits) }) else { return nil }
        return (Array(digits[..<a]), Array(digits[left.upperBound..<left.upperBound + b]))
    }

    // MARK: Text

    /// Exact where all lines are equally long.
    public var lineCountMax: Int {
        let k = left.upperBound
        let l = right.upperBound
        func text(_ width: Int) -> Int { 2 * width - 1 }
        let products = (0..<l).reduce(0) { $0 + text(k + 1 + $1) } + 3 * (l - 1)
        // A tree has at most one sum for each partial product, none longer than the answer.
        let sums = chain == .tree ? l * (text(k + l) + 3) : (1..<max(l - 1, 1)).reduce(0) { $0 + text(k + 1 + $1) + 5 }
        return text(k) + 3 + text(l) + 2 + products + sums + 6 + text(k + l) + 1
    }

    /// How many digits of a number are written.
    @inline(__always)
    private func writtenLength(_ digits: UnsafePointer<UInt8>, _ lengths: ClosedRange<Int>) -> Int {
        if isPadded || lengths.count == 1 { return lengths.upperBound }
        var length = lengths.upperBound
        while length > 1, digits[length - 1] == 0 { length -= 1 }
        return length
    }

    public func write(_ input: UnsafePointer<UInt8>, to line: inout LineWriter) {
        let a = input
        let b = input + left.upperBound
        let k = writtenLength(a, left)
        let l = writtenLength(b, right)
        line.put(digits: a, count: k)
        line.put(" * ")
        line.put(digits: b, count: l)
        line.beginChain()
        switch chain {
        case .sums: writeSums(a, k, b, l, &line)
        case .tree: writeTree(a, k, b, l, &line)
        }
    }

    private func writeSums(
        _ a: UnsafePointer<UInt8>, _ k: Int, _ b: UnsafePointer<UInt8>, _ l: Int, _ line: inout LineWriter
    ) {
        if k + l <= 18 { return writeShortSums(a, k, b, l, &line) }
        let width = k + l + 1
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * width) { scratch in
            guard let sum = scratch.baseAddress else { return }
            let product = sum + width
            sum.update(repeating: 0, count: 2 * width)
            for j in 0..<l {
                // The j lowest digits of PP_j and S_j: zeros, and what earlier partial products left there.
                if j > 0 {
                    product[j - 1] = 0
                    line.put(" + ")
                }
                DecimalDigits.multiply(product + j, a, k, by: b[j])
                line.put(digits: product, count: k + 1 + j)
                DecimalDigits.add(sum + j, product + j, k + 1)
                if j >= 1, j <= l - 2 {
                    line.put(" ( ")
                    line.put(digits: sum, count: k + 1 + j)
                    line.put(" )")
                }
            }
            line.beginAnswer()
            line.put(digits: sum, count: k + l)
        }
    }

    /// The same where the product fits in 64 bits: some six times as fast.
    @inline(__always)
    private func writeShortSums(
        _ a: UnsafePointer<UInt8>, _ k: Int, _ b: UnsafePointer<UInt8>, _ l: Int, _ line: inout LineWriter
    ) {
        var value: UInt64 = 0
        for index in (0..<k).reversed() { value = 10 &* value &+ UInt64(a[index]) }
        var sum: UInt64 = 0
        for j in 0..<l {
            if j > 0 { line.put(" + ") }
            let product = value &* UInt64(b[j])
            sum &+= product
            line.put(value: product, width: k + 1 + j)
            if j >= 1, j <= l - 2 {
                line.put(" ( ")
                line.put(value: sum, width: k + 1 + j)
                line.put(" )")
            }
            value &*= 10
        }
        line.beginAnswer()
        line.put(value: sum, width: k + l)
    }

    private func writeTree(
        _ a: UnsafePointer<UInt8>, _ k: Int, _ b: UnsafePointer<UInt8>, _ l: Int, _ line: inout LineWriter
    ) {
        let width = k + l + 1
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: l * width) { scratch in
            guard let numbers = scratch.baseAddress else { return }
            numbers.update(repeating: 0, count: l * width)
            for j in 0..<l {
                DecimalDigits.multiply(numbers + j * width + j, a, k, by: b[j])
                if j > 0 { line.put(" + ") }
                line.put(digits: numbers + j * width, count: k + 1 + j)
            }
            // Member m of a level of stride s is the sum of the partial products m … min(m + s, l) - 1, kept at place
            // m.
            var stride = 1
            while stride < l {
                let isRoot = 2 * stride >= l
                var isFirst = true
                for m in Swift.stride(from: 0, to: l - stride, by: 2 * stride) {
                    DecimalDigits.add(numbers + m * width, numbers + (m + stride) * width, width)
                    if isRoot { break }
                    line.put(isFirst ? " = " : " + ")
                    line.put(digits: numbers + m * width, count: k + min(m + 2 * stride, l))
                    isFirst = false
                }
                stride *= 2
            }
            line.beginAnswer()
            line.put(digits: numbers, count: k + l)
        }
    }
}
