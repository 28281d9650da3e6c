import Synchronization

/// A request to stop, made from any thread and looked at by whatever runs: the interpreter at every loop and call, long
/// commands between their steps.
public final class Interrupt: Sendable {
    private let requests = Atomic<Int>(0)

    public init() {}

    public func request() { requests.wrappingAdd(1, ordering: .relaxed) }
    public func clear() { requests.store(0, ordering: .relaxed) }
    public var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }
    /// How often a stop was asked for since `clear`: a second request means that the first took too long.
    public var count: Int { requests.load(ordering: .relaxed) }
}
