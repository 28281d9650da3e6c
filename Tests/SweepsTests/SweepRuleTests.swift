// Rules of a sweep that nothing else holds: how many points there may be, what a forecast counts, what is read back
// from the disk and what is not, what stays when a sweep is called again, and what is said of each fault.

import Foundation
import Support
import TestSupport
import Testing

@testable import Sweeps

@Suite struct GridRuleTests {
    @Test func `ten thousand points are a sweep, and one more is refused, also where it is added later`() throws {
        let hundred = (0..<100).map { whole($0) }
        let grid = try Grid([("seed", hundred), ("lambda", hundred)])
        #expect(throws: SweepFault.tooManyPoints(count: 10_100, most: 10_000)) {
            try Grid([("seed", hundred), ("lambda", hundred + [whole(100)])])
        }
        var sweep = smallSweep()
        try sweep.add(grid, own: ownValues)
        #expect(sweep.points.count == 10_000)
        // Those that are there count no second time.
        #expect(throws: Never.self) { try sweep.add(Grid([("seed", [whole(99)])]), own: ownValues) }
        #expect(throws: SweepFault.tooManyPoints(count: 10_001, most: 10_000)) {
            try sweep.add(Grid([("seed", [whole(100)])]), own: ownValues)
        }
    }

    @Test func `points are asked for with the first parameter that is given changing last`() throws {
        var sweep = smallSweep()
        try sweep.add(Grid([("lambda", [whole(1), whole(4)]), ("seed", [whole(1), whole(2)])]), own: ownValues)
        #expect(sweep.points.map { $0.values.map(\.literal) } == [["1", "1"], ["2", "1"], ["1", "4"], ["2", "4"]])
    }

    @Test func `what differs from the notebook's own values is told by its literal`() throws {
        var sweep = smallSweep()
        try sweep.add(Grid([("seed", [whole(2), whole(3)]), ("lambda", [real("1.0")])]), own: ownValues)
        let changes = sweep.points.map { point in sweep.changes(of: point).map { "\($0.name)=\($0.value)" } }
        #expect(changes == [["lambda=1.0"], ["seed=3", "lambda=1.0"]])
        #expect(sweep.defaults == ["2", "1"])
    }

    @Test func `equal numbers are ordered by how they are written, so that the order is always the same`() throws {
        for values in [[whole(1), real("1.0")], [real("1.0"), whole(1)]] {
            var sweep = Sweep(icot: "0", notebook: "a", code: "c", parameters: [("x", whole(0))])
            try sweep.add(Grid([("x", values)]), own: [whole(0)])
            #expect(sweep.sortedPoints.map(\.name) == ["x=1", "x=1.0"])
        }
    }

    @Test func `a name of 120 bytes is whole, and of a longer one the end is twelve digits of its SHA-256`() {
        let fits = String(repeating: "a", count: 118)
        #expect(PointName.of([("t", text(fits))]) == "t=" + fits)
        // printf 't=aaa…' with 119 letters | sha256sum
        #expect(
            PointName.of([("t", text(fits + "a"))]) == "t=" + String(repeating: "a", count: 105) + "~08be4f638d2f")
    }

    @Test func `a name is that of a folder in the sweep's own`() {
        for name in ["seed=1", "...", "a.b", "x=%2F"] { #expect(PointName.isSafe(name), "\(name)") }
        for name in ["", ".", "..", "a/b", "/", "a\0b"] { #expect(!PointName.isSafe(name), "\(name)") }
    }
}

@Suite struct SweepFileRuleTests {
    private func changed(_ old: String, _ new: String) throws -> (read: Result<Sweep, any Error>, path: String) {
        try withTemporaryFolder { folder in
            var sweep = smallSweep()
            try sweep.add(Grid([("seed", [whole(1)])]), own: ownValues)
            try sweep.write(to: folder.path)
            let file = folder.path + "/sweep.json"
            let bare = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map {
                $0.trimmingCharacters(in: .whitespaces)
            }.joined()
            let compact = bare.replacing("\": ", with: "\":").replacing(", \"", with: ",\"")
            let other = compact.replacing(old, with: new)
            #expect(old == new || other != compact, "\(compact)")
            try other.write(toFile: file, atomically: true, encoding: .utf8)
            return (Result { try Sweep.read(folder.path) }, folder.path)
        }
    }

    @Test func `a sweep of another format is not read, and one that lacks something is named by what it lacks`() throws
    {
        #expect(throws: Never.self) { try changed("{", "{").read.get() }
        let newer = try changed("\"format\":1", "\"format\":2")
        #expect(throws: SweepFault.version(path: newer.path, found: 2, known: 1)) { try newer.read.get() }
        for (old, new, what) in [
            ("\"format\":1", "\"format\":\"1\"", "format"), ("\"code\":\"c\"", "\"code\":3", "code"),
            ("\"varied\":[\"seed\"]", "\"varied\":[1]", "varied"),
            ("\"defaults\":[\"2\",\"1\"]", "\"defaults\":[\"2\"]", "defaults"),
            ("\"notebook\":", "\"book\":", "notebook"), ("\"literal\":\"1\"", "\"lit\":\"1\"", "points"),
            ("\"name\":\"seed=1\"", "\"name\":\"..\"", "points"),
        ] {
            let (read, path) = try changed(old, new)
            #expect(throws: SweepFault.malformed(path: path + "/sweep.json", what: what), "\(what)") { try read.get() }
        }
    }

    @Test func `a result counts only in its own format and with its parameters, and only the word done is done`() throws
    {
        try withTemporaryFolder { folder in
            func read(_ text: String) throws -> PointState {
                try writeFileAtomically(folder.path + "/result.json", text.utf8)
                return PointState(PointResult.read(folder.path))
            }
            let done = try read(#"{"format": 1, "state": "done", "parameters": {"seed": 1}, "value": {"a": 2}}"#)
            #expect(done.word == "done" && done.result?.seconds == 0 && done.result?.result["a"] == 2)
            let other = try read(#"{"format": 1, "state": "running", "parameters": {}, "error": {"code": "E1"}}"#)
            #expect(other.word == "failed" && other.result?.failure == .init(code: "E1", message: "", line: nil))
            for text in [
                #"{"format": 2, "state": "done", "parameters": {}}"#, #"{"state": "done", "parameters": {}}"#,
                #"{"format": 1, "parameters": {}}"#, #"{"format": 1, "state": "done"}"#, "[]", "",
            ] { #expect(try read(text) == .missing, "\(text)") }
            // What was written beside the value holds, whatever the value would become today.
            let own = try read(
                #"{"format": 1, "state": "done", "parameters": {}, "value": {"a": 2}, "result": {"b": 3}}"#)
            #expect(own.result?.result.members.map(\.name) == ["b"])
        }
    }

    @Test func `a point comes back as it was written, with the names of its times`() throws {
        try withTemporaryFolder { folder in
            let value: JSONValue = ["seconds": 1.5, "train_seconds": 2, "milliseconds": 3, "a": 4]
            let written = result(value, hash: "ab")
            try written.write(to: folder.path)
            #expect(PointResult.read(folder.path) == written)
            let json = try JSONReader.readFile(folder.path + "/result.json", limit: 1 << 20)
            #expect(json["times"] == ["seconds", "train_seconds"] && json["state"] == "done" && json["error"] == nil)
            #expect(json["seconds"] == 2.0 && json["peak_bytes"] == 50_000_000 && json["run_hash"] == "ab")
            let failed = result(.null, failed: true)
            try failed.write(to: folder.path)
            #expect(PointResult.read(folder.path) == failed)
        }
    }

    @Test func `a value of more than a million bytes is kept as its scalars alone`() throws {
        try withTemporaryFolder { folder in
            // With its two quotes a million bytes.
            for (count, isKept) in [(999_998, true), (999_999, false)] {
                let long = JSONValue.string(String(repeating: "x", count: count))
                try result(long).write(to: folder.path)
                let back = try #require(PointResult.read(folder.path))
                #expect((back.value == long) == isKept && (back.value == .null) == !isKept, "\(count)")
                #expect(back.result["value"] == long)
            }
        }
    }

    @Test func `records inside a record become columns of both names, and lists and none inside do not count`() {
        let value: JSONValue = ["a": ["b": ["c": 1]], "l": [1], "n": nil, "t": true]
        let scalars = PointResult.scalars(of: value)
        #expect(scalars.members.map(\.name) == ["a_b_c", "n", "t"])
        #expect(scalars["a_b_c"] == 1 && scalars["n"] == .null && scalars["t"] == true)
        #expect(PointResult.scalars(of: false).members.map(\.name) == ["value"])
        #expect(PointResult.scalars(of: []).members.isEmpty)
    }
}

@Suite struct SweepFolderRuleTests {
    private func open(_ path: String, seeds: [Int] = [], notebook: String = "n") throws -> SweepFolder {
        func attempt() throws -> SweepFolder {
            try SweepFolder(
                path, smallSweep(), own: ownValues,
                grid: Grid(seeds.isEmpty ? [] : [("seed", seeds.map { whole($0) })]), notebook: Array(notebook.utf8))
        }
        // A process that another test starts has the lock too, until its own program begins.
        for _ in 0..<200 {
            if let folder = try? attempt() { return folder }
            usleep(10_000)
        }
        return try attempt()
    }

    @Test func `the notebook that points run is the one that the sweep began with, whatever becomes of it`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/s"
            do { _ = try open(path, seeds: [1], notebook: "first") }
            do { _ = try open(path, seeds: [1, 2], notebook: "second") }
            #expect(try String(contentsOfFile: path + "/notebook.icot", encoding: .utf8) == "first")
            // Where it is gone it is put back.
            try FileManager.default.removeItem(atPath: path + "/notebook.icot")
            do { _ = try open(path, notebook: "third") }
            #expect(try String(contentsOfFile: path + "/notebook.icot", encoding: .utf8) == "third")
        }
    }

    @Test func `what a sweep would be is told without making anything`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/s"
            let grid = try Grid([("seed", [whole(1), whole(2)])])
            let planned = try SweepFolder.plan(path, smallSweep(), own: ownValues, grid: grid)
            #expect(planned.points.map(\.name) == ["seed=1", "seed=2"] && !FileSystem.exists(path))
            do { _ = try open(path, seeds: [1]) }
            #expect(try SweepFolder.plan(path, smallSweep(), own: ownValues, grid: grid).points.count == 2)
            #expect(try Sweep.read(path).points.count == 1)
        }
    }

    @Test func `a forecast is drawn from the points that ended, those that failed included`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/s"
            let sweep = try open(path, seeds: [1, 2, 3]).sweep
            #expect(SweepFolder.forecast(sweep, in: path) == Forecast([]))
            try result(["a": 1]).write(to: Sweep.folder(of: "seed=1", in: path))
            try result(.null, failed: true).write(to: Sweep.folder(of: "seed=3", in: path))
            let bytes = 5_000_000
            try writeFileAtomically(path + "/points/seed=1/big", [UInt8](repeating: 1, count: bytes))
            let forecast = SweepFolder.forecast(sweep, in: path)
            #expect(forecast.sampleCount == 2 && forecast.seconds == 2 && forecast.memory == 50_000_000)
            #expect((bytes / 2..<bytes / 2 + 20_000).contains(forecast.disk))
        }
    }

    @Test
    func `columns come in the order in which points first have them, and what a table says itself is not said twice`()
        throws
    {
        try withTemporaryFolder { folder in
            var sweep = smallSweep()
            try sweep.add(Grid([("seed", [whole(3), whole(1), whole(2)])]), own: ownValues)
            try sweep.write(to: folder.path)
            func finish(_ seed: Int, _ value: JSONValue, failed: Bool = false) throws {
                try result(value, failed: failed, hash: "h\(seed)").write(
                    to: Sweep.folder(of: "seed=\(seed)", in: folder.path))
            }
            try finish(1, ["b": 1, "state": "x", "run_hash": "y", "lambda": 7])
            try finish(2, ["lost": 1], failed: true)
            try finish(3, ["a": 2, "b": 3])
            let table = try SweepTable(folder.path)
            #expect(table.results.map(\.name) == ["b", "lambda", "a"])
            #expect(table.results.map(\.values) == [[1, .null, 3], [7, .null, .null], [.null, .null, 2]])
            // What ran has a hash, whatever came of it.
            #expect(table.hashes == ["h1", "h2", "h3"] && table.profiles == ["p"])
        }
    }
}

