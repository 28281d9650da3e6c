import Tensors

/// Two-step problems in words, with a chain in GSM8K's notation:
///
///     Ann has 4 boxes with 12 apples each and gives away 5 apples. How many apples are left?||<<4*12=48>> <<48-5=43>>
///     #### 43
///
/// They stand in for GSM8K where its training file is not at hand: same chain, same loader, but a small vocabulary.
public struct WordProblems: ProblemTask {
    public init() {}

    public var name: String { "two-step word problems" }

    /// A piece of a question: words, or something that varies. x is 2 to 9, y 11 to 30, z 2 to 20, and `total` is x·y.
    private enum Piece {
        case words(StaticString)
        case person, thing, x, y, z, total
    }

    /// How the two results come about.
    private enum Steps {
        case timesMinus, timesPlus, plusTimes, plusMinus, overPlus, overTimes
    }

    private static let people: [StaticString] = ["Ann", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gina", "Hugo"]
    private static let things: [StaticString] = ["apples", "books", "coins", "dates", "eggs", "figs", "gems", "pens"]

    private static let templates: [(pieces: [Piece], steps: Steps)] = [
        (
            [
                .person, .words(" has "), .x, .words(" boxes with "), .y, .words(" "), .thing,
                .words(" each and gives away "), .z, .words(" "), .thing,
                .words(". How many "), .thing, .words(" are left?"),
            ], .timesMinus
        ),
        (
            [
                .person, .words(" sells "), .y, .words(" "), .thing, .words(" a day for "), .x, .words(" days, and "),
                .z,
                .words(" more on Sunday. How many "), .thing, .words(" is that?"),
            ], .timesPlus
        ),
        (
            [
                .person, .words(" buys "), .y, .words(" "), .thing, .words(" today and "), .z, .words(" tomorrow, at "),
                .x,
                .words(" dollars each. How much is that?"),
            ], .plusTimes
        ),
        (
            [
                .person, .words(" has "), .y, .words(" "), .thing, .words(", finds "), .z, .words(" more and loses "),
                .x, .words(". How many "), .thing,
                .words(" are there now?"),
            ], .plusMinus
        ),
        (
            [
                .person, .words(" shares "), .total, .words(" "), .thing, .words(" among "), .x,
                .words(" friends, who have "), .z,
                .words(" each already. How many has each friend now?"),
            ], .overPlus
        ),
        (
            [
                .person, .words(" packs "), .total, .words(" "), .thing, .words(" into "), .x,
                .words(" equal bags. How many "), .thing,
                .words(" are in "), .z, .words(" such bags?"),
            ], .overTimes
        ),
    ]

    // MARK: Inputs

    /// Template, person, thing, x, y, z.
    public var inputCount: Int { 6 }

    private static let smallest: [Int] = [0, 0, 0, 2, 11, 2]
    private static let counts: [Int] = [templates.count, people.count, things.count, 8, 20, 19]

    public var inputSpace: Int? { Self.counts.reduce(1, *) }

    public func draw(_ random: inout RandomSource, into input: UnsafeMutablePointer<UInt8>) {
        for place in 0..<6 { input[place] = UInt8(Self.smallest[place] + random.below(Self.counts[place])) }
    }

    public func enumerate(_ index: Int, into input: UnsafeMutablePointer<UInt8>) {
        var rest = index
        for place in 0..<6 {
            input[place] = UInt8(Self.smallest[place] + rest % Self.counts[place])
            rest /= Self.counts[place]
        }
    }

    /// Tries the templates one after another.
    public func read(_ question: UnsafeBufferPointer<UInt8>, into input: UnsafeMutablePointer<UInt8>) -> Bool {
        for template in Self.templates.indices {
            for place in 0..<6 { input[place] = 0 }
            input[0] = UInt8(template)
            if match(Self.templates[template].pieces, question, input) { return true }
        }
        return false
    }

    private func match(
        _ pieces: [Piece], _ question: UnsafeBufferPointer<UInt8>, _ input: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        var rest = question[...]
        var total: Int?
        func isAhead(_ text: StaticString) -> Bool { text.withUTF8Buffer { rest.starts(with: $0) } }
        for piece in pieces {
            switch piece {
            case .words(let text):
                guard isAhead(text) else { return false }
                rest = rest.dropFirst(text.utf8CodeUnitCount)
            case .person, .thing:
                let isPerson = if case .person = piece { true } else { false }
                let words = isPerson ? Self.people : Self.things
                guard let index = words.firstIndex(where: { isAhead($0) }) else { return false }
                input[isPerson ? 1 : 2] = UInt8(index)
                rest = rest.dropFirst(words[index].utf8CodeUnitCount)
            case .x, .y, .z, .total:
                let digits = rest.prefix(4).prefix { (0x30...0x39).contains($0) }
                let value = digits.reduce(0) { 10 * $0 + Int($1 - 0x30) }
                rest = rest.dropFirst(digits.count)
                switch piece {
                case .x: input[3] = UInt8(clamping: value)
                case .y: input[4] = UInt8(clamping: value)
                case .z: input[5] = UInt8(clamping: value)
                default: total = value
                }
            }
        }
        if let total {
            guard input[3] > 0, total % Int(input[3]) == 0 else { return false }
            input[4] = UInt8(clamping: total / Int(input[3]))
        }
        return rest.isEmpty
            && (3..<6).allSatisfy { Self.smallest[$0]..<Self.smallest[$0] + Self.counts[$0] ~= Int(input[$0]) }
    }

    // MARK: Text

    public var lineCountMax: Int { 200 }

    public func write(_ input: UnsafePointer<UInt8>, to line: inout LineWriter) {
        let (x, y, z) = (Int(input[3]), Int(input[4]), Int(input[5]))
        let template = Self.templates[Int(input[0])]
        for piece in template.pieces {
            switch piece {
            case .words(let text): line.put(text)
            case .person: line.put(Self.people[Int(input[1])])
            case .thing: line.put(Self.things[Int(input[2])])
            case .x: line.put(number: x)
            case .y: line.put(number: y)
            case .z: line.put(number: z)
            case .total: line.put(number: x * y)
            }
        }
        line.beginChain()
        func step(_ left: Int, _ sign: StaticString, _ right: Int, _ result: Int) -> Int {
            line.put("<<")
            line.put(number: left)
            line.put(sign)
            line.put(number: right)
            line.put("=")
            line.put(number: result)
            line.put(">>")
            return result
        }
        let first =
            switch template.steps {
            case .timesMinus, .timesPlus: step(x, "*", y, x * y)
            case .plusTimes, .plusMinus: step(y, "+", z, y + z)
            case .overPlus, .overTimes: step(x * y, "/", x, y)
            }
        line.put(" ")
        let second =
            switch template.steps {
            case .timesMinus: step(first, "-", z, first - z)
            case .plusMinus: step(first, "-", x, first - x)
            case .timesPlus, .overPlus: step(first, "+", z, first + z)
            case .plusTimes: step(first, "*", x, first * x)
            case .overTimes: step(first, "*", z, first * z)
            }
        line.beginAnswer()
        line.put(number: second)
    }

    // MARK: Facts

    public var facts: [FactDescription] {
        [
            FactDescription("template", values: 0...Self.templates.count - 1, "which way of telling it"),
            FactDescription(
                "number", indices: 0..<3, values: 2...30,
                "its numbers: the factor or divisor, the larger one, the last one"),
        ] + CalculatorSteps().facts
    }

    public func fact(_ name: String, index: Int?, of problem: Problem) -> Fact? {
        switch (name, index) {
        case ("template", nil): return input(of: problem).map { .integer(Int($0[0])) }
        case ("number", let index?):
            return (0..<3).contains(index) ? input(of: problem).map { .integer(Int($0[3 + index])) } : nil
        default: return CalculatorSteps().fact(name, index: index, of: problem)
        }
    }

    public func layout(of problem: Problem) -> ProblemLayout? { CalculatorSteps().layout(of: problem) }
}
