// The rules of pickles and of the zip files around them, on bytes put together here opcode by opcode.

import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints

private func bytes(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }

/// The opcodes of pickles, as `Unpickler` states them.
private enum Op {
    static func text(_ text: String) -> [UInt8] { [0x55, UInt8(text.utf8.count)] + Array(text.utf8) }
    static func number(_ value: Int) -> [UInt8] { [0x4B, UInt8(value)] }
    static func global(_ module: String, _ name: String) -> [UInt8] { [0x63] + Array("\(module)\n\(name)\n".utf8) }
    static func tuple(_ parts: [[UInt8]]) -> [UInt8] { [0x28] + parts.flatMap { $0 } + [0x74] }
    static func dictionary(_ members: [(String, [UInt8])]) -> [UInt8] {
        [0x7D, 0x28] + members.flatMap { text($0.0) + $0.1 } + [0x75]
    }
    static func storage(_ key: String = "0", _ type: String = "FloatStorage", count: Int = 4) -> [UInt8] {
        tuple([text("storage"), global("torch", type), text(key), text("cpu"), number(count)]) + [0x51]
    }
    static func tensor(
        _ shape: [Int], _ strides: [Int], offset: Int = 0, storage: [UInt8] = Op.storage()
    ) -> [UInt8] {
        global("torch._utils", "_rebuild_tensor_v2")
            + tuple([storage, number(offset), tuple(shape.map(number)), tuple(strides.map(number)), [0x89]]) + [0x52]
    }
    static let four = tensor([4], [1])
}

private func withFile<R>(_ bytes: [UInt8], _ body: (String) throws -> R) throws -> R {
    try withTemporaryFolder { folder in
        try writeFileAtomically(folder.path + "/x.bin", bytes)
        return try body(folder.path + "/x.bin")
    }
}

@Suite struct PickleMachineRuleTests {
    private func load(_ opcodes: [UInt8]) throws -> (machine: Unpickler, value: Unpickler.Value) {
        try withFile([0x80, 2] + opcodes + [0x2E]) { path in
            let file = try MappedFile(path)
            var machine = Unpickler(file, 0..<file.bytes.count)
            let value = try machine.load()
            return (machine, value)
        }
    }

    private func integers(_ opcodes: [UInt8]) throws -> [Int]? {
        let (machine, value) = try load(opcodes)
        guard case .tuple(let index) = value else { return nil }
        return machine.tuples[index].map { if case .integer(let number) = $0 { number } else { -999 } }
    }

    @Test(
        arguments: [
            ([0x4B, 0xFF], 255), ([0x4D, 1, 2], 513), ([0x4A, 0xFE, 0xFF, 0xFF, 0xFF], -2), ([0x8A, 0], 0),
            ([0x8A, 1, 0xFF], -1), ([0x8A, 1, 0x7F], 127), ([0x8A, 2, 0, 0x80], -32768), ([0x8A, 2, 0xFF, 0], 255),
            ([0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80], Int.min),
        ] as [([UInt8], Int)])
    func `whole numbers are little-endian, and signed where their opcode says so`(
        _ opcodes: [UInt8], _ value: Int
    ) throws {
        guard case .integer(let found) = try load(opcodes).value else {
            Issue.record("no integer")
            return
        }
        #expect(found == value)
    }

    @Test func `a real has its highest byte first`() throws {
        guard case .real(let value) = try load([0x47, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0]).value else {
            Issue.record("no real")
            return
        }
        #expect(value == 1.5)
    }

