import ArgumentParser
import Console
import Language
import Notebooks
import Support

struct PresentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "present", abstract: "Shows a notebook as a talk, statement by statement, forward and back.",
        discussion: """
            any key    types what comes next         Enter    runs it
            b          goes back one statement, with weights, variables and output
            e          edits the statement           i        inserts one of your own
            Ctrl-C     stops a statement             q        asks, and then ends
            A remote's forward and back keys work too. A talk whose terminal was lost goes on where it stood.
            """)

    @ArgumentParser.Argument(
        help: "The notebook.", completion: NotebookShelf.completion, transform: NotebookShelf.path)
    var file: String

    @Option(
        help: ArgumentHelp(
            "Shows notes and what comes next on another terminal, or writes them to a file.", valueName: "path"))
    var notes: String?

    @Flag(help: "Runs everything once and says how long each cell takes.")
    var rehearse = false

    @Option(help: ArgumentHelp("Shows the recorded output of a statement that takes longer.", valueName: "seconds"))
    var slow = 3.0

    @Option(
        name: .customShort("p"),
        help: ArgumentHelp("Another value for a parameter; may be repeated.", valueName: "name=value"))
    var parameters: [String] = []

    @OptionGroup var options: NotebookOptions
    @OptionGroup var shared: SharedOptions

    func run() throws {
        if rehearse {
            var replay = NotebookReplay(path: file, shared: shared)
            (replay.parameters, replay.purpose, replay.isTrusted) = (
                parameters, .rehearse(slowAfter: slow), options.trust
            )
            return try replay.run()
        }
        let terminal = TerminalState.current()
        guard terminal.isInteractive, terminal.canMove else {
            throw Icot.failure("present: needs a terminal that can move its cursor")
        }
        let session = Host.session(shared, notebook: self.file)
        let notes = notes.map(FileSystem.absolute)
        let entry = try NotebookEntry.open(file, in: session, isTrusted: options.trust, asks: true)
        entry.deeds.hold(session)
        var notebook = entry.file.notebook
        guard notebook.canRun else {
            throw Icot.failure(NotebookInput.otherVersion(file), status: ReplayExit.refused.rawValue)
        }
        do { notebook = try NotebookInput.setting(parameters, in: notebook, session.context) } catch {
            throw NotebookInput.refused(error)
        }
        var display = EventPrinter(TerminalWriter(terminal: terminal)).displayOptions
        display.width -= 1
        session.displayOptions = display
        let notesFile = try notes.map { try PresenterNotes(path: $0) }
        let memory = TalkMemory(of: notebook)
        let presentation = Presentation(
            notebook, in: session, earlier: memory?.steps ?? [], slowAfter: slow, width: display.width)
        let presenter = Presenter(presentation, session, terminal, notes: notesFile, memory: memory)
        throw ExitCode(presenter.run())
    }
}
