// Numbers as they lie in files, the names that lead to files, and the order in which several files are read.

import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints

/// One number of each type that is read: its bytes, what numpy calls it, and its value.
private let numbers: [(ElementType, String, [UInt8], Double)] = [
    (.float64, "<f8", [0, 0, 0, 0, 0, 0, 0xF8, 0xBF], -1.5), (.float32, "<f4", [0, 0, 0x20, 0x40], 2.5),
    (.float16, "<f2", [0, 0xC2], -3), (.int64, "<i8", [0xFE] + [UInt8](repeating: 0xFF, count: 7), -2),
    (.int32, "<i4", [0xFE, 0xFF, 0xFF, 0xFF], -2), (.int16, "<i2", [0xFE, 0xFF], -2), (.int8, "|i1", [0xFE], -2),
    (.uint64, "<u8", [1, 1, 0, 0, 0, 0, 0, 0], 257), (.uint32, "<u4", [0xFE, 0xFF, 0xFF, 0xFF], 4_294_967_294),
    (.uint16, "<u2", [0xFE, 0xFF], 65534), (.uint8, "|u1", [0xFE], 254), (.bool, "|b1", [1], 1),
]

private func tensor(_ bytes: [UInt8], _ type: ElementType, _ folder: URL) throws -> CheckpointTensor {
    let path = folder.path + "/x"
    try writeFileAtomically(path, bytes)
    let count = bytes.count / type.byteCount
    return CheckpointTensor(
        name: "x", shape: [count], elementType: type, count: count, strides: nil, file: try MappedFile(path),
        byteOffset: 0)
}

/// Writes tensors of one dimension to a file.
func put(_ tensors: [(String, [Float])], _ path: String) throws {
    try tensors.flatMap(\.1).withUnsafeBufferPointer { all in
        var start = 0
        var arrays: [StoredArray] = []
        for (name, values) in tensors {
            let own = UnsafeBufferPointer(rebasing: all[start..<start + values.count])
            arrays.append(StoredArray(name, shape: [values.count], own))
            start += values.count
        }
        try SafeTensorsWriter.write(arrays, to: path)
    }
}

@Suite struct StoredNumberRuleTests {
    @Test func `every number becomes the nearest float32, whatever it is stored as`() throws {
        try withTemporaryFolder { folder in
            for (type, _, bytes, value) in numbers {
                let found = try tensor(bytes, type, folder).floats()
                #expect(found == [Float(value)], "\(type)")
            }
            // 2²⁴ + 1 lies between two floats and goes to the even one; 0.1 is rounded.
            #expect(try tensor([1, 0, 0, 1], .int32, folder).floats() == [16_777_216])
            #expect(try tensor([1, 0, 0, 1], .int32, folder).doubles() == [16_777_217])
            let tenth = withUnsafeBytes(of: 0.1) { Array($0) }
            #expect(try tensor(tenth, .float64, folder).floats() == [0.1])
            #expect(try tensor(tenth, .float64, folder).doubles() == [0.1])
            let most = [UInt8](repeating: 0xFF, count: 8)
            #expect(try tensor(most, .uint64, folder).floats() == [0x1p63])
        }
    }

    @Test func `what is asked for as whole numbers, or as numbers at all, and is none is refused by its type`() throws {
        try withTemporaryFolder { folder in
            let zeros = [UInt8](repeating: 0, count: 8)
            for type in [ElementType.float64, .float32, .float16, .bfloat16, .complex64, .float8e4m3] {
                let error = #expect(throws: FileError.self) { try tensor(zeros, type, folder).integers() }
                #expect(error?.rule == "\"x\" holds \(type.rawValue), not integers" && error?.kind == .unsupported)
            }
            for type in [ElementType.float8e4m3, .float8e5m2, .complex64] {
                let error = #expect(throws: FileError.self) { try tensor(zeros, type, folder).floats() }
                #expect(error?.rule == "\"x\" holds \(type.rawValue), which is not read as numbers")
                #expect(error?.kind == .unsupported && error?.offset == 0)
            }
        }
    }

