// What is done, what is missing, and what a folder is refused for.

import Foundation
import Support
import TestSupport
import Testing

@testable import Sweeps

/// How a point ended that took two seconds and 50 MB.
func result(_ value: JSONValue, failed: Bool = false, profile: String = "p", hash: String? = nil) -> PointResult {
    PointResult(
        icot: "0", profile: profile, parameters: JSONObject(),
        failure: failed ? .init(code: "E301", message: "no", line: 3) : nil, seconds: 2, peakBytes: 50_000_000,
        value: value, runHash: hash)
}

@Suite struct SweepFolderTests {
    private func open(_ path: String, _ sweep: Sweep = smallSweep(), seeds: [Int] = []) throws -> SweepFolder {
        try SweepFolder(
            path, sweep, own: ownValues, grid: Grid(seeds.isEmpty ? [] : [("seed", seeds.map { whole($0) })]),
            notebook: Array("n".utf8))
    }

    @Test func `a point is done with its result, and not before`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/s"
            let sweep = try open(path, seeds: [1, 2, 3])
            let points = sweep.sweep.points
            try FileSystem.makeFolder(Sweep.folder(of: points[0].name, in: path))
            try result(["a": 1]).write(to: Sweep.folder(of: points[1].name, in: path))
            try result(.null, failed: true).write(to: Sweep.folder(of: points[2].name, in: path))
            #expect(points.map { sweep.state(of: $0).word } == ["missing", "done", "failed"])
            #expect(sweep.state(of: points[2]).result?.failure == .init(code: "E301", message: "no", line: 3))
            // Half a file is no result.
            try writeFileAtomically(Sweep.folder(of: points[1].name, in: path) + "/result.json", "{\"format\": 1,".utf8)
            #expect(sweep.state(of: points[1]) == .missing)
        }
    }

    @Test func `a folder of something else, of another notebook or of one that has changed is refused`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/s"
            try writeFileAtomically(path + "/notes.txt", "mine".utf8)
            #expect(throws: SweepFault.otherContents(path: path)) { try open(path, seeds: [1]) }
            #expect(FileSystem.names(in: path) == ["notes.txt"])

            let other = folder.path + "/t"
            do { _ = try open(other, seeds: [1]) }
            var changed = smallSweep()
            changed.code = "d"
            #expect(throws: SweepFault.changedNotebook(path: other, notebook: "a.icot")) { try open(other, changed) }
            changed.notebook = "b.icot"
            #expect(throws: SweepFault.otherNotebook(path: other, theirs: "a.icot", ours: "b.icot")) {
                try open(other, changed)
            }
            // The same code under another path is the same notebook.
            changed.code = "c"
            #expect(throws: Never.self) { _ = try open(other, changed) }
        }
    }

    @Test func `a sweep without values begins nothing, and goes on with one that was begun`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/s"
            #expect(throws: SweepFault.nothingVaries(known: ["seed", "lambda"])) { try open(path) }
            #expect(!FileSystem.exists(path))
            do { _ = try open(path, seeds: [1, 2]) }
            #expect(try open(path).sweep.points.map(\.name) == ["seed=1", "seed=2"])
        }
    }

    @Test func `a second sweep in the folder is refused while the first is there`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/s"
            let first = try open(path, seeds: [1])
            #expect { try open(path, seeds: [1, 2]) } throws: { error in
                guard case .inUse(path, let owner?)? = error as? SweepFault else { return false }
                return owner.host == FolderLock.host
            }
            #expect(try Sweep.read(path).points.count == 1)
            withExtendedLifetime(first) {}
        }
    }

    @Test func `what an attempt left goes before the next, and its log stays`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/points/seed=1"
            for name in ["log", "mine.json", "runs/r/run.json", "result.json"] {
                try writeFileAtomically(path + "/" + name, "x".utf8)
            }
            let point = try PointFolder("seed=1", of: folder.path)
            point.clear()
            #expect(FileSystem.names(in: path) == ["log", "point.lock"])
        }
    }

    @Test func `of an attempt that is gone on with the runs that it keeps stay, and nothing else`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/points/seed=1"
            for name in ["log", "mine.json", "result.json", "runs/r/run.json", "runs/r2/run.json", "runs/x", "r/log"] {
                try writeFileAtomically(path + "/" + name, "x".utf8)
            }
            let point = try PointFolder("seed=1", of: folder.path)
            point.clear(keeping: ["runs/r", "elsewhere/q"])
            #expect(FileSystem.names(in: path) == ["log", "point.lock", "runs"])
            #expect(FileSystem.names(in: path + "/runs") == ["r"])
            #expect(FileSystem.names(in: path + "/runs/r") == ["run.json"])
        }
    }
}

