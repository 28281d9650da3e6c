import Tensors

/// The sum of n decimal digits modulo m. With m = 2, the parity, it is the smallest task whose chain of thought a model
/// can lose:
///
///     2 7 4 3 5 3||1 1 0 1 #### 0
///
/// The chain is the running sum modulo m after 2, 3, … n-1 digits; the answer is that of all n. Digits are uniform.
public struct DigitSum: ProblemTask {
    public let digits: Int
    public let modulus: Int

    public static let digitsAllowed = 2...200
    public static let modulusAllowed = 2...10

    public init(digits: Int, modulus: Int) throws {
        guard Self.digitsAllowed.contains(digits) else {
            throw ProblemError.outOfRange(what: "digits", value: digits, allowed: Self.digitsAllowed)
        }
        guard Self.modulusAllowed.contains(modulus) else {
            throw ProblemError.outOfRange(what: "modulus", value: modulus, allowed: Self.modulusAllowed)
        }
        self.digits = digits
        self.modulus = modulus
    }

    /// The digit sum modulo 2.
    public static func parity(digits: Int) throws -> DigitSum { try DigitSum(digits: digits, modulus: 2) }

    public var name: String { modulus == 2 ? "parity \(digits)" : "modsum \(digits) mod \(modulus)" }
    public var hasFixedLayout: Bool { true }
    public var inputCount: Int { digits }
    public var inputSpace: Int? { DecimalDigits.powerOfTen(digits) }
    public var lineCountMax: Int { 4 * digits + 12 }

    public func draw(_ random: inout RandomSource, into input: UnsafeMutablePointer<UInt8>) {
        for index in 0..<digits { input[index] = UInt8(random.below(10)) }
    }

    public func enumerate(_ index: Int, into input: UnsafeMutablePointer<UInt8>) {
        DecimalDigits.write(index, to: input, count: digits)
    }

    public func write(_ input: UnsafePointer<UInt8>, to line: inout LineWriter) {
        let m = UInt8(modulus)
        line.put(digits: input, count: digits)
        line.beginChain()
        var sum = input[0] % m
        for index in 1..<digits - 1 {
            sum = (sum + input[index]) % m
            if index > 1 { line.put(0x20) }
            line.put(0x30 + sum)
        }
        line.beginAnswer()
        line.put(0x30 + (sum + input[digits - 1]) % m)
    }

    public func read(_ question: UnsafeBufferPointer<UInt8>, into input: UnsafeMutablePointer<UInt8>) -> Bool {
        var scanner = QuestionScanner(question)
        return scanner.readNumber(into: input, countMax: digits, before: nil) == digits
    }

    // MARK: Facts

    public var facts: [FactDescription] {
        let total = 9 * digits
        return [
            FactDescription("digit", indices: 0..<digits, values: 0...9, "a digit of the question, from the left"),
            FactDescription("digit_sum", values: 0...total, "the sum of all digits"),
            FactDescription(
                "running_sum", indices: 0..<digits, values: 0...total, "the sum of the digits up to this one"),
            FactDescription(
                modulus == 2 ? "running_parity" : "running_residue", indices: 0..<digits, values: 0...modulus - 1,
                "the running sum modulo \(modulus); the chain writes those of 1 to \(digits - 2)"),
            FactDescription("odd_digits", values: 0...digits, "how many digits are odd"),
            FactDescription("answer", values: 0...modulus - 1, "the digit sum modulo \(modulus)"),
        ]
    }

    public func fact(_ name: String, index: Int?, of problem: Problem) -> Fact? {
        guard let input = input(of: problem) else { return nil }
        let values = input.map { Int($0) }
        switch (name, index) {
        case ("digit", let index?) where values.indices.contains(index): return .integer(values[index])
        case ("digit_sum", nil): return .integer(values.reduce(0, +))
        case ("running_sum", let index?) where values.indices.contains(index):
            return .integer(values[...index].reduce(0, +))
        case ("running_parity", let index?) where modulus == 2 && values.indices.contains(index),
            ("running_residue", let index?) where modulus != 2 && values.indices.contains(index):
            return .integer(values[...index].reduce(0, +) % modulus)
        case ("odd_digits", nil): return .integer(values.reduce(0) { $0 + $1 % 2 })
        case ("answer", nil): return .integer(values.reduce(0, +) % modulus)
        default: return nil
        }
    }

    public func layout(of problem: Problem) -> ProblemLayout? {
        guard input(of: problem) != nil else { return nil }
        var layout = ProblemLayout()
        let running = modulus == 2 ? "running_parity" : "running_residue"
        layout.addDigits("digit", count: digits, in: .question, at: 0)
        layout.addDigits(running, count: digits - 2, from: 1, in: .chain, at: 0)
        layout.add("answer", in: .answer, 0..<1)
        for step in 0..<digits - 2 { layout.addSegment(.step, step: step, 2 * step..<2 * step + 1) }
        return layout
    }
}
