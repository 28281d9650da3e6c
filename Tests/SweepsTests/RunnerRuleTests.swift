// What becomes of points whose processes end in other ways than well, and what may lie where a sweep begins.

import Foundation
import Support
import TestSupport
import Testing

@testable import Sweeps

@Suite struct PointWordRuleTests {
    @Test(
        arguments: [
            ("true", "%22true%22"), ("false", "%22false%22"), ("none", "%22none%22"), ("True", "True"),
            ("true1", "true1"), ("nones", "nones"), ("_a", "%22_a%22"), ("-a", "%22-a%22"), ("1a", "%221a%22"),
            ("a1", "a1"), ("a-b_c.d+e", "a-b_c.d+e"), ("a b", "%22a%20b%22"), ("é", "%22%C3%A9%22"), ("", "%22%22"),
        ])
    func `a text stands without quotes where it reads as a word, and as nothing else`(_ word: String, _ name: String) {
        #expect(PointName.of([("x", text(word))]) == "x=" + name)
    }

    @Test(arguments: [("true", JSONValue.bool(true)), ("false", .bool(false)), ("none", .null)])
    func `a value and the text of its letters have folders of their own`(_ word: String, _ json: JSONValue) throws {
        let value = SweepValue(literal: word, json: json)
        #expect(PointName.of([("x", value)]) == "x=\(word)")
        var sweep = Sweep(icot: "0", notebook: "a", code: "c", parameters: [("x", whole(0))])
        try sweep.add(Grid([("x", [value, text(word)])]), own: [whole(0)])
        #expect(Set(sweep.points.map(\.name)) == ["x=\(word)", "x=%22\(word)%22"])
    }
}

@Suite struct BeginningRuleTests {
    private func open(_ path: String) throws -> SweepFolder {
        try SweepFolder(
            path, smallSweep(), own: ownValues, grid: Grid([("seed", [whole(1)])]), notebook: Array("new".utf8))
    }

    @Test(arguments: [
        [".tmp-0a1b"], ["sweep.lock"], ["notebook.icot"], [".tmp-0a1b", "sweep.lock", "notebook.icot"], [],
    ])
    func `what a sweep left that died before it began keeps no other from beginning`(_ names: [String]) throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/s"
            try FileSystem.makeFolder(path)
            for name in names { try writeFileAtomically(path + "/" + name, "half".utf8) }
            let sweep = try open(path)
            #expect(sweep.sweep.points.map(\.name) == ["seed=1"])
            let notebook = try String(contentsOfFile: path + "/notebook.icot", encoding: .utf8)
            #expect(notebook == "new")
        }
    }

    @Test(arguments: ["tmp-0a1b", ".tmp", ".git", "lock", "notebook.icot.bak", "a.icot", "points/seed=1/result.json"])
    func `what is somebody else's does, and stays`(_ name: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/s"
            try writeFileAtomically(path + "/" + name, "mine".utf8)
            #expect(throws: SweepFault.otherContents(path: path)) { try open(path) }
            let left = try String(contentsOfFile: path + "/" + name, encoding: .utf8)
            #expect(left == "mine" && FileSystem.names(in: path).count == 1)
        }
    }

    @Test func `a file in the place of the folder is not taken for one`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/s"
            try writeFileAtomically(path, "mine".utf8)
            #expect(throws: SweepFault.otherContents(path: path)) { try open(path) }
        }
    }
}

@Suite struct RunnerRuleTests {
    /// What a listener hears, a word and a point each.
    private func heard(
        _ seeds: [Int], slots: Int = 1, interrupt: Interrupt = Interrupt(), stopping: Bool = false,
        _ command: @escaping (_ point: String, _ folder: String) -> String
    ) throws -> (events: [String], died: [String]) {
        try withTemporaryFolder { folder in
            let sweep = try SweepFolder(
                folder.path + "/s", smallSweep(), own: ownValues, grid: Grid([("seed", seeds.map { whole($0) })]),
                notebook: Array("n".utf8))
            var runner = SweepRunner(sweep, program: "/bin/sh", slots: slots, cores: []) {
                ["-c", command($0.name, Sweep.folder(of: $0.name, in: sweep.path))]
            }
            var events: [String] = []
            runner.onEvent = { event in
                switch event {
                case .started(let point): events.append("started \(point.name)")
                case .ended(let point, let state): events.append("ended \(point.name) \(state.word)")
                case .died(let point, let death, let words):
                    events.append("died \(point.name) \(death.words): \(words.joined(separator: "|"))")
                case .progress(let point, let line): events.append("progress \(point.name) \(line)")
                case .waiting: break
                case .tick: if stopping { interrupt.request() }
                }
            }
            let died = try runner.run(sweep.sweep.points, interrupt: interrupt)
            return (events, died.map(\.name))
        }
    }

    @Test func `a point that was stopped has not died, and none begins after a stop`() throws {
        let found = try heard([1, 2], stopping: true) { _, _ in "exec sleep 60" }
        #expect(found.events == ["started seed=1"])
        #expect(found.died == [])
    }

    @Test func `a point whose process ends without a result has died, with its end and its last three lines`() throws {
        let found = try heard([1, 2, 3]) { point, _ in
            switch point {
            case "seed=1": "echo a; echo b; echo c; echo d >&2; exit 3"
            case "seed=2": "echo x; kill -9 $$"
            default: "kill -11 $$"
            }
        }
        #expect(
            found.events == [
                "started seed=1", "died seed=1 its process ended with status 3: b|c|d",
                "started seed=2",
                "died seed=2 its process was killed, as the system does where memory runs out: x",
                "started seed=3", "died seed=3 its process was ended by signal 11: ",
            ])
        #expect(found.died == ["seed=1", "seed=2", "seed=3"])
    }

    @Test func `a result counts, whatever the process said at its end`() throws {
        let written = #"{"format": 1, "state": "done", "parameters": {}, "seconds": 1, "peak_bytes": 1, "value": 4}"#
        let found = try heard([1, 2]) { point, folder in
            point == "seed=1" ? "echo '\(written)' > '\(folder)/result.json'; exit 9" : "exit 0"
        }
        #expect(
            found.events == [
                "started seed=1", "ended seed=1 done", "started seed=2",
                "died seed=2 its process ended with status 0: ",
            ])
        #expect(found.died == ["seed=2"])
    }
}
