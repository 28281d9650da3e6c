/// What long work asks and tells between its steps.
public struct WorkObserver {
    /// Where a stop may be asked for; the work then throws `Interrupted`.
    public var interrupt: Interrupt
    /// Hears the fraction that is done, 0 to 1.
    public var progress: (Double) -> Void

    public init(interrupt: Interrupt = Interrupt(), progress: @escaping (Double) -> Void = { _ in }) {
        self.interrupt = interrupt
        self.progress = progress
    }

    /// Between pieces too small to tell of.
    /// - Throws: `Interrupted`.
    public func check() throws { try interrupt.check() }

    /// - Throws: `Interrupted`.
    public func step(_ done: Int, of total: Int) throws {
        try check()
        progress(Double(done) / Double(max(total, 1)))
    }

    /// The same observer for a part of the work.
    public func part(_ range: ClosedRange<Double>) -> WorkObserver {
        WorkObserver(interrupt: interrupt) { [progress] in
            progress(range.lowerBound + $0 * (range.upperBound - range.lowerBound))
        }
    }
}
