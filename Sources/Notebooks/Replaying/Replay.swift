// Runs a notebook in sessions that the caller makes, statement by statement, and compares or records what they show.
//
// The whole text is checked before its first line runs: an error found then, unless the record expects it, ends the
// replay with nothing run. While running, an error that is not recorded ends it; an interrupt does too.

import Glibc
import Language
import Support

/// What a listener hears while a notebook runs, in order.
public enum ReplayEvent {
    /// A cell begins; its prose where it is not code.
    case cell(Cell, prose: [String])
    /// A statement is about to run: its lines, with the comments directly above.
    case statement(Entry, lines: [StyledText])
    /// What the session says while it runs.
    case session(SessionEvent)
    case finished(EntryReport)
    /// A sentence for the person who watches, such as a changed input.
    case notice(StyledText)
}

public struct Replay {
    public enum Mode {
        /// Runs and compares nothing: `icot FILE.icot`.
        case show
        /// Compares with the record.
        case check
        /// Records what is different.
        case update
        /// Asks for each statement with another output whether to record it.
        case promote((EntryReport) -> Answer)
        /// Runs two times in two sessions and compares these.
        case twice
    }

    /// What a person says to a new output.
    public enum Answer: Sendable { case record, keep, recordAll, stop }

    /// What a notebook's session shows its output in: the same on every machine, so that records compare.
    public static func displayOptions(wantsSVG: Bool = false) -> DisplayOptions {
        DisplayOptions(width: 100, wantsSVG: wantsSVG)
    }

    public var notebook: Notebook
    public var mode: Mode
    /// `--only`: compares and records only the cell of this title. Cells before it run for their state, later ones do
    /// not.
    public var only: String?
    /// `--from`: compares and records from the cell of this title on; those before it run for their state.
    public var from: String?
    /// `--budget`: seconds after which the statement at hand is stopped and nothing more runs.
    public var budget: Double?
    public var onEvent: (ReplayEvent) -> Void = { _ in }

    public init(_ notebook: Notebook, mode: Mode = .show) {
        self.notebook = notebook
        self.mode = mode
    }

    /// Runs the notebook. A session is made for each pass.
    public func run(_ makeSession: () throws -> Session) throws -> ReplayReport {
        var report = ReplayReport(notebook)
        if let version = notebook.header.version, version != Notebook.languageVersion {
            report.isRefused = true
            return report
        }
        let range = try chosenCells()
        guard inputsAllowRunning(&report) else { return report }
        func session() throws -> Session {
            let session = try makeSession()
            if isRecording || isComparing, let width = notebook.header.width { session.displayOptions.width = width }
            return session
        }
        let deadline = budget.map { Deadline(seconds: $0) }
        defer { deadline?.watch(nil) }
        // A notebook may go to other folders; each pass begins where the first did.
        try FileSystem.returning { pass(try session(), range, deadline, &report) }
        if case .twice = mode, report.exit == .fine {
            var second = ReplayReport(notebook)
            try FileSystem.returning { pass(try session(), range, deadline, &second) }
            compare(&report, with: second)
            report.spentBudget = second.spentBudget
        }
        return report
    }

    // MARK: - Before

    /// The errors that would keep the notebook from being run in such a session.
    public func problems(in session: Session) -> [Diagnostic] {
        let prepared = session.prepare(notebook.code)
        return problems(
            prepared.diagnostics,
            notebook.entries(statements: prepared.statements, diagnostics: prepared.diagnostics))
    }

    /// The cells that are compared or recorded.
    private func chosenCells() throws(NotebookError) -> Range<Int> {
        func index(_ title: String) throws(NotebookError) -> Int {
            let cells = notebook.cells
            if let exact = cells.firstIndex(where: { $0.title == title && $0.isCode })
                ?? cells.firstIndex(where: { $0.title == title })
            {
                return exact
            }
            let near = cells.indices.filter {
                cells[$0].isCode && cells[$0].title.lowercased().hasPrefix(title.lowercased()) && !title.isEmpty
            }
            if near.count == 1 { return near[0] }
            let titles = cells.map(\.title).filter { !$0.isEmpty }
            throw .unknownCell(title: title, nearest: Suggestions.nearest(to: title, among: titles).first)
        }
        if let only {
            let cell = try index(only)
            return cell..<cell + 1
        }
        if let from { return try index(from)..<notebook.cells.count }
        return 0..<notebook.cells.count
    }

