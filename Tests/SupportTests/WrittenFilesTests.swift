import Foundation
import Support
import TestSupport
import Testing

@Suite struct WrittenFilesTests {
    @Test func `a file is as it was written until somebody changes it, for whoever reads the same memory`() throws {
        try withTemporaryFolder { folder in
            let (file, memory) = (folder.path + "/a.csv", folder.path + "/state/written")
            try writeFileAtomically(file, "1".utf8)
            let written = WrittenFiles(path: memory)
            #expect(written.state(of: file) == .unknown)
            written.note(file)
            try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: file)
            for other in [written, WrittenFiles(path: memory)] {
                #expect(other.state(of: file) == .asWritten && other.state(of: folder.path + "/link") == .asWritten)
            }
            #expect(WrittenFiles().state(of: file) == .unknown)
            try writeFileAtomically(file, "2".utf8)
            for other in [written, WrittenFiles(path: memory)] { #expect(other.state(of: file) == .changed) }
            // The last time counts, after a line that was cut short too.
            let handle = try FileHandle(forWritingTo: URL(filePath: memory))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("4be0".utf8))
            try handle.close()
            written.note(file)
            #expect(WrittenFiles(path: memory).state(of: file) == .asWritten)
            #expect(try String(contentsOfFile: memory, encoding: .utf8).hasPrefix("# icot written 1\n"))
        }
    }

    @Test func `a folder is as it was written until a file in it is another`() throws {
        try withTemporaryFolder { folder in
            let model = folder.path + "/m"
            for name in ["config.json", "model.safetensors"] { try writeFileAtomically(model + "/" + name, "x".utf8) }
            let written = WrittenFiles()
            written.note(model)
            try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: model)
            written.note(folder.path + "/link")
            #expect(written.state(of: model) == .asWritten && written.state(of: folder.path + "/link") == .asWritten)
            try writeFileAtomically(model + "/notes.txt", "mine".utf8)
            #expect(written.state(of: model) == .changed)
            written.note(model)
            try writeFileAtomically(model + "/config.json", "y".utf8)
            #expect(written.state(of: model) == .changed)
        }
    }

    @Test func `the memory is shortened to the newest when it is twice as long as it may be`() throws {
        try withTemporaryFolder { folder in
            let memory = folder.path + "/written"
            let written = WrittenFiles(path: memory, entriesMax: 3)
            let files = (0..<9).map { "\(folder.path)/\($0)" }
            for file in files {
                try writeFileAtomically(file, file.utf8)
                written.note(file)
            }
            let later = WrittenFiles(path: memory)
            #expect(later.state(of: files[8]) == .asWritten && later.state(of: files[0]) == .unknown)
            let lines = try String(contentsOfFile: memory, encoding: .utf8).split(separator: "\n")
            #expect((3...7).contains(lines.filter { $0.utf8.count == 129 }.count))
        }
    }
}
