// Rules of points that run side by side: when the next one may begin, what a stop leaves, what a process is given, what
// stays of what it printed, and what its job script does when its time is up.

import Foundation
import Support
import TestSupport
import Testing

@testable import Sweeps

private func done(_ peak: Int, in folder: String) throws {
    var result = result(["a": 1])
    result.peakBytes = peak
    try result.write(to: folder)
}

@Suite struct PointTurnRuleTests {
    /// What a listener hears of points that a shell runs.
    private func heard(
        _ seeds: [Int], slots: Int, prepare: (_ path: String) throws -> Void = { _ in },
        only: [String]? = nil, interrupt: Interrupt = Interrupt(), on event: @escaping (SweepEvent) -> Void = { _ in },
        _ command: @escaping (_ point: String, _ folder: String) -> String
    ) throws -> [String] {
        try withTemporaryFolder { folder in
            let sweep = try SweepFolder(
                folder.path + "/s", smallSweep(), own: ownValues, grid: Grid([("seed", seeds.map { whole($0) })]),
                notebook: Array("n".utf8))
            try prepare(sweep.path)
            var runner = SweepRunner(sweep, program: "/bin/sh", slots: slots, cores: []) {
                ["-c", command($0.name, Sweep.folder(of: $0.name, in: sweep.path))]
            }
            var events: [String] = []
            runner.onEvent = {
                event($0)
                switch $0 {
                case .started(let point): events.append("started \(point.name)")
                case .died(let point, _, let words): events.append("died \(point.name) \(words.joined(separator: "|"))")
                case .ended(let point, let state): events.append("ended \(point.name) \(state.word)")
                case .waiting: events.append("waiting")
                case .progress, .tick: break
                }
            }
            let points = sweep.sweep.points.filter { only?.contains($0.name) ?? true }
            _ = try runner.run(points, interrupt: interrupt)
            return events
        }
    }

    @Test
    func `where an earlier point took more than there is, points run one by one, and that is said once each time`()
        throws
    {
        let events = try heard(
            [1, 2, 3, 4], slots: 2,
            prepare: { try done(1 << 58, in: Sweep.folder(of: "seed=1", in: $0)) },
            only: ["seed=2", "seed=3", "seed=4"]
        ) { _, _ in "sleep 0.3" }
        #expect(
            events == [
                "started seed=2", "waiting", "died seed=2 ", "started seed=3", "waiting", "died seed=3 ",
                "started seed=4", "died seed=4 ",
            ])
    }

    @Test func `what a point took that has just ended counts for the next one`() throws {
        let written =
            #"{"format": 1, "state": "done", "parameters": {}, "seconds": 1, "peak_bytes": 288230376151711744}"#
        try withTemporaryFolder { other in
            let mark = other.path + "/mark"
            let events = try heard(
                [1, 2, 3], slots: 2, on: { if case .waiting = $0 { try? writeFileAtomically(mark, "".utf8) } }
            ) { point, folder in
                switch point {
                case "seed=1": "echo '\(written)' > '\(folder)/result.json'"
                case "seed=2": "for k in $(seq 300); do [ -e '\(mark)' ] && exit; sleep 0.01; done; echo alone"
                default: "exit"
                }
            }
            #expect(
                events == [
                    "started seed=1", "started seed=2", "ended seed=1 done", "waiting", "died seed=2 ",
                    "started seed=3", "died seed=3 ",
                ])
        }
    }

    @Test func `a point that is stopped may still write its result, and then it has ended`() throws {
        let interrupt = Interrupt()
        let written = #"{"format": 1, "state": "failed", "parameters": {}, "seconds": 1, "peak_bytes": 1}"#
        let events = try heard(
            [1, 2], slots: 1, interrupt: interrupt,
            on: { if case .progress = $0 { interrupt.request() } }
        ) { _, folder in
            "trap \"echo '\(written.replacing("\"", with: "\\\""))' > '\(folder)/result.json'; exit\" INT; "
                + "echo ready >&3; while :; do sleep 0.01; done"
        }
        #expect(events == ["started seed=1", "ended seed=1 failed"])
    }

    @Test func `a program that is not there ends every point with a status of its own`() throws {
        try withTemporaryFolder { folder in
            let sweep = try SweepFolder(
                folder.path + "/s", smallSweep(), own: ownValues, grid: Grid([("seed", [whole(1)])]), notebook: [])
            let runner = SweepRunner(sweep, program: folder.path + "/none", slots: 1, cores: []) { _ in [] }
            #expect(try runner.run(sweep.sweep.points, interrupt: Interrupt()).map(\.name) == ["seed=1"])
            #expect(try runner.run([], interrupt: Interrupt()).isEmpty)
        }
    }

    @Test func `a process has the arguments in their order and the variables of whoever starts it, each once`() throws {
        try withTemporaryFolder { folder in
            let point = SweepPoint(name: "p", values: [])
            let process = try PointProcess(
                point, in: folder.path + "/p", program: "/bin/sh",
                arguments: [
                    "-c", "echo \"$1|$2|$PATH\"; env | grep -c '^PATH='; echo \"$ICOT_RULE\"", "x", "a b", "c",
                ],
                variables: ["ICOT_RULE": "kept"], core: nil, slot: 3)
            var death: PointDeath?
            while death == nil { death = process.reap() }
            #expect(death == .status(0) && process.slot == 3 && process.point == point)
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            #expect(PointFolder.tail(of: folder.path + "/p", count: 5) == ["a b|c|" + path, "1", "kept"])
        }
    }
}

