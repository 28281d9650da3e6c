import Synchronization

/// A request to stop, made from any thread and looked at by whatever runs: the interpreter at every loop and call, the
/// engine between its steps.
public final class Interrupt: Sendable {
    private let requests = Atomic<Int>(0)

    public init() {}

    public func request() { requests.wrappingAdd(1, ordering: .relaxed) }
    public func clear() { requests.store(0, ordering: .relaxed) }
    public var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }
    /// How often a stop was asked for since `clear`: a second request means that the first took too long.
    public var count: Int { requests.load(ordering: .relaxed) }

    /// - Throws: `Interrupted` where a stop was asked for.
    public func check() throws { if isRequested { throw Interrupted() } }
}

/// Work was given up because a stop was asked for.
public struct Interrupted: Error, Equatable {
    public init() {}
}
