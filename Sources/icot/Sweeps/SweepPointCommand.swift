// `icot sweep-point`: one point of a sweep, in its own process. A sweep calls it; people do not.

import ArgumentParser
import Console
import Glibc
import Language
import Notebooks
import Support
import Sweeps

struct SweepPointCommand: ParsableCommand {
    static let name = "sweep-point"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "Runs one point of a sweep.", shouldDisplay: false)

    @ArgumentParser.Argument(help: "The folder of the sweep.")
    var folder: String

    @ArgumentParser.Argument(help: "The point.")
    var point: String

    @Option(help: "The notebook that the sweep is of, beside which its imports lie.")
    var notebook: String

    @Option(help: "The folder in which the notebook's paths start.")
    var start: String

    @Option(help: "The descriptor to which it says how far it is.")
    var report: Int32?

    @OptionGroup var shared: SharedOptions

    func run() throws {
        do {
            throw ExitCode(
                try PointRun(folder, point, notebook: notebook, start: start, report: report, shared).run())
        } catch let fault as SweepFault {
            throw Icot.failure(fault.description, status: ReplayExit.refused.rawValue)
        } catch let error as NotebookError {
            throw NotebookInput.refused(error)
        } catch let error as FileError {
            throw Icot.failure("\(error)")
        }
    }
}
