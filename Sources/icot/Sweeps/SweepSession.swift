// A sweep from the agreement of the person to the table at its end.

import Console
import Glibc
import Language
import Notebooks
import Support
import Sweeps

struct SweepSession {
    private let job: SweepJob
    private let writer: TerminalWriter
    private var isJSON: Bool { job.options.shared.json }

    init(_ job: SweepJob, _ writer: TerminalWriter) {
        (self.job, self.writer) = (job, writer)
    }

    /// Runs what is to be run; the exit status.
    func run() throws -> Int32 {
        try NotebookTrust.ensure(
            job.effects, job.options.file, isGiven: job.options.notebook.trust, asks: !isJSON)
        if let notice = job.notice { note(notice) }
        let folder = try SweepFolder(
            job.folder, job.asked, own: job.own, grid: job.grid, notebook: job.notebook.bytes)
        let states = job.states()
        let wanted = states.filter { job.isWanted($0.state) }.map(\.point)
        let forecast = SweepFolder.forecast(folder.sweep, in: job.folder)
        try forecast.check(
            wanted.count, in: job.folder, freeDisk: Machine.freeDisk(job.folder), freeMemory: FreeMemory.bytes)
        note(StyledText("\(job.folder): " + SweepPlan.summary(wanted.count, of: states.count, job, forecast), .dim))
        let screen = SweepScreen(writer, states, forecast: forecast, slots: job.slots, isJSON: isJSON)
        let interrupt = Interrupt()
        if !wanted.isEmpty {
            var runner = SweepRunner(
                folder, program: Icot.executablePath, slots: job.slots, cores: job.cores, arguments: arguments)
            runner.onEvent = screen.show
            _ = try InterruptWatch().during(interrupt) { try runner.run(wanted, interrupt: interrupt) }
            screen.end()
        }
        return finish(isStopped: interrupt.isRequested)
    }

    /// How this program is called for a point.
    private func arguments(_ point: SweepPoint) -> [String] {
        [
            SweepPointCommand.name, FileSystem.absolute(job.folder), point.name,
            "--notebook", job.notebookPath, "--start", job.start, "--report", "3",
        ]
    }

    private func note(_ line: StyledText) {
        if !isJSON { writer.printError([line]) }
    }

    // MARK: The end

    private func finish(isStopped: Bool) -> Int32 {
        let states = job.states()
        let done = states.count { $0.state.word == "done" }
        let failed = states.filter { $0.state.word == "failed" }
        let missing = states.count { $0.state == .missing }
        if done > 0 || !isStopped { showTable() }
        for (point, state) in failed {
            guard let failure = state.result?.failure else { continue }
            note(SweepScreen.failed(point, failure))
        }
        if isStopped {
            note(StyledText("stopped: \(done) of \(Phrase.count(states.count, "point")) done", .warning))
            note(StyledText("  to go on: \(job.command)"))
            return 130
        }
        if !failed.isEmpty {
            note(
                StyledText(
                    "\(Phrase.count(failed.count, "point")) failed; \(job.folder)/points holds the log of each",
                    .warning))
            note(StyledText("  to try again: \(job.command) --retry"))
        }
        if missing > 0 {
            note(StyledText("\(Phrase.count(missing, "point")) ended without a result", .warning))
            note(StyledText("  to go on: \(job.command)"))
        }
        return failed.isEmpty && missing == 0 ? 0 : ReplayExit.failed.rawValue
    }

    /// The table, and where there are several seeds also the means over them.
    private func showTable() {
        let session = Host.session(job.options.shared)
        let printer = EventPrinter(writer, form: isJSON ? .json : .text)
        session.displayOptions = printer.displayOptions
        session.onEvent = printer.show
        let path = Literal.of(job.folder)
        session.run(SourceText("sweep_table(\(path))", name: "sweep"))
        let seeds = job.sweep.parameters.firstIndex(of: "seed").map { place in
            Set(job.sweep.points.map { $0.values[place].literal }).count
        }
        if !isJSON, let seeds, seeds > 1, job.sweep.varied.contains("seed") {
            writer.print([StyledText(), StyledText("means over seed, with 95 % intervals", .dim)])
            session.run(SourceText("sweep_table(\(path), over: .seed)", name: "sweep"))
        }
        printer.finish()
    }
}
