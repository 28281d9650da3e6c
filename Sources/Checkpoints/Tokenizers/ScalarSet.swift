import Support

/// A set of Unicode scalars as a regular expression names one: `a-z`, `\p{L}`, `\S`, with everything inside turned
/// round by `[^…]`. A byte that is not part of UTF-8 is a scalar of no property, `ScalarSet.stray`.
struct ScalarSet: Sendable {
    enum Item: Sendable {
        case range(ClosedRange<UInt32>)
        /// Of the three classes that the tokenizers of GPT-2 and after tell apart.
        case kind(CharacterClass, isNegated: Bool)
        /// General categories, a bit each in the order of `categoryBit`.
        case categories(UInt32, isNegated: Bool)
        /// `\w`
        case word(isNegated: Bool)
    }

    static let stray: UInt32 = 0x110000

    private(set) var items: [Item]
    private let isNegated: Bool
    /// The answers for the first 128 scalars.
    private let ascii: (UInt64, UInt64)

    init(_ items: [Item], isNegated: Bool = false) {
        self.items = items
        self.isNegated = isNegated
        var bits: (UInt64, UInt64) = (0, 0)
        for scalar in UInt32(0)..<128 where Self.contains(scalar, items) != isNegated {
            if scalar < 64 { bits.0 |= 1 << UInt64(scalar) } else { bits.1 |= 1 << UInt64(scalar - 64) }
        }
        ascii = bits
    }

    @inline(__always)
    func contains(_ scalar: UInt32) -> Bool {
        if scalar < 64 { return ascii.0 >> UInt64(scalar) & 1 == 1 }
        if scalar < 128 { return ascii.1 >> UInt64(scalar - 64) & 1 == 1 }
        return Self.contains(scalar, items) != isNegated
    }

    private static func contains(_ scalar: UInt32, _ items: [Item]) -> Bool {
        items.contains { item in
            switch item {
            case .range(let range): range.contains(scalar)
            case .kind(let kind, let isNegated): (UnicodeClasses.shared[scalar] == kind) != isNegated
            case .categories(let mask, let isNegated): (categoryBit(scalar) & mask != 0) != isNegated
            case .word(let isNegated): isWord(scalar) != isNegated
            }
        }
    }

    // MARK: Properties

    private static func categoryBit(_ scalar: UInt32) -> UInt32 {
        guard let scalar = Unicode.Scalar(scalar) else { return 0 }
        return bits[name(scalar.properties.generalCategory)] ?? 0
    }

    private static let names = [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
    ]
    private static let bits = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, UInt32(1) << UInt32($0)) })

    private static func name(_ category: Unicode.GeneralCategory) -> String {
        switch category {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }

    /// What `\p{name}` holds: a general category or all of one letter; nil for a name that is not known.
    static func property(_ name: String, isNegated: Bool) -> Item? {
        switch name {
        case "L", "Letter": return .kind(.letter, isNegated: isNegated)
        case "N", "Number": return .kind(.number, isNegated: isNegated)
        default: break
        }
        let mask = names.reduce(UInt32(0)) {
            $1 == name || name.count == 1 && $1.hasPrefix(name) ? $0 | bits[$1, default: 0] : $0
        }
        return mask == 0 ? nil : .categories(mask, isNegated: isNegated)
    }

    static func space(isNegated: Bool) -> Item { .kind(.space, isNegated: isNegated) }

    /// `\d`.
    static func digit(isNegated: Bool) -> Item { .categories(bits["Nd", default: 0], isNegated: isNegated) }

    /// `\w`: letters, marks, numbers, connecting punctuation, and what else is alphabetic.
    static func word(isNegated: Bool) -> Item { .word(isNegated: isNegated) }

    private static let wordBits = names.reduce(UInt32(0)) { sum, name in
        "LMN".contains(name.first ?? " ") || name == "Pc" ? sum | bits[name, default: 0] : sum
    }

    private static func isWord(_ scalar: UInt32) -> Bool {
        categoryBit(scalar) & wordBits != 0 || Unicode.Scalar(scalar)?.properties.isAlphabetic == true
    }

    /// `\w` of the library that the pre-tokenizer Whitespace is written with: of numbers only digits and letters, and
    /// the joiners that stand inside words of some scripts.
    static func isRustWord(_ scalar: UInt32) -> Bool {
        if scalar == 0x200C || scalar == 0x200D { return true }
        return isWord(scalar) && categoryBit(scalar) & bits["No", default: 0] == 0
    }

    /// The same set with both cases of every letter of a range, as `(?i:…)` wants it.
    func ignoringCase() -> ScalarSet {
        var more = items
        for case .range(let range) in items {
            for value in range.prefix(512) {
                guard let scalar = Unicode.Scalar(value) else { continue }
                for text in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping]
                where text.unicodeScalars.count == 1 {
                    for other in text.unicodeScalars { more.append(.range(other.value...other.value)) }
                }
                // The two letters whose lower case is ASCII: long s and the Kelvin sign.
                if value | 0x20 == 0x73 { more.append(.range(0x17F...0x17F)) }
                if value | 0x20 == 0x6B { more.append(.range(0x212A...0x212A)) }
            }
        }
        return ScalarSet(more, isNegated: isNegated)
    }
}
