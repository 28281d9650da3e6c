// What a replay found.

import Language
import Support

/// How a replay ends, as the exit status of the program.
public enum ReplayExit: Int32, Sendable {
    case fine = 0
    /// Outputs are not those that are recorded.
    case differs = 1
    /// A statement failed that is not expected to, or the notebook cannot be run.
    case failed = 2
    /// A pinned input is missing or holds something else.
    case inputs = 3
    /// Not done: an unknown version, or a file that changed on disk meanwhile.
    case refused = 4
}

/// What became of the statements that share a line.
public struct EntryReport: Sendable {
    public enum Verdict: String, Sendable {
        /// Its output agrees with the record.
        case same
        case differs
        /// It failed and is not expected to; nothing after it ran.
        case failed
        case interrupted
        /// It ran; nobody compared it.
        case ran
        case notRun
    }

    public let entry: Entry
    /// The title of its cell.
    public let cell: String
    public var verdict: Verdict = .notRun
    public var differences: [Difference] = []
    /// The line of an earlier difference, which may be the cause of this one.
    public var downstreamOf: Int?
    public var seconds = 0.0
    /// What it showed, as lines.
    public var output = OutputBlock()
    /// What it showed, as data.
    public var bundles: [DisplayBundle] = []

    init(_ entry: Entry, cell: String) {
        self.entry = entry
        self.cell = cell
    }

    /// The first line of its code.
    public var title: String { entry.code.split(whereSeparator: \.isNewline).first.map(String.init) ?? "" }
}

public struct ReplayReport: Sendable {
    /// The path of the notebook.
    public let name: String
    public internal(set) var entries: [EntryReport] = []
    /// The pins of the notebook, where they were looked at.
    public internal(set) var inputs: [InputReport] = []
    /// What kept the notebook from being run at all.
    public internal(set) var problems: [Diagnostic] = []
    /// What is odd about the file.
    public internal(set) var findings: [Notebook.Finding] = []
    public internal(set) var isRefused = false
    /// The seconds that the replay was given, where it did not end within them.
    public internal(set) var spentBudget: Double?
    /// The notebook with what was recorded; as it was where nothing was.
    public internal(set) var recorded: Notebook
    /// The text that spans of diagnostics refer to.
    public let source: SourceText

    init(_ notebook: Notebook) {
        name = notebook.name
        recorded = notebook
        source = notebook.code
        findings = notebook.findings
    }

    public var exit: ReplayExit {
        if isRefused { return .refused }
        if inputs.contains(where: { $0.state != .same }) { return .inputs }
        if spentBudget != nil || !problems.isEmpty
            || entries.contains(where: { $0.verdict == .failed || $0.verdict == .interrupted })
        {
            return .failed
        }
        return entries.contains { $0.verdict == .differs } ? .differs : .fine
    }

    public var seconds: Double { entries.reduce(0) { $0 + $1.seconds } }
    /// The first entry whose output is not the recorded one.
    public var firstDivergence: EntryReport? { entries.first { $0.verdict == .differs || $0.verdict == .failed } }

    func count(_ verdict: EntryReport.Verdict) -> Int { entries.count { $0.verdict == verdict } }

    // MARK: - For people

    /// The result in lines: one where all is well, otherwise the first divergence with what is different and the others
    /// in a line each.
    public var lines: [StyledText] {
        var lines: [StyledText] = []
        for finding in findings {
            lines.append(
                StyledText("\(name):\(finding.line): ", .dim)
                    + StyledText(Escaping.neutral(finding.message), .warning))
        }
        for input in inputs where input.state != .same {
            let word =
                input.state == .missing ? "is missing" : "holds something else than when the outputs were recorded"
            lines.append(StyledText("input \(Escaping.neutral(input.path)) \(word)", .error))
        }
        for problem in problems.prefix(10) {
            lines += DiagnosticRenderer(width: 100, showsPlace: true).lines(problem, in: source)
        }
        if !problems.isEmpty { lines.append(StyledText("nothing was run", .dim)) }
        var isFirst = true
        for entry in entries
        where entry.verdict == .differs || entry.verdict == .failed || entry.verdict == .interrupted {
            lines += isFirst ? full(entry) : [brief(entry)]
            isFirst = false
        }
        if let budgetLine { lines.append(budgetLine) }
        lines.append(summary)
        return lines
    }

    /// That the time was up, and at which statement; nil where it was not.
    public var budgetLine: StyledText? {
        guard let spentBudget else { return nil }
        let place =
            entries.last { $0.verdict == .interrupted }.map { "in line \($0.entry.lineNumber)" }
            ?? entries.first { $0.verdict == .notRun }.map { "before line \($0.entry.lineNumber)" }
        return StyledText(
            "the budget of \(NumberText.duration(spentBudget)) was spent" + (place.map { " \($0)" } ?? "")
                + "; nothing more was run", .error)
    }

    private func full(_ report: EntryReport) -> [StyledText] {
        var lines = [place(report)]
        if report.verdict == .interrupted { return [lines[0] + StyledText(" was interrupted", .warning)] }
        for difference in report.differences.prefix(3) {
            if difference.line != report.entry.lineNumber {
                lines.append(StyledText("  line \(difference.line)", .dim))
            }
            lines += difference.lines
        }
        if report.differences.count > 3 {
            lines.append(StyledText("  and \(Phrase.count(report.differences.count - 3, "more line"))", .dim))
        }
        return lines
    }

