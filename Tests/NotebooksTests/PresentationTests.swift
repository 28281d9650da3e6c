import Foundation
import Language
import Support
import Testing

@testable import Notebooks

@Suite("Presenting") struct PresentationTests {
    static let lesson = """
        # icot 1
        # %% [md]
        # Hello.
        # %% [notes]
        # Greet them.
        # %% first
        step
        #> removed 1 of 9
        let x = 5
        # %% [notes]
        # Ask the class.
        # %% slow
        wait
        #> waited
        #~ ▁▂
        step 2

        """

    /// Presses a key and runs what is asked for on the spot.
    private func press(_ key: Presentation.Key, _ talk: Presentation, _ session: Session, at now: Double = 0) {
        guard case .run(let source)? = talk.press(key, at: now) else { return }
        session.onEvent = { talk.hear($0) }
        talk.finish(session.run(source), at: now)
    }

    private func blocks(_ talk: Presentation) -> [String] {
        talk.blocks.map { block in
            switch block {
            case .heading(let title): "= \(title)"
            case .prose(let lines): "¶ \(lines.joined(separator: "/"))"
            case .code(let lines): "> \(lines.map(\.plain).joined(separator: "/"))"
            case .output(let lines): lines.map(\.plain).joined(separator: "/")
            }
        }
    }

    @Test func `a key types the next statement, Enter runs it, b takes it back in state and on the page`() {
        let run = TestRun()
        let session = TestVocabulary.session(run)
        let talk = Presentation(Notebook(Self.lesson), in: session)
        #expect(talk.position == (0, 4))
        #expect(talk.notes == [])
        press(.other, talk, session)
        #expect(blocks(talk) == ["¶ Hello."])
        #expect(talk.notes == ["Greet them."])
        press(.other, talk, session, at: 10)
        #expect(talk.phase == .typing)
        talk.tick(at: 10.05)
        #expect(talk.typed.map(\.plain) == ["ste"])
        #expect(talk.typed.first?.runs.first?.style == .verb)
        talk.tick(at: 11)
        #expect(talk.phase == .typed)
        press(.enter, talk, session)
        #expect(blocks(talk) == ["¶ Hello.", "= first", "> step", "removed 1 of 9"])
        #expect(talk.position == (1, 4))
        for _ in 0..<2 { press(.other, talk, session) }
        press(.enter, talk, session)
        #expect(session.value(of: "x").map { $0.text } == "5")
        #expect(talk.notes == ["Ask the class."])
        press(.back, talk, session)
        #expect(session.value(of: "x") == nil)
        #expect(talk.position == (1, 4))
        press(.back, talk, session)
        #expect(run.removed == 0)
        #expect(blocks(talk) == ["¶ Hello.", "= first"])
        press(.back, talk, session)
        press(.other, talk, session)
        press(.back, talk, session)
        #expect(talk.phase == .ready)
    }

    @Test func `a lesson ends as it began after stepping back through all of it`() {
        let run = TestRun()
        let session = TestVocabulary.session(run)
        let text =
            "# icot 1\n# %% a\n"
            + (0..<15).map { "# %% cell \($0)\nstep \($0 % 2 == 0 ? 1 : -1)\nlet y\($0) = \($0)\n" }.joined()
        let talk = Presentation(Notebook(text), in: session)
        func toTheEnd() {
            while talk.phase != .ended {
                press(.other, talk, session)
                if talk.phase == .typing { press(.other, talk, session) }
                press(.enter, talk, session)
            }
        }
        toTheEnd()
        let page = blocks(talk)
        #expect(talk.position == (30, 30))
        #expect(run.removed == 1)
        for _ in 0..<30 { press(.back, talk, session) }
        #expect(run.removed == 0)
        #expect(session.variables.isEmpty)
        toTheEnd()
        #expect(blocks(talk) == page)
        #expect(run.removed == 1)
    }

    @Test func `a statement is edited or put in live, and taken back`() {
        let run = TestRun()
        let session = TestVocabulary.session(run)
        let talk = Presentation(Notebook(Self.lesson), in: session)
        press(.other, talk, session)
        guard case .edit("step")? = talk.press(.edit, at: 0) else {
            Issue.record("nothing to edit")
            return
        }
        talk.replace(with: "step 4")
        press(.enter, talk, session)
        #expect(run.removed == 4)
        guard case .edit("")? = talk.press(.insert, at: 0) else {
            Issue.record("nothing to put in")
            return
        }
        talk.replace(with: "print \"a question\"")
        press(.enter, talk, session)
        #expect(blocks(talk).suffix(2) == ["> print \"a question\"", "a question"])
        #expect(talk.position == (1, 4))
        press(.back, talk, session)
        press(.back, talk, session)
        #expect(run.removed == 0)
        _ = talk.press(.insert, at: 0)
        talk.replace(with: nil)
        #expect(talk.phase == .ready)
    }

