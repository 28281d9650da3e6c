// Bytes of a terminal as keys.
//
// Terminals send printable text as UTF-8, control keys as single bytes, and everything else as escape sequences:
// CSI `ESC [ parameters final` and SS3 `ESC O final` (ECMA-48, xterm's ctlseqs). A lone ESC can only be told from the
// start of a sequence by waiting a moment, which is the reader's business: it calls `finish` when nothing followed.

import Support

enum Key: Equatable {
    /// A character to insert, or a control character or ESC for the key map of the library that edits.
    case scalar(UInt32)
    case up, down, left, right, home, end, pageUp, pageDown, delete, insert
    case wordLeft, wordRight, deleteWordLeft
    case tab, backTab
    case enter, newline
    /// ESC alone.
    case escape
    /// Alt or ESC with a character.
    case meta(UInt32)
    /// Text between the marks of a bracketed paste.
    case paste(String)
    /// What the terminal said of its background.
    case background(Background)
    /// A sequence that means nothing here.
    case unknown
}

struct KeyDecoder {
    private enum State {
        case ground
        case scalar(value: UInt32, missing: Int)
        case escape
        case controlSequence([UInt8])
        case singleShift
        case paste
        /// A string (OSC, DCS …) that ends with BEL or ESC \.
        case string([UInt8], sawEscape: Bool)

        var isGround: Bool { if case .ground = self { true } else { false } }
    }

    private var state = State.ground
    private var pasted: [UInt8] = []
    /// Whether the last byte was a carriage return: a line feed after it belongs to the same line end, as it comes
    /// from a terminal that pastes as if it were typed.
    private var isAfterReturn = false

    /// Whether the bytes so far end within an escape sequence, so that a pause means a lone ESC.
    var isWithinEscape: Bool {
        switch state {
        case .escape, .controlSequence, .singleShift: true
        case .ground, .scalar, .paste, .string: false
        }
    }

    var isWithinPaste: Bool { if case .paste = state { true } else { false } }

    /// Takes the next byte; returns the keys that it completes.
    mutating func take(_ byte: UInt8) -> [Key] {
        defer { isAfterReturn = byte == 0x0d && state.isGround }
        return switch state {
        case .ground: byte == 0x0a && isAfterReturn ? [] : ground(byte)
        case .scalar(let value, let missing): continuation(byte, value, missing)
        case .escape: afterEscape(byte)
        case .controlSequence(let parameters): controlSequence(byte, parameters)
        case .singleShift: afterSingleShift(byte)
        case .paste: paste(byte)
        case .string(let text, let sawEscape): string(byte, text, sawEscape)
        }
    }

    /// Nothing followed in time: what had begun was all.
    mutating func finish() -> [Key] {
        defer { state = .ground }
        switch state {
        case .escape: return [.escape]
        case .singleShift: return [.meta(UInt32(UInt8(ascii: "O")))]
        case .controlSequence: return [.unknown]
        case .ground, .scalar, .paste, .string: return []
        }
    }

    // MARK: States

    private mutating func ground(_ byte: UInt8) -> [Key] {
        switch byte {
        case 0x1b:
            state = .escape
            return []
        case 0x0d, 0x0a: return [.enter]
        case 0x09: return [.tab]
        case 0x00..<0x80: return [.scalar(UInt32(byte))]
        case 0xc2..<0xe0: state = .scalar(value: UInt32(byte & 0x1f), missing: 1)
        case 0xe0..<0xf0: state = .scalar(value: UInt32(byte & 0x0f), missing: 2)
        case 0xf0..<0xf5: state = .scalar(value: UInt32(byte & 0x07), missing: 3)
        default: return [.scalar(0xfffd)]
        }
        return []
    }

    private mutating func continuation(_ byte: UInt8, _ value: UInt32, _ missing: Int) -> [Key] {
        guard byte & 0xc0 == 0x80 else {
            state = .ground
            return [.scalar(0xfffd)] + ground(byte)
        }
        let longer = value << 6 | UInt32(byte & 0x3f)
        if missing > 1 {
            state = .scalar(value: longer, missing: missing - 1)
            return []
        }
        state = .ground
        // C1 controls are nobody's key; surrogates are not scalars.
        return [.scalar(longer >= 0xa0 && Unicode.Scalar(longer) != nil ? longer : 0xfffd)]
    }