@Suite struct PointLogRuleTests {
    @Test func `of a log the last lines that hold something are told, within its last four thousand bytes`() throws {
        try withTemporaryFolder { folder in
            func tail(_ text: String, _ count: Int = 3) throws -> [String] {
                try writeFileAtomically(folder.path + "/log", text.utf8)
                return PointFolder.tail(of: folder.path, count: count)
            }
            #expect(try tail("a\n\n\nb\nc\n\nd\n") == ["b", "c", "d"] && tail("a") == ["a"] && tail("\n\n") == [])
            #expect(try tail("a\nb", 1) == ["b"])
            // 5 bytes before the last 4000 are gone: of the first line one letter is left.
            let long = "abcde" + "f\n" + String(repeating: "x", count: 3997) + "\n"
            let lines = try tail(long)
            #expect(lines.count == 2 && lines[0] == "f" && lines[1].utf8.count == 3997)
            #expect(PointFolder.tail(of: folder.path + "/none", count: 3) == [])
        }
    }

    @Test func `a log is kept at the top of a folder only, and a file that is gone on with is not`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/points/p"
            for name in ["log", "point.lock", "sub/log", "keep/run/run.json", "keep/note", "keep/run/deep/x"] {
                try writeFileAtomically(path + "/" + name, "x".utf8)
            }
            try result(["a": 1]).write(to: path)
            let point = try PointFolder("p", of: folder.path)
            #expect(point.state.word == "done" && point.path == path)
            point.clear(keeping: ["keep/run", "keep/note"])
            #expect(FileSystem.names(in: path) == ["keep", "log", "point.lock"] && point.state == .missing)
            #expect(FileSystem.names(in: path + "/keep") == ["run"])
            #expect(FileSystem.names(in: path + "/keep/run") == ["deep", "run.json"])
        }
    }

    @Test func `a link that a point left is taken away, and what it leads to stays`() throws {
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/outside/a", "x".utf8)
            try FileSystem.makeFolder(folder.path + "/points/p")
            symlink(folder.path + "/outside", folder.path + "/points/p/in")
            try PointFolder("p", of: folder.path).clear()
            #expect(FileSystem.names(in: folder.path + "/points/p") == ["point.lock"])
            #expect(FileSystem.names(in: folder.path + "/outside") == ["a"])
        }
    }
}

@Suite struct PointCopyRuleTests {
    private func withRun(_ body: (_ inputs: PointInputs, _ start: String, _ point: String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let (start, point) = (folder.path + "/start", folder.path + "/point")
            for path in ["/runs/r/run.json", "/runs/r/a"] { try writeFileAtomically(start + path, "theirs".utf8) }
            try FileSystem.makeFolder(point)
            try body(PointInputs(start: start, point: point), start, point)
        }
    }

