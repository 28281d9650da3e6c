// Rules of the verbs that make, read and look: what a model is without more being said, which part of an array is which
// position, what a reading has a row for, what becomes of a file, and what an error of the engine is called.

import Experiments
import Foundation
import Internalization
import Language
import Plotting
import Probing
import Support
import Sweeps
import TestSupport
import Testing
import Transformer

@testable import Commands

@Suite struct ReadingVerbRuleTests {
    /// Problems and a model without a run.
    private static func desk() -> Desk {
        let desk = Desk()
        desk.run(
            """
            let p = gen .parity digits: 4 n: 120 seed: 5
            let m = model .gpt2 width: 8 heads: 1 layers: 2 positions: 32
            """)
        return desk
    }

    private func table(_ desk: Desk, _ line: String) throws -> TableObject {
        let value = desk.value(line)
        return try #require(value.asTable, "\(line): \(desk.messages)")
    }

    private func texts(_ table: TableObject, _ column: String) -> [String] { table[column]?.values.map(\.text) ?? [] }
    private func reals(_ table: TableObject, _ column: String) -> [Double] {
        table[column]?.values.compactMap(\.asReal) ?? []
    }

    // MARK: - Models

    private func configuration(_ desk: Desk, _ line: String) throws -> ModelConfiguration {
        try #require(desk.value(line).asHost(ModelValue.self), "\(desk.messages)").model.configuration
    }

    @Test func `a model without more has two layers, four heads, width 64, 256 positions and a head of its own`() throws
    {
        let desk = Desk()
        desk.run("let d = model .gpt2")
        #expect(
            desk.value("[d.layers, d.heads, d.width, d.positions, d.vocabulary, d.origin, d.architecture]").text
                == #"[2, 4, 64, 256, 20, "seed 1", "gpt2"]"#)
        // Tokens and head 20 × 64 each, positions 256 × 64, a layer 12 · 64² + 13 · 64, the last norm 2 · 64.
        let count = 2 * 20 * 64 + 256 * 64 + 2 * (12 * 64 * 64 + 13 * 64) + 2 * 64
        #expect(desk.value("d.parameters").asInteger == count)
        #expect(desk.value("(model .gpt2 tied: true).parameters").asInteger == count - 20 * 64)
        let plain = try configuration(desk, "d")
        #expect(plain.dropout.isNone && plain.slidingWindow == nil)
        let dropped = try configuration(desk, "model .gpt2 dropout: 0.25")
        #expect(dropped.dropout == DropoutProbabilities(embedding: 0.25, attention: 0.25, residual: 0.25))
    }

    @Test func `the Llama family has an inner width of eight thirds, and Mistral alone a window, of all its positions`()
        throws
    {
        let desk = Desk()
        // 8 · 64 / 3 is 170.7, the next multiple of 8 is 176; 8 · 48 / 3 is 128.
        for (name, window) in [("llama", nil), ("mistral", 40), ("phi3", nil)] as [(String, Int?)] {
            let found = try configuration(desk, "model .\(name) positions: 40")
            #expect(found.innerWidth == 176 && found.slidingWindow == window, "\(name)")
            #expect(found.rotary?.base == 10_000)
        }
        #expect(try configuration(desk, "model .llama width: 48").innerWidth == 128)
        #expect(try configuration(desk, "model .gpt2 width: 48").innerWidth == 192)
    }

    @Test func `weights are those of their seed and of how they are drawn`() {
        let desk = Desk()
        func same(_ a: String, _ b: String) -> Bool? { desk.value("(hash (\(a))) == (hash (\(b)))").asBoolean }
        #expect(same("model .gpt2", "model .gpt2 seed: 1 init: .fan_in") == true)
        #expect(same("model .gpt2", "model .gpt2 seed: 2") == false)
        #expect(same("model .gpt2", "model .gpt2 init: .gpt2") == false)
        // Dropout is no part of a model's weights, nor is it one of its numbers.
        desk.run("let a = model .gpt2\nlet b = model .gpt2")
        #expect(desk.value("a == b").asBoolean == false && desk.value("a == a").asBoolean == true)
    }

    @Test func `show lists each parameter with its shape, and spaces are no tokens of single characters`() {
        let desk = Self.desk()
        desk.run("show m")
        // Two layers of twelve, tokens, positions, the last norm and the head.
        #expect(desk.lines.count == 1 + 2 * 12 + 2 + 2 + 1)
        #expect(desk.lines.contains { $0.hasPrefix("  lm_head.weight ") && $0.hasSuffix(" 20 × 8") }, "\(desk.lines)")
        #expect(desk.value("(tokenize m \"1 2  3\").token").text == #"["1", "2", "3"]"#)
        desk.run("logits m ids: []")
        #expect(desk.messages.first?.contains("the sequences must have one length above 0") == true)
        #expect(desk.value("(logits m ids: [[1, 2, 3], [4, 5, 6]]).shape").text == "[2, 3, 20]")
    }

