import Foundation
import Glibc
import Support
import TestSupport
import Testing

@Suite struct FolderReplacementTests {
    private func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    private func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    @Test func `a folder that is not there appears whole or not at all`() throws {
        struct Broken: Error {}
        try withTemporaryFolder { folder in
            let path = folder.path + "/a/model"
            #expect(throws: Broken.self) {
                try FolderReplacement.write(path) { made in
                    try write("half", made + "/one")
                    throw Broken()
                }
            }
            #expect(try names(folder.path + "/a") == [])
            try FolderReplacement.write(path) { try write("whole", $0 + "/one") }
            #expect(read(path + "/one") == "whole")
        }
    }

    @Test func `what a folder held before stays until all of the new is written, and files of other names stay`() throws
    {
        try withTemporaryFolder { folder in
            let path = folder.path + "/model"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try write("old", path + "/weights")
            try write("mine", path + "/notes.txt")
            chmod(path, 0o750)
            try FolderReplacement.write(path) { made in
                try write("new", made + "/weights")
                // In the middle of it the old one is as it was.
                #expect(read(path + "/weights") == "old")
            }
            #expect(read(path + "/weights") == "new" && read(path + "/notes.txt") == "mine")
            #expect(try names(folder.path) == ["model"])
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o750)
        }
    }

    @Test func `a link to a folder stays a link, and what it leads to is replaced`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/model"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            symlink("model", folder.path + "/latest")
            try FolderReplacement.write(folder.path + "/latest") { try write("new", $0 + "/weights") }
            #expect(read(path + "/weights") == "new")
            #expect(FileSystem.kind(of: folder.path + "/latest") == .link)
        }
    }

    @Test func `a folder with more than files in it, and what is no folder, are refused and left as they are`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/model"
            try FileManager.default.createDirectory(atPath: path + "/runs", withIntermediateDirectories: true)
            try write("old", path + "/weights")
            try write("text", folder.path + "/file")
            for place in [path, folder.path + "/file"] {
                #expect(throws: FileError.self) {
                    try FolderReplacement.write(place) { try write("new", $0 + "/weights") }
                }
            }
            #expect(read(path + "/weights") == "old" && read(folder.path + "/file") == "text")
            #expect(try names(folder.path) == ["file", "model"])
        }
    }
}
