// Replaying a notebook for `icot FILE.icot` and `icot replay`.

import ArgumentParser
import Console
import Language
import Notebooks
import Support

struct NotebookReplay {
    enum Purpose: Equatable {
        case show, check, update, promote, twice
        /// Compares and says how long each cell takes.
        case rehearse(slowAfter: Double)
    }

    let path: String
    let shared: SharedOptions
    var purpose = Purpose.show
    var parameters: [String] = []
    var only: String?
    var from: String?
    var junit: String?
    /// Seconds that it may take.
    var budget: Double?
    /// Whether the person agreed to its effects.
    var isTrusted = false
    /// Where what is recorded goes; over the notebook itself where it is nil.
    var output: String?
    private let writer = TerminalWriter()

    init(path: String, shared: SharedOptions) {
        self.path = path
        self.shared = shared
    }

    /// Runs the notebook; throws the exit status.
    func run() throws {
        let printer = EventPrinter(writer, form: shared.json ? .json : .text)
        let session = Host.session(shared, notebook: path)
        let context = session.context
        let output = output.map(FileSystem.absolute)
        let junit = junit.map(FileSystem.absolute)
        var (file, pathFromHere, deeds) = try NotebookEntry.open(
            path, in: session, isTrusted: isTrusted, asks: !shared.json)
        deeds.hold(session)
        var replay = Replay(file.notebook, mode: mode)
        replay.budget = budget
        do { replay.notebook = try NotebookInput.setting(parameters, in: file.notebook, context) } catch {
            throw NotebookInput.refused(error)
        }
        (replay.only, replay.from) = (only, from)
        let screen = NotebookScreen(writer: writer, printer: printer, isJSON: shared.json)
        replay.onEvent = { event in
            if isShown { return screen.show(event) }
            // A comparison is quiet but for how far it is.
            if case .session(.progress(let line)) = event { writer.progress(line) }
            if case .finished = event { writer.endProgress() }
            if case .notice(let line) = event { writer.printError([line]) }
        }
        let report = try run(replay, session, pathFromHere, isShown ? printer.displayOptions : Replay.displayOptions())
        printer.finish()
        try finish(report, &file, output, junit)
        // What was recorded was run here.
        if purpose == .update || purpose == .promote {
            NotebookTrust.remember(Notebook(SourceText(bytes: report.recorded.bytes, name: output ?? path)), context)
        }
        throw ExitCode(TextRun.complain(writer, report.isStopped ? 130 : report.exit.rawValue))
    }

    private var isShown: Bool { purpose == .show }

    private var mode: Replay.Mode {
        switch purpose {
        case .show: .show
        case .check, .rehearse: .check
        case .update: .update
        case .promote: .promote { ask($0) }
        case .twice: .twice
        }
    }

    /// Runs with Ctrl-C stopping the session at hand; the first pass is that of `session`.
    private func run(
        _ replay: Replay, _ session: Session, _ path: String, _ options: DisplayOptions
    ) throws -> ReplayReport {
        let interrupts = InterruptWatch()
        var first: Session? = session
        do {
            return try interrupts.during(session.interrupt) {
                try replay.run {
                    let next = first ?? Host.session(shared, notebook: path)
                    first = nil
                    (next.refusal, next.mayReplace) = (session.refusal, session.mayReplace)
                    next.displayOptions = options
                    interrupts.redirect(to: next.interrupt)
                    return next
                }
            }
        } catch let error as NotebookError {
            throw NotebookInput.refused(error)
        }
    }

    private func ask(_ entry: EntryReport) -> Replay.Answer {
        writer.endProgress()
        writer.print(
            [StyledText("line \(entry.entry.lineNumber): ", .dim) + StyledText(entry.title, .emphasis)]
                + entry.differences.flatMap(\.lines))
        while true {
            writer.ask("record it? y yes, n no, a all, q stop: ")
            guard let line = readLine() else { return .stop }
            switch line.trimming(" ").lowercased() {
            case "y", "yes": return .record
            case "n", "no": return .keep
            case "a", "all": return .recordAll
            case "q", "stop", "quit": return .stop
            default: continue
            }
        }
    }

    private func lines(of report: ReplayReport) -> [StyledText] {
        guard case .rehearse(let slow) = purpose else { return report.lines }
        return report.rehearsal(slowAfter: slow) + report.lines
    }

    /// Whether anything was written.
    private func record(
        _ report: ReplayReport, _ file: inout NotebookFile, _ output: String?
    ) throws(NotebookError) -> Bool {
        guard let output else { return try file.write(report.recorded) }
        var pairs: [(name: String, value: String)] = []
        for parameter in parameters { pairs.append(try Notebook.parameter(parameter)) }
        try NotebookFile.write(report.recorded.naming(pairs), to: output)
        return true
    }

    private func finish(_ report: ReplayReport, _ file: inout NotebookFile, _ output: String?, _ junit: String?) throws
    {
        do {
            if purpose == .update || purpose == .promote, !report.isRefused, report.problems.isEmpty,
                report.exit != .inputs, try record(report, &file, output), !shared.json
            {
                writer.print([StyledText("recorded in \(self.output ?? file.path)", .good)])
            }
            if let junit { try NotebookFile.write(Array(report.junit.utf8), to: junit) }
        } catch {
            throw NotebookInput.refused(error)
        }
        if !isShown {
            if shared.json { writer.print(verbatim: report.json) } else { writer.print(lines(of: report)) }
        } else if let line = report.budgetLine {
            writer.printError([line])
        } else if report.exit != .fine, !report.isStopped {
            // What failed while running was shown as it happened.
            if !report.problems.isEmpty || report.isRefused {
                writer.printError(report.isRefused ? report.refusal : report.lines)
            }
        }
        writer.flush()
    }
}

extension Notebook {
    /// Whether this icot knows its version.
    var canRun: Bool { header.version.map { $0 == Notebook.languageVersion } ?? true }
}

extension ReplayReport {
    /// Whether a person stopped it.
    var isStopped: Bool { spentBudget == nil && entries.contains { $0.verdict == .interrupted } }

    /// Why nothing was run.
    var refusal: [StyledText] {
        [StyledText("icot: \(NotebookInput.otherVersion(name))", .error)]
    }
}

extension String {
    func trimming(_ character: Character) -> String {
        String(drop { $0 == character }.reversed().drop { $0 == character }.reversed())
    }
}
