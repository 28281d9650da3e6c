import Glibc
import Support
import Tensors
import Transformer

// A run on disk. What lies in its folder is told as a whole at the head of Experiments/ExperimentFolder.swift.
//
// Writing a checkpoint: the parts that are not there yet, each flushed; then a folder `checkpoints/.tmp-…` with
// state.json and, last, MANIFEST.json (the bytes and SHA-256 of everything the checkpoint needs), flushed; then a
// rename to `step-…` and a flush of `checkpoints`; then it is read back and verified; only then older ones go (the
// last two stay). The number counts checkpoints, not steps, because a run can go back. Resuming takes the highest
// number whose manifest verifies, and says which were passed over.
//
// Of a compact folder the caller keeps the problems in some way of its own and encodes them anew; the digests in
// run.json say whether they are the same.

/// A run's folder, held for writing.
public final class RunFolder {
    public let path: String
    /// What the caller wanted to remember: how the data was made, how answers are read.
    public let info: JSONValue
    private let lock: RunLock
    private let metrics: MetricsLog
    private var tensorBoard: TensorBoardLog?
    private var lastNumber: Int
    private var profiles: [ProfileSpan]
    private let keptCheckpoints = 2
    private static let format = 1
    private static let compactFormat = 2

    private var parts: String { path + "/parts" }
    private var checkpoints: String { path + "/checkpoints" }

    private init(
        path: String, info: JSONValue, lock: RunLock, metrics: MetricsLog, lastNumber: Int, profiles: [ProfileSpan]
    ) {
        self.path = path
        self.profiles = profiles
        self.info = info
        self.lock = lock
        self.metrics = metrics
        self.lastNumber = lastNumber
    }

    // MARK: Making one

    /// Puts a run into a new folder and saves its first checkpoint.
    /// - Parameters:
    ///   - initial: the model before the first step, where the run has taken some; a control starts from it.
    ///   - writeMore: writes what the caller wants to keep there too, before the folder counts as a run.
    /// - Throws: `RunFolderError.exists` if there is a run already, `.inUse`; `FileError`.
    public static func create(
        _ path: String, for run: Run, initial: LanguageModel? = nil, info: JSONValue = .null,
        writeMore: () throws -> Void = {}
    ) throws -> RunFolder {
        let lock = try prepare(path)
        // Later somebody may have gone to another folder.
        let path = FileSystem.absolute(path)
        try (initial ?? run.model).write(to: path + "/model")
        try FileSystem.makeFolder(path + "/data")
        try run.problems.write(to: path + "/data/training.safetensors")
        try run.heldOut?.problems.write(to: path + "/data/held-out.safetensors")
        try run.validation?.problems.write(to: path + "/data/validation.safetensors")
        try writeMore()
        let folder = try empty(path, for: run, info, lock)
        try folder.save(run)
        try describe(path, run, format: format, info)
        run.timeline.spill(to: folder.parts)
        return folder
    }

    /// Puts a run into a new folder that is as small as can be, to hand on: without moments, its weights rounded, and
    /// without the encoded problems, which `resume` asks the caller for. The run is left as it is and is not kept
    /// there.
    /// - Parameters:
    ///   - fineness: steps to the root mean square of a parameter's numbers; 128 keeps about eight bits of them.
    ///   - writeMore: writes what the caller wants to keep there too: the problems, above all.
    /// - Throws: as `create`.
    public static func writeCompact(
        _ path: String, for run: Run, info: JSONValue = .null, fineness: Float = 128, writeMore: () throws -> Void
    ) throws {
        let lock = try prepare(path)
        try run.model.writeConfiguration(to: path + "/model")
        try writeMore()
        let folder = try empty(path, for: run, info, lock)
        try folder.write(try run.compactState(keepingPartsIn: folder.parts, fineness: fineness), run)
        try describe(path, run, format: compactFormat, info)
    }

