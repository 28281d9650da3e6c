// icot away from its checkout: notebooks by name, the manual, completions, and what a program that is handed on may
// need.

import Foundation
import TestSupport
import Testing

@Suite struct TakeAwayTests {
    // MARK: - Notebooks by name

    @Test func `a notebook that comes with icot runs by its name in any folder`() throws {
        let run = try shell("mkdir empty; cd empty; icot own_task >out; echo $?; ls")
        #expect(run.output == "0\nout\n", "\(run)")
    }

    @Test func `a file of the working directory comes before a notebook of that name`() throws {
        let run = try shell(
            """
            printf '6 * 7\\n' >tour.icot; icot tour | grep -c 42
            printf '2 + 3\\n' >lesson; icot lesson | grep -c 5
            """)
        #expect(run.output == "1\n1\n", "\(run)")
    }

    /// Laid out as an archive or a package is: the program in `bin`, the rest in `share/icot` beside that.
    private let installed = """
        mkdir -p u/bin u/share/icot/notebooks work
        ln "$ICOT" u/bin/icot 2>/dev/null || cp "$ICOT" u/bin/icot
        printf '# icot 1\\n# title: Numbers\\n\\n6 * 7\\n' >u/share/icot/notebooks/numbers.icot
        cd work

        """

    @Test func `an installed icot finds its notebooks beside itself`() throws {
        let run = try shell(
            installed + "../u/bin/icot notebooks; ../u/bin/icot numbers; ../u/bin/icot --json notebooks | cut -c1-40")
        #expect(run.output.hasPrefix("numbers  Numbers\n"), "\(run)")
        #expect(run.output.contains("42\n"))
        #expect(run.output.contains(#"{"name":"numbers","title":"Numbers","#), "\(run.output)")
    }

    @Test func `what is made of a notebook that comes with icot lands in the working directory`() throws {
        let run = try shell(installed + "../u/bin/icot export numbers --to md; ls; ls ../u/share/icot/notebooks")
        #expect(run.output == "wrote numbers.md\nnumbers.md\nnumbers.icot\n", "\(run)")
    }

    @Test func `a name that is none is answered with the nearest, and that runs`() throws {
        let run = try shell(installed + "../u/bin/icot number; echo $?; ../u/bin/icot elephant; ../u/bin/icot x/y.icot")
        #expect(run.output == "3\n")
        let lines = run.error.split(separator: "\n").map(String.init)
        #expect(lines.count == 5, "\(run.error)")
        #expect(lines[1] == "  fix: icot numbers")
        #expect(lines[3] == "  fix: icot notebooks lists those that come with icot")
    }

    @Test func `an icot alone says where its notebooks belong`() throws {
        let run = try shell("mkdir bin; cp \"$ICOT\" bin/icot; bin/icot notebooks; echo $?")
        #expect(run.output == "2\n")
        #expect(run.error.contains("share/icot/notebooks"), "\(run.error)")
    }

    // MARK: - The manual

    @Test(
        .enabled(if: Programs.has("groff"), "\(Programs.reason("groff"))"),
        arguments: [("", "icot"), ("verbs", "icot-verbs")])
    func `a page of the manual is read by groff without a warning`(_ page: String, _ name: String) throws {
        let run = try shell("icot manual \(page) | groff -man -ww -Tutf8 -P-cbou")
        #expect(run.error == "", "\(run.error.prefix(500))")
        #expect(run.output.contains(name.uppercased()))
    }

    /// The text of a page with its escapes taken back.
    private func manual(_ page: String) throws -> String {
        try shell("icot manual \(page)").output.replacing("\\-", with: "-").replacing("\\(aq", with: "'")
    }

