import Foundation
import Language
import TestSupport
import Testing
import Transformer

@testable import Commands
@testable import Internalization

@Suite struct PresetTests {
    private static let fresh = """
        let data = gen .parity digits: 4 n: 100
        let m = model .gpt2 width: 16 heads: 2 positions: 32 dropout: 0.1

        """

    /// What the paper and its code say, point by point: docs/method.md.
    @Test(
        arguments: [("paper", .paper, nil), ("reference", .reference, 100), ("fixed", .fixed, nil)]
            as [(String, Fidelity, Int?)])
    func `a preset sets everything that its name promises`(_ name: String, _ reading: Fidelity, _ bins: Int?) throws {
        let desk = Desk()
        desk.run(Self.fresh + "let r = start m on: data preset: .\(name)")
        #expect(desk.messages.isEmpty && desk.text.isEmpty, "\(desk.messages) \(desk.text)")
        let run = try #require(desk.trained("r"))
        let settings = run.settings, schedule = run.schedule
        #expect(settings.batchSize == 32 && settings.learningRate == 5e-5 && settings.warmUp == 0)
        #expect(settings.decay == nil && settings.clip == 1 && settings.accumulation == 1)
        #expect(settings.accumulationRule == reading && settings.isShuffled)
        // 100 rows are three batches of 32 and one of 4.
        #expect(settings.keepsPartialBatch && run.batchesPerEpoch == 4)
        let optimizer = settings.optimizer
        #expect(optimizer.beta1 == 0.9 && optimizer.beta2 == 0.999 && optimizer.epsilon == 1e-8)
        #expect(optimizer.weightDecay == 0.01)
        #expect(schedule.pace == .perEpoch(8) && schedule.chunk == .units(1) && schedule.order == .left)
        #expect(schedule.smoothing == RemovalSmoothing(lambda: 4, binCount: bins))
        #expect(schedule.mixing == 0 && schedule.mixingAfterRescue == nil)
        #expect(schedule.positions == .shifted && schedule.reset == .all && schedule.warmUpAfterReset == 0)
        #expect(schedule.counting == reading && schedule.resetRule == reading && schedule.lengthRule == reading)
        #expect(schedule.maximumLength == nil && schedule.removeAllBeyond == nil && schedule.pretrainEpochs == 0)
        desk.run("show r")
        #expect(desk.text.contains("separator  .kept"), "\(desk.text)")
        #expect(desk.text.contains("4 batches in a pass over 100 problems, a partial one at its end"), "\(desk.text)")
    }

