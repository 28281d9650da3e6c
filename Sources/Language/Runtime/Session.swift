// A session: variables, verbs of the user's own, numbered results, and the running of texts. Front ends hand it text
// and read its events; they know nothing beyond it.

import Support

public final class Session {
    public let interrupt = Interrupt()
    public var displayOptions: DisplayOptions
    /// Called on the thread that runs a text.
    public var onEvent: (SessionEvent) -> Void = { _ in }
    /// Called before a command that was given a path, or has one of its own, reads or writes it, and before an
    /// `import`, also one in a file that is imported.
    public var onFile: (_ path: String, _ use: ParameterKind.PathUse) -> Void = { _, _ in }
    /// Whether a command or an `import` may do what it is about to; the reason why not.
    public var refusal: (Deed) -> Refusal? = { _ in nil }
    /// Whether a person has just agreed that a file is written anew, whatever it holds.
    public var mayReplace: (_ path: String) -> Bool = { _ in false }
    public var limits = Limits()
    /// The statements so far and what they showed, as the text of a notebook; nil where nobody keeps a record.
    public var recording: (() throws -> String)?
    /// Where `import` looks for files whose path does not begin with `/`; the current folder where it is empty.
    public var importFolder = ""
    /// What the host has to read, for the search of help.
    public var readings: () -> [Reading] = { [] }
    /// The guided first session.
    private var tour: Tour

    private let vocabulary: Vocabulary
    let globals = Globals()
    /// Verbs and functions of the host and of the library of the language.
    let commands: [String: CommandFunction]
    private var signatures: SignatureTable
    /// Functions that the host's library defines.
    private var library: Set<String> = []
    /// Verbs made by `def`.
    private(set) var definitions: [String: CommandSignature] = [:]
    private(set) lazy var machine = Machine(session: self, globals: globals)
    var importer = Importer()
    /// What runs at the moment.
    private(set) var currentSource = SourceText("")

    private var resultNumber = 1
    private static let resultsKept = 50
    /// What `undo` goes back to: the variables and the verbs of `def` before a statement that changed one.
    fileprivate struct Earlier {
        let variables: Globals.Snapshot
        let definitions: [String: CommandSignature]
    }

    private var undoable: [Earlier] = []
    private var undoes = false
    private static let undoMax = 50
    /// Where memory does not do, what only `undo` could bring back, such as earlier runs, is not worth it.
    private static let undoLetGo = "type it again: what only undo could bring back has been let go"

    public init(_ vocabulary: Vocabulary, displayOptions: DisplayOptions = DisplayOptions()) {
        self.vocabulary = vocabulary
        self.displayOptions = displayOptions
        let own = (verbs: LanguageLibrary.verbs, functions: LanguageLibrary.functions)
        let verbs = own.verbs + vocabulary.verbs
        let functions = own.functions + vocabulary.functions
        signatures = SignatureTable(verbs: verbs.map(\.signature), functions: functions.map(\.signature))
        signatures.topics = vocabulary.topics
        signatures.functionTopics =
            LanguageLibrary.functionGroups.map { Topic($0.title, "", $0.commands.map(\.signature.name)) }
            + [Topic("the engine", "", vocabulary.functions.map(\.signature.name))].filter { !$0.names.isEmpty }
        tour = Tour(vocabulary.tour)
        var commands: [String: CommandFunction] = [:]
        for (number, command) in functions.enumerated() {
            commands[command.signature.name] = CommandFunction(
                command, isVerb: false, isHost: number >= own.functions.count)
        }
        for (number, command) in verbs.enumerated() {
            commands[command.signature.name] = CommandFunction(command, isVerb: true, isHost: number >= own.verbs.count)
        }
        self.commands = commands
        if !vocabulary.library.isEmpty { loadLibrary(vocabulary.library) }
    }

    func emit(_ event: SessionEvent) { onEvent(event) }

    // MARK: - Long work

    private var meter = ProgressMeter()
    private var progressShownAt = -Double.infinity

