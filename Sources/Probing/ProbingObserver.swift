/// What long work asks and tells between its steps.
public struct ProbingObserver {
    /// Whether to stop; the work then throws `ProbeError.interrupted`. Asked on any thread.
    public var isInterrupted: @Sendable () -> Bool
    /// Hears the fraction that is done, 0 to 1.
    public var progress: (Double) -> Void

    public init(
        isInterrupted: @escaping @Sendable () -> Bool = { false }, progress: @escaping (Double) -> Void = { _ in }
    ) {
        self.isInterrupted = isInterrupted
        self.progress = progress
    }

    /// Between pieces too small to tell of.
    func check() throws(ProbeError) { if isInterrupted() { throw .interrupted } }

    func step(_ done: Int, of total: Int) throws(ProbeError) {
        try check()
        progress(Double(done) / Double(max(total, 1)))
    }

    /// The same observer for a part of the work.
    func part(_ range: ClosedRange<Double>) -> ProbingObserver {
        ProbingObserver(isInterrupted: isInterrupted) { [progress] in
            progress(range.lowerBound + $0 * (range.upperBound - range.lowerBound))
        }
    }
}
