/// A text. Its elements are characters as people count them.
import Support

public final class TextObject: Object {
    public private(set) var string: String
    /// Whether bytes and characters are the same, found when first asked.
    private var simplicity: Bool?

    public init(_ string: String) {
        self.string = string
        super.init()
        extent = TextObject.extent(string)
    }

    /// Eight bytes take about as long as a number.
    private static func extent(_ string: String) -> Int { string.utf8.count >> 3 }

    public override var typeName: String { TypeName.text }
    public override var text: String { string }
    public override var json: String { Escaping.json(string) }

    public override func display(_ options: DisplayOptions) -> DisplayBundle {
        let lines = string.split(separator: "\n", omittingEmptySubsequences: false).map { StyledText(String($0)) }
        return DisplayBundle(lines: lines, json: json)
    }

    private var isSimple: Bool {
        if let simplicity { return simplicity }
        string.makeContiguousUTF8()
        let simple = string.utf8.allSatisfy { $0 < 0x80 && $0 != 0x0D }
        simplicity = simple
        return simple
    }

    public override var count: Int? { isSimple ? string.utf8.count : string.count }

    public override func element(at index: Int) -> Value { slice(index..<index + 1) ?? .none }

    public override func slice(_ range: Range<Int>) -> Value? {
        if isSimple {
            let bytes = string.utf8
            let lower = bytes.index(bytes.startIndex, offsetBy: range.lowerBound)
            return .text(String(string[lower..<bytes.index(lower, offsetBy: range.count)]))
        }
        let lower = string.index(string.startIndex, offsetBy: range.lowerBound)
        return .text(String(string[lower..<string.index(lower, offsetBy: range.count)]))
    }

    public override func isEqual(to other: Object) -> Bool { (other as? TextObject)?.string == string }

    func append(_ other: String) {
        string += other
        extent = TextObject.extent(string)
        simplicity = nil
    }

    /// As it would be typed.
    static func quoted(_ text: String) -> String {
        var written = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": written += "\\\""
            case "\\": written += "\\\\"
            case "\n": written += "\\n"
            case "\t": written += "\\t"
            case "{": written += "\\{"
            case "}": written += "\\}"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    written += "\\u{\(String(scalar.value, radix: 16))}"
                } else {
                    written.unicodeScalars.append(scalar)
                }
            }
        }
        return written + "\""
    }
}