    private static func prepare(_ path: String) throws -> RunLock {
        if FileSystem.exists(path + "/run.json") { throw RunFolderError.exists(path: path) }
        if let kind = FileSystem.kind(of: path), kind != .folder {
            throw RunFolderError.strangeEntry(path: path, kind: kind)
        }
        if let strange = FileSystem.strangeEntry(in: path) {
            throw RunFolderError.strangeEntry(path: strange.path, kind: strange.kind)
        }
        for folder in ["", "/parts", "/checkpoints"] { try FileSystem.makeFolder(path + folder) }
        let lock = try RunLock(path)
        removeUnfinished(path)
        return lock
    }

    /// What a process left that was ended while it made the folder: without run.json it is no run, and what it wrote
    /// has only our own names.
    private static func removeUnfinished(_ path: String) {
        for number in numbers(path) { FileSystem.removeFolder(checkpointPath(path, number)) }
        for name in FileSystem.names(in: path + "/parts") where name.hasSuffix(".safetensors") && name.count == 76 {
            unlink(path + "/parts/" + name)
        }
        removeTemporaries(path)
    }

    /// What writes left that were cut off in the middle.
    private static func removeTemporaries(_ path: String) {
        for folder in [path] + describedFolders.map({ path + "/" + $0 }) + [path + "/data", path + "/parts"] {
            for name in FileSystem.names(in: folder) where name.hasPrefix(".tmp-") { unlink(folder + "/" + name) }
        }
        for name in FileSystem.names(in: path + "/checkpoints") where name.hasPrefix(".tmp-") {
            FileSystem.removeFolder(path + "/checkpoints/" + name)
        }
    }

    private static func empty(_ path: String, for run: Run, _ info: JSONValue, _ lock: RunLock) throws -> RunFolder {
        RunFolder(
            path: path, info: info, lock: lock, metrics: try MetricsLog(path, keeping: 0), lastNumber: 0,
            profiles: [ProfileSpan(from: run.progress.updates, profile: run.numericProfile)])
    }

    // MARK: What it says of itself

    /// Folders whose files never change.
    private static let describedFolders = ["model", "tokenizer"]

    /// Every file that never changes and is not described by a digest elsewhere.
    private static func unchangingFiles(_ path: String) -> [String] {
        let names = FileSystem.names(in: path).filter { $0.hasPrefix("problems-") || $0.hasPrefix("task-") }
        return names
            + describedFolders.flatMap { folder in
                FileSystem.names(in: path + "/" + folder).filter { !$0.hasPrefix(".") }.map { folder + "/" + $0 }
            }
    }

    private static func describe(_ path: String, _ run: Run, format: Int, _ info: JSONValue) throws {
        var description = JSONObject([
            .init("format", JSONValue(format)), .init("created", .string(UTCTime.now())),
            .init("host", .string(FolderLock.host)),
            .init("threads", JSONValue(run.workers.threadCount)), .init("training", .string(run.problems.fingerprint)),
        ])
        if let heldOut = run.heldOut {
            description["held_out"] = .string(heldOut.problems.fingerprint)
            if let limit = heldOut.options.limit { description["held_out_limit"] = JSONValue(limit) }
        }
        if let validation = run.validation { description["validation"] = .string(validation.problems.fingerprint) }
        description["info"] = info
        description["files"] = .object(
            JSONObject(
                try unchangingFiles(path).sorted().map { .init($0, .string(try SHA256.hex(ofFile: path + "/" + $0))) }))
        // Last: a folder without run.json is no run yet.
        try writeFileAtomically(path + "/run.json", (JSONWriter.text(.object(description)) + "\n").utf8)
    }

    /// - Throws: `RunFolderError.changedFile` for a file that is not what was written at the start.
    private static func verifyFiles(_ path: String, _ description: JSONObject) throws {
        for file in description["files"]?.object?.members ?? [] {
            let place = path + "/" + file.name
            guard FileSystem.exists(place), try SHA256.hex(ofFile: place) == file.value.string else {
                throw RunFolderError.changedFile(path: place)
            }
        }
    }

