import Tensors

/// Addition of two K-digit numbers, the carries as its chain of thought:
///
///     leastFirst     7 6 9 2 + 1 6 3 6||0 1 1 0 #### 8 2 3 9 0        2967 + 6361 = 9328
///     mostFirst      2 9 6 7 + 6 3 6 1||0 1 1 0 #### 0 9 3 2 8
///
/// The chain holds the carries out of digits 0 to K-1 in this order, the least significant first; the sum has K+1
/// digits. In `leastFirst` each digit of the answer needs one carry more than the one before it, as a model writes them
/// from the left; in `mostFirst` the first digit written depends on the longest chain of carries.
public struct Addition: ProblemTask {
    public enum Order: String, Sendable, CaseIterable {
        case leastFirst
        case mostFirst
    }

    /// How many digits both numbers have; more than one where lengths are mixed.
    public let digits: ClosedRange<Int>
    public let order: Order

    public static let digitsAllowed = 1...100

    public init(digits: ClosedRange<Int>, order: Order = .leastFirst) throws {
        for length in [digits.lowerBound, digits.upperBound] where !Self.digitsAllowed.contains(length) {
            throw ProblemError.outOfRange(what: "digits", value: length, allowed: Self.digitsAllowed)
        }
        self.digits = digits
        self.order = order
    }

    public var name: String {
        let length = digits.count == 1 ? "\(digits.lowerBound)" : "(\(digits.lowerBound)…\(digits.upperBound))"
        return "add \(length)" + (order == .mostFirst ? " most significant first" : "")
    }

    public var hasFixedLayout: Bool { true }

    // MARK: Inputs

    /// The digits of a, then those of b, least significant first, zeros above the highest, which is never zero.
    public var inputCount: Int { 2 * digits.upperBound }

    public var inputSpace: Int? {
        var total = 0
        for length in digits {
            // (9 · 10^(length-1))²
            guard length <= 9, let power = DecimalDigits.powerOfTen(2 * length - 2) else { return nil }
            total += 81 * power
        }
        return total
    }

    public func draw(_ random: inout RandomSource, into input: UnsafeMutablePointer<UInt8>) {
        let length = digits.count == 1 ? digits.lowerBound : digits.lowerBound + random.below(digits.count)
        for number in [input, input + digits.upperBound] {
            for index in 0..<digits.upperBound {
                number[index] =
                    index < length - 1 ? UInt8(random.below(10)) : index == length - 1 ? UInt8(1 + random.below(9)) : 0
            }
        }
    }

    public func enumerate(_ index: Int, into input: UnsafeMutablePointer<UInt8>) {
        var rest = index
        input.update(repeating: 0, count: inputCount)
        for length in digits {
            guard let power = DecimalDigits.powerOfTen(length - 1) else { return }
            if rest >= 81 * power * power {
                rest -= 81 * power * power
                continue
            }
            DecimalDigits.write(power + rest / (9 * power), to: input, count: length)
            DecimalDigits.write(power + rest % (9 * power), to: input + digits.upperBound, count: length)
            return
        }
    }

    public func read(_ question: UnsafeBufferPointer<UInt8>, into input: UnsafeMutablePointer<UInt8>) -> Bool {
        readLength(question, into: input) != nil
    }

    /// Reads a and b and returns how many digits they are written with.
    private func readLength(_ question: UnsafeBufferPointer<UInt8>, into input: UnsafeMutablePointer<UInt8>) -> Int? {
        input.update(repeating: 0, count: inputCount)
        var scanner = QuestionScanner(question)
        let b = input + digits.upperBound
        guard let length = scanner.readNumber(into: input, countMax: digits.upperBound, before: UInt8(ascii: "+")),
            length > 0,
            scanner.readNumber(into: b, countMax: digits.upperBound, before: nil) == length
        else { return nil }
        if order == .mostFirst {
            for index in 0..<length / 2 {
                swap(&input[index], &input[length - 1 - index])
                swap(&b[index], &b[length - 1 - index])
            }
        }
        return length
    }

    // MARK: Text

    public var lineCountMax: Int { 4 * (2 * digits.upperBound + 8) }

