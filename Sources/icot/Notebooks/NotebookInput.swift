// What the commands that take a notebook have in common.

import ArgumentParser
import Console
import Language
import Notebooks
import Support

enum NotebookInput {
    /// A notebook from disk; says what is wrong and throws the exit status.
    static func read(_ path: String) throws -> NotebookFile {
        if path.hasSuffix(".ipynb") {
            throw Icot.failure("\(path) is a Jupyter notebook; icot \(path) makes an .icot file of it")
        }
        do {
            return try NotebookFile(path: path)
        } catch {
            throw refused(error)
        }
    }

    /// A Jupyter notebook, written as an `.icot` file beside it; its path.
    static func converted(_ path: String) throws -> String {
        let target = String(path.dropLast("ipynb".count)) + "icot"
        do {
            let bytes = try JupyterImport.notebook(try NotebookFile.read(path), named: path)
            if FileSystem.exists(target) {
                guard try NotebookFile.read(target) != bytes else { return target }
                throw Icot.failure("\(target) is there already and is something else; run that, or move it away")
            }
            try NotebookFile.write(bytes, to: target)
        } catch let error as NotebookError {
            throw refused(error)
        }
        TerminalWriter().printError([StyledText("wrote \(Escaping.neutral(target))", .dim)])
        return target
    }

    static func setting(
        _ parameters: [String], in notebook: Notebook, _ context: LanguageContext
    ) throws(NotebookError) -> Notebook {
        var pairs: [(name: String, value: String)] = []
        for parameter in parameters { pairs.append(try Notebook.parameter(parameter)) }
        return try notebook.setting(pairs, context)
    }

    static func otherVersion(_ path: String) -> String {
        "\(path) is written for another version of the language than '\(Notebook.languageVersion)'"
    }

    /// Says what is wrong; the exit status to throw.
    static func refused(_ error: NotebookError) -> ExitCode {
        switch error {
        case .file(let file) where file.kind != .notWritten:
            Icot.failure(
                "\(error)" + (file.kind == .missing ? NotebookShelf.hint(file.path) : ""),
                status: ReplayExit.inputs.rawValue)
        case .changedMeanwhile: Icot.failure("\(error)", status: ReplayExit.refused.rawValue)
        case .file, .unknownCell, .unknownParameter, .malformedParameter: Icot.failure("\(error)")
        }
    }
}
