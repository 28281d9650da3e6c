// What a verb reports equals an independent count: the engine asked directly, problem by problem, or a hand-made table.

import Experiments
import Foundation
import Language
import TestSupport
import Testing
import Transformer

@testable import Commands
@testable import Internalization

extension Desk {
    /// The engine's run behind a name.
    fileprivate func engine(_ name: String) throws -> Experiment {
        try #require(session.value(of: name)?.asHost(RunValue.self)?.experiment)
    }

    fileprivate func real(_ expression: String) -> Double { value(expression).asReal ?? .nan }
    fileprivate func reals(_ expression: String) -> [Double] { value(expression).asList?.compactMap(\.asReal) ?? [] }
}

@Suite struct OracleTests {
    /// For each problem of a set whether the run, asked for it alone, writes its answer.
    private func solved(_ value: Experiment, _ set: ProblemSet, removed: Int? = nil) throws -> [Bool] {
        let encoded = try EncodedProblems(set, encoder: value.encoder)
        return try (0..<set.count).map { index in
            let solution = try Evaluator(value.run.model, encoder: value.encoder, shape: value.run.shape).solve(
                encoded, [index], removed: removed.map { .units($0) } ?? value.run.clock.removed,
                schedule: value.run.schedule)[0]
            return solution.answer == set[index].answer.filter { $0 != " " }
        }
    }

    private func share(_ right: [Bool]) -> Double { Double(right.filter { $0 }.count) / Double(right.count) }

    // MARK: Measuring

    @Test func `eval counts what solve solves, on the test problems and not on those trained on`() throws {
        let desk = Desk.withRun()
        desk.run("train steps: 60")
        let value = try desk.engine("r")
        let test = try solved(value, try #require(value.test))
        #expect(abs(desk.real("(eval).accuracy") - share(test)) < 1e-12)
        #expect(abs(desk.real("(eval test).accuracy") - share(test)) < 1e-12)
        #expect(abs(desk.real("(eval limit: 30).accuracy") - share(Array(test[..<30]))) < 1e-12)
        let some = value.data[0..<300]
        #expect(abs(desk.real("(eval data[0..<300]).accuracy") - share(try solved(value, some))) < 1e-12)
        // Half right and half wrong, or this says nothing.
        #expect((0.2...0.9).contains(share(test)))
    }

    @Test func `eval by puts each problem into the row of its key, and the rows add up to the whole`() throws {
        let desk = Desk.withRun()
        desk.run("train steps: 60\nlet whole = eval test\nlet t = eval test by .question[0]")
        let value = try desk.engine("r")
        let set = try #require(value.test)
        let right = try solved(value, set)
        let groups = Dictionary(grouping: 0..<set.count, by: { String(set[$0].question.prefix(1)) })
        let keys = groups.keys.sorted()
        #expect(keys.count > 5)
        let (counts, rates) = (desk.reals("t.n"), desk.reals("t.accuracy"))
        #expect(counts == keys.map { Double(groups[$0]!.count) })
        #expect(counts.reduce(0, +) == 200)
        for (key, rate) in zip(keys, rates) {
            #expect(abs(rate - share(groups[key]!.map { right[$0] })) < 1e-12, "\(key)")
        }
        let sum = zip(counts, rates).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(sum / 200 - desk.real("whole.accuracy")) < 1e-9)
        for key in keys {
            let accuracy = desk.real("(eval test where .question[0] == \"\(key)\").accuracy")
            #expect(abs(accuracy - share(groups[key]!.map { right[$0] })) < 1e-12)
        }
    }

    @Test func `the timeline shows before a removal what was measured then, and after it what was measured after`()
        throws
    {
        let desk = Desk.withRun()
        desk.run(
            "train until: 0.97 at_most: 1500\nlet first = (eval).accuracy\nstep\nlet second = (eval).accuracy\nstep\nlet third = (eval).accuracy"
        )
        let (first, second, third) = (desk.real("first"), desk.real("second"), desk.real("third"))
        // The model needs its chain.
        #expect(first > 0.9 && third < first - 0.2)
        #expect(desk.reals("(timeline).before").suffix(2) == [first, second])
        #expect(desk.reals("(timeline).after").suffix(2) == [second, third])
        #expect(desk.value("(timeline).before[0]").isNone && desk.value("(timeline).after[0]").isNone)
        #expect(desk.value("(timeline).removed").asList?.compactMap(\.asInteger) == [0, 1, 2])
        #expect(desk.value("(timeline).steps[1]").asInteger == 0)
    }

