// The program in scripts and pipes: results on standard output, errors on standard error, an exit status.

import CPseudoTerminal
import Foundation
import Glibc
import TestSupport
import Testing

/// Which small change is on in the program, where somebody looks whether these tests notice (Tests/Mutants).
let mutant = ProcessInfo.processInfo.environment.filter { $0.key == "ICOT_MUTANT" }

/// Runs a line of shell in which `icot` is the program; the home folder is empty.
func shell(_ line: String, seconds: Double = 60) throws -> (status: Int32, output: String, error: String) {
    try withTemporaryFolder { home in
        let variables = [
            "HOME": home.path, "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin", "ICOT": icotExecutable,
        ].merging(mutant) { $1 }
        let envp = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in envp { free(pointer) } }
        let process = shell_spawn("icot() { \"$ICOT\" \"$@\"; }\n\(line)", home.path, envp)
        let deadline = Date().addingTimeInterval(seconds)
        var status: Int32 = 0
        while waitpid(process, &status, WNOHANG) == 0 {
            if Date() > deadline { kill(-process, SIGKILL) }
            usleep(5000)
        }
        func text(_ name: String) -> String {
            (try? String(contentsOf: home.appending(path: name), encoding: .utf8)) ?? ""
        }
        return (status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f), text("out"), text("err"))
    }
}

@Suite struct BatchTests {
    @Test func `-c runs statements and prints their values`() throws {
        let run = try shell("icot -c 'let x = 6; x * 7' -c 'x + 1'")
        #expect(run == (0, "42\n7\n", ""))
    }

    @Test func `an error is underlined on standard error, and the status is 2`() throws {
        let run = try shell("icot -c 'pritn 3'")
        #expect(run.status == 2)
        #expect(run.output == "")
        #expect(run.error.hasPrefix("E201"))
        #expect(run.error.contains("\n  pritn 3\n  ^^^^^\n"))
        #expect(!run.error.contains("\u{1b}"))
    }

    @Test func `nothing runs of a text with an error in its last line`() throws {
        let run = try shell("icot -c 'print 1' -c 'pritn 2'")
        #expect(run.status == 2)
        #expect(run.output == "")
        #expect(run.error.contains("-c:2:1"))
    }

    @Test func `--json is one value a line, wherever it stands, and errors are JSON too`() throws {
        let good = try shell("icot --json -c '[1, 2]' && icot -c '[a: 0.5, b: \"x\"]' --json")
        #expect(good.status == 0)
        let lines = good.output.split(separator: "\n").map {
            try? JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
        }
        #expect(lines.count == 2)
        #expect(lines[0] as? [Int] == [1, 2])
        #expect((lines[1] as? [String: Any])?["b"] as? String == "x")

        let wrong = try shell("icot --json -c 'print 1' -c 'pritn 2'")
        #expect(wrong.status == 2)
        let object = try JSONSerialization.jsonObject(with: Data(wrong.error.utf8)) as? [String: [String: Any]]
        let error = try #require(object?["error"])
        #expect(error["code"] as? String == "E201")
        #expect(error["line"] as? Int == 2)
        #expect(error["text"] as? String == "pritn")
    }

    @Test func `a pipe is a text`() throws {
        let run = try shell("printf 'for k in 1...2 {\\n print k\\n}\\n' | icot")
        #expect(run == (0, "1\n2\n", ""))
        let wrong = try shell("printf 'print 1\\npritn 2\\n' | icot")
        #expect(wrong.status == 2)
        #expect(wrong.error.contains("stdin:2:1"))
    }

    @Test func `a program that types is answered line by line and may slip`() throws {
        let run = try shell("printf 'print 1\\npritn 2\\nprint 3\\n' | icot -i")
        #expect(run.status == 0)
        #expect(run.output.contains("1\n") && run.output.contains("3\n"))
        #expect(run.error.contains("E201"))
    }

    @Test func `a reader that leaves ends it without noise`() throws {
        let run = try shell("icot -c 'for k in 0...1000000 { print k }' | head -1")
        #expect(run.output == "0\n")
        #expect(run.error == "")
    }

    @Test func `a full disk is an error and not silence`() throws {
        let run = try shell("icot -c 'print 1' > /dev/full")
        #expect(run.status == 2)
        #expect(run.error.contains("no space left"))
    }

    @Test func `closed descriptors are no trouble`() throws {
        #expect(try shell("icot <&-").status == 0)
        #expect(try shell("icot -c 'print 1' <&-").output == "1\n")
        #expect(try shell("icot -c 'print 1' >&-").status == 2)
        #expect(try shell("icot -c 'pritn 1' 2>&-").status == 2)
    }

    @Test func `an interrupt ends it with 130`() throws {
        // It listens for interrupts once it has written something.
        let run = try shell(
            "\"$ICOT\" -c 'print 1; while true { }' > o & until grep -q 1 o; do sleep 0.1; done; kill -INT $!; wait $!; echo $?"
        )
        #expect(run.output == "130\n")
        #expect(run.error.contains("stopped"))
    }

    @Test func `a question is answered`() throws {
        #expect(try shell("icot -c '?print'").output.contains("Writes values"))
        #expect(try shell("icot -c '?prnit'").status == 2)
    }

    @Test func `a wrong option is an error of status 2`() throws {
        let run = try shell("icot --nonsense")
        #expect(run.status == 2)
        #expect(run.error.contains("nonsense"))
        #expect(try shell("icot --threads 0 -c 1").status == 2)
        #expect(try shell("icot --version").output == "0.1.0\n")
    }
}
