import Internalization

/// The problems of a run in their three parts, none of which asks a question of another.
public struct ProblemParts {
    /// Trained on.
    public let data: ProblemSet
    /// For every accuracy that is reported.
    public let test: ProblemSet?
    /// For deciding when to stop.
    public let validation: ProblemSet?

    public var all: [ProblemSet] { [data] + [test, validation].compactMap { $0 } }

    /// The parts as they are, of a run that has had them for some time.
    init(kept data: ProblemSet, test: ProblemSet?, validation: ProblemSet?) {
        (self.data, self.test, self.validation) = (data, test, validation)
    }

    /// Where only one of `test` and `validation` is given, the other is set aside from the problems to train on.
    /// - Throws: `ExperimentFault.sharedQuestion`.
    public init(_ data: ProblemSet, test: ProblemSet?, validation: ProblemSet?) throws {
        let pairs: [(ProblemRole, ProblemSet?, ProblemSet?, ProblemRole)] = [
            (.test, test, data, .training), (.validation, validation, data, .training),
            (.validation, validation, test, .test),
        ]
        for (role, set, other, otherRole) in pairs {
            guard let set, let other, let shared = AskedQuestions(other).first(in: set) else { continue }
            throw ExperimentFault.sharedQuestion(shared.question, of: role, with: otherRole)
        }
        guard (test == nil) != (validation == nil) else {
            self.init(kept: data, test: test, validation: validation)
            return
        }
        let (rest, aside) = data.settingAside()
        let found = aside.isEmpty ? nil : aside
        self.init(kept: rest, test: test ?? found, validation: validation ?? found)
    }
}

/// What problems are for in a run.
public enum ProblemRole: Equatable, Sendable { case training, test, validation }
