import Checkpoints
import Transformer

/// Where a token of an encoded problem comes from.
public struct TokenPlace: Sendable, Equatable {
    /// The part it is text of; nil for separators and marks.
    public var part: ProblemPart?
    /// The bytes of that part it stands for, spaces before it left out; empty where it stands for no text of the part.
    public var bytes: Range<Int>
}

/// An encoder that can say which text each of its tokens stands for.
public protocol LocatingEncoder: ProblemEncoder {
    /// One place a token of `encode(problem)`.
    func places(of problem: Problem) throws -> [TokenPlace]
}

/// A fact whose value can be read off a token: a probe that looks at this place finds it without any computation.
public struct TokenFact: Sendable, Equatable {
    public var token: Int
    public var name: String
    public var index: Int?
}

extension LocatingEncoder {
    /// Which token of the encoded problem shows which fact: `a[2]` of the question, `running_parity[3]` of the chain, …
    public func tokenFacts(of problem: Problem, task: any ProblemKind) throws -> [TokenFact] {
        guard let layout = task.layout(of: problem) else {
            throw ProblemError.notEncodable(rule: "\"\(problem.question)\" is no problem of \(task.name)")
        }
        let tokens = try places(of: problem)
        return layout.places.compactMap { place in
            tokens.firstIndex { $0.part == place.part && $0.bytes.overlaps(place.bytes) }.map {
                TokenFact(token: $0, name: place.name, index: place.index)
            }
        }
    }

    /// The chain's tokens, counted from its start, in the order of their removal: each group goes at once.
    ///
    /// What belongs to no piece of the chain (the reference's lone space, a separator that is removed last) goes last.
    public func removalGroups(_ order: ChainOrder, of problem: Problem, task: any ProblemKind) throws -> [[Int]] {
        guard let layout = task.layout(of: problem) else {
            throw ProblemError.notEncodable(rule: "\"\(problem.question)\" is no problem of \(task.name)")
        }
        let chain = try encode(problem).chain
        let tokens = try places(of: problem)[chain]
        // The tokens of each segment; the last list takes those of none.
        var members = [[Int]](repeating: [], count: layout.segments.count + 1)
        for (offset, token) in tokens.enumerated() {
            let isText = token.part == .chain && !token.bytes.isEmpty
            let segment = isText ? layout.segments.firstIndex { $0.bytes.overlaps(token.bytes) } : nil
            members[segment ?? layout.segments.count].append(offset)
        }
        let groups = order.arrange(layout.segments).map { $0.flatMap { members[$0] } }
        let units = order.isWhole ? groups : groups.joined().map { [$0] }
        return units.filter { !$0.isEmpty } + members[layout.segments.count].map { [$0] }
    }
}

extension ProblemSet {
    /// The tokens of every problem's chain in the order of their removal.
    /// - Throws: `ProblemError` where the order's name is unknown, or the problems have no task that knows their
    ///   structure.
    public func removalGroups(_ orderName: String, encoder: any ProblemEncoder) throws -> [[[Int]]] {
        try checkPieces(orderName)
        guard task?.hasFixedLayout == true else {
            return try (0..<count).map { try removalGroups(orderName, ofProblem: $0, encoder: encoder) }
        }
        // Problems of one shape share their groups, as long as the encoder gives their chains as many tokens.
        var known: [[Int]: [[Int]]] = [:]
        return try (0..<count).map { index in
            let shape =
                withParts(of: index) { [$0.count, $1.count, $2.count] } + [try encoder.encode(self[index]).chain.count]
            if let groups = known[shape] { return groups }
            let groups = try removalGroups(orderName, ofProblem: index, encoder: encoder)
            known[shape] = groups
            return groups
        }
    }