    public func write(_ input: UnsafePointer<UInt8>, to line: inout LineWriter) {
        var length = digits.upperBound
        while length > 1, input[length - 1] == 0 { length -= 1 }
        let b = input + digits.upperBound
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: length + 1) { sum in
            guard let sum = sum.baseAddress else { return }
            put(input, length, &line)
            line.put(" + ")
            put(b, length, &line)
            line.beginChain()
            var carry: UInt8 = 0
            for index in 0..<length {
                let value = input[index] + b[index] + carry
                carry = value >= 10 ? 1 : 0
                sum[index] = value - 10 * carry
                if index > 0 { line.put(0x20) }
                line.put(0x30 + carry)
            }
            sum[length] = carry
            line.beginAnswer()
            put(sum, length + 1, &line)
        }
    }

    private func put(_ digits: UnsafePointer<UInt8>, _ count: Int, _ line: inout LineWriter) {
        if order == .leastFirst { return line.put(digits: digits, count: count) }
        for index in (0..<count).reversed() {
            line.put(0x30 + digits[index])
            if index > 0 { line.put(0x20) }
        }
    }

    // MARK: Facts

    public var facts: [FactDescription] {
        let k = digits.upperBound
        return [
            FactDescription(
                "a", indices: 0..<k, hasWhole: true, values: 0...9,
                "a digit of the first number, 0 the least significant; without index the number"),
            FactDescription(
                "b", indices: 0..<k, hasWhole: true, values: 0...9,
                "a digit of the second number; without index the number"),
            FactDescription(
                "answer", indices: 0..<k + 1, hasWhole: true, values: 0...9, "a digit of the sum; without index the sum"
            ),
            FactDescription("carry", indices: 0..<k, values: 0...1, "what is carried out of this digit"),
            FactDescription("carries", values: 0...k, "how many digits carry"),
            FactDescription("longest_carry_chain", values: 0...k, "the most digits in a row that carry"),
        ]
    }

    public func fact(_ name: String, index: Int?, of problem: Problem) -> Fact? {
        guard let (a, b) = operands(of: problem) else { return nil }
        var sums: [UInt8] = []
        var carries: [UInt8] = []
        for (x, y) in zip(a, b) {
            let value = x + y + (carries.last ?? 0)
            carries.append(value / 10)
            sums.append(value % 10)
        }
        sums.append(carries.last ?? 0)
        func digits(_ digits: [UInt8]) -> Fact? {
            guard let index else { return Fact(digits: digits) }
            return digits.indices.contains(index) ? .integer(Int(digits[index])) : nil
        }
        switch name {
        case "a": return digits(a)
        case "b": return digits(b)
        case "answer": return digits(sums)
        case "carry" where index != nil: return digits(carries)
        case "carries" where index == nil: return .integer(carries.reduce(0) { $0 + Int($1) })
        case "longest_carry_chain" where index == nil: return .integer(longestRun(carries.map { $0 > 0 }))
        default: return nil
        }
    }

    private func operands(of problem: Problem) -> (a: [UInt8], b: [UInt8])? {
        var input = [UInt8](repeating: 0, count: inputCount)
        var question = problem.question
        guard let length = question.withUTF8({ readLength($0, into: &input) }) else { return nil }
        return (Array(input[..<length]), Array(input[digits.upperBound..<digits.upperBound + length]))
    }

    public func layout(of problem: Problem) -> ProblemLayout? {
        guard let k = operands(of: problem)?.a.count, problem.chain.utf8.count == 2 * k - 1 else { return nil }
        var layout = ProblemLayout()
        func add(_ name: String, _ count: Int, _ part: ProblemPart, at start: Int) {
            for index in 0..<count {
                let place = start + 2 * (order == .leastFirst ? index : count - 1 - index)
                layout.add(name, index, in: part, place..<place + 1)
            }
        }
        add("a", k, .question, at: 0)
        add("b", k, .question, at: 2 * k + 2)
        layout.addDigits("carry", count: k, in: .chain, at: 0)
        add("answer", k + 1, .answer, at: 0)
        for step in 0..<k { layout.addSegment(.step, step: step, 2 * step..<2 * step + 1) }
        return layout
    }
}
