// The part of the vocabulary that is written in the language: documented, and its examples show what they say.

import Foundation
import Language
import TestSupport
import Testing

@Suite("The standard library") struct StandardLibraryTests {
    /// Those that need nothing of the engine.
    private static let names = ["probing.icot", "statistics.icot", "tables.icot", "tasks.icot", "teaching.icot"]

    private static func sources() throws -> [SourceText] {
        try names.map {
            SourceText(try String(contentsOf: packageFolder.appending(path: "stdlib/\($0)"), encoding: .utf8), name: $0)
        }
    }

    @Test("shows what its examples say")
    func examples() throws {
        let sources = try Self.sources()
        var count = 0
        let session = Session(Vocabulary(library: sources))
        let recorder = TestSession.Recorder(session)
        for source in sources {
            for line in source.text.split(separator: "\n") where line.hasPrefix("# example: ") {
                let parts = line.dropFirst("# example: ".count).components(separatedBy: " → ")
                try #require(parts.count == 2, "\(line)")
                recorder.clear()
                session.run(SourceText(parts[0]))
                #expect(
                    recorder.lines.joined(separator: "\n") == parts[1],
                    "\(source.name): \(parts[0]) \(recorder.errors.map(\.message))")
                count += 1
            }
        }
        #expect(count >= 20)
    }

    @Test("takes no word away: a variable of the same name hides a function without breaking the others")
    func names() throws {
        let session = Session(Vocabulary(library: try Self.sources()))
        let recorder = TestSession.Recorder(session)
        session.run(
            SourceText(
                "let line_through = 3\nprint line_through correlation([1, 2], [2, 4])\ndef digits_of(n) { \"mine\" }\nprint digits_of(3)\nprint partial_products(12, 34).digit"
            ))
        #expect(recorder.lines == ["3 1.000", "mine", "[4, 3]"], "\(recorder.errors)")
    }

    @Test("does not use a word of the engine as a name")
    func engineWords() throws {
        let folder = packageFolder.appending(path: "Sources/Commands")
        var verbs: Set<String> = []
        for case let url as URL in FileManager.default.enumerator(
            at: folder.resolvingSymlinksInPath(), includingPropertiesForKeys: nil) ?? .init()
        where url.pathExtension == "swift" {
            let text = try String(contentsOf: url, encoding: .utf8)
            for match in text.matches(of: /CommandSignature\(\s*"([a-z_0-9]+)"/) { verbs.insert(String(match.1)) }
        }
        #expect(verbs.contains("train"))
        let context = LanguageContext(
            signatures: SignatureTable(
                verbs: LanguageLibrary.verbs.map(\.signature) + verbs.map { CommandSignature($0, "") },
                functions: LanguageLibrary.functions.map(\.signature)))
        var known = context
        let sources = try Self.sources()
        for source in sources {
            for signature in Parser.parse(source, context).definitions { known.signatures.add(function: signature) }
        }
        for source in sources { #expect(diagnose(source.text, known).map(\.message) == [], "\(source.name)") }
    }

    @Test("documents everything it defines, with an example")
    func documented() throws {
        let session = Session(Vocabulary(library: try Self.sources()))
        let functions = session.context.signatures.functions.filter { $0.value.source != nil }
        #expect(functions.count >= 15)
        #expect(session.context.definitions.isEmpty)
        #expect(session.variables.isEmpty)
        for (name, signature) in functions {
            #expect(signature.summary.count > 10, "\(name)")
            #expect(signature.discussion.contains("example: ") || signature.summary.contains("example: "), "\(name)")
            #expect(
                Help.page(for: name, session.context, more: true)?.contains { $0.plain.contains("def \(name)") } == true
            )
        }
    }
}
