import Support
import Tensors
import Transformer

// ICoT-KD (Deng et al. 2023): a teacher that writes its chain, and two networks that together do without it.
//
//     a  student    frozen teacher → z;  loss of student(x sep answer | z)            the answer's cross-entropy
//     b  emulator   frozen teacher → z;  f = emulator(x sep)                          Σ_l ½‖z_l − f_l‖²
//     c  coupled    f = emulator(x sep);  loss of student(x sep answer | f)           the answer's cross-entropy, both trained
//
// Each stage has a fresh AdamW over all of its parameters, clipped by their common norm. To answer, the emulator runs
// once and the student writes greedily; thoughts are put in only where it reads the separator.

/// A teacher's chain of thought on its way into two networks that do not write it.
///
/// An object, because identity matters. One thread at a time. Equal settings give equal bits.
public final class Distillation {
    public let problems: EncodedProblems
    /// Test problems: what is reported is theirs.
    public let heldOut: HeldOut?
    /// By these a stage that answers decides whether to end early.
    private let validation: HeldOut?
    public let settings: DistillationSettings
    /// What is known about each stage so far.
    public private(set) var records: [DistillationStage: DistillationRecord] = [:]
    /// The held-out accuracy of student and emulator put together before they learn together.
    public private(set) var uncoupled: Evaluation?

    private let positions: PositionRule
    private let shape: DataShape
    private let reader: ThoughtReader
    let student: MindReader
    let emulator: ThoughtEmulator
    private let workers: Workers
    private let now: () -> Double
    private let pass: JointPass
    /// For an emulator that is not trained: its pass is not recorded.
    private let frozenPass: JointPass

    /// - Parameters:
    ///   - teacher: trained to write whole chains; not changed.
    ///   - initial: the first weights of student and emulator; copied.
    ///   - positions: which position ids a problem without its chain has.
    /// - Throws: `RunError` if a setting is not possible or models and problems do not fit each other.
    public init(
        teacher: LanguageModel, initial: LanguageModel, on problems: EncodedProblems, heldOut: HeldOut?,
        validation: HeldOut? = nil, positions: PositionRule,
        settings: DistillationSettings, workers: Workers = .shared, now: @escaping () -> Double = MonotonicClock.seconds
    ) throws {
        if let fault = settings.fault { throw fault }
        let (large, small) = (teacher.configuration, initial.configuration)
        if large.layerCount < 2 {
            throw SettingFault.teacherOfOneLayer
        }
        if large.layerCount != small.layerCount || large.width != small.width {
            throw SettingFault.studentUnlikeTeacher(
                SettingFault.Size(layers: small.layerCount, width: small.width),
                teacher: SettingFault.Size(layers: large.layerCount, width: large.width))
        }
        var schedule = RemovalSchedule()
        schedule.positions = positions
        let shape = DataShape(problems)
        for model in [teacher, initial] {
            try problems.check(for: model, schedule, shape)
            for set in [heldOut, validation] { try set?.problems.check(for: model, schedule, shape) }
        }
        for set in [problems, heldOut?.problems, validation?.problems].compactMap({ $0 }) {
            if let index = (0..<set.count).first(where: { set.chain($0).isEmpty }) {
                throw RunError.problem(index, .noChain)
            }
        }
        self.problems = problems
        self.heldOut = heldOut
        self.validation = validation
        self.settings = settings
        self.positions = positions
        self.shape = shape
        self.workers = workers
        self.now = now
        let source = RandomSource(seed: settings.training.seed)
        reader = ThoughtReader(teacher, subset: settings.subset, rule: settings.rule, workers: workers)
        student = MindReader(initial.copy(), source.split(11))
        emulator = ThoughtEmulator(initial.copy(), source.split(12))
        pass = JointPass(initial.executor(workers))
        frozenPass = JointPass(initial.executor(workers))
    }

    // MARK: Training

    /// Goes through the stages, the last one to its end unless somebody interrupts.
    /// - Throws: `RunError.notFinite` and `NonFiniteGradient`, before weights are changed.
    @discardableResult
    public func run(
        report: (DistillationEvent) -> Void = { _ in }, interrupt: Interrupt = Interrupt()
    ) throws -> DistillationEnd {
        for stage in DistillationStage.allCases {
            let end: DistillationEnd
            do { end = try train(stage, report, interrupt) } catch is Interrupted { return .interrupted }
            if let record = records[stage] { report(.finished(record)) }
            if end == .interrupted { return .interrupted }
        }
        return .finished
    }

