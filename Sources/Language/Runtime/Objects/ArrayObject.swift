// An array of numbers: hidden states, logits, losses. It knows where it came from (`provenance`), prints as one line,
// and computes element by element with numbers and with arrays of the same shape.

import Support

#if canImport(Glibc)
    import Glibc
#endif

public final class ArrayObject: Object {
    /// Elements along each axis, outermost first; a single number has no axis.
    public let shape: [Int]
    /// Row-major, as many as the product of the shape.
    public internal(set) var values: [Float]
    /// Where it came from, in order: model hash, stage, hook, position … Arithmetic keeps it only where both sides
    /// agree.
    public let provenance: [(key: String, value: String)]
    /// What the host that made it knows of its rows; nil for arrays that were cut, changed or computed.
    public internal(set) var origin: AnyObject?

    public init(
        shape: [Int], values: [Float], provenance: [(key: String, value: String)] = [], origin: AnyObject? = nil
    ) {
        precondition(shape.reduce(1, *) == values.count, "an array of shape \(shape) with \(values.count) values")
        self.shape = shape
        self.values = values
        self.provenance = provenance
        self.origin = origin
    }

    public override var typeName: String { TypeName.array }
    public override var count: Int? { shape.first ?? 1 }
    public override var fieldNames: [String] { ["shape", "provenance"] }

    public override func field(_ name: String) -> Value? {
        switch name {
        case "shape": .list(shape.map { .integer($0) })
        case "provenance": .record(provenance.map { ($0.key, .text($0.value)) })
        default: provenance.first { $0.key == name }.map { .text($0.value) }
        }
    }

    // MARK: - Parts

    public override func element(at index: Int) -> Value {
        if shape.count <= 1 { return .real(Double(values[index])) }
        let size = values.count / max(shape[0], 1)
        return .array(
            ArrayObject(
                shape: Array(shape.dropFirst()), values: Array(values[index * size..<(index + 1) * size]),
                provenance: provenance))
    }

    /// The elements along the first axis.
    var elements: [Value] { shape.isEmpty ? [.real(Double(values[0]))] : (0..<shape[0]).map { element(at: $0) } }

    public override func slice(_ range: Range<Int>) -> Value? {
        guard let first = shape.first else { return nil }
        return .array(part([.range(range)] + shape.dropFirst().map { .range(0..<$0) }, first))
    }

    enum Position {
        case index(Int)
        case range(Range<Int>)
    }

    /// One position an axis; an index takes its axis away. The positions lie within the shape.
    private func part(_ positions: [Position], _ first: Int) -> ArrayObject {
        var offsets = [0]
        var stride = values.count
        var kept: [Int] = []
        for (axis, position) in positions.enumerated() {
            stride = shape[axis] == 0 ? 0 : stride / shape[axis]
            switch position {
            case .index(let index): offsets = offsets.map { $0 + index * stride }
            case .range(let range):
                kept.append(range.count)
                if range.count == 1 || axis < positions.count - 1 || stride != 1 {
                    offsets = offsets.flatMap { offset in range.map { offset + $0 * stride } }
                } else {
                    var collected: [Float] = []
                    collected.reserveCapacity(offsets.count * range.count)
                    for offset in offsets { collected += values[offset + range.lowerBound..<offset + range.upperBound] }
                    return ArrayObject(shape: kept, values: collected, provenance: provenance)
                }
            }
        }
        return ArrayObject(shape: kept, values: offsets.map { values[$0] }, provenance: provenance)
    }

    /// `a[0...2, 1]`; a number where every axis has an index. Axes without a position are taken whole.
    func part(_ positions: [Position]) -> Value {
        let all = positions + shape.dropFirst(positions.count).map { .range(0..<$0) }
        let part = part(all, 0)
        return part.shape.isEmpty ? .real(Double(part.values[0])) : .array(part)
    }

    // MARK: - Element by element

    public func mapping(_ change: (Float) -> Float) -> ArrayObject {
        ArrayObject(shape: shape, values: values.map(change), provenance: provenance)
    }

    /// Nil where the shapes differ. What the two came from is kept where they agree.
    public func combined(with other: ArrayObject, _ combine: (Float, Float) -> Float) -> ArrayObject? {
        guard shape == other.shape else { return nil }
        var results = [Float](repeating: 0, count: values.count)
        for index in results.indices { results[index] = combine(values[index], other.values[index]) }
        let isSame = provenance.elementsEqual(other.provenance) { $0.key == $1.key && $0.value == $1.value }
        return ArrayObject(shape: shape, values: results, provenance: isSame ? provenance : [])
    }

    // MARK: - All elements together

    public var sum: Double { values.reduce(0) { $0 + Double($1) } }
    public var mean: Double { values.isEmpty ? .nan : sum / Double(values.count) }
    public var norm: Double { values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }

    /// The standard deviation of a sample (divided by n − 1).
    public var deviation: Double {
        guard values.count > 1 else { return values.isEmpty ? .nan : 0 }
        let mean = mean
        let squares = values.reduce(0) { total, value in total + (Double(value) - mean) * (Double(value) - mean) }
        return (squares / Double(values.count - 1)).squareRoot()
    }

    // MARK: - Showing

    /// `array 12 × 768  -3.214 … 4.771  mean 0.01240  deviation 0.8812  2 nan`
    public override var text: String {
        let dimensions = shape.isEmpty ? "of one number" : shape.map(String.init).joined(separator: " × ")
        let proper = values.filter { !$0.isNaN }
        let missing = values.count - proper.count
        guard let least = proper.min(), let greatest = proper.max() else {
            return "array \(dimensions)" + (missing > 0 ? "  \(missing) nan" : "")
        }
        let clean = missing == 0 ? self : ArrayObject(shape: [proper.count], values: proper)
        return
            "array \(dimensions)  \(NumberText.real(Double(least))) … \(NumberText.real(Double(greatest)))  mean "
            + "\(NumberText.real(clean.mean))"
            + "  deviation \(NumberText.real(clean.deviation))" + (missing > 0 ? "  \(missing) nan" : "")
    }

    public override var json: String {
        func nested(_ axis: Int, _ offset: Int, _ size: Int) -> String {
            if axis == shape.count { return NumberText.json(Double(values[offset])) }
            let part = shape[axis] == 0 ? 0 : size / shape[axis]
            return "[" + (0..<shape[axis]).map { nested(axis + 1, offset + $0 * part, part) }.joined(separator: ",")
                + "]"
        }
        return nested(0, 0, values.count)
    }

    public override func display(_ options: DisplayOptions) -> DisplayBundle {
        DisplayBundle(lines: [StyledText(text)], json: values.count <= 10_000 ? json : nil)
    }

    public override func isEqual(to other: Object) -> Bool {
        guard let other = other as? ArrayObject else { return false }
        return shape == other.shape && values == other.values
    }
}