@Suite struct RoomRuleTests {
    @Test func `where no point has ended nothing is foretold, and little is asked for`() throws {
        let nothing = Forecast([])
        #expect(nothing.sampleCount == 0 && nothing.seconds == 0 && nothing.memory == 0 && nothing.disk == 0)
        #expect(nothing.duration(of: 4, atATime: 2) == 0 && nothing.disk(of: 4) == 4_000_000)
        #expect(throws: Never.self) { try nothing.check(4, in: "x", freeDisk: 4_000_000, freeMemory: 100_000_000) }
        #expect(throws: SweepFault.disk(path: "x", needed: 4_000_000, free: 3_999_999)) {
            try nothing.check(4, in: "x", freeDisk: 3_999_999, freeMemory: nil)
        }
        #expect(throws: SweepFault.memory(needed: 100_000_000, free: 99_999_999)) {
            try nothing.check(1, in: "x", freeDisk: nil, freeMemory: 99_999_999)
        }
    }

    @Test func `points that do not fill the last round take their share of it, and no slot is one`() {
        let forecast = Forecast([(seconds: 20, memory: 1, disk: 1)])
        #expect(forecast.duration(of: 3, atATime: 2) == 30)
        #expect(forecast.duration(of: 3, atATime: 0) == 60)
        #expect(forecast.duration(of: 3, atATime: 8) == 20)
        // Small points take a megabyte each all the same.
        #expect(forecast.disk(of: 3) == 3_000_000)
    }

    @Test func `the largest point that ended counts, and a smaller one after it changes nothing`() {
        var forecast = Forecast([(seconds: 1, memory: 500_000_000, disk: 1)])
        forecast.note(memory: 300_000_000)
        #expect(forecast.memory == 500_000_000 && forecast.memoryNeeded == 550_000_000)
        forecast.note(memory: 700_000_000)
        #expect(forecast.memory == 700_000_000 && forecast.sampleCount == 1)
        // One that runs has come to 2 GB: 2.2 for the next, and 0.2 that the first may still take.
        let running = [2_000_000_000]
        #expect(!forecast.allows(oneMoreBeside: running, peak: 2_000_000_000, free: 2_399_999_999))
        #expect(forecast.allows(oneMoreBeside: running, peak: 2_000_000_000, free: 2_400_000_000))
        // Where nobody says what is free, nothing waits.
        #expect(forecast.allows(oneMoreBeside: running, peak: 0, free: nil))
    }

    @Test func `the memory of a process is told in bytes, and the room of a disk for folders that are yet to be made`()
        throws
    {
        let before = try #require(Machine.memory(of: getpid()))
        let block = [UInt8](repeating: 7, count: 64 << 20)
        let after = try #require(Machine.memory(of: getpid()))
        #expect(block.last == 7 && after.now > 32 << 20 && after.peak >= after.now && after.peak >= before.peak)
        #expect(Machine.memory(of: 0) == nil)
        try withTemporaryFolder { folder in
            let here = try #require(Machine.freeDisk(folder.path))
            let later = try #require(Machine.freeDisk(folder.path + "/not/yet"))
            #expect(here > 1 << 20 && abs(here - later) < max(here, later) / 2)
        }
        let cores = Machine.cores()
        #expect(!cores.isEmpty && Set(cores).count == cores.count)
    }
}

