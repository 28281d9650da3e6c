// A notebook as a talk: what is on the page, and what the next key does. Knows no screen, no clock and no thread;
// whoever drives it hands in keys, times and what the session says, and does what is asked.
//
//   title (where the notebook has one) ─ any key ▶ ready, or Enter ▶ what ran before the terminal was lost, then ready
//
//            any key                Enter                    finish
//   ready ───────────▶ typing ▶ typed ──────▶ running ─────────────────▶ ready … ended
//     ▲ b: the statement before, in state       │ slow: the recorded output stands in, with a badge
//     └─────────────────────────────────────────┘ Ctrl-C: interrupts; b: interrupts and goes back
//
// Leaving asks: `quit` once is a question, twice is the end, and any other key goes on. Ctrl-C where nothing runs only
// says so. Going back puts variables and the host's state (weights, timeline) where they were before the statement ran,
// and takes its output from the page.

import Language
import Support

public final class Presentation {
    public enum Key: Sendable { case enter, back, edit, insert, interrupt, quit, other }

    /// What the driver has to do.
    public enum Request: Sendable {
        /// Run this in the session, handing each event to `hear` and the end to `finish`.
        case run(SourceText)
        /// Let the person edit this text and hand it to `replace`, or nil where it was given up.
        case edit(String)
        case interrupt
        case quit
    }

    public enum Phase: String, Sendable { case title, ready, typing, typed, running, ended }

    /// What a key did other than go on.
    public enum Notice: Sendable { case asksToLeave, nothingRuns }

    /// A statement that has run, as it was run: edited or put in live, perhaps.
    public struct Step: Sendable, Equatable, Codable {
        public var text: String
        public var isInserted: Bool
    }

    /// A piece of the page, from top to bottom.
    public enum Block: Sendable, Equatable {
        case heading(String)
        /// Markdown.
        case prose([String])
        case code([StyledText])
        case output([StyledText])
    }

    private enum Item {
        case prose(cell: Int)
        case statement(entry: Int)
    }

    /// Where a statement began, so that it can be undone.
    private struct Mark {
        var checkpoint: Session.Checkpoint
        var blocks: Int
        var item: Int
        var headingsShown: Int
        var step: Step
    }

    private let session: Session
    private let notebook: Notebook
    private let entries: [Entry]
    private let items: [Item]
    /// Seconds after which the recorded output stands in for a statement that still runs.
    private let slowAfter: Double
    private let charactersPerSecond: Double
    private let width: Int

    public private(set) var phase = Phase.ready
    public private(set) var notice: Notice?
    /// Statements that ran in a talk before this one, on the same notebook, and that Enter on the title runs again.
    public let earlier: [Step]
    private var waiting: [Step] = []
    public private(set) var blocks: [Block] = []
    /// What is typed at the moment, and whether all of it is.
    public private(set) var typed: [StyledText] = []
    /// How far a long command has come.
    public private(set) var progress: StyledText?
    /// Whether the output at the end of the page is the recorded one because the statement still runs.
    public private(set) var showsRecord = false
    /// Counts up with every change of what is to be seen.
    public private(set) var revision = 0

    private var next = 0
    /// The last cell whose title is on the page.
    private var headingsShown = -1
    private var marks: [Mark] = []
    private var text = ""
    private var typedStart = 0.0
    private var isInserted = false
    private var runStart = 0.0
    private var output: [StyledText] = []
    private var goesBack = false

    public init(
        _ notebook: Notebook, in session: Session, earlier: [Step] = [], slowAfter: Double = 3,
        charactersPerSecond: Double = 60, width: Int = 100
    ) {
        self.earlier = earlier
        self.notebook = notebook
        self.session = session
        self.slowAfter = slowAfter
        self.charactersPerSecond = charactersPerSecond
        self.width = width
        let prepared = session.prepare(notebook.code)
        let entries = notebook.entries(statements: prepared.statements, diagnostics: prepared.diagnostics)
        var items: [Item] = []
        var entry = 0
        for (index, cell) in notebook.cells.enumerated() {
            if cell.kind == .markdown, !notebook.prose(cell).isEmpty { items.append(.prose(cell: index)) }
            while entry < entries.count, entries[entry].cell == index {
                items.append(.statement(entry: entry))
                entry += 1
            }
        }
        self.entries = entries
        self.items = items
        if items.isEmpty { phase = .ended } else if notebook.title != nil || !earlier.isEmpty { phase = .title }
    }