    // MARK: Saving

    /// Writes a checkpoint of the run and its whole timeline. When this returns, `resume` finds it even after a loss
    /// of power.
    public func save(_ run: Run) throws {
        try metrics.sync()
        try write(try run.savedState(keepingPartsIn: parts), run)
    }

    private func write(_ state: SavedState, _ run: Run) throws {
        var state = state
        state.metricsBytes = metrics.byteCount
        state.profiles = profiles
        let text = Array(JSONWriter.text(try JSONValue(encoding: state), .compact).utf8)
        let temporary = checkpoints + "/.tmp-" + String(UInt64.random(in: 0...UInt64.max), radix: 16)
        try FileSystem.makeFolder(temporary)
        do {
            try writeFileAtomically(temporary + "/state.json", text)
            let manifest = try manifest(state, text, run)
            try writeFileAtomically(temporary + "/MANIFEST.json", (JSONWriter.text(manifest) + "\n").utf8)
            let final = checkpointPath(lastNumber + 1)
            guard rename(temporary, final) == 0 else { throw RunFolderError.system(final) }
            try FileSystem.flushFolder(checkpoints)
            try RunFolder.verify(final, parts: parts)
            lastNumber += 1
        } catch {
            FileSystem.removeFolder(temporary)
            throw error
        }
        removeOld()
    }

    private func checkpointPath(_ number: Int) -> String { RunFolder.checkpointPath(path, number) }

    private static func checkpointPath(_ path: String, _ number: Int) -> String {
        let digits = String(number)
        return path + "/checkpoints/step-" + String(repeating: "0", count: max(10 - digits.count, 0)) + digits
    }

    private func manifest(_ state: SavedState, _ text: [UInt8], _ run: Run) throws -> JSONValue {
        var files: [JSONValue] = [
            [
                "name": "state.json", "bytes": JSONValue(text.count),
                "sha256": .string(text.withUnsafeBytes { SHA256.hex($0) }),
            ]
        ]
        for digest in Set(state.snapshots.flatMap(\.digests)).sorted() {
            let size = FileSystem.size(of: PartFile(digest, in: parts).path) ?? -1
            files.append([
                "name": .string("../../parts/\(digest).safetensors"), "bytes": JSONValue(size),
                "data_sha256": .string(digest),
            ])
        }
        return [
            "format": JSONValue(RunFolder.format), "updates": JSONValue(run.progress.updates), "files": .array(files),
        ]
    }

    /// - Throws: the first reason why the checkpoint cannot be gone on from. The numbers of a part are verified when
    /// they are read.
    private static func verify(_ checkpoint: String, parts: String) throws {
        let manifest = try JSONReader.readFile(checkpoint + "/MANIFEST.json", limit: 1 << 28).object
        guard let format = manifest?["format"]?.integer, let files = manifest?["files"]?.array else {
            throw RunFolderError.malformed(path: checkpoint, rule: "its manifest lacks format or files")
        }
        guard format == Self.format else {
            throw RunFolderError.version(path: checkpoint, found: format, known: Self.format)
        }
        for file in files.compactMap(\.object) {
            guard let name = file["name"]?.string, let bytes = file["bytes"]?.integer else {
                throw RunFolderError.malformed(path: checkpoint, rule: "its manifest lists a file without name or size")
            }
            let path = checkpoint + "/" + name
            guard FileSystem.size(of: path) == bytes else {
                throw RunFolderError.malformed(path: path, rule: "it does not have the \(bytes) bytes of the manifest")
            }
            if let digest = file["sha256"]?.string, try SHA256.hex(ofFile: path) != digest {
                throw RunFolderError.malformed(path: path, rule: "it is not what was written")
            }
        }
    }

