// The command line: arguments in, an exit status out. 0 fine, 1 outputs differ, 2 error, 3 input missing or changed,
// 4 refused.

import ArgumentParser
import Console
import Glibc

@main
struct Icot: ParsableCommand {
    static let version = "0.1.0"
    static let configuration = CommandConfiguration(
        commandName: "icot",
        abstract: "Watch a language model learn to stop showing its work.",
        discussion: """
            icot                            the prompt
            icot FILE.icot [-p name=value]  replays a notebook on the terminal
            icot -c 'statements'            runs statements and ends
            """,
        version: version,
        subcommands: [RunCommand.self],
        defaultSubcommand: RunCommand.self)

    static func main() {
        StandardDescriptors.ensureOpen()
        Glibc.exit(status(of: Array(CommandLine.arguments.dropFirst())))
    }

    private static func status(of arguments: [String]) -> Int32 {
        do {
            var command = try parseAsRoot(commandFirst(arguments))
            try command.run()
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            let isAsked = exitCode(for: error).isSuccess
            TerminalWriter.note(fullMessage(for: error), isError: !isAsked)
            return isAsked ? 0 : 2
        }
    }

    /// `--json` and `--threads` may stand anywhere, also before the name of the command.
    private static func commandFirst(_ arguments: [String]) -> [String] {
        var head: [String] = []
        var rest = arguments[...]
        while let next = rest.first, next == "--json" || next == "--threads" || next.hasPrefix("--threads=") {
            head += rest.prefix(next == "--threads" ? 2 : 1)
            rest = rest.dropFirst(next == "--threads" ? 2 : 1)
        }
        let names = configuration.subcommands.map { $0.configuration.commandName ?? "" }
        guard let name = rest.first, names.contains(name) else { return arguments }
        return [name] + head + rest.dropFirst()
    }
}
