import Tensors

/// What is known about all problems of one kind: which facts are in them and where these stand in the text.
public protocol ProblemKind: Sendable {
    /// Such as `mult 4×4`, for run records and messages.
    var name: String { get }
    /// What can be asked of a problem.
    var facts: [FactDescription] { get }
    /// A fact of a problem of this kind, or nil where it has none of this name and index.
    func fact(_ name: String, index: Int?, of problem: Problem) -> Fact?
    /// Where the digits of a problem stand and what its chain is made of; nil for a problem of another kind.
    func layout(of problem: Problem) -> ProblemLayout?
    /// Whether problems whose three texts are as long as another's have the same layout.
    var hasFixedLayout: Bool { get }
}

extension ProblemKind {
    public var hasFixedLayout: Bool { false }
}

/// Problems that can be made from a few random digits: how an input is drawn, and how the question, its chain of
/// thought and its answer are written.
///
/// An *input* is `inputCount` small numbers, one a byte, that determine the problem and nothing else: two problems are
/// the same exactly if their inputs are.
public protocol ProblemTask: ProblemKind {
    var inputCount: Int { get }
    /// How many different inputs there are; nil where they cannot be counted in an `Int`.
    var inputSpace: Int? { get }
    /// No line, its line feed included, has more bytes.
    var lineCountMax: Int { get }

    /// A random input.
    func draw(_ random: inout RandomSource, into input: UnsafeMutablePointer<UInt8>)
    /// Input `index` of `0..<inputSpace` in some fixed order.
    func enumerate(_ index: Int, into input: UnsafeMutablePointer<UInt8>)
    /// Writes the problem of an input.
    func write(_ input: UnsafePointer<UInt8>, to line: inout LineWriter)
    /// The input that a question was made from, or false where it is no question of this task.
    func read(_ question: UnsafeBufferPointer<UInt8>, into input: UnsafeMutablePointer<UInt8>) -> Bool
}

extension ProblemTask {
    /// The input a problem was made from.
    func input(of problem: Problem) -> [UInt8]? {
        var input = [UInt8](repeating: 0, count: inputCount)
        var question = problem.question
        return question.withUTF8({ read($0, into: &input) }) ? input : nil
    }
}

/// The decimal digits of a question written with spaces between them; other characters are returned as they come.
struct QuestionScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var index = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The next byte that is not a space, or nil at the end.
    mutating func next() -> UInt8? {
        while index < bytes.count {
            defer { index += 1 }
            if bytes[index] != 0x20 { return bytes[index] }
        }
        return nil
    }

    /// Reads digits up to the sign or, for nil, to the end; returns how many there were, or nil where something else
    /// stands among them, the sign is missing or there are more than `countMax`.
    mutating func readNumber(into digits: UnsafeMutablePointer<UInt8>, countMax: Int, before sign: UInt8?) -> Int? {
        var count = 0
        while let byte = next() {
            if byte == sign { return count }
            guard (0x30...0x39).contains(byte), count < countMax else { return nil }
            digits[count] = byte - 0x30
            count += 1
        }
        return sign == nil ? count : nil
    }
}