    @Test func `train epochs: takes the batches of so many passes, and steps: so many updates`() {
        let desk = Desk()
        desk.run(
            "let data = gen .parity digits: 4 n: 640\nlet r = start (model .gpt2 width: 8 heads: 1 layers: 1) on: data batch: 32"
        )
        var steps = 0
        for (command, more) in [
            ("epochs: 1", 20), ("epochs: 0.5", 10), ("epochs: 2", 40), ("epochs: 0.001", 1), ("steps: 7", 7),
        ] {
            #expect(desk.run("train \(command)") == .finished, "\(desk.messages)")
            steps += more
            #expect(desk.value("r.steps").asInteger == steps, "\(command)")
        }
    }

    @Test func `compare front: keeps what nothing else beats in accuracy and tokens written`() {
        struct Made: ComparedValue { let comparedRows: [ComparedRow] }
        func row(_ name: String, _ accuracy: Double?, _ written: Double?) -> ComparedRow {
            ComparedRow(run: name, removed: 0, steps: 1, loss: nil, accuracy: accuracy, written: written, seconds: 0)
        }
        let rows = [
            row("good", 0.9, 10), row("longer", 0.9, 12), row("worse", 0.8, 10), row("both", 0.7, 20),
            row("best", 0.99, 20), row("twin", 0.9, 10), row("short", 0.5, 2), row("unmeasured", nil, 1),
        ]
        func names(_ frontOnly: Bool) -> [String] {
            let table = Comparison.table(
                [Made(comparedRows: Array(rows[..<4])), Made(comparedRows: Array(rows[4...]))], frontOnly: frontOnly)
            return table["run"]?.values.compactMap(\.asText) ?? []
        }
        #expect(names(true) == ["good", "best", "twin", "short"])
        #expect(names(false) == rows.map(\.run))
    }

    // MARK: Kept runs

