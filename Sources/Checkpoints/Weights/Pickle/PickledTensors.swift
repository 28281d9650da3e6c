import Support

/// The tensors of a PyTorch file (`pytorch_model.bin`, `state_dict.bin`, `ckpt.pt`): a dictionary from names to
/// tensors, pickled.
///
/// A training script puts that dictionary inside another (`model`, `state_dict`, `model_state_dict`, …), beside an
/// optimizer's tensors, numbers and settings; then it is the one that counts, and the rest is passed over.
/// `model_args`, nanoGPT's configuration, is kept.
///
/// Since PyTorch 1.6 the file is a zip with the entries
///
///     NAME/data.pkl     the pickle; each tensor names a storage by key
///     NAME/data/KEY     the storage's numbers, raw
///     NAME/byteorder    "little" (absent in older files)
///     NAME/version, NAME/.data/…, and others that do not matter here
///
/// and before that a sequence of pickles, each ended by STOP:
///
///     the number 0x1950a86a20f9469cfc6c, the number 1001, a dictionary with "little_endian": True,
///     the dictionary of tensors, and a list of the storages' keys;
///     then for each key in that order the count of its elements in 8 bytes and the numbers
///
/// Pickles are read by `Unpickler`, which runs nothing.
struct PickledTensors {
    /// In the order of the dictionary.
    private(set) var tensors: [CheckpointTensor] = []
    private(set) var arguments: JSONObject?
    /// What was passed over.
    private(set) var notes: [String] = []

    /// A pickle of 100,000 tensors has 13 MB.
    private static let pickleLimit = 64 << 20

    init(_ path: String) throws {
        let file = try MappedFile(path)
        try MistakenFile.refuse(file, isText: false)
        if ZipDirectory.isZip(file) { try readZip(file) } else { try readLegacy(file) }
    }

    // MARK: Zip

