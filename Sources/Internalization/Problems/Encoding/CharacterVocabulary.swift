/// The tokens of a model trained from scratch on short problems: three marks and one token a character.
///
/// The marks are written `|` (ends the input), `#` (stands before the answer) and `$` (ends the sequence); they are
/// tokens of their own even where the problems use the same characters, and are then written `<|>`, `<#>`, `<$>`.
public struct CharacterVocabulary: Sendable, Equatable {
    /// Of the tokens after the marks, in the order of their ids.
    public let characters: [Character]
    private let ids: [Character: Int32]
    /// The same for ASCII, by code; -1 where there is no token.
    let asciiIDs: [Int32]

    public static let inputEnd: Int32 = 0
    public static let answerMark: Int32 = 1
    public static let end: Int32 = 2
    private static let markCount = 3

    /// Digits and the signs of every arithmetic task here: 20 tokens with the marks.
    public static let digits = CharacterVocabulary("0123456789*+()=,.".map { $0 })

    /// A vocabulary of these characters; later copies of one are left out.
    public init(_ characters: [Character]) {
        var ids: [Character: Int32] = [:]
        var kept: [Character] = []
        for character in characters where ids[character] == nil {
            ids[character] = Int32(Self.markCount + kept.count)
            kept.append(character)
        }
        self.characters = kept
        self.ids = ids
        asciiIDs = (0..<128).map { ids[Character(Unicode.Scalar(UInt8($0)))] ?? -1 }
    }

    /// The characters that occur in the problems, spaces aside, in the order of their code points.
    public init(of problems: ProblemSet) { self.init(of: [problems]) }

    /// The characters that occur in any of several sets, such as training and test problems.
    public init(of sets: [ProblemSet]) {
        var isUsed = [Bool](repeating: false, count: 128)
        var found: Set<Character> = []
        for problems in sets {
            for index in 0..<problems.count {
                let isPlain = problems.withParts(of: index) { question, chain, answer in
                    for part in [question, chain, answer] {
                        for byte in part {
                            guard byte < 0x80 else { return false }
                            isUsed[Int(byte)] = true
                        }
                    }
                    return true
                }
                if isPlain { continue }
                let problem = problems[index]
                for text in [problem.question, problem.chain, problem.answer] { found.formUnion(text) }
            }
        }
        for byte in 0..<128 where isUsed[byte] { found.insert(Character(Unicode.Scalar(UInt8(byte)))) }
        found.remove(" ")
        self.init(found.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) })
    }

    public var count: Int { Self.markCount + characters.count }

    public func id(of character: Character) -> Int32? { ids[character] }

    /// How a token is written; nil for an id outside the vocabulary.
    public func name(of token: Int32) -> String? {
        switch token {
        case Self.inputEnd: markName("|")
        case Self.answerMark: markName("#")
        case Self.end: markName("$")
        default:
            characters.indices.contains(Int(token) - Self.markCount)
                ? String(characters[Int(token) - Self.markCount]) : nil
        }
    }

    private func markName(_ mark: Character) -> String { ids[mark] == nil ? String(mark) : "<\(mark)>" }

    public static func == (left: CharacterVocabulary, right: CharacterVocabulary) -> Bool {
        left.characters == right.characters
    }
}
