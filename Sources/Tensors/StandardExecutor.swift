import Synchronization

/// What computes with models whose maker does not say: the cores of this machine, or what the command line chose before
/// the first model was made.
public enum StandardExecutor {
    private struct Choice {
        var executor: (any Executor)?
        var roundsFactors = false
    }

    private static let chosen = Mutex(Choice())
    private static let rounding = CPUExecutor(.shared, precision: .bf16)

    public static var current: any Executor {
        let choice = chosen.withLock { $0 }
        return choice.executor ?? (choice.roundsFactors ? rounding : CPUExecutor.shared)
    }

    public static func choose(_ executor: any Executor) { chosen.withLock { $0.executor = executor } }

    /// Lets the processor multiply so; on how many threads is only asked when the first model is made.
    public static func choose(_ precision: ProductPrecision) throws(PrecisionFault) {
        try CPUExecutor.check(precision)
        chosen.withLock { $0 = Choice(roundsFactors: precision == .bf16) }
    }
}
