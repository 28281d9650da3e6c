import Foundation
import Testing

@testable import Support

@Suite struct MistakenFileTests {
    private func recognised(_ bytes: [UInt8], isText: Bool = true) -> MistakenFile? {
        bytes.withUnsafeBytes { MistakenFile($0, isText: isText) }
    }

    @Test(
        arguments: [
            (
                "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 548105171\n",
                MistakenFile.lfsPointer(byteCount: 548_105_171)
            ),
            ("version https://git-lfs.github.com/spec/v1\r\nsize 7\r\n", .lfsPointer(byteCount: 7)),
            ("version https://git-lfs.github.com/spec/v1", .lfsPointer(byteCount: nil)),
            ("<!doctype HTML>", .webPage), ("\u{FEFF}\n <HTML lang=en>", .webPage),
            ("<?xml version='1.0'?>", .serverAnswer),
            ("", .empty), ("{}", nil), ("versions", nil), ("<html", .webPage), ("<htm", nil), ("1 2||3 #### 4\n", nil),
        ] as [(String, MistakenFile?)])
    func `what lies where a file was meant to be is told from its first bytes`(_ text: String, _ kind: MistakenFile?) {
        #expect(recognised(Array(text.utf8)) == kind)
    }

    @Test func `two bytes a character are recognised with and without a mark, where text was meant`() {
        let text: [UInt8] = [0x7B, 0, 0x22, 0, 0x61, 0]
        #expect(recognised(text) == .utf16)
        #expect(recognised([0xFF, 0xFE] + text) == .utf16)
        #expect(recognised([0xFE, 0xFF, 0, 0x7B]) == .utf16)
        #expect(recognised([0, 0x7B, 0, 0x22]) == .utf16)
        #expect(recognised(text, isText: false) == nil)
        #expect(recognised([0x7B, 0]) == nil)
    }

    @Test func `numbers that JSON does not have are read only where the caller says so`() throws {
        let text = Array(#"{"a": [NaN, -Infinity, Infinity, 1]}"#.utf8)
        #expect(throws: FileError.self) { try JSONReader.read(text, path: "x") }
        let path = FileManager.default.temporaryDirectory.appending(path: "icot-\(UUID().uuidString).json")
        try Data(text).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        let numbers = try JSONReader.readFile(path.path, nonFinite: .read)["a"]?.array?.compactMap(\.double) ?? []
        #expect(numbers.count == 4 && numbers[0].isNaN && numbers[1] == -.infinity && numbers[2] == .infinity)
        for wrong in ["Inf", "nan", "-NaN", "NaNN"] {
            try Data(wrong.utf8).write(to: path)
            #expect(throws: FileError.self) { try JSONReader.readFile(path.path, nonFinite: .read) }
        }
    }
}