    @Test func `what is hashed is what a person can name: problems, a run's model, a model`() {
        let desk = Self.desk()
        #expect(desk.value("(hash p) == p.sha256").asBoolean == true)
        desk.run("let r = start m on: p batch: 8\ntrain steps: 1")
        #expect(desk.value("(hash r) == (hash r.model)").asBoolean == true)
    }

    // MARK: - States

    @Test func `the states of several positions lie by problem, then by position`() {
        let desk = Self.desk()
        desk.run("let all = hidden m on: p layer: 1 at: .input\nlet one = hidden m on: p layer: 1 at: .input[2]")
        #expect(desk.value("all.shape").text == "[120, 4, 8]" && desk.value("one.shape").text == "[120, 8]")
        for row in [0, 5, 119] {
            #expect(desk.value("list(all[\(row), 2]) == list(one[\(row)])").asBoolean == true, "\(row)")
        }
        #expect(desk.value("list(all[5, 1]) == list(one[5])").asBoolean == false)
        // Layer 0 and the stream after the block are meant without more.
        #expect(
            desk.value("(hidden m on: p at: .separator) == (hidden m on: p layer: 0 hook: .resid_post at: .separator)")
                .asBoolean == true)
        #expect(
            desk.value("(hidden m on: p at: .separator) == (hidden m on: p layer: 1 at: .separator)").asBoolean == false
        )
    }

    @Test func `components are so many columns of a row for each problem, three without more`() {
        let desk = Self.desk()
        desk.run("let h = hidden m on: p at: .separator\nlet c = components(h, count: 2)")
        #expect(desk.lines.first?.hasPrefix("explained 0.") == true && desk.value("c.shape").text == "[120, 2]")
        #expect(desk.value("components(h).shape").text == "[120, 3]")
        desk.run("components(h[0])")
        #expect(desk.messages.first?.contains("takes rows of states, (B, C)") == true)
    }

    @Test func `waves are fitted to a row for each channel of the ten digits, of the table that is asked for`() {
        let desk = Self.desk()
        #expect(desk.value("fourier(m).rows").asInteger == 8)
        #expect(desk.value("fourier(m) == fourier(m, table: .embedding)").asBoolean == true)
        #expect(desk.value("fourier(m) == fourier(m, table: .unembedding)").asBoolean == false)
        desk.run(
            "let few = problems({ i in [question: \"{i % 3} 1\", answer: \"1\"] }, n: 9)\n"
                + "fourier(model(.gpt2, vocab: few))")
        #expect(desk.messages.first?.contains("the model's vocabulary lacks some digits") == true, "\(desk.messages)")
    }

    // MARK: - Probes

    @Test func `a probe reads every layer without more, and the embedding and the end once`() throws {
        let desk = Self.desk()
        let probe = "probe m on: p target: .running_parity[1] at: .separator"
        #expect(try texts(table(desk, probe), "layer") == ["0", "1"])
        #expect(try texts(table(desk, probe + " layers: 1...1"), "layer") == ["1"])
        #expect(try texts(table(desk, probe + " hook: .embed"), "layer") == ["embed"])
        #expect(try texts(table(desk, probe + " hook: .final"), "layer") == ["final"])
        #expect(try table(desk, probe + " layers: 1...1 describe: true")["compression"] != nil)
        #expect(try table(desk, probe + " layers: 1...1")["compression"] == nil)
        desk.run("let h = hidden m on: p at: .separator\nprobe m on: p target: .digit[0] reads: h")
        #expect(desk.messages.first?.contains("reads: goes with a probe of an array") == true)
    }

    @Test func `a probe says in how many runs it was fitted`() {
        let desk = Self.desk()
        desk.run("let r = start m on: p batch: 8\ntrain steps: 1")
        desk.run("probe on: p target: .running_parity[1] layers: 1...1 at: .separator over: [r, r]")
        let text = desk.lines.joined(separator: " ")
        #expect(text.contains("24 held-out problems, fitted to 96 in each of 2 runs"), "\(desk.lines)")
        desk.run("probe on: p target: .running_parity[1] layers: 1...1 at: .separator over: r")
        #expect(!desk.lines.joined(separator: " ").contains("in each of"))
        desk.run("probe on: p target: .running_parity[1] over: []")
        #expect(desk.messages.first?.contains("no run was given") == true, "\(desk.messages)")
    }

    /// The target that a value means for so many problems.
    private func target(_ value: String, _ count: Int, asClasses: Bool? = nil) throws -> (ProbeTarget?, String) {
        let set = try #require(Desk().value("gen .parity digits: 4 n: \(count)").asHost(ProblemsValue.self)).set
        var found: [ProbeTarget] = []
        let verb = Command(
            CommandSignature("aim", "Finds targets.", [.label("target", ProbeTargets.kinds, required: true)])
        ) { call in
            found = try ProbeTargets.make(call, set, asClasses: asClasses)
            return .none
        }
        let session = Session(Vocabulary(verbs: [verb]))
        var said = ""
        session.onEvent = { if case .diagnostic(let diagnostic, _) = $0 { said = diagnostic.message } }
        session.run(SourceText("let xs = \(value)\naim target: xs"))
        return (found.first, said)
    }

    @Test func `twenty different whole numbers are classes, twenty-one are numbers, unless somebody says which`() throws
    {
        let twenty = (0..<40).map { $0 % 20 }, more = (0..<42).map { $0 % 21 }
        #expect(try target("map(0..<40, { k in k % 20 })", 40).0 == ProbeTarget("values", classes: twenty))
        #expect(
            try target("map(0..<42, { k in k % 21 })", 42).0 == ProbeTarget("values", numbers: more.map(Double.init)))
        #expect(
            try target("map(0..<40, { k in k % 20 })", 40, asClasses: false).0
                == ProbeTarget("values", numbers: twenty.map(Double.init)))
        #expect(
            try target("map(0..<42, { k in k % 21 })", 42, asClasses: true).0 == ProbeTarget("values", classes: more))
        #expect(try target("[true, false]", 2).0 == ProbeTarget("values", classes: [1, 0]))
        // Texts in their alphabetical order.
        #expect(try target("[\"b\", \"a\", \"b\"]", 3).0 == ProbeTarget("values", classes: [1, 0, 1]))
        #expect(try target("[1, 2.5]", 2).0 == ProbeTarget("values", numbers: [1, 2.5]))
        #expect(try target("{ p in 3 }", 2).0?.name == "function")
    }

    @Test func `what a probe cannot read is told by what it is`() throws {
        #expect(
            try target("[1, 2.5]", 2, asClasses: true).1.contains(
                "is not a whole number everywhere, so it has no classes"))
        #expect(
            try target("[1, none]", 2).1.contains("values is none for some problem, not a number that a probe can read")
        )
        #expect(try target("[\"a\", \"b\"]", 2, asClasses: false).1.contains("values is a text, with 2 different ones"))
        #expect(try target("[1]", 2).1.contains("1 value for 2 problems"))
    }

    // MARK: - Looking

    @Test func `a lens has a row after the embedding and after each half of a block`() throws {
        let desk = Self.desk()
        let lens = try table(desk, "look .lens of: m on: p")
        #expect(texts(lens, "after") == ["embed", "0 resid_mid", "0 resid_post", "1 resid_mid", "1 resid_post"])
        #expect(lens.columnNames == ["after", "position", "accuracy", "low", "high", "loss", "rank", "entropy"])
        #expect(
            try texts(table(desk, "look .lens of: m on: p at: .chain[0]"), "position").first == ".predicts_chain[0]")
        desk.run("look .lens of: m on: p at: .input[0]")
        #expect(desk.messages.first?.contains("predictions of .answer or .chain can be read") == true)
    }

    @Test func `what a head attends to adds up to 1, and has an interval only over several runs`() throws {
        let desk = Self.desk()
        let attention = try table(desk, "look .attention of: m on: p[0..<10]")
        #expect(attention.columnNames == ["head", "query", "key", "weight"])
        let (heads, weights) = (texts(attention, "head"), reals(attention, "weight"))
        #expect(Set(heads) == ["0.0", "1.0"])
        for head in Set(heads) {
            let sum = zip(heads, weights).reduce(0) { $0 + ($1.0 == head ? $1.1 : 0) }
            #expect(abs(sum - 1) < 1e-5, "\(head)")
        }
        desk.run("let r = start m on: p batch: 8")
        let both = try table(desk, "look .attention on: p[0..<10] over: [r, r]")
        #expect(both.columnNames == ["removed", "head", "query", "key", "weight", "low", "high"])
        desk.run("look .attention on: p[0..<10] over: [r, r]")
        #expect(desk.lines.last == "means of 2 runs, with Student's interval")
        desk.run("look .attention on: p[0..<10] over: r")
        #expect(!desk.text.contains("means of"))
    }

    @Test func `a stage that has taken away what is read has no row`() throws {
        let desk = Self.desk()
        desk.run("let r = start m on: p batch: 8\nstep\nstep")
        let first = try table(desk, "look .lens on: p[0..<10] at: .chain[0] over: r")
        #expect(Set(texts(first, "removed")) == ["0"])
        let second = try table(desk, "look .lens on: p[0..<10] at: .chain[1] over: r")
        #expect(Set(texts(second, "removed")) == ["0", "1"])
        let answer = try table(desk, "look .lens on: p[0..<10] over: r")
        #expect(Set(texts(answer, "removed")) == ["0", "1", "2"])
    }

    @Test func `a counterfactual swaps the digits that vary, and those that do not have no row`() throws {
        let desk = Self.desk()
        #expect(
            try texts(table(desk, "look .counterfactual of: m on: p"), "input") == (0..<4).map { ".input[\($0)]" })
        let some = try table(desk, "look .counterfactual of: m on: (filter p where .digit[0] == p[0].digit[0])")
        #expect(texts(some, "input") == (1..<4).map { ".input[\($0)]" })
        // Two digits at a place are enough.
        let two = try table(desk, "look .counterfactual of: m on: (filter p where .digit[3] < 2)")
        #expect(texts(two, "input") == (0..<4).map { ".input[\($0)]" })
    }

    @Test func `every part is ablated once, by its mean without more`() throws {
        let desk = Self.desk()
        let mean = try table(desk, "intervene .ablate of: m on: p")
        #expect(texts(mean, "part") == ["head 0.0", "mlp 0", "head 1.0", "mlp 1"])
        #expect(mean.columnNames == ["part", "loss", "low", "high", "accuracy", "changed"])
        #expect(try reals(table(desk, "intervene .ablate of: m on: p with: .mean"), "loss") == reals(mean, "loss"))
        let zero = try reals(table(desk, "intervene .ablate of: m on: p with: .zero"), "loss")
        let other = try reals(table(desk, "intervene .ablate of: m on: p with: .resample"), "loss")
        #expect(zero != reals(mean, "loss") && other != zero && other != reals(mean, "loss"))
    }

    @Test func `steering goes back, nowhere and forth without more, and nowhere changes nothing`() throws {
        let desk = Self.desk()
        let steered = try table(
            desk, "intervene .steer of: m on: p target: .running_parity[1] place: .predicts_answer[0]")
        #expect(texts(steered, "scale") == ["-1", "0", "1"])
        let losses = reals(steered, "loss")
        #expect(losses[1] == 0 && losses[0] != 0 && losses[2] != 0)
        desk.run("intervene .steer of: m on: p")
        #expect(desk.messages.first?.contains("which target's direction?") == true)
    }

    @Test func `problems that all have one answer cannot be patched`() {
        let desk = Self.desk()
        desk.run("let q = problems({ i in [question: \"{i % 10} 1\", chain: \"1\", answer: \"1\"] }, n: 20)")
        desk.run("intervene .patch of: m on: q")
        #expect(desk.messages.first?.contains("too few pairs of problems with different answers") == true)
    }

    // MARK: - Problems

    @Test func `problems without more are a thousand of seed 1, numbers of four digits`() {
        let desk = Desk()
        #expect(desk.value("length(gen(.parity))").asInteger == 1000)
        #expect(
            desk.value("gen(.parity).task").asText == "parity 4"
                && desk.value("gen(.mult, n: 1).task").asText == "mult 4×4")
        #expect(desk.value("(gen .parity n: 5) == (gen .parity n: 5 seed: 1)").asBoolean == true)
        #expect(desk.value("(gen .parity n: 5) == (gen .parity n: 5 seed: 2)").asBoolean == false)
        #expect(desk.value("gen(.mult, digits: 2, by: 1, n: 1).task").asText == "mult 2×1")
    }

    @Test
    func `a task of one's own takes steps with single spaces, truths as 0 and 1, and needs a question and an answer`() {
        let desk = Desk()
        desk.run(
            "let z = problems({ i in [question: \"{i}\", chain: [\" a  b \", \"\", \"c\"], answer: true, "
                + "ok: i > 3] }, n: 5)"
        )
        #expect(desk.value("z[0].chain").asText == "a b c" && desk.value("z[0].answer").asText == "true")
        #expect(desk.value("map z { x in x.ok }").text == "[0, 0, 0, 0, 1]" && desk.value("z.task").asText == "task")
        desk.run("let y = problems({ i in [question: \"{i}\", answer: \"1\"] }, name: \"own\")")
        #expect(desk.value("length(y)").asInteger == 1000 && desk.value("y[7].chain").asText == "")
        #expect(desk.value("y.task").asText == "own" && desk.value("y[999].question").asText == "999")
        for record in ["[chain: \"1\", answer: \"1\"]", "[question: \"1\", chain: \"1\"]"] {
            desk.run("problems({ i in \(record) }, n: 5)")
            #expect(desk.messages.first?.contains("must return a record with question, chain and answer") == true)
        }
    }

    @Test func `a problem is shown as the current run writes it only where that is of its task`() {
        let desk = Self.desk()
        desk.run("show p[0]")
        #expect(desk.lines.map { $0.prefix(10) } == ["question  ", "chain     ", "answer    "])
        desk.run("let r = start m on: p batch: 8\nshow p[0]")
        #expect(desk.lines.count == 5 && desk.lines[4] == "          removed 0 of 2; ‹next›")
        desk.run("step 2\nshow p[0]")
        #expect(desk.lines.last == "          removed 2 of 2")
        desk.run("show (gen .modsum digits: 4 n: 1)[0]")
        #expect(desk.lines.count == 3)
        desk.run("let bare = problems({ i in [question: \"{i}\", answer: \"1\"] }, n: 1)\nshow bare[0]")
        #expect(desk.lines == ["question  0", "answer    1"])
    }

    @Test func `the label of a token is the one after it, of the chain, the answer and the end`() {
        let desk = Self.desk()
        desk.run("let one = gen .parity of: [2, 7, 4, 3]\nlet r = start m on: p batch: 8\nstep")
        #expect(
            desk.value("(tokens one[0] removed: 0).label").text
                == #"[none, none, none, none, "1", "1", "0", "$", none]"#)
        #expect(desk.value("(tokens one[0]).label").text == #"[none, none, none, none, "1", "0", "$", none]"#)
        // A model without a run has lost nothing of it.
        #expect(desk.value("length(tokens(one[0], model: m))").asInteger == 9)
    }

    // MARK: - Files

    @Test func `digits that an array cannot hold are said to be rounded, and how many`() throws {
        try withTemporaryFolder { folder in
            func npy(_ shape: String, _ values: [Double]) -> Data {
                var header = "{'descr': '<f8', 'fortran_order': False, 'shape': \(shape), }"
                while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
                header += "\n"
                var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0])
                data += [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)] + Array(header.utf8)
                for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data += $0 } }
                return data
            }
            let desk = Desk()
            let path = folder.path + "/a.npy"
            for (values, words) in [
                ([0.1, 0.5, .nan], ["1 number rounded: arrays hold seven digits"]), ([0.25, -3, 0], []),
                ([0.1, 0.2, 0.3], ["3 numbers rounded: arrays hold seven digits"]),
            ] as [([Double], [String])] {
                try npy("(3,)", values).write(to: URL(filePath: path))
                desk.run("let a = read \"\(path)\"")
                #expect(desk.lines == words && desk.messages.isEmpty, "\(desk.lines) \(desk.messages)")
            }
            // As a table they keep all their digits.
            #expect(desk.value("(read \"\(path)\" as: .table).x1[0] == 0.1").asBoolean == true)
            try npy("(1, 1, 2)", [1, 2]).write(to: URL(filePath: path))
            desk.run("read \"\(path)\" as: .table")
            #expect(desk.messages.first?.contains("has 3 dimensions, and a table has rows and columns") == true)
        }
    }

    @Test func `what a file cannot become is refused with what to leave out`() throws {
        try withTemporaryFolder { folder in
            let desk = Desk()
            let lines = folder.path + "/a.txt"
            try "1 2||3 #### 3\n2 2||4 #### 4\n".write(toFile: lines, atomically: true, encoding: .utf8)
            let rows = folder.path + "/a.csv"
            try "q,a\n1,2\n".write(toFile: rows, atomically: true, encoding: .utf8)
            for (line, words) in [
                ("read \"\(lines)\" as: .array", "only .npy files become arrays"),
                ("read \"\(lines)\" columns: [question: \"q\"]", "columns: belongs to rows with fields"),
                ("read \"\(lines)\" solution: .whole", "solution: belongs to rows with fields"),
                (
                    "read \"\(rows)\" columns: [quest: \"q\"]",
                    "columns: says which fields are question, chain and answer, not quest"
                ),
                ("read \"\(rows)\" rules: .strict", "rules: belongs to problems"),
            ] {
                desk.run(line)
                #expect(desk.messages.count == 1 && desk.messages[0].contains(words), "\(line): \(desk.messages)")
            }
            #expect(desk.value("length(read(\"\(lines)\", limit: 1))").asInteger == 1)
            desk.run("let s = read \"\(lines)\" as: .text")
            #expect(desk.value("s").asText?.hasSuffix("4\n") == true)
        }
    }

    @Test func `a session without a record of itself saves nothing`() throws {
        try withTemporaryFolder { folder in
            let desk = Desk()
            desk.run("save \"\(folder.path)/a.icot\"")
            #expect(desk.messages.first?.contains("this session does not keep a record of itself") == true)
            #expect(!FileSystem.exists(folder.path + "/a.icot"))
            desk.run("write [1] \"\(folder.path)/a.json\"")
            #expect(desk.lines == ["wrote \(folder.path)/a.json"])
        }
    }

    // MARK: - Figures

    private func panel(_ desk: Desk, _ line: String) throws -> Panel {
        try #require((desk.value(line).asObject as? FigureValue)?.figure.panels.first, "\(desk.messages)")
    }

    @Test func `a figure of accuracies shows all of 0 to 1, unless other ends are asked for`() throws {
        let desk = Desk()
        desk.run(
            """
            let test = gen .parity digits: 4 n: 20 seed: 7
            let data = gen .parity digits: 4 n: 60 apart_from: test
            let r = start (model .gpt2 width: 8 heads: 1 layers: 1 positions: 32) on: data test: test batch: 8
            train steps: 2
            step
            train steps: 1
            """)
        let plot = "plot (timeline) x: .removed"
        #expect(try panel(desk, "\(plot) y: .accuracy").y.limits == 0...1)
        #expect(try panel(desk, "\(plot) y: [.before, .accuracy]").y.limits == 0...1)
        #expect(try panel(desk, "\(plot) y: [.loss, .accuracy]").y.limits == nil)
        #expect(try panel(desk, "\(plot) y: .loss").y.limits == nil)
        #expect(try panel(desk, "\(plot) y: .accuracy kind: .histogram").y.limits == nil)
        #expect(try panel(desk, "\(plot) y: .accuracy limits: [0.5, 1]").y.limits == 0.5...1)
        #expect(try panel(desk, "\(plot) y: .accuracy log_y: true").y.limits == nil)
        #expect(try panel(desk, "\(plot) y: .accuracy x_label: \"gone\"").x.label == "gone")
    }

    @Test func `colours run from one to another only where values lie on both sides of 0`() {
        func isDiverging(_ rows: [[Double]]) -> Bool {
            if case .diverging(let center) = FigureCommands.heatMap(rows).map { return center == 0 }
            return false
        }
        #expect(isDiverging([[1, -1], [0, .nan]]) && !isDiverging([[0, 1]]) && !isDiverging([[-1, 0]]))
        #expect(!isDiverging([[.nan]]))
    }

    @Test func `what is too large or has too many axes is not drawn, and a style is made of its signs`() {
        let desk = Desk()
        desk.session.define(
            "big", .array(ArrayObject(shape: [1025, 1024], values: [Float](repeating: 0, count: 1025 * 1024))))
        desk.run("plot big")
        #expect(desk.messages.first?.contains("a matrix of 1025 × 1024 cells is too large to draw") == true)
        desk.run("plot array([[[1]]])")
        #expect(desk.messages.first?.contains("an array of 3 axes cannot be drawn") == true)
        desk.run("plot [1, 3, 2] style: .ascii height: 6")
        #expect(desk.messages.isEmpty && desk.lines.dropFirst().joined().allSatisfy(\.isASCII), "\(desk.lines)")
        let low = desk.lines.count
        desk.run("plot [1, 3, 2] style: .braille height: 9")
        #expect(desk.lines.count > low && !desk.lines.joined().allSatisfy(\.isASCII))
    }

    @Test func `the course of a loss is shown from its first to its last number, of two at least`() {
        #expect(TrainingPanel.lossRow([2, 1.5, 1])?.plain == "loss       2.00 █▅▁ 1.00")
        #expect(TrainingPanel.lossRow([.nan, 2, 1, .infinity])?.plain == "loss       2.00 █▁ 1.00")
        #expect(TrainingPanel.lossRow([2]) == nil && TrainingPanel.lossRow([.nan, 2]) == nil)
    }

    // MARK: - Sweeps

    @Test func `a sweep's means are of numbers alone, of times too where they are asked for`() throws {
        try withTemporaryFolder { folder in
            func whole(_ number: Int) -> SweepValue { SweepValue(literal: "\(number)", json: JSONValue(number)) }
            let sweep = Sweep(icot: "0", notebook: "a.icot", code: "c", parameters: [("seed", whole(1))])
            let path = folder.path + "/s"
            do {
                let grid = try Grid([("seed", [whole(1), whole(2)])])
                _ = try SweepFolder(path, sweep, own: [whole(1)], grid: grid, notebook: [])
            }
            for (seed, seconds) in [(1, 1.0), (2, 4.0)] {
                try PointResult(
                    icot: "0", profile: "p", parameters: JSONObject(), failure: nil, seconds: seconds, peakBytes: 1,
                    value: ["loss": JSONValue(Double(seed)), "word": "w", "test_accuracy": 0.5], runHash: nil
                ).write(to: "\(path)/points/seed=\(seed)")
            }
            let desk = Desk()
            let means = try table(desk, "sweep_table(\"\(path)/\", over: .seed, times: true)")
            #expect(
                means.columnNames.filter { !$0.hasSuffix("_low") && !$0.hasSuffix("_high") }
                    == ["points", "loss", "test_accuracy", "seconds", "sweep"])
            #expect(reals(means, "seconds") == [2.5] && reals(means, "loss") == [1.5])
            #expect(try table(desk, "sweep_table(\"\(path)\", over: .seed)")["seconds"] == nil)
            let rows = try table(desk, "sweep_table(\"\(path)\")")
            #expect(rows["seconds"] == nil && rows["run_hash"] == nil)
            // All are done, so nothing is said of it; what is called an accuracy is a share.
            #expect(rows["state"]?.format.isHidden == true && rows["test_accuracy"]?.format == .share)
            #expect(rows["loss"]?.format == .plain)
        }
    }
}