    /// Tells how far long work has come, at most ten times a second.
    func show(_ progress: () -> WorkProgress) {
        let time = MonotonicClock.seconds()
        guard time - progressShownAt >= 0.1 else { return }
        progressShownAt = time
        let progress = progress()
        if !progress.panel.isEmpty { emit(.panel(progress.panel)) }
        emit(.progress(meter.line(progress, at: time)))
    }

    func endProgress() {
        meter = ProgressMeter()
        progressShownAt = -Double.infinity
        emit(.progressEnded)
    }

    // MARK: - What is known

    private var knownContext: (version: Int, context: LanguageContext)?

    /// What the checker, completion, highlighting and help know at this moment.
    public var context: LanguageContext {
        if let known = knownContext, known.version == globals.version { return known.context }
        var variables: [String: KnownVariable] = [:]
        for (name, value) in self.variables {
            var fields = value.fieldNames
            if value.asRecord == nil, value.asTable == nil { fields = [] }
            variables[name] = KnownVariable(typeName: value.typeName, fields: fields)
        }
        let importer = importer
        let folder = importFolder
        let table = signatures
        let context = LanguageContext(signatures: signatures, definitions: definitions, variables: variables) { path in
            importer.signatures(of: path, in: folder, table)
        }
        knownContext = (globals.version, context)
        return context
    }

    /// The variables in the order of their names.
    public var variables: [(name: String, value: Value)] {
        globals.names.indices.compactMap { slot -> (name: String, value: Value)? in
            let name = globals.names[slot]
            guard globals.isVariable(slot), !Session.isResultName(name), !name.contains(Importer.separator) else {
                return nil
            }
            return (name, globals.values[slot])
        }.sorted { $0.name < $1.name }
    }

    private static func isResultName(_ name: String) -> Bool {
        name.first == "_" && name.dropFirst().allSatisfy(\.isNumber)
    }

    /// For the prompt.
    public var status: StyledText? { vocabulary.status() }
    /// The number that the next statement's result gets: `_7`.
    public var nextResultNumber: Int { resultNumber }

    /// The value of a variable or an earlier result; nil where there is none.
    public func value(of name: String) -> Value? { globals[name] }

    /// Gives a variable a value from outside: `-p name=value`.
    public func define(_ name: String, _ value: Value) { globals.set(globals.slot(of: name), value, .variable) }

    func noteDefinition(_ slot: Int, _ value: Value) {
        guard let function = value.asFunction, !globals.names[slot].contains(Importer.separator) else { return }
        definitions[globals.names[slot]] = function.signature
    }

    // MARK: - Running

    /// How a text or a statement ended. One that was interrupted has answered the request: it is cleared.
    public enum Outcome: Sendable, Equatable {
        case finished
        /// Ended by an error; its diagnostic was an event.
        case failed(DiagnosticCode)
        case interrupted
    }

    /// Parses, checks and runs a text. All errors found before running are reported and then nothing runs; while
    /// running the first error ends it, and the variables are as the statements before left them.
    @discardableResult
    public func run(_ source: SourceText) -> Outcome {
        let prepared = prepare(source)
        let errors = prepared.diagnostics.filter { $0.severity == .error }
        for diagnostic in prepared.diagnostics { emit(.diagnostic(diagnostic, source)) }
        if let first = errors.first { return .failed(first.code) }
        machine.begin()
        for index in prepared.statements.indices {
            let outcome = run(prepared.statements[index], in: source)
            if outcome != .finished { return outcome }
        }
        return .finished
    }

    /// A text whose statements can be run one by one, after it was parsed and checked as a whole.
    public struct Prepared {
        public let source: SourceText
        public let statements: [Statement]
        /// What was found before running.
        public let diagnostics: [Diagnostic]

        /// What was found in one statement.
        public func diagnostics(ofStatement index: Int) -> [Diagnostic] {
            guard statements.indices.contains(index) else { return [] }
            let span = statements[index].span
            return diagnostics.filter { $0.span.start >= span.start && $0.span.start <= span.end }
        }
    }

    public func prepare(_ source: SourceText) -> Prepared {
        let context = context
        let parsed = Parser.parse(source, context)
        return Prepared(
            source: source, statements: parsed.program.statements, diagnostics: Checker.diagnose(parsed, context))
    }

