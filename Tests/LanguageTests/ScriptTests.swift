import Foundation
import Language
import TestSupport
import Testing

@Suite("Scripts") struct ScriptTests {
    static let folder = packageFolder.appending(path: "Tests/LanguageTests/Scripts")
    static var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasSuffix(".icot") }
            .sorted()
    }

    @Test("show what stands beside their lines", arguments: names)
    func script(name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        let differences = ScriptRunner.differences(text, name: name)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }
}
