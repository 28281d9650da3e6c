import Support
import Testing

@testable import Language

@Suite struct WorkProgressTests {
    private func lines(_ work: [(Double, WorkProgress)]) -> [String] {
        var meter = ProgressMeter()
        return work.map { time, progress in meter.line(progress, at: time).plain }
    }

    private func training(_ done: Double, of total: Double? = 100, isLimit: Bool = false) -> WorkProgress {
        WorkProgress("training", done, of: total, unit: "step", isLimit: isLimit)
    }

    @Test func `counted work says how much of it is done, how fast, and how long it will take`() {
        // 30 steps in 3 s are 10 a second; 60 more take 6 s.
        #expect(
            lines([(7, training(10)), (10, training(40))]) == [
                "training  10 of 100  10 %", "training  40 of 100  40 %  10 steps/s  6.0 s left",
            ])
    }

    @Test func `a rate counts from where this work began, not from where another did`() {
        let lines = lines([
            (0, training(0)), (50, WorkProgress("evaluating", 0)), (60, WorkProgress("evaluating", 0.25)),
        ])
        #expect(lines[2] == "evaluating  25 %  30 s left")
        // Work that starts again from the beginning has its own clock.
        let again = self.lines([(0, training(90)), (10, training(10)), (20, training(30))])
        #expect(again[2] == "training  30 of 100  30 %  2.0 steps/s  35 s left")
    }

    @Test func `a limit is said to be one, and no share of it is given`() {
        #expect(
            lines([(0, training(0, isLimit: true)), (10, training(50, isLimit: true))])[1]
                == "training  50 of at most 100  5.0 steps/s  at most 10 s left")
    }

    @Test func `work without a known end says how far it is`() {
        #expect(
            lines([(0, training(0, of: nil)), (1, training(1200, of: nil))])[1] == "training  step 1,200  1,200 steps/s"
        )
        #expect(lines([(0, WorkProgress("reading", 0, of: nil))]) == ["reading"])
    }

    @Test func `long times are told in minutes and hours`() {
        #expect(lines([(0, training(0, of: 1000)), (10, training(10, of: 1000))])[1].hasSuffix("  16 min 30 s left"))
        #expect(
            lines([(0, training(0, of: 10_001)), (10, training(1, of: 10_001))])[1].hasSuffix("  27 h 46 min left"))
    }

    @Test func `the course of the first measure stands beside it`() {
        let progress = WorkProgress(
            "training", 1, of: nil, unit: "step", trend: [8, 4.5, 1], details: ["loss 1.000", "right 0.50"])
        #expect(lines([(0, progress)]) == ["training  step 1  loss 1.000 █▅▁  right 0.50"])
        #expect(Phrase.sparkline([3, 3, .nan]) == "▅▅")
    }
}
