// What the keys do that the library does not do for us: several lines, the history, completion, undo.

import CTerminal
import Glibc
import Language

extension LineEditor {
    // MARK: Binding

    func bindKeys(_ library: OpaquePointer) {
        func control(_ letters: String) -> [UInt8] { letters.utf8.map { $0 & 0x1f } }
        var keys = control("CDGLRZ_")
        if !isVi { keys += control("ABEFHKNPUWY") + [0x7f, UInt8(ascii: "}")] }
        for key in keys { line_editor_bind(library, key, line_editor_first_map) }
        line_editor_bind_external(library, "\u{18}\u{05}", line_editor_first_map)
        if isVi {
            for key in control("CDLR") + [UInt8(ascii: "j"), UInt8(ascii: "k")] {
                line_editor_bind(library, key, line_editor_command_map)
            }
            line_editor_bind_external(library, "v", line_editor_command_map)
        }
    }

    /// The keys with Alt that have one list of killed text with ours, or work on our lines.
    func ownsMeta(_ scalar: UInt32) -> Bool {
        switch UInt8(truncatingIfNeeded: scalar) {
        case UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "d"), UInt8(ascii: "<"), UInt8(ascii: ">"): true
        default: false
        }
    }

    // MARK: Acting

    /// What a key leaves: a line that goes on, or one that is done.
    enum Outcome { case goesOn, isDone }

    /// Called by the library for a key bound to us; `pending` says which one where it has no code of its own.
    func perform(_ code: UInt32) -> Outcome {
        let key = pending ?? Self.key(of: code)
        pending = nil
        // Letters are the library's own and do not pass here; they part two kills by what they did to the text.
        let wasKilling = lastKillLeft == buffer
        lastKillLeft = nil
        if !Self.browses(key) { recall.stopBrowsing() }
        switch key {
        case .enter: return enter()
        case .newline: insert("\n" + indentation())
        case .tab: return complete(forward: true)
        case .backTab: return complete(forward: false)
        case .paste(let text): insert(text)
        case .up: return moveUp()
        case .down: return moveDown()
        case .left: move { $0.characterStart(before: $0.cursor) }
        case .right: if !acceptHint() { move { $0.characterEnd(after: $0.cursor) } }
        case .home: move { $0.lineStart }
        case .end: if !acceptHint() { move { $0.lineEnd } }
        case .wordLeft: move { $0.wordStart }
        case .wordRight: if !acceptHint(wordOnly: true) { move { $0.wordEnd } }
        case .delete: edit { $0.remove($0.cursor..<$0.characterEnd(after: $0.cursor)) }
        case .deleteWordLeft: kill(wasKilling, forward: false) { $0.wordStart..<$0.cursor }
        case .meta(let scalar): meta(scalar, wasKilling)
        case .scalar(let scalar): return control(scalar, wasKilling)
        // The line is drawn anew in its own colours.
        case .background(let background): Background.current = background
        case .pageUp, .pageDown, .insert, .escape, .unknown: return .goesOn
        }
        return .goesOn
    }

    /// Keys that reach us through the library's own map.
    private static func key(of code: UInt32) -> Key {
        switch code {
        case 0x0a, 0x0d: .enter
        case 0x10: .up
        case 0x0e: .down
        case 0x02: .left
        case 0x06: .right
        case 0x01: .home
        case 0x05: .end
        case UInt32(UInt8(ascii: "k")): .up
        case UInt32(UInt8(ascii: "j")): .down
        default: .scalar(code)
        }
    }

    private static func browses(_ key: Key) -> Bool { key == .up || key == .down }

    private func meta(_ scalar: UInt32, _ wasKilling: Bool) {
        switch UInt8(truncatingIfNeeded: scalar) {
        case UInt8(ascii: "b"): move { $0.wordStart }
        case UInt8(ascii: "f"): if !acceptHint(wordOnly: true) { move { $0.wordEnd } }
        case UInt8(ascii: "d"): kill(wasKilling, forward: true) { $0.cursor..<$0.wordEnd }
        case UInt8(ascii: "<"): move { _ in 0 }
        case UInt8(ascii: ">"): move { $0.scalars.count }
        default: break
        }
    }

    private func control(_ scalar: UInt32, _ wasKilling: Bool) -> Outcome {
        switch scalar {
        case 0x03: return interrupt()  // Ctrl-C
        case 0x04: return endOrDelete()  // Ctrl-D
        case 0x08, 0x7f: edit { $0.remove($0.characterStart(before: $0.cursor)..<$0.cursor) }
        case 0x0b:
            kill(wasKilling, forward: true) {
                $0.cursor..<($0.lineEnd == $0.cursor ? min($0.cursor + 1, $0.scalars.count) : $0.lineEnd)
            }
        case 0x0c: clearScreen()  // Ctrl-L
        case 0x12: startSearch()  // Ctrl-R
        case 0x15: kill(wasKilling, forward: false) { $0.lineStart..<$0.cursor }  // Ctrl-U
        case 0x17: kill(wasKilling, forward: false) { $0.wordStart..<$0.cursor }  // Ctrl-W
        case 0x19: insert(scalars: killed)  // Ctrl-Y
        case 0x1a: suspend()  // Ctrl-Z
        case 0x1f: if let earlier = undo.pop(before: buffer) { setBuffer(earlier) }  // Ctrl-_
        case UInt32(UInt8(ascii: "}")): closeBrace()
        default: return .goesOn
        }
        return .goesOn
    }

    // MARK: Ending the line

    private func enter() -> Outcome {
        let now = buffer
        if menu?.selected != nil {
            menu = nil
            return .goesOn
        }
        menu = nil
        let text = now.text
        let isOnLastLine = !now.scalars[now.cursor...].contains(0x0a)
        if !isOnLastLine || services.state(of: text) == .incomplete {
            insert("\n" + indentation())
            return .goesOn
        }
        accept(text)
        return .isDone
    }

    func accept(_ text: String) {
        let now = buffer
        setBuffer(Buffer(scalars: now.scalars, cursor: now.scalars.count))
        paint(isFinal: true)
        write(painter.leave())
        recall.accept(text, history)
        result = .text(text)
    }

    private func interrupt() -> Outcome {
        mode = .editing
        let now = buffer
        setBuffer(Buffer(scalars: now.scalars, cursor: now.scalars.count))
        paint(isFinal: true)
        write("^C" + painter.leave())
        result = .interrupted
        return .isDone
    }

    private func endOrDelete() -> Outcome {
        if buffer.scalars.isEmpty {
            paint(isFinal: true)
            write(painter.leave())
            result = .end
            return .isDone
        }
        edit { $0.remove($0.cursor..<$0.characterEnd(after: $0.cursor)) }
        return .goesOn
    }

    // MARK: Editing

    private func move(_ target: (Buffer) -> Int) {
        var now = buffer
        now.cursor = target(now)
        setBuffer(now)
    }

    private func edit(_ change: (inout Buffer) -> Void) {
        var now = buffer
        change(&now)
        setBuffer(now)
    }

    func insert(_ text: String) { insert(scalars: text.unicodeScalars.map(\.value)) }

    private func insert(scalars: [UInt32]) {
        edit {
            $0.scalars.insert(contentsOf: scalars, at: $0.cursor)
            $0.cursor += scalars.count
        }
    }

    /// Removes a part and keeps it for Ctrl-Y; kills in a row are kept together.
    private func kill(_ wasKilling: Bool, forward: Bool, _ part: (Buffer) -> Range<Int>) {
        edit {
            let range = part($0)
            let text = Array($0.scalars[range])
            killed = !wasKilling ? text : forward ? killed + text : text + killed
            $0.remove(range)
        }
        lastKillLeft = buffer
    }

    /// The spaces at the head of the line at hand, two more after an opening brace.
    private func indentation() -> String {
        let now = buffer
        let line = now.scalars[now.lineStart..<now.cursor]
        let spaces = line.prefix { $0 == 0x20 }.count
        let opens = line.last { $0 != 0x20 } == UInt32(UInt8(ascii: "{"))
        return String(repeating: " ", count: spaces + (opens ? 2 : 0))
    }

    /// A brace at the head of a line closes a block: it goes back by one step of indentation.
    private func closeBrace() {
        let now = buffer
        let head = now.scalars[now.lineStart..<now.cursor]
        if now.lineStart > 0, head.count >= 2, head.allSatisfy({ $0 == 0x20 }) {
            edit { $0.remove(($0.cursor - 2)..<$0.cursor) }
        }
        insert("}")
    }

    /// Takes over the grey rest of an earlier entry when the cursor stands before it.
    private func acceptHint(wordOnly: Bool = false) -> Bool {
        let now = buffer
        guard !now.scalars.isEmpty, var hint = hint(for: now.text, now), !hint.isEmpty else { return false }
        if wordOnly {
            let spaces = hint.prefix { $0 == " " }
            hint = String(spaces + hint.dropFirst(spaces.count).prefix { $0 != " " })
        }
        insert(hint)
        return true
    }

    private func clearScreen() {
        painter.reset()
        write("\u{1b}[H\u{1b}[2J")
    }

    private func suspend() {
        guard let library else { return }
        paint(isFinal: true)
        write(painter.leave() + "\u{1b}[?2004l")
        line_editor_raw_mode(library, false)
        terminal_suspend()
        line_editor_raw_mode(library, true)
        write("\u{1b}[?2004h")
    }

    // MARK: History

    private func moveUp() -> Outcome {
        let now = buffer
        if !recall.isBrowsing, now.lineStart > 0 {
            move { $0.sameColumn(inLineEndingAt: $0.lineStart - 1) }
            return .goesOn
        }
        guard let entry = recall.older(than: now.text, history) else { return .goesOn }
        show(entry)
        return .goesOn
    }

    private func moveDown() -> Outcome {
        let now = buffer
        if !recall.isBrowsing, now.lineEnd < now.scalars.count {
            move { buffer in
                let start = buffer.lineEnd + 1
                let end = buffer.scalars[start...].firstIndex(of: 0x0a) ?? buffer.scalars.count
                return min(start + buffer.cursor - buffer.lineStart, end)
            }
            return .goesOn
        }
        guard let entry = recall.newer(than: now.text, history) else { return .goesOn }
        show(entry)
        return .goesOn
    }

    private func show(_ text: String) {
        let scalars = text.unicodeScalars.map(\.value)
        setBuffer(Buffer(scalars: scalars, cursor: scalars.count))
    }

    private func startSearch() { mode = .searching(HistorySearch(newest: history.count - 1)) }

    /// A key while searching. False: the key is done with. True: the search ended, and the key acts on what was found.
    func continueSearch(_ search: HistorySearch, _ key: Key) -> Bool {
        var search = search
        switch search.take(key, history) {
        case .goOn:
            mode = .searching(search)
            return false
        case .cancel:
            mode = .editing
            return false
        case .leave:
            mode = .editing
            if let index = search.found {
                // Through the library, so that its own key then finds the new text.
                var found = search.shown(in: history, original: buffer).buffer
                // Enter runs what is shown, however many lines it has; within them it would break one in two.
                if key == .enter { found = Buffer(scalars: found.scalars, cursor: found.scalars.count) }
                setBuffer(found)
                recall.position = index
            }
            return true
        }
    }

    // MARK: Completion

    private func complete(forward: Bool) -> Outcome {
        let now = buffer
        if var open = menu {
            open.select(forward: forward)
            menu = open
            setBuffer(open.applied)
            return .goesOn
        }
        let head = now.scalars[now.lineStart..<now.cursor]
        if head.allSatisfy({ $0 == 0x20 }) {
            if now.scalars.isEmpty, let correction {
                insert(correction)
                self.correction = nil
                return .goesOn
            }
            // On an empty line Tab shows what there is; where a line has begun it indents.
            guard now.scalars.isEmpty else {
                insert("  ")
                return .goesOn
            }
        }
        let text = now.text
        let offset = Buffer.text(of: now.scalars[..<now.cursor]).utf8.count
        let items = services.completions(in: text, at: offset)
        guard let first = items.first else {
            write("\u{07}")
            return .goesOn
        }
        if items.count == 1 {
            setBuffer(CompletionMenu.applying(first, to: now))
        } else {
            let opened = CompletionMenu(items: items, buffer: now)
            setBuffer(opened.base)
            menu = opened
        }
        return .goesOn
    }

    // MARK: $EDITOR

    func editExternally() {
        guard let library else { return }
        paint(isFinal: true)
        write(painter.leave() + "\u{1b}[?2004l")
        line_editor_raw_mode(library, false)
        let edited = ExternalEditor.edit(buffer.text)
        line_editor_raw_mode(library, true)
        write("\u{1b}[?2004h")
        if let edited { show(edited) }
    }
}
