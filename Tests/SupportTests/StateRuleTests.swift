// What is kept between sessions, tables that are written, and values that are written as JSON.

import Foundation
import Glibc
import TestSupport
import Testing

@testable import Support

private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
}

private func text(_ path: String) throws -> String { String(decoding: try readBytes(path), as: UTF8.self) }

@Suite struct StateFileRuleTests {
    @Test func `a file of states begins with its header once, and a line that was cut short swallows no later one`()
        throws
    {
        try withTemporaryFolder { folder in
            let path = folder.path + "/state/icot/history"
            #expect(StateFile.append("one\n", to: path, header: "# head\n"))
            #expect(try text(path) == "# head\none\n")
            #expect(StateFile.append("two\n", to: path, header: "# head\n"))
            #expect(try text(path) == "# head\none\n\ntwo\n")
            // One that is there and empty is new.
            let empty = folder.path + "/empty"
            try writeFileAtomically(empty, [] as [UInt8])
            #expect(StateFile.append("x\n", to: empty, header: "h\n"))
            #expect(try text(empty) == "h\nx\n")
        }
    }

    @Test func `states are nobody else's: the file is private, and so are the folders that were missing`() throws {
        try withTemporaryFolder { folder in
            chmod(folder.path, 0o755)
            let path = folder.path + "/state/icot/history"
            StateFile.append("one\n", to: path, header: "")
            #expect(mode(path) == 0o600)
            #expect(mode(folder.path + "/state") == 0o700 && mode(folder.path + "/state/icot") == 0o700)
            #expect(mode(folder.path) == 0o755)
        }
    }

    @Test func `lines that cannot be added are said not to be`() throws {
        try withTemporaryFolder { folder in
            #expect(!StateFile.append("x", to: folder.path, header: ""))
            try writeFileAtomically(folder.path + "/file", [1])
            #expect(!StateFile.append("x", to: folder.path + "/file/below", header: ""))
            #expect(!StateFile.append("x\n", to: "/dev/full", header: ""))
        }
    }

