import Support

/// A regular expression as tokenizer files write them (Oniguruma's syntax), as far as cutting text into words needs it:
///
///     alternatives   a|b, groups (…) and (?:…), (?i:…) for both cases of letters
///     one character  itself, ., \r \n \t \f \v, \xHH, \uHHHH, \ before a sign; \s \S \d \D \w \W, \p{L} \P{L} \p{^L}
///     by
///                    general category; [a-z…] and [^…] of these
///     repetition     ? * + {m} {m,} {m,n}, followed by ? for as few as possible or + for never giving back
///     looking        (?=…) and (?!…) ahead, ^ and $ at the ends of the text
///
/// Anything else is refused by name. The search backtracks like the original: the first alternative that leads to a
/// match counts, not the longest.
struct TextPattern: Sendable {
    private enum Instruction: Sendable {
        /// One scalar of the set.
        case one(ScalarSet)
        /// As many scalars of the set as there are, from `least` to `most`; given back one by one unless it is
        /// possessive.
        case run(ScalarSet, least: Int, most: Int, isPossessive: Bool)
        /// Tries the next instruction, and after a failure the one at this place.
        case split(Int)
        /// Tries the one at this place, and after a failure the next.
        case splitLazily(Int)
        case jump(Int)
        /// Whether what stands from the next instruction to the one before `end` matches here.
        case look(isNegative: Bool, end: Int)
        case textStart
        case textEnd
        case done
    }

    private var program: [Instruction] = []

    struct Fault: Error { let rule: String }

    /// Reads a pattern; throws `Fault` for what it does not know.
    init(_ pattern: String) throws {
        var parser = PatternParser(pattern)
        let node = try parser.parse()
        try emit(node)
        program.append(.done)
    }

    // MARK: Making the program

    private mutating func emit(_ node: PatternNode) throws {
        switch node {
        case .one(let set): program.append(.one(set))
        case .textStart: program.append(.textStart)
        case .textEnd: program.append(.textEnd)
        case .sequence(let parts): for part in parts { try emit(part) }
        case .choice(let parts):
            var ends: [Int] = []
            for (index, part) in parts.enumerated() {
                guard index < parts.count - 1 else {
                    try emit(part)
                    break
                }
                let split = program.count
                program.append(.split(0))
                try emit(part)
                ends.append(program.count)
                program.append(.jump(0))
                program[split] = .split(program.count)
            }
            for end in ends { program[end] = .jump(program.count) }
        case .look(let isNegative, let inner):
            let start = program.count
            program.append(.look(isNegative: isNegative, end: 0))
            try emit(inner)
            program.append(.done)
            program[start] = .look(isNegative: isNegative, end: program.count)
        case .repeated(let inner, let least, let most, let greed): try emit(inner, least, most, greed)
        }
    }

    private mutating func emit(_ inner: PatternNode, _ least: Int, _ most: Int, _ greed: PatternNode.Greed) throws {
        if case .one(let set) = inner, greed != .lazy {
            return program.append(.run(set, least: least, most: most, isPossessive: greed == .possessive))
        }
        guard greed != .possessive else { throw Fault(rule: "a group that never gives back") }
        guard !inner.canBeEmpty else { throw Fault(rule: "a repetition of something that may be empty") }
        guard least <= 64, most == .max || most <= 64 else { throw Fault(rule: "a repetition of more than 64") }
        func split(_ place: Int) -> Instruction { greed == .lazy ? .splitLazily(place) : .split(place) }
        for _ in 0..<least { try emit(inner) }
        if most == .max {
            let start = program.count
            program.append(.jump(0))
            try emit(inner)
            program.append(.jump(start))
            program[start] = split(program.count)
        } else {
            var splits: [Int] = []
            for _ in least..<most {
                splits.append(program.count)
                program.append(.jump(0))
                try emit(inner)
            }
            for place in splits { program[place] = split(program.count) }
        }
    }

    // MARK: Matching

    /// The first match at or after `start`, of at least one byte; nil if there is none.
    func firstMatch(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
        var begin = start
        while begin < text.count {
            if let end = match(text, at: begin, from: 0), end > begin { return begin..<end }
            begin += Self.scalar(text, begin).length
        }
        return nil
    }

    /// What is to be tried when a way has failed: an instruction and a place; of a run also the least it may shrink to.
    private struct Choice {
        var instruction: Int
        var place: Int
        var least: Int
    }

