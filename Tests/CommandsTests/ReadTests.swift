import Commands
import Foundation
import Language
import TestSupport
import Testing

// `read`, `problems`, `load` and `gen` with what people really have.
@Suite struct ReadTests {
    private func caseFile(_ name: String) -> String { casesFolder.appending(path: name).path }

    @discardableResult
    private func withFile<R>(_ name: String, _ text: String, _ body: (String) throws -> R) throws -> R {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: name)
            try Data(text.utf8).write(to: url)
            return try body(url.path)
        }
    }

    @Test func `an array of rows and columns becomes a table where one is asked for`() throws {
        try withTemporaryFolder { folder in
            let desk = Desk()
            let path = "\(folder.path)/a.npy"
            desk.run("write array([[1, 2], [3, 4.5], [5, 6]]) \"\(path)\"\nlet t = read \"\(path)\" as: .table")
            #expect((0..<3).map { desk.value("t.x2[\($0)]").asReal } == [2, 4.5, 6])
            #expect(desk.value("t.x1[2]").asReal == 5)
            desk.run("let t = read \"\(path)\" as: .table limit: 2")
            #expect(desk.value("length(t.x1)").json == "2")
        }
    }

    @Test func `rows with other fields become a table, with kinds of their own`() throws {
        let desk = Desk()
        try withFile("t.csv", "name,n,x,code\na,1,0.5,007\nb,,-2e3,x\n") { path in
            desk.run("let t = read \"\(path)\"")
            #expect(desk.value("t.n[0]").json == "1")
            #expect(desk.value("t.n[1]").json == "null")
            #expect(desk.value("t.x[1]").asReal == -2000)
            #expect(desk.value("t.code[0]").text == "007")
            desk.run("read \"\(path)\" steps: \".\"")
            #expect(desk.codes == [.runtimeArgument])
            desk.run("let p = read \"\(path)\" columns: [question: \"name\", answer: \"x\"]")
            #expect(desk.value("p[0].answer").text == "0.5")
            #expect(desk.value("p[0].n").json == "1")
        }
        try withFile("t.jsonl", "{\"a\": [1, {\"b\": null}], \"c\": 12345678901234567890}\n{\"d\": true}\n") { path in
            desk.run("let t = read \"\(path)\"")
            #expect(desk.value("t.a[0][0]").json == "1")
            #expect(desk.value("t.c[0] - 12345678901234567889").json == "1")
            #expect(desk.value("t.d[1]").json == "true")
            #expect(desk.value("t.d[0]").json == "null")
        }
    }

    @Test func `plain text becomes text or a table of lines, and arrays come back`() throws {
        let desk = Desk()
        try withFile("t.txt", "\u{FEFF}one\r\ntwo\r\n\r\nfour") { path in
            #expect(desk.value("(read \"\(path)\" as: .text)").text == "one\r\ntwo\r\n\r\nfour")
            #expect(desk.value("(read \"\(path)\" as: .table).text[3]").text == "four")
            desk.run("let two = read \"\(path)\" as: .table limit: 2")
            #expect(desk.value("length(two)").json == "2")
        }
        try withTemporaryFolder { folder in
            desk.run("write array([[1, 2], [3, 4.5]]) \"\(folder.path)/a.npy\"\nlet a = read \"\(folder.path)/a.npy\"")
            #expect(desk.codes == [])
            #expect(desk.value("a[1, 1]").asReal == 4.5)
        }
    }

    @Test func `a list as a chain gives the steps that an order of steps removes`() {
        let desk = Desk()
        desk.run(
            """
            let p = problems({ i in [question: "{i} 1", chain: ["1 2", "3 4 5"], answer: "{i % 2}"] }, n: 40)
            let r = start (model .gpt2 layers: 1 heads: 2 width: 16) on: p
            schedule order: .steps
            step
            """)
        #expect(desk.codes == [], "\(desk.messages)")
        #expect(desk.value("p[0].chain").text == "1 2 3 4 5")
        #expect(desk.value("r.chain").json == "2")
        #expect(desk.value("r.removed").json == "1")
        #expect(desk.text.contains("3 4 5") || desk.text.contains("removed 1 of 2"))
    }

    @Test func `one vocabulary holds the characters of several sets`() {
        let desk = Desk()
        desk.run(
            """
            let some = problems({ i in [question: "1 {i % 2}", chain: "2", answer: "1"] }, n: 20)
            let more = problems({ i in [question: "x {i}", chain: "y", answer: "2"] }, n: 5)
            let m = model .gpt2 layers: 1 heads: 1 width: 8 vocab: [some, more]
            """)
        #expect(desk.codes == [], "\(desk.messages)")
        // | # $ and 0 1 2 3 4 x y
        #expect(desk.value("m.vocabulary").json == "10")
        desk.run("start m on: some test: more")
        #expect(desk.codes == [], "\(desk.messages)")
    }

    @Test func `a wrong line is said where a file is read`() throws {
        let desk = Desk()
        try withTemporaryFolder { folder in
            let path = folder.path + "/t.txt"
            desk.run("let good = gen .mult digits: 2 n: 30 seed: 3\nwrite good \"\(path)\"")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            var lines = text.split(separator: "\n").map(String.init)
            lines[4] = lines[4].replacing(/#### .*/, with: "#### 9 9 9 9")
            try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
            desk.run("let p = read \"\(path)\"")
            #expect(desk.codes == [])
            #expect(desk.text.hasPrefix("note: 1 problem of 30 not as mult 2×2 has it: problem 5, "), "\(desk.text)")
            #expect(desk.value("length(p.carries)").json == "30")
        }
    }

    // MARK: Loading

    @Test(arguments: [
        ("k5-added-tokens-json", "[258, 220, 256, 261, 220, 16, 260]"),
        ("k6-llama3-style", "[259, 258, 220, 256, 27, 75, 64, 83, 68, 77, 83, 29, 220, 16, 58, 47, 32, 35, 60]"),
    ])
    func `texts become the ids of transformers, with what the tokenizer puts around them`(_ name: String, _ ids: String)
    {
        let desk = Desk()
        desk.run("let m = load \"\(caseFile("checkpoints/\(name)"))\"")
        #expect(desk.codes == [])
        #expect(desk.value("(tokenize m \"ab 12<latent> 1[PAD]\").id == \(ids)").json == "true")
    }

    @Test func `problems for a model begin with what its tokenizer begins texts with`() {
        let desk = Desk()
        desk.run(
            """
            let m = load "\(caseFile("checkpoints/k1-bos-sentencepiece"))" positions: 96
            let d = problems({ i in [question: "1 2 + {i}", chain: "1", answer: "2"] }, n: 1)
            let r = start m on: d
            """)
        #expect(desk.codes == [], "\(desk.messages)")
        #expect(desk.value("(tokens d[0]).id[0]").json == "1")
    }

    @Test func `a tokenizer that is not known leaves a model with ids only, which is said once`() throws {
        let desk = Desk()
        try withTemporaryFolder { folder in
            let copy = folder.appending(path: "m")
            try FileManager.default.copyItem(atPath: caseFile("checkpoints/k21-config-infinity"), toPath: copy.path)
            try #"{"model": {"type": "Unigram", "vocab": [["a", 0.5]]}}"#.write(
                to: copy.appending(path: "tokenizer.json"), atomically: true, encoding: .utf8)
            desk.run("let m = load \"\(copy.path)\"")
            #expect(desk.codes == [])
            #expect(desk.lines.filter { $0.contains("a vocabulary with scores") }.count == 1)
            #expect(desk.value("abs((logits m ids: [[1, 5, 3, 7]])[0, 3, 0] + 0.7875) < 0.0001").json == "true")
            desk.run("tokenize m \"a\"")
            #expect(desk.codes == [.runtimeArgument])
            #expect(desk.messages.first?.contains("its tokenizer is not known") == true)
        }
    }

    // MARK: What contradicts itself

    @Test(arguments: [
        ("gen .parity by: 2 n: 5", "by"), ("gen .parity modulus: 3 n: 5", "modulus"),
        ("gen .mult order: .most_first", "order"),
        ("gen .add padded: true", "padded"), ("gen .words digits: 3", "digits"), ("gen .mult of: [12, 34] n: 3", "n"),
        ("gen .add by: 3", "by"),
    ])
    func `a label that the kind of problems does not have is refused`(_ statement: String, _ label: String) {
        let desk = Desk()
        desk.run(statement)
        #expect(desk.codes == [.runtimeArgument], "\(statement)")
        #expect(desk.messages.first?.contains("\(label)") == true)
    }

    @Test(arguments: [
        ("schedule order: .levels", "no levels of a tree"),
        ("schedule order: .sums_first", "no partial products:"),
        ("schedule order: .left seed: 3", "seed: belongs to a random order"),
        ("schedule seed: 3", "seed: belongs to a random order"),
        ("schedule smoothing: 0 bins: 10", "bins: cuts the tail of smoothing"),
        ("schedule reset_optimizer: false warmup: 5", "warmup: is about resets"),
        ("schedule every: 10 counting: .reference", "counting: is about a pace for each epoch"),
        ("schedule length_rule: .reference", "length_rule: is about a longest sequence"),
        ("schedule start_from: 9", "start_from: 9 tokens cannot be gone"),
    ])
    func `a switch that the task or the other switches contradict is refused`(_ statement: String, _ words: String) {
        let desk = Desk.withRun()
        let before = desk.value("hash r").text
        desk.run(statement)
        #expect(desk.codes.count == 1, "\(statement)")
        #expect(desk.messages.first?.contains(words) == true, "\(desk.messages)")
        #expect(desk.value("hash r").text == before)
    }
}
