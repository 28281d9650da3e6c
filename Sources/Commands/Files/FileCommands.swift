// `write`, `save`, `save_run`, `resume`: results to files and back.

import Experiments
import Glibc
import Internalization
import Language
import Plotting
import Support
import Tensors
import Transformer

enum FileCommands {
    static func all(_ bench: Workbench) -> [Command] { [write(bench), save(bench), saveRun(bench), resume(bench)] }

    private static func write(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "write", "Writes a value to a file or folder that other tools read.",
                [
                    .value("value", .any, "a model, problems, a table, an array, a figure, or any value as JSON"),
                    .value(
                        "path", .path(.write),
                        "the ending says how: .npy .safetensors .csv .json .jsonl .svg .png .pdf .txt; "
                            + "a folder for a model"),
                    .label(
                        "overwrite", .boolean, default: "false",
                        "true replaces what icot did not write, or somebody changed since"),
                ], examples: [],
                seeAlso: ["load", "read", "save_run"],
                discussion: """
                    A model becomes a folder that transformers opens. Problems become lines input||chain #### answer, \
                    or in .jsonl, .json, .csv and .tsv rows that have their recorded facts and steps too. Arrays go \
                    to .npy and .safetensors, tables to .csv and .json, figures to .svg, .png, .pdf and, as their \
                    data, .csv and .json. A file is written whole or not at all; one that icot did not write, or that \
                    was changed since, stays.
                    """)
        ) { call in
            let path = try call.text("path")
            if try !call.boolean("overwrite") { try checkOwn(path, call, bench) }
            let lost = try FileWriting.write(try call.value("value"), to: path, call)
            bench.written.note(path)
            call.output(StyledText("wrote \(path)" + (lost.map { "; " + $0 } ?? "")))
            return .none
        }
    }

    private static func save(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "save", "Saves the statements of the session and what they showed as a notebook.",
                [
                    .value("path", .path(.write), "such as \"notes/removal.icot\""),
                    .label(
                        "overwrite", .boolean, default: "false",
                        "true replaces a file that this session did not save"),
                ],
                examples: ["save \"notes/mine.icot\" overwrite: true"], seeAlso: ["save_run", "write"])
        ) { call in
            let path = try call.text("path")
            try checkPlace(path, call, bench)
            guard let notebook = try call.session.recording?() else {
                throw call.failure(
                    "this session does not keep a record of itself", help: "type the statements at the prompt: icot")
            }
            try FileWriting.text(notebook, to: path)
            bench.savedNotebooks.insert(FileSystem.resolved(path))
            call.output(StyledText("saved \(path)"))
            return .none
        }
    }

    /// What icot did not write is not written over, except by somebody who has just agreed to the list of a notebook.
    private static func checkOwn(_ path: String, _ call: Invocation, _ bench: Workbench) throws {
        guard FileSystem.exists(path), !FileWriting.isBesideOthers(path), !call.session.mayReplace(path) else { return }
        let message: String
        switch bench.written.state(of: path) {
        case .asWritten: return
        case .changed: message = "\(path) was changed since icot wrote it"
        case .unknown: message = "\(path) is there already, and icot did not write it"
        }
        throw call.failure(
            message, code: .runtimeArgument, at: "path", help: "choose another name, or add overwrite: true")
    }

    /// What somebody wrote by hand, or wants to keep, is not replaced by a record of this session.
    private static func checkPlace(_ path: String, _ call: Invocation, _ bench: Workbench) throws {
        guard path.split(separator: "/").last?.contains(".") == true else {
            throw call.failure(
                "a notebook's name ends in .icot", code: .runtimeArgument, at: "path",
                help: "write save \"\(path).icot\"")
        }
        guard FileSystem.exists(path) else { return }
        guard access(path, W_OK) == 0 else {
            throw call.failure(
                "\(path) may not be written", code: .runtimeArgument, at: "path", help: "save it under another name")
        }
        guard try !call.boolean("overwrite"), !bench.savedNotebooks.contains(FileSystem.resolved(path)) else { return }
        throw call.failure(
            "\(path) is there already, and this session did not save it", code: .runtimeArgument, at: "path",
            help: "choose another name, or write save \"\(path)\" overwrite: true")
    }

    private static func saveRun(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "save_run",
                "Keeps the current run with its timeline in a new folder, from where resume goes on with the same "
                    + "bits.",
                [
                    .value("path", .path(.write), "the folder, such as \"runs/mult2\""),
                    .label(
                        "moments", .boolean, default: "true",
                        "false forgets the optimizer's moments at every stage: a third of the size, and training goes "
                            + "on as after a reset"
                    ),
                    .label(
                        "compact", .boolean, default: "false",
                        "true writes a copy that is as small as can be, to hand on: no moments, weights rounded to "
                            + "about eight bits"
                    ), Workbench.runLabel,
                ], examples: ["save_run \"runs/mult2\"", "save_run \"runs/shown\" compact: true"],
                seeAlso: ["resume", "start"],
                discussion:
                    "From then on the run is saved at every removal and at the end of every command. What is on the "
                    + "disk is whole at any moment, whatever happens to the process. A compact copy is written "
                    + "once, and what it answers is compared with what the run answers."
            )
        ) { call in
            let experiment = try bench.run(call)
            let path = try call.text("path")
            if try call.boolean("compact") { return try saveCompact(experiment, path, call) }
            let before = experiment.run.checkpoint()
            if try !call.boolean("moments") { experiment.run.forgetMoments() }
            do { try experiment.keep(at: path) } catch {
                try experiment.run.restore(before)
                throw error
            }
            call.output(StyledText("saved in \(path)"))
            return .none
        }
    }

    /// Writes a compact copy and says how large it is and how often it answers the test problems in the same way.
    private static func saveCompact(_ experiment: Experiment, _ path: String, _ call: Invocation) throws -> Value {
        try experiment.writeCompact(at: path)
        let copy = try call.openCopy(of: path)
        var text = "saved in \(path): \(byteText(FileSystem.byteCount(of: path)))"
        if let test = experiment.test {
            let asked = test[0..<min(test.count, 500)]
            let removed = experiment.run.clock.removed
            let written = try [experiment.run.model, copy.run.model].map {
                try experiment.written(by: $0, asked, removed: removed, interrupt: call.interrupt)
            }
            let same = zip(written[0], written[1]).count { $0 == $1 }
            text +=
                "; \(same) of \(Phrase.count(asked.count, "test problem")) \(same == 1 ? "is" : "are") written as "
                + "the run writes them"
        }
        call.output(StyledText(text))
        return .none
    }

    private static func resume(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "resume", "Opens a kept run; it becomes the current run.",
                [
                    .value("path", .path(.read), "the folder of save_run, or runs/name after start … name:").ofRun,
                    .label(
                        "hold", .boolean, default: "true",
                        "false opens a copy: the folder stays as it is, and free for others"),
                    .label(
                        "steal", .boolean, default: "false",
                        "takes it over from a process on another machine that is gone"),
                    .label(
                        "slices", .integer(1...100_000),
                        "cuts batches into so many parts from here on, which ranks share; as before without it"),
                    EngineDevice.deviceParameter,
                ], result: RunValue.typeName, effects: [.holds(unless: "hold"), .changesRun],
                seeAlso: ["save_run", "timeline"])
        ) { call in
            let path = try call.text("path"), executor = try EngineDevice.executor(call)
            let experiment =
                try call.boolean("hold")
                ? Experiment.resume(
                    path, steals: call.boolean("steal"), on: executor, warn: call.warn, remark: call.remark,
                    interrupt: call.interrupt)
                : call.openCopy(of: path, on: executor)
            try EngineDevice.check(experiment.run.model.configuration, call, on: executor)
            if let slices = call.integerIfPresent("slices") {
                try experiment.change(slices: slices, remark: call.remark)
            }
            bench.note(experiment)
            bench.currentRun = experiment
            return .object(RunValue(experiment))
        }
    }
}

extension Invocation {
    func warn(_ text: String) { output(StyledText(text, .warning)) }

    /// What is true here and now, and no result.
    func remark(_ text: String) { output(DisplayBundle(picture: [StyledText(text, .dim)])) }

    /// A kept run without holding its folder.
    func openCopy(of path: String, on executor: (any Executor)? = nil) throws -> Experiment {
        try Experiment.open(copyOf: path, on: executor, warn: warn, interrupt: interrupt)
    }
}
