// What the keys of a talk do, and what the person who presents is shown.

import Foundation
import Language
import Support
import Testing

@testable import Notebooks

@Suite struct PresenterRuleTests {
    private let text = """
        # icot 1
        # %% [md]
        # First words.
        # Second line.
        # %% one
        step
        #> removed 1 of 9
        # %% [notes]
        # Ask.
        # %% [notes]
        # Wait.
        # %% two
        step 2

        """

    private func talk(_ text: String? = nil, slowAfter: Double = 3) -> Presentation {
        Presentation(
            Notebook(text ?? self.text), in: TestVocabulary.session(TestRun()), slowAfter: slowAfter)
    }

    /// A talk whose first statement runs.
    private func running(_ text: String = "# icot 1\nstep\n#> recorded\nstep 2\n") -> Presentation {
        let talk = talk(text)
        for key in [Presentation.Key.other, .other, .enter] { _ = talk.press(key, at: 10) }
        #expect(talk.phase == .running)
        return talk
    }

    private func output(_ talk: Presentation) -> [String]? {
        guard case .output(let lines)? = talk.blocks.last else { return nil }
        return lines.map(\.plain)
    }

    @Test func `who presents sees what comes next and the notes of the cell at hand`() {
        let talk = talk()
        #expect(talk.preview == "First words." && talk.notes == [] && talk.position == (0, 2))
        _ = talk.press(.other, at: 0)
        #expect(talk.preview == "step" && talk.notes == [])
        _ = talk.press(.other, at: 0)
        #expect(talk.phase == .typing && talk.notes == ["Ask.", "Wait."] && talk.preview == "step")
        _ = talk.press(.other, at: 0)
        _ = talk.press(.enter, at: 0)
        talk.finish(.finished, at: 1)
        #expect(talk.preview == "step 2" && talk.notes == ["Ask.", "Wait."] && talk.position == (1, 2))
        _ = talk.press(.other, at: 0)
        #expect(talk.notes == [])
        _ = talk.press(.other, at: 0)
        _ = talk.press(.enter, at: 0)
        talk.finish(.finished, at: 1)
        #expect(talk.phase == .ended && talk.preview == "" && talk.position == (2, 2))
    }

    @Test func `a talk begins ready, with its title where it has one, and ended where there is nothing to show`() {
        #expect(talk().phase == .ready && talk("# icot 1\n").phase == .ended)
        #expect(talk("# icot 1\n# title: T\nstep\n").phase == .title && talk("# icot 1\n# title: T\n").phase == .ended)
        #expect(talk("# icot 1\n# %% [notes]\n# Only notes.\n").phase == .ended)
        #expect(talk("# icot 1\nstep\n").title == "test.icot")
        let again = Presentation(
            Notebook(text), in: TestVocabulary.session(TestRun()), earlier: [.init(text: "step", isInserted: false)])
        #expect(again.phase == .title)
    }

    @Test func `sixty letters appear in a second, and a key completes them`() {
        let talk = talk("# icot 1\nlet a = 1; let b = 2\n")
        _ = talk.press(.other, at: 10)
        talk.tick(at: 10.11)
        // Six letters after a little more than a tenth of a second.
        #expect(talk.typed.map(\.plain) == ["let a "] && talk.phase == .typing)
        let seen = talk.revision
        talk.tick(at: 10.115)
        #expect(talk.revision == seen)
        _ = talk.press(.enter, at: 10.2)
        #expect(talk.phase == .typed && talk.typed.map(\.plain) == ["let a = 1; let b = 2"])
        // Any other key waits for Enter.
        #expect(talk.press(.other, at: 11) == nil && talk.phase == .typed)
        _ = talk.press(.back, at: 12)
        #expect(talk.phase == .ready && talk.typed.isEmpty && talk.position == (0, 1))
    }

    @Test func `of several lines those that are begun are shown`() {
        let talk = talk("# icot 1\nif true {\n  step\n}\n")
        _ = talk.press(.other, at: 0)
        talk.tick(at: 0.205)
        // Twelve letters: nine of the first line, its end, and two of the second.
        #expect(talk.typed.map(\.plain) == ["if true {", "  "])
        talk.tick(at: 100)
        #expect(talk.typed.map(\.plain) == ["if true {", "  step", "}"])
    }

