// One message on the wire (Jupyter messaging protocol 5.3):
//
//     routing identities …, "<IDS|MSG>", signature, header, parent header, metadata, content, buffers …
//
// The signature is HMAC-SHA256, with the key of the connection file, over the four JSON frames, in lowercase
// hexadecimal; an empty key means no signature. The parent header is sent back byte for byte as it came.

import CNettle
import Glibc

struct WireMessage {
    var identities: [[UInt8]]
    var header: JSON
    /// The bytes of the header, for replies.
    var headerBytes: [UInt8]
    var content: JSON

    var type: String { header["msg_type"].asText ?? "" }

    private static let delimiter = Array("<IDS|MSG>".utf8)

    enum Fault: Error, Equatable { case noDelimiter, tooShort, wrongSignature, malformed(String) }

    /// Reads a message; throws a `Fault`.
    init(frames: [[UInt8]], key: MessageKey) throws {
        guard let place = frames.firstIndex(of: Self.delimiter) else { throw Fault.noDelimiter }
        let parts = frames[(place + 1)...]
        guard parts.count >= 5 else { throw Fault.tooShort }
        let signed = Array(parts.dropFirst().prefix(4))
        guard key.isSignature(parts[place + 1], of: signed) else { throw Fault.wrongSignature }
        do {
            header = try JSON(parsing: signed[0])
            content = try JSON(parsing: signed[3])
        } catch let error as JSONError {
            throw Fault.malformed(error.message)
        }
        identities = Array(frames[..<place])
        headerBytes = signed[0]
    }

    /// The frames of a message of our own.
    static func frames(
        identities: [[UInt8]], type: String, parentHeader: [UInt8], metadata: JSON = [:], content: JSON,
        session: String, key: MessageKey
    ) -> [[UInt8]] {
        let header: JSON = [
            "msg_id": .text(Identifier.random()), "session": .text(session), "username": "icot",
            "date": .text(Identifier.now()), "msg_type": .text(type),
            "version": "5.3",
        ]
        let parent = parentHeader.isEmpty ? Array("{}".utf8) : parentHeader
        let signed = [Array(header.encoded.utf8), parent, Array(metadata.encoded.utf8), Array(content.encoded.utf8)]
        return identities + [delimiter, key.signature(of: signed)] + signed
    }
}

/// The key that signs messages.
struct MessageKey {
    private let key: [UInt8]

    init(_ key: String) { self.key = Array(key.utf8) }

    /// In lowercase hexadecimal; empty without a key.
    func signature(of frames: [[UInt8]]) -> [UInt8] {
        guard !key.isEmpty else { return [] }
        var context = hmac_sha256_ctx()
        nettle_hmac_sha256_set_key(&context, key.count, key)
        for frame in frames { nettle_hmac_sha256_update(&context, frame.count, frame) }
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
        nettle_hmac_sha256_digest(&context, digest.count, &digest)
        let digits = Array("0123456789abcdef".utf8)
        return digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// Takes the same time wherever the difference is.
    func isSignature(_ signature: [UInt8], of frames: [[UInt8]]) -> Bool {
        let own = self.signature(of: frames)
        guard own.count == signature.count else { return false }
        return zip(own, signature).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

enum Identifier {
    /// A random UUID (version 4).
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return text
    }

    /// The time in UTC as ISO 8601 has it.
    static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        gmtime_r(&time.tv_sec, &parts)
        func padded(_ value: Int, _ digits: Int) -> String {
            String(repeating: "0", count: max(0, digits - String(value).count)) + String(value)
        }
        let date = "\(parts.tm_year + 1900)-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
        let clock = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
        return "\(date)T\(clock).\(padded(time.tv_nsec / 1000, 6))Z"
    }
}