    @Test func `an array of every type is written for numpy under its own name and read as what it was`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x.npy"
            for (type, name, bytes, value) in numbers {
                try bytes.withUnsafeBytes { try NumpyFile.write(StoredArray("", shape: [1], type, $0), to: path) }
                let file = try readBytes(path)
                #expect(String(decoding: file[10...], as: UTF8.self).hasPrefix("{'descr': '\(name)', "), "\(type)")
                let found = try NumpyFile.read(path)
                #expect(found.values == [value] && found.shape == [1], "\(type)")
                #expect(found.areIntegers == ![.float64, .float32, .float16].contains(type), "\(type)")
            }
            let eight = [UInt8](repeating: 0, count: 8)
            try eight.withUnsafeBytes { try NumpyFile.write(StoredArray("", shape: [1], .complex64, $0), to: path) }
            let complex = try readBytes(path)
            #expect(String(decoding: complex[10...], as: UTF8.self).hasPrefix("{'descr': '<c8', "))
            #expect(throws: FileError.self) { try NumpyFile.read(path) }
        }
    }

    @Test func `why an array is not written for numpy is told, and nothing is left of it`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x.npy"
            let bytes = [UInt8](repeating: 0, count: 12)
            for (shape, type, rule) in [
                ([6], .bfloat16, "numpy has no BF16"), ([4], .float32, "shape [4] does not fit 12 bytes"),
                ([-3], .float32, "shape [-3] does not fit 12 bytes"),
            ] as [([Int], ElementType, String)] {
                let error = #expect(throws: FileError.self) {
                    try bytes.withUnsafeBytes { try NumpyFile.write(StoredArray("", shape: shape, type, $0), to: path) }
                }
                #expect(error?.rule == rule && error?.kind == .notWritten)
            }
            #expect(!FileSystem.exists(path))
        }
    }

    @Test func `of an array in Fortran's order the first index runs fastest, along every axis`() throws {
        try withTemporaryFolder { folder in
            func read(_ order: String) throws -> [Double] {
                let header = "{'descr': '|u1', 'fortran_order': \(order), 'shape': (2, 3, 4), }\n"
                let file =
                    [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
                    + (0..<24).map { UInt8($0) }
                try writeFileAtomically(folder.path + "/x.npy", file)
                return try NumpyFile.read(folder.path + "/x.npy").values
            }
            var expected: [Double] = []
            for i in 0..<2 { for j in 0..<3 { for k in 0..<4 { expected.append(Double(i + 2 * j + 6 * k)) } } }
            let (columns, rows) = (try read("True"), try read("False"))
            #expect(columns == expected && rows == (0..<24).map { Double($0) })
            #expect(throws: FileError.self) { try read("1") }
        }
    }
}

@Suite struct SafeTensorsCoverageRuleTests {
    private func names(_ header: String, data: Int) throws -> [String] {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x.safetensors"
            let count = header.utf8.count
            try writeFileAtomically(
                path,
                (0..<8).map { UInt8(count >> (8 * $0) & 255) } + Array(header.utf8)
                    + [UInt8](repeating: 0, count: data))
            return try SafeTensorsReader(path).tensors.map(\.name)
        }
    }

    private func refusal(_ header: String, data: Int = 0) -> FileError? {
        #expect(throws: FileError.self) { try names(header, data: data) }
    }

    private static func entry(_ name: String, _ shape: String, _ offsets: String, _ type: String = "F32") -> String {
        "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offsets)]}"
    }

    @Test func `an array of nothing may lie where another begins or ends, whichever is named first`() throws {
        let full = Self.entry("full", "1", "0,4")
        for (first, second) in [
            (full, Self.entry("none", "0", "0,0")), (Self.entry("none", "0", "0,0"), full),
            (full, Self.entry("none", "2,0", "4,4")), (Self.entry("none", "0", "4,4"), full),
        ] {
            let found = try names("{\(first),\(second)}", data: 4)
            #expect(Set(found) == ["full", "none"])
        }
        // Inside another it is not between two.
        #expect(refusal("{\(full),\(Self.entry("none", "0", "2,2"))}", data: 4) != nil)
    }

    @Test func `a shape is refused where its bytes are more than can be counted, and compared with them where not`() {
        // 2⁶¹ elements of four bytes are 2⁶³, and 2⁶⁰ of eight.
        for (shape, type) in [("2305843009213693952", "F32"), ("1152921504606846976", "I64")] {
            let rule = refusal("{\(Self.entry("a", shape, "0,0", type))}")?.rule
            #expect(rule == "\"a\" has shape [\(shape)], more elements than 63 bits can count")
        }
        let most = "4611686018427387904"
        #expect(
            refusal("{\(Self.entry("a", most, "0,0", "U8"))}")?.rule
                == "\"a\" has shape [\(most)] of U8, \(most) bytes, but claims 0")
    }

    @Test func `a header is one object, whose metadata are texts and whose names are used once`() {
        #expect(refusal("{}x") != nil && refusal("{}{}") != nil)
        #expect(refusal(#"{"__metadata__":{"a":1}}"#) != nil && refusal(#"{"__metadata__":"a"}"#) != nil)
        let twice = "{\(Self.entry("a", "1", "0,4")),\(Self.entry("a", "1", "4,8"))}"
        #expect(refusal(twice, data: 8) != nil)
    }

    @Test func `a file without metadata says nothing of them, and two arrays of one name are told`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x.safetensors"
            try put([("w", [1])], path)
            let file = try readBytes(path)
            let text = "{" + Self.entry("w", "1", "0,4") + "}"
            #expect(String(decoding: file[8..<8 + text.utf8.count], as: UTF8.self) == text)
            // Filled up with spaces to a multiple of eight.
            #expect(file[(8 + text.utf8.count)..<(file.count - 4)].allSatisfy { $0 == 0x20 })
            #expect((file.count - 4) % 8 == 0 && file.count - 4 - 8 - text.utf8.count < 8)
            let error = #expect(throws: FileError.self) { try put([("w", [1]), ("v", [2]), ("w", [3])], path) }
            #expect(error?.rule == "two arrays are named \"w\"")
            #expect(try readBytes(path) == file)
        }
    }
}

