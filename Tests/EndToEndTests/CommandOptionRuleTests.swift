// Rules of the program's options: what may stand beside what, what is refused before anything is read, where a result
// goes, which part of a notebook counts, and how each way ends.

import Foundation
import TestSupport
import Testing

@Suite struct CommandOptionRuleTests {
    /// A notebook of three cells, of which the last is recorded wrongly.
    private static let notebook =
        "printf '%s\\n' '# icot 1' '# %% params' 'let n = 3' '# %% one' 'n * 2' '#> 6' "
        + "'# %% two' 'n + 1' '#> 5' > n.icot\n"

    /// Runs each line after the notebook was made; its statuses, and all that was said.
    private func statuses(_ lines: [String], _ before: String = "") throws -> (statuses: [String], said: String) {
        let script = lines.map { "\($0) > said.txt 2>&1; echo \"status $?\"; cat said.txt" }.joined(separator: "\n")
        let run = try shell(Self.notebook + before + script)
        let found = run.output.split(separator: "\n").filter { $0.hasPrefix("status ") }.map { String($0.dropFirst(7)) }
        return (found, run.output + run.error)
    }

    // MARK: - Help

    @Test func `the program explains itself on standard output, and a verb as the prompt does`() throws {
        let pages = try ["--help", "-h", "help"].map { try shell("icot \($0)") }
        #expect(Set(pages.map(\.output)).count == 1 && pages.allSatisfy { $0.status == 0 && $0.error == "" })
        #expect(pages[0].output.contains("exit status: 0 fine, 1 outputs differ, 2 error, 3 input missing or changed"))
        let verb = try shell("icot help train")
        #expect(verb.status == 0 && verb.output.hasPrefix("train  Trains the current run"))
        #expect(try shell("icot help '?train'").output == verb.output)
        let command = try shell("icot help replay")
        #expect(command.status == 0 && command.output.contains("Runs a notebook, and compares or records"))
        let none = try shell("icot help prnit")
        #expect(none.status == 2 && none.output == "" && none.error.contains("did you mean ?print?"))
    }

    // MARK: - Options of every command

    @Test func `threads and JSON may stand before the command, and threads are from 1 to 1024`() throws {
        let found = try statuses([
            "icot --threads 1 replay n.icot --check --only one", "icot --threads=1 replay n.icot --check --only one",
            "icot --json replay n.icot --check --only one", "icot --json --threads 1 effects n.icot",
            "icot --threads 1024 -c 1", "icot --threads 1025 -c 1", "icot --threads=-1 -c 1",
        ])
        #expect(found.statuses == ["0", "0", "0", "0", "0", "2", "2"], "\(found.said)")
        #expect(found.said.contains("\"exit\":0") && found.said.contains("--threads 1025 is not a number of cores"))
        for line in ["--threads 1 -c 'profile()'", "-c 'profile()' --threads 1"] {
            #expect(try shell("ICOT_THREADS=2 icot \(line)").output.hasSuffix(" 1 threads\n"), "\(line)")
        }
    }

    // MARK: - Statements and notebooks

