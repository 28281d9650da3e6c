// The command line: arguments in, an exit status out. 0 fine, 1 outputs differ, 2 error, 3 input missing or changed,
// 4 refused, 75 asked to end by a signal and all that is kept saved, 130 stopped by Ctrl-C.

import ArgumentParser
import Commands
import Console
import Glibc
import Support
import Synchronization

@main
struct Icot: ParsableCommand {
    static let version = "0.1.0"
    /// The version and what it was built by and for, so that a report says which program it is of.
    static let build: String = {
        #if DEBUG
            let kind = "debug"
        #else
            let kind = "release"
        #endif
        #if arch(x86_64)
            let machine = "x86_64"
        #elseif arch(arm64)
            let machine = "arm64"
        #else
            let machine = "unknown"
        #endif
        #if compiler(>=6.4)
            let compiler = "6.4 or later"
        #elseif compiler(>=6.3)
            let compiler = "6.3"
        #else
            let compiler = "6.2"
        #endif
        let editing = LineEditing.isGPL ? "; with \(LineEditing.library): \(LineEditing.licence)" : ""
        return "\(version) (\(kind), Linux \(machine), Swift \(compiler)\(editing))"
    }()
    static let configuration = CommandConfiguration(
        commandName: "icot",
        abstract: "Watch a language model learn to stop showing its work.",
        version: build,
        subcommands: [
            RunCommand.self, ReplayCommand.self, SweepCommand.self, SweepPointCommand.self, PresentCommand.self,
            ExportCommand.self, EffectsCommand.self, CleanCommand.self, NotebooksCommand.self,
            KernelCommand.self, DoctorCommand.self, ManualCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    static func main() {
        StandardDescriptors.ensureOpen()
        Allocator.givesLargeBlocksBack()
        if EngineRanks.isForwarded { TerminalState.isForwarded.store(true, ordering: .relaxed) }
        if case .ends(let status, let message) = EngineRanks.join(version: build) {
            if let message { TerminalWriter.note("icot: \(message)", isError: true) }
            Glibc.exit(status)
        }
        Glibc.exit(status(of: Array(CommandLine.arguments.dropFirst())))
    }

    private static func status(of arguments: [String]) -> Int32 {
        if arguments == ["--help"] || arguments == ["-h"] || arguments == ["help"] {
            TerminalWriter.note(Usage.page, isError: false)
            return 0
        }
        let commands = configuration.subcommands.map { $0.configuration.commandName ?? "" }
        if arguments.count == 2, arguments[0] == "help", !commands.contains(arguments[1]) {
            return HelpOnVerb.answer(arguments[1])
        }
        do {
            var command = try parseAsRoot(commandFirst(arguments))
            try Host.chooseDevice(for: command)
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

    /// Where this program lies, for those who are to call it again.
    static var executablePath: String {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &bytes, bytes.count - 1)
        return count > 0
            ? String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : CommandLine.arguments[0]
    }

    /// Says what went wrong, and gives the exit status to throw.
    static func failure(_ message: String, status: Int32 = 2) -> ExitCode {
        TerminalWriter.note("icot: \(message)", isError: true)
        return ExitCode(status)
    }

    /// Options of every command that take a value.
    private static let valued = ["--threads", "--device", "--precision"]

    /// `--json` and these may stand anywhere, also before the name of the command.
    private static func commandFirst(_ arguments: [String]) -> [String] {
        var head: [String] = []
        var rest = arguments[...]
        while let next = rest.first,
            next == "--json" || valued.contains(where: { next == $0 || next.hasPrefix($0 + "=") })
        {
            let count = valued.contains(next) ? 2 : 1
            head += rest.prefix(count)
            rest = rest.dropFirst(count)
        }
        let names = configuration.subcommands.map { $0.configuration.commandName ?? "" }
        guard let name = rest.first, names.contains(name) else { return arguments }
        return [name] + head + rest.dropFirst()
    }
}
