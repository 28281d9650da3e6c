import Tensors

/// One named parameter of a model: its Hugging Face name, shape, and place in the buffer.
public struct ParameterEntry: Sendable, Equatable {
    public let name: String
    public let shape: [Int]
    public let range: Range<Int>
}

/// The order, names and shapes of a model's parameters.
public struct ParameterLayout: Sendable, Equatable {
    public private(set) var entries: [ParameterEntry] = []
    public private(set) var count = 0
    private var indices: [String: Int] = [:]

    public init() {}

    public mutating func add(_ name: String, _ shape: [Int]) {
        let size = shape.reduce(1, *)
        indices[name] = entries.count
        entries.append(ParameterEntry(name: name, shape: shape, range: count..<count + size))
        count += size
    }

    public subscript(name: String) -> ParameterEntry? { indices[name].map { entries[$0] } }
}

/// Numbers for every parameter of a layout, in one buffer: the weights, their gradients, or an optimizer's moments.
///
/// One buffer, so that the optimizer is one loop and a snapshot is one copy.
public final class ParameterSet: @unchecked Sendable {
    public let layout: ParameterLayout
    /// (count) all values, entry after entry.
    public let values: UnsafeMutableBufferPointer<Float>

    /// Zeros.
    public init(_ layout: ParameterLayout) {
        self.layout = layout
        values = UnsafeMutableBufferPointer(start: allocateZeros(layout.count), count: layout.count)
    }

    deinit { freeZeros(base, values.count) }

    public var count: Int { values.count }
    public var entries: [ParameterEntry] { layout.entries }
    public var base: UnsafeMutablePointer<Float> { values.baseAddress! }

    /// The values of one parameter; nil if there is none of that name.
    public subscript(name: String) -> UnsafeMutableBufferPointer<Float>? {
        layout[name].map { UnsafeMutableBufferPointer(rebasing: values[$0.range]) }
    }

    public func copyValues(from other: ParameterSet) {
        precondition(count == other.count, "parameter sets of \(count) and \(other.count)")
        base.update(from: other.base, count: count)
    }

    public func clear(workers: Workers = .shared) {
        workers.parts(of: count, grain: 1024) { _, part in
            (base + part.lowerBound).update(repeating: 0, count: part.count)
        }
    }

    /// The parameter that holds element `index`.
    public func entry(holding index: Int) -> ParameterEntry? { entries.first { $0.range.contains(index) } }
}
