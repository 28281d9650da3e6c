// Whose settings a run starts from, how its problems are written, what a start and a change say, what a fault names.

import Internalization
import Support
import Testing
import Transformer

@testable import Experiments

@Suite struct StartRuleTests {
    @Test func `a preset has the numbers of its table, for a fresh model and a loaded one alike`() throws {
        let data = try Small.parity(10, seed: 1)
        for origin in [ExperimentModel.Origin.seed(1), .folder("f")] {
            let model = Small.model(origin)
            for (preset, whose, bins) in [
                (Preset.paper, Fidelity.paper, nil), (.reference, .reference, 100), (.fixed, .fixed, nil),
            ] as [(Preset, Fidelity, Int?)] {
                let start = StartSettings(preset, model: model, data: data)
                #expect(start.training.batchSize == 32 && start.training.learningRate == 5e-5)
                #expect(start.training.warmUp == 0 && start.training.keepsPartialBatch && start.training.decay == nil)
                #expect(start.schedule.pace == .perEpoch(8) && start.schedule.smoothing.lambda == 4)
                #expect(start.schedule.smoothing.binCount == bins && start.schedule.positions == .shifted)
                #expect(start.schedule.counting == whose && start.training.accumulationRule == whose)
                #expect(start.separator == .kept && start.training.slices == 1 && start.fault == nil)
            }
            let own = StartSettings(nil, model: model, data: data)
            #expect(own.schedule == RemovalSchedule() && own.separator == nil && own.training.batchSize == 64)
            #expect(own.training.learningRate == (origin.isFresh ? 2e-3 : 5e-5))
            #expect(own.training.decay == (origin.isFresh ? 1000 : nil) && own.training.warmUp == 50)
        }
        #expect(Preset.allCases.map(\.rawValue) == ["paper", "reference", "fixed"])
        #expect(Preset.paper.summary.contains("batch 32, rate 5e-5, Δ 8, λ 4, shifted positions, the separator kept"))
    }

    @Test func `chains of GSM8K's kind have the paper's other numbers, by a preset only`() throws {
        let rows = [("a", "<<48/2=24>>", "24")]
        var builder = ProblemSetBuilder(taskName: "g")
        for (question, chain, answer) in rows { try builder.append(question: question, chain: chain, answer: answer) }
        let steps = builder.finish(task: CalculatorSteps())
        let words = try ProblemSet.generate(WordProblems(), count: 2, seed: 1), digits = try Small.parity(2, seed: 1)
        #expect(steps.hasCalculatorSteps && words.hasCalculatorSteps && !digits.hasCalculatorSteps)
        for preset in Preset.allCases {
            for problems in [steps, words] {
                let schedule = preset.schedule(for: problems)
                #expect(schedule.pace == .perEpoch(1) && schedule.removeAllBeyond == 39)
                #expect(schedule.maximumLength == 150)
            }
            #expect(preset.schedule(for: digits).pace == .perEpoch(8))
            #expect(preset.schedule(for: nil).removeAllBeyond == nil)
        }
        let own = StartSettings(nil, model: Small.model(), data: steps)
        #expect(own.schedule == RemovalSchedule())
    }

    @Test func `settings that cannot be are told, the training's before the schedule's`() throws {
        var start = StartSettings(nil, model: Small.model(), data: try Small.parity(2, seed: 1))
        start.schedule.mixing = 2
        #expect(start.fault == .outside(.mixing, found: 2, .fromTo(0, 1)))
        start.training.batchSize = 0
        #expect(start.fault == .outside(.batchSize, found: 0, .atLeast(1)))
    }

    @Test func `whether a model is fresh goes by where it came from, and another state of it came from there too`() {
        #expect(ExperimentModel.Origin.seed(0).isFresh && !ExperimentModel.Origin.folder("seed").isFresh)
        let model = Small.model(.folder("f")), other = model.with(Small.model(.seed(1), width: 32).model)
        #expect(other.origin == .folder("f") && other.model.configuration.width == 32)
        #expect(other.writing.hasSameCharacters(as: model.writing))
    }

    // MARK: How problems are written

