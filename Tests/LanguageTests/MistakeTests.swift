// The table of mistakes, and the promise behind it: an edit that an error proposes can be taken.

import Language
import TestSupport
import Testing

@Suite("Mistakes") struct MistakeTests {
    private static let context = TestSignatures.context

    @Test("the table has the rows that it promises")
    func table() {
        #expect(MistakeTable.rows.count >= 290)
        #expect(diagnose(MistakeTable.preamble, Self.context).isEmpty)
    }

    @Test("get one error each, with the fix that is right", arguments: MistakeTable.rows)
    func row(_ mistake: Mistake) throws {
        let source = SourceText(MistakeTable.preamble + mistake.typed)
        let found = Checker.diagnose(source, Self.context)
        #expect(found.count == 1, "\(found.map(\.message))")
        let diagnostic = try #require(found.first)
        guard let mended = mistake.mended else {
            for words in mistake.words {
                #expect("\(diagnostic.message) \(diagnostic.help ?? "")".contains(words))
            }
            return
        }
        let edit = try #require(diagnostic.replacement, "\(diagnostic.message); \(diagnostic.help ?? "")")
        #expect(apply(edit, source) == MistakeTable.preamble + mended, "\(diagnostic.message)")
        #expect(diagnose(MistakeTable.preamble + mended, Self.context).map(\.message) == [])
    }

    @Test("of three hundred slips: every edit that is proposed leads to a text without that error")
    func slips() {
        var maker = TypoMaker()
        var edits = 0
        for typo in maker.make(300) {
            edits += check(SourceText(typo.typed), typo.context)
        }
        #expect(edits > 200)
    }

    @Test("of a thousand damaged lines: every edit that is proposed leads to a text without that error")
    func damage() {
        var random = TestRandom(seed: 15)
        var edits = 0
        for _ in 0..<1000 {
            let statement = random.pick(Corpus.statements)
            var bytes = Array(statement.text.utf8)
            for _ in 0..<Int.random(in: 1...2, using: &random) where bytes.count > 1 {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                if random.chance(0.5) {
                    bytes.remove(at: place)
                } else {
                    bytes.insert(random.pick(Array("(){}[]:,.=\"'/-+ x".utf8)), at: place)
                }
            }
            edits += check(SourceText(bytes: bytes), statement.context)
        }
        #expect(edits > 300)
    }

    /// How many edits the errors of a text propose, each tried: what is left was there before.
    private func check(_ source: SourceText, _ context: LanguageContext) -> Int {
        let found = Checker.diagnose(source, context)
        var edits = 0
        for diagnostic in found {
            guard let edit = diagnostic.replacement else { continue }
            edits += 1
            let mended = apply(edit, source)
            let first = source.line(at: edit.span.start)
            let result = SourceText(mended)
            let last = result.line(at: edit.span.start + edit.text.utf8.count)
            let raw = Checker.check(Parser.parse(source, context), context)
            let left = Checker.check(Parser.parse(result, context), context).filter { now in
                (first...max(first, last)).contains(result.line(at: now.span.start))
                    && !raw.contains { $0 != diagnostic && $0.code == now.code && $0.message == now.message }
            }
            #expect(left.map(\.message) == [], "\(source.text)\nbecomes\n\(mended)")
        }
        return edits
    }

    private func apply(_ edit: Diagnostic.Replacement, _ source: SourceText) -> String {
        source.text(SourceSpan(0, edit.span.start)) + edit.text + source.text(SourceSpan(edit.span.end, source.count))
    }
}
