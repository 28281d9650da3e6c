import Language
import Testing

@Suite("Completion, highlighting, help and effects") struct CompletionTests {
    private static var context: LanguageContext {
        var context = TestSignatures.context
        context.variables = [
            "data": KnownVariable(typeName: "problems"), "m": KnownVariable(typeName: "model"),
            "t": KnownVariable(typeName: "table", fields: ["removed", "accuracy"]),
            "n": KnownVariable(typeName: "integer"),
        ]
        return context
    }

    private func complete(_ text: String) -> [String] {
        let sources = CompletionSources(files: { prefix in ["runs/", "runs2.bin"].filter { $0.hasPrefix(prefix) } })
        return Completer.complete(SourceText(text), at: text.utf8.count, Self.context, sources: sources).map(\.text)
    }

    @Test(
        "knows the argument",
        arguments: [
            ("tra", ["train"]), ("gen ", [".mult", ".parity", ".add", "digits: ", "n: ", "seed: ", "apart_from: "]),
            ("gen .m", [".mult"]), ("gen mu", [".mult"]),
            ("gen .mult digits: 4 ", ["n: ", "seed: ", "apart_from: "]), ("gen .mult apart_from: ", ["data"]),
            ("schedule side: ", [".left", ".right"]),
            ("schedule reset_optimizer: t", ["true"]), ("eval ", ["data", "limit: ", "where ", "by "]),
            ("eval data b", ["by "]), ("plot t x: ", [".removed", ".accuracy"]),
            ("t | sort .", [".removed", ".accuracy"]), ("t.a", [".accuracy"]), ("load \"ru", ["runs/", "runs2.bin\""]),
            ("load \"runs2", ["runs2.bin\""]),
            ("print \"ru", []), ("# tr", []), ("t | sor", ["sort"]), ("let x = ge", ["gen"]),
            ("for k in 0...3 { ste", ["step"]), ("print (ev", ["eval"]), ("sq", ["sqrt("]),
            ("def fast(x, upto: 3) { x }\nfast 1 ", ["upto: "]), ("let early = 3\nprint ea", ["early"]),
            ("step (n + ", ["data", "m", "n", "t"]), ("start ", ["m", "on: ", "batch: ", "lr: ", "weight_decay: "]),
            ("filter t where .", [".removed", ".accuracy"]), ("le", ["length(", "let"]),
            ("round(3, d", ["digits: ", "data"]),
        ] as [(String, [String])])
    func knows(_ text: String, _ expected: [String]) {
        let found = complete(text)
        if expected.count == 4, expected[0] == "data", expected[1] == "m" {
            #expect(found.starts(with: expected), "\(found)")
        } else {
            #expect(found == expected)
        }
    }

    @Test("is quick with ten thousand variables")
    func quick() {
        var context = Self.context
        for index in 0..<10_000 {
            context.variables["variable_\(index)"] = KnownVariable(typeName: index % 2 == 0 ? "integer" : "text")
        }
        let clock = ContinuousClock()
        var candidates = 0
        let elapsed = clock.measure {
            candidates = Completer.complete(SourceText("step variable_12"), at: 16, context).count
        }
        print("note: completion among 10,000 variables took \(elapsed)")
        #expect(candidates > 50)
        let all = clock.measure { candidates = Completer.complete(SourceText("print "), at: 6, context).count }
        print("note: completion of nothing among 10,000 variables took \(all)")
        #expect(candidates == Completer.countMax)
    }

    @Test("classifies every word of a text")
    func highlights() {
        let source = SourceText("let p = plot t x: .removed # draw\nprint \"a\\n{n + 1}\" sqrt(2) true t.accuracy")
        let found = Highlighter.highlight(source, Self.context).map { "\(source.text($0.span)) \($0.style.rawValue)" }
        #expect(
            found == [
                "let keyword", "p name", "= operator", "plot verb", "t name", "x: label", ".removed choice",
                "# draw comment", "print verb", "\" string", "a string", "\\n escape",
                "{ escape", "n name", "+ operator", "1 number", "} escape", "\" string", "sqrt function", "( operator",
                "2 number", ") operator", "true number", "t name", ".accuracy name",
            ])
        #expect(Highlighter.lines(source, Self.context).map(\.plain).joined(separator: "\n") == source.text)
    }

    @Test("makes a page of help from the signature")
    func help() throws {
        let page = try #require(Help.page(for: "schedule", Self.context)).map(\.plain)
        #expect(
            page == [
                "schedule  Says how the chain is taken away.",
                "  schedule [per_epoch: …] [every: …] [side: .left] [smoothing: 4] [reset_optimizer: true]", "",
                "  per_epoch:        a whole number from 1 to 10000",
                "  every:            a whole number from 1 to 1000000",
                "  side:             .left or .right (default .left)",
                "                    .left   from the start of the chain", "                    .right  from its end",
                "  smoothing:        a number from 0 to 100 (default 4)",
                "  reset_optimizer:  true or false (default true)", "", "effects changes the current run",
            ])
        let source = SourceText("# Doubles a number.\n# Twice.\ndef double(x, times: 2) { x * times }")
        var context = Self.context
        for signature in Parser.parse(source, context).definitions { context.definitions[signature.name] = signature }
        let own = try #require(Help.page(for: "double", context, more: true)).map(\.plain)
        #expect(
            own == [
                "double  Doubles a number.", "  double x [times: 2]", "", "  x       any value (required)",
                "  times:  any value (default 2)", "", "Twice.", "", "source",
                "  def double(x, times: 2) { x * times }",
            ])
        #expect(Help.page(for: "nothing", Self.context) == nil)
        #expect(Help.suggestions(for: "shedule", Self.context).first == "schedule")
    }

    @Test("lists the files a text would touch without running it")
    func effects() {
        let source = SourceText(
            "import \"a.icot\"\nlet m2 = load \"x/{n}\"\nif n > 2 { write m \"out.bin\" }\nt | write \"t.csv\"\ncompare r to: \"runs/x\" | plot x: .removed\ndef f(p) { save p }\nstep"
        )
        let effects = Effects.of(source, Self.context)
        #expect(effects.reads.map(\.path) == ["a.icot", nil, "runs/x"])
        #expect(effects.writes.map(\.path) == ["out.bin", "t.csv", nil])
        #expect(effects.writes.map(\.verb) == ["write", "write", "save"])
        #expect(effects.changes.map(\.state) == ["the current run"])
        #expect(effects.programs.isEmpty)
    }
}
