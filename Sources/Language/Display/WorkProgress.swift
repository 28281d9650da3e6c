// How far long work has come: what a command knows of it, and the line that a person sees.
//
//     training  36 of 100  36 %  12 steps/s  5.3 s left  loss 0.231 ▇▆▅▃▂  right 0.83  removed 3 of 8

import Support

/// What a command knows of its long work.
public struct WorkProgress: Sendable, Equatable {
    /// What is being done, such as `training`.
    public var what: String
    /// Of so many units; where there is no unit, of 1.
    public var done: Double
    /// How many there will be; nil where nobody knows.
    public var total: Double?
    /// One of what is counted, such as `step`; nil where only the share is of interest.
    public var unit: String?
    /// Whether it may be over sooner.
    public var isLimit: Bool
    /// A measure and its recent course, oldest first.
    public var trend: [Double]
    /// What else there is to say, in order of interest.
    public var details: [String]
    /// Rows to be drawn below the line, where that is possible.
    public var panel: [StyledText]

    public init(
        _ what: String, _ done: Double, of total: Double? = 1, unit: String? = nil, isLimit: Bool = false,
        trend: [Double] = [], details: [String] = [], panel: [StyledText] = []
    ) {
        self.what = what
        self.done = done
        self.total = total
        self.unit = unit
        self.isLimit = isLimit
        self.trend = trend
        self.details = details
        self.panel = panel
    }
}

/// Makes the lines of one stretch of work: it remembers when the stretch began, for the rate and for the time that is
/// left.
public struct ProgressMeter {
    private var what: String?
    private var start = (time: 0.0, done: 0.0)

    /// Before so many seconds a rate says little.
    private static let secondsBeforeRate = 0.5

    public init() {}

    /// - Parameter time: now, in seconds since some moment.
    public mutating func line(_ progress: WorkProgress, at time: Double) -> StyledText {
        if what != progress.what || progress.done < start.done {
            what = progress.what
            start = (time, progress.done)
        }
        var pieces = [progress.what]
        if let unit = progress.unit {
            let done = NumberText.grouped(Int(progress.done))
            if let total = progress.total {
                pieces.append("\(done) of \(progress.isLimit ? "at most " : "")\(NumberText.grouped(Int(total)))")
            } else {
                pieces.append("\(unit) \(done)")
            }
        }
        if let total = progress.total, total > 0, !progress.isLimit {
            pieces.append("\(Int((100 * progress.done / total).rounded(.down))) %")
        }
        let seconds = time - start.time, worked = progress.done - start.done
        if seconds >= Self.secondsBeforeRate, worked > 0 {
            let rate = worked / seconds
            if let unit = progress.unit { pieces.append("\(Self.rate(rate)) \(unit)s/s") }
            if let total = progress.total, total > progress.done {
                pieces.append(
                    "\(progress.isLimit ? "at most " : "")\(Phrase.seconds((total - progress.done) / rate)) left")
            }
        }
        var line = StyledText(pieces.joined(separator: "  "))
        let details = progress.details
        if let first = details.first {
            line.append("  " + first)
            if progress.trend.count > 1 { line.append(" " + Phrase.sparkline(progress.trend), .dim) }
            for detail in details.dropFirst() { line.append("  " + detail) }
        }
        return line
    }

    private static func rate(_ rate: Double) -> String {
        rate < 9.95 ? NumberText.fixed(rate, decimals: 1) : NumberText.grouped(Int(min(rate, 1e15).rounded()))
    }
}
