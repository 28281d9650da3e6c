// Functions of numbers; of an array they work element by element.

import Support

#if canImport(Glibc)
    import Glibc
#endif

extension LanguageLibrary {
    static var numberFunctions: [Command] {
        [
            elementwise(
                "sqrt", "The square root.", ["sqrt(2)"],
                domain: { $0 >= 0 ? nil : "the square root of a negative number" }
            ) { $0.squareRoot() },
            elementwise("exp", "e to the power of a number.", ["exp(1)"]) { Glibc.exp($0) },
            elementwise(
                "log", "The natural logarithm.", ["log(10)"],
                domain: { $0 > 0 ? nil : "the logarithm of a number that is not positive" }
            ) { Glibc.log($0) },
            elementwise(
                "log2", "The logarithm to base 2.", ["log2(8)"],
                domain: { $0 > 0 ? nil : "the logarithm of a number that is not positive" }
            ) { Glibc.log2($0) },
            elementwise(
                "log10", "The logarithm to base 10.", ["log10(1000)"],
                domain: { $0 > 0 ? nil : "the logarithm of a number that is not positive" }
            ) { Glibc.log10($0) },
            elementwise("sin", "The sine of an angle in radians.", ["sin(0)"]) { Glibc.sin($0) },
            elementwise("cos", "The cosine of an angle in radians.", ["cos(0)"]) { Glibc.cos($0) },
            elementwise("tanh", "The hyperbolic tangent.", ["tanh(0.5)"]) { Glibc.tanh($0) },
            absolute, rounding("floor", "The largest whole number that is not above.", .down),
            rounding("ceil", "The least whole number that is not below.", .up), round, number, integer,
            constant("pi", "The ratio of a circle's circumference to its diameter.", Double.pi),
            constant("nan", "Not a number: it equals nothing, itself included.", .nan),
            constant("infinity", "Above every number.", .infinity), isNaN,
        ]
    }

    private static func constant(_ name: String, _ summary: String, _ value: Double) -> Command {
        Command(CommandSignature(name, summary, [], result: TypeName.real, examples: ["\(name)()"])) { _ in .real(value)
        }
    }

    private static func notNumber(_ name: String, _ value: Value) -> Fault {
        Fault(
            .runtimeArgument, "takes a number or an array, not \(TypeName.withArticle(value.typeName))", of: name,
            help: "for a list write map xs { x in \(name)(x) }")
    }

    private static func elementwise(
        _ name: String, _ summary: String, _ examples: [String], domain: @escaping (Double) -> String? = { _ in nil },
        _ function: @escaping (Double) -> Double
    ) -> Command {
        func apply(_ value: Value) throws -> Value {
            if let array = value.asArray { return .array(array.mapping { Float(function(Double($0))) }) }
            guard let number = value.asReal else { throw notNumber(name, value) }
            if let problem = domain(number) {
                throw Fault(.runtimeArithmetic, "\(problem) has no value", of: name, help: "test the number before")
            }
            return .real(function(number))
        }
        return Command(
            CommandSignature(
                name, summary + " Of an array: element by element.", [.value("x", .any, "a number or an array")],
                examples: examples),
            direct: { try apply($0[0]) }
        ) { try apply(try $0.value("x")) }
    }

    private static var absolute: Command {
        func apply(_ value: Value) throws -> Value {
            if let array = value.asArray { return .array(array.mapping { Swift.abs($0) }) }
            if case .real(let number) = value { return .real(Swift.abs(number)) }
            guard let isNegative = value.asBigInteger?.isNegative else { throw notNumber("abs", value) }
            return isNegative ? try Arithmetic.negated(value) : value
        }
        return Command(
            CommandSignature(
                "abs", "The number without its sign. Of an array: element by element.", [.value("x", .any)],
                examples: ["abs(-3)"]), direct: { try apply($0[0]) }
        ) { try apply(try $0.value("x")) }
    }

    /// A real as an exact integer.
    static func whole(_ number: Double, _ name: String) throws -> Value {
        if let small = Int(exactly: number) { return .integer(small) }
        guard number.isFinite else {
            throw Fault(
                .runtimeArithmetic, "\(NumberText.real(number)) is not a whole number", of: name,
                help: "test it before")
        }
        return Value(.init(number))
    }

    private static func rounding(_ name: String, _ summary: String, _ rule: FloatingPointRoundingRule) -> Command {
        func apply(_ value: Value) throws -> Value {
            if let array = value.asArray { return .array(array.mapping { $0.rounded(rule) }) }
            if value.asBigInteger != nil { return value }
            guard let number = value.asReal else { throw notNumber(name, value) }
            return try whole(number.rounded(rule), name)
        }
        return Command(
            CommandSignature(name, summary, [.value("x", .any)], examples: ["\(name)(2.5)"], seeAlso: ["round"]),
            direct: { try apply($0[0]) }
        ) { try apply(try $0.value("x")) }
    }

