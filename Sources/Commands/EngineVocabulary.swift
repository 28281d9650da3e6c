// Everything that the engine adds to the language, handed to a session in one piece.

import Internalization
import Language
import Probing
import Support
import Tensors
import Transformer

public enum EngineVocabulary {
    /// A vocabulary with a state of its own: one for each session.
    /// - Parameter written: what icot wrote at other times, which may be written anew.
    public static func make(written: WrittenFiles = WrittenFiles()) -> Vocabulary {
        let bench = Workbench(written: written)
        let verbs =
            ProblemCommands.all(bench) + ModelCommands.all + StartCommands.all(bench) + TrainCommands.all(bench)
            + [ControlCommand.command(bench)] + StepCommands.all(bench)
            + EvaluateCommands.all(bench) + FigureCommands.all + FileCommands.all(bench)
            + HiddenCommand.all(bench)
            + ProbeCommand.all(bench)
            + LookCommand.all(bench) + InterveneCommand.all(bench)
        return Vocabulary(
            verbs: verbs, functions: EngineFunctions.all(bench), library: library, topics: Topics.all,
            tour: FirstSession.steps, explain: Explanations.explain,
            capture: { bench.capture() },
            status: { bench.status })
    }

    /// `stdlib/`, which travels inside the binary.
    private static var library: [SourceText] {
        embeddedStandardLibrary.map { SourceText($0.text, name: "stdlib/\($0.path)") }
    }
}