    /// Looks at the pins. A comparison means nothing with other inputs, so it ends here.
    private func inputsAllowRunning(_ report: inout ReplayReport) -> Bool {
        let inputs = notebook.header.pins.map { InputReport($0) }
        let odd = inputs.filter { $0.state != .same }
        switch mode {
        case .check, .promote, .twice:
            report.inputs = inputs
            return odd.isEmpty
        case .show, .update:
            for input in odd {
                let words = input.state == .missing ? "is missing" : "has changed since the outputs were recorded"
                onEvent(.notice(StyledText("input \(Escaping.neutral(input.path)) \(words)", .warning)))
            }
            return true
        }
    }

    // MARK: - A pass

    private func pass(_ session: Session, _ range: Range<Int>, _ deadline: Deadline?, _ report: inout ReplayReport) {
        let prepared = session.prepare(notebook.code)
        let entries = notebook.entries(statements: prepared.statements, diagnostics: prepared.diagnostics)
        report.findings = (notebook.findings + notebook.strayOutputs(entries)).sorted { $0.line < $1.line }
        report.entries = entries.map {
            EntryReport($0, cell: notebook.cells.indices.contains($0.cell) ? notebook.cells[$0.cell].title : "")
        }
        report.problems = problems(prepared.diagnostics, entries)
        if !report.problems.isEmpty { return }
        let inputs = InputWatch(isRecording ? EffectsReport(notebook, session.context).inputs : [])
        let listener = session.onFile
        defer { session.onFile = listener }
        if isRecording {
            session.onFile = { path, use in
                // First whoever sees to it that the file is there, then its hash.
                listener(path, use)
                inputs.note(path, use)
            }
        }
        let lines = Highlighter.lines(notebook.code, session.context)
        deadline?.watch(session.interrupt)
        let runner = EntryRunner(session, prepared, onEvent)
        var cell = 0
        var firstDifference: Int?
        run: for index in entries.indices {
            let entry = entries[index]
            if entry.cell >= range.upperBound { break }
            if deadline?.isPassed == true {
                report.spentBudget = budget
                break
            }
            announce(&cell, upTo: entry.cell)
            onEvent(.statement(entry, lines: shown(entry, lines)))
            let isChosen = range.contains(entry.cell)
            runner.run(&report.entries[index])
            judge(&report.entries[index], isChosen: isChosen, &firstDifference)
            onEvent(.finished(report.entries[index]))
            switch report.entries[index].verdict {
            case .interrupted where deadline?.isPassed == true:
                report.spentBudget = budget
                break run
            case .failed, .interrupted: break run
            case .same, .differs, .ran, .notRun: break
            }
        }
        if report.spentBudget == nil, report.entries.allSatisfy({ $0.verdict != .failed && $0.verdict != .interrupted })
        {
            announce(&cell, upTo: min(range.upperBound, notebook.cells.count) - 1)
        }
        if isRecording { record(&report, range, inputs) }
    }

    private var isRecording: Bool {
        switch mode {
        case .update, .promote: true
        case .show, .check, .twice: false
        }
    }

    private var isComparing: Bool {
        switch mode {
        case .show, .twice: false
        case .check, .update, .promote: true
        }
    }

    /// Errors found before running that no record expects.
    private func problems(_ diagnostics: [Diagnostic], _ entries: [Entry]) -> [Diagnostic] {
        let expected = entries.filter(\.expectsError)
        return diagnostics.filter { diagnostic in
            guard diagnostic.severity == .error else { return false }
            return !expected.contains { $0.expects(diagnostic.code) && $0.diagnostics.contains(diagnostic) }
        }
    }

    /// Tells the listener of cells that begin before the next statement.
    private func announce(_ cell: inout Int, upTo last: Int) {
        while cell <= last, cell < notebook.cells.count {
            let next = notebook.cells[cell]
            onEvent(.cell(next, prose: next.isCode ? [] : notebook.prose(next)))
            cell += 1
        }
    }

    /// The lines of an entry with the comments directly above it.
    private func shown(_ entry: Entry, _ lines: [StyledText]) -> [StyledText] {
        var first = entry.lines.lowerBound
        while first > notebook.header.lines.upperBound, lines.indices.contains(first - 1),
            lines[first - 1].runs.first?.style == .comment, notebook.line(first - 1).hasPrefix("#")
        { first -= 1 }
        return (first..<entry.lines.upperBound).compactMap { lines.indices.contains($0) ? lines[$0] : nil }
    }

    // MARK: - After a statement

    private func judge(_ report: inout EntryReport, isChosen: Bool, _ firstDifference: inout Int?) {
        guard report.verdict == .ran || report.verdict == .failed else { return }
        // An error where one is recorded is a matter of comparing, whichever it is.
        if report.verdict == .failed, report.entry.expectsError { report.verdict = .ran }
        if report.verdict == .failed {
            report.differences = Comparison.differences(report.entry, report.output).filter { $0.got != nil }
            return
        }
        guard isComparing, isChosen else { return }
        report.differences = Comparison.differences(report.entry, report.output)
        report.verdict = report.differences.isEmpty ? .same : .differs
        if report.verdict == .differs {
            report.downstreamOf = firstDifference
            firstDifference = firstDifference ?? report.entry.lineNumber
        }
    }

