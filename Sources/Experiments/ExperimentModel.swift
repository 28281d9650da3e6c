import Internalization
import Transformer

/// A model with the way problems are written for it.
public struct ExperimentModel {
    /// Where its weights came from.
    public enum Origin: Equatable, Sendable {
        /// Drawn from a seed, here and now.
        case seed(Int)
        /// Read from a folder, or found by a name.
        case folder(String)

        public var isFresh: Bool {
            switch self {
            case .seed: true
            case .folder: false
            }
        }
    }

    public let model: LanguageModel
    public let writing: ProblemWriting
    public let origin: Origin

    public init(_ model: LanguageModel, writing: ProblemWriting, origin: Origin) {
        self.model = model
        self.writing = writing
        self.origin = origin
    }

    /// The same in another state.
    public func with(_ model: LanguageModel) -> ExperimentModel {
        ExperimentModel(model, writing: writing, origin: origin)
    }
}
