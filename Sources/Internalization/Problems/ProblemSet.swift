import Support
import Synchronization
import Tensors
import Transformer

/// Problems in a fixed order: one run of bytes holds their text as a problem file would (see `ProblemRow`), so that a
/// million of them cost little more than that file. Selections of a set share its bytes.
public final class ProblemSet: Sendable {
    /// What the problems are, such as `mult 4×4` or a file's name.
    public let taskName: String
    /// The task the problems were made by or recognised as, which knows the facts in them.
    public let task: (any ProblemKind)?
    /// Whether the same input may occur more than once, because more problems were asked for than there are inputs.
    public let hasRepetition: Bool
    /// The problems that are not as their task would have written them; nil where all are, or nobody has looked.
    public let strays: StrayProblems?

    let text: ProblemText
    private let cachedFingerprint = Mutex<String?>(nil)

    init(
        taskName: String, task: (any ProblemKind)?, hasRepetition: Bool = false, strays: StrayProblems? = nil,
        _ text: ProblemText
    ) {
        self.taskName = taskName
        self.task = task
        self.hasRepetition = hasRepetition
        self.strays = strays
        self.text = text
    }

    var bytes: [UInt8] { text.bytes }
    var rows: [ProblemRow] { text.rows }

    public var count: Int { rows.count }
    public var isEmpty: Bool { rows.isEmpty }

    /// Problem `index`, which must be in `0..<count`.
    public subscript(index: Int) -> Problem {
        let row = rows[index]
        return Problem(question: string(row.question), chain: string(row.chain), answer: string(row.answer))
    }

    private func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The bytes of a problem's three parts, without making texts of them.
    public func withParts<R>(
        of index: Int,
        _ body: (
            _ question: UnsafeBufferPointer<UInt8>, _ chain: UnsafeBufferPointer<UInt8>,
            _ answer: UnsafeBufferPointer<UInt8>
        ) throws -> R
    ) rethrows -> R {
        let row = rows[index]
        return try bytes.withUnsafeBufferPointer { all in
            try body(
                UnsafeBufferPointer(rebasing: all[row.question]), UnsafeBufferPointer(rebasing: all[row.chain]),
                UnsafeBufferPointer(rebasing: all[row.answer]))
        }
    }

    // MARK: Selections

    /// The problems at these places, in this order; every index must be in `0..<count`.
    public func select(_ indices: some Sequence<Int>) -> ProblemSet {
        ProblemSet(
            taskName: taskName, task: task, hasRepetition: hasRepetition,
            ProblemText(bytes: bytes, rows: indices.map { rows[$0] }))
    }

    /// The problems of a range, cut to those there are.
    public subscript(range: Range<Int>) -> ProblemSet { select(range.clamped(to: 0..<count)) }

    /// The problems that satisfy a condition.
    public func filter(_ isIncluded: (Problem) throws -> Bool) rethrows -> ProblemSet {
        try select(rows.indices.filter { try isIncluded(self[$0]) })
    }

    /// `wanted` different places of the set at random, in random order.
    public func sample(_ wanted: Int, seed: UInt64) throws -> ProblemSet {
        guard (0...count).contains(wanted) else {
            throw ProblemError.outOfRange(what: "the number of problems", value: wanted, allowed: 0...count)
        }
        var random = RandomSource(seed: seed)
        var order = Array(0..<count)
        for place in 0..<wanted { order.swapAt(place, place + random.below(count - place)) }
        return select(order[..<wanted])
    }

    public func shuffled(seed: UInt64) -> ProblemSet {
        var random = RandomSource(seed: seed)
        var order = Array(0..<count)
        random.shuffle(&order)
        return select(order)
    }

    /// The problems of one set after those of another; the task stays known where they share it, and so do recorded
    /// facts.
    public static func + (left: ProblemSet, right: ProblemSet) -> ProblemSet {
        var text = ProblemText()
        text.reserve(byteCount: left.textCount + right.textCount, rowCount: left.count + right.count)
        text.append(left.text)
        text.append(right.text)
        let isSameTask = left.taskName == right.taskName
        let name = isSameTask ? left.taskName : "\(left.taskName) + \(right.taskName)"
        var task = isSameTask ? left.task : nil
        if let one = left.task as? RecordedFacts, let other = right.task as? RecordedFacts {
            task = one.merging(other, name: name)
        }
        return ProblemSet(
            taskName: name, task: task,
            hasRepetition: left.hasRepetition || right.hasRepetition, text)
    }

    private var textCount: Int { rows.reduce(0) { $0 + $1.line.count } }

    // MARK: Identity

    /// SHA-256 of the file that writing the set gives, in hexadecimal; computed once.
    public var fingerprint: String {
        if let known = cachedFingerprint.withLock({ $0 }) { return known }
        var hash = SHA256()
        bytes.withUnsafeBytes { all in
            for run in lineRuns() { hash.update(UnsafeRawBufferPointer(rebasing: all[run])) }
        }
        let hex = hash.finalizeHex()
        cachedFingerprint.withLock { $0 = hex }
        return hex
    }

    /// The set's lines as the longest runs of bytes that follow each other.
    func lineRuns() -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for row in rows {
            if let last = runs.last, last.upperBound == row.start {
                runs[runs.count - 1] = last.lowerBound..<row.line.upperBound
            } else {
                runs.append(row.line)
            }
        }
        return runs
    }
}