    /// What the title slide says.
    public var title: String { ExportDocument.plain(notebook.title ?? notebook.name) }

    /// The statements that have run and have not been taken back.
    public var steps: [Step] { marks.map(\.step) }

    // MARK: - What is to be seen

    /// How many statements have run, and how many there are.
    public var position: (done: Int, of: Int) {
        let done = items[..<min(next, items.count)].count { if case .statement = $0 { true } else { false } }
        return (done, entries.count)
    }

    /// For the person who presents: the notes below the cell at hand.
    public var notes: [String] {
        var cell = next > 0 ? self.cell(items[min(next, items.count) - 1]) : -1
        if phase == .typing || phase == .typed, next < items.count { cell = self.cell(items[next]) }
        var lines: [String] = []
        for follower in notebook.cells.dropFirst(cell + 1) {
            guard follower.kind == .notes else { break }
            lines += notebook.prose(follower).map(ExportDocument.plain)
        }
        return lines
    }

    /// The statement that comes next, for the person who presents.
    public var preview: String {
        guard next < items.count else { return "" }
        switch items[next] {
        case .prose(let cell): return notebook.prose(notebook.cells[cell]).first.map(ExportDocument.plain) ?? ""
        case .statement(let entry): return ExportDocument.plain(entries[entry].code)
        }
    }

    private func cell(_ item: Item) -> Int {
        switch item {
        case .prose(let cell): cell
        case .statement(let entry): entries[entry].cell
        }
    }

    // MARK: - Keys

    /// `now` in seconds of any clock that only goes forward.
    public func press(_ key: Key, at now: Double) -> Request? {
        revision += 1
        let wasAsked = notice == .asksToLeave
        notice = nil
        switch (phase, key) {
        case (.running, .interrupt):
            waiting = []
            return .interrupt
        case (.running, .back):
            goesBack = true
            waiting = []
            return .interrupt
        case (.running, _): return nil
        case (_, .quit):
            if wasAsked { return .quit }
            notice = .asksToLeave
        // The answer to the question whether to leave.
        case _ where wasAsked: break
        case (_, .interrupt): notice = .nothingRuns
        case (.title, .enter):
            phase = .ready
            waiting = earlier
            if waiting.isEmpty { advance(at: now) }
        case (.title, _):
            phase = .ready
            advance(at: now)
        case (.ready, .enter), (.ready, .other): advance(at: now)
        case (.ready, .edit):
            // The next statement, ready to be changed.
            while next < items.count, case .prose = items[next] { advance(at: now) }
            guard next < items.count else { return nil }
            advance(at: now)
            completeTyping()
            return .edit(text)
        case (.typing, .back), (.typed, .back): untype()
        case (.ready, .back), (.ended, .back): goBack()
        case (.typing, _): completeTyping()
        case (.typed, .enter): return start(at: now)
        case (.typed, .edit): return .edit(text)
        case (.typed, .other): break
        case (.ready, .insert), (.typed, .insert), (.ended, .insert):
            if phase == .typed { untype() }
            isInserted = true
            return .edit("")
        case (.ended, .enter), (.ended, .other), (.ended, .edit): break
        }
        return nil
    }

    /// The next of the statements that ran before the terminal was lost; nil where none is left, or one still runs.
    public func catchUp(at now: Double) -> Request? {
        guard !waiting.isEmpty, phase == .ready || phase == .ended else { return nil }
        let step = waiting.removeFirst()
        isInserted = step.isInserted
        while !step.isInserted, phase == .ready { advance(at: now) }
        text = step.text
        completeTyping()
        return start(at: now)
    }

    private func advance(at now: Double) {
        guard next < items.count else {
            phase = .ended
            return
        }
        let item = items[next]
        switch item {
        case .prose(let cell):
            blocks.append(.prose(notebook.prose(notebook.cells[cell]).map(ExportDocument.plain)))
            next += 1
            settle()
        case .statement(let entry):
            showHeading(entries[entry].cell)
            text = entries[entry].code
            typedStart = now
            phase = .typing
            typed = []
        }
    }

    private func showHeading(_ cell: Int) {
        guard cell > headingsShown else { return }
        headingsShown = cell
        let title = ExportDocument.plain(notebook.cells[cell].title)
        if !title.isEmpty { blocks.append(.heading(title)) }
    }

