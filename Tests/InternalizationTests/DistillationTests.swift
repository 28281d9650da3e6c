import Glibc
import Support
import Tensors
import Testing
import Transformer

@testable import Internalization

/// The parity of 3 digits: a chain of one token.
private func tinyProblems(
    _ digits: Int, _ count: Int, separator: AnswerSeparator = .absent
) throws -> (train: EncodedProblems, test: HeldOut) {
    let task = try DigitSum.parity(digits: digits)
    let encoder = CharacterEncoder(separator: separator, answerCount: 1)
    let held = try ProblemSet.generate(task, count: 100, seed: 99)
    let train = try EncodedProblems(
        ProblemSet.generate(task, count: count, seed: 7, apartFrom: [held]), encoder: encoder)
    return (train, HeldOut(try EncodedProblems(held, encoder: encoder), encoder: encoder))
}

private func model(layers: Int, width: Int, seed: UInt64 = 1) -> LanguageModel {
    let configuration = ModelConfiguration.gpt2(
        vocabularySize: CharacterEncoder().vocabularySize, positionCount: 16, width: width, layerCount: layers,
        headCount: 2, isHeadTied: false)
    return LanguageModel(configuration, initialization: .fanIn, seed: seed)
}

/// Mean loss on the tape, its gradients, and the loss elsewhere along a direction in all parameters.
private func directional(
    _ members: [TrainedParameters], _ loss: (_ recording: Bool) throws -> Double
) throws -> (found: Double, expected: Double) {
    for member in members { member.gradients.clear() }
    _ = try loss(true)
    var random = RandomSource(seed: 5)
    var expected = 0.0
    // Of length one, so that few ReLUs change sides on the way.
    let length = Double(members.reduce(0) { $0 + $1.values.count }).squareRoot()
    let directions = members.map { member in (0..<member.values.count).map { _ in Float(random.normal() / length) } }
    for (member, direction) in zip(members, directions) {
        let gradients = member.gradients.values()
        for index in direction.indices { expected += Double(direction[index]) * Double(gradients[index]) }
    }
    let original = members.map { $0.values.values() }
    func moved(_ h: Float) throws -> Double {
        for (m, member) in members.enumerated() {
            member.values.put(zip(original[m], directions[m]).map { $0 + h * $1 })
        }
        defer {
            for (m, member) in members.enumerated() {
                member.values.put(original[m])
            }
        }
        return try loss(false)
    }
    // Fourth-order differences.
    let h: Float = 0.01
    let found = (8 * (try moved(h) - (try moved(-h))) - (try moved(2 * h) - (try moved(-2 * h)))) / (12 * Double(h))
    return (found, expected)
}

@Suite struct ThoughtTests {
    @Test func `the diagonal goes a layer deeper every so many tokens and ends at the last place`() {
        func places(_ subset: ThoughtSubset, _ delta: Double? = nil) -> [[Int]] {
            subset.places(first: 10, last: 17, layerCount: 4, delta: delta).map { [$0.layer, $0.place] }
        }
        // δ = 7/3: 10, 12.33, 14.67, 17.
        #expect(places(.diagonal) == [[0, 10], [1, 12], [2, 15], [3, 17]])
        #expect(places(.firstColumn) == [[0, 10], [1, 10], [2, 10], [3, 10]])
        #expect(places(.lastColumn) == [[0, 17], [1, 17], [2, 17], [3, 17]])
        #expect(places(.topRow) == [[3, 10], [3, 12], [3, 15], [3, 17]])
        #expect(places(.bottomRow) == [[0, 10], [0, 12], [0, 15], [0, 17]])
        // A δ from a longer problem runs into the end; halves go to the even place, as torch.round has it.
        #expect(places(.diagonal, 3).map { $0[1] } == [10, 13, 16, 17])
        #expect(places(.diagonal, 2.5).map { $0[1] } == [10, 12, 15, 17])
    }

    @Test func `thoughts end at the separator after the chain, or at its last token where there is none`() throws {
        // 4 digits | 2 chain tokens [#] answer $: the first separator is at place 4.
        for (separator, last) in [(AnswerSeparator.absent, 6), (.kept, 7), (.removedLast, 7)] {
            let (_, test) = try tinyProblems(4, 10, separator: separator)
            #expect(test.problems.thoughtRange(0) == (4, last))
        }
    }

