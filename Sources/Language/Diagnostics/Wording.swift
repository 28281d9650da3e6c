// What the language says about names, labels and arguments, each sentence once. The checker finds a fault in the text
// before it runs, binding finds the same fault in the values while it runs: both state the facts, and the sentence is
// made here.

/// What is wrong with the arguments of a call.
enum ArgumentFault {
    case unknownLabel(String, near: String?, labels: [String])
    /// `gen kind: .mult`, where the value has no label.
    case labelOfPlacedValue(String)
    case repeatedLabel(String)
    /// `train until 0.99`: a label without its colon.
    case labelWithoutColon(String, near: String)
    case choiceWithoutLabel(String, label: String)
    case tooManyValues(taken: Int)
    case pipedIntoNothing
    case valueAfterLabels
    case numbersSideBySide
    case clause(Clause)
    case missing(Parameter)
    case wrongKind(Parameter, found: String)
    case wrongKindPiped(Parameter, found: String)
    case outOfRange(Parameter, written: String)
    case unknownChoice(Parameter, written: String, near: String?)
    /// A choice, a column or a text without its dot or quotes.
    case bareWord(Parameter, word: String, takes: String, near: String?)
    case unknownName(String, near: String?)

    enum Clause: String { case `where`, by }

    /// The code where the text shows the fault. While running, a fault of an argument is `E305` whatever it is.
    var code: DiagnosticCode {
        switch self {
        case .unknownLabel, .labelOfPlacedValue: .unknownLabel
        case .repeatedLabel: .repeatedLabel
        case .labelWithoutColon, .bareWord: .bareWord
        case .choiceWithoutLabel, .tooManyValues, .pipedIntoNothing: .tooManyArguments
        case .valueAfterLabels: .unexpectedToken
        case .numbersSideBySide: .straySpace
        case .clause: .clauseNotAccepted
        case .missing: .missingArgument
        case .wrongKind, .wrongKindPiped: .wrongKind
        case .outOfRange: .outOfRange
        case .unknownChoice: .unknownChoice
        case .unknownName: .unknownName
        }
    }

    /// The sentence about a call of `verb`, whose name comes before it.
    func message(of verb: String) -> String {
        switch self {
        case .unknownLabel(let word, let near, _):
            "'\(word)' is not a label of \(verb)" + Wording.question(near.map { "'\($0):'" })
        case .labelOfPlacedValue(let word): "'\(word)' is given by place, without a label"
        case .repeatedLabel(let word): "'\(word):' appears twice"
        case .labelWithoutColon(let word, let near):
            word == near
                ? "the label '\(word)' ends with a colon"
                : "'\(word)' is not a value; did you mean the label '\(near):'?"
        case .choiceWithoutLabel(let choice, let label): ".\(choice) needs its label '\(label):'"
        case .tooManyValues(let taken):
            "takes \(taken == 0 ? "no value" : taken == 1 ? "one value" : "\(taken) values") by place"
        case .pipedIntoNothing: "takes no value, so nothing can be handed on to it with '|'"
        case .valueAfterLabels: "values given by place come before the labels"
        case .numbersSideBySide: "two numbers stand side by side"
        case .clause(let clause): "does not take '\(clause.rawValue)'"
        case .missing(let parameter): "\(Wording.what(parameter)) is missing"
        case .wrongKind(let parameter, let found):
            "\(Wording.what(parameter)) takes \(parameter.kind.phrase), not \(found)"
        case .wrongKindPiped(let parameter, let found):
            "takes \(parameter.kind.phrase) from '|', not \(found)"
        case .outOfRange(let parameter, let written):
            "\(Wording.what(parameter)) takes \(parameter.kind.phrase), \(written) is outside"
        case .unknownChoice(let parameter, let written, let near):
            "\(written) is not a choice of \(Wording.what(parameter))"
                + Wording.question(near.map { ".\($0)" })
        case .bareWord(let parameter, let word, let takes, let near):
            "\(Wording.what(parameter)) takes \(takes), '\(word)' is a bare word" + Wording.question(near)
        case .unknownName(let word, let near):
            "'\(word)' has no value" + Wording.question(near.map { "'\($0)'" })
        }
    }

    /// The next thing to type, where the fault alone tells it.
    var help: String {
        switch self {
        case .unknownLabel(_, let near?, _): "write \(near):"
        case .unknownLabel(_, nil, let labels): Wording.labels(labels)
        case .labelOfPlacedValue: "write the value alone"
        case .repeatedLabel: "take one of them away"
        case .labelWithoutColon(_, let near): "write \(near): and a value"
        case .choiceWithoutLabel(let choice, let label): "write \(label): .\(choice)"
        case .tooManyValues: "take it away"
        case .pipedIntoNothing: "write it on a line of its own"
        case .valueAfterLabels: "move it before the labels"
        case .numbersSideBySide: "write one number, or a list [a, b]"
        case .clause(.where): "use filter before it"
        case .clause(.by): "use group before it"
        case .missing(let parameter):
            (parameter.label.map { "add \($0): and " } ?? "give it ") + parameter.kind.phrase
        case .wrongKind(let parameter, _), .unknownChoice(let parameter, _, nil): "write \(parameter.kind.phrase)"
        case .wrongKindPiped(let parameter, _): "hand on \(parameter.kind.phrase)"
        case .outOfRange(let parameter, _): "write \(parameter.kind.phrase)"
        case .unknownChoice(_, _, let near?): "write .\(near)"
        case .bareWord(let parameter, _, _, let near): "write \(near ?? parameter.kind.phrase)"
        case .unknownName(_, let near?): "write \(near)"
        case .unknownName(let word, nil): "write let \(word) = … before it"
        }
    }
}

extension CommandSignature {
    /// The fault of a call with a label that it does not have.
    func unknownLabel(_ word: String, given: Set<String> = []) -> ArgumentFault {
        .unknownLabel(
            word, near: label(meantBy: word, notAmong: given), labels: labelled.compactMap(\.label))
    }
}

/// The parts of sentences that come again and again.
enum Wording {
    /// `; did you mean 'epochs:'?`, or nothing.
    static func question(_ near: String?) -> String { near.map { "; did you mean \($0)?" } ?? "" }

    /// An argument in the middle of a sentence: `'steps:'`, or the name of a value given by place.
    static func what(_ parameter: Parameter) -> String { parameter.label.map { "'\($0):'" } ?? parameter.name }

    /// `it takes on: layer: at:`
    static func labels(_ labels: [String], atMost most: Int = 12) -> String {
        labels.isEmpty ? "it takes no labels" : "it takes " + shortened(labels.map { "\($0):" }, atMost: most, " ")
    }

    static func unknownName(_ word: String, near: String?) -> String {
        "'\(word)' has no value" + question(near.map { "'\($0)'" })
    }

    /// `a record has no field 'accurracy'; did you mean 'accuracy'?`
    static func unknownField(_ field: String, of what: String, near: String?) -> String {
        "\(what) has no field '\(field)'" + question(near.map { "'\($0)'" })
    }

    static func fields(_ names: [String]) -> String {
        names.isEmpty ? "it has no fields" : "it has " + shortened(names, atMost: 8, ", ")
    }

    /// The first words of a list; `…` stands for the others.
    static func shortened(_ words: [String], atMost most: Int, _ separator: String) -> String {
        (words.prefix(most) + (words.count > most ? ["…"] : [])).joined(separator: separator)
    }
}