    @Test func `what is remembered comes back under its number, and tuples have their values in order`() throws {
        #expect(try integers([0x28, 0x4B, 5, 0x71, 9, 0x4B, 6, 0x68, 9, 0x74]) == [5, 6, 5])
        #expect(try integers([0x28, 0x4B, 5, 0x94, 0x4B, 6, 0x94, 0x68, 1, 0x68, 0, 0x74]) == [5, 6, 6, 5])
        let wide: [UInt8] = [0x28, 0x4B, 5, 0x72, 0, 1, 0, 0, 0x6A, 0, 1, 0, 0, 0x74]
        #expect(try integers(wide) == [5, 5])
        #expect(try integers([0x4B, 1, 0x85]) == [1] && integers([0x4B, 1, 0x4B, 2, 0x86]) == [1, 2])
        #expect(try integers([0x4B, 1, 0x4B, 2, 0x4B, 3, 0x87]) == [1, 2, 3] && integers([0x29]) == [])
    }

    @Test(
        arguments: [
            ([0x74], "no mark on the pickle's stack"), ([], "the pickle's stack is empty"),
            ([0x4B, 1, 0x4B, 2], "the pickle ends with values left over"),
            ([0x28, 0x4B, 1], "the pickle ends with values left over"),
            ([0x80, 1], "pickle protocol 1; 2 to 5 are read"),
            ([0x80, 6], "pickle protocol 6; 2 to 5 are read"), ([0x68, 7], "nothing was remembered as 7"),
            ([0x4B, 1, 0x4B, 2, 0x61], "appending to something that is not a list"),
            ([0x5D, 0x4B, 1, 0x4B, 2, 0x73], "setting items of something that is not a dictionary"),
            ([0x7D, 0x28, 0x4B, 1, 0x75], "setting items of something that is not a dictionary"),
            ([0x55, 1, 0xFF], "a text that is not UTF-8"), ([0x55, 9], "the pickle ends too early"),
            ([0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1], "an integer of 9 bytes"),
            ([0x5D, 0x7D, 0x62], "attributes for something that is not a dictionary"),
            ([0x4B, 1, 0x29, 0x52], "a call of something that is not a known name"),
            ([0x4B, 1, 0x51], "a persistent id that is not a tuple"),
            ([0x4B, 1, 0x4B, 2, 0x93], "STACK_GLOBAL needs two texts"),
        ] as [([UInt8], String)])
    func `what no pickle of tensors does is refused by what it does`(_ opcodes: [UInt8], _ rule: String) {
        let error = #expect(throws: FileError.self) { try load(opcodes) }
        #expect(error?.rule == rule && error?.kind == .malformed)
    }

    @Test func `protocols 2 to 5 are read, and an opcode that tensors do not need is refused`() throws {
        for version in UInt8(2)...5 { #expect(throws: Never.self) { try load([0x80, version, 0x4E]) } }
        let error = #expect(throws: FileError.self) { try load([0x69]) }
        #expect(error?.kind == .refused && error?.rule == "pickle opcode 0x69 is not one that tensors need")
    }

    @Test func `a name may have two hundred letters and no more`() {
        for (count, kind) in [(200, FileError.Kind.refused), (201, .malformed)] {
            let error = #expect(throws: FileError.self) {
                try load(Op.global(String(repeating: "m", count: count), "n"))
            }
            #expect(error?.kind == kind)
        }
    }

    @Test func `an ordered dictionary begins empty, and attributes of it say nothing`() throws {
        let made = Op.global("collections", "OrderedDict")
        let (machine, value) = try load(made + [0x29, 0x52] + Op.text("a") + [0x4B, 1, 0x73, 0x7D, 0x62])
        guard case .dictionary(let index) = value else {
            Issue.record("no dictionary")
            return
        }
        #expect(machine.dictionaries[index].count == 1)
        let error = #expect(throws: FileError.self) { try load(made + Op.tuple([Op.number(1)]) + [0x52]) }
        #expect(error?.rule == "an OrderedDict made from arguments")
    }

