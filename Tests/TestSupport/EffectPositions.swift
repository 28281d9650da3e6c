// Every place of the grammar where a command can stand, as texts with a hole, so that a test can put a command with an
// effect into each of them, and into each of them inside each other.

/// A text with one hole, written `@`, into which a value fits.
public struct EffectPosition: Sendable, CustomStringConvertible {
    public let template: String
    /// Whether the whole may stand where a value is wanted, so that it fits into another hole.
    public let isValue: Bool

    public var description: String { template }

    /// The text with a value in the hole.
    public func filled(with value: String) -> String { template.replacing("@", with: value) }

    /// Values, in parentheses so that they fit everywhere.
    public static let values: [EffectPosition] = [
        "\"a {@} b\"", "print .answer[@]", "[1, @, 2]", "[a: 1, b: @]", "[a: [b: [@]]]", "@...9", "0...@", "0..<@",
        "{ x in @ }",
        "{ x in if x { @ } else { 1 } }", "{ x in let y = @; y }", "sqrt(@)", "fs[0](@)", "fs[@](1)", "r.f(@)",
        "max(1, @)", "print 1 @",
        "print @", "sort t .a descending: @", "sorted([1], by: @)", "@ | print", "1 | print @",
        "1 | print 2 | print @",
        "@ | print 1 | print 2", "xs[@]", "xs[0, @]", "xs[@...]", "xs[...@]", "@[0]", "@.name", "-@", "not @",
        "time print @",
        "time @", "try print @", "try @", "@ + 1", "1 + @", "@ ^ 2", "@ == 1", "1 < @", "@ and true", "true and @",
        "@ or false", "false or @", "filter t where @", "filter t where .a > @", "filter t where not (.a == @)",
        "group t by @", "group t by [.a, @]", "filter t where .a > 1 and @", "(print (@))",
    ].map { EffectPosition(template: "(\($0))", isValue: true) }

    public static let statements: [EffectPosition] = [
        "@", "let a = @", "xs = @", "xs[@] = 1", "xs[0] = @", "r.name = @", "r.items[@] = 2", "def f() { @ }",
        "def f(a) { return @ }", "def f(a, b: @) { a }", "def f(a, b: 1, c: @) { a }", "def f() { def g() { @ }; g() }",
        "for k in @ { 1 }", "for k in [1] { @ }", "while @ { 1 }", "while false { @ }", "if @ { 1 }", "if true { @ }",
        "if false { 1 } else if @ { 1 }", "if false { 1 } else if true { @ }", "if false { 1 } else { @ }",
        "if false { 1 } else if false { 2 } else { @ }", "try { @ } catch e { 1 }", "try { 1 // 0 } catch e { @ }",
        "try { 1 } catch e { try { 2 } catch f { @ } }", "print 1; @", "def f() { return 1; @ }",
        "for k in [1] { break; @ }", "# a comment\n@ # another",
    ].map { EffectPosition(template: $0, isValue: false) }

    /// Each place, and each place for a value inside each place.
    public static var all: [EffectPosition] {
        let once = statements + values
        return once
            + once.flatMap { outer in
                values.map { EffectPosition(template: outer.filled(with: $0.template), isValue: outer.isValue) }
            }
    }

    /// What makes the names in the templates known.
    public static let preamble =
        "let xs = [1, 2]\nlet r = [name: 1, items: [1, 2], f: sqrt]\nlet fs = [sqrt]\nlet t = table([a: [1]])\n"
}
