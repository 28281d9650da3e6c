import Foundation
import Testing
import TestSupport

@testable import Console

@Suite struct HistoryTests {
    @Test func `what one session typed the next one finds, newlines and backslashes included`() throws {
        try withTemporaryFolder { folder in
            let file = HistoryFile(path: folder.path + "/new/folder/history")
            let first = History(file: file)
            first.append("for k in 0...3 {\n  step\n}")
            first.append(#"show "a\nb""#)
            #expect(History(file: file).entries == ["for k in 0...3 {\n  step\n}", #"show "a\nb""#])
        }
    }

    @Test func `a repeated, blank or blank-led line is not kept`() {
        let history = History.inMemory()
        for line in ["step", "step", "  ", " secret", "train"] { history.append(line) }
        #expect(history.entries == ["step", "train"])
    }

    @Test func `a long session keeps the newest lines`() {
        let history = History(file: nil, entriesMax: 20)
        for line in 1...22 { history.append("line \(line)") }
        #expect(history.entries.first == "line 1")
        history.append("line 23")
        #expect(history.entries == (4...23).map { "line \($0)" })
    }

    @Test func `a damaged file costs its damaged lines only`() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "history")
            var bytes = Data("# icot history 1\n1 step\n".utf8)
            bytes += Data([0, 0, 0, 0, 0x0a])
            bytes += Data("no number\n2 tra\u{1b}[2Jin\n3 \\q\n4 \\\n".utf8)
            bytes += Data([0x35, 0x20, 0xff, 0xfe, 0x0a])
            bytes += Data("6 back 1\n7 cut sho".utf8)
            try bytes.write(to: url)
            let history = History(file: HistoryFile(path: url.path))
            #expect(history.entries == ["step", "back 1", "cut sho"])
            history.append("eval test")
            #expect(History(file: HistoryFile(path: url.path)).entries == ["step", "back 1", "cut sho", "eval test"])
        }
    }

    @Test func `a folder, a missing home or random bytes in the place of the file give an empty history`() throws {
        try withTemporaryFolder { folder in
            let history = History(file: HistoryFile(path: folder.path))
            history.append("step")
            #expect(history.entries == ["step"])
            #expect(History(file: HistoryFile(path: "/proc/none/history")).entries == [])
            let url = folder.appending(path: "noise")
            try Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }).write(to: url)
            #expect(History(file: HistoryFile(path: url.path)).entries.allSatisfy { !$0.contains("\u{1b}") })
        }
    }

    @Test func `sessions side by side lose no line`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "icot-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.path + "/history"
        await withTaskGroup(of: Void.self) { group in
            for session in 0..<8 {
                group.addTask {
                    let file = HistoryFile(path: path, entriesMax: 100)
                    for line in 0..<50 {
                        file.append("session \(session) line \(line)")
                    }
                }
            }
        }
        let entries = HistoryFile(path: path).load()
        #expect(Set(entries).count == 400)
    }

    @Test func `a long file is shortened to the newest entries`() throws {
        try withTemporaryFolder { folder in
            let file = HistoryFile(path: folder.path + "/history", entriesMax: 100)
            for line in 0..<300 { file.append("line \(line)") }
            #expect(file.load() == (200..<300).map { "line \($0)" })
            let text = try String(contentsOfFile: file.path, encoding: .utf8)
            #expect(text.split(separator: "\n").count == 101)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["history"])
        }
    }

    @Test func `what cannot be added is said`() throws {
        try withTemporaryFolder { folder in
            #expect(!HistoryFile(path: folder.path).append("step"))
            #expect(HistoryFile(path: folder.path + "/history").append("step"))
        }
    }

    @Test func `search goes from the newest entry and small letters find capitals`() {
        let history = History.inMemory(["let R = run", "train", "let r = run"])
        #expect(history.index(searching: "r = ", from: 2) == 2)
        #expect(history.index(searching: "r = ", from: 1) == 0)
        #expect(history.index(searching: "R = ", from: 2) == 0)
        #expect(history.index(searching: "absent", from: 2) == nil)
        #expect(history.index(before: 3, prefix: "let") == 2)
        #expect(history.index(after: 0, prefix: "let") == 2)
    }
}

@Suite struct RecallTests {
    private let history = History.inMemory(["let a = 1", "train", "let b = 2", "step"])

    @Test func `Up walks the entries that begin with what was typed and Down comes back to it`() {
        var recall = Recall()
        #expect(recall.older(than: "let", history) == "let b = 2")
        #expect(recall.older(than: "let b = 2", history) == "let a = 1")
        #expect(recall.older(than: "let a = 1", history) == nil)
        #expect(recall.newer(than: "let a = 1", history) == "let b = 2")
        #expect(recall.newer(than: "let b = 2", history) == "let")
    }

    @Test func `after an entry was run again, Down gives the one that followed it`() {
        var recall = Recall()
        _ = recall.older(than: "", history)
        _ = recall.older(than: "step", history)
        _ = recall.older(than: "let b = 2", history)
        recall.accept("train", history)
        recall.begin()
        #expect(recall.newer(than: "", history) == "let b = 2")
    }
}

@Suite struct UndoTests {
    private func buffer(_ text: String) -> LineEditor.Buffer {
        let scalars = text.unicodeScalars.map(\.value)
        return LineEditor.Buffer(scalars: scalars, cursor: scalars.count)
    }

    @Test func `a word and a paste are each undone at once`() {
        var undo = UndoStack()
        for text in ["", "s", "st", "st ", "st x", "st xy", "st xy\npasted\nlines"] { undo.note(buffer(text)) }
        var states: [String] = []
        while let state = undo.pop(before: buffer(states.last ?? "st xy\npasted\nlines")) { states.append(state.text) }
        #expect(states == ["st xy", "st ", ""])
    }
}
