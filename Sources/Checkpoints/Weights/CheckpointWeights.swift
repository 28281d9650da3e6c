import Support

/// Finds and opens the weight files of a checkpoint folder. The first of these that is there counts:
///
///     model.safetensors                  one file
///     model.safetensors.index.json       {"metadata": …, "weight_map": {tensor name: file name}} and the files it
///                                        names
///     pytorch_model.bin                  a pickle (see `PickledTensors`)
///     pytorch_model.bin.index.json       as above, with pickles
///     state_dict.bin                     the reference's pickle
public enum CheckpointWeights {
    public static func exist(in folder: String) -> Bool { first(in: folder) != nil }

    /// All tensors in the folder, under the names of the files; throws `FileError`.
    public static func read(_ folder: String) throws -> [CheckpointTensor] {
        guard let name = first(in: folder) else {
            throw FileError(.missing, folder, "has no weights: none of \(names.joined(separator: ", "))")
        }
        let path = folder + "/" + name
        return name.hasSuffix(".index.json") ? try readSharded(path, folder) : try readFile(path)
    }

    /// The tensors of one file.
    public static func readFile(_ path: String) throws -> [CheckpointTensor] {
        path.hasSuffix(".safetensors") ? try SafeTensorsReader(path).tensors : try PickledTensors(path).tensors
    }

    private static let names = [
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
        "state_dict.bin",
    ]

    private static func first(in folder: String) -> String? { names.first { FileSystem.exists(folder + "/" + $0) } }

    // MARK: Shards

    private static func readSharded(_ indexPath: String, _ folder: String) throws -> [CheckpointTensor] {
        let shardOfName = try readIndex(indexPath)
        var tensors: [CheckpointTensor] = []
        var missing = shardOfName
        for shard in Set(shardOfName.values.map(\.text)).sorted() {
            guard FileSystem.exists(folder + "/" + shard) else {
                throw FileError(.missing, indexPath, "names \"\(shard)\", which is not there")
            }
            for tensor in try readFile(folder + "/" + shard) {
                let name = ExactString(tensor.name)
                guard shardOfName[name]?.text == shard else {
                    throw FileError(
                        .contradictory, tensor.path,
                        "holds \"\(tensor.name)\", which the index puts elsewhere or does not know")
                }
                missing[name] = nil
                tensors.append(tensor)
            }
        }
        if let (name, shard) = missing.min(by: { $0.key.text < $1.key.text }) {
            throw FileError(
                .contradictory, folder + "/" + shard.text, "does not hold \"\(name.text)\", which the index puts there")
        }
        return tensors
    }

    /// Tensor name to file name. A file name stays in the folder: no slash, no `..`, no leading dot.
    private static func readIndex(_ path: String) throws -> [ExactString: ExactString] {
        let file = try readWholeFile(path, limit: 64 << 20)
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