    @Test func `the recorded output stands in for a slow statement until it ends`() {
        let session = TestVocabulary.session(TestRun())
        let talk = Presentation(Notebook("# icot 1\nwait\n#> waited\n#~ ▁▂\n"), in: session, slowAfter: 3)
        _ = talk.press(.other, at: 0)
        _ = talk.press(.other, at: 0)
        guard case .run(let source)? = talk.press(.enter, at: 10) else {
            Issue.record("nothing to run")
            return
        }
        talk.tick(at: 12.9)
        #expect(!talk.showsRecord)
        talk.tick(at: 13)
        #expect(talk.showsRecord)
        #expect(blocks(talk).last == "waited/▁▂")
        session.onEvent = { talk.hear($0) }
        let outcome = session.run(source)
        #expect(blocks(talk).last == "waited/▁▂")
        talk.finish(outcome, at: 14)
        #expect(!talk.showsRecord)
        #expect(blocks(talk).last == "waited")
    }

    @Test func `while a statement runs b interrupts it and goes back, on a thread of its own`() {
        let run = TestRun()
        run.waitSeconds = 30
        let session = TestVocabulary.session(run)
        let talk = Presentation(Notebook("# icot 1\nstep; wait\n"), in: session)
        _ = talk.press(.other, at: 0)
        _ = talk.press(.other, at: 0)
        guard case .run(let source)? = talk.press(.enter, at: 0) else {
            Issue.record("nothing to run")
            return
        }
        let background = BackgroundRun(source, in: session)
        var isRunning = true
        var hasAsked = false
        while isRunning {
            for message in background.take() {
                switch message {
                case .event(let event): talk.hear(event)
                case .finished(let outcome):
                    talk.finish(outcome, at: 1)
                    isRunning = false
                }
            }
            if blocks(talk).last == "removed 1 of 9", !hasAsked {
                hasAsked = true
                if case .interrupt? = talk.press(.back, at: 1) { background.interrupt.request() }
            }
            usleep(1000)
        }
        #expect(run.removed == 0)
        #expect(talk.phase == .ready)
        #expect(talk.blocks.isEmpty)
    }

    @Test func `leaving asks, and a key that is hit by mistake is answered`() {
        let session = TestVocabulary.session(TestRun())
        let talk = Presentation(Notebook(Self.lesson), in: session)
        #expect(talk.press(.interrupt, at: 0) == nil)
        #expect(talk.notice == .nothingRuns)
        #expect(talk.press(.quit, at: 0) == nil)
        #expect(talk.notice == .asksToLeave)
        // The answer is not taken for a key of the talk.
        press(.other, talk, session)
        #expect(talk.notice == nil && talk.blocks.isEmpty)
        _ = talk.press(.quit, at: 0)
        guard case .quit? = talk.press(.quit, at: 0) else {
            Issue.record("quit twice does not end it")
            return
        }
    }

    @Test func `a talk starts with its title`() {
        let session = TestVocabulary.session(TestRun())
        let talk = Presentation(Notebook("# icot 1\n# title: On parity\n# %%\nstep\n"), in: session)
        #expect(talk.phase == .title && talk.title == "On parity")
        press(.other, talk, session)
        #expect(talk.phase == .typing)
    }

    @Test func `what ran before the terminal was lost runs again, as it was run, and the talk goes on after it`() {
        let run = TestRun()
        let session = TestVocabulary.session(run)
        let first = Presentation(Notebook(Self.lesson), in: session)
        press(.other, first, session)
        _ = first.press(.edit, at: 0)
        first.replace(with: "step 4")
        press(.enter, first, session)
        _ = first.press(.insert, at: 0)
        first.replace(with: "print \"a question\"")
        press(.enter, first, session)
        #expect(
            first.steps == [
                .init(text: "step 4", isInserted: false), .init(text: "print \"a question\"", isInserted: true),
            ])
        let again = TestRun()
        let other = TestVocabulary.session(again)
        let second = Presentation(Notebook(Self.lesson), in: other, earlier: first.steps)
        #expect(second.phase == .title)
        _ = second.press(.enter, at: 0)
        while case .run(let source)? = second.catchUp(at: 0) {
            other.onEvent = { second.hear($0) }
            second.finish(other.run(source), at: 0)
        }
        #expect(again.removed == 4)
        #expect(blocks(second) == blocks(first))
        #expect(second.position == first.position && second.phase == .ready)
        // Another key than Enter begins anew.
        let third = Presentation(Notebook(Self.lesson), in: session, earlier: first.steps)
        _ = third.press(.other, at: 0)
        #expect(third.catchUp(at: 0) == nil && third.steps.isEmpty)
    }

    @Test func `a statement that was stopped says so without the number of an error`() {
        let session = TestVocabulary.session(TestRun())
        let talk = Presentation(Notebook("# icot 1\nstep\n"), in: session)
        _ = talk.press(.other, at: 0)
        _ = talk.press(.other, at: 0)
        _ = talk.press(.enter, at: 0)
        talk.hear(.diagnostic(Diagnostic(.interrupted, "train: stopped", at: SourceSpan(0, 1)), SourceText("step")))
        talk.finish(.interrupted, at: 1)
        #expect(blocks(talk).last == "stopped")
    }

    @Test func `errors are shown as a talk needs them, and the talk goes on`() {
        let session = TestVocabulary.session(TestRun())
        let talk = Presentation(Notebook("# icot 1\ntrain epoch: 1\nprint )\n#! E108\nstep\n"), in: session)
        for _ in 0..<3 {
            press(.other, talk, session)
            press(.other, talk, session)
            press(.enter, talk, session)
        }
        #expect(blocks(talk)[1].hasPrefix("E203 train:"))
        #expect(blocks(talk)[3].hasPrefix("E108"))
        #expect(blocks(talk).last == "removed 1 of 9")
        #expect(talk.phase == .ended)
    }

    @Test func `a rehearsal gives the time of each cell`() throws {
        let run = TestRun()
        run.waitSeconds = 0.05
        let report = try Replay(Notebook("# icot 1\nstep\n#> removed 1 of 9\n# %% slow\nwait\n#> no\n"), mode: .check)
            .run { TestVocabulary.session(run) }
        let lines = report.rehearsal(slowAfter: 0.05).map { String($0.plain.dropFirst(12)) }
        #expect(lines == ["agrees   step", "differs  slow", "slow     line 5: wait"])
    }
}