    private mutating func afterEscape(_ byte: UInt8) -> [Key] {
        state = .ground
        switch byte {
        case UInt8(ascii: "["): state = .controlSequence([])
        case UInt8(ascii: "O"): state = .singleShift
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "^"), UInt8(ascii: "X"):
            state = .string([], sawEscape: false)
        case 0x1b:
            state = .escape
            return [.escape]
        case 0x0d, 0x0a: return [.newline]
        case 0x7f, 0x08: return [.deleteWordLeft]
        case 0x00..<0x80: return [.meta(UInt32(byte))]
        default: return [.escape] + ground(byte)
        }
        return []
    }

    private mutating func afterSingleShift(_ byte: UInt8) -> [Key] {
        state = .ground
        return [Self.key(final: byte, isModified: false)]
    }

    private mutating func controlSequence(_ byte: UInt8, _ parameters: [UInt8]) -> [Key] {
        guard byte >= 0x40 else {
            // Parameters and intermediates; a sequence that never ends is dropped.
            state = byte >= 0x20 && parameters.count < 64 ? .controlSequence(parameters + [byte]) : .ground
            return byte >= 0x20 ? [] : ground(byte)
        }
        state = .ground
        let text = String(decoding: parameters, as: UTF8.self)
        if byte == UInt8(ascii: "~") {
            if text == "200" {
                state = .paste
                return []
            }
            return [Self.key(number: text)]
        }
        return [Self.key(final: byte, isModified: text.contains(";"))]
    }

    private mutating func paste(_ byte: UInt8) -> [Key] {
        pasted.append(byte)
        let end: [UInt8] = [0x1b, 0x5b, 0x32, 0x30, 0x31, 0x7e]
        guard byte == 0x7e, pasted.suffix(end.count).elementsEqual(end) else { return [] }
        state = .ground
        let text = Self.pastedText(pasted.dropLast(end.count))
        pasted = []
        return [.paste(text)]
    }

    private mutating func string(_ byte: UInt8, _ text: [UInt8], _ sawEscape: Bool) -> [Key] {
        guard byte == 0x07 || (sawEscape && byte == 0x5c) else {
            let isText = byte != 0x1b && text.count < 64
            state = .string(isText ? text + [byte] : text, sawEscape: byte == 0x1b)
            return []
        }
        state = .ground
        return Background(answer: text).map { [.background($0)] } ?? []
    }

    // MARK: Tables

    private static func key(final byte: UInt8, isModified: Bool) -> Key {
        switch byte {
        case UInt8(ascii: "A"): .up
        case UInt8(ascii: "B"): .down
        case UInt8(ascii: "C"): isModified ? .wordRight : .right
        case UInt8(ascii: "D"): isModified ? .wordLeft : .left
        case UInt8(ascii: "H"): .home
        case UInt8(ascii: "F"): .end
        case UInt8(ascii: "Z"): .backTab
        case UInt8(ascii: "M"): .enter
        default: .unknown
        }
    }

    private static func key(number: String) -> Key {
        switch number.prefix(while: { $0 != ";" }) {
        case "1", "7": .home
        case "2": .insert
        case "3": .delete
        case "4", "8": .end
        case "5": .pageUp
        case "6": .pageDown
        default: .unknown
        }
    }

    /// Pasted bytes as text: line ends as newlines, tabs as spaces, controls dropped, one newline at the end dropped
    /// too.
    private static func pastedText(_ bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        var sawReturn = false
        for scalar in String(decoding: Array(bytes), as: UTF8.self).unicodeScalars {
            defer { sawReturn = scalar == "\r" }
            switch scalar.value {
            case 0x0d, 0x2028, 0x2029, 0x85: text.append("\n")
            case 0x0a: if !sawReturn { text.append("\n") }
            case 0x09: text.append(contentsOf: "    ".unicodeScalars)
            default: if Escaping.mark(scalar) == nil { text.append(scalar) }
            }
        }
        if text.last == "\n" { text.removeLast() }
        return String(text)
    }
}
