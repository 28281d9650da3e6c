import Foundation
import Language
import Notebooks

/// Whether the long versions of the tests run: set ICOT_SLOW=1.
let runsSlowTests = ProcessInfo.processInfo.environment["ICOT_SLOW"] == "1"

extension Notebook {
    init(_ text: String) { self.init(bytes: Array(text.utf8), name: "test.icot") }

    /// The entries as a session would find them, with this vocabulary.
    func entries(_ context: LanguageContext = TestVocabulary.context) -> [Entry] {
        let parsed = Parser.parse(code, context)
        return entries(statements: parsed.program.statements, diagnostics: Checker.check(parsed, context))
    }
}
