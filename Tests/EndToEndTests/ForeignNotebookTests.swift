// Notebooks that somebody else made: what is asked before they run, what they may do to the terminal, where their paths
// start, and files that are broken in every way a person or a disk breaks them.

import Foundation
import TestSupport
import Testing

@Suite struct ForeignNotebookTests {
    // MARK: - Trust

    @Test func `a notebook that writes files is refused with its list until it is trusted, and then remembered`() throws
    {
        let run = try shell(
            """
            printf '# icot 1\\nlet n = 2\\nwrite [n] "out.json"\\n' > w.icot
            icot w.icot < /dev/null; echo "status $?"; ls out.json
            icot replay w.icot --check < /dev/null; echo "status $?"
            icot w.icot --trust; echo "status $?"; cat out.json; rm out.json
            icot w.icot < /dev/null; echo "status $?"; sed -i 's/n = 2/n = 3/' w.icot
            icot w.icot; echo "status $?"; sed -i 's/out.json/.profile/' w.icot; icot w.icot; echo "status $?"; ls .profile
            """)
        let statuses = run.output.split(separator: "\n").filter { $0.hasPrefix("status") }.map(String.init)
        #expect(statuses == ["status 4", "status 4", "status 0", "status 0", "status 0", "status 4"])
        #expect(run.error.contains("/out.json\"  write, line 3\n"))
        #expect(run.error.contains("with --trust it is run, and remembered"))
        #expect(
            run.error.contains("'.profile'") && run.error.contains("'out.json'"),
            "neither file may be there: \(run.error)")
    }

    @Test func `what only computes is run at once, and what icot saved here is trusted`() throws {
        let run = try shell(
            """
            printf '# icot 1\\nprint 6 | print\\n' > a.icot; icot a.icot < /dev/null > /dev/null; ls -a .local 2> /dev/null | wc -l
            printf 'write [1] "x.json"\\nsave "s.icot"\\n' | icot > /dev/null; icot replay s.icot --check < /dev/null; echo "status $?"
            """)
        #expect(run.output.hasPrefix("0\n"))
        #expect(run.output.hasSuffix("status 0\n"))
    }

    /// What stands in the last of more imports than anybody follows; beside the target of a link; in a file that
    /// another one only reaches while running.
    @Test func `what the list did not name is refused when it is tried, whatever way it got there`() throws {
        let many = try shell(
            """
            printf '# icot 1\\n' >many.icot; printf 'def go(x) { write x "pwned.json" }\\n' >i120.icot
            for k in $(seq 1 120); do printf 'import "i%d.icot"\\n' $k >>many.icot; touch i$k.icot; done
            echo 'go 1' >>many.icot
            icot many.icot >/dev/null; echo "status $?"; ls pwned.json
            """)
        #expect(many.output == "status 2\n", "\(many)")
        #expect(
            many.error.contains("write: this notebook was not agreed to write") && many.error.contains("/pwned.json"))
        #expect(many.error.contains("icot effects many.icot"))

        let link = try shell(
            """
            mkdir sub; printf '# icot 1\\nimport "h.icot"\\ngo 1\\n' >sub/nb.icot; ln -s sub/nb.icot nb.icot
            printf 'def go(x) { print x }\\n' >h.icot; printf 'def go(x) { write x "sub/pwned.json" }\\n' >sub/h.icot
            icot nb.icot </dev/null; echo "status $?"; ls sub/pwned.json
            """)
        #expect(link.output == "status 4\n", "\(link)")
    }

    @Test func `a write that was agreed to in one folder is asked about in another, and names where it goes`() throws {
        let run = try shell(
            """
            mkdir a b; printf '# icot 1\\nwrite [1] "out.json"\\n' >n.icot
            cd a; icot ../n.icot --trust; icot ../n.icot </dev/null; echo "status $?"
            printf 'print 2\\n' >>../n.icot; icot ../n.icot </dev/null | tail -1
            cd ../b; icot ../n.icot </dev/null; echo "status $?"; ls
            """)
        #expect(run.output.hasSuffix("2\nstatus 4\n"), "\(run)")
        #expect(run.error.contains("/b/out.json\"  write, line 2"))
    }

    @Test func `a notebook that goes to another folder is asked about by where it writes then, and replays`() throws {
        let run = try shell(
            """
            mkdir sub; echo '1 2||3 #### 4' >sub/x.txt
            printf '%s\\n' '# icot 1' 'cd("sub")' 'let t = read "x.txt"' 'length(t)' 'write [1] "../out.json"' >n.icot
            icot effects n.icot; icot n.icot </dev/null
            icot replay n.icot --update --trust; echo "status $?"; ls; grep -A1 'pin\\|^cd' n.icot
            icot replay n.icot --check; echo "status $?"; icot replay n.icot --twice; echo "status $?"
            echo 'import "h.icot"' >>n.icot; echo 'go 1' >>n.icot; echo 'def go(x) { write x "a.json" }' >h.icot
            icot effects n.icot | tail -1
            """)
        #expect(run.output.hasPrefix("enters \"sub\"  cd, line 2\nreads  \"sub/x.txt\"  read, line 3\n"), "\(run)")
        #expect(run.error.contains("/out.json\"  write, line 5") && !run.error.contains("sub/../out.json"))
        #expect(run.output.components(separatedBy: "status 0").count == 4, "\(run)")
        #expect(run.output.contains("\nout.json\nsub\n") && run.output.contains("# pin: sub/x.txt sha256:"))
        #expect(run.output.contains("#> {~/"), "where it is differs from machine to machine: \(run.output)")
        #expect(run.output.hasSuffix("a path that is only known while running  write, line 1 of h.icot\n"), "\(run)")
    }

    @Test func `a write through a link that changed after the question is refused`() throws {
        let run = try shell(
            """
            mkdir good other; ln -s good place
            printf '# icot 1\\nshell("ln -sfn other place")\\nwrite [1] "place/x.json"\\n' >n.icot
            icot n.icot --trust >/dev/null; echo "status $?"; ls good other
            """)
        #expect(run.output == "status 2\ngood:\n\nother:\n", "\(run)")
        #expect(run.error.contains("was not agreed to write") && run.error.contains("/other/x.json"))
    }

    @Test func `resuming a run keeps writing into its folder, so it is asked about; a copy is not`() throws {
        let run = try shell(
            """
            mkdir runs; printf '# icot 1\\nlet r = resume "runs/none"\\n' >a.icot
            printf '# icot 1\\nlet r = resume "runs/none" hold: false\\n' >b.icot
            icot a.icot </dev/null; echo "status $?"; icot b.icot </dev/null >/dev/null; echo "status $?"
            """)
        #expect(run.output == "status 4\nstatus 2\n", "\(run)")
        #expect(run.error.contains("/runs/none\"  resume, line 2"))
    }

    @Test func `at a terminal the person is asked`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "w.icot")
            let target = folder.appending(path: "out.json").path
            try Data("# icot 1\nwrite [1] \"\(target)\"\n".utf8).write(to: file)
            let no = try PseudoTerminal([file.path])
            try no.wait(for: "run it? y yes, n no:")
            no.send("n\r")
            #expect(try no.exitStatus() == 4)
            #expect(!FileManager.default.fileExists(atPath: target))
            let yes = try PseudoTerminal([file.path])
            try yes.wait(for: "run it? y yes, n no:")
            yes.send("y\r")
            #expect(try yes.exitStatus() == 0)
            #expect(FileManager.default.fileExists(atPath: target))
        }
    }

    // MARK: - Places

    @Test
    func `a notebook that moved together with its data replays from anywhere, also when it lay in a folder of its own`()
        throws
    {
        let run = try shell(
            """
            mkdir -p a/notes a/data elsewhere; printf '1 2||3 #### 4\\n' > a/data/x.txt
            printf '# icot 1\\nlet t = read "data/x.txt"\\nprint t\\n' > a/notes/n.icot
            (cd a; icot replay notes/n.icot --update); grep pin a/notes/n.icot
            mv a b; cd elsewhere; icot replay ../b/notes/n.icot --check; echo "status $?"
            icot replay ../b/notes/n.icot --update -o copy.icot > /dev/null; ls; cmp copy.icot ../b/notes/n.icot && echo same
            mv ../b/data ../b/gone; icot replay ../b/notes/n.icot --check; echo "status $?"
            """)
        #expect(run.output.contains("# pin: data/x.txt sha256:"), "\(run.output)\(run.error)")
        #expect(run.output.contains("status 0\ncopy.icot\nsame\n"), "\(run.output)\(run.error)")
        #expect(run.output.hasSuffix("status 3\n"))
        #expect(run.error.contains("/b, where data/x.txt lies\n"))
    }

    @Test func `messages name the lines of the file, also with -p, and a budget of time ends what never ends`() throws {
        let run = try shell(
            """
            printf '# icot 1\\n# %%%% params\\nlet n = 1\\n# %%%% go\\nn // 0\\n' > p.icot; icot p.icot -p n=5
            printf '# icot 1\\nwhile true { 1 }\\nprint 2\\n#> 2\\n' > f.icot; cp f.icot g.icot
            icot replay f.icot --update --budget 0.3; echo "status $?"; cmp f.icot g.icot && echo same
            """)
        #expect(run.error.contains("p.icot:5:"))
        #expect(run.output.contains("the budget of 300 ms was spent in line 2; nothing more was run\n"))
        #expect(run.output.hasSuffix("status 2\nsame\n"))
    }

    @Test func `clean takes the outputs out and nothing else, as a filter too`() throws {
        let run = try shell(
            """
            printf '# icot 1\\r\\n1 + 1\\r\\n#> 2\\r\\n#~ x\\r\\npritn 3\\r\\n#! E201\\r\\n# prose  \\r\\nlet z = 3' > a.icot
            icot clean - < a.icot > b.icot; icot clean a.icot > /dev/null; cmp a.icot b.icot && cat a.icot; icot replay a.icot --update > /dev/null; icot clean - < a.icot | cmp - b.icot
            icot replay a.icot --check | sed 's/  .*//'; icot clean none.icot; echo "status $?"
            """)
        #expect(
            run.output
                == "# icot 1\r\n1 + 1\r\npritn 3\r\n#! E201\r\n# prose  \r\nlet z = 3a.icot: 3 statements agree\nstatus 3\n",
            "\(run.output.debugDescription)")
    }

    // MARK: - Broken files

    @Test(arguments: [
        // a block of results with every kind of damage is kept, told of and does not keep the rest from running
        (
            "# icot 1\nprint 1\n#> 1\n#no sign\n#>glued\n#! \n\n#> stray\nprint 2\n#> {~open\n",
            "stands directly below no statement"
        ),
        ("# icot 1\nprint 2\n#> … 12 lines sha256:zz\n", "recorded"),
        ("# icot 1\nprint 2\n#> … 99999999999999999999 lines sha256:00\n", "recorded"),
        ("# icot 9\nprint 1\n", "this icot reads version 1 of notebooks"),
        ("# icot 99999999999999999999\nprint 1\n", "this icot reads version 1 of notebooks"),
        ("# icot 1\nprint \"a\u{1B}[2J\u{202E}\"\n", "␛[2J"),
        ("# icot 1\n# pin: nowhere\u{1B}[2J sha256:00\nprint 1\n", "is missing"),
        ("# icot 1\nprint \(String(repeating: "(", count: 50_000))1\n", "E114"),
    ])
    func `a broken file is told of in a clear message and stays as it is`(_ text: String, _ message: String) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "b.icot")
            try Data(text.utf8).write(to: file)
            for command in [
                "replay \(file.path) --check", "\(file.path)", "effects \(file.path)",
                "export \(file.path) --to md -o -", "export \(file.path) --to text",
            ] {
                let run = try shell("icot \(command) < /dev/null")
                #expect(run.status <= 4, "\(command)")
                let all = run.output + run.error
                if command.hasPrefix("replay") { #expect(all.contains(message), "\(all)") }
                let isNeutral = !all.unicodeScalars.contains {
                    $0.value < 0x20 && $0 != "\n" || (0x7F...0x9F).contains($0.value)
                        || (0x202A...0x202E).contains($0.value)
                }
                #expect(isNeutral, "\(command): \(all.debugDescription.prefix(400))")
            }
            #expect(try String(contentsOf: file, encoding: .utf8) == text)
        }
    }

    @Test func `line ends and a missing last one stay as they are, and ten thousand cells are checked`() throws {
        let run = try shell(
            """
            printf '# icot 1\\r\\n\\r\\n# %%%% a\\r\\nprint 2\\r\\n#> 2\\r\\nprint 3' > c.icot; icot replay c.icot --update > /dev/null; od -An -c c.icot | tr -d ' \\n'; echo
            { echo '# icot 1'; for i in $(seq 10000); do printf '# %%%% cell %s\\nprint %s\\n#> %s\\n' $i $i $i; done; } > many.icot; cp many.icot m2.icot
            icot replay many.icot --update | sed 's/  .*//'; cmp many.icot m2.icot && echo same; printf '# icot 1\\nprint 1\\n\\377\\376\\n' > n.icot; icot n.icot; echo "status $?"
            """)
        #expect(
            run.output == #"#icot1\r\n\r\n#%%a\r\nprint2\r\n#>2\r\nprint3\r\n#>3"#
                + "\nmany.icot: 10000 statements agree\nsame\nstatus 2\n", "\(run.output)")
        #expect(run.error.contains("E118"))
    }
}
