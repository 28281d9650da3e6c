import ArgumentParser
import Commands
import Console
import Language

struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Prints the manual as a page for man: icot manual | man -l -",
        discussion: "Made from what --help and ?verb say, so that they agree.")

    enum Page: String, ExpressibleByArgument, CaseIterable { case command, verbs }

    @ArgumentParser.Argument(help: "Which page: icot(1), the command line, or icot-verbs(7), the verbs and functions.")
    var page = Page.command

    func run() throws {
        let source = "icot \(Icot.version)"
        let text =
            switch page {
            case .command: CommandLineManual.text(source: source)
            case .verbs: Help.manual(Session(EngineVocabulary.make()).context, source: source)
            }
        let writer = TerminalWriter()
        writer.print(verbatim: String(text.dropLast()))
        writer.flush()
    }
}
