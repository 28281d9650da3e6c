// Which file or folder a name leads to, and what is said where it leads nowhere.

import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct RevisionRuleTests {
    private static let first = String(repeating: "a1", count: 20)
    private static let second = String(repeating: "a1", count: 5) + String(repeating: "c3", count: 15)

    /// A cache that has the model `o/m` in these revisions, by name.
    private func withCache(_ revisions: [(String, String)], _ body: (CheckpointLocator, String) throws -> Void) throws {
        try withTemporaryFolder { root in
            let model = root.path + "/models--o--m"
            for (name, commit) in revisions {
                if !name.isEmpty { try writeFileAtomically(model + "/refs/" + name, "\(commit)\n".utf8) }
                try FileSystem.makeFolder(model + "/snapshots/" + commit)
            }
            let path = root.path
            try body(CheckpointLocator { $0 == "HF_HUB_CACHE" ? path : nil }, model)
        }
    }

    @Test func `a revision is a branch, a tag, or the first digits of one commit, at least seven`() throws {
        try withCache([("main", Self.first), ("v2", Self.second), ("pr/1", Self.second)]) { locator, model in
            let main = try locator.folder("o/m")
            #expect(main == model + "/snapshots/" + Self.first)
            #expect(try locator.folder("o/m", revision: "v2") == model + "/snapshots/" + Self.second)
            #expect(try locator.folder("o/m", revision: "pr/1") == model + "/snapshots/" + Self.second)
            #expect(try locator.folder("o/m", revision: Self.second) == model + "/snapshots/" + Self.second)
            // Ten digits are those of both, the eleventh tells them apart.
            let both = String(Self.second.prefix(10)), one = String(Self.second.prefix(11))
            #expect(try locator.folder("o/m", revision: one) == model + "/snapshots/" + Self.second)
            for wrong in [both, "../refs/main", ".", "v2/", "v3", ""] {
                #expect(throws: FileError.self, "\(wrong)") { try locator.folder("o/m", revision: wrong) }
            }
        }
        try withCache([("main", Self.first)]) { locator, model in
            let seven = String(Self.first.prefix(7))
            let found = try locator.folder("o/m", revision: seven)
            #expect(found == model + "/snapshots/" + Self.first)
            #expect(throws: FileError.self) { try locator.folder("o/m", revision: String(seven.dropLast())) }
        }
    }

    @Test func `where a revision is not there, those that are are told, and what to write for the first`() throws {
        try withCache([("v1", Self.first), ("", Self.second)]) { locator, _ in
            let error = #expect(throws: FileError.self) { try locator.folder("o/m") }
            #expect(
                error?.rule
                    == "is in the Hugging Face cache without its revision main; there are v1, \(Self.second.prefix(12))"
            )
            #expect(error?.help == "write load \"o/m\" revision: \"v1\"")
        }
        try withCache([("v1", Self.first)]) { locator, _ in
            let error = #expect(throws: FileError.self) { try locator.folder("o/m", revision: "v2") }
            #expect(error?.rule == "is in the Hugging Face cache without its revision v2; there is v1")
        }
    }

    @Test func `where a model is not in the cache, the command that fetches it is told`() throws {
        try withTemporaryFolder { root in
            let path = root.path
            let locator = CheckpointLocator { $0 == "HF_HUB_CACHE" ? path : nil }
            let error = #expect(throws: FileError.self) { try locator.folder("o/m", revision: "v2") }
            #expect(error?.rule == "is neither a folder nor in the Hugging Face cache (\(path))")
            #expect(
                error?.help == "give the path of a folder, or fetch it first: hf download o/m --revision v2")
            let old = #expect(throws: FileError.self) { try locator.folder("gpt2-xl") }
            #expect(old?.help?.hasSuffix("hf download openai-community/gpt2-xl") == true)
            let nowhere = #expect(throws: FileError.self) { try CheckpointLocator { _ in nil }.folder("o/m") }
            #expect(nowhere?.rule == "is neither a folder nor in the Hugging Face cache")
        }
    }

    @Test func `a folder has no revisions, and a file of weights is one in its folder`() throws {
        try withTemporaryFolder { root in
            let folder = root.path + "/m"
            for name in ["a.safetensors", "a.json", "optimizer.pt"] {
                try writeFileAtomically(folder + "/" + name, [1])
            }
            let home = root.path
            let locator = CheckpointLocator { $0 == "HOME" ? home : nil }
            let error = #expect(throws: FileError.self) { try locator.folder(folder, revision: "v1") }
            #expect(error?.rule == "is a folder, and only models of the Hugging Face cache have revisions")
            #expect(error?.help == "leave revision: out")
            typealias Place = CheckpointLocator.Place
            #expect(try locator.place(folder + "/a.safetensors") == Place(folder: folder, file: "a.safetensors"))
            #expect(try locator.place("~/m/a.safetensors") == Place(folder: folder, file: "a.safetensors"))
            #expect(try locator.place(folder) == Place(folder: folder, file: nil))
            for name in ["a.json", "optimizer.pt"] {
                let error = #expect(throws: FileError.self) { try locator.place(folder + "/" + name) }
                #expect(error?.help == "load \"\(folder)\"", "\(name)")
            }
            let missing = #expect(throws: FileError.self) { try locator.place("b.safetensors") }
            #expect(missing == FileError(.missing, "b.safetensors", "there is no such file"))
        }
    }

    @Test func `a part of a name has at most 96 letters, and a cache that is named may lie in the home folder`() throws
    {
        try withTemporaryFolder { root in
            let long = String(repeating: "x", count: 96)
            let snapshot = "/c/models--o--\(long)/snapshots/" + Self.first
            try FileSystem.makeFolder(root.path + snapshot)
            try writeFileAtomically(root.path + "/c/models--o--\(long)/refs/main", Self.first.utf8)
            let home = root.path
            let locator = CheckpointLocator { ["HF_HUB_CACHE": "~/c", "HOME": home][$0] }
            #expect(try locator.folder("o/" + long) == home + snapshot)
            #expect(locator.cacheFolders() == [home + "/c"])
        }
    }
}

