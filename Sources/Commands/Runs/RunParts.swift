import Internalization
import Language

/// The problems of a run in their three parts, none of which asks a question of another.
struct RunParts {
    /// Trained on.
    let data: ProblemSet
    /// For every accuracy that is reported.
    let test: ProblemSet?
    /// For deciding when to stop.
    let validation: ProblemSet?

    var all: [ProblemSet] { [data] + [test, validation].compactMap { $0 } }

    /// Where only one of `test` and `validation` is given, the other is set aside from the problems to train on.
    init(_ data: ProblemSet, test: ProblemSet?, validation: ProblemSet?, _ call: Invocation) throws {
        let trained = "those trained on"
        let pairs = [
            ("test", test, data, trained), ("validation", validation, data, trained),
            ("validation", validation, test, "the test problems"),
        ]
        for (label, set, other, others) in pairs {
            guard let set, let other, let shared = AskedQuestions(other).first(in: set) else { continue }
            throw call.failure(
                "the \(label) problem \(shared.question) is among \(others)", code: .runtimeArgument, at: label,
                help: "make one of them with apart_from: the other")
        }
        guard (test == nil) != (validation == nil) else {
            (self.data, self.test, self.validation) = (data, test, validation)
            return
        }
        let (rest, aside) = data.settingAside()
        let found = aside.isEmpty ? nil : aside
        (self.data, self.test, self.validation) = (rest, test ?? found, validation ?? found)
    }
}
