import Foundation
import Glibc
import Support
import TestSupport
import Testing
import Transformer

@testable import Internalization

private func everyThree() -> RemovalSchedule {
    var schedule = RemovalSchedule()
    schedule.pace = .stepsPerRemoval(3)
    schedule.smoothing = RemovalSmoothing(lambda: 1)
    return schedule
}

private func following(_ steps: Int) -> TrainingGoal {
    var goal = TrainingGoal(steps: steps)
    goal.followsSchedule = true
    return goal
}

private func bits(_ run: Run) -> String {
    "\(run.model.parameters.fingerprint) \(run.optimizer.firstMoments.fingerprint) \(run.optimizer.secondMoments.fingerprint) "
        + "\(run.optimizer.stepCount) \(run.progress) \(run.clock)"
}

private func resume(_ path: String) throws -> RunFolder.Resumed {
    try RunFolder.resume(path) { _ in CharacterEncoder(answerCount: 1) }
}

@Suite struct RunFolderTests {
    @Test func `a resumed run goes on with the same bits, from every step`() throws {
        let whole = try smallRun(schedule: everyThree(), train: 100, dropout: 0.1)
        try whole.train(following(9))
        for stop in 0..<9 {
            try withTemporaryFolder { folder in
                let path = folder.path + "/run"
                do {
                    let run = try smallRun(schedule: everyThree(), train: 100, dropout: 0.1)
                    let saved = try RunFolder.create(path, for: run)
                    try run.train(following(stop))
                    try saved.save(run)
                }
                let resumed = try resume(path)
                #expect(resumed.warnings.isEmpty)
                try resumed.run.train(following(9 - stop))
                #expect(bits(resumed.run) == bits(whole), "stopped after \(stop)")
            }
        }
    }

