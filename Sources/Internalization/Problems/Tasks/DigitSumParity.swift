import Tensors

/// The parity of a sum of digits, the smallest task whose chain of thought a model can lose:
///
///     2 7 4 3 5 3||1 1 0 1 #### 0
///
/// The chain is the running parity after 2, 3, … n-1 digits; the answer is the parity of all n. Digits are uniform.
public struct DigitSumParity: ProblemTask {
    public let digits: Int

    public static let digitsAllowed = 2...200

    public init(digits: Int) throws {
        guard Self.digitsAllowed.contains(digits) else { throw ProblemError.outOfRange(what: "digits", value: digits, allowed: Self.digitsAllowed) }
        self.digits = digits
    }

    public var name: String { "parity \(digits)" }
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
        line.put(digits: input, count: digits)
        line.beginChain()
        var parity = input[0] & 1
        for index in 1..<digits - 1 {
            parity ^= input[index] & 1
            if index > 1 { line.put(0x20) }
            line.put(0x30 + parity)
        }
        line.beginAnswer()
        line.put(0x30 + (parity ^ input[digits - 1] & 1))
    }

    public func read(_ question: UnsafeBufferPointer<UInt8>, into input: UnsafeMutablePointer<UInt8>) -> Bool {
        var scanner = QuestionScanner(question)
        var count = 0
        while let byte = scanner.next() {
            guard (0x30...0x39).contains(byte), count < digits else { return false }
            input[count] = byte - 0x30
            count += 1
        }
        return count == digits
    }
}