    @Test func `a notebook and statements exclude each other, and what belongs to a notebook needs one`() throws {
        let found = try statuses([
            "icot n.icot -c 1", "icot --trust -c 1", "icot -p n=1 -c 1", "icot n.icot -p n", "icot n.icot -p m=1",
            "icot n.icot -p n=5",
        ])
        #expect(found.statuses == ["2", "2", "2", "2", "2", "0"], "\(found.said)")
        for words in [
            "give a notebook or -c, not both", "--trust lets a notebook run; give one",
            "-p sets a parameter of a notebook; give one", "icot: -p n: write -p name=value", "'m' is no parameter",
        ] { #expect(found.said.contains(words), "\(words): \(found.said)") }
        #expect(found.said.contains("icot> let n = 5\nicot> n * 2\n10\n"))
    }

    @Test func `a dash is standard input, and a notebook with -i leaves what it defined at the prompt`() throws {
        #expect(try shell("printf 'let a = 2\\na * 21\\n' | icot -").output == "42\n")
        let wrong = try shell("printf 'pritn 1\\n' | icot -")
        // A pipe is told by its name and line though it has only one.
        #expect(wrong.status == 2 && wrong.error.hasPrefix("stdin:1:1: E201"))
        let stays = try shell(Self.notebook + "printf 'n + 40\\n' | icot -i n.icot")
        #expect(stays.status == 0 && stays.output.contains("43"), "\(stays)")
        let with = try shell(Self.notebook + "printf 'n + 40\\n' | icot -i n.icot -p n=2")
        #expect(with.output.contains("42"), "\(with)")
    }

    @Test func `a transcript is appended to, and one that cannot be is refused before anything runs`() throws {
        let run = try shell(
            "icot --transcript t.txt -c '6 * 7'; icot --transcript t.txt -c 'print \"more\"'; cat t.txt; "
                + "icot --transcript /nowhere/x -c 'print 1'; echo \"status $?\"")
        #expect(run.output == "42\nmore\n42\nmore\nstatus 2\n", "\(run)")
        #expect(run.error.contains("--transcript: /nowhere/x: cannot be written: No such file"))
    }

    // MARK: - Replay

    @Test func `what a replay does is one thing, a budget is a time, and a copy is where a record goes`() throws {
        let found = try statuses([
            "icot replay n.icot --check --twice", "icot replay n.icot --update --promote",
            "icot replay n.icot --budget 0",
            "icot replay n.icot --budget -1", "icot replay n.icot --budget 60", "icot replay n.icot -o x.icot",
            "icot replay n.icot --check -o x.icot", "icot replay n.icot --update -p n=4",
            "icot replay n.icot --promote < /dev/null",
            "icot replay n.icot --check -p n=4", "ls x.icot",
        ])
        #expect(found.statuses == ["2", "2", "2", "2", "0", "2", "2", "2", "2", "1", "2"], "\(found.said)")
        for words in [
            "give one of --check, --update, --promote and --twice", "--budget 0.0 is no number of seconds",
            "-o goes with --update or --promote", "records into a copy; say where with -o",
            "--promote asks a person at a terminal; --update records everything",
        ] { #expect(found.said.contains(words), "\(words)") }
    }

    @Test func `only the cell that is asked for is compared, or those from one on, and the others run all the same`()
        throws
    {
        let found = try statuses([
            "icot replay n.icot --check", "icot replay n.icot --check --only one",
            "icot replay n.icot --check --only two",
            "icot replay n.icot --check --from two", "icot replay n.icot --check --from one",
            "icot replay n.icot --check --only three",
        ])
        #expect(found.statuses == ["1", "0", "1", "1", "1", "2"], "\(found.said)")
        #expect(found.said.contains("no cell is called 'three'"))
        #expect(found.said.contains("n.icot: 1 statement agrees, 1 ran, 1 not run"))
        #expect(found.said.contains("n.icot: 1 differs, 2 ran"))
        // Of one cell only its own record changes.
        let update = try shell(
            Self.notebook + "sed -i 's/#> 6/#> 7/' n.icot; icot replay n.icot --update --only one; grep '#>' n.icot")
        #expect(update.output.hasPrefix("recorded in n.icot\n") && update.output.hasSuffix("#> 6\n#> 5\n"), "\(update)")
    }

    @Test func `without more a replay shows the notebook, and compares nothing`() throws {
        let run = try shell(
            Self.notebook + "cp n.icot before; icot replay n.icot; echo \"status $?\"; cmp n.icot before")
        #expect(run.output == "icot> let n = 3\nicot> n * 2\n6\nicot> n + 1\n4\nstatus 0\n", "\(run)")
    }

    @Test func `twice tells what comes out otherwise the second time`() throws {
        let found = try statuses(
            ["icot replay n.icot --twice", "icot replay s.icot --twice --trust"],
            "printf '# icot 1\\nshell(\"date +%%N\")\\n' > s.icot\n")
        #expect(found.statuses == ["0", "1"], "\(found.said)")
        #expect(found.said.contains("the second time it came out otherwise and is not marked as volatile"))
    }

    @Test func `a report for JUnit is written beside the comparison, with what differs`() throws {
        let run = try shell(
            Self.notebook + "mkdir d; icot replay n.icot --check --junit d/j.xml > said; echo $?; cat d/j.xml")
        #expect(run.output.hasPrefix("1\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), "\(run)")
        #expect(run.output.contains("name=\"n.icot\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"0\""))
        #expect(try shell(Self.notebook + "icot replay n.icot --check --junit /dev/null/j.xml > said").status == 2)
    }

    @Test func `a notebook of a later version is run by nothing, and can be read`() throws {
        let found = try statuses(
            [
                "icot v.icot", "icot replay v.icot --check", "icot replay v.icot --update",
                "icot sweep v.icot -p n=1,2",
                "icot export v.icot --to md -o -", "icot export v.icot --to md -o - --run", "icot clean v.icot",
                "cat v.icot",
            ], "printf '# icot 9\\nprint 1\\n' > v.icot\n")
        #expect(found.statuses == ["4", "4", "4", "4", "0", "4", "0", "0"], "\(found.said)")
        #expect(found.said.contains("v.icot is written for another version of the language than '1'"))
        #expect(found.said.hasSuffix("# icot 9\nprint 1\n"))
    }

    // MARK: - Looking at notebooks

    @Test
    func `effects name the kind, the path and the line, as text and as JSON, and what cannot be read is an error`()
        throws
    {
        let make =
            "printf '%s\\n' '# icot 1' 'let d = read \"a.csv\"' 'write d \"b.csv\"' 'shell(\"ls\")' 'cd(\"x\")' "
            + "'let m = load d' > e.icot; printf '# icot 1\\npritn 1\\n' > bad.icot\n"
        let run = try shell(make + "icot effects e.icot; echo $?; ls")
        #expect(
            run.output == """
                reads  "a.csv"  read, line 2
                writes "b.csv"  write, line 3
                runs   "ls"  shell, line 4
                enters "x"  cd, line 5
                reads  a path that is only known while running  load, line 6
                0
                bad.icot
                e.icot
                err
                out

                """, "\(run)")
        let json = try shell(make + "icot effects e.icot --json").output
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect(object?["needs_trust"] as? Bool == true && object?["is_whole"] as? Bool == true)
        let effects = object?["effects"] as? [[String: Any]] ?? []
        #expect(effects.map { $0["kind"] as? String } == ["reads", "writes", "runs", "enters", "reads"])
        #expect(effects.map { $0["line"] as? Int } == [2, 3, 4, 5, 6] && effects.last?["path"] is NSNull)
        let found = try statuses(
            ["icot effects bad.icot", "icot effects gone.icot", "icot effects n.icot --json"], make)
        #expect(found.statuses == ["2", "3", "0"], "\(found.said)")
        #expect(found.said.contains("the text cannot be read whole, so nothing of it would run: line 2, E201"))
        #expect(found.said.contains("\"needs_trust\":false"))
    }

    @Test func `clean takes several notebooks, and says of one that is not there that it is missing`() throws {
        let found = try statuses(
            [
                "icot clean a.icot b.icot", "icot clean gone.icot", "icot clean x.ipynb", "icot clean",
                "cat a.icot b.icot",
            ],
            "cp n.icot a.icot; cp n.icot b.icot; echo '{}' > x.ipynb\n")
        #expect(found.statuses == ["0", "3", "2", "2", "0"], "\(found.said)")
        #expect(found.said.contains("a.icot: outputs taken out\nb.icot: outputs taken out\n"))
        #expect(found.said.contains("icot: gone.icot: does not exist"))
        #expect(found.said.contains("n + 1\n# icot 1\n") && !found.said.contains("#> 6"))
    }

    @Test
    func `an export is of what is recorded, of what runs only where that is asked for, and of no notebook that fails`()
        throws
    {
        let make = "printf '# icot 1\\n1 // 0\\n' > bad.icot; printf '# icot 1\\nwrite [1] \"w.json\"\\n' > w.icot\n"
        let found = try statuses(
            [
                "icot export n.icot --to pdf", "icot export n.icot", "icot export gone.icot --to md",
                "icot export bad.icot --to md --run -o bad.md", "ls bad.md", "icot export w.icot --to md --run -o -",
                "ls w.json", "icot export w.icot --to md --run -o w.md --trust", "ls w.json",
                "icot export n.icot --to html --half",
            ], make)
        #expect(found.statuses == ["2", "2", "3", "2", "2", "4", "2", "0", "0", "2"], "\(found.said)")
        let recorded = try shell(Self.notebook + "icot export n.icot --to md -o -").output
        let run = try shell(Self.notebook + "icot export n.icot --to md -o - --run").output
        #expect(recorded.contains("```text\n5\n```") && run.contains("```text\n4\n```"), "\(recorded)\n\(run)")
        // A text goes to the screen unless a file is named, and the record stays as it is.
        let text = try shell(
            Self.notebook + "icot export n.icot --to text; icot export n.icot --to text -o t.txt; cat t.txt; ls")
        let parts = text.output.components(separatedBy: "wrote t.txt\n")
        #expect(parts.count == 2 && parts[1] == parts[0] + "err\nn.icot\nout\nt.txt\n", "\(text)")
    }

    // MARK: - Kernel, talk, doctor

    @Test func `the kernel is installed where it is said, and calls this program`() throws {
        let run = try shell(
            "icot kernel install --prefix v; find v -type f | sort; cat v/share/jupyter/kernels/icot/kernel.json")
        #expect(
            run.status == 0 && run.output.contains("v/share/jupyter/kernels/icot/kernel.json; choose 'icot' in Jupyter")
        )
        let json = run.output.split(separator: "\n").last { $0.hasPrefix("{") } ?? ""
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let arguments = object?["argv"] as? [String] ?? []
        #expect(arguments.dropFirst() == ["kernel", "run", "{connection_file}"] && arguments[0].hasPrefix("/"))
        #expect(object?["language"] as? String == "icot" && object?["interrupt_mode"] as? String == "message")
        #expect(try shell("icot kernel run /nowhere.json").status == 2)
    }

