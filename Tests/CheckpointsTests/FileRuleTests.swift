// The rules of the files of a checkpoint, each on bytes made up here, and of what is done to a text before it is cut.

import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct NumpyHeaderRuleTests {
    /// The header and where the data begin, of a file of zeros of that shape.
    private func written(_ shape: [Int], _ type: ElementType) throws -> (header: String, start: Int, size: Int) {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x.npy"
            let count = shape.reduce(1, *)
            let bytes = [UInt8](repeating: 0, count: count * type.byteCount)
            try bytes.withUnsafeBytes { try NumpyFile.write(StoredArray("", shape: shape, type, $0), to: path) }
            let file = Array(try Data(contentsOf: URL(filePath: path)))
            let start = 10 + Int(file[8]) + 256 * Int(file[9])
            return (String(decoding: file[10..<start], as: UTF8.self), start, file.count)
        }
    }

    @Test(
        arguments: [
            ([3], .float32, "<f4", "(3,)"), ([], .float64, "<f8", "()"), ([2, 3], .int64, "<i8", "(2, 3)"),
            ([1, 1, 5], .uint8, "|u1", "(1, 1, 5)"), ([0], .bool, "|b1", "(0,)"), ([4], .uint16, "<u2", "(4,)"),
        ] as [([Int], ElementType, String, String)])
    func `a header tells type and shape as Python writes them, and ends with a line before a multiple of 64`(
        _ shape: [Int], _ type: ElementType, _ name: String, _ tuple: String
    ) throws {
        let found = try written(shape, type)
        let dictionary = "{'descr': '\(name)', 'fortran_order': False, 'shape': \(tuple), }"
        #expect(found.header.hasPrefix(dictionary) && found.header.last == "\n")
        #expect(found.header.dropFirst(dictionary.count).dropLast().allSatisfy { $0 == " " })
        #expect(found.start % 64 == 0 && found.start < 10 + dictionary.count + 1 + 64)
        #expect(found.size == found.start + shape.reduce(1, *) * type.byteCount)
    }

    @Test func `what numpy has no type for, and a shape that does not fit, are not written`() throws {
        #expect(throws: FileError.self) { try written([2], .bfloat16) }
        try withTemporaryFolder { folder in
            let three = [Float](repeating: 0, count: 3)
            func write() throws {
                try three.withUnsafeBufferPointer {
                    try NumpyFile.write(StoredArray("", shape: [4], $0), to: folder.path + "/x.npy")
                }
            }
            #expect(throws: FileError.self) { try write() }
        }
    }
}

@Suite struct TensorReadingRuleTests {
    private func tensor(_ bytes: [UInt8], _ type: ElementType, _ folder: URL) throws -> CheckpointTensor {
        let path = folder.path + "/x"
        try writeFileAtomically(path, bytes)
        let count = bytes.count / type.byteCount
        return CheckpointTensor(
            name: "x", shape: [count], elementType: type, count: count, strides: nil, file: try MappedFile(path),
            byteOffset: 0)
    }

