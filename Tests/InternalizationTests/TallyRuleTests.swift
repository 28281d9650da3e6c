// What the examples of one step come to, counted by hand.

import Testing
import Transformer

@testable import Internalization

@Suite struct TallyRuleTests {
    /// Two examples of four tokens, of which the third is the answer and the last the end: the first is right and loses
    /// 0.5 and 0.25 of a nat, the second has another end and loses 4 and 2.
    private func tally(offsets: [Int], hasAnswers: Bool = true) -> Tally {
        var batch = RaggedBatch()
        for _ in 0..<2 { batch.append([5, 6, 7, 8], positions: nil, labels: [-1, 7, 8, -1]) }
        var report = BatchReport()
        report.targetIndices = [1, 2, 5, 6]
        report.losses = [0.5, 0.25, 4, 2]
        report.predictions = [7, 8, 7, 9]
        var tally = Tally()
        if hasAnswers { tally.answerPlaces = [(fromEnd: 2, count: 1), (fromEnd: 2, count: 1)] }
        for _ in 0..<2 { tally.add(isEmptyOfChain: false) }
        tally.add(report, batch, offsets)
        return tally
    }

    @Test func `an example that loses more or less than scheduled counts for the mean loss and for nothing else`() {
        for (offsets, answer, plain, rate) in [
            ([0, 0], [2.25], 1.6875, 0.5), ([0, 1], [0.5], 0.375, 1), ([0, -1], [0.5], 0.375, 1),
            ([3, 0], [4], 3, 0),
        ] {
            let tally = tally(offsets: offsets)
            #expect(tally.answerLosses == answer, "\(offsets)")
            #expect(tally.plainLoss == plain && tally.matchRate == rate, "\(offsets)")
            #expect(tally.meanLoss == 1.6875, "\(offsets)")
        }
        let none = tally(offsets: [1, 2])
        #expect(none.answerLosses == [] && none.plainLoss == nil && none.matchRate == nil && none.meanLoss == 1.6875)
    }

    @Test func `losses of the answer's tokens are counted only where the answers are known, and without the end`() {
        #expect(tally(offsets: [0, 0], hasAnswers: false).answerLosses == [])
        // Two parts of one step: the second pass goes on with the examples after those of the first.
        var batch = RaggedBatch()
        batch.append([5, 6, 7, 8], positions: nil, labels: [-1, 7, 8, -1])
        var report = BatchReport()
        report.targetIndices = [1, 2]
        report.predictions = [7, 8]
        var tally = Tally()
        // In the second example the answer has two tokens: the last one and what stood for the end.
        tally.answerPlaces = [(fromEnd: 2, count: 1), (fromEnd: 2, count: 2)]
        for losses in [[1, 8], [3, 16]] as [[Float]] {
            report.losses = losses
            tally.add(isEmptyOfChain: false)
            tally.add(report, batch, [0, 0])
        }
        #expect(tally.answerLosses == [2, 16])
        #expect(tally.meanLoss == 7 && tally.matchRate == 1)
    }
}