@Suite struct PointRuleTests {
    private func withPoint(_ body: (_ inputs: PointInputs, _ start: String, _ point: String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let (start, point) = (folder.path + "/start", folder.path + "/point")
            for path in [
                "/data/a.txt", "/data/b.txt", "/data/sub/y.txt", "/runs/r/run.json", "/runs/r/deep/owner.lock",
            ] {
                try writeFileAtomically(start + path, path.utf8)
            }
            try FileSystem.makeFolder(point)
            try body(PointInputs(start: start, point: point), start, point)
        }
    }

    @Test func `a folder that a point is about to write anew is filled with nothing from outside`() throws {
        try withPoint { inputs, start, point in
            inputs.willRead("data/a.txt")
            inputs.willWrite("data")
            inputs.willRead("data")
            #expect(FileSystem.names(in: point + "/data") == ["a.txt"])
            #expect(FileSystem.names(in: start + "/data") == ["a.txt", "b.txt", "sub"])
        }
        // One that was a link is a link no more.
        try withPoint { inputs, _, point in
            inputs.willRead("data")
            inputs.willWrite("data")
            #expect(FileSystem.kind(of: point + "/data") == nil)
        }
    }

    @Test func `links make way at every depth, and what lies beside what is written stays in sight`() throws {
        try withPoint { inputs, start, point in
            inputs.willRead("data")
            inputs.willWrite("data/sub/x.txt")
            #expect(
                FileSystem.kind(of: point + "/data") == .folder && FileSystem.kind(of: point + "/data/sub") == .folder)
            #expect(FileSystem.kind(of: point + "/data/sub/y.txt") == .link)
            #expect(FileSystem.kind(of: point + "/data/a.txt") == .link)
            try writeFileAtomically(point + "/data/sub/x.txt", "own".utf8)
            #expect(FileSystem.names(in: start + "/data/sub") == ["y.txt"])
        }
    }

    @Test func `a lock is left out of the copy of a kept run wherever it lies`() throws {
        try withPoint { inputs, _, point in
            inputs.willRead("runs/r")
            #expect(FileSystem.kind(of: point + "/runs/r") == .folder)
            #expect(FileSystem.names(in: point + "/runs/r/deep").isEmpty)
        }
    }

    @Test func `a path that leads elsewhere brings nothing in and takes nothing away`() throws {
        try withPoint { inputs, start, point in
            for path in ["../start/data", start + "/data", "~/x", "none"] {
                inputs.willRead(path)
                inputs.willWrite(path)
            }
            #expect(FileSystem.names(in: point).isEmpty)
            #expect(FileSystem.names(in: start + "/data") == ["a.txt", "b.txt", "sub"])
        }
    }

    // MARK: - Processes

    /// What a listener hears of points that a shell runs.
    private func heard(
        _ seeds: [Int], slots: Int, rounds: Int = 1, _ command: @escaping (_ point: String, _ folder: String) -> String
    ) throws -> [String] {
        try withTemporaryFolder { folder in
            let sweep = try SweepFolder(
                folder.path + "/s", smallSweep(), own: ownValues, grid: Grid([("seed", seeds.map { whole($0) })]),
                notebook: Array("n".utf8))
            var runner = SweepRunner(sweep, program: "/bin/sh", slots: slots, cores: []) {
                ["-c", command($0.name, folder.path)]
            }
            var events: [String] = []
            runner.onEvent = { event in
                switch event {
                case .started(let point): events.append("started \(point.name)")
                case .died(let point, _, let words): events.append("died \(point.name) \(words.joined(separator: "|"))")
                case .progress(let point, let line): events.append("progress \(point.name) \(line)")
                case .ended(let point, let state): events.append("ended \(point.name) \(state.word)")
                case .waiting, .tick: break
                }
            }
            for _ in 0..<rounds { _ = try runner.run(sweep.sweep.points, interrupt: Interrupt()) }
            return events
        }
    }

    @Test func `a point computes with one thread`() throws {
        let events = try heard([1], slots: 1) { _, _ in "echo $ICOT_THREADS $OPENBLAS_NUM_THREADS" }
        #expect(events == ["started seed=1", "died seed=1 1 1"])
    }

    @Test func `a log is that of the last attempt`() throws {
        let events = try heard([1], slots: 1, rounds: 2) { _, _ in "echo once" }
        #expect(events == ["started seed=1", "died seed=1 once", "started seed=1", "died seed=1 once"])
    }

    @Test func `of what a point says of itself the last whole line is heard`() throws {
        let events = try heard([1], slots: 1) { _, _ in "printf 'first\\nsecond\\nhalf' >&3; sleep 0.3" }
        #expect(events == ["started seed=1", "progress seed=1 second", "died seed=1 "])
    }

    @Test func `so many begin at once as there are slots, and the next when one has ended`() throws {
        // The second one ends only once the third has been there.
        let events = try heard([1, 2, 3], slots: 2) { point, folder in
            switch point {
            case "seed=2": "for k in $(seq 1000); do [ -e '\(folder)/mark' ] && exit; sleep 0.01; done; echo alone"
            case "seed=3": "touch '\(folder)/mark'"
            default: "exit"
            }
        }
        #expect(events.prefix(4) == ["started seed=1", "started seed=2", "died seed=1 ", "started seed=3"])
        #expect(Set(events.dropFirst(4)) == ["died seed=2 ", "died seed=3 "])
    }

    @Test func `points are held to cores of their own where there is one for each, and else to none`() throws {
        try withTemporaryFolder { folder in
            let sweep = try SweepFolder(
                folder.path + "/s", smallSweep(), own: ownValues, grid: Grid([("seed", [whole(1)])]), notebook: [])
            func cores(_ slots: Int) -> [Int] {
                SweepRunner(sweep, program: "/bin/sh", slots: slots, cores: [4, 5]) { _ in [] }.cores
            }
            #expect(cores(1) == [4, 5] && cores(2) == [4, 5] && cores(3) == [])
        }
    }
}

