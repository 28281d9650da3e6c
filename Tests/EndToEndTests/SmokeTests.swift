import Testing

@Suite struct SmokeTests {
    @Test func `the program explains itself`() throws {
        let terminal = try PseudoTerminal(["--help"])
        #expect(try terminal.exitStatus() == 0)
        #expect(terminal.screen.text.contains("icot"))
    }
}