    @Test(
        arguments: [
            (.uint64, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .max),
            (.uint64, [0, 0, 0, 0, 0, 0, 0, 0x80], .max), (.uint64, [1, 1, 0, 0, 0, 0, 0, 0], 257),
            (.int64, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], -2), (.int32, [0xFF, 0xFF, 0xFF, 0xFF], -1),
            (.uint32, [0xFF, 0xFF, 0xFF, 0xFF], 4_294_967_295), (.int16, [0, 0x80], -32768),
            (.uint16, [0, 0x80], 32768), (.int8, [0x80], -128), (.uint8, [0x80], 128), (.bool, [1], 1),
        ] as [(ElementType, [UInt8], Int)])
    func `whole numbers are read with their sign, and those beyond 63 bits are the largest there is`(
        _ type: ElementType, _ bytes: [UInt8], _ value: Int
    ) throws {
        try withTemporaryFolder { folder in
            let tensor = try tensor(bytes, type, folder)
            #expect(try tensor.integers() == [value])
            #expect(try tensor.doubles() == [Double(value)])
        }
    }

    @Test(
        arguments: [
            (.float64, [0, 0, 0, 0, 0, 0, 0xF8, 0xBF], -1.5), (.float32, [0, 0, 0x20, 0x40], 2.5),
            (.float16, [0, 0xC2], -3), (.bfloat16, [0x40, 0xC0], -3),
        ] as [(ElementType, [UInt8], Double)])
    func `reals are read as what they are, and are no whole numbers`(
        _ type: ElementType, _ bytes: [UInt8], _ value: Double
    ) throws {
        try withTemporaryFolder { folder in
            let tensor = try tensor(bytes, type, folder)
            #expect(try tensor.doubles() == [value] && tensor.floats() == [Float(value)])
            #expect(throws: FileError.self) { try tensor.integers() }
        }
    }

    @Test func `numbers that nobody here reads are refused, not guessed`() throws {
        try withTemporaryFolder { folder in
            for type in [ElementType.float8e4m3, .float8e5m2, .complex64] {
                let tensor = try tensor([UInt8](repeating: 1, count: 8), type, folder)
                #expect(throws: FileError.self) { try tensor.doubles() }
                #expect(throws: FileError.self) { try tensor.integers() }
            }
        }
    }

    @Test func `a transposed matrix has its rows for columns, anything else stays as it is`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            try writeFileAtomically(path, (0..<6).flatMap { i in withUnsafeBytes(of: Float(i)) { Array($0) } })
            let file = try MappedFile(path)
            func tensor(_ shape: [Int]) -> CheckpointTensor {
                CheckpointTensor(
                    name: "x", shape: shape, elementType: .float32, count: 6, strides: nil, file: file, byteOffset: 0)
            }
            let turned = tensor([2, 3]).transposed
            #expect(try turned.shape == [3, 2] && turned.floats() == [0, 3, 1, 4, 2, 5])
            #expect(turned.transposed.shape == [2, 3] && tensor([6]).transposed.shape == [6])
            #expect(try turned.transposed.floats() == [0, 1, 2, 3, 4, 5])
            #expect(try tensor([6]).transposed.floats() == [0, 1, 2, 3, 4, 5])
            #expect(tensor([1, 2, 3]).transposed.shape == [1, 2, 3])
        }
    }
}

@Suite struct ShardRuleTests {
    /// What is read from two shards under an index.
    private func read(
        _ map: String, _ one: [(String, [Float])], _ two: [(String, [Float])]
    ) throws -> (numbers: [String: [Float]], notes: Int) {
        try withTemporaryFolder { folder in
            try put(one, folder.path + "/one.safetensors")
            try put(two, folder.path + "/two.safetensors")
            try "{\"weight_map\": {\(map)}}".write(
                toFile: folder.path + "/model.safetensors.index.json", atomically: true, encoding: .utf8)
            let contents = try CheckpointWeights.read(folder.path)
            let pairs = try contents.tensors.map { ($0.name, try $0.floats()) }
            return (Dictionary(pairs, uniquingKeysWith: { $0 + $1 }), contents.notes.count)
        }
    }

    @Test func `of a tensor that lies in two shards the one counts that the index names`() throws {
        for (shard, value) in [("one", Float(1)), ("two", 2)] {
            let other = shard == "one" ? "two" : "one"
            let found = try read(
                "\"w\": \"\(shard).safetensors\", \"v\": \"\(other).safetensors\"",
                [("w", [1])] + (shard == "two" ? [("v", [3])] : []), [("w", [2])] + (shard == "one" ? [("v", [3])] : [])
            )
            #expect(found.numbers == ["w": [value], "v": [3]], "\(shard)")
            #expect(found.notes == 1)
        }
    }

