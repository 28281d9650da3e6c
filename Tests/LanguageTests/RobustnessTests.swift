// One space more or less never changes the meaning of a statement: it means the same, or it is an error.

import Foundation
import Language
import TestSupport
import Testing

@Suite("One space more or less") struct RobustnessTests {
    @Test("the example corpus has a thousand lines without a single complaint")
    func corpus() {
        #expect(Corpus.lineCount >= 1000)
        for cell in Corpus.cells {
            let found = diagnose(cell, TestSignatures.context)
            #expect(found.isEmpty, "\(found.first.map { DiagnosticRenderer().text($0, in: SourceText(cell)) } ?? "")")
        }
    }

    @Test("never changes the meaning of a statement silently")
    func spaces() {
        var random = TestRandom(seed: 7)
        var (same, refused, changed) = (0, 0, [String]())
        for statement in Corpus.statements {
            let outline = Parser.parse(SourceText(statement.text), statement.context).program.outline
            for edit in edits(statement.text) where runsSlowTests || random.chance(0.12) {
                let parsed = Parser.parse(SourceText(edit), statement.context)
                if !Checker.check(parsed, statement.context).isEmpty {
                    refused += 1
                } else if parsed.program.outline == outline {
                    same += 1
                } else {
                    changed.append("\(statement.text)  →  \(edit)")
                }
            }
        }
        print(
            "note: \(same + refused + changed.count) edits of a space: \(same) mean the same, \(refused) are refused, \(changed.count) mean something else"
        )
        #expect(changed.isEmpty, "\(changed.prefix(20).joined(separator: "\n"))")
        #expect(same > 1000)
    }

    /// The text with one space added or taken away anywhere outside of texts and comments.
    private func edits(_ text: String) -> [String] {
        let source = SourceText(text)
        let bytes = source.bytes
        var isFixed = [Bool](repeating: false, count: bytes.count + 1)
        for piece in Highlighter.highlight(source, TestSignatures.context)
        where [.string, .comment].contains(piece.style) {
            for place in (piece.span.start + 1)..<max(piece.span.end, piece.span.start + 1) { isFixed[place] = true }
            // Between a quote and its text.
            if piece.style == .string, piece.span.start > 0, isFixedBefore(piece.span.start, bytes) {
                isFixed[piece.span.start] = true
            }
        }
        markTexts(source, &isFixed)
        var results: [String] = []
        for place in 0...bytes.count where !isFixed[place] {
            results.append(String(decoding: bytes[..<place] + [32] + bytes[place...], as: UTF8.self))
            if place < bytes.count, bytes[place] == 32, !isFixed[place + 1] || bytes[place + 1] == 34 {
                results.append(String(decoding: bytes[..<place] + bytes[(place + 1)...], as: UTF8.self))
            }
        }
        return results
    }

    private func isFixedBefore(_ place: Int, _ bytes: [UInt8]) -> Bool { bytes[place - 1] == 34 }

    /// Places inside quotes, but not inside the braces of an interpolation.
    private func markTexts(_ source: SourceText, _ isFixed: inout [Bool]) {
        var isInside = false
        for piece in Highlighter.highlight(source, TestSignatures.context) {
            let shown = source.text(piece.span)
            if piece.style == .string, shown == "\"" {
                isInside.toggle()
                if !isInside { isFixed[piece.span.start] = true }
            } else if isInside, piece.style == .string || piece.style == .escape {
                isFixed[piece.span.start] = true
            }
        }
    }
}
