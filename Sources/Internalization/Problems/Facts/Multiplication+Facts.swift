/// The numbers inside a · b, digit 0 the least significant:
///
///     column_sum[k]         Σ a_i b_j over i + j = k
///     running_sum[k]        ĉ_k = column_sum[k] + carry[k-1]; the answer's digit k is ĉ_k mod 10
///     carry[k]              ⌊ĉ_k / 10⌋
///     partial_product_j     PP_j = a · b_j · 10^j;  partial_sum_j   S_j = PP_0 + … + PP_j
extension Multiplication {
    public var facts: [FactDescription] {
        let k = left.upperBound
        let l = right.upperBound
        // No ĉ is larger than that of nines: 9·9·min(K, L) · 10/9.
        let sumMax = 90 * min(k, l)
        var facts = [
            FactDescription(
                "a", indices: 0..<k, hasWhole: true, values: 0...9,
                "a digit of the first number; without index the number"),
            FactDescription(
                "b", indices: 0..<l, hasWhole: true, values: 0...9,
                "a digit of the second number; without index the number"),
            FactDescription(
                "answer", indices: 0..<k + l, hasWhole: true, values: 0...9,
                "a digit of the product; without index the product"),
            FactDescription(
                "column_sum", indices: 0..<k + l, values: 0...81 * min(k, l),
                "the products of digits that fall into this column"),
            FactDescription(
                "running_sum", indices: 0..<k + l, values: 0...sumMax, "the column sum and what is carried into it"),
            FactDescription("carry", indices: 0..<k + l, values: 0...sumMax / 10, "what is carried out of this column"),
            FactDescription("carries", values: 0...k + l, "how many columns carry something"),
            FactDescription("longest_carry_chain", values: 0...k + l, "the most columns in a row that carry something"),
            FactDescription("zeros", values: 0...k + l, "how many digits of the two numbers are zero"),
        ]
        for j in 0..<l {
            facts.append(
                FactDescription(
                    "partial_product_\(j)", indices: 0..<k + 1 + j, hasWhole: true, values: 0...9,
                    "a digit of a · b[\(j)] · 10^\(j)"))
        }
        for j in 0..<l {
            facts.append(
                FactDescription(
                    "partial_sum_\(j)", indices: 0..<k + 1 + j, hasWhole: true, values: 0...9,
                    "a digit of the sum of partial products 0 to \(j)"))
        }
        return facts
    }

    public func fact(_ name: String, index: Int?, of problem: Problem) -> Fact? {
        guard let (a, b) = operands(of: problem) else { return nil }
        func digits(_ digits: [UInt8]) -> Fact? {
            guard let index else { return Fact(digits: digits) }
            return digits.indices.contains(index) ? .integer(Int(digits[index])) : nil
        }
        func column(_ values: [Int]) -> Fact? {
            index.flatMap { values.indices.contains($0) ? .integer(values[$0]) : nil }
        }
        switch name {
        case "a": return digits(a)
        case "b": return digits(b)
        case "column_sum": return column(Columns(a, b).sums)
        case "running_sum": return column(Columns(a, b).runningSums)
        case "carry": return column(Columns(a, b).carries)
        case "answer": return digits(Columns(a, b).runningSums.map { UInt8($0 % 10) })
        case "carries" where index == nil: return .integer(Columns(a, b).carries.reduce(0) { $0 + ($1 > 0 ? 1 : 0) })
        case "longest_carry_chain" where index == nil: return .integer(longestRun(Columns(a, b).carries.map { $0 > 0 }))
        case "zeros" where index == nil: return .integer((a + b).reduce(0) { $0 + ($1 == 0 ? 1 : 0) })
        default:
            if let j = suffix(of: name, after: "partial_product_"), b.indices.contains(j) {
                return digits(product(a, Array(repeating: 0, count: j) + [b[j]], width: a.count + 1 + j))
            }
            if let j = suffix(of: name, after: "partial_sum_"), b.indices.contains(j) {
                return digits(product(a, Array(b[...j]), width: a.count + 1 + j))
            }
            return nil
        }
    }