@Suite struct ExplanationRuleTests {
    private struct Unknown: Error {}

    @Test func `errors of files have the codes of what is missing, malformed or refused`() {
        for (kind, code) in [
            (.missing, .fileMissing), (.malformed, .fileMalformed), (.contradictory, .fileMalformed),
            (.unsupported, .fileMalformed), (.refused, .fileRefused), (.unreadable, .fileRefused),
            (.notWritten, .fileRefused),
        ] as [(FileError.Kind, DiagnosticCode)] {
            #expect(Explanations.explain(FileError(kind, "/none/x", "is odd"))?.code == code, "\(kind)")
        }
        #expect(Explanations.explain(Interrupted())?.code == .interrupted)
        #expect(Explanations.explain(Unknown()) == nil)
    }

    @Test func `errors of a run come with what to type next`() {
        let rows: [(any Error, DiagnosticCode, String?)] = [
            (RunError.tooLong(tokens: 9, positions: 8), .commandFailed, "make the model with positions: 9"),
            (
                RunError.vocabulary(needed: 9, model: 8), .commandFailed,
                "make the model for the characters of these problems: model .gpt2 vocab: data"
            ),
            (RunError.nothingLeft(removed: 2), .commandFailed, "write back 1, or train on"),
            (RunError.noProblems, .commandFailed, "ask for some: gen .parity n: 1000"),
            (RunError.noValidation, .commandFailed, "start it with test: (gen … apart_from: the data)"),
            (RunError.noStage(removed: 3), .commandFailed, nil),
            (
                ProblemError.tooFewInputs(task: "t", wanted: 5, available: 3, excluded: 0), .runtimeArgument,
                "write n: 3"
            ),
            (ProblemError.tooFewInputs(task: "t", wanted: 5, available: 0, excluded: 0), .runtimeArgument, nil),
            (
                RunFolderError.exists(path: "runs/x"), .fileRefused,
                "write resume \"runs/x\", or take another name"
            ),
            (
                RunFolderError.notARun(path: "x"), .fileRefused,
                "give the folder that start … name: or save_run made"
            ),
            (
                RunFolderError.noCheckpoint(path: "x", passedOver: []), .fileRefused,
                "start the run anew: nothing of it was saved"
            ),
            (
                RunFolderError.noCheckpoint(path: "x", passedOver: ["a"]), .fileRefused,
                "put the files back from a copy, or start the run anew under another name"
            ),
            (
                RunFolderError.notWritten(path: "runs/x/metrics.jsonl", reason: "full"), .fileRefused,
                "what was saved before is whole; make room or ask for the right to write in runs/x"
            ),
            (
                SweepFault.notASweep(path: "x"), .fileRefused,
                "give the folder that icot sweep made, such as sweep_table(\"runs/tour\")"
            ),
            (
                SeparatorFault.tokenizer, .runtimeArgument,
                "write separator: .kept, or .removed_last to take it away after the chain"
            ),
        ]
        for (error, code, help) in rows {
            let found = Explanations.explain(error)
            #expect(found?.code == code && found?.help == help, "\(error)")
            #expect(found?.message == "\(error)")
        }
    }

