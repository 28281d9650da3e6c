import Foundation
import Glibc
import TestSupport
import Testing

@testable import Support

@Suite struct FileTests {
    @Test func `a file that cannot be written leaves the old one and no trace`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try writeFileAtomically(path, Array("old".utf8))
            #expect(throws: FileError(.notWritten, path, "3 bytes were written where 4 were announced")) {
                try writeFileAtomically(path, byteCount: 4) { sink in try sink.write("new") }
            }
            #expect(throws: FileError.self) { try writeFileAtomically(path + "/y", [1]) }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x"])
        }
    }

    @Test func `a file that cannot take the place of the old one is an error and leaves no trace`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try FileManager.default.createDirectory(atPath: path + "/inside", withIntermediateDirectories: true)
            #expect(throws: FileError.self) { try writeFileAtomically(path, Array("new".utf8)) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["inside"])
        }
    }

    @Test func `a folder whose name a link to nothing has is said to be there, whatever a look at it said`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            symlink(folder.path + "/nowhere", path)
            #expect(throws: FileError(.notWritten, path, "cannot be made: \(errorText(EEXIST))")) {
                try FileSystem.makeFolder(path)
            }
        }
    }

    @Test(arguments: [5, 1 << 17])
    func `a disk that is full is told, whether a piece is small or large`(_ count: Int) throws {
        let descriptor = open("/dev/full", O_WRONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let bytes = [UInt8](repeating: 7, count: count)
        let error = #expect(throws: FileError.self) {
            var sink = FileSink(descriptor: descriptor, path: "x", expectedCount: count)
            try bytes.withUnsafeBytes { try sink.write($0) }
            try sink.flush()
        }
        #expect(error?.rule.hasPrefix("not saved: ") == true, "\(error?.description ?? "")")
    }

    @Test func `what is written in many pieces is the whole, in order`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            var expected: [UInt8] = []
            try writeFileAtomically(path) { sink in
                for size in [0, 3, 70_000, 1, 65_536, 65_535, 2, 130_000, 7] {
                    let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
                    expected += piece
                    try piece.withUnsafeBytes { try sink.write($0) }
                }
                #expect(sink.writtenCount <= expected.count)
            }
            #expect(try [UInt8](Data(contentsOf: URL(filePath: path))) == expected)
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

    @Test func `what is no file is never replaced, and nothing is written through a link`() throws {
        try withTemporaryFolder { folder in
            let base = folder.path
            let kept = base + "/kept"
            try writeFileAtomically(kept, "old".utf8)
            #expect(symlink(kept, base + "/link") == 0)
            #expect(symlink(base + "/nowhere", base + "/dangling") == 0)
            #expect(mkfifo(base + "/pipe", 0o600) == 0)
            try FileSystem.makeFolder(base + "/folder")
            for (name, kind) in [
                ("link", FileSystem.Kind.link), ("dangling", .link), ("pipe", .pipe), ("folder", .folder),
            ] {
                #expect(FileSystem.kind(of: base + "/" + name) == kind)
                #expect(throws: FileError.self, "\(name)") { try writeFileAtomically(base + "/" + name, "new".utf8) }
                #expect(FileSystem.kind(of: base + "/" + name) == kind, "\(name)")
            }
            #expect(throws: FileError.self) { try writeFileAtomically("/dev/null", "new".utf8) }
            #expect(FileSystem.kind(of: "/dev/null") == .device)
            #expect(try readBytes(kept) == Array("old".utf8))
            #expect(!FileSystem.exists(base + "/nowhere"))
        }
    }

    @Test func `a link or a pipe is found wherever in a folder it lies`() throws {
        try withTemporaryFolder { folder in
            let base = folder.path
            try FileSystem.makeFolder(base + "/a/b")
            try writeFileAtomically(base + "/a/b/file", "x".utf8)
            #expect(FileSystem.strangeEntry(in: base) == nil)
            #expect(symlink("/etc", base + "/a/b/link") == 0)
            let found = try #require(FileSystem.strangeEntry(in: base))
            #expect(found.path == base + "/a/b/link" && found.kind == .link)
        }
    }

    @Test func `the digest is SHA-256`() {
        // FIPS 180-4, example B.1.
        #expect(SHA256.hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        var pieces = SHA256()
        for byte in "abc".utf8 { pieces.update([byte]) }
        #expect(pieces.finalizeHex() == SHA256.hex("abc"))
    }

    @Test func `a check that fails leaves the old file, and permissions are those asked for`() throws {
        struct Refused: Error {}
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try writeFileAtomically(path, mode: 0o600, Array("old".utf8))
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(throws: Refused.self) {
                try writeFileAtomically(path, check: { throw Refused() }, Array("new".utf8))
            }
            #expect(try readBytes(path) == Array("old".utf8))
            #expect(FileSystem.names(in: folder.path) == ["x"])
        }
    }

    @Test func `a copy leaves out what it is told to, does not follow links when it goes, and goes with its owner`()
        throws
    {
        try withTemporaryFolder { folder in
            let source = folder.path + "/a"
            try FileSystem.makeFolder(source + "/b/c")
            try writeFileAtomically(source + "/b/c/x", [1, 2])
            try writeFileAtomically(source + "/lock", [3])
            try writeFileAtomically(source + "/b/lock", [4])
            var path = ""
            do {
                let copy = try TemporaryCopy(of: source, without: ["lock"])
                path = copy.path
                #expect(FileSystem.names(in: path) == ["b", "copy.lock"])
                #expect(FileSystem.names(in: path + "/b") == ["c"])
                #expect(try readBytes(path + "/b/c/x") == [1, 2])
                #expect(symlink(source, path + "/link") == 0)
                withExtendedLifetime(copy) {}
            }
            #expect(!FileSystem.exists(path))
            #expect(try readBytes(source + "/b/c/x") == [1, 2])
        }
    }

    @Test func `a file is read to its limit and no further`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try writeFileAtomically(path, Array(repeating: 7, count: 100))
            #expect(try readBytes(path, limit: 100).count == 100)
            #expect(throws: FileError(.refused, path, "has more than 99 bytes")) { try readBytes(path, limit: 99) }
            #expect(try readWholeFile(path, limit: 100).bytes.count == 100)
            #expect(throws: FileError(.refused, path, "has 100 bytes; at most 99 are read")) {
                try readWholeFile(path, limit: 99)
            }
        }
    }

    @Test(arguments: [("/a/b", "/a"), ("/a", "/"), ("a", "."), ("a/b", "a"), ("a/", "a"), ("/", "/"), ("../a", "..")])
    func `the folder of a path is what stands before its last slash`(_ path: String, _ folder: String) {
        #expect(FileSystem.folder(of: path) == folder)
    }

    @Test(arguments: [
        ("", "x", "x"), ("a", "x", "a/x"), ("a/b", "../x", "a/x"), ("a", "../x", "x"), ("a", "../../x", "../x"),
        ("/a", "../../x", "/../x"), ("/a/b", "./x/", "/a/b/x"), ("a", "/x", "/x"), ("a", "~/x", "~/x"),
        ("~", "../x", "~/../x"), ("~/a", "../x", "~/x"),
    ])
    func `a path after going to a folder is called from where one started`(
        _ folder: String, _ path: String, _ whole: String
    ) { #expect(FileSystem.joined(folder, path) == whole) }

    @Test func `a path is the same where nobody went elsewhere, and from another start it is told from there`() throws {
        let here = try #require(FileSystem.currentFolder)
        #expect(FileSystem.path("a/b", asFrom: here) == "a/b")
        #expect(FileSystem.path("/a", asFrom: "/nowhere") == "/a")
        #expect(FileSystem.path("a/b", asFrom: "/") == String(here.dropFirst()) + "/a/b")
        #expect(FileSystem.path("a/b", asFrom: "/nowhere") == here + "/a/b")
    }

    @Test func `a file keeps its mode when it is written anew, and one that is read-only is left alone`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try writeFileAtomically(path, Array("one".utf8))
            chmod(path, 0o640)
            try writeFileAtomically(path, Array("two".utf8))
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
            chmod(path, 0o444)
            #expect {
                try writeFileAtomically(path, Array("three".utf8))
            } throws: { ($0 as? FileError)?.rule == "is read-only" }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "two")
        }
    }

    @Test func `a path as it is called from a folder loses that folder's name, not one that only begins like it`()
        throws
    {
        let here = try #require(FileSystem.currentFolder)
        // As long as it may be and still another folder: all but the last letter of this one.
        #expect(FileSystem.path("x", asFrom: String(here.dropLast())) == here + "/x")
        #expect(
            FileSystem.path("x", asFrom: FileSystem.folder(of: here))
                == "\(here.split(separator: "/").last ?? "")/x")
    }

    @Test func `a private folder's missing parents are as private`() throws {
        try withTemporaryFolder { folder in
            try FileSystem.makeFolder(folder.path + "/a/b/c", mode: 0o700)
            for name in ["/a", "/a/b", "/a/b/c"] {
                var status = stat()
                #expect(stat(folder.path + name, &status) == 0 && status.st_mode & 0o777 == 0o700, "\(name)")
            }
        }
    }
}