    @Test func `while a statement runs only an interrupt and going back are asked for`() {
        for key in [Presentation.Key.enter, .other, .edit, .insert, .quit] {
            let talk = running()
            #expect(talk.press(key, at: 11) == nil && talk.phase == .running && talk.notice == nil, "\(key)")
        }
        for key in [Presentation.Key.interrupt, .back] {
            let talk = running()
            guard case .interrupt? = talk.press(key, at: 11) else {
                Issue.record("\(key) does not interrupt")
                continue
            }
            #expect(talk.phase == .running)
            talk.finish(.interrupted, at: 12)
            #expect(talk.position.done == (key == .back ? 0 : 1) && talk.steps.count == (key == .back ? 0 : 1))
            #expect(output(talk) == (key == .back ? nil : ["stopped"]))
        }
    }

    @Test func `what a statement shows comes line by line, with how far it is while it runs`() {
        let talk = running()
        talk.hear(.progress("1 of 2\u{1b}"))
        #expect(talk.progress?.plain == "1 of 2␛")
        talk.hear(.output(DisplayBundle(lines: ["a"], picture: ["~"])))
        talk.hear(.progressEnded)
        talk.hear(.timed(seconds: 1.5))
        #expect(talk.progress == nil && output(talk) == ["a", "~", "1.50 s"])
        talk.hear(.progress("2 of 2"))
        talk.finish(.finished, at: 12)
        #expect(talk.progress == nil && talk.phase == .ready && output(talk) == ["a", "~", "1.50 s"])
        // What comes after its end is nobody's.
        talk.hear(.output(DisplayBundle(lines: ["late"])))
        talk.hear(.progress("late"))
        #expect(output(talk) == ["a", "~", "1.50 s"] && talk.progress == nil)
    }

    @Test func `the record stands in after three seconds, for the statement as it is written`() {
        let talk = running()
        talk.tick(at: 12.99)
        #expect(!talk.showsRecord && output(talk) == [])
        talk.tick(at: 13)
        #expect(talk.showsRecord && output(talk) == ["recorded"])
        // What really comes is kept until the end.
        talk.hear(.output(DisplayBundle(lines: ["came"])))
        #expect(output(talk) == ["recorded"])
        talk.finish(.finished, at: 14)
        #expect(output(talk) == ["came"] && !talk.showsRecord)
        // Nothing is recorded of the second.
        for key in [Presentation.Key.other, .other, .enter] { _ = talk.press(key, at: 20) }
        talk.tick(at: 99)
        #expect(!talk.showsRecord && output(talk) == [])
        // Nor does the record of a statement stand in for one that was edited.
        let edited = self.talk("# icot 1\nstep\n#> recorded\n")
        _ = edited.press(.edit, at: 0)
        edited.replace(with: "step 3")
        _ = edited.press(.enter, at: 0)
        edited.tick(at: 99)
        #expect(!edited.showsRecord && edited.steps == [.init(text: "step 3", isInserted: false)])
    }

    @Test func `to edit shows the words before the next statement, and giving up leaves it as it is`() {
        let talk = talk()
        guard case .edit("step")? = talk.press(.edit, at: 0) else {
            Issue.record("nothing to edit")
            return
        }
        #expect(talk.blocks.count == 2 && talk.phase == .typed)
        talk.replace(with: nil)
        #expect(talk.phase == .typed && talk.typed.map(\.plain) == ["step"])
        talk.replace(with: " \n")
        #expect(talk.typed.map(\.plain) == ["step"])
        guard case .edit("step")? = talk.press(.edit, at: 0) else {
            Issue.record("nothing to edit again")
            return
        }
    }

