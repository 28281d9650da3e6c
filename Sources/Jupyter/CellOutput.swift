// What a session tells while a cell runs, as messages: printed text as a stream, values as results, pictures as SVG
// beside their text, errors with the underlined words, progress as one output that is painted over.

import Language
import Support

final class CellOutput {
    private let outbox: Outbox
    private let request: Request
    private let count: Int
    private let isSilent: Bool
    /// All text shown, for the history.
    private(set) var text = ""
    /// `ename`, `evalue` and `traceback` if the cell failed.
    private(set) var failure: JSONValue?
    private var errors: [(diagnostic: Diagnostic, source: SourceText)] = []
    private var progressID: String?
    private var progressTime = -Double.infinity
    private var lateProgress: StyledText?

    init(_ outbox: Outbox, _ request: Request, count: Int, isSilent: Bool) {
        self.outbox = outbox
        self.request = request
        self.count = count
        self.isSilent = isSilent
    }

    func show(_ event: SessionEvent) {
        switch event {
        case .output(let bundle): show(bundle)
        case .progress(let line): progress(line)
        case .panel: break
        case .progressEnded: endProgress()
        case .diagnostic(let diagnostic, let source):
            if diagnostic.severity == .error {
                errors.append((diagnostic, source))
            } else {
                stream("stderr", DiagnosticRenderer(width: 100).text(diagnostic, in: source) + "\n")
            }
        case .timed(let seconds): stream("stderr", "took \(NumberText.duration(seconds))\n")
        }
    }

    /// Says how the cell ended, where it did not end well.
    func finish(_ outcome: Session.Outcome) {
        endProgress()
        guard outcome != .finished else { return }
        let first = errors.first?.diagnostic
        let name = first?.code.rawValue ?? (outcome == .interrupted ? DiagnosticCode.interrupted.rawValue : "error")
        let lines = errors.flatMap { DiagnosticRenderer(width: 100).lines($0.diagnostic, in: $0.source).map(ANSI.text) }
        let failure: JSONValue = [
            "ename": .string(name), "evalue": .string(first?.message ?? "stopped"),
            "traceback": .array(lines.isEmpty ? ["stopped"] : lines.map { .string($0) }),
        ]
        self.failure = failure
        if !isSilent { outbox.publish("error", failure, parent: request) }
    }

    private func show(_ bundle: DisplayBundle) {
        let lines = bundle.lines + (bundle.svg == nil ? bundle.picture : [])
        let plain = lines.map(\.plain).joined(separator: "\n")
        text += plain + "\n"
        guard !isSilent else { return }
        if let svg = bundle.svg {
            let shown = (bundle.lines + bundle.picture).map(\.plain).joined(separator: "\n")
            outbox.publish(
                "display_data",
                [
                    "data": ["image/svg+xml": .string(svg), "text/plain": .string(shown)], "metadata": [:],
                    "transient": [:],
                ], parent: request)
        } else if let json = bundle.json, json != Escaping.json(plain) {
            // A value; what a command or `print` shows on its way is text, with no JSON or the same text as JSON.
            outbox.publish(
                "execute_result",
                [
                    "execution_count": JSONValue(count),
                    "data": bundle.html.map { ["text/html": .string($0), "text/plain": .string(plain)] }
                        ?? ["text/plain": .string(plain)], "metadata": [:],
                ], parent: request)
        } else {
            stream("stdout", plain + "\n")
        }
    }

    private func stream(_ name: String, _ text: String) {
        if !isSilent { outbox.publish("stream", ["name": .string(name), "text": .string(text)], parent: request) }
    }

    // MARK: Progress

    private func progress(_ line: StyledText) {
        guard !isSilent else { return }
        lateProgress = line
        let now = MonotonicClock.seconds()
        guard now - progressTime >= 0.25 else { return }
        progressTime = now
        showProgress()
    }

    private func showProgress() {
        guard let line = lateProgress else { return }
        lateProgress = nil
        let type = progressID == nil ? "display_data" : "update_display_data"
        let id = progressID ?? Identifier.random()
        progressID = id
        outbox.publish(
            type,
            ["data": ["text/plain": .string(line.plain)], "metadata": [:], "transient": ["display_id": .string(id)]],
            parent: request)
    }

    /// The last line stays, in one output however often it changed; work too short to be seen leaves none.
    private func endProgress() {
        if progressID != nil { showProgress() }
        (progressID, lateProgress, progressTime) = (nil, nil, -Double.infinity)
    }
}

/// The colours of an error for the front ends, which read the codes of a terminal there.
enum ANSI {
    static func text(_ line: StyledText) -> String {
        line.runs.map { run in
            let text = Escaping.neutral(run.text)
            guard let code = code(for: run.style) else { return text }
            return "\u{1b}[\(code)m\(text)\u{1b}[0m"
        }.joined()
    }

    private static func code(for style: Style) -> String? {
        switch style {
        case .error: "1;31"
        case .warning: "33"
        case .emphasis: "1"
        case .good: "36"
        case .dim: "2"
        default: nil
        }
    }
}
