import Language
import Testing

/// What a person is told about the problems behind a number.
@Suite struct HonestNumbersTests {
    private let own =
        "let all = problems({ i in [question: \"{i} + {i}\", chain: \"{i}\", answer: \"{i + i}\"] }, n: 60)\n"
        + "let m = model .gpt2 vocab: all width: 16 heads: 2 layers: 1\n"

    @Test func `answers of different lengths are told from the chain by a separator that stays`() {
        let desk = Desk()
        desk.run(own + "let r = start m on: all[0..<50] test: all[50..<60] batch: 8\nshow r")
        #expect(desk.codes.isEmpty)
        #expect(desk.text.contains("separator  .kept"))
        desk.run("step 2\ntrain steps: 2\nsolve all[55]")
        #expect(desk.codes.isEmpty)
        // 55 + 55 with both digits of its chain gone: the separator still stands before the answer.
        desk.run("show all[55]")
        #expect(desk.text.contains("[5 5] # 1 1 0 $"), "\(desk.text)")
    }

    @Test func `a separator that is left out by hand is refused where nothing else tells the answer`() {
        let desk = Desk()
        desk.run(own + "start m on: all separator: .absent")
        #expect(desk.codes == [.runtimeArgument])
        #expect(desk.messages[0].contains("the answers have 1 to 3 characters"))
        // What the message proposes works.
        #expect(desk.messages[0].contains("write separator: .kept"))
        desk.run("start m on: all separator: .kept")
        #expect(desk.codes.isEmpty)
        desk.run("start m on: all separator: .removed_last")
        #expect(desk.codes.isEmpty)
    }

    @Test func `where only test problems are given, a tenth of the training problems is set aside for stopping`() {
        let desk = Desk()
        desk.run(own + "let r = start m on: all[0..<50] test: all[50..<60] batch: 8")
        #expect(desk.value("length(r.data)").asInteger == 45)
        #expect(desk.value("length(r.validation)").asInteger == 5)
        #expect(desk.value("length(r.test)").asInteger == 10)
        #expect(desk.value("r.validation[0].question").asText == "45 + 45")
        desk.run("let r = start m on: all[0..<50] validation: all[50..<60] batch: 8")
        #expect(desk.value("r.test[4].question").asText == "49 + 49")
        #expect(desk.value("length(r.validation)").asInteger == 10)
        desk.run("let r = start m on: all[0..<40] validation: all[40..<50] test: all[50..<60] batch: 8")
        #expect(desk.value("length(r.data)").asInteger == 40)
        desk.run("let r = start m on: all batch: 8")
        #expect(desk.value("length(r.data)").asInteger == 60)
        #expect(desk.value("r.validation == none").text == "true")
    }

    @Test func `problems that belong to two parts of a run are refused`() {
        let desk = Desk()
        desk.run(own)
        for (line, words) in [
            (
                "start m on: all[0..<50] validation: all[49..<60]",
                "the validation problem 49 + 49 is among those trained"
            ),
            ("start m on: all[0..<50] test: all[49..<60]", "the test problem 49 + 49 is among those trained on"),
            (
                "start m on: all[0..<40] test: all[40..<50] validation: all[45..<60]",
                "the validation problem 45 + 45 is among the test problems"
            ),
        ] {
            desk.run(line)
            #expect(desk.codes == [.runtimeArgument])
            #expect(desk.messages.first?.contains(words) == true, "\(desk.messages)")
        }
    }

    @Test func `an evaluation on problems that were trained on says so, and one on new problems does not`() {
        let desk = Desk()
        desk.run(own + "let r = start m on: all[0..<40] test: all[40..<50] validation: all[50..<55] batch: 8")
        desk.run("eval all[0..<10]")
        #expect(desk.text.contains("all of these problems are among those trained on"))
        desk.run("eval all[35..<45]")
        #expect(desk.text.contains("5 of these 10 problems are among those trained on"))
        desk.run("eval all[50..<55]")
        #expect(desk.text.contains("all of these problems are among the validation problems"))
        desk.run("eval all[55..<60]")
        #expect(!desk.text.contains("note"))
        desk.run("eval")
        #expect(!desk.text.contains("note"))
    }

    @Test func `what a model never ends is no answer`() {
        let desk = Desk.withRun()
        // Without any training hardly anything ends; nothing that does not end is called right.
        desk.run("for i in 0..<20 { solve test[i] }")
        let verdicts = desk.lines.filter { $0.contains("no answer: wrong, the model never ends what it writes") }
        #expect(!verdicts.isEmpty)
        // The count of right answers is that of problems solved one at a time.
        desk.run("for i in 0..<200 { solve test[i] }")
        let right = desk.lines.count { $0.hasPrefix("answer ") && $0.hasSuffix(": right") }
        #expect(desk.value("(eval).right").asInteger == right)
    }

    @Test func `chains of different lengths are said to jump alike, or not to be kept at all`() {
        let desk = Desk()
        desk.run(own + "start m on: all batch: 8")
        #expect(desk.text.contains("the position ids of all problems jump alike at a removal"))
        desk.run("schedule side: .right")
        #expect(desk.text.contains("shifted, because the chains are cut at different places"))
        desk.run("schedule .paper")
        desk.run("schedule")
        #expect(desk.lines.contains { $0.hasPrefix("positions") && $0.hasSuffix("shifted") })
    }
}