    @Test func `a shard may hold more than the index names, but not what another one has too`() throws {
        let map = #""a": "one.safetensors", "b": "two.safetensors""#
        #expect(try read(map, [("a", [1]), ("c", [3])], [("b", [2])]).numbers == ["a": [1], "b": [2], "c": [3]])
        let error = #expect(throws: FileError.self) {
            try read(map, [("a", [1]), ("c", [3])], [("b", [2]), ("c", [3])])
        }
        #expect(error?.kind == .contradictory)
    }

    @Test func `a tensor that its shard lacks is missed by name, and so is a shard`() throws {
        let error = #expect(throws: FileError.self) {
            try read(#""a": "one.safetensors", "b": "two.safetensors""#, [("a", [1])], [("x", [2])])
        }
        #expect(error?.rule == "does not hold \"b\", which the index puts there")
        let missing = #expect(throws: FileError.self) {
            try read(#""a": "three.safetensors""#, [("a", [1])], [("x", [2])])
        }
        #expect(missing?.kind == .missing)
        #expect(missing?.rule.hasPrefix("names \"three.safetensors\", which is not there") == true)
    }

    @Test(arguments: ["../one.safetensors", ".one.safetensors", "..", "a/one.safetensors", "", "/one.safetensors"])
    func `a shard lies in the folder itself and is not hidden`(_ shard: String) {
        let error = #expect(throws: FileError.self) { try read("\"a\": \"\(shard)\"", [("a", [1])], [("b", [2])]) }
        #expect(error?.kind == .refused)
    }

    @Test(arguments: [
        (["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"], "model.safetensors"),
        (["other.safetensors", "optimizer.bin", "training_args.bin"], "other.safetensors"),
        (["pytorch_model.bin", "x.safetensors", "model.safetensors"], "model.safetensors"),
    ])
    func `the weights are in the first of the known files, or in the only one that could be them`(
        _ names: [String], _ expected: String
    ) throws {
        try withTemporaryFolder { folder in
            for name in names where name != expected {
                try writeFileAtomically(folder.path + "/" + name, [1, 2, 3])
            }
            try put([("w", [7])], folder.path + "/" + expected)
            #expect(try CheckpointWeights.read(folder.path).tensors.map(\.name) == ["w"])
        }
    }

    @Test func `what lies beside weights is none, and of two files that could be them neither is taken`() throws {
        for name in ["a.safetensors", "a.bin", "a.pt", "a.pth", "a.ckpt"] {
            #expect(CheckpointWeights.isWeightFile(name), "\(name)")
        }
        for name in ["optimizer.pt", "scheduler.bin", "training_args.bin", "rng_state.pth", "a.json", "a.gguf", "bin"] {
            #expect(!CheckpointWeights.isWeightFile(name), "\(name)")
        }
        try withTemporaryFolder { folder in
            for name in ["a.safetensors", "b.safetensors"] { try put([("w", [7])], folder.path + "/" + name) }
            let error = #expect(throws: FileError.self) { try CheckpointWeights.read(folder.path) }
            #expect(error?.kind == .contradictory)
            for name in ["a.safetensors", "b.safetensors"] { #expect(error?.rule.contains(name) == true) }
        }
    }
}

/// An entry of a zip file made up here, with what may be wrong with it.
private struct ZipEntry {
    var name: String
    var localName: String?
    var data: [UInt8] = [1, 2, 3]
    var flags = 0
    var method = 0
    /// What the directory says of the size, where that is not true.
    var size: Int?
    var stored: Int?
}

@Suite struct ZipRuleTests {
    private func bytes(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }

