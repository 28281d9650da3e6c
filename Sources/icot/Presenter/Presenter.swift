// Drives a presentation: keys and the clock go in, the page goes to the screen, statements run on a thread of their own
// so that the keys are heard meanwhile.

import Console
import Glibc
import Language
import Notebooks
import Support

final class Presenter {
    private let presentation: Presentation
    private let session: Session
    private let terminal: TerminalState
    private let screen: PageScreen
    private let notes: PresenterNotes?
    private let history = History.inMemory()
    private var running: BackgroundRun?
    private var shownRevision = -1
    private let memory: TalkMemory?
    private var keptSteps: [Presentation.Step] = []
    private let started = MonotonicClock.seconds()

    init(
        _ presentation: Presentation, _ session: Session, _ terminal: TerminalState, notes: PresenterNotes?,
        memory: TalkMemory?
    ) {
        self.memory = memory
        self.presentation = presentation
        self.session = session
        self.terminal = terminal
        self.notes = notes
        screen = PageScreen(terminal: terminal)
    }

    /// Until the person leaves; the exit status.
    func run() -> Int32 {
        guard screen.open() else { return 2 }
        defer { screen.close() }
        while true {
            takeMessages()
            presentation.tick(at: MonotonicClock.seconds())
            if let request = presentation.catchUp(at: MonotonicClock.seconds()) { _ = answer(request) }
            paint()
            let isMoving = presentation.phase == .typing || presentation.phase == .running
            guard let key = screen.readKey(milliseconds: isMoving ? 20 : 500) else {
                // The size may be another.
                shownRevision = -1
                continue
            }
            // The terminal is gone: what has run is remembered.
            if key == .end { return leave() }
            guard let pressed = presentationKey(key) else { continue }
            screen.scrollToEnd()
            if let request = presentation.press(pressed, at: MonotonicClock.seconds()), answer(request) {
                memory?.forget()
                return leave()
            }
        }
    }

    // MARK: Keys

    /// What a key means; nil if the screen itself is meant.
    private func presentationKey(_ key: PageScreen.Key) -> Presentation.Key? {
        switch key {
        // A remote sends the keys for pages.
        case .enter, .pageDown, .right: return .enter
        case .pageUp, .left, .character("b"), .character("\u{7f}"): return .back
        case .character("e"): return .edit
        case .character("i"): return .insert
        case .character("q"): return .quit
        case .interrupt: return .interrupt
        case .up, .down:
            screen.scroll(by: key == .up ? 3 : -3)
            shownRevision = -1
            return nil
        case .character, .other: return .other
        case .end: return .quit
        }
    }

    /// Does what the presentation asks for; true if that is to end.
    private func answer(_ request: Presentation.Request) -> Bool {
        switch request {
        case .run(let source): running = BackgroundRun(source, in: session)
        case .interrupt: running?.interrupt.request()
        case .quit: return true
        case .edit(let text):
            let edited = screen.asPrompt(below: page(withTyped: false)) { () -> String? in
                let editor = LineEditor(session: session, history: history, terminal: terminal)
                guard case .text(let text) = editor.readLine(prompt: StyledText("icot> ", .dim), prefill: text) else {
                    return nil
                }
                return text
            }
            presentation.replace(with: edited)
        }
        return false
    }

    private func takeMessages() {
        for message in running?.take() ?? [] {
            switch message {
            case .event(let event): presentation.hear(event)
            case .finished(let outcome):
                running = nil
                presentation.finish(outcome, at: MonotonicClock.seconds())
            }
        }
    }

    /// A statement that still runs is told to stop, and waited for a moment: it may be about to write a file.
    private func leave() -> Int32 {
        running?.interrupt.request()
        let deadline = MonotonicClock.seconds() + 2
        while running != nil, MonotonicClock.seconds() < deadline {
            takeMessages()
            usleep(5000)
        }
        return 0
    }

    // MARK: The page

    private func paint() {
        notes?.show(presentation, after: MonotonicClock.seconds() - started)
        guard presentation.revision != shownRevision else { return }
        shownRevision = presentation.revision
        if presentation.phase != .running, presentation.steps != keptSteps {
            keptSteps = presentation.steps
            memory?.keep(keptSteps)
        }
        screen.show(page(withTyped: true), status: status)
    }

    private func page(withTyped: Bool) -> [StyledText] {
        var lines: [StyledText] = []
        if presentation.phase == .title {
            lines = [StyledText(), StyledText("  " + presentation.title, .heading), StyledText()]
            let count = presentation.position.of
            lines.append(StyledText("  \(count) \(count == 1 ? "statement" : "statements")", .dim))
            let earlier = presentation.earlier.count
            if earlier > 0 {
                lines += [
                    StyledText(),
                    StyledText("  this talk was broken off after \(earlier) of them; Enter runs them again", .warning),
                ]
            }
        }
        for block in presentation.blocks {
            switch block {
            case .heading(let title): lines += [StyledText(), StyledText(title, .heading)]
            case .prose(let prose):
                lines += [StyledText()] + NotebookScreen.joined(prose).map(NotebookScreen.styled) + [StyledText()]
            case .code(let code): lines += Self.prompted(code)
            case .output(let output): lines += output
            }
        }
        if presentation.showsRecord { lines.append(StyledText("recorded earlier; the statement still runs", .warning)) }
        if let progress = presentation.progress { lines.append(progress) }
        guard withTyped else { return lines }
        switch presentation.phase {
        case .typing, .typed: lines += Self.prompted(presentation.typed)
        case .ready: lines.append(StyledText("icot> ", .dim))
        case .title, .running, .ended: break
        }
        return lines
    }

    private static func prompted(_ code: [StyledText]) -> [StyledText] {
        code.enumerated().map { StyledText($0.offset == 0 ? "icot> " : "....> ", .dim) + $0.element }
    }

    private var status: StyledText {
        let (done, count) = presentation.position
        switch presentation.notice {
        case .asksToLeave:
            return StyledText(" end the talk? ", .warning) + StyledText(" q ends it   any other key goes on", .dim)
        case .nothingRuns:
            return StyledText(" nothing runs that could be stopped ", .warning)
                + StyledText(" q ends the talk   any other key goes on", .dim)
        case nil: break
        }
        let keys =
            switch presentation.phase {
            case .title where !presentation.earlier.isEmpty: "Enter goes on from there   n starts anew   q end"
            case .title: "any key begins   q end"
            case .ready: "any key types what comes next   b back   e edit   i insert   q end"
            case .typing, .typed: "Enter runs   e edit   b untype   q end"
            case .running: "running   Ctrl-C stops   b stops and goes back"
            case .ended: "the end   b back   i insert   q end"
            }
        return StyledText(" \(done)/\(count) ", .emphasis) + StyledText(" " + keys, .dim)
    }
}
