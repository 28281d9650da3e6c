// Rules of distillation that nothing else holds: which stages come in which order and when one ends early, what is
// measured of each, what its modules begin with, and what a problem without its chain looks like.

import Support
import Tensors
import Testing
import Transformer

@testable import Internalization

private let encoder = CharacterEncoder(answerCount: 1)

private func problems(_ count: Int, seed: UInt64 = 7) throws -> EncodedProblems {
    try EncodedProblems(
        ProblemSet.generate(DigitSum.parity(digits: 3), count: count, seed: seed), encoder: encoder)
}

private func model(layers: Int = 2, width: Int = 8, seed: UInt64 = 1) -> LanguageModel {
    LanguageModel(
        .gpt2(
            vocabularySize: encoder.vocabularySize, positionCount: 16, width: width, layerCount: layers, headCount: 2,
            isHeadTied: false), initialization: .fanIn, seed: seed)
}

/// What a distillation of tiny models tells, a line an event.
private func told(
    _ steps: [DistillationStage: Int], accuracy: Double? = nil, evaluateEvery: Int = 3,
    hasValidation: Bool = true, heldOut: HeldOut? = nil, interruptAt: Int? = nil
) throws -> (lines: [String], distillation: Distillation, end: DistillationEnd) {
    var settings = DistillationSettings()
    (settings.steps, settings.accuracy, settings.evaluateEvery) = (steps, accuracy, evaluateEvery)
    settings.training.batchSize = 4
    let test = HeldOut(try problems(8, seed: 9), encoder: encoder)
    var clock = 0.0
    let distillation = try Distillation(
        teacher: model(seed: 2), initial: model(), on: problems(16), heldOut: heldOut ?? test,
        validation: hasValidation ? test : nil, positions: .kept, settings: settings,
        now: {
            clock += 1
            return clock
        })
    var lines: [String] = []
    let interrupt = Interrupt()
    let end = try distillation.run(
        report: {
            switch $0 {
            case .step(let stage, let step, let count, _):
                lines.append("\(stage) \(step) of \(count)")
                if step == interruptAt { interrupt.request() }
            case .evaluated(let stage, let found): lines.append("\(stage) measured on \(found.count)")
            case .finished(let record): lines.append("\(record.stage) finished after \(record.steps)")
            }
        }, interrupt: interrupt)
    return (lines, distillation, end)
}

