import Language
import Support
import Testing

@testable import Commands

@Suite struct LoopTests {
    @Test func `a model loses its chain of thought and still answers`() {
        let desk = Desk.withRun()
        #expect(desk.run("train until: 0.98 at_most: 1500") == .finished)
        #expect((desk.value("(eval test).accuracy").asReal ?? 0) >= 0.98)
        #expect(desk.run("internalize until: 0.97") == .finished)
        #expect(desk.value("r.removed").asInteger == 2)
        #expect((desk.value("(eval test).accuracy").asReal ?? 0) >= 0.95)
        // Question mark, answer, end: nothing of the chain is written any more.
        #expect(desk.value("(eval test).written").asReal == 2)
        #expect(desk.value("timeline | map { row in row.removed }").asList?.compactMap(\.asInteger) == [0, 1, 2])
    }

    @Test func `back and forward again gives the same bits`() {
        let desk = Desk.withRun()
        desk.run("train steps: 5\nstep\ntrain steps: 5")
        let there = desk.value("hash r").asText
        desk.run("back")
        #expect(desk.value("hash r").asText != there)
        #expect(desk.value("r.removed").asInteger == 0)
        desk.run("step")
        #expect(desk.value("hash r").asText == there)
        #expect(desk.text.contains("as it was left after 10 steps"))
    }

    @Test func `training on after going back starts another way, and its mark returns to the first`() {
        let desk = Desk.withRun()
        desk.run("train steps: 3\nstep\ntrain steps: 3\nmark \"first\"")
        let first = desk.value("hash r").asText
        desk.run("back\ntrain steps: 4\nstep")
        #expect(desk.text.contains("as it was left") == false)
        #expect(desk.value("hash r").asText != first)
        desk.run("back to: \"first\"")
        #expect(desk.value("hash r").asText == first)
    }

    @Test func `the same seeds give the same bits`() {
        let hashes = (0..<2).map { _ in
            let desk = Desk.withRun()
            desk.run("train steps: 10\nstep\ntrain steps: 5")
            return desk.value("hash r").asText
        }
        #expect(hashes[0] == hashes[1])
    }

    @Test func `a checkpoint of the session holds weights, timeline and variables`() {
        let desk = Desk.withRun()
        desk.run("train steps: 3\nlet note = 1")
        let before = desk.value("hash r").asText
        let checkpoint = desk.session.checkpoint()
        desk.run("note = 2\nstep\ntrain steps: 3\nlet other = start (model .gpt2 width: 8 heads: 1) on: data")
        desk.session.restore(checkpoint)
        #expect(desk.value("hash r").asText == before)
        #expect(desk.value("r.removed").asInteger == 0)
        #expect(desk.value("note").asInteger == 1)
        #expect(desk.session.value(of: "other") == nil)
        // The current run is r again.
        #expect(desk.run("train steps: 1") == .finished)
        #expect(desk.value("r.steps").asInteger == 4)
    }

    @Test func `going back to before a run began puts the weights of its model back too`() {
        let desk = Desk.withRun()
        desk.run("let m = model .gpt2 width: 8 heads: 1 seed: 5")
        let before = desk.value("hash m").asText
        let checkpoint = desk.session.checkpoint()
        // The second run goes on with the weights that the first one left.
        desk.run("let other = start m on: data\ntrain steps: 2\nother = start m on: data\ntrain steps: 2")
        #expect(desk.value("hash m").asText != before)
        desk.session.restore(checkpoint)
        #expect(desk.value("hash m").asText == before)
    }

    @Test func `a run that nobody can name any more is let go, with what it holds open`() throws {
        let desk = Desk.withRun()
        weak let first = (desk.session.value(of: "r")?.asObject as? RunValue)?.experiment
        #expect(first != nil)
        desk.run("m = none\nr = start (model .gpt2 width: 8 heads: 1) on: data")
        // undo could bring it back.
        #expect(first != nil)
        desk.run((0..<60).map { "let note\($0) = \($0)" }.joined(separator: "\n"))
        #expect(first == nil)
        // Its name is not given again: a table may be about it.
        #expect(desk.value("(start (model .gpt2 width: 8 heads: 1) on: data).name").asText == "run 3")
    }