    @Test func `texts of every length and kind are texts, bytes are nothing, and a frame is passed over`() throws {
        let opcodes: [[UInt8]] = [
            [0x55, 2, 0xC3, 0xA9], [0x8C, 2, 0xC3, 0xA9], [0x58, 2, 0, 0, 0, 0xC3, 0xA9],
            [0x54, 2, 0, 0, 0, 0xC3, 0xA9],
            [0x95, 9, 9, 9, 9, 9, 9, 9, 9, 0x55, 2, 0xC3, 0xA9],
        ]
        for opcode in opcodes {
            let (machine, value) = try load(opcode)
            guard case .text(let range) = value else {
                Issue.record("no text: \(opcode)")
                continue
            }
            #expect(machine.string(range) == "é")
        }
        for opcode in [[0x43, 2, 0x51, 0xFF], [0x42, 2, 0, 0, 0, 0x51, 0xFF]] as [[UInt8]] {
            guard case .inert = try load(opcode).value else {
                Issue.record("not inert: \(opcode)")
                continue
            }
        }
        for (opcode, flag) in [([0x88], true), ([0x89], false)] as [([UInt8], Bool)] {
            guard case .bool(flag) = try load(opcode).value else {
                Issue.record("not \(flag)")
                continue
            }
        }
    }

    @Test func `lists and dictionaries grow by one value or by all since a mark, in their order`() throws {
        func list(_ opcodes: [UInt8]) throws -> [Int] {
            let (machine, value) = try load(opcodes)
            guard case .list(let index) = value else { return [] }
            return machine.lists[index].map { if case .integer(let number) = $0 { number } else { -999 } }
        }
        #expect(try list([0x5D, 0x4B, 1, 0x61, 0x4B, 2, 0x61]) == [1, 2])
        #expect(try list([0x5D, 0x28, 0x4B, 1, 0x4B, 2, 0x65, 0x4B, 3, 0x61]) == [1, 2, 3])
        let entries: [UInt8] = [0x4B, 1, 0x4B, 2, 0x73, 0x28, 0x4B, 3, 0x4B, 4, 0x4B, 5, 0x4B, 6, 0x75]
        let makers: [[UInt8]] = [
            [0x7D], Op.global("collections", "OrderedDict") + [0x29, 0x52],
            Op.global("collections", "defaultdict") + Op.tuple([Op.global("builtins", "list")]) + [0x52],
        ]
        for maker in makers {
            let (machine, value) = try load(maker + entries)
            guard case .dictionary(let index) = value else {
                Issue.record("no dictionary")
                continue
            }
            let pairs = machine.dictionaries[index].map { pair -> [Int] in
                guard case .integer(let key) = pair.key, case .integer(let value) = pair.value else { return [] }
                return [key, value]
            }
            #expect(pairs == [[1, 2], [3, 4], [5, 6]])
        }
    }

    @Test func `settings that stand beside weights are made and given attributes, and are nothing`() throws {
        let namespace = Op.global("argparse", "Namespace") + [0x29, 0x81]
        let path = Op.global("pathlib", "PosixPath") + Op.tuple([Op.text("a")]) + [0x52]
        for opcodes in [namespace, namespace + [0x7D, 0x62], path, path + [0x4B, 1, 0x62]] {
            guard case .inert = try load(opcodes).value else {
                Issue.record("not inert")
                continue
            }
        }
        // A storage is named by its type, and made by nobody.
        let made = Op.global("torch", "FloatStorage") + [0x29, 0x52]
        let error = #expect(throws: FileError.self) { try load(made) }
        #expect(error?.rule == "a storage made from arguments")
        let bare = Op.global("torch._utils", "_rebuild_parameter") + Op.tuple([Op.number(1)]) + [0x52]
        let parameter = #expect(throws: FileError.self) { try load(bare) }
        #expect(parameter?.rule == "a parameter without its tensor")
    }

