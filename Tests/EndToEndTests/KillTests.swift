// A run on disk and a process that dies: what `kill -9` leaves can be gone on from, with the same bits.

import Testing

@Suite struct KillTests {
    private static let begin = """
        let data = gen .parity digits: 5 n: 2000
        let r = start (model .gpt2 width: 32 heads: 2 positions: 32) on: data batch: 16 name: \\"lost\\"
        schedule every: 40
        """
    private static let goOn = "internalize final: 500 at_most: 100_000\nhash r"

    @Test func `a killed run goes on to the same bits as one that was left alone`() throws {
        let alone = try shell("icot -c \"\(Self.begin)\" -c '\(Self.goOn)'")
        #expect(alone.status == 0, "\(alone.error)")
        // Killed once two tokens are gone, in the middle of a step or of a save.
        let killed = try shell(
            """
            "$ICOT" -c "\(Self.begin)" -c '\(Self.goOn)' > first.txt & process=$!
            while ! grep -q '2 of' first.txt; do sleep 0.01; done
            kill -9 $process; wait $process
            [ -d runs/lost ] || exit 9
            icot -c 'let r = resume "runs/lost"' -c '\(Self.goOn)'
            """)
        #expect(killed.status == 0, "\(killed.error)")
        let hash = alone.output.split(separator: "\n").last
        #expect(hash?.count ?? 0 >= 64)
        #expect(killed.output.split(separator: "\n").last == hash)
    }
}
