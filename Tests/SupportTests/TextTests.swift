import Support
import Testing

@Suite struct TextTests {
    @Test func `what could steer a terminal is an escape in JSON, a stand-in in a line and a mark where there is room`()
    {
        let text = "a\u{1B}[31m\u{9B}31m\u{7F}\u{202E}\tb"
        #expect(Escaping.json(text) == #""a\u001b[31m\u009b31m\u007f\u202e\tb""#)
        #expect(Escaping.neutral(text) == "a␛[31m\u{FFFD}31m␡\u{FFFD} b")
        #expect(text.unicodeScalars.compactMap(Escaping.mark) == ["^[", "<U+009B>", "^?", "<U+202E>", "    "])
        #expect(Escaping.neutral(text).unicodeScalars.count == text.unicodeScalars.count)
    }

    @Test func `text in XML neither opens an element nor ends an attribute`() {
        #expect(Escaping.xml("<a b=\"c\">&\u{1}é") == "&lt;a b=&quot;c&quot;&gt;&amp;␁é")
        #expect(Escaping.xml("a\nb") == "a b")
        #expect(Escaping.xml("a\nb", keepsLines: true) == "a\nb")
        #expect(Escaping.xml("\u{FFFE}") == "\u{FFFD}")
    }

    @Test(arguments: [
        (0, 2, "0.00"), (-0.001, 2, "0.00"), (1.005, 2, "1.00"), (2.5, 0, "2"), (-1234.5678, 1, "-1234.6"),
        (1e21, 1, "1000000000000000000000.0"),
    ])
    func `a number has the decimals it is asked for, rounded as Python rounds it`(
        _ value: Double, _ decimals: Int, _ text: String
    ) {
        #expect(NumberText.fixed(value, decimals: decimals) == text)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (80_000, "80,000"), (-1_234_567, "-1,234,567")])
    func `counts are grouped by thousands`(_ count: Int, _ text: String) { #expect(NumberText.grouped(count) == text) }

    @Test(arguments: [
        (4.12e-4, "412 µs"), (4.2e-4, "420 µs"), (0.0042, "4.20 ms"), (1.314, "1.31 s"), (59.96, "60.0 s"),
        (125, "2 min 5 s"), (11_520, "3 h 12 min"), (.nan, "?"),
    ])
    func `durations have three digits`(_ seconds: Double, _ text: String) {
        #expect(NumberText.duration(seconds) == text)
    }

    @Test func `Base64 is that of RFC 4648, section 10`() {
        let texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar"]
        #expect(
            texts.map { Base64.encoded(Array($0.utf8)) }
                == ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"])
    }
}