    /// An order that tells kinds or levels of pieces apart needs chains that have them; without, it would be another
    /// order.
    private func checkPieces(_ orderName: String) throws {
        guard let task, let order = ChainOrder(rawValue: orderName), order != .steps, !isEmpty else { return }
        let has = indices(atMost: 500).contains { index in
            task.layout(of: self[index]).map { order.tellsApart($0.segments) } ?? false
        }
        guard has else {
            throw ProblemError.notEncodable(
                rule:
                    "the chains of \(taskName) have no \(order.pieces): they can be removed by steps, from the "
                    + "left, from the right or at random")
        }
    }

    private func indices(atMost limit: Int) -> StrideTo<Int> { stride(from: 0, to: count, by: max(1, count / limit)) }

    public func removalGroups(_ orderName: String, ofProblem index: Int, encoder: any ProblemEncoder) throws -> [[Int]]
    {
        guard let order = ChainOrder(rawValue: orderName) else {
            throw ProblemError.notEncodable(
                rule:
                    "there is no removal order \(orderName); there are "
                    + "\(ChainOrder.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        guard let task, let encoder = encoder as? any LocatingEncoder else {
            throw ProblemError.notEncodable(
                rule:
                    "\(taskName) has chains of unknown structure: they can be removed from the left, from the right "
                    + "or at random; read them with steps: \".\" or another text to say where a step ends"
            )
        }
        return try encoder.removalGroups(order, of: self[index], task: task)
    }
}

extension CharacterEncoder: LocatingEncoder {
    public func places(of problem: Problem) throws -> [TokenPlace] {
        _ = try encode(problem)
        let mark = TokenPlace(part: nil, bytes: 0..<0)
        let marks = separator == .absent ? [] : [mark]
        return places(.question, problem.question) + [mark] + places(.chain, problem.chain) + marks
            + places(.answer, problem.answer) + [mark]
    }

    private func places(_ part: ProblemPart, _ text: String) -> [TokenPlace] {
        var cursor = 0
        return text.compactMap { character in
            let start = cursor
            cursor += character.utf8.count
            return character == " " ? nil : TokenPlace(part: part, bytes: start..<cursor)
        }
    }
}

extension ReferenceEncoder: LocatingEncoder {
    /// Follows the tokens through the text. A space that a tokenizer leaves out when it decodes a single token is
    /// stepped over.
    public func places(of problem: Problem) throws -> [TokenPlace] {
        let tokens = try encode(problem).tokens
        let text = Array(text(of: problem).utf8)
        let questionCount = problem.question.utf8.count
        let chainStart = 1 + questionCount + 2 + endText.utf8.count
        let chainCount = problem.chain.utf8.count
        let markedCount = Self.marked(problem.answer).utf8.count
        let answerStart = chainStart + chainCount + 2 + endText.utf8.count + markedCount - problem.answer.utf8.count
        let parts: [(ProblemPart, Range<Int>)] = [
            (.question, 1..<1 + questionCount), (.chain, chainStart..<chainStart + chainCount),
            (.answer, answerStart..<answerStart + problem.answer.utf8.count),
        ]
        var cursor = 0
        let own = tokenizer.prefixIDs.count..<tokens.count - tokenizer.suffixIDs.count
        return tokens.enumerated().map { index, token in
            guard own.contains(index) else { return TokenPlace(part: nil, bytes: 0..<0) }
            let bytes = tokenizer.decode(CollectionOfOne(token))
            if !text[min(cursor, text.count)...].starts(with: bytes), text.indices.contains(cursor),
                text[cursor] == 0x20
            {
                cursor += 1
            }
            var start = cursor
            cursor = min(cursor + bytes.count, text.count)
            while start < cursor, text[start] == 0x20 { start += 1 }
            for (part, range) in parts where range.overlaps(start..<cursor) {
                return TokenPlace(
                    part: part,
                    bytes: max(start, range.lowerBound) - range.lowerBound..<min(cursor, range.upperBound)
                        - range.lowerBound)
            }
            return TokenPlace(part: nil, bytes: 0..<0)
        }
    }
}
