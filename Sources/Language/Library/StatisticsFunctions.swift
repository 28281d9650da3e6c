extension LanguageLibrary {
    static var statisticsFunctions: [Command] {
        [
            summary("mean", "The mean of numbers.", "mean([1, 2, 4])") { .real($0.reduce(0, +) / Double($0.count)) },
            summary(
                "median", "The middle of numbers in their order; of an even count the mean of the two in the middle.",
                "median([1, 2, 4])", discussion: withNaN
            ) { .real(quantile($0, 0.5)) },
            summary(
                "variance", "The variance of a sample: squares of the deviations over n − 1.", "variance([1, 2, 4])",
                least: 2
            ) { .real(variance($0)) },
            summary("std", "The standard deviation of a sample (over n − 1).", "std([1, 2, 4])", least: 2) {
                .real(variance($0).squareRoot())
            },
            summary("norm", "The square root of the sum of squares.", "norm([3, 4])", least: 0) {
                .real($0.reduce(0) { $0 + $1 * $1 }.squareRoot())
            },
            quantileFunction, sum,
            extreme(
                "min", "The smallest of several values, or of a list, table column or array.", "min(3, 1, 2)",
                wanted: -1),
            extreme(
                "max", "The largest of several values, or of a list, table column or array.", "max([3, 1, 2])",
                wanted: 1),
        ]
    }

    private static let values = ParameterKind.any

    /// The numbers of a list, range or array.
    static func numbers(_ value: Value, _ name: String) throws -> [Double] {
        if let array = value.asArray { return array.values.map(Double.init) }
        if let range = value.asRange { return try range.listed().compactMap(\.asReal) }
        guard let list = value.asObject as? ListObject else {
            throw Fault(
                .runtimeArgument,
                "takes a list or an array of numbers, not \(TypeName.withArticle(value.typeName))", of: name,
                help: value.asTable == nil ? "write \(name)([1, 2, 3])" : "take a column: \(name)(t.column)")
        }
        return try list.elements.enumerated().map { place, element in
            guard let number = element.asReal else {
                throw Fault(
                    .runtimeArgument,
                    "element \(place) is \(TypeName.withArticle(element.typeName)), not a number", of: name,
                    help: "take it out before, with filter")
            }
            return number
        }
    }

    private static func variance(_ numbers: [Double]) -> Double {
        let mean = numbers.reduce(0, +) / Double(numbers.count)
        return numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count - 1)
    }

    /// What has no place in the order of numbers makes the order statistics what it is itself, wherever it stands.
    private static let withNaN = "Where one of the numbers is nan() so is the result; filter takes such out before."

    /// Between the two nearest of the numbers in their order, in proportion (type 7 of Hyndman and Fan); one of them
    /// alone where the place is its own, since 0 times infinity would be nothing.
    private static func quantile(_ numbers: [Double], _ share: Double) -> Double {
        if numbers.contains(where: \.isNaN) { return .nan }
        let sorted = numbers.sorted()
        let place = share * Double(sorted.count - 1)
        let below = Int(place)
        let part = place - Double(below)
        if part == 0 || below + 1 >= sorted.count { return sorted[below] }
        let (low, high) = (sorted[below], sorted[below + 1])
        if low == high { return low }
        return (high - low).isFinite ? low + part * (high - low) : (1 - part) * low + part * high
    }

    private static func summary(
        _ name: String, _ summary: String, _ example: String, least: Int = 1, discussion: String = "",
        _ compute: @escaping ([Double]) -> Value
    ) -> Command {
        Command(
            CommandSignature(
                name, summary, [.value("values", .any, "a list, range or array of numbers")], result: TypeName.real,
                examples: [example], discussion: discussion)
        ) { call in
            let numbers = try numbers(try call.value("values"), name)
            guard numbers.count >= least else {
                throw call.failure(
                    numbers.isEmpty ? "there are no numbers" : "needs at least \(least) numbers",
                    code: .runtimeArgument, at: "values", help: "test length(xs) before")
            }
            return compute(numbers)
        }
    }

    private static var quantileFunction: Command {
        Command(
            CommandSignature(
                "quantile", "The number below which a share of the numbers lies.",
                [.value("values", .any), .value("share", .real(0...1))], result: TypeName.real,
                examples: ["quantile([1, 2, 3, 4], 0.9)"], seeAlso: ["median"],
                discussion: "Between two numbers it is interpolated in proportion. " + withNaN)
        ) { call in
            let numbers = try numbers(try call.value("values"), "quantile")
            guard !numbers.isEmpty else {
                throw call.failure(
                    "there are no numbers", code: .runtimeArgument, at: "values", help: "test length(xs) before")
            }
            return .real(quantile(numbers, try call.real("share")))
        }
    }

    private static var sum: Command {
        Command(
            CommandSignature(
                "sum", "The sum of numbers; exact for integers.", [.value("values", .any)], result: TypeName.number,
                examples: ["sum([1, 2, 4])", "sum(1...100)"])
        ) { call in
            let value = try call.value("values")
            if let array = value.asArray { return .real(array.sum) }
            if let range = value.asRange {
                let bounds = range.bounds
                if bounds.isEmpty { return .integer(0) }
                let ends = try Arithmetic.apply(.add, .integer(bounds.lowerBound), .integer(bounds.upperBound - 1))
                return try Arithmetic.apply(
                    .floorDivide, try Arithmetic.apply(.multiply, ends, .integer(bounds.count)), .integer(2))
            }
            guard let list = value.asObject as? ListObject else { return .real(try numbers(value, "sum").reduce(0, +)) }
            var total = Value.integer(0)
            for element in list.elements {
                guard element.asReal != nil else { return .real(try numbers(value, "sum").reduce(0, +)) }
                total = try Arithmetic.apply(.add, total, element)
            }
            return total
        }
    }

    private static func isNotANumber(_ value: Value) -> Bool {
        if case .real(let number) = value { number.isNaN } else { false }
    }

    private static func extreme(_ name: String, _ summary: String, _ example: String, wanted: Int) -> Command {
        func best(_ values: some Sequence<Value>) throws -> Value? {
            var best: Value?
            for value in values {
                guard let current = best else {
                    best = value
                    continue
                }
                // The order is asked for in any case: it refuses what cannot be compared.
                let isBetter = try Arithmetic.order(value, current) == wanted
                if isNotANumber(value) || isBetter && !isNotANumber(current) { best = value }
            }
            return best
        }
        return Command(
            CommandSignature(
                name, summary, [.value("values", .any, repeated: true)], examples: [example], discussion: withNaN),
            direct: { arguments in
                guard arguments.count == 2, case .integer(let a) = arguments[0], case .integer(let b) = arguments[1]
                else { return nil }
                return .integer((a < b) == (wanted < 0) ? a : b)
            }
        ) { call in
            let given = try call.list("values")
            if given.count != 1 {
                guard let found = try best(given) else {
                    throw call.failure("there are no values", code: .runtimeArgument, help: "write \(example)")
                }
                return found
            }
            if let array = given[0].asArray {
                if array.values.contains(where: \.isNaN) { return .real(.nan) }
                if let found = wanted < 0 ? array.values.min() : array.values.max() { return .real(Double(found)) }
            }
            if let range = given[0].asRange, !range.bounds.isEmpty {
                return .integer(wanted < 0 ? range.bounds.lowerBound : range.bounds.upperBound - 1)
            }
            guard let list = given[0].asObject as? ListObject else {
                if given[0].asArray != nil || given[0].asRange != nil {
                    throw call.failure("there are no numbers", code: .runtimeArgument, help: "test length(xs) before")
                }
                return given[0]
            }
            guard let found = try best(list.elements) else {
                throw call.failure("there are no values", code: .runtimeArgument, help: "test length(xs) before")
            }
            return found
        }
    }
}