    /// The second pass against the first: only volatile text may be another.
    private func compare(_ report: inout ReplayReport, with second: ReplayReport) {
        var firstDifference: Int?
        for index in report.entries.indices where second.entries.indices.contains(index) {
            let one = report.entries[index].output.lines.filter { $0.kind != .picture }
            let two = second.entries[index].output.lines.filter { $0.kind != .picture }
            let line = report.entries[index].entry.lineNumber
            var differences: [Difference] = []
            for place in 0..<max(one.count, two.count) {
                let old = one.indices.contains(place) ? one[place] : nil
                let new = two.indices.contains(place) ? two[place] : nil
                if old?.kind == new?.kind, OutputText.masked(old?.text ?? "") == OutputText.masked(new?.text ?? "") {
                    continue
                }
                differences.append(
                    Difference(
                        recorded: old?.text, got: new?.text,
                        reason: "the second time it came out otherwise and is not marked as volatile", line: line))
            }
            report.entries[index].differences = differences
            report.entries[index].verdict =
                second.entries[index].verdict == .ran
                ? (differences.isEmpty ? .same : .differs) : second.entries[index].verdict
            if !differences.isEmpty {
                report.entries[index].downstreamOf = firstDifference
                firstDifference = firstDifference ?? line
            }
        }
    }

    // MARK: - Recording

    /// Writes what ran into a copy of the notebook. What did not run, or was interrupted, keeps its record.
    private func record(_ report: inout ReplayReport, _ range: Range<Int>, _ inputs: InputWatch) {
        var outputs: [Int: OutputBlock] = [:]
        var recordsAll = true
        var ask: ((EntryReport) -> Answer)?
        if case .promote(let callback) = mode {
            ask = callback
            recordsAll = false
        }
        entries: for entry in report.entries where range.contains(entry.entry.cell) {
            switch entry.verdict {
            case .notRun, .interrupted, .ran: continue
            case .same, .differs, .failed: break
            }
            let block = Recording.block(entry.entry.recorded, entry.output)
            if let ask, !recordsAll, entry.verdict != .same {
                switch ask(entry) {
                case .record: break
                case .keep: continue
                case .recordAll: recordsAll = true
                case .stop: break entries
                }
            }
            outputs[entry.entry.index] = block
        }
        var notebook = notebook.recording(outputs, of: report.entries.map(\.entry))
        if only == nil, from == nil { notebook = notebook.pinning(inputs.pins(after: notebook.header.pins)) }
        report.recorded = notebook
        settle(&report, outputs)
    }

    /// What is recorded is no difference any more.
    private func settle(_ report: inout ReplayReport, _ outputs: [Int: OutputBlock]) {
        for index in report.entries.indices
        where report.entries[index].verdict == .differs && outputs[report.entries[index].entry.index] != nil {
            report.entries[index].verdict = .same
        }
    }
}

/// Runs the statements of entries in a session and gathers what they show.
struct EntryRunner {
    private let session: Session
    private let prepared: Session.Prepared
    private let onEvent: (ReplayEvent) -> Void

    init(_ session: Session, _ prepared: Session.Prepared, _ onEvent: @escaping (ReplayEvent) -> Void) {
        self.session = session
        self.prepared = prepared
        self.onEvent = onEvent
    }

    /// Fills in output, time and the verdict `ran`, `failed` or `interrupted`.
    func run(_ report: inout EntryReport) {
        var output = OutputBlock()
        var bundles: [DisplayBundle] = []
        let previous = session.onEvent
        session.onEvent = { event in
            output.append(event)
            if case .output(let bundle) = event { bundles.append(bundle) }
            onEvent(.session(event))
        }
        let start = MonotonicClock.seconds()
        let outcome = outcome(of: report.entry)
        report.seconds = MonotonicClock.seconds() - start
        session.onEvent = previous
        report.output = output
        report.bundles = bundles
        switch outcome {
        case .finished: report.verdict = .ran
        case .failed: report.verdict = .failed
        case .interrupted: report.verdict = .interrupted
        }
    }

    private func outcome(of entry: Entry) -> Session.Outcome {
        for statement in entry.statements {
            let outcome = session.run(prepared, statement: statement)
            if outcome != .finished { return outcome }
        }
        // Code that could not be read fails with what was said of it.
        if entry.statements.isEmpty, let first = entry.diagnostics.first(where: { $0.severity == .error }) {
            session.onEvent(.diagnostic(first, prepared.source))
            return .failed(first.code)
        }
        return .finished
    }
}