    @Test func `a thought is the normalised input of its block at its place`() throws {
        let teacher = model(layers: 3, width: 8)
        let (problems, _) = try tinyProblems(5, 10)
        let found = try ThoughtReader(teacher, subset: .diagonal, rule: .fixed, workers: .shared).thoughts(
            problems, [4, 0])
        // 5 digits | 3 chain tokens: places 5, 6.5 (to the even 6) and 8.
        for (m, index) in [4, 0].enumerated() {
            let batch = RaggedBatch(sequences: [Array(problems.sequence(index))])
            for (layer, place) in [5, 6, 8].enumerated() {
                let state = try #require(
                    try teacher.capture(batch, points: [.block(layer, .residualPre)], rows: [place]).states[
                        .block(layer, .residualPre)])
                let mean = state.reduce(0, +) / 8
                let variance = state.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 8
                for c in 0..<8 {
                    let expected = (state[c] - mean) / sqrt(variance + 1e-5)
                    #expect(abs(found[layer][m * 8 + c] - expected) < 1e-4)
                }
            }
        }
    }

    @Test func `the published code uses the first problem's step for a whole batch`() throws {
        let encoder = CharacterEncoder()
        func problem(_ chain: String) throws -> EncodedProblem {
            try encoder.encode(Problem(question: "1 2", chain: chain, answer: "3"))
        }
        let problems = try EncodedProblems([try problem("1 1"), try problem("1 2 3 4 5 6")])
        let teacher = model(layers: 3, width: 8)
        func thoughts(_ rule: Fidelity, _ indices: [Int]) throws -> [[Float]] {
            try ThoughtReader(teacher, subset: .diagonal, rule: rule, workers: .shared).thoughts(problems, indices)
        }
        let alone = try thoughts(.reference, [1]), fixed = try thoughts(.fixed, [0, 1]),
            quirk = try thoughts(.reference, [0, 1])
        // The second problem: by itself its diagonal has steps of 3, after the first one of 1.
        func second(_ thoughts: [[Float]], _ layer: Int) -> [Float] { Array(thoughts[layer].suffix(8)) }
        func isClose(_ a: [Float], _ b: [Float]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 } }
        #expect(isClose(second(fixed, 2), second(alone, 2)))
        #expect(!isClose(second(quirk, 2), second(alone, 2)))
        #expect(isClose(second(quirk, 0), second(alone, 0)))
    }
}

@Suite struct DistillationTests {
    @Test func `the emulator's gradient is that of its loss, through every module and block`() throws {
        let emulator = ThoughtEmulator(model(layers: 4, width: 8), RandomSource(seed: 3))
        let (problems, _) = try tinyProblems(4, 10)
        let batch = SeparatorBatch(problems, 0..<6, positions: .kept, jump: problems.longestChain, hasAnswers: false)
        let target = randomNumbers(4 * 6 * 8)
        let pass = JointPass()
        let (found, expected) = try directional(emulator.members) { recording in
            pass.begin(recording: recording)
            let goals = (0..<4).map { pass.input(Array(target[$0 * 48..<($0 + 1) * 48]), columns: 8) }
            var sum = 0.0
            for (layer, thought) in try emulator.emulate(batch, pass).enumerated() {
                sum += pass.tape.squaredError(thought, target: goals[layer], scale: 1)
            }
            if recording { pass.backward() }
            return sum
        }
        #expect(abs(found - expected) < 0.01 * abs(expected), "\(found), \(expected)")
        // Every module but what only the last block would read has a gradient.
        for entry in emulator.modules.values.entries {
            #expect(emulator.modules.gradients.values(entry.range).contains { $0 != 0 }, "\(entry.name)")
        }
    }

    @Test func `the coupled gradient reaches the emulator through the student`() throws {
        let start = model(layers: 3, width: 8)
        let emulator = ThoughtEmulator(start.copy(), RandomSource(seed: 3)),
            student = MindReader(start.copy(), RandomSource(seed: 4))
        let (problems, _) = try tinyProblems(4, 10)
        let questions = SeparatorBatch(
            problems, 0..<6, positions: .kept, jump: problems.longestChain, hasAnswers: false)
        let answers = SeparatorBatch(problems, 0..<6, positions: .kept, jump: problems.longestChain, hasAnswers: true)
        let pass = JointPass()
        for members in [emulator.members, student.members] {
            let (found, expected) = try directional(members) { recording in
                pass.begin(recording: recording)
                let loss = try student.loss(answers, thoughts: try emulator.emulate(questions, pass), pass).meanLoss
                if recording { pass.backward() }
                return loss
            }
            #expect(abs(found - expected) < 0.01 * max(abs(expected), 0.01), "\(found), \(expected)")
        }
    }

