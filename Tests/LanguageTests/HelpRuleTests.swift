// Rules of the pages of help, each line by line: what is said of an argument, what of the files that a verb touches,
// and what of a name that nobody knows.

import Testing

@testable import Language

@Suite("The rules of help") struct HelpRuleTests {
    private static let keep = CommandSignature(
        "keep", "Keeps.",
        [
            .value("what", .any, "what to keep"), .value("more", .path(.write), required: false, repeated: true),
            .label("name", .text, required: true, "its name"), .label("on", .boolean, default: "false"),
            .label("side", .choice([.init("left", "the start"), .init("right", "the end")]), default: ".left"),
        ], acceptsWhere: true, acceptsBy: true, examples: ["keep 1"],
        effects: [
            .reads("a.txt"), .writes("b.txt"), .writesNamed(folder: "runs/", label: "name"), .holds(unless: "on"),
            .runsPrograms, .entersFolder, .asks(at: "name", keeping: "more", unless: "on"),
            .changes("the run", parts: "its steps"),
        ], seeAlso: ["drop", "put"], discussion: "First.\n\nSecond.")

    private static func session(_ verbs: [CommandSignature] = [keep]) -> Session {
        Session(Vocabulary(verbs: verbs.map { Command($0) { _ in .none } }))
    }

    private static func lines(_ text: String, _ session: Session = session()) -> [String] {
        Question(text)?.answer(session).lines.map(\.plain) ?? []
    }

    @Test("a page says how a verb is written, each argument, its examples, what it touches and what is near")
    func page() {
        let effects = [
            "writes the file given as more", "reads a.txt", "writes b.txt", "writes below runs/ with name:",
            "writes into that folder, unless on: false", "runs a program", "moves to another folder",
            "asks a server, with name:, and writes its answers into the file given as more, which with on: false it "
                + "only reads", "changes the run",
        ]
        #expect(
            Self.lines("?keep") == [
                "keep  Keeps.", "  keep what [more …] name: … [on: false] [side: .left] [where …] [by …]", "",
                "  what   what to keep (required)", "  more   a path to write, in quotes",
                "  name:  its name (a text in quotes; required)", "  on:    true or false (default false)",
                "  side:  .left or .right (default .left)", "         .left   the start", "         .right  the end",
                "",
                "First.", "", "Second.", "", "examples", "  keep 1", "", "effects " + effects.joined(separator: ", "),
                "",
                "see also drop, put",
            ])
    }

    @Test("a function is written with commas between parentheses, and what is of no summary has no words after it")
    func function() {
        #expect(Self.lines("?round").dropFirst().first == "  round(x, [digits: 0])")
        #expect(Self.lines("?pi").dropFirst().first == "  pi()")
        #expect(Self.lines("?peek", Self.session([CommandSignature("peek", "")])) == ["peek", "  peek"])
        let looks = CommandSignature("look", "Looks.", [.value("path", .path(.look))])
        #expect(Self.lines("?look", Self.session([looks])).contains { $0.hasPrefix("effects") } == false)
    }

    @Test("the source of what a person defined is shown to whoever asks twice, and promised to whoever asks once")
    func source() {
        let session = Self.session()
        session.run(SourceText("def f(a, b: 2) { a + b }"))
        let page = ["f", "  f a [b: 2]", "", "  a   any value (required)", "  b:  any value (default 2)", ""]
        #expect(Self.lines("?f", session) == page + ["??f shows its source"])
        #expect(Self.lines("??f", session) == page + ["source", "  def f(a, b: 2) { a + b }"])
        #expect(Self.lines("??keep", session) == Self.lines("?keep", session))
    }

    @Test("a name that nobody knows is answered with a near one, or with where all stand")
    func unknown() {
        #expect(Self.lines("?srot") == ["nothing is called 'srot'; did you mean ?sort?"])
        #expect(Self.lines("?zzqq") == ["nothing is called 'zzqq'; ? lists the verbs"])
        #expect(Question("?srot")?.answer(Self.session()).isKnown == false)
    }

    @Test("a variable is answered before a page of that name, and every verb that has a label or a choice is named")
    func order() {
        let session = Self.session()
        #expect(Self.lines("?syntax", session).count > 10)
        session.run(SourceText("let syntax = 3"))
        #expect(Self.lines("?syntax", session) == ["syntax  a variable: integer"])
        #expect(
            Self.lines("?on:") == [
                "join on: the column that must agree (a column, such as .accuracy)", "keep on: (true or false)",
            ])
        #expect(Self.lines("?.right") == ["keep side: .right  the end", "padded side: .right  spaces after"])
        // With a colon it is a label, also where a verb has the same name.
        #expect(Self.lines("?keep:") == ["join keep: (.both or .left)"])
    }

    @Test("a choice that is found is named with its verb and its label, which has one colon")
    func choices() {
        let context = LanguageContext(signatures: SignatureTable(verbs: [Self.keep], functions: []))
        let lines = Search(["start"], context, readings: []).lines.map(\.plain)
        #expect(lines.contains("  .left  keep side: the start"), "\(lines)")
    }

    @Test("a path that may be read in two ways is told once")
    func uses() {
        #expect(ParameterKind.oneOf([.path(.read), .text, .path(.read), .path(.write)]).pathUses == [.read, .write])
        #expect(ParameterKind.list(of: .path(.write)).pathUses == [.write] && ParameterKind.text.pathUses == [])
    }
}
