import ArgumentParser
import Console
import Language
import Notebooks
import Support

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Makes a page of a notebook, from its recorded outputs unless told to run it, or of a kept run.")

    enum Form: String, ExpressibleByArgument, CaseIterable { case html, ipynb, md, text, page }

    @ArgumentParser.Argument(
        help: "The notebook; for a page, the folder of a kept run.", completion: .file(),
        transform: NotebookShelf.path)
    var file: String

    @Option(
        help:
            "What to make; text is for reading a notebook here, page is a run that answers in a browser, stage by stage."
    )
    var to: Form

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where to; - for standard output. By default beside the notebook.", valueName: "path"))
    var output: String?

    @Flag(name: .customLong("run"), help: "Runs the notebook first: pages then hold its figures as pictures.")
    var runs = false

    @OptionGroup var notebook: NotebookOptions
    @OptionGroup var page: RunPage
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        if to != .page, page.isUsed { throw ValidationError("these options are for the page of a run: --to page") }
        if to == .page, runs { throw ValidationError("a run is kept as it is; --run is for a notebook") }
    }

    func run() throws {
        if to == .page { return try page.write(run: NotebookShelf.run(file), to: output, shared) }
        let writer = TerminalWriter()
        let session = Host.session(shared, notebook: self.file)
        var report: ReplayReport?
        let base = FileSystem.absolute(NotebookShelf.placeOfExport(of: self.file))
        let output = output.map { $0 == "-" ? $0 : FileSystem.absolute($0) }
        let file: NotebookFile
        if !runs {
            file = try NotebookInput.read(self.file)
        } else {
            let entry = try NotebookEntry.open(
                self.file, in: session, isTrusted: notebook.trust, asks: output != "-")
            entry.deeds.hold(session)
            file = entry.file
            session.displayOptions = Replay.displayOptions(wantsSVG: true)
            var replay = Replay(file.notebook, mode: .show)
            replay.onEvent = { event in
                if case .session(.progress(let line)) = event { writer.progress(line) }
                if case .finished = event { writer.endProgress() }
            }
            let ran = try InterruptWatch().during(session.interrupt) { try replay.run { session } }
            if ran.exit != .fine {
                writer.printError(ran.isRefused ? ran.refusal : ran.lines)
                throw ExitCode(ran.exit.rawValue)
            }
            report = ran
        }
        let document = ExportDocument(file.notebook, session.context, report: report)
        if to == .text, output == nil || output == "-" {
            writer.print(document.lines, paged: true)
            writer.flush()
            throw ExitCode(TextRun.complain(writer, 0))
        }
        let text =
            switch to {
            case .html: document.html
            case .ipynb: document.jupyter
            case .md: document.markdown
            case .text, .page: document.lines.map(\.plain).joined(separator: "\n") + "\n"
            }
        if output == "-" {
            writer.print(verbatim: text.hasSuffix("\n") ? String(text.dropLast()) : text)
            writer.flush()
            throw ExitCode(TextRun.complain(writer, 0))
        }
        func beside(_ path: String) -> String {
            (path.hasSuffix(".icot") ? String(path.dropLast(5)) : path) + ".\(to.rawValue)"
        }
        do { try NotebookFile.write(Array(text.utf8), to: output ?? beside(base)) } catch {
            throw NotebookInput.refused(error)
        }
        writer.print([StyledText("wrote \(self.output ?? beside(NotebookShelf.placeOfExport(of: file.path)))", .good)])
        writer.flush()
    }
}
