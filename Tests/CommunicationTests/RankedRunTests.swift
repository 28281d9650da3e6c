// Runs that several ranks share, as threads of this process: whatever their number, the bits are those of one.

import Communication
import Support
import Synchronization
import Tensors
import TestSupport
import Testing
import Transformer

@testable import Internalization

/// What a run is to be.
private struct Plan: Sendable, CustomTestStringConvertible {
    var name: String
    var slices = 4
    var dropout: Float = 0
    var steps = 12
    var problems = 80
    var change: @Sendable (inout TrainingSettings) -> Void = { _ in }
    var schedule: RemovalSchedule = {
        var schedule = RemovalSchedule()
        schedule.pace = .stepsPerRemoval(4)
        return schedule
    }()
    var testDescription: String { name }

    func run(_ ranks: Ranks) throws -> Run {
        let task = try DigitSum.parity(digits: 4)
        let encoder = CharacterEncoder(answerCount: 1)
        let held = try ProblemSet.generate(task, count: 20, seed: 99)
        let data = try EncodedProblems(
            ProblemSet.generate(task, count: problems, seed: 7, apartFrom: [held]), encoder: encoder)
        let configuration = ModelConfiguration.gpt2(
            vocabularySize: encoder.vocabularySize, positionCount: 16, width: 16, layerCount: 2, headCount: 2,
            dropout: DropoutProbabilities(embedding: dropout, attention: dropout, residual: dropout))
        var settings = TrainingSettings()
        settings.batchSize = 16
        settings.warmUp = 0
        settings.slices = slices
        change(&settings)
        return try Run(
            LanguageModel(configuration, initialization: .fanIn, seed: 3), on: data,
            heldOut: HeldOut(EncodedProblems(held, encoder: encoder), encoder: encoder), schedule: schedule,
            settings: settings, workers: Workers(threadCount: 1), ranks: ranks)
    }

    var goal: TrainingGoal {
        var goal = TrainingGoal(steps: steps)
        goal.followsSchedule = true
        return goal
    }
}

/// All that decides how a run goes on.
private func state(_ run: Run) -> String {
    "\(run.model.parameters.fingerprint) \(run.optimizer.firstMoments.fingerprint) "
        + "\(run.optimizer.secondMoments.fingerprint) \(run.optimizer.stepCount) \(run.progress) \(run.clock)"
}

/// Lets rank 0 do something while the others follow, and gives what it returns.
private func lead<R: Sendable>(
    _ size: Int, afterUpdate: @escaping @Sendable (_ rank: Int, Replica, _ id: Int) -> Void = { _, _, _ in },
    _ body: @escaping @Sendable (Ranks) throws -> R
) throws -> R {
    let results = ThreadRank.run(size) { rank -> Result<R, any Error>? in
        let ranks = Ranks(rank)
        guard rank.rank == 0 else {
            ranks.follow { afterUpdate(rank.rank, $0, $1) }
            return nil
        }
        defer { ranks.end() }
        return Result { try body(ranks) }
    }
    return try #require(results.compactMap { $0 }.first).get()
}

@Suite struct RankedRunTests {
    private static let plans = [
        Plan(name: "a schedule that removes and resets"),
        Plan(name: "dropout", dropout: 0.2),
        Plan(name: "no limit of the gradient's norm") { $0.clip = nil },
        Plan(name: "a batch of what is left over, smaller than the slices", steps: 14, problems: 66) {
            $0.keepsPartialBatch = true
        },
        Plan(name: "two batches a step", dropout: 0.1) {
            $0.batchSize = 8
            $0.accumulation = 2
        },
        Plan(name: "batches gathered as the reference does", steps: 6) {
            $0.batchSize = 8
            $0.accumulation = 3
            $0.accumulationRule = .reference
        },
        Plan(name: "the sums of the tally decide when to remove", steps: 40) { $0.learningRate = 1e-2 }.adaptive,
    ]

    @Test(arguments: plans)
    private func `one, two and four ranks have the same bits`(_ plan: Plan) throws {
        func outcome(_ size: Int) throws -> [String] {
            try lead(size) { ranks in
                let run = try plan.run(ranks)
                var log: [String] = []
                try run.train(plan.goal) { if case .step(let step) = $0 { log.append("\(step)") } }
                return log + [state(run)]
            }
        }
        let alone = try outcome(1)
        #expect(alone.count > plan.steps)
        #expect(try outcome(2) == alone)
        #expect(try outcome(4) == alone)
    }

