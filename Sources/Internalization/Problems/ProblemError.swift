/// What is wrong with a request for problems, with a problem, or with how it is to be written in tokens.
public enum ProblemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A number that a task or a generator cannot take.
    case outOfRange(what: String, value: Int, allowed: ClosedRange<Int>)
    /// More different problems are wanted than there are.
    case tooFewInputs(task: String, wanted: Int, available: Int, excluded: Int)
    /// The text of a set would not fit into this machine's memory.
    case tooLarge(byteCount: Int)
    /// A text that the file format cannot hold: it would be read back as something else.
    case unwritable(problem: Int, part: String, rule: String)
    /// A character that the vocabulary has no token for.
    case unknownCharacter(Character, in: String)
    /// An answer of another length than all others, where nothing but its length tells it from the chain.
    case answerLength(String, expected: Int)
    /// A problem that an encoder cannot write in tokens.
    case notEncodable(rule: String)

    public var description: String {
        switch self {
        case .outOfRange(let what, let value, let allowed):
            "\(what) is \(value); it can be \(allowed.lowerBound) to \(allowed.upperBound)"
        case .tooFewInputs(let task, let wanted, let available, let excluded):
            "\(task) has \(available) different input\(available == 1 ? "" : "s")"
                + (excluded > 0 ? " beside the \(excluded) to stay apart from" : "") + ", and \(wanted) are wanted; "
                + (excluded > available
                    ? "generate the held-out problems first, then the training problems apart from them"
                    : "ask for fewer, or allow repetition")
        case .tooLarge(let byteCount):
            "the problems would take \(byteCount >> 20) MB of memory; ask for fewer"
        case .unwritable(let problem, let part, let rule):
            "problem \(problem): its \(part) \(rule)"
        case .unknownCharacter(let character, let text):
            "the vocabulary has no token for \"\(character)\" in \"\(text)\""
        case .answerLength(let answer, let expected):
            "the answer \"\(answer)\" does not have \(expected) character\(expected == 1 ? "" : "s") as all others do, and without "
                + "a separator only its length tells where it begins; start the run with separator: .kept"
        case .notEncodable(let rule):
            rule
        }
    }
}
