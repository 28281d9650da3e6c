// Rules of the verbs that look into a model: what a table has in which column, held against the model's own logits or
// against problems of which the answer is known, and how readings of several runs become one table.

import Experiments
import Foundation
import Internalization
import Language
import Probing
import Support
import TestSupport
import Tensors
import Testing
import Transformer

@testable import Commands

@Suite struct ReadingOracleRuleTests {
    private static func desk() -> Desk {
        let desk = Desk()
        desk.run(
            """
            let p = gen .parity digits: 4 n: 60 seed: 5
            let m = model .gpt2 width: 8 heads: 2 layers: 2 positions: 32
            """)
        return desk
    }

    /// Problems of which the second token says what is asked for, the first and the third say a part of it, and the
    /// last one nothing.
    private static func leaking() -> Desk {
        let desk = Desk()
        desk.run(
            """
            def make(i) {
                [question: "{floor(i / 2) % 10} {i % 10} {floor(i / 4) % 10} {i % 7}", chain: "1", answer: "{i % 2}", \
            first: i % 10]
            }
            let p = problems(make, n: 280)
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
        table[column]?.values.map { $0.asReal ?? .nan } ?? []
    }
    private func unique(_ texts: [String]) -> [String] {
        texts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    // MARK: - Logits

    /// For the first five problems the logits with which the answer is predicted, and the answer.
    private func answers(_ desk: Desk) throws -> [(logits: [Double], right: Int)] {
        let ids = (0..<5).map { desk.value("(tokens p[\($0)] model: m).id").asList?.compactMap(\.asInteger) ?? [] }
        let array = try #require(desk.value("logits(m, ids: \(ids))").asArray, "\(desk.messages)")
        // 2 7 4 3 | 1 1 0 $: the seventh token predicts the answer, which is the eighth.
        try #require(array.shape == [5, 9, 20])
        return (0..<5).map { problem in
            let start = (problem * 9 + 6) * 20
            return (array.values[start..<start + 20].map { Double($0) }, ids[problem][7])
        }
    }

    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    @Test func `the last row of a lens has loss, rank and entropy of the model's own logits`() throws {
        let desk = Self.desk()
        let lens = try table(desk, "look .lens of: m on: p[0..<5]")
        #expect(texts(lens, "after").last == "1 resid_post")
        let answers = try answers(desk)
        func probabilities(_ logits: [Double]) -> [Double] {
            let sum = logits.reduce(0) { $0 + exp($1) }
            return logits.map { exp($0) / sum }
        }
        let loss = mean(answers.map { -log(probabilities($0.logits)[$0.right]) })
        let rank = mean(answers.map { answer in Double(answer.logits.count { $0 > answer.logits[answer.right] }) })
        let entropy = mean(answers.map { -probabilities($0.logits).reduce(0) { $0 + $1 * log($1) } })
        let accuracy = mean(answers.map { $0.logits[$0.right] == $0.logits.max() ? 1 : 0 })
        for (column, value) in [("loss", loss), ("rank", rank), ("entropy", entropy), ("accuracy", accuracy)] {
            #expect(abs((reals(lens, column).last ?? .nan) - value) < 1e-4, "\(column)")
        }
    }

    @Test func `what the parts add to the right answer's logit comes to how far it is above the mean`() throws {
        let desk = Self.desk()
        let parts = try table(desk, "look .attribution of: m on: p[0..<5]")
        #expect(parts.columnNames == ["position", "part", "logits", "low", "high"])
        #expect(texts(parts, "part").contains("head 0.1") && texts(parts, "part").contains("mlp 1"))
        let wanted = mean(try answers(desk).map { $0.logits[$0.right] - mean($0.logits) })
        #expect(abs(reals(parts, "logits").reduce(0, +) - wanted) < 1e-4)
    }

    @Test func `each sequence has the logits that it has alone`() {
        let desk = Self.desk()
        func values(_ expression: String) -> [Double] {
            desk.value("list(logits(m, ids: \(expression))").asList?.compactMap(\.asReal) ?? []
        }
        func differ(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map { abs($0 - $1) }.max() ?? .nan }
        let second = values("[[1, 2, 3], [4, 5, 6]])[1, 2]")
        #expect(second.count == 20 && differ(second, values("[[4, 5, 6]])[0, 2]")) < 1e-4)
        #expect(differ(second, values("[[1, 2, 3]])[0, 2]")) > 0.1)
    }

    @Test func `attention is told by layer and head, and from where to where`() throws {
        let desk = Self.desk()
        let found = try table(desk, "look .attention of: m on: p[0..<5]")
        let value = try #require(desk.value("m").asHost(ModelValue.self))
        let set = try #require(desk.value("p[0..<5]").asHost(ProblemsValue.self)).set
        let data = try ProblemsAtStage(set, for: ModelAtStage(value.subject, asked: set))
        let patterns = try value.model.attentionPatterns(
            data.batch, queries: data.positions(.predictsAnswer), keys: data.everyPosition())
        #expect(unique(texts(found, "head")) == ["0.0", "0.1", "1.0", "1.1"])
        #expect(unique(texts(found, "query")) == [".predicts_answer[0]"])
        let weights = reals(found, "weight"), keys = texts(found, "key")
        for (row, head) in texts(found, "head").enumerated() {
            let parts = head.split(separator: ".").compactMap { Int($0) }
            let key = try #require(patterns.keys.firstIndex(of: keys[row]))
            #expect(weights[row] == patterns[parts[0], parts[1], 0, key], "\(head) \(keys[row])")
        }
        // No two heads look alike.
        #expect(Set(weights.filter { $0 > 0 }).count > 20)
    }

    // MARK: - Interventions

    @Test func `the state that predicts brings the whole answer back after the last block, and the others nothing`()
        throws
    {
        let desk = Self.desk()
        // One of which the corrupt problems are worse off, so that there is something to restore.
        desk.run("m = model .gpt2 width: 8 heads: 2 layers: 2 positions: 32 seed: 4")
        let patch = try table(desk, "intervene .patch of: m on: p[0..<20]")
        #expect(
            patch.columnNames == [
                "layer", "position", "restored", "low", "high", "destroyed", "destroyed_low", "destroyed_high",
            ])
        #expect(unique(texts(patch, "layer")) == ["0", "1"])
        let restored = reals(patch, "restored"), destroyed = reals(patch, "destroyed")
        for (values, name) in [(restored, ""), (destroyed, "destroyed_")] {
            let (low, high) = (reals(patch, name + "low"), reals(patch, name + "high"))
            #expect(values.indices.allSatisfy { low[$0] <= values[$0] && values[$0] <= high[$0] })
            #expect(values.indices.contains { low[$0] < values[$0] && values[$0] < high[$0] })
        }
        for row in 0..<patch.rowCount where texts(patch, "layer")[row] == "1" {
            let wanted = texts(patch, "position")[row] == ".chain[1]" ? 1.0 : 0
            #expect(abs(restored[row] - wanted) < 1e-4 && abs(destroyed[row] - wanted) < 1e-4, "row \(row)")
        }
        let heads = try table(desk, "intervene .patch of: m on: p[0..<20] hook: .z")
        #expect(unique(texts(heads, "head")) == ["0.0", "0.1", "1.0", "1.1"])
        // There is one embedding, not one a layer.
        let embedding = try table(desk, "intervene .patch of: m on: p[0..<20] hook: .embed")
        #expect(embedding.rowCount == 9 && unique(texts(embedding, "layer")) == ["embed"])
    }

    @Test func `swapped digits are told by which fell how far and how many answers changed`() throws {
        let desk = Self.desk()
        let swaps = try table(desk, "look .counterfactual of: m on: p")
        #expect(swaps.columnNames == ["input", "output", "fall", "low", "high", "changed"])
        #expect(reals(swaps, "changed").allSatisfy { (0...1).contains($0) })
        #expect(unique(texts(swaps, "output")) == [".predicts_answer[0]"])
    }

    // MARK: - Several runs in one table

    private func merged(_ stages: [(removed: Int?, runs: [Measurements])], runCount: Int) -> (TableObject?, String) {
        var found: TableObject?
        let verb = Command(CommandSignature("merge", "Merges.", [])) { call in
            found = try Measurements.table(stages, runCount: runCount, call)
            return .none
        }
        let session = Session(Vocabulary(verbs: [verb]))
        var said = ""
        session.onEvent = { if case .diagnostic(let diagnostic, _) = $0 { said = diagnostic.message } }
        session.run(SourceText("merge"))
        return (found, said)
    }

    private func readings(_ values: [(String, Double, Double)], hasInterval: Bool = true) -> Measurements {
        Measurements(
            keys: ["part"], measure: "loss", others: ["changed"],
            rows: values.map {
                .init(
                    keys: [.text($0.0)], value: Interval(value: $0.1, low: $0.1 - 0.5, high: $0.1 + 0.5),
                    others: [$0.2])
            }, hasInterval: hasInterval)
    }

    @Test func `readings of several runs are their means, with Student's interval over the runs`() throws {
        let one = readings([("a", 1, 0), ("b", 5, 10)]), two = readings([("a", 3, 1), ("b", 5, 20)])
        let found = try #require(merged([(2, [one, two])], runCount: 2).0)
        #expect(found.columnNames == ["removed", "part", "loss", "low", "high", "changed"])
        #expect(reals(found, "loss") == [2, 5] && reals(found, "changed") == [0.5, 15])
        #expect(texts(found, "removed") == ["2", "2"] && texts(found, "part") == ["a", "b"])
        // s = √2 of 1 and 3, t(0.975, 1) = 12.7062: 2 ± 12.7062 · √2 / √2.
        let (low, high) = (reals(found, "low"), reals(found, "high"))
        #expect(abs(low[0] - (2 - 12.7062)) < 1e-3 && abs(high[0] - (2 + 12.7062)) < 1e-3)
        #expect(low[1] == 5 && high[1] == 5)
        #expect(found.notes == ["means of 2 runs, with Student's interval"])
    }

    @Test func `a reading of one run keeps the interval that it has, and has no column of it where there is none`()
        throws
    {
        let found = try #require(merged([(nil, [readings([("a", 1, 7)])])], runCount: 1).0)
        #expect(found.columnNames == ["part", "loss", "low", "high", "changed"] && found.notes.isEmpty)
        #expect(reals(found, "low") == [0.5] && reals(found, "high") == [1.5] && reals(found, "changed") == [7])
        let bare = try #require(merged([(nil, [readings([("a", 1, 7)], hasInterval: false)])], runCount: 1).0)
        #expect(bare.columnNames == ["part", "loss", "changed"])
    }

    @Test func `runs in which other things can be read are not put into one table`() {
        let one = readings([("a", 1, 0)]), more = readings([("a", 1, 0), ("b", 1, 0)]), other = readings([("c", 1, 0)])
        #expect(
            merged([(0, [one, more])], runCount: 2).1.contains(
                "the runs differ in what can be read (1 and 2 places)"))
        #expect(merged([(0, [one, other])], runCount: 2).0 == nil)
    }

    @Test func `a long reading says which stage of which run it is at`() throws {
        let desk = Self.desk()
        desk.run("let r = start m on: p batch: 8")
        let run = try #require(desk.value("r").asExperiments.first)
        let two = try ComparedStages(of: [run, run]), one = try ComparedStages(of: [run])
        #expect(two.progress("probing", two.stages[0], 1) == "probing  removed 0, run 2 of 2")
        #expect(one.progress("probing", one.stages[0], 0) == "probing  removed 0")
        let present = ComparedStages(present: ModelAtStage(run))
        #expect(present.progress("probing", present.stages[0], 0) == "probing")
    }

    @Test(arguments: [
        ("resid_post", "1 resid_post"), ("resid_mid", "1 resid_mid"), ("resid_pre", "1 resid_pre"),
        ("attn_out", "1 attn_out"), ("mlp_out", "1 mlp_out"), ("z", "1 z"), ("embed", "embed"), ("final", "final"),
    ])
    func `a place in the model is read where its name says`(_ name: String, _ short: String) {
        let point = HookArguments.point(name, layer: 1)
        #expect(HookArguments.short(point.description) == short)
        #expect(HookArguments.layer(point.description).text == (short.hasPrefix("1 ") ? "1" : short))
    }

    @Test func `an array of states knows the stage at which it was read`() {
        let desk = Self.desk()
        desk.run("let r = start m on: p batch: 8\nstep\nlet h = hidden r on: p at: .separator")
        #expect(desk.value("h.stage").asText == "removed 1", "\(desk.messages)")
        #expect(desk.value("h.problems == p.sha256").asBoolean == true)
        #expect(desk.value("h.hook").asText == "blocks.0.hook_resid_post")
    }

    // MARK: - Probes

    @Test func `of several places that give a target away the one that gives away most is named, and how many more`() {
        let desk = Self.leaking()
        desk.run("probe m on: p target: .first layers: 0...0 at: .input")
        // Of the second token all of it is known, of the first half, of the third a quarter.
        #expect(
            desk.lines.first
                == "leak: the token at .input[1] alone gives away 100 % of .first, and there are 2 more such places",
            "\(desk.lines) \(desk.messages)")
    }

    @Test func `of two places that give a target away one is named, and one more is told as one`() {
        let desk = Desk()
        desk.run(
            """
            def make(i) {
                [question: "{floor(i / 2) % 10} {i % 10} {floor(i / 40) % 10} {i % 7}", chain: "1", \
            answer: "{i % 2}", first: i % 10]
            }
            let p = problems(make, n: 280)
            let m = model .gpt2 width: 8 heads: 1 layers: 2 positions: 32
            """)
        desk.run("probe m on: p target: .first layers: 0...0 at: .input")
        #expect(
            desk.lines.first
                == "leak: the token at .input[1] alone gives away 100 % of .first, and there is one more such place",
            "\(desk.lines) \(desk.messages)")
    }

    @Test func `each baseline stands in its own column`() throws {
        let desk = Self.leaking()
        let found = try table(desk, "probe m on: p target: .first layers: 0...0 at: .input")
        #expect(texts(found, "position") == (0..<4).map { ".input[\($0)]" })
        let (token, raw) = (reals(found, "token"), reals(found, "raw"))
        #expect(token[1] == 1 && token[3] < 0.5 && raw.allSatisfy { $0 == raw[0] } && raw[3] > 0.9, "\(token) \(raw)")
        #expect(reals(found, "constant").allSatisfy { $0 < 0.3 })
        // The untrained model's state is a function of the token, which a shuffled label is not.
        #expect(reals(found, "untrained")[1] > 0.8 && reals(found, "shuffled").allSatisfy { $0 < 0.5 })
        let score = reals(found, "score"), control = reals(found, "control"), above = reals(found, "selectivity")
        for row in 0..<4 { #expect(abs(above[row] - (score[row] - control[row])) < 1e-12) }
        let leak = reals(found, "leak")
        #expect(leak[1] > 0.99 && leak[0] > leak[2] && leak[2] > 0.05 && leak[3] < 0.05, "\(leak)")
    }

    @Test func `what is the same in every row of probes is told below, and what differs has a column`() {
        let desk = Self.leaking()
        desk.run("probe m on: p target: .first layers: 0...0 at: .input")
        #expect(desk.lines.contains { $0.contains("position") && $0.contains("score") }, "\(desk.lines)")
        #expect(desk.lines.last == "accuracy of .first on 56 held-out problems, fitted to 224")
        desk.run("probe m on: p target: .first layers: 0...1 at: .input[1]")
        #expect(!desk.lines.contains { $0.contains("position") }, "\(desk.lines)")
        #expect(desk.lines.last == "accuracy of .first at .input[1] on 56 held-out problems, fitted to 224")
    }

    @Test func `numbers are scored by R², and a function of one's own is called by its name`() {
        let desk = Self.leaking()
        desk.run(
            "def half(q) { q.first / 2 + 0.25 }\nprobe(m, on: p, target: half, layers: 0...0, at: .input[1])")
        #expect(
            desk.lines.last == "R² of half at .input[1] on 56 held-out problems, fitted to 224",
            "\(desk.lines) \(desk.messages)")
    }

    @Test func `a probe over several runs has the mean of what it has in each`() throws {
        let desk = Self.leaking()
        desk.run(
            """
            let r = start m on: p batch: 8
            let s = start (model .gpt2 width: 8 heads: 1 layers: 2 positions: 32 seed: 2) on: p batch: 8
            """)
        func found(_ over: String) throws -> TableObject {
            try table(desk, "probe on: p target: .first layers: 0...0 at: .input[0] over: \(over)")
        }
        let (r, s, both) = (try found("r"), try found("s"), try found("[r, s]"))
        for column in ["score", "shuffled", "control", "selectivity", "error", "leak"] {
            let (a, b) = (reals(r, column), reals(s, column))
            #expect(abs(reals(both, column)[0] - (a[0] + b[0]) / 2) < 1e-9, "\(column)")
        }
        #expect(reals(r, "error") != reals(s, "error"))
    }

    @Test func `a probe is fitted as estimator, penalty and seed say`() throws {
        let desk = Self.leaking()
        func error(_ labels: String) throws -> Double {
            try reals(table(desk, "probe m on: p target: .first layers: 0...0 at: .input[0] \(labels)"), "error")[0]
        }
        let classes = try error(""), numbers = try error("as: .numbers")
        // Without more classes are fitted by multinomial regression, numbers by ridge regression.
        #expect(try error("estimator: .multinomial") == classes)
        #expect(try error("as: .numbers estimator: .ridge") == numbers)
        #expect(try error("as: .numbers estimator: .least_squares") != numbers)
        let (stiff, loose) = (try error("as: .numbers penalty: 100"), try error("as: .numbers penalty: 0.001"))
        #expect(stiff > loose)
        #expect(try error("seed: 0") == classes)
        #expect(try error("seed: 1") != classes)
        desk.run("probe m on: p target: .first estimator: .ridge at: .input[0]")
        #expect(desk.messages.first?.contains("reads numbers and .first is a class") == true, "\(desk.messages)")
    }

    @Test func `a probe that reads other states says on how many problems it was not fitted to`() throws {
        let desk = Self.leaking()
        desk.run(
            """
            let a = p[0..<200]
            let b = p[200..<280]
            let h = hidden m on: a at: .input[1]
            let g = hidden m on: b at: .input[1]
            """)
        func note(_ line: String) throws -> String { try table(desk, line).notes.joined() }
        let other = try note("probe h on: a target: .first reads: g")
        #expect(
            other.hasPrefix("accuracy; score: on 80 problems that the probe was not fitted to, in states of "),
            "\(other)")
        let same = try note("probe h on: a target: .first reads: h")
        #expect(same.hasPrefix("accuracy; score: on 40 problems that"), "\(same)")
        let numbers = try note("probe h on: a target: .first as: .numbers reads: g")
        #expect(numbers.hasPrefix("R², 0 is a constant; score: on 80 problems that"), "\(numbers)")
        desk.run("let all = hidden m on: b at: .input\nprobe h on: a target: .first reads: all")
        #expect(
            desk.messages.first?.contains("has 4 positions, and the probes have 1") == true, "\(desk.messages)")
    }

    // MARK: - Shapes

    @Test func `components of states on a line are their places along it, and explain all`() {
        let desk = Desk()
        desk.run("let c = components(array([[0, 0], [1, 1], [2, 2], [3, 3]]), count: 1)")
        #expect(desk.lines == ["explained 1.000"], "\(desk.messages)")
        #expect(desk.value("c.shape").text == "[4, 1]")
        let places = (0..<4).map { desk.value("c[\($0), 0]").asReal ?? .nan }
        // √2 between neighbours, in one direction or the other, about their mean.
        for (place, next) in zip(places, places.dropFirst()) {
            #expect(abs(abs(next - place) - 2.0.squareRoot()) < 1e-5)
        }
        #expect(abs(places.reduce(0, +)) < 1e-5)
        desk.run("components(array([1, 2, 3]))")
        #expect(desk.messages.first?.contains("not an array of 1 axis") == true, "\(desk.messages)")
        desk.run("components(array([[1, 2, 3]]))")
        #expect(desk.messages.first?.contains("not an array of shape [1, 3]") == true, "\(desk.messages)")
    }

    @Test func `waves come in the order 0 5 2 1 3 4, and random rows stand beside`() {
        let desk = Self.desk()
        desk.run("let w = fourier(m, cumulative: true)\nlet f = fourier(m)")
        #expect(
            desk.value("w.waves").text == #"["0", "0 5", "0 5 2", "0 5 2 1", "0 5 2 1 3", "0 5 2 1 3 4"]"#,
            "\(desk.messages)")
        #expect(desk.value("keys(f)").text == #"["median", "random_median", "random_95", "beyond_random_95", "rows"]"#)
        #expect(desk.value("f.random_median < f.random_95 and f.random_95 < 1").asBoolean == true)
        // The median R² of random rows for four frequencies of ten.
        #expect(abs((desk.value("f.random_median").asReal ?? 0) - 0.56) < 0.05)
        #expect(desk.value("abs(w.median[3] - f.median) < 1e-9").asBoolean == true)
    }

    // MARK: - Models

    @Test func `a model tells itself in a line, and a single layer or head in the singular`() throws {
        let desk = Desk()
        // Tokens and head 20 × 64 each, positions 256 × 64, a layer 12 · 64² + 13 · 64, the last norm 2 · 64: 119,040.
        #expect(
            desk.value("model .gpt2").text
                == "gpt2, 119,040 parameters: 2 layers, 4 heads, width 64, 256 positions, vocabulary 20; seed 1")
        let small = desk.value("model .gpt2 layers: 1 heads: 1 width: 8 positions: 32 seed: 7").text
        #expect(small.contains(": 1 layer, 1 head, width 8, 32 positions,") && small.hasSuffix("; seed 7"), "\(small)")
        #expect(desk.value("(model .gpt2 precision: .bf16)").text.hasSuffix("; seed 1; products in bf16"))
        try withTemporaryFolder { folder in
            desk.run("write (model .gpt2 width: 8 heads: 1 positions: 8) \"\(folder.path)/m\"")
            #expect(desk.value("(load \"\(folder.path)/m\").origin").asText == "\(folder.path)/m")
        }
    }

    @Test func `what a tokenizer puts around a text and signs of its own are there unless somebody says not`() {
        let desk = Desk()
        desk.run("let m = load \"\(casesFolder.appending(path: "checkpoints/k6-llama3-style").path)\"")
        func ids(_ labels: String) -> [Int] {
            desk.value("(tokenize m \"ab 12\" \(labels)).id").asList?.compactMap(\.asInteger) ?? []
        }
        let plain = ids("")
        #expect(plain.count > 1 && ids("around: false") == Array(plain.dropFirst()), "\(desk.messages)")
        #expect(ids("around: true special: true") == plain)
        func tokens(_ labels: String) -> [String] {
            desk.value("(tokenize m \"1<|endoftext|>2\" \(labels)).token").asList?.compactMap(\.asText) ?? []
        }
        #expect(tokens("") == ["<|endoftext|>", "1", "<|endoftext|>", "2"], "\(desk.messages)")
        let spelt = tokens("special: false")
        #expect(spelt.prefix(4) == ["<|endoftext|>", "1", "<", "|"] && spelt.last == "2", "\(spelt)")
    }

    // MARK: - Distillation

    @Test func `a distillation does what each of its labels says`() {
        let desk = Desk()
        desk.run(
            """
            let test = gen .parity digits: 4 n: 20 seed: 7
            let data = gen .parity digits: 4 n: 60 apart_from: test
            let m = model .gpt2 width: 8 heads: 1 layers: 2 positions: 32
            let r = start m on: data test: test batch: 8
            train steps: 2
            let other = model .gpt2 width: 8 heads: 1 layers: 2 positions: 32 seed: 9
            """)
        desk.run("let right = (eval).accuracy\nlet kd = distill(r, steps: 1)")
        #expect(desk.value("kd.teacher == right").asBoolean == true, "\(desk.messages)")
        #expect(desk.value("kd").text.hasPrefix("distillation of parity 4: accuracy "))
        func losses(_ labels: String) -> String { desk.value("distill(r, steps: 2\(labels)).stages.loss").text }
        let plain = losses("")
        #expect(plain.split(separator: ",").count == 4, "\(desk.messages)")
        #expect(losses(", thoughts: .diagonal, rule: .fixed, freeze: false") == plain)
        for labels in ["lr: 0.1", "seed: 5", "thoughts: .first_column", "freeze: true", "from: other"] {
            #expect(losses(", " + labels) != plain, "\(labels): \(desk.messages)")
        }
        // The student and both together stop where they are right often enough, the emulator has no such goal.
        #expect(desk.value("distill(r, steps: 9, until: 0, check: 3).stages.steps").text == "[2, 3, 9, 3]")
    }

    // MARK: - Errors

    @Test func `errors of probes, ranks and files point at what caused them`() {
        let rows: [(any Error, [String], String?)] = [
            (ProbeError.layerOutOfRange(3, layerCount: 2), ["layers", "layer"], nil),
            (ProbeError.noPositions, ["place", "at"], nil), (ProbeError.tooFewGroups(3), ["on"], nil),
            (ProbeError.constantTarget("a", value: "1"), ["target"], nil),
            (ProbeError.otherActivations(["x"]), ["reads"], nil), (ProbeError.separable("a"), ["penalty"], nil),
            (ProbeError.notFinite("a", row: 1), [], nil),
            (RanksFault.slicesDoNotFit(slices: 3, ranks: 2), ["slices"], nil),
            (RanksFault.moreRanksThanRows(ranks: 3, batch: 2), ["batch"], nil),
            (
                ExperimentFault.keptOtherwise(path: "runs/a", .weights), ["name"],
                "resume \"runs/a\" goes on with it; another name: starts this one"
            ),
            (
                PrecisionFault(.tf32, at: "the processor", possible: [.f32, .bf16]), ["path"],
                "write device: .cuda"
            ),
            (
                RunFolderError.changedFile(path: "x"), [],
                "put the file back from where the run came from, or start a run of your own with it"
            ),
            (
                ProblemError.unknownCharacter("é", in: "é 1"), [],
                "make the model for the characters of these problems: model .gpt2 vocab: data; of several sets, "
                    + "vocab: [data, test]"
            ),
        ]
        for (error, arguments, help) in rows {
            let found = Explanations.explain(error)
            #expect(found?.arguments == arguments, "\(error)")
            if let help { #expect(found?.help == help, "\(error)") }
        }
    }

    @Test func `a precision that there is none of is answered with those that there are`() {
        #expect(EngineDevice.precisionNames == "f32, tf32 or bf16")
        do {
            try EngineDevice.processor.choose(precision: "f16")
            Issue.record("f16 was chosen")
        } catch let failure as DeviceFailure {
            #expect(failure.description == "there is no precision f16")
            #expect(failure.help == "write --precision f32, tf32 or bf16")
        } catch { Issue.record("\(error)") }
    }
}