    @Test func `chains of GSM8K's kind get the numbers of its own`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "p.txt").path
            let lines = (10..<60).map {
                "How many are \($0)?||<<\($0)+1=\($0 + 1)>> <<\($0 + 1)*2=\(2 * $0 + 2)>> #### \(2 * $0 + 2)"
            }
            try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
            let desk = Desk()
            for name in ["paper", "reference", "fixed"] {
                desk.run(
                    """
                    let data = read "\(path)"
                    let r = start (model .gpt2 width: 16 heads: 2 positions: 64 vocab: data dropout: 0.1) on: data preset: .\(name)
                    """)
                let schedule = try #require(desk.trained("r")?.schedule, "\(desk.messages)")
                #expect(schedule.pace == .perEpoch(1) && schedule.removeAllBeyond == 39)
                #expect(schedule.maximumLength == 150)
                // The schedule alone says the same.
                desk.run("schedule .default\nschedule .\(name)")
                #expect(desk.trained("r")?.schedule == schedule)
            }
        }
    }

    @Test func `a label beside a preset wins, and is said where it contradicts it`() throws {
        let desk = Desk()
        desk.run(
            Self.fresh
                + "let r = start m on: data preset: .paper batch: 64 lr: 5e-5 decay: 300 separator: .absent partial_batch: false"
        )
        #expect(
            desk.lines == [
                "note: .paper but for batch: 64 instead of 32, decay: 300 instead of none, "
                    + "partial_batch: false instead of true, separator: .absent instead of .kept"
            ], "\(desk.text)")
        let settings = try #require(desk.trained("r")?.settings)
        #expect(settings.batchSize == 64 && settings.decay == 300 && !settings.keepsPartialBatch)
        desk.run("show r")
        #expect(desk.text.contains("separator  .absent"))
    }

    @Test func `a model without GPT-2's dropout is mentioned`() {
        let desk = Desk()
        desk.run(
            "start (model .gpt2 width: 16 heads: 2 positions: 32) on: (gen .parity digits: 4 n: 100) preset: .fixed")
        #expect(desk.text.contains("dropout 0.1, this model has none"), "\(desk.text)")
    }

    @Test func `a model is fresh by where its weights come from, not by what it is called`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "seed_model").path
            let desk = Desk()
            desk.run(
                """
                let data = gen .parity digits: 4 n: 100
                let m = model .gpt2 width: 16 heads: 2 positions: 32
                write m "\(path)"
                let n = load "\(path)"
                let a = start m on: data
                let b = start n on: data
                let c = start m on: data decay: 0
                """)
            let fresh = try #require(desk.trained("a")?.settings), loaded = try #require(desk.trained("b")?.settings)
            #expect(fresh.learningRate == 2e-3 && fresh.decay == 1000)
            #expect(loaded.learningRate == 5e-5 && loaded.decay == nil)
            #expect(desk.trained("c")?.settings.decay == nil)
        }
    }

    @Test func `what a run shows is what it is`() {
        let desk = Desk.withRun()
        desk.run("show r")
        #expect(desk.text.contains("separator  .absent"), "\(desk.text)")
        // A tenth of the 4,000 problems is set aside for validation.
        #expect(desk.text.contains("112 batches in a pass over 3,600 problems, what is left over waits"))
        desk.run("let f = control r kind: .filler steps: 1\nshow f")
        #expect(desk.text.contains("separator  .absent"))
        #expect(desk.text.contains("spent      1 update, 288 tokens, 0 resets"), "\(desk.text)")
    }

    @Test func `problems longer than max_length are left out, and how many is said`() {
        let desk = Desk()
        desk.run(
            """
            let data = problems({ i in [question: "{i % 10}", chain: joined(repeated("1", i % 3 + 1), " "), answer: "1"] }, n: 90)
            let m = model .gpt2 width: 16 heads: 2 positions: 32
            let r = start m on: data batch: 8 max_length: 6
            """)
        // Question, |, chain of 1 to 3, answer, end: 5, 6 or 7 tokens, 30 problems of each.
        #expect(desk.trained("r")?.problems.longestSequence == 6, "\(desk.messages)")
        #expect(desk.trained("r")?.problems.count == 60)
        #expect(desk.text.contains("30 problems longer than 6 tokens left out"), "\(desk.text)")
        desk.run("start m on: data batch: 8 max_length: 3")
        #expect(desk.messages.first?.contains("every problem has more than 3 tokens") == true)
    }
}

@Suite struct PlanTests {
    /// Where a run removes: the updates before each of its stages after the first.
    private func removals(_ desk: Desk) -> [Int] {
        desk.trained("r")?.timeline.path.dropFirst().map(\.record.startedAt) ?? []
    }

    @Test(arguments: [
        ("batch: 32", [3, 6]), ("batch: 32 partial_batch: true", [4, 8]), ("batch: 50", [2, 4]),
        ("batch: 32 accumulate: 2", [1, 2]),
        ("batch: 30 partial_batch: true accumulate: 2", [2, 4]),
    ])
    func `a plan removes at the steps at which the run then does`(_ labels: String, _ expected: [Int]) {
        let desk = Desk()
        desk.run(
            """
            let data = gen .parity digits: 4 n: 100
            let r = start (model .gpt2 width: 16 heads: 2 positions: 32) on: data \(labels)
            schedule per_epoch: 1
            let p = plan
            """)
        #expect(desk.value("p.step").asList?.compactMap(\.asInteger) == [0] + expected, "\(desk.messages)")
        #expect(desk.value("p.removed").asList?.compactMap(\.asInteger) == [0, 1, 2])
        desk.run("internalize final: 1")
        #expect(removals(desk) == expected)
    }

