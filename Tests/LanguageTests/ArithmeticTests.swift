// Arithmetic at its boundaries, against what Python makes of the same numbers (`Scripts/arithmetic_table.py`).

import Foundation
import Language
import TestSupport
import Testing

@Suite("Arithmetic") struct ArithmeticTests {
    /// A number as one can write it here: Python's `1e+300` has a sign too many, and a whole real needs its point.
    private static func written(_ text: Substring) -> String { "(" + text.replacing("e+", with: "e") + ")" }

    private static func isEqual(_ value: Value?, _ expected: Substring) -> Bool {
        guard let value else { return false }
        if expected == "true" || expected == "false" { return value.asBoolean == (expected == "true") }
        guard expected.contains(where: { $0 == "." || $0 == "e" }) else {
            return value.typeName == "integer" && value.text == expected
        }
        guard case .real(let number) = value, let wanted = Double(expected) else { return false }
        return number == wanted && number.sign == wanted.sign
    }

    @Test("agrees with Python to the last bit around 2^53, 2^63, with signs, remainders and negative powers")
    func table() throws {
        let url = packageFolder.appending(path: "Tests/LanguageTests/Scripts/arithmetic_table.tsv")
        let rows = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        #expect(rows.count > 5000)
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        var wrong: [String] = []
        // Many in one text, so that the table takes no longer than it must.
        for start in stride(from: 0, to: rows.count, by: 200) {
            let part = rows[start..<min(start + 200, rows.count)].map { $0.split(separator: "\t") }
            let lines = part.enumerated().map { number, row in
                "let v\(number) = try \(Self.written(row[0])) \(row[1]) \(Self.written(row[2]))"
            }
            session.run(SourceText(lines.joined(separator: "\n")))
            for (number, row) in part.enumerated() {
                let value = session.value(of: "v\(number)")
                let isRight =
                    row[3] == "error"
                    ? value?.asError?.diagnostic.code.rawValue == "E304" : Self.isEqual(value, row[3])
                if !isRight { wrong.append("\(row.joined(separator: " ")), not \(value?.json ?? "nothing")") }
            }
        }
        #expect(recorder.errors.isEmpty, "\(recorder.errors)")
        #expect(wrong.isEmpty, "\(wrong.count) of \(rows.count): \(wrong.prefix(20).joined(separator: "\n"))")
    }

    @Test("orders and counts mixed numbers by their exact values, in lists and in max and sort too")
    func order() {
        let script = """
            let whole = [2^53 + 1, 2.0^53, 2^53]
            print (max(whole) == 2^53 + 1) (min(whole) == 2.0^53) (2^53 + 1 > 2.0^53) (2.0^53 < 2^53 + 1) (2^53 == 2.0^53)
            #> true true true true true
            print (2^70 + 1 == 2.0^70) (2^70 + 1 > 2.0^70) (2^70 == 2.0^70) (-(2^70) - 1 < -(2.0^70)) (2^70 != 2.0^70 + 1)
            #> false true true true false
            print (9223372036854775807 == 2.0^63) (9223372036854775807 < 2.0^63) (2^63 == 2.0^63) (-(2^63) == -(2.0^63))
            #> false true true true
            print (1 < infinity()) (2^2000 < infinity()) (2^2000 > -infinity()) (2^2000 == infinity()) (1 < nan()) (1 >= nan())
            #> true true true false false false
            print (3 < 3.5) (3 > 2.5) (-3 > -3.5) (3 <= 3.0) (3 >= 3.0) (3 != 3.0) (0 == -0.0)
            #> true true true true true false true
            let ordered = sorted([2^53 + 1, 2.0^53, 2^53 - 1])
            print (ordered[0] == 2^53 - 1) (ordered[1] == 2.0^53) (ordered[2] == 2^53 + 1)
            #> true true true
            print contains([2^53 + 1], 2.0^53) contains([2^53], 2.0^53)
            #> false true
            """
        let differences = ScriptRunner.differences(script, name: "order")
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test("holds (a // b) * b + a % b == a, with the remainder on the side of the divisor, for integers of any size")
    func division() {
        var random = TestRandom(seed: 53)
        let session = TestSession.make()
        for _ in 0..<300 {
            func number() -> String {
                let digits = Int.random(in: 1...25, using: &random)
                let text = (0..<digits).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
                return (random.chance(0.5) ? "-" : "") + "1" + text
            }
            let (a, b) = (number(), number())
            session.run(
                SourceText(
                    "let a = \(a)\nlet b = \(b)\nlet holds = (a // b) * b + a % b == a and abs(a % b) < abs(b) and (a % b == 0 or (a % b < 0) == (b < 0))"
                ))
            #expect(session.value(of: "holds")?.asBoolean == true, "\(a) \(b)")
        }
    }
}
