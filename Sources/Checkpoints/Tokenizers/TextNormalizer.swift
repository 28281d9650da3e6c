@_spi(_Unicode) import Swift

/// What a `normalizer` makes of a text before it is cut: its steps, one after another.
struct TextNormalizer: Sendable {
    enum Step: Sendable, Equatable {
        /// Canonical composition (Unicode Annex 15): `e` and a combining acute become `é`.
        case composed
        /// Canonical decomposition.
        case decomposed
        case lowercased
        /// Before every text that is not empty.
        case prepended([UInt8])
        case replaced([UInt8], [UInt8])
        /// Without white space at its ends.
        case stripped(left: Bool, right: Bool)
    }

    let steps: [Step]

    func callAsFunction(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        steps.reduce(Array(text)) { Self.apply($1, $0) }
    }

    func callAsFunction(_ text: [UInt8]) -> [UInt8] { steps.reduce(text) { Self.apply($1, $0) } }

    private static func apply(_ step: Step, _ text: [UInt8]) -> [UInt8] {
        switch step {
        case .composed, .decomposed:
            // Nothing below U+00C0 decomposes, and nothing below U+0300 is composed of two.
            if text.allSatisfy({ $0 < (step == .composed ? 0xCC : 0xC3) }) { return text }
            let string = String(decoding: text, as: UTF8.self)
            var result = String.UnicodeScalarView()
            if step == .composed {
                for scalar in string._nfc { result.append(scalar) }
            } else {
                for scalar in string._nfd { result.append(scalar) }
            }
            return Array(String(result).utf8)
        case .lowercased:
            var result: [UInt8] = []
            for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
                result += scalar.properties.lowercaseMapping.utf8
            }
            return result
        case .prepended(let bytes): return text.isEmpty ? text : bytes + text
        case .replaced(let old, let new):
            guard !old.isEmpty else { return text }
            var result: [UInt8] = []
            var index = 0
            while index < text.count {
                if text[index...].starts(with: old) {
                    result += new
                    index += old.count
                } else {
                    result.append(text[index])
                    index += 1
                }
            }
            return result
        case .stripped(let left, let right):
            var scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)[...]
            func isSpace(_ scalar: Unicode.Scalar) -> Bool { UnicodeClasses.shared[scalar.value] == .space }
            if left { scalars = scalars.drop(while: isSpace) }
            while right, let last = scalars.last, isSpace(last) { scalars.removeLast() }
            return Array(String(String.UnicodeScalarView(scalars)).utf8)
        }
    }
}
