// What a notebook would do, what a person agreed to of it, and what is pinned.

import Foundation
import Language
import Support
import TestSupport
import Testing

@testable import Notebooks

@Suite struct AgreementRuleTests {
    private static let context: LanguageContext = {
        let none: (Invocation) throws -> Value = { _ in .none }
        return Session(
            Vocabulary(verbs: [
                Command(CommandSignature("write", "", [.value("x", .any), .value("path", .path(.write))]), none),
                Command(CommandSignature("load", "", [.value("path", .path(.read))]), none),
                Command(CommandSignature("shell", "", [.value("line", .text)], effects: [.runsPrograms]), none),
                Command(CommandSignature("cd", "", [.value("folder", .text)], effects: [.entersFolder]), none),
                Command(
                    CommandSignature(
                        "grow", "", [], effects: [.changes("the current run", parts: "its steps")]), none),
            ])
        ).context
    }()

    private func effects(_ text: String, _ name: String = "test.icot") -> EffectsReport {
        EffectsReport(Notebook(bytes: Array("# icot 1\n\(text)\n".utf8), name: name), Self.context)
    }

    private func lines(_ text: String, _ name: String = "test.icot") -> [String] {
        effects(text, name).lines.map(\.plain)
    }

    @Test func `only a file that was agreed to just now is replaced, not one that is remembered from another day`()
        throws
    {
        try withTemporaryFolder { folder in
            let base = FileSystem.resolved(folder.path)
            let report = effects("write 1 \"\(base)/a\"")
            let (new, remembered) = (AgreedDeeds(report, isNew: true), AgreedDeeds(report))
            #expect(new.mayReplace(base + "/a") && new.mayReplace(base + "/./a") && !new.mayReplace(base + "/b"))
            #expect(!remembered.mayReplace(base + "/a"))
            // Where the list said that a path is only known while running it may be any.
            let open = effects("let p = \"x\"\nwrite 1 p")
            #expect(AgreedDeeds(open, isNew: true).mayReplace("/anything"))
            #expect(!AgreedDeeds(open).mayReplace("/anything"))
            #expect(!AgreedDeeds(effects("print 1"), isNew: true).mayReplace(base + "/a"))
        }
    }

    @Test func `a session is held to what may be done and to what may be replaced`() throws {
        try withTemporaryFolder { folder in
            let base = FileSystem.resolved(folder.path)
            let report = effects("write 1 \"\(base)/a\"")
            let session = Session(Vocabulary())
            AgreedDeeds(report, isNew: true).hold(session)
            #expect(session.mayReplace(base + "/a") && !session.mayReplace(base + "/b"))
            #expect(session.refusal(.writes(base + "/a")) == nil && session.refusal(.writes(base + "/b")) != nil)
            AgreedDeeds(report).hold(session)
            #expect(!session.mayReplace(base + "/a") && session.refusal(.writes(base + "/a")) == nil)
        }
    }

    @Test func `a refusal says which deed nobody agreed to, and how to see what the notebook does`() {
        let deeds = AgreedDeeds(effects("print 1", "talks/a.icot"))
        #expect(deeds.refusal(.runs("rm -r x"))?.message == "this notebook was not agreed to run a program")
        #expect(deeds.refusal(.enters("/x"))?.message == "this notebook was not agreed to go to /x")
        #expect(deeds.refusal(.writes("/none/x"))?.message == "this notebook was not agreed to write /none/x")
        #expect(deeds.refusal(.asks("http://h"))?.message == "this notebook was not agreed to ask http://h")
        #expect(deeds.refusal(.enters("/x"))?.help == "see what its text tells: icot effects talks/a.icot")
    }

