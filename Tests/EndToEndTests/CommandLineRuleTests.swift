// Rules that only the program as a whole can show, added to the suites that they belong to.

import Foundation
import TestSupport
import Testing

/// A notebook in an empty folder, by its path.
private func withNotebook<R>(_ text: String, _ body: (_ path: String, _ folder: String) throws -> R) throws -> R {
    try withTemporaryFolder { folder in
        let path = folder.path + "/a.icot"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try body(path, folder.path)
    }
}

extension ReplayCommandTests {
    @Test func `what is answered with no is not recorded, what is answered with yes is, and q ends the questions`()
        throws
    {
        let text = "# icot 1\nprint 1\n#> a\nprint 2\n#> b\nprint 3\n#> c\n"
        try withNotebook(text) { path, _ in
            let terminal = try PseudoTerminal(["replay", "--promote", path])
            for (line, answer) in [(2, "n"), (4, "y"), (6, "q")] {
                try terminal.wait("the question about line \(line)") {
                    $0.text.contains("line \(line): print") && $0.cursorLine.hasPrefix("record it?")
                }
                terminal.send(answer + "\r")
            }
            #expect(try terminal.exitStatus() == 1)
            let written = try String(contentsOfFile: path, encoding: .utf8)
            #expect(written == text.replacing("#> b", with: "#> 2"))
        }
    }

    @Test func `after all nothing is asked, and what is recorded agrees`() throws {
        let text = "# icot 1\nprint 1\n#> a\nprint 2\n#> b\n"
        try withNotebook(text) { path, _ in
            let terminal = try PseudoTerminal(["replay", "--promote", path])
            try terminal.wait(for: "record it?")
            terminal.send("a\r")
            #expect(try terminal.exitStatus() == 0)
            let written = try String(contentsOfFile: path, encoding: .utf8)
            #expect(written == text.replacing("#> a", with: "#> 1").replacing("#> b", with: "#> 2"))
        }
    }

    @Test func `with a changed input nothing is asked and nothing written, to no other file either`() throws {
        try withTemporaryFolder { folder in
            let base = folder.path
            try "x".write(toFile: base + "/in.txt", atomically: true, encoding: .utf8)
            let text = "# icot 1\n# pin: \(base)/in.txt sha256:00\nprint 1\n#> old\n"
            try text.write(toFile: base + "/a.icot", atomically: true, encoding: .utf8)
            let terminal = try PseudoTerminal(["replay", "--promote", base + "/a.icot", "-o", base + "/copy.icot"])
            #expect(try terminal.exitStatus() == 3)
            #expect(!FileManager.default.fileExists(atPath: base + "/copy.icot"))
            #expect(try String(contentsOfFile: base + "/a.icot", encoding: .utf8) == text)
        }
    }

    @Test func `a program that reads JSON is not asked whether a notebook may write, and a person is`() throws {
        try withNotebook("# icot 1\nwrite [1] \"x.json\"\n") { path, folder in
            let program = try PseudoTerminal(["replay", "--check", "--json", path])
            #expect(try program.exitStatus() == 4)
            #expect(!program.screen.text.contains("run it?"))
            let person = try PseudoTerminal(["replay", "--check", path])
            try person.wait(for: "run it?")
            person.send("n\r")
            #expect(try person.exitStatus() == 4)
            #expect(!FileManager.default.fileExists(atPath: folder + "/x.json"))
        }
    }

    @Test func `an export lies beside its notebook, under its name with the other ending`() throws {
        let run = try shell(
            "printf '# icot 1\\n1\\n' > a.icot; cp a.icot b.txt; "
                + "icot export a.icot --to md; icot export b.txt --to html; ls"
        )
        #expect(run.output == "wrote a.md\nwrote b.txt.html\na.icot\na.md\nb.txt\nb.txt.html\nerr\nout\n", "\(run)")
    }

    @Test func `several statements on the command line are lines of their own, of which an error names the second`()
        throws
    {
        let run = try shell("icot -c 'let a = 1' -c 'print a' -c 'print (a / 0)'")
        #expect(run.status == 2 && run.output == "1\n", "\(run)")
        #expect(run.error.hasPrefix("-c:3:7: E304"), "\(run.error)")
        let one = try shell("icot -c 'print (1 / 0)'")
        #expect(one.error.hasPrefix("E304"), "\(one.error)")
    }
}

extension RunPageTests {
    @Test(arguments: [
        ("none --to page --limit 0.01", "--limit is in megabytes, 0.1 to 1000"),
        ("none --to page --limit 1000.5", "--limit is in megabytes, 0.1 to 1000"),
        ("none --to page --limit 0.1", "there is no such folder"),
        ("none --to page --limit 1000", "there is no such folder"),
        ("none --to page --stages 0,-1", "--stages 0,-1 is not a list of numbers"),
        ("none --to page --stages 0,,1", "--stages 0,,1 is not a list of numbers"),
        ("none --to page --stages '0, 4'", "there is no such folder"),
        ("none --to html --half", "these options are for the page of a run"),
        ("none --to page --run", "a run is kept as it is"), ("none --to page -o -", "a page is written to a file"),
        ("a.icot --to page", "a notebook becomes --to html"),
    ])
    func `an option of the page is refused before anything is read, with what it takes`(
        _ arguments: String, _ words: String
    ) throws {
        let run = try shell("icot export \(arguments)")
        #expect(run.status == 2 && run.error.contains(words), "\(run)")
    }

