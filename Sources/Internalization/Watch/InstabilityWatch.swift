import Glibc
import Support

// Watches every step for the signs of a run going wrong, against its own recent past:
//
//   gradient norm     above `gradientFactor` times its running geometric mean; said once until the watch begins anew,
//                     because one hard
//                     example among many that are solved is enough for it
//   loss              above `lossFactor` times its running mean, for `lossSteps` steps in a row
//   update / weight   ‖Δw‖/‖w‖ above `updateRatio`
//   answer            the loss of one token of the answer above `lossFactor` times its running mean, likewise
//
// After a removal or a reset jumps are expected: nothing is said for `grace` steps, and the running means begin anew.
// A plateau is the schedule's affair (`AdaptiveRule.patience`).

/// What the watch takes for a sign of trouble.
public struct InstabilityWatch: Sendable, Equatable, Codable {
    public var gradientFactor = 20.0
    public var lossFactor = 3.0
    public var lossSteps = 5
    public var updateRatio = 0.1
    public var grace = 50

    public init() {}
}

/// A sign of trouble.
public enum Alarm: Sendable, Equatable, CustomStringConvertible {
    case gradientNorm(Double, usual: Double)
    case loss(Double, usual: Double)
    case updateRatio(Double)
    /// The loss of one token of the answer, from 0.
    case answerLoss(position: Int, Double, usual: Double)
    /// The rate of exact matches has not risen for this many steps.
    case plateau(steps: Int, rate: Double)

    public var description: String {
        switch self {
        case .gradientNorm(let value, let usual): "the gradient norm is \(rounded(value)), usually \(rounded(usual))"
        case .loss(let value, let usual): "the loss jumped to \(rounded(value)) from \(rounded(usual))"
        case .updateRatio(let value): "one update changed the weights by \(rounded(100 * value)) %"
        case .answerLoss(let position, let value, let usual):
            "the loss of answer token \(position) jumped to \(rounded(value)) from \(rounded(usual))"
        case .plateau(let steps, let rate):
            "no progress for \(Phrase.count(steps, "step")): \(rounded(100 * rate)) % of the examples right"
        }
    }

    private func rounded(_ value: Double) -> String {
        let digits = (value * 1000).rounded() / 1000
        return digits == digits.rounded() && abs(digits) < 1e15 ? String(Int(digits)) : String(digits)
    }
}

/// What the watch remembers of a run; part of its snapshots, because a rescue may follow from it.
public struct WatchState: Sendable, Equatable, Codable {
    private var steps = 0
    /// ‖w‖, as it was at some step of the last hundred.
    var weightNorm = 0.0
    private var logNorm = 0.0
    private var hasReportedNorm: Bool?
    private var loss = 0.0
    private var lossCount = 0
    private var answerLosses: [Double] = []
    private var answerCounts: [Int] = []

    public init() {}

    private static let memory = 0.98

    /// Begins anew, after a removal, a reset or a rescue.
    mutating func restart() { self = WatchState() }

    var needsWeightNorm: Bool { steps % 100 == 0 }

    /// Takes in a step.
    /// - Returns: the signs of trouble in it.
    mutating func note(_ step: StepReport, _ watch: InstabilityWatch) -> [Alarm] {
        guard let norm = step.gradientNorm else { return [] }
        steps += 1
        let isSettled = steps > watch.grace
        var alarms: [Alarm] = []
        if isSettled, hasReportedNorm != true, norm > watch.gradientFactor * exp(logNorm) {
            hasReportedNorm = true
            alarms.append(.gradientNorm(norm, usual: exp(logNorm)))
        }
        if let update = step.updateNorm, weightNorm > 0, update / weightNorm > watch.updateRatio {
            alarms.append(.updateRatio(update / weightNorm))
        }
        if isJump(step.loss, loss, &lossCount, watch, isSettled) { alarms.append(.loss(step.loss, usual: loss)) }
        while answerLosses.count < step.answerLosses.count {
            answerLosses.append(0)
            answerCounts.append(0)
        }
        for (position, value) in step.answerLosses.enumerated() {
            if isJump(value, answerLosses[position], &answerCounts[position], watch, isSettled) {
                alarms.append(.answerLoss(position: position, value, usual: answerLosses[position]))
            }
        }
        remember(step, norm)
        return alarms
    }

    /// Whether a loss has been too high for that many steps in a row; small losses may well triple.
    private func isJump(
        _ value: Double, _ usual: Double, _ count: inout Int, _ watch: InstabilityWatch, _ isSettled: Bool
    ) -> Bool {
        count = isSettled && value > watch.lossFactor * usual && value > usual + 0.1 ? count + 1 : 0
        return count == watch.lossSteps
    }

    /// A jump does not enter the mean that it is measured against.
    private mutating func remember(_ step: StepReport, _ norm: Double) {
        let keep = min(Self.memory, Double(steps - 1) / Double(steps))
        logNorm = logNorm * keep + log(max(norm, 1e-12)) * (1 - keep)
        if lossCount == 0 { loss = loss * keep + step.loss * (1 - keep) }
        for (position, value) in step.answerLosses.enumerated() where answerCounts[position] == 0 {
            answerLosses[position] = answerLosses[position] * keep + value * (1 - keep)
        }
    }
}
