import Foundation
import Language
import TestSupport
import Testing

@testable import Notebooks

@Suite("Notebooks from other systems") struct ForeignLineTests {
    /// The lesson of the document's tests with other line ends.
    private func lesson(_ end: String) -> Notebook {
        Notebook(NotebookTests.example.replacing("\n", with: end))
    }

    @Test(arguments: ["\r\n", "\r"])
    func `whatever its lines end with, a notebook is the same notebook`(_ end: String) {
        let (plain, other) = (lesson("\n"), lesson(end))
        #expect(other.header.fields.map(\.value) == plain.header.fields.map(\.value))
        #expect(other.cells.map(\.title) == plain.cells.map(\.title))
        #expect(other.entries().map(\.code) == plain.entries().map(\.code))
        #expect(other.entries().map(\.recorded) == plain.entries().map(\.recorded))
        #expect(other.findings == plain.findings)
        #expect(other.printed == other.bytes)
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `what is recorded ends its lines as the file does`(_ end: String) throws {
        let lesson = ReplayTests.lesson.replacing("\n", with: end)
        let replay = Replay(Notebook(lesson.replacing("3 of 9", with: "4 of 9")), mode: .update)
        let report = try replay.run { TestVocabulary.session(TestRun()) }
        #expect(report.recorded.bytes == Array(lesson.utf8))
    }

    @Test func `a byte order mark is no part of the first line`() {
        let plain = lesson("\n")
        let marked = Notebook("\u{FEFF}" + NotebookTests.example)
        #expect(marked.header.version == 1)
        #expect(marked.findings == plain.findings)
        #expect(marked.entries().map(\.code) == plain.entries().map(\.code))
        #expect(marked.printed == marked.bytes && marked.bytes.starts(with: [0xEF, 0xBB, 0xBF]))
        let first = Notebook("\u{FEFF}# icot 1\nlet x = 1\n")
        #expect(first.findings == [])
        #expect(first.entries().map(\.code) == ["let x = 1"])
    }

    @Test func `a conflict is refused in code and named in prose`() {
        for text in [
            "# icot 1\n<<<<<<< HEAD\nlet x = 1\n=======\nlet x = 2\n>>>>>>> other\n",
            "# icot 1\n# %% [md]\n# Prose.\n<<<<<<< HEAD\n# One.\n# %% next\nlet x = 1\n"
                + "=======\n# Two.\n>>>>>>> other\n",
            "# icot 1\nlet x = 1\n<<<<<<< HEAD\n#> 1\n=======\n#> 2\n>>>>>>> other\n",
        ] {
            let messages = Notebook(text).entries().flatMap(\.diagnostics).map(\.message)
            #expect(messages.contains("an unresolved merge: both versions of these lines are here"), "\(text)")
        }
        let prose = Notebook("# icot 1\n# %% [md]\n# Prose.\n<<<<<<< HEAD\n# One.\n=======\n# Two.\n>>>>>>> other\n")
        #expect(prose.entries().isEmpty)
        #expect(
            prose.findings == [.init(line: 4, message: "an unresolved merge: both versions of these lines are here")])
        #expect(Notebook("# icot 1\n# %% [md]\n# Heading\n# =======\n").findings.isEmpty)
    }

    @Test func `the case of old line ends runs its statements`() throws {
        let path = casesFolder.appending(path: "data/k13-cr-only.icot").path
        let notebook = try NotebookFile(path: path).notebook
        #expect(notebook.header.version == 1)
        #expect(notebook.entries().map(\.code) == ["let x = 1", "print x"])
        #expect(notebook.findings == [])
    }
}
