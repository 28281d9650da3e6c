// Random and damaged texts: the language answers every one, whatever it holds, without a trap and without hanging.

import Language
import TestSupport
import Testing

@Suite("Damaged input") struct FuzzTests {
    private static let pieces: [String] = [
        "let ", "def ", "for ", "in ", "while ", "if ", "else ", "return ", "try ", "catch ", "import ", "time ",
        "where ", "by ", "and ", "or ", "not ", "true", "none", "x", "_", "_7", "gen ", "train ",
        "steps: ", ".left", ".mult ", "\"", "{", "}", "(", ")", "[", "]", ",", "|", ":", "=", "==", "<", ">=", "+", "-",
        "*", "//", "^", "%", "...", "..<", "..", ".", "1", "2.5", "1e9", "1e", "99999999999999999999", "5_0",
        " ", "\n", ";", "\t", "#", "\\", "\\n", "'", "$", "!", "&&", "→", "é", "漢", "\u{0}", "\u{1B}", "\u{202E}", "🙂",
        "step ", "eval ", "print ", "sqrt(", "in", "|\n", "{ x in ", "[a: ", "\r\n", "~/x", "runs/x ",
    ]

    @Test("is answered without a trap")
    func fuzz() {
        var random = TestRandom(seed: 99)
        let statements = Corpus.statements
        let count = runsSlowTests ? 1_000_000 : 6_000
        var complete = 0
        for round in 0..<count {
            var bytes: [UInt8]
            switch round % 3 {
            case 0:
                bytes = Array(
                    (0..<Int.random(in: 1...24, using: &random)).map { _ in random.pick(Self.pieces) }.joined().utf8)
            case 1:
                bytes = Array(random.pick(statements).text.utf8)
                for _ in 0..<Int.random(in: 1...4, using: &random) { damage(&bytes, &random) }
            default:
                bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
            }
            let source = SourceText(bytes: bytes)
            let parsed = Parser.parse(source, TestSignatures.context)
            if parsed.completeness == .complete { complete += 1 }
            for diagnostic in Checker.check(parsed, TestSignatures.context).prefix(3)
            where !isInside(diagnostic, source) {
                Issue.record("a span outside of \(source.text.debugDescription)")
            }
            if round % 8 == 0 {
                for diagnostic in parsed.diagnostics.prefix(2)
                where DiagnosticRenderer(width: 50).lines(diagnostic, in: source).count > 4 {
                    Issue.record("more than four lines")
                }
                _ = Completer.complete(
                    source, at: Int.random(in: 0...bytes.count, using: &random), TestSignatures.context)
                _ = Highlighter.lines(source, TestSignatures.context)
                _ = Effects.of(parsed, TestSignatures.context)
            }
        }
        print("note: \(count) damaged inputs, \(complete) of them whole")
    }

    private func isInside(_ diagnostic: Diagnostic, _ source: SourceText) -> Bool {
        diagnostic.span.start >= 0 && diagnostic.span.end <= source.count
            && (diagnostic.replacement.map { $0.span.start >= 0 && $0.span.end <= source.count } ?? true)
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout TestRandom) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: if place < bytes.count { bytes.remove(at: place) }
        case 1: bytes.insert(contentsOf: Array(random.pick(Self.pieces).utf8), at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 5))
        default: if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &random) }
        }
    }

    @Test("every prefix of the corpus is whole, unfinished or wrong, and whole cells are whole")
    func prefixes() {
        for cell in Corpus.handwritten {
            #expect(parse(cell).completeness == .complete)
            var text = ""
            for line in cell.split(separator: "\n", omittingEmptySubsequences: false) {
                text += line + "\n"
                #expect(parse(text).completeness != .invalid, "\(text)")
            }
        }
    }
}
