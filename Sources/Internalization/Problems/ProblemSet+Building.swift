/// Gathers problems written by anybody's code, such as a generator in the user's own language, into a set.
///
///     var builder = ProblemSetBuilder(taskName: "doubling")
///     try builder.append(question: "2 1", chain: "", answer: "4 2")
///     let set = builder.finish()
public struct ProblemSetBuilder {
    public let taskName: String
    private var text = ProblemText()
    private var seen: InputSet
    private var hasRepetition = false

    public init(taskName: String, capacity: Int = 0) {
        self.taskName = taskName
        let capacity = min(max(capacity, 0), 1 << 20)
        text.reserve(byteCount: 0, rowCount: capacity)
        seen = InputSet(capacity: capacity)
    }

    public var count: Int { text.rows.count }

    /// Adds a problem; blanks around its texts are dropped, as reading a problem file would.
    /// - Throws: `ProblemError.unwritable` for a text that a problem file would give back as something else.
    public mutating func append(question: String, chain: String, answer: String) throws {
        var (question, chain, answer) = (question, chain, answer)
        try question.withUTF8 { question in
            try chain.withUTF8 { chain in
                try answer.withUTF8 { answer in
                    let question = try checked(question, .question)
                    let chain = try checked(chain, .chain)
                    let answer = try checked(answer, .answer)
                    text.append(question: question, chain: chain, answer: answer)
                    if let base = question.baseAddress, !seen.insert(InputSet.mark(base, question.count)) { hasRepetition = true }
                }
            }
        }
    }

    public mutating func append(_ problem: Problem) throws {
        try append(question: problem.question, chain: problem.chain, answer: problem.answer)
    }

    /// The set of what has been appended. Its facts can be asked for if its task is given.
    public consuming func finish(task: (any ProblemKind)? = nil) -> ProblemSet {
        ProblemSet(taskName: task?.name ?? taskName, task: task, hasRepetition: hasRepetition, text)
    }

    /// The text without blanks around it, if a line can hold it as this part.
    private func checked(_ text: UnsafeBufferPointer<UInt8>, _ part: ProblemPart) throws -> UnsafeBufferPointer<UInt8> {
        var range = 0..<text.count
        while !range.isEmpty, text[range.lowerBound] == 0x20 { range = range.lowerBound + 1..<range.upperBound }
        while !range.isEmpty, text[range.upperBound - 1] == 0x20 { range = range.lowerBound..<range.upperBound - 1 }
        if let rule = ProblemSetBuilder.fault(UnsafeBufferPointer(rebasing: text[range]), part) {
            throw ProblemError.unwritable(problem: count, part: "\(part)", rule: rule)
        }
        return UnsafeBufferPointer(rebasing: text[range])
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
            if marks == 4, part == .chain { return "has ####, which separates the chain from the answer" }
        }
        return bars == 1 && part == .question ? "ends in |, which the separator || after it would swallow" : nil
    }
}
