// `? accuracy`: everything that has to do with some words, from the signature table, the words of the language, the
// codes of its errors and what the host has to read.

/// Something to read that the host knows of, such as a notebook.
public struct Reading: Sendable, Equatable {
    /// What to type at the shell or look for: `notebooks/tour.icot`.
    public var path: String
    public var title: String

    public init(path: String, title: String) {
        self.path = path
        self.title = title
    }
}

struct Search {
    struct Finding {
        var kind: Kind
        /// What is shown first, and how to ask for more.
        var name: String
        var summary: String
        var score: Int
    }

    enum Kind: Int, CaseIterable {
        case verb, function, label, choice, word, error, reading

        var title: String {
            switch self {
            case .verb: "verbs"
            case .function: "functions"
            case .label: "labels"
            case .choice: "choices"
            case .word: "words of the language"
            case .error: "errors"
            case .reading: "notebooks"
            }
        }

        var style: Style {
            switch self {
            case .verb: .verb
            case .function: .function
            case .label: .label
            case .choice: .choice
            case .word: .keyword
            case .error: .error
            case .reading: .string
            }
        }
    }

    /// The most of one kind that are shown.
    static let countMax = 8

    private let words: [String]
    private(set) var findings: [Finding] = []

    init(_ words: [String], _ context: LanguageContext, readings: [Reading]) {
        self.words = words.map { $0.lowercased().filter { $0 != "." && $0 != ":" && $0 != "?" } }.filter { !$0.isEmpty }
        guard !self.words.isEmpty else { return }
        let table = context.signatures
        let verbs = table.verbs.merging(context.definitions) { _, own in own }
        for signature in verbs.values { look(at: signature, .verb) }
        for signature in table.functions.values { look(at: signature, .function) }
        for word in Question.keywords { note(.word, word.word, word.summary, [word.summary]) }
        for code in DiagnosticCode.allCases { note(.error, code.rawValue, code.meaning, [code.meaning]) }
        for reading in readings { note(.reading, reading.path, reading.title, [reading.title]) }
        findings.sort { ($0.kind.rawValue, -$0.score, $0.name) < ($1.kind.rawValue, -$1.score, $1.name) }
    }

    private mutating func look(at signature: CommandSignature, _ kind: Kind) {
        note(kind, signature.name, signature.summary, [signature.summary], [signature.discussion])
        for parameter in signature.parameters {
            if let label = parameter.label {
                note(
                    .label, "\(label):", "\(signature.name): \(parameter.summary)", [parameter.summary],
                    parameter.aliases)
            }
            for option in parameter.kind.options {
                note(
                    .choice, ".\(option.name)",
                    "\(signature.name) \(parameter.label ?? parameter.name): "
                        + option.summary, [option.summary])
            }
        }
    }

    /// Notes an entry in which every word occurs: in its name, in its sentence, or further down.
    private mutating func note(
        _ kind: Kind, _ name: String, _ summary: String, _ sentences: [String], _ further: [String] = []
    ) {
        var score = 0
        let bare = name.lowercased().filter { $0 != "." && $0 != ":" }
        let near = sentences.joined(separator: " ").lowercased()
        let far = further.joined(separator: " ").lowercased()
        for word in words {
            if bare == word {
                score += 8
            } else if bare.contains(word) {
                score += 4
            } else if near.contains(word) {
                score += 2
            } else if far.contains(word) {
                score += 1
            } else {
                return
            }
        }
        findings.append(Finding(kind: kind, name: name, summary: summary, score: score))
    }

    // MARK: - Shown

    var lines: [StyledText] {
        var lines: [StyledText] = []
        for kind in Kind.allCases {
            let found = findings.filter { $0.kind == kind }
            guard !found.isEmpty else { continue }
            if !lines.isEmpty { lines.append(StyledText()) }
            lines.append(StyledText(kind.title, .heading))
            let shown = found.prefix(Search.countMax)
            let width = (shown.map(\.name.count).max() ?? 0) + 2
            for finding in shown {
                let gap = String(repeating: " ", count: max(1, width - finding.name.count))
                lines.append(
                    StyledText("  ") + StyledText(finding.name, kind.style) + StyledText(gap + finding.summary))
            }
            if found.count > shown.count { lines.append(StyledText("  \(found.count - shown.count) more", .dim)) }
        }
        return lines
    }
}

extension ParameterKind {
    /// The `.choices` that a value may be, where they are named.
    var options: [ChoiceOption] {
        switch self {
        case .choice(let options), .selector(let options, _): options
        case .oneOf(let kinds): kinds.flatMap(\.options)
        case .list(let kind): kind.options
        default: []
        }
    }
}
