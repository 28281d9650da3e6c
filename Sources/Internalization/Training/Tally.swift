import Transformer

/// Sums over the examples of one step.
struct Tally {
    private var lossSum = 0.0
    private var targets = 0
    private var plainLossSum = 0.0
    private var plainTargets = 0
    private var matches = 0
    private var plainExamples = 0
    private var examples = 0
    private var emptyExamples = 0
    /// Where the answers are, for the losses of their tokens; empty if those are not wanted.
    var answerPlaces: [(fromEnd: Int, count: Int)] = []
    private var answerSums: [Double] = []
    private var answerCounts: [Int] = []

    /// The mean loss of each token of the answer, over the examples without offset.
    var answerLosses: [Double] { zip(answerSums, answerCounts).map { $1 == 0 ? 0 : $0 / Double($1) } }

    var meanLoss: Double { targets == 0 ? 0 : lossSum / Double(targets) }
    /// Mean loss over the targets of examples without offset.
    var plainLoss: Double? { plainTargets == 0 ? nil : plainLossSum / Double(plainTargets) }
    var matchRate: Double? { plainExamples == 0 ? nil : Double(matches) / Double(plainExamples) }

    mutating func add(isEmptyOfChain: Bool) {
        examples += 1
        if isEmptyOfChain { emptyExamples += 1 }
    }

    /// Adds what a pass found. Sequences with an offset count for the loss only.
    mutating func add(_ report: BatchReport, _ batch: RaggedBatch, _ offsets: [Int]) {
        let first = examples - batch.sequenceCount
        var target = 0
        for sequence in 0..<batch.sequenceCount {
            let end = batch.offsets[sequence + 1]
            let isPlain = offsets[first + sequence] == 0
            var isMatch = true
            let start = target
            var sum = 0.0
            while target < report.targetCount, Int(report.targetIndices[target]) < end {
                if isPlain, !answerPlaces.isEmpty {
                    addAnswer(
                        Double(report.losses[target]), end - 1 - Int(report.targetIndices[target]), first + sequence)
                }
                sum += Double(report.losses[target])
                if report.predictions[target] != batch.labels[Int(report.targetIndices[target])] { isMatch = false }
                target += 1
            }
            lossSum += sum
            targets += target - start
            guard isPlain else { continue }
            plainLossSum += sum
            plainTargets += target - start
            plainExamples += 1
            if isMatch { matches += 1 }
        }
    }

    /// - Parameter fromEnd: how far before the end of the sequence the predicted token is, the last one at 1.
    private mutating func addAnswer(_ loss: Double, _ fromEnd: Int, _ example: Int) {
        let place = answerPlaces[example].fromEnd - fromEnd
        guard place >= 0, place < answerPlaces[example].count else { return }
        while answerSums.count <= place {
            answerSums.append(0)
            answerCounts.append(0)
        }
        answerSums[place] += loss
        answerCounts[place] += 1
    }

    /// Whether no example had any chain left, as the schedule's rule sees it.
    func isEmptyOfChain(_ schedule: RemovalSchedule, _ clock: ScheduleClock) -> Bool {
        schedule.seesEmptyBatch(empty: emptyExamples, of: examples, removed: clock.removed)
    }
}
