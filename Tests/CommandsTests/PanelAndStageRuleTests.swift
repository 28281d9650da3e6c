// Rules of what verbs say of several things at once: panels with one legend, tables below each other, runs beside a
// page's own, stages of a distillation, and of where an intervention acts when nobody says where.

import Experiments
import Internalization
import Language
import Plotting
import Probing
import Support
import Testing

@testable import Commands

@Suite struct PanelAndStageRuleTests {
    /// A run that is made in no time, with 20 test problems.
    private static func small(_ labels: String = "") -> Desk {
        let desk = Desk()
        desk.run(
            """
            let test = gen .parity digits: 4 n: 20 seed: 7
            let data = gen .parity digits: 4 n: 60 apart_from: test
            let m = model .gpt2 width: 8 heads: 1 layers: 2 positions: 32
            let r = start m on: data test: test batch: 8 \(labels)
            """)
        return desk
    }

    // MARK: - Figures

    private func figure(_ desk: Desk, _ line: String) throws -> Figure {
        try #require(desk.value(line).asObject as? FigureValue, "\(desk.messages)").figure
    }

    @Test func `a legend says once what a sign is short for, however many panels and axes have it`() throws {
        let desk = Desk()
        desk.run(
            """
            let t = table([q: [".input[0]", ".input[1]", ".input[0]", ".separator"], v: [1, 2, 3, 4], \
            k: [".input[1]", ".input[0]", ".input[2]", ".input[0]"], half: ["a", "a", "b", "b"]])
            """)
        let panels = try figure(desk, "plot t x: .q y: .v by: .half")
        #expect(panels.panels.map(\.x.categories) == [["i0", "i1"], ["i0", "|"]])
        #expect(panels.subtitle == "i .input, | .separator")
        let heat = try figure(desk, "plot t x: .q y: .k colour: .v kind: .heat")
        #expect(heat.panels.first?.x.categories == ["i0", "i1", "|"])
        #expect(heat.panels.first?.y.categories == ["i1", "i0", "i2"])
        #expect(heat.subtitle == "i .input, | .separator")
    }

    // MARK: - Tables below each other

    @Test func `what one of several tables shows is shown of all of them, and what each of them hides stays hidden`()
        throws
    {
        func table(_ number: Int, hidden: Bool) -> TableObject {
            TableObject([
                .init("k", [number]), .init("h", [.text("h\(number)")], format: hidden ? .hidden : .decimals(1)),
                .init("never", [.integer(7)], format: .hidden),
            ])
        }
        for (first, second) in [(true, false), (false, true), (false, false)] {
            let stacked = Comparison.stacked([table(1, hidden: first), table(2, hidden: second)])
            let column = try #require(stacked["h"])
            #expect(column.format == .decimals(1), "\(first) \(second)")
            #expect(column.values.map(\.text) == ["h1", "h2"])
            #expect(stacked["never"]?.format.isHidden == true)
            #expect(stacked["sweep"]?.values.map(\.text) == ["table 1", "table 2"])
        }
        let hidden = Comparison.stacked([table(1, hidden: true), table(2, hidden: true)])
        #expect(hidden["h"]?.format.isHidden == true && hidden["k"]?.format.isHidden == false)
    }

    // MARK: - What a probe is to find

    /// The targets that a fact of some problems means.
    private func targets(
        _ name: String, _ index: Int? = nil, _ set: ProblemSet, asClasses: Bool? = nil
    ) throws -> [ProbeTarget] {
        var found: [ProbeTarget] = []
        let verb = Command(CommandSignature("aim", "Finds targets.", [])) { call in
            found = try ProbeTargets.facts(name, index, set, asClasses, call)
            return .none
        }
        #expect(Session(Vocabulary(verbs: [verb])).run(SourceText("aim")) == .finished)
        return found
    }

    private func problems(_ expression: String) throws -> ProblemSet {
        try #require(Desk().value(expression).asHost(ProblemsValue.self)).set
    }

    @Test func `a fact that is a number and has digits is that number without an index, and a digit with one`() throws {
        let set = try problems("gen .add digits: 2 n: 40 seed: 3")
        // 7 2 + 5 1 asks for 27 + 15.
        let first = (0..<set.count).compactMap { index in
            set[index].question.split(separator: "+").first.flatMap { Double(String($0.filter(\.isNumber).reversed())) }
        }
        #expect(first.count == 40 && first.allSatisfy { $0 >= 10 && $0 < 100 })
        let whole = try targets("a", nil, set, asClasses: false)
        #expect(whole == [ProbeTarget(".a", numbers: first)])
        let tens = try targets("a", 1, set, asClasses: false)
        #expect(tens == [ProbeTarget(".a[1]", numbers: first.map { ($0 / 10).rounded(.down) })])
    }

    @Test func `a fact with an index alone means each of its indices but those where it is always the same`() throws {
        let set = try problems("gen .add digits: 2 n: 80 seed: 3")
        let all = try targets("carry", nil, set)
        #expect(all.map(\.name) == [".carry[0]", ".carry[1]"])
        // The chain of two digits holds their carries.
        let carries = (0..<set.count).map { index in set[index].chain.compactMap(\.wholeNumberValue) }
        #expect(all == (0..<2).map { place in ProbeTarget(".carry[\(place)]", classes: carries.map { $0[place] }) })
        let some = set.select(carries.indices.filter { carries[$0][1] == 0 })
        #expect(some.count > 10)
        let left = try targets("carry", nil, some), asked = try targets("carry", 1, some)
        #expect(left.map(\.name) == [".carry[0]"])
        // Asked for by its index it is there, for the probe to refuse.
        #expect(asked.map(\.name) == [".carry[1]"])
    }

