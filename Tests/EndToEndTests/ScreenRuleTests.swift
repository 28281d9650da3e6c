// Rules of the prompt and of the page that only a terminal and a whole program can show.

import Foundation
import TestSupport
import Testing

/// A talk whose first page is forty paragraphs of one line: row 0 is empty, and the paragraphs stand below it.
private let longTalk =
    "# icot 1\n# title: T\n# %% [md]\n" + (1...40).map { "# line \($0).\n#\n" }.joined() + "# %% one\nlet x = 2\n"

/// Shows the end of that page on a screen of twelve rows, the last of which is about the page.
private func withLongPage(_ body: (PseudoTerminal) throws -> Void) throws {
    try withTemporaryFolder { folder in
        let path = folder.path + "/a.icot"
        try longTalk.write(toFile: path, atomically: true, encoding: .utf8)
        let terminal = try PseudoTerminal(["present", path], rows: 12)
        try terminal.wait(for: "any key begins")
        terminal.send(" ")
        try terminal.wait(for: "line 40.")
        terminal.rest()
        try body(terminal)
    }
}

private let up = "\u{1b}[A"
private let down = "\u{1b}[B"

extension PromptTests {
    @Test func `a page scrolls until its first row is on top, and the way back begins there`() throws {
        try withLongPage { terminal in
            // 240 rows, where the page has about 80.
            terminal.send(String(repeating: up, count: 80))
            try terminal.wait("the top of the page") { $0.text.contains("line 1.") && $0.text.contains("line 5.") }
            terminal.rest()
            terminal.send(down)
            // Three rows lower the first line is gone at once, however often Up was pressed in vain.
            try terminal.wait("three rows lower") { !$0.text.contains("line 1.") && $0.text.contains("line 5.") }
        }
    }

    @Test(arguments: ["", "--json"])
    func `a question that nothing answers ends the program with 2, and what stands after it is not run`(
        _ form: String
    ) throws {
        let run = try shell("icot \(form) -c '1 + 1' -c '?xqzvkw' -c '2 + 2'")
        #expect(run.status == 2 && run.output == "2\n", "\(run)")
        #expect(run.error.contains("nothing is called 'xqzvkw'"), "\(run)")
    }

    @Test func `with JSON the answer to a question is one line of JSON, and the rest is run`() throws {
        let run = try shell("icot --json -c '?print' -c '2 + 2'")
        #expect(run.status == 0 && run.error == "", "\(run)")
        let lines = run.output.split(separator: "\n")
        try #require(lines.count == 2, "\(run)")
        let answer = try JSONSerialization.jsonObject(with: Data(lines[0].utf8))
        #expect(answer is [String: Any] && lines[1] == "4")
    }
}

@Suite struct CommandLineRuleTests {
    @Test func `Up goes three rows up and Down three down, and the last row counts what stands below`() throws {
        try withLongPage { terminal in
            #expect(!terminal.screen.text.contains("more rows below"))
            for rows in [3, 6, 9] {
                terminal.send(up)
                try terminal.wait(for: "\(rows) more rows below")
            }
            #expect(!terminal.screen.text.contains("line 40."))
            for rows in [6, 3] {
                terminal.send(down)
                try terminal.wait(for: "\(rows) more rows below")
            }
            terminal.send(down)
            try terminal.wait("the end of the page") {
                !$0.text.contains("more rows below") && $0.text.contains("line 40.")
            }
        }
    }

    @Test func `the page of a folder lies beside the folder, also where it is written with a slash at its end`() throws
    {
        let run = try shell(
            """
            icot -c 'let data = gen .parity digits: 4 n: 100 seed: 1' \\
                -c 'let r = start (model .gpt2 layers: 1 heads: 1 width: 8 positions: 64) on: data' \\
                -c 'train steps: 1' -c 'save_run "r"' > said
            icot export r/ --to page > said; echo "status $?"; ls -d *.html; ls -A r | grep -c html
            """)
        #expect(run.output == "status 0\nr.html\n0\n", "\(run)")
        // A notebook is none, however it is written.
        for path in ["a.icot", "a.icot/"] {
            let refused = try shell("icot export \(path) --to page")
            #expect(refused.status != 0 && refused.error.contains("a notebook becomes --to html"), "\(refused)")
        }
    }

    /// A notebook whose point fails where seed is 3, and never ends where it is 4.
    private static let lesson = """
        cat > a.icot <<'END'
        # icot 1
        # %% params
        let seed = 1
        # %%
        assert (seed != 3) "three"
        let total = 0
        while seed == 4 { total = total + 1 }
        seed
        END

        """

    @Test(arguments: ["", "--json"])
    func `a sweep with a point that left no result ends with 2, though none has failed`(_ form: String) throws {
        let run = try shell(
            Self.lesson + """
                "$ICOT" sweep a.icot \(form) -p seed=1,4 -j 1 > said 2> told & sweep=$!
                until victim=$(pgrep -f "sweep-point $PWD/runs/a seed=4"); do sleep 0.01; done
                kill -9 $victim; wait $sweep; echo "status $?"; ls runs/a/points/*/result.json
                """)
        #expect(run.output == "status 2\nruns/a/points/seed=1/result.json\n", "\(run)")
    }

    @Test func `a job array holds the points that are missing, and those that failed where that is asked for`() throws {
        let run = try shell(
            Self.lesson + """
                icot sweep a.icot -p seed=1,3 > said 2> told; echo "status $?"
                icot sweep a.icot -p seed=1...6 --script | head -1; grep -e --array runs/a/array.sh
                icot sweep a.icot --script --retry | head -1; grep -e --array runs/a/array.sh
                icot sweep a.icot -p seed=2 --to runs/b > said 2> told; echo "status $?"
                icot sweep a.icot --to runs/b --script; echo "status $?"; ls runs/b
                """)
        // In the folder stand 1, 3, 2, 4, 5, 6, in the order in which they were asked for.
        #expect(
            run.output == """
                status 2
                wrote runs/a/array.sh: 4 tasks of 6 points
                #SBATCH --array=2-5
                wrote runs/a/array.sh: 5 tasks of 6 points
                #SBATCH --array=1-5
                status 0
                runs/b: 0 of 1 point to run
                status 0
                notebook.icot
                points
                sweep.json
                sweep.lock

                """, "\(run)")
    }
}
