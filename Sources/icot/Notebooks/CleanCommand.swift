import ArgumentParser
import Console
import Glibc
import Language
import Notebooks

struct CleanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean", abstract: "Takes the recorded outputs out of notebooks; runs nothing.",
        discussion: """
            Expected errors stay, since they say which statements are meant to fail, and so does everything else, \
            byte for byte. With - a notebook comes from standard input and goes to standard output, which is what git \
            wants of a filter that keeps outputs out of commits:

              git config filter.icot.clean 'icot clean -'
              echo '*.icot filter=icot' >> .gitattributes
            """)

    @ArgumentParser.Argument(help: "Notebooks, or - for standard input.", completion: NotebookShelf.completion)
    var files: [String]

    @OptionGroup var shared: SharedOptions

    func run() throws {
        let context = Host.session(shared).context
        for file in files {
            if file == "-" {
                guard let source = StandardInput.source() else { throw ExitCode(2) }
                try write(CleanCommand.cleaned(Notebook(source), context).bytes)
                continue
            }
            var notebook = try NotebookInput.read(file)
            do {
                let isChanged = try notebook.write(CleanCommand.cleaned(notebook.notebook, context))
                TerminalWriter.note(
                    "\(file): \(isChanged ? "outputs taken out" : "there are no outputs")", isError: false)
            } catch {
                throw NotebookInput.refused(error)
            }
        }
    }

    private static func cleaned(_ notebook: Notebook, _ context: LanguageContext) -> Notebook {
        let parsed = Parser.parse(notebook.code, context)
        return notebook.clearing(
            notebook.entries(statements: parsed.program.statements, diagnostics: parsed.diagnostics))
    }

    /// Byte for byte: what passes through a filter is not made fit for a terminal.
    private func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Icot.failure("standard output cannot be written") }
            rest = rest.dropFirst(count)
        }
    }
}
