// `icot doctor`: what this program finds on this machine, what is missing, and what that costs.

import ArgumentParser
import Commands
import Console
import Glibc
import Language
import Support

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Says what is here, what is missing, and what that costs.",
        discussion:
            "Nothing is changed and nothing is sent anywhere. What is optional is marked –, and icot runs without it.")

    @OptionGroup var shared: SharedOptions

    func run() throws {
        if let threads = shared.threads { setenv("ICOT_THREADS", "\(threads)", 1) }
        let findings = Doctor.findings()
        let writer = TerminalWriter()
        if shared.json {
            for finding in findings { writer.print(verbatim: finding.json) }
        } else {
            writer.print(findings.map(\.line))
        }
    }
}

/// One thing that was looked for.
struct Finding {
    var name: String
    /// What is there; nil where nothing is.
    var found: String?
    /// What is not possible without it, and what to type; nil where it is there.
    var cost: String?

    private static let nameWidth = 12

    var line: StyledText {
        var line = StyledText(found == nil ? "– " : "  ", .warning)
        line.append(name.padding(to: Self.nameWidth), .dim)
        line.append(found ?? "not found")
        if let cost { line.append(": " + cost, .dim) }
        return line
    }

    var json: String {
        Value.record([
            ("name", .text(name)), ("found", found.map { .text($0) } ?? .none),
            ("cost", cost.map { .text($0) } ?? .none),
        ]).json
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}

enum Doctor {
    static func findings() -> [Finding] {
        [
            Finding(name: "icot", found: Icot.build), processor, arithmetic, halfPrecision, memory, card,
            terminal, letters, lineEditor,
            library(
                "pictures", ["librsvg-2.so.2", "libcairo.so.2"], of: "librsvg",
                cost: "write … \"x.png\" and \"x.pdf\" fail, .svg works; apt install librsvg2-2"),
            program(
                "browser", ["xdg-open", "chromium", "chromium-browser", "firefox", "google-chrome"],
                cost: "icot export writes pages all the same; open them elsewhere"),
            library(
                "ZeroMQ", ["libzmq.so.5"], of: "libzmq", cost: "no kernel for Jupyter; apt install libzmq5"),
            library(
                "libcurl", ["libcurl.so.4"], of: "libcurl",
                cost: "prompted … at: asks no servers; apt install libcurl4"),
            program("Jupyter", ["jupyter"], cost: "no notebooks in a browser; pip install jupyterlab"),
            program("Slurm", ["sbatch"], cost: "icot sweep runs here only, not with --slurm"), ranks,
            cache,
        ]
    }

    private static var lineEditor: Finding {
        var found = "\(LineEditing.library), keys in \(LineEditing.settings)"
        if LineEditing.isGPL { found += " (\(LineEditing.licence))" }
        return Finding(name: "line editor", found: found)
    }

    private static var processor: Finding {
        let lines = text("/proc/cpuinfo").split(separator: "\n")
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last.map {
            $0.drop { $0 == " " }
        }
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        return Finding(
            name: "processor", found: "\(model.map(String.init) ?? "unknown"), \(Phrase.count(cores, "core"))")
    }

    private static var arithmetic: Finding {
        guard let library = EngineFacts.library else {
            return Finding(
                name: "arithmetic", found: "\(EngineFacts.numericProfile), icot's own products",
                cost: getenv("ICOT_BLAS") == nil
                    ? "as quick up to a width of some 800, then up to a fifth slower; apt install libopenblas0"
                    : "ICOT_BLAS is set; without it OpenBLAS is opened where it is there")
        }
        return Finding(name: "arithmetic", found: "\(EngineFacts.numericProfile), \(library)")
    }

    private static var halfPrecision: Finding {
        EngineDevice.processorHasBF16
            ? Finding(name: "bf16", found: "AVX512-BF16; precision: .bf16 trains and generates faster with it")
            : Finding(
                name: "bf16", found: nil,
                cost: "precision: .bf16 has the bits that it has everywhere, and takes many times as long as .f32")
    }

    private static var memory: Finding {
        Finding(name: "memory", found: FreeMemory.bytes.map { "\(byteText($0)) free" } ?? "unknown")
    }

    private static var card: Finding {
        let (name, failure) = EngineDevice.firstCard()
        if let name { return Finding(name: "GPU", found: "\(name); --device cuda computes there") }
        let words = failure.map { $0.description + ($0.help.map { "; " + $0 } ?? "") } ?? ""
        return Finding(name: "GPU", found: nil, cost: "icot computes on the processor. \(words)")
    }

    private static var ranks: Finding {
        let (version, fault) = EngineRanks.library()
        let start = program("MPI", ["mpirun"], cost: "")
        if let version, start.found != nil {
            return Finding(name: "MPI", found: "\(version); mpirun -np 2 icot FILE.icot shares the batches of a run")
        }
        return Finding(
            name: "MPI", found: nil,
            cost: "a run is trained in one process; "
                + (fault.map { "\($0.description); \($0.help)" } ?? "there is no mpirun: apt install openmpi-bin"))
    }

    private static var terminal: Finding {
        let terminal = TerminalState.current()
        guard terminal.outputIsTerminal else {
            return Finding(name: "terminal", found: "none here: output goes to a file or a pipe, without colours")
        }
        let (rows, columns) = terminal.size()
        guard terminal.canMove else {
            return Finding(
                name: "terminal", found: "\(columns) × \(rows), which cannot move its cursor",
                cost: "lines are not edited, progress is not drawn in place; set TERM, such as TERM=xterm-256color")
        }
        let colours =
            terminal.usesColour
            ? terminal.has256Colours ? "256 colours" : terminal.isLinuxConsole ? "16 colours" : "no colours"
            : "no colours"
        return Finding(name: "terminal", found: "\(columns) × \(rows), \(colours)")
    }

    private static var letters: Finding {
        let terminal = TerminalState.current()
        if !terminal.isUnicode {
            return Finding(
                name: "letters", found: "the locale is not UTF-8",
                cost: "digits and letters are fine, others may be garbled; set LANG=C.UTF-8")
        }
        return Finding(
            name: "letters", found: terminal.hasBraille ? "UTF-8, figures in braille" : "UTF-8, figures in blocks")
    }

    private static var cache: Finding {
        let folders = EngineFacts.checkpointCaches
        let here = folders.first { FileSystem.isFolder($0) }
        return Finding(
            name: "checkpoints", found: here.map { "Hugging Face cache \($0)" },
            cost: here == nil
                ? "load \"gpt2\" finds nothing by name; a folder works, or hf download openai-community/gpt2" : nil)
    }

    // MARK: Looking

    private static func text(_ path: String) -> String {
        (try? readBytes(path, limit: 1 << 22)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static func library(_ name: String, _ files: [String], of library: String, cost: String) -> Finding {
        let isThere = files.allSatisfy { DynamicLibrary($0) != nil }
        return Finding(name: name, found: isThere ? library : nil, cost: isThere ? nil : cost)
    }

    private static func program(_ name: String, _ programs: [String], cost: String) -> Finding {
        let folders = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":")
        let places = programs.flatMap { program in folders.map { folder in "\(folder)/\(program)" } }
        let found = places.first { place in access(place, X_OK) == 0 }
        return Finding(name: name, found: found, cost: found == nil ? cost : nil)
    }
}