    @Test func `the names that a pickle may ask for are those of tensors and of what stands beside them`() throws {
        let storages: [(String, ElementType)] = [
            ("Double", .float64), ("Float", .float32), ("Half", .float16), ("BFloat16", .bfloat16), ("Long", .int64),
            ("Int", .int32), ("Short", .int16), ("Char", .int8), ("Byte", .uint8), ("Bool", .bool),
        ]
        for (name, type) in storages {
            #expect(PickleGlobal(module: "torch", name: name + "Storage") == .storage(type), "\(name)")
        }
        for name in ["dict", "list", "set", "int", "float", "bool", "str", "tuple"] {
            #expect(PickleGlobal(module: "builtins", name: name) == .inert)
            #expect(PickleGlobal(module: "__builtin__", name: name) == .inert)
        }
        for (module, name) in [
            ("builtins", "eval"), ("builtins", "getattr"), ("__builtin__", "exec"), ("os", "system"),
            ("torch", "load"), ("torch._utils", "_rebuild_tensor"), ("collections", "deque"), ("Torch", "FloatStorage"),
        ] { #expect(PickleGlobal(module: module, name: name) == nil, "\(module).\(name)") }
        // The module is put on the stack before the name.
        guard case .global(let found) = try load(Op.text("torch") + Op.text("HalfStorage") + [0x93]).value else {
            Issue.record("no name")
            return
        }
        #expect(found == .storage(.float16))
    }
}

@Suite struct PickledTensorRuleTests {
    /// A file of the older format with one storage of the numbers 1, 2, 3, 4.
    private func file(
        _ value: [UInt8], magic: UInt8 = 0x6C, version: Int = 1001, isLittle: Bool = true, keys: [String] = ["0"],
        count: Int = 4, numbers: [Float] = [1, 2, 3, 4], more: [UInt8] = []
    ) -> [UInt8] {
        let start: [UInt8] = [0x80, 2]
        let first = start + [0x8A, 10, magic, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
        let second = start + [0x4D] + bytes(version, 2) + [0x2E]
        let system = start + Op.dictionary([("little_endian", [isLittle ? 0x88 : 0x89])]) + [0x2E]
        let list = start + [0x5D, 0x28] + keys.flatMap(Op.text) + [0x65, 0x2E]
        let data = numbers.flatMap { bytes(Int($0.bitPattern), 4) }
        let tail = keys.isEmpty ? [] : bytes(count, 8) + data
        return first + second + system + start + value + [0x2E] + list + tail + more
    }

    private func read(_ file: [UInt8]) throws -> (names: [String], floats: [[Float]], notes: [String]) {
        try withFile(file) { path in
            let found = try PickledTensors(path)
            return (found.tensors.map(\.name), try found.tensors.map { try $0.floats() }, found.notes)
        }
    }

    private func refusal(_ file: [UInt8]) -> FileError? {
        #expect(throws: FileError.self) { try read(file) }
    }

    @Test func `a tensor is a view of its storage: from its offset, in its steps`() throws {
        let value = Op.dictionary([
            ("rows", Op.tensor([2, 2], [2, 1])), ("turned", Op.tensor([2, 2], [1, 2])),
            ("second", Op.tensor([2], [2], offset: 1)), ("row", Op.tensor([1, 4], [9, 1])),
            ("same", Op.tensor([4], [0], offset: 3)), ("none", Op.tensor([0], [1], offset: 4)),
        ])
        let found = try read(file(value))
        #expect(found.names == ["rows", "turned", "second", "row", "same", "none"])
        #expect(found.floats == [[1, 2, 3, 4], [1, 3, 2, 4], [2, 4], [1, 2, 3, 4], [4, 4, 4, 4], []])
        #expect(found.notes == [])
        // What lies in its order can be copied as it is; an axis of one has no step that matters.
        let isPlain = try withFile(file(value)) { try PickledTensors($0).tensors.map(\.isPlain) }
        #expect(isPlain == [true, false, false, true, false, true])
    }

    @Test(
        arguments: [
            ([4], [1], 1), ([5], [0], 0), ([2, 2], [3, 1], 0), ([2], [4], 0), ([1], [1], 4), ([0], [1], 5),
        ] as [([Int], [Int], Int)])
    func `a view that leaves its storage or has more numbers than it is refused`(
        _ shape: [Int], _ strides: [Int], _ offset: Int
    ) {
        let error = refusal(file(Op.dictionary([("w", Op.tensor(shape, strides, offset: offset))])))
        #expect(
            error?.rule
                == "a tensor of shape \(shapeText(shape)), strides \(shapeText(strides)) and offset \(offset) does not "
                + "fit its storage of 4")
    }

