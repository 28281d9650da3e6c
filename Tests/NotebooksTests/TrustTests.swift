import Foundation
import Language
import TestSupport
import Testing

@testable import Notebooks

@Suite struct TrustTests {
    private func report(_ text: String, _ path: String = "test.icot") -> EffectsReport {
        EffectsReport(Notebook(bytes: Array(text.utf8), name: path), TestVocabulary.context)
    }

    @Test func `only what writes or runs programs needs trust`() {
        #expect(!report("# icot 1\nprint 1\n").needsTrust)
        #expect(!report("# icot 1\nimport \"a.icot\"\n").needsTrust)
        #expect(report("# icot 1\nwrite 1 \"a.txt\"\n").needsTrust)
    }

    @Test func `trust is kept for the code: prose and outputs may change, code may not`() throws {
        try withTemporaryFolder { folder in
            let store = TrustStore(path: folder.appending(path: "state/icot/trusted").path)
            let text = "# icot 1\n# %% [md]\n# One.\n# %%\nwrite 1 (\"a\" + \"b\")\n#> old\n"
            #expect(!store.trusts(report(text)))
            #expect(store.remember(report(text)))
            #expect(store.trusts(report(text)))
            #expect(
                store.trusts(report(text.replacing("One.", with: "Two.").replacing("#> old", with: "#> new\n#~ x"))))
            #expect(!store.trusts(report(text.replacing("\"b\")", with: "\"c\")"))))
            // What else stands in the file costs nothing.
            try Data(("garbage \u{0}\n" + String(contentsOfFile: store.path, encoding: .utf8)).utf8).write(
                to: URL(filePath: store.path))
            #expect(store.trusts(report(text)))
        }
    }

    @Test func `while a notebook touches the same files its code may change, and not elsewhere`() throws {
        try withTemporaryFolder { folder in
            let store = TrustStore(path: folder.appending(path: "trusted").path)
            let path = folder.appending(path: "n.icot").path
            try Data().write(to: URL(filePath: path))
            store.remember(report("# icot 1\nwrite 1 \"a.txt\"\n", path))
            #expect(store.trusts(report("# icot 1\nprint 1\nwrite 1 \"a.txt\"\nwrite 1 \"a.txt\"\n", path)))
            #expect(!store.trusts(report("# icot 1\nprint 1\nwrite 1 \"a.txt\"\nwrite 1 \"b.txt\"\n", path)))
            let other = folder.appending(path: "other.icot").path
            #expect(!store.trusts(report("# icot 1\nprint 1\nwrite 1 \"a.txt\"\n", other)))
            try Data().write(to: URL(filePath: other))
            #expect(!store.trusts(report("# icot 1\nprint 1\nwrite 1 \"a.txt\"\n", other)))
            // Another name for the same file is that file.
            #expect(store.trusts(report("# icot 1\nprint 1\nwrite 1 \"a.txt\"\n", folder.path + "/./n.icot")))
        }
    }

    @Test func `where the text does not tell a path, or it runs a program, only the very code is trusted`() throws {
        let shell = Command(
            CommandSignature("shell", "Runs a program.", [.value("line", .text)], effects: [.runsPrograms])
        ) { _ in .none }
        var context = TestVocabulary.context
        context.signatures = SignatureTable(
            verbs: Array(context.signatures.verbs.values) + [shell.signature],
            functions: Array(context.signatures.functions.values))
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "n.icot").path
            try Data().write(to: URL(filePath: path))
            for statement in ["let p = \"a.txt\"\nwrite 1 p", "write 1 \"a.txt\"\nshell \"ls\""] {
                func trusts(_ store: TrustStore, _ text: String) -> Bool {
                    store.trusts(EffectsReport(Notebook(bytes: Array(text.utf8), name: path), context))
                }
                let store = TrustStore(path: folder.appending(path: "trusted-\(statement.count)").path)
                let text = "# icot 1\n\(statement)\n"
                store.remember(EffectsReport(Notebook(bytes: Array(text.utf8), name: path), context))
                #expect(trusts(store, text))
                #expect(!trusts(store, text + "print 1\n"), "\(statement)")
                #expect(!trusts(store, text.replacing("a.txt", with: "b.txt")), "\(statement)")
                #expect(!trusts(store, text.replacing("ls", with: "rm").replacing("1 p", with: "2 p")), "\(statement)")
            }
        }
    }

    @Test func `a write in any place of the grammar needs trust, and has none`() throws {
        try withTemporaryFolder { folder in
            let store = TrustStore(path: folder.appending(path: "trusted").path)
            store.remember(report("# icot 1\nwrite 1 \"known.txt\"\n"))
            for position in EffectPosition.all {
                let text =
                    "# icot 1\n" + EffectPosition.preamble + position.filled(with: "(write 1 \"gone.txt\")") + "\n"
                let effects = report(text)
                #expect(effects.diagnostics.isEmpty, "\(position)")
                #expect(effects.needsTrust && !store.trusts(effects), "\(position)")
            }
        }
    }

    @Test
    func `trust is refused where the list of what is trusted cannot be read, and remembering says that it failed`()
        throws
    {
        try withTemporaryFolder { folder in
            let store = TrustStore(path: folder.path)
            #expect(!store.remember(report("# icot 1\nwrite 1 \"a.txt\"\n")))
            #expect(!store.trusts(report("# icot 1\nwrite 1 \"a.txt\"\n")))
            #expect(store.trusts(report("# icot 1\nprint 1\n")))
        }
    }

    @Test func `what an imported file could do is listed, and changing it asks again`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "n.icot").path
            let verbs = folder.appending(path: "verbs.icot")
            try Data("def keep(p) { write 1 p }\nimport \"verbs.icot\"\n".utf8).write(to: verbs)
            let text = "# icot 1\nimport \"verbs.icot\"\nkeep \"x\"\n"
            let store = TrustStore(path: folder.appending(path: "trusted").path)
            let effects = report(text, path)
            #expect(effects.needsTrust)
            #expect(effects.lines.map(\.plain).contains { $0.hasSuffix("write, line 1 of verbs.icot") })
            store.remember(effects)
            #expect(store.trusts(report(text, path)))
            try Data("def keep(p) { write 1 p; write 1 \"y\" }\n".utf8).write(to: verbs)
            #expect(!store.trusts(report(text, path)))
        }
    }
}
