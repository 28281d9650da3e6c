// Rules of the verbs that start, train and move a run: which run is meant, how long it is trained, where a step leads,
// what a timeline has, and what each of them says.

import Experiments
import Foundation
import Internalization
import Language
import Support
import TestSupport
import Testing

@testable import Commands

@Suite struct RunVerbRuleTests {
    /// That of `Desk.bare` with 20 test problems, and so with validation problems too.
    private static func tested() -> Desk {
        let desk = Desk()
        desk.run(
            """
            let test = gen .parity digits: 4 n: 20 seed: 7
            let data = gen .parity digits: 4 n: 60 apart_from: test
            let m = model .gpt2 width: 8 heads: 1 layers: 2 positions: 32
            let r = start m on: data test: test batch: 8
            """)
        return desk
    }

    private func experiment(_ desk: Desk, _ name: String) throws -> Experiment {
        try #require(desk.value(name).asExperiments.first, "\(desk.messages)")
    }

    // MARK: - Which run is meant

    @Test func `the run that was started or opened last is the current one, and a control is not`() throws {
        let desk = Desk()
        desk.run("print current_run()")
        #expect(desk.codes == [.runtimeArgument] && desk.messages[0].contains("there is no run yet"))
        desk.run(
            "let data = gen .parity digits: 4 n: 40\nlet m = model .gpt2 width: 8 heads: 1 layers: 1 positions: 32\n"
                + "let r = start m on: data batch: 8")
        #expect(desk.value("current_run() == r").asBoolean == true)
        desk.run("train steps: 1\nlet c = control r kind: .no_cot")
        #expect(desk.value("current_run() == r").asBoolean == true && desk.value("c == r").asBoolean == false)
        desk.run("let s = start (model .gpt2 width: 8 heads: 1 positions: 32) on: data batch: 8")
        #expect(desk.value("current_run() == s").asBoolean == true)
        try withTemporaryFolder { folder in
            desk.run("save_run \"\(folder.path)/x\" run: r compact: true")
            // A copy that was written is not the run that goes on.
            #expect(desk.value("current_run() == s").asBoolean == true)
            desk.run("let t = resume \"\(folder.path)/x\" hold: false")
            #expect(desk.messages.isEmpty && desk.value("current_run() == t").asBoolean == true, "\(desk.messages)")
        }
    }

    @Test func `runs are called by their kind and a number, the first without one`() {
        let desk = Desk.bare()
        desk.run("let s = start m on: data batch: 8\nlet t = start m on: data batch: 8\ntrain steps: 1")
        #expect(desk.value("[r.name, s.name, t.name]").text == #"["run", "run 2", "run 3"]"#)
        desk.run("let c = control kind: .filler\nlet d = control kind: .filler\nlet e = control kind: .explicit")
        #expect(
            desk.value("[c.name, d.name, e.name]").text == #"["filler tokens", "filler tokens 2", "Explicit CoT"]"#)
    }

    @Test func `a control without a kind has seen no chain`() {
        let desk = Desk.bare()
        desk.run("train steps: 1\nlet c = control r")
        #expect(desk.value("c.name").asText == "No CoT" && desk.value("c.removed").asInteger == 2)
    }

    @Test(arguments: ["", ".hidden", "a/b", "two words", "two\\nlines", "tab\\t"])
    func `a run's name is one plain word, and with another nothing is started`(_ name: String) {
        let desk = Desk.bare()
        desk.run("let s = start m on: data batch: 8 name: \"\(name)\"")
        #expect(desk.codes == [.runtimeArgument])
        #expect(desk.messages.first?.contains("a run's name is a plain word") == true, "\(desk.messages)")
        #expect(desk.value("current_run() == r").asBoolean == true && desk.session.value(of: "s") == nil)
    }

    @Test func `a run is watched unless somebody says not to`() throws {
        let desk = Desk.bare()
        #expect(try experiment(desk, "r").run.watch != nil)
        desk.run("let s = start m on: data batch: 8 watch: false")
        #expect(try experiment(desk, "s").run.watch == nil)
    }

