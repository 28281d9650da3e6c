// A written line as what it says: words, whole numbers, reals with the unit of their last digit, spreads, volatile
// text.
//
//   integer   digits, with a sign where no word touches it: compared exactly
//   real      digits with a point or an exponent: 0.0312 has the unit 0.0001, 5e-5 the unit 1e-5
//   spread    ± and a number: how far the number before it may be off
// A number begins and ends a word or stands between signs: `gpt2`, `v1.2.3` and `9f2c01e4` are words, `99.2%`, `(0.5,`
// and `1.2M` begin with numbers.

enum OutputToken: Equatable {
    case word(String)
    case integer(String)
    case real(text: String, value: Double, unit: Double)
    case spread(text: String, value: Double, unit: Double)
    case volatile(String)
    /// `...`, in a record: any tokens.
    case anything

    var text: String {
        switch self {
        case .word(let text), .integer(let text), .real(let text, _, _), .spread(let text, _, _): text
        case .volatile(let text): "{~\(text)}"
        case .anything: "..."
        }
    }
}

struct OutputTokens {
    var tokens: [OutputToken] = []

    /// From a written text.
    init(_ written: String) {
        for piece in OutputText.pieces(written, keepsWords: true) {
            switch piece {
            case .volatile(let text): tokens.append(.volatile(text))
            case .plain(let text): for word in Array(text.utf8).split(whereSeparator: \.isBlank) { add(word) }
            }
        }
    }

    private mutating func add(_ word: ArraySlice<UInt8>) {
        if OutputText.isDots(word) {
            tokens.append(word.count == 3 ? .anything : .word(String(decoding: word.dropFirst(), as: UTF8.self)))
            return
        }
        var index = word.startIndex
        var plain = index
        func flush(_ tokens: inout [OutputToken], to end: Int) {
            if plain < end { tokens.append(.word(String(decoding: word[plain..<end], as: UTF8.self))) }
        }
        while index < word.endIndex {
            let isSpread = word[index...].starts(with: OutputTokens.plusMinus)
            let start = isSpread ? index + OutputTokens.plusMinus.count : index
            if let number = OutputTokens.number(word, at: start, mayHaveSign: !isSpread) {
                flush(&tokens, to: index)
                tokens.append(
                    isSpread ? number.asSpread(String(decoding: word[index..<number.end], as: UTF8.self)) : number.token
                )
                index = number.end
                plain = index
                continue
            }
            // On to the next place where a number may begin.
            index += isSpread ? OutputTokens.plusMinus.count : 1
        }
        flush(&tokens, to: word.endIndex)
    }

    private static let plusMinus = Array("±".utf8)

    private struct Number {
        var end: Int
        var token: OutputToken

        func asSpread(_ text: String) -> OutputToken {
            switch token {
            case .integer: .spread(text: text, value: Double(text.dropFirst()) ?? 0, unit: 1)
            case .real(_, let value, let unit): .spread(text: text, value: value, unit: unit)
            case .word, .spread, .volatile, .anything: token
            }
        }
    }

    /// The number at a place of a word; nil where none starts there.
    private static func number(_ word: ArraySlice<UInt8>, at start: Int, mayHaveSign: Bool) -> Number? {
        guard start < word.endIndex else { return nil }
        if start > word.startIndex {
            let before = word[start - 1]
            // After a letter, a digit or a point it is part of a word, but a range has points before its end.
            if isWordByte(before) && !endsSign(word[..<start]) { return nil }
            if before == dot, !(start - 2 >= word.startIndex && word[start - 2] == dot) { return nil }
        }
        var index = start
        if mayHaveSign, word[index] == UInt8(ascii: "-") || word[index] == UInt8(ascii: "+") { index += 1 }
        let digits = index
        while index < word.endIndex, word[index].isDigit { index += 1 }
        guard index > digits else { return nil }
        var decimals = 0
        var isReal = false
        if index + 1 < word.endIndex, word[index] == dot, word[index + 1].isDigit {
            isReal = true
            index += 1
            while index < word.endIndex, word[index].isDigit {
                index += 1
                decimals += 1
            }
        }
        var exponent = 0
        if index < word.endIndex, word[index] | 0x20 == UInt8(ascii: "e") {
            var place = index + 1
            if place < word.endIndex, word[place] == UInt8(ascii: "-") || word[place] == UInt8(ascii: "+") {
                place += 1
            }
            let first = place
            while place < word.endIndex, word[place].isDigit { place += 1 }
            if place > first, place - first < 6 {
                exponent = Int(String(decoding: word[(index + 1)..<place], as: UTF8.self).replacing("+", with: "")) ?? 0
                isReal = true
                index = place
            }
        }
        if index < word.endIndex {
            // 1.2.3 and 2024_11 are words; a unit of letters may follow a number, letters with digits may not.
            if word[index] == dot, index + 1 < word.endIndex, word[index + 1].isDigit { return nil }
            var tail = index
            while tail < word.endIndex, word[tail] < 0x80, isWordByte(word[tail]) {
                if word[tail].isDigit || word[tail] == UInt8(ascii: "_") { return nil }
                tail += 1
            }
        }
        let text = String(decoding: word[start..<index], as: UTF8.self)
        guard isReal else { return Number(end: index, token: .integer(text)) }
        guard let value = Double(text) else { return nil }
        return Number(end: index, token: .real(text: text, value: value, unit: powerOfTen(exponent - decimals)))
    }

    private static let dot = UInt8(ascii: ".")

    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte.isDigit || byte.isLowerCaseLetter || (0x41...0x5A).contains(byte) || byte == UInt8(ascii: "_")
            || byte >= 0x80
    }

    /// Whether bytes end with a sign of several bytes after which a number may stand.
    private static func endsSign(_ bytes: ArraySlice<UInt8>) -> Bool {
        signs.contains { bytes.reversed().starts(with: $0) }
    }

    private static let signs: [[UInt8]] = [
        "→", "±", "×", "−", "≈", "≤", "≥", "│", "·", "…", "–", "÷", "√", "∑", "Δ", "←", "↑", "↓",
    ].map { Array($0.utf8).reversed() }

    private static func powerOfTen(_ exponent: Int) -> Double {
        Double("1e\(exponent)") ?? 0
    }
}
