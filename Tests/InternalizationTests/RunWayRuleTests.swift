// How carefully a removal is measured, when a stage has recovered, and when lines of the metrics reach the disk.

import Foundation
import Support
import TestSupport
import Testing
import Transformer

@testable import Internalization

@Suite struct RunWayRuleTests {
    @Test func `a removal by hand is measured on as many problems as somebody waits for, one by a schedule on all`()
        throws
    {
        var schedule = RemovalSchedule()
        schedule.pace = .stepsPerRemoval(1)
        let run = try smallRun(schedule: schedule, train: 20, test: 300, width: 128)
        var counts: [Int?] = []
        func note(_ event: TrainingEvent) {
            if case .removed(_, _, _, let before, let after) = event { counts += [before?.count, after?.count] }
        }
        let quick = run.quickLimit
        #expect(quick < 300 && quick >= 32)
        try run.removeMore(report: note)
        #expect(counts == [quick, quick])
        counts = []
        var goal = TrainingGoal(steps: 2)
        goal.followsSchedule = true
        try run.train(goal, report: note)
        #expect(counts.prefix(2) == [300, 300])
    }

    @Test func `a stage has recovered at its rule's rate of matches, or at nineteen in twenty without one`() throws {
        for (measure, seen, recovers) in [
            (AdaptiveRule.Measure.exactMatch(0.5), 0.503, true), (.exactMatch(0.5), 0.497, false),
            (.loss(1e-9), 0.953, true), (.loss(1e-9), 0.947, false),
        ] {
            var schedule = RemovalSchedule()
            schedule.smoothing = .none
            schedule.pace = .adaptive(AdaptiveRule(measure: measure, firstMeasure: nil, memory: 0.999))
            let run = try smallRun(schedule: schedule, train: 20, test: 5)
            try run.removeMore()
            // One step moves such a mean by a thousandth at most; ten steps a stage must have had.
            for _ in 0..<9 {
                run.clock.finish(FinishedBatch(isEmptyOfChain: false, matchRate: seen), schedule)
            }
            var recovered: [Int] = []
            func note(_ event: TrainingEvent) { if case .recovered(let steps, _) = event { recovered.append(steps) } }
            try run.train(TrainingGoal(steps: 1), report: note)
            #expect(recovered == (recovers ? [1] : []), "\(measure) \(seen)")
            #expect(run.timeline.current.record.recoverySteps == (recovers ? 1 : nil))
            #expect((run.timeline.current.record.accuracyRecovered != nil) == recovers)
            try run.train(TrainingGoal(steps: 1), report: note)
            #expect(recovered.count == (recovers ? 1 : 0))
        }
    }

    @Test func `lines of the metrics go to the file once sixteen thousand bytes are waiting`() throws {
        try withTemporaryFolder { folder in
            let log = try MetricsLog(folder.path, keeping: 0)
            let line = JSONObject([.init("a", .string(String(repeating: "x", count: 1000)))])
            let size = JSONWriter.bytes(.object(line)).count + 1
            // Sixteen lines are less than 16,384 bytes, seventeen are more.
            #expect(16 * size <= 16_384 && 17 * size > 16_384)
            for _ in 0..<16 { try log.append(line) }
            #expect(FileSystem.size(of: folder.path + "/metrics.jsonl") == 0 && log.byteCount == 16 * size)
            try log.append(line)
            #expect(FileSystem.size(of: folder.path + "/metrics.jsonl") == 17 * size)
        }
    }
}
