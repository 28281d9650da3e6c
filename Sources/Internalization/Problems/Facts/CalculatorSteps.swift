/// Problems in words whose chain is GSM8K's: steps such as `<<48/2=24>>` with a space between them, possibly none.
public struct CalculatorSteps: ProblemKind {
    public init() {}

    public var name: String { "word problems" }

    public var facts: [FactDescription] {
        [
            FactDescription("steps", "how many steps its chain has"),
            FactDescription("result", indices: 0..<64, "what stands after the = of a step"),
            FactDescription("answer", "its answer"),
        ]
    }

    public func fact(_ name: String, index: Int?, of problem: Problem) -> Fact? {
        switch (name, index) {
        case ("steps", nil): return Self.steps(problem.chain).map { .integer($0.count) }
        case ("answer", nil): return Self.value(problem.answer)
        case ("result", let index?):
            guard let steps = Self.steps(problem.chain), steps.indices.contains(index) else { return nil }
            let bytes = Array(problem.chain.utf8)[steps[index]]
            guard let equals = bytes.lastIndex(of: UInt8(ascii: "=")) else { return nil }
            return Self.value(String(decoding: bytes[(equals + 1)...].dropLast(2), as: UTF8.self))
        default: return nil
        }
    }

    public func layout(of problem: Problem) -> ProblemLayout? {
        guard let steps = Self.steps(problem.chain) else { return nil }
        var layout = ProblemLayout()
        for (index, step) in steps.enumerated() {
            layout.addSegment(.step, step: index, step)
            let bytes = Array(problem.chain.utf8)[step]
            if let equals = bytes.lastIndex(of: UInt8(ascii: "=")) {
                layout.add("result", index, in: .chain, equals + 1..<step.upperBound - 2)
            }
        }
        layout.add("answer", in: .answer, 0..<problem.answer.utf8.count)
        return layout
    }

    private static func value(_ text: String) -> Fact { Int(text).map { .integer($0) } ?? .text(text) }

    /// The steps' places in the chain's bytes, or nil where it is not made of steps.
    private static func steps(_ chain: String) -> [Range<Int>]? {
        let bytes = Array(chain.utf8)
        var steps: [Range<Int>] = []
        var start = 0
        while start < bytes.count {
            guard bytes[start...].starts(with: "<<".utf8), let end = bytes[start...].firstIndex(of: UInt8(ascii: ">")),
                end + 1 < bytes.count, bytes[end + 1] == UInt8(ascii: ">")
            else { return nil }
            steps.append(start..<end + 2)
            start = end + 2
            if start < bytes.count {
                guard bytes[start] == 0x20 else { return nil }
                start += 1
            }
        }
        return steps
    }

    /// Whether all chains of a set are of this kind.
    static func describesAll(_ set: ProblemSet) -> Bool { (0..<set.count).allSatisfy { steps(set[$0].chain) != nil } }

    /// Whether nearly all chains of a set are of this kind: GSM8K has a few that are not.
    static func describes(_ set: ProblemSet) -> Bool {
        let sample = stride(from: 0, to: set.count, by: max(1, set.count / 500))
        var total = 0
        var matching = 0
        for place in sample {
            total += 1
            let steps = steps(set[place].chain)
            if steps != nil { matching += 1 }
        }
        return matching > 0 && 20 * matching >= 19 * total && sample.contains { !set[$0].chain.isEmpty }
    }
}
