// What a point finds where it runs, and that nothing outside is written through it.

import Foundation
import Glibc
import Support
import TestSupport
import Testing

@testable import Sweeps

@Suite struct PointInputsTests {
    /// A folder `start` with data/a.txt, data/b.txt and a kept run runs/r, an empty folder `point`, and the links
    /// between them.
    private func withFolders(_ body: (PointInputs, _ start: String, _ point: String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let (start, point) = (folder.path + "/start", folder.path + "/point")
            for path in ["/data/a.txt", "/data/b.txt", "/runs/r/run.json", "/runs/r/run.lock", "/runs/r/parts/p"] {
                try writeFileAtomically(start + path, path.utf8)
            }
            try FileSystem.makeFolder(point)
            try body(PointInputs(start: start, point: point), start, point)
        }
    }

    private func contents(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    @Test func `a file that is read is found under the same path`() throws {
        try withFolders { inputs, _, point in
            inputs.willRead("data/a.txt")
            #expect(contents(point + "/data/a.txt") == "/data/a.txt")
            #expect(FileSystem.kind(of: point + "/data/a.txt") == .link)
            inputs.willRead("data/none.txt")
            #expect(FileSystem.names(in: point + "/data") == ["a.txt"])
            // The whole folder after one of its files.
            inputs.willRead("./data/")
            #expect(FileSystem.names(in: point + "/data") == ["a.txt", "b.txt"])
        }
    }

    @Test func `what a point wrote itself is not replaced by what lies where the paths start`() throws {
        try withFolders { inputs, _, point in
            inputs.willWrite("data")
            try writeFileAtomically(point + "/data/a.txt", "own".utf8)
            inputs.willRead("data/a.txt")
            inputs.willRead("data")
            #expect(contents(point + "/data/a.txt") == "own")
            #expect(FileSystem.names(in: point + "/data") == ["a.txt"])
        }
    }

    @Test func `nothing outside is written through a link, of a file or of a folder`() throws {
        try withFolders { inputs, start, point in
            inputs.willRead("data")
            #expect(FileSystem.kind(of: point + "/data") == .link)
            inputs.willWrite("data/a.txt")
            try writeFileAtomically(point + "/data/a.txt", "own".utf8)
            inputs.willWrite("data/c.txt")
            try writeFileAtomically(point + "/data/c.txt", "own".utf8)
            #expect(contents(start + "/data/a.txt") == "/data/a.txt")
            #expect(FileSystem.names(in: start + "/data") == ["a.txt", "b.txt"])
            #expect(FileSystem.names(in: point + "/data") == ["a.txt", "b.txt", "c.txt"])
            #expect(contents(point + "/data/b.txt") == "/data/b.txt")
        }
    }

    @Test func `a kept run is copied without its lock, so that going on with it changes nothing outside`() throws {
        try withFolders { inputs, start, point in
            inputs.willRead("runs/r")
            #expect(FileSystem.names(in: point + "/runs/r") == ["parts", "run.json"])
            #expect(FileSystem.kind(of: point + "/runs/r/parts/p") == .file)
            try writeFileAtomically(point + "/runs/r/run.json", "own".utf8)
            #expect(contents(start + "/runs/r/run.json") == "/runs/r/run.json")
        }
    }

    @Test func `a kept run below a folder that is linked whole is copied too, and writing it leaves the original`()
        throws
    {
        try withFolders { inputs, start, point in
            inputs.willRead("runs")
            #expect(FileSystem.kind(of: point + "/runs") == .link)
            inputs.willRead("runs/r")
            #expect(FileSystem.kind(of: point + "/runs/r") == .folder)
            #expect(FileSystem.names(in: point + "/runs/r") == ["parts", "run.json"])
            #expect(inputs.willWrite("runs/r"))
            try writeFileAtomically(point + "/runs/r/run.json", "own".utf8)
            unlink(point + "/runs/r/parts/p")
            #expect(contents(start + "/runs/r/run.json") == "/runs/r/run.json")
            #expect(contents(start + "/runs/r/parts/p") == "/runs/r/parts/p")
            #expect(FileSystem.names(in: start + "/runs/r") == ["parts", "run.json", "run.lock"])
        }
    }

    @Test func `a kept run of which one file was read is copied whole, without links in it`() throws {
        try withFolders { inputs, _, point in
            inputs.willRead("runs/r/parts/p")
            #expect(FileSystem.kind(of: point + "/runs/r/parts/p") == .link)
            inputs.willRead("runs/r")
            #expect(FileSystem.kind(of: point + "/runs/r/parts/p") == .file)
            #expect(FileSystem.kind(of: point + "/runs/r/run.json") == .file)
        }
    }

    @Test func `where a link on the way cannot be taken away, writing is refused and nothing outside removed`() throws {
        try withFolders { inputs, start, point in
            try writeFileAtomically(point + "/blocked", "a file".utf8)
            #expect(!inputs.willWrite("blocked/x"))
            symlink(start + "/data/a.txt", start + "/data/link.txt")
            inputs.willRead("data")
            #expect(inputs.willWrite("data/link.txt"))
            #expect(FileSystem.kind(of: start + "/data/link.txt") == .link)
            #expect(inputs.willWrite("/elsewhere") && inputs.willWrite("../up"))
        }
    }

    @Test func `paths that leave the folder they start in are told apart`() {
        #expect(PointInputs.inside("a/./b//c") == "a/b/c")
        for path in ["/a", "~/a", "../a", "a/../../b", ".", ""] { #expect(PointInputs.inside(path) == nil, "\(path)") }
    }
}
