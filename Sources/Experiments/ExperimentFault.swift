import Internalization
import Support

/// What cannot be done with an experiment; what to type instead is said by whoever has verbs.
public enum ExperimentFault: Error, Equatable, CustomStringConvertible {
    case sharedQuestion(String, of: ProblemRole, with: ProblemRole)
    /// Every problem is longer than may be trained on.
    case allTooLong(limit: Int, longest: Int)
    /// An order that takes whole pieces is asked for after the first step, or once the run is kept in a folder.
    case orderAfterSteps, orderWhenKept
    case notTrained
    case removedBeyondChain(Int, longest: Int)
    /// Nothing in a question can ask for a part of the chain.
    case partNotAskable
    case noPlace(ProblemPlace, index: Int, count: Int)
    case placeGone(ProblemPlace, index: Int?, removed: RemovalCount)
    case noSharedStage
    /// The run that lies in a folder did not begin as the one that is to go on with it.
    case keptOtherwise(path: String, Difference)
    case otherShape(String, than: String)

    /// In what two starts are not the same.
    public enum Difference: Equatable, Sendable {
        case weights
        /// How it multiplies.
        case precision(String)
        case problems(ProblemRole)
    }

    public var description: String {
        switch self {
        case .sharedQuestion(let question, let role, let other):
            "the \(role == .test ? "test" : "validation") problem \(question) is among "
                + (other == .training ? "those trained on" : "the test problems")
        case .allTooLong(let limit, _): "every problem has more than \(Phrase.count(limit, "token"))"
        case .orderAfterSteps: "the run has taken steps already; this order can only be chosen before the first"
        case .orderWhenKept: "the run is kept in a folder already; this order can only be chosen before"
        case .notTrained: "the run has not been trained yet"
        case .removedBeyondChain(let asked, let longest):
            "\(Phrase.count(asked, "token")) cannot be gone: the longest chain has \(longest)"
        case .partNotAskable:
            "with shifted positions nothing in the question tells the model how much of the chain to write"
        case .noPlace(let place, let index, _): "no problem has a position \(place.text(index))"
        case .placeGone(let place, let index, let removed):
            "\(place.text(index)) is gone "
                + (removed == .all
                    ? "with the whole chain" : removed == .units(1) ? "after 1 removal" : "after \(removed) removals")
        case .keptOtherwise(let path, .weights): "the run in \(path) began from other weights"
        case .keptOtherwise(let path, .precision(let precision)):
            "the run in \(path) multiplies in \(precision)"
        case .keptOtherwise(let path, .problems(let role)): "the run in \(path) has other \(role) problems"
        case .noSharedStage: "the runs have no stage with the same number of tokens removed"
        case .otherShape(let name, let first): "\(name) has a model of another shape than \(first)"
        }
    }
}