    private func brief(_ report: EntryReport) -> StyledText {
        var line = place(report)
        line.append(": \(report.differences.first?.reason ?? report.verdict.rawValue)")
        if let first = report.downstreamOf { line.append(", downstream of line \(first)", .dim) }
        return line
    }

    private func place(_ report: EntryReport) -> StyledText {
        StyledText("\(name):\(report.entry.lineNumber): ", .dim)
            + StyledText(Escaping.neutral(report.title), .emphasis)
    }

    private var summary: StyledText {
        var parts: [String] = []
        let same = count(.same)
        let differs = count(.differs)
        if same > 0 { parts.append("\(same) \(same == 1 ? "statement agrees" : "statements agree")") }
        if differs > 0 { parts.append("\(differs) \(differs == 1 ? "differs" : "differ")") }
        if count(.ran) > 0 { parts.append("\(count(.ran)) ran") }
        if count(.failed) > 0 { parts.append("\(count(.failed)) failed") }
        if count(.notRun) > 0, !entries.isEmpty { parts.append("\(count(.notRun)) not run") }
        if parts.isEmpty { parts.append("no statements") }
        var line = StyledText("\(name): ", .dim)
        line.append(parts.joined(separator: ", "), exit == .fine ? .good : .bad)
        line.append("  " + NumberText.duration(seconds), .dim, isVolatile: true)
        return line
    }

    // MARK: - For programs

    public var json: String {
        let inputs = inputs.map { input -> JSONValue in
            ["path": .string(input.path), "state": .string(input.state.rawValue)]
        }
        let problems = problems.map { problem -> JSONValue in
            let line = source.position(at: problem.span.start).line
            return [
                "line": JSONValue(line), "code": .string(problem.code.rawValue), "message": .string(problem.message),
            ]
        }
        let findings = findings.map { finding -> JSONValue in
            ["line": JSONValue(finding.line), "message": .string(finding.message)]
        }
        let report: JSONValue = [
            "notebook": .string(name), "exit": JSONValue(Int(exit.rawValue)), "seconds": JSONValue(seconds),
            "same": JSONValue(count(.same)), "differs": JSONValue(count(.differs)),
            "budget_spent": .bool(spentBudget != nil), "inputs": .array(inputs), "problems": .array(problems),
            "findings": .array(findings), "statements": .array(entries.map(\.json)),
        ]
        return JSONWriter.text(report, .compact)
    }

    /// The report as JUnit reads it: a suite for the notebook, a case for each entry.
    public var junit: String {
        let problemCount = problems.count + inputs.count { $0.state != .same }
        let failed = count(.failed) + count(.interrupted)
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text +=
            "<testsuites>\n<testsuite name=\"\(Escaping.xml(name))\" tests=\"\(entries.count + problemCount)\" "
            + "failures=\"\(count(.differs))\" errors=\"\(failed + problemCount)\" skipped=\"\(count(.notRun))\" "
            + "time=\"\(seconds)\">\n"
        for problem in problems {
            let line = source.position(at: problem.span.start).line
            text +=
                "<testcase classname=\"\(Escaping.xml(name))\" name=\"line \(line)\"><error "
                + "message=\"\(Escaping.xml("\(problem.code.rawValue) \(problem.message)"))\"/></testcase>\n"
        }
        for input in inputs where input.state != .same {
            text +=
                "<testcase classname=\"\(Escaping.xml(name))\" name=\"input \(Escaping.xml(input.path))\"><error "
                + "message=\"\(input.state.rawValue)\"/></testcase>\n"
        }
        for report in entries {
            let name = "line \(report.entry.lineNumber): \(report.title)"
            text +=
                "<testcase classname=\"\(Escaping.xml(self.name))\" name=\"\(Escaping.xml(name))\" "
                + "time=\"\(report.seconds)\">"
            switch report.verdict {
            case .same, .ran: break
            case .notRun: text += "<skipped/>"
            case .differs, .failed, .interrupted:
                let tag = report.verdict == .differs ? "failure" : "error"
                let reason = report.differences.first?.reason ?? report.verdict.rawValue
                let message = report.downstreamOf.map { "\(reason) (downstream of line \($0))" } ?? reason
                let body = report.differences.map {
                    "line \($0.line)\nrecorded: \($0.recorded ?? "-")\ngot: \($0.got ?? "-")\n\($0.reason)"
                }.joined(separator: "\n\n")
                text += "<\(tag) message=\"\(Escaping.xml(message))\">\(Escaping.xml(body, keepsLines: true))</\(tag)>"
            }
            text += "</testcase>\n"
        }
        return text + "</testsuite>\n</testsuites>\n"
    }
}

extension EntryReport {
    fileprivate var json: JSONValue {
        let differences = differences.map { difference -> JSONValue in
            [
                "line": JSONValue(difference.line), "recorded": difference.recorded.map(JSONValue.string) ?? .null,
                "got": difference.got.map(JSONValue.string) ?? .null, "reason": .string(difference.reason),
            ]
        }
        return [
            "line": JSONValue(entry.lineNumber), "cell": .string(cell), "code": .string(entry.code),
            "verdict": .string(verdict.rawValue), "seconds": JSONValue(seconds),
            "downstream_of": downstreamOf.map { JSONValue($0) } ?? .null, "differences": .array(differences),
            "output": .array(output.lines.map { .string($0.line) }),
        ]
    }
}
