/// An integer beyond 64 bits. Smaller ones are always `Value.integer`.
public final class BigIntegerObject: Object {
    let value: BigInteger

    init(_ value: BigInteger) { self.value = value }

    public override var typeName: String { TypeName.integer }
    public override var text: String { value.description }
    public override var json: String { value.description }
    public override func display(_ options: DisplayOptions) -> DisplayBundle {
        DisplayBundle(lines: [StyledText(text, .number)], json: json)
    }
    public override func isEqual(to other: Object) -> Bool { (other as? BigIntegerObject)?.value == value }
}

extension Value {
    init(_ value: BigInteger) {
        if let small = Int(exactly: value) { self = .integer(small) } else { self = .object(BigIntegerObject(value)) }
    }

    /// The integer that digits, with a sign before them where it is negative, say.
    public static func integer(digits: String) -> Value? { BigInteger(digits).map { Value($0) } }

    /// Any integer.
    var asBigInteger: BigInteger? {
        switch self {
        case .integer(let value): BigInteger(value)
        case .object(let object): (object as? BigIntegerObject)?.value
        case .none, .boolean, .real: nil
        }
    }
}