    private func suffix(of name: String, after prefix: String) -> Int? {
        name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count)) : nil
    }

    private func product(_ a: [UInt8], _ b: [UInt8], width: Int) -> [UInt8] {
        Columns(a, b).runningSums.prefix(width).map { UInt8($0 % 10) }
    }

    // MARK: Layout

    public func layout(of problem: Problem) -> ProblemLayout? {
        guard let (a, b) = operands(of: problem) else { return nil }
        let k = a.count
        let l = b.count
        var layout = ProblemLayout()
        layout.addDigits("a", count: k, in: .question, at: 0)
        layout.addDigits("b", count: l, in: .question, at: 2 * k + 2)
        layout.addDigits("answer", count: k + l, in: .answer, at: 0)
        let end = chain == .sums ? addSums(k, l, to: &layout) : addTree(k, l, to: &layout)
        return end == problem.chain.utf8.count && problem.answer.utf8.count == 2 * (k + l) - 1 ? layout : nil
    }

    /// Returns where the chain ends.
    private func addSums(_ k: Int, _ l: Int, to layout: inout ProblemLayout) -> Int {
        var cursor = 0
        for j in 0..<l {
            let width = k + 1 + j
            let signStart = j > 0 ? cursor + 1 : cursor
            if j > 0 { cursor += 3 }
            layout.addDigits("partial_product_\(j)", count: width, in: .chain, at: cursor)
            cursor += 2 * width - 1
            layout.addSegment(.partialProduct, step: j, signStart..<cursor)
            if j >= 1, j <= l - 2 {
                layout.addDigits("partial_sum_\(j)", count: width, in: .chain, at: cursor + 3)
                layout.addSegment(.sum, step: j, cursor + 1..<cursor + 3 + 2 * width - 1 + 2)
                cursor += 3 + 2 * width - 1 + 2
            }
        }
        return cursor
    }

    private func addTree(_ k: Int, _ l: Int, to layout: inout ProblemLayout) -> Int {
        var cursor = 0
        var step = 0
        func addNumber(_ kind: ProblemLayout.Segment.Kind, width: Int, level: Int, _ name: String?) {
            let signStart = step > 0 ? cursor + 1 : cursor
            if step > 0 { cursor += 3 }
            if let name { layout.addDigits(name, count: width, in: .chain, at: cursor) }
            cursor += 2 * width - 1
            layout.addSegment(kind, step: step, level: level, signStart..<cursor)
            step += 1
        }
        for j in 0..<l { addNumber(.partialProduct, width: k + 1 + j, level: 0, "partial_product_\(j)") }
        var stride = 1
        var level = 1
        while 2 * stride < l {
            for m in Swift.stride(from: 0, to: l - stride, by: 2 * stride) {
                let last = min(m + 2 * stride, l)
                addNumber(.sum, width: k + last, level: level, m == 0 ? "partial_sum_\(last - 1)" : nil)
            }
            stride *= 2
            level += 1
        }
        return cursor
    }
}

/// The columns of a long multiplication.
private struct Columns {
    var sums: [Int]
    var runningSums: [Int]
    var carries: [Int]

    init(_ a: [UInt8], _ b: [UInt8]) {
        let count = a.count + b.count
        sums = Array(repeating: 0, count: count)
        for i in a.indices { for j in b.indices { sums[i + j] += Int(a[i]) * Int(b[j]) } }
        runningSums = sums
        carries = Array(repeating: 0, count: count)
        for k in 0..<count {
            if k > 0 { runningSums[k] += carries[k - 1] }
            carries[k] = runningSums[k] / 10
        }
    }
}

/// The most `true` in a row.
func longestRun(_ flags: [Bool]) -> Int {
    var longest = 0
    var current = 0
    for flag in flags {
        current = flag ? current + 1 : 0
        longest = max(longest, current)
    }
    return longest
}