    @Test func `the prompt says how much of the chain of the current run is gone`() {
        let desk = Desk()
        #expect(desk.session.status == nil)
        desk.run(
            "let data = gen .parity digits: 4 n: 40\n"
                + "let r = start (model .gpt2 width: 8 heads: 1 layers: 1 positions: 32) on: data batch: 8\nstep")
        #expect(desk.session.status?.plain == "1/2 removed ·")
    }

    // MARK: - How long

    @Test func `until: is looked at every twenty updates, or as often as check: says, and at_most: ends it`() {
        let desk = Self.tested()
        desk.run("train until: 0")
        #expect(desk.value("r.steps").asInteger == 20, "\(desk.messages)")
        desk.run("train until: 0 check: 7")
        // Of the steps of a stage each seventh.
        #expect(desk.value("r.steps").asInteger == 21)
        desk.run("train until: 1 check: 100 at_most: 3")
        #expect(desk.value("r.steps").asInteger == 24)
        desk.run("train steps: 2 until: 1 check: 100 at_most: 9")
        #expect(desk.value("r.steps").asInteger == 26)
        desk.run("train at_most: 4")
        #expect(desk.value("r.steps").asInteger == 30)
    }

    @Test func `training says its steps, and the accuracy only where there are test problems`() {
        let desk = Self.tested()
        desk.run("train steps: 1")
        #expect(desk.lines.count == 1 && desk.lines[0].hasPrefix("1 step, loss "), "\(desk.lines)")
        #expect(desk.lines[0].contains(", accuracy 0.") && desk.lines[0].contains("] of 20  "))
        desk.run("step\ntrain steps: 2")
        #expect(desk.lines.last?.hasPrefix("2 steps, loss ") == true)
        #expect(desk.lines.last?.contains("] of 20, removed 1 of 2  ") == true, "\(desk.lines)")
        let bare = Desk.bare()
        bare.run("train steps: 3")
        #expect(bare.lines[0].hasPrefix("3 steps, loss ") && !bare.lines[0].contains("accuracy"), "\(bare.lines)")
    }

    @Test func `internalize without validation problems ends with its updates, and until: is refused there`() {
        let desk = Desk.bare()
        desk.run("internalize every: 2 final: 3")
        // Two stages of two updates, and three at the end.
        #expect(desk.value("r.steps").asInteger == 7 && desk.value("r.removed").asInteger == 2, "\(desk.messages)")
        #expect(desk.value("(timeline).steps").text == "[2, 2, 3]")
        desk.run("internalize every: 2 final: 3 until: 0.9")
        #expect(desk.messages.first?.contains("the run has no validation problems") == true)
        #expect(desk.value("r.steps").asInteger == 7)
        // The pace that it was given is the schedule's from then on.
        desk.run("schedule")
        #expect(desk.lines.first?.hasSuffix("every 2 steps") == true, "\(desk.lines)")
    }

    @Test func `internalize stops as soon as the answer without a chain is right often enough`() {
        let desk = Self.tested()
        desk.run("internalize every: 1 until: 0 check: 5 final: 100")
        #expect(desk.value("(timeline).steps").text == "[1, 1, 5]", "\(desk.messages)")
    }

    @Test func `a rate that is given holds for what it is given with, and for what follows`() {
        let desk = Desk.bare()
        desk.run("internalize every: 1 final: 1 lr: 0.01")
        #expect(desk.value("r.learning_rate > 0.0099 and r.learning_rate < 0.0101").asBoolean == true)
        #expect(desk.value("r.steps").asInteger == 3)
    }

    // MARK: - Steps

    @Test func `a step says what went and whether the optimizer was reset, and accuracies only of test problems`() {
        let desk = Desk.bare()
        desk.run("step")
        #expect(desk.lines.first == "removed 1 of 2; optimizer reset")
        desk.run("schedule reset_optimizer: false\nstep")
        #expect(desk.lines.dropFirst().first == "removed 2 of 2", "\(desk.lines)")
        desk.run("step")
        #expect(desk.messages[0].contains("nothing is left to remove: all 2 tokens are gone"))
        #expect(desk.messages[0].contains("fix: write back 1, or train on"))
        let tested = Self.tested()
        tested.run("train steps: 1\nstep")
        let line = tested.lines.dropFirst().first ?? ""
        #expect(line.hasPrefix("removed 1 of 2: accuracy 0.") && line.contains(" → 0."), "\(line)")
    }