    /// Runs statement `index`. A statement with diagnostics of its own from `prepare` fails with them.
    public func run(_ prepared: Prepared, statement index: Int) -> Outcome {
        guard prepared.statements.indices.contains(index) else { return .finished }
        let own = prepared.diagnostics(ofStatement: index).filter { $0.severity == .error }
        for diagnostic in own { emit(.diagnostic(diagnostic, prepared.source)) }
        if let first = own.first { return .failed(first.code) }
        machine.begin()
        return run(prepared.statements[index], in: prepared.source)
    }

    private func run(_ statement: Statement, in source: SourceText) -> Outcome {
        let before = Earlier(variables: globals.snapshot, definitions: definitions)
        let undoableBefore = undoable
        let versionBefore = globals.version
        let sourceBefore = currentSource
        currentSource = source
        undoes = false
        defer {
            currentSource = sourceBefore
            if machine.isIdle { globals.settle() }
        }
        do {
            let code = Compiler.compile(statement, in: source, compilerScope)
            let value = try machine.run(code)
            if globals.version != versionBefore, !undoes {
                undoable.append(before)
                if undoable.count > Session.undoMax { undoable.removeFirst() }
            }
            if case .expression = statement.kind { keep(value) }
            return .finished
        } catch {
            restore(before)
            undoable = undoableBefore
            var raised = raised(error, at: statement.span, in: source)
            if raised.diagnostic.code == .outOfMemory, !undoable.isEmpty {
                undoable = []
                raised.diagnostic.help = [raised.diagnostic.help, Self.undoLetGo].compactMap(\.self).joined(
                    separator: "; or ")
            }
            emit(.diagnostic(raised.diagnostic, raised.source))
            guard raised.diagnostic.code == .interrupted else { return .failed(raised.diagnostic.code) }
            interrupt.clear()
            return .interrupted
        }
    }

    /// Shows the value of a statement and makes it `_` and `_7`.
    private func keep(_ value: Value) {
        if value.isNone { return }
        let bundle = value.display(displayOptions)
        if !bundle.isEmpty { emit(.output(bundle)) }
        globals.set(globals.slot(of: "_"), value, .variable)
        globals.set(globals.slot(of: "_\(resultNumber)"), value, .variable)
        resultNumber += 1
        globals.forget("_\(resultNumber - 1 - Session.resultsKept)")
    }

    // MARK: - Errors

    /// An error with its place: diagnostics stay as they are, those of the host are explained.
    func raised(
        _ error: any Error, at span: SourceSpan, in source: SourceText, call: Invocation? = nil
    ) -> Raised {
        let command = call?.signature.name
        /// `train: …`; an error that a program raised says what it wants to.
        func named(_ message: String, _ verb: String?) -> String { verb.map { "\($0): \(message)" } ?? message }
        switch error {
        case let raised as Raised: return raised
        case let diagnostic as Diagnostic: return Raised(diagnostic: diagnostic, source: source)
        case let fault as Fault:
            let verb = fault.code == .userError ? nil : fault.verb ?? command
            return Raised(
                diagnostic: Diagnostic(fault.code, named(fault.message, verb), at: span, help: fault.help),
                source: source)
        default: break
        }
        if let explanation = vocabulary.explain(error) {
            return Raised(
                diagnostic: Diagnostic(
                    explanation.code, named(explanation.message, command),
                    at: explanation.arguments.lazy.compactMap { call?.span(of: $0) }.first ?? span,
                    help: explanation.help),
                source: source)
        }
        return Raised(diagnostic: Diagnostic(.commandFailed, named("\(error)", command), at: span), source: source)
    }

    // MARK: - The tour

    var tourSteps: [TourStep] { tour.steps }

    func tourAnswer(_ argument: String) -> [StyledText] { tour.answer(argument, context) }

    /// What the tour says after a text that ran without an error; nothing where it is off or the text was about
    /// something else.
    public func tourNews(after source: SourceText) -> [StyledText] { tour.heard(source, context) }

    // MARK: - Keeping and going back

    /// The variables and the state of the host at one moment.
    public final class Checkpoint {
        fileprivate let present: Earlier
        /// What `undo` could go back to at that moment: nothing that came later.
        fileprivate let undoable: [Earlier]
        fileprivate let resultNumber: Int
        fileprivate let restoreHost: () -> Void