    @Test func `a parameter is its tensor`() throws {
        let parameter =
            Op.global("torch._utils", "_rebuild_parameter") + Op.tuple([Op.four, [0x88], [0x7D]]) + [0x52]
        let found = try read(file(Op.dictionary([("w", parameter)])))
        #expect(found.names == ["w"] && found.floats == [[1, 2, 3, 4]])
    }

    @Test func `the weights are those under the likeliest name, then the pickle's own, then the only others`() throws {
        func weights(_ name: String) -> [UInt8] { Op.dictionary([(name, Op.four)]) }
        let first = try read(file(Op.dictionary([("state_dict", weights("v")), ("model", weights("w"))])))
        #expect(first.names == ["w"] && first.notes == ["the weights are those under \"model\""])
        let usual = try read(file(Op.dictionary([("v", Op.four), ("network", weights("w"))])))
        #expect(usual.names == ["w"])
        let own = try read(file(Op.dictionary([("ema", weights("v")), ("w", Op.four)])))
        #expect(own.names == ["w"] && own.notes == ["beside the tensors: \"ema\""])
        let only = try read(
            file(Op.dictionary([("ema", weights("w")), ("optimizer", weights("u")), ("epoch", Op.number(3))])))
        #expect(only.names == ["w"] && only.notes == ["the weights are those under \"ema\""])
        let deep = try read(file(Op.dictionary([("checkpoint", Op.dictionary([("model", weights("w"))]))])))
        #expect(deep.names == ["w"] && deep.notes == ["the weights are those under \"checkpoint.model\""])
        let error = refusal(file(Op.dictionary([("ema", weights("v")), ("emb", weights("u"))])))
        #expect(error?.rule.hasPrefix("tensors lie under \"ema\", \"emb\", and none of these is model") == true)
    }

    @Test func `what stands beside the tensors is told, three by name`() throws {
        func notes(_ count: Int) throws -> [String] {
            let others = ["a", "b", "c", "d", "e"].prefix(count).map { ($0, Op.number(1)) }
            return try read(file(Op.dictionary([("w", Op.four)] + others))).notes
        }
        #expect(try notes(0) == [] && notes(3) == ["beside the tensors: \"a\", \"b\", \"c\""])
        #expect(try notes(5) == ["beside the tensors: \"a\", \"b\", \"c\" and 2 more"])
    }

    @Test func `a pickle without named tensors is refused by what it holds`() {
        let none = "the pickle does not hold a dictionary of tensors"
        #expect(refusal(file(Op.dictionary([("a", Op.number(1))]), keys: []))?.rule == none + "; it holds \"a\"")
        #expect(refusal(file(Op.dictionary([]), keys: []))?.rule == none + "; it holds nothing with a name")
        #expect(refusal(file([0x5D], keys: []))?.rule == none)
        let twice = refusal(file(Op.dictionary([("w", Op.four), ("w", Op.four)])))
        #expect(twice?.rule == "\"w\" is in the dictionary twice")
    }

    @Test func `of the arguments of a model its numbers and switches are kept`() throws {
        let half: [UInt8] = [0x47, 0x3F, 0xE0, 0, 0, 0, 0, 0, 0]
        let arguments = Op.dictionary([
            ("n_layer", Op.number(2)), ("bias", [0x88]), ("dropout", half), ("name", Op.text("x")), ("none", [0x4E]),
        ])
        try withFile(file(Op.dictionary([("model_args", arguments), ("model", Op.dictionary([("w", Op.four)]))]))) {
            let found = try PickledTensors($0)
            #expect(found.arguments == JSONObject([.init("n_layer", 2), .init("bias", true), .init("dropout", 0.5)]))
        }
        let none = try withFile(file(Op.dictionary([("w", Op.four)]))) { try PickledTensors($0).arguments }
        #expect(none == nil)
    }

