// What a whole process shows and how it ends: texts that are run, what is typed at a prompt, pages, signals. Each test
// has a process of its own.

import Foundation
import Glibc
import Language
import Support
import Synchronization
import TestSupport
import Testing

@testable import Console

/// Whether a file of the folder holds a text, with what it holds.
private func holds(_ name: String, _ text: String, in folder: URL) throws {
    let found = try OwnFiles.read(name, in: folder)
    #expect(found == text, "\(name): \(found.debugDescription)")
}

@Suite struct RunTextRuleTests {
    /// Runs a text as `icot -c` does, in files of its own; its status.
    static func run(_ text: String, _ form: EventPrinter.Form = .text, in folder: URL) throws -> Int32 {
        try OwnFiles.redirect("", in: folder)
        let writer = TerminalWriter()
        return TextRun.run(
            SourceText(text, name: "t"), Session(Vocabulary()), printer: EventPrinter(writer, form: form),
            writer: writer, interrupts: InterruptWatch())
    }

    @Test func `a text that runs through ends with 0, one with an error with 2, and quit leaves the rest`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                let fine = try RunTextRuleTests.run("print 1\n2 + 3", in: folder)
                #expect(fine == 0)
                try holds("out", "1\n5\n", in: folder)
                let left = try RunTextRuleTests.run("print 1\nquit\nprint 2", in: folder)
                #expect(left == 0)
                try holds("out", "1\n", in: folder)
                let failed = try RunTextRuleTests.run("print 1\nno_such_name + 1", in: folder)
                #expect(failed == 2)
                let told = try OwnFiles.read("err", in: folder)
                #expect(told.hasPrefix("t:2:1: E202 'no_such_name'"), "\(told)")
            }
        }
    }

    @Test func `a question that has an answer is answered, one that has none fails and leaves the rest`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                let known = try RunTextRuleTests.run("?print\nprint 2", in: folder)
                let answer = try OwnFiles.read("out", in: folder)
                #expect(known == 0 && answer.contains("print") && answer.hasSuffix("\n2\n"), "\(answer)")
                let json = try RunTextRuleTests.run("?print", .json, in: folder)
                let object = try OwnFiles.read("out", in: folder)
                #expect(json == 0 && object.hasPrefix("{"), "\(object)")
                for form in [EventPrinter.Form.text, .json] {
                    let unknown = try RunTextRuleTests.run("?no_such_name\nprint 2", form, in: folder)
                    #expect(unknown == 2)
                    try holds("out", "", in: folder)
                    let told = try OwnFiles.read("err", in: folder)
                    #expect(!told.isEmpty)
                }
            }
        }
    }

    @Test func `prompts of a copied session are no part of it, and results are lines of JSON where that is wanted`()
        async
    {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                let copied = try RunTextRuleTests.run("icot 1> let x = 2\nicot 1> x + 1\n3", in: folder)
                #expect(copied == 0)
                try holds("out", "3\n", in: folder)
                let json = try RunTextRuleTests.run("1 + 1\nprint \"a\"", .json, in: folder)
                #expect(json == 0)
                let lines = try OwnFiles.read("out", in: folder)
                #expect(lines.hasPrefix("2\n") && lines.split(separator: "\n").count == 2, "\(lines)")
                let failed = try RunTextRuleTests.run("no_such_name", .json, in: folder)
                let told = try OwnFiles.read("err", in: folder)
                #expect(failed == 2 && told.hasPrefix("{\"error\": {\"code\": \"E"), "\(told)")
            }
        }
    }

    @Test func `where nobody can read what is shown, that is said and the status is 2`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                try OwnFiles.redirect("", in: folder)
                let full = open("/dev/full", O_WRONLY)
                dup2(full, STDOUT_FILENO)
                let writer = TerminalWriter()
                let status = TextRun.run(
                    SourceText("print 1"), Session(Vocabulary()), printer: EventPrinter(writer), writer: writer,
                    interrupts: InterruptWatch())
                #expect(status == 2 && writer.failure == "no space left on device")
                let told = try OwnFiles.read("err", in: folder)
                let last = "\nicot: cannot write to standard output: no space left on device\n"
                #expect(told.hasSuffix(last), "\(told)")
            }
        }
    }
}

