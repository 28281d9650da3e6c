import Language
import Testing

@testable import Console

@Suite struct CompletionMenuTests {
    private func buffer(_ text: String) -> LineEditor.Buffer {
        let scalars = text.unicodeScalars.map(\.value)
        return LineEditor.Buffer(scalars: scalars, cursor: scalars.count)
    }

    /// What could follow `é tr`: the word begins at byte 3.
    private func menu(_ words: [String]) -> CompletionMenu {
        CompletionMenu(
            items: words.map { CompletionItem(label: $0, summary: "", span: SourceSpan(3, 5), replacement: $0) },
            buffer: buffer("é tr"))
    }

    @Test func `what all have in common is written at once`() {
        #expect(menu(["train", "traits"]).base == buffer("é trai"))
        #expect(menu(["train", "tree"]).base == buffer("é tr"))
    }

    @Test func `Tab walks down, Shift-Tab up, and beyond either end stands what was typed`() {
        var menu = menu(["train", "traits", "tree"])
        #expect(menu.applied == buffer("é tr"))
        var shown: [String] = []
        for _ in 0..<5 {
            menu.select(forward: true)
            shown.append(menu.applied.text)
        }
        #expect(shown == ["é train", "é traits", "é tree", "é tr", "é train"])
        shown = []
        for _ in 0..<5 {
            menu.select(forward: false)
            shown.append(menu.applied.text)
        }
        #expect(shown == ["é tr", "é tree", "é traits", "é train", "é tr"])
        menu.select(forward: false)
        #expect(menu.applied.cursor == 6)
    }

    @Test func `a long list shows what there is room for about the selected one, and counts the rest`() {
        let styles = StyleSheet(colours: .none, usesAttributes: false)
        var menu = menu((0..<10).map { "tr\($0)" })
        func lines(_ rows: Int) -> [String] { menu.lines(columns: 40, rowsMax: rows, marks: styles).map(\.plain) }
        #expect(lines(4) == ["  tr0", "  tr1", "  tr2", "  7 more"])
        #expect(lines(10).count == 10 && !lines(10).contains { $0.contains("more") })
        for _ in 0..<6 { menu.select(forward: true) }
        #expect(lines(4) == ["  tr4", "> tr5", "  tr6", "  7 more"])
        for _ in 0..<4 { menu.select(forward: true) }
        #expect(lines(4) == ["  tr7", "  tr8", "> tr9", "  7 more"])
    }
}

@Suite struct HistorySearchTests {
    private let history = History.inMemory(["step 1", "train", "step 2", "eval", "Step 3"])

    /// The entry that is shown after each key.
    private func shown(_ keys: [Key]) -> [String] {
        var search = HistorySearch(newest: history.count - 1)
        return keys.map { key in
            _ = search.take(key, history)
            return search.shown(in: history, original: LineEditor.Buffer()).buffer.text
        }
    }

    private func letters(_ text: String) -> [Key] { text.unicodeScalars.map { .scalar($0.value) } }
    private let older = Key.scalar(0x12)
    private let newer = Key.scalar(0x13)
    private let backspace = Key.scalar(0x7f)

    @Test func `Ctrl-R goes to the next older entry and Ctrl-S back to the newer one`() {
        #expect(
            shown(letters("step") + [older, older, newer, newer])
                == ["Step 3", "Step 3", "Step 3", "Step 3", "step 2", "step 1", "step 2", "Step 3"])
        // Nothing older, nothing newer: what was found stays.
        #expect(shown(letters("ev") + [older, newer]).suffix(2) == ["eval", "eval"])
    }

    @Test func `a longer pattern goes on from where it is, a shorter one begins at the newest again`() {
        #expect(
            shown(letters("step") + [older] + letters(" 1") + [backspace, backspace]).suffix(5)
                == ["step 2", "step 2", "step 1", "Step 3", "Step 3"])
    }

    @Test func `a capital is looked for as it is, and the match is marked where it stands`() {
        #expect(shown(letters("S")) == ["Step 3"] && shown(letters("V")) == [""])
        var search = HistorySearch(newest: history.count - 1)
        for key in letters("va") { _ = search.take(key, history) }
        let found = search.shown(in: history, original: LineEditor.Buffer())
        #expect(found.buffer.text == "eval" && found.buffer.cursor == 1 && found.match == SourceSpan(1, 3))
    }

    @Test func `Ctrl-C gives the line back, and what is no letter takes the entry`() {
        var search = HistorySearch(newest: history.count - 1)
        #expect(search.take(.scalar(0x03), history) == .cancel)
        #expect(search.take(.scalar(0x07), history) == .cancel)
        #expect(search.take(.enter, history) == .leave)
        #expect(search.take(.left, history) == .leave)
        #expect(search.take(.scalar(0x61), history) == .goOn)
        #expect(search.line.plain == "search: a")
        #expect(search.take(.scalar(0x7a), history) == .goOn)
        #expect(search.line.plain == "nothing found: az")
    }
}
