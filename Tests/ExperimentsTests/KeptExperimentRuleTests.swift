// Rules of an experiment in its folder and of what it is asked: what is written there and comes back, whether a run
// there is this one, what is counted and what is computed while a model writes.

import Foundation
import Internalization
import Support
import TestSupport
import Testing
import Transformer

@testable import Experiments

@Suite struct KeptExperimentRuleTests {
    private func names(_ path: String) -> Set<String> { Set(FileSystem.names(in: path)) }

    @Test
    func `a folder has the problems of each part as text, the name and the separator, and no part that is not there`()
        throws
    {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run", bare = folder.path + "/bare"
            let parts = try Small.parts()
            try Small.experiment(on: parts, name: "mine") { $0.separator = .removedLast }.keep(at: path)
            let problems = names(path).filter { $0.hasPrefix("problems-") }
            #expect(problems == ["problems-training.txt", "problems-held-out.txt", "problems-validation.txt"])
            let tasks = names(path).filter { $0.hasPrefix("task-") }
            #expect(tasks == ["task-training.json", "task-held-out.json", "task-validation.json"])
            func first(_ part: String) throws -> String? {
                try String(contentsOfFile: path + "/problems-\(part).txt", encoding: .utf8).split(separator: "\n").first
                    .map(String.init)
            }
            for (part, set) in [("training", parts.data), ("held-out", parts.test), ("validation", parts.validation)] {
                let problem = try #require(set)[0]
                #expect(try first(part) == "\(problem.question)||\(problem.chain) #### \(problem.answer)", "\(part)")
            }
            let info = try #require(try JSONReader.readFile(path + "/run.json").object?["info"]?.object)
            #expect(info["name"] == "mine" && info["separator"] == "removedLast")
            #expect(info["characters"]?.string == String(CharacterVocabulary.digits.characters))
            try Small.experiment(on: ProblemParts(parts.data, test: nil, validation: nil)).keep(at: bare)
            #expect(names(bare).filter { $0.hasPrefix("problems-") } == ["problems-training.txt"])
            let other = try #require(try JSONReader.readFile(bare + "/run.json").object?["info"]?.object)
            #expect(other["separator"] == nil)
            let copy = try Experiment.open(copyOf: bare)
            #expect(copy.separator == nil && copy.test == nil && copy.validation == nil && copy.data.count == 360)
        }
    }

    @Test func `a compact folder has the numbers that problems were made from, or their text where there are none`()
        throws
    {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run", other = folder.path + "/other"
            let made = try Small.experiment(name: "mine") { $0.separator = .kept }
            try made.train(TrainingGoal(steps: 2))
            try made.run.removeMore()
            try made.writeCompact(at: path)
            #expect(made.folder == nil)
            let inputs = names(path).filter { $0.hasPrefix("problems-") }
            #expect(inputs == ["problems-training.inputs", "problems-held-out.inputs", "problems-validation.inputs"])
            #expect(!FileSystem.exists(path + "/data") && !FileSystem.exists(path + "/task-training.json"))
            let resumed = try Experiment.resume(path)
            #expect(resumed.data.fingerprint == made.data.fingerprint && resumed.name == "mine")
            #expect(resumed.test?.fingerprint == made.test?.fingerprint)
            #expect(resumed.validation?.fingerprint == made.validation?.fingerprint)
            #expect(resumed.separator == .kept && resumed.run.removedCount == 1 && resumed.run.spent.updates == 2)
            let rows = try Small.problems([("21", "1", "1"), ("31", "1", "0")])
            let byHand = try Small.experiment(on: ProblemParts(rows, test: nil, validation: nil)) {
                $0.training.batchSize = 1
            }
            try byHand.writeCompact(at: other)
            #expect(
                names(other).contains("problems-training.txt") && !names(other).contains("problems-training.inputs"))
            #expect(try Experiment.resume(other).data.fingerprint == rows.fingerprint)
        }
    }

    @Test func `a run in a folder is gone on with where it began alike, and otherwise told apart by what differs`()
        throws
    {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            let parts = try Small.parts()
            let test = try #require(parts.test), validation = try #require(parts.validation)
            do {
                let first = try Small.experiment(on: parts, name: "mine")
                try first.keep(at: path)
                try first.train(TrainingGoal(steps: 3))
                try first.save()
            }
            let again = try Small.experiment(on: parts)
            #expect(try again.continuation(at: folder.path + "/none") == nil)
            #expect(try again.continuation(at: path)?.run.progress.updates == 3)
            // What has been trained since does not count: it began alike.
            try again.train(TrainingGoal(steps: 1))
            #expect(try again.continuation(at: path)?.name == "mine")
            func difference(_ experiment: Experiment) throws -> ExperimentFault.Difference? {
                do { _ = try experiment.continuation(at: path) } catch ExperimentFault.keptOtherwise(
                    path, let difference)
                {
                    return difference
                }
                return nil
            }
            #expect(try difference(Small.experiment(on: parts, model: Small.model(width: 32))) == .weights)
            let spare = try Small.parity(40, seed: 9, apartFrom: parts.all)
            for (data, test, validation, role) in [
                (spare, test, validation, ProblemRole.training), (parts.data, spare, validation, .test),
                (parts.data, test, spare, .validation),
            ] {
                let other = try ProblemParts(data, test: test, validation: validation)
                #expect(try difference(Small.experiment(on: other)) == .problems(role))
            }
        }
    }

    @Test func `another arithmetic is remarked where a run is opened, with both`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            var profile = ""
            do {
                let first = try Small.experiment()
                profile = first.run.numericProfile
                try first.keep(at: path)
            }
            let checkpoint = path + "/checkpoints/step-0000000001"
            let (file, manifest) = (checkpoint + "/state.json", checkpoint + "/MANIFEST.json")
            let state = try String(contentsOfFile: file, encoding: .utf8)
            let other = state.replacing("\"profile\":\"", with: "\"profile\":\"another ")
            #expect(other != state)
            try other.write(toFile: file, atomically: true, encoding: .utf8)
            try String(contentsOfFile: manifest, encoding: .utf8)
                .replacing(SHA256.hex(Array(state.utf8)), with: SHA256.hex(Array(other.utf8)))
                .replacing("\"bytes\": \(state.utf8.count)", with: "\"bytes\": \(other.utf8.count)")
                .write(toFile: manifest, atomically: true, encoding: .utf8)
            var remarks: [String] = [], warnings: [String] = []
            _ = try Experiment.resume(path, warn: { warnings.append($0) }, remark: { remarks.append($0) })
            #expect(
                remarks == [
                    "trained so far under another \(profile), from here on under \(profile): the last bits will be "
                        + "others than they would have been"
                ])
            #expect(warnings == [])
        }
    }

    @Test func `a checkpoint that is passed over is warned of, and the one before gone on from`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            do {
                let first = try Small.experiment()
                try first.keep(at: path)
                try first.train(TrainingGoal(steps: 2))
                try first.save()
            }
            try "{".write(
                toFile: path + "/checkpoints/step-0000000002/state.json", atomically: true, encoding: .utf8)
            var warnings: [String] = []
            let copy = try Experiment.open(copyOf: path, warn: { warnings.append($0) })
            #expect(copy.run.progress.updates == 0 && warnings.count == 1 && warnings[0].contains("step-0000000002"))
        }
    }

    // MARK: What it is asked

    @Test func `an evaluation counts what solving the problems one by one finds, with as much removed as is asked`()
        throws
    {
        let experiment = try Small.experiment()
        try experiment.train(TrainingGoal(steps: 60))
        let test = try #require(experiment.test)
        for removed in [RemovalCount.units(0), .units(2)] {
            let found = try experiment.evaluate(test, removed: removed, EvaluationOptions(), interrupt: Interrupt())
            let solved = try (0..<test.count).map { index in
                try #require(try experiment.solve(test, index, removed: removed, interrupt: Interrupt()))
            }
            #expect(found.isCorrect == solved.map(\.solution.isCorrect) && found.removed == removed)
            #expect(solved.allSatisfy { $0.expected.tokens.count == (removed == .units(0) ? 9 : 7) })
            let written = solved.reduce(0) { $0 + $1.solution.tokens.count }
            #expect(abs(found.generatedTokens - Double(written) / 40) < 1e-9)
            #expect(
                try experiment.written(by: experiment.run.model, test, removed: removed, interrupt: Interrupt())
                    == solved.map(\.solution.tokens))
        }
        let few = try experiment.evaluate(test, removed: .units(0), EvaluationOptions(limit: 7), interrupt: Interrupt())
        #expect(few.count == 7)
        let speed = try experiment.speed(test[0..<3], removed: .units(0), interrupt: Interrupt())
        #expect(speed.seconds.count == 3 && speed.secondsWithoutChain.count == 3)
    }

    @Test func `the logits while a model writes are those of its own tokens, and others are held against them there`()
        throws
    {
        let experiment = try Small.experiment()
        try experiment.train(TrainingGoal(steps: 5))
        let set = try #require(experiment.test)[0..<3]
        let model = experiment.run.model, other = experiment.initial
        for (removed, positions) in [
            // The separator, the fifth token, takes the jump.
            (RemovalCount.units(0), { $0 }), (.units(1), { $0 < 4 ? $0 : $0 + 1 }),
        ] as [(RemovalCount, (Int32) -> Int32)] {
            let found = try experiment.writtenLogits(of: model, set, removed: removed, interrupt: Interrupt())
            let tokens = try experiment.written(by: model, set, removed: removed, interrupt: Interrupt())
            #expect(found.tokens == tokens && tokens.count == 3)
            var (own, theirs): ([Float], [Float]) = ([], [])
            for (index, written) in tokens.enumerated() {
                let problem = try experiment.written(set, index).problem
                let row = Array(problem.tokens[..<5]) + written.dropLast()
                var batch = RaggedBatch()
                batch.append(row, positions: row.indices.map { positions(Int32($0)) }, labels: nil)
                let size = experiment.encoder.vocabularySize
                own += try model.logits(batch).suffix(size * written.count)
                theirs += try other.logits(batch).suffix(size * written.count)
            }
            let differences = zip(own, theirs).map { abs($0 - $1) }
            let deviation = try found.deviation(of: other)
            #expect(abs(found.size - (own.map(abs).max() ?? 0)) < 1e-4)
            #expect(abs(deviation.largest - (differences.max() ?? 0)) < 1e-4)
            let mean = differences.reduce(0) { $0 + Double($1) * Double($1) } / Double(own.count)
            #expect(abs(deviation.meanSquare - mean) < 1e-4 * mean && mean > 0)
            let none = try found.deviation(of: model)
            #expect(none.largest == 0 && none.meanSquare == 0)
        }
    }

    @Test func `what is told of training is told to whoever asked, whether or not it is kept`() throws {
        try withTemporaryFolder { folder in
            for isKept in [false, true] {
                let experiment = try Small.experiment { $0.schedule.pace = .stepsPerRemoval(2) }
                if isKept { try experiment.keep(at: folder.path + "/run") }
                var goal = TrainingGoal(steps: 5), steps = 0, removals = 0
                goal.followsSchedule = true
                let end = try experiment.train(goal) {
                    if case .step = $0 { steps += 1 }
                    if case .removed = $0 { removals += 1 }
                }
                #expect(end == .stepsDone && steps == 5 && removals == 2)
                guard isKept else { continue }
                // Saved at each removal, without being asked: the state with both tokens gone is there.
                let copy = try Experiment.open(copyOf: folder.path + "/run")
                #expect(copy.run.removedCount == 2 && copy.run.progress.updates == 4)
                try experiment.save()
                #expect(try Experiment.open(copyOf: folder.path + "/run").run.progress.updates == 5)
            }
        }
    }

    @Test func `a model of a stage is read with as much gone as there, and the present one as it is now`() throws {
        let experiment = try Small.experiment()
        try experiment.run.removeMore()
        try experiment.train(TrainingGoal(steps: 1))
        let set = try Small.problems([("2 7 4 3", "1 1", "0")])
        let first = try ModelAtStage(experiment, at: experiment.stages[0].stage), now = ModelAtStage(experiment)
        #expect(try ProblemsAtStage(set, for: first).remaining[0].tokens.count == 9)
        #expect(try ProblemsAtStage(set, for: now).remaining[0].tokens.count == 8)
        #expect(first.model.contentHash() == experiment.initial.contentHash())
        #expect(now.model.contentHash() == experiment.run.model.contentHash() && now.shape == experiment.run.shape)
        let present = ComparedStages(present: now)
        #expect(try present.stages[0].models[0]().name == "removed 1")
        let untrained = LanguageModel.untrained(experiment.run.model.configuration)
        #expect(untrained.configuration == experiment.run.model.configuration)
        #expect(untrained.contentHash() != experiment.initial.contentHash())
    }
}
