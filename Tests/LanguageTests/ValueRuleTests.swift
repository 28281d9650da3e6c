// The rules of values and tables that a small edit could turn round, each by a case worked out by hand.

import Foundation
import TestSupport
import Testing

@testable import Language

@Suite("The rules of values") struct ValueRuleTests {
    private static func expect(_ script: String, _ name: String) {
        let differences = ScriptRunner.differences(script, name: name)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    // MARK: - Equality and order

    @Test("two values are equal only with all their elements, whichever stands on the left")
    func equality() {
        Self.expect(
            """
            let short = table([a: [1], b: ["x"]])
            let long = table([a: [1, 2], b: ["x", "y"]])
            print (short == long) (long == short) (long == table([a: [1.0, 2], b: ["x", "y"]])) (long != short)
            #> false false true true
            print (long == table([a: [1, 2], b: ["x", "z"]])) (long == table([b: ["x", "y"], a: [1, 2]]))
            #> false false
            print (long == table([a: [1, 2], c: ["x", "y"]])) (table([a: [1]]) == table([a: [1], b: [2]]))
            #> false false
            print ([1] == [1, 2]) ([1, 2] == [1]) ([] == []) ([1, [2]] == [1, [2.0]]) ([1, [2]] == [1, [3]])
            #> false false true true false
            print ([a: 1, b: 2] == [b: 2, a: 1]) ([a: 1] == [a: 1, b: 2]) ([a: 1, b: 2] == [a: 1]) ([a: 1] == [b: 1])
            #> true false false false
            print ([0, 1, 2] == 0..<3) (0..<3 == [0, 1, 2]) (0..<3 == [0, 1]) (0..<3 == 0...2) (0..<3 == 0...3)
            #> true true false true false
            print (3...1 == 9..<9) ([] == 5..<5) (0..<2 == [0, 2]) (1..<3 == 0..<2)
            #> true true false false
            print (.a == .a) (.a == .b) (.answer[2] == .answer[2]) (.answer[2] == .answer[3]) (.answer == .answer[0])
            #> true false true false false
            print (array([[1, 2]]) == array([1, 2])) (array([1, 2]) == array([1, 3])) (array([1, 2]) == [1, 2])
            #> false false false
            print ("1" == 1) (true == 1) (none == false) (none == 0) ("" == none)
            #> false false false false false
            print (.a == "a") (2^70 == 2^70) (2^70 == 2^71)
            #> false true false
            print unique([[a: 1], [a: 1.0], [a: 2]]) unique([1, true, "1", 1.0]) unique([[1, 2], [1, 3], [1.0, 2]])
            #> [[a: 1], [a: 2]] [1, true, "1"] [[1, 2], [1, 3]]
            """, "equality")
    }

    @Test("false comes before true, and a list before its continuation")
    func order() {
        Self.expect(
            """
            print sorted([true, false, true]) (true > false) (false > true) sorted([[2], [1, 5], [1]]) sorted([.b, .a])
            #> [false, true, true] true false [[1], [1, 5], [2]] [.a, .b]
            print sorted([3, none, nan(), 1]) sorted(["b", "a", "B"]) sorted([[1, "b"], [1, "a"]])
            #> [1, 3, none, nan] ["B", "a", "b"] [[1, "a"], [1, "b"]]
            [1] < 1
            #! E301 a list and a whole number have no order
            none < 1
            #! E301
            """, "order")
    }

    @Test("with what is not a number nothing is the smallest, the largest or the middle, wherever it stands")
    func extremesWithoutNumbers() {
        Self.expect(
            """
            print min(array([nan(), 3, 1])) max(array([3, 1, nan()])) min(1, nan()) max([2, nan(), 3]) min(nan(), 1)
            #> nan nan nan nan nan
            print median([nan(), 1, 0]) median([1, nan(), 0]) median([1, 0, nan()]) median(array([1, nan()]))
            #> nan nan nan nan
            print quantile([nan(), 1, 2], 1) quantile([2, nan(), 1], 0) max([nan()]) max(array([nan()]))
            #> nan nan nan nan
            max(nan(), "a")
            #! E301
            """, "extremes")
    }

    @Test("what is infinite has its place in the order, and is in the middle only where it stands there")
    func infiniteQuantiles() {
        Self.expect(
            """
            let far = infinity()
            print median([1, 2, far]) median([far, -far, 3]) median([1, far]) median([far, far]) median([-far, 1])
            #> 2.000 3.000 infinity infinity -infinity
            print quantile([1, far], 0) quantile([1, far], 1) quantile([-far, 1, 2], 0.75) quantile([-1e308, 1e308], 0.5)
            #> 1.000 infinity 1.500 0.0000
            print min([1, -far]) max(array([1, far]))
            #> -infinity infinity
            """, "infinite")
    }

    @Test("equal numbers are one value among others, also beyond 64 bits")
    func equalBigNumbers() {
        Self.expect(
            """
            print length(unique([2^70, 2.0^70])) length(unique([-(2^70), 2.0^70])) length(unique([[2^70], [2.0^70]]))
            #> 1 2 1
            (group table([k: [2^70, 2.0^70, 0.5, 1e300]]) by .k).n
            #> [2, 1, 1]
            """, "big")
    }

    @Test("a range holds a number whatever its kind, as the list of its numbers does")
    func rangeHoldsReals() {
        Self.expect(
            """
            print contains([0, 1, 2], 2.0) contains(0..<3, 2) contains(0..<3, 3) contains(0...3, 3) contains(0..<3, 1.5)
            #> true true false true false
            print contains(0..<3, 2.0) index_of(0..<3, 2.0)
            #> true 2
            """, "ranges")
    }

    // MARK: - Numbers

    @Test("operators bind as in Python, and those of one rank from the left, but powers from the right")
    func precedence() {
        Self.expect(
            """
            print (7 - 2 - 1) (8 / 2 / 2) (2 * 3 % 4) (7 // 2 * 2) (2 + 3 * 4) ((2 + 3) * 4) (-3 + 5) (2 * -3) (-2 % 3)
            #> 4 2.000 2 6 14 20 2 -6 1
            print (2 ^ -1) (2 ^ 2 ^ 3) (-2 ^ 2) ((-2) ^ 2) (2 * 3 ^ 2) (not 1 == 2) (not false and false)
            #> 0.5000 256 -4 4 18 true false
            print (true or false and false) (1 + 2 == 3 and 2 < 3) (false and (1 // 0 == 1)) (true or (1 // 0 == 1))
            #> true true false true
            """, "precedence")
    }

    @Test("an array takes a number on either side, element by element, and rounds down as numbers do")
    func arrays() {
        Self.expect(
            """
            print list(1 - array([1, 2])) list(array([1, 2]) - 1) list(2 / array([1, 4])) list(array([2, 4]) / 2)
            #> [0.0000, -1.000] [0.0000, 1.000] [2.000, 0.5000] [1.000, 2.000]
            print list(array([7, -7]) // 2) list(array([7, -7]) % 3) list(2 ^ array([3, -1])) list(array([3, -2]) ^ 2)
            #> [3.000, -4.000] [1.000, 2.000] [8.000, 0.5000] [9.000, 4.000]
            print list(-array([1, -2])) list(array([6, 8]) - array([1, 2]))
            #> [-1.000, 2.000] [5.000, 6.000]
            print list(array([6, 8]) / array([2, 16])) list(abs(array([-1, 2])))
            #> [3.000, 0.5000] [1.000, 2.000]
            print list(floor(array([-1.5, 2.5]))) list(ceil(array([-1.5, 2.5]))) list(sqrt(array([4, 9])))
            #> [-2.000, 2.000] [-1.000, 3.000] [2.000, 3.000]
            let a = array([[1, 2, 3], [4, 5, 6]])
            print a[-1, -1] list(a[0, 1...]) list(a[..., -1]) list(a[-1][..<2])
            #> 6.000 [2.000, 3.000] [3.000, 6.000] [4.000, 5.000]
            print list(a[1..<2])[0].shape length(a) a[0, 0]
            #> [3] 2 1.000
            a[0, 3]
            #! E303 index 3 is outside 0...2 of axis 1
            a[0, 1, 0]
            #! E312
            a[0, 1..<5]
            #! E303 this range reaches outside of the 3 elements of axis 1
            a[0] = 1
            #! E312 an element of this array has 2 positions
            a[1, 0] = "x"
            #! E301
            array([1, nan(), 2])
            #> array 3  1.000 … 2.000  mean 1.500  deviation 0.7071  1 nan
            print (array([[1, 2], [3, 5]])).shape mean(array([[1, 2], [3, 6]]))
            #> [2, 2] 3.000
            print sum(array([1, 2.5])) norm(array([[3], [4]]))
            #> 3.500 5.000
            """, "arrays")
    }

    @Test("numbers are rounded to the side that each function says, and read from texts whole")
    func numbers() {
        Self.expect(
            """
            print round(-2.4) round(-2.6) round(7) round(1234.567, digits: 1)
            #> -2 -3 7 1234.6
            print round(0.5) round(-0.5) round(1.5) round(2^70 + 1)
            #> 1 -1 2 1180591620717411303425
            print floor(2.0) floor(-2.1) ceil(-2.9) ceil(2.0) integer(-0.9)
            #> 2 -3 -2 2 0
            print floor(2^70) integer("-12") integer(" 1 000 ")
            #> 1180591620717411303424 -12 1000
            print number("1e3") number("-0.5") number("1 000") number("007") kind(number("1.0")) kind(number("10"))
            #> 1000.0 -0.5000 1000 7 real integer
            print number("+5") kind(number("+5")) integer("+5") number(" -1 234 567.5e-1 ") number(".5") number("2.")
            #> 5 integer 5 -123456.8 0.5000 2.000
            number("0x10")
            #! E305 number: "0x10" is not a number
            number("inf")
            #! E305 number: "inf" is not a number
            number("nan")
            #! E305 number: "nan" is not a number
            number("1e400")
            #! E305 number: "1e400" is larger than a real can be
            number("1 2")
            #! E305 number: "1 2" is not a number
            number("1234 567")
            #! E305
            number("1.5 000")
            #! E305
            number("1e")
            #! E305
            number("1.2.3")
            #! E305
            number("+-1")
            #! E305
            integer("1 2")
            #! E305 integer: "1 2" is not a whole number
            integer("2.5")
            #! E305 integer: "2.5" is not a whole number
            number("-")
            #! E305
            integer(infinity())
            #! E304 integer: infinity is not a whole number
            round(1, digits: 16)
            #! E209
            print sqrt(0) exp(0) log(1) sin(0) cos(0) tanh(0) abs(-(2^70))
            #> 0.0000 1.000 0.0000 0.0000 1.000 0.0000 1180591620717411303424
            log10(0)
            #! E304
            log2(-1)
            #! E304
            abs(true)
            #! E305
            print (2^100000 > 0) (2^16 * 2^16)
            #> true 4294967296
            2^100001
            #! E308
            0^-1
            #! E304 division by zero
            print (0^0) (0^5) (1^(2^80)) ((-1)^(2^80)) ((-1)^(2^80 + 1)) (10^-2)
            #> 1 0 1 1 -1 0.01000
            """, "numbers")
    }

    @Test("statistics of ranges and of few values are those of their numbers")
    func statistics() {
        Self.expect(
            """
            print min(2...5) max(2..<5) sum(2..<5) sum(3..<3) mean(1...4) median(1...4) sum([2^62, 2^62])
            #> 2 4 9 0 2.500 2.500 9223372036854775808
            print min([5]) max(5) quantile([1, 2], 0.5) quantile([7], 0.9) quantile([1, 2, 3], 1) quantile([3, 1, 2], 0)
            #> 5 5 1.500 7.000 3.000 1.000
            print min(3, 1) max(3, 1) min(1, 3) max(1, 3) min(-1, 1) max(2, 2.5) min(2^70, 1) max("b", "a", "c")
            #> 1 3 1 3 -1 2.500 1 c
            min([])
            #! E305
            max(4..<4)
            #! E305
            quantile([1], 1.5)
            #! E209
            variance([1])
            #! E305 variance: needs at least 2 numbers
            sum(["a"])
            #! E305 sum: element 0 is text, not a number
            mean([1, none])
            #! E305
            """, "statistics")
    }

    // MARK: - Lists and texts

    @Test("lists are repeated, zipped, asked and taken apart as their help says, down to nothing")
    func lists() {
        Self.expect(
            """
            print repeated([1], 2) repeated("ab", 2) repeated(0, 0) length(repeated("ab", 0)) zip([1, 2, 3], 0..<2)
            #> [[1], [1]] abab [] 0 [[1, 0], [2, 1]]
            print any([false, true]) any([false]) all([true, false]) all([true])
            #> true false false true
            print all([1, 2], { x in x > 0 }) any([1, 2], { x in x > 2 })
            #> true false
            any([1])
            #! E301 any: 'any' takes true or false, not a whole number
            print append(0..<2, 5) reversed(0..<3) list("añ") enumerate(5..<7) index_of("abcb", "c") index_of([1], 2)
            #> [0, 1, 5] [2, 1, 0] ["a", "ñ"] [[0, 5], [1, 6]] 2 none
            print contains("abc", "") contains("", "a") contains([a: 1], "a")
            #> true false true
            print contains([a: 1], .b) contains([a: none], "a")
            #> false true
            print keys([b: 1, a: 2]) values([b: 1, a: 2]) keys(table([x: [1], y: [2]]))
            #> ["b", "a"] [1, 2] ["x", "y"]
            record(["a", "b", "a"], [1, 2, 3])
            #> [a: 3, b: 2]
            record(["a"], [1, 2])
            #! E312 record: 1 key and 2 values
            print range(0, 5, step: -1) range(3, 0) range(1, 4) range(0, 1, step: 0.5) range(0.5, 2)
            #> [] [] [1, 2, 3] [0.0000, 0.5000] [0.5000, 1.500]
            range(0, 3, step: 0)
            #! E305 range: the step must not be 0
            range(0, infinity())
            #! E305 range: to is infinity, and a list has an end
            range(nan(), 3)
            #! E305 range: from is nan, and a list has an end
            range(0, 1, step: infinity())
            #! E305 range: step is infinity, and a list has an end
            print length(head(list(0..<20))) (tail(list(0..<20)))[0] head("abcdef", 3) head(0..<9, 2) tail(0..<9, 2)
            #> 10 10 abc 0..<2 7..<9
            print map("abc", { c in c + "!" }) map(2..<4, { x in x * x }) filter(0..<5, { x in x % 2 == 0 })
            #> ["a!", "b!", "c!"] [4, 9] [0, 2, 4]
            filter [1, 2]
            #! E305 filter: a condition is missing
            filter [1, 2] where .a > 1
            #! E305
            print reduce([1, 2, 3], 10, { a, x in a - x }) flatten([0..<2, [5], 7]) length(3...1) length([a: 1, b: 2])
            #> 4 [0, 1, 5, 7] 0 2
            """, "lists")
    }

    @Test("an index and a range reach what they name, and a message says what there is")
    func indices() {
        Self.expect(
            """
            let xs = [10, 20, 30]
            print xs[0] xs[2] xs[-1] xs[-3] xs[1...] xs[..<1] xs[...1] xs[-2...] xs[0..<0] xs[3...] xs[1...1] xs[..<-1]
            #> 10 30 30 10 [20, 30] [10] [10, 20] [20, 30] [] [] [20] [10, 20]
            print xs[3..<2] xs[2..<1] xs[3...1] xs[0..<-3]
            #> [] [] [] []
            xs[4..<3]
            #! E303
            xs[3]
            #! E303 index 3 is outside 0...2
            [][0]
            #! E303 index 0 is outside: there are no elements
            xs[1..<4]
            #! E303 this range reaches outside of the 3 elements
            xs[0...3]
            #! E303
            xs[-4...]
            #! E303
            xs[0, 1]
            #! E303 a list takes one index, not 2
            xs[1.0]
            #! E301
            let five = 5...9
            let word = "añb"
            print five[-1] five[1..<3] word[-1] word[1...] word[1..<2] length(five[0..<0])
            #> 9 6..<8 b ñb ñ 0
            let r = 0..<3
            r[1] = 9
            print r
            #> [0, 9, 2]
            let nested = [[1, 2], [3]]
            nested[-1][0] = 5
            print nested
            #> [[1, 2], [5]]
            xs[0..<2] = 1
            #! E301
            let rec = [a: [b: 1]]
            rec["c"] = 3
            rec.a["b"] = 2
            print rec rec["c"] rec[.c]
            #> [a: [b: 2], c: 3] 3 3
            let t = table([a: [1, 2]])
            t.b = ["x", "y"]
            t["a"] = [3, 4]
            t
            #> a  b
            #> 3  x
            #> 4  y
            t.b = [1]
            #! E312 a column of this table is a list of 2 values
            print t[-1].a t[0..<1].b t[.a] length(t[1...])
            #> 4 ["x"] [3, 4] 1
            let text = "abc"
            text[0] = "x"
            #! E301
            """, "indices")
    }

    @Test("texts are split, padded and written as they would be typed")
    func texts() {
        Self.expect(
            #"""
            print split("abc", "") split(",a,", ",") split("") replace("abc", "", "x")
            #> ["a", "b", "c"] ["", "a", ""] [] abc
            print replace("aaa", "a", "bb") lower("ÀB")
            #> bbbbbb àb
            print starts_with("abc", "bc") ends_with("abc", "ab") starts_with("a", "ab")
            #> false false false
            print trimmed("\n a b\t") joined([1, none], ", ")
            #> a b 1, none
            print "{padded("漢", 4)}|{padded("ab", 4, side: .right)}|"
            #>   漢|ab  |
            print "{padded("a", 4, with: "漢")}|{padded("a", 5, with: "漢", side: .right)}|{padded("ab", 5, with: "漢x")}|"
            #> 漢 a|a漢漢|漢xab|
            print "{padded(1, 3, with: "ab")}|{padded("abcd", 3)}|{padded(1, 3, with: "")}"
            #> ab1|abcd|1
            print text(3.14159) text(3, digits: 2) text(0.000123456, digits: 2)
            #> 3.142 3 0.00012
            print fixed(1 / 3, 3) fixed(2, 1) text([1.5, "a"])
            #> 0.333 2.0 [1.500, "a"]
            ["a\"b\\\{\}\n\t\u{1}é"]
            #> ["a\"b\\\{\}\n\t\u{1}é"]
            [a: 1, "b c": 2, "1x": 3, _y: [:], z: []]
            #> [a: 1, "b c": 2, "1x": 3, _y: [:], z: []]
            print "{1 + 1}{"x"}{[1, "a"]}{none}" length("é") length("👩‍👩‍👧") reversed("añ")
            #> 2x[1, "a"]none 1 1 ña
            """#, "texts")
    }

    // MARK: - Tables

    @Test("group, sort, join and select do with rows and columns what their help says")
    func tables() {
        Self.expect(
            """
            group table([k: [2, 1, 1.0, 2], v: [4, 1, 3, none]]) mean: .v std: .v median: .v max: .v by .k
            #> k  n  mean_v  max_v  std_v  median_v
            #> 2  2   4.000      4      –     4.000
            #> 1  2   2.000      3  1.414     2.000
            group table([a: ["x", "x", "y"], b: [1, 2, 1]]) by [.a, .b]
            #> a  b  n
            #> x  1  1
            #> x  2  1
            #> y  1  1
            group table([a: ["x", "y"], v: [none, 2]]) sum: .v min: .v by .a
            #> a  n  sum_v  min_v
            #> x  1      0      –
            #> y  1      2      2
            let t = table([k: [3, 1, none, 2], v: ["c", "a", "n", "b"]])
            let up = sort t .k
            let down = sort t .k descending: true
            let named = sort t .v
            print up.v down.v named.k
            #> ["a", "b", "c", "n"] ["c", "b", "a", "n"] [1, 2, 3, none]
            let some = select(t, .v, .k)
            let above = filter t where .k != none and .k > 1
            let both = filter t { r in r.v != "c" } where .k != 2
            print keys(some) length(above) both.v
            #> ["v", "k"] 2 ["a", "n"]
            table([[a: 1], [b: 2, a: none]])
            #> a  b
            #> 1  –
            #> –  2
            print rows(table([a: [1, 2], b: ["x", "y"]])) table([a: [1]])
            #> [[a: 1, b: "x"], [a: 2, b: "y"]] table of 1 row: a
            let other = table([v: ["x", "y", "z"], k: [3, 1, 3.0]])
            join table([k: [1, 2, 3], v: ["a", "b", "c"]]) other on: .k keep: .left
            #> k  v  v_2
            #> 1  a  y
            #> 2  b  –
            #> 3  c  x
            #> 3  c  z
            join table([k: [1]]) table([k: [2], b: [3]]) on: .k
            #> k  b
            #> no rows
            sort t .kk
            #! E306 sort: the table has no column 'kk'; did you mean '.k'?
            table([1, 2])
            #! E305 table: a row is a record, not a whole number
            table([a: 1])
            #! E305 table: 'a' is a whole number, not a list
            """, "tables")
    }

    @Test("of a long table the first twenty rows and the last five are shown, of one of forty all")
    func longTables() {
        func lines(_ count: Int) -> [String] {
            TableObject([.init("n", Array(0..<count))]).display(DisplayOptions()).lines.map {
                $0.plain.filter { $0 != " " }
            }
        }
        #expect(lines(40) == (["n"] + (0..<40).map { "\($0)" }))
        var expected = ["n"]
        for row in 0..<20 { expected.append("\(row)") }
        expected.append("…16morerows…")
        for row in 36..<41 { expected.append("\(row)") }
        #expect(lines(41) == expected)
        #expect(lines(0) == ["n", "norows"])
        #expect(TableObject([]).display(DisplayOptions()).lines.map(\.plain) == ["an empty table"])
    }

    @Test("a hidden column is in the JSON and in no picture of the table, and what is too wide is cut with a mark")
    func hiddenAndCut() {
        let table = TableObject([
            .init("n", [1]), .init("secret", [7.0], format: .hidden),
            .init("t", [String(repeating: "x", count: 30)]),
        ])
        let bundle = table.display(DisplayOptions(width: 24, wantsSVG: true))
        #expect(bundle.lines.map(\.plain) == ["n  t", "1  " + String(repeating: "x", count: 20) + "…"])
        #expect(bundle.json == #"[{"n":1,"secret":7.0,"t":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}]"#)
        #expect(bundle.html?.contains("secret") == false)
        #expect(table.display(DisplayOptions()).html == nil)
        let small = TableObject([.init("a<", [1]), .init("b", ["&"])], notes: ["n > 1"])
        let page = [
            "<table>",
            #"<thead><tr><th style="text-align: right">a&lt;</th><th style="text-align: left">b</th></tr>"#,
            "</thead>", "<tbody>",
            #"<tr><td style="text-align: right">1</td><td style="text-align: left">&amp;</td></tr>"#,
            "</tbody>", "</table>", "<p>n &gt; 1</p>", "",
        ].joined(separator: "\n")
        #expect(small.display(DisplayOptions(wantsSVG: true)).html == page)
        let long = TableObject([.init("n", Array(0..<1001))]).display(DisplayOptions(wantsSVG: true)).html ?? ""
        #expect(long.contains(">19</td>") && !long.contains(">20</td>") && long.contains("… 981 more rows"))
        let whole = TableObject([.init("n", Array(0..<1000))]).display(DisplayOptions(wantsSVG: true)).html ?? ""
        #expect(whole.contains(">999</td>") && !whole.contains("more rows"))
    }

    @Test("a long list says how many elements it has, a wide record has a line for each key")
    func longValues() {
        let list = Value.list((0..<100).map { .integer($0) }).display(DisplayOptions(width: 60)).lines
        #expect(list.count == 1)
        #expect(list[0].plain.hasPrefix("[0, 1, 2, 3, ") && list[0].plain.hasSuffix(", …]  100 elements"))
        #expect(Value.list([1, 2].map { .integer($0) }).display(DisplayOptions(width: 60)).lines == ["[1, 2]"])
        let record = Value.record([("a", .integer(1)), ("long", .text(String(repeating: "x", count: 60)))])
        #expect(
            record.display(DisplayOptions(width: 30)).lines.map(\.plain) == [
                "a:    1", "long: \"" + String(repeating: "x", count: 22) + "…",
            ])
        #expect(record.display(DisplayOptions(width: 100)).lines.count == 1)
    }

    @Test(
        "columns of a terminal are counted by character",
        arguments: [
            ("a", 1), ("漢", 2), ("e\u{301}", 1), ("👩‍👩‍👧", 2), ("\u{2764}\u{FE0F}", 2), ("\u{AD}", 0), ("\u{200B}", 0),
            ("한", 2), ("ａ", 2), ("é", 1), ("", 0), ("→", 1), ("🙂x", 3),
        ])
    func widths(_ text: String, _ width: Int) { #expect(DisplayWidth.of(text) == width) }
}
