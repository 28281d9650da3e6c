// The verbs and functions of the language: every example in their help runs, and the numbers are those of other tools.

import Language
import TestSupport
import Testing

@Suite("The library of the language") struct LibraryTests {
    static let signatures = (LanguageLibrary.verbs + LanguageLibrary.functions).map(\.signature)

    @Test("has few verbs, a summary and an example for everything, and names that do not meet")
    func names() {
        #expect(LanguageLibrary.verbs.count <= 12)
        #expect(Set(Self.signatures.map(\.name)).count == Self.signatures.count)
        for signature in Self.signatures {
            #expect(!signature.summary.isEmpty && signature.summary.hasSuffix("."), "\(signature.name)")
            #expect(!signature.examples.isEmpty, "\(signature.name)")
            for other in signature.seeAlso {
                #expect(Self.signatures.contains { $0.name == other }, "\(signature.name) → \(other)")
            }
        }
    }

    @Test("runs the examples of its help")
    func examples() {
        for signature in Self.signatures {
            for example in signature.examples {
                let session = TestSession.make()
                let recorder = TestSession.Recorder(session)
                // Something to undo.
                session.run(SourceText("let before = 1"))
                #expect(
                    session.run(SourceText(example)) == .finished, "\(example): \(recorder.errors.first?.message ?? "")"
                )
            }
        }
    }

    @Test("can read every default of its signatures")
    func defaults() {
        for signature in Self.signatures {
            for parameter in signature.parameters {
                guard let text = parameter.defaultText else { continue }
                #expect(!TestSession.shown("kind(\(text))").hasPrefix("E"), "\(signature.name) \(parameter.name)")
            }
        }
    }
}
