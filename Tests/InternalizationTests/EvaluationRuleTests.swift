// Rules of measuring that nothing else holds: how many problems count, how long an output may get, what is a hit given
// the right tokens, and what a question's time is.

import Glibc
import Support
import Testing
import Transformer

@testable import Internalization

@Suite struct EvaluationRuleTests {
    private func evaluator(_ run: Run) throws -> (Evaluator, EncodedProblems) {
        let heldOut = try #require(run.heldOut)
        return (Evaluator(run.model, encoder: heldOut.encoder, shape: run.shape), heldOut.problems)
    }

    @Test func `the first problems up to a limit are measured, all where there are fewer, and their answers counted`()
        throws
    {
        let run = try smallRun(digits: 3, train: 200, test: 30)
        try run.train(TrainingGoal(steps: 40))
        let (evaluator, problems) = try evaluator(run)
        let all = try evaluator.solve(problems, Array(0..<30), removed: .units(0), schedule: run.schedule)
        for limit in [7, 30, 99, nil] {
            let count = min(limit ?? 30, 30)
            let found = try evaluator.evaluate(
                problems, removed: .units(0), schedule: run.schedule, EvaluationOptions(limit: limit))
            #expect(found.count == count && found.isCorrect == all[..<count].map(\.isCorrect))
            #expect(found.correctCount == all[..<count].filter { $0.isCorrect }.count)
            let written = all[..<count].reduce(0) { $0 + $1.tokens.count }
            #expect(abs(found.generatedTokens - Double(written) / Double(count)) < 1e-9)
        }
    }

    @Test func `no problems are no result, and what is not asked for is not measured`() throws {
        let run = try smallRun(digits: 3, train: 40, test: 10)
        let (evaluator, problems) = try evaluator(run)
        let none = try evaluator.evaluate(
            problems, removed: .units(1), schedule: run.schedule, EvaluationOptions(limit: 0))
        #expect(none.count == 0 && none.removed == .units(1) && none.accuracy == 0 && none.interval == 0...1)
        #expect(none.loss == nil && none.generatedTokens == 0)
        var options = EvaluationOptions(limit: 3)
        #expect(options.measuresTargets && options.sampling == .greedy && options.spareTokens == 16)
        options.measuresTargets = false
        let bare = try evaluator.evaluate(problems, removed: .units(0), schedule: run.schedule, options)
        #expect(bare.count == 3 && bare.loss == nil && bare.tokenAccuracy == nil && bare.forcedMatches == nil)
        #expect(bare.answerAccuracy.isEmpty && bare.answerLosses.isEmpty)
    }

    @Test func `an output that does not end is cut off at the longest of the data and the tokens to spare`() throws {
        let run = try smallRun(digits: 4, train: 40, test: 10)
        let (evaluator, problems) = try evaluator(run)
        // Two tokens of chain, one of answer and the end.
        for (removed, spare, most) in [(0, 0, 4), (0, 3, 7), (2, 1, 3)] {
            var options = EvaluationOptions()
            options.spareTokens = spare
            let found = try evaluator.solve(
                problems, Array(0..<10), removed: .units(removed), schedule: run.schedule, options)
            #expect(found.contains { !$0.isEnded } && found.allSatisfy { $0.isEnded || $0.tokens.count == most })
            #expect(found.allSatisfy { $0.tokens.count <= most })
        }
    }

    @Test func `solutions come in the order of the places that are asked for, each with its own answer`() throws {
        let run = try smallRun(digits: 4, train: 40, test: 10)
        let (evaluator, problems) = try evaluator(run)
        let found = try evaluator.solve(problems, [5, 2, 9], removed: .units(0), schedule: run.schedule)
        #expect(found.map(\.index) == [5, 2, 9])
        #expect(found.map(\.expected) == [5, 2, 9].map { evaluator.encoder.expectedAnswer(of: problems[$0]) })
        for solution in found {
            let alone = try evaluator.solve(problems, [solution.index], removed: .units(0), schedule: run.schedule)
            #expect(alone == [solution])
            #expect(solution.answer == evaluator.encoder.answerText(of: solution.tokens[...]))
        }
    }

