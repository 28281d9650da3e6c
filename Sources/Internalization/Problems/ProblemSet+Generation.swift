import Glibc
import Support
import Tensors

/// Whether generated problems may share an input.
public enum Repetition: String, Sendable, CaseIterable {
    /// All inputs differ; asking for more than there are is an error.
    case never
    /// All inputs differ as long as there are enough; otherwise each is drawn without regard to the others. Where other
    /// sets have taken most of the inputs it is an error all the same: the few that are left would be a poor sample.
    case whenNeeded
    /// Every input is drawn without regard to the others.
    case always

    fileprivate func isNeeded(_ count: Int, _ available: Int, _ excluded: Int) -> Bool {
        switch self {
        case .never: false
        case .whenNeeded: count > available && excluded <= available
        case .always: true
        }
    }
}

extension ProblemSet {
    /// Draws problems of a task. The same seed gives the same bytes whatever the number of threads.
    ///
    /// No problem shares its input with one of `others` (the held-out sets a training set must stay apart from, or the
    /// other way round).
    /// - Throws: `ProblemError.tooFewInputs` where repetition is not allowed or the others have taken every input,
    ///   `.outOfRange` for a negative count, `.tooLarge` where memory would not hold the text; `Interrupted`.
    public static func generate<Task: ProblemTask>(
        _ task: Task, count: Int, seed: UInt64, apartFrom others: [ProblemSet] = [],
        repetition: Repetition = .whenNeeded,
        workers: Workers = .shared, observer: WorkObserver = WorkObserver()
    ) throws -> ProblemSet {
        guard count >= 0 else {
            throw ProblemError.outOfRange(what: "the number of problems", value: count, allowed: 0...Int.max)
        }
        try checkMemory(count, task)
        let excluded = inputs(of: others, task)
        let (inputs, hasRepetition) = try drawInputs(
            task, count, seed, excluded, repetition, observer.part(0...shareOfDrawing))
        return try write(task, inputs, count, hasRepetition, workers, observer.part(shareOfDrawing...1))
    }

    /// Of the time that a set takes, about so much goes into drawing its inputs.
    private static let shareOfDrawing = 0.5

    private static func checkMemory(_ count: Int, _ task: some ProblemTask) throws {
        let each = task.lineCountMax + task.inputCount + 2 * MemoryLayout<ProblemRow>.stride
        let (size, isOver) = count.multipliedReportingOverflow(by: each)
        if isOver || size > FreeMemory.bytes ?? .max { throw ProblemError.tooLarge(byteCount: isOver ? .max : size) }
    }

    // MARK: Inputs

