import Support

/// What the weight files of a checkpoint hold: tensors under the names of the files, and what was said beside them.
public struct CheckpointContents: Sendable {
    public var tensors: [CheckpointTensor]
    /// nanoGPT's `model_args`, which stands for a configuration there.
    public var arguments: JSONObject?
    /// What was passed over, for a person to know.
    public var notes: [String]
}

/// Finds and opens the weight files of a checkpoint folder. The first of these that is there counts:
///
///     model.safetensors                  one file
///     model.safetensors.index.json       {"metadata": …, "weight_map": {tensor name: file name}} and the files it
///                                        names
///     pytorch_model.bin                  a pickle (see `PickledTensors`)
///     pytorch_model.bin.index.json       as above, with pickles
///     state_dict.bin                     the reference's pickle
///     anything else                      the only file that ends in .safetensors, .bin, .pt, .pth or .ckpt, what
///                                        trainers keep
///                                        beside weights (optimizer.pt, training_args.bin, …) aside
///
/// A shard may hold more than the index names: transformers takes what it finds, and so does this. Where the index
/// puts a tensor into another shard, that one counts.
public enum CheckpointWeights {
    public static func exist(in folder: String) -> Bool { names.contains { FileSystem.exists(folder + "/" + $0) } }

    /// All tensors in the folder, or in one file of it; throws `FileError`.
    public static func read(_ folder: String, file: String? = nil) throws -> CheckpointContents {
        if let file { return try readFile(folder + "/" + file) }
        let name = try first(in: folder)
        let path = folder + "/" + name
        return name.hasSuffix(".index.json") ? try readSharded(path, folder) : try readFile(path)
    }

    /// What one file holds.
    public static func readFile(_ path: String) throws -> CheckpointContents {
        if path.hasSuffix(".safetensors") {
            return CheckpointContents(tensors: try SafeTensorsReader(path).tensors, notes: [])
        }
        let pickle = try PickledTensors(path)
        return CheckpointContents(tensors: pickle.tensors, arguments: pickle.arguments, notes: pickle.notes)
    }

    // MARK: Which file

    private static let names = [
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
        "state_dict.bin",
    ]
    private static let endings = [".safetensors", ".bin", ".pt", ".pth", ".ckpt"]
    /// What the names of files begin with that lie beside weights and are none.
    private static let others = [
        "optimizer", "optim", "scheduler", "rng_state", "random_states", "scaler", "training_args", "trainer_state",
        "adapter_", "tokenizer", "lr_scheduler",
    ]

    /// Whether a file's name is one that weights have.
    public static func isWeightFile(_ name: String) -> Bool {
        endings.contains { name.hasSuffix($0) } && !others.contains { name.hasPrefix($0) }
    }

    private static func first(in folder: String) throws -> String {
        let all = FileSystem.names(in: folder)
        // Known names first; a link that leads nowhere is what a broken fetch leaves.
        for name in names where all.contains(name) {
            guard FileSystem.exists(folder + "/" + name) else {
                throw FileError(
                    .missing, folder + "/" + name,
                    "is a link to a file that is not there: it was not fetched to its end",
                    help: "fetch it again: hf download")
            }
            return name
        }
        let found = all.filter(isWeightFile)
        if found.count == 1 { return found[0] }
        guard found.isEmpty else {
            throw FileError(
                .contradictory, folder, "has several weight files and no index: \(list(found))",
                help: "say which one: load \"\(folder)/\(found[0])\"")
        }
        let partial = all.first { name in [".incomplete", ".part", ".crdownload"].contains { name.hasSuffix($0) } }
        // In the Hugging Face cache the files that are being fetched lie beside the finished ones.
        let blobs = folder.contains("/snapshots/") ? FileSystem.names(in: folder + "/../../blobs") : []
        if let name = blobs.first(where: { $0.hasSuffix(".incomplete") }) {
            throw FileError(
                .missing, folder, "has no weights: blobs/\(name.prefix(12))… was not fetched to its end",
                help: "fetch it again: hf download")
        }
        let there =
            partial.map { "; \($0) was not fetched to its end" }
            ?? (all.isEmpty ? "; it is empty" : "; there are \(list(all))")
        throw FileError(.missing, folder, "has no weights: none of \(names.joined(separator: ", "))\(there)")
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(6).joined(separator: ", ") + (names.count > 6 ? " and \(names.count - 6) more" : "")
    }

    // MARK: Shards

    private static func readSharded(_ indexPath: String, _ folder: String) throws -> CheckpointContents {
        let shardOfName = try readIndex(indexPath)
        var contents = CheckpointContents(tensors: [], notes: [])
        var missing = shardOfName
        var unnamed: Set<ExactString> = []
        for shard in Set(shardOfName.values.map(\.text)).sorted() {
            guard FileSystem.exists(folder + "/" + shard) else {
                let isLink = FileSystem.names(in: folder).contains(shard)
                throw FileError(
                    .missing, indexPath,
                    "names \"\(shard)\", which is \(isLink ? "a link to a file that is not there" : "not there")")
            }
            let file = try readFile(folder + "/" + shard)
            contents.notes += file.notes
            for tensor in file.tensors {
                let name = ExactString(tensor.name)
                if let place = shardOfName[name] {
                    if place.text != shard {
                        contents.notes.append(
                            "\"\(tensor.name)\" of \(shard) was not needed: the index puts it elsewhere")
                        continue
                    }
                    missing[name] = nil
                } else if !unnamed.insert(name).inserted {
                    throw FileError(
                        .contradictory, tensor.path,
                        "holds \"\(tensor.name)\", which another shard holds too and the index does not name")
                }
                contents.tensors.append(tensor)
            }
        }
        if let (name, shard) = missing.min(by: { $0.key.text < $1.key.text }) {
            throw FileError(
                .contradictory, folder + "/" + shard.text, "does not hold \"\(name.text)\", which the index puts there")
        }
        return contents
    }

    /// Tensor name to file name. A file name stays in the folder: no slash, no `..`, no leading dot.
    private static func readIndex(_ path: String) throws -> [ExactString: ExactString] {
        let file = try readTextFile(path, limit: 64 << 20)
        var reader = JSONReader(file)
        var map: [ExactString: ExactString] = [:]
        try reader.readObject { reader, name in
            guard reader.isText(name, "weight_map") else { return try reader.skipValue() }
            try reader.readObject { reader, tensor in
                let shard = try reader.readString()
                guard !shard.isEmpty, !shard.hasPrefix("."), !shard.utf8.contains(UInt8(ascii: "/")),
                    !shard.utf8.contains(0)
                else {
                    throw FileError(.refused, path, at: reader.place, "\"\(shard.prefix(80))\" would leave the folder")
                }
                map[ExactString(reader.string(tensor))] = ExactString(shard)
            }
        }
        try reader.finish()
        guard !map.isEmpty else { throw FileError(.malformed, path, "has no weight_map") }
        return map
    }
}
