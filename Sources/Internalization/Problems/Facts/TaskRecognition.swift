/// Finds out which task the problems of a file are of, so that their facts can be asked for.
enum TaskRecognition {
    /// How many problems, spread over the set, must be exactly what the task would have written.
    private static let sampleCount = 2000

    static func task(of set: ProblemSet) -> (any ProblemKind)? {
        guard !set.isEmpty else { return nil }
        for task in candidates(set) + [WordProblems()] where writes(task, set) { return task }
        return CalculatorSteps.describes(set) ? CalculatorSteps() : nil
    }

    private static func places(_ set: ProblemSet) -> StrideTo<Int> {
        stride(from: 0, to: set.count, by: max(1, set.count / sampleCount))
    }

    /// The tasks that the questions and answers of the set could be of, by their signs and lengths.
    private static func candidates(_ set: ProblemSet) -> [any ProblemTask] {
        var signs: Set<UInt8?> = []
        var left: Set<Int> = []
        var right: Set<Int> = []
        var isSquare = true
        for place in places(set) {
            guard let (sign, a, b) = set.withParts(of: place, { question, _, _ in shape(question) }) else { return [] }
            signs.insert(sign)
            left.insert(a)
            right.insert(b)
            if a != b { isSquare = false }
        }
        guard signs.count == 1, let sign = signs.first, let leftMin = left.min(), let leftMax = left.max() else {
            return []
        }
        let rightRange = (right.min() ?? 0)...(right.max() ?? 0)
        var found: [(any ProblemTask)?] = []
        switch sign {
        case UInt8(ascii: "*"):
            for chain in Multiplication.Chain.allCases {
                found.append(
                    try? Multiplication(left: leftMin...leftMax, right: rightRange, square: isSquare, chain: chain))
            }
        case UInt8(ascii: "+") where isSquare:
            for order in Addition.Order.allCases {
                found.append(try? Addition(digits: leftMin...leftMax, order: order))
            }
        case nil where left.count == 1:
            found += DigitSum.modulusAllowed.map { try? DigitSum(digits: leftMin, modulus: $0) }
        default: break
        }
        return found.compactMap { $0 }
    }

    /// The sign between two numbers and how many digits they have; no sign and no second number for a row of digits.
    private static func shape(_ question: UnsafeBufferPointer<UInt8>) -> (sign: UInt8?, left: Int, right: Int)? {
        var sign: UInt8?
        var counts = [0, 0]
        var scanner = QuestionScanner(question)
        while let byte = scanner.next() {
            if (0x30...0x39).contains(byte) {
                counts[sign == nil ? 0 : 1] += 1
            } else if sign == nil {
                sign = byte
            } else {
                return nil
            }
        }
        return counts[0] > 0 ? (sign, counts[0], counts[1]) : nil
    }

    private static func writes(_ task: some ProblemTask, _ set: ProblemSet) -> Bool {
        var input = [UInt8](repeating: 0, count: task.inputCount)
        var expected = [UInt8](repeating: 0, count: task.lineCountMax)
        return places(set).allSatisfy { place in
            guard set.withParts(of: place, { question, _, _ in task.read(question, into: &input) }) else {
                return false
            }
            let row = expected.withUnsafeMutableBufferPointer { buffer -> ProblemRow? in
                guard let base = buffer.baseAddress else { return nil }
                var line = LineWriter(at: base)
                task.write(input, to: &line)
                return line.finish(from: base)
            }
            return row.map { expected[$0.line].elementsEqual(set.bytes[set.rows[place].line]) } ?? false
        }
    }
}
