// The operators for every kind of value. Integers are exact: what leaves 64 bits goes on as a big integer. An integer
// and a real give a real. `/` is real division; `//` rounds down and `%` has the sign of the divisor, for reals as
// well.

#if canImport(Glibc)
    import Glibc
#endif

extension Value {
    /// `==`: numbers by value whatever their kind, everything else by kind and content. NaN equals nothing.
    public static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.none, .none): return true
        case (.boolean(let a), .boolean(let b)): return a == b
        case (.integer(let a), .integer(let b)): return a == b
        case (.real(let a), .real(let b)): return a == b
        case (.integer(let a), .real(let b)), (.real(let b), .integer(let a)):
            return Arithmetic.order(a, b) == 0
        case (.object(let a), .object(let b)): return a.isEqual(to: b)
        case (.object(let a), .real(let b)), (.real(let b), .object(let a)):
            return (a as? BigIntegerObject).map { Arithmetic.order($0.value, b) == 0 } ?? false
        default: return false
        }
    }
}

enum Arithmetic {
    /// The most bits an integer may have (some 30,000 digits): beyond it a single operation would take longer than
    /// anyone waits.
    static let integerBitsMax = 100_000

    static func apply(_ operation: BinaryOperator, _ left: Value, _ right: Value) throws -> Value {
        switch operation {
        case .equal: return .boolean(left == right)
        case .notEqual: return .boolean(!(left == right))
        case .less, .lessOrEqual, .greater, .greaterOrEqual: return try ordered(operation, left, right)
        case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .power: break
        }
        switch (left, right) {
        case (.integer(let a), .integer(let b)): return try integers(operation, a, b)
        case (.real(let a), .real(let b)): return .real(try reals(operation, a, b))
        case (.integer(let a), .real(let b)): return .real(try reals(operation, Double(a), b))
        case (.real(let a), .integer(let b)): return .real(try reals(operation, a, Double(b)))
        case (.none, _), (_, .none), (.boolean, _), (_, .boolean): throw mismatch(operation, left, right)
        case (.object, _), (_, .object): return try objects(operation, left, right)
        }
    }

    static func negated(_ value: Value) throws -> Value {
        switch value {
        case .integer(let a): return a == .min ? Value(-BigInteger(a)) : .integer(-a)
        case .real(let a): return .real(-a)
        case .object(let object as BigIntegerObject): return Value(-object.value)
        case .object(let object as ArrayObject): return .array(object.mapping { -$0 })
        case .none, .boolean, .object:
            throw Fault(
                .runtimeType, "'-' takes a number, not \(TypeName.withArticle(value.typeName))", help: "use a number")
        }
    }

    private static func mismatch(_ operation: BinaryOperator, _ left: Value, _ right: Value) -> Fault {
        let (a, b) = (left.typeName, right.typeName)
        var help = "use two numbers"
        if operation == .add, a == TypeName.text || b == TypeName.text {
            help = "to put a value into a text write \"… {value}\""
        }
        if a == TypeName.list || b == TypeName.list {
            help =
                operation == .add
                ? "to add one value to a list write append(xs, value)"
                : "to work on every element write map xs { x in … }"
        }
        let sides = a == b ? "two values of kind \(a)" : "\(TypeName.withArticle(a)) and \(TypeName.withArticle(b))"
        return Fault(.runtimeType, "'\(operation.rawValue)' cannot work on \(sides)", help: help)
    }

    // MARK: - Order

    /// -1, 0, 1; nil where one is NaN. Numbers and texts have an order.
    static func order(_ left: Value, _ right: Value) throws -> Int? {
        switch (left, right) {
        case (.integer(let a), .integer(let b)): return a < b ? -1 : a > b ? 1 : 0
        case (.real(let a), .real(let b)): return order(a, b)
        case (.integer(let a), .real(let b)): return order(a, b)
        case (.real(let a), .integer(let b)): return order(b, a).map { -$0 }
        case (.boolean(let a), .boolean(let b)): return a == b ? 0 : a ? 1 : -1
        default: break
        }
        if let a = left.asBigInteger, let b = right.asBigInteger { return a < b ? -1 : a > b ? 1 : 0 }
        if let a = left.asBigInteger, case .real(let b) = right { return order(a, b) }
        if case .real(let a) = left, let b = right.asBigInteger { return order(b, a).map { -$0 } }
        if let a = left.asText, let b = right.asText { return a < b ? -1 : a == b ? 0 : 1 }
        if let a = left.asObject as? ChoiceObject, let b = right.asObject as? ChoiceObject {
            return a.text < b.text ? -1 : a.text == b.text ? 0 : 1
        }
        if let a = left.asObject as? ListObject, let b = right.asObject as? ListObject {
            for (x, y) in zip(a.elements, b.elements) {
                guard let order = try order(x, y) else { return nil }
                if order != 0 { return order }
            }
            return a.elements.count < b.elements.count ? -1 : a.elements.count == b.elements.count ? 0 : 1
        }
        throw Fault(
            .runtimeType,
            "\(TypeName.withArticle(left.typeName)) and \(TypeName.withArticle(right.typeName)) have no order",
            help: "compare two numbers or two texts")
    }

