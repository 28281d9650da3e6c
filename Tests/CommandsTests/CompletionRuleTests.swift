import Foundation
import Language
import Support
import TestSupport
import Testing

@testable import Commands

/// What a session proposes that knows real values and a real folder. The current folder is the process's, so all that
/// go elsewhere are in one test.
@Suite struct CompletionRuleTests {
    private func proposals(_ text: String, _ desk: Desk) -> [String] {
        Completer.complete(
            SourceText(text), at: text.utf8.count, desk.session.context, sources: CompletionSources(desk.session)
        ).map(\.text)
    }

    @Test func `the fields of an element are those of its first one, however its place is written`() {
        let desk = Desk()
        desk.run("let data = gen .parity digits: 4 n: 5\nlet xs = [[a: 1, bee: 2]]\nlet k = 0")
        #expect(proposals("data[0].", desk).starts(with: [".question", ".chain", ".answer"]))
        #expect(proposals("xs[k + [0][0]].b", desk) == [".bee"])
        #expect(proposals("print xs[0].b", desk) == [".bee"])
        #expect(proposals("[1, 2].", desk) == [] && proposals("nobody[0].", desk) == [])
        #expect(proposals("data.t", desk) == [".task"])
    }

    @Test func `resume is offered kept runs, also those below runs, and folders only where there is none`() throws {
        try withTemporaryFolder { folder in
            for run in ["runs/alpha", "runs/beta", "runs/no", "own/gamma"] {
                try FileManager.default.createDirectory(
                    atPath: folder.path + "/" + run, withIntermediateDirectories: true)
                if run != "runs/no" { try Data("{}".utf8).write(to: folder.appending(path: run + "/run.json")) }
            }
            let desk = Desk()
            // Paths from the root, for the current folder is not this test's own.
            let root = folder.path
            #expect(
                proposals("resume \"\(root)/runs/", desk) == ["\(root)/runs/alpha\"", "\(root)/runs/beta\""])
            #expect(proposals("resume \"\(root)/runs/b", desk) == ["\(root)/runs/beta\""])
            #expect(proposals("resume \"\(root)/", desk) == ["\(root)/own/", "\(root)/runs/"])
            #expect(proposals("load \"\(root)/runs/", desk).contains("\(root)/runs/no/"))
        }
    }
}
