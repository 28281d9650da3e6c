/// What is wrong with a problem that a run is to learn from.
public enum EncodedProblemFault: Sendable, Equatable, CustomStringConvertible {
    case emptyInput
    case nothingAfterInput
    case chainElsewhere(Range<Int>, inputCount: Int)
    case answerElsewhere(Range<Int>, chain: Range<Int>)
    case nothingAfterChain
    case noChain
    case noOrder
    case orderOutside(place: Int, of: Int)
    case orderTwice(place: Int)
    case orderWithout(place: Int)
    case emptyGroup

    public var description: String {
        switch self {
        case .emptyInput: "its input is empty"
        case .nothingAfterInput: "nothing follows its input"
        case .chainElsewhere(let chain, let count):
            "its chain \(chain) does not follow its input of \(count) tokens"
        case .answerElsewhere(let answer, let chain): "its answer \(answer) does not follow its chain \(chain)"
        case .nothingAfterChain: "nothing follows its chain"
        case .noChain: "it has no chain to distil"
        case .noOrder: "it has no removal order"
        case .orderOutside(let place, let count): "its removal order names token \(place) of a chain of \(count)"
        case .orderTwice(let place): "its removal order names token \(place) twice"
        case .orderWithout(let place): "its removal order never names token \(place)"
        case .emptyGroup: "its removal order has an empty group"
        }
    }
}
