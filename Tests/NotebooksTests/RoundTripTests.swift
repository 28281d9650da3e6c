// Whatever the bytes are, nothing is lost, and edits touch only what they own.

import Foundation
import Language
import TestSupport
import Testing

@testable import Notebooks

@Suite("Round trips") struct RoundTripTests {
    static let pieces: [[UInt8]] = [
        "# icot 1", "# icot 2", "#!/usr/bin/env icot", "# title: x", "# pin: a sha256:ff", "# pin: broken", "# %%",
        "# %% title", "# %% [md]", "# %% [notes] a=\"b\"", "# %% params", "# %% [raw]", "# prose", "#",
        "#> result", "#>", "#>x", "#~ ▁▂", "#! E203 message", "#!", "#> {~4 s}", "#> {~ open", "#> ...",
        "#> … 4312 lines sha256:ab", "#> … lines", "print 1", "step", "print (", ")", "let n = 5", "def f(x) {", "}",
        "print \"a",
        "train epoch: 1", "a; b; print 1", "<<<<<<< HEAD", " ", "\t#> x", "\u{1B}[31m", "\u{202E}abc", "\u{0}", "é漢🙂",
        "\u{FEFF}# icot 1", "print 1 # x", "{~", "\u{2028}",
    ].map { Array($0.utf8) }

    static func file(_ random: inout TestRandom) -> [UInt8] {
        let ends = random.pick([["\n"], ["\n"], ["\r\n"], ["\n", "\r\n", "\r", ""]])
        var bytes: [UInt8] = []
        if random.next() % 2 == 0 { bytes += "# icot 1\n".utf8 }
        for _ in 0..<Int.random(in: 0...10, using: &random) {
            bytes += random.pick(pieces)
            bytes += random.pick(ends).utf8
        }
        if random.next() % 3 == 0, !bytes.isEmpty { bytes.removeLast() }
        for _ in 0..<(random.next() % 4 == 0 ? 3 : 0) where !bytes.isEmpty {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        return bytes
    }

    @Test func `printing gives back any bytes, and edits touch only blocks of output`() {
        var random = TestRandom(seed: 11)
        let count = runsSlowTests ? 1_000_000 : 100_000
        for round in 0..<count {
            let bytes = Self.file(&random)
            let notebook = Notebook(bytes: bytes)
            if notebook.printed != bytes { Issue.record("\(String(decoding: bytes, as: UTF8.self).debugDescription)") }
            if round % 20 != 0 { continue }
            if notebook.code.count != bytes.count { Issue.record("the code has another length") }
            // What is not UTF-8 is never run. A return at the very end becomes half a line end when a line follows.
            if String(validating: bytes, as: UTF8.self) != nil, bytes.last != 0x0D { edit(notebook, &random) }
        }
    }

    private func edit(_ notebook: Notebook, _ random: inout TestRandom) {
        let entries = notebook.entries()
        // Recording what is recorded changes nothing.
        let same = Dictionary(uniqueKeysWithValues: entries.map { ($0.index, $0.recorded) })
        if notebook.recording(same, of: entries).bytes != notebook.bytes {
            Issue.record("same output, other file: \(notebook.text.debugDescription)")
        }
        // New output is found again, and without output both files are the same.
        var blocks: [Int: OutputBlock] = [:]
        for entry in entries where random.next() % 2 == 0 {
            blocks[entry.index] = OutputBlock(
                (0..<Int.random(in: 0...3, using: &random)).map {
                    OutputLine(random.pick([.result, .picture, .error]), StyledText("line \($0)"))
                })
        }
        let recorded = notebook.recording(blocks, of: entries)
        let again = recorded.entries()
        if again.count != entries.count { Issue.record("other entries: \(notebook.text.debugDescription)") }
        for (old, new) in zip(entries, again) {
            if new.recorded != blocks[old.index] ?? old.recorded || new.code != old.code {
                Issue.record("\(recorded.text.debugDescription)")
            }
        }
        func bare(_ notebook: Notebook, _ entries: [Entry]) -> [UInt8] {
            notebook.recording(Dictionary(uniqueKeysWithValues: entries.map { ($0.index, OutputBlock()) }), of: entries)
                .bytes
        }
        if bare(recorded, again) != bare(notebook, entries) {
            Issue.record("more than output changed: \(notebook.text.debugDescription)")
        }
    }

    @Test func `clearing and recording again gives the same file, with any line ends`() {
        for end in ["\n", "\r\n"] {
            for tail in ["", end] {
                let text =
                    ["# icot 1", "", "step", "#> one {~2 s}", "#~ ▁▂", "", "# %% x", "train epoch: 1", "#! E203 no"]
                    .joined(separator: end) + tail
                let notebook = Notebook(text)
                let entries = notebook.entries()
                let cleared = notebook.clearing(entries)
                #expect(
                    cleared.text == ["# icot 1", "", "step", "", "# %% x", "train epoch: 1", "#! E203 no"].joined(
                        separator: end) + tail)
                let outputs = Dictionary(uniqueKeysWithValues: entries.map { ($0.index, $0.recorded) })
                #expect(cleared.recording(outputs, of: cleared.entries()).text == text)
            }
        }
    }