    @Test func `each rule of the older format has its own refusal`() {
        let good = Op.dictionary([("w", Op.four)])
        #expect(refusal(file(good, magic: 0x6D))?.rule == "an integer of 10 bytes")
        #expect(refusal([0x80, 2, 0x4B, 1, 0x2E])?.rule == "neither a zip nor an older PyTorch file")
        #expect(refusal(file(good, version: 1002))?.rule == "a PyTorch file of another version than 1001")
        let big = refusal(file(good, isLittle: false))
        #expect(big?.kind == .unsupported && big?.rule == "numbers that are not little-endian")
        #expect(refusal(file(good, count: 3))?.rule == "a storage of 3 elements where 4 were announced")
        #expect(refusal(file(good, numbers: [1, 2, 3]))?.rule == "the file ends inside a storage of 16 bytes")
        #expect(refusal(file(good, more: [0]))?.rule == "1 bytes after the last storage")
        let listed = "is listed, but no tensor uses it or it is listed twice"
        #expect(refusal(file(good, keys: ["1"]))?.rule == "storage \"1\" \(listed)")
        #expect(refusal(file(good, keys: ["0", "0"]))?.rule == "storage \"0\" \(listed)")
    }

    @Test func `the older format ends with the keys of all storages that tensors use`() {
        let good = Op.dictionary([("w", Op.four)])
        #expect(refusal(file(good, keys: []))?.rule == "storage \"0\" is not in the file")
        let whole = file(good, keys: [], count: 0)
        // A number where the list of keys should be: 80 02 5D 28 65 2E is the end of the file.
        let numbered = Array(whole.dropLast(4)) + [0x4B, 1, 0x2E]
        #expect(refusal(numbered)?.rule == "a list of storage keys was expected")
        let named = refusal(file([0x7D] + Op.text("w") + Op.four + [0x73] + Op.number(1) + Op.four + [0x73]))
        #expect(named?.rule == "a tensor whose name is not a text")
    }

    @Test func `a view may not go backwards, and has a step for each axis`() {
        func value(_ shape: [Int], _ strides: [UInt8]) -> [UInt8] {
            let parts = [Op.storage(), Op.number(3), Op.tuple(shape.map(Op.number)), strides, [0x89]]
            return file(
                Op.dictionary([("w", Op.global("torch._utils", "_rebuild_tensor_v2") + Op.tuple(parts) + [0x52])]))
        }
        let minusOne: [UInt8] = [0x4A, 0xFF, 0xFF, 0xFF, 0xFF]
        #expect(
            refusal(value([2], Op.tuple([minusOne])))?.rule
                == "a tensor of shape [2], strides [-1] and offset 3 does not fit its storage of 4")
        let rule = "a tensor without storage, offset, shape and strides"
        #expect(refusal(value([1, 1], Op.tuple([Op.number(1)])))?.rule == rule)
        #expect(refusal(value([1], Op.tuple([Op.text("1")])))?.rule == rule)
    }

    @Test func `every usual name leads to the weights, and they may lie three deep but no deeper`() throws {
        for name in [
            "model", "state_dict", "model_state_dict", "module", "model_state", "network", "net", "weights", "params",
        ] {
            let found = try read(
                file(
                    Op.dictionary([
                        ("ema", Op.dictionary([("v", Op.four)])), (name, Op.dictionary([("w", Op.four)])),
                    ])))
            #expect(found.names == ["w"] && found.notes == ["the weights are those under \"\(name)\""])
        }
        func nested(_ names: [String]) -> [UInt8] {
            names.reversed().reduce(Op.dictionary([("w", Op.four)])) { Op.dictionary([($1, $0)]) }
        }
        let deep = try read(file(nested(["a", "b", "c"])))
        #expect(deep.names == ["w"] && deep.notes == ["the weights are those under \"a.b.c\""])
        let deeper = refusal(file(nested(["a", "b", "c", "d"])))
        #expect(deeper?.rule == "the pickle does not hold a dictionary of tensors; it holds \"d\"")
    }