@Suite struct DistilStageRuleTests {
    @Test func `the stages come in their order, each with its own steps`() throws {
        let found = try told([.student: 2, .emulator: 3, .coupled: 1])
        #expect(
            found.lines == [
                "student 1 of 2", "student 2 of 2", "student finished after 2", "emulator 1 of 3", "emulator 2 of 3",
                "emulator 3 of 3", "emulator finished after 3", "coupled 1 of 1", "coupled finished after 1",
            ])
        #expect(found.end == .finished)
        // A stage that nobody gives steps to has none.
        #expect(
            try told([.emulator: 1]).lines == [
                "student finished after 0", "emulator 1 of 1", "emulator finished after 1", "coupled finished after 0",
            ])
    }

    @Test
    func `a stage that answers ends early at its accuracy, looked at every so many steps but not at the last one`()
        throws
    {
        let found = try told([.student: 8, .emulator: 4, .coupled: 3], accuracy: 0)
        #expect(
            found.lines == [
                "student 1 of 8", "student 2 of 8", "student 3 of 8", "student measured on 8",
                "student finished after 3",
                "emulator 1 of 4", "emulator 2 of 4", "emulator 3 of 4", "emulator 4 of 4", "emulator finished after 4",
                "coupled 1 of 3", "coupled 2 of 3", "coupled 3 of 3", "coupled finished after 3",
            ])
        // Where it is not reached the stage goes on.
        let never = try told([.student: 7, .emulator: 0, .coupled: 0], accuracy: 2).lines
        #expect(never.filter { $0.contains("measured") }.count == 2 && never.contains("student finished after 7"))
    }

    @Test func `an accuracy to end at needs validation problems, once it is looked at`() throws {
        #expect(throws: RunError.noValidation) {
            try told([.student: 8, .emulator: 0, .coupled: 0], accuracy: 0.5, hasValidation: false)
        }
        #expect(
            try told([.student: 3, .emulator: 0, .coupled: 0], accuracy: 0.5, hasValidation: false).end == .finished)
    }

    @Test func `a stage that is stopped is told with the steps it has had, and none comes after it`() throws {
        let found = try told([.student: 4, .emulator: 4, .coupled: 4], interruptAt: 2)
        #expect(found.lines == ["student 1 of 4", "student 2 of 4", "student finished after 2"])
        #expect(found.end == .interrupted && found.distillation.records[.student]?.evaluation == nil)
        #expect(found.distillation.records[.student]?.seconds == 1)
    }

    @Test func `the stages that answer are measured by their answers, the emulator by its loss and explained variance`()
        throws
    {
        var test = HeldOut(try problems(8, seed: 9), encoder: encoder)
        test.options.limit = 5
        let distillation = try told([.student: 1, .emulator: 1, .coupled: 1], heldOut: test).distillation
        let records = distillation.records
        for stage in [DistillationStage.student, .coupled] {
            let record = try #require(records[stage])
            #expect(record.evaluation?.count == 5 && record.evaluation?.removed == .all)
            #expect(record.heldOutLoss == nil && record.explained == nil && record.loss != nil)
        }
        let emulator = try #require(records[.emulator])
        #expect(emulator.evaluation == nil && emulator.heldOutLoss != nil && emulator.explained != nil)
        // The pair before it has learned together.
        #expect(distillation.uncoupled?.count == 5)
        #expect(try distillation.evaluate(.coupled) == records[.coupled]?.evaluation)
        // The clock is looked at when a stage begins and when its steps are over.
        #expect(DistillationStage.allCases.map { records[$0]?.seconds } == [1, 1, 1])
    }

    @Test func `without test problems nothing is measured`() throws {
        var settings = DistillationSettings()
        settings.steps = [.student: 1, .emulator: 1, .coupled: 1]
        settings.training.batchSize = 4
        let distillation = try Distillation(
            teacher: model(), initial: model(), on: problems(16), heldOut: nil, positions: .kept, settings: settings)
        try distillation.run()
        #expect(distillation.uncoupled == nil && distillation.records[.student]?.evaluation == nil)
        #expect(distillation.records[.emulator]?.heldOutLoss == nil && distillation.records.count == 3)
        #expect(try distillation.evaluate(.student) == nil)
    }

    @Test func `teacher and first weights stay as they were, and both networks begin with the first weights`() throws {
        let (teacher, initial) = (model(seed: 2), model())
        let before = (teacher.parameters.fingerprint, initial.parameters.fingerprint)
        var settings = DistillationSettings()
        settings.steps = [.student: 2, .emulator: 2, .coupled: 2]
        settings.training.batchSize = 4
        let distillation = try Distillation(
            teacher: teacher, initial: initial, on: problems(16), heldOut: nil, positions: .kept, settings: settings)
        func networks() -> [String] {
            [distillation.student.network, distillation.emulator.network].map {
                "\($0.model.parameters.fingerprint)"
            }
        }
        #expect(networks() == ["\(before.1)", "\(before.1)"])
        try distillation.run()
        #expect(teacher.parameters.fingerprint == before.0 && initial.parameters.fingerprint == before.1)
        #expect(Set(networks() + ["\(before.1)"]).count == 3)
    }

    @Test func `a problem without a chain is refused by its number, in whichever set it is`() throws {
        let whole = try problems(3)
        let holed = try EncodedProblems(
            [("1 2", "1"), ("2 3", ""), ("4 5", "1")].map {
                try encoder.encode(Problem(question: $0.0, chain: $0.1, answer: "1"))
            })
        let fault = RunError.problem(1, .noChain)
        #expect(fault.description == "problem 1: it has no chain to distil")
        func distil(_ train: EncodedProblems, _ test: EncodedProblems, _ validation: EncodedProblems) throws {
            _ = try Distillation(
                teacher: model(), initial: model(), on: train, heldOut: HeldOut(test, encoder: encoder),
                validation: HeldOut(validation, encoder: encoder), positions: .kept, settings: DistillationSettings())
        }
        #expect(throws: fault) { try distil(holed, whole, whole) }
        #expect(throws: fault) { try distil(whole, holed, whole) }
        #expect(throws: fault) { try distil(whole, whole, holed) }
        #expect(throws: Never.self) { try distil(whole, whole, whole) }
    }

    @Test func `the emulator's loss is half the squared distance of all its thoughts, as a mean over the batch`() throws
    {
        let training = try problems(6), teacher = model(layers: 3, seed: 4)
        var settings = DistillationSettings()
        settings.steps = [.student: 0, .emulator: 1, .coupled: 0]
        settings.training.batchSize = 6
        let distillation = try Distillation(
            teacher: teacher, initial: model(layers: 3), on: training, heldOut: nil, positions: .kept,
            settings: settings)
        let thoughts = try ThoughtReader(teacher, subset: .diagonal, rule: .fixed, workers: .shared).thoughts(
            training, Array(0..<6))
        let pass = JointPass()
        pass.begin(recording: false)
        let batch = SeparatorBatch(training, 0..<6, positions: .kept, jump: 1, hasAnswers: false)
        let found = try distillation.emulator.emulate(batch, pass).map { pass.values(of: $0) }
        var squares = 0.0
        for (z, f) in zip(thoughts, found) {
            squares += zip(z, f).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        }
        var loss: Double?
        try distillation.run(report: { if case .step(.emulator, _, _, let value) = $0 { loss = value } })
        #expect(abs(try #require(loss) - squares / 12) < 1e-3 * squares)
        #expect(distillation.records[.emulator]?.loss == loss)
    }
}

