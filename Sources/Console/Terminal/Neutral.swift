// No byte of a value, a file or a model's output may steer the terminal. Everything that is printed passes here.

import Support

enum Neutral {
    /// Text that is safe to print on one line: a tab becomes four spaces, whatever else steers a visible mark such as
    /// `^[`.
    static func text(_ text: String) -> String {
        if isClean(text) { return text }
        var safe = ""
        for scalar in text.unicodeScalars {
            if let mark = Escaping.mark(scalar) { safe += mark } else { safe.unicodeScalars.append(scalar) }
        }
        return safe
    }

    private static func isClean(_ text: String) -> Bool {
        for byte in text.utf8
        where byte < 0x20 || byte == 0x7f || byte == 0xc2 || byte == 0xd8 || byte == 0xe2 || byte == 0xef {
            // A lead byte of what might be replaced: look closer.
            return !text.unicodeScalars.contains(where: Escaping.steers)
        }
        return true
    }
}