    private func settle() { phase = next < items.count ? .ready : .ended }

    /// Lets the text appear letter by letter, and the record stand in for a slow statement.
    public func tick(at now: Double) {
        switch phase {
        case .typing:
            let count = Int((now - typedStart) * charactersPerSecond)
            if count >= text.count { completeTyping() } else { show(count) }
        case .running:
            if !showsRecord, now - runStart >= slowAfter, let record = record {
                showsRecord = true
                setOutput(record)
            }
        case .title, .ready, .typed, .ended: break
        }
    }

    private func show(_ count: Int) {
        let lines = styledText
        var left = count
        var shown: [StyledText] = []
        for line in lines {
            if left <= 0, !shown.isEmpty { break }
            var cut = StyledText()
            for run in line.runs where left > 0 {
                cut.append(String(run.text.prefix(left)), run.style)
                left -= run.text.count
            }
            shown.append(cut)
            left -= 1
        }
        if shown == typed { return }
        typed = shown
        revision += 1
    }

    private var styledText: [StyledText] {
        Highlighter.lines(SourceText(text), session.context).map(ExportDocument.neutral)
    }

    private func completeTyping() {
        typed = styledText
        phase = .typed
        revision += 1
    }

    private func untype() {
        typed = []
        text = ""
        isInserted = false
        settle()
    }

    /// What the person made of a text that was to be edited.
    public func replace(with edited: String?) {
        revision += 1
        guard let edited, edited.contains(where: { !$0.isWhitespace }) else {
            if isInserted { untype() }
            return
        }
        text = edited
        completeTyping()
    }

    // MARK: - Running

    private func start(at now: Double) -> Request {
        marks.append(
            Mark(
                checkpoint: session.checkpoint(), blocks: blocks.count, item: next, headingsShown: headingsShown,
                step: Step(text: text, isInserted: isInserted)))
        blocks.append(.code(typed))
        blocks.append(.output([]))
        typed = []
        output = []
        showsRecord = false
        runStart = now
        phase = .running
        return .run(SourceText(text, name: notebook.name))
    }

    /// An event of the session while a statement runs.
    public func hear(_ event: SessionEvent) {
        guard phase == .running else { return }
        switch event {
        case .output(let bundle): output += (bundle.lines + bundle.picture).map(ExportDocument.neutral)
        // Whoever stopped it knows why.
        case .diagnostic(let diagnostic, _) where diagnostic.code == .interrupted:
            output.append(StyledText("stopped", .warning))
        case .diagnostic(let diagnostic, let source):
            output += DiagnosticRenderer(width: width).lines(diagnostic, in: source)
        case .timed(let seconds): output.append(StyledText(NumberText.duration(seconds), .dim))
        case .progress(let line): progress = ExportDocument.neutral(line)
        case .panel: break
        case .progressEnded: progress = nil
        }
        revision += 1
        if !showsRecord { setOutput(output) }
    }

    /// The statement ended.
    public func finish(_ outcome: Session.Outcome, at now: Double) {
        guard phase == .running else { return }
        progress = nil
        showsRecord = false
        setOutput(output)
        revision += 1
        if goesBack {
            goesBack = false
            settle()
            goBack()
            return
        }
        if outcome == .interrupted, output.isEmpty { setOutput([StyledText("stopped", .warning)]) }
        if isInserted { isInserted = false } else { next += 1 }
        text = ""
        settle()
    }

    private var record: [StyledText]? {
        guard !isInserted, next < items.count, case .statement(let entry) = items[next], text == entries[entry].code
        else { return nil }
        let lines = entries[entry].recorded.lines.map { ExportDocument.neutral($0.shown) }
        return lines.isEmpty ? nil : lines
    }

    private func setOutput(_ lines: [StyledText]) {
        if case .output? = blocks.last { blocks[blocks.count - 1] = .output(lines) }
        revision += 1
    }

    /// To where the last statement that ran is about to be typed.
    private func goBack() {
        guard let mark = marks.popLast() else {
            // Before the first statement: only prose to take away.
            if let last = blocks.last, case .prose = last, next > 0 {
                blocks.removeLast()
                next -= 1
                settle()
            }
            return
        }
        session.restore(mark.checkpoint)
        blocks.removeLast(blocks.count - mark.blocks)
        next = mark.item
        headingsShown = mark.headingsShown
        isInserted = false
        untype()
    }
}
