// What a sweep is asked to do, once everything that can be wrong with it has been looked for. Nothing is written yet.

import ArgumentParser
import Console
import Language
import Notebooks
import Support
import Sweeps

struct SweepJob {
    let options: SweepCommand
    let notebook: Notebook
    let effects: EffectsReport
    /// The sweep with all its points.
    let sweep: Sweep
    let asked: Sweep
    let own: [SweepValue]
    let grid: Grid
    /// The folder in which the notebook's paths start, and the notebook, as absolute paths.
    let start: String
    let notebookPath: String
    let notice: StyledText?
    let cores: [Int]
    /// How many points at a time.
    let slots: Int

    var folder: String { options.folder }
    /// What is typed to go on.
    var command: String { Self.command(options.file, folder) }

    /// Throws the exit status, or what keeps the sweep from being run.
    init(_ options: SweepCommand, _ writer: TerminalWriter) throws {
        self.options = options
        let file = try NotebookInput.read(options.file)
        notebook = file.notebook
        guard notebook.canRun else {
            throw Icot.failure(NotebookInput.otherVersion(options.file), status: ReplayExit.refused.rawValue)
        }
        let context = Host.session(options.shared, notebook: options.file).context
        effects = EffectsReport(notebook, context)
        let known = notebook.parameters(context)
        var given: [(name: String, values: [SweepValue])] = []
        for text in options.parameters {
            let (name, values) = try Notebook.parameterValues(text, most: Grid.pointsMax)
            guard known.contains(where: { $0.name == name }) else {
                throw NotebookError.unknownParameter(name: name, known: known.map(\.name))
            }
            given.append((name, values.map(SweepValue.init)))
        }
        grid = try Grid(given)
        own = known.map { SweepValue($0.value) }
        asked = Sweep(
            icot: Icot.version, notebook: options.file, code: effects.codeHash,
            parameters: known.map { ($0.name, SweepValue($0.value)) })
        sweep = try SweepFolder.plan(options.folder, asked, own: own, grid: grid)
        notebookPath = FileSystem.absolute(options.file)
        let found = NotebookFolder.start(of: options.file, effects, pins: notebook.header.pins)
        start = found?.folder ?? Self.workingFolder
        notice = found?.notice
        cores = Machine.cores()
        slots = max(1, min(options.jobs ?? cores.count, max(1, sweep.points.count)))
        try checkPaths()
        try checkTexts(writer)
    }

    /// A path outside of a point's folder would be the same for all points.
    private func checkPaths() throws {
        for item in effects.items where item.verb != "import" {
            if item.kind == .enters { throw SweepFault.goesElsewhere(line: item.line) }
            guard let path = item.path, PointInputs.inside(path) == nil, path != "." else { continue }
            switch item.kind {
            case .writes: throw SweepFault.writesOutside(path: path, line: item.line)
            case .reads where !path.hasPrefix("/") && !path.hasPrefix("~"):
                throw SweepFault.readsOutside(path: path, line: item.line, start: start)
            case .reads, .runs, .enters, .asks: continue
            }
        }
    }

    /// So many texts are looked at before anything runs; what is wrong in a later one is found when it runs.
    private static let textsMax = 200

    /// Looks at the text with each value once, as a replay looks at it before its first line.
    private func checkTexts(_ writer: TerminalWriter) throws {
        let session = Host.session(options.shared, notebook: options.file)
        var seen: Set<String> = []
        var count = 0
        for point in sweep.points {
            let changes = sweep.changes(of: point)
            let isNews = changes.reduce(count == 0) { seen.insert("\($1.name)=\($1.value)").inserted || $0 }
            guard isNews else { continue }
            count += 1
            if count > Self.textsMax { return }
            let text = try notebook.setting(changes, session.context)
            let problems = Replay(text, mode: .update).problems(in: session)
            guard let first = problems.first else { continue }
            writer.printError(
                [StyledText("with \(point.name):", .warning)]
                    + DiagnosticRenderer(width: writer.width, showsPlace: true).lines(first, in: text.code))
            throw Icot.failure("nothing was run")
        }
    }

    /// The points in the order of their parameters, each with what has become of it.
    func states() -> [(point: SweepPoint, state: PointState)] {
        sweep.sortedPoints.map { ($0, SweepFolder.state(of: $0, in: folder)) }
    }

    /// Whether a point is to be run.
    func isWanted(_ state: PointState) -> Bool {
        switch state {
        case .missing: true
        case .failed: options.retry
        case .done: false
        }
    }

    static var workingFolder: String { FileSystem.currentFolder ?? "." }

    static func command(_ file: String, _ folder: String) -> String {
        "icot sweep \(ArrayScript.word(file)) --to \(ArrayScript.word(folder))"
    }
}

extension SweepValue {
    init(_ value: ParameterValue) { self.init(literal: value.literal, json: value.json) }
}
