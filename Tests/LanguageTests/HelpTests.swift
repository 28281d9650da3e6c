import Testing

@testable import Language

@Suite("Help") struct HelpTests {
    private static let steps = [
        TourStep("make", "Make problems.", line: "let data = sorted([2, 1])", verb: "sorted", needs: ("data", "list")),
        TourStep("see", "Look.", line: "print data", verb: "print"),
    ]

    private static func session() -> Session {
        let vocabulary = Vocabulary(
            topics: [
                Topic("see", "values", ["print", "vars", "undo"]),
                Topic("tables", "in order", ["sort", "filter", "select"]),
            ], tour: steps)
        let session = Session(vocabulary)
        session.readings = { [Reading(path: "notebooks/tour.icot", title: "A model learns")] }
        return session
    }

    private static func answer(_ text: String, _ session: Session = session()) -> String {
        guard let question = Question(text) else { return "no question" }
        return question.answer(session).lines.map(\.plain).joined(separator: "\n")
    }

    // MARK: - Questions

    @Test(
        "a question says what it asks for",
        arguments: [
            ("?until:", "until", Question.Form.label), ("?.left", "left", .choice), ("?train", "train", .name),
            ("? held-out accuracy", "held-out", .search), ("? train", "train", .name), ("?tour 3", "tour", .name),
        ])
    func forms(_ text: String, _ name: String, _ form: Question.Form) throws {
        let question = try #require(Question(text))
        #expect(question.name == name)
        #expect(question.form == form)
    }

