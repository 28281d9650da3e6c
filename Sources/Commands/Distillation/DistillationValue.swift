import Internalization
import Language

/// What a distillation came to: the teacher, the student with the teacher's thoughts, the emulator, and both together.
final class DistillationValue: HostObject, ComparedValue {
    private let task: String
    /// The teacher's own accuracy, writing its chain.
    private let teacher: (steps: Int, evaluation: Evaluation?)
    private let records: [DistillationStage: DistillationRecord]
    private let uncoupled: Evaluation?
    private let chain: Int

    init(task: String, teacher: (steps: Int, evaluation: Evaluation?), _ distillation: Distillation) {
        self.task = task
        self.teacher = teacher
        records = distillation.records
        uncoupled = distillation.uncoupled
        chain = distillation.problems.longestChain
    }

    static let typeName = "distillation"
    override var typeName: String { Self.typeName }

    private func accuracy(_ evaluation: Evaluation?) -> Value { evaluation.map { .real($0.accuracy) } ?? .none }
    private func real(_ number: Double?) -> Value { number.map { .real($0) } ?? .none }

    private var numbers: [(String, Value)] {
        let coupled = records[.coupled]?.evaluation
        return [
            ("accuracy", accuracy(coupled)), ("low", real(coupled?.interval.lowerBound)),
            ("high", real(coupled?.interval.upperBound)),
            ("written", real(coupled?.generatedTokens)), ("teacher", accuracy(teacher.evaluation)),
            ("oracle", accuracy(records[.student]?.evaluation)),
            ("emulator_loss", real(records[.emulator]?.heldOutLoss)),
            ("explained", real(records[.emulator]?.explained)), ("uncoupled", accuracy(uncoupled)),
            ("steps", .integer(records.values.reduce(0) { $0 + $1.steps })),
            ("seconds", .real(records.values.reduce(0) { $0 + $1.seconds })),
        ]
    }

    override var fieldNames: [String] { numbers.map(\.0) + ["stages"] }
    override func field(_ name: String) -> Value? {
        name == "stages" ? .table(stages) : numbers.first { $0.0 == name }?.1
    }
    override var json: String { Value.record(numbers).json }
    override var text: String {
        "distillation of \(task): " + (records[.coupled]?.evaluation.map(RunDisplay.accuracy) ?? "not finished")
    }
    override func display(_ options: DisplayOptions) -> DisplayBundle {
        DisplayBundle(lines: stages.display(options).lines, json: json)
    }

    /// One row a stage.
    private var stages: TableObject {
        let rows: [(String, Int, Double?, Evaluation?, Double)] = [
            ("teacher, with its chain", teacher.steps, nil, teacher.evaluation, 0),
            row("student, teacher's thoughts", .student, records[.student]?.loss, records[.student]?.evaluation),
            row(
                "emulator, put before it", .emulator, records[.emulator]?.heldOutLoss ?? records[.emulator]?.loss,
                uncoupled),
            row("both, trained together", .coupled, records[.coupled]?.loss, records[.coupled]?.evaluation),
        ]
        return TableObject([
            .init("stage", rows.map(\.0)), .init("steps", rows.map(\.1)),
            .init("loss", rows.map { real($0.2) }, format: .decimals(3)),
            .init("accuracy", rows.map { accuracy($0.3) }, format: .share),
            .init("written", rows.map { real($0.3?.generatedTokens) }, format: .decimals(1)),
            .init("seconds", rows.map { .real($0.4) }, format: .volatile("s", decimals: 1)),
        ])
    }

    private func row(
        _ name: String, _ stage: DistillationStage, _ loss: Double?, _ evaluation: Evaluation?
    ) -> (String, Int, Double?, Evaluation?, Double) {
        (name, records[stage]?.steps ?? 0, loss, evaluation, records[stage]?.seconds ?? 0)
    }

    // MARK: Beside other runs

    /// The student with the teacher's thoughts, which nobody has at an answer, and what is left when they are emulated.
    var comparedRows: [ComparedRow] {
        [("ICoT-KD, teacher's thoughts", DistillationStage.student), ("ICoT-KD", .coupled)].compactMap { name, stage in
            guard let record = records[stage] else { return nil }
            return ComparedRow(
                run: name, removed: chain,
                steps: stage == .student ? record.steps : records.values.reduce(0) { $0 + $1.steps }, loss: record.loss,
                accuracy: record.evaluation?.accuracy, written: record.evaluation?.generatedTokens,
                seconds: stage == .student ? record.seconds : records.values.reduce(0) { $0 + $1.seconds })
        }
    }
}