    @Test func `a stage that is shorter than the decay begins with the whole rate and ends like the others`() {
        var settings = DistillationSettings()
        settings.training.learningRate = 2
        settings.training.warmUp = 0
        settings.training.decay = 100
        #expect([0, 5, 9].map { settings.learningRate($0, of: 10) } == [2, 1, 0.2])
        #expect([0, 100, 150, 199].map { settings.learningRate($0, of: 200) } == [2, 2, 1, 0.02])
    }

    private func distil(
        digits: Int, count: Int, layers: Int, width: Int, explicitSteps: Int = 400,
        change: (inout DistillationSettings) -> Void
    ) throws -> (distillation: Distillation, explicit: Double) {
        let (problems, test) = try tinyProblems(digits, count)
        let start = model(layers: layers, width: width)
        let teacher = start.copy()
        var settings = DistillationSettings()
        settings.training.learningRate = 3e-3
        change(&settings)
        let run = try Run(teacher, on: problems, heldOut: test, validation: test, settings: settings.training)
        var goal = TrainingGoal(steps: explicitSteps, accuracy: 0.99)
        goal.evaluateEvery = 50
        try run.train(goal)
        let explicit = try run.evaluateHeldOut()?.accuracy ?? 0
        return (
            try Distillation(
                teacher: teacher, initial: start, on: problems, heldOut: test, validation: test, positions: .kept,
                settings: settings),
            explicit
        )
    }

    @Test
    func
        `a student with the teacher's thoughts answers, an emulator learns them, and together they answer without a chain`()
        throws
    {
        let (distillation, explicit) = try distil(digits: 4, count: 3000, layers: 3, width: 32) {
            $0.steps = [.student: 150, .emulator: 120, .coupled: 100]
            $0.accuracy = 0.99
        }
        #expect(explicit >= 0.98)
        var losses: [Double] = [], answering: [Double] = []
        var untrained: Evaluation?
        let end = try distillation.run(report: {
            if case .step(.emulator, _, _, let loss) = $0 { losses.append(loss) }
            // The student has learned, the emulator has not: together they know nothing of the chain.
            if case .finished(let record) = $0, record.stage == .student {
                untrained = try? distillation.evaluate(.coupled)
            }
            if case .evaluated(let stage, let evaluation) = $0, stage == .student {
                answering.append(evaluation.accuracy)
            }
        })
        #expect(end == .finished)
        let student = try #require(distillation.records[.student]),
            emulator = try #require(distillation.records[.emulator])
        let oracle = try #require(student.evaluation)
        #expect(oracle.accuracy >= 0.98)
        #expect(student.steps < 150)
        #expect((answering.last ?? 0) >= 0.99)
        let (early, late) = (losses.prefix(10).reduce(0, +), losses.suffix(10).reduce(0, +))
        #expect(late < 0.6 * early)
        let explained = try #require(emulator.explained)
        #expect(explained > 0.3)
        #expect(try #require(untrained).accuracy < 0.75)
        let coupled = try #require(distillation.records[.coupled]?.evaluation)
        #expect(coupled.accuracy >= 0.95)
        // The answer and its end, nothing else.
        #expect(coupled.generatedTokens == 2)
    }

