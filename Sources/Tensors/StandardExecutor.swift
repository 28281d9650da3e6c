import Synchronization

/// What computes with models whose maker does not say: the cores of this machine, or what the command line chose before
/// the first model was made.
public enum StandardExecutor {
    private static let chosen = Mutex<(any Executor)?>(nil)

    public static var current: any Executor { chosen.withLock { $0 } ?? CPUExecutor.shared }

    public static func choose(_ executor: any Executor) { chosen.withLock { $0 = executor } }
}
