// The same table of mistakes as the language's own test, against the verbs that icot really has.

import Commands
import Language
import TestSupport
import Testing

@Suite("Mistakes with icot's own verbs") struct MistakeTests {
    /// Rows that icot's own functions read.
    private static let meansSomething: Set<String> = ["let ys = range(1, 10)", "cd \"x\"", "ls"]

    @Test("get one error each, and what its fix proposes is right")
    func rows() {
        let context = Desk().session.context
        #expect(Checker.diagnose(SourceText(MistakeTable.preamble), context).map(\.message) == [])
        for mistake in MistakeTable.rows where !Self.meansSomething.contains(mistake.typed) {
            let source = SourceText(MistakeTable.preamble + mistake.typed)
            let found = Checker.diagnose(source, context)
            #expect(found.count == 1, "\(mistake): \(found.map(\.message))")
            guard let mended = mistake.mended, let first = found.first else { continue }
            guard let edit = first.replacement else {
                Issue.record("\(mistake): no edit; \(first.message), \(first.help ?? "")")
                continue
            }
            let result =
                source.text(SourceSpan(0, edit.span.start)) + edit.text
                + source.text(SourceSpan(edit.span.end, source.count))
            #expect(result == MistakeTable.preamble + mended, "\(mistake): \(first.message)")
        }
    }
}
