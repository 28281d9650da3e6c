import Foundation
import Language
import Notebooks

/// splitmix64, so that the tests draw the same files everywhere.
struct TestRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &self)] }
}

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
