import Checkpoints
import Glibc
import Support
import Tensors
import Transformer

// Numbers of snapshots in files: safetensors with the parameters' Hugging Face names, named by the SHA-256 of their
// data (the bytes after the header, parameters by rising name). A file that is there under its name never changes; what
// is read is checked.
//
// In a compact folder a part may be written as what it adds to another one, as `StageCode` states it: the metadata
// `code` is "rounded" and `after`, where there is one before it, names that one; `stage` holds the bytes (U8) and
// `steps` one step a parameter in the order of the model. The name is the digest of what comes out.

/// A file that holds a part of a snapshot.
struct PartFile: Sendable, Equatable {
    let path: String
    /// SHA-256 of the data, in hexadecimal.
    let digest: String

    init(path: String, digest: String) {
        self.path = path
        self.digest = digest
    }

    /// Where the part with these numbers belongs in a folder.
    init(_ digest: String, in folder: String) { self.init(path: "\(folder)/\(digest).safetensors", digest: digest) }

    /// Puts numbers into a folder, unless they are there already.
    static func write(_ values: [Float], _ layout: ParameterLayout, to folder: String) throws -> PartFile {
        try values.withUnsafeBufferPointer { values in
            let arrays = layout.entries.map {
                StoredArray($0.name, shape: $0.shape, UnsafeBufferPointer(rebasing: values[$0.range]))
            }
            let file = PartFile(digest(of: values, layout), in: folder)
            if access(file.path, F_OK) != 0 { try SafeTensorsWriter.write(arrays, to: file.path) }
            return file
        }
    }

    /// Puts parts into a folder as what each adds to the one before it, rounded.
    /// - Parameter fineness: steps to the root mean square of a parameter's numbers in the first part.
    static func writeRounded(
        _ parts: [[Float]], _ layout: ParameterLayout, fineness: Float, to folder: String
    ) throws -> [PartFile] {
        let tensors = layout.entries.map(\.range.count)
        var after: PartFile?
        return try StageCoder.encode(parts, tensors: tensors, code: .rounded, fineness: fineness).map { stage in
            let file = PartFile(stage.values.withUnsafeBufferPointer { digest(of: $0, layout) }, in: folder)
            let metadata = [("code", "rounded")] + (after.map { [("after", $0.digest)] } ?? [])
            // A part that came out as another one did needs no file, least of all one that builds on itself.
            if access(file.path, F_OK) != 0 {
                try stage.bytes.withUnsafeBytes { bytes in
                    try stage.steps.withUnsafeBufferPointer { steps in
                        try SafeTensorsWriter.write(
                            [
                                StoredArray("stage", shape: [bytes.count], .uint8, bytes),
                                StoredArray("steps", shape: [steps.count], steps),
                            ], metadata: metadata.map { (name: $0.0, value: $0.1) }, to: file.path)
                    }
                }
            }
            after = file
            return file
        }
    }

    /// - Throws: `RunError.damagedSnapshot` if the file is not what was written.
    func read(into target: ParameterSet) throws {
        let reader = try SafeTensorsReader(path)
        if reader.metadata.contains(where: { $0.name == "code" }) {
            target.put(try rounded(reader, target.layout))
        } else {
            for entry in target.entries {
                guard let tensor = reader[entry.name], tensor.shape == entry.shape else {
                    throw RunError.damagedSnapshot(path)
                }
                try target.fill(entry.range) { try tensor.copyFloats(into: $0) }
            }
        }
        guard target.read(0..<target.count, { PartFile.digest(of: $0, target.layout) }) == digest else {
            throw RunError.damagedSnapshot(path)
        }
    }

    /// The numbers of a part that builds on others.
    private func rounded(_ last: SafeTensorsReader, _ layout: ParameterLayout) throws -> [Float] {
        let folder = FileSystem.folder(of: path)
        var chain = [last]
        var seen: Set<String> = [digest]
        while let after = chain[chain.count - 1].metadata.first(where: { $0.name == "after" })?.value {
            guard seen.insert(after).inserted, !after.contains("/") else { throw RunError.damagedSnapshot(path) }
            chain.append(try SafeTensorsReader(PartFile(after, in: folder).path))
        }
        var values = [Float](repeating: 0, count: layout.count)
        let tensors = layout.entries.map(\.range.count)
        for reader in chain.reversed() {
            guard reader.metadata.contains(where: { $0.name == "code" && $0.value == "rounded" }),
                let stage = reader["stage"], stage.elementType == .uint8, let steps = try reader["steps"]?.floats(),
                StageCoder.add(
                    try stage.integers().map { UInt8(truncatingIfNeeded: $0) }, tensors: tensors, steps: steps,
                    to: &values)
            else { throw RunError.damagedSnapshot(path) }
        }
        return values
    }

    private static func digest(of values: UnsafeBufferPointer<Float>, _ layout: ParameterLayout) -> String {
        var hash = SHA256()
        for entry in layout.entries.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            hash.update(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: values[entry.range])))
        }
        return hash.finalizeHex()
    }
}
