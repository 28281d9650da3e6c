// Rules of a run's folder, file by file: what is written down of each event, what run.json and a checkpoint say, what
// goes and what stays, and what is refused when a run is opened again.

import Foundation
import Support
import Tensors
import TestSupport
import Testing
import Transformer

@testable import Internalization

private func resume(_ path: String, workers: Workers = .shared) throws -> RunFolder.Resumed {
    try RunFolder.resume(path, workers: workers) { _ in CharacterEncoder(answerCount: 1) }
}

private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

@Suite struct RunKeepingRuleTests {
    // MARK: What is written down

    /// The lines that events make.
    private func lines(_ events: [(TrainingEvent, Int?)]) throws -> [JSONObject] {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            let run = try smallRun(train: 20, test: 5)
            let saved = try RunFolder.create(path, for: run)
            for (event, interval) in events {
                if let interval { try saved.note(event, stepInterval: interval) } else { try saved.note(event) }
            }
            try saved.save(run)
            return try text(path + "/metrics.jsonl").split(separator: "\n").map {
                try #require(try JSONReader.read(Array($0.utf8), path: "metrics").object)
            }
        }
    }

    private func step(_ updates: Int) -> StepReport {
        var step = StepReport()
        (step.updates, step.epoch, step.removed, step.loss) = (updates, 3, .units(2), 0.5)
        (step.smoothedMatchRate, step.matchRate, step.learningRate) = (0.25, 1, 0.125)
        (step.gradientNorm, step.updateNorm) = (4, 0.0625)
        return step
    }

    @Test func `every tenth step is a line unless another interval is asked for, with its numbers by name`() throws {
        var gone = step(30)
        (gone.removed, gone.smoothedMatchRate, gone.gradientNorm) = (.all, nil, nil)
        let found = try lines(
            [(.step(step(9)), nil), (.step(step(10)), nil), (.step(step(12)), 4), (.step(step(13)), 4)]
                + [(.step(step(13)), 0), (.step(gone), nil)])
        #expect(found.map { $0["updates"]?.integer } == [10, 12, 13, 30])
        #expect(
            found[0]
                == JSONObject([
                    .init("event", "step"), .init("updates", 10), .init("epoch", 3), .init("removed", 2),
                    .init("loss", 0.5), .init("match_rate", 0.25), .init("learning_rate", 0.125),
                    .init("gradient_norm", 4.0), .init("update_norm", 0.0625),
                ]))
        #expect(found[3]["removed"] == "all" && found[3]["match_rate"] == .null && found[3]["gradient_norm"] == .null)
    }

    @Test func `every other event is a line of its own, before and after not confused`() throws {
        var before = Evaluation(), after = Evaluation()
        (before.isCorrect, after.isCorrect) = ([true, true, true, false], [true, false])
        (after.removed, after.loss) = (.units(1), 2)
        let rescue = Rescue(stuckAt: .units(3), removed: .units(1), attempt: 2, leastSteps: 40)
        let found = try lines([
            (.removed(from: .units(0), to: .units(1), resetsOptimizer: true, before: before, after: after), nil),
            (.removed(from: .units(1), to: .all, resetsOptimizer: false, before: nil, after: nil), nil),
            (.validated(after, updates: 70), nil), (.recovered(steps: 12, evaluation: before), nil),
            (.recovered(steps: 13, evaluation: nil), nil), (.alarm(.updateRatio(0.5)), nil), (.rescued(rescue), nil),
        ])
        let expected: [[(String, JSONValue)]] = [
            [
                ("event", "removal"), ("from", 0), ("to", 1), ("reset", true), ("accuracy_before", 0.75),
                ("accuracy_after", 0.5),
            ],
            [
                ("event", "removal"), ("from", 1), ("to", "all"), ("reset", false), ("accuracy_before", .null),
                ("accuracy_after", .null),
            ],
            [("event", "validation"), ("updates", 70), ("removed", 1), ("accuracy", 0.5), ("loss", 2.0)],
            [("event", "recovery"), ("steps", 12), ("accuracy", 0.75)],
            [("event", "recovery"), ("steps", 13), ("accuracy", .null)],
            [("event", "alarm"), ("what", "one update changed the weights by 50 %")],
            [("event", "rescue"), ("stuck_at", 3), ("removed", 1), ("attempt", 2)],
        ]
        #expect(found.count == expected.count)
        for (line, members) in zip(found, expected) {
            #expect(line == JSONObject(members.map { .init($0.0, $0.1) }))
        }
    }

    @Test func `TensorBoard is told the numbers of steps and validations, and starts one file`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            let run = try smallRun(train: 20, test: 5)
            let saved = try RunFolder.create(path, for: run)
            try saved.note(.step(step(10)))
            try saved.writeTensorBoard()
            try saved.writeTensorBoard()
            var gone = step(20), evaluation = Evaluation()
            (gone.removed, gone.smoothedMatchRate, gone.gradientNorm) = (.all, nil, nil)
            evaluation.isCorrect = [true, false, false, false]
            for event in [
                .step(step(10)), .step(step(11)), .step(gone), .alarm(.updateRatio(1)),
                .validated(evaluation, updates: 30),
            ] as [TrainingEvent] {
                try saved.note(event)
            }
            let names = FileSystem.names(in: path).filter { $0.hasPrefix("events.out.tfevents.") }
            #expect(names.count == 1)
            let bytes = Array(try Data(contentsOf: URL(filePath: path + "/" + names[0])))
            var records: [[UInt8]] = [], place = 0
            while place < bytes.count {
                let count = Int(bytes[place]) + Int(bytes[place + 1]) << 8
                records.append(Array(bytes[place + 12..<place + 12 + count]))
                place += 16 + count
            }
            /// All but the time of day: a key and eight bytes.
            func event(_ step: Int, _ scalars: [(String, Double)]) -> [UInt8] {
                Array(
                    TensorBoardLog.event(wallTime: 0, step: step, scalars.map { (tag: $0.0, value: $0.1) }).dropFirst(9)
                )
            }
            #expect(records.count == 4)
            // Field 3, a text of 13 bytes.
            #expect(Array(records[0].dropFirst(9)) == [0x1A, 13] + Array("brain.Event:2".utf8))
            let first: [(String, Double)] = [
                ("train/loss", 0.5), ("train/learning_rate", 0.125), ("train/match_rate", 0.25),
                ("train/gradient_norm", 4), ("schedule/removed", 2),
            ]
            #expect(Array(records[1].dropFirst(9)) == event(10, first))
            #expect(
                Array(records[2].dropFirst(9)) == event(20, [("train/loss", 0.5), ("train/learning_rate", 0.125)]))
            #expect(Array(records[3].dropFirst(9)) == event(30, [("validation/accuracy", 0.25)]))
        }
    }

    @Test func `of the metrics as much stays as belongs to the checkpoint, and what is cut off lies beside them`()
        throws
    {
        try withTemporaryFolder { folder in
            let path = folder.path + "/metrics.jsonl"
            func lost() throws -> [String] {
                try FileSystem.names(in: folder.path).filter { $0.hasPrefix("metrics.lost-") }
                    .map { try text(folder.path + "/" + $0) }.sorted()
            }
            try "12345678".write(toFile: path, atomically: true, encoding: .utf8)
            do {
                let log = try MetricsLog(folder.path, keeping: 5)
                #expect(log.byteCount == 5)
            }
            #expect(try text(path) == "12345" && lost() == ["678"])
            do { _ = try MetricsLog(folder.path, keeping: 3) }
            #expect(try text(path) == "123" && lost() == ["45", "678"])
            do {
                // Less is there than should be: it goes on from its end.
                let log = try MetricsLog(folder.path, keeping: 9)
                #expect(log.byteCount == 3)
                let line = JSONObject([.init("a", 1)])
                try log.append(line)
                #expect(log.byteCount == 3 + JSONWriter.bytes(.object(line)).count + 1)
                try log.sync()
                #expect(try text(path).utf8.count == log.byteCount && text(path).hasSuffix("\n"))
            }
            #expect(try lost().count == 2)
        }
    }

    // MARK: What a folder says of itself

    @Test func `run json tells the digests of every file that never changes, and what the run is measured on`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            let whole = try smallRun(train: 20, test: 5)
            let held = try #require(whole.heldOut)
            let run = try Run(
                whole.model, on: whole.problems,
                heldOut: HeldOut(held.problems, encoder: held.encoder, options: EvaluationOptions(limit: 3)),
                validation: whole.validation, schedule: whole.schedule, settings: whole.settings)
            _ = try RunFolder.create(path, for: run, info: ["name": "x"]) {
                for name in ["problems-a.txt", "task-b.json", "note.txt", "tokenizer/t.json", "tokenizer/.hidden"] {
                    try FileSystem.makeFolder(FileSystem.folder(of: path + "/" + name))
                    try name.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
                }
                #expect(!FileSystem.exists(path + "/run.json"))
            }
            let description = try #require(try JSONReader.readFile(path + "/run.json").object)
            #expect(description["format"] == 1 && description["info"] == ["name": "x"])
            #expect(description["training"]?.string == run.problems.fingerprint)
            #expect(description["held_out"]?.string == held.problems.fingerprint)
            #expect(description["held_out_limit"] == 3)
            #expect(description["validation"]?.string == run.validation?.problems.fingerprint)
            #expect(description["threads"]?.integer == Workers.shared.threadCount)
            #expect(description["host"]?.string == FolderLock.host)
            #expect(description["created"]?.string?.hasPrefix("20") == true)
            let files = try #require(description["files"]?.object?.members)
            #expect(
                files.map(\.name) == [
                    "model/config.json", "model/generation_config.json", "model/model.safetensors", "problems-a.txt",
                    "task-b.json", "tokenizer/t.json",
                ])
            for file in files {
                #expect(try file.value.string == SHA256.hex(ofFile: path + "/" + file.name), "\(file.name)")
            }
            #expect(try RunFolder.info(of: path) == ["name": "x"])
        }
    }

    @Test func `a file that is not what was written is named before anything is gone on with`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            do { _ = try RunFolder.create(path, for: try smallRun(train: 20, test: 5), info: ["a": 1]) }
            let file = path + "/model/config.json", whole = try text(file)
            try (whole + " ").write(toFile: file, atomically: true, encoding: .utf8)
            #expect(throws: RunFolderError.changedFile(path: file)) { try resume(path) }
            #expect(throws: RunFolderError.changedFile(path: file)) { try RunFolder.info(of: path) }
            // Whether there is a run at all is another question.
            try RunFolder.check(path)
            try FileManager.default.removeItem(atPath: file)
            #expect(throws: RunFolderError.changedFile(path: file)) { try resume(path) }
            try whole.write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try RunFolder.info(of: path) == ["a": 1])
            // The problems are compared by their own digests.
            for (name, what) in [("validation", "the validation problems"), ("held-out", "the held-out problems")] {
                let data = path + "/data/\(name).safetensors", kept = try Data(contentsOf: URL(filePath: data))
                try smallRun(train: 30).problems.write(to: data)
                #expect(throws: RunFolderError.changedData(path: path, what: what)) { try resume(path) }
                try kept.write(to: URL(filePath: data))
            }
            #expect(try resume(path).warnings.isEmpty)
        }
    }

    @Test func `where there is no run at a path the runs beside it are named`() throws {
        try withTemporaryFolder { folder in
            func help(_ name: String) -> String? {
                do { try RunFolder.check(folder.path + "/" + name) } catch { return (error as? FileError)?.help }
                return nil
            }
            let missing = try #require(help("a"))
            #expect(!missing.contains("there are"))
            for name in ["one", "two"] {
                _ = try RunFolder.create(folder.path + "/" + name, for: try smallRun(train: 20, test: 5))
            }
            #expect(help("a") == "the runs there are one, two" && help("one") == nil)
            let file = folder.path + "/file"
            try "x".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(throws: RunFolderError.strangeEntry(path: file, kind: .file)) {
                try RunFolder.create(file, for: try smallRun(train: 20, test: 5))
            }
        }
    }

    // MARK: Checkpoints

    @Test func `checkpoints are numbered one by one, the last two stay, and of the parts those that they need`() throws
    {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            func names() -> [String] { FileSystem.names(in: path + "/checkpoints").sorted() }
            do {
                let run = try smallRun(train: 20, test: 5)
                let saved = try RunFolder.create(path, for: run)
                #expect(names() == ["step-0000000001"])
                for _ in 0..<3 {
                    try run.train(TrainingGoal(steps: 2))
                    try saved.save(run)
                }
                #expect(names() == ["step-0000000003", "step-0000000004"])
            }
            var needed: Set<String> = []
            for name in names() {
                let checkpoint = path + "/checkpoints/" + name
                let state = try JSONReader.readFile(checkpoint + "/state.json").decode(SavedState.self)
                let digests = state.snapshots.flatMap(\.digests)
                needed.formUnion(digests.map { $0 + ".safetensors" })
                // Weights of the start, and weights and both moments of now.
                #expect(Set(digests).count == 4)
                let manifest = try #require(try JSONReader.readFile(checkpoint + "/MANIFEST.json").object)
                #expect(manifest["format"] == 1)
                #expect(manifest["updates"] == JSONValue(name == "step-0000000003" ? 4 : 6))
                let files = try #require(manifest["files"]?.array).compactMap(\.object)
                #expect(files.count == 5 && files[0]["name"] == "state.json")
                #expect(try files[0]["sha256"]?.string == SHA256.hex(ofFile: checkpoint + "/state.json"))
                for file in files {
                    let place = checkpoint + "/" + (file["name"]?.string ?? "")
                    #expect(FileSystem.size(of: place) == file["bytes"]?.integer, "\(place)")
                }
            }
            #expect(Set(FileSystem.names(in: path + "/parts")) == needed && needed.count == 7)
            // With the last one damaged the one before is gone on from, and the next is numbered beyond both.
            try "{".write(
                toFile: path + "/checkpoints/step-0000000004/MANIFEST.json", atomically: true, encoding: .utf8)
            let resumed = try resume(path)
            #expect(resumed.run.progress.updates == 4 && resumed.warnings.count == 1)
            #expect(resumed.warnings[0].contains("step-0000000004"))
            try resumed.folder.save(resumed.run)
            #expect(names() == ["step-0000000004", "step-0000000005"])
        }
    }

    @Test func `a manifest that says too little, or of a format to come, is not passed off as a checkpoint`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            do { _ = try RunFolder.create(path, for: try smallRun(train: 20, test: 5)) }
            let checkpoint = path + "/checkpoints/step-0000000001", file = checkpoint + "/MANIFEST.json"
            let whole = try text(file)
            func reasons(_ manifest: String) throws -> [String] {
                try manifest.write(toFile: file, atomically: true, encoding: .utf8)
                do { _ = try resume(path) } catch RunFolderError.noCheckpoint(_, let reasons) { return reasons }
                return []
            }
            #expect(try reasons(#"{"format": 1}"#) == ["\(checkpoint): its manifest lacks format or files"])
            #expect(try reasons(#"{"files": []}"#) == ["\(checkpoint): its manifest lacks format or files"])
            #expect(
                try reasons(#"{"format": 1, "files": [{"name": "state.json"}]}"#)
                    == ["\(checkpoint): its manifest lists a file without name or size"])
            #expect(
                try reasons(#"{"format": 1, "files": [{"name": "state.json", "bytes": 3}]}"#)
                    == ["\(checkpoint)/state.json: it does not have the 3 bytes of the manifest"])
            let other = whole.replacing("\"format\": 1", with: "\"format\": 7")
            #expect(other != whole)
            #expect(throws: RunFolderError.version(path: checkpoint, found: 7, known: 1)) { try reasons(other) }
            #expect(try reasons(whole) == [])
        }
    }

    @Test func `what a start left that was ended in the middle is no part of the run that is started there`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            for place in ["checkpoints/step-0000000007", "checkpoints/.tmp-1", "parts", "data", "model"] {
                try FileManager.default.createDirectory(
                    atPath: path + "/" + place, withIntermediateDirectories: true)
            }
            let part = "parts/" + String(repeating: "a", count: 64) + ".safetensors"
            for file in [part, "parts/.tmp-2", "data/.tmp-3", "model/.tmp-4", ".tmp-5"] {
                try "x".write(toFile: path + "/" + file, atomically: false, encoding: .utf8)
            }
            do { _ = try RunFolder.create(path, for: try smallRun(train: 20, test: 5)) }
            #expect(FileSystem.names(in: path + "/checkpoints") == ["step-0000000001"])
            for file in [part, "parts/.tmp-2", "data/.tmp-3", "model/.tmp-4", ".tmp-5"] {
                #expect(!FileSystem.exists(path + "/" + file), "\(file)")
            }
            // A write that was cut off later is cleared away when the run is opened.
            for file in ["data/.tmp-3", "model/.tmp-4", ".tmp-5"] {
                try "x".write(toFile: path + "/" + file, atomically: false, encoding: .utf8)
            }
            _ = try resume(path)
            for file in ["data/.tmp-3", "model/.tmp-4", ".tmp-5"] {
                #expect(!FileSystem.exists(path + "/" + file), "\(file)")
            }
        }
    }

    @Test func `gradients on the way to an update are saved and gone on with`() throws {
        func run() throws -> Run {
            try smallRun(train: 100) {
                $0.accumulation = 3; $0.accumulationRule = .reference
            }
        }
        let whole = try run()
        for _ in 0..<5 { _ = try whole.step() }
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            do {
                let first = try run()
                let saved = try RunFolder.create(path, for: first)
                for _ in 0..<3 { _ = try first.step() }
                #expect(first.accumulated == 2)
                try saved.save(first)
            }
            let resumed = try resume(path).run
            #expect(resumed.accumulated == 2)
            for _ in 0..<2 { _ = try resumed.step() }
            #expect(resumed.model.parameters.fingerprint == whole.model.parameters.fingerprint)
            #expect(resumed.accumulated == whole.accumulated)
        }
    }

    @Test func `another arithmetic is said when a run is opened, and written down from the update on`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            var first = ""
            do {
                let run = try smallRun(train: 100, test: 5)
                first = run.numericProfile
                let saved = try RunFolder.create(path, for: run)
                try run.train(TrainingGoal(steps: 2))
                try saved.save(run)
            }
            #expect(try resume(path).profiles == nil)
            func spans() throws -> [ProfileSpan]? {
                let last = try #require(FileSystem.names(in: path + "/checkpoints").sorted().last)
                return try JSONReader.readFile(path + "/checkpoints/\(last)/state.json").decode(SavedState.self)
                    .profiles
            }
            var second = ""
            do {
                let resumed = try resume(path, workers: Workers(threadCount: Workers.shared.threadCount + 1))
                second = resumed.run.numericProfile
                #expect(second != first)
                #expect(resumed.profiles?.before == first && resumed.profiles?.now == second)
                try resumed.folder.save(resumed.run)
            }
            #expect(try spans() == [ProfileSpan(from: 0, profile: first), ProfileSpan(from: 2, profile: second)])
        }
    }

    @Test func `states that memory has no room for go into the folder of a kept run`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            let run = try smallRun(train: 20, test: 5, timeline: Timeline(memoryLimit: 0))
            let saved = try RunFolder.create(path, for: run)
            for _ in 0..<2 {
                try run.train(TrainingGoal(steps: 1))
                try run.removeMore()
            }
            let file = try #require(run.timeline.stages[0].exit.weights.file)
            #expect(file.path == path + "/parts/\(file.digest).safetensors")
            withExtendedLifetime(saved) {}
        }
    }

    @Test func `the model that a run began from is kept, whatever it has learned before`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            var (first, now) = ("", "")
            do {
                let run = try smallRun(train: 20, test: 5)
                let initial = run.model.copy()
                first = initial.parameters.fingerprint
                try run.train(TrainingGoal(steps: 2))
                now = run.model.parameters.fingerprint
                _ = try RunFolder.create(path, for: run, initial: initial)
            }
            let resumed = try resume(path)
            #expect(resumed.initial.parameters.fingerprint == first)
            #expect(resumed.run.model.parameters.fingerprint == now && now != first)
        }
    }

    // MARK: A state that contradicts itself

    @Test func `a saved timeline that names what it does not have is refused by that`() throws {
        try withTemporaryFolder { folder in
            let run = try smallRun(train: 20, test: 5)
            try run.train(TrainingGoal(steps: 1))
            try run.removeMore()
            try run.mark("here")
            let whole = try run.savedState(keepingPartsIn: folder.path)
            // The start, before the removal and after it.
            #expect(whole.snapshots.count == 3 && whole.stages.map(\.parent) == [nil, 0] && whole.current == 1)
            #expect(whole.stages[0].next == 1 && whole.marks.map(\.name) == ["here"] && whole.marks[0].snapshot == 0)
            func fault(_ change: (inout SavedState) -> Void) throws -> String? {
                var state = whole
                change(&state)
                do {
                    try smallRun(train: 20, test: 5).adopt(state, partsFolder: folder.path)
                } catch RunFolderError.malformed(_, let rule) { return rule }
                return nil
            }
            #expect(try fault { _ in } == nil)
            let stage = "the saved timeline names a stage that it does not have"
            #expect(try fault { $0.current = 2 } == stage && fault { $0.current = -1 } == stage)
            #expect(try fault { $0.marks[0].stage = 2 } == stage)
            let order = "stage 1 of the saved timeline follows none before it"
            #expect(try fault { $0.stages[1].parent = 1 } == order && fault { $0.stages[1].parent = -1 } == order)
            #expect(try fault { $0.stages[1].next = 2 } == order)
            #expect(
                try fault { $0.stages[0].exit = 3 } == "the saved state names a snapshot 3 that it does not have")
            #expect(
                try fault { $0.marks[0].snapshot = 4 } == "the saved state names a snapshot 4 that it does not have")
        }
    }
}