    /// Removes checkpoints before the last ones, and the parts that nothing needs any more.
    private func removeOld() {
        let numbers = RunFolder.numbers(path)
        let kept = Set(numbers.suffix(keptCheckpoints))
        for number in numbers where !kept.contains(number) { FileSystem.removeFolder(checkpointPath(number)) }
        for name in FileSystem.names(in: checkpoints) where name.hasPrefix(".tmp-") {
            FileSystem.removeFolder(checkpoints + "/" + name)
        }
        var needed: Set<String> = []
        for number in kept {
            guard
                let state = try? JSONReader.readFile(checkpointPath(number) + "/state.json", limit: 1 << 28).decode(
                    SavedState.self)
            else { return }
            for digest in state.snapshots.flatMap(\.digests) { needed.insert(digest + ".safetensors") }
        }
        for name in FileSystem.names(in: parts) where !needed.contains(name) { unlink(parts + "/" + name) }
    }

    private static func numbers(_ path: String) -> [Int] {
        FileSystem.names(in: path + "/checkpoints").compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }
            .sorted()
    }

    // MARK: Metrics

    /// Appends an event to the metrics.
    /// - Parameter stepInterval: how many steps one line stands for; removals and evaluations are all written.
    public func note(_ event: TrainingEvent, stepInterval: Int = 10) throws {
        guard let line = event.metrics(stepInterval: stepInterval) else { return }
        try metrics.append(line)
        if let (step, scalars) = event.scalars { try tensorBoard?.append(step: step, scalars) }
    }

    /// Writes the metrics for TensorBoard too from here on, as `events.out.tfevents.…` in the run's folder.
    public func writeTensorBoard() throws { if tensorBoard == nil { tensorBoard = try TensorBoardLog(path) } }

    // MARK: Going on

    /// A run as its folder has it.
    public struct Resumed {
        public let run: Run
        /// The model before the first step.
        public let initial: LanguageModel
        public let folder: RunFolder
        /// Checkpoints that were passed over because they are not complete, and why.
        public let warnings: [String]
        /// The numeric profile that it was trained under last and that of this process, where they differ: from here on
        /// its bits are others than they would have been.
        public let profiles: (before: String, now: String)?
    }

    /// What a run's folder says about it, without taking it over.
    /// - Throws: `RunFolderError`, also where a file is not what was written at the start; `FileError`.
    public static func info(of path: String) throws -> JSONValue {
        let description = try description(path)
        try verifyFiles(path, description)
        return description["info"] ?? .null
    }

    /// - Throws: `RunFolderError`, `FileError` where there is no run at `path`.
    public static func check(_ path: String) throws { _ = try description(path) }

    /// What to give in place of a folder that is not there.
    private static func helpWithout(_ path: String) -> String {
        // `start … name: "x"` keeps its run in runs/x.
        let kept = "runs/" + path
        if !path.hasPrefix("/"), FileSystem.exists(kept + "/run.json") { return "write \"\(kept)\"" }
        for folder in [FileSystem.folder(of: path), "runs"] {
            let runs = FileSystem.names(in: folder).filter { FileSystem.exists(folder + "/\($0)/run.json") }
            if !runs.isEmpty {
                let place = folder == "runs" ? "in runs" : "there"
                return "the runs \(place) are " + runs.prefix(6).joined(separator: ", ")
            }
        }
        return "give the folder that start … name: or save_run made"
    }

    private static func description(_ path: String) throws -> JSONObject {
        guard FileSystem.exists(path) else {
            throw FileError(.missing, path, "there is no such folder", help: helpWithout(path))
        }
        if let strange = FileSystem.strangeEntry(in: path) {
            throw RunFolderError.strangeEntry(path: strange.path, kind: strange.kind)
        }
        guard FileSystem.exists(path + "/run.json") else { throw RunFolderError.notARun(path: path) }
        guard let description = try JSONReader.readFile(path + "/run.json").object,
            let found = description["format"]?.integer
        else {
            throw RunFolderError.malformed(path: path + "/run.json", rule: "it has no format")
        }
        guard [format, compactFormat].contains(found) else {
            throw RunFolderError.version(path: path, found: found, known: compactFormat)
        }
        return description
    }

    /// Goes on with a run from its last complete checkpoint, bit for bit.
    /// - Parameters:
    ///   - isVerified: whether `info(of:)` has just been asked, so that its files need not be compared again.
    ///   - encode: the problems of a part ("training", "held-out", "validation") for an order of removal, where the
    ///     folder is compact.
    ///   - encoder: makes the encoder of the held-out problems from what the caller remembered.
    ///   - executor: what computes from here on; that of new models where nil.
    /// - Throws: `RunFolderError`, `FileError`, `RunError`, `PrecisionFault` where this process cannot compute as
    ///   the run does; the folder is then as it was.
    public static func resume(
        _ path: String, steals: Bool = false, isVerified: Bool = false, workers: Workers = .shared,
        on executor: (any Executor)? = nil,
        encode: (_ part: String, RemovalOrder) throws -> EncodedProblems = { part, _ in
            throw FileError(.missing, part, "nobody knows how to encode these problems")
        },
        encoder: (JSONValue) throws -> any ProblemEncoder
    ) throws -> Resumed {
        let description = try description(path)
        let lock = try RunLock(path, steals: steals)
        // Later somebody may have gone to another folder.
        let path = FileSystem.absolute(path)
        if !isVerified { try verifyFiles(path, description) }
        removeTemporaries(path)
        let info = description["info"] ?? .null
        let isCompact = description["format"]?.integer == compactFormat
        var known: [String: EncodedProblems] = [:]
        func read(_ part: String, _ order: RemovalOrder) throws -> EncodedProblems {
            let problems =
                isCompact ? try encode(part, order) : try EncodedProblems(file: path + "/data/\(part).safetensors")
            guard problems.fingerprint == description[part == "held-out" ? "held_out" : part]?.string else {
                throw RunFolderError.changedData(path: path, what: "the \(part) problems")
            }
            return problems
        }
        func placed(_ model: LanguageModel) -> LanguageModel { executor.map { model.copy(on: $0) } ?? model }
        /// Without them no checkpoint can be gone on from.
        func problems(_ part: String, _ order: RemovalOrder) throws -> EncodedProblems {
            if let problems = known[part] { return problems }
            do { known[part] = try read(part, order) } catch { throw DataFailure(cause: error) }
            return try problems(part, order)
        }
        var warnings: [String] = []
        for number in numbers(path).reversed() {
            let checkpoint = checkpointPath(path, number)
            do {
                try verify(checkpoint, parts: path + "/parts")
                let state = try JSONReader.readFile(checkpoint + "/state.json", limit: 1 << 28).decode(SavedState.self)
                guard let present = state.snapshots.first else {
                    throw RunFolderError.malformed(path: checkpoint, rule: "its state is empty")
                }
                let order = present.schedule.order
                let heldOut = try description["held_out"].map { _ in
                    HeldOut(
                        try problems("held-out", order), encoder: try encoder(info),
                        options: EvaluationOptions(limit: description["held_out_limit"]?.integer))
                }
                let validation = try description["validation"].map { _ in
                    HeldOut(try problems("validation", order), encoder: try encoder(info))
                }
                let initial = try isCompact ? nil : placed(LanguageModel.load(from: path + "/model"))
                let run = try Run(
                    initial?.copy() ?? placed(LanguageModel(configurationIn: path + "/model")),
                    on: try problems("training", order), heldOut: heldOut,
                    validation: validation, schedule: present.schedule,
                    settings: present.settings, workers: workers)
                if let precision = run.settings.precision { try initial?.multiply(in: precision) }
                try run.adopt(state, partsFolder: path + "/parts")
                run.timeline.spill(to: path + "/parts")
                var profiles = state.profiles ?? []
                let (before, now) = (profiles.last?.profile, run.numericProfile)
                if before != now { profiles.append(ProfileSpan(from: run.progress.updates, profile: now)) }
                let folder = RunFolder(
                    path: path, info: info, lock: lock, metrics: try MetricsLog(path, keeping: state.metricsBytes),
                    lastNumber: numbers(path).last ?? number, profiles: profiles)
                return Resumed(
                    run: run, initial: try initial ?? run.initialModel(), folder: folder, warnings: warnings,
                    profiles: before.flatMap { $0 == now ? nil : ($0, now) })
            } catch let failure as DataFailure {
                throw failure.cause
            } catch let error as DecodingError {
                warnings.append("\(checkpoint): \(error.summary)")
            } catch let error as RunFolderError {
                if case .version = error { throw error }
                // That nothing can be written now says nothing about what is there.
                if case .notWritten = error { throw error }
                warnings.append("\(error)")
            } catch let error as RunError {
                warnings.append("\(checkpoint): \(error)")
            } catch let error as FileError {
                if error.kind == .notWritten { throw error }
                warnings.append("\(error)")
            }
        }
        throw RunFolderError.noCheckpoint(path: path, passedOver: warnings)
    }
}