@Suite struct ShardOrderRuleTests {
    private func read(_ map: String, _ shards: [String: [(String, [Float])]]) throws -> CheckpointContents {
        try withTemporaryFolder { folder in
            for (name, tensors) in shards { try put(tensors, folder.path + "/" + name) }
            try writeFileAtomically(folder.path + "/model.safetensors.index.json", "{\"weight_map\": {\(map)}}".utf8)
            return try CheckpointWeights.read(folder.path)
        }
    }

    @Test func `shards are read in the order of their names, and what was not needed is told with its shard`() throws {
        let contents = try read(
            #""x": "b.safetensors", "y": "a.safetensors""#,
            ["b.safetensors": [("x", [1]), ("y", [3])], "a.safetensors": [("y", [2])]])
        #expect(contents.tensors.map(\.name) == ["y", "x"])
        #expect(contents.notes == ["\"y\" of b.safetensors was not needed: the index puts it elsewhere"])
        #expect(contents.arguments == nil)
    }

    @Test func `of several tensors that are missing the first by name is told, with the shard that lacks it`() {
        let error = #expect(throws: FileError.self) {
            try read(
                #""z": "a.safetensors", "m": "b.safetensors", "x": "a.safetensors""#,
                ["a.safetensors": [("q", [1])], "b.safetensors": [("r", [1])]])
        }
        #expect(error?.rule == "does not hold \"m\", which the index puts there")
        #expect(error?.path.hasSuffix("/b.safetensors") == true && error?.kind == .contradictory)
    }

    @Test func `a tensor in two shards that the index does not name is told with the second of them`() {
        let error = #expect(throws: FileError.self) {
            try read(
                #""x": "a.safetensors", "y": "b.safetensors""#,
                ["a.safetensors": [("x", [1]), ("q", [1])], "b.safetensors": [("y", [1]), ("q", [1])]])
        }
        #expect(error?.rule == "holds \"q\", which another shard holds too and the index does not name")
        #expect(error?.path.hasSuffix("/b.safetensors") == true)
    }

    @Test func `no file that a trainer keeps beside weights is one of weights, whatever its ending`() {
        for name in [
            "optimizer", "optim", "scheduler", "rng_state", "random_states_0", "scaler", "training_args",
            "trainer_state", "adapter_model", "tokenizer", "lr_scheduler",
        ] {
            for ending in ["safetensors", "bin", "pt", "pth", "ckpt"] {
                #expect(!CheckpointWeights.isWeightFile("\(name).\(ending)"), "\(name).\(ending)")
            }
        }
        #expect(CheckpointWeights.isWeightFile("my_optimizer.pt") && CheckpointWeights.isWeightFile("epoch=1.ckpt"))
        #expect(!CheckpointWeights.isWeightFile("model.bin.txt") && !CheckpointWeights.isWeightFile("model"))
    }
}

@Suite struct CachedNameRuleTests {
    private static let commit = String(repeating: "b2", count: 20)

