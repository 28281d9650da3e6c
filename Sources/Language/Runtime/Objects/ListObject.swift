/// `[3, 1, 4]`
import Support

public final class ListObject: Object {
    /// Not checked for overlapping changes while running, which would take longer than most changes: nothing changes
    /// them from within a change.
    @exclusivity(unchecked) public internal(set) var elements: [Value]

    public init(_ elements: [Value]) {
        self.elements = elements
        super.init()
        for element in elements { enclose(element) }
    }

    public override var typeName: String { TypeName.list }
    public override var text: String {
        var text = ""
        write(into: &text)
        return text
    }

    public override func write(into text: inout String) {
        text += "["
        for (place, element) in elements.enumerated() {
            if place > 0 { text += ", " }
            element.writeQuoted(into: &text)
        }
        text += "]"
    }

    public override var json: String { "[" + elements.lazy.map(\.json).joined(separator: ",") + "]" }
    public override var count: Int? { elements.count }
    public override func element(at index: Int) -> Value { elements[index] }
    public override func slice(_ range: Range<Int>) -> Value? { .list(Array(elements[range])) }

    public override func isEqual(to other: Object) -> Bool {
        if self === other { return true }
        guard let other = other as? ListObject else { return (other as? RangeObject)?.isEqual(to: self) ?? false }
        return elements.count == other.elements.count && zip(elements, other.elements).allSatisfy { $0 == $1 }
    }

    /// As many elements as fit a line, then how many there are.
    public override func display(_ options: DisplayOptions) -> DisplayBundle {
        DisplayBundle(
            lines: [ListObject.line(elements, count: elements.count, width: options.width)],
            json: Value.object(self).shownJSON)
    }

    static func line(_ elements: some Sequence<Value>, count: Int, width: Int) -> StyledText {
        var shown = "["
        var columns = 1
        var isFirst = true
        for element in elements {
            let word = (isFirst ? "" : ", ") + element.quotedText
            columns += DisplayWidth.of(word)
            if columns + 2 > max(width, 40), !isFirst {
                return StyledText(shown + ", …]") + StyledText("  \(count) elements", .dim)
            }
            shown += word
            isFirst = false
        }
        return StyledText(shown + "]")
    }

    func append(_ value: Value) {
        enclose(value)
        elements.append(value)
    }

    func append(contentsOf other: ListObject) {
        elements += other.elements
        nesting = max(nesting, other.nesting)
        extent &+= other.extent
    }

    /// Changes an element in place.
    func withElement(at place: Int, _ change: (inout Value) throws -> Void) rethrows {
        let before = elements[place].extent
        defer {
            extent -= before + 1
            enclose(elements[place])
        }
        try change(&elements[place])
    }
}

/// `0...8`, `0..<8`: the whole numbers from one to another; empty where the end lies before the start.
public final class RangeObject: Object {
    public let lower: Int
    /// As written: the last number of a closed range, the one after it otherwise.
    public let upper: Int
    public let isClosed: Bool
    /// All numbers in it.
    public let bounds: Range<Int>

    public convenience init(_ range: Range<Int>) { self.init(range.lowerBound, range.upperBound, isClosed: false) }
    public convenience init(_ range: ClosedRange<Int>) { self.init(range.lowerBound, range.upperBound, isClosed: true) }

    init(_ lower: Int, _ upper: Int, isClosed: Bool) {
        self.lower = lower
        self.upper = upper
        self.isClosed = isClosed
        let end = isClosed ? (upper == .max ? upper : upper + 1) : upper
        bounds = lower..<max(lower, end)
        super.init()
    }

    public override var typeName: String { TypeName.range }
    /// The most numbers that become a list: a gigabyte of them.
    static let listMax = 1 << 26

    /// Its numbers as the elements of a list.
    func listed() throws -> [Value] {
        guard bounds.count <= RangeObject.listMax else {
            throw Fault(
                .limitReached, "\(text) is too long to become a list",
                help: "go through it with for, or take a part of it")
        }
        return bounds.map { .integer($0) }
    }

    public override var text: String { "\(lower)\(isClosed ? "..." : "..<")\(upper)" }
    /// A list of its numbers; what is too long for that is written as a text.
    public override var json: String {
        bounds.count <= RangeObject.listMax
            ? "[" + bounds.lazy.map { String($0) }.joined(separator: ",") + "]" : Escaping.json(text)
    }
    public override var count: Int? { bounds.count }
    public override func element(at index: Int) -> Value { .integer(bounds.lowerBound + index) }

    public override func slice(_ range: Range<Int>) -> Value? {
        .range(bounds.lowerBound + range.lowerBound..<bounds.lowerBound + range.upperBound)
    }

    public override func display(_ options: DisplayOptions) -> DisplayBundle {
        DisplayBundle(lines: [StyledText(text)], json: Value.object(self).shownJSON)
    }

    public override func isEqual(to other: Object) -> Bool {
        if let other = other as? RangeObject {
            return bounds == other.bounds || (bounds.isEmpty && other.bounds.isEmpty)
        }
        guard let other = other as? ListObject, other.elements.count == bounds.count else { return false }
        return zip(bounds, other.elements).allSatisfy { .integer($0) == $1 }
    }
}

/// A range that misses an end, inside an index only: `xs[2...]`.
final class PartialRange: Object {
    let lower: Int?
    let upper: Int?
    let isClosed: Bool

    init(_ lower: Int?, _ upper: Int?, isClosed: Bool) {
        self.lower = lower
        self.upper = upper
        self.isClosed = isClosed
    }

    override var typeName: String { TypeName.range }
}
