import Support
import Testing

@Suite struct ManualPageTests {
    private func page(_ body: (inout ManualPage) -> Void) -> String {
        var page = ManualPage("a-b", section: 1, source: "c 1", summary: "does - something")
        let head = page.text.count
        body(&page)
        return String(page.text.dropFirst(head))
    }

    @Test func `the head names page, section and what it belongs to`() {
        let text = ManualPage("a-b", section: 7, source: "c \"1\"", summary: "does it").text
        #expect(text == ".TH \"A\\-B\" 7 \"\" \"c \\(dq1\\(dq\"\n.SH \"NAME\"\na\\-b \\- does it\n")
    }

    @Test func `no line of text is a request, and no character of it an escape`() {
        #expect(
            page { $0.add(paragraphs: ".so /etc/passwd\n'br\na\\b") } == ".PP\n\\&.so /etc/passwd\n\\(aqbr\na\\eb\n")
        #expect(page { $0.add(lines: [".x", "'y"]) } == ".PP\n.EX\n\\&.x\n\\(aqy\n.EE\n")
        #expect(page { $0.add(term: ".left", ".x") } == ".TP\n\\fB\\&.left\\fR\n\\&.x\n")
        #expect(page { $0.add(paragraphs: "a\u{1b}b") } == ".PP\na b\n")
    }

    @Test func `what is typed keeps its minus signs, quotes and signs, and beyond ASCII stands a code point`() {
        #expect(
            page { $0.add(lines: ["icot -c '2^3 ~ `x`'"]) }.contains("icot \\-c \\(aq2\\(ha3 \\(ti \\(gax\\(ga\\(aq\n"))
        #expect(page { $0.add(paragraphs: "well-known …") } == ".PP\nwell-known \\[u2026]\n")
        #expect(page { $0.add(paragraphs: "ß 𝄞") } == ".PP\n\\[u00DF] \\[u1D11E]\n")
    }

    @Test func `paragraphs are filled, and what is laid out by spaces stands as it is`() {
        #expect(
            page { $0.add(paragraphs: "one\ntwo\n\nthree\n\na    b\nc    d") }
                == ".PP\none\ntwo\n.PP\nthree\n.PP\n.EX\na    b\nc    d\n.EE\n")
        #expect(page { $0.add(paragraphs: "") } == "")
        #expect(page { $0.add(lines: []) } == "")
    }

    @Test func `a term keeps its further paragraphs, and has something below it`() {
        #expect(page { $0.add(term: "--x", "one\n\ntwo") } == ".TP\n\\fB\\-\\-x\\fR\none\n.IP\ntwo\n")
        #expect(page { $0.add(term: "--x", "") } == ".TP\n\\fB\\-\\-x\\fR\n\\&\n")
    }
}
