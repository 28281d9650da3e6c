import Checkpoints
import Internalization
import Language
import Support
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

    /// Where its weights came from.
    enum Origin: Equatable {
        /// Drawn from a seed, here and now.
        case seed(Int)
        /// Read from a folder, or found by a name.
        case folder(String)

        var isFresh: Bool {
            switch self {
            case .seed: true
            case .folder: false
            }
        }

        var text: String {
            switch self {
            case .seed(let seed): "seed \(seed)"
            case .folder(let name): name
            }
        }
    }

    let model: LanguageModel
    let writing: Writing
    let origin: Origin

    init(_ model: LanguageModel, writing: Writing, origin: Origin) {
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
            ("positions", .integer(configuration.positionCount)), ("origin", .text(origin.text)),
        ]
    }

    override var fieldNames: [String] { numbers.map(\.0) }
    override func field(_ name: String) -> Value? { numbers.first { $0.0 == name }?.1 }
    override var json: String { Value.record(numbers).json }

    override var text: String {
        "\(configuration.architecture.rawValue), \(NumberText.grouped(model.parameterCount)) parameters: \(Phrase.count(configuration.layerCount, "layer")),"
            + " \(Phrase.count(configuration.headCount, "head")), width \(configuration.width), \(configuration.positionCount) positions,"
            + " vocabulary \(configuration.vocabularySize); \(origin.text)"
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

    func encoder(separator: AnswerSeparator?, answers: [ProblemSet]) throws -> any ProblemEncoder {
        try writing.encoder(separator: separator, answers: answers)
    }

    override func isEqual(to other: Object) -> Bool { (other as? ModelValue)?.model === model }
}

extension ModelValue.Writing {
    /// How the problems of a run are written for a model.
    /// - Parameters:
    ///   - separator: what stands between chain and answer; nil for none where the length of the answers tells where they
    ///     begin, and one that is kept everywhere else.
    ///   - answers: problems whose answers tell how long an answer is.
    /// - Throws: `SeparatorFault`, `ProblemError.notEncodable`.
    func encoder(separator: AnswerSeparator?, answers: [ProblemSet]) throws -> any ProblemEncoder {
        switch self {
        case .characters(let vocabulary):
            let lengths = answerLengths(answers)
            let isOne = lengths.lowerBound == lengths.upperBound
            if separator == .absent, !isOne { throw SeparatorFault.differentLengths(lengths) }
            return CharacterEncoder(
                vocabulary, separator: separator ?? (isOne ? .absent : .kept),
                answerCount: isOne ? lengths.lowerBound : nil)
        case .tokenizer(let tokenizer, _):
            if separator == .absent { throw SeparatorFault.tokenizer }
            return try ReferenceEncoder(tokenizer, removesSeparator: separator == .removedLast)
        case .ids:
            throw ProblemError.notEncodable(
                rule:
                    "the model came without a tokenizer, so problems cannot be written for it; load the folder that has its tokenizer.json too"
            )
        }
    }

    /// How many characters, spaces aside, the answers have.
    private func answerLengths(_ sets: [ProblemSet]) -> ClosedRange<Int> {
        var least = Int.max, most = 0
        for set in sets {
            for index in 0..<set.count {
                let length = set.withParts(of: index) { _, _, answer in answer.reduce(0) { $1 == 0x20 ? $0 : $0 + 1 } }
                least = min(least, length)
                most = max(most, length)
            }
        }
        return min(least, most)...most
    }
}

/// Why problems cannot be written without a sign between chain and answer.
enum SeparatorFault: Error, CustomStringConvertible {
    case differentLengths(ClosedRange<Int>)
    case tokenizer

    var description: String {
        switch self {
        case .differentLengths(let lengths):
            "the answers have \(lengths.lowerBound) to \(lengths.upperBound) characters, so without a separator nothing tells where "
                + "the chain ends and the answer begins"
        case .tokenizer: "with a tokenizer the answer is found by the <eos> and #### before it"
        }
    }

    var help: String { "write separator: .kept, or .removed_last to take it away after the chain" }
}
