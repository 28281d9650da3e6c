/// What a text may use before it is stopped with `E308` (or `E307` for depth). Nothing is limited but depth and memory
/// until a front end says so.
public struct Limits: Sendable, Equatable {
    /// Turns of loops and calls of one text.
    public var steps: Int?
    /// Seconds of one text.
    public var seconds: Double?
    /// Bytes by which the process may grow while one text runs.
    public var memoryBytes: Int
    /// Calls within calls.
    public var callsMax: Int

    /// Lists in lists.
    public static let nestingMax = 500
    /// Values in a value that holds others, where what lies in it twice counts twice: `a = [a, a]` doubles them.
    public static let extentMax = 1 << 24
    /// Verbs that call functions that call verbs: each takes some of the thread's own stack.
    static let reentryMax = 100

    public init(steps: Int? = nil, seconds: Double? = nil, memoryBytes: Int = 2 << 30, callsMax: Int = 10_000) {
        self.steps = steps
        self.seconds = seconds
        self.memoryBytes = memoryBytes
        self.callsMax = callsMax
    }
}
