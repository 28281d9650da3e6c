import Support

/// What can be wrong with what a run is asked to do.
public enum RunError: Error, Equatable, CustomStringConvertible {
    case problem(Int, EncodedProblemFault)
    case noProblems
    case tooLong(tokens: Int, positions: Int)
    /// Kept ids jump by the longest chain for every problem, and so reach further than the longest problem.
    case keptPositions(needed: Int, positions: Int)
    case vocabulary(needed: Int, model: Int)
    case missingGroups(order: String)
    case nothingLeft(removed: Int)
    case notFinite(loss: Double, parameter: String?)
    case noStage(removed: Int)
    case noStages(before: Int)
    case noStageNumber(Int)
    case noMark(String)
    case markTaken(String)
    case damagedSnapshot(String)
    case noValidation
    case noFolder(String)
    case allSkipped(limit: Int)

    public var description: String {
        switch self {
        case .problem(let index, let fault): "problem \(index): \(fault)"
        case .noProblems: "there is no problem to train on"
        case .tooLong(let tokens, let positions):
            "the longest problem has \(Phrase.count(tokens, "token")), but the model "
                + "only \(Phrase.count(positions, "position"))"
        case .keptPositions(let needed, let positions):
            "with kept position ids, which jump alike for every problem, these problems reach position \(needed), but "
                + "the "
                + "model has \(positions); give it more, or write schedule positions: .shifted"
        case .vocabulary(let needed, let model):
            "the problems use \(Phrase.count(needed, "token")), but the model knows \(model)"
        case .missingGroups(let order): "the task supplies no removal order \"\(order)\" for these problems"
        case .nothingLeft(let removed):
            removed == 1
                ? "nothing is left to remove: the one token of the longest chain is gone"
                : "nothing is left to remove: all \(removed) tokens of the longest chain are gone"
        case .notFinite(let loss, let parameter):
            "the loss is \(loss)" + (parameter.map { " because \($0) holds a number that is not finite" } ?? "")
                + "; the weights were left as they are"
        case .noStage(let removed): "the timeline has no stage with \(removed) removed"
        case .noStages(let count):
            count == 1
                ? "there is no stage before this one" : "there are no \(count) stages before this one"
        case .noStageNumber(let id): "the timeline has no stage number \(id)"
        case .noMark(let name): "the timeline has no mark \"\(name)\""
        case .damagedSnapshot(let path): "the snapshot in \(path) is not what was written there"
        case .noFolder(let path): "no folder for snapshots can be made in \(path)"
        case .noValidation: "the run has no validation problems to decide by when to stop"
        case .allSkipped(let limit):
            "a whole pass over the data had no batch without a row of more than \(Phrase.count(limit, "token")), and the "
                + "reference's rule skips such batches; raise max_length, make batches smaller, or start with "
                + "preset: .fixed, which leaves out the rows"
        case .markTaken(let name): "the timeline has a mark \"\(name)\" already"
        }
    }
}
