// The machine held against other routes: exact arithmetic of another library, random programs, limits and interrupts.

import BigInt
import Foundation
import Language
import Support
import Synchronization
import TestSupport
import Testing

@Suite("The machine") struct MachineTests {
    // MARK: - Numbers

    /// An expression of integers with its value, or nil where it divides by zero.
    private func expression(_ random: inout TestRandom, _ depth: Int) -> (text: String, value: BigInt?) {
        if depth == 0 || random.chance(0.2) {
            let sizes: [ClosedRange<Int>] = [
                0...9, 0...1_000_000, Int.max - 5...Int.max, 3_037_000_490...3_037_000_510,
            ]
            let number = Int.random(in: random.pick(sizes), using: &random)
            return random.chance(0.3) ? ("(-\(number))", -BigInt(number)) : ("\(number)", BigInt(number))
        }
        let left = expression(&random, depth - 1)
        let right = expression(&random, depth - 1)
        let sign = random.pick(["+", "-", "*", "//", "%"])
        let text = "(\(left.text) \(sign) \(right.text))"
        guard let a = left.value, let b = right.value else { return (text, nil) }
        switch sign {
        case "+": return (text, a + b)
        case "-": return (text, a - b)
        case "*": return (text, a * b)
        default:
            if b == 0 { return (text, nil) }
            // Rounded down: the remainder has the sign of the divisor.
            var rest = a % b
            if rest != 0, (rest < 0) != (b < 0) { rest += b }
            return (text, sign == "%" ? rest : (a - rest) / b)
        }
    }

    @Test("computes integers exactly, whatever their size")
    func integers() {
        var random = TestRandom(seed: 3)
        for round in 0..<800 {
            let (text, value) = expression(&random, 1 + round % 4)
            // Once as constants, once through variables of a function.
            let shown = TestSession.shown(
                round % 2 == 0 ? text : "def f() { let x = \(text); let y = x; return y }\nf()")
            #expect(shown == value.map { String($0) } ?? "E304", "\(text)")
        }
    }