    private static func order(_ a: Double, _ b: Double) -> Int? { a < b ? -1 : a > b ? 1 : a == b ? 0 : nil }

    /// An integer and a real by their exact values, whatever a real could hold of the integer; nil for NaN.
    static func order(_ a: Int, _ b: Double) -> Int? {
        a.magnitude <= 1 << 53 ? order(Double(a), b) : order(BigInteger(a), b)
    }

    static func order(_ a: BigInteger, _ b: Double) -> Int? {
        guard b.isFinite else { return b.isNaN ? nil : b < 0 ? 1 : -1 }
        let below = BigInteger(b.rounded(.down))
        if a != below { return a < below ? -1 : 1 }
        return b == b.rounded(.down) ? 0 : -1
    }

    private static func ordered(_ operation: BinaryOperator, _ left: Value, _ right: Value) throws -> Value {
        guard let order = try order(left, right) else { return .boolean(false) }
        switch operation {
        case .less: return .boolean(order < 0)
        case .lessOrEqual: return .boolean(order <= 0)
        case .greater: return .boolean(order > 0)
        default: return .boolean(order >= 0)
        }
    }

    // MARK: - Numbers

    private static func divisionByZero(_ operation: BinaryOperator) -> Fault {
        Fault(.runtimeArithmetic, "division by zero", help: "test the divisor before '\(operation.rawValue)'")
    }

    private static func integers(_ operation: BinaryOperator, _ a: Int, _ b: Int) throws -> Value {
        switch operation {
        case .add:
            let (sum, overflow) = a.addingReportingOverflow(b)
            return overflow ? Value(BigInteger(a) + BigInteger(b)) : .integer(sum)
        case .subtract:
            let (difference, overflow) = a.subtractingReportingOverflow(b)
            return overflow ? Value(BigInteger(a) - BigInteger(b)) : .integer(difference)
        case .multiply:
            let (product, overflow) = a.multipliedReportingOverflow(by: b)
            return overflow ? Value(BigInteger(a) * BigInteger(b)) : .integer(product)
        case .divide:
            if b == 0 { throw divisionByZero(operation) }
            let isExact = a.magnitude <= 1 << 53 && b.magnitude <= 1 << 53
            return .real(isExact ? Double(a) / Double(b) : quotient(BigInteger(a), BigInteger(b)))
        case .floorDivide, .remainder:
            if b == 0 { throw divisionByZero(operation) }
            if b == -1 { return operation == .remainder ? .integer(0) : try negated(.integer(a)) }
            let (quotient, rest) = a.quotientAndRemainder(dividingBy: b)
            let isBelow = rest != 0 && (rest < 0) != (b < 0)
            return .integer(
                operation == .floorDivide ? (isBelow ? quotient - 1 : quotient) : (isBelow ? rest + b : rest))
        case .power: return try power(BigInteger(a), BigInteger(b))
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: return .none
        }
    }

    private static func reals(_ operation: BinaryOperator, _ a: Double, _ b: Double) throws -> Double {
        switch operation {
        case .add: return a + b
        case .subtract: return a - b
        case .multiply: return a * b
        case .divide:
            if b == 0 { throw divisionByZero(operation) }
            return a / b
        case .floorDivide, .remainder:
            if b == 0 { throw divisionByZero(operation) }
            let (quotient, rest) = floorDivided(a, b)
            return operation == .floorDivide ? quotient : rest
        case .power: return pow(a, b)
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: return .nan
        }
    }

    /// The quotient rounded down and the rest on the side of the divisor, both from the exact remainder: `a / b` may
    /// already have been rounded up to a whole number, as in 1 // 0.1, which is 9.
    private static func floorDivided<Real: BinaryFloatingPoint>(_ a: Real, _ b: Real) -> (quotient: Real, rest: Real) {
        var rest = a.truncatingRemainder(dividingBy: b)
        guard b != 0, b.isFinite, a.isFinite else {
            return ((a / b).rounded(.down), rest == 0 || (rest < 0) == (b < 0) ? rest : rest + b)
        }
        var quotient = (a - rest) / b
        if rest == 0 {
            rest = Real(signOf: b, magnitudeOf: 0)
        } else if (rest < 0) != (b < 0) {
            rest += b
            quotient -= 1
        }
        return (quotient == 0 ? Real(signOf: a / b, magnitudeOf: 0) : quotient.rounded(), rest)
    }