@Suite struct DistilSettingRuleTests {
    @Test func `the defaults are a thousand updates a stage, on the diagonal, both learning together`() {
        let settings = DistillationSettings()
        #expect(settings.steps == [.student: 1000, .emulator: 1000, .coupled: 1000])
        #expect(settings.subset == .diagonal && settings.rule == .fixed && settings.trainsEmulator)
        #expect(settings.accuracy == nil && settings.evaluateEvery == 50 && settings.fault == nil)
        #expect(DistillationStage.allCases.map(\.rawValue) == ["student", "emulator", "coupled"])
        #expect(
            ThoughtSubset.allCases.map(\.rawValue)
                == ["diagonal", "first_column", "last_column", "top_row", "bottom_row"])
    }

    @Test(arguments: DistillationStage.allCases)
    func `less than no update in a stage is refused, and so is a look at the validation every zero updates`(
        _ stage: DistillationStage
    ) {
        var settings = DistillationSettings()
        settings.steps[stage] = -1
        #expect(settings.fault == .outside(.distillationSteps, found: -1, .atLeast(0)))
        settings.steps[stage] = 0
        #expect(settings.fault == nil)
        settings.evaluateEvery = 0
        #expect(settings.fault == .outside(.evaluateEvery, found: 0, .atLeast(1)))
        // The training's own numbers come first.
        settings.training.batchSize = 0
        #expect(settings.fault == settings.training.fault && settings.training.fault != nil)
    }

    @Test func `the rate climbs over the warm-up and falls over the decay, in each stage anew`() {
        var settings = DistillationSettings()
        settings.training.learningRate = 8
        settings.training.warmUp = 4
        settings.training.decay = nil
        #expect([0, 1, 2, 3, 4, 99].map { settings.learningRate($0, of: 100) } == [2, 4, 6, 8, 8, 8])
        settings.training.decay = 4
        #expect([0, 3, 4, 96, 97, 98, 99].map { settings.learningRate($0, of: 100) } == [2, 8, 8, 8, 6, 4, 2])
        // Both at once where a stage is short.
        #expect([0, 1].map { settings.learningRate($0, of: 2) } == [2, 2])
    }

    @Test func `of one layer the diagonal has one place, the first`() {
        #expect(ThoughtSubset.delta(first: 3, last: 9, layerCount: 1) == 0)
        #expect(ThoughtSubset.delta(first: 3, last: 9, layerCount: 4) == 2)
        #expect(
            ThoughtSubset.diagonal.places(first: 3, last: 9, layerCount: 1) == [ThoughtPlace(layer: 0, place: 3)])
        // No step is longer than the way to the end.
        #expect(
            ThoughtSubset.topRow.places(first: 0, last: 2, layerCount: 3, delta: 5).map { [$0.layer, $0.place] }
                == [[2, 0], [2, 2], [2, 2]])
    }
}

