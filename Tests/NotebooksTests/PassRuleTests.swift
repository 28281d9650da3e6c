// How often a notebook runs, what it leaves as it was, and what is read from disk.

import Foundation
import Language
import Support
import TestSupport
import Testing

@testable import Notebooks

@Suite struct PassRuleTests {
    /// How many sessions a replay makes, and how it ends.
    private func passes(_ text: String, _ mode: Replay.Mode) throws -> (sessions: Int, exit: ReplayExit) {
        var count = 0
        let report = try Replay(Notebook(text), mode: mode).run {
            count += 1
            return TestVocabulary.session(TestRun())
        }
        return (count, report.exit)
    }

    @Test func `a notebook runs twice only where it is asked for and the first run went well`() throws {
        #expect(try passes("# icot 1\nstep\n", .twice) == (2, .fine))
        #expect(try passes("# icot 1\nstep 20\n", .twice) == (1, .failed))
        #expect(try passes("# icot 1\nstep 20\n#! E310\n", .twice) == (2, .fine))
        #expect(
            try passes("# icot 1\nstep\n", .show) == (1, .fine) && passes("# icot 2\nstep\n", .show) == (0, .refused))
        #expect(try passes("# icot 1\n# pin: /nowhere/x sha256:00\nstep\n", .check) == (0, .inputs))
        #expect(try passes("# icot 1\n# pin: /nowhere/x sha256:00\nstep\n", .twice) == (0, .inputs))
    }

    @Test func `whoever listened to a session before hears it after a replay again`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/in"
            try "abc".write(toFile: path, atomically: true, encoding: .utf8)
            let session = TestVocabulary.session(TestRun())
            var (events, files) = (0, [String]())
            session.onEvent = { _ in events += 1 }
            session.onFile = { path, _ in files.append(path) }
            let report = try Replay(Notebook("# icot 1\nload \"\(path)\"\n"), mode: .update).run { session }
            // Files are told on while it records, events go to the replay.
            #expect(files == [path] && events == 0 && report.recorded.header.pins.count == 1)
            session.run(SourceText("load \"\(path)\""))
            #expect(files == [path, path] && events > 0 && report.recorded.header.pins.count == 1)
        }
    }

    @Test func `what is odd about a file and what stands below no statement is told in one order`() throws {
        let text = "# icot 1\n# pin: x\n\n#> lost\nprint 1\n#> {~ open\n\n#~ lost too\n"
        let report = try Replay(Notebook(text), mode: .show).run { TestVocabulary.session(TestRun()) }
        #expect(report.findings.map(\.line) == [2, 4, 6, 8])
    }

    @Test func `a volatile text of several lines is volatile in each of them`() {
        var block = OutputBlock()
        let line = StyledText("took ") + StyledText("4 s\nor 5 s", isVolatile: true) + StyledText(" all\nend")
        block.append(.output(DisplayBundle(lines: [line])))
        #expect(block.lines.map(\.line) == ["#> took {~4 s}", "#> {~or 5 s} all", "#> end"])
    }

    @Test func `a cell that nobody knows is answered with the nearest title, and with none where none is near`() {
        func answer(_ title: String) -> NotebookError? {
            var replay = Replay(Notebook("# icot 1\n# %% first steps\nstep\n# %% Second Part\nstep\n"), mode: .check)
            replay.only = title
            do { _ = try replay.run { TestVocabulary.session(TestRun()) } } catch { return error as? NotebookError }
            return nil
        }
        #expect(answer("first stepz") == .unknownCell(title: "first stepz", nearest: "first steps"))
        #expect(answer("zzzzzzzzzzz") == .unknownCell(title: "zzzzzzzzzzz", nearest: nil))
        #expect(answer("FIRST") == nil && answer("second p") == nil)
    }

    @Test func `an empty file is a notebook, a page or a pointer in its place is none and says so`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/a.icot"
            try Data().write(to: URL(filePath: path))
            let empty = try NotebookFile(path: path)
            #expect(empty.notebook.cells.isEmpty && empty.path == path && empty.notebook.name == path)
            for text in [
                "\n<!DOCTYPE html><html>", "<HTML>", "<?xml version=\"1.0\"?>",
                "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
            ] {
                try Data(text.utf8).write(to: URL(filePath: path))
                let error = #expect(throws: NotebookError.self, "\(text)") { _ = try NotebookFile(path: path) }
                #expect(error.map { "\($0)".contains(path) } == true)
            }
        }
    }

    @Test func `a notebook that was written twice is the one that was written last`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/a.icot"
            try NotebookFile.write(Notebook("# icot 1\nstep\n"), to: path)
            var file = try NotebookFile(path: path)
            for text in ["# icot 1\nstep\n#> a\n", "# icot 1\nstep\n#> b\n"] {
                let isWritten = try file.write(Notebook(text))
                let again = try file.write(Notebook(text))
                #expect(isWritten && !again && file.notebook.text == text)
            }
            // Gone meanwhile is changed meanwhile.
            try FileManager.default.removeItem(atPath: path)
            #expect(throws: NotebookError.changedMeanwhile(path: path)) { _ = try file.write(Notebook("# icot 1\n")) }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }
}
