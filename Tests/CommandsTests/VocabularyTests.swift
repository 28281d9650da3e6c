import Commands
import Language
import Testing

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
