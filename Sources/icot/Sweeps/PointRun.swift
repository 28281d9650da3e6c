// A replay of a sweep's notebook with the values of one point, in the point's folder. See `Sweep` for what is written
// there and `PointResult` for what counts as the final value.

import Console
import Glibc
import Language
import Notebooks
import Support
import Sweeps

final class PointRun {
    private static let resultCell = "result"

    private let sweepFolder: String
    /// The notebook that the sweep is of, beside which its imports lie.
    private let notebook: String
    private let descriptor: Int32?
    private let sweep: Sweep
    private let point: SweepPoint
    private let folder: PointFolder
    private let session: Session
    private let inputs: PointInputs
    private let writer = TerminalWriter()
    /// The last value of the cell that names the result; nil while it has shown none.
    private var named: Value?
    private var failure: PointResult.Failure?

    /// Waits until the folder is free.
    /// - Parameters:
    ///   - sweepFolder: an absolute path, as are the next two
    ///   - start: the folder in which the notebook's paths start
    ///   - report: the descriptor to which it says how far it is
    init(
        _ sweepFolder: String, _ point: String, notebook: String, start: String, report: Int32?,
        _ shared: SharedOptions
    ) throws {
        (self.sweepFolder, self.notebook, descriptor) = (sweepFolder, notebook, report)
        sweep = try Sweep.read(sweepFolder)
        guard let found = sweep.points.first(where: { $0.name == point }) else {
            throw SweepFault.noPoint(path: sweepFolder, name: point)
        }
        self.point = found
        folder = try PointFolder(point, of: sweepFolder)
        session = Host.session(shared, notebook: notebook)
        inputs = PointInputs(start: start, point: folder.path)
    }

    /// The exit status. Without a result where it was stopped.
    func run() throws -> Int32 {
        let state = folder.state
        if case .done = state { return 0 }
        // The copy that the sweep keeps, under the name of the original, beside which its imports lie.
        let copy = Notebook(bytes: try readBytes(copyPath), name: notebook)
        let effects = EffectsReport(copy, session.context)
        // One that was ended in the middle goes on where it can; one that failed begins anew.
        if case .missing = state {
            folder.clear(keeping: effects.items.filter(\.goesOn).compactMap { $0.path.flatMap(PointInputs.inside) })
        } else {
            folder.clear()
        }
        guard chdir(folder.path) == 0 else {
            throw FileError(.unreadable, folder.path, "cannot be entered: \(errorText(errno))")
        }
        let began = MonotonicClock.seconds()
        guard effects.codeHash == sweep.code else {
            throw SweepFault.changedNotebook(path: sweepFolder, notebook: "what \(sweep.notebook) imports")
        }
        // Before there are any links: a point writes into its own folder.
        let agreed = AgreedDeeds(effects)
        // Those known from the text first, so that they are hashed as they are before anything runs.
        for item in effects.items where item.kind == .reads && item.verb != "import" {
            if let path = item.path { inputs.willRead(path) }
        }
        session.onFile = { [unowned self] path, use in noteFile(path, use) }
        session.refusal = { [unowned self] deed in
            // Links make way before it is looked where a path leads.
            if case .writes(let path) = deed, !inputs.willWrite(path) {
                return Refusal("a link to what lies outside of the point's folder is in the way of \(path)")
            }
            return agreed.refusal(deed)
        }
        let changes = sweep.changes(of: point)
        let report = try replay(try copy.setting(changes, session.context))
        if report.isStopped { return 130 }
        try NotebookFile.write(report.recorded.naming(changes), to: Sweep.notebookName)
        NotebookTrust.remember(
            Notebook(SourceText(bytes: report.recorded.bytes, name: folder.path + "/" + Sweep.notebookName)),
            session.context)
        try result(report, seconds: MonotonicClock.seconds() - began).write(to: folder.path)
        return report.exit == .fine || report.exit == .differs ? 0 : ReplayExit.failed.rawValue
    }

    private var copyPath: String { sweepFolder + "/" + Sweep.notebookName }

    private func noteFile(_ path: String, _ use: ParameterKind.PathUse) {
        switch use {
        case .read: inputs.willRead(path)
        // Links made way when it was asked about.
        case .write, .look: break
        }
    }

    // MARK: Running

    private func replay(_ notebook: Notebook) throws -> ReplayReport {
        var replay = Replay(notebook, mode: .update)
        let printer = EventPrinter(writer)
        let screen = NotebookScreen(writer: writer, printer: printer, isJSON: false)
        session.displayOptions = Replay.displayOptions()
        var number = session.nextResultNumber
        replay.onEvent = { [unowned self] event in
            screen.show(event)
            switch event {
            case .session(.progress(let line)): tell(line.plain)
            case .session(.diagnostic(let diagnostic, let source)) where diagnostic.severity == .error:
                failure = PointResult.Failure(
                    code: diagnostic.code.rawValue, message: diagnostic.message,
                    line: source.position(at: diagnostic.span.start).line)
            case .statement(let entry, let lines):
                number = session.nextResultNumber
                tell("line \(entry.lineNumber)  " + (lines.last?.plain ?? ""))
            case .finished(let entry):
                let hasValue = session.nextResultNumber > number
                if entry.cell == Self.resultCell, hasValue { named = session.value(of: "_") }
            case .cell, .session, .notice: break
            }
        }
        let report = try InterruptWatch().during(session.interrupt) { try replay.run { session } }
        printer.finish()
        if report.exit == .fine || report.exit == .differs {
            failure = nil
        } else if let problem = report.problems.first {
            failure = PointResult.Failure(
                code: problem.code.rawValue, message: problem.message,
                line: report.source.position(at: problem.span.start).line)
        }
        return report
    }

    /// Tells the sweep how far it is. The pipe holds thousands of lines, and what does not go into it is lost.
    private func tell(_ line: String) {
        guard let descriptor else { return }
        let bytes = Array((Escaping.neutral(line) + "\n").utf8)
        _ = Glibc.write(descriptor, bytes, bytes.count)
    }

    // MARK: The result

    private func result(_ report: ReplayReport, seconds: Double) throws -> PointResult {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        let isDone = report.exit == .fine || report.exit == .differs
        let value = isDone ? named ?? session.value(of: "_") : nil
        session.onEvent = { _ in }
        session.onFile = { _, _ in }
        return PointResult(
            icot: Icot.version, profile: answer("profile()") ?? "",
            parameters: JSONObject(zip(sweep.parameters, point.values).map { .init($0, $1.json) }),
            failure: isDone ? nil : failure ?? PointResult.Failure(code: "", message: "it did not end", line: nil),
            seconds: seconds, peakBytes: usage.ru_maxrss * 1024,
            value: try value.map { try JSONReader.read(Array($0.json.utf8), path: PointResult.fileName) } ?? .null,
            runHash: isDone ? answer("hash (current_run())") : nil)
    }

    /// What the language answers; nil where that is an error, such as that there is no run.
    private func answer(_ statement: String) -> String? {
        guard session.run(SourceText(statement, name: "sweep")) == .finished else { return nil }
        return session.value(of: "_")?.text
    }
}
