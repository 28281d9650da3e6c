import Synchronization
import Tensors

/// One named parameter of a model: its Hugging Face name, shape, and place in the buffer.
public struct ParameterEntry: Sendable, Equatable {
    public let name: String
    public let shape: [Int]
    public let role: ParameterRole
    public let range: Range<Int>
}

/// What a parameter does, as far as its first value is concerned: a row for each token or position, a matrix, one whose
/// outputs are added to the residual stream, the head, a gain of a norm, a bias.
public enum ParameterRole: Sendable { case table, matrix, residualMatrix, head, gain, bias }

/// The order, names and shapes of a model's parameters.
public struct ParameterLayout: Sendable, Equatable {
    public private(set) var entries: [ParameterEntry] = []
    public private(set) var count = 0
    private var indices: [String: Int] = [:]

    public init() {}

    public mutating func add(_ name: String, _ shape: [Int], _ role: ParameterRole = .matrix) {
        let size = shape.reduce(1, *)
        indices[name] = entries.count
        entries.append(ParameterEntry(name: name, shape: shape, role: role, range: count..<count + size))
        count += size
    }

    public subscript(name: String) -> ParameterEntry? { indices[name].map { entries[$0] } }
}

/// Numbers for every parameter of a layout, in one buffer of an executor: the weights, their gradients, or an
/// optimizer's moments.
///
/// One buffer, so that the optimizer is one operation and a snapshot is one copy. Numbers come out as copies, or are
/// shown to a closure; what is shown is read only as long as the closure runs.
public final class ParameterSet: Sendable {
    public let layout: ParameterLayout
    /// (count) all values, entry after entry.
    private let buffer: Buffer
    private let changeCount = Atomic<Int>(0)

    /// Zeros.
    public init(_ layout: ParameterLayout, executor: any Executor = CPUExecutor.shared) {
        self.layout = layout
        buffer = Buffer(executor, count: layout.count, zeroed: true)
    }

    public var executor: any Executor { buffer.executor }
    public var count: Int { layout.count }
    public var entries: [ParameterEntry] { layout.entries }
    /// Where an executor finds them.
    public var place: Place { buffer.place }
    /// How often the values may have been changed: equal numbers at two moments mean equal values, but for what
    /// passes add to gradients.
    public var changes: Int { changeCount.load(ordering: .relaxed) }
    /// Notes that an operation has changed the values.
    func noteChange() { changeCount.wrappingAdd(1, ordering: .relaxed) }

    // MARK: Out

    /// A copy of all values.
    public func values() -> [Float] { executor.copyOut(place) }

    /// A copy of the values at some places of the layout.
    public func values(_ range: Range<Int>) -> [Float] { executor.copyOut(place[range]) }

    /// A copy of the values of one parameter; nil if there is none of that name.
    public subscript(name: String) -> [Float]? { layout[name].map { values($0.range) } }

    /// Shows the values at some places of the layout.
    public func read<R>(_ range: Range<Int>, _ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        try executor.read(place[range], body)
    }

    // MARK: In

    /// Lets `body` write the values at some places of the layout, all of them.
    public func fill<R>(_ range: Range<Int>, _ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        noteChange()
        return try executor.fill(place[range], body)
    }

    /// Puts numbers in, from a place of the layout on.
    public func put(_ values: [Float], at index: Int = 0) {
        noteChange()
        executor.copyIn(values, to: place[index..<index + values.count])
    }

    public func copyValues(from other: ParameterSet) {
        precondition(count == other.count, "parameter sets of \(count) and \(other.count)")
        noteChange()
        if other.executor === executor { return executor.copy(other.place, to: place) }
        other.read(0..<count) { source in fill(0..<count) { target in _ = target.update(fromContentsOf: source) } }
    }

    public func clear() {
        noteChange()
        executor.clear(place)
    }

    /// Adds the values of another set.
    public func add(_ other: ParameterSet) {
        noteChange()
        executor.add(other.place, to: place)
    }

    // MARK: Questions

    /// The parameter that holds element `index`.
    public func entry(holding index: Int) -> ParameterEntry? { entries.first { $0.range.contains(index) } }

    /// The name of the first parameter that has a value which is not finite.
    public var firstNotFinite: String? { entries.first { !executor.areFinite(place[$0.range]) }?.name }
}