    @Test func `errors of an experiment point at the argument that caused them`() {
        let rows: [(ExperimentFault, [String], String?)] = [
            (
                .sharedQuestion("1", of: .test, with: .training), ["test"],
                "make one of them with apart_from: the other"
            ),
            (
                .sharedQuestion("1", of: .validation, with: .test), ["validation"],
                "make one of them with apart_from: the other"
            ),
            (.allTooLong(limit: 3, longest: 9), ["max_length"], "write max_length: 9, or 0 for no limit"),
            (.orderAfterSteps, ["order"], "start another run and give the schedule at once"),
            (.notTrained, [], "add steps: 500"),
            (.orderWhenKept, ["order"], nil), (.removedBeyondChain(3, longest: 2), ["removed"], nil),
            (.partNotAskable, ["removed"], "train with schedule positions: .kept mixing: 0.5"),
            (.noPlace(.chain, index: 4, count: 2), ["place", "at"], "there are .chain[0] to .chain[1]"),
            (.noPlace(.predictsAnswer, index: 4, count: 0), ["at", "place"], "they have none"),
            (
                .placeGone(.predictsChain, index: 0, removed: .units(1)), ["at", "place"],
                "read .separator or .predicts_answer, or go back before its removal"
            ),
            (.noSharedStage, ["over"], "see timeline of each"),
            (.otherShape("a", than: "b"), ["over"], "give runs that differ in their seed"),
        ]
        for (fault, arguments, help) in rows {
            let found = Explanations.explain(fault)
            #expect(found?.arguments == arguments && found?.help == help, "\(fault)")
        }
    }

