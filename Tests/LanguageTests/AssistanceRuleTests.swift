// What helps a person who types: near words, where an error is shown, kinds in words, search, questions, completion.

import Foundation
import TestSupport
import Testing

@testable import Language

@Suite("The rules of help") struct AssistanceRuleTests {
    // MARK: - Spelling

    @Test(
        "a slip costs less than another letter",
        arguments: [
            ("abc", "abc", 0), ("ab", "ba", 0.8), ("helo", "hello", 0.7), ("a_b", "ab", 0.6), ("cat", "cab", 1),
            ("cat", "car", 0.8), ("q", "a", 0.8), ("q", "s", 0.8), ("q", "z", 1), ("q", "d", 1), ("abc", "", 3),
            ("abcd", "abd", 1), ("abd", "abcd", 1), ("kitten", "pitten", 1), ("kitten", "mitten", 0.8),
            ("abcd", "badc", 1.6),
        ])
    func distances(_ a: String, _ b: String, _ cost: Double) {
        let found = Suggestions.distance(Array(a.unicodeScalars), Array(b.unicodeScalars))
        #expect(abs(found - cost) < 1e-9, "\(found)")
        let back = Suggestions.distance(Array(b.unicodeScalars), Array(a.unicodeScalars))
        #expect(abs(back - cost) < 1e-9, "\(back)")
    }

    @Test(
        "the nearest words come first, as many as are asked for, and no other word is near",
        arguments: [
            ("sort", ["sorted", "sorts", "short"], ["sorts", "short", "sorted"]),
            ("acc", ["accuracy", "loss"], ["accuracy"]),
            ("ac", ["accuracy"], []), ("x", ["y"], []), ("ab", ["ac"], ["ac"]), ("ab", ["xy"], []),
            ("SORT", ["sort"], ["sort"]), ("sort", ["sort"], []), ("lossesandmore", ["loss"], ["loss"]),
            ("", ["a"], []),
            ("aaaa", ["aaab", "aaac", "aaad", "aaae"], ["aaab", "aaac", "aaad"]),
            ("step", ["stop", "steps", "sleep"], ["steps", "stop", "sleep"]),
        ])
    func nearest(_ typed: String, _ words: [String], _ expected: [String]) {
        let found = Suggestions.nearest(to: typed, among: words)
        if typed == "aaaa" { #expect(found.count == 3) } else { #expect(found == expected) }
    }

    // MARK: - Places in a text

    @Test("lines end with LF, CR LF or CR, and columns count characters of the code, from one")
    func places() {
        let source = SourceText("a\r\né b\rc\n")
        #expect(source.lineStarts == [0, 3, 8, 10])
        #expect((0...4).map { source.text(source.span(ofLine: $0)) } == ["a", "é b", "c", "", ""])
        #expect([0, 2, 3, 7, 8, 9, 10].map { source.line(at: $0) } == [0, 0, 1, 1, 2, 2, 3])
        #expect(
            source.position(at: 6) == (2, 3) && source.position(at: 0) == (1, 1) && source.position(at: 8) == (3, 1))
        let span = SourceSpan(2, 4)
        #expect(span.touches(2) && span.touches(4) && !span.touches(1) && !span.touches(5))
        #expect(span.union(SourceSpan(7, 9)) == SourceSpan(2, 9) && SourceSpan(5, 3) == SourceSpan(at: 5))
        #expect(source.text(SourceSpan(-3, 99)) == "a\r\né b\rc\n")
    }

    private static func rendered(
        _ text: String, _ span: SourceSpan, width: Int = 80, showsPlace: Bool = false, firstLine: Int = 1,
        help: String? = "write c"
    ) -> [String] {
        DiagnosticRenderer(width: width, showsPlace: showsPlace, firstLine: firstLine).lines(
            Diagnostic(.unknownName, "no b", at: span, help: help), in: SourceText(text, name: "x.icot")
        ).map(\.plain)
    }

