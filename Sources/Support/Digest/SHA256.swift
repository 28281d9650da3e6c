import CNettle

/// The SHA-256 of bytes given in any number of pieces (FIPS 180-4, computed by nettle).
public struct SHA256 {
    private var context = sha256_ctx()

    public init() { nettle_sha256_init(&context) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        nettle_sha256_update(&context, bytes.count, base.assumingMemoryBound(to: UInt8.self))
    }

    public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }
    public mutating func update(_ text: String) { update(Array(text.utf8)) }

    /// The 32 bytes of the digest; the state starts afresh.
    public mutating func finalize() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
        nettle_sha256_digest(&context, digest.count, &digest)
        return digest
    }

    /// The digest in 64 lowercase hexadecimal digits.
    public mutating func finalizeHex() -> String {
        hexadecimal(finalize())
    }

    public static func hex(_ bytes: UnsafeRawBufferPointer) -> String {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalizeHex()
    }

    public static func hex(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { hex($0) } }
    public static func hex(_ text: String) -> String { hex(Array(text.utf8)) }

    /// The digest of a whole file; throws `FileError` if it cannot be read.
    public static func hex(ofFile path: String) throws -> String {
        let file = try MappedFile(path)
        return withExtendedLifetime(file) { hex(file.bytes) }
    }
}

/// Bytes as pairs of lowercase hexadecimal digits.
public func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
