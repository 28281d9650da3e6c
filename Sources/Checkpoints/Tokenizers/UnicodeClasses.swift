/// The classes of characters that GPT-2's splitting rule tells apart.
enum CharacterClass: UInt8 {
    /// Neither of the others; also a byte that is not part of UTF-8.
    case other = 0
    /// General category L*.
    case letter = 1
    /// General category N*.
    case number = 2
    /// The property White_Space.
    case space = 3
}

/// Every scalar's class, a byte each up to the last one that has a class.
///
/// The ranges are written down in `UnicodeClasses+Generated.swift` and spread out at the first use, in well under a
/// millisecond; asking the standard library about each scalar would take forty. So ids do not depend on its version
/// either.
struct UnicodeClasses: @unchecked Sendable {
    static let shared = UnicodeClasses()

    private let classes: UnsafeMutablePointer<UInt8>
    private let limit: UInt32

    @inline(__always)
    subscript(_ scalar: UInt32) -> CharacterClass {
        scalar < limit ? CharacterClass(rawValue: classes[Int(scalar)]) ?? .other : .other
    }

    private init() {
        let ranges: [([UInt32], CharacterClass)] = [
            (UnicodeClasses.letterRanges, .letter), (UnicodeClasses.numberRanges, .number),
            (UnicodeClasses.spaceRanges, .space),
        ]
        let highest = ranges.flatMap(\.0).max() ?? 0
        limit = highest + 1
        classes = .allocate(capacity: Int(limit))
        classes.initialize(repeating: CharacterClass.other.rawValue, count: Int(limit))
        for (bounds, kind) in ranges {
            for i in stride(from: 0, to: bounds.count, by: 2) {
                (classes + Int(bounds[i])).update(repeating: kind.rawValue, count: Int(bounds[i + 1] - bounds[i]) + 1)
            }
        }
    }
}
