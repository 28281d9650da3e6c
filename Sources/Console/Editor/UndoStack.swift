// Earlier states of a buffer. Typing a word is one step, a paste is one step, every other edit is one step.

struct UndoStack {
    private var states: [LineEditor.Buffer] = []
    private var last = LineEditor.Buffer()
    private var isTyping = false
    private static let statesMax = 500

    /// Sees the buffer before each key.
    mutating func note(_ buffer: LineEditor.Buffer) {
        guard buffer.scalars != last.scalars else {
            if buffer.cursor != last.cursor { isTyping = false }
            last.cursor = buffer.cursor
            return
        }
        let typed = buffer.scalars.count == last.scalars.count + 1 && buffer.cursor == last.cursor + 1
        let startsWord =
            typed && last.cursor > 0 && last.cursor <= last.scalars.count && last.scalars[last.cursor - 1] == 0x20
        if !typed || !isTyping || startsWord { states.append(last) }
        if states.count > Self.statesMax { states.removeFirst() }
        isTyping = typed
        last = buffer
    }

    /// The state before the last edit.
    mutating func pop(before buffer: LineEditor.Buffer) -> LineEditor.Buffer? {
        note(buffer)
        guard let earlier = states.popLast() else { return nil }
        last = earlier
        isTyping = false
        return earlier
    }
}
