// The output of a statement as lines: read from a file, or gathered from the events of a session.

import Language
import Support

public struct OutputBlock: Sendable, Equatable {
    public var lines: [OutputLine]

    public init(_ lines: [OutputLine] = []) { self.lines = lines }

    public var isEmpty: Bool { lines.isEmpty }

    func lines(_ kind: OutputLine.Kind) -> [OutputLine] { lines.filter { $0.kind == kind } }

    /// The codes of the errors in it; an empty code stands for any error.
    public var errorCodes: [String] { lines(.error).map(\.code) }

    // MARK: - From events

    /// Adds what an event leaves behind in a notebook: nothing for progress, which only matters while it lasts.
    public mutating func append(_ event: SessionEvent) {
        switch event {
        case .output(let bundle):
            for line in bundle.lines { append(.result, line) }
            for line in bundle.picture { append(.picture, line) }
        case .diagnostic(let diagnostic, _):
            let text = "\(diagnostic.code.rawValue) \(diagnostic.message)"
            switch diagnostic.severity {
            case .error: append(.error, StyledText(text))
            case .warning: append(.picture, StyledText("warning: \(text)"))
            }
        case .timed(let seconds): append(.picture, StyledText(NumberText.duration(seconds), isVolatile: true))
        case .progress, .panel, .progressEnded: break
        }
    }

    /// A line with line ends in it is several.
    private mutating func append(_ kind: OutputLine.Kind, _ line: StyledText) {
        var current = StyledText()
        for run in line.runs {
            let parts = run.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            for (index, part) in parts.enumerated() {
                if index > 0 {
                    lines.append(OutputLine(kind, current))
                    current = StyledText()
                }
                current.append(String(part), run.style, isVolatile: run.isVolatile)
            }
        }
        lines.append(OutputLine(kind, current))
    }

    // MARK: - Length

    static let lengthMax = 200
    static let endLength = 20

    /// What stands for the middle of a long output.
    struct Omission: Equatable {
        var count: Int
        /// nil for pictures.
        var hash: String?

        init(count: Int, hash: String?) {
            self.count = count
            self.hash = hash
        }

        /// From `… 4312 lines sha256:hex`.
        init?(_ text: String) {
            let words = text.split(separator: " ")
            guard words.count == 3 || words.count == 4, words[0] == "…", words[2] == "lines", let count = Int(words[1]),
                count > 0
            else { return nil }
            self.count = count
            guard words.count == 4 else { return }
            guard words[3].hasPrefix("sha256:") else { return nil }
            hash = String(words[3].dropFirst(7))
        }

        var text: String { "… \(count) lines" + (hash.map { " sha256:\($0)" } ?? "") }
    }

    /// The block as it is written: long output without its middle.
    public var shortened: OutputBlock {
        var block = self
        for kind in [OutputLine.Kind.result, .picture] {
            let places = block.lines.indices.filter { block.lines[$0].kind == kind }
            guard places.count > OutputBlock.lengthMax else { continue }
            let left = places[OutputBlock.endLength..<(places.count - OutputBlock.endLength)]
            let hash = kind == .result ? OutputBlock.hash(left.map { block.lines[$0] }) : nil
            let line = OutputLine(kind, written: Omission(count: left.count, hash: hash).text)
            let gone = Set(left)
            var lines: [OutputLine] = []
            for (index, old) in block.lines.enumerated() {
                if index == left.first { lines.append(line) }
                if !gone.contains(index) { lines.append(old) }
            }
            block.lines = lines
        }
        return block
    }

    static func hash(_ lines: some Sequence<OutputLine>) -> String {
        var hash = SHA256()
        for line in lines { hash.update((OutputText.masked(line.text) + "\n")) }
        return hash.finalizeHex()
    }
}