    @Test func `three ranks share three slices, and six`() throws {
        for slices in [3, 6] {
            let plan = Plan(name: "", slices: slices, dropout: 0.1)
            func outcome(_ size: Int) throws -> String {
                try lead(size) { ranks in
                    let run = try plan.run(ranks)
                    try run.train(plan.goal)
                    return state(run)
                }
            }
            #expect(try outcome(1) == outcome(3))
        }
    }

    @Test func `cutting a batch changes the last bits and no more`() throws {
        // Gradients of one batch, summed in another order: float32 keeps 24 bits, sums of some hundred terms lose a
        // few.
        func weights(_ slices: Int) throws -> [Float] {
            let plan = Plan(name: "", slices: slices, steps: 5)
            let run = try plan.run(Ranks(SingleProcess()))
            try run.train(TrainingGoal(steps: 5))
            return run.model.parameters.values()
        }
        let (whole, cut) = (try weights(1), try weights(4))
        #expect(whole != cut)
        #expect(zip(whole, cut).allSatisfy { abs($0 - $1) < 1e-3 })
    }

    @Test func `ranks go back and forward on the timeline with the run`() throws {
        func outcome(_ size: Int) throws -> [String] {
            try lead(size) { ranks in
                let run = try Plan(name: "").run(ranks)
                try run.train(TrainingGoal(steps: 3))
                try run.removeMore()
                try run.train(TrainingGoal(steps: 3))
                let there = state(run)
                try run.back(1)
                try run.train(TrainingGoal(steps: 2))
                let other = state(run)
                run.resetOptimizer(.secondMoments)
                try run.train(TrainingGoal(steps: 2))
                return [there, other, state(run)]
            }
        }
        #expect(try outcome(1) == outcome(2))
    }

    @Test func `gathered gradients are put back on every rank`() throws {
        let plan = Plan(name: "") {
            $0.batchSize = 8
            $0.accumulation = 3
            $0.accumulationRule = .reference
        }
        func outcome(_ size: Int) throws -> [String] {
            try lead(size) { ranks in
                let run = try plan.run(ranks)
                for _ in 0..<3 { _ = try run.step() }
                #expect(run.accumulated == 2)
                let kept = run.checkpoint()
                for _ in 0..<4 { _ = try run.step() }
                let first = state(run)
                try run.restore(kept)
                for _ in 0..<4 { _ = try run.step() }
                return [first, state(run)]
            }
        }
        let alone = try outcome(1)
        #expect(alone[0] == alone[1])
        #expect(try outcome(2) == alone)
    }

    @Test func `two runs take turns on one model, and what is done with is forgotten`() throws {
        let seen = Mutex<[Int]>([])
        func outcome(_ size: Int) throws -> [String] {
            try lead(size, afterUpdate: { rank, _, id in if rank == 1 { seen.withLock { $0.append(id) } } }) { ranks in
                let run = try Plan(name: "").run(ranks)
                try run.train(TrainingGoal(steps: 2))
                do {
                    let other = try Run(
                        run.model, on: run.problems, settings: run.settings, workers: run.workers, ranks: ranks)
                    try other.train(TrainingGoal(steps: 2))
                }
                try run.train(TrainingGoal(steps: 2))
                return [state(run)]
            }
        }
        #expect(try outcome(1) == outcome(2))
        #expect(seen.withLock { $0 } == [1, 1, 2, 2, 1, 1])
    }

    // MARK: What is refused or found