@Suite struct DistilModuleRuleTests {
    @Test func `a student has an MLP for each block, an emulator wider ones and an LSTM with keys and queries`() {
        let student = MindReader(model(), RandomSource(seed: 3)).modules.values.entries
        #expect(
            student.prefix(4).map { "\($0.name) \($0.shape)" } == [
                "mlps.0.0.weight [32, 8]", "mlps.0.0.bias [32]", "mlps.0.2.weight [8, 32]", "mlps.0.2.bias [8]",
            ])
        #expect(student.count == 8 && student[4].name == "mlps.1.0.weight")
        let emulator = ThoughtEmulator(model(), RandomSource(seed: 3)).modules.values.entries
        #expect(emulator[0].shape == [32, 16] && emulator[2].shape == [8, 32])
        #expect(
            emulator.dropFirst(8).map { "\($0.name) \($0.shape)" } == [
                "mixture_components.weight [1, 8]", "rnn.weight_ih_l0 [32, 8]", "rnn.weight_hh_l0 [32, 8]",
                "rnn.bias_ih_l0 [32]", "rnn.bias_hh_l0 [32]", "key_proj.weight [8, 8]", "key_proj.bias [8]",
                "query_proj.weight [8, 8]", "query_proj.bias [8]", "out_proj.weight [8, 16]", "out_proj.bias [8]",
            ])
    }

    @Test func `first values reach as far as one over the root of the inputs, a bias as far as its weight`() throws {
        let emulator = ThoughtEmulator(model(), RandomSource(seed: 3)).modules.values
        // Inputs of the weight that each belongs to, by hand: 2h, 2h, 4h, 4h; h for the LSTM; h; 2h.
        let inputs: [String: Double] = [
            "mlps.1.0.weight": 16, "mlps.1.0.bias": 16, "mlps.1.2.weight": 32, "mlps.1.2.bias": 32,
            "rnn.weight_ih_l0": 8, "rnn.weight_hh_l0": 8, "rnn.bias_ih_l0": 8, "rnn.bias_hh_l0": 8,
            "key_proj.weight": 8, "key_proj.bias": 8, "out_proj.weight": 16, "out_proj.bias": 16,
        ]
        for entry in emulator.entries {
            let values = emulator.values(entry.range)
            let (low, high) = (Double(values.min() ?? 0), Double(values.max() ?? 0))
            if let count = inputs[entry.name] {
                let bound = 1 / count.squareRoot()
                #expect(low >= -bound && high <= bound, "\(entry.name)")
                #expect(max(-low, high) > 0.6 * bound && low < 0 && high > 0, "\(entry.name)")
            }
            // The mixture is drawn from the normal distribution, which goes further.
            if entry.name == "mixture_components.weight" { #expect(max(-low, high) > 0.6) }
        }
        let other = ThoughtEmulator(model(), RandomSource(seed: 4)).modules.values
        #expect(emulator.fingerprint != other.fingerprint)
        #expect(emulator.fingerprint == ThoughtEmulator(model(), RandomSource(seed: 3)).modules.values.fingerprint)
    }

    @Test(
        arguments: [
            (.kept, [0, 1, 4, 5, 6]), (.original, [0, 1, 2, 5, 6]), (.shifted, [0, 1, 2, 3, 4]),
        ] as [(PositionRule, [Int32])])
    func `without its chain a problem is question, separator and answer, with the ids of its rule`(
        _ rule: PositionRule, _ ids: [Int32]
    ) throws {
        // 1 2 | 3 4 5 $ with the chain 3 4, twice: a digit d is token d + 3.
        let asked = try encoder.encode(Problem(question: "1 2", chain: "3 4", answer: "5"))
        let both = try EncodedProblems([asked, asked])
        let whole = SeparatorBatch(both, 0..<2, positions: rule, jump: 2, hasAnswers: true)
        #expect(whole.batch.tokens == [4, 5, 0, 8, 2, 4, 5, 0, 8, 2] && whole.rows == [2, 7])
        #expect(whole.batch.positions == ids + ids && whole.batch.offsets == [0, 5, 10])
        // What follows the separator is to be written, nothing before it.
        #expect(whole.batch.labels.prefix(5) == [-1, -1, 8, 2, -1])
        let question = SeparatorBatch(both, 0..<2, positions: rule, jump: 2, hasAnswers: false)
        #expect(question.batch.tokens == [4, 5, 0, 4, 5, 0] && question.rows == [2, 5])
        #expect(question.batch.offsets == [0, 3, 6] && question.batch.labels.count == 6)
        // All three end before the jump or with it.
        #expect(question.batch.positions == Array(ids.prefix(3)) + ids.prefix(3))
    }
}
