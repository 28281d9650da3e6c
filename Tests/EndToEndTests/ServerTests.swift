// The program against a server on this machine: whose key goes where, what an untrusted notebook may ask, and what
// replays without a network.

import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: Programs.hasLibrary("libcurl.so.4"), "\(Programs.reason("libcurl"))"))
struct ServerTests {
    private let problems = "let t = gen .add digits: 1 n: 2 seed: 7\nlet d = gen .add digits: 1 n: 9 seed: 1\n"

    private func notebook(_ address: String, _ labels: String = "") -> String {
        "# icot 1\n# %%\n\(problems)prompted(\"m\", at: \"\(address)\", on: t, examples: d\(labels))\n"
    }

    private func file(_ name: String, _ text: String) -> String { "cat > \(name) <<'END'\n\(text)END\n" }

    @Test func `an untrusted notebook that asks a server names its address, and asks nothing before that is agreed to`()
        throws
    {
        let server = PlannedServer([.chat("x")])
        let run = try shell(
            file("n.icot", notebook(server.address)) + """
                icot n.icot < /dev/null; echo $?; ls answers.jsonl; icot effects n.icot
                icot n.icot --trust > /dev/null; echo $?; icot n.icot > /dev/null; echo $?
                """)
        #expect(run.output.hasPrefix("4\n"), "\(run.output)")
        #expect(run.error.contains("asks   \"\(server.address)\"  prompted, line 5"), "\(run.error)")
        #expect(run.error.contains("cannot access 'answers.jsonl'"))
        #expect(run.output.contains("asks   \"\(server.address)\""))
        // Then it is remembered, and the answers are kept.
        #expect(run.output.hasSuffix("\n0\n0\n"), "\(run.output)")
        #expect(server.requests.count == 2)
    }

    @Test func `a server that the list did not name is refused when it is asked`() throws {
        let server = PlannedServer([.chat("x")])
        // Agreed to is the list of the text; an imported file that changed in the meantime reaches further.
        let run = try shell(
            file(
                "n.icot",
                "# icot 1\n# %%\n\(problems)let v = \"x\"\nimport \"v.icot\"\nwrite 1 \"v.icot\" overwrite: true\n")
                + "echo 'let z = 1' > v.icot\n"
                + file(
                    "m.icot",
                    "# icot 1\n# %%\n\(problems)shell(\"cp w.icot v.icot\")\nimport \"v.icot\"\nasking(t, d)\n")
                + file(
                    "w.icot",
                    "def asking(t, d) { prompted(\"m\", at: \"\(server.address)\", on: t, examples: d) }\n")
                + "echo 'def asking(t, d) { 1 }' > v.icot\nicot m.icot --trust; echo $?")
        #expect(run.error.contains("was not agreed to ask \(server.address)"), "\(run.error)\n\(run.output)")
        #expect(server.requests == [])
    }

    @Test func `recorded answers replay without trust and without a network`() throws {
        let server = PlannedServer([.chat("x")])
        let first = try shell(
            file("n.icot", notebook(server.address)) + file("k.icot", notebook(server.address, ", ask: false"))
                + "icot replay n.icot --update --trust > /dev/null; cat answers.jsonl n.icot")
        #expect(first.status == 0 && server.requests.count == 2, "\(first.error)")
        let lines = first.output.split(separator: "\n").map(String.init)
        let answers = lines.prefix { $0.hasPrefix("{") }.joined(separator: "\n") + "\n"
        let outputs = lines.filter { $0.hasPrefix("#> ") }.joined(separator: "\n") + "\n"
        #expect(outputs.contains("#> tokens_read:    20"), "\(outputs)")
        server.stop()
        let again = try shell(
            file("answers.jsonl", answers) + file("k.icot", notebook(server.address, ", ask: false") + outputs)
                + "icot effects k.icot; icot replay k.icot --check; echo $?")
        #expect(again.output.contains("reads  \"answers.jsonl\"") && !again.output.contains("asks"), "\(again.output)")
        #expect(again.output.hasSuffix("0\n"), "\(again.output)\n\(again.error)")
    }

    @Test func `a key goes to the server that the environment names, and is in no file, message or record`() throws {
        let key = "sk-abcdef123456"
        let own = PlannedServer([.chat("my key is \(key)"), .failure(401, "wrong key \(key)")])
        let other = PlannedServer([.chat("x")])
        let run = try shell(
            file("n.icot", notebook(own.address)) + file("o.icot", notebook(other.address, ", answers: \"o.jsonl\""))
                + """
                export OPENAI_API_KEY=\(key) OPENAI_BASE_URL=\(own.address)
                icot replay o.icot --update --trust; icot replay n.icot --update --trust
                icot -c '\(problems.replacing("\n", with: "; "))prompted("m", at: "\(own.address)", on: t, examples: d)'
                cat n.icot o.icot answers.jsonl o.jsonl; ls -a; cat .local/state/icot/*
                """)
        #expect(own.requests.count >= 2 && own.requests.allSatisfy { $0.contains("Authorization: Bearer \(key)") })
        #expect(other.requests.count == 2 && other.requests.allSatisfy { !$0.contains(key) })
        #expect(run.output.contains("my key is [key]"), "\(run.output)\n\(run.error)")
        #expect(run.error.contains("refused the key (401): \"wrong key [key]\""), "\(run.error)")
        #expect(!run.output.contains(key) && !run.error.contains(key))
    }

    @Test func `without libcurl that is said, with what installs it`() throws {
        let run = try shell(
            "mkdir none; for name in libcurl.so.4 libcurl-gnutls.so.4; do : > none/$name; done\n"
                + "export LD_LIBRARY_PATH=$PWD/none\n"
                + "icot -c '\(problems.replacing("\n", with: "; "))prompted(\"m\", at: \"http://127.0.0.1:1\", on: t, examples: d)'"
        )
        #expect(run.status == 2)
        #expect(run.error.contains("libcurl, which is not installed") && run.error.contains("apt install libcurl4"))
    }
}