@Suite struct WeightFileRuleTests {
    private func refusal(_ folder: String) -> FileError? {
        #expect(throws: FileError.self) { try CheckpointWeights.read(folder) }
    }

    private static let none =
        "has no weights: none of model.safetensors, model.safetensors.index.json, pytorch_model.bin, "
        + "pytorch_model.bin.index.json, state_dict.bin"

    @Test func `a folder has weights by the five names that are known`() throws {
        for name in [
            "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
            "state_dict.bin", "other.safetensors", "config.json",
        ] {
            try withTemporaryFolder { folder in
                try writeFileAtomically(folder.path + "/" + name, [1])
                let isKnown = name != "other.safetensors" && name != "config.json"
                #expect(CheckpointWeights.exist(in: folder.path) == isKnown, "\(name)")
            }
        }
    }

    @Test func `where no weights are, what is there is told, six names of it, and what a fetch left half done`() throws
    {
        try withTemporaryFolder { folder in
            let path = folder.path
            #expect(refusal(path)?.rule == Self.none + "; it is empty")
            for name in ["a", "b", "c", "d", "e", "f"] { try writeFileAtomically(path + "/" + name, [1]) }
            #expect(refusal(path)?.rule == Self.none + "; there are a, b, c, d, e, f")
            try writeFileAtomically(path + "/g", [1])
            #expect(refusal(path)?.rule == Self.none + "; there are a, b, c, d, e, f and 1 more")
            for ending in ["crdownload", "incomplete", "part"] {
                let half = "model.safetensors." + ending
                try writeFileAtomically(path + "/" + half, [1])
                #expect(refusal(path)?.rule == Self.none + "; \(half) was not fetched to its end")
                unlink(path + "/" + half)
            }
        }
    }

    @Test func `a link that leads nowhere and a file that is being fetched are told as a fetch that was broken off`()
        throws
    {
        try withTemporaryFolder { folder in
            let snapshot = folder.path + "/models--o--m/snapshots/1"
            try FileSystem.makeFolder(snapshot)
            try writeFileAtomically(folder.path + "/models--o--m/blobs/0123456789abcdef.incomplete", [1])
            let fetched = refusal(snapshot)
            #expect(fetched?.rule == "has no weights: blobs/0123456789ab… was not fetched to its end")
            #expect(fetched?.help == "fetch it again: hf download")
            #expect(symlink("../../blobs/none", snapshot + "/model.safetensors") == 0)
            let link = refusal(snapshot)
            #expect(link?.path == snapshot + "/model.safetensors")
            #expect(link?.rule == "is a link to a file that is not there: it was not fetched to its end")
        }
    }

    @Test func `of several files without an index none is taken, and how to take one is told`() throws {
        try withTemporaryFolder { folder in
            for name in ["b.bin", "a.pt", "training_args.bin"] {
                try writeFileAtomically(folder.path + "/" + name, [1])
            }
            let error = refusal(folder.path)
            #expect(error?.rule == "has several weight files and no index: a.pt, b.bin")
            #expect(error?.help == "say which one: load \"\(folder.path)/a.pt\"")
        }
    }

