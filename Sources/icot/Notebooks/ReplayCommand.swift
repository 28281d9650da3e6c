import ArgumentParser
import Glibc

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Runs a notebook, and compares or records what it shows.",
        discussion: "Exit status: 0 fine, 1 outputs differ, 2 error, 3 input missing or changed, 4 refused.")

    @ArgumentParser.Argument(
        help: "The notebook.", completion: NotebookShelf.completion, transform: NotebookShelf.path)
    var file: String

    @Flag(help: "Compares with the recorded outputs.")
    var check = false

    @Flag(help: "Records the outputs that differ.")
    var update = false

    @Flag(help: "Asks for each output that differs whether to record it.")
    var promote = false

    @Flag(help: "Runs two times and says what differs between them.")
    var twice = false

    @Option(
        name: .customShort("p"),
        help: ArgumentHelp("Another value for a parameter; may be repeated.", valueName: "name=value"))
    var parameters: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Records into a copy; with -p always, so that the notebook keeps its own values.", valueName: "path"))
    var output: String?

    @Option(help: ArgumentHelp("Compares or records only this cell.", valueName: "title"))
    var only: String?

    @Option(help: ArgumentHelp("Compares or records from this cell on.", valueName: "title"))
    var from: String?

    @Option(help: ArgumentHelp("Writes the report for JUnit.", valueName: "path"))
    var junit: String?

    @Option(help: ArgumentHelp("Stops after so long; exit status 2.", valueName: "seconds"))
    var budget: Double?

    @OptionGroup var notebook: NotebookOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        if [check, update, promote, twice].count(where: { $0 }) > 1 {
            throw ValidationError("give one of --check, --update, --promote and --twice")
        }
        if let budget, !(budget > 0 && budget < 1e9) {
            throw ValidationError("--budget \(budget) is no number of seconds; give one above 0 and below 1e9")
        }
        if output != nil, !update, !promote { throw ValidationError("-o goes with --update or --promote") }
        if output == nil, !parameters.isEmpty, update || promote {
            throw ValidationError("-p with --update or --promote records into a copy; say where with -o")
        }
        if promote, isatty(STDIN_FILENO) == 0 {
            throw ValidationError("--promote asks a person at a terminal; --update records everything")
        }
    }

    func run() throws {
        var replay = NotebookReplay(path: file, shared: shared)
        (replay.parameters, replay.only, replay.from, replay.junit, replay.output) = (
            parameters, only, from, junit, output
        )
        (replay.budget, replay.isTrusted) = (budget, notebook.trust)
        replay.purpose = check ? .check : update ? .update : promote ? .promote : twice ? .twice : .show
        try replay.run()
    }
}
