// Rules of the functions and verbs of the language at their boundaries, beside those of ValueRuleTests and of the
// scripts: what is empty, missing or no number, the ends of what is counted, and what is said of what is refused.

import Testing

@testable import Language

@Suite("The rules of the library") struct LibraryRuleTests {
    private func check(_ text: String) {
        let differences = ScriptRunner.differences(text, name: "library")
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    // MARK: - Numbers

    @Test("nothing has a norm, but no middle and no spread")
    func least() {
        check(
            """
            norm([])
            #> 0.0000
            variance([])
            #! E305 variance: there are no numbers
            median([])
            #! E305 median: there are no numbers
            quantile([], 0.5)
            #! E305 quantile: there are no numbers
            mean(table([a: [1]]))
            #! E305 mean: takes a list or an array of numbers, not a table
            """)
    }

    @Test("the sum of a range is that of its numbers, below zero as well")
    func sums() {
        check(
            """
            print sum(-3...5) sum(-5...2) sum(4...4) sum(-4..<-1)
            #> 9 -12 4 -9
            sum([1, "a"])
            #! E305 sum: element 1 is text, not a number
            """)
    }

    @Test("of equal numbers the first is the largest, and where there are none, none is")
    func extremes() {
        check(
            """
            print max([2, 2.0]) max([2.0, 2]) min([2.0, 2]) min([nan(), nan()]) max(3)
            #> 2 2.000 2.000 nan 3
            min(5...2)
            #! E305 min: there are no numbers
            max(array([nan()]))
            #> nan
            max(array([]))
            #! E305 max: there are no numbers
            """)
    }

    @Test("what is too large to be scaled stays as it is, and what is no number is rounded to none")
    func rounding() {
        check(
            """
            print round(1e300, digits: 15) round(0.125, digits: 2)
            #> 1.000e300 0.1300
            floor(infinity())
            #! E304 floor: infinity is not a whole number
            round(nan())
            #! E304 round: nan is not a whole number
            """)
    }

    @Test("each logarithm begins above zero, and a list is sent to map")
    func domains() {
        check(
            """
            print log2(8) log10(1000)
            #> 3.000 3.000
            log2(0)
            #! E304 log2: the logarithm of a number that is not positive has no value
            sqrt([4])
            #! E305 sqrt: takes a number or an array, not a list
            """)
    }

    @Test("a text is a whole number only by its digits and a sign")
    func wholeTexts() {
        check(
            """
            integer("+5")
            #> 5
            integer("+")
            #! E305 integer: "+" is not a whole number
            integer("-")
            #! E305 integer: "-" is not a whole number
            integer("")
            #! E305 integer: "" is not a whole number
            number("")
            #! E305 number: "" is not a number
            print number(" 3 ") kind(number("12")) kind(number("12.0"))
            #> 3 integer real
            """)
    }

    @Test("a number as a text has from one to seventeen digits, and up to seventeen decimals")
    func numberTexts() {
        check(
            """
            print text(0.1, digits: 17) text(7, digits: 1) fixed(-0.001, 2) fixed(0.5, 17)
            #> 0.10000000000000001 7 0.00 0.50000000000000000
            text(1, digits: 0)
            #! E209 text: 'digits:' takes a whole number from 1 to 17, 0 is outside
            text(1, digits: 18)
            #! E209
            fixed(1, 18)
            #! E209
            """)
    }

    // MARK: - Texts and lists

    @Test("an empty text has one part between separators and no word, and a text is joined by its letters")
    func splitting() {
        check(
            """
            print split("", ",") length(split(" \\t a\\n")) "{joined("abc", "-")}|{trimmed("   ")}|"
            #> [""] 1 a-b-c||
            """)
    }

    @Test("steps end before the last also where they are no exact numbers, and go down with a step below zero")
    func steps() {
        check(
            """
            print length(range(0, 1, step: 0.1)) length(range(0, 0.3, step: 0.1)) range(5, 0, step: -2)
            #> 10 3 [5, 3, 1]
            """)
    }

    @Test("nothing follows what is no number, whichever way is sorted")
    func sorting() {
        check(
            """
            sorted([3, nan(), 1, none, 2], descending: true)
            #> [3, 2, 1, nan, none]
            """)
    }

    @Test("a text is asked for texts only, a record for its keys, a list for what is equal")
    func holding() {
        check(
            """
            print contains([a: 1], "b") contains([a: 1], 1) contains([1, 2], 1.0) contains([], none)
            #> false false true false
            contains("abc", 1)
            #! E305 contains: a text contains texts, not a whole number
            append("a", 3)
            #! E305 append: the first value is a list, not text
            """)
    }

    @Test("a question about all ends with the first answer that decides it")
    func quantifiers() {
        check(
            """
            print any([true, 1]) all([true, false, 1]) flatten([[1], [[3]], "ab"])
            #> true false [1, [3], "ab"]
            all([true, 1])
            #! E301 all: 'all' takes true or false, not a whole number
            """)
    }

    @Test("records and arrays are made of as many values as they have places")
    func making() {
        check(
            """
            print array([[], []]).shape array([]).shape array([[[1, 2]]]).shape
            #> [2, 0] [0] [1, 1, 2]
            record(["a", "b"], [1])
            #! E312 record: 2 keys and 1 value
            array([[1], 2])
            #! E312 array: the lists in it differ in length
            array([1, "a"])
            #! E312 array: text stands where a number belongs
            array([1, [2]])
            #! E312 array: a list stands where a number belongs
            array(3)
            #! E305 array: takes a list, not a whole number
            """)
    }

    // MARK: - Tables

    private static let tables = """
        let t = table([k: ["b", "a", "b", "c"], v: [3, none, 5, 1], w: [1.5, 2, nan(), 4]])
        let u = table([k: ["b", "c", "c"], v: [10, 20, 30]])

        """

    @Test("rows with no number in the column come last with all of their values")
    func sortedRows() {
        check(
            Self.tables + """
                [(sort t .w).k, (sort t .w descending: true).k, (sort t .v).w]
                #> [["b", "a", "c", "b"], ["c", "a", "b", "b"], [4, 1.500, nan, 2]]
                sort t .q
                #! E306 sort: the table has no column 'q'
                """)
    }

    @Test("all rows are one group where none is named, none of none, and what is no number makes a mean that is none")
    func groups() {
        check(
            Self.tables + """
                group t mean: [.v, .w] by .k
                #> k  n  mean_v  mean_w
                #> b  2   4.000     nan
                #> a  1       –   2.000
                #> c  1   1.000   4.000
                group t
                #> n
                #> 4
                group (head t 0) by .k
                #> k  n
                #> no rows
                group t mean: .q by .k
                #! E306 group: the table has no column 'q'
                """)
    }

    @Test("joined rows come in the order of the first table, only those that agree unless said otherwise")
    func joined() {
        check(
            Self.tables + """
                join t u on: .k
                #> k  v      w  v_2
                #> b  3  1.500   10
                #> b  5    nan   10
                #> c  1      4   20
                #> c  1      4   30
                [(join t u on: .k keep: .left).v_2, (join t u on: .k keep: .both).k, (join u t on: .k).v]
                #> [[10, none, 10, 20, 30], ["b", "b", "c", "c"], [10, 10, 20, 30]]
                join t u on: .q
                #! E306 join: the table has no column 'q'
                join t u
                #! E205 join: 'on:' is missing
                """)
    }

    @Test("a filter asks elements with functions, rows and records with 'where', and takes true or false alone")
    func filters() {
        check(
            """
            filter "abc" { x in x != "b" }
            #> ["a", "c"]
            filter [1] where .a > 1
            #! E305 filter: 'where' looks at rows and records; for other elements give a function
            filter [1] { x in x }
            #! E301 filter: 'filter' takes true or false, not a whole number
            """)
    }

    @Test("the first and the last are ten unless said, and numbers and records have none")
    func ends() {
        check(
            """
            print (head (1...20)) (tail (1...20)) (tail [1] 3)
            #> 1..<11 11..<21 [1]
            head 3
            #! E305 head: a whole number has no parts
            map [a: 1] { x in x }
            #! E305 map: takes a list, not a record
            keys([1])
            #! E305 keys: takes a record or a table, not a list
            table([])
            #> an empty table
            """)
    }

    // MARK: - The session

    @Test("what is printed is one text as JSON, and there is nothing to undo before anything has changed")
    func printed() {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.run(SourceText("print \"a\\nb\" 1\nprint"))
        #expect(recorder.bundles.map(\.json) == ["\"a\\nb 1\"", "\"\""])
        session.run(SourceText("undo"))
        #expect(recorder.errors.map(\.message) == ["undo: there is nothing to undo"])
        session.run(SourceText("let b = 1\nlet a = 2.5\nlet c = none\nlet v = vars"))
        let table = session.value(of: "v")?.asTable
        #expect(table?["name"]?.values.compactMap(\.asText) == ["a", "b", "c"])
        #expect(table?["kind"]?.values.compactMap(\.asText) == ["real", "integer", "none"])
    }
}