    /// Where the match that begins at `start` ends, of the program from `first` on.
    private func match(_ text: UnsafeBufferPointer<UInt8>, at start: Int, from first: Int) -> Int? {
        var choices: [Choice] = []
        var (next, place) = (first, start)
        while true {
            var hasFailed = false
            switch program[next] {
            case .done: return place
            case .one(let set):
                let (scalar, length) = place < text.count ? Self.scalar(text, place) : (ScalarSet.stray, 0)
                hasFailed = length == 0 || !set.contains(scalar)
                place += length
                next += 1
            case .run(let set, let least, let most, let isPossessive):
                var count = 0
                var floor = place
                var end = place
                while count < most, end < text.count {
                    let (scalar, length) = Self.scalar(text, end)
                    guard set.contains(scalar) else { break }
                    end += length
                    count += 1
                    if count == least { floor = end }
                }
                hasFailed = count < least
                next += 1
                if !hasFailed, end > floor, !isPossessive {
                    choices.append(Choice(instruction: next, place: end, least: floor))
                }
                place = end
            case .split(let other):
                choices.append(Choice(instruction: other, place: place, least: place))
                next += 1
            case .splitLazily(let other):
                choices.append(Choice(instruction: next + 1, place: place, least: place))
                next = other
            case .jump(let other): next = other
            case .look(let isNegative, let end):
                hasFailed = (match(text, at: place, from: next + 1) == nil) != isNegative
                next = end
            case .textStart:
                hasFailed = place != 0
                next += 1
            case .textEnd:
                hasFailed = place != text.count
                next += 1
            }
            guard hasFailed else { continue }
            guard var choice = choices.popLast() else { return nil }
            if choice.place > choice.least {
                // A run gives back its last scalar.
                choice.place = Self.placeBefore(text, choice.place)
                if choice.place > choice.least { choices.append(choice) }
            }
            (next, place) = (choice.instruction, choice.place)
        }
    }