    @Test func `a file that is named is read, whatever else is there`() throws {
        try withTemporaryFolder { folder in
            let values: [Float] = [7]
            for name in ["model", "other"] {
                try values.withUnsafeBufferPointer {
                    let path = folder.path + "/\(name).safetensors"
                    try SafeTensorsWriter.write([StoredArray("in " + name, shape: [1], $0)], to: path)
                }
            }
            func names(_ file: String?) throws -> [String] {
                try CheckpointWeights.read(folder.path, file: file).tensors.map(\.name)
            }
            #expect(try names(nil) == ["in model"] && names("other.safetensors") == ["in other"])
        }
    }

    @Test func `an index without a map, and a shard that is a dead link, are refused as that`() throws {
        try withTemporaryFolder { folder in
            let index = folder.path + "/model.safetensors.index.json"
            try writeFileAtomically(index, #"{"metadata": {"total_size": 4}}"#.utf8)
            #expect(refusal(folder.path) == FileError(.malformed, index, "has no weight_map"))
            try writeFileAtomically(index, #"{"weight_map": {"a": "x.safetensors"}}"#.utf8)
            #expect(symlink("none", folder.path + "/x.safetensors") == 0)
            #expect(
                refusal(folder.path)?.rule == "names \"x.safetensors\", which is a link to a file that is not there")
        }
    }
}

@Suite struct SafeTensorsHeaderRuleTests {
    private func refusal(_ bytes: [UInt8]) throws -> String? {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x.safetensors"
            try writeFileAtomically(path, bytes)
            do {
                _ = try SafeTensorsReader(path)
                return nil
            } catch let error as FileError { return error.rule }
        }
    }

    private func file(_ header: String, length: Int? = nil, data: Int = 0) -> [UInt8] {
        let count = length ?? header.utf8.count
        return (0..<8).map { UInt8(count >> (8 * $0) & 255) } + Array(header.utf8) + [UInt8](repeating: 0, count: data)
    }

    @Test func `a header has its length, is there whole, and is not longer than it may be`() throws {
        #expect(try refusal([1, 0, 0, 0, 0, 0, 0]) == "7 bytes are too few for a header length (8)")
        #expect(try refusal(file("{}")) == nil)
        #expect(try refusal(file("{}", length: 3)) == "the header claims 3 bytes, but the file ends after 2 of them")
        #expect(try refusal(file("{}", length: 0)) == "the header does not start with {")
        #expect(try refusal(file(" {}")) == "the header does not start with {")
        #expect(
            try refusal(file("{}", length: 100_000_001))
                == "the header claims 100000001 bytes; at most 100000000 are allowed")
        #expect(
            try refusal(file("{}", length: 100_000_000))
                == "the header claims 100000000 bytes, but the file ends after 2 of them")
    }

    @Test func `a shape has at most 64 axes and offsets are two`() throws {
        func header(_ axes: Int, _ offsets: String) -> [UInt8] {
            let shape = Array(repeating: "1", count: axes).joined(separator: ",")
            return file("{\"a\":{\"dtype\":\"U8\",\"shape\":[\(shape)],\"data_offsets\":[\(offsets)]}}", data: 1)
        }
        #expect(try refusal(header(64, "0,1")) == nil)
        #expect(try refusal(header(65, "0,1")) == "more than 64 numbers in a list")
        #expect(try refusal(header(1, "0,1,2")) == "more than 2 numbers in a list")
        #expect(try refusal(header(1, "0"))?.hasPrefix("\"a\" is incomplete") == true)
        #expect(try refusal(header(1, "1,0"))?.hasPrefix("\"a\" claims bytes 1..<0 of 1 bytes") == true)
        let unknown = file("{\"a\":{\"dtype\":\"F31\",\"shape\":[],\"data_offsets\":[0,0]}}")
        #expect(try refusal(unknown) == "\"F31\" is not a dtype of safetensors")
    }

    @Test func `every type has its size, and arrays lie in the library's order, larger types first and then by name`()
        throws
    {
        // The order of the library's own list of types, turned round.
        let types: [(ElementType, Int)] = [
            (.uint64, 8), (.int64, 8), (.float64, 8), (.complex64, 8), (.float32, 4), (.uint32, 4), (.int32, 4),
            (.bfloat16, 2), (.float16, 2), (.uint16, 2), (.int16, 2), (.float8e4m3, 1), (.float8e5m2, 1), (.int8, 1),
            (.uint8, 1), (.bool, 1),
        ]
        for (type, size) in types { #expect(type.byteCount == size, "\(type)") }
        #expect(Set(types.map(\.0)) == Set(ElementType.allCases))
        try withTemporaryFolder { folder in
            let path = folder.path + "/x.safetensors"
            let zeros = [UInt8](repeating: 0, count: 8)
            try zeros.withUnsafeBytes { zeros in
                let arrays = types.flatMap { type, size in
                    ["b", "a"].map { name in
                        let own = UnsafeRawBufferPointer(rebasing: zeros[..<size])
                        return StoredArray(type.rawValue + name, shape: [], type, own)
                    }
                }
                try SafeTensorsWriter.write(arrays.reversed(), metadata: [("z", "1"), ("a", "2")], to: path)
            }
            let reader = try SafeTensorsReader(path)
            #expect(reader.tensors.map(\.name) == types.flatMap { [$0.0.rawValue + "a", $0.0.rawValue + "b"] })
            #expect(reader.metadata.map(\.name) == ["z", "a"])
            let file = try readBytes(path)
            let length = (0..<8).reduce(0) { $0 | Int(file[$1]) << (8 * $1) }
            #expect(length % 8 == 0)
            let header = String(decoding: file[8..<8 + length], as: UTF8.self)
            #expect(header.hasPrefix(#"{"__metadata__":{"z":"1","a":"2"},"U64a":{"dtype":"U64","shape":[],"#))
        }
    }

    @Test func `an array whose shape does not fit its bytes is not written, and is told by name`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x.safetensors"
            let values: [Float] = [1, 2, 3]
            let error = #expect(throws: FileError.self) {
                try values.withUnsafeBufferPointer {
                    try SafeTensorsWriter.write([StoredArray("w", shape: [2, 2], $0)], to: path)
                }
            }
            #expect(error?.rule == "\"w\" of shape [2, 2] does not fit 12 bytes" && !FileSystem.exists(path))
        }
        #expect(elementCount([]) == 1 && elementCount([2, 0, 3]) == 0 && elementCount([-1]) == nil)
        #expect(elementCount([1 << 32, 1 << 31]) == nil && elementCount([1 << 31, 1 << 31]) == 1 << 62)
    }
}

