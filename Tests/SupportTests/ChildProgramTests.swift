import Testing

@testable import Support

@Suite struct ChildProgramTests {
    private func run(_ command: String, isStopped: () -> Bool = { false }) throws -> (ChildProgram.End, [String]) {
        var lines: [String] = []
        let end = try ChildProgram.run(command, isStopped: isStopped) { lines.append($0) }
        return (end, lines)
    }

    @Test func `lines of both outputs come in their order, also the last without an end`() throws {
        let (end, lines) = try run("echo a; echo b >&2; echo; printf c; exit 3")
        #expect(end == .status(3))
        #expect(lines == ["a", "b", "", "c"])
    }

    @Test func `how a program ended is told, and nothing can be typed into it`() throws {
        #expect(try run("kill -9 $$").0 == .signal(9))
        #expect(try run("cat; echo $?").1 == ["0"])
    }

    @Test func `a line without end comes in pieces, and nothing of it is lost`() throws {
        let (end, lines) = try run("head -c 3000000 /dev/zero | tr '\\0' a; echo; seq 20000")
        #expect(end == .status(0))
        let long = lines.prefix { $0.first == "a" }
        #expect(long.count > 1 && long.joined().utf8.count == 3_000_000)
        #expect(lines.drop { $0.first == "a" || $0.isEmpty }.elementsEqual((1...20000).map { "\($0)" }))
    }

    @Test func `a program is interrupted, and one that does not care is killed`() throws {
        var asked = 0
        let (end, lines) = try run("echo on; sleep 60") {
            asked += 1
            return asked > 3
        }
        #expect(end == .stopped && lines == ["on"])
        #expect(try run("trap '' INT; while :; do sleep 1; done") { true }.0 == .stopped)
    }
}
