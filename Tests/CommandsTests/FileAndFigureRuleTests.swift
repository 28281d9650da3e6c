// Rules of problems, files, figures and pages: what is made of which text, in what form it is written, and what a page
// of a run holds.

import Experiments
import Foundation
import Glibc
import Internalization
import Language
import Plotting
import Support
import TestSupport
import Testing

@testable import Commands

@Suite struct FileAndFigureRuleTests {
    // MARK: - Problems

    @Test func `an input comes twice only when there are too few, or where each is drawn freely`() {
        let desk = Desk()
        func different(_ labels: String) -> Int {
            desk.value("length(unique((map (gen .parity digits: 2 n: 100 \(labels)) { p in p.question })))").asInteger
                ?? 0
        }
        #expect(different("repeat: .when_needed") == 100 && different("repeat: .never") == 100, "\(desk.messages)")
        // Of a hundred inputs a hundred draws leave about 1/e out.
        #expect((50...80).contains(different("repeat: .always")))
    }

    @Test func `a range of digits mixes lengths up to its end, and padding makes them look alike`() {
        let desk = Desk()
        func lengths(_ labels: String) -> [Int] {
            let questions = desk.value("map (gen .mult \(labels) n: 60) { p in p.question }").asList ?? []
            return Set(questions.compactMap { $0.asText?.count }).sorted()
        }
        // As in 3 * 4 and 0 1 * 9 8.
        #expect(lengths("digits: 1...2") == [5, 9], "\(desk.messages)")
        #expect(lengths("digits: 1...2 padded: true") == [9] && lengths("digits: 1...3") == [5, 9, 13])
        #expect(
            desk.value("(gen .mult digits: 1..<3 n: 60) == (gen .mult digits: 1...2 n: 60)").asBoolean == true)
        #expect(desk.value("(gen .mult digits: 1...3 n: 60) == (gen .mult digits: 1...2 n: 60)").asBoolean == false)
    }

    @Test func `a sum is taken to the modulus that is given, and a tree is another chain than partial products`() {
        let desk = Desk()
        desk.run("let p = map (gen .modsum digits: 4 n: 60 modulus: 5) { p in integer(p.answer) }")
        #expect(desk.value("min(p)").asInteger == 0 && desk.value("max(p)").asInteger == 4, "\(desk.messages)")
        desk.run("let a = gen .mult of: [1234, 5678]\nlet b = gen .tree of: [1234, 5678]")
        #expect(desk.value("a[0].answer == b[0].answer and a[0].question == b[0].question").asBoolean == true)
        #expect(desk.value("a[0].chain == b[0].chain").asBoolean == false)
        desk.run("let c = gen .mult digits: 4 n: 3\nlet d = gen .tree digits: 4 n: 3")
        #expect(desk.value("c[0].question == d[0].question and c[0].chain != d[0].chain").asBoolean == true)
    }

    @Test func `spaces and ends of lines in a token can be seen`() {
        let shown = ["a", " a", " ", "  ", "\n", " \n", "a b", ""].map(ProblemDisplay.shown)
        #expect(shown == ["a", "a", "␣", "␣", "⏎", "⏎", "a b", ""])
    }

    @Test func `a problem is written question, chain, answer, and without a chain without its arrow`() {
        let desk = Desk()
        desk.run(
            "let a = problems({ i in [question: \"1 2\", chain: \"3\", answer: \"4\"] }, n: 1)\n"
                + "let b = problems({ i in [question: \"1 2\", answer: \"4\"] }, n: 1)")
        #expect(desk.value("a[0]").text == "1 2 → 3 → 4" && desk.value("b[0]").text == "1 2 → 4")
        #expect(desk.value("a[0]").json == #"{"question":"1 2","chain":"3","answer":"4"}"#)
    }

    @Test func `the tokens of a problem are those of its text`() {
        let desk = Desk()
        desk.run("let m = model .gpt2 width: 8 heads: 1\nlet p = gen .parity of: [2, 7, 4, 3]")
        #expect(
            desk.value("(tokens p[0] model: m).id").text == desk.value("(tokenize m \"2743|110$\").id").text,
            "\(desk.messages)")
        #expect(desk.value("length((tokens p[0] model: m).id)").asInteger == 9)
    }

    @Test func `a function of one's own is asked twenty times as often as wanted and a thousand times more`() {
        let desk = Desk()
        desk.run("problems({ i in [question: \"{i % 3}\", answer: \"1\"] }, n: 4, distinct: true)")
        // 20 · 4 + 1000
        #expect(
            desk.messages.first?.contains("only 3 of 4 problems differ enough after 1,080 calls") == true,
            "\(desk.messages)")
        desk.run("problems({ i in [question: \"1\", answer: \"1\"] }, n: 4, distinct: true)")
        #expect(desk.messages.first?.contains("only 1 of 4 problems differs enough") == true, "\(desk.messages)")
    }

    // MARK: - Reading

    /// What a session says of a file with a text, and the value `t` that it made of it.
    private func read(_ name: String, _ text: String, _ more: String = "") throws -> (desk: Desk, said: String) {
        let desk = Desk()
        try withTemporaryFolder { folder in
            let path = folder.appending(path: name)
            try Data(text.utf8).write(to: path)
            desk.run("let t = read \"\(path.path)\" \(more)")
        }
        return (desk, desk.messages.first ?? desk.text)
    }

    @Test func `malformed lines are left out where the published code's rules are asked for, and how many is said`()
        throws
    {
        let text = "1 2||3 #### 3\nno problem\nnor this\n2 2||4 #### 4\n"
        let lenient = try read("a.txt", text, "rules: .reference")
        #expect(lenient.said.hasPrefix("2 lines that are no problems left out"), "\(lenient.said)")
        #expect(lenient.desk.value("length(t)").asInteger == 2)
        #expect(lenient.desk.value("t[1].answer").asText == "4")
        let strict = try read("a.txt", text)
        #expect(strict.desk.codes == [.fileMalformed])
        let one = try read("a.txt", "1 2||3 #### 3\nno problem\n2 2||4 #### 4\n", "rules: .reference")
        #expect(one.said.hasPrefix("1 line that is no problem left out"), "\(one.said)")
    }

    @Test func `a sign ends the steps of chains that are read, of rows and of lines, unless they are known`() throws {
        let start = "\nlet r = start (model .gpt2 width: 8 heads: 1 vocab: t) on: t batch: 1\nschedule order: .steps"
        for (name, text) in [
            ("a.txt", "1||2 ; 3 4 ; 5 #### 5\n"),
            ("a.jsonl", #"{"question": "1", "chain": "2 ; 3 4 ; 5", "answer": "5"}"# + "\n"),
        ] {
            let found = try read(name, text, "steps: \";\"")
            #expect(found.said.isEmpty, "\(name): \(found.said)")
            found.desk.run(String(start.dropFirst()))
            #expect(found.desk.value("r.chain").asInteger == 3, "\(name): \(found.desk.messages)")
        }
        try withTemporaryFolder { folder in
            let desk = Desk()
            desk.run("write (gen .mult digits: 2 n: 9) \"\(folder.path)/a.txt\"")
            desk.run("read \"\(folder.path)/a.txt\" steps: \";\"")
            #expect(
                desk.messages.first?.contains("the problems are mult 2×2, and the steps of their chains are known")
                    == true, "\(desk.messages)")
        }
    }

    @Test func `of a solution in words the chain is all of it, or its calculations where these are asked for`() throws {
        let text = #"{"question": "q", "solution": "So <<1+1=2>>2 come.\nThen <<2*3=6>>6.", "answer": "6"}"# + "\n"
        let whole = try read("a.jsonl", text)
        let chain = whole.desk.value("t[0].chain").asText ?? ""
        #expect(chain.contains("come") && chain.contains("Then"), "\(chain) \(whole.said)")
        let calculations = try read("a.jsonl", text, "solution: .calculations")
        #expect(
            calculations.desk.value("t[0].chain").asText == "<<1+1=2>> <<2*3=6>>", "\(calculations.said)")
    }

    @Test func `no more rows are read than so many`() throws {
        let rows = #"{"question": "1", "answer": "2"}"# + "\n" + #"{"question": "3", "answer": "4"}"# + "\n"
        let one = try read("a.jsonl", rows, "limit: 1"), both = try read("a.jsonl", rows, "limit: 2")
        #expect(one.desk.value("length(t)").asInteger == 1 && both.desk.value("length(t)").asInteger == 2)
        let list = #"[{"question": "1", "answer": "2"}, {"question": "3", "answer": "4"}]"#
        let array = try read("a.json", list, "limit: 1")
        #expect(array.desk.value("map t { p in p.answer }").text == #"["2"]"#, "\(array.said)")
    }

    @Test func `fields that can be no facts are named`() throws {
        let found = try read("a.jsonl", #"{"question": "1", "answer": "2", "odd": {"a": 1}, "even": 4}"# + "\n")
        #expect(found.said == "no facts, for they hold neither whole numbers nor texts: odd")
        #expect(found.desk.value("t[0].even").asInteger == 4)
    }

    @Test func `fields of JSON keep their kinds, those of other tables are numbers where they are written as such`()
        throws
    {
        for name in ["a.jsonl", "a.ndjson"] {
            let found = try read(name, #"{"a": "1", "b": 1}"# + "\n", "as: .table")
            #expect(found.desk.value("t").json == #"[{"a":"1","b":1}]"#, "\(name): \(found.said)")
        }
        let json = try read("a.JSON", #"[{"a": "1"}, {"a": "2"}]"#, "as: .table")
        #expect(json.desk.value("t").json == #"[{"a":"1"},{"a":"2"}]"#, "\(json.said)")
        let csv = try read("a.CSV", "a,b\n\"1\",x\n", "as: .table")
        #expect(csv.desk.value("t").json == #"[{"a":1,"b":"x"}]"#, "\(csv.said)")
    }

    @Test func `an empty file is an empty text, and bytes that are none are refused`() throws {
        let empty = try read("a.txt", "", "as: .text")
        #expect(empty.said.isEmpty && empty.desk.value("t").asText == "", "\(empty.said)")
        try withTemporaryFolder { folder in
            let path = folder.path + "/a.txt"
            try Data([0x61, 0xFF, 0x62]).write(to: URL(filePath: path))
            let desk = Desk()
            desk.run("read \"\(path)\" as: .text")
            #expect(desk.messages.first?.contains("is not UTF-8 text") == true, "\(desk.messages)")
        }
    }

    @Test func `whole numbers of an array are whole numbers of a table`() throws {
        try withTemporaryFolder { folder in
            var header = "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 2), }"
            while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
            header += "\n"
            var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0])
            data += [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)] + Array(header.utf8)
            for value in [7, -2, 3, 4] as [Int32] { withUnsafeBytes(of: value.littleEndian) { data += $0 } }
            let path = folder.path + "/a.npy"
            try data.write(to: URL(filePath: path))
            let desk = Desk()
            desk.run("let t = read \"\(path)\" as: .table")
            #expect(desk.value("t").json == #"[{"x1":7,"x2":-2},{"x1":3,"x2":4}]"#, "\(desk.messages)")
        }
    }

    // MARK: - Writing

    @Test func `text is written as it is, and as JSON where the ending says so`() throws {
        try withTemporaryFolder { folder in
            let desk = Desk()
            func written(_ value: String, _ name: String) -> String {
                desk.run("write (\(value)) \"\(folder.path)/\(name)\"")
                return (try? String(contentsOfFile: folder.path + "/" + name, encoding: .utf8)) ?? "\(desk.messages)"
            }
            #expect(written("\"hi\"", "a.json") == "\"hi\"\n" && written("\"hi\"", "a.html") == "hi")
            #expect(written("[a: 1, b: none]", "b.JSON") == "{\"a\":1,\"b\":null}\n")
            #expect(written("table([a: [1], b: [true]])", "c.CSV") == "a,b\n1,true\n")
        }
    }

    @Test func `a folder with weights alone is a model that somebody keeps`() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                atPath: folder.path + "/kept", withIntermediateDirectories: true)
            try Data("x".utf8).write(to: folder.appending(path: "kept/model.safetensors"))
            let desk = Desk()
            desk.run("write (model .gpt2 width: 8 heads: 1 positions: 8) \"\(folder.path)/kept\"")
            #expect(desk.messages.first?.contains("is there already, and icot did not write it") == true)
            #expect(FileSystem.names(in: folder.path + "/kept") == ["model.safetensors"])
        }
    }

    @Test func `of a run that is written the model is as it has been trained`() throws {
        try withTemporaryFolder { folder in
            let desk = Desk()
            desk.run(
                """
                let data = gen .parity digits: 4 n: 40
                let r = start (model .gpt2 width: 8 heads: 1 layers: 1 positions: 32) on: data batch: 8
                train steps: 2
                write r "\(folder.path)/m"
                let n = load "\(folder.path)/m"
                """)
            #expect(desk.value("(hash n) == (hash r)").asBoolean == true, "\(desk.messages)")
        }
    }

    @Test func `what a program prints is shown, and a session knows what its numbers are computed with`() {
        let desk = Desk()
        desk.run("shell(\"echo one; echo two\")")
        #expect(desk.lines.joined(separator: "\n").hasPrefix("one\ntwo"), "\(desk.lines)")
        #expect(desk.value("profile()").asText == EngineFacts.numericProfile)
        #expect((desk.value("elapsed()").asReal ?? -1) > 0)
    }

    @Test func `what is no file and no folder is called by what it is`() throws {
        try withTemporaryFolder { folder in
            mkfifo(folder.path + "/p", 0o600)
            try Data("# icot 1\n".utf8).write(to: folder.appending(path: "n.icot.bak"))
            let desk = Desk()
            desk.run("let t = ls(\"\(folder.path)\")")
            #expect(desk.value("t.kind").text == #"["file", "pipe"]"# && desk.value("t.size").text == "[9, none]")
        }
    }

    // MARK: - Figures

    private func figure(_ desk: Desk, _ line: String) throws -> FigureValue {
        try #require(desk.value(line).asObject as? FigureValue, "\(desk.messages)")
    }

    private func marks(_ desk: Desk, _ line: String) throws -> [String] {
        try (figure(desk, line).figure.panels.first?.marks ?? []).map { mark in
            switch mark {
            case .line: "line"
            case .points: "points"
            case .bars: "bars"
            case .histogram: "histogram"
            case .band: "band"
            case .errorBars: "error bars"
            case .heatMap(let map): "\(map.rows) × \(map.columns) \(map.values)"
            default: "other"
            }
        }
    }

    @Test func `a matrix is drawn row by row, a list as it is asked for`() throws {
        let desk = Desk()
        #expect(try marks(desk, "plot array([[1, 2, 3], [4, 5, 6]])") == ["2 × 3 [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]"])
        for kind in ["line", "points", "bars", "histogram"] {
            #expect(try marks(desk, "plot [1, 2] kind: .\(kind)") == [kind])
            #expect(try marks(desk, "plot array([1, 2]) kind: .\(kind)") == [kind])
        }
    }

    @Test func `an interval is drawn where it has two ends and there is one column to draw it about`() throws {
        let desk = Desk()
        desk.run("let t = table([k: [0, 1], v: [1, 2], w: [2, 3], l: [0, 1], h: [2, 3]])")
        let plot = "plot t x: .k"
        #expect(try marks(desk, "\(plot) y: .v low: .l high: .h") == ["band", "line"])
        #expect(try marks(desk, "\(plot) y: .v low: .l high: .h kind: .bars") == ["bars", "error bars"])
        #expect(try marks(desk, "\(plot) y: .v low: .l high: .h kind: .histogram") == ["histogram"])
        #expect(try marks(desk, "\(plot) y: .v low: .l") == ["line"])
        #expect(try marks(desk, "\(plot) y: [.v, .w] low: .l high: .h") == ["line", "line"])
    }

    @Test func `of two rows for one cell of a heat map the later one is drawn, and cells without a row stay empty`()
        throws
    {
        let desk = Desk()
        desk.run("let t = table([a: [\"x\", \"y\", \"x\"], b: [\"u\", \"v\", \"u\"], c: [1, 2, 3]])")
        #expect(
            try marks(desk, "plot t kind: .heat x: .a y: .b colour: .c") == ["2 × 2 [3.0, nan, nan, 2.0]"])
    }

    @Test(arguments: [
        ("kind: .heat x: .k y: .v", "a heat map needs three columns"), ("x: .none y: .v", "it has .k .v .n"),
        ("y: .n", "column .n holds no numbers"), ("y: [.v, .w]", "the table has no column .w"),
    ])
    func `columns that cannot be drawn are told with those that can`(_ labels: String, _ words: String) {
        let desk = Desk()
        desk.run("plot (table([k: [0, 1], v: [1, 2], n: [\"a\", \"b\"]])) \(labels)")
        #expect(desk.messages.count == 1 && desk.messages[0].contains(words), "\(desk.messages)")
    }

    @Test func `a table without numbers is not drawn, and ends of an axis that do not ascend do not count`() throws {
        let desk = Desk()
        desk.run("plot table([n: [\"a\", \"b\"]])")
        #expect(desk.messages.first?.contains("the table has no column of numbers to draw") == true)
        #expect(try figure(desk, "plot [1, 2] limits: [1, 1]").figure.panels.first?.y.limits == nil)
        #expect(try figure(desk, "plot [1, 2] limits: [1, 2, 3]").figure.panels.first?.y.limits == nil)
        #expect(try figure(desk, "plot [1, 2] limits: [0.5, 4]").figure.panels.first?.y.limits == 0.5...4)
    }

    @Test func `a figure is at most a hundred columns wide on a screen, and in a file as wide as is asked for`() throws
    {
        let desk = Desk()
        let plain = try figure(desk, "plot [1, 2, 4] height: 6"), wide = try figure(desk, "plot [1, 2, 4] width: 900")
        func widest(_ width: Int) -> Int {
            plain.display(DisplayOptions(width: width)).picture.map(\.plain.count).max() ?? 0
        }
        #expect(widest(300) == widest(100) && widest(300) <= 100 && widest(60) <= 60 && widest(60) < widest(100))
        #expect(plain.display(DisplayOptions()).svg == nil)
        #expect(plain.display(DisplayOptions(wantsSVG: true)).svg == plain.svg)
        #expect(plain.svg.contains("640") && !plain.svg.contains("900") && wide.svg.contains("900"))
        #expect(plain.height == 6 && wide.height == 15)
    }

    // MARK: - Pages

    /// A small run with or without test problems, trained for a step in each of two stages.
    private static func trained(_ tests: Bool = false, n: Int = 40, width: Int = 8) -> Desk {
        let desk = Desk()
        desk.run(
            """
            let test = gen .parity digits: 4 n: 20 seed: 7
            let data = gen .parity digits: 4 n: \(n) apart_from: test
            let m = model .gpt2 width: \(width) heads: 1 layers: 1 positions: 32
            let r = start m on: data \(tests ? "test: test" : "") batch: 8
            """)
        return desk
    }

    private func page(_ desk: Desk, _ labels: String) throws -> (html: String, content: JSONValue) {
        let value = desk.value("page(r, \(labels))")
        let html = try #require(value.asObject as? PageValue, "\(desk.messages)").html
        let start = try #require(html.range(of: "id=\"content\""))
        let open = try #require(html.range(of: ">", range: start.upperBound..<html.endIndex))
        let end = try #require(html.range(of: "</script>", range: open.upperBound..<html.endIndex))
        return (
            html, try JSONReader.read(Array(html[open.upperBound..<end.lowerBound].utf8), path: "content")
        )
    }

    @Test func `a page says whose problems it holds, how they are written and how far each stage came`() throws {
        let desk = Self.trained(true)
        desk.run("train steps: 1\nstep\ntrain steps: 2\nlet known = (timeline).accuracy")
        let content = try page(desk, "probes: false").content
        #expect(content["problemsAre"] == "held out" && content["problems"]?.array?.count == 20)
        #expect(content["taskName"] == "parity 4" && content["separator"] == "absent" && content["answerCount"] == 1)
        #expect(content["schedule"]?["order"] == "left" && content["name"] == "run")
        let first = try #require(content["problems"]?.array?.first?.array)
        #expect(first.first?.string == desk.value("test[0].question").asText)
        #expect(first.last?.string == desk.value("test[0].answer").asText)
        let run = try #require(content["runs"]?.array?.first), stages = try #require(run["stages"]?.array)
        #expect(run["updates"] == 3 && stages.map { $0["steps"]?.integer } == [1, 2])
        #expect(stages.map { $0["removed"]?.integer } == [0, 1] && stages.map { $0["of"]?.integer } == [20, 20])
        #expect(
            stages.map { $0["accuracy"]?.double } == (desk.value("known").asList ?? []).map(\.asReal), "\(stages)")
    }

    @Test func `a page of a run without test problems holds two hundred that it was trained on, and no accuracy`()
        throws
    {
        let desk = Self.trained(n: 210)
        desk.run("train steps: 1")
        let found = try page(desk, "probes: false")
        #expect(found.content["problemsAre"] == "trained on" && found.content["problems"]?.array?.count == 200)
        let stage = found.content["runs"]?.array?.first?["stages"]?.array?.first
        #expect(stage?["accuracy"] == .null && stage?["of"] == .null)
        #expect(found.html.contains("Taking the chain of thought away: parity 4"))
        #expect(try page(desk, "probes: false, title: \"My own page\"").html.contains("My own page"))
    }

    @Test func `a page tells its stages, its size and how its weights are kept`() {
        let desk = Self.trained()
        desk.run("train steps: 1\nlet p = page(r, probes: false)")
        let megabytes = Double(desk.value("p.bytes").asInteger ?? 0) / 1e6
        #expect(
            desk.lines.last
                == "a page of 1 stage of run, \(NumberText.fixed(megabytes, decimals: 2)) MB, "
                + "the very weights of the run",
            "\(desk.messages)")
        #expect(desk.value("[p.stages, p.code, p.same]").text == #"[1, "float32", 40]"#)
        desk.run("step\ntrain steps: 1\npage(r, probes: false, weights: .half)")
        #expect(
            desk.lines.last?.hasPrefix("a page of 2 stages of run, ") == true
                && desk.text.contains(" MB, weights in half precision: at least "), "\(desk.lines)")
    }

    @Test func `a page names the runs beside its own`() {
        let desk = Self.trained()
        desk.run("train steps: 1\nlet c = control r\nlet d = control r kind: .explicit")
        desk.run("page(r, beside: [c, d], probes: false)")
        #expect(
            desk.lines.last?.hasPrefix("a page of 1 stage of run beside No CoT and Explicit CoT, ") == true,
            "\(desk.lines) \(desk.messages)")
    }

    @Test(arguments: [
        ("probes: false, stages: []", "no stage is left to show"),
        ("probes: false, limit: 0.1, weights: .float32", "2 stages of 15,072 weights do not fit"),
        ("probes: false, limit: 0.1, weights: .float32", "do not fit into a page of 0.1 MB in float32"),
        ("probes: false, limit: 0.1, weights: .half", "do not fit into a page of 0.1 MB in half precision"),
        ("probes: false, limit: 0.1", "do not fit into a page of 0.1 MB even rounded to steps of their own size"),
        ("probes: false, limit: 0.1", "weights: .half, or allow more, limit: 1"),
        ("probes: table([removed: [0]])", "is not a table of probes over the stages of a run"),
    ])
    func `a page that cannot be is refused with what would do`(_ labels: String, _ words: String) {
        // Tokens and head 20 × 32 each, positions 32 × 32, a layer 12 · 32² + 13 · 32, the last norm 2 · 32: 15,072.
        let desk = Self.trained(width: 32)
        desk.run("train steps: 1\nstep\ntrain steps: 1\npage(r, \(labels))")
        #expect(desk.messages.count == 1 && desk.messages[0].contains(words), "\(desk.messages)")
    }

    @Test func `a page of one stage that is too large does not fit`() {
        // Twice 20 × 64, 32 × 64, 12 · 64² + 13 · 64 and 2 · 64.
        let desk = Self.trained(width: 64)
        desk.run("train steps: 1\npage(r, probes: false, limit: 0.1, weights: .float32)")
        #expect(
            desk.messages.first?.contains("1 stage of 54,720 weights does not fit into a page of 0.1 MB") == true,
            "\(desk.messages)")
    }

    @Test func `a run that was not trained, and one that is not written by characters, have no page`() {
        let desk = Self.trained()
        desk.run("page(r)")
        #expect(desk.messages.first?.contains("the run has not been trained") == true, "\(desk.messages)")
    }

    @Test func `probes that are given stand on a page with three decimals, in the words that found them`() throws {
        let desk = Self.trained()
        desk.run(
            """
            train steps: 1
            let found = table([removed: [0, 0], layer: [0, 0], position: [".separator", ".separator"], \
            target: [".running_parity[1]", ".own"], score: [0.12349, 0.5], raw: [0.98765, none], \
            nearest: ["raw", "token"], above: [true, false]])
            """)
        let probes = try #require(try page(desk, "probes: (found)").content["probes"])
        #expect(probes["line"] == "found")
        let rows = try #require(probes["rows"]?.array)
        #expect(rows.map { $0["score"]?.double } == [0.123, 0.5] && rows.map { $0["raw"]?.double } == [0.988, nil])
        #expect(rows.map { $0["nearest"]?.string } == ["raw", "token"])
        #expect(rows.map { $0["above"] } == [true, false])
        // 2 7 4 3 | 1 1 0 $: the parity of two digits is the first token of the chain.
        #expect(rows.map { $0["place"]?.integer } == [5, nil], "\(rows)")
    }

    @Test func `a page knows the tasks whose answers it can work out, and lists the problems of others`() throws {
        let desk = Desk()
        func record(_ line: String) throws -> String {
            PageTask.record(try #require(desk.value(line).asHost(ProblemsValue.self), "\(desk.messages)").set).json
        }
        #expect(try record("gen .parity digits: 4 n: 2") == #"{"kind":"digit_sum","digits":4,"modulus":2}"#)
        #expect(
            try record("gen .modsum digits: 3 modulus: 7 n: 2") == #"{"kind":"digit_sum","digits":3,"modulus":7}"#)
        let product = try record("gen .mult digits: 2 by: 1 n: 2")
        #expect(
            product.hasPrefix(
                #"{"kind":"multiplication","left":[2,2],"right":[1,1],"isSquare":false,"isPadded":false,"chain":"#),
            "\(product)")
        let square = try record("gen .mult digits: 1...2 padded: true n: 2")
        #expect(square.contains(#""left":[1,2],"right":[1,2],"isSquare":true,"isPadded":true"#), "\(square)")
        let sum = try record("gen .add digits: 3 n: 2")
        #expect(sum.hasPrefix(#"{"kind":"addition","digits":[3,3],"order":"#), "\(sum)")
        #expect(try record("gen .add digits: 3 n: 2 order: .most_first") != sum)
        #expect(
            try record("problems({ i in [question: \"{i}\", answer: \"1\"] }, n: 2)") == #"{"kind":"listed"}"#)
    }

    @Test func `a page is told which tokens are gone where their order does not say it`() throws {
        let desk = Self.trained()
        desk.run("schedule side: .right\ntrain steps: 1\nstep\ntrain steps: 1")
        let right = try page(desk, "probes: false").content
        let gone = right["runs"]?.array?.first?["stages"]?.array?.map { $0["gone"] }
        #expect(gone == [.null, .null] && right["schedule"]?["order"] == "right", "\(gone ?? [])")
        let other = Self.trained()
        other.run("schedule order: .random seed: 3\ntrain steps: 1\nstep\ntrain steps: 1\ntimeline")
        let order = try #require(other.lines.last?.components(separatedBy: "taken in the order ").last)
        let first = try #require(order.split(separator: " ").first.flatMap { Int($0) }, "\(order)")
        let stages = try page(other, "probes: false").content["runs"]?.array?.first?["stages"]?.array ?? []
        #expect(stages.map { ($0["gone"]?.array ?? []).map { $0.integer ?? -1 } } == [[], [first - 1]], "\(order)")
    }

    // MARK: - The panel

    @Test func `the panel shows how often each answer token is right and where its last layer looks`() throws {
        let desk = Self.trained(true)
        desk.run("train steps: 2\nlet rate = (eval).digits[0]")
        let run = try #require(desk.value("r").asExperiments.first)
        let rows = TrainingPanel(run).rows(losses: [2, 1]).map(\.plain)
        #expect(rows.count == 4 && rows[0] == "loss       2.00 █▁ 1.00", "\(rows)")
        let bar = Phrase.bar(desk.value("rate").asReal ?? -1)
        #expect(rows[1] == "answer     \(bar)", "\(rows)")
        let tokens = (desk.value("(tokens test[0]).token").asList ?? []).compactMap(\.asText)
        #expect(rows[2] == "attention  " + tokens.joined(separator: " "))
        // The row of the answer token, which looks at all before it and at nothing after.
        let answer = desk.value("test[0].answer").asText ?? "?"
        #expect(rows[3].hasPrefix("  \(answer)        "))
        let looks = Array(rows[3].dropFirst(11)).enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        #expect(looks.count == 9 && looks.prefix(7).allSatisfy { $0 != " " } && looks.suffix(2) == [" ", " "])
    }

    // MARK: - Prompts

    @Test func `a score has its interval and its count, also where nothing was asked`() {
        let half = PromptedFunction.score(2, of: 4)
        #expect(half.map(\.0) == ["accuracy", "low", "high", "n"])
        let numbers = half.map { $0.1.asReal ?? .nan }
        #expect(numbers[0] == 0.5 && abs(numbers[1] - 0.150) < 5e-4 && abs(numbers[2] - 0.850) < 5e-4)
        #expect(half[3].1.asInteger == 4)
        #expect(PromptedFunction.score(0, of: 0).map(\.1.text) == ["0.0000", "0.0000", "1.000", "0"])
        let desk = Desk()
        desk.run(
            "let p = gen .add digits: 1 n: 6\nprompted(model(.gpt2, width: 8, heads: 1), on: p, examples: p)")
        #expect(
            desk.messages.first?.contains("a prompt needs a model with a tokenizer for text") == true,
            "\(desk.messages)")
    }
}
