import Experiments
import Glibc
import Internalization
import Language
import Support
import Transformer

/// What the commands of one session share: the run that they mean when none is named.
final class Workbench {
    /// The run that was started, resumed or named last.
    var currentRun: Experiment?
    /// Notebooks that this session has saved, and may therefore save again.
    var savedNotebooks: Set<String> = []
    let written: WrittenFiles
    /// The runs of the session that somebody still has: a variable, what `undo` goes back to, a checkpoint. A run that
    /// nobody can name any more is let go, with its memory and the files that it holds open.
    var runs: [Experiment] { known.compactMap(\.experiment) }
    private var known: [Known] = []
    /// The names of all runs that there were: a table may be about one that is gone.
    private var names: Set<String> = []

    private struct Known { weak var experiment: Experiment? }

    /// What may be gone back to, with the weights that models had which have begun a run since: a run trains the model
    /// that it was given.
    private final class Capture {
        var models: [(model: LanguageModel, initial: LanguageModel)] = []

        func note(_ experiment: Experiment) {
            let model = experiment.run.model
            if !models.contains(where: { $0.model === model }) { models.append((model, experiment.initial)) }
        }
    }

    private struct Kept { weak var capture: Capture? }
    private var captures: [Kept] = []

    init(written: WrittenFiles = WrittenFiles()) { self.written = written }

    /// The name, or the name with a number where a run is called that already: tables and legends tell runs apart by
    /// it.
    func freshName(_ name: String) -> String {
        if !names.contains(name) { return name }
        var number = 2
        while names.contains("\(name) \(number)") { number += 1 }
        return "\(name) \(number)"
    }

    /// Takes a new run among those of the session.
    func note(_ experiment: Experiment) {
        known.removeAll { $0.experiment == nil }
        known.append(Known(experiment: experiment))
        names.insert(experiment.name)
        captures.removeAll { $0.capture == nil }
        for kept in captures { kept.capture?.note(experiment) }
    }
    private let started = MonotonicClock.seconds()

    /// Seconds since the session began.
    var elapsedSeconds: Double { MonotonicClock.seconds() - started }

    /// The label of every verb that is about a run.
    static let runLabel = Parameter.label("run", .value(RunValue.typeName), "another run than the current one")

    /// The run a command is about: the one named with `run:`, else the current one.
    func run(_ call: Invocation) throws -> Experiment {
        if let named = call.experimentIfPresent("run") { return named }
        guard let currentRun else {
            throw call.failure(
                "there is no run yet", code: .runtimeArgument,
                help: "let test = gen .parity digits: 6 n: 200, then "
                    + "start (model .gpt2) on: (gen .parity digits: 6 n: 20_000 apart_from: test) test: test")
        }
        return currentRun
    }

    /// Keeps the state of every run, and where relative paths start, and returns what puts them back.
    func capture() -> () -> Void {
        let current = currentRun
        let folder = FileSystem.currentFolder
        let states = runs.map { ($0, $0.run.checkpoint()) }
        let namesBefore = names
        let capture = Capture()
        captures.append(Kept(capture: capture))
        return { [self] in
            for (model, initial) in capture.models { model.parameters.copyValues(from: initial.parameters) }
            for (run, state) in states { try? run.run.restore(state) }
            known = states.map { Known(experiment: $0.0) }
            names = namesBefore
            currentRun = current
            if let folder, folder != FileSystem.currentFolder { chdir(folder) }
        }
    }

    /// `removed 3/8`, for the prompt.
    var status: StyledText? {
        guard let run = currentRun?.run else { return nil }
        return StyledText("\(run.removedCount)/\(run.longest) removed ·", .dim)
    }
}

extension CommandEffect {
    static let changesRun = CommandEffect.changes("the current run", parts: "weights, schedule or timeline")
}

extension Invocation {
    /// Shows how far long work is, and stops it when asked to.
    func observer(_ what: String) -> WorkObserver {
        WorkObserver(interrupt: interrupt, progress: { share in self.progress(WorkProgress(what, share)) })
    }
}