    private static func tooLarge() -> Fault {
        Fault(
            .limitReached, "this integer would have more than \(integerBitsMax) bits",
            help: "use reals, or keep to smaller numbers")
    }

    private static func power(_ a: BigInteger, _ b: BigInteger) throws -> Value {
        if b.isNegative {
            if a.isZero { throw divisionByZero(.power) }
            return .real(pow(Double(a), Double(b)))
        }
        if b.isZero { return .integer(1) }
        if a.isZero || a == BigInteger(1) { return Value(a) }
        if a == BigInteger(-1) { return .integer(b.isOdd ? -1 : 1) }
        guard let exponent = Int(exactly: b), a.bitCount.multipliedReportingOverflow(by: exponent).overflow == false,
            (a.bitCount - 1) * exponent <= integerBitsMax
        else { throw tooLarge() }
        return Value(a.power(exponent))
    }

    private static func bigIntegers(_ operation: BinaryOperator, _ a: BigInteger, _ b: BigInteger) throws -> Value {
        switch operation {
        case .add, .subtract:
            if max(a.bitCount, b.bitCount) >= integerBitsMax + 64 { throw tooLarge() }
            return Value(operation == .add ? a + b : a - b)
        case .multiply:
            if a.bitCount + b.bitCount > integerBitsMax + 62 { throw tooLarge() }
            return Value(a * b)
        case .divide:
            if b.isZero { throw divisionByZero(operation) }
            return .real(quotient(a, b))
        case .floorDivide, .remainder:
            if b.isZero { throw divisionByZero(operation) }
            let (quotient, rest) = a.quotientAndRemainder(dividingBy: b)
            let isBelow = !rest.isZero && rest.isNegative != b.isNegative
            return Value(
                operation == .floorDivide
                    ? (isBelow ? quotient - BigInteger(1) : quotient) : (isBelow ? rest + b : rest))
        case .power: return try power(a, b)
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: return .none
        }
    }

    /// The real nearest to the quotient of two integers, each of which may be beyond what a real can hold.
    private static func quotient(_ a: BigInteger, _ b: BigInteger) -> Double {
        // 56 or 57 bits of the quotient, the last of which says whether anything is left: then one rounding decides.
        let shift = 56 - (a.bitCount - b.bitCount)
        let upper = shift > 0 ? a << shift : a
        let lower = shift < 0 ? b << -shift : b
        let (quotient, rest) = upper.quotientAndRemainder(dividingBy: lower)
        let bits = (quotient.magnitude.first ?? 0) | (rest.isZero ? 0 : 1)
        let magnitude = scalbn(Double(bits), Int32(clamping: -shift))
        return a.isNegative == b.isNegative ? magnitude : -magnitude
    }

    // MARK: - Texts, lists, arrays

    private static func objects(_ operation: BinaryOperator, _ left: Value, _ right: Value) throws -> Value {
        if left.asObject is ArrayObject || right.asObject is ArrayObject { return try arrays(operation, left, right) }
        if let a = left.asBigInteger, let b = right.asBigInteger { return try bigIntegers(operation, a, b) }
        if let a = left.asReal, let b = right.asReal { return .real(try reals(operation, a, b)) }
        guard operation == .add else { throw mismatch(operation, left, right) }
        if let a = left.asText, let b = right.asText { return .text(a + b) }
        if !(left.asObject is ArrayObject), !(right.asObject is ArrayObject), let a = try left.listed(),
            let b = try right.listed()
        {
            let sum = ListObject(a + b)
            try sum.checkShape()
            return .object(sum)
        }
        throw mismatch(operation, left, right)
    }

    private static func arrays(_ operation: BinaryOperator, _ left: Value, _ right: Value) throws -> Value {
        func combine(_ a: Float, _ b: Float) -> Float {
            switch operation {
            case .add: return a + b
            case .subtract: return a - b
            case .multiply: return a * b
            case .divide: return a / b
            case .floorDivide: return floorDivided(a, b).quotient
            case .remainder: return floorDivided(a, b).rest
            case .power: return powf(a, b)
            case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: return .nan
            }
        }
        switch (left.asArray, right.asArray) {
        case (let a?, let b?):
            if let result = a.combined(with: b, combine) { return .array(result) }
            throw Fault(
                .runtimeShape,
                "arrays of shape \(a.shape) and \(b.shape) cannot be combined with '\(operation.rawValue)'",
                help: "take parts of equal shape, such as a[0] or a[..., 0]")
        case (let a?, nil):
            guard let number = right.asReal.map({ Float($0) }) else { throw mismatch(operation, left, right) }
            return .array(a.mapping { combine($0, number) })
        case (nil, let b?):
            guard let number = left.asReal.map({ Float($0) }) else { throw mismatch(operation, left, right) }
            return .array(b.mapping { combine(number, $0) })
        case (nil, nil): throw mismatch(operation, left, right)
        }
    }
}