    @Test func `what is put in takes the place of nothing, also at the end, and giving it up goes on as before`() {
        let talk = talk("# icot 1\nstep\n")
        _ = talk.press(.other, at: 0)
        _ = talk.press(.other, at: 0)
        guard case .edit("")? = talk.press(.insert, at: 0) else {
            Issue.record("nothing to put in")
            return
        }
        #expect(talk.phase == .ready && talk.typed.isEmpty)
        talk.replace(with: "print 1")
        _ = talk.press(.enter, at: 0)
        talk.finish(.finished, at: 1)
        #expect(talk.phase == .ready && talk.position == (0, 1) && talk.steps.map(\.isInserted) == [true])
        for key in [Presentation.Key.other, .other, .enter] { _ = talk.press(key, at: 2) }
        talk.finish(.finished, at: 3)
        #expect(talk.phase == .ended)
        guard case .edit("")? = talk.press(.insert, at: 4) else {
            Issue.record("nothing to put in at the end")
            return
        }
        talk.replace(with: nil)
        #expect(talk.phase == .ended && talk.press(.enter, at: 5) == nil && talk.phase == .ended)
        _ = talk.press(.back, at: 6)
        #expect(talk.position == (0, 1) && talk.steps.map(\.isInserted) == [true])
    }

    @Test func `going back from the first statement takes the words before it away, one after another`() {
        let talk = talk("# icot 1\n# %% [md]\n# One.\n# %% [md]\n# Two.\n# %%\nstep\n")
        _ = talk.press(.other, at: 0)
        _ = talk.press(.enter, at: 0)
        #expect(talk.blocks == [.prose(["One."]), .prose(["Two."])])
        _ = talk.press(.back, at: 0)
        #expect(talk.blocks == [.prose(["One."])] && talk.preview == "Two.")
        _ = talk.press(.back, at: 0)
        _ = talk.press(.back, at: 0)
        #expect(talk.blocks.isEmpty && talk.preview == "One.")
    }

    @Test func `a title of a cell stands once, above its first statement`() {
        let talk = talk("# icot 1\n# %% a\nstep\nstep\n# %%\nstep\n# %% b\nstep\n")
        for _ in 0..<4 {
            for key in [Presentation.Key.other, .other, .enter] { _ = talk.press(key, at: 0) }
            talk.finish(.finished, at: 0)
        }
        let headings = talk.blocks.compactMap { if case .heading(let title) = $0 { title } else { nil } }
        #expect(headings == ["a", "b"] && talk.blocks.first == .heading("a"))
    }

    @Test func `what ran before is not gone on with after an interrupt`() {
        let steps = ["step", "step 2"].map { Presentation.Step(text: $0, isInserted: false) }
        for key in [Presentation.Key.interrupt, .back] {
            let talk = Presentation(Notebook(text), in: TestVocabulary.session(TestRun()), earlier: steps)
            #expect(talk.catchUp(at: 0) == nil)
            _ = talk.press(.enter, at: 0)
            guard case .run(let source)? = talk.catchUp(at: 0) else {
                Issue.record("nothing runs")
                continue
            }
            #expect(source.text == "step" && talk.catchUp(at: 0) == nil)
            _ = talk.press(key, at: 1)
            talk.finish(.interrupted, at: 2)
            #expect(talk.catchUp(at: 3) == nil, "\(key)")
        }
    }

    @Test func `of the progress of a run in the background only the latest line waits, and all else in order`() {
        let done = DispatchSemaphore(value: 0)
        let busy = Command(CommandSignature("busy", "")) { call in
            for text in ["1", "2", "3"] { call.session.onEvent(.progress(StyledText(text))) }
            call.output(StyledText("a"))
            for text in ["4", "5"] { call.session.onEvent(.progress(StyledText(text))) }
            done.signal()
            return .none
        }
        let session = Session(Vocabulary(verbs: [busy]))
        session.interrupt.request()
        let run = BackgroundRun(SourceText("busy"), in: session)
        done.wait()
        var told: [String] = []
        for _ in 0..<10_000 {
            for message in run.take() {
                switch message {
                case .event(.progress(let line)): told.append(line.plain)
                case .event(.output(let bundle)): told.append(bundle.text)
                case .event: told.append("?")
                // An interrupt from before does not count.
                case .finished(let outcome): told.append(outcome == .finished ? "end" : "\(outcome)")
                }
            }
            if told.last == "end" { break }
            usleep(1000)
        }
        #expect(told.filter { $0 != "?" } == ["3", "a", "5", "end"] && run.take().isEmpty)
    }
}
