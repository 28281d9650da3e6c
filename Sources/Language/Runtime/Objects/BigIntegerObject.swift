import BigInt

/// An integer beyond 64 bits. Smaller ones are always `Value.integer`.
public final class BigIntegerObject: Object {
    let value: BigInt

    init(_ value: BigInt) { self.value = value }

    public override var typeName: String { TypeName.integer }
    public override var text: String { String(value) }
    public override var json: String { String(value) }
    public override func display(_ options: DisplayOptions) -> DisplayBundle {
        DisplayBundle(lines: [StyledText(text, .number)], json: json)
    }
    public override func isEqual(to other: Object) -> Bool { (other as? BigIntegerObject)?.value == value }
}

extension Value {
    init(_ value: BigInt) {
        if let small = Int(exactly: value) { self = .integer(small) } else { self = .object(BigIntegerObject(value)) }
    }

    /// The integer that digits, with a sign before them where it is negative, say.
    public static func integer(digits: String) -> Value? { BigInt(digits).map { Value($0) } }

    /// Any integer.
    var asBigInteger: BigInt? {
        switch self {
        case .integer(let value): BigInt(value)
        case .object(let object): (object as? BigIntegerObject)?.value
        case .none, .boolean, .real: nil
        }
    }
}
