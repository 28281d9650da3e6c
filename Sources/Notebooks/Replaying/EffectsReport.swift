// What a notebook would read, write and start, from its text alone. Nothing is run and no file is touched.

import Language

public struct EffectsReport: Sendable {
    public enum Kind: String, Sendable { case reads, writes, runs }

    public struct Item: Sendable, Equatable {
        public var kind: Kind
        /// nil where the text does not tell.
        public var path: String?
        public var verb: String
        /// As people count.
        public var line: Int
    }

    /// In the order of the text.
    public var items: [Item] = []
    public var changesRun = false
    /// What keeps the text from being read whole; then the list may lack something.
    public var diagnostics: [Diagnostic]
    public let source: SourceText

    public init(_ notebook: Notebook, _ context: LanguageContext) {
        source = notebook.code
        let parsed = Parser.parse(source, context)
        let effects = Effects.of(parsed, context)
        changesRun = effects.changesRun
        diagnostics = parsed.diagnostics
        add(.reads, effects.reads)
        add(.writes, effects.writes)
        add(.runs, effects.programs)
        items.sort { $0.line < $1.line }
    }

    private mutating func add(_ kind: Kind, _ uses: [Effects.FileUse]) {
        for use in uses { items.append(Item(kind: kind, path: use.path, verb: use.verb, line: source.line(at: use.span.start) + 1)) }
    }

    /// For people.
    public var lines: [StyledText] {
        var lines: [StyledText] = []
        for item in items {
            var line = StyledText(item.kind.rawValue.padded(to: 7), item.kind == .reads ? .plain : .warning)
            switch (item.kind, item.path) {
            case (.runs, _): line.append("a program of the system", .emphasis)
            case (_, let path?): line.append(DiagnosticRenderer.neutral(path.debugDescription), .string)
            case (_, nil): line.append("a path that is only known while running", .emphasis)
            }
            line.append("  \(item.verb), line \(item.line)", .dim)
            lines.append(line)
        }
        if items.isEmpty { lines.append("no files, no programs") }
        if changesRun { lines.append(StyledText("changes the current run: weights, schedule or timeline", .dim)) }
        if let first = diagnostics.first {
            let place = source.position(at: first.span.start)
            lines.append(StyledText("the text cannot be read whole, so nothing of it would run: line \(place.line), \(first.code.rawValue) \(DiagnosticRenderer.neutral(first.message))", .warning))
        }
        return lines
    }

    public var json: String {
        let list = items.map { item in
            JSON.object([
                ("kind", .string(item.kind.rawValue)), ("path", item.path.map(JSON.string) ?? .null), ("verb", .string(item.verb)), ("line", .integer(item.line)),
            ])
        }
        return JSON.object([("effects", .array(list)), ("changes_run", .boolean(changesRun)), ("is_whole", .boolean(diagnostics.isEmpty))]).text
    }

    /// The paths that the notebook reads and does not write itself before; those known from the text.
    var inputs: [String] {
        var written: [String] = []
        var inputs: [String] = []
        for item in items {
            guard let path = item.path else { continue }
            switch item.kind {
            case .writes: written.append(path)
            case .reads:
                let isOwn = written.contains { path == $0 || path.hasPrefix($0 + "/") }
                if !isOwn, !inputs.contains(path) { inputs.append(path) }
            case .runs: break
            }
        }
        return inputs
    }
}

extension String {
    func padded(to width: Int) -> String { count < width ? self + String(repeating: " ", count: width - count) : self }
}