    private mutating func readZip(_ file: MappedFile) throws {
        let directory = try ZipDirectory(file)
        let pickles = directory.entries.filter { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
        guard pickles.count == 1, let pickle = pickles.first else {
            throw FileError(
                .malformed, file.path, "a zip with \(pickles.count) entries data.pkl, where a PyTorch file has one")
        }
        guard pickle.range.count <= Self.pickleLimit else {
            throw FileError(
                .refused, file.path, at: pickle.range.lowerBound, "a pickle of \(byteText(pickle.range.count))")
        }
        let prefix = pickle.name.dropLast("data.pkl".utf8.count)
        if let order = directory["\(prefix)byteorder"], !file.bytes[order.range].elementsEqual("little".utf8) {
            throw FileError(.unsupported, file.path, at: order.range.lowerBound, "numbers that are not little-endian")
        }
        var machine = Unpickler(file, pickle.range)
        let value = try machine.load()
        let places = try machine.storages.map { storage in
            let name = "\(prefix)data/\(storage.key)"
            guard let entry = directory[name] else {
                throw machine.error("storage \"\(name)\" is not in the zip", at: storage.place)
            }
            guard entry.range.count == storage.count * storage.elementType.byteCount else {
                throw machine.error(
                    "storage \"\(name)\" has \(entry.range.count) bytes; \(storage.count) of "
                        + "\(storage.elementType.rawValue) were announced",
                    at: storage.place)
            }
            return entry.range.lowerBound
        }
        try collect(value, machine, file, places)
    }

    // MARK: The older format

    private mutating func readLegacy(_ file: MappedFile) throws {
        var machine = Unpickler(file, 0..<file.bytes.count)
        _ = try machine.load()
        guard machine.holdsLegacyMagic else {
            throw FileError(.malformed, file.path, at: 0, "neither a zip nor an older PyTorch file")
        }
        guard case .integer(1001) = try machine.load() else {
            throw machine.error("a PyTorch file of another version than 1001")
        }
        guard case .dictionary(let system) = try machine.load(), Self.isLittleEndian(system, machine) else {
            throw FileError(.unsupported, file.path, at: machine.place, "numbers that are not little-endian")
        }
        let value = try machine.load()
        guard machine.place <= Self.pickleLimit else {
            throw FileError(.refused, file.path, at: machine.place, "a pickle of \(byteText(machine.place))")
        }
        guard case .list(let keys) = try machine.load() else {
            throw machine.error("a list of storage keys was expected")
        }
        try collect(value, machine, file, Self.legacyPlaces(machine.lists[keys], machine, file))
    }

    private static func isLittleEndian(_ system: Int, _ machine: Unpickler) -> Bool {
        for case (.text(let key), .bool(true)) in machine.dictionaries[system]
        where machine.string(key) == "little_endian" { return true }
        return false
    }

    /// Walks the storages behind the pickles; each must be the size the pickle announced, and the file must end with
    /// them.
    private static func legacyPlaces(
        _ keys: [Unpickler.Value], _ machine: Unpickler, _ file: MappedFile
    ) throws -> [Int] {
        let bytes = ByteReader(file)
        var places: [ExactString: Int] = [:]
        var place = machine.place
        let known = Dictionary(uniqueKeysWithValues: machine.storages.map { (ExactString($0.key), $0) })
        for case .text(let range) in keys {
            let key = ExactString(machine.string(range))
            guard let storage = known[key], places[key] == nil else {
                throw machine.error(
                    "storage \"\(key.text)\" is listed, but no tensor uses it or it is listed twice",
                    at: range.lowerBound)
            }
            let count = try bytes.size(place)
            guard count == storage.count else {
                throw bytes.error(place, "a storage of \(count) elements where \(storage.count) were announced")
            }
            places[key] = place + 8
            let size = count * storage.elementType.byteCount
            guard size <= bytes.count - place - 8 else {
                throw bytes.error(place, "the file ends inside a storage of \(size) bytes")
            }
            place += 8 + size
        }
        guard place == bytes.count else {
            throw bytes.error(place, "\(bytes.count - place) bytes after the last storage")
        }
        return try machine.storages.map { storage in
            guard let place = places[ExactString(storage.key)] else {
                throw machine.error("storage \"\(storage.key)\" is not in the file", at: storage.place)
            }
            return place
        }
    }

    // MARK: Tensors

    /// The names that training scripts give to the dictionary of weights, the likeliest first.
    private static let usualNames = [
        "model", "state_dict", "model_state_dict", "module", "model_state", "network", "net", "weights", "params",
    ]

    /// A dictionary found in a pickle: under which name, and its members.
    private struct Found {
        var path: String
        var members: [(key: Unpickler.Value, value: Unpickler.Value)]
    }

    /// The named tensors of what a pickle left.
    private mutating func collect(
        _ value: Unpickler.Value, _ machine: Unpickler, _ file: MappedFile, _ places: [Int]
    ) throws {
        guard case .dictionary(let index) = value else {
            throw machine.error("the pickle does not hold a dictionary of tensors")
        }
        let root = Found(path: "", members: machine.dictionaries[index])
        arguments = Self.arguments(root, machine)
        let found = try Self.dictionaryOfTensors(root, Self.holders(machine), machine)
        if !found.path.isEmpty { notes.append("the weights are those under \"\(found.path)\"") }
        var seen: Set<ExactString> = []
        var others: [String] = []
        for (key, value) in found.members {
            guard case .text(let range) = key else { throw machine.error("a tensor whose name is not a text") }
            let name = machine.string(range)
            guard seen.insert(ExactString(name)).inserted else {
                throw machine.error("\"\(name)\" is in the dictionary twice", at: range.lowerBound)
            }
            if case .tensor(let index) = value {
                tensors.append(Self.tensor(name, machine.tensors[index], machine, file, places))
            } else {
                others.append("\"\(name.prefix(40))\"")
            }
        }
        if !others.isEmpty {
            let more = others.count > 3 ? " and \(others.count - 3) more" : ""
            notes.append("beside the tensors: " + others.prefix(3).joined(separator: ", ") + more)
        }
    }

    /// The dictionary that holds the weights: the first of the usual names that leads to tensors, else the pickle's
    /// own, else the only other one that has tensors.
    private static func dictionaryOfTensors(
        _ found: Found, _ holders: [Bool], _ machine: Unpickler, depth: Int = 0
    ) throws -> Found {
        var inner: [Found] = []
        for case (.text(let range), .dictionary(let index)) in found.members where depth < 3 && holders[index] {
            let name = machine.string(range)
            let path = found.path.isEmpty ? name : found.path + "." + name
            inner.append(Found(path: path, members: machine.dictionaries[index]))
        }
        func name(_ dictionary: Found) -> String { String(dictionary.path.split(separator: ".").last ?? "") }
        for usual in usualNames {
            if let dictionary = inner.first(where: { name($0) == usual }) {
                return try dictionaryOfTensors(dictionary, holders, machine, depth: depth + 1)
            }
        }
        if found.members.contains(where: { if case (.text, .tensor) = $0 { true } else { false } }) { return found }
        let rest = inner.filter { !name($0).hasPrefix("optim") }
        guard rest.count <= 1 else {
            throw machine.error(
                "tensors lie under \(rest.map { "\"\($0.path)\"" }.joined(separator: ", ")), and none of these is "
                    + "\(usualNames.prefix(3).joined(separator: ", ")) or the like")
        }
        guard let only = rest.first else {
            let names = found.members.compactMap { member -> String? in
                if case .text(let range) = member.key { "\"\(machine.string(range).prefix(40))\"" } else { nil }
            }
            throw machine.error(
                "the pickle does not hold a dictionary of tensors; it holds "
                    + (names.isEmpty ? "nothing with a name" : names.prefix(6).joined(separator: ", ")))
        }
        return try dictionaryOfTensors(only, holders, machine, depth: depth + 1)
    }

    /// By dictionary, whether it has named tensors, or one that has is in it, three deep. Found by passes over all of
    /// them: they may hold each other, and each other many times.
    private static func holders(_ machine: Unpickler) -> [Bool] {
        var holds = machine.dictionaries.map { members in
            members.contains { if case (.text, .tensor) = $0 { true } else { false } }
        }
        for _ in 0..<3 {
            let before = holds
            for (index, members) in machine.dictionaries.enumerated() where !before[index] {
                holds[index] = members.contains { member in
                    if case .dictionary(let inner) = member.value { before[inner] } else { false }
                }
            }
        }
        return holds
    }

    /// nanoGPT's `model_args`, its numbers and switches.
    private static func arguments(_ root: Found, _ machine: Unpickler) -> JSONObject? {
        for case (.text(let range), .dictionary(let index)) in root.members where machine.string(range) == "model_args"
        {
            return JSONObject(
                machine.dictionaries[index].compactMap { key, value in
                    guard case .text(let range) = key else { return nil }
                    let name = machine.string(range)
                    switch value {
                    case .integer(let number): return .init(name, JSONValue(number))
                    case .real(let number): return .init(name, JSONValue(number))
                    case .bool(let flag): return .init(name, .bool(flag))
                    default: return nil
                    }
                })
        }
        return nil
    }

    private static func tensor(
        _ name: String, _ tensor: Unpickler.Tensor, _ machine: Unpickler, _ file: MappedFile, _ places: [Int]
    ) -> CheckpointTensor {
        let type = machine.storages[tensor.storage].elementType
        return CheckpointTensor(
            name: name, shape: tensor.shape, elementType: type, count: tensor.shape.reduce(1, *),
            strides: tensor.shape.contains(0) || isRowMajor(tensor.shape, tensor.strides) ? nil : tensor.strides,
            file: file,
            byteOffset: places[tensor.storage] + tensor.offset * type.byteCount)
    }

    private static func isRowMajor(_ shape: [Int], _ strides: [Int]) -> Bool {
        var expected = 1
        for (length, stride) in zip(shape, strides).reversed() where length != 1 {
            if stride != expected { return false }
            expected *= length
        }
        return true
    }
}
