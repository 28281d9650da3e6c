import Support

/// Problems from rows with named fields (`RecordFile`): Coconut's and ProsQA's JSON, GSM8K's JSON lines, GSM8K-Aug,
/// anybody's CSV.
///
///     question   the field `question`, or input, prompt, problem, query
///     chain      `steps`, `chain`, `cot`, `rationale`, `reasoning`, `chain_of_thought`, `solution`, or none: a list
///                of texts is one step each, and so are the lines of a text of several
///     answer     `answer`, or output, target, label; where it holds `####` and there is no field for the chain, what
///                stands before that is the chain, as in GSM8K
///
/// A person may name other fields. Every further field that is a whole number, a text, or a list of these is a fact
/// of the problem.
public struct ProblemRecords {
    /// What of a solution is the chain.
    public enum Solution: String, Sendable, CaseIterable {
        case whole
        /// Only what stands in `<< >>`, a step each, as the papers have it.
        case calculations
    }

    public var path: String
    public var limit: Int?
    public var solution: Solution
    /// Where a step ends, in chains that are one text; nil where nobody says.
    public var separator: String?
    /// The fields' own names, where they are others than the usual ones.
    public var names: [Part: String]
    /// Whether rows that are no problems are left out and counted, instead of being an error.
    public var skipsMalformed: Bool

    public enum Part: String, Sendable, CaseIterable { case question, chain, answer }

    public init(
        _ path: String, limit: Int? = nil, solution: Solution = .whole, separator: String? = nil,
        names: [Part: String] = [:], skipsMalformed: Bool = false
    ) {
        self.path = path
        self.limit = limit
        self.solution = solution
        self.separator = separator
        self.names = names
        self.skipsMalformed = skipsMalformed
    }

    private static let usual: [Part: [String]] = [
        .question: ["question", "input", "prompt", "problem", "query"],
        .chain: ["steps", "chain", "cot", "rationale", "reasoning", "chain_of_thought", "solution"],
        .answer: ["answer", "output", "target", "label"],
    ]

    /// The field of a part among those of a row; nil where there is none.
    public func field(_ part: Part, among fields: [String]) -> String? {
        if let name = names[part] { return fields.contains(name) ? name : nil }
        return Self.usual[part]?.lazy.compactMap { usual in fields.first { $0.lowercased() == usual } }.first
    }

    /// The problems, how many rows were left out, and the fields that are no facts.
    /// - Throws: `ProblemLineError` for the first row that is no problem, `FileError`, `Interrupted`.
    public func read(
        observer: WorkObserver = WorkObserver()
    ) throws -> (problems: ProblemSet, droppedLines: Int, ignoredFields: [String]) {
        let name = path.split(separator: "/").suffix(2).joined(separator: "/")
        var builder = ProblemSetBuilder(taskName: name)
        var faults: [ProblemLineError] = []
        var ignored: Set<String> = []
        var total = 0
        try RecordFile(path).forEachRow(observer: observer) { row in
            if let limit, builder.count >= limit { return false }
            total += 1
            do { try append(row, to: &builder, &ignored) } catch let fault as RowFault {
                faults.append(ProblemLineError(path: path, line: row.line, column: 1, rule: fault.rule))
            } catch ProblemError.unwritable(_, let part, let rule) {
                faults.append(ProblemLineError(path: path, line: row.line, column: 1, rule: "its \(part) \(rule)"))
            }
            return true
        }
        if !skipsMalformed, var first = faults.first {
            if faults.count > 1 { first.rule += "; \(faults.count) of \(total) rows are no problems" }
            throw first
        }
        let set = builder.finish()
        return (set.recognised, faults.count, ignored.sorted())
    }

    // MARK: One row

    private struct RowFault: Error { var rule: String }

    private func append(_ row: RecordFile.Row, to builder: inout ProblemSetBuilder, _ ignored: inout Set<String>) throws
    {
        let fields = row.fields.members.map(\.name)
        func required(_ part: Part) throws -> String {
            guard let field = field(part, among: fields) else {
                let wanted = names[part].map { "\"\($0)\"" } ?? part.rawValue
                throw RowFault(
                    rule: "no field \(wanted); the fields are "
                        + fields.prefix(8).map { "\"\($0)\"" }.joined(separator: ", "))
            }
            return field
        }
        let questionField = try required(.question), answerField = try required(.answer)
        let chainField = field(.chain, among: fields)
        guard let question = Self.text(row.fields[questionField]) else {
            throw RowFault(rule: "\"\(questionField)\" is no text")
        }
        guard var answer = Self.text(row.fields[answerField]) else {
            throw RowFault(rule: "\"\(answerField)\" is no text")
        }
        var chain = Chain(text: "", steps: nil)
        if let chainField {
            guard let value = row.fields[chainField], let read = Self.chain(value) else {
                throw RowFault(rule: "\"\(chainField)\" is neither a text nor a list of texts")
            }
            chain = read
        }
        if let mark = answer.range(ofLast: "####") {
            if chainField == nil { chain = Self.chain(.string(String(answer[..<mark.lowerBound]))) ?? chain }
            answer = String(answer[mark.upperBound...])
        }
        if solution == .calculations { chain = Self.calculations(chain) }
        if chain.steps == nil, let separator { chain.steps = ChainSteps.split(chain.text, after: separator) }
        try builder.append(
            question: Self.line(question), chain: chain.text, answer: Self.answer(Self.line(answer)),
            facts: facts(row.fields, except: [questionField, answerField, chainField ?? questionField], &ignored),
            steps: chain.steps)
    }

