/// A value computed from a problem's operands: what a probe looks for, and what results are grouped by.
public enum Fact: Sendable, Hashable, CustomStringConvertible {
    case integer(Int)
    /// A whole number beyond `Int`, in decimal digits, most significant first.
    case number(String)
    case text(String)

    public var description: String {
        switch self {
        case .integer(let value): String(value)
        case .number(let digits): digits
        case .text(let text): text
        }
    }

    /// The number whose decimal digits these are, least significant first.
    init(digits: some BidirectionalCollection<UInt8>) {
        let text = String(decoding: digits.reversed().drop { $0 == 0 }.map { $0 + 0x30 }, as: UTF8.self)
        self = text.isEmpty ? .integer(0) : Int(text).map { .integer($0) } ?? .number(text)
    }
}

/// A fact that the problems of a task have.
public struct FactDescription: Sendable, Equatable {
    public let name: String
    /// The indices it can be asked with; nil for one without index.
    public let indices: Range<Int>?
    /// Whether it can be asked without an index.
    public let hasWhole: Bool
    /// The values it can take at any index; nil where they are too many to say or are texts.
    public let values: ClosedRange<Int>?
    /// What it is, as half a sentence.
    public let summary: String

    init(
        _ name: String, indices: Range<Int>? = nil, hasWhole: Bool = false, values: ClosedRange<Int>? = nil,
        _ summary: String
    ) {
        self.name = name
        self.indices = indices
        self.hasWhole = hasWhole || indices == nil
        self.values = values
        self.summary = summary
    }

    /// Whether a field of somebody's data can be asked for by its name: a word that no part of a problem has.
    static func isName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first == "_" || first.isASCII && first.properties.isAlphabetic,
            !["question", "chain", "answer"].contains(text), !text.hasSuffix("_length")
        else { return false }
        return text.unicodeScalars.allSatisfy {
            $0 == "_" || $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil)
        }
    }
}

/// A fact was asked for that the problems do not have.
public struct UnknownFact: Error, Equatable, Sendable, CustomStringConvertible {
    public let name: String
    public let index: Int?
    public let taskName: String
    /// Those there are.
    public let known: [FactDescription]

    public var description: String {
        guard let fact = known.first(where: { $0.name == name }) else {
            return "\(taskName) has no fact .\(name); it has " + known.map { ".\($0.name)" }.joined(separator: ", ")
        }
        switch (index, fact.indices) {
        case (nil, let indices?):
            return ".\(name) needs an index: .\(name)[\(indices.lowerBound)] to .\(name)[\(indices.upperBound - 1)]"
        case (_?, nil): return ".\(name) has no index"
        case (let index?, let indices?):
            return
                ".\(name)[\(index)] is not there; the index can be \(indices.lowerBound) to \(indices.upperBound - 1)"
        case (nil, nil): return "some problem of \(taskName) has no .\(name)"
        }
    }
}

extension ProblemSet {
    /// The facts of the set's task, after those that every set has.
    public var facts: [FactDescription] {
        let lengths = ["question", "chain", "answer"].map {
            FactDescription("\($0)_length", "how many characters its \($0) has, spaces aside")
        }
        return lengths + (task?.facts ?? [])
    }

    /// A fact of problem `index`, or nil where the problem has none of this name and index.
    public func fact(_ name: String, index factIndex: Int? = nil, ofProblem index: Int) -> Fact? {
        if factIndex == nil, name.hasSuffix("_length") {
            let parts = withParts(of: index) { question, chain, answer in
                ["question_length": question, "chain_length": chain, "answer_length": answer][name].map { part in
                    // Bytes that begin a character of UTF-8 and are no space.
                    part.reduce(0) { $1 & 0xC0 == 0x80 || $1 == 0x20 ? $0 : $0 + 1 }
                }
            }
            if let parts { return .integer(parts) }
        }
        return task?.fact(name, index: factIndex, of: self[index])
    }

    /// A fact of every problem; throws `UnknownFact` where one does not have it.
    public func facts(_ name: String, index: Int? = nil) throws -> [Fact] {
        try (0..<count).map { place in
            guard let fact = fact(name, index: index, ofProblem: place) else {
                throw UnknownFact(name: name, index: index, taskName: taskName, known: facts)
            }
            return fact
        }
    }
}
