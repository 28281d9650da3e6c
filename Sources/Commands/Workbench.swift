import Experiments
import Glibc
import Internalization
import Language
import Support

/// What the commands of one session share: the run that they mean when none is named.
final class Workbench {
    /// The run that was started, resumed or named last.
    var currentRun: Experiment?
    /// Notebooks that this session has saved, and may therefore save again.
    var savedNotebooks: Set<String> = []
    let written: WrittenFiles
    /// Every run of the session, for going back to a checkpoint of all of them.
    var runs: [Experiment] = []

    init(written: WrittenFiles = WrittenFiles()) { self.written = written }

    /// The name, or the name with a number where a run is called that already: tables and legends tell runs apart by
    /// it.
    func freshName(_ name: String) -> String {
        let known = Set(runs.map(\.name))
        if !known.contains(name) { return name }
        var number = 2
        while known.contains("\(name) \(number)") { number += 1 }
        return "\(name) \(number)"
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
        return { [self] in
            for (run, state) in states { try? run.run.restore(state) }
            runs = states.map(\.0)
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