    private func contents(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    @Test func `a kept run is copied once, and what the point changed in its copy stays`() throws {
        try withRun { inputs, start, point in
            inputs.willRead("runs/r")
            try writeFileAtomically(point + "/runs/r/run.json", "own".utf8)
            unlink(point + "/runs/r/a")
            inputs.willRead("runs/r")
            #expect(contents(point + "/runs/r/run.json") == "own" && FileSystem.names(in: point + "/runs/r").count == 1)
            #expect(contents(start + "/runs/r/run.json") == "theirs")
        }
    }

    @Test func `a run of its own that a point has there, or a file, is not written over`() throws {
        try withRun { inputs, _, point in
            try writeFileAtomically(point + "/runs/r/mine", "own".utf8)
            inputs.willRead("runs/r")
            #expect(FileSystem.names(in: point + "/runs/r") == ["mine"])
        }
        try withRun { inputs, _, point in
            try writeFileAtomically(point + "/runs/r", "own".utf8)
            inputs.willRead("runs/r")
            #expect(contents(point + "/runs/r") == "own")
        }
    }

    @Test func `a link inside of a kept run stays a link in its copy`() throws {
        try withRun { inputs, start, point in
            symlink("run.json", start + "/runs/r/link")
            inputs.willRead("runs/r")
            #expect(FileSystem.kind(of: point + "/runs/r/link") == .link)
            #expect(FileSystem.kind(of: point + "/runs/r/a") == .file && contents(point + "/runs/r/a") == "theirs")
        }
    }
}

@Suite struct ArrayTaskRuleTests {
    /// Runs the script of a task, with a queue that only writes down what it is asked for.
    private func run(
        _ command: [String], in working: String? = nil, goesOn: Bool = true
    ) throws -> (
        status: PointDeath, asked: String?, printed: [String]
    ) {
        try withTemporaryFolder { folder in
            let script = ArrayScript(
                name: "a", places: [0], atATime: nil, folder: folder.path, workingFolder: working ?? folder.path,
                command: command, goesOn: goesOn)
            try writeFileAtomically(folder.path + "/array.sh", script.text.utf8)
            let queue = folder.path + "/bin/scontrol"
            try writeFileAtomically(queue, "#!/bin/sh\necho \"$@\" > \(folder.path)/asked\n".utf8)
            chmod(queue, 0o755)
            let process = try PointProcess(
                SweepPoint(name: "p", values: []), in: folder.path + "/p", program: "/bin/sh",
                arguments: [folder.path + "/array.sh"],
                variables: ["PATH": folder.path + "/bin:/usr/bin:/bin", "SLURM_JOB_ID": "42"], core: nil, slot: 0)
            var death: PointDeath?
            while death == nil {
                usleep(1000)
                death = process.reap()
            }
            let asked = try? String(contentsOfFile: folder.path + "/asked", encoding: .utf8)
            let printed = PointFolder.tail(of: folder.path + "/p", count: 9)
            return (try #require(death), asked, printed)
        }
    }

    private static let warned = "trap 'exit 75' USR1; while :; do kill -USR1 $PPID; sleep 0.05; done"

    @Test func `a task that was warned and has saved is queued again, and its status is the task's`() throws {
        let found = try run(["/bin/sh", "-c", Self.warned])
        #expect(found.status == .status(75) && found.asked == "requeue 42\n")
    }

    @Test(arguments: [
        ("exit 75", 75), ("exit 0", 0), ("trap 'exit 4' USR1; while :; do kill -USR1 $PPID; sleep 0.05; done", 4),
    ])
    func `a task that was not warned, or has not saved, is not`(_ command: String, _ status: Int32) throws {
        let found = try run(["/bin/sh", "-c", command])
        #expect(found.status == .status(status) && found.asked == nil)
    }

    @Test func `a task computes with one thread where it was called from, and nothing runs where that is gone`() throws
    {
        for goesOn in [true, false] {
            let show = ["/bin/sh", "-c", "echo $ICOT_THREADS $OPENBLAS_NUM_THREADS; pwd -P"]
            #expect(try run(show, in: "/usr", goesOn: goesOn).printed == ["1 1", "/usr"])
            let gone = try run(["echo", "x"], in: "/usr/no such folder", goesOn: goesOn)
            #expect(gone.status == .status(3) && gone.asked == nil && !gone.printed.contains("x"))
        }
    }

    @Test(
        arguments: [
            ("a:b", "'a:b'"), ("~", "'~'"), ("$x", "'$x'"), ("a\nb", "'a\nb'"), ("é", "'é'"), ("-._/+=,09azAZ", nil),
            ("@", "'@'"), ("[", "'['"), ("`", "'`'"), ("{", "'{'"), ("'", "''\\'''"),
        ] as [(String, String?)]) func `what a shell would read otherwise is quoted`(_ word: String, _ quoted: String?)
    {
        #expect(ArrayScript.word(word) == quoted ?? word)
    }

    @Test func `letters of any alphabet stay in the name of a job`() {
        let script = ArrayScript(
            name: "λ=4,é", places: [], atATime: 1, folder: "/f", workingFolder: "/w", command: ["x"])
        #expect(script.text.contains("\n#SBATCH --job-name=λ_4_é\n") && script.text.contains("\n#SBATCH --array=%1\n"))
    }
}

@Suite struct GridNameRuleTests {
    @Test func `more points than can be counted are refused as that`() {
        // 10,000 · 2 is refused before a product can overflow, whatever comes after.
        #expect(throws: SweepFault.tooManyPoints(count: 20_000, most: 10_000)) {
            try Grid([("a", (0..<10_000).map { whole($0) }), ("b", [whole(1), whole(2)])])
        }
    }