    @Test func `a talk needs a terminal, and a doctor's finding in JSON has a name, what is there and what it costs`()
        throws
    {
        let talk = try shell(Self.notebook + "icot present n.icot < /dev/null")
        #expect(talk.status == 2 && talk.error.contains("needs a terminal that can move its cursor"))
        let lines = try shell("icot doctor --json").output.split(separator: "\n")
        #expect(lines.count == 17)
        for line in lines {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            #expect(object.map { Set($0.keys) } == ["name", "found", "cost"], "\(line)")
        }
        #expect(lines.contains { $0.contains("\"terminal\"") && $0.contains("none here") })
        #expect(try shell("icot doctor --json --threads 1").output.contains(" 1 threads, "))
    }

    // MARK: - Sweeps

    @Test func `a sweep does one thing, with so many points at a time as are wanted and there are`() throws {
        let found = try statuses([
            "icot sweep n.icot -p n=1,2 --dry --script", "icot sweep n.icot --task -p n=1",
            "icot sweep n.icot -p n=1,2 --threads 2", "icot sweep n.icot -p n=1,2 -j 1025 --dry",
            "icot sweep n.icot -p n=1,2 -j 1024 --dry", "icot sweep n.icot -p n=1 -j 3 --dry", "ls runs",
        ])
        #expect(found.statuses == ["2", "2", "2", "2", "0", "0", "2"], "\(found.said)")
        for words in [
            "give one of --dry, --script, --slurm and --task", "--task runs a point that is there",
            "a point computes on one core; -j says how many run at a time",
            "-j 1025 is not a number of points at a time",
            "2 of 2 points to run, 2 at a time on ", "1 of 1 point to run, 1 at a time on ",
        ] { #expect(found.said.contains(words), "\(words): \(found.said)") }
    }

    @Test func `a sweep of a program's own is JSON: each event on standard error, the table on standard output`() throws
    {
        let run = try shell(
            Self.notebook + "icot sweep n.icot -p n=1,left -j 1 --to runs/x/ --json; ls runs; ls runs/x/points")
        let lines = run.output.split(separator: "\n").map(String.init)
        #expect(lines.dropFirst() == ["x", "n=1", "n=left"], "\(run)")
        let rows = try JSONSerialization.jsonObject(with: Data((lines.first ?? "").utf8)) as? [[String: Any]] ?? []
        #expect(rows.map { $0["state"] as? String } == ["done", "failed"] && rows.first?["value"] as? Int == 2)
        let events = try run.error.split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
        }
        #expect(
            events.map { "\($0["point"] ?? "") \($0["state"] ?? "")" } == [
                "n=1 running", "n=1 done", "n=left running", "n=left failed",
            ])
        #expect(events.last?["code"] as? String == "E301" && events[1]["result"] as? [String: Int] == ["value": 2])
        #expect(run.status == 0)
        #expect(try shell(Self.notebook + "icot sweep n.icot -p n=1,left --json > said 2>&1").status == 2)
    }

    @Test func `a sweep lies in runs under the notebook's name, and a text beside numbers is one`() throws {
        let run = try shell(
            Self.notebook + "mkdir d; cp n.icot d/a.b.icot; icot sweep d/a.b.icot -p n=1,2 > said 2> told; ls runs; "
                + "cat told | head -1; cd d; icot sweep a.b.icot -p n=1 --to ../other > said 2>&1; ls ..")
        #expect(run.output.hasPrefix("a.b\nruns/a.b: 2 of 2 points to run"), "\(run)")
        #expect(run.output.hasSuffix("other\nout\nruns\nsaid\ntold\n"), "\(run)")
    }
}
