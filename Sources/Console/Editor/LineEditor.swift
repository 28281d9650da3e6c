// Reads one entry (a line, or several until braces close) from a terminal.
//
// A library keeps the buffer, the key maps and the terminal's mode (see CTerminal.h). It calls `readKey` whenever it
// wants a key; by then the buffer is as the last key left it, so that is where the screen is painted: once for a burst
// of input, not once for each byte of it. Keys that need more than one line, the history or the completion list arrive
// in `perform` (LineEditor+Keys); everything else the library does by itself.

import CTerminal
import Glibc
import Language

public final class LineEditor {
    /// How reading ended.
    public enum Line: Equatable {
        case text(String)
        /// Ctrl-C: the line is dropped.
        case interrupted
        /// Ctrl-D in an empty line, or the terminal is gone.
        case end
    }

    let services: any EditorServices
    public let history: History
    let terminal: TerminalState
    let styles: StyleSheet

    /// The corrected text of the last entry, offered with Tab in an empty line.
    public var correction: String?

    // What is at hand; reset by `readLine`.
    var prompt = StyledText()
    var result: Line?
    var mode = Mode.editing
    var menu: CompletionMenu?
    var pending: Key?
    var prefill: String?
    var faults: [SourceSpan] = []
    var undo = UndoStack()
    var recall = Recall()

    // What outlives a line.
    var killed: [UInt32] = []
    /// What the latest kill left, while no key has done anything else; one more is then kept together with it.
    var lastKillLeft: Buffer?
    var painter = FramePainter()
    var windowStart = 0
    private var checkedText: String?
    private var highlighted: (text: String, spans: [HighlightedSpan]) = ("", [])
    private var hinted: (text: String, hint: String?) = ("", nil)
    private var decoder = KeyDecoder()
    private var bytes: [UInt8] = []
    private var bytesTaken = 0
    private var keys: [Key] = []
    private var scalars: [UInt32] = []
    private var interrupts: UInt32 = 0
    private(set) var library: OpaquePointer?
    private(set) var isVi = false
    /// Whether the terminal was asked for its background.
    private var hasAsked = false

    enum Mode {
        case editing
        case searching(HistorySearch)
    }

    public init(services: any EditorServices, history: History, terminal: TerminalState) {
        self.services = services
        self.history = history
        self.terminal = terminal
        styles = StyleSheet(terminal: terminal)
    }

    /// An editor that completes, colours and underlines by what a session knows at the moment.
    public convenience init(session: Session, history: History, terminal: TerminalState) {
        self.init(services: SessionServices(session), history: history, terminal: terminal)
    }

    deinit { if let library { line_editor_end(library) } }

    /// Shows the prompt and reads an entry. `prefill` stands in the line to begin with.
    public func readLine(prompt: StyledText, prefill: String = "") -> Line {
        guard let library = library ?? start() else { return .end }
        self.prompt = prompt
        self.prefill = prefill.isEmpty ? nil : prefill
        result = nil
        mode = .editing
        menu = nil
        faults = []
        checkedText = nil
        undo = UndoStack()
        recall.begin()
        windowStart = 0
        painter.reset()
        interrupts = terminal_interrupts()
        write("\u{1b}[?2004h")
        if !hasAsked, terminal.colours == .many, let question = Background.question(term: environment("TERM") ?? "") {
            write(question)
        }
        hasAsked = true
        line_editor_read(library)
        write("\u{1b}[?2004l")
        let line = result ?? .end
        if result == nil { write(painter.leave()) }
        if case .text = line { correction = nil }
        return line
    }

    private func start() -> OpaquePointer? {
        terminal_prepare_locale()
        terminal_guard(STDIN_FILENO)
        terminal_watch_size()
        let calls = line_editor_calls(
            read: { data, key in
                guard let key, let editor = LineEditor.owner(data) else { return -1 }
                return editor.readKey(key)
            }, perform: { data, key in LineEditor.owner(data)?.perform(key) == .isDone },
            edit_externally: { data in LineEditor.owner(data)?.editExternally() })
        library = line_editor_start(calls, Unmanaged.passUnretained(self).toOpaque())
        if let library {
            isVi = line_editor_is_vi(library)
            bindKeys(library)
        }
        return library
    }