@Suite("Recording a session") struct SessionRecorderTests {
    private func run(
        _ texts: [String], in session: Session = TestVocabulary.session(TestRun())
    ) throws -> (Notebook, [Session.Outcome]) {
        let recorder = SessionRecorder()
        let outcomes = texts.map { recorder.run(SourceText($0), in: session) }
        return (try recorder.notebook(of: session, title: "x", profile: "cpu-f32"), outcomes)
    }

    @Test func `a session becomes a notebook that agrees when it is replayed`() throws {
        let (notebook, outcomes) = try run([
            "step", "# a note\nlet a = 2\nprint a; print (a + 1)\nfor k in 0...1 {\n  step\n}\n", "trian", "step 20",
            "# %% looks like a cell\n#> looks like output\nprint \"end\"", "a", "let b =",
        ])
        #expect(
            outcomes == [
                .finished, .finished, .failed(.unknownName), .failed(.commandFailed), .finished, .finished,
                .failed(.expectedExpression),
            ])
        #expect(
            notebook.text == """
                # icot 1
                # title: x
                # profile: cpu-f32

                # %%
                step
                #> removed 1 of 9
                # a note
                let a = 2
                print a; print (a + 1)
                #> 2
                #> 3
                for k in 0...1 {
                  step
                }
                #> removed 2 of 9
                #> removed 3 of 9
                #  %% looks like a cell
                # > looks like output
                print "end"
                #> end
                a
                #> 2

                """)
        #expect(try Replay(notebook, mode: .check).run { TestVocabulary.session(TestRun()) }.exit == .fine)
    }

    @Test func `a table that was cut for a narrow terminal is compared at that width`() throws {
        let session = TestVocabulary.session(TestRun())
        session.displayOptions.width = 24
        let (notebook, _) = try run(
            ["let longer_name = \"a text that does not fit into so few columns\"", "vars"], in: session)
        #expect(notebook.header.width == 24)
        #expect(try Replay(notebook, mode: .check).run { TestVocabulary.session(TestRun()) }.exit == .fine)
        let wide = Notebook(notebook.text.replacing("# width: 24\n", with: ""))
        #expect(try Replay(wide, mode: .check).run { TestVocabulary.session(TestRun()) }.exit == .differs)
    }

    @Test func `a listener hears what Session run would have told it`() throws {
        let texts = ["step; step 20; step", "print 1\nprint )", "trian", "train\nstep 2"]
        var heard: [[String]] = []
        for records in [true, false] {
            let session = TestVocabulary.session(TestRun())
            var events: [String] = []
            session.onEvent = { events.append("\($0)") }
            let recorder = SessionRecorder()
            for text in texts {
                _ = records ? recorder.run(SourceText(text), in: session) : session.run(SourceText(text))
            }
            heard.append(events)
        }
        #expect(heard[0] == heard[1])
    }

    @Test func `a stopped statement says so, one that failed after it showed something is expected to fail`() throws {
        let state = TestRun()
        state.onWait = { $0.interrupt.request() }
        let (notebook, outcomes) = try run(["step; step 20", "step; wait"], in: TestVocabulary.session(state))
        #expect(outcomes == [.failed(.commandFailed), .interrupted])
        #expect(
            notebook.text.hasSuffix(
                "# %%\nstep; step 20\n#> removed 1 of 9\n#! E310 step: only 9 tokens can be removed\n# stopped before its end:\nstep; wait\n#> removed 2 of 9\n"
            ))
    }
}