    @Test func `more ranks than rows, and slices that do not fit, are said before anything is told to others`() throws {
        func fault(_ size: Int, _ plan: Plan) throws -> RanksFault? {
            try lead(size, afterUpdate: { _, _, _ in Issue.record("somebody trained") }) { ranks in
                let run = try plan.run(ranks)
                do { try run.train(TrainingGoal(steps: 1)) } catch let fault as RanksFault { return fault }
                return nil
            }
        }
        let small = Plan(name: "", slices: 2) { $0.batchSize = 2 }
        #expect(try fault(4, small) == .moreRanksThanRows(ranks: 4, batch: 2))
        // A row each is enough.
        _ = try lead(2) { try small.run($0).train(TrainingGoal(steps: 1)) }
        #expect(try fault(2, Plan(name: "", slices: 1)) == .slicesDoNotFit(slices: 1, ranks: 2))
        #expect(try fault(2, Plan(name: "", slices: 6)) == .slicesDoNotFit(slices: 6, ranks: 2))
        #expect(
            "\(RanksFault.slicesDoNotFit(slices: 1, ranks: 2))"
                == "2 ranks cannot share batches that are cut into 1 slice; each rank needs 1, 2, 4, 8 … of them")
    }

    @Test func `a model that other ranks would compute otherwise is refused`() {
        let configuration = ModelConfiguration.gpt2(
            vocabularySize: 8, positionCount: 8, width: 8, layerCount: 1, headCount: 1)
        var settings = TrainingSettings()
        settings.slices = 2
        func fault(_ executor: any Executor, _ rank: any Communicator) -> RanksFault? {
            let model = LanguageModel(uninitialized: configuration, executor: executor)
            let parallel = DataParallel(
                model, workers: Workers(threadCount: 1), hyperparameters: AdamWHyperparameters(), ranks: Ranks(rank))
            do { try parallel.check(settings) } catch { return error as? RanksFault }
            return nil
        }
        let elsewhere = CPUExecutor(Workers(threadCount: 1)).profile
        let first = ThreadRank.make(2)[0]
        #expect(fault(MeasuringExecutor(), first) == .otherArithmetic("measuring", elsewhere: elsewhere))
        #expect(fault(CPUExecutor.shared, first) == nil)
        #expect(fault(MeasuringExecutor(), SingleProcess()) == nil)
        #expect(
            "\(RanksFault.otherArithmetic("bf16", elsewhere: "f32"))"
                == "ranks cannot share a model that is computed as \"bf16\": they compute as \"f32\"")
    }

    /// What training of 250 steps comes to where a bit of a rank's weights is flipped after update 120.
    private func flipping(
        rank flipped: Int, of size: Int
    ) throws -> (fault: RanksFault?, updates: Int, again: RanksFault?) {
        @Sendable func flip(_ model: LanguageModel) {
            model.parameters.fill(100..<101) { $0[0] = Float(bitPattern: $0[0].bitPattern ^ 1) }
        }
        let counts = Mutex<[Int: Int]>([:])
        return try lead(
            size,
            afterUpdate: { rank, replica, _ in
                let updates = counts.withLock { counts in
                    counts[rank, default: 0] += 1
                    return counts[rank]
                }
                if rank == flipped, updates == 120 { flip(replica.model) }
            }
        ) { ranks in
            let run = try Plan(name: "").run(ranks)
            func train() throws -> RanksFault? {
                do {
                    try run.train(TrainingGoal(steps: 250)) {
                        guard flipped == 0, case .step(let step) = $0, step.updates == 120 else { return }
                        // As a flipped bit does it, past everything that keeps count.
                        let set = run.model.parameters
                        set.executor.fill(set.place[100..<101]) { $0[0] = Float(bitPattern: $0[0].bitPattern ^ 1) }
                    }
                } catch let fault as RanksFault { return fault }
                return nil
            }
            let fault = try train()
            let updates = run.progress.updates
            return (fault, updates, try train())
        }
    }

    @Test func `a flipped bit ends the training at the next comparison, and its rank is named`() throws {
        let two = try flipping(rank: 1, of: 2)
        #expect(two.fault == .otherWeights(ranks: [1], of: 2, updates: 200))
        #expect(two.updates == 200)
        // Nobody may train on with it.
        #expect(two.again == two.fault)
        let four = try flipping(rank: 0, of: 4)
        #expect(four.fault == .otherWeights(ranks: [0], of: 4, updates: 200))
        #expect(
            "\(RanksFault.otherWeights(ranks: [1], of: 2, updates: 200))".hasPrefix(
                "rank 1 holds other weights than rank 0 after update 200: a bit was flipped there"))
        #expect(
            "\(RanksFault.otherWeights(ranks: [2, 3], of: 5, updates: 1))".hasPrefix(
                "ranks 2, 3 hold other weights than the other ranks after update 1:"))
    }

    @Test func `weights are also compared before a stage is left and where training ends`() throws {
        for ends in [true, false] {
            let fault: RanksFault? = try lead(
                2,
                afterUpdate: { _, replica, _ in
                    replica.model.parameters.fill(5..<6) { $0[0] += 1 }
                }
            ) { ranks in
                let run = try Plan(name: "").run(ranks)
                do {
                    if ends {
                        try run.train(TrainingGoal(steps: 3))
                    } else {
                        _ = try run.step()
                        try run.removeMore()
                    }
                } catch let fault as RanksFault { return fault }
                return nil
            }
            #expect(fault == .otherWeights(ranks: [1], of: 2, updates: ends ? 3 : 1))
        }
    }

    @Test func `who differs from most is named, and where nobody is in the majority who differs from rank 0`() {
        func minority(_ digests: UInt8...) -> [Int] { DataParallel.minority(digests.map { [$0] }) }
        #expect(minority(7, 7, 7) == [])
        #expect(minority(7, 7, 8) == [2])
        #expect(minority(8, 7, 7, 7) == [0])
        #expect(minority(7, 8) == [1])
        #expect(minority(7, 8, 8, 7) == [1, 2])
    }

    @Test func `what cannot be learned from leaves all ranks as they were`() throws {
        func outcome(_ size: Int) throws -> [String] {
            try lead(size) { ranks in
                let run = try Plan(name: "").run(ranks)
                try run.train(TrainingGoal(steps: 2))
                let before = state(run)
                let kept = run.model.parameters.values(0..<1)
                run.model.parameters.put([.nan])
                #expect(throws: RunError.self) { try run.train(TrainingGoal(steps: 1)) }
                run.model.parameters.put(kept)
                #expect(state(run) == before)
                try run.train(TrainingGoal(steps: 2))
                return [state(run)]
            }
        }
        #expect(try outcome(1) == outcome(2))
    }
}