    @Test("an error shows its line, its number, the words at fault and the fix")
    func rendering() {
        let two = "let a = 1\nprint b"
        #expect(
            Self.rendered(two, SourceSpan(16, 17)) == ["E202 no b", "  2 | print b", "    |       ^", "  fix: write c"])
        #expect(
            Self.rendered(two, SourceSpan(16, 17), showsPlace: true, firstLine: 10, help: nil)
                == ["x.icot:11:7: E202 no b", "  11 | print b", "     |       ^"])
        #expect(
            Self.rendered("print b", SourceSpan(6, 7)) == ["E202 no b", "  print b", "        ^", "  fix: write c"])
        #expect(Self.rendered("\tprint bc", SourceSpan(7, 9))[1...2] == ["      print bc", "            ^^"])
        #expect(Self.rendered("a\tb", SourceSpan(2, 3))[1...2] == ["  a   b", "      ^"])
        #expect(Self.rendered("漢 b", SourceSpan(4, 5))[1...2] == ["  漢 b", "     ^"])
        #expect(Self.rendered("b", SourceSpan(at: 1))[1...2] == ["  b", "   ^"])
    }

    @Test("of a long line the part round the words at fault is shown")
    func windows() {
        let middle = String(repeating: "a", count: 50) + "b" + String(repeating: "c", count: 49)
        #expect(
            Self.rendered(middle, SourceSpan(50, 51), width: 40)[1...2] == [
                "  …aaaaaaaaaaaab" + String(repeating: "c", count: 23) + "…", String(repeating: " ", count: 15) + "^",
            ])
        let end = String(repeating: "a", count: 99) + "b"
        #expect(
            Self.rendered(end, SourceSpan(99, 100), width: 40)[1...2] == [
                "  …" + String(repeating: "a", count: 35) + "b", String(repeating: " ", count: 38) + "^",
            ])
        let start = "b" + String(repeating: "a", count: 99)
        #expect(
            Self.rendered(start, SourceSpan(0, 1), width: 40)[1...2] == [
                "  b" + String(repeating: "a", count: 35) + "…", "  ^",
            ])
    }

    // MARK: - Kinds of arguments

    @Test("a bound includes its ends, and each kind takes its values and no others")
    func kinds() {
        func fits(_ kind: ParameterKind, _ value: Value) -> Bool { kind.problem(with: value) == nil }
        #expect(fits(.integer(1...3), .integer(1)) && fits(.integer(1...3), .integer(3)))
        #expect(!fits(.integer(1...3), .integer(0)) && !fits(.integer(1...3), .integer(4)))
        #expect(!fits(.integer(1...3), .real(2)) && fits(.real(0...1), .integer(1)) && !fits(.real(0...1), .real(1.01)))
        #expect(fits(.number, .real(.nan)) && !fits(.number, .text("1")) && !fits(.boolean, .integer(1)))
        #expect(fits(.text, .text("")) && !fits(.text, .choice("a")) && !fits(.path(.read), .choice("a")))
        let side = ParameterKind.choice([.init("left"), .init("right")])
        #expect(fits(side, .choice("left")) && !fits(side, .choice("up")) && !fits(side, .choice("left", 1)))
        #expect(!fits(side, .text("left")) && fits(.column, .choice("any")) && !fits(.column, .choice("any", 0)))
        let place = ParameterKind.selector([.init("answer")], allowsIndex: true)
        #expect(fits(place, .choice("answer", 2)) && fits(place, .choice("other")))
        #expect(!fits(.selector([.init("answer")], allowsIndex: false), .choice("answer", 2)))
        #expect(fits(.list(of: .integer()), .list([.integer(1)])) && fits(.list(of: .integer()), .range(0..<3)))
        #expect(!fits(.list(of: .integer()), .list([.integer(1), .text("a")])))
        #expect(ParameterKind.list(of: .text).problem(with: .list([.integer(1)])) == "a list with a whole number")
        #expect(fits(.range, .integer(2)) && fits(.range, .range(0...1)) && !fits(.range, .text("1")))
        #expect(fits(.oneOf([.text, .integer()]), .integer(3)) && !fits(.oneOf([.text, .integer()]), .boolean(true)))
        #expect(fits(.value("table"), .table(TableObject([]))) && !fits(.value("table"), .list([])))
    }

    @Test("a label that was meant is found by its other names first, and among those not yet given")
    func meantLabels() {
        let signature = CommandSignature(
            "train", "",
            [
                .value("model", .any), .label("steps", .integer()), .label("stop", .integer()),
                .label("lr", .real(0...1), aliases: ["rate"]),
            ])
        #expect(signature.label(meantBy: "rate", notAmong: []) == "lr")
        #expect(signature.label(meantBy: "Rate", notAmong: []) == "lr")
        #expect(signature.label(meantBy: "step", notAmong: []) == "steps")
        #expect(signature.label(meantBy: "step", notAmong: ["steps"]) == "stop")
        #expect(signature.label(meantBy: "zzzz", notAmong: []) == nil)
        #expect(
            signature.values.map(\.name) == ["model"] && signature.labelled.map(\.name) == ["steps", "stop", "lr"])
    }

    // MARK: - Search and questions

    private static func found(_ words: [String], _ verbs: [CommandSignature], _ readings: [Reading] = []) -> [String] {
        var context = LanguageContext(signatures: SignatureTable(verbs: verbs, functions: []))
        context.definitions = [:]
        return Search(words, context, readings: readings).findings.map(\.name)
    }

    @Test("a search finds first what is called so, then what is called nearly so, what says so, and what explains it")
    func searchOrder() {
        let verbs = [
            CommandSignature("a", "Draws.", discussion: "It zebras."), CommandSignature("b", "Shows a zebra."),
            CommandSignature("zebra_c", "Draws."), CommandSignature("zebra", "Draws."),
            CommandSignature("e", "Shows a zebra."), CommandSignature("f", "Draws."),
        ]
        #expect(Self.found(["zebra"], verbs) == ["zebra", "zebra_c", "b", "e", "a"])
        // A name that is nearly so weighs more than a sentence that says so.
        #expect(Self.found(["Zebra?", "draws"], verbs) == ["zebra", "zebra_c", "a"])
        #expect(
            Self.found(
                ["zebra", "draws"],
                [
                    CommandSignature("zebras", "Draws.", discussion: ""), CommandSignature("x", "A zebra draws."),
                ]) == ["zebras", "x"])
        #expect(Self.found(["zebra", "shows"], verbs) == ["b", "e"])
        #expect(Self.found([":"], verbs).isEmpty)
        let labelled = CommandSignature(
            "g", "Draws.", [.label("zebra_y", .choice([.init("zebra_z", "wide")]), aliases: ["okapi"], "so many")])
        #expect(
            Self.found(["zebra"], verbs + [labelled], [Reading(path: "zebra.icot", title: "X")]) == [
                "zebra", "zebra_c", "b", "e", "a", "zebra_y:", ".zebra_z", "zebra.icot",
            ])
        #expect(Self.found(["okapi"], [labelled]) == ["zebra_y:"])
    }

    @Test("of one kind eight findings are shown, and the others counted")
    func searchIsShort() {
        func lines(_ count: Int) -> [String] {
            let verbs = (0..<count).map { CommandSignature("zebra_\($0)", "Draws.") }
            let context = LanguageContext(signatures: SignatureTable(verbs: verbs, functions: []))
            return Search(["zebra"], context, readings: []).lines.map(\.plain)
        }
        #expect(lines(8).count == 9 && lines(8).last == "  zebra_7  Draws.")
        #expect(lines(11).count == 10 && lines(11).last == "  3 more" && lines(11)[8].contains("zebra_6"))
    }

    @Test("what looks like a question is one only where it asks about one thing")
    func questions() {
        #expect(Question("train?")?.name == "train" && Question("train?")?.wantsMore == false)
        #expect(Question("??train")?.wantsMore == true && Question("train??")?.wantsMore == true)
        #expect(Question("?sqrt()")?.name == "sqrt" && Question("?sqrt()")?.form == .name)
        #expect(Question("?")?.name == "" && Question("what is this?") == nil && Question("?train x") == nil)
        #expect(Question("?tour 3")?.words == ["3"] && Question("?tour a b") == nil)
        #expect(Question("let a = 1") == nil && Question("") == nil)
        #expect(Question("? a b")?.words == ["a", "b"] && Question("? a b")?.form == .search)
        let session = TestSession.make()
        func lines(_ text: String) -> [String] { Question(text)?.answer(session).lines.map(\.plain) ?? [] }
        #expect(lines("?e304").first?.hasPrefix("E304  ") == true)
        #expect(lines("?while") == ["while  repeats a block while a condition holds", "  while n > 1 { n = n // 2 }"])
        #expect(lines("?errors").count == DiagnosticCode.allCases.count)
        session.run(SourceText("let rec = [a: 1, b: 2]\nlet n = 3"))
        #expect(lines("?rec") == ["rec  a variable: record", "  fields .a .b"])
        #expect(lines("??rec").last == "[a: 1, b: 2]" && lines("?n") == ["n  a variable: integer"])
        #expect(
            Question("?zzqq")?.answer(session).isKnown == false && Question("?sort")?.answer(session).isKnown == true)
    }

    @Test("words beside statements are asides only alone or with one word more")
    func asides() {
        let context = TestSession.make().context
        #expect(Aside("help a b", context) == nil && Aside("history a b", context) == nil)
        #expect(Aside("quit now", context) == nil && Aside("exit 3", context) == nil && Aside("", context) == nil)
        #expect(Aside("quit;", context) == .farewell && Aside(":quit", context) == .farewell)
        #expect(Aside("run \"\"", context) == nil && Aside("run \"a{b}\"", context) == nil)
        #expect(Aside("?sort", context) == Question("?sort").map { .question($0) })
        #expect(Aside.lines(of: [], count: nil, word: nil).map(\.plain) == ["nothing was typed yet"])
        let many = (1...25).map { "print \($0)" }
        let shown = Aside.lines(of: many, count: nil, word: nil).map(\.plain)
        #expect(shown.count == 20 && shown.first == " 6  print 6" && shown.last == "25  print 25")
        #expect(Aside.lines(of: many, count: 1, word: nil).map(\.plain) == ["25  print 25"])
        #expect(Aside.lines(of: many, count: 0, word: nil).isEmpty)
    }

    @Test("the tour goes forward and back between its ends")
    func tourSteps() {
        let context = TestSession.make().context
        var tour = Tour((1...3).map { TourStep("s\($0)", "Do.", line: "print \($0)", verb: "print") })
        func head(_ argument: String) -> String {
            tour.answer(argument, context).first.map { String($0.plain.prefix(15)) } ?? ""
        }
        #expect(head("back") == "step 1 of 3  s1")
        #expect(head("next") == "step 2 of 3  s2" && head("next") == "step 3 of 3  s3")
        #expect(
            head("next") == "step 3 of 3  s3" && head("back") == "step 2 of 3  s2" && head("1") == "step 1 of 3  s1")
        #expect(
            head("0").hasPrefix("write ?tour") && head("4").hasPrefix("write ?tour") && head("3") == "step 3 of 3  s3")
        #expect(tour.isOn)
        #expect(tour.answer("off", context).map(\.plain) == ["the tour is off; ?tour comes back to step 3"])
        #expect(!tour.isOn && tour.heard(SourceText("print 1"), context).isEmpty)
        var none = Tour([])
        #expect(none.answer("", context).map(\.plain) == ["there is no tour here; ? lists the verbs"])
    }

    // MARK: - Completion of files

    @Test("files are offered in order, folders with a slash, hidden ones only to whoever types a dot")
    func files() throws {
        try withTemporaryFolder { folder in
            let base = folder.path + "/"
            for name in ["b.icot", "a.icot", ".hidden", "quote\"d", "brace{x}"] {
                try Data().write(to: folder.appending(path: name))
            }
            try FileManager.default.createDirectory(
                at: folder.appending(path: "c"), withIntermediateDirectories: false)
            #expect(FilePaths.beginning(with: base) == ["a.icot", "b.icot", "c/"].map { base + $0 })
            #expect(FilePaths.beginning(with: base + "b") == [base + "b.icot"])
            #expect(FilePaths.beginning(with: base + ".h") == [base + ".hidden"])
            #expect(FilePaths.beginning(with: base + "none").isEmpty)
            #expect(FilePaths.nearest(to: base + "a.icto") == base + "a.icot")
            #expect(FilePaths.nearest(to: base + "zzzzzz") == nil)
        }
    }

    @Test("capital letters find small words, and a name that an earlier line of the text gives is offered")
    func completion() {
        let context = TestSession.make().context
        func complete(_ text: String) -> [String] {
            Completer.complete(SourceText(text), at: text.utf8.count, context).map(\.text)
        }
        #expect(complete("PRI") == ["print"])
        #expect(complete("let zebra = 1\nprint ze") == ["zebra"])
        #expect(complete("for zebra in 0..<3 { print ze") == ["zebra"])
        #expect(complete("let zebra").isEmpty)
        #expect(complete("sort x .a desc") == ["descending: "])
        #expect(complete("sort x .a descending: true desc").isEmpty)
        #expect(complete("sort x .a descending: f").first == "false")
        #expect(Completer.complete(SourceText("print pri"), at: 3, context).map(\.text) == ["print"])
    }

    // MARK: - Words for kinds

    @Test("a kind is told with its bounds, and an article that fits")
    func phrases() {
        let left = ParameterKind.choice([.init("left"), .init("right")])
        let expected: [(ParameterKind, String)] = [
            (.integer(), "a whole number"), (.integer(1...3), "a whole number from 1 to 3"),
            (.integer(1...Int.max), "a whole number of at least 1"),
            (.integer(Int.min...5), "a whole number of at most 5"), (.real(0...1), "a number from 0 to 1"),
            (.real(0.5...0.75), "a number from 0.5 to 0.75"), (.real(0...Double.infinity), "a number of at least 0"),
            (.real(-Double.infinity...2), "a number of at most 2"),
            (.real(.leastNonzeroMagnitude...10), "a number above 0 and at most 10"),
            (.real(.leastNonzeroMagnitude...Double.infinity), "a number above 0"), (left, ".left or .right"),
            (.choice([.init("a"), .init("b"), .init("c")]), ".a, .b or .c"), (.choice([.init("a")]), ".a"),
            (.list(of: .text), "a list of texts"), (.list(of: .integer()), "a list of whole numbers"),
            (.list(of: .value("problems")), "a list of problems"), (.list(of: .value("model")), "a list of models"),
            (.value("model"), "a model"), (.value("array"), "an array"), (.value("problems"), "problems"),
            (.oneOf([.text, .column]), "a text in quotes or a column, such as .accuracy"),
            (
                .selector([.init("a"), .init("b"), .init("c"), .init("d")], allowsIndex: true),
                "a .name such as .a, .b or .c"
            ),
        ]
        for (kind, phrase) in expected { #expect(kind.phrase == phrase) }
        #expect(TypeName.withArticle("integer") == "a whole number" && TypeName.withArticle("none") == "none")
        #expect(TypeName.withArticle("boolean") == "true or false" && TypeName.withArticle("error") == "an error")
    }

    @Test("a column of integers and reals holds numbers, of other mixtures nothing that has a name")
    func columnKinds() {
        func kind(_ values: [Value]) -> String? { TableObject.Column("a", values).typeName }
        #expect(kind([.integer(1), .none]) == "integer" && kind([.none]) == nil && kind([]) == nil)
        #expect(kind([.integer(1), .real(2)]) == "number" && kind([.real(1), .integer(2), .real(3)]) == "number")
        #expect(kind([.integer(1), .text("a")]) == nil && kind([.text("a"), .none, .text("b")]) == "text")
        #expect(kind([.text("a"), .integer(1)]) == nil && kind([.boolean(true), .integer(1)]) == nil)
    }
}
