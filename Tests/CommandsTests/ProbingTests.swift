import Language
import Testing

@Suite struct ProbingTests {
    /// 4-digit parity after a little training: enough to see that each verb reads what it says.
    private func desk() -> Desk {
        let desk = Desk.withRun()
        desk.run("train steps: 40")
        return desk
    }

    @Test func `hidden states know where they come from`() {
        let desk = desk()
        desk.run("let h = hidden r on: test layer: 1 at: .answer[0]\nlet all = hidden r on: test layer: 0 hook: .mlp_post at: .input")
        #expect(desk.value("h.shape").asList?.compactMap(\.asInteger) == [200, 32])
        #expect(desk.value("h.hook").asText == "blocks.1.hook_resid_post")
        #expect(desk.value("h.position").asText == ".answer[0]")
        #expect(desk.value("h.model").asText == desk.value("hash r").asText)
        #expect(desk.value("all.shape").asList?.compactMap(\.asInteger) == [200, 4, 128])
    }

    @Test func `a probe of an input digit at its own place is right and says that it leaks`() {
        let desk = desk()
        desk.run("let t = probe r on: test target: .digit[0] layers: 0...0 at: .input[0]")
        #expect(desk.value("t.score[0]").asReal == 1, "\(desk.messages) \(desk.text)")
        #expect((desk.value("t.leak[0]").asReal ?? 0) > 0.99)
        #expect(desk.value("t.above[0]").asBoolean == false)
    }

    @Test func `a trajectory has a row for each stage`() {
        let desk = desk()
        desk.run("step\ntrain steps: 5\nlet t = probe on: test target: .running_parity[1] layers: 1...1 at: .separator over: r")
        #expect(desk.value("t.removed").asList?.compactMap(\.asInteger) == [0, 1], "\(desk.messages)")
    }

    @Test func `readings and interventions give tables that draw`() {
        let desk = desk()
        for text in [
            "look .lens on: test", "look .attention on: test[0..<20]", "look .attribution on: test[0..<20]", "look .counterfactual on: test[0..<20]",
            "intervene .ablate on: test[0..<20]", "intervene .knockout on: test[0..<20] layer: 0", "intervene .patch on: test[0..<20]",
            "intervene .steer on: test target: .running_parity[1] scales: [0, 1]",
        ] {
            #expect(desk.run("let t = \(text)") == .finished, "\(text): \(desk.messages)")
            #expect((desk.value("length(t)").asInteger ?? 0) > 0, "\(text)")
        }
        // Steering by nothing changes nothing.
        #expect(desk.value("t.loss[0]").asReal == 0)
        #expect(desk.run("plot (look .attention on: test[0..<5]) kind: .heat x: .key y: .query colour: .weight by: .head") == .finished, "\(desk.messages)")
        #expect(desk.run("plot components(hidden(r, on: test, layer: 1, at: .answer[0]), count: 2)") == .finished, "\(desk.messages)")
        // Random tables look like random rows.
        #expect((desk.value("fourier(model(.gpt2, width: 64)).median").asReal ?? 1) < 0.8)
    }
}