    @Test func `the shortest and the longest answer of all parts decide whether a sign stands before them`() throws {
        func set(_ answers: [String]) throws -> ProblemSet {
            try Small.problems(answers.enumerated().map { ("1 \($0.offset)", "2", $0.element) })
        }
        let writing = ProblemWriting.characters(.digits)
        let one = try writing.encoder(separator: nil, answers: [set(["12", "34"]), set(["5 6"])])
        #expect(one.separator == .absent)
        let encoded = try one.encode(Problem(question: "1", chain: "2", answer: "3 4"))
        #expect(encoded.answer.count == 2 && encoded.tokens.map(one.text).joined() == "1|234$")
        // Of what is written the last two characters before the end are the answer.
        #expect(one.answerText(of: encoded.tokens.dropFirst(2)) == "34")
        #expect(throws: ProblemError.self) { try one.encode(Problem(question: "1", chain: "2", answer: "3")) }
        let two = try writing.encoder(separator: nil, answers: [set(["12", "34"]), set(["5"])])
        #expect(two.separator == .kept)
        #expect(try two.encode(Problem(question: "1", chain: "2", answer: "3")).tokens.count == 6)
        let fault = #expect(throws: SeparatorFault.self) {
            try writing.encoder(separator: .absent, answers: [set(["12", "345"]), set(["5"])])
        }
        #expect(
            fault?.description
                == "the answers have 1 to 3 characters, so without a separator nothing tells where the chain ends and "
                + "the answer begins")
        let error = #expect(throws: ProblemError.self) {
            try ProblemWriting.ids(reason: nil).encoder(separator: nil, answers: [])
        }
        #expect("\(try #require(error))".contains("load the folder that has its tokenizer.json too"))
        let other = ProblemWriting.characters(CharacterVocabulary(["1"]))
        #expect(!writing.hasSameCharacters(as: other))
    }

    @Test func `a problem as it is written knows what is gone of it, and its ids jump as those of the run`() throws {
        let experiment = try Small.experiment()
        let set = try Small.problems([("2 7 4 3", "1 1", "0"), ("2 7 4 3", "1", "0")])
        let whole = try experiment.written(set, 0), short = try experiment.written(set, 1)
        #expect(whole.gone(.units(0)) == [] && whole.gone(.units(1)) == [5] && whole.gone(.all) == [5, 6])
        let schedule = experiment.run.schedule
        // Question, separator, what is left of the chain, answer and end; the separator jumps by what is gone.
        #expect(try whole.remaining(.units(1), schedule).positions == [0, 1, 2, 3, 5, 6, 7, 8])
        #expect(try short.remaining(.units(2), schedule).positions == [0, 1, 2, 3, 5, 6, 7])
        #expect(
            try short.remaining(.units(2), schedule, shape: experiment.run.shape).positions == [0, 1, 2, 3, 6, 7, 8])
        #expect(try short.remaining(.units(2), schedule).tokens.count == 7)
    }

    // MARK: Starting and changing

    @Test func `ids that would reach too far are shifted in the run too, and nothing is said where they need not be`()
        throws
    {
        var notes: [StartNote] = []
        let parts = try Small.parts()
        func start(_ positions: Int, _ rule: PositionRule) throws -> PositionRule {
            notes = []
            return try Small.experiment(on: parts, model: Small.model(positions: positions)) {
                $0.schedule.positions = rule
            } note: {
                notes.append($0)
            }.run.schedule.positions
        }
        #expect(try start(9, .kept) == .kept && notes == [])
        #expect(try start(9, .shifted) == .shifted && notes == [])
        let uneven = try Small.problems([("21", "1 1", "1"), ("123", "1", "1")])
        let shifted = try Small.experiment(
            on: ProblemParts(uneven, test: nil, validation: nil), model: Small.model(positions: 7)
        ) {
            $0.training.batchSize = 1
        } note: {
            notes.append($0)
        }
        // `21|111$` and `123|11$` have seven tokens each; four of input, two jumped over and two after them are eight.
        #expect(notes == [.positionsShifted(needed: 8, positions: 7)])
        #expect(shifted.run.schedule.positions == .shifted && shifted.run.problems.count == 2)
        #expect(
            StartNote.positionsJumpAlike.description
                == "the chains differ in length, so the position ids of all problems jump alike at a removal")
    }

    @Test func `a run that begins anew with another order keeps its parts and settings`() throws {
        let experiment = try Small.experiment { $0.training.seed = 5 }
        let weights = experiment.run.model.contentHash()
        var schedule = experiment.run.schedule
        schedule.order = .right
        let before = experiment.run
        try experiment.change(schedule)
        #expect(experiment.run === before && experiment.run.schedule.order == .right)
        schedule.order = .grouped(name: "steps")
        try experiment.change(schedule)
        #expect(experiment.run !== before && experiment.run.settings.seed == 5)
        #expect(experiment.run.heldOut?.problems.count == 40 && experiment.run.validation?.problems.count == 40)
        #expect(experiment.run.model.contentHash() == weights && experiment.run.timeline.stages.count == 1)
        // The order that it has already may be said at any time.
        try experiment.train(TrainingGoal(steps: 1))
        schedule.mixing = 0.5
        try experiment.change(schedule)
        #expect(experiment.run.schedule.mixing == 0.5 && experiment.run.progress.updates == 1)
    }

    @Test func `another number of slices is said to change the last bits, the same one is not`() throws {
        let experiment = try Small.experiment()
        var remarks: [String] = []
        try experiment.change(slices: 1) { remarks.append($0) }
        #expect(remarks == [])
        try experiment.change(slices: 4) { remarks.append($0) }
        try experiment.change(slices: 2) { remarks.append($0) }
        let tail = " from here on: the last bits will be others than they would have been"
        #expect(
            remarks == [
                "batches were cut into 1 slice so far, into 4" + tail,
                "batches were cut into 4 slices so far, into 2" + tail,
            ])
        #expect(experiment.run.settings.slices == 2)
        #expect(throws: SettingFault.outside(.slices, found: 9, .fromTo(1, 8))) {
            try experiment.change(slices: 9) { remarks.append($0) }
        }
        #expect(remarks.count == 2 && experiment.run.settings.slices == 2)
    }

    // MARK: Controls

    @Test func `a reset before the first update is made before the control's first update`() throws {
        let experiment = try Small.experiment()
        experiment.run.resetOptimizer()
        try experiment.train(TrainingGoal(steps: 3))
        let budget = try ControlBudget(matching: .updates, of: experiment, .explicit)
        #expect(budget.resets(of: experiment.run.spent) == [0])
        let control = try experiment.control(.explicit, budget)
        try control.train(asControlOf: experiment, budget)
        #expect(control.run.spent.resets == [0] && control.run.spent.updates == 3)
        // The same chain, order and resets from the same weights: the same bits.
        #expect(control.run.model.contentHash() == experiment.run.model.contentHash())
        #expect(
            ControlMeasure.tokens.summary == "as many tokens through the model; without a chain that is more updates")
        #expect(ControlMeasure.updates.summary == "as many updates as the run has spent")
        #expect(
            ControlKind.allCases.map(\.summary) == [
                "never shown a chain", "the whole chain to the end", "as many meaningless tokens in place of the chain",
            ])
    }

    @Test func `a budget of tokens is met by the first batch that reaches it, whatever has been trained before`() throws
    {
        let experiment = try Small.experiment()
        try experiment.train(TrainingGoal(steps: 9))
        let budget = try ControlBudget(matching: .tokens, of: experiment, .noCoT)
        let control = try experiment.control(.noCoT, budget)
        try control.train(TrainingGoal(steps: 4))
        try control.train(asControlOf: experiment, budget)
        // 9 · 72 tokens are 11.6 batches of 56.
        #expect(control.run.spent.updates == 12 && budget.updates == 12)
    }

    // MARK: What is said

    @Test func `what is wrong with a kept run, a shared question or a position is said with its part`() {
        let said: [(ExperimentFault, String)] = [
            (
                .sharedQuestion("9", of: .validation, with: .training),
                "the validation problem 9 is among those trained on"
            ),
            (.allTooLong(limit: 1, longest: 9), "every problem has more than 1 token"),
            (.removedBeyondChain(1, longest: 0), "1 token cannot be gone: the longest chain has 0"),
            (
                .placeGone(.predictsChain, index: 1, removed: .units(2)),
                ".predicts_chain[1] is gone after 2 removals"
            ),
            (.placeGone(.chain, index: 0, removed: .units(1)), ".chain[0] is gone after 1 removal"),
            (.placeGone(.chain, index: 2, removed: .units(3)), ".chain[2] is gone after 3 removals"),
            (.placeGone(.chain, index: 0, removed: .all), ".chain[0] is gone with the whole chain"),
            (.keptOtherwise(path: "p", .weights), "the run in p began from other weights"),
            (.keptOtherwise(path: "p", .precision("bf16")), "the run in p multiplies in bf16"),
            (.keptOtherwise(path: "p", .problems(.training)), "the run in p has other training problems"),
            (.keptOtherwise(path: "p", .problems(.test)), "the run in p has other test problems"),
        ]
        for (fault, words) in said { #expect(fault.description == words) }
        #expect(
            ProblemPlace.allCases.map { $0.text(nil) + " " + $0.summary } == [
                ".answer the tokens of the answer", ".predicts_answer where each answer token is predicted",
                ".separator the end of the question", ".input the tokens of the question",
                ".chain the chain of thought, as far as it is there",
                ".predicts_chain where each chain token is predicted", ".last the last token",
            ])
    }
}
