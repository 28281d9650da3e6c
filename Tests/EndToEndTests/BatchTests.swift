// The program in scripts and pipes: results on standard output, errors on standard error, an exit status.

import CPseudoTerminal
import Foundation
import Glibc
import TestSupport
import Testing

/// Which small change is on in the program, where somebody looks whether these tests notice (Tests/Mutants).
let mutant = ProcessInfo.processInfo.environment.filter { $0.key == "ICOT_MUTANT" }

/// Runs a line of shell in which `icot` is the program; the home folder is empty.
func shell(_ line: String, seconds: Double = 60) throws -> (status: Int32, output: String, error: String) {
    try withTemporaryFolder { home in
        let variables = [
            "HOME": home.path, "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin", "ICOT": icotExecutable,
        ].merging(mutant) { $1 }
        let envp = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in envp { free(pointer) } }
        let process = shell_spawn("icot() { \"$ICOT\" \"$@\"; }\n\(line)", home.path, envp)
        let deadline = Date().addingTimeInterval(seconds)
        var status: Int32 = 0
        while waitpid(process, &status, WNOHANG) == 0 {
            if Date() > deadline { kill(-process, SIGKILL) }
            usleep(5000)
        }
        func text(_ name: String) -> String {
            (try? String(contentsOf: home.appending(path: name), encoding: .utf8)) ?? ""
        }
        return (status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f), text("out"), text("err"))
    }
}

@Suite struct BatchTests {
    @Test func `what is there and is no file of statements is not called missing`() throws {
        let run = try shell(
            """
            mkfifo pipe.icot; mkdir folder.icot
            for name in pipe folder none; do icot -c "import \\"$name.icot\\""; done
            """)
        for text in [
            "\"pipe.icot\" is not a regular file", "\"folder.icot\" is not a regular file",
            "there is no file \"none.icot\"",
        ] { #expect(run.error.contains(text), "\(run.error)") }
    }

    @Test
    func `what another process of icot wrote is written anew, and what a hand changed only where that is agreed to`()
        throws
    {
        let run = try shell(
            """
            for value in 1 2; do icot -c "write [$value] \\"a.json\\""; done; cat a.json
            echo mine > a.json; icot -c 'write [3] "a.json"'; cat a.json
            printf '# icot 1\\n# %%%%\\nwrite [4] "a.json"\\n' > n.icot
            icot n.icot; icot n.icot --trust; cat a.json; echo mine > a.json; icot n.icot; cat a.json
            """)
        #expect(
            run.output == """
                wrote a.json
                wrote a.json
                [2]
                mine
                icot> write [4] "a.json"
                wrote a.json
                [4]
                icot> write [4] "a.json"
                mine

                """, "\(run.output)\n\(run.error)")
        #expect(run.error.contains("a.json\", there already  write, line 3"), "\(run.error)")
        #expect(run.error.components(separatedBy: "a.json was changed since icot wrote it").count == 3)
    }

    @Test func `start with resume goes on with the run of its name, to the same bits, if it began as this one`() throws
    {
        let run = try shell(
            """
            data='let data = gen .parity digits: 4 n: 60 seed: 1'
            go() {
              icot -c "$data" -c "let r = start (model .gpt2 width: 8 heads: 2 layers: 1 positions: 16 seed: $1) on: $2 \\
              batch: 8 name: \\"$3\\" resume: $4" -c "$5" -c 'print "{hash r} {r.steps} {r.name}"'
            }
            go 1 data a true 'train steps: 5' > whole; go 1 data b true 'train steps: 2' > first
            go 1 data b true 'train steps: 3' > rest
            tail -n 1 whole | sed 's/ a$//' > bits; sed 's/ b$//' rest | tail -n 1 | cmp - bits && echo same
            grep goes rest; grep -c goes whole first
            go 2 data b true 1; go 1 '(data[0..<50])' b true 1; go 1 data b false 1
            icot -c "$data" -c 'let r = start (model .gpt2) on: data resume: true'
            """)
        #expect(
            run.output == """
                same
                goes on with runs/b as it was left after 2 steps
                whole:0
                first:0

                """, "\(run.output)\n\(run.error)")
        for text in [
            "the run in runs/b began from other weights", "the run in runs/b has other training problems",
            "resume \"runs/b\" goes on with it; another name: starts this one", "add name:",
        ] { #expect(run.error.contains(text), "\(run.error)") }
    }

    @Test func `-c runs statements and prints their values`() throws {
        let run = try shell("icot -c 'let x = 6; x * 7' -c 'x + 1'")
        #expect(run == (0, "42\n7\n", ""))
    }

    @Test func `an error is underlined on standard error, and the status is 2`() throws {
        let run = try shell("icot -c 'pritn 3'")
        #expect(run.status == 2)
        #expect(run.output == "")
        #expect(run.error.hasPrefix("E201"))
        #expect(run.error.contains("\n  pritn 3\n  ^^^^^\n"))
        #expect(!run.error.contains("\u{1b}"))
    }