    @Test func `of what a pickle without tensors holds six names are told`() {
        let members = ["a", "b", "c", "d", "e", "f", "g"].map { ($0, Op.number(1)) }
        #expect(
            refusal(file(Op.dictionary(members), keys: []))?.rule
                == "the pickle does not hold a dictionary of tensors; it holds \"a\", \"b\", \"c\", \"d\", \"e\", \"f\""
        )
    }

    @Test func `a file of weights gives its tensors, arguments and notes, and shards the notes of all`() throws {
        let model = Op.dictionary([("w", Op.four), ("step", Op.number(3))])
        let whole = file(
            Op.dictionary([("model_args", Op.dictionary([("n_layer", Op.number(2))])), ("model", model)]))
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/ckpt.pt", whole)
            let contents = try CheckpointWeights.read(folder.path)
            #expect(contents.tensors.map(\.name) == ["w"])
            #expect(contents.arguments == JSONObject([.init("n_layer", 2)]))
            #expect(contents.notes == ["the weights are those under \"model\"", "beside the tensors: \"step\""])
        }
        try withTemporaryFolder { folder in
            for (name, tensor) in [("b", "w"), ("a", "v")] {
                let members = [(tensor, Op.four), (name + "_step", Op.number(1))]
                try writeFileAtomically(folder.path + "/\(name).bin", file(Op.dictionary(members)))
            }
            let index = #"{"weight_map": {"w": "b.bin", "v": "a.bin"}}"#
            try writeFileAtomically(folder.path + "/pytorch_model.bin.index.json", index.utf8)
            let contents = try CheckpointWeights.read(folder.path)
            #expect(contents.tensors.map(\.name) == ["v", "w"])
            #expect(contents.notes == ["beside the tensors: \"a_step\"", "beside the tensors: \"b_step\""])
        }
    }

    @Test func `a storage is described once, and is no view of another`() throws {
        let other = Op.tensor([2], [1], storage: Op.storage(count: 2))
        let error = refusal(file(Op.dictionary([("w", Op.four), ("v", other)])))
        #expect(error?.rule == "storage \"0\" is described in two ways")
        func six(_ last: [UInt8]) -> [UInt8] {
            let parts = [
                Op.text("storage"), Op.global("torch", "FloatStorage"), Op.text("0"), Op.text("cpu"), Op.number(4),
                last,
            ]
            return file(Op.dictionary([("w", Op.tensor([4], [1], storage: Op.tuple(parts) + [0x51]))]))
        }
        #expect(try read(six([0x4E])).floats == [[1, 2, 3, 4]])
        #expect(refusal(six(Op.text("v")))?.rule == "a storage that is a view of another")
    }
}