    @Test func `a text and a number that look alike are two values, and a true and its text too`() throws {
        let values = [whole(1), text("1"), SweepValue(literal: "true", json: .bool(true)), text("true")]
        var sweep = Sweep(icot: "0", notebook: "a", code: "c", parameters: [("x", whole(0))])
        try sweep.add(Grid([("x", values)]), own: [whole(0)])
        #expect(sweep.points.count == 4)
        #expect(throws: SweepFault.valueTwice(name: "x", first: "\"a\"", second: "\"a\"")) {
            try Grid([("x", [text("a"), text("a")])])
        }
    }

    @Test func `a parameter that the notebook does not have makes no points`() throws {
        var sweep = smallSweep()
        try sweep.add(Grid([("none", [whole(1), whole(3)]), ("lambda", [whole(5)])]), own: ownValues)
        #expect(sweep.points.map(\.name) == ["lambda=5"] && sweep.varied == ["lambda"])
    }

    @Test func `a sign with a small code is written with two digits, and names are written like values`() {
        #expect(PointName.of([("x", text("a\tb"))]) == "x=%22a%09b%22")
        #expect(PointName.of([("λ", whole(-1))]) == "%CE%BB=-1")
        #expect(PointName.of([("a", whole(1)), ("b", text("c,d=e"))]) == "a=1,b=%22c%2Cd%3De%22")
    }

    @Test func `parameters are compared in the notebook's order, and what is no number by its text`() throws {
        var sweep = smallSweep()
        try sweep.add(
            Grid([("seed", [whole(1), whole(2)]), ("lambda", [SweepValue(literal: "none", json: .null), whole(9)])]),
            own: ownValues)
        #expect(
            sweep.sortedPoints.map(\.name) == [
                "seed=1,lambda=9", "seed=1,lambda=none", "seed=2,lambda=9", "seed=2,lambda=none",
            ])
    }

    @Test func `a folder that another machine works on is refused with who it is`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/s"
            let owner = #"{"host": "elsewhere", "process": 7, "since": "t", "boot": "b"}"#
            try writeFileAtomically(path + "/owner.lock", owner.utf8)
            let fault = #expect(throws: SweepFault.self) {
                try SweepFolder(
                    path, smallSweep(), own: ownValues, grid: Grid([("seed", [whole(1)])]), notebook: [])
            }
            #expect(fault?.description.hasPrefix("\(path) belongs to process 7 on elsewhere since t") == true)
            #expect(!FileSystem.exists(path + "/sweep.json"))
        }
    }

    @Test func `where neither the disk nor the memory is enough the disk is told, and exactly enough is enough`() {
        let forecast = Forecast([(seconds: 1, memory: 1_000_000_000, disk: 3_000_001), (2, 0, 3_000_000)])
        // 3,000,000 each, the half byte left out.
        #expect(forecast.disk == 3_000_000 && forecast.seconds == 1.5 && forecast.sampleCount == 2)
        #expect(throws: SweepFault.disk(path: "x", needed: 6_000_000, free: 5_999_999)) {
            try forecast.check(2, in: "x", freeDisk: 5_999_999, freeMemory: 1)
        }
        #expect(throws: SweepFault.memory(needed: 1_100_000_000, free: 1_099_999_999)) {
            try forecast.check(2, in: "x", freeDisk: 6_000_000, freeMemory: 1_099_999_999)
        }
    }
}
