/// Finds out which task the problems of a file are of, so that their facts can be asked for.
///
/// A task is that of a set if it would have written its problems; a few lines of a file may be wrong, a tenth at
/// most. Those are named, instead of quietly ending the recognition.
enum TaskRecognition {
    /// How many problems, spread over the set, are compared before all of them are.
    private static let sampleCount = 2000

    static func recognise(_ set: ProblemSet) -> (task: any ProblemKind, strays: StrayProblems?)? {
        guard !set.isEmpty else { return nil }
        for task in candidates(set) + [WordProblems()] {
            let sample = Array(places(set))
            guard strays(task, set, sample, atMost: sample.count / 10) != nil,
                let all = strays(task, set, 0..<set.count, atMost: set.count / 10)
            else { continue }
            return (task, all.isEmpty ? nil : StrayProblems(task, set, all))
        }
        return CalculatorSteps.describes(set) ? (CalculatorSteps(), nil) : nil
    }

    private static func places(_ set: ProblemSet) -> StrideTo<Int> {
        stride(from: 0, to: set.count, by: max(1, set.count / sampleCount))
    }

    /// The tasks that the questions and answers of the set could be of, by their signs and lengths.
    private static func candidates(_ set: ProblemSet) -> [any ProblemTask] {
        let places = Array(places(set))
        let shapes = places.compactMap { set.withParts(of: $0) { question, _, _ in shape(question) } }
        var counts: [UInt8?: Int] = [:]
        for shape in shapes { counts[shape.sign, default: 0] += 1 }
        guard let (sign, count) = counts.max(by: { ($0.value, $0.key ?? 0) < ($1.value, $1.key ?? 0) }),
            count >= places.count - places.count / 10
        else { return [] }
        let own = shapes.filter { $0.sign == sign }
        let left = Set(own.map(\.left)), right = Set(own.map(\.right))
        let isSquare = own.allSatisfy { $0.left == $0.right }
        guard let leftMin = left.min(), let leftMax = left.max() else { return [] }
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

    /// The problems that the task would not have written; nil where they are more than so many.
    private static func strays(
        _ task: some ProblemTask, _ set: ProblemSet, _ places: some Sequence<Int>, atMost limit: Int
    ) -> [Int]? {
        var input = [UInt8](repeating: 0, count: task.inputCount)
        var line = [UInt8](repeating: 0, count: task.lineCountMax)
        var found: [Int] = []
        for place in places {
            let isOwn = written(task, set, place, &input, &line).map {
                line[$0.line].elementsEqual(set.bytes[set.rows[place].line])
            }
            if isOwn != true { found.append(place) }
            if found.count > limit { return nil }
        }
        return found
    }

    /// Where in `line` the task's own problem lies that has the question of one of the set; nil where it can have none.
    fileprivate static func written(
        _ task: some ProblemTask, _ set: ProblemSet, _ place: Int, _ input: inout [UInt8], _ line: inout [UInt8]
    ) -> ProblemRow? {
        guard set.withParts(of: place, { question, _, _ in task.read(question, into: &input) }) else { return nil }
        return line.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return nil }
            var writer = LineWriter(at: base)
            task.write(input, to: &writer)
            return writer.finish(from: base)
        }
    }
}

/// The problems of a set that are not as its task would have written them.
public struct StrayProblems: Sendable, Equatable, CustomStringConvertible {
    public let count: Int
    /// The first few, each with its number, from 1, and what differs.
    public let examples: [String]

    init(_ task: some ProblemTask, _ set: ProblemSet, _ places: [Int]) {
        count = places.count
        var input = [UInt8](repeating: 0, count: task.inputCount)
        var line = [UInt8](repeating: 0, count: task.lineCountMax)
        examples = places.prefix(3).map { place in
            let problem = set[place]
            let start = "problem \(place + 1), \"\(problem.question)\", "
            guard let row = TaskRecognition.written(task, set, place, &input, &line) else {
                return start + "asks something else"
            }
            let answer = String(decoding: line[row.answer], as: UTF8.self)
            if answer != problem.answer { return start + "has the answer \(problem.answer), not \(answer)" }
            let chain = String(decoding: line[row.chain], as: UTF8.self)
            return start + "has the chain \"\(problem.chain)\", not \"\(chain)\""
        }
    }

    public var description: String {
        examples.joined(separator: "; ") + (count > examples.count ? "; and \(count - examples.count) more" : "")
    }
}

extension ProblemSet {
    /// The same problems with the task that they turn out to be of, unless they came with facts of their own.
    var recognised: ProblemSet {
        let recorded = task as? RecordedFacts
        guard task == nil || recorded?.facts.isEmpty == true, let found = TaskRecognition.recognise(self) else {
            return self
        }
        // What somebody said about steps is more than a guess at most of them.
        if recorded?.hasSteps == true, found.task is CalculatorSteps, !CalculatorSteps.describesAll(self) {
            return self
        }
        return ProblemSet(
            taskName: found.task.name, task: found.task, hasRepetition: hasRepetition, strays: found.strays, text)
    }

    /// Whether a task knows what the chains are made of.
    public var knowsSteps: Bool { task != nil && !(task is RecordedFacts) }

    /// The same problems, with sentences as the steps of their chains where all chains are sentences and nothing is
    /// known of them.
    var cuttingSentences: ProblemSet {
        guard task == nil, let steps = steps(ChainSteps.sentences) else { return self }
        return recording(steps)
    }

    /// The same problems, with steps that end where a text says.
    public func cuttingSteps(after separator: String) -> ProblemSet {
        recording(steps { ChainSteps.split($0, after: separator) } ?? [:])
    }

    /// By chain, where its steps end; nil where some chain cannot be cut, or there is none.
    private func steps(_ cut: (String) -> [String]?) -> [String: [Int]]? {
        var ends: [String: [Int]] = [:]
        for index in 0..<count {
            let chain = self[index].chain
            if chain.isEmpty || ends[chain] != nil { continue }
            guard let steps = cut(chain) else { return nil }
            ends[chain] = ChainSteps.ends(of: steps, in: chain)
        }
        return ends.isEmpty ? nil : ends
    }

    private func recording(_ steps: [String: [Int]]) -> ProblemSet {
        ProblemSet(
            taskName: taskName, task: RecordedFacts(name: taskName, [:], steps: steps), hasRepetition: hasRepetition,
            text)
    }
}
