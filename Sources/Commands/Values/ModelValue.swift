import Experiments
import Internalization
import Language
import Support
import Tensors
import Transformer

/// A model as a value, with the way problems are written for it.
final class ModelValue: HostObject {
    let subject: ExperimentModel
    var model: LanguageModel { subject.model }
    var writing: ProblemWriting { subject.writing }

    /// The run that trains this model, or began to last; it says how far the model's chains have been removed.
    var experiment: Experiment?

    init(_ subject: ExperimentModel, of experiment: Experiment? = nil) {
        self.subject = subject
        self.experiment = experiment
    }

    static let typeName = "model"
    override var typeName: String { Self.typeName }
    private var configuration: ModelConfiguration { model.configuration }
    private var origin: String {
        switch subject.origin {
        case .seed(let seed): "seed \(seed)"
        case .folder(let name): name
        }
    }

    private var numbers: [(String, Value)] {
        [
            ("architecture", .text(configuration.architecture.rawValue)),
            ("parameters", .integer(model.parameterCount)),
            ("layers", .integer(configuration.layerCount)), ("heads", .integer(configuration.headCount)),
            ("width", .integer(configuration.width)),
            ("vocabulary", .integer(configuration.vocabularySize)),
            ("positions", .integer(configuration.positionCount)), ("origin", .text(origin)),
            ("precision", .text(model.precision.rawValue)),
        ]
    }

    override var fieldNames: [String] { numbers.map(\.0) }
    override func field(_ name: String) -> Value? { numbers.first { $0.0 == name }?.1 }
    override var json: String { Value.record(numbers).json }

    override var text: String {
        "\(configuration.architecture.rawValue), \(NumberText.grouped(model.parameterCount)) parameters: \(Phrase.count(configuration.layerCount, "layer")),"
            + " \(Phrase.count(configuration.headCount, "head")), width \(configuration.width), \(configuration.positionCount) positions,"
            + " vocabulary \(configuration.vocabularySize); \(origin)"
            + (model.precision == .f32 ? "" : "; products in \(model.precision.rawValue)")
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
