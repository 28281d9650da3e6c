import Internalization
import Support
import Transformer

/// What a person should know about a run that starts.
public enum StartNote: Equatable, Sendable, CustomStringConvertible {
    /// Problems too long to be trained on.
    case leftOut(Int, limit: Int)
    /// Kept position ids would reach further than the model has positions.
    case positionsShifted(needed: Int, positions: Int)
    case positionsJumpAlike

    public var description: String {
        switch self {
        case .leftOut(let count, let limit):
            "\(Phrase.count(count, "problem")) longer than \(Phrase.count(limit, "token")) left out"
        case .positionsShifted(let needed, let positions):
            "kept position ids would reach \(needed), and the model has \(positions): they are shifted"
        case .positionsJumpAlike:
            "the chains differ in length, so the position ids of all problems jump alike at a removal"
        }
    }
}

extension Experiment {
    /// A run of a model on problems written for it.
    /// - Parameter note: hears what the settings do not say by themselves.
    /// - Throws: `SeparatorFault`, `ExperimentFault.allTooLong`, `ProblemError`, `RunError`, `RanksFault`,
    ///   `Interrupted`.
    public static func start(
        _ model: ExperimentModel, on problems: ProblemParts, _ settings: StartSettings, name: String,
        interrupt: Interrupt = Interrupt(), note: (StartNote) -> Void = { _ in }
    ) throws -> Experiment {
        let schedule = settings.schedule
        let encoder = try model.writing.encoder(separator: settings.separator, answers: problems.all)
        let encoded = try EncodedParts(problems, encoder: encoder, order: schedule.order, interrupt)
        if let limit = schedule.maximumLength, schedule.lengthRule != .reference {
            let kept = encoded.training.filtered(maximumLength: limit).count
            if kept == 0 {
                throw ExperimentFault.allTooLong(limit: limit, longest: encoded.training.longestSequence)
            }
            if kept < encoded.training.count { note(.leftOut(encoded.training.count - kept, limit: limit)) }
        }
        let run: Run
        do { run = try encoded.run(model.model, schedule, settings.training) } catch RunError.keptPositions(
            let needed, let positions)
        {
            var shifted = schedule
            shifted.positions = .shifted
            run = try encoded.run(model.model, shifted, settings.training)
            note(.positionsShifted(needed: needed, positions: positions))
        }
        try run.checkRanks()
        if !run.shape.hasOneChainLength, run.shape.positions(run.schedule) != .shifted { note(.positionsJumpAlike) }
        return Experiment(
            run, model: model, problems: problems, encoder: encoder, separator: settings.separator, name: name)
    }
}
