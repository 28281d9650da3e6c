import Foundation
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

    @Test(arguments: [
        (0.0001, "0.0001000"), (0.00009999, "9.999e-5"), (0.25, "0.2500"), (123456.78, "123456.8"),
        (123_456_789_012_345, "123456789012345.0"), (1e15, "1.000e15"), (-1.5, "-1.500"), (0, "0.0000"),
    ])
    func `a real has four digits, and an exponent below 0·0001 and from 10¹⁵ on`(_ value: Double, _ text: String) {
        #expect(NumberText.real(value) == text)
    }

    @Test func `the time of day is that of the clock, to the microsecond`() throws {
        func seconds(_ text: String) throws -> Double {
            let reader = ISO8601DateFormatter()
            let date = try #require(reader.date(from: String(text.prefix(19)) + "Z"))
            let microseconds = try #require(Int(String(text.dropFirst(20).dropLast())))
            return date.timeIntervalSince1970 + Double(microseconds) * 1e-6
        }
        // Microseconds are cut off. One text could agree by chance; ten do not.
        for _ in 0..<10 {
            let before = Date().timeIntervalSince1970
            let text = UTCTime.preciseNow()
            let after = Date().timeIntervalSince1970
            #expect(text.count == 27)
            let found = try seconds(text)
            #expect(found >= before - 2e-6 && found <= after + 1e-6, "\(text) is not between \(before) and \(after)")
        }
        #expect(UTCTime.now().count == 20)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (80_000, "80,000"), (-1_234_567, "-1,234,567")])
    func `counts are grouped by thousands`(_ count: Int, _ text: String) { #expect(NumberText.grouped(count) == text) }

    @Test(arguments: [
        (4.12e-4, "412 µs"), (4.2e-4, "420 µs"), (0.0042, "4.20 ms"), (1.314, "1.31 s"), (59.96, "60.0 s"),
        (125, "2 min 5 s"), (11_520, "3 h 12 min"), (.nan, "?"), (0, "0.00 µs"), (0.001, "1.00 ms"), (1, "1.00 s"),
        (59.994, "60.0 s"), (60, "1 min 0 s"), (90, "1 min 30 s"), (3600, "60 min 0 s"), (7199, "119 min 59 s"),
        (7200, "2 h 0 min"), (-1, "?"),
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
