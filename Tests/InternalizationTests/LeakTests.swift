import Tensors
import Testing
import Transformer

@testable import Internalization

// Nothing of a problem's own chain or answer may reach a model at evaluation. Each test puts the same questions twice,
// with the right chains and answers and with others of other lengths, and looks for any difference in what is asked or
// written.

/// Every task that icot makes, small.
private func tasks() throws -> [(name: String, problems: ProblemSet)] {
    let count = 12
    func made(_ task: some ProblemTask) throws -> (String, ProblemSet) {
        (task.name, try ProblemSet.generate(task, count: count, seed: 5))
    }
    return [
        try made(DigitSum.parity(digits: 5)), try made(DigitSum(digits: 4, modulus: 10)),
        try made(Multiplication(digits: 2)), try made(Multiplication(digits: 1...2)),
        try made(Multiplication(digits: 1...3, padded: true)), try made(Multiplication(left: 1...1, right: 3...3)),
        try made(Multiplication(digits: 2, chain: .tree)), try made(Addition(digits: 3...3)),
        try made(Addition(digits: 1...3, order: .mostFirst)), try made(WordProblems()),
    ]
}

private func hasOneAnswerLength(_ set: ProblemSet) -> Bool {
    Set((0..<set.count).map { set[$0].answer.filter { $0 != " " }.count }).count == 1
}

/// The same questions; each chain is another problem's with more behind it, each answer another one's.
private func twins(_ set: ProblemSet, sameAnswerLength: Bool) throws -> ProblemSet {
    var builder = ProblemSetBuilder(taskName: "twins")
    for index in 0..<set.count {
        let other = set[(index + 1) % set.count]
        let answer = sameAnswerLength ? other.answer : other.answer + " " + other.answer
        let chain = index % 2 == 0 ? other.chain + " " + other.chain : ""
        try builder.append(question: set[index].question, chain: chain, answer: answer)
    }
    return builder.finish()
}

private func model(_ vocabulary: CharacterVocabulary) -> LanguageModel {
    let configuration = ModelConfiguration.gpt2(
        vocabularySize: vocabulary.count, positionCount: 512, width: 16, layerCount: 1, headCount: 2,
        isHeadTied: false)
    return LanguageModel(configuration, initialization: .fanIn, seed: 3)
}