    private func zip(_ entries: [ZipEntry], gap: Int = 0, extraCount: Int = 0, comment: String = "") -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = file.count, local = Array((entry.localName ?? entry.name).utf8), name = Array(entry.name.utf8)
            file += [0x50, 0x4B, 3, 4] + bytes(0, 2) + bytes(entry.flags, 2) + bytes(entry.method, 2) + bytes(0, 8)
            file += bytes(entry.data.count, 4) + bytes(entry.data.count, 4) + bytes(local.count, 2) + bytes(0, 2)
            file += local + entry.data
            let size = entry.size ?? entry.data.count
            directory +=
                [0x50, 0x4B, 1, 2] + bytes(0, 4) + bytes(entry.flags, 2) + bytes(entry.method, 2) + bytes(0, 8)
            directory += bytes(entry.stored ?? size, 4) + bytes(size, 4) + bytes(name.count, 2) + bytes(0, 12)
            directory += bytes(offset, 4) + name
        }
        directory += [UInt8](repeating: 0, count: gap)
        let count = entries.count + extraCount
        let end = [0x50, 0x4B, 5, 6] + bytes(0, 4) + bytes(count, 2) + bytes(count, 2) + bytes(directory.count, 4)
        return file + directory + end + bytes(file.count, 4) + bytes(comment.utf8.count, 2) + Array(comment.utf8)
    }

    private func open(_ bytes: [UInt8]) throws -> ZipDirectory {
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/x", bytes)
            return try ZipDirectory(MappedFile(folder.path + "/x"))
        }
    }

    @Test func `entries are found by name, where their data are`() throws {
        let file = zip([ZipEntry(name: "a/b"), ZipEntry(name: "c", data: [7])], comment: "a comment")
        let found = try open(file)
        #expect(found.entries.map(\.name) == ["a/b", "c"])
        let places = (try #require(found["a/b"]).range, try #require(found["c"]).range)
        #expect(file[places.0] == [1, 2, 3] && file[places.1] == [7])
        #expect(found["b"] == nil)
        // Sizes that follow the data, and names in UTF-8, are no encryption.
        #expect(try open(zip([ZipEntry(name: "é", flags: 0x808)])).entries.map(\.name) == ["é"])
        // Dots within a name climb nowhere.
        #expect(try open(zip([ZipEntry(name: "..a/b..")])).entries.count == 1)
    }

    @Test(
        arguments: [
            ([ZipEntry(name: "a")], 46, 0, "the zip directory is longer than its entries"),
            ([ZipEntry(name: "a")], 1, 0, "the zip directory is longer than its entries"),
            ([ZipEntry(name: "a")], 46, 1, "a zip directory entry was expected"),
            ([ZipEntry(name: "a")], 0, 1, "the zip directory claims 2 entries in 47 bytes"),
            ([ZipEntry(name: "a"), ZipEntry(name: "a")], 0, 0, "\"a\" is in the zip directory twice"),
            ([ZipEntry(name: "a", localName: "b")], 0, 0, "the local header of zip entry \"a\" has another name"),
            ([ZipEntry(name: "a", method: 8)], 0, 0, "zip entry \"a\" is compressed (method 8); PyTorch only stores"),
            ([ZipEntry(name: "a", flags: 1)], 0, 0, "zip entry \"a\" is encrypted"),
            ([ZipEntry(name: "a", flags: 0x2000)], 0, 0, "zip entry \"a\" is encrypted"),
            ([ZipEntry(name: "a", flags: 0x40)], 0, 0, "zip entry \"a\" is encrypted"),
            ([ZipEntry(name: "a", size: 4)], 0, 0, "zip entry \"a\" claims 4 bytes; 3 are there"),
            ([ZipEntry(name: "a", stored: 2)], 0, 0, "zip entry \"a\" is stored, but in 2 bytes for 3"),
            // The three bytes of a, the 31 of b's local header, and one of its data.
            ([ZipEntry(name: "a", size: 35), ZipEntry(name: "b")], 0, 0, "zip entry \"b\" overlaps another"),
        ])
    fileprivate func `each rule of a zip file has its own refusal`(
        _ entries: [ZipEntry], _ gap: Int, _ extraCount: Int, _ rule: String
    ) {
        let error = #expect(throws: FileError.self) { try open(zip(entries, gap: gap, extraCount: extraCount)) }
        #expect(error?.rule == rule)
    }

    @Test(arguments: ["../a", "a/../b", "/a", "a\\b", "a/..", ""])
    func `a name that would leave the folder is refused`(_ name: String) {
        let error = #expect(throws: FileError.self) { try open(zip([ZipEntry(name: name)])) }
        #expect(error?.kind == .refused && error?.rule == "zip entry \"\(name)\" would leave its folder")
    }
}

