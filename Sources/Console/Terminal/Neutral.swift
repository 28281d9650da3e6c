// No byte of a value, a file or a model's output may steer the terminal. Everything that is printed passes here.
//
// What is replaced: C0 controls except newline and tab, DEL, C1 controls, and the characters that reorder text on the
// screen (bidirectional marks and overrides), which can make a line read as something else than it is.

enum Neutral {
    /// Text that is safe to print on one line: a tab becomes four blanks, any other control a visible mark such as `^[`.
    static func text(_ text: String) -> String {
        if isClean(text) { return text }
        var safe = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { append(scalar, to: &safe) }
        return String(safe)
    }

    /// How a single scalar is shown instead, or nil if it may be shown as it is.
    static func replacement(of scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0x09: "    "
        case 0x00..<0x20: "^" + String(Unicode.Scalar(UInt8(scalar.value) + 0x40))
        case 0x7f: "^?"
        case 0x80..<0xa0, 0x200e, 0x200f, 0x061c, 0x2028...0x202e, 0x2066...0x2069, 0xfeff:
            "<U+\(hexadecimal(scalar.value))>"
        default: nil
        }
    }

    private static func isClean(_ text: String) -> Bool {
        for byte in text.utf8
        where byte < 0x20 || byte == 0x7f || byte == 0xc2 || byte == 0xd8 || byte == 0xe2 || byte == 0xef {
            // A lead byte of what might be replaced: look closer.
            return text.unicodeScalars.allSatisfy { replacement(of: $0) == nil }
        }
        return true
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String.UnicodeScalarView) {
        if let shown = replacement(of: scalar) {
            text.append(contentsOf: shown.unicodeScalars)
        } else {
            text.append(scalar)
        }
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