/// The problems of a folder could not be had.
private struct DataFailure: Error { let cause: any Error }

extension TrainingEvent {
    /// What TensorBoard draws of it.
    fileprivate var scalars: (step: Int, [(tag: String, value: Double)])? {
        switch self {
        case .step(let step):
            var scalars = [("train/loss", step.loss), ("train/learning_rate", Double(step.learningRate))]
            if let rate = step.smoothedMatchRate { scalars.append(("train/match_rate", rate)) }
            if let norm = step.gradientNorm { scalars.append(("train/gradient_norm", norm)) }
            if case .units(let units) = step.removed { scalars.append(("schedule/removed", Double(units))) }
            return (step.updates, scalars)
        case .validated(let evaluation, let updates): return (updates, [("validation/accuracy", evaluation.accuracy)])
        case .removed, .recovered, .alarm, .rescued: return nil
        }
    }

    /// A line of metrics; nil for a step that is not written.
    fileprivate func metrics(stepInterval: Int) -> JSONObject? {
        func number(_ value: Double?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
        func count(_ count: RemovalCount) -> JSONValue {
            if case .units(let units) = count { JSONValue(units) } else { "all" }
        }
        switch self {
        case .step(let step):
            guard step.updates % max(stepInterval, 1) == 0 else { return nil }
            return JSONObject([
                .init("event", "step"), .init("updates", JSONValue(step.updates)),
                .init("epoch", JSONValue(step.epoch)),
                .init("removed", count(step.removed)), .init("loss", number(step.loss)),
                .init("match_rate", number(step.smoothedMatchRate)),
                .init("learning_rate", number(Double(step.learningRate))),
                .init("gradient_norm", number(step.gradientNorm)),
                .init("update_norm", number(step.updateNorm)),
            ])
        case .validated(let evaluation, let updates):
            return JSONObject([
                .init("event", "validation"), .init("updates", JSONValue(updates)),
                .init("removed", count(evaluation.removed)),
                .init("accuracy", number(evaluation.accuracy)), .init("loss", number(evaluation.loss)),
            ])
        case .removed(let from, let to, let resets, let before, let after):
            return JSONObject([
                .init("event", "removal"), .init("from", count(from)), .init("to", count(to)),
                .init("reset", .bool(resets)),
                .init("accuracy_before", number(before?.accuracy)), .init("accuracy_after", number(after?.accuracy)),
            ])
        case .recovered(let steps, let evaluation):
            return JSONObject([
                .init("event", "recovery"), .init("steps", JSONValue(steps)),
                .init("accuracy", number(evaluation?.accuracy)),
            ])
        case .alarm(let alarm):
            return JSONObject([.init("event", "alarm"), .init("what", .string("\(alarm)"))])
        case .rescued(let rescue):
            return JSONObject([
                .init("event", "rescue"), .init("stuck_at", count(rescue.stuckAt)),
                .init("removed", count(rescue.removed)),
                .init("attempt", JSONValue(rescue.attempt)),
            ])
        }
    }
}
