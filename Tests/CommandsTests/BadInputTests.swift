import Foundation
import Language
import Testing
import TestSupport

@Suite struct BadInputTests {
    @Test(arguments: [
        ("train steps: 3", "E305", "start (model .gpt2)"),
        ("step", "E305", "start (model .gpt2)"),
        ("timeline", "E305", "start (model .gpt2)"),
        ("model .gpt2 width: 30 heads: 4", "E305", "try width: 32"),
        ("model .gpt2 layers: 1000 width: 65536 heads: 64", "E404", "memory"),
        ("gen .parity digits: 1", "E305", "2 to 200"),
        ("gen .mult digits: 1 n: 500 repeat: .never", "E305", "81"),
        ("gen .words digits: 3", "E305", "leave it out"),
        ("gen .words of: [1, 2]", "E305", "gen .words n: 1"),
        ("start (model .gpt2) on: (gen .words n: 3)", "E305", "vocab: [data, test]"),
        ("start (model .gpt2 positions: 8) on: (gen .parity digits: 6 n: 3)", "E310", "positions: "),
        ("gen .parity digits: 3...5", "E305", "digits: 5"),
        ("load \"no/such/folder\"", "E401", "no/such/folder"),
        ("read \"no such file\"", "E401", "does not exist"),
        ("resume \"no/such/run\"", "E401", "there is no such folder"),
        ("logits (model .gpt2) ids: [[1, 2], [3]]", "E312", "one length"),
        ("logits (model .gpt2) ids: [[9999]]", "E310", "vocabulary"),
        ("tokenize (model .gpt2) \"é\"", "E305", "no token"),
        ("plan per_epoch: 8", "E305", "rows:"),
        ("plan every: 5 rows: 10 chain: 2 per_epoch: 1", "E305", "keep one"),
        ("plot [1, \"two\"]", "E301", "list of numbers"),
        ("write [1, 2] \"numbers.npy\"", "E305", ".json"),
        ("problems({ i in i }, n: 3)", "E301", "question"),
    ])
    func `a mistake is answered with its code and what to do, and nothing is lost`(
        _ text: String, _ code: String, _ words: String
    ) {
        let desk = Desk()
        desk.run("let kept = 7")
        #expect(desk.run(text) != .finished)
        #expect(desk.codes.map(\.rawValue) == [code], "\(desk.messages)")
        #expect(desk.messages.joined().contains(words), "\(desk.messages)")
        #expect(desk.messages.allSatisfy { $0.split(separator: "\n").count <= 4 })
        #expect(desk.value("kept").asInteger == 7)
    }

    @Test(arguments: [
        ("step 5", "step to: 2"), ("step to: 9", "2 tokens"), ("back 4", "first stage"),
        ("back to: \"nowhere\"", "mark \"nowhere\""), ("back to: 7", "only this one, with 0"),
        ("train", "how long"), ("train steps: 3 epochs: 1", "keep one"),
        ("schedule adaptive: 0.9 every: 5", "keep one"), ("schedule least: 5 every: 9", "adaptive"),
        ("mark \"a\"\nmark \"a\"", "already"), ("control r", "steps:"), ("solve test", "problem"),
        ("eval test where .answer == \"9\"", "no problem is left"),
        ("hidden r on: test layer: 7 at: .answer[0]", "no layer 7"),
        ("probe r on: test target: .nonsense", "there are"),
        ("probe r on: test target: .running_parity at: .elsewhere", "there are"),
        ("start m on: data test: data", "apart_from"), ("plot (timeline) x: .nothing", "removed"),
    ])
    func `a mistake about a run leaves it as it was`(_ text: String, _ words: String) {
        let desk = Desk.withRun()
        let before = desk.value("hash r").asText
        #expect(desk.run(text) != .finished, "\(text)")
        #expect(desk.messages.joined().contains(words), "\(desk.messages)")
        #expect(desk.value("hash r").asText == before)
        #expect(desk.value("r.removed").asInteger == 0)
    }

    @Test func `a data file with a malformed line is refused with line and column`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "data.txt").path
            try "1 2||3 #### 3\n1 2 #### 3\n".write(toFile: file, atomically: true, encoding: .utf8)
            let desk = Desk()
            desk.run("read \"\(file)\"")
            #expect(desk.codes == [.fileMalformed])
            #expect(desk.messages.joined().contains("data.txt:2:"))
        }
    }
}
