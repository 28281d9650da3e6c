import Foundation
import Support
import TestSupport
import Testing

@testable import Internalization

@Suite struct ProgressTests {
    /// What is heard while something long goes on.
    private func shares(_ work: (WorkObserver) throws -> Void) rethrows -> [Double] {
        var heard: [Double] = []
        try work(WorkObserver { heard.append($0) })
        return heard
    }

    private func expectCourse(_ shares: [Double], atLeast count: Int) {
        #expect(shares.count >= count)
        #expect(shares == shares.sorted())
        #expect(shares.allSatisfy { (0...1).contains($0) })
    }

    @Test func `making many problems tells how far it is, through drawing and writing`() throws {
        let heard = try shares { observer in
            _ = try ProblemSet.generate(DigitSum.parity(digits: 9), count: 300_000, seed: 1, observer: observer)
        }
        expectCourse(heard, atLeast: 4)
        #expect(heard.contains { $0 > 0 && $0 < 0.5 } && heard.contains { $0 > 0.5 })
    }

    @Test func `reading problems tells how much of the file is read`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/many.txt"
            // 20,000 lines of 14 bytes: more than one block of 64 KB, the last one partly filled.
            try Data(String(repeating: "1 2||3 #### 4\n", count: 20_000).utf8).write(to: URL(fileURLWithPath: path))
            let heard = try shares { _ = try ProblemFile(path).read(observer: $0) }
            expectCourse(heard, atLeast: 5)
            #expect(heard.last == 1)
        }
    }

    @Test(arguments: ["rows.jsonl", "rows.json", "rows.csv"])
    func `reading rows tells how much of the file is read, and stops when asked to`(_ name: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/" + name
            let row = #"{"question": "1 2", "chain": "3", "answer": "4"}"#
            let rows = Array(repeating: row, count: 3000)
            let text =
                switch name {
                case "rows.jsonl": rows.joined(separator: "\n")
                case "rows.json": "[" + rows.joined(separator: ",\n") + "]"
                default: "question,chain,answer\n" + String(repeating: "1 2,3,4\n", count: 3000)
                }
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            let heard = try shares { _ = try ProblemRecords(path).read(observer: $0) }
            expectCourse(heard, atLeast: 2)
            let stopped = Interrupt()
            stopped.request()
            #expect(throws: Interrupted()) { try ProblemRecords(path).read(observer: WorkObserver(interrupt: stopped)) }
        }
    }
}