    private static var round: Command {
        Command(
            CommandSignature(
                "round", "Rounds to a whole number, or to that many decimal places.",
                [
                    .value("x", .number),
                    .label(
                        "digits", .integer(0...15), default: "0",
                        "decimal places; with 0 the result is an integer"),
                ],
                examples: ["round(2.5)", "round(3.14159, digits: 2)"], seeAlso: ["floor", "ceil", "fixed"],
                discussion: "Halves are rounded away from zero.")
        ) { call in
            let value = try call.value("x")
            let digits = try call.integer("digits")
            guard case .real(let number) = value else { return value }
            if digits == 0 { return try whole(number.rounded(), "round") }
            let scale = pow(10, Double(digits))
            let scaled = (number * scale).rounded() / scale
            return .real(scaled.isFinite ? scaled : number)
        }
    }

    private static var number: Command {
        Command(
            CommandSignature(
                "number", "The number that a text says.", [.value("text", .text)], result: TypeName.number,
                examples: ["number(\"3.5\")"], seeAlso: ["integer"])
        ) { call in
            let text = try call.text("text")
            guard let plain = plainNumber(text) else {
                throw call.failure(
                    "\(TextObject.quoted(text)) is not a number", code: .runtimeArgument, at: "text",
                    help: "write digits, such as \"3.5\"")
            }
            if let whole = wholeNumber(plain) { return whole }
            guard let value = Double(plain), value.isFinite else {
                throw call.failure(
                    "\(TextObject.quoted(text)) is larger than a real can be", code: .runtimeArgument, at: "text",
                    help: "write at most 1.79e308, or a whole number in digits")
            }
            return .real(value)
        }
    }

    /// A number as people write it, without the spaces before, after and between its thousands and without its plus;
    /// nil for any other text. So it is `-`, digits with at most one point among them or at an end, and an exponent:
    /// other ways that the C library knows to write one (0x10, inf, nan) are none here.
    private static func plainNumber(_ text: String) -> String? {
        var rest = text.drop { $0.isWhitespace }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        let sign = rest.first == "-" ? "-" : ""
        if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
        func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
        let mantissa = rest.prefix { isDigit($0) || $0 == "." || $0 == " " }
        let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, mantissa.contains(where: isDigit), parts.dropFirst().allSatisfy({ !$0.contains(" ") })
        else { return nil }
        let groups = parts[0].split(separator: " ", omittingEmptySubsequences: false)
        if groups.count > 1 {
            guard (1...3).contains(groups[0].count), groups.dropFirst().allSatisfy({ $0.count == 3 }) else {
                return nil
            }
        }
        rest = rest.dropFirst(mantissa.count)
        let exponent = String(rest)
        if !rest.isEmpty {
            let mark = rest.removeFirst()
            guard mark == "e" || mark == "E" else { return nil }
            if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
            guard !rest.isEmpty, rest.allSatisfy(isDigit) else { return nil }
        }
        return sign + mantissa.filter { $0 != " " } + exponent
    }

    private static func wholeNumber(_ text: String) -> Value? {
        let digits = text.first == "-" ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.count <= Lexer.integerDigitsMax,
            digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return nil }
        return Value.integer(digits: text)
    }

    private static var integer: Command {
        Command(
            CommandSignature(
                "integer", "The whole number of a real, cut towards zero, or of a text.",
                [.value("x", .oneOf([.number, .text]))], result: TypeName.integer,
                examples: ["integer(2.9)", "integer(\"12\")"], seeAlso: ["round", "number"])
        ) { call in
            let value = try call.value("x")
            if let text = value.asText {
                guard let whole = plainNumber(text).flatMap(wholeNumber) else {
                    throw call.failure(
                        "\(TextObject.quoted(text)) is not a whole number", code: .runtimeArgument, at: "x",
                        help: "write digits, such as \"12\"")
                }
                return whole
            }
            guard case .real(let number) = value else { return value }
            return try whole(number.rounded(.towardZero), "integer")
        }
    }

    private static var isNaN: Command {
        Command(
            CommandSignature(
                "is_nan", "Whether a number is not a number.", [.value("x", .number)], result: TypeName.boolean,
                examples: ["is_nan(nan())"])
        ) { call in .boolean(try call.real("x").isNaN) }
    }
}
