// What becomes of a line that was typed: whether it is whole, what is kept of it, and how it is taken back.

import Foundation
import Glibc
import Language
import Support
import TestSupport
import Testing

@testable import Console

private func buffer(_ text: String) -> LineEditor.Buffer {
    let scalars = text.unicodeScalars.map(\.value)
    return LineEditor.Buffer(scalars: scalars, cursor: scalars.count)
}

@Suite struct TranscriptRuleTests {
    private func read(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func `only the first line that was typed stands after the prompt, those that go on after dots`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/transcript"
            let transcript = try Transcript(path: path)
            transcript.add(input: "for k in 0..<2 {\n\n  print k\n}", prompt: "icot 3> ")
            transcript.add("0")
            transcript.add(input: "k", prompt: "icot 4> ")
            let written = try read(path)
            #expect(
                written == "icot 3> for k in 0..<2 {\n....> \n....>   print k\n....> }\n0\nicot 4> k\n", "\(written)")
        }
    }

    @Test func `a second session goes on below the first, and nothing in the file moves a cursor`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/transcript"
            try Transcript(path: path).add("1")
            try Transcript(path: path).add("a\tb\u{1b}[2Jc\u{7f}")
            #expect(try read(path) == "1\na    b^[[2Jc^?\n")
            for (path, reason) in [(folder.path, EISDIR), (folder.path + "/none/x", ENOENT), (path + "/x", ENOTDIR)] {
                #expect(throws: FileError(.notWritten, path, "cannot be written: \(errorText(reason))")) {
                    try Transcript(path: path)
                }
            }
        }
    }
}

@Suite struct TakenBackRuleTests {
    @Test func `what is typed right after an undo is a step of its own`() {
        var undo = UndoStack()
        for text in ["", "a", "ab"] { undo.note(buffer(text)) }
        #expect(undo.pop(before: buffer("ab"))?.text == "")
        for text in ["", "x", "xy"] { undo.note(buffer(text)) }
        // Both letters go at once, and what stood there before they came is left.
        #expect(undo.pop(before: buffer("xy"))?.text == "")
        #expect(undo.pop(before: buffer("")) == nil)
    }

    @Test func `an undo in the middle of a word leaves what came before the word`() {
        var undo = UndoStack()
        for text in ["", "a", "a ", "a b", "a bc"] { undo.note(buffer(text)) }
        #expect(undo.pop(before: buffer("a bc"))?.text == "a ")
        for text in ["a ", "a d"] { undo.note(buffer(text)) }
        #expect(undo.pop(before: buffer("a d"))?.text == "a ")
        #expect(undo.pop(before: buffer("a "))?.text == "")
        #expect(undo.pop(before: buffer("")) == nil)
    }
}

@Suite struct KeptEntryRuleTests {
    @Test func `an entry that was typed before is kept again, but not right after itself`() {
        let history = History.inMemory()
        for entry in ["step", "eval", "step", "step", "eval"] { history.append(entry) }
        #expect(history.entries == ["step", "eval", "step", "eval"])
    }

    @Test func `what differs in a letter's size or in spaces at its end is another entry, and empty lines are none`() {
        let history = History.inMemory()
        for entry in ["step", "Step", "step ", "", "\n\t", "\tstep", "step"] { history.append(entry) }
        #expect(history.entries == ["step", "Step", "step ", "\tstep", "step"])
    }

    @Test func `the entry of an earlier session counts as the one before`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/history"
            let first = History(file: HistoryFile(path: path))
            for entry in ["eval", "step"] { first.append(entry) }
            let second = History(file: HistoryFile(path: path))
            for entry in ["step", "eval"] { second.append(entry) }
            let third = History(file: HistoryFile(path: path)).entries
            #expect(third == ["eval", "step", "eval"])
        }
    }
}

@Suite struct WholeLineRuleTests {
    // `let 3` is a slip: a name is missing.
    @Test(
        arguments: [
            ("for k in 0...3 {", false), ("for k in 0...3 {\n", false), ("for k in 0...3 {\n  let 3", false),
            ("for k in 0...3 {\n  let 3\n", true), ("for k in 0...3 {\n  let 3\n}", true),
            ("if true {\n  for k in 0...3 {\n    let 3", false), ("if true {\n  for k in 0...3 {\n    let 3\n", true),
            ("let 3", true), ("let x = 3", true), ("let x =", false), ("", true), ("?for", true), ("? {", true),
            ("icot 1> for k in 0...3 {", false), ("icot 1> let x = 3", true),
        ] as [(String, Bool)])
    func `a block with a slip waits for its end or for an empty line, one without for its end`(
        _ text: String, _ isWhole: Bool
    ) {
        let state = SessionServices(Session(Vocabulary())).state(of: text)
        #expect((state == .complete) == isWhole, "\(text.debugDescription)")
    }
}
