import Support

/// A pickle machine that can build dictionaries of tensors and nothing else. It runs no code: a pickle's "globals" are
/// looked up in the fixed list of `PickleGlobal`, and "calling" one is a case of a switch. What training scripts keep
/// beside weights (settings, a random number of numpy, a path) becomes a value without a content.
///
/// The format (CPython, Lib/pickletools.py): a sequence of one-byte opcodes with operands, run on a stack. A mark on
/// the stack opens a variable-length group. The opcodes read here, little-endian operands in brackets:
///
///     80 PROTO [1]          95 FRAME [8]           2E STOP
///     28 (  MARK            4E N  NONE             88 NEWTRUE             89 NEWFALSE
///     4B K  BININT1 [1]     4D M  BININT2 [2]      4A J  BININT [4]       8A LONG1 [1, n]     47 G BINFLOAT [8,
///     big-endian]
///     58 X  BINUNICODE [4, n]  8C SHORT_BINUNICODE [1, n]  54 T BINSTRING [4, n]  55 U SHORT_BINSTRING [1, n]
///     42 B  BINBYTES [4, n]  43 C  SHORT_BINBYTES [1, n]
///     29 )  EMPTY_TUPLE     74 t  TUPLE            85 86 87 TUPLE1 to 3
///     5D ]  EMPTY_LIST      61 a  APPEND           65 e  APPENDS
///     7D }  EMPTY_DICT      73 s  SETITEM          75 u  SETITEMS
///     71 q  BINPUT [1]      72 r  LONG_BINPUT [4]  94 MEMOIZE             68 h BINGET [1]     6A j LONG_BINGET [4]
///     63 c  GLOBAL [two lines]  93 STACK_GLOBAL    52 R  REDUCE           62 b BUILD          51 Q BINPERSID
///     81 NEWOBJ
///
/// Values live in flat arrays and refer to each other by index, so neither depth nor cycles can exhaust the stack, and
/// their number is limited, so a small file cannot claim much memory.
struct Unpickler {
    enum Value {
        case none
        case bool(Bool)
        case integer(Int)
        case real(Double)
        /// UTF-8 bytes of the file.
        case text(Range<Int>)
        case tuple(Int)
        case list(Int)
        case dictionary(Int)
        case global(PickleGlobal)
        case storage(Int)
        case tensor(Int)
        /// Something that is no part of the weights.
        case inert
    }

    /// A block of numbers that tensors are views of; its bytes are found later, by `key`.
    struct Storage {
        let key: String
        let elementType: ElementType
        let count: Int
        /// Of the opcode that named it.
        let place: Int
    }

    struct Tensor {
        let storage: Int
        let shape: [Int]
        let strides: [Int]
        /// Of the first element, in elements from the start of the storage.
        let offset: Int
        let place: Int
    }

    /// Values on the stack, in the memo and inside containers, each: 30,000 tensors come nowhere near it.
    private static let valueLimit = 1_000_000
    /// The number that starts PyTorch's older files.
    static let legacyMagic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

    private let file: MappedFile
    private let end: Int
    /// Offsets are into the whole file.
    private(set) var place: Int

    private var stack: [Value] = []
    private var marks: [Int] = []
    private var memo: [Int: Value] = [:]
    private var memberCount = 0
    private(set) var tuples: [[Value]] = []
    private(set) var lists: [[Value]] = []
    private(set) var dictionaries: [[(key: Value, value: Value)]] = []
    private(set) var storages: [Storage] = []
    private(set) var tensors: [Tensor] = []
    private(set) var holdsLegacyMagic = false
    private var storageIndices: [ExactString: Int] = [:]

    /// Will read `range` of the file.
    init(_ file: MappedFile, _ range: Range<Int>) {
        self.file = file
        place = range.lowerBound
        end = range.upperBound
    }

    /// Runs the opcodes to the next STOP and returns what it leaves; the memo starts afresh. Throws `FileError`.
    mutating func load() throws -> Value {
        stack.removeAll()
        marks.removeAll()
        memo.removeAll()
        while true {
            let start = place
            let opcode = try takeByte()
            if opcode == UInt8(ascii: ".") {
                let value = try pop()
                guard stack.isEmpty, marks.isEmpty else {
                    throw error("the pickle ends with values left over", at: start)
                }
                return value
            }
            try run(opcode, at: start)
            guard max(stack.count, marks.count, memo.count, memberCount) <= Unpickler.valueLimit else {
                throw error("the pickle holds more than \(Unpickler.valueLimit) values", at: start)
            }
        }
    }

