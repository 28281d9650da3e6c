// A run on disk and a process that dies: what `kill -9` leaves can be gone on from, with the same bits.

import Foundation
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

    /// Starts a kept run that trains without end, sends it a signal once it does, and says how it ended.
    private static func signalled(_ signal: String, before: String = "") -> String {
        // Where the first signal is to be ignored, a second one ends it.
        let second = before.isEmpty ? "" : "sleep 0.3; kill -TERM $process;"
        return """
            \(before)
            "$ICOT" -c "\(begin)" -c 'train steps: 100_000_000' > first.txt 2> errors.txt & process=$!
            while [ ! -s runs/lost/checkpoints/step-0000000002/MANIFEST.json ]; do sleep 0.01; done
            sleep 1
            kill -\(signal) $process; kill -\(signal) $process; \(second) wait $process
            echo "status $?"; cat errors.txt
            [ -e runs/lost/owner.lock ] && echo 'still owned'
            """
    }

    @Test(arguments: ["TERM", "HUP", "USR1"])
    func `a signal that asks the program to end is followed after the step, with all of it saved and status 75`(
        _ signal: String
    ) throws {
        let ended = try shell(
            Self.signalled(signal) + "\nicot -c 'let r = resume \"runs/lost\" hold: false' -c 'r.steps > 0'")
        #expect(ended.status == 0, "\(ended.error)")
        let lines = ended.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "status 75")
        #expect(lines.contains { $0.hasPrefix("ended by SIG\(signal); runs that are kept in a folder are saved") })
        #expect(!lines.contains("still owned"))
        #expect(lines.last == "true", "\(ended.output)")
    }

    @Test func `a signal that the caller has ignored, as nohup does, ends nothing`() throws {
        let ended = try shell(Self.signalled("HUP", before: "trap '' HUP"))
        #expect(ended.output.contains("status 75") && ended.output.contains("ended by SIGTERM"), "\(ended.output)")
    }

    @Test func `a copy of a run that was opened without holding it goes with the program, also when that was killed`()
        throws
    {
        let run = try shell(
            """
            export TMPDIR=$PWD/tmp; mkdir tmp
            icot -c "\(Self.begin)" || exit 1
            icot -c 'resume "runs/lost" hold: false'
            ls tmp | wc -l
            "$ICOT" -c 'resume "runs/lost" hold: false' -c 'train steps: 100_000_000' & process=$!
            while ! ls tmp/*/run.json 2>/dev/null >&2; do sleep 0.01; done
            sleep 0.3; kill -9 $process; wait $process 2>/dev/null
            ls tmp | wc -l
            icot -c 'resume "runs/lost" hold: false' && ls tmp | wc -l
            """)
        let counts = run.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { Int($0) != nil }
        #expect(counts == ["0", "1", "0"], "\(run)")
    }

    @Test func `a burst of interrupts, as from a key that is held, stops what runs and does not end the program`()
        throws
    {
        let run = try shell(
            """
            mkfifo in; "$ICOT" -i < in > out.txt 2> err.txt & process=$!
            exec 3> in; echo 'print "begun"; while true { let x = 1 }' >&3
            while ! grep -q begun out.txt; do sleep 0.01; done
            i=0; while [ $i -lt 20 ]; do kill -INT $process; i=$((i + 1)); done
            sleep 0.3; echo 'print "still here"' >&3; exec 3>&-
            wait $process; echo "status $?"; cat out.txt err.txt
            """)
        #expect(run.output.contains("status 0") && run.output.contains("still here"), "\(run)")
        #expect(!run.output.contains("once more ends icot"))
    }
}
