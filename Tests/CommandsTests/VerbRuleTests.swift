// Rules of the verbs that nothing else holds: how groups, draws, figures, files, schedules and pages come out, each
// against a table made by hand or against the definition.

import Experiments
import Foundation
import Internalization
import Language
import Plotting
import Probing
import Support
import TestSupport
import Testing

@testable import Commands

@Suite struct VerbRuleTests {
    private func reals(_ column: TableObject.Column?) -> [Double] { column?.values.compactMap(\.asReal) ?? [] }

    /// A trained run that needs its chain and is right about part of the time.
    private static func trained() -> Desk {
        let desk = Desk.withRun()
        desk.run("train steps: 60")
        return desk
    }

    /// A run of the same kind that is made in no time.
    private static func small() -> Desk {
        let desk = Desk()
        desk.run(
            """
            let data = gen .parity digits: 4 n: 40
            let r = start (model .gpt2 width: 8 heads: 1 layers: 1 positions: 32) on: data batch: 8
            """)
        return desk
    }

    // MARK: - eval

    @Test func `groups ascend by number, each with the interval of its own count`() throws {
        let desk = Self.trained()
        desk.run("let t = eval test by integer(.question[0]) * 5")
        let table = try #require(desk.session.value(of: "t")?.asTable)
        #expect(table.columnNames.dropFirst() == ["n", "accuracy", "low", "high"])
        let keys = reals(table.columns[0]), counts = reals(table["n"]), rates = reals(table["accuracy"])
        // As texts 10 would come before 5.
        #expect(keys == keys.sorted() && keys.count > 5 && keys.contains(5) && keys.contains(10))
        #expect(counts.reduce(0, +) == 200)
        let (lows, highs) = (reals(table["low"]), reals(table["high"]))
        for row in keys.indices {
            // Wilson's interval: where |p − x| = 1.96 √(x (1 − x) / n).
            let n = counts[row], p = rates[row]
            for bound in [lows[row], highs[row]] where bound > 0 && bound < 1 {
                let reach = 1.959964 * (bound * (1 - bound) / n).squareRoot()
                #expect(abs(abs(p - bound) - reach) < 1e-5, "row \(row)")
            }
            #expect(lows[row] <= p && p <= highs[row] && lows[row] < highs[row])
        }
        desk.run("let some = eval test limit: 40 by .question[0]")
        #expect(reals(desk.session.value(of: "some")?.asTable?["n"]).reduce(0, +) == 40)
        desk.run("let even = eval test where integer(.question[0]) % 2 == 0 by .question[0]")
        let even = desk.session.value(of: "even")?.asTable?.columns[0].values.compactMap(\.asText) ?? []
        #expect(even == even.sorted() && Set(even).isSubset(of: ["0", "2", "4", "6", "8"]) && !even.isEmpty)
    }