@Suite struct TextStepRuleTests {
    private func pieces(_ text: String, _ steps: [PreTokenizer.Step]) -> [String] {
        var found: [String] = []
        var text = text
        text.withUTF8 { bytes in
            PreTokenizer(steps: steps).forEachPiece(bytes, 0..<bytes.count) {
                found.append(String(decoding: bytes[$0], as: UTF8.self))
            }
        }
        return found
    }

    // The text and the results that the Hugging Face library gives for its Split.
    @Test(
        arguments: [
            (.removed, ["the", "final", "countdown"]), (.isolated, ["the", "-", "final", "-", "-", "countdown"]),
            (.mergedWithPrevious, ["the-", "final-", "-", "countdown"]),
            (.mergedWithNext, ["the", "-final", "-", "-countdown"]),
            (.contiguous, ["the", "-", "final", "--", "countdown"]),
        ] as [(PreTokenizer.SplitBehaviour, [String])])
    func `what becomes of a separator is what its behaviour says`(
        _ behaviour: PreTokenizer.SplitBehaviour, _ expected: [String]
    ) {
        #expect(
            pieces("the-final--countdown", [.split(.text(Array("-".utf8)), behaviour, isInverted: false)]) == expected)
    }

    @Test func `an inverted split takes what lies between for the separators`() {
        let dash = PreTokenizer.Separator.text(Array("-".utf8))
        #expect(pieces("a-b--c", [.split(dash, .removed, isInverted: true)]) == ["-", "-", "-"])
        #expect(pieces("-a-", [.split(dash, .removed, isInverted: false)]) == ["a"])
        #expect(pieces("abc", [.split(dash, .removed, isInverted: false)]) == ["abc"])
        #expect(pieces("abab", [.split(.text(Array("ba".utf8)), .isolated, isInverted: false)]) == ["a", "ba", "b"])
    }

    @Test func `digits, spaces and signs are told apart`() {
        #expect(pieces("ab12c3", [.digits(isEach: true)]) == ["ab", "1", "2", "c", "3"])
        #expect(pieces("ab12c3", [.digits(isEach: false)]) == ["ab", "12", "c", "3"])
        #expect(pieces(" a  b\tc ", [.spaces]) == ["a", "b", "c"])
        #expect(pieces("hi, you!! x_1", [.wordsAndSigns]) == ["hi", ",", "you", "!!", "x_1"])
        #expect(pieces("", [.spaces]) == [] && pieces("a b", []) == ["a b"])
        // One step after another, each within the pieces of the one before it.
        #expect(pieces("a1 b2", [.spaces, .digits(isEach: true)]) == ["a", "1", "b", "2"])
    }

    @Test(
        arguments: [
            (.composed, "e\u{301}a", "\u{e9}a"), (.decomposed, "\u{e9}a", "e\u{301}a"), (.composed, "abc", "abc"),
            (.lowercased, "ÉA\u{130}", "éai\u{307}"), (.prepended(Array("_".utf8)), "a", "_a"),
            (.prepended(Array("_".utf8)), "", ""), (.replaced(Array("aa".utf8), Array("b".utf8)), "aaa", "ba"),
            (.replaced(Array(" ".utf8), Array("▁".utf8)), " a ", "▁a▁"), (.replaced([], [0x62]), "a", "a"),
            (.stripped(left: true, right: false), " a ", "a "), (.stripped(left: false, right: true), " a ", " a"),
            (.stripped(left: true, right: true), "\n a b\t", "a b"), (.stripped(left: true, right: true), "  ", ""),
        ] as [(TextNormalizer.Step, String, String)])
    func `a normalizer's step does to a text what it is named for`(
        _ step: TextNormalizer.Step, _ text: String, _ expected: String
    ) {
        let found = TextNormalizer(steps: [step])(Array(text.utf8))
        #expect(found == Array(expected.utf8), "\(String(decoding: found, as: UTF8.self))")
    }

    @Test func `the steps of a normalizer come in their order`() {
        let prepend = TextNormalizer.Step.prepended(Array(" ".utf8))
        let replace = TextNormalizer.Step.replaced(Array(" ".utf8), Array("_".utf8))
        #expect(TextNormalizer(steps: [prepend, replace])(Array("a b".utf8)) == Array("_a_b".utf8))
        #expect(TextNormalizer(steps: [replace, prepend])(Array("a b".utf8)) == Array(" a_b".utf8))
    }

    @Test func `a table of tokens has one id for a name and one name for an id`() {
        var table = TokenTable(capacity: 4, idLimit: 9)
        func insert(_ name: String, _ id: Int32) -> Bool {
            Array(name.utf8).withUnsafeBytes { table.insert($0, id: id) }
        }
        let first = [insert("a", 3), insert("ab", 8), insert("", 1)]
        let again = [insert("a", 4), insert("c", 3)]
        #expect(first == [true, true, false] && again == [false, false])
        #expect(table.id(of: "a") == 3 && table.id(of: "ab") == 8 && table.id(of: "b") == nil)
        #expect(Array(table.name(8)) == Array("ab".utf8))
        for id in [0, 9, -1] as [Int32] { #expect(table.name(id).isEmpty) }
        #expect(table.count == 9)
    }
}

