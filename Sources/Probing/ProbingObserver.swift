/// What long work asks and tells between its steps.
public struct ProbingObserver {
    /// Whether to stop; the work then throws `ProbeError.interrupted`.
    public var isInterrupted: () -> Bool
    /// Hears the fraction that is done, 0 to 1.
    public var progress: (Double) -> Void

    public init(isInterrupted: @escaping () -> Bool = { false }, progress: @escaping (Double) -> Void = { _ in }) {
        self.isInterrupted = isInterrupted
        self.progress = progress
    }

    func step(_ done: Int, of total: Int) throws(ProbeError) {
        if isInterrupted() { throw .interrupted }
        progress(Double(done) / Double(max(total, 1)))
    }

    /// The same observer for a part of the work.
    func part(_ range: ClosedRange<Double>) -> ProbingObserver {
        ProbingObserver(isInterrupted: isInterrupted) { [progress] in
            progress(range.lowerBound + $0 * (range.upperBound - range.lowerBound))
        }
    }
}
