// Text that comes from data (token texts, file names, titles) made safe to stand in one line of a drawing.

enum Label {
    /// `text` without anything that could move the cursor, break the line or reverse its direction: newline and tab
    /// become visible signs, other control and format characters a middle dot.
    static func neutral(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": out.append("↵")
            case "\t": out.append("⇥")
            default:
                switch scalar.properties.generalCategory {
                case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
                    out.append("·")
                case .format where scalar.value != 0x200D: out.append("·")
                default: out.append(scalar)
                }
            }
        }
        return String(out)
    }

    /// Columns that `character` takes on a terminal: two for East Asian wide characters and emoji, none for a mark that
    /// has nothing to stand on (Unicode Standard Annex 11, in coarse ranges).
    static func columns(of character: Character) -> Int {
        if let ascii = character.asciiValue { return ascii < 0x20 || ascii == 0x7F ? 0 : 1 }
        var width = 0
        for scalar in character.unicodeScalars {
            width = max(width, scalar.value == 0xFE0F ? 2 : columns(of: scalar))
        }
        return width
    }

    static func columns(of text: String) -> Int {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
        return text.reduce(0) { $0 + columns(of: $1) }
    }

    /// The longest beginning of `text` that fits; what is cut off is marked by `mark`, a single column.
    static func fitted(_ text: String, to width: Int, mark: Character = "…") -> String {
        guard width > 0 else { return "" }
        guard columns(of: text) > width else { return text }
        var out = ""
        var used = 0
        for character in text {
            let columns = columns(of: character)
            if used + columns > width - 1 { break }
            out.append(character)
            used += columns
        }
        out.append(mark)
        return out
    }

    /// `text` broken at spaces into lines that satisfy `fits`, the last one whatever is left when there are `lines`.
    static func broken(_ text: String, lines: Int, fits: (String) -> Bool) -> [String] {
        var out: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            let longer = line.isEmpty ? String(word) : line + " " + word
            if !line.isEmpty, out.count + 1 < lines, !fits(longer) {
                out.append(line)
                line = String(word)
            } else {
                line = longer
            }
        }
        return line.isEmpty ? out : out + [line]
    }

    private static func columns(of scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        if value < 0x300 { return value == 0xAD ? 0 : 1 }
        // Frames, blocks and braille, which drawings are full of.
        if (0x2500...0x25FC).contains(value) || (0x2800...0x28FF).contains(value) { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch value {
        case 0x1100...0x115F, 0x231A...0x231B, 0x23E9...0x23EC, 0x25FD...0x25FE, 0x2614...0x2615, 0x2648...0x2653,
            0x26AA...0x26AB,
            0x26BD...0x26BE, 0x26C4...0x26C5, 0x26F2...0x26F3, 0x270A...0x270B, 0x2753...0x2755, 0x2795...0x2797,
            0x2B1B...0x2B1C,
            0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF, 0xA960...0xA97F,
            0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF,
            0x1F18E, 0x1F191...0x1F19A, 0x1F1E6...0x1F320, 0x1F32D...0x1F64F, 0x1F680...0x1F6FC, 0x1F7E0...0x1F7F0,
            0x1F90C...0x1FAF8, 0x20000...0x3FFFD,
            0x23F0, 0x23F3, 0x267F, 0x2693, 0x26A1, 0x26CE, 0x26D4, 0x26EA, 0x26F5, 0x26FA, 0x26FD, 0x2705, 0x2728,
            0x274C, 0x274E,
            0x2757, 0x27B0, 0x27BF, 0x2B50, 0x2B55, 0x1F004, 0x1F0CF:
            return 2
        default: return 1
        }
    }
}