    /// The inputs of other sets, as far as they are inputs of this task.
    private static func inputs(of others: [ProblemSet], _ task: some ProblemTask) -> InputSet {
        var found = InputSet(capacity: others.reduce(0) { $0 + $1.count })
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: task.inputCount) { input in
            guard let input = input.baseAddress else { return }
            for set in others {
                for index in 0..<set.count
                where set.withParts(of: index, { question, _, _ in task.read(question, into: input) }) {
                    _ = found.insert(InputSet.mark(input, task.inputCount))
                }
            }
        }
        return found
    }

    /// The inputs of `count` problems, one after another.
    private static func drawInputs(
        _ task: some ProblemTask, _ count: Int, _ seed: UInt64, _ excluded: InputSet, _ repetition: Repetition,
        _ observer: WorkObserver
    ) throws -> (inputs: [UInt8], hasRepetition: Bool) {
        // The excluded inputs of a file may lie outside the task's own space (leading zeros), so this is a lower bound.
        let available = task.inputSpace.map { $0 - excluded.count } ?? .max
        let isRepeating = repetition.isNeeded(count, available, excluded.count)
        if let space = task.inputSpace, space <= 1 << 24, available - (isRepeating ? 0 : count) < space / 2 {
            return try drawFromList(task, count, seed, excluded, repetition, space)
        }
        guard available > 0, isRepeating || count <= available else {
            throw ProblemError.tooFewInputs(
                task: task.name, wanted: count, available: max(available, 0), excluded: excluded.count)
        }
        return (try drawFreely(task, count, seed, excluded, isRepeating, observer), isRepeating)
    }

    /// Draws and draws again where an input is taken; quick as long as at least half of the inputs are free.
    private static func drawFreely(
        _ task: some ProblemTask, _ count: Int, _ seed: UInt64, _ excluded: InputSet, _ isRepeating: Bool,
        _ observer: WorkObserver
    ) throws -> [UInt8] {
        var random = RandomSource(seed: seed)
        var taken = InputSet(capacity: isRepeating ? 0 : count)
        let width = task.inputCount
        var attempts = 0
        return try [UInt8](unsafeUninitializedCapacity: count * width) { inputs, filled in
            var place = inputs.baseAddress
            var done = 0
            while done < count, let input = place {
                attempts += 1
                if attempts & 0xFFFF == 0 { try observer.step(done, of: count) }
                task.draw(&random, into: input)
                let mark = InputSet.mark(input, width)
                if excluded.count > 0, excluded.contains(mark) { continue }
                if !isRepeating, !taken.insert(mark) { continue }
                done += 1
                place = input + width
            }
            filled = count * width
        }
    }

    /// Lists every free input and draws from the list.
    private static func drawFromList(
        _ task: some ProblemTask, _ count: Int, _ seed: UInt64, _ excluded: InputSet, _ repetition: Repetition,
        _ space: Int
    ) throws -> (inputs: [UInt8], hasRepetition: Bool) {
        let width = task.inputCount
        var free: [Int32] = []
        var inputs = [UInt8](repeating: 0, count: count * width)
        var random = RandomSource(seed: seed)
        var input = [UInt8](repeating: 0, count: width)
        for index in 0..<space {
            task.enumerate(index, into: &input)
            if excluded.count == 0 || !excluded.contains(InputSet.mark(input, width)) { free.append(Int32(index)) }
        }
        let isRepeating = repetition.isNeeded(count, free.count, excluded.count)
        guard count == 0 || (isRepeating ? !free.isEmpty : count <= free.count) else {
            throw ProblemError.tooFewInputs(
                task: task.name, wanted: count, available: free.count, excluded: excluded.count)
        }
        inputs.withUnsafeMutableBufferPointer { all in
            guard let base = all.baseAddress else { return }
            for place in 0..<count {
                if isRepeating {
                    task.enumerate(Int(free[random.below(free.count)]), into: base + place * width)
                } else {
                    free.swapAt(place, place + random.below(free.count - place))
                    task.enumerate(Int(free[place]), into: base + place * width)
                }
            }
        }
        return (inputs, isRepeating)
    }

    /// The problem of one input, which must have the task's `inputCount` numbers, each as the task draws them.
    public static func single<Task: ProblemTask>(_ task: Task, input: [UInt8]) -> ProblemSet {
        precondition(input.count == task.inputCount, "\(input.count) numbers for \(task.name)")
        do { return try write(task, input, 1, false, .shared, WorkObserver()) } catch {
            preconditionFailure("nobody stops the writing of one line")
        }
    }

    /// The problems of these inputs, one after another, which must all be inputs of the task.
    static func of<Task: ProblemTask>(_ task: Task, _ inputs: [UInt8], _ hasRepetition: Bool) throws -> ProblemSet {
        let count = inputs.count / max(task.inputCount, 1)
        try checkMemory(count, task)
        return try write(task, inputs, count, hasRepetition, .shared, WorkObserver())
    }

    // MARK: Text

    /// Between two looks at the observer so many problems are written.
    private static let stretch = 1 << 18

    /// Writes every line where the longest lines before it would end, on all cores, then closes the gaps.
    /// - Throws: `Interrupted`.
    private static func write<Task: ProblemTask>(
        _ task: Task, _ inputs: [UInt8], _ count: Int, _ hasRepetition: Bool, _ workers: Workers,
        _ observer: WorkObserver
    ) throws -> ProblemSet {
        let width = task.inputCount
        let lineMax = task.lineCountMax
        var rows: [ProblemRow] = []
        let bytes = try [UInt8](unsafeUninitializedCapacity: count * lineMax) { text, filled in
            rows = try [ProblemRow](unsafeUninitializedCapacity: count) { rows, rowCount in
                try inputs.withUnsafeBufferPointer { inputs in
                    guard let input = inputs.baseAddress, let row = rows.baseAddress, let base = text.baseAddress else {
                        return
                    }
                    for start in stride(from: 0, to: count, by: stretch) {
                        try observer.step(start, of: count)
                        workers.parts(of: min(stretch, count - start)) { _, part in
                            for index in start + part.lowerBound..<start + part.upperBound {
                                var line = LineWriter(at: base + index * lineMax)
                                task.write(input + index * width, to: &line)
                                (row + index).initialize(to: line.finish(from: base))
                            }
                        }
                    }
                    filled = closeGaps(row, count, base)
                    rowCount = count
                }
            }
        }
        return ProblemSet(
            taskName: task.name, task: task, hasRepetition: hasRepetition, ProblemText(bytes: bytes, rows: rows))
    }

    /// Moves the lines together; returns how many bytes they have.
    private static func closeGaps(
        _ rows: UnsafeMutablePointer<ProblemRow>, _ count: Int, _ base: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var end = 0
        for index in 0..<count {
            let line = rows[index].line
            if line.lowerBound != end {
                (base + end).update(from: base + line.lowerBound, count: line.count)
                rows[index].start = end
            }
            end += line.count
        }
        return end
    }
}