@Suite struct PromptRunRuleTests {
    /// Runs a prompt on what is typed; its status.
    static func run(
        _ typed: String, in folder: URL, history: History = .inMemory(), options: Repl.Options = Repl.Options()
    ) throws -> Int32 {
        try OwnFiles.redirect(typed, in: folder)
        let writer = TerminalWriter()
        writer.transcript = try Transcript(path: folder.path + "/transcript")
        return Repl(
            Session(Vocabulary()), writer: writer, interrupts: InterruptWatch(), history: history, options: options
        ).run()
    }

    @Test func `each entry stands after a prompt with the number of the next result, and quit leaves`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                let history = History.inMemory()
                let status = try PromptRunRuleTests.run(
                    "let x = 2\nx + 1\n\nfor k in 0..<2 {\nprint k\n}\nquit\nprint 9\n", in: folder, history: history)
                #expect(status == 0)
                try holds(
                    "out", "icot 1> icot 1> 3\nicot 2> icot 2> ....> ....> 0\n1\nicot 2> ", in: folder)
                try holds("err", "", in: folder)
                #expect(history.entries == ["let x = 2", "x + 1", "for k in 0..<2 {\nprint k\n}", "quit"])
                try holds(
                    "transcript",
                    "icot 1> let x = 2\nicot 1> x + 1\n3\nicot 2> for k in 0..<2 {\n....> print k\n....> }\n0\n1\n"
                        + "icot 2> quit\n", in: folder)
            }
        }
    }

    @Test func `an error does not end a prompt, the end of the input does, and what stands there still is run`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                let status = try PromptRunRuleTests.run(
                    "no_such_name\n?no_such_name\nicot 1> print 1\nprint 2", in: folder)
                #expect(status == 0)
                try holds("out", "icot 1> icot 1> icot 1> 1\nicot 1> 2\nicot 1> ", in: folder)
                let told = try OwnFiles.read("err", in: folder)
                // A line that was just typed needs no place.
                #expect(told.hasPrefix("E") && !told.contains("startup"), "\(told)")
            }
        }
    }

    @Test func `before the first prompt come the greeting, the person's own statements and the opening`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                let opening = Opening(source: SourceText("print y", name: "talk"), refusal: { _ in nil })
                let status = try PromptRunRuleTests.run(
                    "print (y + 1)\n", in: folder,
                    options: Repl.Options(
                        greeting: "hello", startup: SourceText("let y = 4", name: "startup.icot"), opening: opening))
                #expect(status == 0)
                try holds("out", "hello\n4\nicot 1> 5\nicot 1> ", in: folder)
                // Of an error in what was not typed it is told where it is.
                _ = try PromptRunRuleTests.run(
                    "no_such_name\n", in: folder,
                    options: Repl.Options(startup: SourceText("let z = other_name", name: "startup.icot")))
                let told = try OwnFiles.read("err", in: folder)
                #expect(told.hasPrefix("startup.icot:1:9: E202 'other_name'"), "\(told)")
                #expect(told.contains("\nE202 'no_such_name'"), "\(told)")
            }
        }
    }

    @Test func `what another program types is none of the person's history`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                let history = History.inMemory(["own"])
                _ = try PromptRunRuleTests.run(
                    "print 1\nhistory\n", in: folder, history: history, options: Repl.Options(isDriven: true))
                #expect(history.entries == ["own"])
                let out = try OwnFiles.read("out", in: folder)
                #expect(out.contains("print 1") && !out.contains("own"), "\(out)")
            }
        }
    }

    @Test func `what a notebook may do holds while it runs, and not for what is typed after it`() {
        let session = Session(Vocabulary())
        let opening = Opening(source: SourceText("1"), refusal: { _ in Refusal("no") })
        var during: Refusal?
        let outcome = opening.run(SourceText("1"), session) { _, session in
            during = session.refusal(.runs("ls"))
            return .interrupted
        }
        #expect(during == Refusal("no") && outcome == .interrupted && session.refusal(.runs("ls")) == nil)
    }

    @Test func `lines of a pipe end with a line feed, with or without a return, and the last needs none`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                let long = String(repeating: "x", count: 40_000)
                try OwnFiles.redirect("a\r\nb\n\n\r\n\(long)\nlast\r", in: folder)
                let reader = PlainReader()
                let lines = (0..<7).map { _ in reader.readLine() }
                #expect(
                    lines == [.text("a"), .text("b"), .text(""), .text(""), .text(long), .text("last\r"), .end])
                try OwnFiles.redirect("print 1\nprint 2", in: folder)
                let whole = StandardInput.source()
                #expect(whole?.text == "print 1\nprint 2" && whole?.name == "stdin")
            }
        }
    }

    @Test func `a person's own statements lie where the desktop keeps settings, or below the home`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                for (place, text) in [("config", "let a = 1"), ("home/.config", "let b = 2")] {
                    try writeFileAtomically(folder.path + "/\(place)/icot/startup.icot", text.utf8)
                }
                setenv("HOME", folder.path + "/home", 1)
                setenv("XDG_CONFIG_HOME", folder.path + "/config", 1)
                #expect(Startup.source()?.text == "let a = 1")
                #expect(Startup.source()?.name == folder.path + "/config/icot/startup.icot")
                for other in ["relative", ""] {
                    setenv("XDG_CONFIG_HOME", other, 1)
                    #expect(Startup.source()?.text == "let b = 2", "\(other)")
                }
                setenv("XDG_CONFIG_HOME", folder.path + "/none", 1)
                #expect(Startup.source() == nil)
            }
        }
    }
}