    // MARK: - Distillation

    @Test func `a distillation's numbers are those that its stages told`() throws {
        let desk = Self.small()
        desk.run("train steps: 2\nlet kd = distill(r, student: 1, emulator: 2, coupled: 3)")
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        let told = try #require(desk.lines.first { $0.hasPrefix("emulator: 2 steps") }, "\(desk.lines)")
        let explained = try #require(desk.value("kd.explained").asReal)
        #expect(
            told.contains(", \(NumberText.fixed(100 * explained, decimals: 1)) % of the thoughts' variance"), "\(told)")
        let loss = try #require(desk.value("kd.emulator_loss").asReal)
        #expect(desk.value("kd.stages.loss[2]").asReal == loss && loss > 0)
        // Of half a square of the difference: what is explained is 1 less the loss of the emulator over that of the
        // mean, so it is below 1.
        #expect(explained < 1)
        #expect(desk.value("kd.stages.steps").text == "[2, 1, 2, 3]" && desk.value("kd.steps").asInteger == 6)
    }

    // MARK: - Pages

    @Test func `a page takes no run beside its own that solves other problems or ends its answers another way`() {
        let desk = Desk()
        desk.run(
            """
            let data = gen .parity digits: 4 n: 40
            let m = model .gpt2 width: 8 heads: 1 layers: 1 positions: 32
            let r = start m on: data batch: 8
            train steps: 1
            let same = start m on: data batch: 8
            train steps: 1
            let marked = start m on: data batch: 8 separator: .kept
            train steps: 1
            let sums = start m on: (gen .modsum digits: 4 n: 40) batch: 8
            train steps: 1
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        #expect(desk.run("let p = page(r, beside: [same], probes: false)") == .finished, "\(desk.messages)")
        for other in ["marked", "sums"] {
            #expect(desk.run("let p = page(r, beside: [same, \(other)], probes: false)") != .finished, "\(other)")
            #expect(
                desk.messages.first?.contains("does not solve the same problems in the same tokens") == true,
                "\(other): \(desk.messages)")
        }
    }

    // MARK: - Interventions

    @Test func `steering without a layer acts in the last one`() {
        let desk = Desk()
        desk.run(
            """
            let p = gen .parity digits: 4 n: 120 seed: 5
            let m = model .gpt2 width: 8 heads: 1 layers: 2 positions: 32
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        let steer = "intervene .steer of: m on: p target: .running_parity[1] scales: [2]"
        func losses(_ more: String) -> [Double] {
            guard desk.run("let t = \(steer) \(more)") == .finished else { return [] }
            return desk.session.value(of: "t")?.asTable?["loss"]?.values.compactMap(\.asReal) ?? []
        }
        let here = losses("place: .predicts_answer[0]")
        #expect(here.count == 1 && here == losses("place: .predicts_answer[0] layer: 1"), "\(desk.messages)")
        #expect(here != losses("place: .predicts_answer[0] layer: 0") && here != [0])
        // After the last layer nothing looks from one position at another.
        let elsewhere = losses("place: .separator")
        #expect(elsewhere.count == 1 && elsewhere.allSatisfy { abs($0) < 1e-6 }, "\(elsewhere)")
    }

    @Test func `positions are cut off in every layer where no layer is given`() {
        let desk = Desk()
        desk.run(
            """
            let p = gen .parity digits: 4 n: 20 seed: 5
            let one = model .gpt2 width: 8 heads: 1 layers: 1 positions: 32
            let two = model .gpt2 width: 8 heads: 1 layers: 2 positions: 32
            """)
        func losses(_ model: String, _ more: String = "") -> [Double] {
            guard desk.run("let t = intervene .knockout of: \(model) on: p \(more)") == .finished else { return [] }
            return desk.session.value(of: "t")?.asTable?["loss"]?.values.compactMap(\.asReal) ?? []
        }
        let single = losses("one"), both = losses("two")
        #expect(!single.isEmpty && single == losses("one", "layer: 0"), "\(desk.messages)")
        #expect(!both.isEmpty && both != losses("two", "layer: 0") && both != losses("two", "layer: 1"))
    }

    // MARK: - What a run says while it trains

    @Test func `training that is stopped after a removal tells the accuracy just after it`() throws {
        let desk = Self.small()
        let listener = desk.session.onEvent
        desk.session.onEvent = { [session = desk.session] event in
            if case .output(let bundle) = event,
                bundle.lines.contains(where: { $0.plain.hasPrefix("removed 1 of 2: accuracy ") })
            {
                session.interrupt.request()
            }
            listener(event)
        }
        #expect(desk.run("internalize every: 1") == .interrupted, "\(desk.lines) \(desk.messages)")
        desk.session.onEvent = listener
        desk.session.interrupt.clear()
        let run = try #require(desk.value("r").asExperiments.first).run
        #expect(run.removedCount == 1)
        let after = try #require(run.timeline.current.record.accuracyAfter)
        let told = try #require(desk.lines.first { $0.contains(", removed 1 of 2") }, "\(desk.lines)")
        #expect(
            told.contains(", accuracy \(Phrase.rate(after)) [") && told.contains("] of 20, removed 1 of 2"), "\(told)")
        #expect(desk.lines.contains("stopped after a whole step; train or internalize goes on from here"))
    }

    @Test(arguments: ["absent", "kept", "removed_last"])
    func `a run says by its word how an answer is set off`(_ word: String) {
        let desk = Self.small("separator: .\(word)")
        desk.run("show r")
        #expect(desk.lines.filter { $0.hasPrefix("  separator") } == ["  separator  .\(word)"], "\(desk.lines)")
    }
}