@Suite struct LeakTests {
    @Test(arguments: PositionRule.allCases)
    func `what is written for a question does not depend on its chain and answer, in any task and order`(
        _ positions: PositionRule
    ) throws {
        for (name, set) in try tasks() {
            let vocabulary = CharacterVocabulary(of: set)
            let isOne = hasOneAnswerLength(set)
            let separators: [AnswerSeparator] = isOne ? AnswerSeparator.allCases : [.kept, .removedLast]
            for separator in separators {
                let count = separator == .absent ? set[0].answer.filter { $0 != " " }.count : nil
                let encoder = CharacterEncoder(vocabulary, separator: separator, answerCount: count)
                let problems = try EncodedProblems(set, encoder: encoder)
                let other = try EncodedProblems(
                    twins(set, sameAnswerLength: separator == .absent), encoder: encoder)
                let evaluator = Evaluator(model(vocabulary), encoder: encoder, shape: DataShape(problems))
                for order in [RemovalOrder.left, .right, .random(seed: 2)] {
                    var schedule = RemovalSchedule()
                    schedule.order = order
                    schedule.positions = positions
                    for removed in [0, 1, 3, problems.longestChain].map(RemovalCount.units) + [.all] {
                        let indices = [0, 1, 2]
                        let right = try evaluator.solve(problems, indices, removed: removed, schedule: schedule)
                        let wrong = try evaluator.solve(other, indices, removed: removed, schedule: schedule)
                        #expect(
                            right.map(\.tokens) == wrong.map(\.tokens),
                            "\(name), separator \(separator), \(order), \(removed) removed")
                    }
                }
            }
        }
    }

    @Test func `kept ids jump alike for a chain of 2 and one of 4`() throws {
        let problems = try EncodedProblems([
            EncodedProblem(tokens: [9, 0, 5, 6, 7, 2], inputCount: 2, chain: 2..<4, answer: 4..<5),
            EncodedProblem(tokens: [9, 9, 0, 5, 6, 5, 6, 7, 2], inputCount: 3, chain: 3..<7, answer: 7..<8),
        ])
        let shape = DataShape(problems)
        var schedule = RemovalSchedule()
        func ids(_ index: Int, _ removed: RemovalCount) -> [Int32] {
            shape.remaining(of: problems[index], removed: removed, schedule: schedule).positions
        }
        // The first chain is gone after two removals; its separator jumps by three all the same.
        #expect(ids(0, .units(3)) == [0, 4, 5, 6])
        #expect(ids(1, .units(3)) == [0, 1, 5, 6, 7, 8])
        #expect(ids(0, .all) == [0, 5, 6, 7])
        #expect(ids(1, .all) == [0, 1, 6, 7, 8])
        schedule.positions = .original
        #expect(ids(0, .units(3)) == [0, 1, 5, 6])
        // Where the end of the chain says where the gap is, ids are shifted.
        schedule.order = .right
        #expect(shape.positions(schedule) == .shifted)
        #expect(ids(1, .units(1)) == [0, 1, 2, 3, 4, 5, 6, 7])
    }

    @Test func `where all chains have one length, kept ids are the reference's`() throws {
        let set = try ProblemSet.generate(DigitSum.parity(digits: 5), count: 6, seed: 1)
        let problems = try EncodedProblems(set, encoder: CharacterEncoder(answerCount: 1))
        let shape = DataShape(problems)
        for order in [RemovalOrder.left, .right, .random(seed: 4)] {
            for rule in PositionRule.allCases {
                var schedule = RemovalSchedule()
                schedule.order = order
                schedule.positions = rule
                for removed in 0...problems.longestChain {
                    #expect(
                        shape.remaining(of: problems[2], removed: .units(removed), schedule: schedule)
                            == problems[2].removing(.units(removed), order: order, positions: rule))
                }
            }
        }
    }

    @Test func `an output is cut off at the longest of the data, whatever the problem`() throws {
        let set = try ProblemSet.generate(WordProblems(), count: 30, seed: 2)
        let encoder = CharacterEncoder(CharacterVocabulary(of: set), separator: .kept)
        let problems = try EncodedProblems(set, encoder: encoder)
        let shape = DataShape(problems)
        var schedule = RemovalSchedule()
        #expect(shape.frame(.units(0), schedule, spareTokens: 7).limit == shape.longestChain + shape.longestRest + 7)
        #expect(shape.frame(.units(2), schedule, spareTokens: 7).limit == shape.longestChain + shape.longestRest + 5)
        #expect(shape.frame(.all, schedule, spareTokens: 7).limit == shape.longestRest + 7)
        schedule.order = .right
        #expect(shape.frame(.units(2), schedule, spareTokens: 7).limit == shape.longestChain + shape.longestRest + 7)
    }

    @Test
    func `a perfect output is read as right in every task, with every separator, at every number of removed tokens`()
        throws
    {
        for (name, set) in try tasks() {
            let separators: [AnswerSeparator] =
                hasOneAnswerLength(set) ? AnswerSeparator.allCases : [.kept, .removedLast]
            for separator in separators {
                let count = separator == .absent ? set[0].answer.filter { $0 != " " }.count : nil
                let encoder = CharacterEncoder(
                    CharacterVocabulary(of: set), separator: separator, answerCount: count)
                for index in 0..<set.count {
                    let problem = try encoder.encode(set[index])
                    let wanted = set[index].answer.filter { $0 != " " }
                    #expect(encoder.expectedAnswer(of: problem) == wanted)
                    for removed in 0...problem.chain.count {
                        for order in [RemovalOrder.left, .right] {
                            let left = problem.removing(.units(removed), order: order)
                            let written = left.tokens.dropFirst(problem.inputCount)
                            // From the right a removed separator goes first, and nothing marks the answer then.
                            if separator == .removedLast, order == .right, removed > 0,
                                removed < problem.chain.count
                            {
                                continue
                            }
                            #expect(
                                encoder.answerText(of: written) == wanted, "\(name), \(separator), \(removed) removed")
                            #expect(encoder.stop(after: written) == nil)
                            #expect(encoder.stop(after: written.dropLast()) != nil)
                        }
                    }
                }
            }
        }
    }

    @Test func `an answer that never ends is wrong, though its last character is right`() {
        var solution = Solution(index: 0, tokens: [4, 4, 4], answer: "1", expected: "1", isEnded: false)
        #expect(!solution.isCorrect)
        solution.isEnded = true
        #expect(solution.isCorrect)
    }

    @Test func `a model that has learned nothing gets no answer right that it does not end`() throws {
        let run = try smallRun(digits: 6, train: 60, test: 200)
        let heldOut = try #require(run.heldOut)
        let evaluator = Evaluator(run.model, encoder: heldOut.encoder, shape: run.shape)
        let solutions = try evaluator.solve(
            heldOut.problems, Array(0..<200), removed: .units(0), schedule: run.schedule)
        #expect(solutions.contains { !$0.isEnded && $0.answer == $0.expected })
        #expect(!solutions.contains { !$0.isEnded && $0.isCorrect })
        #expect(try #require(try run.evaluateHeldOut()).correctCount == solutions.count { $0.isCorrect })
    }

    @Test func `without a separator an answer of another length is refused, with the reason`() throws {
        let encoder = CharacterEncoder(separator: .absent, answerCount: 2)
        #expect(throws: ProblemError.answerLength("1 2 3", expected: 2)) {
            try encoder.encode(Problem(question: "1", chain: "2", answer: "1 2 3"))
        }
    }

    @Test func `no CoT stays at chance where only the length of the chain tells the answer`() throws {
        // The answer is a digit that looks random, the chain one token longer than the answer's value.
        func digit(_ index: Int) -> Int {
            var random = RandomSource(seed: 77).split(UInt64(index))
            return random.below(4)
        }
        var builder = ProblemSetBuilder(taskName: "length")
        for index in 0..<1200 {
            let question = String(1000 + index).map { String($0) }.joined(separator: " ")
            let answer = digit(index)
            try builder.append(
                question: question, chain: Array(repeating: "1", count: answer + 1).joined(separator: " "),
                answer: String(answer))
        }
        let all = builder.finish()
        let encoder = CharacterEncoder(answerCount: 1)
        var schedule = RemovalSchedule()
        schedule.pace = .manual
        schedule.removeAllBeyond = 0
        schedule.positions = .kept
        let configuration = ModelConfiguration.gpt2(
            vocabularySize: encoder.vocabularySize, positionCount: 20, width: 32, layerCount: 1, headCount: 2,
            isHeadTied: false)
        var settings = TrainingSettings()
        settings.batchSize = 32
        let run = try Run(
            LanguageModel(configuration, initialization: .fanIn, seed: 1),
            on: EncodedProblems(all[200..<1200], encoder: encoder),
            heldOut: HeldOut(EncodedProblems(all[0..<200], encoder: encoder), encoder: encoder), schedule: schedule,
            settings: settings)
        try run.train(TrainingGoal(steps: 300))
        let accuracy = try #require(try run.evaluateHeldOut()).accuracy
        #expect(accuracy < 0.45, "chance is 0.25, and the length of the chain would give 1")
    }
}
