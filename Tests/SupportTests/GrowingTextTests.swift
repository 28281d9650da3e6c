import Foundation
import Support
import TestSupport
import Testing

@Suite struct GrowingTextTests {
    private func grown(_ text: GrowingText, _ parts: Int) throws -> Bool {
        var expected = ""
        for index in 0..<parts {
            let part = "line \(index) · é\n"
            text.append(part)
            expected += part
            if index % 7 == 0, try text.text() != expected { return false }
        }
        return try text.text() == expected
    }

    @Test func `a text is what was appended to it, whether it is in memory, in a file or in both`() throws {
        #expect(try grown(GrowingText(), 5))
        #expect(try grown(GrowingText(memoryMost: 0), 40))
        #expect(try grown(GrowingText(memoryMost: 50), 40))
        #expect(try GrowingText().text() == "")
    }

    @Test func `its file has no name`() throws {
        try withTemporaryFolder { folder in
            let text = GrowingText(folder: folder.path, memoryMost: 10)
            let isWhole = try grown(text, 40), names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(isWhole && names.isEmpty)
        }
    }

    @Test(arguments: ["/nowhere/at/all", "/proc"])
    func `where no file can be made a text stays in memory`(_ folder: String) throws {
        #expect(try grown(GrowingText(folder: folder, memoryMost: 10), 40))
    }
}
