// Many runs from the command line: what is asked before, what lies in the folder after, and what survives a death.

import Foundation
import TestSupport
import Testing

@Suite struct SweepTests {
    /// More rounds than anybody waits for.
    private static let endless = 10_000_000_000

    /// A notebook with two parameters that writes a file and ends in a record. Each point counts to `rounds` first.
    private static func lesson(rounds: Int = 10) -> String {
        """
        cat > a.icot <<'END'
        # icot 1
        # %% params
        let seed = 2
        let lambda = 1
        # %% work
        let total = 0
        for k in 0..<\(rounds) { total = total + k % 3 }
        write [seed, lambda] "mine.json"
        # %% result
        [score: 10 * seed + lambda, share: seed / 4]
        # %% after
        total
        END

        """
    }

    @Test func `every set of parameters is a replay in a folder of its own, and the end is one table`() throws {
        let run = try shell(
            Self.lesson() + """
                icot sweep a.icot -p seed=1...3 -p lambda=1,4 --to runs/x --trust; echo "status $?"
                ls runs/x runs/x/points; ls 'runs/x/points/seed=3,lambda=4'
                cat runs/x/points/*/mine.json; grep -e '# parameter' -e '#>' 'runs/x/points/seed=3,lambda=4/notebook.icot'
                """)
        #expect(
            run.output.hasPrefix(
                """
                seed  lambda  score   share
                   1       1     11  0.2500
                   1       4     14  0.2500
                   2       1     21  0.5000
                   2       4     24  0.5000
                   3       1     31  0.7500
                   3       4     34  0.7500

                means over seed, with 95 % intervals
                lambda  points  score  score_low  score_high   share  share_low  share_high
                """), "\(run.output)\n\(run.error)")
        #expect(
            run.output.hasSuffix(
                """
                status 0
                runs/x:
                notebook.icot
                points
                sweep.json
                sweep.lock

                runs/x/points:
                seed=1,lambda=1
                seed=1,lambda=4
                seed=2,lambda=1
                seed=2,lambda=4
                seed=3,lambda=1
                seed=3,lambda=4
                log
                mine.json
                notebook.icot
                point.lock
                result.json
                [1,1]
                [1,4]
                [2,1]
                [2,4]
                [3,1]
                [3,4]
                # parameter: seed=3
                # parameter: lambda=4
                #> wrote mine.json
                #> [score: 34, share: 0.7500]
                #> 9

                """), "\(run.output)")
    }

    @Test func `a point writes again and again where it also reads, into its own folder, and goes to no other`() throws
    {
        let run = try shell(
            """
            mkdir notes; printf 'n\\n1\\n' >notes/in.csv
            cat >a.icot <<'END'
            # icot 1
            # %% params
            let seed = 1
            # %% work
            let t = read "notes/in.csv"
            for k in 0..<3 { write [k, seed] "notes/out.json" }
            seed
            END
            icot sweep a.icot -p seed=1,2 --to runs/x --trust >said; echo "status $?"; ls notes
            cat runs/x/points/seed=*/notes/out.json | tr -d ' \\n'; echo
            echo 'cd("..")' >>a.icot; icot sweep a.icot -p seed=1 --to runs/y --trust; echo "status $?"
            """)
        #expect(run.output == "status 0\nin.csv\n[2,1][2,2]\nstatus 4\n", "\(run)")
        #expect(run.error.contains("line 8 goes to another folder, and a point runs in its own\n  fix: take cd() out"))
    }

    @Test func `a sweep that is called again runs what is missing, and points are added to it`() throws {
        let run = try shell(
            Self.lesson() + """
                icot sweep a.icot -p seed=1,2 --trust > /dev/null 2>&1; echo "status $?"
                stat -c %Y.%i runs/a/points/*/result.json > before
                rm -r runs/a/points/seed=2; icot sweep a.icot > /dev/null 2> told; echo "status $?"; grep -c '^done' told
                icot sweep a.icot -p seed=1,2,3 > said 2> told; echo "status $?"; grep -e '^started' told; grep '^ *3 ' said | head -1
                stat -c %Y.%i runs/a/points/seed=1/result.json | cmp - <(head -1 before) && echo untouched
                icot sweep a.icot 2>&1 > /dev/null
                """)
        #expect(
            run.output == """
                status 0
                status 0
                1
                status 0
                started  seed=3
                   3     31  0.7500
                untouched
                runs/a: 0 of 3 points to run

                """, "\(run.output)\n\(run.error)")
    }

    @Test func `killed again and again, the table is that of a sweep that was left alone`() throws {
        // In two folders of the same name, since a table says which sweep it is of.
        let run = try shell(
            Self.lesson(rounds: 300_000) + """
                mkdir left; cd left; icot sweep ../a.icot -p seed=1...8 --to runs/x --trust > /dev/null 2>&1; echo "status $?"
                icot -c 'sweep_table("runs/x")' --json > ../alone; cd ..; mkdir hit; cd hit
                for count in 1 3 5; do
                    "$ICOT" sweep ../a.icot -p seed=1...8 --to runs/x > log 2>&1 & sweep=$!
                    until [ "$(ls runs/x/points/*/result.json 2> /dev/null | wc -l)" -ge $count ]; do sleep 0.01; done
                    kill -9 $sweep; wait $sweep
                    for wait in $(seq 200); do grep -qa "$PWD/[r]uns/x" /proc/[0-9]*/cmdline 2> /dev/null || break; sleep 0.01; done
                    grep -la "$PWD/[r]uns/x" /proc/[0-9]*/cmdline 2> /dev/null | wc -l
                done
                ls runs/x/points/*/result.json | wc -l | sed 's/[5-7]/some/'
                icot sweep ../a.icot --to runs/x > /dev/null 2> told; echo "status $?"
                icot -c 'sweep_table("runs/x")' --json | cmp - ../alone && echo same; wc -l < ../alone
                """, seconds: 120)
        #expect(run.output == "status 0\n0\n0\n0\nsome\nstatus 0\nsame\n1\n", "\(run.output)\n\(run.error)")
    }

    @Test func `points that failed are listed with their error, and tried again when that is asked for`() throws {
        let run = try shell(
            """
            printf '# icot 1\\n# %%%% params\\nlet seed = 1\\n# %%%%\\nlet limit = read "limit.csv"\\nassert (seed < limit[0].n) "too large"\\nseed * 2\\n' > a.icot
            printf 'n\\n3\\n' > limit.csv
            icot sweep a.icot -p seed=1...4 > said 2> told; echo "status $?"; cat said; tail -4 told
            icot sweep a.icot > /dev/null 2> told; echo "status $?"; grep -c started told
            printf 'n\\n9\\n' > limit.csv; icot sweep a.icot --retry 2> told | cut -c 1-11; grep -c started told
            cat runs/a/points/seed=4/limit.csv
            """)
        #expect(
            run.output.hasPrefix(
                """
                status 2
                seed  value  state
                   1      2  done
                   2      4  done
                   3      –  failed
                   4      –  failed

                means over seed, with 95 % intervals
                """), "\(run.output)\n\(run.error)")
        #expect(
            run.output.contains(
                """
                failed   seed=3  E311 assert: too large, line 6
                failed   seed=4  E311 assert: too large, line 6
                2 points failed; runs/a/points holds the log of each
                  to try again: icot sweep a.icot --to runs/a --retry
                status 2
                0
                seed  value
                   1      2
                   2      4
                   3      6
                   4      8

                """), "\(run.output)")
        #expect(run.output.hasSuffix("2\nn\n9\n"), "\(run.output)")
    }

    @Test func `whatever is wrong is said before anything starts, with what to type`() throws {
        let run = try shell(
            Self.lesson() + """
                printf '# icot 1\\nprint 1\\n' > none.icot; mkdir -p runs/mine; echo text > runs/mine/notes.txt
                sed 's/mine.json/..\\/mine.json/' a.icot > up.icot; sed 's/mine.json/\\/tmp\\/mine.json/' a.icot > abs.icot
                try() { icot sweep "$@" > /dev/null; echo "status $?"; }
                try a.icot -p sed=1,2; try a.icot; try a.icot -p seed=5...1; try a.icot -p seed=1,,2; try a.icot -p seed=
                try a.icot -p seed=1,2,1; try a.icot -p seed=1 -p seed=2; try a.icot -p seed=1...20000
                try none.icot -p n=1; try gone.icot -p n=1; try a.icot -p seed=1,2 --to runs/mine; try a.icot -p seed=1,2
                try up.icot -p seed=1,2 --trust; try abs.icot -p seed=1,2 --trust; try a.icot -p seed=1 -j 0
                printf '# icot 1\\n# %%%% params\\nlet k = 2\\n# %%%%\\nhead [1, 2] k\\n' > k.icot; try k.icot -p k=1,x
                ls runs
                icot sweep a.icot -p seed=1 --to runs/y --trust > /dev/null 2>&1; sed 's/% 3/% 4/' a.icot > b.icot; try b.icot --to runs/y
                mv b.icot a.icot; try a.icot --to runs/y
                """)
        let statuses = run.output.split(separator: "\n").filter { $0.hasPrefix("status") }.map { $0.dropFirst(7) }
        #expect(
            statuses == ["2", "4", "2", "2", "2", "4", "4", "2", "2", "3", "4", "4", "4", "4", "2", "2", "4", "4"],
            "\(run.output)\n\(run.error)")
        // Nothing was made but what was there.
        #expect(run.output.contains("\nmine\n") && !run.output.contains("\na\n"))
        for sentence in [
            "icot: 'sed' is no parameter of the notebook; it has seed, lambda; did you mean 'seed'?",
            "icot: no parameter is given values; the notebook has seed, lambda\n  fix: write icot sweep a.icot --to runs/a -p "
                + "lambda=1...8",
            "the range 5...1 is empty; write the smaller end first", "a value is missing; write -p seed=1,2",
            "icot: -p seed has 1 twice", "icot: -p seed is given twice\n  fix: write its values in one: -p seed=1,2",
            "that is more than 10,000 values", "'n' is no parameter: the notebook has no cell '# %% params'",
            "icot: runs/mine is there already and is not a sweep\n  fix: choose another folder with --to",
            "/mine.json\"  write, line 8", "icot: line 8 writes \"../mine.json\", outside of a point's folder",
            "icot: line 8 writes \"/tmp/mine.json\", outside", "-j 0 is not a number of points at a time",
            "with k=x:", "icot: runs/y is a sweep of a.icot, not of b.icot",
            "icot: a.icot has changed since the sweep in runs/y began",
        ] { #expect(run.error.contains(sentence), "\(sentence)\n\(run.error)") }
    }

    @Test func `a second sweep on a folder is refused, and the first goes on`() throws {
        let run = try shell(
            Self.lesson(rounds: Self.endless) + """
                "$ICOT" sweep a.icot -p seed=1...3 -j 1 --trust > said 2> told & first=$!
                until grep -q started told 2> /dev/null; do sleep 0.01; done
                icot sweep a.icot; echo "status $?"; kill -0 $first && echo running
                kill -INT $first; wait $first; echo "status $?"
                """)
        #expect(run.output == "status 4\nrunning\nstatus 130\n", "\(run.output)\n\(run.error)")
        #expect(run.error.contains("icot: runs/a is being worked on by process"))
        #expect(run.error.contains("  fix: wait for it, or choose another folder with --to"))
    }

    @Test func `Ctrl-C stops all points, says what to type, and that goes on`() throws {
        let run = try shell(
            Self.lesson(rounds: Self.endless) + """
                "$ICOT" sweep a.icot -p seed=1...4 -j 2 --trust > said 2> told & sweep=$!
                until [ "$(grep -c started told 2> /dev/null)" = 2 ]; do sleep 0.01; done
                kill -INT $sweep; wait $sweep; echo "status $?"; tail -2 told
                grep -la "$PWD/[r]uns/a" /proc/[0-9]*/cmdline 2> /dev/null | wc -l; ls runs/a/points/*/result.json 2> /dev/null | wc -l
                """)
        #expect(
            run.output == """
                status 130
                stopped: 0 of 4 points done
                  to go on: icot sweep a.icot --to runs/a
                0
                0

                """, "\(run.output)\n\(run.error)")
    }

    @Test func `a point whose process is killed is named and missing, and the others go on`() throws {
        let run = try shell(
            """
            printf '# icot 1\\n# %%%% params\\nlet seed = 1\\n# %%%%\\nlet limit = read "limit.csv"\\n' > a.icot
            printf 'if seed == 2 { for k in 0..<limit[0].n { k } }\\nseed\\n' >> a.icot
            printf 'n\\n\(Self.endless)\\n' > limit.csv
            "$ICOT" sweep a.icot -p seed=1...3 -j 1 > said 2> told & sweep=$!
            until victim=$(pgrep -f "sweep-point $PWD/runs/a seed=2"); do sleep 0.01; done
            kill -9 $victim; wait $sweep; echo "status $?"; grep -e died -e 'without' -e 'to go on' told
            printf 'n\\n3\\n' > limit.csv
            icot sweep a.icot > said 2> told; echo "status $?"; grep -c started told
            """)
        #expect(
            run.output == """
                status 2
                died     seed=2  its process was killed, as the system does where memory runs out
                1 point ended without a result
                  to go on: icot sweep a.icot --to runs/a
                status 0
                1

                """, "\(run.output)\n\(run.error)")
    }

    @Test func `--dry lists what would run and what that would take, and makes nothing`() throws {
        let run = try shell(
            Self.lesson() + """
                icot sweep a.icot -p seed=1,2 --dry -j 1; ls
                icot sweep a.icot -p seed=1 --trust > /dev/null 2>&1; icot sweep a.icot -p seed=1...3 --dry -j 1 | sed 's/about.*/about/'
                icot sweep a.icot -p seed=1...3 --dry -j 1 --json | sed 's/.*"points"/"points"/'
                """)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let words = "1 at a time on \(cores) core\(cores == 1 ? "" : "s")"
        #expect(
            run.output == """
                seed=1  would run
                seed=2  would run
                2 of 2 points to run, \(words); how long one takes is known once one has ended
                a.icot
                err
                out
                seed=1  done
                seed=2  would run
                seed=3  would run
                2 of 3 points to run, \(words): about
                "points":[{"name":"seed=1","state":"done","to_run":false,"parameters":{"seed":1,"lambda":1}},\
                {"name":"seed=2","state":"missing","to_run":true,"parameters":{"seed":2,"lambda":1}},\
                {"name":"seed=3","state":"missing","to_run":true,"parameters":{"seed":3,"lambda":1}}]}

                """, "\(run.output)\n\(run.error)")
    }

    @Test func `points train to the bits of a run alone with one thread, each on a core of its own`() throws {
        let code = """
            let data = gen .parity digits: 4 n: 500 seed: seed
            let r = start (model .gpt2 width: 32 heads: 2 positions: 32 seed: seed) on: data batch: 16 seed: seed
            train steps: 60
            """
        let run = try shell(
            """
            printf '# icot 1\\n# %%%% params\\nlet seed = 1\\n# %%%%\\n' > a.icot
            cat >> a.icot <<'END'
            \(code)
            [profile: profile()]
            END
            "$ICOT" sweep a.icot -p seed=1,2 -j 2 > said 2> told & sweep=$!
            until [ "$(pgrep -fc "sweep-point $PWD/runs/a")" = 2 ]; do kill -0 $sweep || break; done
            for process in $(pgrep -f "sweep-point $PWD/runs/a"); do grep Cpus_allowed_list /proc/$process/status; done | sort -u | wc -l
            wait $sweep; echo "status $?"; grep -o ' 1 threads' said | wc -l
            for seed in 1 2; do
                ICOT_THREADS=1 icot -c "let seed = $seed" -c '\(code)' -c 'hash r' | tail -1 > alone
                grep -q "\\"run_hash\\": \\"$(cat alone)\\"" runs/a/points/seed=$seed/result.json && echo same
            done
            """)
        // On one core there is nothing to divide.
        let cores = ProcessInfo.processInfo.activeProcessorCount > 1 ? "2" : "1"
        #expect(run.output == "\(cores)\nstatus 0\n2\nsame\nsame\n", "\(run.output)\n\(run.error)")
    }

    @Test func `on a terminal the points are painted over in place, and only the table stays`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "a.icot")
            let text = "# icot 1\n# %% params\nlet seed = 1\n# %% result\n[score: seed]\n"
            try Data(text.utf8).write(to: file)
            let terminal = try PseudoTerminal(
                ["sweep", file.path, "-p", "seed=1...3", "-j", "1", "--to", folder.path + "/s"])
            #expect(try terminal.exitStatus() == 0)
            let sent = String(decoding: terminal.bytes, as: UTF8.self)
            #expect(sent.contains("3 points  0 done  1 running  2 to run"))
            let lines = terminal.screen.text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            #expect(lines.contains("seed  score") && lines.contains("3      3"), "\(lines)")
            #expect(lines.count == 9, "\(lines)")
            #expect(!terminal.screen.text.contains("running"))
        }
    }
}
