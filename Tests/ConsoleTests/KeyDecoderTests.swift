import Testing

@testable import Console

@Suite struct KeyDecoderTests {
    private func keys(_ bytes: [UInt8], finishing: Bool = false) -> [Key] {
        var decoder = KeyDecoder()
        var keys = bytes.flatMap { decoder.take($0) }
        if finishing { keys += decoder.finish() }
        return keys
    }

    private func keys(_ text: String) -> [Key] { keys(Array(text.utf8)) }

    @Test func `letters and characters beyond ASCII are scalars`() {
        #expect(keys("aé日🤖") == [.scalar(0x61), .scalar(0xe9), .scalar(0x65e5), .scalar(0x1f916)])
    }

    @Test func `arrows and their kin are told apart in both spellings`() {
        #expect(
            keys("\u{1b}[A\u{1b}OB\u{1b}[1;5C\u{1b}[3~\u{1b}[H\u{1b}[4~\u{1b}[Z") == [
                .up, .down, .wordRight, .delete, .home, .end, .backTab,
            ])
    }

    @Test func `an escape key is one only after nothing followed`() {
        #expect(keys([0x1b]) == [])
        #expect(keys([0x1b], finishing: true) == [.escape])
        #expect(keys("\u{1b}b") == [.meta(0x62)])
    }

    @Test func `a paste is one key with its line ends as newlines and its controls dropped`() {
        #expect(
            keys("\u{1b}[200~a\r\nb\rc\td\u{1b}[31me\n\u{1b}[201~x") == [.paste("a\nb\nc    d[31me"), .scalar(0x78)])
    }

    @Test func `bytes that are not UTF-8 become the replacement character and lose nothing after them`() {
        #expect(keys([0xff, 0x61]) == [.scalar(0xfffd), .scalar(0x61)])
        #expect(keys([0xe6, 0x97, 0x61]) == [.scalar(0xfffd), .scalar(0x61)])
        #expect(keys([0xed, 0xa0, 0x80]) == [.scalar(0xfffd)])
    }

    @Test func `an answer of the terminal that nobody asked for is swallowed`() {
        #expect(keys("\u{1b}]10;rgb:0000/0000/0000\u{07}a\u{1b}P1$r0m\u{1b}\\b") == [.scalar(0x61), .scalar(0x62)])
    }

    @Test func `any bytes are decoded without a trap`() {
        var state: UInt64 = 1
        var decoder = KeyDecoder()
        for _ in 0..<200_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            // Many escapes, brackets and tildes among the bytes.
            let pick = UInt8(truncatingIfNeeded: state >> 33)
            _ = decoder.take(pick < 60 ? [0x1b, 0x5b, 0x7e, 0x3b, 0x4f][Int(pick) % 5] : pick)
        }
    }
}