    private static func owner(_ data: UnsafeMutableRawPointer?) -> LineEditor? {
        data.map { Unmanaged<LineEditor>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Keys for the library

    /// Stands for `pending` in the library's key map.
    private static let privateKey = UInt32(LINE_EDITOR_OWN)

    private func readKey(_ key: UnsafeMutablePointer<UInt32>) -> Int32 {
        undo.note(buffer)
        // A key that no binding led to, such as an arrow after Ctrl-X.
        pending = nil
        if let prefill {
            self.prefill = nil
            pending = .paste(prefill)
            key.pointee = Self.privateKey
            return 1
        }
        while true {
            if !scalars.isEmpty {
                key.pointee = scalars.removeFirst()
                return 1
            }
            guard let next = nextKey() else { return 0 }
            guard let scalar = translate(next) else { continue }
            key.pointee = scalar
            return 1
        }
    }

    /// What the library is to be given for a key; nil if the key is dealt with.
    private func translate(_ key: Key) -> UInt32? {
        if case .searching(let search) = mode, !continueSearch(search, key) {
            return pending == nil ? nil : Self.privateKey
        }
        switch key {
        case .unknown: return nil
        case .escape:
            if menu != nil {
                menu = nil
                return nil
            }
            return isVi ? 0x1b : nil
        case .scalar(let scalar):
            // Ctrl-C gives up the innermost thing: a search, a list, and then the line.
            let closesOnly = menu != nil && scalar == 3
            menu = nil
            return closesOnly ? nil : scalar
        case .meta(let scalar):
            menu = nil
            if isVi || !ownsMeta(scalar) {
                scalars.append(scalar)
                return 0x1b
            }
        case .tab, .backTab, .enter, .background: break
        case .paste, .newline, .up, .down, .left, .right, .home, .end, .pageUp, .pageDown, .delete, .insert, .wordLeft,
            .wordRight,
            .deleteWordLeft:
            menu = nil
        }
        pending = key
        return Self.privateKey
    }

    /// Puts a key back: it is the next to be read.
    func push(_ key: Key) { keys.insert(key, at: 0) }

    private func nextKey() -> Key? {
        while keys.isEmpty {
            if bytesTaken < bytes.count {
                keys += decoder.take(bytes[bytesTaken])
                bytesTaken += 1
                continue
            }
            if !decoder.isWithinPaste && !decoder.isWithinEscape { paint() }
            switch waitForInput() {
            case .bytes: continue
            case .pause:
                if decoder.isWithinEscape { keys += decoder.finish() } else { lookForFaults() }
            case .interrupt: return .scalar(3)
            case .end: return nil
            }
        }
        return keys.removeFirst()
    }

    private enum Arrival { case bytes, pause, interrupt, end }

    /// Waits for bytes; for a lone ESC and for resting keys only a moment.
    private func waitForInput() -> Arrival {
        let timeout: Int32 = decoder.isWithinEscape ? 40 : checkedText == nil ? 200 : -1
        var watched = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        let ready = poll(&watched, 1, timeout)
        if ready == 0 { return .pause }
        if terminal_interrupts() != interrupts {
            interrupts = terminal_interrupts()
            return .interrupt
        }
        if ready < 0 { return errno == EINTR ? .bytes : .end }
        bytes.removeAll(keepingCapacity: true)
        bytesTaken = 0
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096) { chunk in
            let count = read(STDIN_FILENO, chunk.baseAddress, chunk.count)
            if count < 0 { return errno == EINTR || errno == EAGAIN ? .bytes : .end }
            bytes.append(contentsOf: chunk[..<count])
            return count == 0 ? .end : .bytes
        }
    }

    // MARK: The buffer

    /// The text as UTF-32 and the cursor as an index into it.
    struct Buffer: Equatable {
        var scalars: [UInt32] = []
        var cursor = 0

        var text: String { Self.text(of: scalars[...]) }

        /// Written out, since this runs for the whole text at every key.
        static func text(of scalars: ArraySlice<UInt32>) -> String {
            String(unsafeUninitializedCapacity: scalars.count * 4) { bytes in
                var count = 0
                func put(_ byte: UInt32) {
                    bytes[count] = UInt8(truncatingIfNeeded: byte)
                    count += 1
                }
                for scalar in scalars {
                    let value = Unicode.Scalar(scalar) == nil ? 0xfffd : scalar
                    if value < 0x80 {
                        put(value)
                    } else if value < 0x800 {
                        put(0xc0 | value >> 6)
                        put(0x80 | value & 0x3f)
                    } else if value < 0x10000 {
                        put(0xe0 | value >> 12)
                        put(0x80 | value >> 6 & 0x3f)
                        put(0x80 | value & 0x3f)
                    } else {
                        put(0xf0 | value >> 18)
                        put(0x80 | value >> 12 & 0x3f)
                        put(0x80 | value >> 6 & 0x3f)
                        put(0x80 | value & 0x3f)
                    }
                }
                return count
            }
        }
    }

    var buffer: Buffer {
        guard let library else { return Buffer() }
        var (count, cursor) = (0, 0)
        let scalars = line_editor_text(library, &count, &cursor)
        return Buffer(scalars: Array(UnsafeBufferPointer(start: scalars, count: count)), cursor: cursor)
    }

    func setBuffer(_ new: Buffer) {
        guard let library else { return }
        line_editor_set_text(library, new.scalars.map { $0 == 0 ? 0x20 : $0 }, new.scalars.count, new.cursor)
    }

    // MARK: Painting

    func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Glibc.write(STDOUT_FILENO, bytes.baseAddress! + sent, bytes.count - sent)
                if count < 0 && errno != EINTR && errno != EAGAIN { return }
                sent += max(0, count)
            }
        }
    }

    /// Brings the screen up to date; `isFinal` leaves out what only helps while typing.
    func paint(isFinal: Bool = false) {
        let size = terminal.size()
        write(painter.paint(frame(size, isFinal: isFinal), columns: size.columns))
    }

    private func frame(_ size: (rows: Int, columns: Int), isFinal: Bool) -> Frame {
        var shown = buffer
        var match: SourceSpan?
        var below: [StyledText] = []
        if case .searching(let search) = mode {
            let found = search.shown(in: history, original: shown)
            (shown, match) = (found.buffer, found.match)
            below = [search.line]
        } else if let menu, !isFinal {
            below = menu.lines(columns: size.columns, rowsMax: max(1, min(12, size.rows / 2)), marks: styles)
        }
        let text = shown.text
        if text != checkedText { (checkedText, faults) = (nil, []) }
        let prompt = prompt.truncated(to: max(8, size.columns / 2))
        let margin = prompt.columns
        let layout = ScreenLayout(shown.scalars, cursor: shown.cursor, columns: size.columns, margin: margin)
        let room = max(1, size.rows - below.count)
        if layout.cursorRow < windowStart { windowStart = layout.cursorRow }
        if layout.cursorRow >= windowStart + room { windowStart = layout.cursorRow - room + 1 }
        windowStart = max(0, min(windowStart, layout.rows.count - room))
        let window = windowStart..<min(layout.rows.count, windowStart + room)

        let drawing = RowDrawing(
            scalars: shown.scalars, spans: spans(of: text), faults: isFinal ? [] : faults, match: match, styles: styles)
        var rows = window.map { index in
            let row = layout.rows[index]
            let head = index == 0 ? prompt : continuation(margin, startsLine: row.startsLine)
            return FrameRow(text: styles.render(head) + drawing.text(of: row), columns: margin + row.columns)
        }
        if !isFinal, let hint = hint(for: text, shown), let last = rows.indices.last {
            let cut = StyledText(hint, .dim).truncated(to: max(0, size.columns - rows[last].columns - 1))
            rows[last].text += styles.render(cut)
            rows[last].columns += cut.columns
        }
        rows += below.map { line in
            let line = line.truncated(to: size.columns - 1)
            return FrameRow(text: styles.render(line), columns: line.columns)
        }
        return Frame(rows: rows, cursorRow: layout.cursorRow - windowStart, cursorColumn: layout.cursorColumn)
    }

    /// What stands before a line that is not the first: `....>` up against the text, spaces where a long line goes on.
    private func continuation(_ margin: Int, startsLine: Bool) -> StyledText {
        let spaces = String(repeating: " ", count: margin)
        return startsLine && margin >= 6 ? StyledText(spaces.dropLast(6) + "....> ", .dim) : StyledText(spaces)
    }

    private func spans(of text: String) -> [HighlightedSpan] {
        guard styles.usesAttributes else { return [] }
        if highlighted.text != text { highlighted = (text, services.highlight(text)) }
        return highlighted.spans
    }

    /// The rest of the newest entry that begins like this one, on this line; in an empty line the corrected entry,
    /// which Tab takes.
    func hint(for text: String, _ buffer: Buffer) -> String? {
        if text.isEmpty, let correction, styles.usesAttributes, case .editing = mode {
            let lines = correction.split(separator: "\n", omittingEmptySubsequences: false)
            return (lines.first.map(String.init) ?? "") + (lines.count > 1 ? " …" : "") + "   (Tab)"
        }
        guard terminal.usesColour, styles.usesAttributes, case .editing = mode, menu == nil, !text.isEmpty,
            buffer.cursor == buffer.scalars.count
        else { return nil }
        if hinted.text != text {
            let index = history.index(before: history.count, prefix: text, differentFrom: text)
            let rest = index.map { String(history.entries[$0].utf8.dropFirst(text.utf8.count)) ?? "" }
            hinted = (
                text,
                rest.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) }
            )
        }
        return hinted.hint
    }

    /// The keys rest: asks what is surely wrong. What the cursor touches is still being typed.
    private func lookForFaults() {
        let now = buffer
        let text = now.text
        checkedText = text
        let prefix = Buffer.text(of: now.scalars[..<now.cursor]).utf8.count
        faults = text.isEmpty ? [] : services.faults(in: text).filter { !$0.touches(prefix) }
    }
}
