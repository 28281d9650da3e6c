import ArgumentParser
import Console
import Language
import Notebooks

struct EffectsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "effects",
        abstract: "Lists the files, programs and servers that a notebook would touch, from its text; runs nothing.")

    @ArgumentParser.Argument(
        help: "The notebook.", completion: NotebookShelf.completion, transform: NotebookShelf.path)
    var file: String

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let writer = TerminalWriter()
        let context = Host.session(shared, notebook: self.file).context
        let report = EffectsReport(try NotebookInput.read(file).notebook, context)
        if shared.json { writer.print(verbatim: report.json) } else { writer.print(report.lines) }
        writer.flush()
        throw ExitCode(TextRun.complain(writer, report.diagnostics.isEmpty ? 0 : 2))
    }
}
