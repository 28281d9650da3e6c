import Language
import Testing

@testable import Console

@Suite struct FittingTests {
    @Test func `an explanation goes on below where it starts`() {
        let line = StyledText("  back  ", .verb) + StyledText("Goes back along the timeline.")
        #expect(line.fitted(to: 20).map(\.plain) == ["  back  Goes back", "        along the", "        timeline."])
    }

    @Test func `prose is broken at spaces, a table is left as it is`() {
        #expect(StyledText("one two three").fitted(to: 8).map(\.plain) == ["one two", "three"])
        let row = StyledText("removed   steps   loss")
        #expect(row.fitted(to: 10) == [row])
    }

    @Test func `where an explanation starts far to the right it goes on at the left`() {
        let line = StyledText("a_very_long_name  says what")
        #expect(line.fitted(to: 22).map(\.plain) == ["a_very_long_name  says", "what"])
    }
}