    private func train(
        _ stage: DistillationStage, _ report: (DistillationEvent) -> Void, _ interrupt: Interrupt
    ) throws -> DistillationEnd {
        var record = DistillationRecord(stage: stage)
        defer { records[stage] = record }
        let steps = settings.steps[stage] ?? 0
        let optimizer = JointAdamW(members(of: stage), hyperparameters: settings.training.optimizer, workers: workers)
        var order = DataOrder(
            count: problems.count, batchSize: settings.training.batchSize, seed: settings.training.seed,
            keepsPartialBatch: settings.training.keepsPartialBatch, isShuffled: settings.training.isShuffled)
        let started = now()
        for step in 0..<steps {
            if interrupt.isRequested {
                record.seconds = now() - started
                return .interrupted
            }
            let place = step % order.batchesPerEpoch
            let indices = order.batch(place, epoch: step / order.batchesPerEpoch, variant: stage.order).map { Int($0) }
            optimizer.clearGradients()
            let loss = try self.loss(stage, indices)
            if !loss.isFinite { throw RunError.notFinite(loss: loss, parameter: firstNonFinite(optimizer.members)) }
            _ = try optimizer.update(learningRate: settings.learningRate(step, of: steps), clip: settings.training.clip)
            record.loss = loss
            record.steps = step + 1
            report(.step(stage, step: step + 1, of: steps, loss: loss))
            if stage != .emulator, let accuracy = settings.accuracy, (step + 1) % settings.evaluateEvery == 0,
                step + 1 < steps
            {
                guard let validation else { throw RunError.noValidation }
                let evaluation = try evaluate(validation, stage, interrupt)
                report(.evaluated(stage, evaluation))
                if evaluation.accuracy >= accuracy { break }
            }
        }
        record.seconds = now() - started
        try measure(stage, &record, interrupt)
        return .finished
    }

    private func members(of stage: DistillationStage) -> [TrainedParameters] {
        switch stage {
        case .student: student.members
        case .emulator: emulator.members
        case .coupled: settings.trainsEmulator ? student.members + emulator.members : student.members
        }
    }

    /// One pass forwards and backwards; adds to the gradients of the stage's members.
    private func loss(_ stage: DistillationStage, _ indices: [Int]) throws -> Double {
        let width = student.network.model.configuration.width
        var loss = 0.0
        switch stage {
        case .student:
            let thoughts = try reader.thoughts(problems, indices)
            pass.begin(recording: true)
            loss = try student.loss(answers(indices), thoughts: thoughts.map { pass.input($0, columns: width) }, pass)
                .meanLoss
        case .emulator:
            let thoughts = try reader.thoughts(problems, indices)
            pass.begin(recording: true)
            let emulated = try emulator.emulate(questions(problems, indices), pass)
            loss = distance(emulated, thoughts, indices.count)
        case .coupled:
            var fixed: [[Float]] = []
            if !settings.trainsEmulator { fixed = try emulated(problems, indices) }
            pass.begin(recording: true)
            let thoughts =
                settings.trainsEmulator
                ? try emulator.emulate(questions(problems, indices), pass)
                : fixed.map { pass.input($0, columns: width) }
            loss = try student.loss(answers(indices), thoughts: thoughts, pass).meanLoss
        }
        pass.backward()
        return loss
    }

    /// Adds the mean over problems of Σ_l ½‖z_l − f_l‖² to the loss of the pass, and returns it.
    private func distance(_ emulated: [Variable], _ thoughts: [[Float]], _ count: Int) -> Double {
        var sum = 0.0
        for (variable, thought) in zip(emulated, thoughts) {
            let target = pass.input(thought, columns: variable.columns)
            sum += pass.tape.squaredError(variable, target: target, scale: 1 / Float(count))
        }
        return sum / Double(count)
    }

    private func answers(_ indices: [Int]) -> SeparatorBatch {
        SeparatorBatch(problems, indices, positions: positions, jump: shape.longestChain, hasAnswers: true)
    }

    private func questions(_ problems: EncodedProblems, _ indices: some Collection<Int>) -> SeparatorBatch {
        SeparatorBatch(problems, indices, positions: positions, jump: shape.longestChain, hasAnswers: false)
    }

    /// (L)(B, C) the emulator's thoughts as numbers.
    private func emulated(_ problems: EncodedProblems, _ indices: some Collection<Int>) throws -> [[Float]] {
        frozenPass.begin(recording: false)
        return try emulator.emulate(questions(problems, indices), frozenPass).map {
            frozenPass.values(of: $0)
        }
    }