    private struct Chain {
        var text: String
        /// nil where nothing says where one ends.
        var steps: [String]?
    }

    private static func text(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text)?: text
        case .number(let number)?: number.literal
        case .bool(let flag)?: flag ? "true" : "false"
        case .null?, .array?, .object?, nil: nil
        }
    }

    /// A text of several lines as one, with a space for each line end.
    private static func line(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { $0.trimmed }.filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// A number without the commas between its thousands, as GSM8K's answers are compared; any other text as it is.
    private static func answer(_ text: String) -> String {
        let whole = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)[0]
        var groups = whole.drop { "+-$ ".contains($0) }.split(separator: ",", omittingEmptySubsequences: false)
        guard groups.count > 1, (1...3).contains(groups.removeFirst().count), groups.allSatisfy({ $0.count == 3 }),
            text.allSatisfy({ $0.isASCII && ($0.isNumber || "+-$ ,.%".contains($0)) })
        else { return text }
        return text.filter { $0 != "," }
    }

    private static func chain(_ value: JSONValue) -> Chain? {
        if case .null = value { return Chain(text: "", steps: nil) }
        if let list = value.array {
            let steps = list.compactMap { text($0).map(line) }
            guard steps.count == list.count else { return nil }
            let kept = steps.filter { !$0.isEmpty }
            return Chain(text: kept.joined(separator: " "), steps: kept)
        }
        guard let text = text(value) else { return nil }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmed }.filter { !$0.isEmpty }
        return Chain(text: lines.joined(separator: " "), steps: text.contains(where: \.isNewline) ? lines : nil)
    }

    /// What stands in `<< >>`.
    private static func calculations(_ chain: Chain) -> Chain {
        var steps: [String] = []
        var rest = chain.text[...]
        while let start = rest.range(ofFirst: "<<"), let end = rest[start.upperBound...].range(ofFirst: ">>") {
            steps.append(String(rest[start.lowerBound..<end.upperBound]))
            rest = rest[end.upperBound...]
        }
        return Chain(text: steps.joined(separator: " "), steps: steps)
    }

    private func facts(
        _ fields: JSONObject, except used: [String], _ ignored: inout Set<String>
    ) -> [String: RecordedFacts.Value] {
        var facts: [String: RecordedFacts.Value] = [:]
        for member in fields.members where !used.contains(member.name) {
            if member.value == .null || member.value == .string("") { continue }
            guard let fact = Self.fact(member.value), FactDescription.isName(member.name) else {
                ignored.insert(member.name)
                continue
            }
            facts[member.name] = fact
        }
        return facts
    }

    private static func fact(_ value: JSONValue) -> RecordedFacts.Value? {
        guard let list = value.array else { return single(value).map { .one($0) } }
        let facts = list.compactMap(single)
        return facts.count == list.count && !facts.isEmpty ? .each(facts) : nil
    }

    private static func single(_ value: JSONValue) -> Fact? {
        switch value {
        case .number(let number): number.integer.map { .integer($0) } ?? large(number.literal).map { .number($0) }
        case .bool(let flag): .integer(flag ? 1 : 0)
        case .string(let text): Int(text).map { .integer($0) } ?? large(text).map { .number($0) } ?? .text(text)
        case .null, .array, .object: nil
        }
    }

    /// The digits of a whole number beyond 64 bits.
    private static func large(_ text: String) -> String? {
        text.utf8.count >= 19 && text.first != "0" && text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) ? text : nil
    }
}

/// Where the steps of a chain that is one text end.
enum ChainSteps {
    /// The text cut after each separator, which belongs to the step before it, spaces at both ends left out.
    static func split(_ chain: String, after separator: String) -> [String] {
        let separator = separator.trimmed.isEmpty ? separator : separator.trimmed
        guard !separator.isEmpty else { return [chain] }
        var steps: [String] = []
        var rest = chain[...]
        while let place = rest.range(ofFirst: separator) {
            steps.append(String(rest[..<place.upperBound]).trimmed)
            rest = rest[place.upperBound...]
        }
        steps.append(String(rest).trimmed)
        return steps.filter { !$0.isEmpty }
    }

    /// The bytes of a chain at which its steps end; those of the steps that are found in it, one after another.
    static func ends(of steps: [String], in chain: String) -> [Int] {
        let all = Array(chain.utf8)
        var cursor = 0
        var ends: [Int] = []
        for step in steps {
            let bytes = Array(step.utf8)
            while cursor < all.count, all[cursor] == 0x20 { cursor += 1 }
            guard !bytes.isEmpty, all[cursor...].starts(with: bytes) else { continue }
            cursor += bytes.count
            ends.append(cursor)
        }
        return ends
    }

    /// The sentences of a chain, each up to a `.`, `!` or `?` before a space; nil where the chain does not end with
    /// one.
    static func sentences(_ chain: String) -> [String]? {
        guard let last = chain.last, ".!?".contains(last) else { return nil }
        var steps: [String] = []
        var step = ""
        for character in chain {
            if character == " ", let end = step.last, ".!?".contains(end) {
                steps.append(step)
                step = ""
            } else if !(step.isEmpty && character == " ") {
                step.append(character)
            }
        }
        if !step.isEmpty { steps.append(step) }
        return steps
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }

    func range(ofFirst word: String) -> Range<Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(word) { return index..<self.index(index, offsetBy: word.count) }
            index = self.index(after: index)
        }
        return nil
    }

    func range(ofLast word: String) -> Range<Index>? {
        var found: Range<Index>?
        var rest = startIndex
        while let place = self[rest...].range(ofFirst: word) {
            found = place
            rest = place.upperBound
        }
        return found
    }
}
