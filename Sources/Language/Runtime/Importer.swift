// `import "file.icot"`: the verbs that a file defines become verbs here. Of the file only its `def`s, its `import`s
// and those `let`s are run that call no verb, so an import can do nothing but define; the file's own names stay its
// own.

import Support

struct Importer: Sendable {
    /// Between a file and its own names, so that they cannot meet those of the session.
    static let separator: Character = "\u{0}"
    private static let depthMax = 16
    private static let bytesMax = 64 << 20

    struct File {
        var path: String
        var folder: String
        var source: SourceText
    }

    func read(_ path: String, in folder: String) throws -> File {
        let whole = Importer.resolved(path, folder)
        // Only a regular file: the checker looks at imports while a person types, and a pipe would make it wait.
        let file: MappedFile
        do { file = try readWholeFile(whole, limit: Importer.bytesMax) } catch let error as FileError {
            guard error.kind == .missing else {
                throw Fault(.fileRefused, "\"\(path)\" \(error.rule)", of: "import", help: "name a file of statements")
            }
            throw Fault(
                .fileMissing, "there is no file \"\(path)\"", of: "import",
                help: "write the path from \(folder.isEmpty ? "the current folder" : folder)")
        }
        let bytes = withExtendedLifetime(file) { [UInt8]($0.bytes) }
        let parent = whole.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return File(path: whole, folder: parent, source: SourceText(bytes: bytes, name: path))
    }

    static func resolved(_ path: String, _ folder: String) -> String {
        path.hasPrefix("/") || folder.isEmpty ? path : folder + (folder.hasSuffix("/") ? "" : "/") + path
    }

    /// What one look at imports has found, so that every file is read once and files that import each other come to
    /// an end. It is made for one look and never leaves it.
    private final class Found: @unchecked Sendable {
        var signatures: [String: [CommandSignature]?] = [:]
    }

    /// The verbs that a file defines or imports itself; nil where it cannot be read.
    func signatures(of path: String, in folder: String, _ table: SignatureTable) -> [CommandSignature]? {
        signatures(of: path, in: folder, table, Found())
    }

    private func signatures(
        of path: String, in folder: String, _ table: SignatureTable, _ found: Found
    ) -> [CommandSignature]? {
        let whole = Importer.resolved(path, folder)
        if let known = found.signatures[whole] { return known }
        found.signatures[whole] = .some(nil)
        guard let file = try? read(path, in: folder) else { return nil }
        let context = LanguageContext(signatures: table) { path in signatures(of: path, in: file.folder, table, found) }
        let parsed = Parser.parse(file.source, context)
        var all: [CommandSignature] = []
        for case .importing(let other, _) in parsed.program.statements.map(\.kind) {
            all += signatures(of: other, in: file.folder, table, found) ?? []
        }
        all += parsed.definitions
        found.signatures[whole] = all
        return all
    }

    private func context(_ file: File, _ table: SignatureTable) -> LanguageContext {
        let found = Found()
        return LanguageContext(signatures: table) { path in signatures(of: path, in: file.folder, table, found) }
    }

    func run(_ file: File, in session: Session, depth: Int = 0) throws {
        guard depth < Importer.depthMax else {
            throw Fault(
                .stackTooDeep, "imports nest more than \(Importer.depthMax) deep",
                help: "look for files that import each other")
        }
        let context = context(file, session.tableOfSignatures)
        let parsed = Parser.parse(file.source, context)
        if let first = Checker.check(parsed, context).first { throw Raised(diagnostic: first, source: file.source) }
        var scope = session.compilerScope
        scope.prefix = file.path + String(Importer.separator)
        for case .binding(let name, _) in parsed.program.statements.map(\.kind) { scope.fileNames.insert(name.text) }
        for statement in parsed.program.statements {
            switch statement.kind {
            case .definition: break
            case .binding(_, let value) where !value.callsVerbs(context, parsed.definitions): break
            case .importing(let path, _):
                try run(try session.readImport(path, in: file.folder), in: session, depth: depth + 1)
                continue
            default: continue
            }
            _ = try session.machine.run(Compiler.compile(statement, in: file.source, scope))
        }
    }
}

extension Expression {
    /// Whether evaluating it may run a command.
    fileprivate func callsVerbs(_ context: LanguageContext, _ definitions: [CommandSignature]) -> Bool {
        func any(_ parts: [Expression?]) -> Bool { parts.contains { $0?.callsVerbs(context, definitions) ?? false } }
        switch kind {
        case .none, .boolean, .integer, .bigInteger, .real, .name, .rowField, .invalid, .closure: return false
        case .text(let pieces):
            return pieces.contains { piece in
                if case .interpolation(let value) = piece { return value.callsVerbs(context, definitions) }
                return false
            }
        case .selector(let selector): return any([selector.index])
        case .list(let items): return any(items)
        case .record(let entries): return any(entries.map(\.value))
        case .range(let lower, let upper, _): return any([lower, upper])
        case .call(let call):
            guard let name = call.name, context.signatures.functions[name.text] != nil,
                !definitions.contains(where: { $0.name == name.text })
            else { return true }
            return any(call.arguments.map(\.value))
        case .pipeline: return true
        case .index(let base, let positions): return any([base] + positions)
        case .field(let base, _), .unary(_, let base), .timed(let base), .attempt(let base): return any([base])
        case .binary(_, let left, let right), .logical(_, let left, let right): return any([left, right])
        }
    }
}
