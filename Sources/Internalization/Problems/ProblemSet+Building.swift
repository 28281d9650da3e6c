/// Gathers problems written by anybody's code, such as a generator in the user's own language, into a set.
///
///     var builder = ProblemSetBuilder(taskName: "doubling")
///     try builder.append(question: "2 1", chain: "", answer: "4 2")
///     let set = builder.finish()
public struct ProblemSetBuilder {
    public let taskName: String
    private var text = ProblemText()
    private var seen: InputSet
    private var excluded: InputSet
    private let isDistinct: Bool
    private var hasRepetition = false
    private var recorded: [String: [String: RecordedFacts.Value]] = [:]
    /// By chain, where its steps end.
    private var steps: [String: [Int]] = [:]

    /// - Parameters:
    ///   - others: sets whose questions are passed over.
    ///   - isDistinct: whether a question that is there already is passed over too.
    public init(taskName: String, capacity: Int = 0, apartFrom others: [ProblemSet] = [], isDistinct: Bool = false) {
        self.taskName = taskName
        self.isDistinct = isDistinct
        let capacity = min(max(capacity, 0), 1 << 20)
        text.reserve(byteCount: 0, rowCount: capacity)
        seen = InputSet(capacity: capacity)
        excluded = InputSet(capacity: others.reduce(0) { $0 + $1.count })
        for set in others {
            for index in 0..<set.count {
                set.withParts(of: index) { question, _, _ in
                    if let base = question.baseAddress { _ = excluded.insert(InputSet.mark(base, question.count)) }
                }
            }
        }
    }

    public var count: Int { text.rows.count }

    /// Adds a problem; white space around its texts is dropped, as reading a problem file would. Returns false where it
    /// is passed over.
    /// - Parameters:
    ///   - facts: what can be asked of the problem later, by name.
    ///   - steps: what the chain is made of, in order and together all of it but spaces; nil where nobody says.
    /// - Throws: `ProblemError.unwritable` for a text that a problem file would give back as something else.
    @discardableResult
    public mutating func append(
        question: String, chain: String, answer: String, facts: [String: RecordedFacts.Value] = [:],
        steps: [String]? = nil
    ) throws -> Bool {
        var (question, chain, answer) = (question, chain, answer)
        let isAdded = try question.withUTF8 { question in
            try chain.withUTF8 { chain in
                try answer.withUTF8 { answer in
                    let question = try checked(question, .question)
                    let chain = try checked(chain, .chain)
                    let answer = try checked(answer, .answer)
                    guard let base = question.baseAddress else { return false }
                    let mark = InputSet.mark(base, question.count)
                    if excluded.count > 0, excluded.contains(mark) { return false }
                    if !seen.insert(mark) {
                        if isDistinct { return false }
                        hasRepetition = true
                    }
                    text.append(question: question, chain: chain, answer: answer)
                    return true
                }
            }
        }
        if isAdded, !facts.isEmpty { recorded[text.lastQuestion] = facts }
        if isAdded, let steps { self.steps[text.lastChain] = ChainSteps.ends(of: steps, in: text.lastChain) }
        return isAdded
    }

    @discardableResult
    public mutating func append(_ problem: Problem) throws -> Bool {
        try append(question: problem.question, chain: problem.chain, answer: problem.answer)
    }

    /// The set of what has been appended, with the facts that were given, or with those of the task it is said to be
    /// of.
    public consuming func finish(task: (any ProblemKind)? = nil) -> ProblemSet {
        ProblemSet(
            taskName: task?.name ?? taskName, task: task ?? RecordedFacts(name: taskName, recorded, steps: steps),
            hasRepetition: hasRepetition, text)
    }

    /// The text without white space around it, if a line can hold it as this part.
    private func checked(_ text: UnsafeBufferPointer<UInt8>, _ part: ProblemPart) throws -> UnsafeBufferPointer<UInt8> {
        var trimmed = ReferenceText.trimmed(text[...])
        // The reference's own answers come with the mark.
        if part == .answer, trimmed.starts(with: "#### ".utf8) { trimmed = ReferenceText.trimmed(trimmed.dropFirst(5)) }
        let bytes = UnsafeBufferPointer(rebasing: trimmed)
        if let rule = ProblemSetBuilder.fault(bytes, part) {
            throw ProblemError.unwritable(problem: count, part: "\(part)", rule: rule)
        }
        return bytes
    }

    private static func fault(_ text: UnsafeBufferPointer<UInt8>, _ part: ProblemPart) -> String? {
        if text.count > 1 << 24 { return "has more than 16 MB" }
        if text.isEmpty, part != .chain { return "is empty" }
        var bars = 0
        var marks = 0
        for byte in text {
            bars = byte == UInt8(ascii: "|") ? bars + 1 : 0
            marks = byte == UInt8(ascii: "#") ? marks + 1 : 0
            if byte == 0x0A || byte == 0x0D { return "has a line break" }
            if bars == 2 { return "has ||, which separates the question from the chain" }
            if marks == 4, part != .question { return "has ####, which separates the chain from the answer" }
        }
        return bars == 1 && part == .question ? "ends in |, which the separator || after it would swallow" : nil
    }
}
