import Language
import Testing

@testable import Commands

@Suite struct VocabularyTests {
    @Test func `there are fewer than 45 verbs`() {
        #expect(Desk().session.context.signatures.verbs.count < 45)
    }

    @Test func `every verb and function says what it does, and so does each of its arguments or their names do`() {
        let table = Desk().session.context.signatures
        for signature in Array(table.verbs.values) + Array(table.functions.values) {
            #expect(signature.summary.hasSuffix("."), "\(signature.name)")
            #expect(Help.page(for: signature.name, Desk().session.context) != nil)
            for other in signature.seeAlso { #expect(table[other] != nil, "\(signature.name) points to \(other)") }
        }
    }

    @Test func `every example of the engine's verbs runs, and shows something or changes the run`() {
        let desk = Desk.withRun()
        let context = desk.session.context
        let own = EngineVocabulary.make()
        desk.run("train steps: 2")
        let start = desk.session.checkpoint()
        desk.run("step 2")
        let later = desk.session.checkpoint()
        for signature in own.verbs.map(\.signature) + own.functions.map(\.signature) {
            for example in signature.examples {
                // Files of other people are not here.
                let effects = Effects.of(SourceText(example), context)
                if !effects.reads.isEmpty || !effects.writes.isEmpty { continue }
                // The other tests of this process stay where they are.
                if !effects.entered.isEmpty { continue }
                desk.session.restore(signature.name == "back" ? later : start)
                let outcome = desk.run(example)
                #expect(outcome == .finished, "\(example): \(desk.messages)")
                #expect(desk.messages.isEmpty, "\(example)")
                let isSilent = desk.lines.isEmpty && desk.session.value(of: "_") == nil
                #expect(!isSilent || signature.effects.contains(.changesRun) || example.contains("let "), "\(example)")
            }
        }
    }
}

@Suite struct HelpOfTheEngineTests {
    @Test func `every verb is in one group of the overview`() {
        let table = Desk().session.context.signatures
        let named = table.topics.flatMap(\.names)
        #expect(named.sorted() == table.verbs.keys.sorted())
    }

    @Test func `every choice of every argument has a sentence`() {
        func options(_ kind: ParameterKind) -> [ChoiceOption] {
            switch kind {
            case .choice(let options), .selector(let options, _): options
            case .oneOf(let kinds): kinds.flatMap(options)
            case .list(let kind): options(kind)
            default: []
            }
        }
        let table = Desk().session.context.signatures
        for signature in Array(table.verbs.values) + Array(table.functions.values) {
            for parameter in signature.parameters {
                for option in options(parameter.kind) {
                    #expect(!option.summary.isEmpty, "\(signature.name) \(parameter.name) .\(option.name)")
                }
            }
        }
    }

    @Test func `the lines of the tour, typed in turn, do what it waits for`() throws {
        let desk = Desk()
        let first = try #require(Question("?tour")).answer(desk.session).lines.first?.plain
        #expect(first?.hasPrefix("step 1 of 10") == true)
        let steps = EngineVocabulary.make().tour
        // Training to the end takes a minute here; the lines as they are have to be right all the same.
        let shorter = ["train until: 0.99": "train steps: 2", "internalize": "internalize at_most: 2 every: 1"]
        for (number, step) in steps.enumerated() {
            #expect(Checker.diagnose(SourceText(step.line), desk.session.context).map(\.message) == [])
            // The last one writes a notebook, which only a host with a record can.
            if number == steps.count - 1 { continue }
            let line = shorter[step.line] ?? step.line
            #expect(desk.run(line) == .finished, "\(line): \(desk.messages)")
            let news = desk.session.tourNews(after: SourceText(line)).map(\.plain)
            #expect(news.contains { $0.hasPrefix("step \(number + 2) of 10") }, "\(line): \(news)")
        }
    }
}
