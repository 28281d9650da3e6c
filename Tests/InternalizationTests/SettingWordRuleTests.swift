// What is said of settings that cannot be, and how a character's token is written.

import Testing

@testable import Internalization

@Suite struct SettingWordRuleTests {
    @Test func `each bound is said as it holds`() {
        let faults: [(SettingFault, String)] = [
            (.outside(.batchSize, found: 0, .atLeast(1)), "the batch size is 0, but must be at least 1"),
            (
                .outside(.learningRate, found: -0.5, .above(0)),
                "the learning rate is -0.5, but must be a number above 0"
            ),
            (.outside(.mixing, found: 2, .fromTo(0, 1)), "the mixing is 2, but must be from 0 to 1"),
            (
                .outside(.beta1, found: 1, .fromBelow(0, 1)),
                "the optimizer's first beta is 1, but must be at least 0 and below 1"
            ),
            (
                .outside(.matchThreshold, found: 1.25, .aboveTo(0, 1)),
                "the threshold of exact matches is 1.25, but must be above 0 and at most 1"
            ),
            (.mostBelowLeast(most: 3, least: 5), "a stage may have at most 3 steps, but must have at least 5"),
            (.teacherOfOneLayer, "the diagonal of a teacher with one layer is a point; give it at least two"),
        ]
        for (fault, words) in faults { #expect(fault.description == words) }
    }

    @Test func `the first setting outside its bound is the one that is told`() {
        #expect(SettingFault.first([(.batchSize, 1, .atLeast(1)), (.mixing, 1, .fromTo(0, 1))]) == nil)
        let found = SettingFault.first([
            (.batchSize, 1, .atLeast(1)), (.mixing, 2, .fromTo(0, 1)), (.clip, 0, .above(0)),
        ])
        #expect(found == .outside(.mixing, found: 2, .fromTo(0, 1)))
        // No number is never in bounds, and neither is one without an end.
        for bad in [Double.nan, .infinity] {
            #expect(SettingFault.first([(.clip, bad, .above(0))]) != nil)
            #expect(SettingFault.first([(.clip, bad, .atLeast(0))]) != nil)
        }
    }
}

@Suite struct TokenNameRuleTests {
    @Test func `three marks come first, then each character once, and a mark that is a character is in brackets`() {
        let vocabulary = CharacterVocabulary(["b", "a", "b", "#"])
        #expect(vocabulary.characters == ["b", "a", "#"] && vocabulary.count == 6)
        #expect(vocabulary.id(of: "b") == 3 && vocabulary.id(of: "#") == 5 && vocabulary.id(of: "x") == nil)
        #expect((-1..<7).map { vocabulary.name(of: $0) } == [nil, "|", "<#>", "$", "b", "a", "#", nil])
        #expect(vocabulary.asciiIDs.count == 128 && vocabulary.asciiIDs[0x61] == 4 && vocabulary.asciiIDs[0x62] == 3)
        #expect(vocabulary.asciiIDs.count { $0 == -1 } == 125)
        #expect(
            vocabulary == CharacterVocabulary(["b", "a", "#"]) && vocabulary != CharacterVocabulary(["a", "b", "#"]))
    }

    @Test func `the usual vocabulary has twenty tokens, digits first`() {
        let digits = CharacterVocabulary.digits
        #expect(digits.count == 20 && digits.id(of: "0") == 3 && digits.id(of: "9") == 12 && digits.id(of: ".") == 19)
        #expect(digits.name(of: 13) == "*" && digits.name(of: 20) == nil)
    }
}
