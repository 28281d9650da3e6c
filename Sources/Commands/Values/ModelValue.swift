import Checkpoints
import Internalization
import Language
import Transformer

/// A model as a value, with the way problems are written for it.
final class ModelValue: HostObject {
    /// How problems become tokens.
    enum Writing {
        case characters(CharacterVocabulary)
        /// `folder` is where it was read.
        case tokenizer(any Tokenizer, folder: String?)
        /// Token ids only: a checkpoint without a tokenizer.
        case ids
    }

    let model: LanguageModel
    let writing: Writing
    /// Where it came from: `seed 1`, a folder.
    let origin: String

    init(_ model: LanguageModel, writing: Writing, origin: String) {
        self.model = model
        self.writing = writing
        self.origin = origin
    }

    static let typeName = "model"
    override var typeName: String { Self.typeName }
    private var configuration: ModelConfiguration { model.configuration }

    private var numbers: [(String, Value)] {
        [
            ("architecture", .text(configuration.architecture.rawValue)),
            ("parameters", .integer(model.parameterCount)),
            ("layers", .integer(configuration.layerCount)), ("heads", .integer(configuration.headCount)),
            ("width", .integer(configuration.width)),
            ("vocabulary", .integer(configuration.vocabularySize)),
            ("positions", .integer(configuration.positionCount)), ("origin", .text(origin)),
        ]
    }

    override var fieldNames: [String] { numbers.map(\.0) }
    override func field(_ name: String) -> Value? { numbers.first { $0.0 == name }?.1 }
    override var json: String { Value.record(numbers).json }

    override var text: String {
        "\(configuration.architecture.rawValue), \(Phrase.grouped(model.parameterCount)) parameters: \(Phrase.count(configuration.layerCount, "layer")),"
            + " \(Phrase.count(configuration.headCount, "head")), width \(configuration.width), \(configuration.positionCount) positions,"
            + " vocabulary \(configuration.vocabularySize); \(origin)"
    }

    override func show(_ options: DisplayOptions) throws -> DisplayBundle {
        var lines = [StyledText(text)]
        let width = model.parameters.entries.map(\.name.count).max() ?? 0
        for entry in model.parameters.entries {
            let shape = entry.shape.map(String.init).joined(separator: " × ")
            lines.append(
                StyledText("  " + entry.name + String(repeating: " ", count: width - entry.name.count + 2))
                    + StyledText(shape, .number))
        }
        return DisplayBundle(lines: lines, json: json)
    }

    func encoder(separator: AnswerSeparator?, answers: ProblemSet) throws -> any ProblemEncoder {
        try writing.encoder(separator: separator, answers: answers)
    }

    override func isEqual(to other: Object) -> Bool { (other as? ModelValue)?.model === model }
}

extension ModelValue.Writing {
    /// How the problems of a run are written for a model.
    /// - Parameter answers: problems whose answers tell how long an answer is, where no separator says where it begins.
    func encoder(separator: AnswerSeparator?, answers: ProblemSet) throws -> any ProblemEncoder {
        switch self {
        case .characters(let vocabulary):
            return CharacterEncoder(
                vocabulary, separator: separator ?? .absent, answerCount: commonAnswerLength(answers))
        case .tokenizer(let tokenizer, _):
            return try ReferenceEncoder(tokenizer, removesSeparator: separator == .removedLast)
        case .ids:
            throw ProblemError.notEncodable(
                rule:
                    "the model came without a tokenizer, so problems cannot be written for it; load the folder that has its tokenizer.json too"
            )
        }
    }

    /// How many characters, blanks aside, every answer has; nil where they differ.
    private func commonAnswerLength(_ set: ProblemSet) -> Int? {
        func length(_ index: Int) -> Int {
            set.withParts(of: index) { _, _, answer in answer.reduce(0) { $1 == 0x20 ? $0 : $0 + 1 } }
        }
        guard set.count > 0 else { return nil }
        let first = length(0)
        return (1..<set.count).allSatisfy { length($0) == first } ? first : nil
    }
}