    @Test func `states lie below the folder for them, or the home folder's own`() {
        func folder(_ name: String) -> String? {
            ProcessInfo.processInfo.environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let base = folder("XDG_STATE_HOME") ?? folder("HOME").map { $0 + "/.local/state" }
        #expect(StateFile.path("written") == base.map { $0 + "/icot/written" })
    }

    @Test func `a file that is gone has changed since it was written, and one that never was is not remembered`() throws
    {
        try withTemporaryFolder { folder in
            let base = FileSystem.resolved(folder.path)
            let (file, memory) = (base + "/a", base + "/written")
            let written = WrittenFiles(path: memory)
            written.note(file)
            #expect(written.state(of: file) == .unknown && !FileSystem.exists(memory))
            try writeFileAtomically(file, "1".utf8)
            written.note(file)
            #expect(mode(memory) == 0o600)
            unlink(file)
            #expect(written.state(of: file) == .changed && WrittenFiles(path: memory).state(of: file) == .changed)
            // The same bytes are as they were written, whoever wrote them again.
            try writeFileAtomically(file, "1".utf8)
            #expect(written.state(of: file) == .asWritten)
        }
    }

    @Test func `a memory of files that was spoilt counts as far as it can be read`() throws {
        try withTemporaryFolder { folder in
            let (file, memory) = (folder.path + "/a", folder.path + "/written")
            try writeFileAtomically(file, "1".utf8)
            WrittenFiles(path: memory).note(file)
            let line = try #require(try text(memory).split(separator: "\n").last.map(String.init))
            let other = String(repeating: "0", count: 64)
            // Lines with one word, with three, or with words of another length are passed over; of two the last counts.
            for (after, isKnown) in [
                ("\(line.prefix(64))\n", true), ("\(line.prefix(64)) \(other) \(other)\n", true),
                ("\(line.prefix(64)) \(other)0\n", true),
                ("\(line.prefix(64)) \(other)\n", false), ("\(line.prefix(64)) \(other)\n\(line)\n", true),
            ] {
                try writeFileAtomically(memory, "# icot written 1\n\(line)\n\(after)".utf8)
                let state = WrittenFiles(path: memory).state(of: file)
                #expect(state == (isKnown ? .asWritten : .changed), "\(after)")
            }
        }
    }

    @Test func `names in a folder are told without the folder and the one above it, and a file has none`() throws {
        try withTemporaryFolder { folder in
            for name in ["...", "..a", "b"] { try writeFileAtomically(folder.path + "/" + name, [1]) }
            let reader = try #require(FolderReader(folder.path))
            #expect(Set(reader) == ["...", "..a", "b"])
            #expect(FolderReader(folder.path + "/b") == nil && FolderReader(folder.path + "/none") == nil)
            #expect(FileSystem.byteCount(of: folder.path + "/none") == 0)
        }
    }

    @Test func `an owner tells its machine, its start and the boot, and is unknown where that cannot be read`() throws {
        try withTemporaryFolder { folder in
            let lock = try FolderLock(folder.path, name: "run")
            let owner = try JSONReader.readFile(folder.path + "/owner.lock").decode(FolderLock.Owner.self)
            #expect(try text("/proc/sys/kernel/hostname") == owner.host + "\n")
            #expect(try text("/proc/sys/kernel/random/boot_id") == owner.boot + "\n")
            #expect(owner.since.utf8.count == 20 && FolderLock.fileNames("run") == ["run.lock", "owner.lock"])
            try writeFileAtomically(folder.path + "/owner.lock", "{}".utf8)
            #expect(throws: FolderLock.Refusal.held(nil)) { try FolderLock(folder.path, name: "run") }
            unlink(folder.path + "/owner.lock")
            #expect(throws: FolderLock.Refusal.held(nil)) { try FolderLock(folder.path, name: "run") }
            // Under another name a folder may be held twice.
            #expect(throws: Never.self) { try FolderLock(folder.path, name: "other") }
            withExtendedLifetime(lock) {}
        }
    }

    @Test func `a text file that is another thing is refused as that, after its size`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            for (bytes, mistake) in [
                (Array("<html>".utf8), MistakenFile.webPage), ([], .empty), ([0xFF, 0xFE, 0x61, 0], .utf16),
                (Array("<?xml?>".utf8), .serverAnswer),
            ] as [([UInt8], MistakenFile)] {
                try writeFileAtomically(path, bytes)
                #expect(throws: mistake.error(path)) { try readTextFile(path, limit: 100) }
                #expect(throws: mistake.error(path)) { try JSONReader.readFile(path) }
            }
            try writeFileAtomically(path, "<html>".utf8)
            #expect(throws: FileError(.refused, path, "has 6 bytes; at most 5 are read")) {
                try readTextFile(path, limit: 5)
            }
            try writeFileAtomically(path, "text".utf8)
            #expect(try readTextFile(path, limit: 4).bytes.count == 4)
            #expect(errorText(ENOENT) == "No such file or directory")
        }
    }
}

@Suite struct TableLineRuleTests {
    @Test(
        arguments: [
            (["a", "b"], "a,b"), ([""], "\"\""), (["", ""], ","), (["a,b", "c"], "\"a,b\",c"),
            (["say \"x\""], "\"say \"\"x\"\"\""), (["a\nb"], "\"a\nb\""), (["a\rb"], "\"a\rb\""), (["a\tb"], "a\tb"),
            ([" a "], " a "), (["é;"], "é;"), (["\"\""], "\"\"\"\"\"\""), ([], ""),
        ] as [([String], String)])
    func `a field stands in quotes where a reader would take it for something else`(_ fields: [String], _ line: String)
    {
        #expect(Array(DelimitedText.line(fields).utf8) == Array(line.utf8))
    }

    @Test func `between tabs a comma is a letter, and a tab is none`() {
        #expect(DelimitedText.line(["a,b", "c"], "\t") == "a,b\tc")
        #expect(DelimitedText.line(["a\tb", "c"], "\t") == "\"a\tb\"\tc")
    }

