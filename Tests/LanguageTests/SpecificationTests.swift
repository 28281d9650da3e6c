// The specification is a test: every block of code in it means what the text around it says.

import Foundation
import Language
import TestSupport
import Testing

@Suite("The specification") struct SpecificationTests {
    private static let text =
        (try? String(contentsOf: packageFolder.appending(path: "Sources/Language/Specification.md"), encoding: .utf8))
        ?? ""

    /// The blocks marked `icot`.
    static var examples: [String] {
        text.components(separatedBy: "```icot\n").dropFirst().compactMap { $0.components(separatedBy: "\n```").first }
    }

    @Test("has examples that are accepted and refused as it says")
    func examples() {
        #expect(Self.examples.count >= 5)
        for example in Self.examples {
            var valid = ""
            let lines = example.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            for (index, line) in lines.enumerated() where !line.hasPrefix("#!") {
                guard index + 1 < lines.count, lines[index + 1].hasPrefix("#! ") else {
                    valid += line + "\n"
                    continue
                }
                let found = diagnose(valid + line, TestSignatures.context)
                #expect(
                    found.map(\.code.rawValue) == [String(lines[index + 1].dropFirst(3))],
                    "\(line): \(found.map(\.message))")
                #expect(found.allSatisfy { $0.help != nil }, "\(line)")
            }
            #expect(diagnose(valid, TestSignatures.context).map(\.message) == [], "\(valid)")
        }
    }

    @Test("has examples that run and show what it says")
    func runs() {
        let blocks = Self.text.components(separatedBy: "```icot run\n").dropFirst().compactMap {
            $0.components(separatedBy: "\n```").first
        }
        #expect(blocks.count >= 6)
        for block in blocks {
            let differences = ScriptRunner.differences(block, name: "Specification.md")
            #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        }
    }

    @Test("lists every code with its meaning")
    func codes() {
        for code in DiagnosticCode.allCases {
            #expect(Self.text.contains("| \(code.rawValue) | \(code.meaning) |"), "\(code)")
        }
    }

    @Test("shows the grammar that heads the parser")
    func grammar() throws {
        let parser = try String(
            contentsOf: packageFolder.appending(path: "Sources/Language/Syntax/Parser.swift"), encoding: .utf8)
        for line in parser.split(separator: "\n") where line.hasPrefix("//   ") {
            #expect(Self.text.contains(line.dropFirst(5)), "\(line)")
        }
    }
}