@Suite struct SweepWordRuleTests {
    @Test func `each thing that keeps a sweep from running is said with its names, and with what to type next`() throws
    {
        let owner = try JSONDecoder().decode(
            FolderLock.Owner.self, from: Data(#"{"host": "h", "process": 7, "since": "t", "boot": "b"}"#.utf8))
        let rows: [(SweepFault, String, String?)] = [
            (
                .nothingVaries(known: []),
                "the notebook has no parameters: no cell '# %% params' with a 'let name = value'",
                nil
            ),
            (
                .nothingVaries(known: ["a", "b"]), "no parameter is given values; the notebook has a, b",
                "write icot sweep n.icot -p b=1...8"
            ),
            (.parameterTwice(name: "a"), "-p a is given twice", "write its values in one: -p a=1,2"),
            (.valueTwice(name: "a", first: "1", second: "1"), "-p a has 1 twice", "leave one of them out"),
            (
                .valueTwice(name: "a", first: "0.1", second: "1e-1"), "-p a: 0.1 and 1e-1 are the same value",
                "leave one of them out"
            ),
            (
                .tooManyPoints(count: 10_001, most: 10_000),
                "10,001 points are more than the 10,000 that one sweep may have",
                "give fewer values"
            ),
            (
                .tooManyPoints(count: nil, most: 10_000),
                "more than can be counted points are more than the 10,000 that one sweep may have", "give fewer values"
            ),
            (.notASweep(path: "p"), "p is not a sweep: it has no sweep.json", "give the folder that icot sweep made"),
            (.otherContents(path: "p"), "p is there already and is not a sweep", "choose another folder with --to"),
            (
                .otherNotebook(path: "p", theirs: "a", ours: "b"), "p is a sweep of a, not of b",
                "choose another folder with --to"
            ),
            (
                .changedNotebook(path: "p", notebook: "a"),
                "a has changed since the sweep in p began: its points would not be comparable",
                "choose another folder with --to"
            ),
            (
                .version(path: "p", found: 3, known: 1), "p was written in format 3; this program knows format 1", nil
            ),
            (.malformed(path: "p", what: "points"), "p: 'points' is not as it should be", nil),
            (
                .inUse(path: "p", owner: nil), "p is being worked on", "wait for it, or choose another folder with --to"
            ),
            (
                .inUse(path: "p", owner: owner), "p is being worked on by process 7 on h since t",
                "wait for it, or choose another folder with --to"
            ),
            (
                .foreignOwner(path: "p", owner: owner),
                "p belongs to process 7 on h since t, which cannot be seen from here",
                "if it is gone, remove p/owner.lock"
            ),
            (.noPoint(path: "p", name: "x"), "the sweep in p has no point 'x'", nil),
            (
                .writesOutside(path: "../x", line: 3),
                "line 3 writes \"../x\", outside of a point's folder: all points would write the same file",
                "give a path without .. that does not begin with / or ~"
            ),
            (
                .readsOutside(path: "../x", line: 3, start: "/s"),
                "line 3 reads \"../x\", which is not below /s, where the notebook's paths start",
                "give the whole path, or start icot in a folder above both"
            ),
            (
                .goesElsewhere(line: 3), "line 3 goes to another folder, and a point runs in its own",
                "take cd() out, and write the folder into each path"
            ),
            (
                .disk(path: "p", needed: 15_000_000, free: 9_999_999),
                "the points would take about 15 MB, and 9999 kB are free where p lies",
                "make room, or put the sweep elsewhere with --to"
            ),
            (
                .memory(needed: 1_100_000_000, free: 9_999), "a point took 1100 MB of memory, and 9999 bytes are free",
                "wait until other programs have ended"
            ),
        ]
        for (fault, words, help) in rows {
            #expect(fault.description == words)
            #expect(fault.help("icot sweep n.icot") == help, "\(words)")
        }
    }

    @Test func `a script without a limit leaves that to the queue, and has nothing but its name in its name`() {
        let script = ArrayScript(
            name: "a b/c%d-e_f.2", places: [2, 2, 0, 1], atATime: nil, folder: "/f", workingFolder: "/w",
            command: ["icot", "", "a'b", "x=1,2"])
        let lines = script.text.split(separator: "\n").map(String.init)
        #expect(lines.contains("#SBATCH --job-name=a_b_c_d-e_f.2") && lines.contains("#SBATCH --array=0-2"))
        #expect(lines.contains("#SBATCH --ntasks=1") && lines.contains("#SBATCH --open-mode=append"))
        #expect(lines.last == "exec icot '' 'a'\\''b' x=1,2")
        #expect(script.text.hasSuffix("\n"))
    }
}
