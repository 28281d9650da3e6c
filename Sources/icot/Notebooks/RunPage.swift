// `icot export runs/x --to page`: what the statements `resume`, `page` and `write` do, in one command.

import ArgumentParser
import Console
import Glibc
import Language
import Notebooks

struct RunPage: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A kept control that answers beside the run on its page; may be repeated.", valueName: "folder"))
    var beside: [String] = []

    @Flag(help: "Trains the twin that never sees a chain, with the run's budget, and puts it beside the run.")
    var twin = false

    @Option(help: ArgumentHelp("Only these stages of the page's run, by tokens removed.", valueName: "0,4,8"))
    var stages: String?

    @Flag(help: "Keeps the page's weights in half precision.")
    var half = false

    @Option(help: ArgumentHelp("Megabytes that the page may have.", valueName: "n"))
    var limit: Double?

    var isUsed: Bool { !beside.isEmpty || twin || stages != nil || half || limit != nil }

    func validate() throws {
        let parts = stages?.split(separator: ",", omittingEmptySubsequences: false) ?? []
        if parts.contains(where: { Int($0.filter { $0 != " " }).map { $0 < 0 } ?? true }) {
            throw ValidationError(
                "--stages \(stages ?? "") is not a list of numbers of removed tokens; write --stages 0,4,8")
        }
        if let limit, !(0.1...1000).contains(limit) { throw ValidationError("--limit is in megabytes, 0.1 to 1000") }
    }

    func write(run path: String, to output: String?, _ shared: SharedOptions) throws {
        let folder = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard folder.hasSuffix(".icot") == false else {
            throw ValidationError("--to page is for the folder of a kept run; a notebook becomes --to html")
        }
        let target = output ?? NotebookShelf.placeOfExport(of: folder) + ".html"
        if target == "-" { throw ValidationError("a page is written to a file; give -o x.html") }
        let writer = TerminalWriter()
        let printer = EventPrinter(writer, form: shared.json ? .json : .text, showsPlace: false)
        let source = SourceText(statements(folder, target), name: "export")
        throw ExitCode(
            TextRun.run(
                source, Host.session(shared), printer: printer, writer: writer, interrupts: InterruptWatch()))
    }

    private func statements(_ folder: String, _ target: String) -> String {
        var lines = ["let r = resume \(Literal.of(folder)) hold: false"]
        var others: [String] = []
        for (number, path) in beside.enumerated() {
            lines.append("let beside_\(number) = resume \(Literal.of(path)) hold: false")
            others.append("beside_\(number)")
        }
        if twin {
            lines.append("let twin = control r kind: .no_cot")
            others.append("twin")
        }
        var call = "page(r"
        if !others.isEmpty { call += ", beside: [\(others.joined(separator: ", "))]" }
        if let stages { call += ", stages: [\(stages)]" }
        if half { call += ", weights: .half" }
        if let limit { call += ", limit: \(limit)" }
        lines += ["let made = " + call + ")", "write made \(Literal.of(target))"]
        return lines.joined(separator: "\n")
    }
}
