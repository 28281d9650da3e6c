// A sweep as a table of the language, made by hand, and what takes such tables.

import Foundation
import Language
import Support
import Sweeps
import TestSupport
import Testing

@testable import Commands

@Suite struct SweepTableTests {
    /// A sweep with the accuracies 0.5, 0.7 and 0.9 at λ = 1, and 0.8 and one that failed at λ = 4.
    private func withSweep(lastProfile: String = "p", _ body: (Desk, String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            func whole(_ number: Int) -> SweepValue { SweepValue(literal: "\(number)", json: JSONValue(number)) }
            let own = [whole(1), whole(1)]
            let sweep = Sweep(
                icot: "0", notebook: "a.icot", code: "c", parameters: [("seed", own[0]), ("lambda", own[1])])
            let path = folder.path + "/s"
            func open(_ seeds: [Int], _ lambda: Int) throws {
                let grid = try Grid([("seed", seeds.map(whole)), ("lambda", [whole(lambda)])])
                _ = try SweepFolder(path, sweep, own: own, grid: grid, notebook: [])
            }
            try open([1, 2, 3], 1)
            try open([1, 2], 4)
            func finish(_ seed: Int, _ lambda: Int, _ accuracy: JSONValue?, profile: String = "p") throws {
                let failure = PointResult.Failure(code: "E301", message: "no", line: 1)
                try PointResult(
                    icot: "0", profile: profile, parameters: JSONObject(), failure: accuracy == nil ? failure : nil,
                    seconds: 1.5, peakBytes: 1,
                    value: ["accuracy": accuracy ?? .null, "word": "w", "n": 500],
                    runHash: accuracy == nil ? nil : "h\(seed)"
                ).write(to: "\(path)/points/seed=\(seed),lambda=\(lambda)")
            }
            for (seed, accuracy) in [(1, 0.5), (2, 0.7), (3, 0.9)] { try finish(seed, 1, .init(accuracy)) }
            try finish(1, 4, 0.8)
            try finish(2, 4, nil, profile: lastProfile)
            try body(Desk(), path)
        }
    }

    @Test func `a row for each point, by its parameters`() throws {
        try withSweep { desk, path in
            desk.run("sweep_table(\"\(path)\")")
            #expect(
                desk.lines == [
                    "seed  lambda  accuracy  word    n  state", "   1       1     0.500  w     500  done",
                    "   1       4     0.800  w     500  done", "   2       1     0.700  w     500  done",
                    "   2       4         –  –       –  failed", "   3       1     0.900  w     500  done",
                ], "\(desk.text)\(desk.messages)")
            // The same way again, with the seconds that it took.
            #expect(
                desk.value("sweep_table(\"\(path)\", times: true).seconds").text
                    == "[1.500, 1.500, 1.500, 1.500, 1.500]")
        }
    }

    @Test func `the hash of a run is there by its name, and machines that may not agree are named`() throws {
        try withSweep(lastProfile: "q") { desk, path in
            #expect(desk.value("sweep_table(\"\(path)\").run_hash[0]").text == "h1")
            desk.run("sweep_table(\"\(path)\")")
            #expect(desk.lines.last == "points were made under p; q: between these the last bits may differ")
            #expect(!desk.text.contains("h1"))
        }
    }

    @Test func `means over the seeds come with Student's interval, and say what was left out`() throws {
        try withSweep { desk, path in
            desk.run(
                "sweep_table(\"\(path)\", over: .seed) | select .lambda .points .accuracy .accuracy_low .accuracy_high")
            // Of 0.5, 0.7, 0.9: mean 0.7, s = 0.2, t(0.975, 2) = 4.30265, so 0.7 ± 4.30265 · 0.2 / √3 = 0.7 ± 0.4968.
            #expect(
                desk.lines == [
                    "lambda  points  accuracy  accuracy_low  accuracy_high",
                    "     1       3     0.700         0.203          1.197",
                    "     4       1     0.800             –              –",
                ], "\(desk.text)\(desk.messages)")
            desk.run("sweep_table(\"\(path)\", over: .seed)")
            #expect(desk.lines.last == "1 point without a result left out")
            #expect(desk.value("sweep_table(\"\(path)\", over: [.seed, .lambda]).points").text == "[4]")
            // An evaluation has an n of its own.
            #expect(desk.value("sweep_table(\"\(path)\", over: .seed).n").text == "[500.0, 500.0]")
        }
    }

    @Test func `plot, group and compare take it`() throws {
        try withSweep { desk, path in
            desk.run("let t = sweep_table(\"\(path)\")")
            #expect(desk.value("(group t mean: .accuracy by .lambda).mean_accuracy").text == "[0.7000, 0.8000]")
            #expect(
                desk.run(
                    "plot sweep_table(\"\(path)\", over: .seed) x: .lambda y: .accuracy low: .accuracy_low high: .accuracy_high"
                )
                    == .finished, "\(desk.messages)")
            desk.run("let both = compare t to: [t, table([seed: [9], accuracy: [1.0]])]")
            #expect(
                desk.value("keys(both)").text
                    == "[\"sweep\", \"seed\", \"lambda\", \"accuracy\", \"word\", \"n\", \"state\", \"run_hash\"]")
            #expect(desk.value("length(both)").asInteger == 11)
            #expect(desk.value("both[10].sweep").text == "table 3")
            #expect(desk.value("both[0].sweep").text == path)
            #expect(desk.value("both[10].lambda").isNone)
        }
    }

    @Test func `what is no sweep, no parameter and no table is answered with what to write`() throws {
        try withSweep { desk, path in
            desk.run("sweep_table(\"\(path)/none\")")
            #expect(desk.text.isEmpty && desk.messages[0].contains("is not a sweep: it has no sweep.json"))
            desk.run("sweep_table(\"\(path)\", over: .sed)")
            #expect(desk.messages[0].contains("'sed' is no parameter that varies"))
            #expect(desk.messages[0].contains("write over: .seed"))
            desk.run("compare sweep_table(\"\(path)\") to: [1]")
            #expect(desk.codes.count == 1)
        }
        let desk = Desk.withRun()
        desk.run("compare r to: table([a: [1]])")
        #expect(
            desk.messages.first?.contains("a run is compared with runs, a table with tables") == true,
            "\(desk.messages)")
    }
}
