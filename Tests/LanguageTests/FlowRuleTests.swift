// Rules of what runs when: loops, conditions, functions and what they take along, errors that are caught, limits.

import Testing

@testable import Language

@Suite("The rules of running") struct FlowRuleTests {
    private func check(_ text: String) {
        let differences = ScriptRunner.differences(text, name: "flow")
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    // MARK: - Loops

    @Test("a loop goes through what there was when it began, and a list that grows meanwhile does not keep it going")
    func growing() {
        check(
            """
            let xs = [1, 2, 3]
            for x in xs { xs = append(xs, x * 10) }
            print xs
            #> [1, 2, 3, 10, 20, 30]
            for x in xs { xs = [] }
            print xs
            #> []
            def doubled(values) { for v in values { values = append(values, v) }; values }
            doubled([1, 2])
            #> [1, 2, 1, 2]
            """)
    }

    @Test("a break leaves the inner loop alone, a continue goes on with the next turn, of both kinds of loops")
    func jumps() {
        check(
            """
            let seen = []
            for a in 0..<3 {
              let b = 0
              while true {
                b = b + 1
                if b == 2 { continue }
                if b > 3 { break }
                seen = append(seen, 10 * a + b)
              }
            }
            print seen
            #> [1, 3, 11, 13, 21, 23]
            let odd = []
            for k in 0...6 { if k % 2 == 0 { continue }; if k == 5 { break }; odd = append(odd, k) }
            print odd
            #> [1, 3]
            for k in 5..<5 { print k }
            for k in 7...7 { print k }
            #> 7
            for k in 3...1 { print k }
            def first(xs) { for x in xs { if x > 2 { return x } }; "none of them" }
            print first([1, 5, 7]) first([1])
            #> 5 none of them
            """)
    }

    @Test("rows of a table, numbers of an array and characters of a text are gone through, keys of a record are not")
    func walks() {
        check(
            """
            for row in table([a: [1, 2], b: ["x", "y"]]) { print row }
            #> [a: 1, b: "x"]
            #> [a: 2, b: "y"]
            for number in array([1.5, 2]) { print number }
            #> 1.500
            #> 2.000
            for part in array([[1, 2], [3, 4]]) { print part.shape part[0] }
            #> [2] 1.000
            #> [2] 3.000
            for item in [[1, 2], "ab", none] { print item }
            #> [1, 2]
            #> ab
            #> none
            """)
        #expect(
            Answers.of("let f = { x in for k in x { print k } }\nf([a: 1])") == [
                "E301 for cannot go through a record | write keys(r) for its keys"
            ])
        #expect(
            Answers.of("let f = { x in for k in x { print k } }\nf(3)") == [
                "E301 for cannot go through a whole number | write 0..<8, or a list"
            ])
        #expect(
            Answers.of("let f = { x in for k in x { print k } }\nf(none)") == [
                "E301 for cannot go through none | write 0..<8, or a list"
            ])
    }

    // MARK: - Functions

    @Test("a function gives its last value, what it returns, or none")
    func results() {
        check(
            """
            def last(x) { x + 1; x + 2 }
            def early(x) { if x > 0 { return "above" }; "below" }
            def nothing(x) { let y = x }
            def bare(x) { return }
            def some(x) { if x > 0 { "above" } }
            def tried(x) { try { 10 // x } catch problem { "no: {problem}" } }
            def quiet(x) { try { 10 // x } catch { 0 } }
            def looped() { for k in 0..<3 { k } }
            print last(1) early(1) early(0) nothing(1) bare(1) some(1) some(0) looped()
            #> 3 above below none none above none none
            print tried(5) tried(0) quiet(3) quiet(0)
            #> 2 no: division by zero 3 0
            """)
    }

    @Test("a default is what it was when the function was made, and a label takes its value wherever it stands")
    func defaults() {
        check(
            """
            let base = 1
            def from(x, width: base * 10, times: 2) { x + width * times }
            base = 5
            print from(0) from(0, width: 1) from(0, times: 1) from(0, times: 3, width: 2)
            #> 20 2 10 6
            """)
    }

    @Test("what a function names and somebody changes later it sees changed, and each call has names of its own")
    func captured() {
        check(
            """
            def pair() {
              let n = 0
              [{ n = n + 1; n }, { n = n * 10; n }, { n }]
            }
            let one = pair()
            let two = pair()
            print one[0]() one[1]() one[2]() two[2]() one[0]() two[0]()
            #> 1 10 10 0 11 1
            def adder(x) { return { y in x = x + y; x } }
            let made = [adder(1), adder(100)]
            print made[0](1) made[0](1) made[1](1)
            #> 2 3 101
            let scale = 2
            let scaled = { x in x * scale }
            scale = 10
            scaled(3)
            #> 30
            def chain(n) { let f = { n }; n = n + 1; f() }
            chain(1)
            #> 2
            def even(n) { if n == 0 { true } else { odd(n - 1) } }
            def odd(n) { if n == 0 { false } else { even(n - 1) } }
            print even(10) odd(10)
            #> true false
            """)
    }

    @Test("a parameter and a name inside of a function hide those outside, which stay as they are")
    func hiding() {
        check(
            """
            let x = 1
            def f(x) { x = x * 2; let y = x; x = (x + 1) * x - y; x }
            print f(3) x
            #> 36 1
            def g() { let x = 5; if true { let x = 6; x = 7 }; x }
            print g() x
            #> 5 1
            def h() { x = 8; x }
            print h() x
            #> 8 8
            """)
    }

    @Test("what is added is computed after what it is added to, also where the list grows in its place")
    func growth() {
        check(
            """
            let xs = [1]
            def more() { xs = append(xs, 2); [3] }
            xs = xs + more()
            print xs
            #> [1, 3]
            let t = "a"
            let same = t
            t = t + "b"
            t = t + t
            print t same
            #> abab a
            let list = [1]
            let kept = list
            list = append(list, 2)
            list = list + list
            list = append(list, list)
            print list kept
            #> [1, 2, 1, 2, [1, 2, 1, 2]] [1]
            def local() { let a = [1]; let b = a; a = append(a, 2); a = a + [3]; [a, b] }
            local()
            #> [[1, 2, 3], [1]]
            let range = 0..<2
            range = append(range, 9)
            range
            #> [0, 1, 9]
            """)
        #expect(
            Answers.of("let f = { x in x = append(x, 1) }\nf(\"a\")") == [
                "E301 append: the first value is a list, not text | start with let xs = []"
            ])
    }

    @Test(
        "a call that does not fit is refused while running with the name that was called, and what it takes",
        arguments: [
            ("def g(x) { x }", "f(1, 2)", "E305 g: takes one value by place | take some away"),
            ("def g(x, y) { x }", "f(1)", "E305 g: y is missing | it takes x y"),
            ("def g(x, scale: 1) { x }", "f(1, scal: 2)", "E305 g: 'scal' is not a label of g; did you mean 'scale:'?"),
            ("def g(x, scale: 1) { x }", "f(1, zzzz: 2)", "E305 g: 'zzzz' is not a label of g | it takes scale:"),
            ("def g(x, scale: 1) { x }", "f(scale: 2)", "E305 g: x is missing | it takes x scale:"),
            ("def g() { 1 }", "f(1)", "E305 g: takes no value by place | take some away"),
            ("let g = { x in x }", "f(1, 2)", "E305 f: takes one value by place | take some away"),
            ("let g = { x in x }", "[g][0](1, 2)", "E305 this function: takes one value by place | take some away"),
            (
                "let g = 3", "f(1)",
                "E301 'f' is a whole number and cannot be called | functions are made with def or { x in … }"
            ),
            (
                "let g = none", "[g][0](1)",
                "E301 this is none and cannot be called | functions are made with def or { x in … }"
            ),
        ])
    func badCalls(_ definition: String, _ call: String, _ expected: String) {
        let found = Answers.of("\(definition)\nlet h = { f in \(call) }\nh(g)")
        #expect(found.count == 1 && found[0].hasPrefix(expected), "\(found)")
    }

    @Test("a name that has its value only later is told while running, and a result that is not there as one")
    func laterNames() {
        #expect(
            Answers.of("def f() { later }\nf()\nlet later = 1") == [
                "E302 'later' has no value | write let later = … before it"
            ])
        #expect(
            Answers.of("let total = 1\ndef f() { totals }\nf()\nlet totals = 1") == [
                "E302 'totals' has no value; did you mean 'total'? | write total"
            ])
        #expect(
            Answers.of("def f() { _ }\nf()") == [
                "E302 there is no result yet | results are numbered as the prompt shows them"
            ])
        #expect(
            Answers.of("def f() { _4 }\nf()") == [
                "E302 there is no result '_4' | results are numbered as the prompt shows them"
            ])
    }

    @Test(
        "a range has whole numbers at its ends, and a choice a whole number for its index",
        arguments: [
            ("0..<x", "1.5", "E301 a range goes from one whole number to another, not to a number | write 0..<8"),
            ("x...3", "\"a\"", "E301 a range goes from one whole number to another, not to text | write 0..<8"),
            ("[1][x...]", "none", "E301 a range goes from one whole number to another, not to none | write 0..<8"),
            ("-2...x", "9223372036854775806", "E304 this range is too long | keep its ends below 2^62"),
            ("0...x", "9223372036854775807", "E304 this range is too long | keep its ends below 2^62"),
            (".a[x]", "\"b\"", "E301 .a is indexed with a whole number, not text | write .a[0]"),
        ])
    func ends(_ text: String, _ value: String, _ expected: String) {
        #expect(Answers.of("let f = { x in \(text) }\nf(\(value))") == [expected])
        #expect(
            Answers.of("let f = { x in [1] + x }\nf(0..<10^15)") == [
                "E308 0..<1000000000000000 is too long to become a list | go through it with for, or take a part of it"
            ])
    }

    // MARK: - Errors

    @Test("an error goes to the nearest catch around it, once, and what a catch itself raises goes further out")
    func catching() {
        check(
            """
            try {
              try { error("inner") } catch e { print "first {e}" }
              print "goes on"
              error("outer")
            } catch e { print "second {e}" }
            #> first inner
            #> goes on
            #> second outer
            try {
              try { error("one") } catch e { error("two after {e}") }
            } catch e { print e }
            #> two after one
            def deep(n) { if n == 0 { 1 // 0 } else { deep(n - 1) } }
            try { deep(3); print "not here" } catch e { print e.code e.line }
            #> E304 1
            let e = try [1, 2][(try 1 // 0).line + 5]
            print e.code e
            #> E303 index 6 is outside 0...1
            print failed((try deep(0))) (try 7) ((try 3) + 1)
            #> true 7 4
            for k in 0..<3 { try { if k == 1 { error("at {k}") }; print k } catch e { print e } }
            #> 0
            #> at 1
            #> 2
            """)
    }

    @Test("an error as a value has its code, message, line and help, and equals itself and no other")
    func errors() throws {
        check(
            """
            let e = try 1 // 0
            print kind(e) e.code e.message e.line e.help
            #> error E304 division by zero 1 test the divisor before '//'
            let own = try error("mine")
            print own.help own own.message
            #> none mine mine
            print (e == e) (e == own) (own == "mine")
            #> true false false
            """)
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.run(SourceText("let e = try error(\"a \\\"b\\\"\")\ne"))
        let bundle = try #require(recorder.bundles.last)
        #expect(bundle.lines.first?.runs.map(\.style) == [.error, .plain] && bundle.text == "error E311 a \"b\"")
        #expect(bundle.json == #"{"error":"E311","message":"a \"b\""}"#)
        #expect(session.value(of: "e")?.fieldNames == ["code", "message", "line", "help"])
        #expect(session.context.variables["e"]?.fields == [])
    }

    // MARK: - Limits

    @Test("the limits of a text begin with it: turns and calls count, and what ran before does not")
    func steps() {
        func run(_ limit: Int, _ texts: String...) -> [String] {
            let session = TestSession.make()
            session.limits = Limits(steps: limit)
            return texts.flatMap { Answers.of($0, session) }
        }
        func turns(_ count: Int) -> String { "let n = 0\nwhile n < \(count) { n = n + 1 }" }
        func stopped(_ count: Int) -> String {
            "E308 stopped after \(count) steps | raise the limit, or look for a loop without end"
        }
        #expect(run(100, turns(90), turns(90)) == [] && run(100, turns(101)) == [stopped(100)])
        #expect(run(1500, turns(1490), turns(1490)) == [] && run(1500, turns(1501)) == [stopped(1500)])
        #expect(run(3000, "for k in 0..<2990 { k }") == [] && run(3000, "for k in 0..<3001 { k }") == [stopped(3000)])
        let calls = "def f() { 1 }\nfor k in 0..<60 { f() }"
        #expect(run(150, calls) == [] && run(100, calls) == [stopped(100)])
        // Statement by statement they begin anew with each.
        let session = TestSession.make()
        session.limits = Limits(steps: 100)
        let prepared = session.prepare(SourceText(turns(90) + "\n" + turns(90)))
        #expect(prepared.statements.indices.allSatisfy { session.run(prepared, statement: $0) == .finished })
    }

    @Test("time and memory that are over are told with the limit")
    func timeAndMemory() {
        let session = TestSession.make()
        session.limits = Limits(seconds: 0.05)
        #expect(
            Answers.of("while true { }", session) == [
                "E308 stopped after 0.05000 s | raise the limit, or look for a loop without end"
            ])
        session.limits = Limits(memoryBytes: 192 << 20)
        func stopped(_ verb: String) -> String {
            "E308 \(verb): stopped before using more than 192 MB | raise the limit, or keep less at once"
        }
        #expect(Answers.of("let t = repeated(\"abc\", 10^12)", session) == [stopped("repeated")])
        #expect(Answers.of("let r = repeated(0, 10^12)", session) == [stopped("repeated")])
        #expect(Answers.of("let r = range(0, 10^12)", session) == [stopped("range")])
        #expect(Answers.of("let r = list(0..<10^12)", session) == [stopped("list")])
        // Nothing is limited but memory and depth unless somebody says so.
        #expect(Limits().steps == nil && Limits().seconds == nil)
        #expect(Limits().memoryBytes == 2_147_483_648 && Limits().callsMax == 10_000)
    }

    @Test("verbs that call functions that call verbs nest a hundred deep and no deeper")
    func reentry() {
        let text = "def f(n) { if n == 0 { 0 } else { (map [n - 1] { x in f(x) })[0] } }\n"
        #expect(Answers.of(text + "f(99)") == ["0"])
        #expect(
            Answers.of(text + "f(100)") == ["E307 map: verbs and functions nest more than 100 deep | use a loop"])
    }

    @Test(
        "lists nest five hundred deep, and a value holds sixteen million others, shared ones as often as they are there"
    )
    func shapes() {
        func nested(_ turns: Int) -> [String] { Answers.of("let xs = []\nfor k in 0..<\(turns) { xs = [xs] }") }
        #expect(nested(500) == [])
        #expect(nested(501) == ["E307 values nest more than 500 deep | keep them flat, in one list"])
        // Twofold with every turn: after n of them there are 2 to the n + 2 less two.
        func doubled(_ turns: Int) -> [String] { Answers.of("let a = [1, 1]\nfor k in 0..<\(turns) { a = [a, a] }") }
        #expect(doubled(22) == [])
        #expect(
            doubled(23) == [
                "E308 a value would hold more than 16 million others | "
                    + "look for a list that is put into itself again and again"
            ])
        // A record within a record counts as a list does.
        let records = "let r = [:]\nfor k in 0..<500 { r = [in_it: r] }"
        #expect(Answers.of(records) == [] && Answers.of(records + "\nr = [r]").first?.hasPrefix("E307") == true)
    }
}