    @Test func `marks, removals and the separator of a kept run are there when it is resumed`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "run").path
            var accuracy = 0.0, hash = ""
            do {
                let desk = Desk()
                desk.run(
                    """
                    let test = gen .parity digits: 4 n: 100 seed: 7
                    let data = gen .parity digits: 4 n: 600 apart_from: test
                    let r = start (model .gpt2 width: 16 heads: 2 positions: 32) on: data test: test batch: 32 separator: .kept
                    save_run "\(path)"
                    train steps: 40
                    """)
                hash = desk.value("hash r").asText ?? "?"
                accuracy = desk.real("(eval).accuracy")
                // Nothing is saved after the mark but by the mark itself.
                desk.run("mark \"here\"")
                #expect(desk.messages.isEmpty, "\(desk.messages)")
            }
            let desk = Desk()
            #expect(desk.run("let r = resume \"\(path)\"") == .finished, "\(desk.messages)")
            let separator = try desk.engine("r").separator
            #expect(separator == .kept)
            #expect(desk.value("hash r").asText == hash)
            #expect(desk.real("(eval).accuracy") == accuracy)
            #expect(desk.run("train steps: 2\nback to: \"here\"") == .finished, "\(desk.messages)")
            #expect(desk.value("hash r").asText == hash)
        }
    }

    // MARK: Files

    @Test func `CSV is RFC 4180: quotes doubled, fields with commas, quotes and line ends quoted`() throws {
        try withTemporaryFolder { folder in
            let desk = Desk()
            let path = folder.appending(path: "t.csv").path
            #expect(
                desk.run(
                    """
                    write (table([name: ["plain", "a \\"quoted\\" word", "a, b", "two\\nlines", ""], "n, m": [1, 0.123456789, none, 4, 5]])) "\(path)"
                    """) == .finished, "\(desk.messages)")
            // Numbers with all their digits.
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(
                text
                    == "name,\"n, m\"\nplain,1\n\"a \"\"quoted\"\" word\",0.123456789\n\"a, b\",\n\"two\nlines\",4\n,5\n"
            )
        }
    }

    // MARK: Probes

    @Test func `a target that is a text, a truth or a function is read in the order of the problems`() throws {
        let desk = Desk.withRun()
        desk.run(
            """
            train steps: 20
            let list = map test { p in p.digit[0] }
            let a = probe r on: test target: { p in p.digit[0] } at: .input[0] layers: 0...0
            let b = probe r on: test target: list at: .input[0] layers: 0...0
            let c = probe r on: test target: { p in "digit {p.digit[0]}" } at: .input[0] layers: 0...0
            let d = probe r on: test target: { p in p.digit[0] > 4 } at: .input[0] layers: 0...0
            let e = probe r on: test target: (map test { p in if p.digit[0] > 4 { 1 } else { 0 } }) at: .input[0] layers: 0...0
            let f = probe r on: test target: (reversed(list)) at: .input[0] layers: 0...0
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        // The digit stands where it is read, whichever way it is told.
        for name in ["a", "b", "c", "d", "e"] {
            #expect(desk.real("\(name).score[0]") == 1, "\(name)")
            #expect(desk.real("\(name).constant[0]") < 0.8, "\(name)")
        }
        #expect(desk.real("a.constant[0]") == desk.real("c.constant[0]"))
        #expect(desk.real("f.score[0]") < 0.5)
    }

    @Test func `problems with the same question are never on both sides of a probe's split`() throws {
        let desk = Desk()
        // Forty questions, ten times each; the target is anything at all, but always the same for a question.
        desk.run(
            """
            let mine = problems({ i in [question: "{i % 40} + 1", chain: "{i % 7}", answer: "{(i % 40) * 17 % 5}"] }, n: 400)
            let r = start (model .gpt2 width: 48 heads: 2) on: mine batch: 32
            let t = probe r on: mine target: { p in integer(p.answer) } at: .separator layers: 0...1
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        let value = try desk.engine("r")
        let questions = (0..<400).map { value.data[$0].question }
        #expect(Set(questions).count == 40)
        // Known questions would be known answers.
        for score in desk.reals("t.score") { #expect(score < 0.8) }
    }

    // MARK: Controls

    /// The distance between the weights of two models.
    private func distance(_ a: LanguageModel, _ b: LanguageModel) -> Double {
        zip(a.parameters.values(), b.parameters.values()).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
            .squareRoot()
    }

    @Test func `a control begins with the run's first weights, on its problems, in its order`() throws {
        let desk = Desk.withRun()
        desk.run("let before = hash r\ntrain steps: 80\nstep\ntrain steps: 10")
        for kind in ["no_cot", "explicit", "filler"] {
            #expect(desk.run("let c = control r kind: .\(kind) steps: 1") == .finished, "\(desk.messages)")
            let run = try desk.engine("r"), control = try desk.engine("c")
            #expect(run.initial.contentHash().hasPrefix(desk.value("before").asText ?? "?"))
            let fromFirst = distance(control.run.model, run.initial)
            #expect(fromFirst < 0.1 * distance(run.run.model, run.initial), "\(kind)")
            #expect(control.run.settings.seed == run.run.settings.seed)
            #expect(control.run.settings.batchSize == run.run.settings.batchSize)
            #expect(control.run.problems.count == run.run.problems.count)
            for index in [0, 7, 99] {
                let (own, other) = (run.run.problems[index], control.run.problems[index])
                #expect(own.tokens[..<own.inputCount] == other.tokens[..<other.inputCount])
                #expect(own.tokens[own.answer] == other.tokens[other.answer])
                // Of the chain the filler control has the length, the explicit one everything.
                #expect(own.chain.count == other.chain.count)
                #expect((own.tokens[own.chain] == other.tokens[other.chain]) == (kind != "filler"))
            }
            #expect(control.run.isEmptied == (kind == "no_cot"))
        }
    }

    @Test
    func `a control has as many updates and resets as the run, and its rate falls where the run's did`()
        throws
    {
        let desk = Desk()
        desk.run(
            """
            let test = gen .parity digits: 4 n: 50 seed: 7
            let data = gen .parity digits: 4 n: 640 apart_from: test
            let r = start (model .gpt2 width: 8 heads: 1 layers: 1) on: data test: test batch: 32 decay: 12
            train steps: 20
            step
            train steps: 10
            step
            train steps: 15
            let c = control r kind: .no_cot
            let d = control r kind: .no_cot resets: false
            """)
        #expect(desk.messages.isEmpty, "\(desk.messages)")
        let run = try desk.engine("r").run
        #expect(run.progress.updates == 45 && run.progress.resets == 2)
        for (name, resets) in [("c", 2), ("d", 0)] {
            let control = try desk.engine(name).run
            #expect(control.progress.updates == 45, "\(name)")
            #expect(control.progress.resets == resets, "\(name)")
            // At each number of updates before the end its rate is what the run's was.
            for before in 0...40 {
                func rate(_ run: Run) -> Float {
                    var progress = run.progress
                    progress.updates -= before
                    return run.settings.learningRate(progress, warmUpAfterReset: 0)
                }
                #expect(abs(rate(control) - rate(run)) < 1e-9, "\(name), \(before) before the end")
            }
        }
        // The run's own rate has fallen since its chain was gone, with update 30.
        #expect(run.settings.decay == 12 && run.settings.decayStart == nil && run.progress.emptiedAt == 30)
    }
}
