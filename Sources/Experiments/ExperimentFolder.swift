// A run on disk, whole:
//
//   run.json                        format; when, where and by how many threads it was made; digests of its data
//                                   and, as "files", of every other file that never changes, which resume compares;
//                                   "info", {"name", "separator", "characters" or "tokenizer"}: what this file adds
//   run.lock, owner.lock            who is writing (see `RunLock`)
//   model/                          the model at the start, as a Hugging Face folder
//   tokenizer/                      the files of the tokenizer, where the problems are written by one
//   problems-….txt                  the problems as text, input||chain #### answer: -training, -held-out (test), -validation
//   problems-….inputs               instead, in a compact folder: the numbers they were made from (see `TaskDescription`)
//   task-….json                     what they are called, and the facts that their own code recorded
//   data/….safetensors              the same problems encoded (see `EncodedProblems+File`): training, held-out, validation;
//                                   not in a compact folder
//   parts/<sha256>.safetensors      weights and moments of snapshots, never changed (see `PartFile`)
//   checkpoints/step-<ten digits>/  state.json (see `SavedState`) and MANIFEST.json, written as `RunFolder` says
//   metrics.jsonl                   a line for each event of training (see `MetricsLog`)
//   events.out.tfevents.…           the same for TensorBoard, where it was asked for
//
// The problems' texts and "info" are written and read here, the rest by the engine. A folder without run.json is no run
// yet: it is written last. A compact folder, to hand on, is format 2: its parts are rounded differences, no moments are
// kept, and `model` has no weights, since those of the start are the first part.

import Checkpoints
import Internalization
import Support
import Tensors
import Transformer

extension Experiment {
    // MARK: Keeping it

    /// Keeps the run in a new folder from here on.
    /// - Throws: `RunFolderError.exists`, `.inUse`; `FileError`.
    public func keep(at path: String) throws {
        folder = try RunFolder.create(path, for: run, initial: initial, info: info) {
            try writeTokenizer(path)
            for (part, set) in parts { try Self.write(set, path, part) }
        }
    }

    private func writeTokenizer(_ path: String) throws {
        guard case .tokenizer(_, let folder?) = model.writing else { return }
        // Which token ends a text may stand beside the tokenizer only.
        try TokenizerFolder.copy(
            folder, and: ["generation_config.json", "config.json"], to: Self.tokenizerPath(path))
    }

    private static func tokenizerPath(_ path: String) -> String { path + "/tokenizer" }

    /// Puts the run into a new folder that is small enough to hand on; it is not kept there from then on.
    /// - Throws: as `keep`.
    public func writeCompact(at path: String) throws {
        try RunFolder.writeCompact(path, for: run, info: info) {
            try writeTokenizer(path)
            for (part, set) in parts where try !set.writeInputs(to: Self.inputPath(path, part)) {
                try Self.write(set, path, part)
            }
        }
    }

    private static func write(_ set: ProblemSet, _ path: String, _ part: String) throws {
        try set.write(to: textPath(path, part))
        try set.writeTask(to: taskPath(path, part))
    }

    /// Writes what has been reached into its folder, if it is kept in one.
    public func save() throws { try folder?.save(run) }

    private var parts: [(String, ProblemSet)] {
        [("training", data), ("held-out", test), ("validation", validation)].compactMap { name, set in
            set.map { (name, $0) }
        }
    }

    private var info: JSONValue {
        var members: [JSONObject.Member] = [.init("name", .string(name))]
        if let separator { members.append(.init("separator", .string(separator.rawValue))) }
        switch model.writing {
        case .characters(let vocabulary): members.append(.init("characters", .string(String(vocabulary.characters))))
        case .tokenizer(_, let folder): members.append(.init("tokenizer", folder.map { .string($0) } ?? .null))
        case .ids: break
        }
        return .object(JSONObject(members))
    }

    // MARK: Going on with it