    @Test func `where memory does not do, what only undo could bring back is let go`() {
        let desk = Desk.withRun()
        weak let first = (desk.session.value(of: "r")?.asObject as? RunValue)?.experiment
        desk.run("m = none\nr = start (model .gpt2 width: 8 heads: 1) on: data")
        #expect(first != nil)
        #expect(desk.run("model .gpt2 width: 16384 heads: 16 layers: 500") == .failed(.outOfMemory))
        #expect(desk.messages.joined().contains("type it again: what only undo"), "\(desk.messages)")
        #expect(first == nil)
        #expect(desk.run("undo") != .finished && desk.messages.joined().contains("nothing to undo"))
        #expect(desk.value("r.steps").asInteger == 0)
    }

    @Test func `what a model has learned in a run is asked of it as that run writes, whoever holds the run`() {
        let desk = Desk.withRun()
        desk.run("let m = model .gpt2 width: 8 heads: 1\nlet other = start m on: data\nstep 2")
        let asked = desk.value("look .lens of: m on: test").json
        desk.run("other = 1\nlet r = start (model .gpt2 width: 8 heads: 1) on: data")
        desk.run((0..<60).map { "let note\($0) = \($0)" }.joined(separator: "\n"))
        #expect(desk.value("look .lens of: m on: test").json == asked)
    }

    @Test func `the timeline knows which tokens of a chain are left, and does not show them`() {
        let desk = Desk.withRun()
        desk.run("schedule side: .right\nstep 2")
        #expect(desk.value("(timeline)[1].chain[0] == none").asBoolean == false)
        #expect(desk.value("(timeline)[1].chain[1] == none").asBoolean == true)
        #expect(desk.value("(timeline)[0].chain[1]").asText?.count == 1)
        desk.run("timeline")
        #expect(desk.lines.first?.contains("chain") == false)
        // The chain of one problem stands below, with the order in which it goes.
        let chain = desk.value("test[0].chain").asText ?? ""
        #expect(desk.lines.last == "chain of a problem: \(chain), taken from the right")
        desk.run("timeline | select .removed .chain")
        #expect(desk.text.contains("chain"))
    }

    @Test func `a control has the same budget and leaves the run alone`() {
        let desk = Desk.withRun()
        desk.run("train steps: 6\nstep\ntrain steps: 4")
        let hash = desk.value("hash r").asText
        desk.run("let c = control r kind: .no_cot")
        #expect(desk.value("c.steps").asInteger == 10)
        #expect(desk.value("c.removed").asInteger == 2)
        #expect(desk.value("hash r").asText == hash)
        #expect(desk.value("r.steps").asInteger == 10)
        desk.run("let e = control r kind: .explicit steps: 3\nlet f = control r kind: .filler steps: 3")
        #expect(desk.value("e.removed").asInteger == 0)
        #expect(desk.value("f.steps").asInteger == 3)
    }

    @Test func `an interrupt stops training after a whole step and the run goes on`() {
        let desk = Desk.withRun()
        desk.session.onEvent = { [session = desk.session] event in
            if case .progress = event { session.interrupt.request() }
        }
        #expect(desk.session.run(SourceText("train steps: 100_000")) == .interrupted)
        desk.session.onEvent = { _ in }
        desk.session.interrupt.clear()
        let steps = desk.value("r.steps").asInteger ?? 0
        #expect(steps > 0 && steps < 100_000)
        #expect(desk.session.run(SourceText("train steps: 2")) == .finished)
        #expect(desk.value("r.steps").asInteger == steps + 2)
    }
}