@Suite struct ZippedTensorRuleTests {
    /// A zip file as PyTorch writes it: each local header has an extra field of its own.
    private func zip(_ entries: [(String, [UInt8])], isWide: Bool = false, record: Int? = nil) -> [UInt8] {
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for (name, data) in entries {
            let offset = file.count, label = Array(name.utf8)
            file += [0x50, 0x4B, 3, 4] + bytes(0, 14) + bytes(data.count, 4) + bytes(data.count, 4)
            file += bytes(label.count, 2) + bytes(6, 2) + label + [0x46, 0x42, 2, 0, 0x5A, 0x5A] + data
            // Before the wide field stands one of another kind.
            let wide: [UInt8] =
                [9, 0, 2, 0, 7, 7, 1, 0, 24, 0] + bytes(data.count, 8) + bytes(data.count, 8) + bytes(offset, 8)
            let extra = isWide ? wide : []
            func short(_ value: Int) -> [UInt8] { isWide ? [0xFF, 0xFF, 0xFF, 0xFF] : bytes(value, 4) }
            directory += [0x50, 0x4B, 1, 2] + bytes(0, 16) + short(data.count) + short(data.count)
            directory += bytes(label.count, 2) + bytes(extra.count, 2) + bytes(1, 2) + bytes(0, 8) + short(offset)
            directory += label + extra + [0x21]
        }
        let (start, size) = (file.count, directory.count)
        file += directory
        if isWide {
            let place = file.count
            file += [0x50, 0x4B, 6, 6] + bytes(44, 8) + bytes(0, 12) + bytes(entries.count, 8)
            file += bytes(entries.count, 8) + bytes(size, 8) + bytes(start, 8)
            file += [0x50, 0x4B, 6, 7] + bytes(0, 4) + bytes(record ?? place, 8) + bytes(1, 4)
            return file + [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0xFF, count: 16) + bytes(0, 2)
        }
        file += [0x50, 0x4B, 5, 6] + bytes(0, 4) + bytes(entries.count, 2) + bytes(entries.count, 2)
        return file + bytes(size, 4) + bytes(start, 4) + bytes(0, 2)
    }

    private let pickle: [UInt8] = [0x80, 2] + Op.dictionary([("w", Op.four)]) + [0x2E]
    private let numbers: [UInt8] = [1, 2, 3, 4].flatMap { (value: Float) in bytes(Int(value.bitPattern), 4) }

    private func entries(
        _ prefix: String = "archive/", data: [UInt8]? = nil, more: [(String, [UInt8])] = []
    ) -> [(String, [UInt8])] {
        [(prefix + "data.pkl", pickle), (prefix + "data/0", data ?? numbers)] + more
    }

    private func read(_ file: [UInt8]) throws -> [Float] {
        try withFile(file) { path in try PickledTensors(path).tensors.flatMap { try $0.floats() } }
    }

    private func refusal(_ file: [UInt8]) -> FileError? {
        #expect(throws: FileError.self) { try read(file) }
    }

    @Test func `the data of an entry begin after its local header, also where sizes and offsets take eight bytes`()
        throws
    {
        #expect(try read(zip(entries())) == [1, 2, 3, 4])
        #expect(try read(zip(entries(""))) == [1, 2, 3, 4])
        #expect(try read(zip(entries(), isWide: true)) == [1, 2, 3, 4])
        let error = refusal(zip(entries(), isWide: true, record: 0))
        #expect(error?.rule == "the zip64 locator does not point at a zip64 end record")
    }

    @Test func `each rule of a zipped pickle has its own refusal`() {
        let big = refusal(zip(entries(more: [("archive/byteorder", Array("big".utf8))])))
        #expect(big?.kind == .unsupported && big?.rule == "numbers that are not little-endian")
        #expect(throws: Never.self) { try read(zip(entries(more: [("archive/byteorder", Array("little".utf8))]))) }
        // What another folder says of its own is nothing.
        #expect(throws: Never.self) { try read(zip(entries(more: [("other/byteorder", Array("big".utf8))]))) }
        let two = refusal(zip(entries(more: [("b/data.pkl", pickle)])))
        #expect(two?.rule == "a zip with 2 entries data.pkl, where a PyTorch file has one")
        let missing = refusal(zip([("a/data.pkl", pickle), ("b/data/0", numbers)]))
        #expect(missing?.rule == "storage \"a/data/0\" is not in the zip")
        let short = refusal(zip(entries(data: Array(numbers.dropLast(4)))))
        #expect(short?.rule == "storage \"archive/data/0\" has 12 bytes; 4 of F32 were announced")
        let cut = refusal(Array(zip(entries()).dropLast()))
        #expect(cut?.rule == "a zip file without its end record: cut short?")
    }
}
