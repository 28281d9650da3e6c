import ArgumentParser
import Commands
import Console
import Glibc
import Language
import Notebooks
import Support
import Sweeps

struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Replays a notebook with every set of parameters, side by side, and gathers what comes out.",
        discussion: """
            Each point is a replay in a process of its own, on a core of its own with one thread, in the folder \
            points/NAME of the sweep: what it writes with a relative path lies there, what it reads is found where the \
            notebook's paths start. A point is done once its result.json is there, so a sweep that was stopped or \
            killed goes on with what is missing when it is called again, and -p adds further points.

            What comes out of a point is the last value of the cell titled 'result', or else of the notebook: of a \
            record each field, of a table its last row. sweep_table("runs/NAME") is all of it as one table.

            On a cluster --slurm submits the points as a job array, whose tasks call icot sweep … --task. A task that \
            is requeued begins its point anew.

            Exit status: 0 all points are done, 2 some failed or an error, 3 notebook missing, 4 refused, 130 stopped.
            """)

    @ArgumentParser.Argument(
        help: "The notebook.", completion: NotebookShelf.completion, transform: NotebookShelf.path)
    var file: String

    @Option(
        name: .customShort("p"),
        help: ArgumentHelp(
            "Values for a parameter: 1,4 or 1...8 or left,right; may be repeated for others.",
            valueName: "name=values"))
    var parameters: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("How many points at a time; by default one for each core.", valueName: "n"))
    var jobs: Int?

    @Option(help: ArgumentHelp("The folder; by default runs and the notebook's name.", valueName: "folder"))
    var to: String?

    @Flag(help: "Lists what would run, and what that would take; runs nothing.")
    var dry = false

    @Flag(help: "Tries the points again that failed.")
    var retry = false

    @Flag(help: "Writes a job array for Slurm into the folder, a task for each point; runs nothing.")
    var script = false

    @Flag(help: "Writes it and submits it; -j says how many tasks may run at a time.")
    var slurm = false

    @Flag(help: "Runs the point whose number is in SLURM_ARRAY_TASK_ID, which is what a task of the array does.")
    var task = false

    @OptionGroup var notebook: NotebookOptions
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        if let jobs, !(1...1024).contains(jobs) {
            throw ValidationError("-j \(jobs) is not a number of points at a time; give 1 to 1024")
        }
        if [dry, script, slurm, task].count(where: { $0 }) > 1 {
            throw ValidationError("give one of --dry, --script, --slurm and --task")
        }
        if task, !parameters.isEmpty {
            throw ValidationError("--task runs a point that is there; -p adds points with --script or --slurm")
        }
        if shared.threads != nil {
            throw ValidationError("a point computes on one core; -j says how many run at a time")
        }
    }

    func run() throws {
        if EngineRanks.count > 1 {
            throw Icot.failure("a sweep starts processes of its own; start it without mpirun", status: 4)
        }
        let writer = TerminalWriter()
        do {
            if task { throw ExitCode(try SweepTask(options: self).run()) }
            let job = try SweepJob(self, writer)
            if dry { return SweepPlan(job).show(writer, isJSON: shared.json) }
            if script || slurm { throw ExitCode(try SweepArray(job, writer).run()) }
            throw ExitCode(TextRun.complain(writer, try SweepSession(job, writer).run()))
        } catch let error as NotebookError {
            throw NotebookInput.refused(error)
        } catch let fault as SweepFault {
            let help = fault.help(SweepJob.command(file, folder)).map { "\n  fix: \($0)" } ?? ""
            throw Icot.failure(fault.description + help, status: ReplayExit.refused.rawValue)
        } catch let error as FileError {
            throw Icot.failure("\(error)" + (error.help.map { "\n  fix: \($0)" } ?? ""))
        }
    }

    /// Where the sweep is kept.
    var folder: String {
        if let to { return to.count > 1 && to.hasSuffix("/") ? String(to.dropLast()) : to }
        let name = file.split(separator: "/").last.map(String.init) ?? file
        return "runs/" + (name.hasSuffix(".icot") ? String(name.dropLast(5)) : name)
    }
}
