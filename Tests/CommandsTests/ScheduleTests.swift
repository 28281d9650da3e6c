import Language
import Testing

@Suite struct ScheduleTests {
    /// docs/method.md, point 4: 808,000 rows, batch 32, Δ 8: 3,156 steps a token; 47 tokens are gone at step
    /// 148,332.
    @Test func `the reference's schedule removes the 47th token of 4 by 4 multiplication at step 148332`() {
        let desk = Desk()
        desk.run("let p = plan .reference per_epoch: 8 rows: 808_000 batch: 32 chain: 47")
        #expect(desk.value("p[1].step").asInteger == 3156)
        #expect(desk.value("p[-1].step").asInteger == 148_332)
        #expect(desk.value("p[-1].removed").asInteger == 47)
    }

    /// The paper's formula, s(t) = floor(8 t / 25250), gives 47 first at t = 148,344.
    @Test func `the paper's formula removes it at step 148344`() {
        let desk = Desk()
        desk.run("let p = plan .paper per_epoch: 8 rows: 808_000 batch: 32 chain: 47")
        #expect(desk.value("p[-1].step").asInteger == 148_344)
    }

    @Test func `of an adaptive schedule the stages are planned, and what ends each`() {
        let desk = Desk()
        desk.run("plan adaptive: 0.9 first: 0.98 chunk: .half chain: 5 patience: 700")
        #expect(
            desk.text == """
                stage  removed  left  ends_at  least  patience  most
                    0        0     5   0.9800     20         –     –
                    1        3     2   0.9000     20       700  2500
                    2        4     1   0.9000     20       700  2500
                    3        5     0        –     20       700  2500
                """)
        desk.run("plan adaptive_loss: 0.5 all_beyond: 2 chain: 9")
        #expect(
            desk.lines.map { $0.split(separator: " ").prefix(3).joined(separator: " ") }
                == ["stage removed left", "0 0 9", "1 1 8", "2 all 0"])
    }

    @Test func `every switch that is set is shown`() {
        let desk = Desk.withRun()
        desk.run(
            "schedule .paper per_epoch: 1.5 side: .right smoothing: 0 reset_optimizer: .second_moments positions: .original all_beyond: 39 max_length: 150 pretrain_epochs: 2 start_from: 1 counting: .reference"
        )
        for words in [
            "1.5 for each epoch", "right", "none", "original", "second moments, rule .paper", "39 removed",
            "150 tokens", "2 epochs", "1 removed", ".reference",
        ] {
            #expect(desk.text.contains(words), "\(words) in\n\(desk.text)")
        }
        desk.run("schedule adaptive: 0.9 most: 500 when_stuck: .remove_anyway")
        #expect(desk.text.contains("exact match ≥ 0.9"))
        #expect(desk.text.contains("most 500, then on"))
        desk.run("schedule mixing: 0.25 patience: 150")
        #expect(desk.text.contains("25 % of the examples"))
        #expect(desk.text.contains("patience 150"))
        desk.run("schedule .default")
        #expect(desk.text.contains("adaptive, exact match ≥ 0.95"))
    }

    @Test func `a change of the schedule shows what changed and nothing else`() {
        let desk = Desk.withRun()
        desk.run("schedule smoothing: 4")
        #expect(
            desk.lines.count == 1 && desk.text.hasPrefix("smoothing λ") && desk.text.contains("4, 100 bins"),
            "\(desk.text)")
        desk.run("schedule smoothing: 4")
        #expect(desk.text == "the schedule was that already")
        desk.run("schedule")
        #expect(desk.lines.count == 12)
    }

    @Test func `whole steps of the chain go at once`() {
        let desk = Desk()
        desk.run(
            """
            let data = gen .mult digits: 2 n: 200
            let r = start (model .gpt2 width: 16 heads: 2 positions: 32) on: data batch: 8
            schedule order: .steps
            step
            """)
        // 2 × 2: two partial products, each a step of the chain.
        #expect(desk.value("r.chain").asInteger == 2)
        #expect(desk.text.contains("removed 1 of 2"))
    }

    /// One model trained on all amounts of removal answers with as much of the chain as the position ids of the
    /// question ask for.
    @Test func `a run that mixes all lengths answers with the chain that is asked for`() {
        let desk = Desk.withRun()
        desk.run("schedule pace: .uniform\ntrain steps: 1000")
        for removed in 0...2 {
            // What is left of the chain, the answer, the end.
            #expect(desk.value("(eval test removed: \(removed)).written").asReal == Double(4 - removed))
            #expect((desk.value("(eval test removed: \(removed)).accuracy").asReal ?? 0) >= 0.9)
        }
        desk.run("eval removed: 3")
        #expect(desk.messages.first?.contains("the longest chain has 2") == true)
        desk.run("schedule positions: .shifted\neval removed: 1")
        #expect(desk.messages.first?.contains("nothing in the question tells the model") == true)
    }
}
