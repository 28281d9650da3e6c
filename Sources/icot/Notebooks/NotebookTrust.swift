// A notebook that would write files, run programs or ask servers is run only after the person has seen the list and
// agreed: at a terminal by an answer, elsewhere by `--trust`. What was agreed to is remembered.

import ArgumentParser
import Console
import Glibc
import Language
import Notebooks
import Support

/// What every command takes that runs a notebook.
struct NotebookOptions: ParsableArguments {
    @Flag(help: "Runs a notebook that writes files, runs programs or asks servers without a question; remembered.")
    var trust = false
}

enum NotebookTrust {
    /// Whether the person agrees now; what was agreed to earlier is as good, but for files that changed since.
    /// - Throws: the exit status where the person does not agree.
    @discardableResult
    static func ensure(_ report: EffectsReport, _ path: String, isGiven: Bool, asks: Bool) throws -> Bool {
        let store = TrustStore.standard()
        var isNew = isGiven
        if report.needsTrust, store?.trusts(report) != true {
            if !isGiven {
                let writer = TerminalWriter()
                writer.printError(
                    [
                        StyledText(
                            "\(Escaping.neutral(path)) has not been run here before and would do more than compute:",
                            .warning)
                    ] + report.linesToAgreeTo.map { StyledText("  ") + $0 })
                guard asks, writer.terminal.isInteractive else {
                    throw Icot.failure(
                        "nothing was run; with --trust it is run, and remembered", status: ReplayExit.refused.rawValue)
                }
                guard agrees(writer) else { throw Icot.failure("nothing was run", status: ReplayExit.refused.rawValue) }
                isNew = true
            }
            store?.remember(report)
        }
        return isNew
    }

    private static func agrees(_ writer: TerminalWriter) -> Bool {
        while true {
            writer.ask("run it? y yes, n no: ")
            switch readLine()?.trimming(" ").lowercased() {
            case "y", "yes": return true
            case nil, "n", "no", "": return false
            default: continue
            }
        }
    }

    /// What icot writes itself was run here.
    static func remember(_ notebook: Notebook, _ context: LanguageContext) {
        TrustStore.standard()?.remember(EffectsReport(notebook, context))
    }
}