    @Test func `what an emulator explains is one less its squared error over the variance of the thoughts`() throws {
        for steps in [0, 40] {
            let (training, test) = try tinyProblems(4, 300)
            let teacher = model(layers: 3, width: 8, seed: 4), problems = test.problems
            var settings = DistillationSettings()
            settings.training.learningRate = 3e-3
            settings.steps = [.student: 0, .emulator: steps, .coupled: 0]
            let distillation = try Distillation(
                teacher: teacher, initial: model(layers: 3, width: 8), on: training, heldOut: test, validation: test,
                positions: .kept, settings: settings)
            try distillation.run()
            let record = try #require(distillation.records[.emulator])
            let thoughts = try ThoughtReader(
                teacher, subset: settings.subset, rule: settings.rule, workers: .shared
            ).thoughts(problems, Array(0..<problems.count))
            let pass = JointPass()
            pass.begin(recording: false)
            let batch = SeparatorBatch(
                problems, 0..<problems.count, positions: .kept, jump: problems.longestChain, hasAnswers: false)
            let found = try distillation.emulator.emulate(batch, pass).map { pass.values(of: $0) }
            var squares = 0.0, variance = 0.0
            for (z, f) in zip(thoughts, found) {
                for column in 0..<8 {
                    let own = stride(from: column, to: z.count, by: 8).map { Double(z[$0]) }
                    let mean = own.reduce(0, +) / Double(own.count)
                    variance += own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                }
                squares += zip(z, f).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
            }
            #expect(abs(try #require(record.explained) - (1 - squares / variance)) < 1e-4)
            #expect(abs(try #require(record.heldOutLoss) - squares / Double(2 * problems.count)) < 1e-3)
            // What has learned nothing explains nothing.
            if steps == 0 { #expect(try #require(record.explained) < 0.05) }
        }
    }

    @Test func `equal settings give equal bits, and an emulator that is not trained in the last stage stays as it was`()
        throws
    {
        func parameters(_ trainsEmulator: Bool) throws -> (student: [UInt64], emulator: [UInt64]) {
            let (distillation, _) = try distil(digits: 3, count: 300, layers: 2, width: 8, explicitSteps: 5) {
                $0.steps = [.student: 4, .emulator: 4, .coupled: trainsEmulator ? 0 : 4]
                $0.trainsEmulator = trainsEmulator
                $0.training.batchSize = 16
            }
            try distillation.run()
            func sums(_ members: [TrainedParameters]) -> [UInt64] {
                members.map { member in
                    var sum: UInt64 = 0
                    for value in member.values.values() { sum = sum &* 31 &+ UInt64(value.bitPattern) }
                    return sum
                }
            }
            return (sums(distillation.student.members), sums(distillation.emulator.members))
        }
        let first = try parameters(false), second = try parameters(false), without = try parameters(true)
        #expect(first == second)
        #expect(first.emulator == without.emulator)
        #expect(first.student != without.student)
    }

    @Test func `an interrupt ends distillation between two steps, and says so`() throws {
        let (distillation, _) = try distil(digits: 3, count: 300, layers: 2, width: 8, explicitSteps: 2) {
            $0.steps = [.student: 50, .emulator: 50, .coupled: 50]
        }
        let interrupt = Interrupt()
        let end = try distillation.run(
            report: { if case .step(_, 7, _, _) = $0 { interrupt.request() } }, interrupt: interrupt)
        #expect(end == .interrupted)
        #expect(distillation.records[.student]?.steps == 7)
        #expect(distillation.records[.emulator] == nil)
    }

    @Test func `a number that is not finite stops it and is named, and models that do not fit are refused`() throws {
        let (problems, test) = try tinyProblems(3, 200)
        let teacher = model(layers: 2, width: 8), broken = model(layers: 2, width: 8)
        let bias = try #require(broken.parameters.layout["transformer.h.1.mlp.c_fc.bias"]).range
        broken.parameters.put([.nan], at: bias.lowerBound + 3)
        let distillation = try Distillation(
            teacher: teacher, initial: broken, on: problems, heldOut: test, validation: test, positions: .kept,
            settings: DistillationSettings())
        do {
            try distillation.run()
            Issue.record("it went on")
        } catch let error as RunError {
            #expect(error.description.contains("student's transformer.h.1.mlp.c_fc.bias"))
        }
        func refusal(_ teacher: LanguageModel, _ initial: LanguageModel) -> String {
            do {
                _ = try Distillation(
                    teacher: teacher, initial: initial, on: problems, heldOut: test, validation: test, positions: .kept,
                    settings: DistillationSettings())
                return ""
            } catch { return "\(error)" }
        }
        #expect(
            refusal(teacher, model(layers: 3, width: 8))
                == "a student of 3 layers and width 8 cannot take the thoughts of a teacher of 2 layers and width 8")
        #expect(refusal(model(layers: 1, width: 8), model(layers: 1, width: 8)).contains("at least two"))
    }

    private func randomNumbers(_ count: Int) -> [Float] {
        var random = RandomSource(seed: 8)
        return (0..<count).map { _ in Float(random.normal()) }
    }
}