    @Test func `a setting that cannot be is underlined at a label that a verb has`() {
        let verbs = ["start", "schedule", "plan", "internalize", "train", "distill"]
        let table = Desk().session.context.signatures
        let labels = Set(verbs.compactMap { table[$0] }.flatMap(\.labelled).map(\.name))
        for setting in SettingFault.Setting.allCases {
            let found = Explanations.explain(SettingFault.outside(setting, found: 0, .atLeast(1)))
            #expect(found?.code == .runtimeArgument)
            let pointed = found?.arguments ?? ["?"]
            #expect(pointed.allSatisfy { labels.contains($0) }, "\(setting): \(pointed)")
            #expect(pointed.isEmpty == (setting == .memory), "\(setting)")
        }
        for (setting, label) in [
            (.batchSize, "batch"), (.learningRate, "lr"), (.decay, "decay"), (.stepsPerRemoval, "every"),
            (.smoothing, "smoothing"), (.smoothingBins, "bins"), (.mixingAfterRescue, "rescue_mixing"),
            (.removeAllBeyond, "all_beyond"), (.lossThreshold, "adaptive_loss"), (.leastSteps, "least"),
        ] as [(SettingFault.Setting, String)] {
            let found = Explanations.explain(SettingFault.outside(setting, found: 0, .atLeast(1)))
            #expect(found?.arguments == [label], "\(setting)")
        }
    }

    @Test(arguments: [
        ("train learning_rate: 0.1", "lr:"), ("train iterations: 5", "steps:"), ("train epoch: 1", "epochs:"),
        ("train target_accuracy: 0.9", "until:"), ("gen .parity count: 5", "n:"),
        ("gen .parity random_seed: 3", "seed:"),
        ("model .gpt2 d_model: 8", "width:"), ("model .gpt2 n_layer: 2", "layers:"),
        ("model .gpt2 n_head: 2", "heads:"),
        ("model .gpt2 tokenizer: .digits", "vocab:"),
        ("start (model .gpt2) on: (gen .parity n: 5) batch_size: 3", "batch:"),
    ])
    func `a label as other tools have it is answered with icot's own`(_ line: String, _ label: String) {
        let desk = Desk()
        #expect(desk.run(line) != .finished)
        #expect(
            desk.codes.map(\.rawValue) == ["E203"] && desk.messages[0].contains("fix: write \(label)"),
            "\(desk.messages)")
    }
}