    @Test func `folders are listed, entered and left as in a shell`() throws {
        let made =
            "mkdir d && cd d && mkdir -p runs/a model && echo '{}' >runs/a/run.json && printf 12345 >x.txt && touch n.icot && "
        let run = try shell(made + "icot -c 'ls' -c 'cd runs' -c 'ls().kind' -c 'cd' -c 'pwd() == \"'$HOME'\"'")
        #expect(run.error == "")
        let home = try #require(run.output.split(separator: "\n").first { $0.hasSuffix("/d/runs") }?.dropLast(7))
        #expect(
            run.output == """
                name    kind      size
                model   folder       –
                n.icot  notebook     0
                runs    folder       –
                x.txt   file         5
                \(home)/d/runs
                ["run"]
                \(home)
                true

                """)
        let wrong = try shell("mkdir runs; icot -c 'cd rums'")
        #expect(wrong.status == 2)
        #expect(wrong.error.contains("there is no folder rums"))
        #expect(wrong.error.contains("did you mean \"runs\"?"))
    }

    @Test func `a line for the shell shows what the program prints, and its failure is an error`() throws {
        let run = try shell("icot -c '!printf \"a\\033[2Jb\\n\"; cat; echo c >&2' -c 'print 1'")
        #expect(run == (0, "a␛[2Jb\nc\n1\n", ""))
        let failed = try shell("icot -c '!exit 3' -c 'print 1'")
        #expect(failed.status == 2 && failed.output == "")
        #expect(failed.error.contains("the program ended with status 3"))
    }

    @Test func `what a program leaves running does not hold the prompt`() throws {
        let run = try shell("icot -c '!sleep 50 & echo started'", seconds: 20)
        #expect(run == (0, "started\n", ""))
    }

    @Test func `a run that is kept stays where it is when somebody goes elsewhere`() throws {
        let run = try shell(
            """
            mkdir other
            icot -c 'let data = gen .parity digits: 3 n: 8 seed: 1' -c 'let m = model .gpt2 vocab: data width: 8' \\
                -c 'let r = start m on: data name: "x"' -c 'cd other' -c 'train steps: 1' -c 'step' >/dev/null
            icot -c 'let r = resume "runs/x"' -c 'r.removed'; ls other
            """)
        #expect(run.status == 0, "\(run)")
        #expect(run.error == "")
        #expect(run.output == "1\n")
    }

    @Test func `a notebook of somebody else that goes elsewhere or runs a program is asked about first`() throws {
        for line in ["cd(\"/\")", "shell(\"touch x\")"] {
            let run = try shell("printf '%s\\n' '# icot 1' '\(line)' >n.icot; icot n.icot; ls")
            #expect(run.output == "err\nn.icot\nout\n", "\(run)")
            #expect(run.error.contains("would do more than compute"))
            #expect(run.error.contains(line.hasPrefix("cd") ? "enters \"/\"" : "runs   \"touch x\""), "\(run.error)")
        }
    }

    @Test func `a Jupyter notebook is converted and run, and what was converted is not replaced`() throws {
        let cells = """
            {"cells": [{"cell_type": "markdown", "source": ["# Title\\n", "\\n", "prose"], "metadata": {}}, {"cell_type": \
            "code", "source": "let k = 2", "metadata": {"tags": ["parameters"]}, "outputs": []}, {"cell_type": "code", \
            "source": ["%time\\n", "#> mine\\n", "k * 3"], "metadata": {}, "outputs": []}], "nbformat": 4, "metadata": {}}
            """
        let run = try shell(
            """
            cat >n.ipynb <<'END'
            \(cells)
            END
            icot n.ipynb -p k=5; echo "status $?"; cat n.icot; icot n.ipynb >/dev/null; echo "status $?"
            echo 'print 1' >n.icot; icot n.ipynb; echo "status $?"; cat n.icot; echo '{}' >x.ipynb; icot x.ipynb; icot replay x.ipynb
            """)
        #expect(run.output.contains("\n15\n"), "\(run)")
        let text = """
            status 0
            # icot 1
            # title: Title

            # %% [md]
            # # Title
            #
            # prose

            # %% params
            let k = 2

            # %%
            # %time
            # > mine
            k * 3
            status 0
            status 2
            print 1

            """
        #expect(run.output.hasSuffix(text), "\(run)")
        #expect(run.error.contains("wrote n.icot") && run.error.contains("n.icot is there already"))
        #expect(run.error.contains("is no notebook of Jupyter's format 4"))
        #expect(run.error.contains("x.ipynb is a Jupyter notebook; icot x.ipynb makes an .icot file of it"))
    }

    @Test func `run and the path of a notebook runs it here, and what it defined stays`() throws {
        let run = try shell(
            "mkdir d; printf '%s\\n' '# icot 1' 'let k = 6' 'k + 1' '#> 7' >d/n.icot; icot -c 'run \"d/n.icot\"' -c 'k * 7'"
        )
        #expect(run == (0, "7\n42\n", ""))
        let missing = try shell("icot -c 'run \"none.icot\"' -c 'print 1'")
        #expect(missing.status == 2 && missing.output == "")
        #expect(missing.error.contains("none.icot"))
    }

    @Test func `nothing runs of a text with an error in its last line`() throws {
        let run = try shell("icot -c 'print 1' -c 'pritn 2'")
        #expect(run.status == 2)
        #expect(run.output == "")
        #expect(run.error.contains("-c:2:1"))
    }

    @Test func `--json is one value a line, wherever it stands, and errors are JSON too`() throws {
        let good = try shell("icot --json -c '[1, 2]' && icot -c '[a: 0.5, b: \"x\"]' --json")
        #expect(good.status == 0)
        let lines = good.output.split(separator: "\n").map {
            try? JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
        }
        #expect(lines.count == 2)
        #expect(lines[0] as? [Int] == [1, 2])
        #expect((lines[1] as? [String: Any])?["b"] as? String == "x")

        let wrong = try shell("icot --json -c 'print 1' -c 'pritn 2'")
        #expect(wrong.status == 2)
        let object = try JSONSerialization.jsonObject(with: Data(wrong.error.utf8)) as? [String: [String: Any]]
        let error = try #require(object?["error"])
        #expect(error["code"] as? String == "E201")
        #expect(error["line"] as? Int == 2)
        #expect(error["text"] as? String == "pritn")
    }

    @Test func `a pipe is a text`() throws {
        let run = try shell("printf 'for k in 1...2 {\\n print k\\n}\\n' | icot")
        #expect(run == (0, "1\n2\n", ""))
        let wrong = try shell("printf 'print 1\\npritn 2\\n' | icot")
        #expect(wrong.status == 2)
        #expect(wrong.error.contains("stdin:2:1"))
    }

    @Test func `a program that types is answered line by line and may slip`() throws {
        let run = try shell("printf 'print 1\\npritn 2\\nprint 3\\n' | icot -i")
        #expect(run.status == 0)
        #expect(run.output.contains("1\n") && run.output.contains("3\n"))
        #expect(run.error.contains("E201"))
    }

    @Test func `a reader that leaves ends it without noise`() throws {
        let run = try shell("icot -c 'for k in 0...1000000 { print k }' | head -1")
        #expect(run.output == "0\n")
        #expect(run.error == "")
    }

    @Test func `a full disk is an error and not silence`() throws {
        let run = try shell("icot -c 'print 1' > /dev/full")
        #expect(run.status == 2)
        #expect(run.error.contains("no space left"))
    }

    @Test func `closed descriptors are no trouble`() throws {
        #expect(try shell("icot <&-").status == 0)
        #expect(try shell("icot -c 'print 1' <&-").output == "1\n")
        #expect(try shell("icot -c 'print 1' >&-").status == 2)
        #expect(try shell("icot -c 'pritn 1' 2>&-").status == 2)
    }

    @Test func `an interrupt ends it with 130`() throws {
        // It listens for interrupts once it has written something.
        let run = try shell(
            "\"$ICOT\" -c 'print 1; while true { }' > o & until grep -q 1 o; do sleep 0.1; done; kill -INT $!; wait $!; echo $?"
        )
        #expect(run.output == "130\n")
        #expect(run.error.contains("stopped"))
    }

    @Test func `a question is answered`() throws {
        #expect(try shell("icot -c '?print'").output.contains("Writes values"))
        #expect(try shell("icot -c '?prnit'").status == 2)
    }

    @Test func `a wrong option is an error of status 2`() throws {
        let run = try shell("icot --nonsense")
        #expect(run.status == 2)
        #expect(run.error.contains("nonsense"))
        #expect(try shell("icot --threads 0 -c 1").status == 2)
        #expect(try shell("icot --version").output.hasPrefix("0.1.0 ("))
    }

    @Test func `a line of standard input without end is refused by its length, and the prompt goes on after it`() throws
    {
        let long = "head -c 17000000 /dev/zero | tr '\\0' 1"
        let piped = try shell("(\(long); echo; echo 'print 1') | icot")
        #expect(piped.status == 2 && piped.error.contains("more than 16 MB"), "\(piped.error)")
        let driven = try shell("(echo 'print \"before\"'; \(long); echo; echo 'print \"after\"') | icot -i")
        #expect(driven.status == 0 && driven.output.contains("before") && driven.output.contains("after"))
        #expect(driven.error.contains("more than 16 MB"), "\(driven.error)")
        // A long one that is none too long.
        let fits = try shell("(echo -n '# '; head -c 1000000 /dev/zero | tr '\\0' x; echo; echo 'print 7') | icot")
        #expect(fits.status == 0 && fits.output == "7\n", "\(fits.error)")
    }

    @Test func `a tokenizer that was named from here is found after going elsewhere`() throws {
        let tokens = casesFolder.appending(path: "tokenizers/tok_letters").path
        let run = try shell(
            """
            cp -r '\(tokens)' tok; mkdir other
            icot -c 'let m = model .gpt2 vocab: "tok" width: 16 heads: 2 positions: 64' -c 'cd "other"' \\
                -c 'write m "made"' && cmp tok/tokenizer.json other/made/tokenizer.json && echo same
            """)
        #expect(run.status == 0 && run.output.hasSuffix("same\n"), "\(run)")
    }
}
