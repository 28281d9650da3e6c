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

    @Test func `every example of the engine's verbs runs`() {
        let context = Desk().session.context
        let own = EngineVocabulary.make()
        for signature in own.verbs.map(\.signature) + own.functions.map(\.signature) {
            for example in signature.examples {
                // Files of other people are not here.
                let effects = Effects.of(SourceText(example), context)
                if !effects.reads.isEmpty || !effects.writes.isEmpty { continue }
                let desk = Desk.withRun()
                desk.run("train steps: 2")
                if signature.name == "back" { desk.run("step 2") }
                let outcome = desk.run(example)
                #expect(outcome == .finished, "\(example): \(desk.messages)")
            }
        }
    }
}
