import Support

/// What is wrong with a question about hidden states, and what to do about it.
public enum ProbeError: Error, Equatable, CustomStringConvertible {
    case layerOutOfRange(Int, layerCount: Int)
    case headOutOfRange(Int, headCount: Int)
    /// `missing` of `count` problems have no such position; `first` is the first of them.
    case positionMissing(String, first: Int, missing: Int, count: Int)
    case positionOutside(String, problem: Int, index: Int, length: Int)
    case noPositions
    case tooFewRows(training: Int, needed: Int, width: Int)
    case tooFewGroups(Int)
    case constantTarget(String, value: String)
    case notFinite(String, row: Int)
    case lengths(String, found: Int, expected: Int)
    /// What the two origins disagree about, in words.
    case otherActivations([String])
    case untrainedIsTheSameModel
    case untrainedIsAnotherShape(String)
    case separable(String)
    case differentLengths(problem: Int, clean: Int, corrupt: Int)
    case noPartner(problem: Int, length: Int)
    case metricDoesNotMove(Double)
    case noCandidate(String, problem: Int)
    case edgeAhead(query: String, key: String, problem: Int)
    case soleKey(String, problem: Int)
    case invalid(String, help: String? = nil)

    /// What was found.
    public var description: String {
        switch self {
        case .layerOutOfRange(let layer, let count):
            "there is no layer \(layer): the model has \(count), 0 to \(count - 1)"
        case .headOutOfRange(let head, let count):
            "there is no head \(head): a layer of the model has \(count), 0 to \(count - 1)"
        case .positionMissing(let label, let first, let missing, let count):
            "\(missing) of \(Phrase.count(count, "problem")) \(missing == 1 ? "has" : "have") no position \(label), "
                + "the first of them problem \(first)"
        case .positionOutside(let label, let problem, let index, let length):
            "position \(label) is token \(index) of problem \(problem), which has only \(Phrase.count(length, "token"))"
        case .noPositions: "no position was given to read at"
        case .tooFewRows(let training, _, let width):
            "\(Phrase.count(training, "training row")) \(training == 1 ? "is" : "are") too few for states "
                + "of width \(width), where a probe fits anything"
        case .tooFewGroups(let count):
            "the problems form \(count) group\(count == 1 ? "" : "s"), too few to hold some out"
        case .constantTarget(let name, let value):
            "\(name) is \(value) in every problem, so there is nothing to probe"
        case .notFinite(let what, let row): "\(what) is not a finite number in row \(row)"
        case .lengths(let what, let found, let expected): "\(what): \(found) values for \(expected) rows"
        case .otherActivations(let differences):
            "this probe was trained on other activations: \(differences.joined(separator: ", "))"
        case .untrainedIsTheSameModel: "the untrained baseline is the probed model itself"
        case .untrainedIsAnotherShape(let how): "the untrained baseline has another shape: \(how)"
        case .separable(let name):
            "the classes of \(name) can be told apart without a mistake, so weights grow without bound"
        case .differentLengths(let problem, let clean, let corrupt):
            "problem \(problem) has \(Phrase.count(clean, "token")) when clean and \(corrupt) when corrupt"
        case .noPartner(let problem, let length):
            "no other problem has \(Phrase.count(length, "token")) like problem \(problem), "
                + "so there is nothing to resample from"
        case .metricDoesNotMove(let gap):
            "the corrupt inputs change the metric by only \(gap), so nothing can be restored"
        case .noCandidate(let label, let problem):
            "there is no other token to put at \(label) of problem \(problem)"
        case .edgeAhead(let query, let key, let problem):
            "\(query) cannot attend to \(key) in problem \(problem), which comes after it"
        case .soleKey(let label, let problem):
            "\(label) of problem \(problem) attends to nothing else, so this edge cannot be cut"
        case .invalid(let what, _): what
        }
    }

    /// What to do about it.
    public var help: String? {
        switch self {
        case .positionMissing: "choose a position that all have, or only the problems that have it"
        case .tooFewRows(_, let needed, _):
            "take problems enough for \(needed) training rows, or a narrower model"
        case .tooFewGroups: "take problems with more different operands"
        case .constantTarget: "choose another target or more varied problems"
        case .notFinite: "leave that problem out or correct its value"
        case .otherActivations: "train one for these, or ask for a transfer if that is what you want to measure"
        case .untrainedIsTheSameModel, .untrainedIsAnotherShape: "give a new model of the same shape"
        case .separable: "give a regularization above 0"
        case .differentLengths: "a patch needs pairs of the same length"
        case .noPartner: "use a mean or zero ablation"
        case .metricDoesNotMove: "choose pairs with different answers"
        case .noCandidate: "give at least two candidates"
        case .invalid(_, let help): help
        case .layerOutOfRange, .headOutOfRange, .positionOutside, .noPositions, .lengths, .edgeAhead, .soleKey:
            nil
        }
    }
}