    @Test func `whoever is asked sees the file at the end of a link, and that it is there already`() throws {
        try withTemporaryFolder { folder in
            let base = FileSystem.resolved(folder.path)
            try "".write(toFile: base + "/a", atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: base + "/link", withDestinationPath: base + "/a")
            let report = effects("write 1 \"\(base)/link\"\nwrite 1 \"\(base)/new\"\nload \"\(base)/link\"")
            #expect(
                report.linesToAgreeTo.map(\.plain) == [
                    "writes \"\(base)/a\", there already  write, line 2", "writes \"\(base)/new\"  write, line 3",
                    "reads  \"\(base)/link\"  load, line 4",
                ])
            #expect(report.lines.map(\.plain)[0] == "writes \"\(base)/link\"  write, line 2")
        }
    }

    // MARK: - The list

    @Test func `after going to a folder paths are those below it, as far as the text tells`() {
        #expect(
            lines(
                "load \"x\"\ncd \"sub\"\nwrite 1 \"a\"\nload \"/b\"\nload \"~/c\"\ncd \"deeper\"\nwrite 1 \"d\"\n"
                    + "cd \"/top\"\nwrite 1 \"e\"\nlet f = \"x\"\ncd f\nwrite 1 \"g\"\ncd \"y\"\nload \"h\"\n"
                    + "cd \"/back\"\nload \"i\"") == [
                    "reads  \"x\"  load, line 2", "enters \"sub\"  cd, line 3", "writes \"sub/a\"  write, line 4",
                    "reads  \"/b\"  load, line 5", "reads  \"~/c\"  load, line 6", "enters \"deeper\"  cd, line 7",
                    "writes \"sub/deeper/d\"  write, line 8", "enters \"/top\"  cd, line 9",
                    "writes \"/top/e\"  write, line 10",
                    "enters a folder that is only known while running  cd, line 12",
                    "writes a path that is only known while running  write, line 13", "enters \"y\"  cd, line 14",
                    "reads  a path that is only known while running  load, line 15", "enters \"/back\"  cd, line 16",
                    "reads  \"/back/i\"  load, line 17",
                ])
    }

    @Test func `what an imported file imports is looked for beside it, and each file is listed once`() throws {
        try withTemporaryFolder { folder in
            let base = folder.path
            try FileManager.default.createDirectory(atPath: base + "/lib", withIntermediateDirectories: true)
            func write(_ text: String, _ name: String) throws {
                try text.write(toFile: base + "/" + name, atomically: true, encoding: .utf8)
            }
            try write("import \"more.icot\"\n", "lib/verbs.icot")
            try write("\ndef keep(x) { write x \"out\" }\n", "lib/more.icot")
            try write("def other(x) { write x \"wrong\" }\n", "more.icot")
            try write("def third(x) { write x \"third\" }\n", "abs.icot")
            let text =
                "import \"lib/verbs.icot\"\nimport \"\(base)/abs.icot\"\nimport \"lib/more.icot\"\nload \"in\""
            let report = effects(text, base + "/n.icot")
            #expect(
                report.lines.map(\.plain) == [
                    "reads  \"lib/verbs.icot\"  import, line 2", "reads  \"\(base)/abs.icot\"  import, line 3",
                    "reads  \"lib/more.icot\"  import, line 4", "reads  \"in\"  load, line 5",
                    "reads  \"more.icot\"  import, line 1 of lib/verbs.icot",
                    "writes \"out\"  write, line 2 of more.icot",
                    "writes \"third\"  write, line 1 of \(base)/abs.icot",
                ])
            #expect(report.json.contains("\"line\":2,\"file\":\"more.icot\""))
            // Where an imported file writes after the notebook went elsewhere is not known.
            let moved = effects(text + "\ncd \"sub\"", base + "/n.icot")
            #expect(moved.lines.map(\.plain).contains("enters \"sub\"  cd, line 6"))
            #expect(
                moved.lines.map(\.plain).last
                    == "writes a path that is only known while running  write, line 1 of \(base)/abs.icot")
            #expect(moved.lines.map(\.plain)[3] == "reads  \"in\"  load, line 5")
        }
    }

    @Test func `what a notebook changes is told once, and what keeps its text from being read with its line`() {
        #expect(lines("grow\ngrow") == ["no files, no programs, no servers", "changes the current run: its steps"])
        let broken = lines("write 1 \"a\"\nprint )")
        #expect(broken.count == 2 && broken[0] == "writes \"a\"  write, line 2")
        #expect(
            broken[1].hasPrefix("the text cannot be read whole, so nothing of it would run: line 3, E108 "),
            "\(broken[1])")
        let unknown = effects("let p = \"x\"\nload p").json
        #expect(unknown.contains("\"kind\":\"reads\",\"path\":null,\"verb\":\"load\",\"line\":3,\"file\":null"))
        #expect(effects("grow").json.contains("\"changes\":[\"the current run\"]"))
    }

    @Test func `a text that lies nowhere is trusted by its code alone`() throws {
        #expect(effects("write 1 \"a\"", "/nowhere/n.icot").trustHashes.count == 1)
        // The code as one number: its lines without spaces at their ends, each with a line feed.
        let report = effects("write 1 \"a\"  \n\n\nprint 2\n#> 2", "/nowhere/n.icot")
        #expect(report.trustHashes == [SHA256.hex("# icot 1\nwrite 1 \"a\"\nprint 2\n")])
    }

    // MARK: - Inputs

    @Test func `an input is pinned as it was when it was read, in a session as it is at the end`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/in"
            for (atOnce, pinned) in [(true, "one"), (false, "two")] {
                try "one".write(toFile: path, atomically: true, encoding: .utf8)
                let watch = InputWatch(hashesAtOnce: atOnce)
                watch.note(path, .read)
                watch.note(path, .read)
                try "two".write(toFile: path, atomically: true, encoding: .utf8)
                watch.note(path, .write)
                #expect(watch.pins(after: []) == [Pin(path: path, hash: SHA256.hex(pinned))], "\(atOnce)")
            }
            let none = InputWatch()
            none.note(folder.path + "/none", .read)
            #expect(none.pins(after: []).isEmpty)
            // Only looked at: no input.
            none.note(path, .look)
            #expect(none.pins(after: []).isEmpty)
        }
    }

    @Test func `a device has no hash, an empty folder has that of nothing`() throws {
        #expect(InputHash.of("/dev/null") == nil)
        try withTemporaryFolder { folder in
            // printf '' | sha256sum
            #expect(
                InputHash.of(folder.path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        }
    }
}