    func string(_ range: Range<Int>) -> String {
        String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }

    func error(_ rule: String, at index: Int? = nil) -> FileError {
        FileError(.malformed, path, at: index ?? place, rule)
    }

    private var bytes: UnsafeRawBufferPointer { file.bytes }
    private var path: String { file.path }

    // MARK: Opcodes

    private mutating func run(_ opcode: UInt8, at start: Int) throws {
        switch opcode {
        case 0x80:
            let version = try takeByte()
            guard (2...5).contains(version) else {
                throw error("pickle protocol \(version); 2 to 5 are read", at: start)
            }
        case 0x95: try skip(8)
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "N"): stack.append(.none)
        case 0x88: stack.append(.bool(true))
        case 0x89: stack.append(.bool(false))
        case UInt8(ascii: "K"): stack.append(.integer(Int(try takeByte())))
        case UInt8(ascii: "M"): stack.append(.integer(Int(try take(UInt16.self))))
        case UInt8(ascii: "J"): stack.append(.integer(Int(try take(Int32.self))))
        case 0x8A: try pushLong(start)
        case UInt8(ascii: "G"): stack.append(.real(Double(bitPattern: try take(UInt64.self).byteSwapped)))
        case UInt8(ascii: "X"), UInt8(ascii: "T"): try pushText(Int(try take(UInt32.self)))
        case 0x8C, UInt8(ascii: "U"): try pushText(Int(try takeByte()))
        case UInt8(ascii: "B"): try pushBytes(Int(try take(UInt32.self)))
        case UInt8(ascii: "C"): try pushBytes(Int(try takeByte()))
        case UInt8(ascii: ")"): pushTuple([])
        case UInt8(ascii: "t"): pushTuple(try popToMark(start))
        case 0x85, 0x86, 0x87: pushTuple(try popLast(Int(opcode - 0x84)))
        case UInt8(ascii: "]"):
            lists.append([])
            memberCount += 1
            stack.append(.list(lists.count - 1))
        case UInt8(ascii: "a"): try append([try pop()], start)
        case UInt8(ascii: "e"): try append(try popToMark(start), start)
        case UInt8(ascii: "}"): pushDictionary()
        case UInt8(ascii: "s"): try setItems(try popLast(2), start)
        case UInt8(ascii: "u"): try setItems(try popToMark(start), start)
        case UInt8(ascii: "q"): memo[Int(try takeByte())] = try top()
        case UInt8(ascii: "r"): memo[Int(try take(UInt32.self))] = try top()
        case 0x94: memo[memo.count] = try top()
        case UInt8(ascii: "h"): try pushMemo(Int(try takeByte()), start)
        case UInt8(ascii: "j"): try pushMemo(Int(try take(UInt32.self)), start)
        case UInt8(ascii: "c"):
            let module = try takeLine(), name = try takeLine()
            try pushGlobal(string(module), string(name), start)
        case 0x93:
            guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
                throw error("STACK_GLOBAL needs two texts", at: start)
            }
            try pushGlobal(string(module), string(name), start)
        case UInt8(ascii: "R"): try reduce(start)
        case 0x81: try reduce(start)
        case UInt8(ascii: "b"): try build(start)
        case UInt8(ascii: "Q"): try pushStorage(start)
        default:
            throw FileError(
                .refused, path, at: start, "pickle opcode 0x\(String(opcode, radix: 16)) is not one that tensors need")
        }
    }

    private mutating func pushLong(_ start: Int) throws {
        let range = try takeRange(Int(try takeByte()))
        let digits = bytes[range]
        if digits.elementsEqual(Unpickler.legacyMagic) {
            holdsLegacyMagic = true
            return stack.append(.none)
        }
        guard digits.count <= 8 else { throw error("an integer of \(digits.count) bytes", at: start) }
        var value = digits.last.map { $0 >= 0x80 ? -1 : 0 } ?? 0
        for digit in digits.reversed() { value = value << 8 | Int(digit) }
        stack.append(.integer(value))
    }

    private mutating func pushText(_ count: Int) throws {
        let start = place
        let range = try takeRange(count)
        let text = UnsafeRawBufferPointer(rebasing: bytes[range]).bindMemory(to: UInt8.self)
        guard UTF8Scan.firstError(text) == nil else { throw error("a text that is not UTF-8", at: start) }
        stack.append(.text(range))
    }

    private mutating func pushBytes(_ count: Int) throws {
        _ = try takeRange(count)
        stack.append(.inert)
    }

    private mutating func pushTuple(_ values: [Value]) {
        tuples.append(values)
        memberCount += values.count + 1
        stack.append(.tuple(tuples.count - 1))
    }

    private mutating func pushDictionary() {
        dictionaries.append([])
        memberCount += 1
        stack.append(.dictionary(dictionaries.count - 1))
    }

    private mutating func pushMemo(_ index: Int, _ start: Int) throws {
        guard let value = memo[index] else { throw error("nothing was remembered as \(index)", at: start) }
        stack.append(value)
    }

    private mutating func pushGlobal(_ module: String, _ name: String, _ start: Int) throws {
        guard let global = PickleGlobal(module: module, name: name) else {
            throw FileError(
                .refused, path, at: start,
                "the pickle asks for \(module).\(name), which is not a tensor's; nothing was run")
        }
        stack.append(.global(global))
    }

    private mutating func append(_ values: [Value], _ start: Int) throws {
        guard case .list(let index) = try top() else {
            throw error("appending to something that is not a list", at: start)
        }
        lists[index].append(contentsOf: values)
        memberCount += values.count
    }

    private mutating func setItems(_ items: [Value], _ start: Int) throws {
        guard case .dictionary(let index) = try top(), items.count % 2 == 0 else {
            throw error("setting items of something that is not a dictionary", at: start)
        }
        for i in stride(from: 0, to: items.count, by: 2) { dictionaries[index].append((items[i], items[i + 1])) }
        memberCount += items.count
    }

    /// Gives an object its attributes: an OrderedDict's `_metadata`, which says nothing about tensors and is dropped,
    /// as are those of what has no content here.
    private mutating func build(_ start: Int) throws {
        let attributes = try pop()
        switch (attributes, try top()) {
        case (.dictionary, .dictionary), (_, .inert): return
        default: throw error("attributes for something that is not a dictionary", at: start)
        }
    }

    // MARK: Calls

    private mutating func reduce(_ start: Int) throws {
        guard case .tuple(let index) = try pop(), case .global(let global) = try pop() else {
            throw error("a call of something that is not a known name", at: start)
        }
        let arguments = tuples[index]
        switch global {
        case .orderedDictionary:
            guard arguments.isEmpty else { throw error("an OrderedDict made from arguments", at: start) }
            pushDictionary()
        case .rebuildTensor: try pushTensor(arguments, start)
        case .rebuildParameter:
            guard arguments.count >= 1, case .tensor = arguments[0] else {
                throw error("a parameter without its tensor", at: start)
            }
            stack.append(arguments[0])
        case .storage: throw error("a storage made from arguments", at: start)
        case .defaultDictionary: pushDictionary()
        case .inert: stack.append(.inert)
        }
    }

    /// A persistent id is ("storage", type, key, device, count of elements) and, in older files, a view that must be
    /// None.
    private mutating func pushStorage(_ start: Int) throws {
        guard case .tuple(let index) = try pop() else { throw error("a persistent id that is not a tuple", at: start) }
        let parts = tuples[index]
        guard parts.count == 5 || parts.count == 6, case .text(let kind) = parts[0], string(kind) == "storage",
            case .global(.storage(let type)) = parts[1], case .text(let key) = parts[2], case .text = parts[3],
            case .integer(let count) = parts[4], count >= 0,
            !count.multipliedReportingOverflow(by: type.byteCount).overflow
        else { throw error("a persistent id that does not name a storage", at: start) }
        if parts.count == 6, case .none = parts[5] {
        } else if parts.count == 6 {
            throw error("a storage that is a view of another", at: start)
        }
        let storage = Storage(key: string(key), elementType: type, count: count, place: start)
        if let known = storageIndices[ExactString(storage.key)] {
            guard storages[known].elementType == type, storages[known].count == count else {
                throw error("storage \"\(storage.key)\" is described in two ways", at: start)
            }
            return stack.append(.storage(known))
        }
        storageIndices[ExactString(storage.key)] = storages.count
        storages.append(storage)
        stack.append(.storage(storages.count - 1))
    }

    /// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, …)`.
    private mutating func pushTensor(_ arguments: [Value], _ start: Int) throws {
        guard arguments.count >= 4, case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
            let shape = integers(arguments[2]), let strides = integers(arguments[3]), shape.count == strides.count
        else { throw error("a tensor without storage, offset, shape and strides", at: start) }
        let room = storages[storage].count
        guard Unpickler.fits(shape, strides, offset, room) else {
            throw error(
                "a tensor of shape \(shapeText(shape)), strides \(shapeText(strides)) and offset \(offset) does not "
                    + "fit its storage of \(room)",
                at: start)
        }
        tensors.append(Tensor(storage: storage, shape: shape, strides: strides, offset: offset, place: start))
        stack.append(.tensor(tensors.count - 1))
    }

    private func integers(_ value: Value) -> [Int]? {
        guard case .tuple(let index) = value, tuples[index].count <= SafeTensorsReader.axisLimit else { return nil }
        var result: [Int] = []
        for case .integer(let value) in tuples[index] { result.append(value) }
        return result.count == tuples[index].count ? result : nil
    }

    /// Whether every element lies in the storage and there are no more elements than it has (no broadcast views).
    private static func fits(_ shape: [Int], _ strides: [Int], _ offset: Int, _ room: Int) -> Bool {
        guard let count = elementCount(shape), count <= room, offset >= 0, offset <= room else { return false }
        if count == 0 { return true }
        var last = offset
        for (length, stride) in zip(shape, strides) {
            let (span, overflow) = (length - 1).multipliedReportingOverflow(by: stride)
            let (sum, carry) = last.addingReportingOverflow(span)
            guard stride >= 0, !overflow, !carry else { return false }
            last = sum
        }
        return last < room
    }

    // MARK: Stack

    private mutating func pop() throws -> Value {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
            throw error("the pickle's stack is empty")
        }
        return value
    }

    private func top() throws -> Value {
        guard stack.count > (marks.last ?? 0), let value = stack.last else {
            throw error("the pickle's stack is empty")
        }
        return value
    }

    private mutating func popLast(_ count: Int) throws -> [Value] {
        guard stack.count - (marks.last ?? 0) >= count else { throw error("the pickle's stack is empty") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark(_ start: Int) throws -> [Value] {
        guard let mark = marks.popLast() else { throw error("no mark on the pickle's stack", at: start) }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    // MARK: Bytes

    private mutating func takeRange(_ count: Int) throws -> Range<Int> {
        guard count <= end - place else { throw error("the pickle ends too early", at: end) }
        defer { place += count }
        return place..<place + count
    }

    private mutating func skip(_ count: Int) throws { _ = try takeRange(count) }

    private mutating func takeByte() throws -> UInt8 { bytes[try takeRange(1).lowerBound] }

    private mutating func take<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws -> T {
        let range = try takeRange(MemoryLayout<T>.size)
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: type))
    }

    private mutating func takeLine() throws -> Range<Int> {
        let start = place
        while place < end, bytes[place] != UInt8(ascii: "\n") { place += 1 }
        guard place < end, place - start <= 200 else { throw error("a name without its end", at: start) }
        place += 1
        return start..<place - 1
    }
}

