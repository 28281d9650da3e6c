// What is shown of a problem and its solution says what the values behind it say.

import Experiments
import Internalization
import Language
import Support
import Testing
import Transformer

@testable import Commands

@Suite struct DisplayRuleTests {
    /// An untrained run: what it writes is wrong, and goes on beyond the end.
    private static func desk() -> Desk {
        let desk = Desk()
        desk.run(
            """
            let test = gen .parity digits: 4 n: 20 seed: 7
            let data = gen .parity digits: 4 n: 400 apart_from: test
            let m = model .gpt2 width: 16 heads: 2 positions: 32 seed: 3
            let r = start m on: data test: test batch: 32
            """)
        return desk
    }

    @Test func `a chain shows what is gone, what goes next and what stays`() {
        let desk = Self.desk()
        let problem = desk.value("test[0].question").asText ?? "", chain = desk.value("test[0].chain").asText ?? ""
        let answer = desk.value("test[0].answer").asText ?? ""
        let steps = chain.split(separator: " ")
        desk.run("step")
        #expect(desk.lines.last == "  \(problem) | │ [\(steps[0])] ‹\(steps[1])› \(answer) $")
        desk.run("step")
        #expect(desk.lines.last == "  \(problem) | │ [\(chain)] \(answer) $")
    }

    @Test func `each written token stands beside the one it should be, and those beyond the end are said to be`() throws
    {
        let desk = Self.desk()
        var json: String?
        let listener = desk.session.onEvent
        desk.session.onEvent = { event in
            if case .output(let bundle) = event { json = bundle.json }
            listener(event)
        }
        let question = desk.value("test[0].question").asText ?? "", chain = desk.value("test[0].chain").asText ?? ""
        let answer = desk.value("test[0].answer").asText ?? ""
        desk.run("solve test[0]")
        let found = try JSONReader.read(Array(try #require(json).utf8), path: "json")
        let written = try #require(found["tokens"]?.array).compactMap(\.string)
        // Nothing is written between chain and answer here; the end is written $.
        let wanted = chain.split(separator: " ").map(String.init) + [answer, "$"]
        #expect(written.count > wanted.count, "the model is untrained, so it goes on")
        let words = written.enumerated().map { place, token in
            place < wanted.count ? token == wanted[place] ? token : "\(token)(\(wanted[place]))" : "\(token)(end)"
        }
        #expect(desk.lines[0] == "\(question) | │ " + words.joined(separator: " "))
        #expect(desk.lines.last == "no answer: wrong, the model never ends what it writes; it is \(answer)")
        let least = try #require(found["probabilities"]?.array?.compactMap(\.double).min())
        #expect(desk.lines[1].hasSuffix("  \(SolutionDisplay.percent(least)) at least"))
    }

    @Test func `a probability has two digits, and is 1 only where no digit would differ`() {
        let shown = [0.9, 0.994, 0.9951, 1, 0.5, 0.094, 0.096, 0.004, 0].map(SolutionDisplay.percent)
        #expect(shown == [".90", ".99", "1", "1", ".50", ".09", ".10", ".00", ".00"])
    }

    @Test func `the stages of a run ascend by what is removed, and of two with as many the later counts`() throws {
        let desk = Self.desk()
        desk.run("train steps: 1\nstep\nstep\nback\ntrain steps: 3\nstep")
        let experiment = try #require(desk.value("r").asExperiments.first)
        #expect(experiment.stages.map(\.removed) == [0, 1, 2])
        let path = experiment.run.timeline.path
        for (removed, stage) in experiment.stages {
            let last = path.last { $0.record.removed.capped(at: 2) == removed }
            #expect(stage.id == last?.id)
        }
    }

    @Test func `what a model writes and computes meanwhile is held against another, from its own text`() throws {
        let desk = Self.desk()
        desk.run("let other = start (model .gpt2 width: 16 heads: 2 positions: 32 seed: 9) on: data test: test")
        let one = try #require(desk.value("r").asExperiments.first),
            two = try #require(desk.value("other").asExperiments.first)
        let test = try #require(one.test)
        let logits = try one.writtenLogits(
            of: one.run.model, test, removed: .units(0), interrupt: Interrupt())
        let encoded = try EncodedProblems(test, encoder: one.encoder)
        func tokens(_ run: Run, _ index: Int) throws -> [Int32] {
            try Evaluator(run.model, encoder: one.encoder, shape: one.run.shape).solve(
                encoded, [index], removed: .units(0), schedule: one.run.schedule)[0].tokens
        }
        #expect(try logits.tokens == (0..<20).map { try tokens(one.run, $0) })
        let others = try one.written(by: two.run.model, test, removed: .units(0), interrupt: Interrupt())
        #expect(try others == (0..<20).map { try tokens(two.run, $0) })
        #expect(others != logits.tokens)

        #expect(try logits.deviation(of: one.run.model).largest == 0)
        var (largest, squares, count, size) = (Float(0), 0.0, 0.0, Float(0))
        for index in 0..<20 {
            // With nothing removed the positions are those of the text.
            let problem = encoded[index]
            let sequence = problem.tokens.prefix(problem.inputCount) + logits.tokens[index].dropLast()
            let batch = RaggedBatch(sequences: [Array(sequence)])
            let pairs = try zip(one.run.model.logits(batch), two.run.model.logits(batch))
            let vocabulary = one.run.model.configuration.vocabularySize
            for (own, theirs) in pairs.dropFirst((problem.inputCount - 1) * vocabulary) {
                largest = max(largest, abs(theirs - own))
                size = max(size, abs(own))
                squares += Double(theirs - own) * Double(theirs - own)
                count += 1
            }
        }
        let deviation = try logits.deviation(of: two.run.model)
        #expect(abs(deviation.largest - largest) < 1e-4)
        #expect(abs(deviation.meanSquare - squares / count) < 1e-4 * squares / count)
        #expect(abs(logits.size - size) < 1e-4)
    }
}
