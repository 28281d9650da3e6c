// The lines at a prompt in the README, as far as they can be checked without training: each is read and checked after
// those before it, and says the error that stands below it, or none.

import Foundation
import Language
import TestSupport
import Testing

@Suite struct ReadmeTests {
    private struct Line {
        var typed: String
        /// The code of the error that the README shows.
        var code: String?
    }

    private static let lines: [Line] = {
        let text = (try? String(contentsOf: packageFolder.appending(path: "README.md"), encoding: .utf8)) ?? ""
        var lines: [Line] = []
        for line in text.components(separatedBy: "\n") {
            if line.hasPrefix("icot> ") {
                lines.append(Line(typed: String(line.dropFirst(6))))
            } else if !lines.isEmpty, let code = line.split(separator: " ").first,
                DiagnosticCode(rawValue: String(code)) != nil
            {
                lines[lines.count - 1].code = String(code)
            }
        }
        return lines
    }()

    @Test func `every line at a prompt is right, or says the error that stands below it`() {
        let context = Desk().session.context
        #expect(Self.lines.count > 15)
        var before = ""
        for line in Self.lines {
            let source = SourceText(before + line.typed)
            let found = Checker.diagnose(source, context)
            #expect(
                found.map(\.code.rawValue) == (line.code.map { [$0] } ?? []), "\(line.typed): \(found.map(\.message))")
            if line.code == nil { before += line.typed + "\n" }
        }
    }

    @Test func `the error in the README is shown as the README shows it`() throws {
        let text = try String(contentsOf: packageFolder.appending(path: "README.md"), encoding: .utf8)
        let source = SourceText("train untill: 0.99")
        let diagnostic = try #require(Checker.diagnose(source, Desk().session.context).first)
        #expect(text.contains("icot> train untill: 0.99\n" + DiagnosticRenderer().text(diagnostic, in: source) + "\n"))
    }
}
