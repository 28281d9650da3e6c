import Checkpoints
import Glibc
import Support
import Tensors
import Transformer

// Numbers of snapshots in files: safetensors with the parameters' Hugging Face names, named by the SHA-256 of their data (the
// bytes after the header, parameters by rising name). A file that is there under its name never changes; what is read is checked.

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

    /// - Throws: `RunError.damagedSnapshot` if the file is not what was written.
    func read(into target: ParameterSet) throws {
        let reader = try SafeTensorsReader(path)
        for entry in target.entries {
            guard let tensor = reader[entry.name], tensor.shape == entry.shape else {
                throw RunError.damagedSnapshot(path)
            }
            try target.fill(entry.range) { try tensor.copyFloats(into: $0) }
        }
        guard target.read(0..<target.count, { PartFile.digest(of: $0, target.layout) }) == digest else {
            throw RunError.damagedSnapshot(path)
        }
    }

    private static func digest(of values: UnsafeBufferPointer<Float>, _ layout: ParameterLayout) -> String {
        var hash = SHA256()
        for entry in layout.entries.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            hash.update(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: values[entry.range])))
        }
        return hash.finalizeHex()
    }
}