    @Test func `what is written as a line of a table is read back as it was`() throws {
        var random = TestRandom(seed: 3)
        let signs: [Character] = ["a", ",", "\"", "\n", "\r", "\t", " ", "é", ";"]
        for delimiter in [",", "\t"] as [Unicode.Scalar] {
            var rows: [[String]] = []
            for _ in 0..<200 {
                let count = Int.random(in: 1...3, using: &random)
                rows.append(
                    (0..<count).map { _ in
                        String(
                            (0..<Int.random(in: 0...4, using: &random)).map { _ in signs.randomElement(using: &random)!
                            })
                    })
            }
            let text = rows.map { DelimitedText.line($0, delimiter) + "\n" }.joined()
            let found = try Array(text.utf8).withUnsafeBytes { bytes in
                var reader = DelimitedText(bytes, delimiter: delimiter)
                var found: [[String]] = []
                while let row = try reader.next() { found.append(row.fields) }
                return found
            }
            #expect(found.map { $0.map { Array($0.utf8) } } == rows.map { $0.map { Array($0.utf8) } })
        }
    }
}

@Suite struct JSONNumberRuleTests {
    @Test func `numbers that are too large for JSON are texts, and any other text is no number`() throws {
        #expect(try JSONValue(encoding: [Float.infinity, -Float.infinity]) == ["inf", "-inf"])
        #expect(try (["inf", "-inf"] as JSONValue).decode([Float].self) == [.infinity, -.infinity])
        #expect(try ([2, 2.5] as JSONValue).decode([Double].self) == [2, 2.5])
        #expect(
            try JSONValue(encoding: [UInt64(Int.max), UInt64(Int.max) + 1]) == [.init(Int.max), "9223372036854775808"])
        #expect(
            try JSONValue(encoding: [UInt(Int.max), UInt(Int.max) + 1]) == [.init(Int.max), "9223372036854775808"])
        for wrong in ["Inf", "infinity", "NaN", "1", ""] {
            #expect(throws: DecodingError.self, "\(wrong)") { try JSONValue.string(wrong).decode(Double.self) }
        }
        #expect(try (["7"] as JSONValue).decode([UInt64].self) == [7])
        for wrong in ["-1", "x", "18446744073709551616"] {
            #expect(throws: DecodingError.self, "\(wrong)") { try JSONValue.string(wrong).decode(UInt64.self) }
        }
        #expect(throws: DecodingError.self) { try JSONValue(-1).decode(UInt64.self) }
        #expect(throws: DecodingError.self) { try JSONValue.string("7").decode(Int.self) }
    }

    @Test func `the shortest spelling of a number has no point where it is whole, and reads back the same`() {
        for (value, text) in [
            (1.0, "1"), (-0.5, "-0.5"), (1e15, "1000000000000000"), (0.1 + 0.2, "0.30000000000000004"), (0, "0"),
            (1e22, "1e+22"),
        ] {
            #expect(JSONNumber(shortest: value).literal == text && JSONNumber(shortest: value).double == value)
        }
        let number = JSONNumber(literal: "12345678901234567890")
        #expect(number.integer == nil && number.double == 1.2345678901234567e19)
        #expect(JSONNumber(literal: "1e3").integer == nil && JSONNumber(Int.min).integer == Int.min)
    }

    @Test func `a member of what is no object is none, and the first of a name that is set is replaced`() {
        #expect((["a"] as JSONValue)["a"] == nil && JSONValue.null["a"] == nil)
        #expect((["a": ["b": 3]] as JSONValue)["a"]?["b"] == 3)
        #expect(JSONValue.bool(true).bool == true && JSONValue(1).bool == nil && JSONValue.string("1").integer == nil)
        var object = JSONObject()
        object["e\u{301}"] = 1
        object["\u{e9}"] = 2
        #expect(object.members.map(\.value) == [1, 2] && object["\u{e9}"] == 2)
    }

    @Test func `nesting is counted over objects and lists together, and ends where they do`() throws {
        func nested(_ depth: Int) -> String {
            (0..<depth).map { $0 % 2 == 0 ? "[" : "{\"a\":" }.joined() + "1"
                + (0..<depth).reversed().map { $0 % 2 == 0 ? "]" : "}" }.joined()
        }
        #expect(throws: Never.self) { try JSONReader.read(Array(nested(64).utf8), path: "a") }
        #expect(throws: FileError.self) { try JSONReader.read(Array(nested(65).utf8), path: "a") }
        let twice = "[\(nested(63)),\(nested(63))]"
        #expect(throws: Never.self) { try JSONReader.read(Array(twice.utf8), path: "a") }
    }
}