@Suite struct NumpyReadingRuleTests {
    private func file(_ header: String, _ data: [UInt8], version: UInt8 = 1, length: Int? = nil) -> [UInt8] {
        let count = length ?? header.utf8.count
        let size = (0..<(version >= 2 ? 4 : 2)).map { UInt8(count >> (8 * $0) & 255) }
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(header.utf8) + data
    }

    private func read(_ bytes: [UInt8]) throws -> NumpyFile.Contents {
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/a.npy", bytes)
            return try NumpyFile.read(folder.path + "/a.npy")
        }
    }

    private static func header(_ type: String, _ shape: String = "(2,)") -> String {
        "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }\n"
    }

    @Test func `versions 1 to 3 are read, and a header lies within its file`() throws {
        for version in UInt8(1)...3 {
            #expect(try read(file(Self.header("|u1"), [5, 6], version: version)).values == [5, 6], "\(version)")
        }
        for version in [UInt8(0), 4] {
            let error = #expect(throws: FileError.self) {
                try read(file(Self.header("|u1"), [5, 6], version: version))
            }
            #expect(error?.rule == "version \(version) of the format; 1 to 3 are read")
        }
        let error = #expect(throws: FileError.self) {
            try read(file(Self.header("|u1"), [], length: Self.header("|u1").utf8.count + 1))
        }
        #expect(error?.rule == "its header claims more bytes than the file has")
    }

    @Test func `the mark of a type is little-endian, none, or the machine's, and whole numbers are told from reals`()
        throws
    {
        for (type, isWhole) in [("<i2", true), ("=i2", true), ("<u2", true), ("<f2", false)] {
            let found = try read(file(Self.header(type), [0, 0, 0, 0]))
            #expect(found.values == [0, 0] && found.areIntegers == isWhole, "\(type)")
        }
        for type in ["|b1", "|u1", "|i1"] { #expect(try read(file(Self.header(type), [0, 1])).areIntegers, "\(type)") }
        #expect(throws: FileError.self) { try read(file(Self.header(">i2"), [0, 0, 0, 0])) }
        #expect(throws: FileError.self) { try read(file(Self.header("i2"), [0, 0, 0, 0])) }
        let quotes = Self.header("|u1").replacing("'", with: "\"")
        #expect(try read(file(quotes, [1, 2])).values == [1, 2])
    }

    @Test func `there are neither fewer nor more bytes than the shape needs`() throws {
        for (data, rule) in [
            ([UInt8(1)], "holds 1 bytes of data where its shape (2,) needs 2"),
            ([1, 2, 3], "holds 3 bytes of data where its shape (2,) needs 2"),
        ] {
            let error = #expect(throws: FileError.self) { try read(file(Self.header("|u1"), data)) }
            #expect(error?.rule == rule)
        }
        let axes = { (count: Int) in "(" + String(repeating: "1,", count: count) + ")" }
        #expect(try read(file(Self.header("|u1", axes(64)), [9])).values == [9])
        #expect(throws: FileError.self) { try read(file(Self.header("|u1", axes(65)), [9])) }
    }
}
