// What is wrong with a question about hidden states, shown at the argument that it is about.

import Language
import Probing

extension Invocation {
    /// Runs a part of a command; an error of `Probing` in it underlines the argument that has to be changed.
    func placing<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as ProbeError {
            if error == .interrupted { throw error }
            throw failure(
                error.description, code: .runtimeArgument,
                at: error.arguments.first { isGiven($0) } ?? error.arguments.last, help: error.help)
        }
    }
}

extension ProbeError {
    /// The arguments that may have caused it, the likeliest first.
    fileprivate var arguments: [String] {
        switch self {
        case .layerOutOfRange: ["layers", "layer"]
        case .positionMissing, .positionOutside, .noPositions, .edgeAhead, .soleKey: ["place", "at"]
        case .tooFewRows, .tooFewGroups, .differentLengths, .noPartner, .metricDoesNotMove, .noCandidate: ["on"]
        case .constantTarget: ["target"]
        case .otherActivations: ["reads"]
        case .separable: ["penalty"]
        case .headOutOfRange, .notFinite, .lengths, .untrainedIsTheSameModel, .untrainedIsAnotherShape, .invalid,
            .interrupted:
            []
        }
    }
}
