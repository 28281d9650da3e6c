// Notebooks from the command line: what is printed, what is written, how it ends.

import Foundation
import Testing

@Suite struct ReplayCommandTests {
    private static let lesson = """
        cat > a.icot <<'END'
        # icot 1
        # title: A lesson

        # %% params
        let n = 3

        # %% first
        print "n is {n}"
        #> n is 3
        n / 7
        #> 0.4286
        print missing
        #! E202

        END
        """

    @Test func `clean takes out the outputs and nothing else, not what is meant to fail, in a file and in a pipe`()
        throws
    {
        let run = try shell(
            Self.lesson
                + "\ncp a.icot b.icot; icot clean b.icot; icot clean - < a.icot | cmp - b.icot; diff a.icot b.icot; icot clean b.icot"
        )
        #expect(
            run.output
                == "b.icot: outputs taken out\n9d8\n< #> n is 3\n11d9\n< #> 0.4286\nb.icot: there are no outputs\n",
            "\(run.output)")
    }

    @Test func `a notebook is replayed with its statements and results`() throws {
        let run = try shell(Self.lesson + "\nicot a.icot; echo \"status $?\"; icot a.icot -p n=7 | grep 'n is'")
        #expect(run.output.contains("icot> print \"n is {n}\"\nn is 3\n"))
        #expect(run.output.contains("status 0"))
        #expect(run.output.hasSuffix("n is 7\n"))
    }

    @Test func `the exit status says how a comparison ended`() throws {
        let run = try shell(
            Self.lesson + """

                icot replay a.icot --check; echo "status $?"
                sed 's/#> n is 3/#> n is 4/' a.icot > b.icot; icot replay b.icot --check; echo "status $?"
                printf '# icot 1\\nprint (1 / 0)\\n' > c.icot; icot replay c.icot --check; echo "status $?"
                printf '# icot 1\\n# pin: gone sha256:00\\nprint 1\\n#> 1\\n' > d.icot; icot replay d.icot --check; echo "status $?"
                printf '# icot 9\\nprint 1\\n' > e.icot; icot replay e.icot --check; echo "status $?"
                """)
        let statuses = run.output.split(separator: "\n").filter { $0.hasPrefix("status") }.map(String.init)
        #expect(statuses == ["status 0", "status 1", "status 2", "status 3", "status 4"])
        #expect(run.output.contains("  recorded  n is 4\n  got       n is 3\n"))
        #expect(run.output.contains("input gone is missing"))
    }

    @Test func `recording equal results changes no byte, and other ones only their lines`() throws {
        let run = try shell(
            Self.lesson + """

                cp a.icot before.icot; icot replay a.icot --update > /dev/null; cmp a.icot before.icot && echo same
                sed 's/#> n is 3/#> n is 4/' a.icot > b.icot; icot replay b.icot --update > /dev/null; cmp b.icot a.icot && echo same
                icot replay a.icot -p n=7 --update -o copy.icot > /dev/null; grep -e parameter -e 'let n' -e '#>' copy.icot
                cmp a.icot before.icot && echo same
                """)
        #expect(run.output == "same\nsame\n# parameter: n=7\nlet n = 7\n#> n is 7\n#> 1.000\nsame\n")
    }

    @Test func `an update that is stopped leaves a whole file, without what did not end`() throws {
        let run = try shell(
            """
            printf '# icot 1\\nprint 1\\nfor k in 0..<10000000000 { k }\\nprint 2\\n#> old\\n' > a.icot
            "$ICOT" replay a.icot --update > out.txt 2>&1 & sleep 1
            while kill -INT $! 2> /dev/null; do sleep 1; done; wait $!; echo "status $?"
            cat a.icot; ls
            """)
        #expect(
            run.output.hasPrefix(
                "status 130\n# icot 1\nprint 1\n#> 1\nfor k in 0..<10000000000 { k }\nprint 2\n#> old\n"))
        #expect(!run.output.contains(".tmp"))
    }

    @Test func `a file that someone else changes meanwhile is left alone`() throws {
        // Its first statement tells that it has been read; then it is busy for a while before it is written.
        let run = try shell(
            """
            printf '# icot 1\\nwrite [1] "began.json"\\nlet t = 0\\nfor k in 0..<3000000 { t = t + k }\\nprint t\\n' > a.icot
            icot replay a.icot --update --trust > out.txt 2> err.txt & until [ -e began.json ]; do sleep 0.01; done
            printf '# icot 1\\nprint "mine"\\n' > a.icot; wait $!; echo "status $?"; cat err.txt a.icot
            """)
        #expect(run.output.hasPrefix("status 4\nicot: a.icot was changed on disk"), "\(run.output)")
        #expect(run.output.hasSuffix("# icot 1\nprint \"mine\"\n"))
    }

    @Test func `effects and exports run nothing`() throws {
        let run = try shell(
            """
            printf '# icot 1\\n# %%%% [md]\\n# Prose.\\n# %%%%\\nprint "\\\\u{1b}[31m"\\n#> x\\nimport "other.icot"\\n' > a.icot
            icot effects a.icot; icot export a.icot --to md -o -; icot export a.icot --to html; icot export a.icot --to ipynb -o b.ipynb; icot export a.icot --to text; ls
            """)
        #expect(run.output.contains("reads  \"other.icot\"  import, line 7\n"))
        #expect(run.output.contains("```text\nx\n```"))
        #expect(run.output.contains("a.html\na.icot\nb.ipynb\n"))
        #expect(!run.output.contains("\u{1b}"))
    }

    @Test func `a session that is saved replays`() throws {
        let run = try shell(
            """
            printf 'let a = 2\\na * 21\\nsave "s.icot"\\n' | icot > /dev/null; icot replay s.icot --check; echo "status $?"; grep -v -e width s.icot
            """)
        #expect(run.output.hasSuffix("# icot 1\n\n# %%\nlet a = 2\na * 21\n#> 42\n"))
        #expect(run.output.contains("status 0"))
    }
}