@Suite struct SignalRuleTests {
    @Test func `one Ctrl-C asks what runs to stop, and a burst of them is one`() async {
        await #expect(processExitsWith: .success) {
            let watch = InterruptWatch()
            let interrupt = Interrupt()
            interrupt.request()
            watch.during(interrupt) {
                #expect(!interrupt.isRequested)
                for _ in 0..<6 {
                    kill(getpid(), SIGINT)
                    usleep(2000)
                }
                for _ in 0..<2000 where !interrupt.isRequested { usleep(1000) }
                usleep(50_000)
                #expect(interrupt.count == 1)
            }
            // Where nothing runs there is nothing to stop.
            for _ in 0..<4 {
                kill(getpid(), SIGINT)
                usleep(150_000)
            }
            watch.during(interrupt) { #expect(!interrupt.isRequested) }
        }
    }

    @Test func `two Ctrl-C say what a third does, and the third ends the process`() async {
        await #expect(processExitsWith: .exitCode(130)) {
            let watch = InterruptWatch()
            let interrupt = Interrupt()
            watch.during(interrupt) {
                for _ in 0..<3 {
                    kill(getpid(), SIGINT)
                    usleep(150_000)
                }
                usleep(5_000_000)
            }
        }
        await #expect(processExitsWith: .exitCode(7)) {
            let watch = InterruptWatch()
            watch.during(Interrupt()) {
                for _ in 0..<2 {
                    kill(getpid(), SIGINT)
                    usleep(150_000)
                }
                usleep(100_000)
            }
            exit(7)
        }
    }

    @Test func `whoever ends the process hears that it may be started again: after what runs, or at once`() async {
        await #expect(processExitsWith: .exitCode(75)) {
            let watch = InterruptWatch()
            let interrupt = Interrupt()
            watch.during(interrupt) {
                kill(getpid(), SIGTERM)
                for _ in 0..<5000 where !interrupt.isRequested { usleep(1000) }
                // What runs is not cut off.
                if !interrupt.isRequested { exit(1) }
            }
            exit(2)
        }
        await #expect(processExitsWith: .exitCode(75)) {
            let watch = InterruptWatch()
            kill(getpid(), SIGHUP)
            usleep(5_000_000)
            _ = watch
        }
    }

    @Test func `a second session that took over is the one that Ctrl-C stops`() async {
        await #expect(processExitsWith: .success) {
            let watch = InterruptWatch()
            let (first, second) = (Interrupt(), Interrupt())
            watch.during(first) {
                second.request()
                watch.redirect(to: second)
                #expect(!second.isRequested)
                kill(getpid(), SIGINT)
                for _ in 0..<5000 where !second.isRequested { usleep(1000) }
                #expect(second.isRequested && !first.isRequested)
            }
        }
    }
}