    @Test func `loss, hits and matches given the right tokens are counts over the model's own logits`() throws {
        let run = try smallRun(digits: 3, train: 300, test: 40, width: 32, heads: 4) { $0.learningRate = 4e-3 }
        try run.train(TrainingGoal(steps: 60))
        let (evaluator, problems) = try evaluator(run)
        let size = evaluator.encoder.vocabularySize
        for removed in [RemovalCount.units(0), .all] {
            var (loss, hits, targets, matches) = (0.0, 0, 0, 0)
            for index in 0..<problems.count {
                let left = run.shape.remaining(of: problems[index], removed: removed, schedule: run.schedule)
                var batch = RaggedBatch()
                batch.append(left.tokens, positions: left.positions, labels: nil)
                let logits = try run.model.logits(batch)
                var missed = 0
                for at in problems.inputCount(index)..<left.tokens.count {
                    let row = logits[(at - 1) * size..<at * size].map(Double.init)
                    loss += log(row.reduce(0) { $0 + exp($1) }) - row[Int(left.tokens[at])]
                    targets += 1
                    if row.indices.max(by: { row[$0] < row[$1] }) != Int(left.tokens[at]) { missed += 1 }
                }
                hits += left.tokens.count - problems.inputCount(index) - missed
                matches += missed == 0 ? 1 : 0
            }
            let found = try evaluator.evaluate(problems, removed: removed, schedule: run.schedule)
            #expect(abs(try #require(found.loss) - loss / Double(targets)) < 1e-4)
            #expect(abs(try #require(found.tokenAccuracy) - Double(hits) / Double(targets)) < 1e-9)
            #expect(found.forcedMatches == matches && found.removed == removed)
            #expect(matches < problems.count && hits > 0)
        }
    }

    @Test func `a question's time ends where its answer does, and that without a chain begins there`() throws {
        let run = try smallRun(digits: 3, train: 40, test: 5)
        let (evaluator, problems) = try evaluator(run)
        var times = [10.0, 13, 14, 20, 21, 25].makeIterator()
        let found = try evaluator.speed(
            problems, removed: .units(0), schedule: run.schedule, limit: 2, now: { times.next() ?? .nan })
        #expect(found.seconds == [3, 1] && found.secondsWithoutChain == [1, 4])
        let rest = times.next()
        #expect(rest == nil)
        let solved = try evaluator.solve(problems, [0, 1], removed: .units(0), schedule: run.schedule)
        #expect(found.tokens == solved.reduce(0) { $0 + $1.tokens.count })
        // Of two the median is their mean: 2 and 2.5.
        #expect(found.examplesPerSecond == 0.5 && found.relativeToNoChain == 1.25)
        let all = try evaluator.speed(problems, removed: .units(0), schedule: run.schedule, limit: 99)
        #expect(all.seconds.count == 5 && all.secondsWithoutChain.count == 5)
    }

    @Test func `a stop ends a measurement`() throws {
        let run = try smallRun(digits: 3, train: 40, test: 5)
        let (evaluator, problems) = try evaluator(run)
        let interrupt = Interrupt()
        interrupt.request()
        #expect(throws: Interrupted()) {
            try evaluator.evaluate(problems, removed: .units(0), schedule: run.schedule, interrupt: interrupt)
        }
        #expect(throws: Interrupted()) {
            try evaluator.speed(problems, removed: .units(0), schedule: run.schedule, interrupt: interrupt)
        }
    }

    @Test func `a rate is the share of right answers, and its interval that of their count`() {
        var evaluation = Evaluation()
        evaluation.isCorrect = [true, false, true, true]
        #expect(evaluation.count == 4 && evaluation.correctCount == 3 && evaluation.accuracy == 0.75)
        // Wilson's interval for 3 of 4, by his formula in Python.
        #expect(abs(evaluation.interval.lowerBound - 0.3006418) < 1e-6)
        #expect(abs(evaluation.interval.upperBound - 0.9544127) < 1e-6)
        #expect(evaluation.removed == .units(0))
    }
}

@Suite struct EvaluationSumRuleTests {
    @Test func `places of an answer are counted from where it begins, and one that no batch has is none`() throws {
        // Two sequences of `question sep answer answer end`: 5 tokens, answers at 2..<4, every row after the first a
        // target but the last.
        var batch = RaggedBatch()
        batch.append([5, 0, 6, 7, 2], positions: nil, labels: [-1, 6, 7, 2, -1])
        batch.append([5, 0, 8, 9, 2], positions: nil, labels: [-1, 8, 9, 2, -1])
        var report = BatchReport()
        report.targetIndices = [1, 2, 3, 6, 7, 8]
        report.losses = [1, 2, 4, 8, 16, 32]
        // The second sequence misses its second token.
        report.predictions = [6, 7, 2, 8, 0, 2]
        var sums = TargetSums()
        sums.add(report, batch, [(5, 2..<4), (5, 2..<4)])
        var result = Evaluation()
        sums.write(to: &result)
        #expect(result.loss == 63.0 / 6 && result.tokenAccuracy == 5.0 / 6 && result.forcedMatches == 1)
        #expect(result.answerLosses == [4.5, 9] && result.answerAccuracy == [1, 0.5])
        // Nothing that was summed changes nothing.
        var untouched = Evaluation()
        TargetSums().write(to: &untouched)
        #expect(untouched == Evaluation())
    }
}