    @Test func `the timeline comes back with the run`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            var states: [String] = []
            do {
                let run = try smallRun()
                let saved = try RunFolder.create(path, for: run, info: ["task": "parity"])
                for _ in 0..<3 {
                    try run.train(TrainingGoal(steps: 2))
                    states.append(bits(run))
                    if states.count < 3 { try run.removeMore() }
                }
                try run.mark("end")
                try run.back(1)
                try saved.save(run)
            }
            let resumed = try resume(path)
            #expect(resumed.folder.info == ["task": "parity"])
            #expect(bits(resumed.run) == states[1])
            try resumed.run.back(1)
            #expect(bits(resumed.run) == states[0])
            #expect(try resumed.run.step(to: 2) == 2)
            #expect(bits(resumed.run) == states[2])
            try resumed.run.back(2)
            try resumed.run.go(toMark: "end")
            #expect(bits(resumed.run) == states[2])
        }
    }

    @Test func `a second writer is refused and told who the first is`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            let run = try smallRun()
            let saved = try RunFolder.create(path, for: run)
            #expect {
                try resume(path)
            } throws: { error in
                guard case .inUse(_, let host, let process, let since)? = error as? RunFolderError else { return false }
                return !host.isEmpty && process == Int(ProcessInfo.processInfo.processIdentifier)
                    && since.hasPrefix("20")
            }
            #expect(throws: RunFolderError.exists(path: path)) { try RunFolder.create(path, for: run) }
            _ = saved
        }
    }

    @Test func `a torn checkpoint is passed over with a warning`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            var before = ""
            do {
                let run = try smallRun()
                let saved = try RunFolder.create(path, for: run)
                try run.train(TrainingGoal(steps: 2))
                try saved.save(run)
                before = bits(run)
                try run.train(TrainingGoal(steps: 2))
                try saved.save(run)
            }
            // What a crash between two writes leaves, and what a bad disk makes of a good file.
            let last = path + "/checkpoints/step-0000000003"
            try FileManager.default.createDirectory(
                atPath: path + "/checkpoints/.tmp-1", withIntermediateDirectories: false)
            try Data("{".utf8).write(to: URL(filePath: last + "/state.json"))
            let resumed = try resume(path)
            #expect(resumed.warnings.count == 1)
            #expect(bits(resumed.run) == before)
            try resumed.folder.save(resumed.run)
            #expect(!FileManager.default.fileExists(atPath: path + "/checkpoints/.tmp-1"))
        }
    }

    @Test func `a part whose numbers were changed is noticed`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            do {
                let run = try smallRun()
                let saved = try RunFolder.create(path, for: run)
                try run.train(TrainingGoal(steps: 2))
                try saved.save(run)
            }
            for name in try FileManager.default.contentsOfDirectory(atPath: path + "/parts") {
                var bytes = try Data(contentsOf: URL(filePath: path + "/parts/" + name))
                bytes[bytes.count - 3] ^= 1
                try bytes.write(to: URL(filePath: path + "/parts/" + name))
            }
            #expect {
                try resume(path)
            } throws: { error in
                guard case .noCheckpoint(_, let reasons)? = error as? RunFolderError else { return false }
                return reasons.count == 2 && reasons.allSatisfy { $0.contains("is not what was written there") }
            }
        }
    }

    @Test func `other data, another format and a folder that is no run are refused`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            #expect(throws: FileError.self) { try resume(path) }
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            #expect(throws: RunFolderError.notARun(path: path)) { try resume(path) }
            do { _ = try RunFolder.create(path, for: try smallRun()) }
            try smallRun(train: 30).problems.write(to: path + "/data/training.safetensors")
            #expect(throws: RunFolderError.changedData(path: path, what: "the training problems")) { try resume(path) }
            let text = try String(contentsOfFile: path + "/run.json", encoding: .utf8)
            try text.replacingOccurrences(of: "\"format\": 1", with: "\"format\": 9").write(
                toFile: path + "/run.json", atomically: true, encoding: .utf8)
            #expect(throws: RunFolderError.version(path: path, found: 9, known: 2)) { try resume(path) }
        }
    }

    @Test(arguments: [
        "run.lock", "metrics.jsonl", "checkpoints/.tmp-x", "checkpoints/step-0000000009", "parts/x.safetensors",
    ])
    func `a link among the files of a run is refused by name, and what it leads to stays`(_ name: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            do { _ = try RunFolder.create(path, for: try smallRun()) }
            let other = folder.path + "/precious"
            try "precious".write(toFile: other, atomically: true, encoding: .utf8)
            unlink(path + "/" + name)
            #expect(symlink(other, path + "/" + name) == 0)
            #expect(throws: RunFolderError.strangeEntry(path: path + "/" + name, kind: .link)) { try resume(path) }
            #expect(try String(contentsOfFile: other, encoding: .utf8) == "precious")
        }
    }

    @Test func `what only says who writes a run is no part of what a pinned folder holds`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            let before: Set<String>
            do {
                let run = try RunFolder.create(path, for: try smallRun())
                before = Set(try FileManager.default.contentsOfDirectory(atPath: path))
                withExtendedLifetime(run) {}
            }
            // The pin of a folder passes over names in `.lock`, see `InputHash`.
            #expect(before.filter { $0.hasSuffix(".lock") } == Set(RunLock.fileNames))
            let after = Set(try FileManager.default.contentsOfDirectory(atPath: path))
            #expect(after.symmetricDifference(before).allSatisfy { $0.hasSuffix(".lock") })
        }
    }

    @Test func `a run is not put into a folder that holds a link`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            #expect(symlink(folder.path, path + "/checkpoints") == 0)
            #expect(throws: RunFolderError.strangeEntry(path: path + "/checkpoints", kind: .link)) {
                try RunFolder.create(path, for: try smallRun())
            }
        }
    }

    @Test func `metrics after the last checkpoint are cut off and kept`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            do {
                let run = try smallRun()
                let saved = try RunFolder.create(path, for: run)
                try run.train(TrainingGoal(steps: 3), report: { try? saved.note($0, stepInterval: 1) })
                try saved.save(run)
                try run.train(TrainingGoal(steps: 2), report: { try? saved.note($0, stepInterval: 1) })
            }
            _ = try resume(path)
            let lines = try String(contentsOfFile: path + "/metrics.jsonl", encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 3)
            let lost = try FileManager.default.contentsOfDirectory(atPath: path).filter {
                $0.hasPrefix("metrics.lost-")
            }
            #expect(
                try lost.map {
                    try String(contentsOfFile: path + "/" + $0, encoding: .utf8).split(separator: "\n").count
                } == [2])
        }
    }

    @Test func `removal orders in groups come back from a file`() throws {
        let problems = (0..<3).map {
            EncodedProblem(tokens: [1, 2, 3 + $0, 4, 5, 6], inputCount: 2, chain: 2..<4, answer: 4..<5)
        }
        let groups = [[[1], [0]], [[0, 1]], [[0], [1]]]
        let encoded = try EncodedProblems(problems, groups: groups)
        try withTemporaryFolder { folder in
            try encoded.write(to: folder.path + "/p.safetensors")
            let read = try EncodedProblems(file: folder.path + "/p.safetensors")
            #expect((0..<3).map { read[$0] } == problems)
            #expect((0..<3).map { read.groups($0) } == groups)
            #expect(read.fingerprint == encoded.fingerprint)
        }
    }
}

