import Language
import Support
import Testing

@Suite struct DistillCommandTests {
    @Test func `a distillation says how far each stage came and stands beside other baselines`() {
        let desk = Desk.withRun()
        desk.run("train until: 0.98 at_most: 1500")
        let hash = desk.value("hash r").asText
        #expect(
            desk.run("let kd = distill(r, student: 100, emulator: 40, coupled: 40)") == .finished, "\(desk.messages)")
        // One line for each stage.
        #expect(desk.lines.count == 3)
        #expect(desk.lines[0].hasPrefix("student: ") && desk.lines[0].contains("with the teacher's thoughts"))
        #expect(desk.lines[1].hasPrefix("emulator: 40 steps") && desk.lines[1].contains("variance"))
        #expect(desk.lines[2].hasPrefix("coupled: "))
        #expect((desk.value("kd.teacher").asReal ?? 0) >= 0.98)
        #expect((desk.value("kd.oracle").asReal ?? 0) >= 0.98)
        #expect(desk.value("kd.written").asReal == 2)
        #expect(desk.value("kd.stages").asTable?.rowCount == 4)
        // The teacher is as it was, and still the current run.
        #expect(desk.value("hash r").asText == hash)
        desk.run("let c = control r kind: .no_cot steps: 10")
        let names = desk.value("compare r to: [c, kd] | map { row in row.run }").asList?.compactMap(\.asText) ?? []
        #expect(Set(names) == ["run", "No CoT", "ICoT-KD, teacher's thoughts", "ICoT-KD"])
        #expect(
            desk.value("compare r to: kd | map { row in row.removed }").asList?.compactMap(\.asInteger) == [0, 2, 2])
    }

    @Test(arguments: [
        ("distill(r)", "has not been trained"), ("train steps: 2\nstep\ndistill(r)", "1 of 2 tokens"),
        ("let c = control r kind: .no_cot steps: 2\ndistill(c)", "2 of 2 tokens"),
        ("distill(r, stepz: 3)", "steps:"), ("distill(r, thoughts: .diagnal)", ".diagonal"), ("distill(test)", "run"),
        (
            "train steps: 2\ndistill(r, from: (model .gpt2 layers: 3 width: 32 heads: 2 positions: 32))",
            "a student of 3 layers and width 32 cannot take the thoughts"
        ),
        (
            "let one = start (model .gpt2 layers: 1 width: 32 heads: 2) on: data\ntrain steps: 2\ndistill(one)",
            "at least two"
        ),
        (
            "let plain = start m on: (problems({ i in [question: \"{i}\", answer: \"{i}\"] }, n: 50))\ntrain steps: 2\ndistill(plain)",
            "no chain"
        ),
    ])
    func `a mistake about a teacher is answered with what to do`(_ text: String, _ words: String) {
        let desk = Desk.withRun()
        #expect(desk.run(text) != .finished, "\(text)")
        #expect(desk.messages.joined().contains(words), "\(desk.messages)")
    }

    @Test func `a teacher that has not learned its chain is noted`() {
        let desk = Desk.withRun()
        desk.run("train steps: 2\ndistill(r, steps: 1)")
        #expect(desk.text.contains("note: with its chain the teacher reaches accuracy"))
    }

    @Test func `an interrupt stops a distillation and leaves its teacher alone`() {
        let desk = Desk.withRun()
        desk.run("train steps: 2")
        let hash = desk.value("hash r").asText
        desk.session.onEvent = { [session = desk.session] event in
            if case .progress = event { session.interrupt.request() }
        }
        #expect(desk.session.run(SourceText("distill(r, steps: 100_000)")) == .interrupted)
        desk.session.onEvent = { _ in }
        desk.session.interrupt.clear()
        #expect(desk.value("hash r").asText == hash)
    }
}