        fileprivate init(
            _ present: Earlier, _ undoable: [Earlier], _ resultNumber: Int, _ restoreHost: @escaping () -> Void
        ) {
            self.present = present
            self.undoable = undoable
            self.resultNumber = resultNumber
            self.restoreHost = restoreHost
        }
    }

    public func checkpoint() -> Checkpoint {
        Checkpoint(
            Earlier(variables: globals.snapshot, definitions: definitions), undoable, resultNumber,
            vocabulary.capture())
    }

    public func restore(_ checkpoint: Checkpoint) {
        resultNumber = checkpoint.resultNumber
        restore(checkpoint.present)
        undoable = checkpoint.undoable
        checkpoint.restoreHost()
    }

    /// Puts the variables back as they were before the last statement that changed one; false where there is none.
    func undo() -> Bool {
        guard let before = undoable.popLast() else { return false }
        undoes = true
        restore(before)
        return true
    }

    /// Variables and signatures together: a verb that was defined again has another signature. Results that have had
    /// their time do not come back.
    private func restore(_ earlier: Earlier) {
        globals.restore(earlier.variables)
        definitions = earlier.definitions
        for name in globals.names where Session.isResultName(name) {
            if let number = Int(name.dropFirst()), number < resultNumber - Session.resultsKept {
                globals.forget(name)
            }
        }
    }

    // MARK: - Texts that are not the user's own

    /// What a `defaultText` of a signature means.
    func evaluate(default text: String) throws -> Value {
        let source = SourceText(text, name: "default")
        let parsed = Parser.parse(source, LanguageContext(signatures: signatures))
        guard parsed.diagnostics.isEmpty, parsed.program.statements.count == 1 else {
            throw Fault(.runtimeArgument, "the default \(text) cannot be read", help: "give the argument")
        }
        return try machine.run(Compiler.compile(parsed.program.statements[0], in: source, compilerScope))
    }

    /// The functions of the host's texts; they see each other, in whatever order they come, and what is built in.
    private func loadLibrary(_ texts: [SourceText]) {
        for text in texts {
            let defined = Parser.parse(text, LanguageContext(signatures: signatures)).definitions
            for signature in defined {
                library.insert(signature.name)
                signatures.add(function: signature)
            }
            // A file is a topic: `stdlib/figures.icot`.
            let title = text.name.split(separator: "/").last?.split(separator: ".").first ?? ""
            signatures.functionTopics.append(
                Topic(String(title), "written in the language", defined.map(\.name)))
        }
        let context = LanguageContext(signatures: signatures)
        var scope = compilerScope
        scope.prefix = CompilerScope.libraryPrefix
        scope.fileNames = library
        for text in texts {
            let parsed = Parser.parse(text, context)
            let problems = Checker.check(parsed, context)
            precondition(
                problems.isEmpty,
                "\(text.name): \(problems.first.map { DiagnosticRenderer().text($0, in: text) } ?? "")")
            for statement in parsed.program.statements {
                guard case .definition = statement.kind else { continue }
                _ = try? machine.run(Compiler.compile(statement, in: text, scope))
            }
        }
    }

    /// What a text of the user's own is compiled with.
    var compilerScope: CompilerScope { CompilerScope(globals: globals, commands: commands, library: library) }

    /// Takes over the verbs that a file defines.
    func importFile(_ path: String) throws {
        try importer.run(try readImport(path, in: importFolder), in: self)
    }

    /// A file that is imported, once whoever may refuse it has been asked, and told whoever listens: as for a command
    /// that reads, whether a text of the user's own imports it or a file that was imported.
    func readImport(_ path: String, in folder: String) throws -> Importer.File {
        let whole = Importer.resolved(path, folder)
        if let reason = refusal(.reads(whole)) {
            throw Fault(.fileRefused, reason.message, of: "import", help: reason.help)
        }
        onFile(whole, .read)
        return try importer.read(path, in: folder)
    }

    /// For `Importer`: the pieces of a session that it needs.
    var tableOfSignatures: SignatureTable { signatures }
}