    private func locator(_ cache: String) -> CheckpointLocator {
        CheckpointLocator { $0 == "HF_HUB_CACHE" ? cache : nil }
    }

    @Test func `a revision whose files are not there is none`() throws {
        try withTemporaryFolder { root in
            let model = root.path + "/models--o--m"
            try writeFileAtomically(model + "/refs/main", Self.commit.utf8)
            let error = #expect(throws: FileError.self) { try locator(root.path).folder("o/m") }
            #expect(error?.rule == "is neither a folder nor in the Hugging Face cache (\(root.path))")
            try writeFileAtomically(model + "/refs/v1", Self.commit.utf8)
            try FileSystem.makeFolder(model + "/snapshots/" + Self.commit)
            #expect(try locator(root.path).folder("o/m") == model + "/snapshots/" + Self.commit)
            // Blanks around the digits do not count, and the digits of a branch's own commit are no second revision.
            try writeFileAtomically(model + "/refs/main", " \(Self.commit) \n\n".utf8)
            #expect(try locator(root.path).folder("o/m") == model + "/snapshots/" + Self.commit)
            let other = #expect(throws: FileError.self) { try locator(root.path).folder("o/m", revision: "v9") }
            #expect(other?.rule.hasSuffix("without its revision v9; there are main, v1") == true)
        }
    }

    @Test func `a reference that holds no revision is refused as that`() throws {
        try withTemporaryFolder { root in
            let reference = root.path + "/models--o--m/refs/main"
            for text in [
                "main", String(Self.commit.dropLast()), Self.commit + "0", String(Self.commit.dropLast()) + "x",
            ] {
                try writeFileAtomically(reference, text.utf8)
                let fault = FileError(.malformed, reference, "does not hold a revision of 40 hexadecimal digits")
                #expect(throws: fault) { try locator(root.path).folder("o/m") }
            }
        }
    }

    @Test func `six of the revisions that are there are told`() throws {
        try withTemporaryFolder { root in
            let model = root.path + "/models--o--m"
            try FileSystem.makeFolder(model + "/snapshots/" + Self.commit)
            for name in ["a", "b", "c", "d", "e", "f", "g"] {
                try writeFileAtomically(model + "/refs/" + name, Self.commit.utf8)
            }
            let error = #expect(throws: FileError.self) { try locator(root.path).folder("o/m") }
            #expect(
                error?.rule == "is in the Hugging Face cache without its revision main; there are a, b, c, d, e, f")
            #expect(error?.help == "write load \"o/m\" revision: \"a\"")
        }
    }

    @Test func `models that the hub has moved are fetched under their new names`() throws {
        try withTemporaryFolder { root in
            for (name, full) in [
                ("gpt2", "openai-community/gpt2"), ("gpt2-medium", "openai-community/gpt2-medium"),
                ("gpt2-large", "openai-community/gpt2-large"), ("gpt2-xl", "openai-community/gpt2-xl"),
                ("distilgpt2", "distilbert/distilgpt2"), ("gpt2-small", "gpt2-small"), ("o/gpt2", "o/gpt2"),
                ("A_b-1.2", "A_b-1.2"),
            ] {
                let error = #expect(throws: FileError.self) { try locator(root.path).folder(name) }
                #expect(
                    error?.help == "give the path of a folder, or fetch it first: hf download \(full)", "\(name)")
            }
        }
    }

    @Test func `the root is a folder, ~ alone is the home, and a folder may be called as weights are`() throws {
        try withTemporaryFolder { root in
            let home = root.path
            let locator = CheckpointLocator { $0 == "HOME" ? home : nil }
            #expect(try locator.folder("/") == "/" && locator.folder("~") == home)
            try FileSystem.makeFolder(home + "/m.bin")
            typealias Place = CheckpointLocator.Place
            #expect(try locator.place(home + "/m.bin/") == Place(folder: home + "/m.bin", file: nil))
            // Somebody else's home is not looked up, nor what is called like one's own and more.
            try FileSystem.makeFolder(home + "/h")
            try FileSystem.makeFolder(home + "/hother")
            let other = CheckpointLocator { $0 == "HOME" ? home + "/h" : nil }
            #expect(throws: FileError(.missing, "~other", "is not a folder")) { try other.folder("~other") }
            #expect(CheckpointLocator { _ in nil }.cacheFolders() == [])
        }
    }
}
