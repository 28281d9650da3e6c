// Rules of the functions and verbs of the language: the numbers that each gives, worked out by hand or with Python, the
// kinds of what they give, and what they say of what they refuse.

import Testing

@testable import Language

@Suite("The rules of functions") struct FunctionRuleTests {
    private func check(_ text: String, _ session: Session = TestSession.make()) {
        let differences = ScriptRunner.differences(text, name: "functions", session: session)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    // MARK: - Numbers

    @Test("each function of a number is the one of its name, by Python's values, and so of an array")
    func values() {
        check(
            """
            print text(sin(1), digits: 15) text(cos(1), digits: 15) text(tanh(1), digits: 15)
            #> 0.841470984807897 0.540302305868140 0.761594155955765
            print text(exp(2), digits: 15) text(log(2), digits: 15)
            #> 7.38905609893065 0.693147180559945
            print text(log2(10), digits: 15) text(log10(2), digits: 15)
            #> 3.32192809488736 0.301029995663981
            print text(sqrt(2), digits: 15) text(pi(), digits: 15) infinity() (-infinity()) nan() sqrt(2^70) log2(2^100)
            #> 1.41421356237310 3.14159265358979 infinity -infinity nan 34359738368.0 100.0
            print list(sin(array([0, 1]))) list(cos(array([0, 1]))) list(tanh(array([0, 1]))) list(exp(array([0, 1])))
            #> [0.0000, 0.8415] [1.000, 0.5403] [0.0000, 0.7616] [1.000, 2.718]
            print list(log2(array([8, 1]))) list(sqrt(array([-1]))) list(log(array([0])))
            #> [3.000, 0.0000] [nan] [-infinity]
            """)
    }

    @Test(
        "a number without a value is refused with what it is, and what to do",
        arguments: [
            ("sqrt(-0.5)", "E304 sqrt: the square root of a negative number has no value | test the number before"),
            (
                "log(0)",
                "E304 log: the logarithm of a number that is not positive has no value | test the number before"
            ),
            (
                "log10(-1)",
                "E304 log10: the logarithm of a number that is not positive has no value | test the number before"
            ),
            (
                "cos(\"a\")",
                "E305 cos: takes a number or an array, not text | for a list write map xs { x in cos(x) }"
            ),
            (
                "abs([1])", "E305 abs: takes a number or an array, not a list | for a list write map xs { x in abs(x) }"
            ),
            (
                "ceil(none)",
                "E305 ceil: takes a number or an array, not none | for a list write map xs { x in ceil(x) }"
            ),
            ("floor(nan())", "E304 floor: nan is not a whole number | test it before"),
            ("ceil(-infinity())", "E304 ceil: -infinity is not a whole number | test it before"),
            ("number(\"1,5\")", "E305 number: \"1,5\" is not a number | write digits, such as \"3.5\""),
            ("number(\".\")", "E305 number: \".\" is not a number | write digits, such as \"3.5\""),
            ("number(\"1e2.5\")", "E305 number: \"1e2.5\" is not a number | write digits, such as \"3.5\""),
            ("number(\"2x\")", "E305 number: \"2x\" is not a number | write digits, such as \"3.5\""),
            (
                "number(\"-1e400\")",
                "E305 number: \"-1e400\" is larger than a real can be | "
                    + "write at most 1.79e308, or a whole number in digits"
            ),
            ("integer(\"1e3\")", "E305 integer: \"1e3\" is not a whole number | write digits, such as \"12\""),
        ])
    func refusedNumbers(_ text: String, _ expected: String) {
        #expect(Answers.of("let f = { \(text) }\nf()") == [expected])
    }

    @Test("a number is read from a text with an exponent of either sign, and keeps its kind and all its digits")
    func readNumbers() {
        check(
            """
            print number("1E3") number("1e+3") number("25e-1") number("\\t-7\\n") number("12 345") number("-0")
            #> 1000.0 1000.0 2.500 -7 12345 0
            print number("1000000000000000000000") integer("-1000000000000000000000") kind(number("5e0"))
            #> 1000000000000000000000 -1000000000000000000000 real
            print (number(repeated("9", 400)) > 1e308) kind(number("1.7e308"))
            #> true real
            """)
    }

    @Test("halves are rounded away from zero at any place, whole numbers stay, and only no digits make one")
    func rounding() {
        check(
            """
            print round(0.25, digits: 1) round(-0.25, digits: 1) round(0.75, digits: 1) round(12.5, digits: 0)
            #> 0.3000 -0.3000 0.8000 13
            print round(7, digits: 2) kind(round(7.0, digits: 2)) kind(round(7.0)) round(1e20) round(-1e20)
            #> 7 real integer 100000000000000000000 -100000000000000000000
            print integer(1e20) integer(-7.99) integer(7) floor(1e20) ceil(-1e20)
            #> 100000000000000000000 -7 7 100000000000000000000 -100000000000000000000
            print is_nan(infinity()) is_nan(0.0) is_nan(nan() * 0)
            #> false false true
            """)
    }

    // MARK: - Statistics

    @Test("sums are whole as long as their numbers are, and one real makes them real")
    func sums() {
        check(
            """
            print kind(sum([1, 2])) kind(sum([1, 2.0])) kind(sum([])) kind(sum(array([1]))) kind(sum(1..<3))
            #> integer real integer real integer
            print sum(array([])) sum([2^62, 2^62, -(2^63)]) sum(1...1) sum(-2...-1) kind(mean([1])) kind(max([1]))
            #> 0.0000 0 1 -3 real integer
            """)
    }

    @Test(
        "statistics refuse what has no numbers, and say where it stands and what to do",
        arguments: [
            ("mean([])", "E305 mean: there are no numbers | test length(xs) before"),
            ("std([1])", "E305 std: needs at least 2 numbers | test length(xs) before"),
            ("variance([])", "E305 variance: there are no numbers | test length(xs) before"),
            (
                "median([1, none, 2])", "E305 median: element 1 is none, not a number | take it out before, with filter"
            ),
            (
                "mean(table([a: [1]]))",
                "E305 mean: takes a list or an array of numbers, not a table | take a column: mean(t.column)"
            ),
            (
                "norm(\"ab\")",
                "E305 norm: takes a list or an array of numbers, not text | write norm([1, 2, 3])"
            ),
            ("quantile([], 0.5)", "E305 quantile: there are no numbers | test length(xs) before"),
            (
                "sum(true)",
                "E305 sum: takes a list or an array of numbers, not true or false | write sum([1, 2, 3])"
            ),
            ("max([])", "E305 max: there are no values | test length(xs) before"),
            ("min(array([]))", "E305 min: there are no numbers | test length(xs) before"),
            ("max(1, \"a\")", "E301 max: text and a whole number have no order | compare two numbers or two texts"),
        ])
    func refusedStatistics(_ text: String, _ expected: String) {
        #expect(Answers.of("let f = { \(text) }\nf()") == [expected])
    }

    @Test("a quantile lies between its neighbours in proportion, whatever their order, and of one number is that one")
    func quantiles() {
        // Of 10, 20, 30, 40 the places are 0 to 3: a tenth is place 0.3, nine tenths place 2.7.
        check(
            """
            print quantile([40, 10, 30, 20], 0.1) quantile([40, 10, 30, 20], 0.9) quantile(1...5, 0.25) quantile([3], 0)
            #> 13.00 37.00 2.000 3.000
            print median([5, 1, 3]) median([4, 1]) median([2.5]) variance([1, 3]) std(array([1, 3])) std(1...3)
            #> 3.000 2.500 2.500 2.000 1.414 1.000
            print mean([1, 2, 6]) mean(array([1, 2])) norm([1, 2, 2]) norm(array([2, 3, 6])) max("abc") min([3, 2^70])
            #> 3.000 1.500 3.000 7.000 abc 3
            """)
    }

    // MARK: - Lists and records

    @Test(
        "a function of lists says which of its values is none",
        arguments: [
            ("zip([1], 3)", "E305 zip: takes a list, not a whole number | write [1, 2, 3]", "3"),
            ("zip(4, [1])", "E305 zip: takes a list, not a whole number | write [1, 2, 3]", "4"),
            ("reversed(none)", "E305 reversed: takes a list, not none | write [1, 2, 3]", "none"),
            (
                "length(none)",
                "E305 length: none has no elements to count | give it a list, text, range, table or record", "none"
            ),
            (
                "keys([1])", "E305 keys: takes a record or a table, not a list | write keys([a: 1])", "[1]"
            ),
            (
                "contains(\"abc\", 1)", "E305 contains: a text contains texts, not a whole number | put it in quotes",
                "1"
            ),
            (
                "append(\"a\", 1)",
                "E305 append: the first value is a list, not text | start with let xs = []", "\"a\""
            ),
            ("record([\"a\"], [])", "E312 record: 1 key and 0 values | give as many values as keys", "[]"),
            ("table([3])", "E305 table: a row is a record, not a whole number | write [[a: 1, b: 2]]", "[3]"),
            ("table([a: 1])", "E305 table: 'a' is a whole number, not a list | write a: [1, 2]", "[a: 1]"),
            (
                "table([a: [1], b: [1, 2]])",
                "E305 table: columns have as many values as each other, but 'a' has 1 and 'b' has 2 | "
                    + "write none where a value is missing", "[a: [1], b: [1, 2]]"
            ),
            ("array(\"a\")", "E305 array: takes a list, not text | write array([1, 2])", "\"a\""),
            (
                "array([[1], [1, 2]])", "E312 array: the lists in it differ in length | give it lists of equal length",
                "[[1], [1, 2]]"
            ),
            ("range(0, 5, step: 0)", "E305 range: the step must not be 0 | write step: 1", "0"),
            (
                "range(0, 1 / 0.0)", "E304 division by zero | test the divisor before '/'", "1 / 0.0"
            ),
            (
                "range(-infinity(), 1)",
                "E305 range: from is -infinity, and a list has an end | give it a finite number", "-infinity()"
            ),
        ])
    func refusedLists(_ text: String, _ expected: String, _ words: String) {
        let whole = "let f = { \(text) }\nf()"
        #expect(Answers.of(whole) == [expected])
        #expect(Answers.underlined(whole) == [words])
    }

    @Test("what has elements gives them in order to every function of lists: rows as records, texts by characters")
    func elements() {
        check(
            """
            let t = table([a: [1, 2]])
            print list(t) list("añ") list(array([1, 2])) list(array([[1, 2]]))[0].shape reversed(t) enumerate("ab")
            #> [[a: 1], [a: 2]] ["a", "ñ"] [1.000, 2.000] [2] [[a: 2], [a: 1]] [[0, "a"], [1, "b"]]
            print index_of([1, 2, 1], 1) index_of([1, 2.0], 2) index_of("banana", "n") index_of(t, [a: 2])
            #> 0 1 2 1
            print contains(0..<3, 2^70) contains(0..<3, "1") contains([[1]], [1.0]) contains([a: 1], .a)
            #> false false true true
            print zip(0..<2, ["a", "b", "c"]) zip("ab", [1]) unique("banana") unique([none, none, nan(), [1], [1.0]])
            #> [[0, "a"], [1, "b"]] [["a", 1]] ["b", "a", "n"] [none, nan, [1]]
            print flatten([array([1, 2]), 0..<2, [], "ab", none]) flatten([[1, [2]]])
            #> [1.000, 2.000, 0, 1, "ab", none] [1, [2]]
            print repeated([1], 3) repeated("", 5) repeated(none, 1) repeated("ab", 1) append([], []) append([1], [2])
            #> [[1], [1], [1]]  [none] ab [[]] [1, [2]]
            print range(0, 3, step: 1.0) range(1, 2, step: 0.25) range(0, 4, step: 2) range(4, 0, step: -3) range(-2, 1)
            #> [0.0000, 1.000, 2.000] [1.000, 1.250, 1.500, 1.750] [0, 2] [4, 1] [-2, -1, 0]
            print range(2^70, 2^70) reduce([], 5, { a, x in 0 }) reduce("abc", "", { a, x in x + a })
            #> [] 5 cba
            """)
    }

    @Test("questions about all and any stop at the first answer that decides, and ask nothing of nothing")
    func questions() {
        check(
            """
            let asked = []
            let big = { x in asked = append(asked, x); x > 1 }
            print any([1, 2, 3], big) asked
            #> true [1, 2]
            asked = []
            print all([2, 1, 3], big) asked
            #> false [2, 1]
            asked = []
            print any([1, 0], big) all([3, 2], big) any([], big) all([], big) asked
            #> false true false true [1, 0, 3, 2]
            """)
    }

    @Test("what is sorted keeps the order of equals, by what a function says, and leaves the list as it was")
    func sorting() {
        check(
            """
            let words = ["bb", "a", "cc", "d"]
            print sorted(words, by: { w in length(w) }) sorted(words, by: length, descending: true) words
            #> ["a", "d", "bb", "cc"] ["bb", "cc", "a", "d"] ["bb", "a", "cc", "d"]
            print sorted("cab") sorted(3..<6, descending: true) sorted([2, 1.5, 2^70, -1]) sorted([.b, .a]) sorted([])
            #> ["a", "b", "c"] [5, 4, 3] [-1, 1.500, 2, 1180591620717411303424] [.a, .b] []
            print sorted([1, 2, 3], by: { x in if x == 2 { none } else { x } }) sorted([true, false])
            #> [1, 3, 2] [false, true]
            sorted([1, "a"])
            #! E301 sorted: text and a whole number have no order
            """)
    }

    // MARK: - Texts

    @Test("texts are taken apart and put together by all of what separates them")
    func texts() {
        check(
            """
            print split("a--b----c", "--") split("abc", "abc") split(" a ", " ") split("a b\\tc\\nd")
            #> ["a", "b", "", "c"] ["", ""] ["", "a", ""] ["a", "b", "c", "d"]
            print joined([1, 2]) joined(["a"], "--") joined(["a", "b", "c"], "--") joined(0..<3, " ") joined("abc", ".")
            #> 12 a a--b--c 0 1 2 a.b.c
            print replace("aaa", "aa", "bb") replace("abc", "x", "y") replace("abc", "b", "") replace("a.b", ".", "..")
            #> bba abc ac a..b
            print upper("aé1") lower("AÉ1") "{trimmed(" \\n\\ta b\\t ")}|"
            #> AÉ1 aé1 a b|
            print starts_with("abc", "ab") ends_with("abc", "bc")
            #> true true
            print starts_with("abc", "b") ends_with("abc", "b") starts_with("abc", "abcd") ends_with("", "")
            #> false false false true
            print text(2 / 3) text(2 / 3, digits: 1) text("a") text([1, "a"]) text(none) fixed(2 / 3, 0)
            #> 0.6667 0.7 a [1, "a"] none 1
            print fixed(3, 2) fixed(2^70, 1) padded("é", 3, with: ".") padded("é", 3, side: .right, with: ".")
            #> 3.00 1180591620717411303424.0 ..é é..
            print padded("abc", 3, with: ".") padded([1], 5, with: "-") padded("", 2, with: "ab") padded("x", 0)
            #> abc --[1] ab x
            """)
        #expect(Answers.of("print length(padded(1, 100_000))") == ["100000"])
        #expect(Answers.of("padded(1, 100_001)").first?.hasPrefix("E209") == true)
        #expect(Answers.of("repeated(0, -1)").first?.hasPrefix("E209") == true)
    }

    // MARK: - Tables

    @Test("a column that a table does not have is told with the nearest, or with those that it has")
    func missingColumns() {
        let table = "let t = table([name: [1], size: [2]])\n"
        #expect(
            Answers.of(table + "sort t .nme") == [
                "E306 sort: the table has no column 'nme'; did you mean '.name'? | write .name"
            ])
        #expect(
            Answers.of(table + "select t .zzz") == [
                "E306 select: the table has no column 'zzz' | it has .name, .size"
            ])
        #expect(
            Answers.of(table + "group t mean: .zzz by .name") == [
                "E306 group: the table has no column 'zzz' | it has .name, .size"
            ])
        #expect(
            Answers.of(table + "join t (table([size: [2]])) on: .name") == [
                "E306 join: the table has no column 'name' | it has .size"
            ])
        #expect(Answers.underlined(table + "group t sum: .size mean: .zzz by .name") == [".zzz"])
    }

    @Test("what a filter does not understand it refuses, with the way to write it")
    func refusedFilters() {
        #expect(
            Answers.of("filter [1]") == [
                "E305 filter: a condition is missing | write filter t where .column > 0, or filter xs { x in x > 0 }"
            ])
        #expect(
            Answers.of("filter [1] where .a > 0") == [
                "E305 filter: 'where' looks at rows and records; for other elements give a function | "
                    + "write filter xs { x in x > 0 }"
            ])
        #expect(
            Answers.of("let f = { x in filter x { y in true } }\nf(3)") == [
                "E305 filter: takes a list, not a whole number | write [1, 2, 3]"
            ])
        #expect(
            Answers.of("filter table([a: [1]]) where .b > 0") == ["E306 the row has no field 'b' | it has a"])
        #expect(
            Answers.of("let f = { x in head x 1 }\nf(true)") == [
                "E305 head: true or false has no parts | give it a table or a list"
            ])
        #expect(
            Answers.of("undo") == [
                "E310 undo: there is nothing to undo | it goes back over statements that changed a variable"
            ])
    }

    @Test("a filter keeps order, columns and what holds for both a function and a condition; a map gives a list")
    func filters() {
        check(
            """
            let t = table([k: ["a", "b", "c"], n: [3, 1, 2]])
            filter t { row in row.n > 1 } where .k != "a"
            #> k  n
            #> c  2
            filter t where false
            #> k  n
            #> no rows
            print filter([[n: 3], [n: 1]], { r in r.n > 2 }) filter("banana", { c in c != "a" })
            #> [[n: 3]] ["b", "n", "n"]
            print map(t, { row in row.k }) map(array([1, 2]), { x in x * 2 }) map([], { x in x }) map("ab", upper)
            #> ["a", "b", "c"] [2.000, 4.000] [] ["A", "B"]
            print head(t, 1).k tail(t, 1).k head(t, 0).k tail(t, 9).k length(tail(0..<30)) length(head("abc"))
            #> ["a"] ["c"] [] ["a", "b", "c"] 10 3
            print list(head(array([1, 2, 3]), 2)) tail("añb", 2) head(5..<9, 2) tail(5...9, 2)
            #> [1.000, 2.000] ñb 5..<7 8..<10
            """)
    }

    @Test("groups and joined rows are written as their columns were, and times stay times")
    func formats() {
        let session = TestSession.make()
        session.define(
            "t",
            .table(
                TableObject([
                    .init("k", [0.5, 0.5, 0.25], format: .percent(0)),
                    .init("v", [0.125, 0.375, 1], format: .percent()),
                    .init("w", [1.0, 2, 4], format: .unit("s", decimals: 1)),
                ])))
        check(
            """
            group t mean: .v sum: .w max: .v by .k
            #>   k  n  mean_v  sum_w   max_v
            #> 50%  2   25.0%  3.0 s   37.5%
            #> 25%  1  100.0%  4.0 s  100.0%
            join head(t, 1) select(t, .k, .w) on: .k
            #>   k      v      w    w_2
            #> 50%  12.5%  1.0 s  1.0 s
            #> 50%  12.5%  1.0 s  2.0 s
            sort t .w descending: true
            #>   k       v      w
            #> 25%  100.0%  4.0 s
            #> 50%   37.5%  2.0 s
            #> 50%   12.5%  1.0 s
            filter t where .w < 2
            #>   k      v      w
            #> 50%  12.5%  1.0 s
            """, session)
    }

    @Test("of a group each measure is that of its name, in one order, and has a value only where there are enough")
    func aggregates() {
        check(
            """
            let t = table([k: [1, 1, 1, 2], v: [1, 2, 6, 5]])
            group t median: .v std: .v max: .v min: .v sum: .v mean: .v by .k
            #> k  n  mean_v  sum_v  min_v  max_v  std_v  median_v
            #> 1  3   3.000      9      1      6  2.646     2.000
            #> 2  1   5.000      5      5      5      –     5.000
            group table([k: [1, 1], v: [none, none]]) median: .v std: .v max: .v min: .v sum: .v mean: .v by .k
            #> k  n  mean_v  sum_v  min_v  max_v  std_v  median_v
            #> 1  2       –      0      –      –      –         –
            group table([k: [none, 1, none]]) by .k
            #> k  n
            #> –  2
            #> 1  1
            """)
    }

    // MARK: - The session

    @Test("what is asserted stops with its own words where it does not hold, and is silent where it does")
    func assertions() {
        #expect(
            Answers.of("assert (1 > 2) \"one is {1}\"") == [
                "E311 assert: one is 1 | the condition was (1 > 2) \"one is {1}\""
            ])
        #expect(Answers.of("let ok = 1 > 2\nassert ok") == ["E311 assert: this does not hold | the condition was ok"])
        #expect(Answers.of("assert true") == [] && Answers.underlined("assert false") == ["assert false"])
        #expect(
            Answers.of("error(\"a\")") == ["E311 a | "] && Answers.underlined("1\nerror(\"a\")") == ["error(\"a\")"])
    }

    @Test("what is printed stands on one line with spaces between, with nothing round texts and quotes inside of lists")
    func printed() {
        check(
            """
            print(1, 2.5, "a", ["a"], none, true, .b, [k: "x"], 1...2, sqrt, { x in x }, round)
            #> 1 2.500 a ["a"] none true .b [k: "x"] 1...2 sqrt(x) { x in … } round(x, digits:)
            print ""
            #>
            print "a" "" "b"
            #> a  b
            vars
            #> name  kind  value
            #> no rows
            let n = 3
            let list = ["a\\nb"]
            def own() { 1 }
            vars
            #> name  kind     value
            #> list  list     ["a\\nb"]
            #> n     integer  3
            """)
    }
}