    @Test func `more than is left cannot go, and the step that can is told`() {
        let desk = Desk.bare()
        desk.run("step 3")
        #expect(desk.messages.first?.contains("only 2 tokens of the chain are left") == true, "\(desk.messages)")
        #expect(desk.messages.first?.contains("fix: write step to: 2") == true)
        desk.run("step to: 3")
        #expect(desk.messages.first?.contains("the longest chain has 2 tokens") == true)
        #expect(desk.messages.first?.contains("fix: write step to: 2") == true)
        #expect(desk.value("r.removed").asInteger == 0)
        desk.run("step to: 2")
        #expect(desk.value("r.removed").asInteger == 2 && desk.value("r.stages").asInteger == 3)
    }

    @Test func `below 0, or to less than is gone, a step goes back, and by none it stays`() {
        let desk = Desk.bare()
        desk.run("train steps: 1\nlet first = hash r\nstep 2\nstep -1")
        #expect(
            desk.lines.contains { $0.hasPrefix("back at removed 1 of 2") } && desk.value("r.removed").asInteger == 1)
        desk.run("step to: 0")
        #expect(desk.value("r.removed").asInteger == 0 && desk.value("(hash r) == first").asBoolean == true)
        desk.run("step to: 0")
        #expect(desk.codes.isEmpty && desk.value("r.stages").asInteger == 1)
        desk.run("step -1")
        #expect(desk.messages.first?.contains("this is the first stage of the run") == true)
    }

    @Test func `a mark tells where it is, and a second of its name is refused`() {
        let desk = Desk.bare()
        desk.run("train steps: 3\nstep\nmark \"here\"")
        #expect(desk.lines.last == "mark \"here\" at removed 1 of 2, step 3")
        desk.run("mark \"here\"")
        #expect(desk.codes.count == 1)
        desk.run("branch \"other\"")
        #expect(desk.lines.last == "branch \"other\" from removed 1 of 2")
        desk.run("back to: 3")
        #expect(desk.messages.first?.contains("no stage before this one has 3 removed") == true)
        desk.run("back to: 0")
        #expect(desk.lines.first == "back at removed 0 of 2, step 3", "\(desk.lines)")
        desk.run("back to: \"none\"")
        #expect(desk.messages.first?.contains("the timeline has no mark \"none\"") == true)
    }

    @Test func `a mark by name is told what to make first where there is none`() {
        let desk = Desk.bare()
        desk.run("back to: \"a\"")
        #expect(desk.messages.first?.contains("fix: make one first: mark \"a\"") == true, "\(desk.messages)")
    }

    // MARK: - The timeline

    @Test func `a timeline has the way to the present stage, and all branches only where they are asked for`() {
        let desk = Desk.bare()
        desk.run("train steps: 1\nmark \"a\"\nmark \"b\"\nstep\nback\nbranch \"other\"\nstep\nstep")
        #expect(desk.value("(timeline).removed").text == "[0, 0, 1, 2]", "\(desk.messages)")
        #expect(desk.value("contains(keys(timeline()), \"branch\")").asBoolean == false)
        let all = desk.value("(timeline branches: true).branch").text
        #expect(all == #"["main", "main", "other", "other", "other"]"#)
        #expect(desk.value("(timeline).marks[0]").asText == "a, b")
        // Nothing was rescued, so nothing says how often.
        #expect(desk.value("contains(keys(timeline()), \"rescues\")").asBoolean == false)
        desk.run("let s = start m on: data batch: 8\nlet other = timeline r")
        #expect(desk.value("length(other)").asInteger == 4 && desk.value("length(timeline())").asInteger == 1)
    }

    @Test func `below a timeline stands a chain and the order in which its pieces go`() {
        let desk = Desk()
        desk.run(
            """
            let p = problems({ i in [question: "{i} 1", chain: ["1 2", "3 4 5"], answer: "{i % 2}"] }, n: 40)
            let r = start (model .gpt2 layers: 1 heads: 2 width: 16) on: p batch: 8
            timeline
            """)
        #expect(desk.lines.last == "chain of a problem: 1 2 3 4 5, taken from the left", "\(desk.lines)")
        desk.run("schedule order: .steps\ntimeline")
        #expect(desk.lines.last == "chain of a problem: 1 2 3 4 5, taken in the order 1 2 | 3 4 5", "\(desk.lines)")
    }

    // MARK: - The schedule

    @Test func `what an adaptive schedule was told stays where only its rate is changed`() {
        let desk = Desk.bare()
        func next() -> String {
            desk.run("schedule")
            return String(desk.lines.first?.dropFirst("next token".count).drop { $0 == " " } ?? "")
        }
        // Without more: 400 steps of patience at least, since a chain of two is short.
        #expect(
            next().hasPrefix(
                "adaptive, exact match ≥ 0.95 (exact match ≥ 0.97 while whole), least 20 steps, patience 400"))
        desk.run("schedule adaptive: 0.9 first: 0.9 least: 7 most: 50 patience: 9\nschedule adaptive: 0.8")
        #expect(
            next()
                == "adaptive, exact match ≥ 0.8 (exact match ≥ 0.9 while whole), least 7 steps, patience 9, "
                + "most 50, then stuck"
        )
        desk.run("schedule adaptive: 0.9 patience: 0 when_stuck: .remove_anyway")
        #expect(next() == "adaptive, exact match ≥ 0.9, least 7 steps, most 50, then on")
        // Of a loss there is no other for the whole chain.
        desk.run("schedule adaptive_loss: 0.5 when_stuck: .report")
        #expect(next() == "adaptive, loss ≤ 0.5, least 7 steps, most 50, then stuck")
        desk.run("schedule every: 3\nschedule adaptive: 0.9")
        #expect(next().contains("(exact match ≥ 0.97 while whole), least 20 steps"))
    }

    @Test(arguments: [
        ("max_length: 9 length_rule: .paper", "longest sequence", "9 tokens, rule .paper"),
        ("max_length: 9 length_rule: .reference", "longest sequence", "9 tokens, rule .reference"),
        ("per_epoch: 2 counting: .reference", "counting", ".reference"),
        ("positions: .original", "positions", "original"), ("order: .random seed: 3", "order", "random, seed 3"),
        ("rescue_mixing: 0", "mixing", "none"),
        ("reset_optimizer: .all", "optimizer reset", "all, rule .fixed, warm-up 20 steps"),
    ])
    func `a switch of the schedule is set to what is said`(_ labels: String, _ row: String, _ value: String) {
        let desk = Desk.bare()
        #expect(desk.run("schedule \(labels)") == .finished, "\(desk.messages)")
        desk.run("schedule")
        let lines = desk.lines.filter { $0.hasPrefix(row + " ") }
        #expect(lines.count == 1 && lines[0].dropFirst(row.count).drop { $0 == " " } == value, "\(lines)")
    }

    @Test func `two random orders of one seed are one order, and of another seed another`() throws {
        let desk = Desk()
        desk.run(
            """
            let data = gen .parity digits: 12 n: 20
            let m = model .gpt2 width: 8 heads: 1 layers: 1 positions: 64
            let r = start m on: data batch: 8
            """)
        func order(_ labels: String) -> String {
            desk.run("schedule order: .random \(labels)\ntimeline")
            return desk.text.components(separatedBy: "chain of a problem").last ?? ""
        }
        let first = order("")
        #expect(first.contains("taken in the order "))
        #expect(order("seed: 2") != first && order("seed: 1") == first)
    }

    @Test func `a plan asks for what it cannot know, and goes as far as it is told`() {
        let desk = Desk()
        desk.run("plan per_epoch: 1 rows: 64 batch: 32")
        #expect(desk.messages.first?.contains("fix: add chain: 47") == true, "\(desk.messages)")
        desk.run("plan per_epoch: 1 chain: 5")
        #expect(desk.messages.first?.contains("fix: add rows: 808_000 chain: 47") == true, "\(desk.messages)")
        let plan = "plan per_epoch: 1 rows: 64 batch: 32 chain: 5"
        // Two batches a pass: a token goes at 2, 4, 6, 8 and 10.
        #expect(desk.value("(\(plan)).step").text == "[0, 2, 4, 6, 8, 10]", "\(desk.messages)")
        #expect(desk.value("(\(plan)).left").text == "[5, 4, 3, 2, 1, 0]")
        #expect(desk.value("(\(plan)).epoch").text == "[0, 1, 2, 3, 4, 5]")
        #expect(desk.value("(\(plan) steps: 5).step").text == "[0, 2, 4]")
        #expect(desk.value("(\(plan) pretrain_epochs: 1).step[1]").asInteger == 4)
        #expect(desk.value("(\(plan) all_beyond: 2).removed").text == #"[0, 1, "all"]"#, "\(desk.messages)")
    }

    // MARK: - What can be measured

    @Test func `an evaluation tells its numbers by name, and speeds only where they were measured`() {
        let desk = Self.tested()
        let plain = [
            "accuracy", "n", "right", "low", "high", "written", "digits", "digit_losses", "loss", "token_accuracy",
        ]
        func names(_ line: String) -> [String] { (desk.value(line).asObject as? EvaluationValue)?.fieldNames ?? [] }
        #expect(names("eval") == plain, "\(desk.messages)")
        #expect(desk.value("(eval).n").asInteger == 20 && desk.value("(eval limit: 7).n").asInteger == 7)
        #expect(desk.value("(eval limit: 700).n").asInteger == 20)
        #expect(names("eval limit: 5 speed: true") == plain + ["per_second", "relative_speed"])
        #expect((desk.value("(eval limit: 5 speed: true).per_second").asReal ?? 0) > 0)
        #expect(desk.value("length((eval).digits)").asInteger == 1)
        desk.run("eval")
        #expect(desk.lines.count == 1 && desk.lines[0].hasSuffix(" tokens written"), "\(desk.lines)")
        desk.run("let s = start m on: data\neval")
        #expect(desk.messages.first?.contains("which problems? the run has no test problems") == true)
    }

    @Test func `answers of several tokens have a row for how often each is right`() {
        let desk = Desk()
        desk.run(
            """
            let test = gen .mult digits: 1 n: 10 seed: 7
            let data = gen .mult digits: 1 n: 40 apart_from: test
            let r = start (model .gpt2 width: 8 heads: 1 layers: 1 positions: 64) on: data test: test batch: 8
            eval
            """)
        #expect(desk.lines.count == 2 && desk.lines[1].hasPrefix("answer tokens  "), "\(desk.lines)")
        #expect(desk.lines.last?.split(separator: " ").count == 4)
    }

    @Test func `runs beside each other have their stages one below the other, under the run's name`() {
        let desk = Desk.bare()
        desk.run("train steps: 2\nstep\ntrain steps: 3\nlet c = control r kind: .no_cot\nlet t = compare r to: c")
        #expect(desk.value("t.run").text == #"["run", "run", "No CoT"]"#, "\(desk.messages)")
        #expect(desk.value("t.removed").text == "[0, 1, 2]" && desk.value("t.steps").text == "[2, 3, 5]")
        desk.run("compare r to: [c, table([a: [1]])]")
        #expect(desk.messages.first?.contains("a run is compared with runs, a table with tables") == true)
        #expect(desk.value("length(compare(r, to: [c, c]))").asInteger == 4)
    }

    @Test func `a distillation stands beside runs with what each of its two models has cost`() {
        let desk = Self.tested()
        desk.run("train steps: 2\nlet kd = distill(r, student: 1, emulator: 2, coupled: 3)\nlet t = compare r to: kd")
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        #expect(desk.value("t.run").text == #"["run", "ICoT-KD, teacher's thoughts", "ICoT-KD"]"#)
        // The student alone, and all three stages together.
        #expect(desk.value("t.steps").text == "[2, 1, 6]")
        #expect(desk.value("kd.accuracy == t.accuracy[2] and kd.oracle == t.accuracy[1]").asBoolean == true)
        #expect(
            desk.value("kd.accuracy == kd.stages.accuracy[3] and kd.teacher == kd.stages.accuracy[0]").asBoolean == true
        )
        #expect(
            desk.value("kd.uncoupled == kd.stages.accuracy[2] and kd.oracle == kd.stages.accuracy[1]").asBoolean == true
        )
        #expect(desk.value("kd.low <= kd.accuracy and kd.accuracy <= kd.high and kd.low < kd.high").asBoolean == true)
        desk.run("let more = distill(r, steps: 2, emulator: 1)")
        #expect(desk.value("more.stages.steps").text == "[2, 2, 1, 2]")
    }
}
