import Experiments
import Foundation
import Internalization
import Support
import TestSupport
import Testing

@Suite struct KeepingTests {
    @Test func `a save that fails is told once, training goes on, and the next removal saves again`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            let experiment = try Small.experiment { $0.schedule.pace = .stepsPerRemoval(3) }
            try experiment.keep(at: path)
            let (checkpoints, aside) = (path + "/checkpoints", path + "/aside")
            var complaints = 0, removals = 0
            var goal = TrainingGoal(steps: 12)
            goal.followsSchedule = true
            goal.finalSteps = 6
            // While a file stands where the checkpoints were, nothing can be saved.
            rename(checkpoints, aside)
            _ = FileManager.default.createFile(atPath: checkpoints, contents: nil)
            try experiment.train(
                goal,
                report: { event in
                    guard case .removed = event else { return }
                    removals += 1
                    if removals == 1 {
                        unlink(checkpoints)
                        rename(aside, checkpoints)
                    }
                },
                notSaved: { _ in complaints += 1 })
            #expect(removals == 2 && complaints == 1)
            // The second removal is there, though nobody has saved since.
            let copy = try Experiment.open(copyOf: path)
            #expect(copy.run.removedCount == 2)
        }
    }

    @Test func `two failures in a row are told once`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            let experiment = try Small.experiment { $0.schedule.pace = .stepsPerRemoval(3) }
            try experiment.keep(at: path)
            rename(path + "/checkpoints", path + "/aside")
            _ = FileManager.default.createFile(atPath: path + "/checkpoints", contents: nil)
            var complaints = 0, removals = 0
            var goal = TrainingGoal(steps: 12)
            goal.followsSchedule = true
            goal.finalSteps = 6
            try experiment.train(
                goal, report: { if case .removed = $0 { removals += 1 } }, notSaved: { _ in complaints += 1 })
            #expect(removals == 2 && complaints == 1)
        }
    }

    @Test func `where nothing can be written, resuming says that and not that nothing was saved`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            do { try Small.experiment().keep(at: path) }
            // A folder of that name: the metrics cannot be opened.
            unlink(path + "/metrics.jsonl")
            mkdir(path + "/metrics.jsonl", 0o700)
            #expect {
                try Experiment.resume(path)
            } throws: { error in
                guard case .notWritten(let file, _)? = error as? RunFolderError else { return false }
                return file.hasSuffix("metrics.jsonl")
            }
        }
    }

    @Test func `checkpoints that are all damaged are named, each with its reason`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            do { try Small.experiment().keep(at: path) }
            try Data("{".utf8).write(to: URL(fileURLWithPath: path + "/checkpoints/step-0000000001/state.json"))
            #expect {
                try Experiment.resume(path)
            } throws: { error in
                guard case .noCheckpoint(_, let reasons)? = error as? RunFolderError else { return false }
                return reasons.count == 1 && reasons[0].contains("step-0000000001/state.json")
            }
        }
    }
}
