import TestSupport

/// Careless and hostile changes of a file, drawn from a seed.
struct Mutation {
    private var random: TestRandom
    /// What such files have in them, to be put where it does not belong.
    private let words: [[UInt8]]

    init(seed: UInt64, words: [String]) {
        random = TestRandom(seed: seed)
        let everywhere = [
            "", "\"", "{", "}", "[", "]", ",", ":", "\\", "\n", "\r", "\0", "\u{FEFF}", "\u{2028}", "-1", "0", "1e999",
            "NaN", "4294967296", "9223372036854775807", "18446744073709551615", "null", "true", "../", "/", "é",
            "\u{1B}[",
        ]
        self.words = (everywhere + words).map { Array($0.utf8) } + [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80]]
    }

    mutating func index(below count: Int) -> Int { Int.random(in: 0..<max(count, 1), using: &random) }

    mutating func changed(_ bytes: [UInt8], by other: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<random.pick([1, 1, 1, 2, 3, 8]) { change(&bytes, other) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ other: [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = random.pick(words)
            return
        }
        // Half of the changes fall into the first bytes, where formats say what they are.
        let reach = random.chance(0.5) ? min(bytes.count, 256) : bytes.count
        let place = index(below: reach)
        let length = min(random.pick([1, 1, 2, 4, 8, 64, 1000]), bytes.count - place)
        switch index(below: 9) {
        case 0: bytes[place] ^= 1 << UInt8(index(below: 8))
        case 1: bytes[place] = UInt8(index(below: 256))
        case 2: bytes.removeSubrange(place..<place + length)
        case 3: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
        case 4: bytes.insert(contentsOf: random.pick(words), at: place)
        case 5: bytes.replaceSubrange(place..<place + length, with: random.pick(words))
        case 6: bytes.removeSubrange(place...)
        case 7:
            let start = index(below: other.count)
            bytes.replaceSubrange(place..<place + length, with: other[start..<min(start + length, other.count)])
        default:
            for offset in place..<place + length { bytes[offset] = random.pick([0, 0x7F, 0xFF]) }
        }
    }
}