    @Test func `a folder is taken as it is written, with braces, quotes and backslashes in its name`() throws {
        for name in ["no{x}", "no\"x", "no\\x", "no{1 + 1}"] {
            let run = try shell("icot export '\(name)' --to page")
            #expect(run.status == 2 && run.error.contains("\(name): there is no such folder"), "\(run)")
            let beside = try shell("icot export '\(name)/' --to page --beside '\(name)'")
            #expect(beside.error.contains("\(name): there is no such folder"), "\(beside)")
        }
    }
}

extension PresentTests {
    @Test(arguments: ["\u{1b}[D", "\u{1b}[5~", "\u{7f}"])
    func `a remote's keys, left, page up and backspace, go back as b does`(_ key: String) throws {
        try withNotebook("# icot 1\n# title: T\n# %% one\nlet x = 2\nx * 21\n") { path, _ in
            let terminal = try PseudoTerminal(["present", path])
            try terminal.wait(for: "any key begins")
            terminal.send(" ")
            try terminal.wait(for: " 0/2 ")
            terminal.rest()
            terminal.send(" ")
            try terminal.wait(for: "Enter runs")
            terminal.send("\r")
            try terminal.wait(for: " 1/2 ")
            terminal.rest()
            terminal.send(key)
            try terminal.wait(for: " 0/2 ")
        }
    }

    @Test func `Up shows what stands above, and Down what stands below`() throws {
        let prose = (1...40).map { "# line \($0).\n#\n" }.joined()
        try withNotebook("# icot 1\n# title: T\n# %% [md]\n\(prose)# %% one\nlet x = 2\n") { path, _ in
            let terminal = try PseudoTerminal(["present", path], rows: 12)
            try terminal.wait(for: "any key begins")
            terminal.send(" ")
            try terminal.wait(for: "line 40.")
            terminal.rest()
            for _ in 0..<5 { terminal.send("\u{1b}[A") }
            try terminal.wait("what stands above") { !$0.text.contains("line 40.") && $0.text.contains("line 3") }
            for _ in 0..<5 { terminal.send("\u{1b}[B") }
            try terminal.wait(for: "line 40.")
        }
    }

    @Test func `the doctor says what is here, what is missing and what that costs, and changes nothing`() throws {
        let all = try shell("icot doctor; echo $?; ls")
        #expect(all.error == "")
        let lines = all.output.split(separator: "\n").map(String.init)
        for name in ["icot", "processor", "arithmetic", "memory", "GPU", "terminal", "letters", "browser", "Slurm"] {
            #expect(lines.contains { $0.dropFirst(2).hasPrefix(name + " ") }, "\(name)")
        }
        #expect(lines.contains { $0.contains("OpenBLAS") } && lines.contains("0"))
        // In an empty folder of programs none is found, each with its cost.
        let bare = try shell("mkdir none; PATH=none /bin/sh -c '\"$ICOT\" doctor --json'")
        let missing = bare.output.split(separator: "\n").filter { $0.contains("\"found\":null") }
        #expect(missing.contains { $0.contains("\"Jupyter\"") && $0.contains("pip install") }, "\(bare.output)")
        #expect(missing.allSatisfy { !$0.contains("\"cost\":null") })
    }

    @Test func `an option out of its range is told the range`() throws {
        try withNotebook("# icot 1\nprint 1\n") { path, folder in
            for (options, words) in [
                ("-c 1 --threads 1025", "give 1 to 1024"), ("-c 1 --threads 0", "give 1 to 1024"),
                ("sweep \(path) -p a=1 -j 1025", "give 1 to 1024"),
                ("replay \(path) --budget 1e9", "above 0 and below 1e9"),
            ] {
                let run = try shell("icot \(options)")
                #expect(run.status == 2 && run.error.contains(words), "\(options): \(run.error)")
            }
            let run = try shell("icot -c 1 --transcript \(folder)/none/x")
            #expect(run.status == 2)
            #expect(run.error.lowercased().contains("none/x: cannot be written: no such file"), "\(run.error)")
        }
    }

    @Test func `a notebook of another version is refused alike, also where one would stay at the prompt`() throws {
        try withNotebook("# icot 9\nprint 1\n") { path, _ in
            for command in ["", "-i ", "replay ", "sweep -p a=1 "] {
                let run = try shell("icot \(command)\(path) < /dev/null")
                #expect(run.status == 4, "\(command) \(run.status) \(run.error)")
            }
        }
    }

    @Test func `the version names the build`() throws {
        let run = try shell("icot --version")
        #expect(run.output.contains("0.1.0 (") && run.output.contains("Swift 6."))
    }
}