/// The only names a pickle may ask for.
enum PickleGlobal: Equatable {
    case orderedDictionary
    case defaultDictionary
    case rebuildTensor
    case rebuildParameter
    case storage(ElementType)
    /// Settings, types and numbers that stand beside weights.
    case inert

    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", "DoubleStorage"): self = .storage(.float64)
        case ("torch", "FloatStorage"): self = .storage(.float32)
        case ("torch", "HalfStorage"): self = .storage(.float16)
        case ("torch", "BFloat16Storage"): self = .storage(.bfloat16)
        case ("torch", "LongStorage"): self = .storage(.int64)
        case ("torch", "IntStorage"): self = .storage(.int32)
        case ("torch", "ShortStorage"): self = .storage(.int16)
        case ("torch", "CharStorage"): self = .storage(.int8)
        case ("torch", "ByteStorage"): self = .storage(.uint8)
        case ("torch", "BoolStorage"): self = .storage(.bool)
        case ("collections", "defaultdict"): self = .defaultDictionary
        case ("argparse", "Namespace"), ("types", "SimpleNamespace"), ("pathlib", "PosixPath"),
            ("pathlib._local", "PosixPath"), ("_codecs", "encode"), ("numpy", "dtype"),
            ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"), ("torch", "Size"),
            ("torch", "device"), ("torch", "float32"), ("torch", "float16"), ("torch", "bfloat16"),
            ("torch", "float64"):
            self = .inert
        case ("builtins", let name), ("__builtin__", let name):
            guard ["dict", "list", "set", "int", "float", "bool", "str", "tuple"].contains(name) else { return nil }
            self = .inert
        default: return nil
        }
    }
}
