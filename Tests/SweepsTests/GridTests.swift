// Which points a grid has, and what their folders are called.

import Foundation
import Support
import TestSupport
import Testing

@testable import Sweeps

/// A value that is a whole number.
func whole(_ number: Int) -> SweepValue { SweepValue(literal: String(number), json: JSONValue(number)) }

func real(_ literal: String) -> SweepValue { SweepValue(literal: literal, json: JSONValue(Double(literal) ?? .nan)) }

func text(_ text: String) -> SweepValue { SweepValue(literal: "\"\(text)\"", json: .string(text)) }

/// A sweep of a notebook with the parameters seed = 2 and lambda = 1.
func smallSweep() -> Sweep {
    Sweep(icot: "0", notebook: "a.icot", code: "c", parameters: [("seed", whole(2)), ("lambda", whole(1))])
}

let ownValues = [whole(2), whole(1)]

@Suite struct GridTests {
    @Test func `a grid is every combination, and what it does not name keeps the notebook's value`() throws {
        var sweep = smallSweep()
        try sweep.add(Grid([("lambda", [whole(1), whole(4)])]), own: ownValues)
        #expect(sweep.points.map(\.name) == ["lambda=1", "lambda=4"])
        #expect(sweep.points.map { $0.values.map(\.literal) } == [["2", "1"], ["2", "4"]])
        #expect(sweep.varied == ["lambda"])

        sweep = smallSweep()
        try sweep.add(Grid([("lambda", [whole(1), whole(4)]), ("seed", [whole(1), whole(2)])]), own: ownValues)
        #expect(
            Set(sweep.points.map(\.name)) == [
                "seed=1,lambda=1", "seed=1,lambda=4", "seed=2,lambda=1", "seed=2,lambda=4",
            ])
        #expect(sweep.varied == ["seed", "lambda"])
    }

    @Test func `points that are added later keep those that are there, whatever they are called`() throws {
        var sweep = smallSweep()
        try sweep.add(Grid([("seed", [whole(1), whole(2)])]), own: ownValues)
        // With λ at the notebook's own 1 these are the points that are there.
        try sweep.add(Grid([("seed", [whole(1), whole(3)]), ("lambda", [whole(1), whole(4)])]), own: ownValues)
        #expect(
            sweep.points.map(\.name) == ["seed=1", "seed=2", "seed=1,lambda=4", "seed=3,lambda=1", "seed=3,lambda=4"])
        #expect(sweep.varied == ["seed", "lambda"])
        // The table's order does not depend on who was asked for first: seed, then λ.
        #expect(
            sweep.sortedPoints.map(\.name)
                == ["seed=1", "seed=1,lambda=4", "seed=2", "seed=3,lambda=1", "seed=3,lambda=4"])
    }

    @Test func `numbers are ordered by size and stand before texts`() throws {
        var sweep = Sweep(icot: "0", notebook: "a", code: "c", parameters: [("x", whole(0))])
        try sweep.add(Grid([("x", [text("b"), whole(10), real("2.5"), text("a"), whole(9)])]), own: [whole(0)])
        #expect(sweep.sortedPoints.map(\.name) == ["x=2.5", "x=9", "x=10", "x=a", "x=b"])
    }

    @Test func `a value or a parameter that is given twice is refused`() {
        #expect(throws: SweepFault.valueTwice(name: "lr", first: "0.001", second: "1e-3")) {
            try Grid([("lr", [real("0.001"), real("2e-3"), real("1e-3")])])
        }
        #expect(throws: SweepFault.parameterTwice(name: "seed")) {
            try Grid([("seed", [whole(1)]), ("seed", [whole(2)])])
        }
        // 1 divides as a whole number, 1.0 does not.
        #expect(throws: Never.self) { try Grid([("x", [whole(1), real("1.0")])]) }
    }

    @Test func `more points than anybody means are refused before they are made`() {
        let many = (0..<200).map { whole($0) }
        #expect(throws: SweepFault.tooManyPoints(count: 40_000, most: 10_000)) {
            try Grid([("a", many), ("b", many)])
        }
    }

    @Test func `the words of a point name its folder, whatever they are`() {
        #expect(PointName.of([("seed", whole(1)), ("side", text("left"))]) == "seed=1,side=left")
        #expect(PointName.of([("side", text("1"))]) == "side=%221%22")
        #expect(PointName.of([("data", text("a/b c"))]) == "data=%22a%2Fb%20c%22")
        #expect(PointName.of([("data", text("a/b"))]) == "data=a%2Fb")
        #expect(PointName.of([("lr", real("-1e-3"))]) == "lr=-1e-3")
        #expect(PointName.of([("x", SweepValue(literal: ".left", json: .string(".left")))]) == "x=.left")
        // Long ones that differ only at their ends stay apart.
        let long = String(repeating: "a", count: 300)
        let names = [PointName.of([("t", text(long + "b"))]), PointName.of([("t", text(long + "c"))])]
        #expect(names[0] != names[1] && names.allSatisfy { $0.utf8.count == 120 })
    }

    @Test func `a sweep is read as it was written`() throws {
        try withTemporaryFolder { folder in
            var sweep = smallSweep()
            try sweep.add(Grid([("lambda", [whole(1), real("1e-3"), text("so \"so\"")])]), own: ownValues)
            try sweep.write(to: folder.path)
            #expect(try Sweep.read(folder.path) == sweep)
            #expect(throws: SweepFault.notASweep(path: folder.path + "/none")) { try Sweep.read(folder.path + "/none") }
        }
    }

    @Test func `a name that leads out of the folder is refused`() throws {
        try withTemporaryFolder { folder in
            var sweep = smallSweep()
            sweep.points = [SweepPoint(name: "../x", values: ownValues)]
            try sweep.write(to: folder.path)
            #expect(throws: SweepFault.malformed(path: folder.path + "/sweep.json", what: "points")) {
                try Sweep.read(folder.path)
            }
        }
    }
}