@Suite struct StageCodeRuleTests {
    @Test func `halves are written low byte first, and what they come to is what the page has`() {
        // 1 is 3C00, −2 is C000, 1/3 is 3555.
        let coded = StageCoder.encode([[1, -2, 1.0 / 3]], tensors: [3], code: .half)[0]
        #expect(coded.bytes == [0, 0x3C, 0, 0xC0, 0x55, 0x35])
        #expect(coded.values[0] == 1 && coded.values[1] == -2 && abs(coded.values[2] - 0.33325195) < 1e-8)
        #expect(!coded.followsAnother && coded.steps.isEmpty)
    }

    @Test func `a step is a share of each tensor's own size, and of one where the tensor is nothing`() {
        // Sizes √((9 + 16) / 2) and 0.
        let coded = StageCoder.encode([[3, 4, 0, 0, 0]], tensors: [2, 3], code: .rounded, fineness: 4)[0]
        #expect(abs(Double(coded.steps[0]) - 12.5.squareRoot() / 4) < 1e-6 && coded.steps[1] == 0.25)
    }

    @Test func `the steps of the first stage hold for all`() {
        let coded = StageCoder.encode([[1, -1], [9, -9]], tensors: [2], code: .rounded, fineness: 2)
        #expect(coded.map(\.steps) == [[0.5], [0.5]])
        #expect(coded[1].values == [9, -9] && coded.map(\.followsAnother) == [false, true])
    }

    @Test func `what is not a number stays none, and what is too large is infinite, with its sign`() {
        #expect(Half.value(Half.bits(.nan)).isNaN)
        #expect(Half.bits(.infinity) == 0x7C00 && Half.bits(-.infinity) == 0xFC00 && Half.bits(-1e9) == 0xFC00)
        #expect(Half.bits(-0.0) == 0x8000 && Half.value(0x8001) == -0x1p-24 && Half.value(0xFC00) == -.infinity)
    }

    @Test func `of all numbers of low bits the one is taken that makes the shortest code`() {
        let writer = BitWriter()
        // With r low bits a number u takes u >> r ones, a zero and r bits.
        for (values, bits) in [([0, 0, 0], 0), ([1, 1, 1], 0), ([8, 8, 8], 3), ([1000], 9), ([0, 0, 0, 7], 0)] {
            func cost(_ r: Int) -> Int { values.reduce(0) { $0 + ($1 >> r) + 1 + r } }
            #expect(cost(bits) == (0..<24).map(cost).min(), "\(values)")
            #expect(cost(writer.cheapestLowBits(values)) == cost(bits), "\(values)")
        }
    }
}
