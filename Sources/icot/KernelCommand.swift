import ArgumentParser
import Console
import Glibc
import Jupyter
import Language

struct KernelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernel", abstract: "A Jupyter kernel.", subcommands: [Install.self, Run.self])

    struct Install: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Tells Jupyter of the kernel icot.")

        @Option(
            help: ArgumentHelp("Installs below a folder, such as that of a virtual environment.", valueName: "folder"))
        var prefix: String?

        func run() throws {
            do {
                let path = try KernelSpec.install(
                    executable: Icot.executablePath, folder: KernelSpec.folder(prefix: prefix))
                TerminalWriter.note("installed \(path); choose 'icot' in Jupyter", isError: false)
            } catch {
                throw Icot.failure("kernel install: \(error)")
            }
        }
    }

    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Serves Jupyter; Jupyter itself calls this.")

        @ArgumentParser.Argument(help: "The connection file that Jupyter wrote.")
        var connection: String

        @OptionGroup var shared: SharedOptions

        func run() throws {
            do {
                let (session, run) = Host.recordedSession(shared)
                // A server that ends, or a queue whose time is up: the step is finished and saved, as everywhere.
                let watch = InterruptWatch()
                let kernel = try Kernel(session, ConnectionFile(path: connection), version: Icot.version) {
                    source, session in watch.during(session.interrupt) { run(source, session) }
                }
                try kernel.run()
            } catch {
                throw Icot.failure("kernel run: \(error)")
            }
        }
    }
}
