// Rules of what a run says of itself while it trains and afterwards, of what each setting of a run sets, and of what
// the timeline tells.

import Experiments
import Foundation
import Language
import Support
import Testing
import Transformer

@testable import Commands
@testable import Internalization

@Suite struct TrainingWordsRuleTests {
    /// That of `Desk.bare` with 20 test problems, and so with 6 of 60 problems set aside for validation.
    private static func tested(_ labels: String = "") -> Desk {
        let desk = Desk()
        desk.run(
            """
            let test = gen .parity digits: 4 n: 20 seed: 7
            let data = gen .parity digits: 4 n: 60 apart_from: test
            let m = model .gpt2 width: 8 heads: 1 layers: 1 positions: 32
            let r = start m on: data test: test batch: 8 \(labels)
            """)
        return desk
    }

    private func experiment(_ desk: Desk, _ name: String = "r") throws -> Experiment {
        try #require(desk.value(name).asExperiments.first, "\(desk.messages)")
    }

    /// So many right of so many.
    private func evaluation(_ right: Int, of count: Int) -> Evaluation {
        var evaluation = Evaluation()
        evaluation.isCorrect = (0..<count).map { $0 < right }
        return evaluation
    }

    // MARK: - What there is to see of a run

    @Test func `a pass is told in steps where several batches make one, and in batches elsewhere`() {
        func row(_ labels: String) -> String {
            let desk = Desk.bare(labels)
            desk.run("show r")
            return desk.lines.first { $0.hasPrefix("  data       ") }.map { String($0.dropFirst(13)) } ?? ""
        }
        #expect(row("") == "5 batches in a pass over 40 problems, what is left over waits")
        // Two steps of two batches, and one batch too few for a third.
        #expect(row("accumulate: 2") == "2 steps in a pass over 40 problems, what is left over waits")
        #expect(
            row("slices: 2 partial_batch: true shuffle: false")
                == "5 batches in a pass over 40 problems, a partial one at its end, batches cut into 2 slices, "
                + "never shuffled")
    }

    @Test func `a run says which problems it is measured and stopped by, and none where there are none`() {
        let desk = Self.tested()
        desk.run("show r")
        #expect(desk.lines.contains("  test       20 problems, for every accuracy"), "\(desk.lines)")
        #expect(desk.lines.contains("  validation 6 problems, for until: and stopping"), "\(desk.lines)")
        let bare = Desk.bare()
        bare.run("show r")
        #expect(bare.lines.contains("  test       none") && bare.lines.contains("  validation none"), "\(bare.lines)")
    }

    @Test func `the rate of a run falls once its chain is gone, that of a control from the same update on`() {
        let desk = Desk.bare("decay: 12")
        desk.run("train steps: 6\nstep 2\ntrain steps: 4\nshow r")
        #expect(desk.text.contains(", decay over 12 once the chain is gone\n"), "\(desk.text)")
        desk.run("let c = control r\nshow c")
        #expect(desk.text.contains(", decay over 12 from update 6\n"), "\(desk.text)")
    }

    @Test func `a run tells itself in a line, and as JSON in the same numbers`() {
        let desk = Desk.bare("seed: 9")
        #expect(
            desk.value("r").text
                == "run of parity 4, 40 problems, batch 8, learning rate 0.002; 0 steps, removed 0 of 2")
        desk.run("train steps: 1\nstep")
        #expect(desk.value("r").text.hasSuffix("; 1 step, removed 1 of 2"))
        #expect(
            desk.value("r").json
                == #"{"run":"run","task":"parity 4","problems":40,"batch":8,"steps":1,"removed":1,"chain":2}"#)
        #expect(desk.value("r.seed").asInteger == 9)
    }

    @Test func `an accuracy is told with its interval, low end first, and of how many problems it is`() {
        // Wilson's interval of 3 of 4: z² = 3.8415; (0.75 + 0.4802 ± 1.96 √(0.75·0.25/4 + 0.06002)) / 1.9604.
        #expect(RunDisplay.accuracy(evaluation(3, of: 4)) == "accuracy 0.750 [0.301, 0.954] of 4")
    }

    @Test func `a removal tells the accuracy before it, then that after it, and no half of the pair`() throws {
        let run = try experiment(Desk.bare())
        func line(_ before: Evaluation?, _ after: Evaluation?, _ resets: Bool) -> String {
            RunDisplay.removal(run, from: .units(0), resets: resets, before: before, after: after).plain
        }
        let (one, three) = (evaluation(1, of: 4), evaluation(3, of: 4))
        #expect(line(three, one, true) == "removed 0 of 2: accuracy 0.750 → 0.250; optimizer reset")
        #expect(line(one, three, false) == "removed 0 of 2: accuracy 0.250 → 0.750")
        #expect(line(one, nil, false) == "removed 0 of 2" && line(nil, one, false) == "removed 0 of 2")
    }

    // MARK: - While it trains

    /// What a watcher of a run says of some events, its last line of progress, and how it sums them up.
    private func watch(
        _ events: [TrainingEvent], total: Int? = 7, isLimit: Bool = false, _ end: TrainingEnd = .stepsDone,
        noting evaluation: Evaluation? = nil
    ) throws -> (said: [String], progress: String, summary: DisplayBundle, last: Evaluation?, rescues: Int) {
        let run = try experiment(Desk.bare())
        var found: (summary: DisplayBundle, last: Evaluation?, rescues: Int)?
        let verb = Command(CommandSignature("watch", "Watches.", [])) { call in
            let watcher = TrainingWatcher(run, total: total, isLimit: isLimit, call)
            watcher.note(evaluation)
            for event in events { watcher.watch(event) }
            found = (watcher.summary(end), watcher.lastEvaluation, watcher.rescues)
            return .none
        }
        let session = Session(Vocabulary(verbs: [verb]))
        var said: [String] = [], progress = ""
        session.onEvent = { event in
            switch event {
            case .output(let bundle): said += bundle.lines.map(\.plain)
            case .progress(let line): progress = line.plain
            default: break
            }
        }
        session.run(SourceText("watch"))
        let result = try #require(found)
        return (said, progress, result.summary, result.last, result.rescues)
    }

    private var step: TrainingEvent {
        var report = StepReport()
        (report.loss, report.matchRate, report.smoothedMatchRate) = (0.5, 0.75, 0.25)
        return .step(report)
    }

    @Test func `progress tells the step of how many, the loss, how much is right lately, what is gone, the accuracy`()
        throws
    {
        let rest = "loss 0.500  right 0.25  removed 0 of 2"
        #expect(try watch([step]).progress == "training  1 of 7  14 %  " + rest)
        #expect(try watch([step], isLimit: true).progress == "training  1 of at most 7  " + rest)
        #expect(try watch([step], total: nil).progress == "training  step 1  " + rest)
        #expect(
            try watch([step], noting: evaluation(3, of: 4)).progress
                == "training  1 of 7  14 %  " + rest + "  accuracy 0.750")
    }

    @Test func `a stage that is taken back is told with where it was stuck, where it goes on and the attempt`() throws {
        let rescue = Rescue(stuckAt: .units(2), removed: .units(1), attempt: 3, leastSteps: 5)
        let found = try watch([.rescued(rescue), .rescued(rescue)])
        #expect(found.said.first == "stuck at 2 removed; back at 1 with another data order, attempt 3")
        #expect(found.said.count == 2 && found.rescues == 2)
    }

    @Test func `an alarm is said as it comes, but for a plateau, which the schedule deals with`() throws {
        let found = try watch([.alarm(.plateau(steps: 9, rate: 0.5)), .alarm(.loss(5, usual: 1))])
        #expect(found.said == ["watch: the loss jumped to 5 from 1"])
    }

    @Test func `what is reported is measured on the test problems, never what decided when to stop`() throws {
        let (one, three) = (evaluation(1, of: 4), evaluation(3, of: 4))
        #expect(try watch([.validated(three, updates: 3)]).last == nil)
        #expect(try watch([.recovered(steps: 1, evaluation: three), .validated(one, updates: 3)]).last == three)
        #expect(try watch([.recovered(steps: 1, evaluation: nil)], noting: one).last == one)
        let removed = TrainingEvent.removed(
            from: .units(0), to: .units(1), resetsOptimizer: false, before: three, after: one)
        #expect(try watch([removed]).last == one)
    }

    @Test func `training is summed up by its steps, its last loss and how it ended`() throws {
        func lines(_ end: TrainingEnd, _ events: [TrainingEvent] = []) throws -> [String] {
            let found = try watch(events, end)
            return found.summary.lines.map(\.plain)
        }
        let done = try lines(.stepsDone, [step, step]), none = try lines(.reachedAccuracy)
        #expect(done.count == 1 && done[0].hasPrefix("2 steps, loss 0.500  "), "\(done)")
        #expect(none.count == 1 && none[0].hasPrefix("0 steps  "), "\(none)")
        let stuck = try lines(.stuck, [step])
        #expect(stuck.first?.hasPrefix("1 step, loss 0.500, removed 0 of 2  ") == true, "\(stuck)")
        #expect(
            stuck.last
                == "stuck: the stage did not pass its threshold; train on, back to: a mark, or internalize rescues: 5")
        let stopped = try lines(.interrupted)
        #expect(stopped.last == "stopped after a whole step; train or internalize goes on from here")
        let json = try watch([step], .stuck, noting: evaluation(3, of: 4)).summary.json ?? ""
        #expect(json.hasPrefix(#"{"steps":1,"end":"stuck","removed":0,"seconds":"#), "\(json)")
        #expect(json.hasSuffix(#""loss":0.5,"accuracy":0.75}"#), "\(json)")
    }

    @Test(arguments: [
        ("train steps: 3", "training  1 of 3  33 %  "), ("train epochs: 1", "training  1 of 6  16 %  "),
        ("train until: 1 at_most: 3", "training  1 of at most 3  "),
        ("train until: 1", "training  1 of at most 100,000  "), ("internalize every: 1", "training  step 1  "),
        ("internalize every: 9 at_most: 4", "training  1 of at most 4  "),
    ])
    func `a number of steps is how far it goes, and only a limit where there is another goal`(
        _ line: String, _ words: String
    ) {
        let desk = Self.tested()
        // The progress of what went before is over, so that the first step is shown.
        desk.run("eval")
        var first: String?
        desk.session.onEvent = { [session = desk.session] event in
            guard case .progress(let progress) = event, first == nil else { return }
            first = progress.plain
            session.interrupt.request()
        }
        desk.session.run(SourceText(line))
        #expect(first?.hasPrefix(words) == true, "\(first ?? "nothing")")
    }

    @Test func `a stage that gets nowhere ends training where no rescue is asked for, and is taken back where one is`()
    {
        let desk = Desk.bare()
        desk.run("schedule adaptive: 1 least: 1 most: 2 patience: 0\nstep")
        #expect(desk.run("internalize rescues: 0 at_most: 60") == .finished, "\(desk.messages)")
        #expect(desk.lines.last?.hasPrefix("stuck: the stage did not pass its threshold") == true, "\(desk.lines)")
        #expect(desk.value("r.spent.updates").asInteger == 2 && desk.value("r.removed").asInteger == 1)
        desk.run("internalize rescues: 1 at_most: 60")
        let rescues = desk.lines.filter { $0.hasPrefix("stuck at ") }
        #expect(rescues.count == 1 && rescues[0].hasPrefix("stuck at 1 removed; back at "), "\(desk.lines)")
        #expect(rescues.first?.hasSuffix(", attempt 1") == true, "\(desk.lines)")
    }

    // MARK: - Settings

    @Test func `each label of start sets what its name says, and nothing else`() throws {
        let desk = Desk.bare()
        let plain = try #require(desk.trained("r")?.settings)
        let rows: [(String, (inout TrainingSettings) -> Void)] = [
            ("lr: 0.25", { $0.learningRate = 0.25 }), ("warmup: 3", { $0.warmUp = 3 }),
            ("decay: 7", { $0.decay = 7 }), ("decay: 0", { $0.decay = nil }),
            ("weight_decay: 0.5", { $0.optimizer.weightDecay = 0.5 }), ("beta1: 0.5", { $0.optimizer.beta1 = 0.5 }),
            ("beta2: 0.25", { $0.optimizer.beta2 = 0.25 }), ("epsilon: 0.5", { $0.optimizer.epsilon = 0.5 }),
            ("clip: 4", { $0.clip = 4 }), ("clip: 0", { $0.clip = nil }), ("accumulate: 3", { $0.accumulation = 3 }),
            ("accumulate_rule: .paper", { $0.accumulationRule = .paper }), ("slices: 2", { $0.slices = 2 }),
            ("shuffle: false", { $0.isShuffled = false }), ("partial_batch: true", { $0.keepsPartialBatch = true }),
            ("seed: 9", { $0.seed = 9 }),
        ]
        for (labels, change) in rows {
            desk.run("let s = start m on: data batch: 8 \(labels)")
            var wanted = plain
            change(&wanted)
            #expect(desk.trained("s")?.settings == wanted, "\(labels): \(desk.messages)")
        }
        desk.run("let s = start m on: data max_length: 9")
        #expect(desk.trained("s")?.schedule.maximumLength == 9 && desk.trained("s")?.settings.batchSize == 64)
    }

    @Test func `every label that contradicts a preset is said, with what it was`() {
        let desk = Desk()
        desk.run(
            """
            let data = gen .parity digits: 4 n: 40
            let m = model .gpt2 width: 8 heads: 1 layers: 1 positions: 32 dropout: 0.1
            start m on: data preset: .paper warmup: 5 weight_decay: 0.5 beta1: 0.5 beta2: 0.25 epsilon: 0.5 clip: 0 \
            accumulate: 2 accumulate_rule: .reference slices: 2 shuffle: false max_length: 20
            """)
        let wanted = """
            note: .paper but for warmup: 5 instead of 0, weight_decay: 0.5 instead of 0.01, beta1: 0.5 instead of 0.9, \
            beta2: 0.25 instead of 0.999, epsilon: 0.5 instead of 1e-08, clip: none instead of 1, \
            accumulate: 2 instead of 1, accumulate_rule: .reference instead of .paper, slices: 2 instead of 1, \
            shuffle: false instead of true, max_length: 20 instead of none
            """
        #expect(desk.lines.first == wanted, "\(desk.lines) \(desk.messages)")
    }

    @Test func `only of a GPT-2 that is to be trained as a preset says is it mentioned that it has no dropout`() {
        let desk = Desk()
        desk.run("let data = gen .parity digits: 4 n: 40")
        func mentions(_ family: String, _ labels: String) -> Bool {
            desk.run("start (model .\(family) width: 8 heads: 1 layers: 1 positions: 32) on: data \(labels)")
            #expect(desk.messages.isEmpty, "\(desk.messages)")
            return desk.text.contains("dropout")
        }
        #expect(mentions("gpt2", "preset: .paper") && !mentions("gpt2", "") && !mentions("llama", "preset: .paper"))
    }

    // MARK: - The schedule

    @Test func `another preset of the schedule leaves which problems are short enough as the start decided`() {
        let desk = Desk.bare("max_length: 9")
        desk.run("schedule .default")
        desk.run("schedule")
        #expect(desk.lines.contains { $0.hasPrefix("longest sequence") && $0.contains(" 9 tokens") }, "\(desk.lines)")
    }

    @Test(arguments: [
        ("reset_optimizer: false reset_rule: .paper", "reset_rule: is about resets of the optimizer"),
        ("every: 5 patience: 3", "patience: belongs to an adaptive schedule"),
        ("every: 5 most: 9", "most: belongs to an adaptive schedule"),
        ("pace: .uniform when_stuck: .report", "when_stuck: belongs to an adaptive schedule"),
        ("flat_loss: 5 most: 9 first: 0.9", "first: belongs to an adaptive schedule"),
        ("pace: .manual adaptive_loss: 1", "adaptive_loss: and pace: each say when the next token goes"),
        ("flat_loss: 5 per_epoch: 1", "per_epoch: and flat_loss: each say when the next token goes"),
    ])
    func `a switch that means nothing beside the others is refused`(_ labels: String, _ words: String) {
        let desk = Desk.bare()
        desk.run("schedule \(labels)")
        #expect(desk.messages.count == 1 && desk.messages[0].contains(words), "\(desk.messages)")
    }

    @Test(arguments: [
        ("flat_loss: 1", "when the loss is flat over 1 step"), ("flat_loss: 2", "when the loss is flat over 2 steps"),
        (
            "adaptive: 0.9 least: 1 patience: 0 most: 3",
            "adaptive, exact match ≥ 0.9 (exact match ≥ 0.97 while whole), least 1 step, most 3, then stuck"
        ),
    ])
    func `a single step is told in the singular`(_ labels: String, _ value: String) {
        let desk = Desk.bare()
        desk.run("schedule \(labels)\nschedule")
        #expect(desk.lines.contains { $0.hasPrefix("next token ") && $0.hasSuffix(" " + value) }, "\(desk.lines)")
    }

    @Test func `the plan of an adaptive schedule says by which measure each stage ends, the last by none`() {
        let desk = Desk()
        func column(_ line: String, _ name: String) -> String { desk.value("(\(line)).\(name)").text }
        let mixed = "plan adaptive_loss: 0.5 first: 0.9 chain: 2"
        #expect(
            desk.value("keys((\(mixed)))").asList?.compactMap(\.asText)
                == ["stage", "removed", "left", "ends_at", "ends_at_loss", "least", "patience", "most"])
        #expect(column(mixed, "ends_at") == "[0.9000, none, none]")
        #expect(column(mixed, "ends_at_loss") == "[none, 0.5000, none]")
        // While the chain is whole nothing is stuck.
        #expect(column(mixed + " most: 30 patience: 20", "most") == "[none, 30, 30]")
        #expect(column(mixed + " most: 30 patience: 20", "patience") == "[none, 20, 20]")
        #expect(desk.value("keys(plan(flat_loss: 5, chain: 2))").text == #"["stage", "removed", "left"]"#)
    }

    @Test func `a plan says at which removals the optimizer is reset`() {
        let desk = Desk()
        let plan = "plan every: 2 rows: 4 batch: 2 chain: 2"
        #expect(desk.value("(\(plan)).reset").text == "[false, true, true]", "\(desk.messages)")
        #expect(desk.value("(\(plan) reset_optimizer: false).reset").text == "[false, false, false]")
    }

    // MARK: - The timeline

    @Test func `all marks of a stage stand in its row`() {
        let desk = Desk.bare()
        desk.run("mark \"a\"\nmark \"b\"\nstep\nmark \"c\"")
        #expect(desk.value("(timeline).marks").text == #"["a, b", "c"]"#)
    }

    @Test func `a chain of sixty tokens still stands below the timeline, a longer one does not`() {
        let desk = Desk()
        desk.run("let m = model .gpt2 width: 8 heads: 1 layers: 1 positions: 128")
        func note(_ count: Int) -> String {
            desk.run(
                """
                let p = problems({ i in [question: "{i}", chain: joined(repeated("1", \(count)), " "), answer: "1"] }, \
                n: 9)
                start m on: p batch: 8
                timeline
                """)
            #expect(desk.messages.isEmpty, "\(desk.messages)")
            // A long line goes on in the next one.
            return desk.text.replacing("\n", with: " ").components(separatedBy: "chain of a problem: ").last ?? ""
        }
        let ones = Array(repeating: "1", count: 60).joined(separator: " ")
        #expect(note(60) == "\(ones), taken from the left")
        #expect(!note(61).contains("taken from the left"))
    }

    @Test func `where a chain had one token it is told in the singular that it is gone`() {
        let desk = Desk()
        desk.run(
            """
            let p = problems({ i in [question: "{i}", chain: "1", answer: "1"] }, n: 9)
            start (model .gpt2 width: 8 heads: 1 layers: 1 positions: 32) on: p batch: 8
            step
            step
            """)
        #expect(
            desk.messages.first?.contains("nothing is left to remove: the one token is gone") == true,
            "\(desk.messages)")
    }

    @Test func `going back says the accuracy of the stage that it comes to, and too far how far it can be`() {
        let desk = Self.tested()
        desk.run("train steps: 1\nstep\nlet known = (timeline).accuracy[0]\nback")
        let known = desk.value("known").asReal ?? -1
        #expect(
            desk.lines.last { $0.hasPrefix("back at") } == "back at removed 0 of 2, step 1, accuracy "
                + NumberText.fixed(known, decimals: 3), "\(desk.lines)")
        desk.run("step\nback 4")
        #expect(desk.messages.first?.contains("fix: write back 1") == true, "\(desk.messages)")
    }

    @Test func `a run goes on with what is kept under its name only where a name is given`() {
        let desk = Desk.bare()
        desk.run("let s = start m on: data batch: 8 resume: true")
        #expect(
            desk.messages.first?.contains("resume: true goes on with the run of a name, and none is given") == true,
            "\(desk.messages)")
        #expect(desk.session.value(of: "s") == nil && desk.value("current_run() == r").asBoolean == true)
    }

    // MARK: - Beside each other

    @Test func `a control draws its data in the run's order unless another seed is given`() {
        let desk = Desk.bare("seed: 3")
        desk.run("train steps: 1\nlet c = control r\nlet d = control r seed: 5")
        #expect(desk.trained("c")?.settings.seed == 3 && desk.trained("d")?.settings.seed == 5)
    }

    @Test func `a control tells in JSON what it has cost and what the run has`() {
        let desk = Desk.bare()
        var json: [String] = []
        let listener = desk.session.onEvent
        desk.session.onEvent = { event in
            if case .output(let bundle) = event, let text = bundle.json { json.append(text) }
            listener(event)
        }
        desk.run("schedule smoothing: 0\ntrain steps: 3\ncontrol r steps: 2")
        // Eight problems a step: nine tokens each with the chain, seven without it.
        #expect(
            json.contains(#"{"control":"No CoT","updates":2,"tokens":112,"run_updates":3,"run_tokens":216}"#),
            "\(json)")
    }

    @Test func `runs beside each other have the numbers of their own timelines`() {
        let desk = Self.tested()
        desk.run("train steps: 3\nstep\ntrain steps: 2\nlet t = compare r to: r\nlet own = timeline")
        #expect(desk.value("length(t)").asInteger == 4, "\(desk.messages)")
        for column in ["removed", "steps", "loss", "accuracy", "written"] {
            let own = (desk.value("own.\(column)").asList ?? []).map(\.text)
            #expect((desk.value("t.\(column)").asList ?? []).map(\.text) == own + own, "\(column)")
        }
    }

    @Test func `tables are compared with tables alone`() {
        let desk = Desk.bare()
        desk.run("let t = table([a: [1]])")
        for other in ["r", "[t, r]"] {
            desk.run("compare t to: \(other)")
            #expect(
                desk.messages.first?.contains("a table is compared with tables, a run with runs") == true,
                "\(desk.messages)")
        }
    }

    // MARK: - Measuring

    @Test func `a single known problem is told in the singular`() {
        let desk = Desk.bare()
        desk.run("let other = gen .parity digits: 4 n: 30 apart_from: data")
        desk.run("let r = start m on: data[0..<39] test: data[39..<40] validation: other\neval data[38..<40]")
        #expect(
            desk.lines.first == "note: 1 of these 2 problems is among those trained on",
            "\(desk.lines) \(desk.messages)")
    }

    @Test func `an evaluation is told by the numbers that it has`() {
        let desk = Self.tested()
        desk.run("let e = eval\neval")
        func number(_ name: String, _ decimals: Int = 3) -> String {
            NumberText.fixed(desk.value("e.\(name)").asReal ?? -1, decimals: decimals)
        }
        #expect(
            desk.lines == [
                "accuracy \(number("accuracy")) [\(number("low")), \(number("high"))] of 20, loss \(number("loss")), "
                    + "\(number("written", 1)) tokens written"
            ])
        #expect(desk.value("e.low < e.high").asBoolean == true)
        #expect(desk.value("e.loss == e.digit_losses[0]").asBoolean == false)
    }

    @Test func `another seed draws other tokens`() {
        let desk = Self.tested()
        let found = (1...4).map { desk.value("(eval temperature: 5 seed: \($0)).written").text }
        #expect(Set(found).count > 1, "\(found)")
    }

    @Test func `a problem is solved with as much of its chain gone as is asked for`() {
        let desk = Self.tested()
        // The running parity of 1 2 1 0 is 1 0, then the answer 0.
        desk.run("schedule pace: .uniform\nlet p = gen .parity of: [1, 2, 1, 0]")
        func first(_ removed: Int) -> String {
            desk.run("solve p[0] removed: \(removed)")
            let written = desk.lines.first?.split(separator: "│").last?.split(separator: " ").first.map(String.init)
            return written ?? "\(desk.messages)"
        }
        let (whole, part) = (first(0), first(1))
        #expect(whole == "1" || whole.hasSuffix("(1)"), "\(whole)")
        #expect(part == "0" || part.hasSuffix("(0)"), "\(part)")
    }
}
