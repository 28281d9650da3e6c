// Random programs that are well formed: they run, or fail with an error that has a place. Names, kinds and numbers are
// drawn without care, so that every operation meets every kind of value.

struct RandomPrograms<Random: RandomNumberGenerator> {
    var random: Random
    private var variables: [String] = []
    private var functions: [(name: String, count: Int)] = []
    private var loops = 0
    private var isInFunction = false

    init(_ random: Random) { self.random = random }

    private mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &random)] }

    /// One of several patterns, with `E`, `A`, `N`, `T`, `C` and `B` after a `§` filled in by an expression, an atom, a
    /// number, a table, a condition or the body of a closure.
    private mutating func filled(_ patterns: [String], _ depth: Int) -> String {
        var text = ""
        var isMark = false
        for character in pick(patterns) {
            guard isMark else {
                if character == "§" { isMark = true } else { text.append(character) }
                continue
            }
            isMark = false
            switch character {
            case "E": text += expression(depth + 1)
            case "A": text += atom(depth + 1)
            case "N": text += number()
            case "T": text += filled(["table([a: [§N, §N, §N], b: [§N, §A, §N]])"], depth + 1)
            case "C": text += condition(depth + 1)
            default: text += filled(["x", "x + 1", "[x, §A]", "x * x", "§A", "{ x }", "length(x)"], depth + 1)
            }
        }
        return text
    }
    private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }

    mutating func program() -> String {
        variables = []
        functions = []
        loops = 0
        isInFunction = false
        // What goes through `id` has a kind that only shows while running.
        var text = "def id(x) { x }\n"
        for _ in 0..<Int.random(in: 2...9, using: &random) { text += statement(0, "") + "\n" }
        return text
    }

    private mutating func block(_ depth: Int, _ indent: String) -> String {
        let known = variables
        var text = "{\n"
        for _ in 0..<Int.random(in: 1...3, using: &random) { text += statement(depth + 1, indent + "  ") + "\n" }
        variables = known
        return text + indent + "}"
    }

    private mutating func statement(_ depth: Int, _ indent: String) -> String {
        let kind = depth > 3 ? Int.random(in: 0...6, using: &random) : Int.random(in: 0...15, using: &random)
        switch kind {
        case 0...2:
            let value = expression(0)
            let name = pick(["a", "b", "c", "d", "e"])
            variables.append(name)
            return indent + "let \(name) = \(value)"
        case 3:
            guard let name = variables.randomElement(using: &random) else { return indent + "let a = 1" }
            if !variables.contains(name) { return indent + "print 1" }
            return indent + "\(name) = \(chance(0.3) ? "\(name) + " : "")\(expression(0))"
        case 4:
            guard let name = variables.randomElement(using: &random) else { return indent + "print 2" }
            return indent
                + "\(name)\(filled(["[0]", "[-1]", ".x", "[§A]", "[\"k\"]", ".x[1]", "[0][0]", "[0, 1]"], 1)) = \(expression(1))"
        case 5: return indent + "print \(pick(["1", "\"t\"", ".left"])) (\(atom(0)))"
        case 6: return indent + command()
        case 7, 8:
            return indent + "if (\(condition(0))) " + block(depth, indent)
                + (chance(0.5) ? " else " + block(depth, indent) : "")
        case 9, 10:
            loops += 1
            defer { loops -= 1 }
            let sequence = filled(["0..<5", "(§E)", "[1, \"a\", 2.5]", "\"xyz\""], 0)
            let known = variables
            variables.append("k")
            let text = indent + "for k in \(sequence) " + block(depth, indent)
            variables = known
            return text
        case 11:
            loops += 1
            defer { loops -= 1 }
            return indent + "while (\(condition(0))) " + block(depth, indent)
        case 12:
            return indent + "try " + block(depth, indent)
                + (chance(0.7) ? " catch problem " + block(depth, indent) : "")
        case 13 where loops > 0: return indent + pick(["break", "continue"])
        case 14 where isInFunction: return indent + "return \(expression(1))"
        default:
            if depth > 1 { return indent + "print (\(atom(1)))" }
            let outer = (variables, isInFunction, loops)
            let count = Int.random(in: 0...3, using: &random)
            let parameters = ["p", "q", "s"].prefix(count)
            variables += parameters
            isInFunction = true
            loops = 0
            let name = "f\(Int.random(in: 0...3, using: &random))"
            let label = chance(0.3) ? (count > 0 ? ", " : "") + "size: \(Int.random(in: 0...9, using: &random))" : ""
            if !label.isEmpty { variables.append("size") }
            let body = block(depth, indent)
            (variables, isInFunction, loops) = outer
            if depth == 0 { functions.append((name, count)) }
            return indent + "def \(name)(\(parameters.joined(separator: ", "))\(label)) " + body
        }
    }

    private mutating func condition(_ depth: Int) -> String {
        filled(
            [
                "§A < §A", "§A <= §N", "§A > §A", "§A >= 2", "§A == §A", "§A != §A", "true", "false", "not §A",
                "§A == §A and §A > 0", "§E",
            ], depth)
    }

    private mutating func command() -> String {
        filled(
            [
                "filter (id(§A)) { x in x > §N }", "filter (id(§A)) where .a > 1", "map (id(§A)) { x in §B }",
                "head (id(§A)) 2", "tail (id(§A)) 3", "id(§A) | head 3 | print", "sort (§T) .a",
                "group (§T) mean: .b by .a",
                "join (§T) (§T) on: .a", "select (§T) .b", "assert (id(§C))",
                "§T | filter where .a < §N | sort .b descending: true", "§T | filter where .a == §A", "time (§A)",
                "vars", "filter (§T) where §A == .b",
            ], 1)
    }

    private mutating func number() -> String {
        pick([
            "0", "1", "2", "3", "(-1)", "7", "10", "0.5", "(-2.5)", "1e10", "9223372036854775807",
            "123456789012345678901234567890", "1000",
        ])
    }

    private mutating func atom(_ depth: Int) -> String {
        if chance(0.55), let name = variables.randomElement(using: &random) { return name }
        if depth > 3 || chance(0.5) {
            return pick([
                "3", "2.5", "9223372036854775807", "\"text\"", "true", "none", ".left", ".answer[2]", "\"é漢🙂\"", "[]",
                "[:]", "0..<4",
            ])
        }
        return filled(
            [
                "(§E)", "[§E, §E]", "[a: §E, \"k\": §E]", "\"v {§E}\"", "{ x, y in §E }", "(try §E)",
                "array([[1, 2], [3, §N]])", "(§T)", "array([1, 2, 3])",
            ], depth)
    }

    private mutating func expression(_ depth: Int) -> String {
        if depth > 3 || chance(0.25) { return atom(depth) }
        switch Int.random(in: 0...9, using: &random) {
        case 0...3:
            return
                "\(atom(depth + 1)) \(pick(["+", "-", "*", "/", "//", "%", "^", "==", "<", "and", "or"])) \(atom(depth + 1))"
        case 4: return "(-\(atom(depth + 1)))"
        case 5:
            if chance(0.5), let name = variables.randomElement(using: &random) {
                return
                    "\(name)\(filled(["[0]", "[-1]", "[1...]", "[...1]", ".a", ".message", "[0, 0]", "[0...1, 1]", "[..., 0]", "[§A]", "()", "(1)", "(1, 2)", ".shape"], depth))"
            }
            return atom(depth + 1)
        case 6:
            if let function = functions.randomElement(using: &random) {
                return
                    "\(function.name)(\((0..<function.count).map { _ in atom(depth + 1) }.joined(separator: ", "))\(chance(0.1) ? ", size: 3" : ""))"
            }
            return atom(depth + 1)
        default:
            let one = [
                "sqrt", "exp", "log", "abs", "floor", "ceil", "round", "mean", "median", "std", "sum", "min", "max",
                "length", "keys", "reversed", "unique", "flatten", "sorted", "list", "enumerate", "array", "table",
                "rows", "text", "integer", "number", "kind", "failed", "upper", "trimmed", "error", "is_nan", "norm",
                "values", "split",
            ]
            let two = [
                "append", "contains", "zip", "index_of", "repeated", "range", "quantile", "split", "joined",
                "starts_with", "fixed", "padded", "min", "max", "any", "all", "record",
            ]
            if chance(0.6) { return "\(pick(one))(id(\(atom(depth + 1))))" }
            return "\(pick(two))(id(\(atom(depth + 1))), id(\(atom(depth + 1))))"
        }
    }
}
