import Language
import Support
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
        desk.run(
            "let h = hidden r on: test layer: 1 at: .answer[0]\nlet all = hidden r on: test layer: 0 hook: .mlp_post at: .input"
        )
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

    @Test func `a probe says in words what leaks, what it was scored on and how far it is above the nearest baseline`()
    {
        let desk = desk()
        desk.run("probe r on: test target: .digit[0] layers: 0...0 at: .input[0]")
        #expect(desk.lines.first == "leak: the token at .input[0] alone gives away 100 % of .digit[0]", "\(desk.text)")
        #expect(desk.lines.last == "accuracy of .digit[0] at .input[0] on 40 held-out problems, fitted to 160")
        desk.run("let t = probe r on: test target: .running_parity[1] layers: 1...1 at: .separator")
        #expect(desk.lines.isEmpty)
        let score = desk.value("t.score[0]").asReal ?? .nan
        #expect(
            abs((desk.value("t.selectivity[0]").asReal ?? 0) - (score - (desk.value("t.control[0]").asReal ?? 0)))
                < 1e-12)
        let nearest = desk.value("t.nearest[0]").asText ?? ""
        #expect(
            abs((desk.value("t.margin[0]").asReal ?? 0) - (score - (desk.value("t.\(nearest)[0]").asReal ?? 0)))
                < 1e-12, "\(nearest)")
        #expect(desk.value("t.above[0] == (t.margin_low[0] > 0)").asBoolean == true)
    }

    @Test func `a probe stands with all its baselines on a narrow screen too`() {
        let desk = desk()
        desk.session.displayOptions.width = 50
        desk.run("probe r on: test target: .running_parity[1] layers: 1...1 at: .separator")
        for baseline in ["constant", "token", "raw", "untrained", "shuffled", "control", "selectivity"] {
            #expect(desk.text.contains(baseline), "\(desk.text)")
        }
        #expect(desk.lines.allSatisfy { $0.count <= 50 })
    }

    @Test func `a target may be a function of a problem or a value for each`() {
        let desk = desk()
        desk.run(
            """
            let a = probe r on: test target: { p in p.digit[0] + p.digit[1] > 9 } at: .separator layers: 0...0
            let b = probe r on: test target: (map test { p in p.digit[0] + p.digit[1] > 9 }) at: .separator layers: 0...0
            let c = probe r on: test target: { p in p.digit[0] } at: .separator layers: 0...0 as: .numbers
            let d = probe r on: test target: .digit[0] at: .separator layers: 0...0 as: .numbers
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        #expect(desk.value("a.score == b.score and a.raw == b.raw").asBoolean == true)
        #expect(desk.value("c.score == d.score").asBoolean == true)
    }

    @Test(
        "names the argument that a probe cannot use, and what to do",
        arguments: [
            ("probe r on: test[0..<20] target: .carry", "has no fact .carry", ".carry"),
            ("probe r on: test[0..<20] target: .digit[0]", "too few", "test[0..<20]"),
            ("probe r on: test target: { p in 3 }", "is 3 in every problem", "{ p in 3 }"),
            ("probe r on: test target: [1, 2]", "2 values for 200 problems", "[1, 2]"),
            ("probe r on: test target: .digit[0] layers: 0...5", "no layer 2", "0...5"),
            ("probe r on: test target: .digit[0] at: .input[4]", "no problem has a position .input[4]", ".input[4]"),
            ("probe h on: test[0..<100] target: .digit[0]", "other problems", "test[0..<100]"),
            ("probe h[0..<50] on: test target: .digit[0]", "was cut", "h[0..<50]"),
            ("probe h on: test target: .digit[0] reads: g", "model", "g"),
            ("probe h on: test target: .digit[0] layers: 0...1", "has its place already", "0...1"),
            ("intervene .steer on: test target: .digit", "one direction", ".digit"),
            ("probe m on: test target: .digit[0] over: r", "no other run to name", "m"),
        ])
    func refusal(text: String, message: String, words: String) {
        let desk = desk()
        desk.run(
            "let h = hidden r on: test layer: 1 at: .separator\ntrain steps: 1\nlet g = hidden r on: test layer: 1 at: .separator"
        )
        #expect(desk.run(text) == .failed(.runtimeArgument), "\(text)")
        let shown = desk.messages.joined().split(separator: "\n").map(String.init)
        #expect(shown.first?.contains(message) == true, "\(shown)")
        // The carets stand below the words.
        let underlined = String(shown.count > 2 ? zip(shown[1], shown[2]).filter { $0.1 == "^" }.map(\.0) : [])
        #expect(underlined == words, "\(shown)")
    }

    @Test func `states of another model are read only as a transfer`() {
        let desk = desk()
        desk.run(
            """
            let h = hidden r on: test layer: 1 at: .separator
            let same = probe h on: test target: .running_parity[1] reads: h
            train steps: 1
            let g = hidden r on: test layer: 1 at: .separator
            let moved = probe h on: test target: .running_parity[1] reads: g transfer: true
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        // In the states that it knows it reads on the held-out problems what the probe itself reads there.
        #expect(desk.value("same.score == same.own").asBoolean == true)
        #expect(desk.value("moved.own == same.own").asBoolean == true)
    }

    @Test func `an array of states is probed as the run itself`() {
        let desk = desk()
        desk.run(
            "let h = hidden r on: test layer: 1 at: .predicts_answer\nlet a = probe h on: test target: .running_parity[1]\nlet b = probe r on: test target: .running_parity[1] layers: 1...1"
        )
        #expect(desk.value("a == b").asBoolean == true, "\(desk.messages)")
        desk.run("h[0, 0] = 3")
        #expect(desk.run("probe h on: test target: .running_parity[1]") == .failed(.runtimeArgument))
    }

    @Test func `a trajectory has a row for each stage, and an interval over runs`() {
        let desk = desk()
        desk.run(
            "step\ntrain steps: 5\nlet t = probe on: test target: .running_parity[1] layers: 1...1 at: .separator over: r"
        )
        #expect(desk.value("t.removed").asList?.compactMap(\.asInteger) == [0, 1], "\(desk.messages)")
        // The same run three times: the same means, and no doubt.
        desk.run("let u = probe on: test target: .running_parity[1] layers: 1...1 at: .separator over: [r, r, r]")
        #expect(
            desk.value("abs(u.score[1] - t.score[1]) < 1e-9 and u.high[1] - u.low[1] < 1e-9").asBoolean == true,
            "\(desk.messages)")
    }

    @Test func `causal measures follow the stages too`() {
        let desk = desk()
        desk.run(
            "step\ntrain steps: 5\nlet t = intervene .knockout on: test[0..<20] over: r\nlet now = intervene .knockout on: test[0..<20]"
        )
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        #expect(
            desk.value("length((filter t where .removed == 0))").asInteger == desk.value("length(now) + 1").asInteger)
        #expect(desk.value("(filter t where .removed == 1).loss == now.loss").asBoolean == true)
        desk.run("let l = look .lens on: test[0..<20] over: [r, r]")
        #expect(
            desk.value("(filter l where .removed == 1).accuracy == (look .lens on: test[0..<20]).accuracy").asBoolean
                == true, "\(desk.messages)")
    }

    @Test func `heads are patched one by one, and together they are what attention says`() {
        let desk = desk()
        desk.run("let t = intervene .patch on: test[0..<20] hook: .z")
        #expect(
            desk.value("length(t)").asInteger
                == desk.value("4 * length(intervene .patch on: test[0..<20] hook: .attn_out)) / 2").asInteger,
            "\(desk.messages)")
        #expect(desk.value("t.head[0]").asText == "0.0")
    }

    @Test func `places stand short on the axes of a heat map`() {
        let desk = desk()
        desk.run("plot (look .attention on: test[0..<5]) kind: .heat x: .key y: .query colour: .weight by: .head")
        #expect(desk.text.contains("i .input, | .separator, c .chain"), "\(desk.text)")
        #expect(desk.text.contains(">a0"))
        desk.run(
            "plot table([name: [\".digit[0]\", \".digit[1]\"], k: [1, 2], v: [1.0, 2.0]]) kind: .heat x: .k y: .name colour: .v"
        )
        #expect(desk.text.contains("[i] .digit[i]"), "\(desk.text) \(desk.messages)")
    }

    @Test func `readings and interventions give tables that draw`() {
        let desk = desk()
        for text in [
            "look .lens on: test", "look .attention on: test[0..<20]", "look .attribution on: test[0..<20]",
            "look .counterfactual on: test[0..<20]",
            "intervene .ablate on: test[0..<20]", "intervene .knockout on: test[0..<20] layer: 0",
            "intervene .patch on: test[0..<20]",
            "intervene .steer on: test target: .running_parity[1] scales: [0, 1]",
        ] {
            #expect(desk.run("let t = \(text)") == .finished, "\(text): \(desk.messages)")
            #expect((desk.value("length(t)").asInteger ?? 0) > 0, "\(text)")
        }
        // Steering by nothing changes nothing.
        #expect(desk.value("t.loss[0]").asReal == 0)
        #expect(
            desk.run("plot (look .attention on: test[0..<5]) kind: .heat x: .key y: .query colour: .weight by: .head")
                == .finished, "\(desk.messages)")
        #expect(
            desk.run("plot components(hidden(r, on: test, layer: 1, at: .answer[0]), count: 2)") == .finished,
            "\(desk.messages)")
        // Random tables look like random rows.
        #expect((desk.value("fourier(model(.gpt2, width: 64)).median").asReal ?? 1) < 0.8)
        // A constant fits nothing about the mean; all waves fit ten numbers whatever they are.
        desk.run("let w = fourier(model(.gpt2, width: 64), cumulative: true)")
        #expect(desk.value("length(w)").asInteger == 6 && desk.value("w.median[0]").asReal == 0, "\(desk.messages)")
        #expect(abs((desk.value("w.median[5]").asReal ?? 0) - 1) < 1e-9)
    }

    @Test func `an interrupt stops a reading, and the session goes on`() {
        let desk = desk()
        let session = desk.session
        session.onEvent = { event in if case .progress = event { session.interrupt.request() } }
        for text in [
            "probe r on: test target: .running_parity at: .input", "look .counterfactual on: test",
            "intervene .patch on: test", "intervene .ablate on: test", "hidden r on: test at: .separator",
        ] {
            #expect(session.run(SourceText(text)) == .interrupted, "\(text)")
            #expect(session.run(SourceText("let one = 1")) == .finished)
        }
    }
}