    @Test("compares integers and reals by their values")
    func comparisons() {
        var random = TestRandom(seed: 4)
        let numbers: [(text: String, value: Double)] = [
            ("0", 0), ("1", 1), ("-1", -1), ("2.5", 2.5), ("1.0", 1), ("1e300", 1e300), ("100000000000000000000", 1e20),
            ("-2.5", -2.5), ("7", 7),
        ]
        for _ in 0..<40 {
            let (a, b) = (random.pick(numbers), random.pick(numbers))
            for (sign, expected) in [
                ("<", a.value < b.value), ("<=", a.value <= b.value), (">", a.value > b.value),
                (">=", a.value >= b.value), ("==", a.value == b.value), ("!=", a.value != b.value),
            ] {
                #expect(
                    TestSession.shown("(\(a.text)) \(sign) (\(b.text))") == "\(expected)", "\(a.text) \(sign) \(b.text)"
                )
                #expect(
                    TestSession.shown("let a = \(a.text)\nif a \(sign) (\(b.text)) { print true } else { print false }")
                        == "\(expected)", "if \(a.text) \(sign) \(b.text)")
            }
        }
    }

    // MARK: - Random programs

    @Test("answers every random program with values or errors that have a place")
    func randomPrograms() {
        var programs = RandomPrograms(TestRandom(seed: 11))
        let count = runsSlowTests ? 1_000_000 : 400
        var finished = 0
        var statements = 0
        var codes: [String: Int] = [:]
        for round in 0..<count {
            let text = programs.program()
            let session = TestSession.make()
            session.limits = Limits(steps: 3000, seconds: 2, memoryBytes: 1 << 30)
            let recorder = TestSession.Recorder(session)
            let prepared = session.prepare(SourceText(text))
            for index in prepared.statements.indices where session.run(prepared, statement: index) == .finished {
                finished += 1
            }
            statements += prepared.statements.count
            for (diagnostic, source) in zip(recorder.errors, recorder.sources) {
                codes[diagnostic.code.rawValue, default: 0] += 1
                if diagnostic.span.start < 0 || diagnostic.span.end > source.count || diagnostic.message.isEmpty {
                    Issue.record("\(diagnostic) in\n\(text)")
                }
                if DiagnosticRenderer(width: 60).lines(diagnostic, in: source).count > 4 {
                    Issue.record("more than four lines in\n\(text)")
                }
            }
            // What is shown can be shown, whatever the width.
            if round % 4 == 0 {
                for variable in session.variables { _ = variable.value.display(DisplayOptions(width: 30)) }
            }
        }
        print(
            "note: \(count) random programs, \(finished) of \(statements) statements finished; \(codes.sorted { $0.value > $1.value }.prefix(12).map { "\($0.key) \($0.value)" }.joined(separator: ", "))"
        )
        #expect(finished > statements / 3)
    }

    // MARK: - Limits

    @Test(
        "stops at its limits with an error that has a place",
        arguments: [
            ("while true { }", "E308"), ("let n = 0\nwhile true { try { n = n + 1 } catch problem { } }", "E308"),
            ("def f() { while true { f2() } }\ndef f2() { 1 }\nf()", "E308"),
            ("map (0..<10^9) { x in x }", "E308"), ("reduce(0..<10^9, 0, { a, x in a })", "E308"),
        ])
    func steps(text: String, code: String) {
        #expect(TestSession.shown(text, limits: Limits(steps: 5000, memoryBytes: 256 << 20)) == code)
    }

    @Test("stops when its time is over")
    func time() {
        #expect(TestSession.shown("while true { }", limits: Limits(seconds: 0.05)) == "E308")
    }

    @Test(
        "stops before it uses more memory than it may",
        arguments: [
            "let t = \"ab\"\nwhile true { t = t + t }", "let xs = [1]\nwhile true { xs = xs + xs }",
            "let xs = []\nwhile true { xs = append(xs, repeated(0, 1000)) }", "list(0..<10^12)",
            "repeated(\"abc\", 10^12)", "repeated([1], 10^11)", "range(0, 10^13)",
            "let s = \"\"\nwhile true { s = \"{s}{s}ab\" }", "sum(list(0..<10^10))",
            "let n = 2\nwhile true { n = n * n }", "2^(2^40)",
            "def grow(x) { grow([x, repeated(1, 100000)]) }\ngrow(1)",
        ])
    func memory(text: String) {
        let shown = TestSession.shown(text, limits: Limits(memoryBytes: 192 << 20))
        #expect(["E308", "E307"].contains(shown), "\(text): \(shown)")
    }

    @Test(
        "answers recursion without end",
        arguments: [
            "def f(n) { f(n + 1) }\nf(0)", "def f(n) { 1 + f(n) }\nf(0)",
            "let f = { x in x }\nlet g = { x in h(x) }\nlet h = { x in g(x) }\ng(1)",
            "def f(n) { map [n] { x in f(x) } }\nf(0)",
            "def f(n) { sorted([1, 2, 3], by: { x in f(x) }) }\nf(0)", "let xs = []\nwhile true { xs = [xs] }",
            "let r = [:]\nwhile true { r = [inner: r] }", "let xs = [0]\nwhile true { xs[0] = xs }",
            "def chain() { let f = { 1 }; while true { let g = f; f = { g() } } }\nchain()",
            "def f(n) { let e = try f(n + 1); f(n) }\nf(0)",
        ])
    func recursion(text: String) {
        let shown = TestSession.shown(text, limits: Limits(seconds: text.contains("try") ? 0.5 : 20))
        #expect(shown == "E307" || (text.contains("try") && shown == "E308"), "\(text): \(shown)")
    }

    @Test(
        "refuses a value that grows twofold with every turn, for a walk through it would not end",
        arguments: [
            "let a = [1, 1]\nfor k in 0..<60 { a = [a, a] }", "let a = [x: 1]\nfor k in 0..<60 { a = [x: a, y: a] }",
            "let a = [[1]]\nfor k in 0..<60 { a = append(a, a) }",
            "let a = [[1], 2]\nfor k in 0..<60 { a[0] = a; a[1] = a[0] }",
            "let a = [x: [1], y: 2]\nfor k in 0..<60 { a.x = a; a.y = a.x }",
            "let a = [1]\nfor k in 0..<60 { a = list(repeated(a, 2)) }",
            "let a = [1]\nfor k in 0..<60 { a = rows(table([x: [a], y: [a]])) }",
            "def f() { let a = [1]\nfor k in 0..<60 { a = [a] + [a] }; a }\nf()",
            "let a = [\"text\"]\nfor k in 0..<60 { a = zip(a, a) + zip(a, a) }",
        ])
    func doubling(text: String) {
        #expect(TestSession.shown(text, limits: Limits(seconds: 20)) == "E308", "\(text)")
    }

    @Test("counts what a list holds now, not what it once held")
    func extent() {
        let text = """
            let whole = [list(0..<4000000), 0]
            for k in 0..<10 { whole[1] = whole[0]; whole[1] = k }
            let r = [a: 0, b: 0]
            for k in 0..<10 { r.a = whole[0]; r.a = k; r["b"] = whole[0] }
            [length(whole), length(r.b)]
            """
        #expect(TestSession.shown(text) == "[2, 4000000]")
    }

    @Test("does not let errors that are caught make a value nest deeper")
    func caughtNesting() {
        let text = """
            let a = [0]
            let b = [0]
            for k in 0..<2000 {
              try { a[0] = b } catch problem { }
              try { b[0] = a } catch problem { }
              try { a = []; a = append(a, b) } catch problem { a = [0] }
            }
            let written = length("{a}")
            written < 3000
            """
        #expect(TestSession.shown(text) == "true")
    }

    @Test(
        "says of a range that is too long for memory that it is",
        arguments: [
            "let xs = 0..<10^15\nxs = append(xs, 1)", "append(0..<10^15, 1)", "(0..<10^15) + [1]",
            "table([a: 0..<10^15])", "array(0..<10^15)", "mean(0..<10^15)", "let t = [a: 0..<10^15]\nt.a[3] = 4",
            "let t = 0..<10^15\nt[3] = 4", "flatten([0..<10^15])", "reversed(0..<10^15)", "zip(0..<10^15, 0..<10^15)",
            "sorted(0..<10^15)", "let t = table([a: [1]])\nt.a = 0..<10^15", "quantile(0..<10^15, 0.5)",
        ])
    func longRanges(text: String) {
        #expect(TestSession.shown(text) == "E308", "\(text)")
    }

    @Test("shows what holds a long range without writing its numbers out")
    func shownRanges() {
        #expect(TestSession.shown("[0..<10^15]\n[a: 0...10^15]") == "[0..<1000000000000000]\n[a: 0...1000000000000000]")
    }

    @Test("allows ten thousand calls within calls and goes on after one too many")
    func depth() {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.run(
            SourceText(
                "def f(n) { if n == 0 { 0 } else { 1 + f(n - 1) } }\nf(9990)\nlet caught = try f(20000)\nprint caught.code\nf(5)"
            ))
        #expect(recorder.lines == ["9990", "E307", "5"])
    }

    @Test("keeps the registers of a function when a command in it fails deep inside")
    func failureDeepInside() {
        let text = """
            def deep(n) { if n == 0 { error("deep inside") } else { 1 + deep(n - 1) } }
            def outer(n) {
              let kept = "kept"
              try { map [n] { x in deep(x) } } catch problem { kept = "{kept}, {problem}" }
              kept
            }
            outer(9000)
            """
        #expect(TestSession.shown(text) == "kept, deep inside")
    }

    // MARK: - Interrupts

    @Test(
        "stops soon after an interrupt, wherever it is",
        arguments: [
            "while true { }", "def f() { while true { g() } }\ndef g() { 1 }\nf()", "map (0..<10^12) { x in x }",
            "try { while true { } } catch problem { print \"caught\" }",
            "while true { sorted(range(0, 50000), by: { x in -x }) }", "while true { sorted(list(0..<1000)) }",
            "for k in 0..<10^12 { let x = k * k }", "while true { try error(\"x\") }",
            "let xs = list(0..<100000)\nwhile true { xs = xs + []; let ys = xs + [1] }",
        ])
    func interrupts(text: String) {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        let interrupt = session.interrupt
        let requested = Atomic<Double>(0)
        let thread = Thread {
            usleep(60_000)
            requested.store(Date().timeIntervalSinceReferenceDate, ordering: .relaxed)
            interrupt.request()
        }
        thread.start()
        let outcome = session.run(SourceText(text))
        #expect(outcome == .interrupted, "\(text)")
        #expect(recorder.errors.map(\.code) == [.interrupted])
        print(
            "note: answered an interrupt after \(Int((Date().timeIntervalSinceReferenceDate - requested.load(ordering: .relaxed)) * 1000)) ms: \(text.prefix(40))"
        )
        // The session goes on.
        recorder.clear()
        session.run(SourceText("1 + 1"))
        #expect(recorder.lines == ["2"])
    }
}
