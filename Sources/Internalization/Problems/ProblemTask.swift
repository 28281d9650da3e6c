import Tensors

/// A kind of problem that can be made from a few random digits: how an input is drawn, and how the question, its chain of
/// thought and its answer are written.
///
/// An *input* is `inputCount` small numbers, one a byte, that determine the problem and nothing else: two problems are
/// the same exactly if their inputs are.
public protocol ProblemTask: Sendable {
    /// Such as `mult 4×4`, for run records and messages.
    var name: String { get }
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

/// The decimal digits of a question written with blanks between them; other characters are returned as they come.
struct QuestionScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var index = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The next byte that is not a blank, or nil at the end.
    mutating func next() -> UInt8? {
        while index < bytes.count {
            defer { index += 1 }
            if bytes[index] != 0x20 { return bytes[index] }
        }
        return nil
    }
}