@Suite struct ScreenRuleTests {
    @Test func `a page shows its end above the line about it, and paints only the rows that changed`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal(rows: 5, columns: 40)
            let screen = PageScreen(terminal: OwnTerminal.state())
            let lines = (1...9).map { StyledText("line \($0)") }
            func painted(_ lines: [StyledText], _ status: StyledText) -> String {
                screen.show(lines, status: status)
                return terminal.shown().replacing("\u{1b}[", with: "^")
            }
            let first = painted(lines, "s")
            #expect(first == "^2J^1;1Hline 6^K^2;1Hline 7^K^3;1Hline 8^K^4;1Hline 9^K^5;1Hs^K", "\(first)")
            #expect(painted(lines, "s") == "" && painted(lines, "t") == "^5;1Ht^K")
            screen.scroll(by: 2)
            let up = painted(lines, "t")
            #expect(up == "^1;1Hline 4^K^2;1Hline 5^K^3;1Hline 6^K^4;1Hline 7^K^5;1H2 more rows below  t^K", "\(up)")
            // No further than to the first row, and no further than to the last.
            screen.scroll(by: 100)
            #expect(painted(lines, "t").hasPrefix("^1;1Hline 1^K") && painted(lines, "t") == "")
            screen.scroll(by: -1)
            #expect(painted(lines, "t").hasSuffix("^5;1H4 more rows below  t^K"))
            screen.scroll(by: -3)
            #expect(painted(lines, "t").hasSuffix("^5;1H1 more row below  t^K"))
            screen.scroll(by: -100)
            #expect(painted(lines, "t").hasSuffix("^4;1Hline 9^K^5;1Ht^K"))
            screen.scroll(by: 3)
            screen.scrollToEnd()
            #expect(painted(lines, "t") == "")
            // Below its end there is nothing to come back from.
            screen.scroll(by: -5)
            screen.scroll(by: 2)
            #expect(painted(lines, "t").hasSuffix("^5;1H2 more rows below  t^K"))
            screen.scrollToEnd()
            _ = painted(lines, "t")
            let short = painted(["a"], "t")
            #expect(short == "^1;1Ha^K^2;1H^K^3;1H^K^4;1H^K", "\(short)")
            // One column is left free.
            let wide = painted([StyledText(String(repeating: "x", count: 39) + " " + "yy")], "t")
            #expect(wide.contains(String(repeating: "x", count: 39) + "^K^2;1Hyy^K"), "\(wide)")
        }
    }

    @Test func `a page takes the screen and gives it back, and a prompt stands below the end of the page`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal(rows: 6, columns: 40)
            let screen = PageScreen(terminal: OwnTerminal.state())
            func shown() -> String { terminal.shown().replacing("\u{1b}[", with: "^") }
            screen.asPrompt(below: ["a"]) {}
            #expect(shown() == "")
            #expect(screen.open() && screen.open())
            #expect(shown() == "^?1049h^?25l^2J")
            let result = screen.asPrompt(below: (1...9).map { StyledText("\($0)") }) { 5 }
            let prompt = shown()
            #expect(result == 5 && prompt == "^H^2J6\r\n7\r\n8\r\n9\r\n^?25h^?25l^2J", "\(prompt)")
            screen.close()
            screen.close()
            #expect(shown() == "^?25h^?1049l")
        }
    }

    @Test func `the keys of a page are letters, arrows, Enter and the two that leave`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal()
            let screen = PageScreen(terminal: OwnTerminal.state())
            terminal.type("aé\u{1b}[A\u{1b}[B\u{1b}[C\u{1b}[D\u{1b}[5~\u{1b}[6~\r\u{3}\u{4}\t\u{1b}")
            var keys: [PageScreen.Key?] = []
            for _ in 0..<12 { keys.append(screen.readKey(milliseconds: 5000)) }
            #expect(
                keys == [
                    .character("a"), .character("é"), .up, .down, .right, .left, .pageUp, .pageDown, .enter, .interrupt,
                    .end, .other,
                ])
            // A lone ESC is one after a moment.
            #expect(screen.readKey(milliseconds: 1) == .other && screen.readKey(milliseconds: 1) == nil)
        }
    }

    @Test func `long output stops after each screen, and the keys say how far it goes on`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal(rows: 5)
            var parts: [String] = []
            let styles = StyleSheet(colours: .none, usesAttributes: false)
            let pager = Pager(terminal: OwnTerminal.state(), styles: styles) { parts.append($0) }
            func shown(_ keys: String, _ count: Int) -> [String] {
                parts = []
                terminal.type(keys)
                pager.show((1...count).map { "\($0)" })
                return parts.filter { $0 != "\r\u{1b}[K" }
            }
            let question = "of 12 lines: space for more, Enter for one, e for the end, q to stop"
            #expect(
                shown("\r q", 12) == [
                    "1\n2\n3\n4\n", "4 \(question)", "5\n", "5 \(question)", "6\n7\n8\n9\n", "9 \(question)",
                ])
            #expect(shown("e", 12) == ["1\n2\n3\n4\n", "4 \(question)", "5\n6\n7\n8\n9\n10\n11\n12\n"])
            #expect(shown("jQ", 12)[2] == "5\n")
            for key in ["q", "Q", "\u{3}", "\u{4}"] { #expect(shown(key, 12).count == 2, "\(key.debugDescription)") }
            #expect(shown("", 4) == ["1\n2\n3\n4\n"])
            setenv("PAGER", "cat", 1)
            #expect(shown("", 12) == ["1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n"])
            setenv("PAGER", "", 1)
            #expect(shown("q", 12).count == 2)
            setenv("PAGER", "no-such-pager", 1)
            #expect(shown("q", 12).count == 2)
            try withTemporaryFolder { folder in
                setenv("PAGER", "cat > \(folder.path)/paged", 1)
                #expect(shown("", 3) == [])
                let paged = try String(contentsOfFile: folder.path + "/paged", encoding: .utf8)
                #expect(paged == "1\n2\n3\n")
            }
        }
    }

    @Test func `progress is off the screen before anything else is printed, and long lines are broken there`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try OwnTerminal(rows: 6, columns: 20)
            let writer = TerminalWriter(terminal: OwnTerminal.state())
            writer.progress("working")
            writer.print(["done"])
            let shown = terminal.shown()
            #expect(shown == "\rworking\u{1b}[K\r\u{1b}[Kdone\n", "\(shown.debugDescription)")
            writer.print([StyledText("one two three four five")])
            #expect(terminal.shown() == "one two three four\nfive\n")
            writer.printError([StyledText("one two three four five\u{7}")])
            #expect(terminal.shown() == "one two three four\nfive^G\n")
            writer.print(verbatim: "one two three four five six")
            writer.ask("a\u{1b}b? ")
            #expect(terminal.shown() == "one two three four five six\na^[b? ")
            TerminalWriter.note("x\u{1b}\n y", isError: false)
            #expect(terminal.shown() == "x^[\n y\n" && writer.width == 20 && writer.height == 6)
        }
    }

    @Test func `what a terminal is follows from TERM, and NO_COLOR and COLUMNS count where they say something`() async {
        await #expect(processExitsWith: .success) {
            for (columns, width) in [("7", 20), ("20", 20), ("100", 100), ("9999", 500), ("x", 80)] {
                setenv("COLUMNS", columns, 1)
                var pipe = OwnTerminal.state()
                pipe.outputIsTerminal = false
                #expect(pipe.size().columns == width && pipe.size().rows == 24, "\(columns)")
            }
            _ = try OwnTerminal(rows: 7, columns: 33)
            let size = TerminalState.current().size()
            #expect(size.rows == 7 && size.columns == 33)
            for (term, moves, many, console) in [
                ("xterm", true, false, false), ("xterm-256color", true, true, false), ("tmux", true, true, false),
                ("xterm-kitty", true, true, false), ("linux", true, false, true), ("dumb", false, false, false),
                ("", false, false, false),
            ] {
                setenv("TERM", term, 1)
                let found = TerminalState.current()
                #expect(found.canMove == moves && found.has256Colours == many, "\(term)")
                #expect(found.usesColour == moves && found.isLinuxConsole == console, "\(term)")
                #expect(found.hasBraille == !console && found.isInteractive, "\(term)")
            }
            setenv("TERM", "xterm", 1)
            setenv("COLORTERM", "truecolor", 1)
            #expect(TerminalState.current().has256Colours)
            setenv("NO_COLOR", "", 1)
            #expect(TerminalState.current().usesColour)
            setenv("NO_COLOR", "1", 1)
            #expect(!TerminalState.current().usesColour && TerminalState.current().usesAttributes)
            TerminalState.isForwarded.store(true, ordering: .relaxed)
            #expect(!TerminalState.current().outputIsTerminal && !TerminalState.current().usesAttributes)
        }
    }

    @Test func `what is typed while something runs is not shown, and is again after it`() async {
        await #expect(processExitsWith: .success) {
            _ = try OwnTerminal()
            func echoes() -> Bool {
                var now = termios()
                tcgetattr(STDIN_FILENO, &now)
                return now.c_lflag & tcflag_t(ECHO) != 0
            }
            var now = termios()
            tcgetattr(STDIN_FILENO, &now)
            now.c_lflag |= tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSANOW, &now)
            let during = QuietInput.during { echoes() }
            #expect(!during && echoes())
        }
    }

    @Test func `descriptors that are closed are opened for nothing, so that no file lands on them`() async {
        await #expect(processExitsWith: .success) {
            close(STDIN_FILENO)
            close(STDOUT_FILENO)
            StandardDescriptors.ensureOpen()
            #expect(fcntl(STDIN_FILENO, F_GETFD) != -1 && fcntl(STDOUT_FILENO, F_GETFD) != -1)
            #expect(!writeAll([1], to: STDOUT_FILENO))
            let next = open("/dev/null", O_RDONLY)
            #expect(next > STDERR_FILENO)
        }
    }

    @Test func `events are text for people, and JSON on a line each for programs`() async {
        await #expect(processExitsWith: .success) {
            try withTemporaryFolder { folder in
                let bundles = [
                    DisplayBundle(lines: ["a", "b"], picture: ["~"]), DisplayBundle(picture: ["~"]),
                    DisplayBundle(lines: ["5"], json: "[5]"), DisplayBundle(),
                ]
                let source = SourceText("prnt 1", name: "t")
                let stopped = Diagnostic(.interrupted, "stopped here", at: SourceSpan(0, 4))
                func show(_ form: EventPrinter.Form, showsPlace: Bool) throws {
                    try OwnFiles.redirect("", in: folder)
                    let printer = EventPrinter(TerminalWriter(), form: form, showsPlace: showsPlace)
                    for bundle in bundles { printer.show(.output(bundle)) }
                    printer.show(.progress("1 of 2"))
                    printer.show(.timed(seconds: 1.5))
                    printer.show(.diagnostic(stopped, source))
                    printer.finish()
                }
                try show(.json, showsPlace: false)
                try holds("out", "{\"text\": \"a\\nb\"}\n{\"text\": \"~\"}\n[5]\n", in: folder)
                let told = try OwnFiles.read("err", in: folder)
                #expect(told.hasPrefix("{\"seconds\": 1.5}\n{\"error\": {\"code\": "), "\(told)")
                try show(.text, showsPlace: false)
                try holds("out", "a\nb\n~\n~\n5\n", in: folder)
                try holds("err", "took 1.50 s\nstopped here\n", in: folder)
                try show(.text, showsPlace: true)
                let placed = try OwnFiles.read("err", in: folder)
                #expect(placed.hasPrefix("took 1.50 s\nt:1:1: E309"), "\(placed)")
            }
        }
    }
}

@Suite struct SessionServiceRuleTests {
    @Test func `what a session knows is taken once a line`() {
        let session = Session(Vocabulary())
        let services = SessionServices(session)
        func found() -> [String] { services.completions(in: "zeb", at: 3).map(\.label) }
        #expect(found() == [])
        session.run(SourceText("let zebra = 1"))
        #expect(found() == [])
        services.beginLine()
        #expect(found() == ["zebra"])
        #expect(services.faults(in: "print zebra") == [])
    }

    @Test func `after a question mark stands a name alone, in a statement what follows it too`() {
        let services = SessionServices(Session(Vocabulary()))
        let asked = services.completions(in: "?sqr", at: 4)
        #expect(asked.map(\.replacement) == ["sqrt"] && asked.map(\.span) == [SourceSpan(1, 4)])
        let called = services.completions(in: "sqr", at: 3)
        #expect(called.map(\.replacement) == ["sqrt("] && called.map(\.span) == [SourceSpan(0, 3)])
        #expect(services.completions(in: "prin", at: 4).map(\.label).contains("print"))
    }
}
