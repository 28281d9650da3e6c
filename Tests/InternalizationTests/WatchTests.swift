import Testing
import Transformer

@testable import Internalization

private func alarms(_ steps: [(loss: Double, norm: Double)], answer: [Double]? = nil) -> [[Alarm]] {
    var state = WatchState()
    state.weightNorm = 10
    return steps.enumerated().map { index, step in
        var report = StepReport()
        report.loss = step.loss
        report.gradientNorm = step.norm
        report.updateNorm = 0.01
        if let answer { report.answerLosses = [answer[index]] }
        return state.note(report, InstabilityWatch())
    }
}

@Suite struct WatchTests {
    @Test func `a steady run raises no alarm`() {
        #expect(alarms((0..<200).map { _ in (0.5, 1) }).allSatisfy { $0.isEmpty })
    }

    @Test func `a gradient far above the usual is reported at once, and once only`() {
        let seen = alarms((0..<100).map { [80, 90].contains($0) ? (0.5, 50) : (0.5, 1) })
        #expect(seen[80].count == 1)
        #expect(seen.flatMap { $0 }.count == 1)
    }

    @Test func `a loss that jumps and stays is reported once, a single spike is not`() {
        let stays = alarms((0..<120).map { ($0 >= 80 ? 2 : 0.2, 1) })
        #expect(stays.firstIndex { !$0.isEmpty } == 84)
        #expect(stays.flatMap { $0 }.count == 1)
        #expect(alarms((0..<120).map { ($0 == 80 ? 2 : 0.2, 1) }).allSatisfy { $0.isEmpty })
    }

    @Test func `a small loss may triple, one that rises by more than a tenth may not`() {
        #expect(alarms((0..<120).map { ($0 >= 80 ? 0.11 : 0.02, 1) }).allSatisfy { $0.isEmpty })
        #expect(alarms((0..<120).map { ($0 >= 80 ? 0.13 : 0.02, 1) })[84].count == 1)
        // More by a tenth but not threefold.
        #expect(alarms((0..<120).map { ($0 >= 80 ? 1.4 : 0.5, 1) }).allSatisfy { $0.isEmpty })
    }

    @Test func `nothing is said within fifty steps of a removal`() {
        #expect(alarms((0..<50).map { ($0 >= 20 ? 5 : 0.2, $0 == 30 ? 500 : 1) }).allSatisfy { $0.isEmpty })
    }

    @Test func `one token of the answer that is lost is named`() {
        let seen = alarms((0..<120).map { _ in (0.2, 1) }, answer: (0..<120).map { $0 >= 80 ? 2 : 0.01 }).flatMap { $0 }
        guard case .answerLoss(position: 0, 2, _)? = seen.first else { Issue.record("\(seen)"); return }
    }

    @Test func `an update that changes the weights by more than a tenth is reported`() {
        var state = WatchState()
        state.weightNorm = 1
        var report = StepReport()
        report.gradientNorm = 1
        report.updateNorm = 0.5
        #expect(state.note(report, InstabilityWatch()) == [.updateRatio(0.5)])
    }
}

@Suite struct EvaluationTests {
    @Test func `a run is measured on as many problems as it was told, or on fewer where fewer will do`() throws {
        let whole = try smallRun(train: 20, test: 50)
        let held = try #require(whole.heldOut)
        let run = try Run(
            whole.model, on: whole.problems,
            heldOut: HeldOut(held.problems, encoder: held.encoder, options: EvaluationOptions(limit: 10)),
            schedule: whole.schedule, settings: whole.settings)
        #expect(try run.evaluateHeldOut(limit: 4)?.count == 4)
        #expect(try run.evaluateHeldOut()?.count == 10)
        #expect(try whole.evaluateHeldOut()?.count == 50)
    }

    @Test(arguments: [(16, false), (384, true)])
    func `while somebody waits so many problems are solved as take four thousand million operations, and 32 at least`(
        _ width: Int, _ isLarge: Bool
    ) throws {
        let run = try smallRun(train: 20, test: 5, width: width)
        let heldOut = try #require(run.heldOut)
        // Two operations forwards and some bookkeeping for each weight and token.
        let wanted = 1_000_000_000 / (run.model.parameterCount * heldOut.problems.longestSequence)
        #expect(isLarge == (wanted < 32))
        #expect(run.quickLimit == (isLarge ? 32 : wanted))
    }

    @Test func `the interval of a rate is Wilson's`() {
        // Newcombe 1998, table I: 81 of 263 and 0 of 20.
        let many = wilsonInterval(81, of: 263), none = wilsonInterval(0, of: 20)
        #expect(abs(many.lowerBound - 0.2553) < 5e-5 && abs(many.upperBound - 0.3662) < 5e-5)
        #expect(none.lowerBound == 0 && abs(none.upperBound - 0.1611) < 5e-5)
        #expect(wilsonInterval(0, of: 0) == 0...1)
        // Ends at 0 and 1 are exactly those, for every count.
        for count in 1...300 {
            #expect(wilsonInterval(0, of: count).lowerBound == 0 && wilsonInterval(count, of: count).upperBound == 1)
        }
    }

    @Test func `per-token accuracies agree with what is generated`() throws {
        let run = try smallRun(digits: 3, train: 600, width: 32, heads: 4) {
            $0.batchSize = 32; $0.learningRate = 4e-3
        }
        try run.train(TrainingGoal(steps: 200))
        let result = try #require(try run.evaluateHeldOut())
        #expect(result.answerAccuracy.count == 1)
        #expect(try #require(result.tokenAccuracy) > 0.9)
        #expect(try #require(result.forcedMatches) <= result.count)
        #expect(result.generatedTokens >= 2)
        let heldOut = try #require(run.heldOut)
        let speed = try Evaluator(run.model, encoder: heldOut.encoder, shape: run.shape).speed(
            heldOut.problems, removed: .units(0), schedule: run.schedule, limit: 5)
        #expect(speed.seconds.count == 5 && speed.secondsWithoutChain.count == 5 && speed.tokens >= 10)
    }

    @Test func `kept positions are the same in generation and in training, in every order`() throws {
        // A model that has learned nothing: its greedy continuation, fed back as the chain, must be what it would have
        // written.
        let run = try smallRun(digits: 6, train: 20)
        let heldOut = try #require(run.heldOut)
        for order in [RemovalOrder.left, .right, .random(seed: 3)] {
            for rule in PositionRule.allCases {
                var schedule = RemovalSchedule()
                schedule.order = order
                schedule.positions = rule
                let evaluator = Evaluator(run.model, encoder: heldOut.encoder, shape: run.shape)
                let solution = try evaluator.solve(heldOut.problems, [0], removed: .units(2), schedule: schedule)[0]
                var problem = heldOut.problems[0].removing(.units(2), order: order, positions: rule)
                let inputCount = heldOut.problems[0].inputCount
                for (place, token) in solution.tokens.enumerated() where inputCount + place < problem.tokens.count {
                    problem.tokens[inputCount + place] = token
                }
                var batch = RaggedBatch()
                batch.append(problem.tokens, positions: problem.positions, labels: nil)
                let logits = try run.model.logits(batch)
                let size = run.model.configuration.vocabularySize
                for place in inputCount..<min(problem.tokens.count, inputCount + solution.tokens.count) {
                    let row = logits[(place - 1) * size..<place * size]
                    #expect(
                        Int32(row.firstIndex(of: row.max()!)! - row.startIndex) == problem.tokens[place],
                        "\(order) \(rule) at \(place)")
                }
            }
        }
    }
}
