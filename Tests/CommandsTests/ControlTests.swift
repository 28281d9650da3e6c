import Experiments
import Language
import Testing

@testable import Commands
@testable import Internalization

extension Desk {
    /// The engine's run behind a variable.
    func trained(_ name: String) -> Run? { value(name).asHost(RunValue.self)?.experiment.run }
}

@Suite struct ControlTests {
    @Test func `a run whose chain goes by pieces has a filler control like any other`() {
        let desk = Desk()
        desk.run(
            """
            let data = gen .mult digits: 3 n: 40 seed: 1
            let r = start (model .gpt2 layers: 1 heads: 1 width: 8 positions: 64) on: data batch: 8
            schedule order: .sums_first
            train steps: 2
            let c = control r kind: .filler
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        #expect(desk.value("c.spent.updates").asInteger == 2)
    }

    @Test func `a control gets as many updates as the run has spent, what was gone back from included, and says both`()
    {
        let desk = Desk.withRun()
        desk.run("train steps: 6\nstep\ntrain steps: 4\nback\ntrain steps: 5")
        #expect(desk.value("r.steps").asInteger == 11)
        #expect(desk.value("r.spent.updates").asInteger == 15)
        desk.run("let c = control r")
        #expect(desk.value("c.steps").asInteger == 15)
        // 32 sequences of question, |, answer and end.
        #expect(desk.value("c.tokens").asInteger == 15 * 32 * 7)
        // Eleven with the whole chain and four with one token less; smoothing takes some more away.
        let tokens = desk.value("r.spent.tokens").asInteger ?? 0
        #expect(tokens <= 11 * 32 * 9 + 4 * 32 * 8 && tokens > 15 * 32 * 7)
        #expect(desk.text.contains("15 updates beside the run's 15 (4 of them gone back from)"), "\(desk.text)")
        #expect(desk.text.contains("3,360 tokens beside the run's"), "\(desk.text)")
    }

    @Test func `matched in tokens, a control sees as many and one batch more at most`() {
        let desk = Desk.withRun()
        desk.run("schedule smoothing: 0\ntrain steps: 14\nlet c = control r match: .tokens")
        let tokens = 14 * 32 * 9
        #expect(desk.value("r.spent.tokens").asInteger == tokens)
        // A batch of the control has 32 × 7 tokens, so 18 of them make as many.
        #expect(desk.value("c.steps").asInteger == 18)
        #expect(desk.value("c.tokens").asInteger == 18 * 32 * 7)
        desk.run("control r match: .tokens steps: 3")
        #expect(desk.messages.first?.contains("keep one of them") == true)
    }

    @Test func `the explicit control keeps the whole chain, and so do filler tokens`() {
        let desk = Desk.withRun()
        desk.run("schedule smoothing: 0.1 mixing: 0.5 pretrain_epochs: 1\ntrain steps: 1")
        for kind in ["explicit", "filler"] {
            desk.run("let \(kind) = control r kind: .\(kind) steps: 6")
            #expect(desk.value("\(kind).tokens").asInteger == 6 * 32 * 9)
        }
    }

    @Test func `its optimizer is reset where the run's was, on every way, and its rate falls as the run's did`() throws
    {
        let desk = Desk.withRun()
        desk.run("train steps: 3\nstep\ntrain steps: 2\nback\ntrain steps: 1\nstep 2\ntrain steps: 4")
        #expect(desk.trained("r")?.spent.resets == [3, 6])
        desk.run("let c = control r")
        #expect(desk.trained("c")?.spent.resets == [3, 6])
        // Ten updates, the last four of them without a chain.
        #expect(desk.trained("c")?.settings.decayStart == 6)
        desk.run("let d = control r steps: 20 resets: false")
        #expect(desk.trained("d")?.spent.resets == [])
        #expect(desk.trained("d")?.settings.decayStart == 16)
        desk.run("let e = control (start (model .gpt2 width: 16 heads: 2 positions: 32) on: data batch: 8) steps: 2")
        #expect(desk.trained("e")?.settings.decay == nil)
    }

    @Test func `tokens that a run was matched in are scaled for the resets too`() {
        let desk = Desk.withRun()
        desk.run("schedule smoothing: 0\ntrain steps: 7\nstep\ntrain steps: 7\nlet c = control r match: .tokens")
        // 7 × 32 × (9 + 8) tokens are 17 batches of 32 × 7.
        #expect(desk.value("c.steps").asInteger == 17)
        // Half of the way.
        #expect(desk.trained("c")?.spent.resets == [9])
    }
}