    /// Goes on with the run of a folder, and keeps it there.
    /// - Parameters:
    ///   - steals: takes it over from a process on another machine that is gone.
    ///   - original: the folder that this one is a copy of, which is what a person knows.
    ///   - executor: what computes from here on; that of new models where nil.
    ///   - warn: hears of checkpoints that were passed over because they are not complete.
    ///   - remark: hears why its bits will be others from here on, where they will.
    /// - Throws: `RunFolderError`, `FileError`, `RunError`; the folder is then as it was.
    public static func resume(
        _ path: String, steals: Bool = false, copyOf original: String? = nil, on executor: (any Executor)? = nil,
        warn: (String) -> Void = { _ in },
        remark: (String) -> Void = { _ in },
        interrupt: Interrupt = Interrupt()
    ) throws -> Experiment {
        let info = try RunFolder.info(of: path).object
        let sets: [String: ProblemSet] = try ["training", "held-out", "validation"].reduce(into: [:]) {
            $0[$1] = try problems(path, $1)
        }
        guard let data = sets["training"] else {
            throw FileError(.missing, textPath(path, "training"), "the run's problems are not in its folder")
        }
        let parts = ProblemParts(kept: data, test: sets["held-out"], validation: sets["validation"])
        let writing = try writing(info, path)
        let separator = info?["separator"]?.string.flatMap { AnswerSeparator(rawValue: $0) }
        let encoder = try writing.encoder(separator: separator, answers: parts.all)
        let resumed = try RunFolder.resume(path, steals: steals, isVerified: true, on: executor) { part, order in
            guard let set = sets[part] else { throw FileError(.missing, path, "has no \(part) problems") }
            return try EncodedProblems(set, encoder: encoder, order: order, interrupt)
        } encoder: { _ in
            encoder
        }
        resumed.warnings.forEach(warn)
        if let profiles = resumed.profiles {
            remark(
                "trained so far under \(profiles.before), from here on under \(profiles.now): the last bits will be "
                    + "others than they would have been")
        }
        let experiment = Experiment(
            resumed.run, model: ExperimentModel(resumed.run.model, writing: writing, origin: .folder(original ?? path)),
            problems: parts, encoder: encoder, separator: separator, name: info?["name"]?.string ?? "run",
            initial: resumed.initial)
        experiment.folder = resumed.folder
        return experiment
    }

    /// Goes on with the run that a start like this one began in a folder; nil where there is none.
    /// - Throws: as `resume`; `ExperimentFault.keptOtherwise` where the run there began from other weights or problems,
    ///   or computes in another precision.
    public func continuation(
        at path: String, on executor: (any Executor)? = nil, warn: (String) -> Void = { _ in },
        remark: (String) -> Void = { _ in }, interrupt: Interrupt = Interrupt()
    ) throws -> Experiment? {
        guard FileSystem.exists(path + "/run.json") else { return nil }
        let kept = try Experiment.resume(path, on: executor, warn: warn, remark: remark, interrupt: interrupt)
        for (role, own, other) in [
            (ProblemRole.training, data, kept.data), (.test, test, kept.test),
            (.validation, validation, kept.validation),
        ] as [(ProblemRole, ProblemSet?, ProblemSet?)] where own?.fingerprint != other?.fingerprint {
            throw ExperimentFault.keptOtherwise(path: path, .problems(role))
        }
        guard try initial.contentHash(interrupt: interrupt) == kept.initial.contentHash(interrupt: interrupt) else {
            throw ExperimentFault.keptOtherwise(path: path, .weights)
        }
        guard run.settings.precision == kept.run.settings.precision else {
            throw ExperimentFault.keptOtherwise(path: path, .precision(kept.run.precisionName))
        }
        return kept
    }

    /// Goes on with a copy of a kept run: its folder is neither held nor changed.
    public static func open(
        copyOf path: String, on executor: (any Executor)? = nil, warn: (String) -> Void = { _ in },
        interrupt: Interrupt = Interrupt()
    ) throws -> Experiment {
        try RunFolder.check(path)
        let copy = try TemporaryCopy(of: path, without: Set(RunLock.fileNames))
        let experiment = try resume(copy.path, copyOf: path, on: executor, warn: warn, interrupt: interrupt)
        experiment.folder = nil
        experiment.copy = copy
        experiment.origin = path
        return experiment
    }

    private static func textPath(_ path: String, _ part: String) -> String { path + "/problems-\(part).txt" }
    private static func taskPath(_ path: String, _ part: String) -> String { path + "/task-\(part).json" }

    private static func inputPath(_ path: String, _ part: String) -> String { path + "/problems-\(part).inputs" }

    /// The problems of a part; nil where the run has none.
    private static func problems(_ path: String, _ part: String) throws -> ProblemSet? {
        let (inputs, text, task) = (inputPath(path, part), textPath(path, part), taskPath(path, part))
        if FileSystem.exists(inputs) { return try ProblemSet(inputs: inputs) }
        guard FileSystem.exists(text) else { return nil }
        let set = try ProblemFile(text, rules: .reference, dropsCommas: false).read().problems
        return FileSystem.exists(task) ? try set.withTask(from: task) : set
    }

    private static func writing(_ info: JSONObject?, _ path: String) throws -> ProblemWriting {
        if let characters = info?["characters"]?.string { return .characters(CharacterVocabulary(Array(characters))) }
        guard let original = info?["tokenizer"]?.string else {
            throw FileError(.malformed, path + "/run.json", "does not say how the problems are written for the model")
        }
        // Older runs have only the name of its folder.
        let own = tokenizerPath(path)
        let folder = FileSystem.isFolder(own) ? own : original
        return .tokenizer(try TokenizerFolder.load(folder), folder: FileSystem.absolute(folder))
    }
}