@Suite struct FinalValueTests {
    @Test(
        arguments: [
            (["a": 0.5, "b": ["c": 1, "d": "x"], "e": [1, 2]], ["a", "b_c", "b_d"]), ([["a": 1], ["a": 2]], ["a"]),
            (0.25, ["value"]), (.null, []), ([1, 2], []),
        ] as [(JSONValue, [String])])
    func `the scalars of a final value become columns, of a table those of its last row`(
        _ value: JSONValue, _ names: [String]
    ) {
        #expect(PointResult.scalars(of: value).members.map(\.name) == names)
        #expect(PointResult.scalars(of: [["a": 1], ["a": 2]])["a"] == 2)
    }
}

@Suite struct SweepTableTests {
    @Test func `rows are ordered by the parameters, and what is not done has no results`() throws {
        try withTemporaryFolder { folder in
            var sweep = smallSweep()
            try sweep.add(Grid([("seed", [whole(10), whole(2), whole(1)])]), own: ownValues)
            try sweep.write(to: folder.path)
            func finish(_ name: String, _ result: PointResult) throws {
                try result.write(to: Sweep.folder(of: name, in: folder.path))
            }
            let value: JSONValue = ["accuracy": 0.75, "seed": 10, "seconds": 9.5, "train_seconds": 3.5]
            try finish("seed=10", result(value, profile: "q", hash: "ab"))
            try finish("seed=1", result(["accuracy": 0.5, "seed": 1], failed: true))
            let table = try SweepTable(folder.path)
            #expect(table.parameters == [.init(name: "seed", values: [1, 2, 10])])
            #expect(table.results == [.init(name: "accuracy", values: [.null, .null, 0.75])])
            #expect(table.states.map(\.word) == ["failed", "missing", "done"])
            #expect(table.hashes == [.null, .null, "ab"] && table.profiles == ["p", "q"])
            // Times differ from run to run: they are no part of what is compared.
            #expect(table.times.map(\.name) == ["train_seconds", "seconds"])
            #expect(table.times[1].values == [2.0, .null, 2.0])
        }
    }
}

@Suite struct RoomTests {
    private let forecast = Forecast([(seconds: 10, memory: 1_000_000_000, disk: 4_000_000), (30, 200, 2_000_000)])

    @Test func `what points take is foretold from those that ended`() {
        #expect(forecast.duration(of: 6, atATime: 2) == 60)
        // The last one takes as long as any, whoever helps.
        #expect(forecast.duration(of: 1, atATime: 4) == 20)
        #expect(forecast.duration(of: 0, atATime: 2) == 0)
        #expect(forecast.disk(of: 5) == 15_000_000)
        #expect(forecast.memory == 1_000_000_000)
    }

    @Test func `a disk or a memory that is too small is refused before anything starts`() {
        #expect(throws: SweepFault.disk(path: "x", needed: 15_000_000, free: 14_000_000)) {
            try forecast.check(5, in: "x", freeDisk: 14_000_000, freeMemory: nil)
        }
        #expect(throws: SweepFault.memory(needed: 1_100_000_000, free: 1_000_000_001)) {
            try forecast.check(5, in: "x", freeDisk: nil, freeMemory: 1_000_000_001)
        }
        #expect(throws: Never.self) { try forecast.check(0, in: "x", freeDisk: 0, freeMemory: 0) }
        #expect(throws: Never.self) { try forecast.check(5, in: "x", freeDisk: 15_000_000, freeMemory: 1_100_000_000) }
    }

    @Test func `another point begins only where memory is left for what the running ones may still take`() {
        // Two that have 0.3 and 1.1 GB of the 1.1 that one takes: 0.8 are spoken for, 1.1 are needed.
        let running = [300_000_000, 1_100_000_000]
        #expect(!forecast.allows(oneMoreBeside: running, peak: 0, free: 1_899_999_999))
        #expect(forecast.allows(oneMoreBeside: running, peak: 0, free: 1_900_000_000))
        // One that runs has been larger than any before.
        #expect(!forecast.allows(oneMoreBeside: running, peak: 2_000_000_000, free: 1_900_000_000))
        // The first always begins: what it takes is not known.
        #expect(forecast.allows(oneMoreBeside: [], peak: 0, free: 0))
    }

    @Test func `points get cores of their own before they share one`() {
        let siblings = [0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"]
        #expect(Machine.ordered([0, 1, 2, 3]) { siblings[$0] } == [0, 1, 2, 3])
        let pairs = [0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"]
        #expect(Machine.ordered([0, 1, 2, 3]) { pairs[$0] } == [0, 2, 1, 3])
        #expect(Machine.ordered([0, 1]) { _ in nil } == [0, 1])
    }
}
