// The part of the vocabulary that is written in the language: documented, and its examples show what they say.

import Foundation
import Language
import TestSupport
import Testing

@Suite("The standard library") struct StandardLibraryTests {
    /// Those that need nothing of the engine.
    private static let names = ["statistics.icot", "tables.icot", "teaching.icot"]

    private static func sources() throws -> [SourceText] {
        try names.map { SourceText(try String(contentsOf: packageFolder.appending(path: "stdlib/\($0)"), encoding: .utf8), name: $0) }
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
                #expect(recorder.lines.joined(separator: "\n") == parts[1], "\(source.name): \(parts[0]) \(recorder.errors.map(\.message))")
                count += 1
            }
        }
        #expect(count >= 20)
    }

    @Test("documents everything it defines, with an example")
    func documented() throws {
        let session = Session(Vocabulary(library: try Self.sources()))
        #expect(session.context.definitions.count >= 15)
        #expect(session.variables.isEmpty)
        for (name, signature) in session.context.definitions {
            #expect(signature.summary.count > 10, "\(name)")
            #expect(signature.discussion.contains("example: ") || signature.summary.contains("example: "), "\(name)")
            #expect(Help.page(for: name, session.context, more: true)?.contains { $0.plain.contains("def \(name)") } == true)
        }
    }
}
