import Glibc
import Tensors
import Transformer

/// The files of numbers that a timeline has put out of memory: raw little-endian float32, checked by their SHA-256 when read.
enum SpilledPart {
    static func write(_ values: [Float], to path: String) throws -> String {
        try values.withUnsafeBytes { bytes in
            try writeFileAtomically(path, byteCount: bytes.count) { try $0.write(bytes) }
            return SHA256.hex(bytes)
        }
    }

    static func read(_ path: String, _ digest: String, into target: ParameterSet) throws {
        let file = try MappedFile(path)
        try withExtendedLifetime(file) {
            guard file.bytes.count == target.count * 4, SHA256.hex(file.bytes) == digest else { throw RunError.damagedSnapshot(path) }
            UnsafeMutableRawBufferPointer(target.values).copyMemory(from: file.bytes)
        }
    }
}