    @inline(__always)
    private static func scalar(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> (value: UInt32, length: Int) {
        let byte = text[index]
        if byte < 0x80 { return (UInt32(byte), 1) }
        guard let scalar = UTF8Scan.multibyteScalar(text, at: index, first: byte) else { return (ScalarSet.stray, 1) }
        return (scalar.value, scalar.length)
    }

    private static func placeBefore(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int {
        var start = index - 1
        while start > 0, index - start < 4, text[start] & 0xC0 == 0x80 { start -= 1 }
        return scalar(text, start).length == index - start ? start : index - 1
    }
}

/// A pattern taken apart.
indirect enum PatternNode: Sendable {
    enum Greed: Sendable { case greedy, lazy, possessive }

    case one(ScalarSet)
    case sequence([PatternNode])
    case choice([PatternNode])
    case repeated(PatternNode, least: Int, most: Int, Greed)
    case look(isNegative: Bool, PatternNode)
    case textStart
    case textEnd

    var canBeEmpty: Bool {
        switch self {
        case .one: false
        case .sequence(let parts): parts.allSatisfy(\.canBeEmpty)
        case .choice(let parts): parts.contains(where: \.canBeEmpty)
        case .repeated(let inner, let least, _, _): least == 0 || inner.canBeEmpty
        case .look, .textStart, .textEnd: true
        }
    }
}

/// Reads the syntax stated at `TextPattern`.
private struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0

    init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

    mutating func parse() throws -> PatternNode {
        let node = try choice(ignoresCase: false)
        guard index == scalars.count else { throw fault("\(scalars[index]) without its group") }
        return node
    }

    private func fault(_ rule: String) -> TextPattern.Fault { TextPattern.Fault(rule: rule) }

    private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func take(_ text: String) -> Bool {
        guard scalars[index...].starts(with: text.unicodeScalars) else { return false }
        index += text.unicodeScalars.count
        return true
    }

    private mutating func takeOne() throws -> Unicode.Scalar {
        guard let scalar = next else { throw fault("a pattern that ends too early") }
        index += 1
        return scalar
    }

    private mutating func choice(ignoresCase: Bool) throws -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 65 else { throw fault("more than 64 groups inside each other") }
        var parts = [try sequence(ignoresCase)]
        while take("|") { parts.append(try sequence(ignoresCase)) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence(_ ignoresCase: Bool) throws -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            parts.append(try repetition(of: try atom(ignoresCase)))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func atom(_ ignoresCase: Bool) throws -> PatternNode {
        func one(_ items: [ScalarSet.Item], isNegated: Bool = false) -> PatternNode {
            let set = ScalarSet(items, isNegated: isNegated)
            return .one(ignoresCase ? set.ignoringCase() : set)
        }
        let scalar = try takeOne()
        switch scalar {
        case "(": return try group(ignoresCase)
        case "[":
            let isNegated = take("^")
            return one(try members(), isNegated: isNegated)
        case ".": return one([.range(0x0A...0x0A)], isNegated: true)
        case "^": return .textStart
        case "$": return .textEnd
        case "\\": return one([try escape()])
        case "*", "+", "?", "{": throw fault("\(scalar) after nothing")
        default: return one([.range(scalar.value...scalar.value)])
        }
    }

    private mutating func group(_ ignoresCase: Bool) throws -> PatternNode {
        var ignoresCase = ignoresCase
        var look: Bool?
        if take("?") {
            if take("i:") {
                ignoresCase = true
            } else if take("=") {
                look = false
            } else if take("!") {
                look = true
            } else if !take(":") {
                throw fault("a group (?\(next.map(String.init) ?? "")")
            }
        }
        let inner = try choice(ignoresCase: ignoresCase)
        guard take(")") else { throw fault("a group without its )") }
        return look.map { .look(isNegative: $0, inner) } ?? inner
    }

    private mutating func repetition(of node: PatternNode) throws -> PatternNode {
        var (least, most) = (1, 1)
        if take("?") {
            (least, most) = (0, 1)
        } else if take("*") {
            (least, most) = (0, .max)
        } else if take("+") {
            (least, most) = (1, .max)
        } else if take("{") {
            least = try number() ?? 0
            most = take(",") ? try number() ?? .max : least
            guard take("}"), least <= most else { throw fault("a count that is not {m,n}") }
        } else {
            return node
        }
        let greed: PatternNode.Greed = take("?") ? .lazy : take("+") ? .possessive : .greedy
        return .repeated(node, least: least, most: most, greed)
    }

    private mutating func number() throws -> Int? {
        var digits = ""
        while let scalar = next, ("0"..."9").contains(scalar), digits.count < 6 {
            digits.unicodeScalars.append(scalar)
            index += 1
        }
        return Int(digits)
    }

    /// What stands between [ or [^ and ].
    private mutating func members() throws -> [ScalarSet.Item] {
        var items: [ScalarSet.Item] = []
        while true {
            if !items.isEmpty, take("]") { return items }
            if take("&&") || next == "[" { throw fault("a class inside a class") }
            var item = try member()
            if case .range(let first) = item, next == "-", index + 1 < scalars.count, scalars[index + 1] != "]" {
                index += 1
                guard case .range(let last) = try member(), first.lowerBound <= last.lowerBound else {
                    throw fault("a range that is not from a lower to a higher character")
                }
                item = .range(first.lowerBound...last.lowerBound)
            }
            items.append(item)
        }
    }

    private mutating func member() throws -> ScalarSet.Item {
        if take("\\") { return try escape() }
        let scalar = try takeOne()
        return .range(scalar.value...scalar.value)
    }

    /// What stands after a backslash.
    private mutating func escape() throws -> ScalarSet.Item {
        let scalar = try takeOne()
        func one(_ value: UInt32) -> ScalarSet.Item { .range(value...value) }
        switch scalar {
        case "s": return ScalarSet.space(isNegated: false)
        case "S": return ScalarSet.space(isNegated: true)
        case "d": return ScalarSet.digit(isNegated: false)
        case "D": return ScalarSet.digit(isNegated: true)
        case "w": return ScalarSet.word(isNegated: false)
        case "W": return ScalarSet.word(isNegated: true)
        case "r": return one(0x0D)
        case "n": return one(0x0A)
        case "t": return one(0x09)
        case "f": return one(0x0C)
        case "v": return one(0x0B)
        case "p", "P": return try property(isNegated: scalar == "P")
        case "x": return one(try hexadecimal(2))
        case "u": return one(try hexadecimal(4))
        default:
            guard !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else { throw fault("\\\(scalar)") }
            return one(scalar.value)
        }
    }

    private mutating func property(isNegated: Bool) throws -> ScalarSet.Item {
        guard take("{") else { throw fault("\\p without {…}") }
        let turned = take("^")
        var name = ""
        while let scalar = next, scalar != "}", name.count < 40 {
            name.unicodeScalars.append(scalar)
            index += 1
        }
        guard take("}"), let item = ScalarSet.property(name, isNegated: isNegated != turned) else {
            throw fault("\\p{\(name)}")
        }
        return item
    }

    private mutating func hexadecimal(_ count: Int) throws -> UInt32 {
        let digits = String(String.UnicodeScalarView(scalars[index...].prefix(count)))
        guard digits.unicodeScalars.count == count, let value = UInt32(digits, radix: 16) else {
            throw fault("an escape without its \(count) hexadecimal digits")
        }
        index += count
        return value
    }
}