    @Test func `ten thousand cells are read, recorded and printed`() {
        var text = "# icot 1\n"
        for index in 0..<10_000 {
            text += "# %% cell \(index)\nlet x\(index) = \(index)\nprint x\(index)\n#> \(index)\n"
        }
        let notebook = Notebook(text)
        #expect(notebook.cells.count == 10_000)
        let entries = notebook.entries()
        #expect(entries.count == 20_000)
        let changed = notebook.recording(
            Dictionary(uniqueKeysWithValues: entries.map { ($0.index, OutputBlock([OutputLine(.result, "y")])) }),
            of: entries)
        #expect(changed.clearing(changed.entries()).bytes == notebook.clearing(entries).bytes)
    }

    @Test func `long output is written as its ends, a count and a hash`() throws {
        let lines = (0..<500).map {
            OutputLine(.result, StyledText("line \($0) ") + StyledText("\($0) s", isVolatile: true))
        }
        let notebook = Notebook("# icot 1\nstep\n")
        let recorded = notebook.recording([0: OutputBlock(lines)], of: notebook.entries())
        let entry = try #require(recorded.entries().first)
        #expect(entry.recorded.lines.count == 41)
        #expect(entry.recorded.lines[20].text.hasPrefix("… 460 lines sha256:"))
        #expect(entry.recorded.lines[21].text == "line 480 {~480 s}")
        #expect(Comparison.differences(entry, OutputBlock(lines)).isEmpty)
        var other = lines
        other[100] = OutputLine(.result, "line 100 other")
        #expect(Comparison.differences(entry, OutputBlock(other)).map(\.line) == [23])
        other = lines
        other[100] = OutputLine(.result, StyledText("line 100 ") + StyledText("other time", isVolatile: true))
        #expect(Comparison.differences(entry, OutputBlock(other)).isEmpty)
        #expect(Comparison.differences(entry, OutputBlock(Array(lines.dropLast()))).count == 1)
        #expect(Comparison.differences(entry, OutputBlock(lines.reversed())).isEmpty == false)
        // Exactly 200 lines are written whole.
        #expect(OutputBlock(Array(lines.prefix(200))).shortened.lines.count == 200)
        #expect(OutputBlock(Array(lines.prefix(201))).shortened.lines.count == 41)
    }

    @Test func `pins and parameters are the only lines of the header that change`() {
        let notebook = Notebook("# icot 1\n# title: x\n# pin: a sha256:00\n# other: y\n# pin: b sha256:11\n\nstep\n")
        #expect(notebook.pinning(notebook.header.pins).bytes == notebook.bytes)
        #expect(
            notebook.pinning([Pin(path: "c d", hash: "22")]).text
                == "# icot 1\n# title: x\n# pin: c d sha256:22\n# other: y\n\nstep\n")
        #expect(notebook.pinning([]).text == "# icot 1\n# title: x\n# other: y\n\nstep\n")
        #expect(
            Notebook("step\n").pinning([Pin(path: "a", hash: "22"), Pin(path: "new\nline", hash: "33")]).text
                == "# pin: a sha256:22\nstep\n")
        #expect(Notebook("# icot 1").pinning([Pin(path: "a", hash: "22")]).text == "# icot 1\n# pin: a sha256:22")
    }
}

@Suite("Files of notebooks") struct NotebookFileTests {
    @Test func `a file that changed on disk meanwhile is not overwritten`() throws {
        try withFolder { folder in
            let path = folder + "/a.icot"
            try NotebookFile.write(Notebook("# icot 1\nstep\n"), to: path)
            var file = try NotebookFile(path: path)
            try NotebookFile.write(Array("# icot 1\nstep 2\n".utf8), to: path)
            let changed = Notebook("# icot 1\nstep\n#> x\n")
            #expect(throws: NotebookError.changedMeanwhile(path: path)) { _ = try file.write(changed) }
            let text = try NotebookFile(path: path).notebook.text
            #expect(text == "# icot 1\nstep 2\n")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(names == ["a.icot"])
            #expect(throws: NotebookError.self) { _ = try NotebookFile(path: folder + "/none.icot") }
        }
    }

    @Test func `an unchanged notebook is not written, links and permissions stay`() throws {
        try withFolder { folder in
            let path = folder + "/a.icot"
            try NotebookFile.write(Notebook("# icot 1\nstep\n"), to: path)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            try FileManager.default.createSymbolicLink(atPath: folder + "/link.icot", withDestinationPath: "a.icot")
            var file = try NotebookFile(path: folder + "/link.icot")
            let changes = try [file.notebook, Notebook("# icot 1\nstep\n#> x\n"), Notebook("# icot 1\nstep\n#> y\n")]
                .map { try file.write($0) }
            #expect(changes == [false, true, true])
            let target = try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link.icot")
            let permissions = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(target == "a.icot")
            #expect(permissions == 0o755)
            let text = try NotebookFile(path: path).notebook.text
            #expect(text == "# icot 1\nstep\n#> y\n")
        }
    }

    @Test func `a page or a report is not written through a link that lies at its name`() throws {
        try withFolder { folder in
            let kept = folder + "/kept"
            try NotebookFile.write(Array("precious".utf8), to: kept)
            try FileManager.default.createSymbolicLink(atPath: folder + "/page.html", withDestinationPath: kept)
            #expect(throws: NotebookError.self) {
                try NotebookFile.write(Array("page".utf8), to: folder + "/page.html")
            }
            #expect(try String(contentsOfFile: kept, encoding: .utf8) == "precious")
        }
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "icot-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }
}
