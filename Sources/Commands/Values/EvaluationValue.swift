import Internalization
import Language
import Support

/// What an evaluation found, as a value with fields.
final class EvaluationValue: HostObject {
    let evaluation: Evaluation
    /// At batch 1, where it was asked for.
    let speed: AnsweringSpeed?

    init(_ evaluation: Evaluation, speed: AnsweringSpeed?) {
        self.evaluation = evaluation
        self.speed = speed
    }

    override var typeName: String { "evaluation" }

    private var numbers: [(String, Value)] {
        var numbers: [(String, Value)] = [
            ("accuracy", .real(evaluation.accuracy)), ("n", .integer(evaluation.count)),
            ("right", .integer(evaluation.correctCount)),
            ("low", .real(evaluation.interval.lowerBound)), ("high", .real(evaluation.interval.upperBound)),
            ("written", .real(evaluation.generatedTokens)),
            ("digits", .list(evaluation.answerAccuracy.map { .real($0) })),
            ("digit_losses", .list(evaluation.answerLosses.map { .real($0) })),
        ]
        if let loss = evaluation.loss { numbers.append(("loss", .real(loss))) }
        if let rate = evaluation.tokenAccuracy { numbers.append(("token_accuracy", .real(rate))) }
        if let speed {
            numbers += [
                ("per_second", .real(speed.examplesPerSecond)), ("relative_speed", .real(speed.relativeToNoChain)),
            ]
        }
        return numbers
    }

    override var fieldNames: [String] { numbers.map(\.0) }
    override func field(_ name: String) -> Value? { numbers.first { $0.0 == name }?.1 }
    override var json: String { Value.record(numbers).json }
    override var text: String { RunDisplay.accuracy(evaluation) }

    override func display(_ options: DisplayOptions) -> DisplayBundle {
        var line = StyledText(text)
        if let loss = evaluation.loss { line.append(", loss \(NumberText.fixed(loss, decimals: 3))") }
        line.append(", \(NumberText.fixed(evaluation.generatedTokens, decimals: 1)) tokens written")
        var lines = [line]
        if evaluation.answerAccuracy.count > 1 {
            lines.append(
                StyledText("answer tokens  ", .dim)
                    + StyledText(
                        evaluation.answerAccuracy.map { NumberText.fixed($0, decimals: 3) }.joined(separator: " ")))
        }
        if let speed {
            let text =
                "\(NumberText.fixed(speed.examplesPerSecond, decimals: 1)) examples/s, "
                + "\(NumberText.fixed(speed.relativeToNoChain, decimals: 2)) of the same model without a chain"
            lines.append(StyledText("one at a time  ", .dim) + StyledText(text, isVolatile: true))
        }
        return DisplayBundle(lines: lines, json: json)
    }
}
