// Rules of operators, indices and assignments to parts: what each refuses, in which words, and what it says to do; and
// the largest integers that there are.

import Testing

@testable import Language

@Suite("The rules of operators and parts") struct OperatorRuleTests {
    private func check(_ text: String) {
        let differences = ScriptRunner.differences(text, name: "operators")
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    // MARK: - What an operator refuses

    @Test(
        "an operator that cannot work on two values names both of them, and says what does what was meant",
        arguments: [
            (
                "\"a\" + 1",
                "E301 '+' cannot work on text and a whole number | to put a value into a text write \"… {value}\""
            ),
            (
                "1.5 + \"a\"",
                "E301 '+' cannot work on a number and text | to put a value into a text write \"… {value}\""
            ),
            ("\"a\" - \"b\"", "E301 '-' cannot work on two values of kind text | use two numbers"),
            ("\"a\" * 3", "E301 '*' cannot work on text and a whole number | use two numbers"),
            (
                "[1] + 2",
                "E301 '+' cannot work on a list and a whole number | to add one value to a list write append(xs, value)"
            ),
            (
                "\"a\" + [1]",
                "E301 '+' cannot work on text and a list | to add one value to a list write append(xs, value)"
            ),
            (
                "[1] * [2]",
                "E301 '*' cannot work on two values of kind list | to work on every element write map xs { x in … }"
            ),
            (
                "2 % [1]",
                "E301 '%' cannot work on a whole number and a list | to work on every element write map xs { x in … }"
            ),
            ("true + 1", "E301 '+' cannot work on true or false and a whole number | use two numbers"),
            ("none // none", "E301 '//' cannot work on two values of kind none | use two numbers"),
            ("[a: 1] ^ 2", "E301 '^' cannot work on a record and a whole number | use two numbers"),
            (
                "array([1]) + \"a\"",
                "E301 '+' cannot work on an array and text | to put a value into a text write \"… {value}\""
            ),
        ])
    func mismatches(_ text: String, _ expected: String) {
        #expect(Answers.of("let f = { \(text) }\nf()") == [expected])
    }

    @Test("only numbers have an opposite, and only what is alike has an order")
    func opposites() {
        #expect(
            Answers.of("let f = { x in -x }\nf(\"a\")") == ["E301 '-' takes a number, not text | use a number"]
                && Answers.of("let f = { x in -x }\nf(true)") == [
                    "E301 '-' takes a number, not true or false | use a number"
                ])
        #expect(
            Answers.of("let f = { x, y in x < y }\nf(\"a\", 1)") == [
                "E301 text and a whole number have no order | compare two numbers or two texts"
            ])
        #expect(
            Answers.of("let f = { x, y in x >= y }\nf([a: 1], [a: 1])") == [
                "E301 a record and a record have no order | compare two numbers or two texts"
            ])
    }

    @Test(
        "a division by zero is refused by every operator that divides, which is named, of integers and of reals",
        arguments: ["/", "//", "%"], ["1", "1.5", "2^70"])
    func zero(_ sign: String, _ number: String) {
        let expected = ["E304 division by zero | test the divisor before '\(sign)'"]
        #expect(Answers.of("(\(number)) \(sign) 0") == expected)
        #expect(Answers.of("(\(number)) \(sign) 0.0") == expected)
        #expect(Answers.of("0 ^ -1") == ["E304 division by zero | test the divisor before '^'"])
    }

    @Test("an array that is divided by nothing has what its numbers make of it")
    func arraysByZero() {
        check(
            """
            print list(array([1, -1, 0]) / 0) list(array([1, -1]) // 0) list(array([1]) % 0)
            #> [infinity, -infinity, nan] [infinity, -infinity] [nan]
            array([[1, 2, 3], [4, 5, 6]]) - array([1, 2])
            #! E312 arrays of shape [2, 3] and [2] cannot be combined with '-'
            """)
    }

    @Test("no integer has many more than a hundred thousand bits, in sums and products as in powers")
    func largest() {
        let most = "E308 this integer would have more than 100000 bits | use reals, or keep to smaller numbers"
        #expect(Answers.of("2^100000 > 2^99999") == ["true"] && Answers.of("2^100001") == [most])
        #expect(Answers.of("3^100000 > 0") == ["true"] && Answers.of("3^100001") == [most])
        // Of a word more than that is let pass, so that no sum of two of the longest is refused.
        #expect(Answers.of("let a = 2^100000\na + a > a") == ["true"])
        #expect(Answers.of("let a = 2^100000 * 2^60\na > 0") == ["true"])
        #expect(Answers.of("let a = 2^100000 * 2^61") == [most])
        let doubled = "let a = 2^100000 * 2^60\na = a + a\na = a + a\na = a + a\n"
        #expect(Answers.of(doubled + "a > 0") == ["true"] && Answers.of(doubled + "a = a + a") == [most])
        #expect(Answers.of(doubled + "a - a") == [most])
        #expect(Answers.of("let a = 2^100000\na // 2^99998") == ["4"])
    }

    @Test("texts, lists and ranges are put together in the order in which they stand")
    func sums() {
        check(
            """
            print ([1] + (2..<4)) ((0..<2) + [5]) ((0..<2) + (5...6)) ([] + []) ("a" + "" + "b")
            #> [1, 2, 3] [0, 1, 5] [0, 1, 5, 6] [] ab
            print ([1, nan()] < [2, 0]) ([nan()] < [1]) ([nan()] >= [1]) (nan() == nan()) (nan() != nan())
            #> true false false false true
            print ([true] < [false]) ([false, 1] < [true, 0]) ((1 < 2) == true)
            #> false true true
            """)
    }

    @Test("whole numbers of any size are added, taken away and compared alike, whether they are written or computed")
    func written() {
        check(
            """
            let x = 1
            print (x + 1073741823) (x + 1073741824) (x - 1073741825) (x + 4294967296) (x - 4294967297) (x + 2147483648)
            #> 1073741824 1073741825 -1073741824 4294967297 -4294967296 2147483649
            let big = 4294967297
            if big == 1 { print "cut" } else { print "whole" }
            #> whole
            if big < 4294967296 { print "less" }
            if big > 4294967296 { print "more" }
            #> more
            if 9223372036854775807 + 1 > 9223372036854775807 { print "on" }
            #> on
            let least = -9223372036854775808
            print (least - 1) (-least) (least // -1) (least % -1) (least + 0)
            #> -9223372036854775809 9223372036854775808 9223372036854775808 0 -9223372036854775808
            """)
    }

    @Test(
        "a condition of an if decides as the same comparison does as a value, at its boundary and on either side of it",
        arguments: ["==", "!=", "<", "<=", ">", ">="], ["1", "2", "3", "2.0", "1.5"])
    func conditions(_ sign: String, _ number: String) throws {
        let two = 2.0
        let other = try #require(Double(number))
        let expected =
            switch sign {
            case "==": two == other
            case "!=": two != other
            case "<": two < other
            case "<=": two <= other
            case ">": two > other
            default: two >= other
            }
        let text = """
            let a = 2
            let b = \(number)
            def f(x, y) { if x \(sign) y { true } else { false } }
            print (a \(sign) b) f(a, b)
            if a \(sign) \(number) { print true } else { print false }
            if a \(sign) b and true { print true } else { print false }
            let r = 2.0
            if r \(sign) \(number) { print true } else { print false }
            """
        #expect(Answers.of(text) == ["\(expected) \(expected)", "\(expected)", "\(expected)", "\(expected)"])
    }

    // MARK: - Indices

    @Test(
        "an index that means nothing is answered with what there is",
        arguments: [
            ("[1, 2, 3]", "x[3]", "E303 index 3 is outside 0...2 | the last is -1 or 2"),
            ("[1, 2, 3]", "x[-4]", "E303 index -4 is outside 0...2 | the last is -1 or 2"),
            ("[]", "x[0]", "E303 index 0 is outside: there are no elements | test length(xs) > 0 before"),
            ("[1]", "x[0, 0]", "E303 a list takes one index, not 2 | write xs[0][1] for a list in a list"),
            ("[1]", "x[0..<2]", "E303 this range reaches outside of the 1 element | the whole is 0..<1"),
            ("[]", "x[0..<1]", "E303 this range reaches outside of the 0 elements | there are none"),
            (
                "[1]", "x[\"a\"]",
                "E301 an index is a whole number or a range, not text | write xs[0] or xs[0..<3]"
            ),
            (
                "3", "x[0]",
                "E301 a whole number has no elements | an index takes an element of a list, text, range, table or array"
            ),
            (
                "sqrt", "x[0]",
                "E301 a function has no elements | an index takes an element of a list, text, range, table or array"
            ),
            ("[a: 1]", "x[0]", "E301 a record is indexed with a text | write r[\"key\"] or r.key"),
            ("[width: 1]", "x[\"widht\"]", "E306 a record has no field 'widht'; did you mean 'width'? | write .width"),
            ("[a: 1, b: 2]", "x[.zzz]", "E306 a record has no field 'zzz' | it has a, b"),
            ("table([a: [1]])", "x[\"zzz\"]", "E306 a table has no field 'zzz' | it has a"),
            (
                "array([[1, 2]])", "x[0, 0, 0]",
                "E312 an array of shape [1, 2] takes at most 2 positions | it has 2 axes"
            ),
            ("array([1, 2])", "x[0, 0]", "E312 an array of shape [2] takes at most 1 position | it has 1 axis"),
            (
                "array([1, 2])", "x[\"a\"]",
                "E301 an index is a whole number or a range, not text | write a[0] or a[0..<3, 1]"
            ),
            ("array([[1, 2]])", "x[0, 2]", "E303 index 2 is outside 0...1 of axis 1 | the last is -1 or 1"),
            (
                "array([[1, 2]])", "x[0..<2]",
                "E303 this range reaches outside of the 1 element of axis 0 | the whole is 0..<1"
            ),
        ])
    func refusedIndices(_ value: String, _ index: String, _ expected: String) {
        let text = "let f = { x in \(index) }\nf(\(value))"
        #expect(Answers.of(text) == [expected])
    }

    @Test("a range that ends at the end, or below zero, is counted from there, and one that is empty takes nothing")
    func ranges() {
        check(
            """
            let xs = [10, 20, 30, 40]
            print xs[-3...-1] xs[-3..<-1] xs[1..<-1] xs[-4..<4] xs[...-2] xs[..<0] xs[4...]
            #> [20, 30, 40] [20, 30] [] [10, 20, 30, 40] [10, 20, 30] [] []
            """)
    }

    // MARK: - Assignments to parts

    @Test(
        "what cannot be given a value is refused with what can",
        arguments: [
            (
                "\"abc\"", "x[0] = \"z\"",
                "E301 text has no elements or fields that can be given a value | lists, records and arrays have"
            ),
            (
                "3", "x.a = 1",
                "E301 a whole number has no elements or fields that can be given a value | "
                    + "lists, records and arrays have"
            ),
            ("[1, 2]", "x[0, 1] = 5", "E301 one element is given a value at a time | write xs[0] = value"),
            ("[1, 2]", "x[0..<1] = 5", "E301 one element is given a value at a time | write xs[0] = value"),
            ("[1, 2]", "x[2] = 5", "E303 index 2 is outside 0...1 | the last is -1 or 1"),
            ("[a: 1]", "x.b.c = 1", "E306 a record has no field 'b' | it has a"),
            (
                "array([1, 2])", "x[0] = \"a\"",
                "E301 an element of an array is a number, not text | give it a number"
            ),
            (
                "array([[1, 2]])", "x[0] = 1",
                "E312 an element of this array has 2 positions | write a[0, 1] = value"
            ),
            (
                "array([[1, 2]])", "x[0, 0...] = 1",
                "E301 one element is given a value at a time | write a[0, 1] = value"
            ),
            (
                "table([a: [1]])", "x.a = [1, 2]",
                "E312 a column of this table is a list of 1 value | give it a list of 1"
            ),
            (
                "table([a: [1, 2]])", "x.b = 3",
                "E312 a column of this table is a list of 2 values | give it a list of 2"
            ),
            (
                "table([a: [1]])", "x.a[0] = 2",
                "E301 a table has no elements or fields that can be given a value | lists, records and arrays have"
            ),
        ])
    func refusedTargets(_ value: String, _ assignment: String, _ expected: String) {
        let text = "let f = { let x = [\(value)][0]; \(assignment) }\nf()"
        #expect(Answers.of(text) == [expected])
    }

    @Test("a part that is given a value is changed in this variable alone, however deep it lies and whoever holds it")
    func copies() {
        check(
            """
            let inner = [1]
            let pair = [inner, inner]
            let other = pair
            pair[0][0] = 9
            print pair other inner
            #> [[9], [1]] [[1], [1]] [1]
            let record = [a: [b: 1], list: [1, 2]]
            let kept = record
            record.a.b = 2
            record.list[1] = 5
            record["new"] = 3
            print record kept
            #> [a: [b: 2], list: [1, 5], new: 3] [a: [b: 1], list: [1, 2]]
            let rows = [[n: 1], [n: 2]]
            rows[-1].n = 7
            print rows
            #> [[n: 1], [n: 7]]
            let span = 0..<3
            let same = span
            span[0] = 5
            print span same
            #> [5, 1, 2] 0..<3
            let t = table([a: [1, 2]])
            let before = t
            t["b"] = 5..<7
            t.a = [3, 4]
            print t.a t["b"] keys(t) keys(before) before.a
            #> [3, 4] [5, 6] ["a", "b"] ["a"] [1, 2]
            """)
    }

    @Test(
        "a column that is given other values is written as it was, and an element of an array ends what is known of it")
    func keptFormats() throws {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.define("t", .table(TableObject([.init("share", [0.5], format: .percent())])))
        let origin = ListObject([])
        session.define(
            "a", .array(ArrayObject(shape: [2], values: [1, 2], provenance: [("layer", "3")], origin: origin)))
        session.run(SourceText("t.share = [0.25]\nt\nlet b = a\na[1] = 9\na.layer"))
        #expect(recorder.lines == ["share", "25.0%", "3"], "\(recorder.errors)")
        let (a, b) = (
            try #require(session.value(of: "a")?.asArray), try #require(session.value(of: "b")?.asArray)
        )
        #expect(a.values == [1, 9] && b.values == [1, 2])
        #expect(a.origin == nil && b.origin === origin)
    }
}