    private func firstNonFinite(_ members: [TrainedParameters]) -> String? {
        for member in members {
            if let parameter = member.values.firstNotFinite { return "\(member.name)'s \(parameter)" }
        }
        return nil
    }

    // MARK: Measuring

    private func measure(
        _ stage: DistillationStage, _ record: inout DistillationRecord, _ interrupt: Interrupt
    ) throws {
        guard let heldOut else { return }
        if stage == .emulator {
            (record.heldOutLoss, record.explained) = try emulatorLoss(heldOut.problems)
            uncoupled = try evaluate(.coupled, interrupt)
        } else {
            record.evaluation = try evaluate(stage, interrupt)
        }
    }

    /// The emulator's loss on problems, and how much of their thoughts' variance that leaves unexplained.
    private func emulatorLoss(_ problems: EncodedProblems) throws -> (loss: Double, explained: Double) {
        var squares = 0.0, count = 0
        var sums: [Double] = [], sumsOfSquares = 0.0
        for part in parts(problems.count) {
            let thoughts = try reader.thoughts(problems, part), found = try emulated(problems, part)
            let width = thoughts[0].count / part.count
            if sums.isEmpty { sums = [Double](repeating: 0, count: width * thoughts.count) }
            for (l, (z, f)) in zip(thoughts, found).enumerated() {
                for index in z.indices {
                    squares += Double(z[index] - f[index]) * Double(z[index] - f[index])
                    sums[l * width + index % width] += Double(z[index])
                    sumsOfSquares += Double(z[index]) * Double(z[index])
                }
            }
            count += part.count
        }
        let variance = sumsOfSquares / Double(count) - sums.reduce(0) { $0 + $1 * $1 } / Double(count * count)
        let mean = squares / Double(count)
        return (mean / 2, variance > 0 ? 1 - mean / variance : 0)
    }

    /// Lets the student solve the held-out problems, with the teacher's thoughts or (coupled) with emulated ones; nil
    /// without problems.
    public func evaluate(_ stage: DistillationStage, _ interrupt: Interrupt = Interrupt()) throws -> Evaluation? {
        try heldOut.map { try evaluate($0, stage, interrupt) }
    }

    private func evaluate(
        _ heldOut: HeldOut, _ stage: DistillationStage, _ interrupt: Interrupt
    ) throws -> Evaluation {
        let limit = min(heldOut.options.limit ?? .max, heldOut.problems.count)
        var result = Evaluation()
        result.removed = .all
        var written = 0
        for part in parts(limit) {
            let thoughts =
                stage == .student ? try reader.thoughts(heldOut.problems, part) : try emulated(heldOut.problems, part)
            for answer in try solve(heldOut, part, thoughts, interrupt) {
                result.isCorrect.append(answer.isCorrect)
                written += answer.tokens.count
            }
        }
        result.generatedTokens = Double(written) / Double(max(limit, 1))
        return result
    }

    /// Greedy answers of the student, to which the thoughts are given while it reads the separator.
    private func solve(
        _ heldOut: HeldOut, _ part: Range<Int>, _ thoughts: [[Float]], _ interrupt: Interrupt
    ) throws -> [Solution] {
        let problems = heldOut.problems, encoder = heldOut.encoder, width = student.network.model.configuration.width
        pass.begin(recording: false)
        let states = student.project(thoughts.map { pass.input($0, columns: width) }, pass)
        let batch = questions(problems, part).batch
        let prompts = (0..<part.count).map { m in
            let range = batch.offsets[m]..<batch.offsets[m + 1]
            return Prompt(
                tokens: Array(batch.tokens[range]), positions: Array(batch.positions[range]),
                lastStates: states.flatMap { pass.values(of: $0, rows: [m]) })
        }
        // The separator between chain and answer is written by the student where it stays, and then ends nothing.
        let stop = encoder.stop(after: []) ?? .token(encoder.endToken)
        let options = GenerationOptions(
            maximumNewTokens: shape.longestRest + heldOut.options.spareTokens, stop: stop)
        let generated = try student.network.model.generate(
            prompts, options, workers: workers, interrupt: interrupt)
        return zip(part, generated).map { index, new in
            Solution(
                index: index, tokens: new.tokens, answer: encoder.answerText(of: new.tokens[...]),
                expected: encoder.expectedAnswer(of: problems[index]),
                isEnded: encoder.stop(after: new.tokens[...]) == nil)
        }
    }

    private func parts(_ count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: 256).map { $0..<min($0 + 256, count) }
    }
}

extension DistillationStage {
    /// Which data order the stage follows.
    fileprivate var order: Int { DistillationStage.allCases.firstIndex(of: self) ?? 0 }
}
