import Foundation
import Support
import TestSupport
import Testing

@Suite struct FileTests {
    @Test func `a file that cannot be written leaves the old one and no trace`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try writeFileAtomically(path, Array("old".utf8))
            #expect(throws: FileError(.notWritten, path, "3 bytes were written where 4 were announced")) {
                try writeFileAtomically(path, byteCount: 4) { sink in try sink.write("new") }
            }
            #expect(throws: FileError.self) { try writeFileAtomically(folder.path + "/no/x", [1]) }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x"])
        }
    }

    @Test func `pipes, folders and missing files are refused without waiting`() throws {
        try withTemporaryFolder { folder in
            let pipe = folder.path + "/pipe"
            #expect(mkfifo(pipe, 0o600) == 0)
            #expect(throws: FileError(.unreadable, pipe, "is not a regular file")) { try MappedFile(pipe) }
            #expect(throws: FileError(.unreadable, folder.path, "is not a regular file")) {
                try MappedFile(folder.path)
            }
            #expect(throws: FileError(.missing, folder.path + "/x", "does not exist")) {
                try MappedFile(folder.path + "/x")
            }
        }
    }

    @Test func `the digest is SHA-256`() {
        // FIPS 180-4, example B.1.
        #expect(SHA256.hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        var pieces = SHA256()
        for byte in "abc".utf8 { pieces.update([byte]) }
        #expect(pieces.finalizeHex() == SHA256.hex("abc"))
    }
}