    @Test func `the likeliest token alone is what is written without draws, and draws among all are worse`() {
        let desk = Self.trained()
        let greedy = desk.value("(eval test).right").asInteger ?? 0
        #expect(greedy > 40)
        #expect(desk.value("(eval test temperature: 50 top_k: 1).right").asInteger == greedy)
        let drawn = desk.value("(eval test temperature: 50).right").asInteger ?? greedy
        #expect(drawn < greedy / 2)
        #expect(
            desk.value("(eval test temperature: 2 seed: 5).digits").json
                == desk.value("(eval test temperature: 2 seed: 5).digits").json)
    }

    @Test func `a note counts the problems that are known, and says all only where all are`() {
        let desk = Desk.withRun()
        desk.run("eval data[0..<3] limit: 2")
        #expect(desk.lines.first == "note: all of these problems are among those trained on")
        // A run with test problems alone sets a tenth of its training problems aside.
        desk.run("eval r.data[0..<2]")
        #expect(desk.lines.first == "note: all of these problems are among those trained on")
        desk.run("eval r.validation[0..<2]")
        #expect(
            desk.lines.first
                == "note: all of these problems are among the validation problems, which decide when to stop")
        desk.run("eval test where .question == \"never\"")
        #expect(desk.messages.first?.contains("no problem is left to solve") == true)
    }

    // MARK: - Positions

    @Test func `hidden states are read where the words say, also when the chain is gone`() {
        let desk = Desk.withRun()
        func same(_ a: String, _ b: String) -> Bool {
            desk.value("(hidden r on: test[0..<3] layer: 1 at: \(a)) == (hidden r on: test[0..<3] layer: 1 at: \(b))")
                .asBoolean ?? false
        }
        // 2 7 4 3 | 1 1 0 $
        #expect(same(".predicts_chain[0]", ".separator") && same(".predicts_answer[0]", ".chain[1]"))
        #expect(same(".predicts_chain[1]", ".chain[0]"))
        #expect(!same(".input[3]", ".separator") && !same(".answer[0]", ".chain[1]") && !same(".last", ".answer[0]"))
        desk.run("hidden r on: test at: .input[4]")
        #expect(desk.messages.count == 1, "the separator is no token of the question")
        desk.run("step")
        #expect(same(".predicts_chain[1]", ".separator") && same(".predicts_answer[0]", ".chain[1]"))
        desk.run("hidden r on: test at: .chain[0]")
        #expect(desk.messages.count == 1)
        desk.run("step")
        #expect(same(".predicts_answer[0]", ".separator"))
    }

    @Test func `every position is called by what stands there at each stage`() throws {
        let desk = Desk.withRun()
        let experiment = try #require(desk.value("r").asExperiments.first)
        let set = try #require(experiment.test)
        func labels() throws -> [String] {
            try ProblemsAtStage(set[0..<5], for: ModelAtStage(experiment)).everyPosition().map(\.label)
        }
        let question = (0..<4).map { ".input[\($0)]" } + [".separator"]
        #expect(try labels() == question + [".chain[0]", ".chain[1]", ".answer[0]", ".last"])
        desk.run("step")
        #expect(try labels() == question + [".chain[1]", ".answer[0]", ".last"])
        desk.run("step")
        #expect(try labels() == question + [".answer[0]", ".last"])
    }

    @Test func `the tokens of a problem are those that are left, with the positions that they had`() {
        let desk = Desk.withRun()
        desk.run("let p = gen .parity of: [2, 7, 4, 3]")
        func column(_ name: String, _ removed: Int) -> String {
            desk.value("(tokens p[0] removed: \(removed)).\(name)").text
        }
        #expect(column("token", 0) == "[\"2\", \"7\", \"4\", \"3\", \"|\", \"1\", \"1\", \"0\", \"$\"]")
        #expect(column("token", 1) == "[\"2\", \"7\", \"4\", \"3\", \"|\", \"1\", \"0\", \"$\"]")
        #expect(column("position", 0) == "[0, 1, 2, 3, 4, 5, 6, 7, 8]")
        // The separator predicts what comes next, so its position is that of the last token that is gone, but for
        // .original, which leaves it where it was.
        for (rule, positions) in [
            ("kept", "[0, 1, 2, 3, 5, 6, 7, 8]"), ("original", "[0, 1, 2, 3, 4, 6, 7, 8]"),
            ("shifted", "[0, 1, 2, 3, 4, 5, 6, 7]"),
        ] {
            desk.run("schedule positions: .\(rule)")
            #expect(column("position", 1) == positions, "\(rule)")
        }
        #expect(desk.value("length(tokens(p[0], removed: 2))").asInteger == 7)
        desk.run("step")
        #expect(desk.value("length(tokens(p[0]))").asInteger == 8)
    }

    // MARK: - Problems

    @Test(arguments: [
        ("gen .mult of: [12, 34]", "12 × 34 = 408"), ("gen .tree of: [12, 34]", "12 × 34 = 408"),
        ("gen .mult of: [3, 345]", "3 × 345 = 1035"),
    ])
    func `one problem is made of the numbers that are given`(_ line: String, _ headline: String) {
        let desk = Desk()
        desk.run("show (\(line))[0]")
        #expect(desk.lines.first == headline, "\(desk.messages)")
    }

    @Test(arguments: [
        ("gen .modsum of: [9, 8]", "7"), ("gen .modsum of: [9, 8] modulus: 5", "2"), ("gen .parity of: [9, 8]", "1"),
        ("gen .add of: [95, 17] order: .most_first", "1 1 2"), ("gen .add of: [95, 17]", "2 1 1"),
    ])
    func `the answer is that of the numbers, in the order that is asked for`(_ line: String, _ answer: String) {
        let desk = Desk()
        desk.run("let p = \(line)")
        #expect(desk.value("p[0].answer").asText == answer, "\(desk.messages)")
        #expect(desk.value("length(p)").asInteger == 1)
    }

    @Test(arguments: [
        ("gen .mult digits: 3..<3", "the range of digits: is empty"),
        ("gen .parity digits: 2...3", ".parity takes one length, not a range"),
        ("gen .add of: [12, 345]", "takes two numbers of one length"),
        ("gen .mult of: [0, 5]", "takes two numbers above 0"),
        ("gen .mult of: [1, 2, 3]", "takes two numbers above 0"),
        ("gen .parity of: [12]", "takes the digits of the question"),
        ("gen .mult of: [1, 2] seed: 3", "of: gives the one problem, and seed: belongs to many"),
        ("gen .parity digits: 2 n: 101 repeat: .never", "100 different inputs"),
    ])
    func `what cannot be made is refused with what was wrong`(_ line: String, _ words: String) {
        let desk = Desk()
        desk.run(line)
        #expect(desk.messages.count == 1 && desk.messages[0].contains(words), "\(desk.messages)")
    }

    @Test func `problems apart from others share no question with them, from one set or several`() {
        let desk = Desk()
        desk.run(
            """
            let a = gen .parity digits: 2 n: 30 seed: 1
            let b = gen .parity digits: 2 n: 30 seed: 2 apart_from: a
            let c = gen .parity digits: 2 n: 40 seed: 3 apart_from: [a, b]
            let all = map a { p in p.question }
            for set in [b, c] { all = all + (map set { p in p.question }) }
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        #expect(desk.value("length(unique(all))").asInteger == 100)
    }

    @Test func `a field of a table of text is a number only where it is written as one`() {
        func value(_ text: String) -> String {
            let value = Value(field: .string(text))
            return value.typeName + " " + value.text
        }
        for (text, expected) in [
            ("1", "integer 1"), ("-3", "integer -3"), ("0", "integer 0"), ("007", "text 007"), ("00", "text 00"),
            ("1.0", "real 1.000"), ("1e3", "real 1000.0"), ("0.5", "real 0.5000"), ("", "none none"), ("x1", "text x1"),
            ("1 2", "text 1 2"), ("e", "text e"), ("-", "text -"), ("1.2.3", "text 1.2.3"), ("nan", "text nan"),
            ("99999999999999999999", "real 1.000e20"),
        ] { #expect(value(text) == expected, "\(text)") }
        #expect(Value(json: [1, 2.5, nil, true, "a", ["b": 1]]).text == "[1, 2.500, none, true, \"a\", [b: 1]]")
    }

    @Test func `files become tables with a row a line, and rows that lack a field have none there`() throws {
        try withTemporaryFolder { folder in
            let desk = Desk()
            func shown(_ name: String, _ text: String, _ more: String = "") -> String {
                let path = folder.path + "/" + name
                try? text.write(toFile: path, atomically: true, encoding: .utf8)
                desk.run("let t = read \"\(path)\" as: .table \(more)")
                return desk.messages.first ?? desk.session.value(of: "t")?.json ?? ""
            }
            #expect(
                shown("a.txt", "a\n\nb\n") == #"[{"line":1,"text":"a"},{"line":2,"text":""},{"line":3,"text":"b"}]"#
            )
            #expect(shown("b.txt", "a\nb", "limit: 1") == #"[{"line":1,"text":"a"}]"#)
            #expect(shown("c.csv", "a,b\n1,x\n,y\n") == #"[{"a":1,"b":"x"},{"a":null,"b":"y"}]"#)
            #expect(shown("c.csv", "a,b\n1,x\n,y\n", "limit: 1") == #"[{"a":1,"b":"x"}]"#)
            #expect(shown("d.tsv", "a\tb\n1\tx, y\n") == #"[{"a":1,"b":"x, y"}]"#)
            #expect(shown("e.jsonl", "{\"a\": 1}\n{\"b\": \"2\"}\n") == #"[{"a":1,"b":null},{"a":null,"b":"2"}]"#)
        }
    }

    // MARK: - Writing

    @Test func `the last ending of a name says the form, and a wrong one is told with the right ones`() throws {
        try withTemporaryFolder { folder in
            let desk = Desk()
            let base = folder.path
            func write(_ value: String, _ name: String) -> String {
                desk.run("write (\(value)) \"\(base)/\(name)\"")
                if let message = desk.messages.first { return String(message.prefix { $0 != "\n" }) }
                return (try? String(contentsOfFile: base + "/" + name, encoding: .utf8)) ?? "no text"
            }
            let table = "table([a: [1, 0.1, none]])"
            // A line with nothing in it would be no row.
            #expect(write(table, "x.tar.csv") == "a\n1\n0.1\n\"\"\n")
            #expect(write(table, "x.json") == "[{\"a\":1},{\"a\":0.1},{\"a\":null}]\n")
            #expect(write(table, "x.txt").hasSuffix("a table is written as .csv or .json, not .txt"))
            #expect(
                write(table, "folder.csv/x").hasSuffix("a table is written as .csv or .json, not without an ending"))
            #expect(write("\"hi {1}\"", "x.txt") == "hi 1" && write("\"hi\"", "none") == "hi")
            #expect(write("\"hi\"", "t.json") == "\"hi\"\n")
            #expect(write("[a: [1, 2]]", "r.json") == "{\"a\":[1,2]}\n")
            #expect(write("[1, 2]", "r.csv").hasSuffix("a list is written as .json, not .csv"))
            #expect(write("array([[1, 2]])", "a.json") == "[[1.0,2.0]]\n")
            #expect(
                write("array([1])", "a.csv").hasSuffix("an array is written as .npy or .safetensors or .json, not .csv")
            )
        }
    }

    // MARK: - Figures

    private func panels(_ desk: Desk, _ line: String) -> [Panel] {
        (desk.value(line).asObject as? FigureValue)?.figure.panels ?? []
    }

    @Test func `the cells of a heat map lie where their row and column say, and one that is missing is empty`() throws {
        let desk = Desk()
        desk.run(
            "let t = table([p: [\"b\", \"a\", \"b\"], l: [0, 0, 1], s: [1, 2, 3], w: [\"u\", \"u\", \"v\"]])")
        let panel = try #require(panels(desk, "plot t x: .p y: .l colour: .s kind: .heat").first)
        #expect(panel.x.categories == ["b", "a"] && panel.y.categories == ["0", "1"])
        #expect(panel.x.label == "p" && panel.y.label == "l")
        guard case .heatMap(let map) = panel.marks[0] else {
            Issue.record("no heat map")
            return
        }
        #expect(map.rows == 2 && map.values.count == 4 && map.label == "s")
        #expect(map.values[0] == 1 && map.values[1] == 2 && map.values[2] == 3 && map.values[3].isNaN)
        // A matrix has its rows down.
        guard case .heatMap(let matrix)? = panels(desk, "plot array([[1, 2, 3], [4, 5, 6]])").first?.marks.first else {
            Issue.record("no matrix")
            return
        }
        #expect(matrix.rows == 2 && matrix.values == [1, 2, 3, 4, 5, 6])
        desk.run("plot t x: .p y: .l kind: .heat")
        #expect(desk.messages.first?.contains("a heat map needs three columns") == true)
    }

    @Test func `columns become series: the last of numbers without y, one for each colour, a panel for each by`() throws
    {
        let desk = Desk()
        desk.run(
            "let t = table([k: [1, 2, 4, 8], v: [5, 6, none, 8], n: [\"a\", \"b\", \"a\", \"b\"], w: [9, 9, 9, 9]])")
        func lines(_ line: String) -> [[String]] {
            panels(desk, line).map { panel in
                panel.marks.map { mark in
                    switch mark {
                    case .line(let s), .points(let s), .bars(let s): "\(s.name) \(s.x) \(s.y)"
                    case .histogram(let s): "\(s.name) \(s.values)"
                    case .reference(let r): "reference \(r.label)"
                    default: "other"
                    }
                }
            }
        }
        #expect(lines("plot t") == [[" [0.0, 1.0, 2.0, 3.0] [9.0, 9.0, 9.0, 9.0]"]])
        #expect(lines("plot t x: .k y: .v") == [[" [1.0, 2.0, 4.0, 8.0] [5.0, 6.0, nan, 8.0]"]])
        #expect(
            lines("plot t x: .k y: .v colour: .n") == [["a [1.0, 4.0] [5.0, nan]", "b [2.0, 8.0] [6.0, 8.0]"]])
        #expect(lines("plot t x: .k y: .w by: .n") == [[" [1.0, 4.0] [9.0, 9.0]"], [" [2.0, 8.0] [9.0, 9.0]"]])
        #expect(
            lines("plot t x: .k y: [.v, .w]") == [
                ["v [1.0, 2.0, 4.0, 8.0] [5.0, 6.0, nan, 8.0]", "w [1.0, 2.0, 4.0, 8.0] [9.0, 9.0, 9.0, 9.0]"]
            ])
        // What is no number along stands at places of its own, in the order in which it comes.
        #expect(lines("plot t x: .n y: .w") == [[" [0.0, 1.0, 0.0, 1.0] [9.0, 9.0, 9.0, 9.0]"]])
        #expect(lines("plot [3, 1] reference: 0.5") == [[" [0.0, 1.0] [3.0, 1.0]", "reference 0.5"]])
        #expect(lines("plot [3, 1] reference: 2 reference_label: \"chance\"").first?.last == "reference chance")
        #expect(lines("plot [3, 1] kind: .histogram") == [[" [3.0, 1.0]"]])
        #expect(panels(desk, "plot t x: .k y: .v by: .n").map(\.title) == ["n a", "n b"])
        let labelled = try #require(panels(desk, "plot t x: .k y: .v").first)
        #expect(labelled.x.label == "k" && labelled.y.label == "v")
        #expect(panels(desk, "plot t y: .v").first?.x.label == "row")
        #expect(panels(desk, "plot [1, 2] limits: [0, 5]").first?.y.limits == 0...5)
        #expect(panels(desk, "plot [1, 2] limits: [5, 0]").first?.y.limits == nil)
        #expect(panels(desk, "plot [1, 2] log_y: true").first?.y.scale == .log)
        #expect(panels(desk, "plot [1, 2] log_y: true").first?.x.scale == .linear)
        desk.run("plot t y: .n")
        #expect(desk.messages.first?.contains("column .n holds no numbers") == true)
    }

    @Test func `positions on an axis are shortened only where all of them can be`() {
        let found = ShortLabels.short([".input[0]", ".separator", ".predicts_answer[1]", ".input[2]"])
        #expect(found?.labels == ["i0", "|", ">a1", "i2"])
        #expect(found?.legend == ["i .input", "| .separator", ">a .predicts_answer"])
        let indices = ShortLabels.short([".running[0]", ".running[12]"])
        #expect(indices?.labels == ["[0]", "[12]"] && indices?.legend == ["[i] .running[i]"])
        for labels in [
            [], ["a"], [".x[0]"], [".x[0]", ".y[1]"], [".x[0]", ".x"], [".input[0]", ".x[0]"], [".x[a]", ".x[b]"],
        ] {
            #expect(ShortLabels.short(labels) == nil, "\(labels)")
        }
    }

    // MARK: - Schedules and settings

    @Test(arguments: [
        ("every: 7", "next token", "every 7 steps"), ("every: 1", "next token", "every step"),
        ("order: .random seed: 3", "order", "random, seed 3"), ("pretrain_epochs: 1", "pretraining", "1 epoch"),
        ("smoothing: 3 bins: 1", "smoothing λ", "3, 1 bin"), ("per_epoch: 1.5", "next token", "1.5 for each epoch"),
        ("flat_loss: 40 most: 300", "next token", "when the loss is flat over 40 steps, most 300"),
        ("pace: .uniform", "next token", "uniform at random in each example"),
        ("pace: .manual", "next token", "by step only"), ("chunk: 3", "tokens at a time", "3"),
        ("chunk: .half", "tokens at a time", "half of what is left"), ("side: .right", "order", "right"),
        ("smoothing: 3 bins: 0", "smoothing λ", "3"), ("smoothing: 3 bins: 7", "smoothing λ", "3, 7 bins"),
        ("smoothing: 0", "smoothing λ", "none"), ("mixing: 0.25", "mixing", "25 % of the examples lose any number"),
        ("mixing: 0.25 rescue_mixing: 0.5", "mixing", "25 % of the examples lose any number; after a rescue 50 %"),
        ("mixing: 0 rescue_mixing: 0.5", "mixing", "none; after a rescue 50 % of the examples lose any number"),
        ("mixing: 0.5 rescue_mixing: 0.25", "mixing", "50 % of the examples lose any number"),
        ("reset_optimizer: false", "optimizer reset", "never"), ("reset_optimizer: .none", "optimizer reset", "never"),
        (
            "reset_optimizer: .second_moments warmup: 5 reset_rule: .reference", "optimizer reset",
            "second moments, rule .reference, warm-up 5 steps"
        ),
        ("reset_optimizer: true warmup: 6 reset_rule: .fixed", "optimizer reset", "all, rule .fixed, warm-up 6 steps"),
        ("all_beyond: 0", "all at once beyond", "0 removed"), ("all_beyond: -1", "all at once beyond", "never"),
        ("max_length: 0", "longest sequence", "no limit"),
        ("max_length: 9", "longest sequence", "9 tokens, rule .fixed"),
        ("positions: .shifted", "positions", "shifted"), ("start_from: 2", "starts with", "2 removed"),
        ("pretrain_epochs: 3", "pretraining", "3 epochs"), ("per_epoch: 8 counting: .paper", "counting", ".paper"),
    ])
    func `a switch of the schedule says what it is set to`(_ labels: String, _ row: String, _ value: String) {
        let desk = Self.small()
        #expect(desk.run("schedule \(labels)") == .finished, "\(desk.messages)")
        desk.run("schedule")
        let lines = desk.lines.filter { $0.hasPrefix(row + " ") }
        #expect(lines.count == 1 && lines[0].dropFirst(row.count).drop { $0 == " " } == value, "\(lines)")
    }

    @Test(arguments: [
        ("adaptive: 0.9 every: 5", "adaptive: and every: each say when the next token goes"),
        ("side: .left order: .random", "side: and order: both say which tokens go first"),
        ("every: 5 first: 0.9", "first: belongs to an adaptive schedule"),
        ("flat_loss: 5 least: 9", "least: belongs to an adaptive schedule"),
        ("start_from: 3", "start_from: 3 tokens cannot be gone: the longest chain has 2"),
    ])
    func `switches that contradict each other are refused`(_ labels: String, _ words: String) {
        let desk = Self.small()
        desk.run("schedule \(labels)")
        #expect(desk.messages.count == 1 && desk.messages[0].contains(words), "\(desk.messages)")
    }

    @Test func `a run says with which settings it goes on`() {
        let desk = Desk.withRun()
        func shown(_ labels: String) -> String {
            desk.run("let s = start m on: data test: test \(labels)\nshow s")
            return desk.text
        }
        let plain = shown("batch: 32")
        #expect(
            plain.contains(
                "AdamW (0.9, 0.999), weight decay 0.01, clip 1, warm-up 50, decay over 1,000 once the chain is gone"))
        // 4,000 problems, a tenth of them set aside for validation: 3,600 in batches of 32 are 112 and a rest.
        #expect(plain.contains("112 batches in a pass over 3,600 problems, what is left over waits"))
        #expect(plain.contains("test       200 problems, for every accuracy"))
        #expect(plain.contains("validation 400 problems, for until: and stopping"))
        let other = shown("batch: 32 clip: 0 decay: 0 beta1: 0.8 warmup: 3 shuffle: false partial_batch: true")
        #expect(other.contains("AdamW (0.8, 0.999), weight decay 0.01, no clipping, warm-up 3\n"))
        #expect(other.contains("113 batches in a pass over 3,600 problems, a partial one at its end, never shuffled"))
        #expect(shown("batch: 32 accumulate: 2").contains(", 2 batches a step, rule .fixed\n"))
        #expect(!other.contains("decay over"))
    }

    @Test func `another seed is another order, given alone or with it, and is shown`() {
        let desk = Self.small()
        desk.run("schedule order: .random")
        #expect(desk.lines.map { $0.split(separator: " ").joined(separator: " ") } == ["order random, seed 1"])
        desk.run("schedule order: .random seed: 2")
        #expect(desk.text.contains("random, seed 2"), "\(desk.lines)")
        desk.run("schedule seed: 3")
        #expect(desk.text.contains("random, seed 3"), "\(desk.lines)")
        desk.run("schedule order: .random seed: 3")
        #expect(desk.lines == ["the schedule was that already"])
    }

    @Test func `the help of most tells how little it is without it, as the schedule does`() {
        let desk = Self.small()
        // The chains have two tokens, so 500 for each would be less.
        #expect(desk.run("schedule") == .finished && desk.text.contains("most 2000, then"), "\(desk.lines)")
        let help = desk.session.context.signatures["schedule"]?.parameter(labelled: "most")?.summary
        #expect(help?.contains("2,000 at least") == true)
    }

    @Test func `a learning rate below zero is sent above it, not to the least of all numbers`() {
        let desk = Self.small()
        desk.run("train steps: 1 lr: -0.5")
        #expect(desk.messages.count == 1 && desk.messages[0].contains("above 0 and at most 10"), "\(desk.messages)")
        #expect(desk.messages.first?.contains("nearest") == false && desk.messages.first?.contains("e-324") == false)
    }

    @Test func `step goes to so many removed, however many stages lie between and wherever lines part`() {
        let desk = Self.small()
        desk.run("step\nbranch \"again\"\nstep")
        #expect(desk.value("(timeline).removed").text == "[0, 1, 1, 2]")
        desk.run("step to: 0")
        #expect(desk.lines.first?.hasPrefix("back at removed 0 of 2") == true, "\(desk.lines + desk.messages)")
        desk.run("step to: 2")
        #expect(desk.value("r.removed").asInteger == 2)
        desk.run("step to: 1")
        #expect(desk.value("r.removed").asInteger == 1)
    }

    @Test func `a number of tokens that no stage has is answered with those that there are`() {
        let desk = Desk()
        desk.run(
            """
            let data = gen .parity digits: 7 n: 40
            let r = start (model .gpt2 width: 8 heads: 1 layers: 1 positions: 48) on: data batch: 8
            schedule every: 1 chunk: 3
            internalize final: 0
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        #expect(desk.value("(timeline).removed").text == "[0, 3, 5]")
        desk.run("step to: 2")
        #expect(desk.messages.first?.contains("no stage before this one has 2 removed") == true, "\(desk.messages)")
        #expect(desk.messages.first?.contains("there are 0, 3, 5") == true, "\(desk.messages)")
        desk.run("step to: 3")
        #expect(desk.value("r.removed").asInteger == 3)
        desk.run("step to: 0")
        #expect(desk.value("r.removed").asInteger == 0)
    }

    @Test func `one is told in the singular`() {
        let desk = Self.small()
        desk.run("step\nback 3")
        #expect(desk.messages.first?.contains("only 1 stage lies before this one") == true, "\(desk.messages)")
        desk.run("step 3")
        #expect(desk.messages.first?.contains("only 1 token of the chain is left") == true, "\(desk.messages)")
        desk.run("let a = array([1])\na[0, 0]")
        let said = desk.messages.first ?? ""
        #expect(said.contains("takes at most 1 position") && !said.contains("1 positions"), "\(said)")
        #expect(said.contains("it has 1 axis"), "\(said)")
    }

    @Test func `going back tells where it goes and what there is`() {
        let desk = Desk.withRun()
        desk.run("back")
        #expect(desk.messages.first?.contains("this is the first stage of the run") == true)
        desk.run("train steps: 2\nmark \"here\"\nstep\ntrain steps: 3\nstep")
        #expect(
            desk.value("(timeline).removed").text == "[0, 1, 2]" && desk.value("(timeline).steps").text == "[2, 3, 0]")
        #expect(desk.value("(timeline).at").text == "[\"\", \"\", \"◂\"]")
        #expect(desk.value("(timeline).marks").text == "[\"here\", \"\", \"\"]")
        desk.run("back 5")
        #expect(desk.messages.first?.contains("only 2 stages lie before this one") == true)
        desk.run("back to: 7")
        #expect(desk.messages.first?.contains("there are 0, 1, 2") == true, "\(desk.messages)")
        desk.run("back to: \"there\"")
        #expect(desk.messages.first?.contains("there are \"here\"") == true)
        desk.run("back")
        #expect(desk.lines.first?.hasPrefix("back at removed 1 of 2, step 5") == true, "\(desk.lines)")
        #expect(desk.value("r.removed").asInteger == 1 && desk.value("r.steps").asInteger == 5)
        desk.run("back to: \"here\"")
        #expect(desk.lines.first?.hasPrefix("\"here\": removed 0 of 2, step 2") == true, "\(desk.lines)")
        #expect(desk.value("r.steps").asInteger == 2)
    }

    // MARK: - Pages

    /// The content of a page, as its scripts read it.
    private func content(_ html: String) throws -> JSONValue {
        let start = try #require(html.range(of: "id=\"content\""))
        let open = try #require(html.range(of: ">", range: start.upperBound..<html.endIndex))
        let end = try #require(html.range(of: "</script>", range: open.upperBound..<html.endIndex))
        return try JSONReader.read(Array(html[open.upperBound..<end.lowerBound].utf8), path: "content")
    }

    @Test func `runs beside a page's own are shown as they ended, and named by what they do without`() throws {
        let desk = Desk()
        desk.run(
            """
            let test = gen .parity digits: 4 n: 20 seed: 7
            let data = gen .parity digits: 4 n: 400 apart_from: test
            let m = model .gpt2 width: 16 heads: 2 positions: 32
            let r = start m on: data test: test batch: 32
            train steps: 1
            step
            train steps: 1
            let bare = control r kind: .no_cot steps: 1
            let all = control r kind: .explicit steps: 1
            let p = page(r, beside: [bare, all, r], probes: false)
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        let page = try #require(desk.session.value(of: "p")?.asObject as? PageValue)
        let runs = try content(page.html)["runs"]?.array ?? []
        #expect(runs.map { $0["role"]?.string } == ["internalized", "no_cot", "explicit", "other"])
        #expect(
            runs.map { $0["stages"]?.array?.compactMap { $0["removed"]?.integer } ?? [] } == [[0, 1], [2], [0], [1]])
        let code = try content(page.html)["code"]
        #expect(code == "float32")
        #expect(desk.value("p.stages").asInteger == 2)
        desk.run("let q = page(r, stages: [1], probes: false)")
        let only = try #require(desk.session.value(of: "q")?.asObject as? PageValue)
        let shown = try content(only.html)["runs"]?.array?.first?["stages"]?.array?.count
        #expect(shown == 1)
        desk.run("page(r, stages: [2])")
        #expect(desk.messages.first?.contains("there are 0, 1") == true, "\(desk.messages)")
    }

    @Test func `a page counts its weights as they are written, four characters for three bytes`() throws {
        let desk = Desk()
        // Two stages of about 104,000 weights of four bytes are 0.83 MB; in base64 they are 1.11.
        desk.run(
            """
            let data = gen .parity digits: 4 n: 40
            let m = model .gpt2 width: 64 heads: 2 layers: 2 positions: 32
            let r = start m on: data batch: 8
            train steps: 1
            step
            train steps: 1
            let p = page(r, probes: false)
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        let count = desk.value("p.weights").asInteger ?? 0
        #expect(8 * count + 112_000 < 1_000_000 && 8 * count * 4 / 3 > 1_000_000, "\(count)")
        #expect(desk.value("p.code").asText == "half")
    }

    @Test func `a page says of how many problems it has, and how many of them are written the same`() {
        let desk = Self.small()
        desk.run("train steps: 1\npage(r, probes: false, weights: .half)")
        #expect(desk.text.contains(" of 40 problems are written the same at every stage"), "\(desk.text)")
    }

    // MARK: - Training, controls, problems, folders

    @Test(arguments: [
        ("train lr: 0.5", "how long?"), ("train steps: 2 epochs: 1 lr: 0.5", "steps: and epochs: both say how long"),
        ("train until: 0.9 lr: 0.5", "the run has no validation problems to decide by when to stop"),
        ("internalize lr: 0.5", "the schedule is by step only"),
    ])
    func `training that is refused says why`(_ line: String, _ words: String) {
        let desk = Self.small()
        desk.run("schedule pace: .manual")
        desk.run(line)
        #expect(desk.messages.count == 1 && desk.messages[0].contains(words), "\(desk.messages)")
        #expect(desk.value("r.steps").asInteger == 0)
    }

    @Test(arguments: [
        "train lr: 0.5", "train steps: 2 epochs: 1 lr: 0.5", "train until: 0.9 lr: 0.5", "internalize lr: 0.5",
    ])
    func `training that is refused does not change the rate`(_ line: String) {
        let desk = Self.small()
        desk.run("schedule pace: .manual")
        desk.run(line)
        #expect(desk.messages.count == 1 && desk.value("r.learning_rate").text == "0.002000")
    }

    @Test func `another rate holds from then on, and a run tells its numbers by name`() {
        let desk = Self.small()
        desk.run("schedule smoothing: 0\ntrain steps: 2 lr: 0.001")
        #expect(desk.value("r.learning_rate").text == "0.001000" && desk.value("r.steps").asInteger == 2)
        desk.run("train epochs: 1\nstep")
        #expect(desk.value("r.learning_rate").text == "0.001000" && desk.value("r.steps").asInteger == 7)
        #expect(desk.value("r.batch").asInteger == 8 && desk.value("r.chain").asInteger == 2)
        #expect(desk.value("r.removed").asInteger == 1 && desk.value("r.stages").asInteger == 2)
        // Nine tokens a problem, eight problems a step.
        #expect(desk.value("r.tokens").asInteger == 7 * 8 * 9)
        #expect(desk.value("r.spent").text == "[updates: 7, tokens: 504, resets: 1]")
        #expect(desk.value("r.test").isNone && desk.value("length(r.data)").asInteger == 40)
        desk.run("back\ntrain steps: 1")
        #expect(desk.value("r.steps").asInteger == 8 && desk.value("r.spent.updates").asInteger == 8)
    }

    @Test func `a control tells what both have cost, what was gone back from included`() {
        let desk = Self.small()
        desk.run(
            "schedule smoothing: 0\ntrain steps: 3\nmark \"a\"\ntrain steps: 2\nback to: \"a\"\ntrain steps: 1\n"
                + "let c = control r kind: .explicit"
        )
        #expect(
            desk.lines.contains(
                "  6 updates beside the run's 6 (2 of them gone back from), 432 tokens beside the run's 432"),
            "\(desk.lines)")
        #expect(desk.value("c.steps").asInteger == 6 && desk.value("c.name").text == "Explicit CoT")
        desk.run("let d = control r kind: .explicit steps: 2")
        #expect(desk.value("d.steps").asInteger == 2 && desk.value("d.name").text == "Explicit CoT 2")
        #expect(desk.lines.contains { $0.hasPrefix("Explicit CoT 2: 2 steps, ") }, "\(desk.lines)")
        desk.run("control r match: .tokens steps: 2")
        #expect(desk.messages.first?.contains("each say how long it is trained") == true, "\(desk.messages)")
    }

    @Test func `problems show five and count the others, and are equal with equal contents`() {
        let desk = Desk()
        desk.run("let p = gen .parity digits: 3 n: 7 seed: 2\nshow p")
        #expect(desk.lines.count == 7 && desk.lines[0] == "7 problems of parity 3" && desk.lines[6] == "  … 2 more")
        desk.run("show p[0..<5]")
        #expect(desk.lines.count == 6)
        desk.run("show (gen .parity digits: 2 n: 101)")
        #expect(desk.lines.first == "101 problems of parity 2, some more than once")
        #expect(desk.value("p == (gen .parity digits: 3 n: 7 seed: 2)").asBoolean == true)
        #expect(desk.value("p == (gen .parity digits: 3 n: 7 seed: 3)").asBoolean == false)
        #expect(desk.value("p == p[0..<6]").asBoolean == false)
        #expect(desk.value("p[1..<3][0] == p[1]").asBoolean == true && desk.value("p[1] == p[2]").asBoolean == false)
        #expect(desk.value("(filter p where .question == p[4].question)[0] == p[4]").asBoolean == true)
    }

    @Test func `a folder's entries are named by what icot can do with them, in order, without hidden ones`() throws {
        try withTemporaryFolder { folder in
            let base = folder.path
            for name in ["run", "model", "both", "plain"] {
                try FileManager.default.createDirectory(atPath: base + "/" + name, withIntermediateDirectories: true)
            }
            for (name, text) in [
                ("run/run.json", "{}"), ("model/config.json", "{}"), ("both/run.json", "{}"),
                ("both/config.json", "{}"),
                ("n.icot", "12345"), ("a.txt", "123"), (".hidden", "1"),
            ] { try text.write(toFile: base + "/" + name, atomically: true, encoding: .utf8) }
            try FileManager.default.createSymbolicLink(atPath: base + "/link", withDestinationPath: base + "/a.txt")
            let desk = Desk()
            desk.run("let t = ls(\"\(base)\")")
            #expect(desk.value("t.name").text == #"["a.txt", "both", "link", "model", "n.icot", "plain", "run"]"#)
            #expect(desk.value("t.kind").text == #"["file", "run", "link", "model", "notebook", "folder", "run"]"#)
            #expect(desk.value("t.size").text == "[3, none, none, none, 5, none, none]")
            desk.run("ls(\"\(base)/a.txt\")")
            #expect(desk.messages.first?.contains("is no folder") == true)
            desk.run("ls(\"\(base)/plan\")")
            #expect(desk.messages.first?.contains("did you mean \"\(base)/plain\"?") == true, "\(desk.messages)")
            desk.run("shell(\"exit 3\")")
            #expect(desk.messages.first?.contains("the program ended with status 3") == true)
            desk.run("shell(\"kill -9 $$\")")
            #expect(desk.messages.first?.contains("the program was ended by signal 9") == true)
        }
    }
}