    @Test func `every command and every option that --help names is in the manual`() throws {
        let text = try manual("")
        let commands = try shell("icot --experimental-dump-help").output
        let root = try #require(try JSONSerialization.jsonObject(with: Data(commands.utf8)) as? [String: Any])
        func section(_ title: String) -> String {
            text.components(separatedBy: ".SH \"\(title.uppercased())\"\n").dropFirst().first?
                .components(separatedBy: "\n.SH ").first ?? ""
        }
        var count = 0
        func visit(_ node: [String: Any], _ path: String) {
            for argument in node["arguments"] as? [[String: Any]] ?? []
            where argument["shouldDisplay"] as? Bool != false && (path != "icot" || node["subcommands"] == nil) {
                for name in argument["names"] as? [[String: String]] ?? [] {
                    let written = (name["kind"] == "short" ? "-" : "--") + (name["name"] ?? "?")
                    let places = section(path) + section("with every command")
                    #expect(places.contains("\\fB" + written) || places.contains(", " + written), "\(path) \(written)")
                    count += 1
                }
            }
            for child in node["subcommands"] as? [[String: Any]] ?? [] {
                guard let name = child["commandName"] as? String, name != "help",
                    child["shouldDisplay"] as? Bool != false || name == "run"
                else { continue }
                visit(child, name == "run" && path == "icot" ? "icot" : "\(path) \(name)")
            }
        }
        visit(try #require(root["command"] as? [String: Any]), "icot")
        #expect(count > 60, "\(count)")
    }

    @Test func `every variable of the environment that icot reads is in the manual`() throws {
        let text = try manual("")
        let sources = packageFolder.appending(path: "Sources")
        var names: Set<String> = []
        let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)?.allObjects ?? []
        for file in files.compactMap({ $0 as? URL }) where ["swift", "c"].contains(file.pathExtension) {
            let source = try String(contentsOf: file, encoding: .utf8)
            let calls = source.matches(of: /(?:getenv|environment|variable)\("([A-Z_]+)"\)/)
            for call in calls { names.insert(String(call.1)) }
        }
        #expect(names.count > 15, "\(names)")
        // Of the system's own conventions, which every program follows, and what mpirun tells its ranks.
        let others: Set = ["HOME", "PATH", "TMPDIR", "LESS", "OMPI_COMM_WORLD_SIZE", "PMIX_RANK"]
        for name in names.subtracting(others) { #expect(text.contains(name), "\(name)") }
    }

    // MARK: - Completions

    @Test(arguments: ["bash", "zsh", "fish"])
    func `completions name every command, and the shell takes them`(_ kind: String) throws {
        let reads = Programs.has(kind) ? "\(kind) -n script" : ":"
        let run = try shell("icot --generate-completion-script \(kind) >script; cat script; \(reads)")
        #expect(run.error == "", "\(run.error.prefix(300))")
        for command in ["replay", "present", "export", "sweep", "notebooks", "doctor", "manual"] {
            #expect(run.output.contains(command), "\(command)")
        }
    }

    // MARK: - What a program may need

    private func check(_ program: String) throws -> (status: Int32, output: String, error: String) {
        try shell("\(packageFolder.path)/packaging/release --check \(program)")
    }

    @Test func `a program that needs more than glibc is refused by name`() throws {
        // The one beside these tests is linked with the toolchain's libraries.
        let run = try check("\"$ICOT\"")
        #expect(run.status != 0)
        #expect(run.error.contains("libswiftCore.so"), "\(run.error)")
        #expect(!run.error.contains("libc.so.6"))
    }

    @Test func `a program that needs glibc alone passes, unless it is too large`() throws {
        let fine = try check("/bin/true")
        #expect(fine.status == 0, "\(fine.error)")
        #expect(fine.output.contains("needs libc.so.6"), "\(fine.output)")
        let large = try shell(
            "cp /bin/true large; truncate -s 30000001 large; \(packageFolder.path)/packaging/release --check large")
        #expect(large.status != 0)
        #expect(large.error.contains("more than 30"), "\(large.error)")
    }

    @Test func `without OpenBLAS the products are icot's own, and the profile and the doctor say so`() throws {
        let run = try shell("export ICOT_BLAS=own; icot -c 'print profile()'; icot doctor | grep arithmetic")
        #expect(run.output.hasPrefix("f32 own v"), "\(run)")
        #expect(run.output.contains("icot's own products"))
    }
}
