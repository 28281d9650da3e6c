// A compact folder: what is lost on the way (bits of the weights, the optimizer's moments), and what is not.

import Foundation
import Support
import TestSupport
import Testing
import Transformer

@testable import Checkpoints
@testable import Internalization

private func stepwise() throws -> Run {
    var schedule = RemovalSchedule()
    schedule.pace = .stepsPerRemoval(4)
    let run = try smallRun(schedule: schedule)
    var goal = TrainingGoal(steps: 10)
    goal.followsSchedule = true
    try run.train(goal)
    return run
}

private func resume(_ path: String, _ run: Run) throws -> Run {
    try RunFolder.resume(path) { part, _ in
        let heldOut = part == "held-out" ? run.heldOut : run.validation
        return try part == "training" ? run.problems : #require(heldOut).problems
    } encoder: { _ in
        CharacterEncoder(answerCount: 1)
    }.run
}

private func mean(_ values: [Float]) -> Float { values.reduce(0) { $0 + abs($1) } / Float(values.count) }

@Suite struct CompactRunTests {
    @Test func `every stage's weights come back within half a step`() throws {
        let run = try stepwise()
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            try RunFolder.writeCompact(path, for: run, fineness: 100) {}
            let copy = try resume(path, run)
            #expect(copy.timeline.stages.count == 3)
            #expect(copy.timeline.stages.map(\.record) == run.timeline.stages.map(\.record))
            #expect(copy.progress.updates == 10 && copy.spent == run.spent)
            // The step of a parameter follows from its size in the first state, that before the first update.
            let first = ParameterSet(run.model.parameters.layout)
            try run.timeline.stages[0].entry.weights.copy(to: first)
            for (stage, kept) in zip(run.timeline.stages, copy.timeline.stages) {
                let (old, new) = (try run.model(at: stage).parameters, try copy.model(at: kept).parameters)
                for entry in old.entries {
                    let start = Array(first.values()[entry.range])
                    let size = (start.reduce(0) { $0 + $1 * $1 } / Float(start.count)).squareRoot()
                    let step = size > 0 ? size / 100 : 0.01
                    let off = zip(old.values()[entry.range], new.values()[entry.range]).map { abs($0 - $1) }.max()
                    #expect(try #require(off) <= 0.501 * step, "\(entry.name) of stage \(stage.id)")
                }
            }
        }
    }

    @Test func `a compact copy leaves the run as it was, and starts as after a reset`() throws {
        let run = try stepwise()
        let before = run.model.parameters.fingerprint + run.optimizer.firstMoments.fingerprint
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            try RunFolder.writeCompact(path, for: run, fineness: 2000) {}
            #expect(run.model.parameters.fingerprint + run.optimizer.firstMoments.fingerprint == before)
            #expect(!FileSystem.exists(path + "/data") && !FileSystem.exists(path + "/model/model.safetensors"))
            let copy = try resume(path, run)
            // What the first weights were is nearer to what they are said to have been than training has moved them.
            let (first, said) = (
                try run.initialModel().parameters.values(), try copy.initialModel().parameters.values()
            )
            let moved = zip(first, run.model.parameters.values()).map { $0 - $1 }
            #expect(mean(zip(first, said).map { $0 - $1 }) < mean(moved) / 4)
            #expect(copy.optimizer.stepCount == 0)
            #expect(copy.optimizer.firstMoments.values().allSatisfy { $0 == 0 })
            #expect(copy.progress.updatesSinceReset == 0)
            try copy.train(TrainingGoal(steps: 1))
            try copy.back()
            #expect(copy.removedCount == 1)
        }
    }

    @Test func `a difference that is not what was written is refused, whichever stage it is of`() throws {
        let run = try stepwise()
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            try RunFolder.writeCompact(path, for: run) {}
            let parts = FileSystem.names(in: path + "/parts")
            #expect(parts.count == 4)
            for name in parts {
                let part = URL(fileURLWithPath: path + "/parts/" + name)
                let whole = try Data(contentsOf: part)
                var damaged = whole
                damaged[damaged.count - 100] ^= 0x55
                try damaged.write(to: part)
                #expect(throws: (any Error).self, "\(name)") {
                    let copy = try resume(path, run)
                    for stage in copy.timeline.stages { _ = try copy.model(at: stage) }
                    try stageEntries(copy)
                }
                try whole.write(to: part)
            }
            let copy = try resume(path, run)
            for stage in copy.timeline.stages { _ = try copy.model(at: stage) }
        }
    }

    private func stageEntries(_ run: Run) throws {
        let set = ParameterSet(run.model.parameters.layout)
        for stage in run.timeline.stages { try stage.entry.weights.copy(to: set) }
    }

    @Test func `a part that names itself as the one before it ends nowhere`() throws {
        let layout = try smallRun().model.parameters.layout
        try withTemporaryFolder { folder in
            let digest = String(repeating: "a", count: 64)
            for after in [digest, "../" + digest, String(repeating: "b", count: 64)] {
                try [UInt8](repeating: 0, count: 8).withUnsafeBytes { bytes in
                    try SafeTensorsWriter.write(
                        [StoredArray("stage", shape: [8], .uint8, bytes)],
                        metadata: [(name: "code", value: "rounded"), (name: "after", value: after)],
                        to: PartFile(digest, in: folder.path).path)
                }
                #expect(throws: (any Error).self) {
                    try PartFile(digest, in: folder.path).read(into: ParameterSet(layout))
                }
            }
        }
    }

    @Test func `without somebody who encodes the problems a compact folder says so`() throws {
        let run = try stepwise()
        try withTemporaryFolder { folder in
            try RunFolder.writeCompact(folder.path + "/run", for: run) {}
            #expect(throws: FileError.self) {
                try RunFolder.resume(folder.path + "/run") { _ in CharacterEncoder(answerCount: 1) }
            }
            #expect(throws: RunFolderError.changedData(path: folder.path + "/run", what: "the held-out problems")) {
                try RunFolder.resume(folder.path + "/run") { _, _ in
                    try smallRun(train: 30).problems
                } encoder: { _ in
                    CharacterEncoder(answerCount: 1)
                }
            }
        }
    }
}