    @Test func `without a run a plan has the settings of its preset, or those given`() {
        let desk = Desk()
        func steps(_ text: String) -> [Int]? { desk.value("(plan \(text)).step").asList?.compactMap(\.asInteger) }
        #expect(steps("per_epoch: 1 rows: 100 batch: 32 chain: 2") == [0, 3, 6])
        #expect(steps("per_epoch: 1 rows: 100 batch: 32 chain: 2 partial_batch: true") == [0, 4, 8])
        // Batches of 32, the last one kept.
        #expect(steps(".fixed per_epoch: 1 rows: 100 chain: 2") == [0, 4, 8])
        #expect(steps(".fixed per_epoch: 1 rows: 100 chain: 2 accumulate: 2") == [0, 2, 4])
    }
}

@Suite struct OtherRunTests {
    @Test func `every verb that changes a run takes one by name`() {
        for verb in EngineVocabulary.make().verbs.map(\.signature) where verb.effects.contains(.changesRun) {
            if ["start", "resume"].contains(verb.name) { continue }
            #expect(verb.parameters.contains { $0.name == "run" }, "\(verb.name)")
        }
    }

    @Test func `verbs that name another run leave the current one alone`() throws {
        let desk = Desk.withRun()
        desk.run(
            """
            train steps: 2
            let b = start (model .gpt2 width: 16 heads: 2 positions: 32) on: data test: test batch: 16
            let before = hash b
            schedule run: r every: 7
            step run: r
            mark "one" run: r
            branch "two" run: r
            train steps: 1 run: r
            step run: r
            back to: "one" run: r
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        let r = try #require(desk.trained("r")), b = try #require(desk.trained("b"))
        #expect(r.removedCount == 1 && r.schedule.pace == .stepsPerRemoval(7))
        #expect(r.timeline.marks.map(\.name) == ["one"] && r.timeline.stages.map(\.branch).contains("two"))
        #expect(b.removedCount == 0 && b.spent.updates == 0 && b.timeline.stages.count == 1)
        #expect(desk.value("before == (hash b)").asBoolean == true)
        // b has the default schedule, of which only the stages can be planned; of r's the steps too.
        desk.run("plan")
        #expect(desk.lines.first?.contains("patience") == true)
        desk.run("plan run: r")
        #expect(desk.lines.first?.contains("epoch") == true)
        desk.run("show test[0] run: r")
        #expect(desk.text.contains("removed 1 of 2"))
        #expect(desk.value("(tokens test[0] run: r).token").asList?.count == 8)
        #expect(desk.value("(tokens test[0]).token").asList?.count == 9)
    }

    @Test func `internalize at_most counts updates, and those of stages that are taken back`() throws {
        let desk = Desk()
        desk.run(
            """
            let data = gen .parity digits: 4 n: 400
            let m = model .gpt2 width: 16 heads: 2 positions: 32
            let r = start m on: data batch: 16 accumulate: 3 accumulate_rule: .reference
            internalize every: 4 at_most: 10
            """)
        #expect(desk.value("r.steps").asInteger == 10)
        desk.run(
            """
            let s = start (model .gpt2 width: 16 heads: 2 positions: 32) on: data batch: 16
            schedule adaptive_loss: 0.000001 most: 20 least: 1
            step
            internalize rescues: 3 at_most: 50
            """)
        #expect(desk.value("s.spent.updates").asInteger == 50)
        #expect((desk.value("s.steps").asInteger ?? 50) < 50)
    }

    @Test func `a function written as a verb, and two values that look like a call, are told how`() {
        let desk = Desk.withRun()
        desk.run("train steps: 2\neval\nlet c = control r steps: 2")
        desk.run("pareto_front r others: [c]")
        #expect(desk.messages.first?.contains("write pareto_front(r, …)") == true, "\(desk.messages)")
        #expect(desk.run("pareto_front(r, others: [c])") == .finished, "\(desk.messages)")
        desk.run("let x = 3\nprint x (1 + 1)")
        #expect(desk.messages.first?.contains("for two values write (x) (…") == true, "\(desk.messages)")
        desk.run("let x = 3\nprint (x) (1 + 1)")
        #expect(desk.text == "3 2")
    }
}
