// What a notebook would read, write and start, from its text and that of the files it imports. Nothing is run.

import Language
import Support

public struct EffectsReport: Sendable {
    public enum Kind: String, Sendable { case reads, writes, runs, enters, asks }

    public struct Item: Sendable, Equatable {
        public var kind: Kind
        /// Of a server its address; nil where the text does not tell.
        public var path: String?
        public var verb: String
        /// As people count.
        public var line: Int
        /// The imported file in which it stands; nil for the notebook itself.
        public var file: String?
        /// Whether it goes on with what it wrote there at another time.
        public var goesOn = false
    }

    /// In the order of the text.
    public var items: [Item] = []
    public var changes: [Effects.Change] = []
    /// What keeps the text from being read whole; then the list may lack something.
    public var diagnostics: [Diagnostic]
    public let source: SourceText
    /// The files that it imports, and those that they import.
    private(set) var imported: [SourceText] = []

    public init(_ notebook: Notebook, _ context: LanguageContext) {
        source = notebook.code
        let parsed = Parser.parse(source, context)
        diagnostics = parsed.diagnostics
        add(Effects.of(parsed, context), in: source, file: nil)
        follow(items, from: NotebookFile.folder(of: notebook.name), context)
        followFolders()
    }

    /// After `cd("x")` relative paths lead elsewhere: as far as the lines of the text tell, in their order. What an
    /// imported file does, and where it goes, depends on when it is called, so its paths are not known then.
    private mutating func followFolders() {
        guard items.contains(where: { $0.kind == .enters }) else { return }
        var folder: String? = items.contains { $0.kind == .enters && $0.file != nil } ? nil : ""
        for index in items.indices where items[index].verb != "import" {
            let item = items[index]
            switch item.kind {
            case .enters where item.file == nil:
                folder = item.path.flatMap { path in
                    path.hasPrefix("/") || path.hasPrefix("~") ? path : folder.map { FileSystem.joined($0, path) }
                }
            case .reads, .writes:
                guard let path = item.path, !path.hasPrefix("/"), !path.hasPrefix("~") else { continue }
                items[index].path = item.file == nil ? folder.map { FileSystem.joined($0, path) } : nil
            case .enters, .runs, .asks: break
            }
        }
    }

    private mutating func add(_ effects: Effects, in source: SourceText, file: String?) {
        var found: [Item] = []
        for (kind, uses) in [
            (Kind.reads, effects.reads), (.writes, effects.writes), (.runs, effects.programs),
            (.enters, effects.entered), (.asks, effects.asked),
        ] {
            for use in uses {
                found.append(
                    Item(
                        kind: kind, path: use.path, verb: use.verb, line: source.line(at: use.span.start) + 1,
                        file: file, goesOn: use.goesOn))
            }
        }
        items += found.sorted { $0.line < $1.line }
        changes += effects.changes.filter { !changes.contains($0) }
    }

    /// Of an imported file nothing runs but what is called, so this lists what calling its verbs could do.
    private mutating func follow(_ found: [Item], from folder: String, _ context: LanguageContext) {
        for item in found where item.verb == "import" {
            guard let path = item.path, imported.count < 100 else { continue }
            let place = path.hasPrefix("/") ? path : folder + path
            guard !imported.contains(where: { $0.name == place }), let bytes = try? NotebookFile.read(place) else {
                continue
            }
            let text = SourceText(bytes: bytes, name: place)
            imported.append(text)
            let before = items.count
            add(Effects.of(Parser.parse(text, context), context), in: text, file: path)
            follow(Array(items[before...]), from: NotebookFile.folder(of: place), context)
        }
    }

    /// For people.
    public var lines: [StyledText] { lines { $0 } }

    /// For the question whether it may run: with the files that would really be written.
    public var linesToAgreeTo: [StyledText] {
        lines(AgreedDeeds.target) { FileSystem.exists($0) ? ", there already" : "" }
    }

    private func lines(
        _ target: (String) -> String, _ remark: (_ target: String) -> String = { _ in "" }
    ) -> [StyledText] {
        var lines: [StyledText] = []
        for item in items {
            var line = StyledText(item.kind.rawValue.padded(to: 7), item.kind == .reads ? .plain : .warning)
            switch (item.kind, item.path) {
            case (.runs, nil): line.append("a program of the system", .emphasis)
            case (.enters, nil): line.append("a folder that is only known while running", .emphasis)
            case (.asks, nil): line.append("a server that is only known while running", .emphasis)
            case (.writes, let path?):
                line.append(Escaping.neutral(target(path).debugDescription), .string)
                line.append(remark(target(path)), .warning)
            case (_, let path?): line.append(Escaping.neutral(path.debugDescription), .string)
            case (_, nil): line.append("a path that is only known while running", .emphasis)
            }
            line.append("  \(item.verb), line \(item.line)", .dim)
            if let file = item.file { line.append(" of \(Escaping.neutral(file))", .dim) }
            lines.append(line)
        }
        if items.isEmpty { lines.append("no files, no programs, no servers") }
        for change in changes { lines.append(StyledText("changes \(change.state): \(change.parts)", .dim)) }
        if let first = diagnostics.first {
            let place = source.position(at: first.span.start)
            lines.append(
                StyledText(
                    "the text cannot be read whole, so nothing of it would run: line \(place.line), "
                        + "\(first.code.rawValue) \(Escaping.neutral(first.message))",
                    .warning))
        }
        return lines
    }

    public var json: String {
        let list = items.map { item -> JSONValue in
            [
                "kind": .string(item.kind.rawValue), "path": item.path.map(JSONValue.string) ?? .null,
                "verb": .string(item.verb), "line": JSONValue(item.line),
                "file": item.file.map(JSONValue.string) ?? .null,
            ]
        }
        return JSONWriter.text(
            [
                "effects": .array(list), "changes": .array(changes.map { .string($0.state) }),
                "needs_trust": .bool(needsTrust),
                "is_whole": .bool(diagnostics.isEmpty),
            ], .compact)
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
            case .runs, .enters, .asks: break
            }
        }
        return inputs
    }
}

extension String {
    func padded(to width: Int) -> String { count < width ? self + String(repeating: " ", count: width - count) : self }
}