extension Plan {
    /// The same with a schedule that removes when the model is ready.
    fileprivate var adaptive: Plan {
        var plan = self
        var schedule = RemovalSchedule()
        schedule.pace = .adaptive(AdaptiveRule(measure: .exactMatch(0.2), firstMeasure: nil, leastSteps: 5))
        plan.schedule = schedule
        return plan
    }
}

@Suite struct RankCommandTests {
    @Test func `a command that is told is heard as it was`() {
        var pass = RankedPass(slices: 6, isFirst: false, isLast: true, carries: true, scale: 0.25)
        let update = RankedUpdate(
            learningRate: 2e-3, clip: nil, hyperparameters: AdamWHyperparameters(beta1: 0.8, weightDecay: 0.3),
            stepCounts: (5, 3))
        var clipped = update
        clipped.clip = 0.5
        var commands: [RankCommand] = [
            .begin(1, threads: 3, bytes: 700), .set(2, .secondMoments, isZero: true),
            .set(2, .gradients, isZero: false),
            .pass(9, pass, tokens: 77, sequences: 4), .update(9, update), .update(9, clipped), .compare(8), .drop(7),
            .end,
        ]
        pass.dropout = RandomSource(seed: 5).split(3)
        pass.isFirst = true
        commands.append(.pass(9, pass, tokens: 1, sequences: 1))
        for command in commands {
            #expect(command.words.count == RankCommand.wordCount)
            #expect(RankCommand(words: command.words) == command)
        }
    }

    @Test func `a batch travels as one row of numbers`() {
        let batch = RaggedBatch(
            tokens: [5, 6, 7, 8], positions: [0, 1, 0, 1], labels: [6, -1, 8, -1], offsets: [0, 2, 4])
        #expect(batch.words == [5, 6, 7, 8, 0, 1, 0, 1, 6, -1, 8, -1, 0, 2, 4])
        #expect(batch.words.count == RaggedBatch.wordCount(tokens: 4, sequences: 2))
        #expect(RaggedBatch(words: batch.words, tokens: 4) == batch)
        #expect(
            batch.sequences(1..<2)
                == RaggedBatch(tokens: [7, 8], positions: [0, 1], labels: [8, -1], offsets: [0, 2]))
        #expect(batch.sequences(1..<1).tokenCount == 0)
    }

    @Test func `the configuration of every kind of model arrives as it was sent`() throws {
        var llama = ModelConfiguration.gpt2(
            vocabularySize: 11, positionCount: 9, width: 8, layerCount: 1, headCount: 2,
            dropout: DropoutProbabilities(embedding: 0.1, attention: 0.3, residual: 0.7))
        let gpt2 = llama
        llama.architecture = .llama
        llama.rotary = RotaryConfiguration(
            base: 500_000, width: 4,
            scaling: .llama3(
                factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositionCount: 8192))
        llama.paddingToken = 3
        for configuration in [gpt2, llama] {
            let text = JSONWriter.text(try JSONValue(encoding: configuration), .compact)
            let heard: ModelConfiguration = try JSONReader.read(Array(text.utf8), path: "").decode()
            #expect(heard == configuration)
        }
    }
}