@Suite struct TensorBoardTests {
    @Test func `checksums are CRC-32C`() {
        // RFC 3720, appendix B.4, and the usual check value.
        #expect(TensorBoardLog.crc32c(Array("123456789".utf8)) == 0xE306_9283)
        #expect(TensorBoardLog.crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    }

    @Test func `an event is the bytes that protocol buffers say`() {
        let event = TensorBoardLog.event(wallTime: 1, step: 300, [("a", 0.5)])
        #expect(
            event == [
                0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x10, 0xAC, 0x02, 0x2A, 10, 0x0A, 8, 0x0A, 1, 0x61, 0x15, 0, 0, 0,
                0x3F,
            ])
        let record = TensorBoardLog.record(event)
        #expect(record.count == event.count + 16)
        #expect(record.prefix(8) == [24, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func `a run that is asked writes them`() throws {
        try withTemporaryFolder { folder in
            let run = try smallRun()
            let saved = try RunFolder.create(folder.path + "/run", for: run)
            try saved.writeTensorBoard()
            try run.train(TrainingGoal(steps: 3), report: { try? saved.note($0, stepInterval: 1) })
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: folder.path + "/run").first {
                    $0.hasPrefix("events.out.tfevents.")
                })
            let bytes = try Data(contentsOf: URL(filePath: folder.path + "/run/" + name))
            var records = 0, place = 0
            while place < bytes.count {
                place += 16 + Int(bytes[place]) + Int(bytes[place + 1]) << 8
                records += 1
            }
            // The version and three steps.
            #expect(records == 4 && place == bytes.count)
        }
    }
}

@Suite struct JSONCodingTests {
    @Test func `schedules and clocks come back from JSON as they were`() throws {
        var schedule = RemovalSchedule.reference
        schedule.smoothing = .none
        schedule.pace = .adaptive(AdaptiveRule(measure: .loss(0.3), firstMeasure: nil, mostSteps: .none))
        schedule.order = .grouped(name: "sums first")
        schedule.removeAllBeyond = 39
        #expect(try JSONValue(encoding: schedule).decode(RemovalSchedule.self) == schedule)
        for schedule in [RemovalSchedule(), .paper, .reference] {
            #expect(try JSONValue(encoding: schedule).decode(RemovalSchedule.self) == schedule)
        }
        var settings = TrainingSettings()
        settings.seed = .max
        settings.learningRate = 1e-5
        settings.clip = nil
        let text = JSONWriter.text(try JSONValue(encoding: settings))
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/settings.json", text.utf8)
            #expect(try JSONReader.readFile(folder.path + "/settings.json").decode(TrainingSettings.self) == settings)
        }
    }

    @Test func `a value of another kind is refused with its place`() throws {
        var tree = try #require(try JSONValue(encoding: RemovalSchedule()).object)
        tree["startFrom"] = "two"
        #expect {
            _ = try JSONValue.object(tree).decode(RemovalSchedule.self)
        } throws: { ($0 as? DecodingError)?.summary == "startFrom: a string where Int was expected" }
    }
}
