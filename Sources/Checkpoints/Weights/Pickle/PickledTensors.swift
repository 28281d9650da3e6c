import Support

/// The tensors of a PyTorch file (`pytorch_model.bin`, `state_dict.bin`): a dictionary from names to tensors, pickled.
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
    let tensors: [CheckpointTensor]

    /// A pickle of 100,000 tensors has 13 MB.
    private static let pickleLimit = 64 << 20

    init(_ path: String) throws {
        let file = try MappedFile(path)
        tensors = ZipDirectory.isZip(file) ? try PickledTensors.readZip(file) : try PickledTensors.readLegacy(file)
    }

    // MARK: Zip

    private static func readZip(_ file: MappedFile) throws -> [CheckpointTensor] {
        let directory = try ZipDirectory(file)
        let pickles = directory.entries.filter { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
        guard pickles.count == 1, let pickle = pickles.first else {
            throw FileError(
                .malformed, file.path, "a zip with \(pickles.count) entries data.pkl, where a PyTorch file has one")
        }
        guard pickle.range.count <= pickleLimit else {
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
        return try collect(value, machine, file, places)
    }

    // MARK: The older format

    private static func readLegacy(_ file: MappedFile) throws -> [CheckpointTensor] {
        var machine = Unpickler(file, 0..<file.bytes.count)
        _ = try machine.load()
        guard machine.holdsLegacyMagic else {
            throw FileError(.malformed, file.path, at: 0, "neither a zip nor an older PyTorch file")
        }
        guard case .integer(1001) = try machine.load() else {
            throw machine.error("a PyTorch file of another version than 1001")
        }
        guard case .dictionary(let system) = try machine.load(), isLittleEndian(system, machine) else {
            throw FileError(.unsupported, file.path, at: machine.place, "numbers that are not little-endian")
        }
        let value = try machine.load()
        guard machine.place <= pickleLimit else {
            throw FileError(.refused, file.path, at: machine.place, "a pickle of \(byteText(machine.place))")
        }
        guard case .list(let keys) = try machine.load() else {
            throw machine.error("a list of storage keys was expected")
        }
        return try collect(value, machine, file, legacyPlaces(machine.lists[keys], machine, file))
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

    /// The named tensors of the dictionary a pickle left; anything else in it is refused.
    private static func collect(
        _ value: Unpickler.Value, _ machine: Unpickler, _ file: MappedFile, _ places: [Int]
    ) throws -> [CheckpointTensor] {
        guard case .dictionary(let index) = value else {
            throw machine.error("the pickle does not hold a dictionary of tensors")
        }
        var seen: Set<ExactString> = []
        return try machine.dictionaries[index].map { key, value in
            guard case .text(let range) = key else { throw machine.error("a tensor whose name is not a text") }
            let name = machine.string(range)
            guard seen.insert(ExactString(name)).inserted else {
                throw machine.error("\"\(name)\" is in the dictionary twice", at: range.lowerBound)
            }
            guard case .tensor(let index) = value else {
                throw machine.error("\"\(name)\" is not a tensor", at: range.lowerBound)
            }
            return tensor(name, machine.tensors[index], machine, file, places)
        }
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
