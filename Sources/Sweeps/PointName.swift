// What the folder of a point is called: its varied parameters in the order of the notebook, `seed=1,lambda=4`.
//
// A text that reads as a word stands without its quotes. Bytes other than A-Z a-z 0-9 . _ + - are written %XX. A name
// of more than 120 bytes is cut and ends in `~` and the first twelve digits of the SHA-256 of the whole.

import Support

enum PointName {
    private static let most = 120

    static func of(_ values: [(name: String, value: SweepValue)]) -> String {
        let whole = values.map { encoded($0.name) + "=" + encoded(word($0.value)) }.joined(separator: ",")
        guard whole.utf8.count > most else { return whole }
        return String(decoding: whole.utf8.prefix(most - 13), as: UTF8.self) + "~"
            + SHA256.hex(Array(whole.utf8)).prefix(12)
    }

    /// Whether it names a folder inside the one it is looked for in.
    static func isSafe(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "/") }
    }

    private static func word(_ value: SweepValue) -> String {
        guard value.literal.hasPrefix("\""), case .string(let text) = value.json else { return value.literal }
        let isWord =
            text.utf8.first.map(isLetter) == true && !["true", "false", "none"].contains(text)
            && text.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "/") }
        return isWord ? text : value.literal
    }

    private static func encoded(_ text: String) -> String {
        var name = ""
        for byte in text.utf8 {
            if isPlain(byte) {
                name.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                name += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return name
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        isLetter(byte) || byte &- UInt8(ascii: "0") < 10 || "._+-".utf8.contains(byte)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }
}
