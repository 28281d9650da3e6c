// `icot`: the prompt, or statements given with -c or through a pipe; `icot -i FILE`: a notebook, then the prompt.

import ArgumentParser
import Commands
import Console
import Glibc
import Language
import Notebooks

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "The prompt, or statements given with -c or through a pipe.", shouldDisplay: false
    )

    @ArgumentParser.Argument(
        help: "A notebook to replay on the terminal, or its name; - for statements from standard input.",
        completion: NotebookShelf.completion, transform: NotebookShelf.path)
    var file: String?

    @Option(
        name: .customShort("p"),
        help: ArgumentHelp("Another value for a parameter of the notebook; may be repeated.", valueName: "name=value"))
    var parameters: [String] = []

    @Option(
        name: .customShort("c"),
        help: ArgumentHelp("Runs statements and ends; may be repeated.", valueName: "statements"))
    var statements: [String] = []

    @Flag(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Prompts and goes on after errors though standard input is no terminal.",
            discussion: "With a notebook: runs it and stays at the prompt."))
    var interactive = false

    @Option(help: ArgumentHelp("Appends everything typed and shown to a file.", valueName: "path"))
    var transcript: String?

    @OptionGroup var notebook: NotebookOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        if file != nil, !statements.isEmpty { throw ValidationError("give a notebook or -c, not both") }
        if file == nil, notebook.trust { throw ValidationError("--trust lets a notebook run; give one") }
        if file == nil, !parameters.isEmpty { throw ValidationError("-p sets a parameter of a notebook; give one") }
    }

    func run() throws {
        let file = try file.map { $0.hasSuffix(".ipynb") ? try NotebookInput.converted($0) : $0 }
        if let file, file != "-", !interactive {
            var replay = NotebookReplay(path: file, shared: shared)
            (replay.parameters, replay.isTrusted) = (parameters, notebook.trust)
            return try replay.run()
        }
        if EngineRanks.count > 1, file == nil, statements.isEmpty, !interactive {
            throw Icot.failure(
                "mpirun passes no terminal on, so there is no prompt: give a notebook, -c, - for statements from "
                    + "standard input, or -i to be prompted without line editing", status: 4)
        }
        let writer = TerminalWriter()
        let form: EventPrinter.Form = shared.json ? .json : .text
        if let transcript {
            do {
                writer.transcript = try Transcript(path: transcript)
            } catch {
                throw ValidationError("--transcript: \(error)")
            }
        }
        let (session, run) = Host.recordedSession(shared)
        if statements.isEmpty, file != "-", interactive || writer.terminal.inputIsTerminal {
            let isDriven = interactive && (file == nil || !writer.terminal.inputIsTerminal)
            let options = Repl.Options(
                greeting: shared.json || isDriven
                    ? nil : StyledText("icot \(Icot.version): ? for help, Ctrl-D leaves", .dim),
                startup: Startup.source(),
                opening: try file.map {
                    try opening($0, session, writer, isTrusted: notebook.trust, parameters: parameters)
                },
                isDriven: isDriven, run: run,
                open: { try? opening($0, $1, writer, isTrusted: false, parameters: []) })
            throw ExitCode(
                Repl(session, writer: writer, interrupts: InterruptWatch(), form: form, options: options).run())
        }
        // Watched only from here on: while a pipe is read, Ctrl-C simply ends the process.
        let source =
            statements.isEmpty ? StandardInput.source() : SourceText(statements.joined(separator: "\n"), name: "-c")
        guard let source else { throw ExitCode(2) }
        let printer = EventPrinter(writer, form: form, showsPlace: source.lineStarts.count > 1 || statements.isEmpty)
        throw ExitCode(
            TextRun.run(
                source, session, printer: printer, writer: writer, interrupts: InterruptWatch(), run: run,
                open: { try? opening($0, $1, writer, isTrusted: false, parameters: []) }))
    }

    /// The statements of a notebook, once the person has agreed to what it does beyond computing. Its outputs are
    /// comments.
    private func opening(
        _ path: String, _ session: Session, _ writer: TerminalWriter, isTrusted: Bool, parameters: [String]
    ) throws -> Opening {
        let (file, _, deeds) = try NotebookEntry.open(path, in: session, isTrusted: isTrusted, asks: !shared.json)
        guard file.notebook.canRun else {
            throw Icot.failure(NotebookInput.otherVersion(path), status: ReplayExit.refused.rawValue)
        }
        do {
            let set = try NotebookInput.setting(parameters, in: file.notebook, session.context)
            return Opening(source: SourceText(bytes: set.bytes, name: path), refusal: deeds.refusal)
        } catch {
            throw NotebookInput.refused(error)
        }
    }
}