    @Test("? says where to start, groups the verbs, and names those that no group has")
    func overview() {
        let lines = Self.answer("?").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.contains { $0.hasPrefix("  ?tour") && $0.contains("start here: 2 small steps") })
        #expect(lines.contains("see  values"))
        let see = lines.firstIndex(of: "see  values") ?? 0
        #expect(lines[see + 1].hasPrefix("  print "))
        #expect(lines.contains("others"))
        #expect(lines.contains { $0.hasPrefix("  head ") })
    }

    @Test("?functions lists every function under a title")
    func functions() {
        let session = Self.session()
        let text = Self.answer("?functions", session)
        for name in session.context.signatures.functions.keys { #expect(text.contains("  \(name) ")) }
        for title in ["numbers", "statistics", "lists and records", "texts"] { #expect(text.contains(title)) }
    }

    @Test("a label and a choice are answered with every verb that has them")
    func labelsAndChoices() {
        let label = Self.answer("?descending:")
        #expect(label.hasPrefix("sort descending: largest first"))
        #expect(Self.answer("?descending") == label)
        #expect(Self.answer("?nothing_like_it:").contains("nothing is called"))
    }

    @Test("a search finds names, sentences, labels, errors, words of the language and notebooks; every word must fit")
    func search() {
        let text = Self.answer("? largest")
        #expect(text.contains("functions\n") && text.contains("  max "))
        #expect(text.contains("labels\n") && text.contains("  descending:  sort: largest first"))
        #expect(Self.answer("? model learns") == "notebooks\n  notebooks/tour.icot  A model learns")
        #expect(Self.answer("? closing quote") == "errors\n  E102  a text without its closing quote")
        #expect(Self.answer("? repeats while").contains("words of the language\n  while"))
        #expect(Self.answer("? largest zebra").contains("nothing is called"))
        #expect(Self.answer("?E203").hasPrefix("E203  a label that"))
        #expect(Self.answer("?sortt").hasPrefix("nothing is called 'sortt'; did you mean ?sort or "))
    }

    @Test("every line of ?syntax runs, in the order in which they stand")
    func syntax() {
        let session = Self.session()
        var errors: [String] = []
        session.onEvent = { event in
            if case .diagnostic(let diagnostic, _) = event { errors.append(diagnostic.message) }
        }
        for row in SyntaxPage.rows { session.run(SourceText(row.line)) }
        #expect(errors == [])
        #expect(Self.answer("?syntax").contains("let n = 3"))
    }

    @Test("Tab on an empty line offers the verbs by their groups")
    func emptyLine() {
        let found = Completer.complete(SourceText(""), at: 0, Self.session().context)
        #expect(found.first?.text == "print")
        #expect(found.first?.summary.hasPrefix("see: ") == true)
        #expect(found.allSatisfy { $0.kind == .verb })
    }

    @Test("an answer as JSON has the fields of the signature, any other answer its lines")
    func json() {
        let session = Self.session()
        let text = Question("?sort")?.json(session) ?? ""
        #expect(text.hasPrefix("{\"name\": \"sort\", \"kind\": \"verb\", \"summary\": \"Sorts the rows"))
        #expect(text.contains("{\"name\": \"descending\", \"labelled\": true, \"required\": false, "))
        #expect(text.contains("\"default\": \"false\", \"summary\": \"largest first\", \"choices\": []}"))
        #expect(Question("?E102")?.json(session) == "{\"text\": \"E102  a text without its closing quote\"}")
    }

    // MARK: - The tour

    @Test("the tour goes on when its step is done, whatever else is typed, and says which name it needs")
    func tour() {
        let session = Self.session()
        func type(_ line: String) -> String {
            let source = SourceText(line)
            guard session.run(source) == .finished else { return "failed" }
            return session.tourNews(after: source).map(\.plain).joined(separator: "\n")
        }
        #expect(type("let before = sorted([2, 1])") == "")
        #expect(Self.answer("?tour", session).hasPrefix("step 1 of 2  make"))
        #expect(type("let other = 1") == "")
        #expect(type("let xs = sorted([2, 1])").contains("it needs the name data"))
        #expect(type("let data = sorted([2, 1])").contains("step 2 of 2  see"))
        #expect(Self.answer("?tour off", session).contains("comes back to step 2"))
        #expect(type("print data") == "")
        #expect(Self.answer("?tour", session).hasPrefix("step 2 of 2"))
        #expect(type("print data").contains("That was the tour."))
        #expect(type("print data") == "")
        #expect(Self.answer("?tour 2", session).hasPrefix("step 2 of 2"))
        #expect(Self.answer("?tour 7", session).contains("?tour 1 to ?tour 2"))
    }

    @Test("a step counts only as done when its name has a value of the right kind")
    func needs() {
        let session = Self.session()
        _ = Self.answer("?tour", session)
        let source = SourceText("let other = sorted([2, 1])")
        session.run(source)
        let news = session.tourNews(after: source).map(\.plain)
        #expect(news == ["that was it; for the next steps it needs the name data: let data = sorted([2, 1])"])
        #expect(Self.answer("?tour", session).hasPrefix("step 1 of 2"))
    }

    // MARK: - Leaving and asking by words

    @Test("quit, exit and help work until a text gives them a meaning of its own")
    func asides() {
        let session = Self.session()
        #expect(Aside("quit", session.context) == .farewell)
        #expect(Aside("exit()", session.context) == .farewell)
        #expect(Aside(":q", session.context) == .farewell)
        #expect(Aside("help", session.context) == Question("?").map { .question($0) })
        #expect(Aside("help sort", session.context) == Question("?sort").map { .question($0) })
        #expect(Aside("let quit = 1", session.context) == nil)
        session.run(SourceText("let quit = 1"))
        #expect(Aside("quit", session.context) == nil)
    }

    @Test("what was typed is asked for by number or by word, and a file is run by its path")
    func historyAndFiles() {
        let context = Self.session().context
        #expect(Aside("history", context) == .history(count: nil, word: nil))
        #expect(Aside("history 5", context) == .history(count: 5, word: nil))
        #expect(Aside("history train", context) == .history(count: nil, word: "train"))
        #expect(Aside("run \"a b.icot\"", context) == .file("a b.icot"))
        #expect(Aside("run \"a\" + \"b\"", context) == nil)
        #expect(Aside("run x", context) == nil)
        let typed = ["let a = 1", "train steps: 3", "def f() {\n  1\n}", "train steps: 4"]
        func lines(_ count: Int?, _ word: String?) -> [String] {
            Aside.lines(of: typed, count: count, word: word).map(\.plain)
        }
        #expect(lines(2, nil) == ["3  def f() {", "     1", "   }", "4  train steps: 4"])
        #expect(lines(nil, "train") == ["2  train steps: 3", "4  train steps: 4"])
        #expect(lines(nil, "step 9") == ["nothing typed had 'step 9' in it"])
    }

    @Test(
        "the lines of a shell are calls, and where a word has a meaning of its own it keeps it",
        arguments: [
            ("!ls -l", "shell(\"ls -l\")"),
            ("let a = 1\n  !echo \"{a}\"", "let a = 1\n  shell(\"echo \\\"\\{a\\}\\\"\")"),
            ("a != b", nil), ("!", nil), ("!= 3", nil),
            ("cd runs/x-1", "cd(\"runs/x-1\")"), ("cd \"my runs\"", "cd(\"my runs\")"), ("cd ..", "cd(\"..\")"),
            ("cd", "cd()"), ("ls", "ls()"), ("ls -la x", "shell(\"ls -la x\")"), ("pwd", "pwd()"), ("pwd x", nil),
            ("ls = 3", nil), ("ls() | head 3", nil), ("lsx", nil), ("mine", nil),
        ] as [(String, String?)])
    func shellLines(_ text: String, _ call: String?) {
        #expect(Aside.spelledOut(text, Self.session().context) == call)
    }

    @Test("ls is a variable once somebody makes it one")
    func ownWord() {
        let session = Self.session()
        session.run(SourceText("let ls = 1"))
        #expect(Aside.spelledOut("ls", session.context) == nil)
        #expect(Aside.spelledOut("pwd", session.context) == "pwd()")
    }

    @Test("questions between statements cut a text into pieces, with lines where they were; inside a block they do not")
    func pieces() {
        let context = Self.session().context
        let pieces = Aside.pieces(of: SourceText("?sort\nlet a = 1\n?head\nlet b = 2"), context)
        #expect(pieces.map { $0.aside == nil } == [false, true, false, true])
        #expect(pieces[1].text.text == "\nlet a = 1")
        #expect(pieces[3].text.position(at: pieces[3].text.count).line == 4)
        let block = Aside.pieces(of: SourceText("for k in 0..<2 {\nquit\n}"), context)
        #expect(block.count == 1)
    }
}
