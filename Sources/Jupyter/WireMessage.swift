// One message on the wire (Jupyter messaging protocol 5.3):
//
//     routing identities …, "<IDS|MSG>", signature, header, parent header, metadata, content, buffers …
//
// The signature is HMAC-SHA256, with the key of the connection file, over the four JSON frames, in lowercase
// hexadecimal; an empty key means no signature. The parent header is sent back byte for byte as it came.

import CNettle
import Support

struct WireMessage {
    var identities: [[UInt8]]
    var header: JSONValue
    /// The bytes of the header, for replies.
    var headerBytes: [UInt8]
    var content: JSONValue

    var type: String { header["msg_type"]?.string ?? "" }

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
            // A front end may send half of a surrogate pair: half of what a person typed.
            header = try JSONReader.read(signed[0], path: "header", halfPairs: .replaced)
            content = try JSONReader.read(signed[3], path: "content", halfPairs: .replaced)
        } catch {
            throw Fault.malformed(error.rule)
        }
        identities = Array(frames[..<place])
        headerBytes = signed[0]
    }

    /// The frames of a message of our own.
    static func frames(
        identities: [[UInt8]], type: String, parentHeader: [UInt8], metadata: JSONValue = [:], content: JSONValue,
        session: String, key: MessageKey
    ) -> [[UInt8]] {
        let header: JSONValue = [
            "msg_id": .string(Identifier.random()), "session": .string(session), "username": "icot",
            "date": .string(UTCTime.preciseNow()), "msg_type": .string(type),
            "version": "5.3",
        ]
        let parent = parentHeader.isEmpty ? Array("{}".utf8) : parentHeader
        let signed = [JSONWriter.bytes(header), parent, JSONWriter.bytes(metadata), JSONWriter.bytes(content)]
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
        return Array(hexadecimal(digest).utf8)
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
        let digits = hexadecimal(bytes)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text += "-" }
            text.append(digit)
        }
        return text
    }
}
