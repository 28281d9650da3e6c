// Readers and files that are not what they should be: nothing that a file holds may end the process. Each reader is
// given changed copies of good files; an error is a fine answer, a trap ends the tests, and the file that did it lies
// in a folder `icot-fuzz` of the temporary folder.
//
// Every day a few hundred files a reader; ICOT_FUZZ=1000 tries a thousand times as many (`.ci/nightly`).

import Checkpoints
import Foundation
import Internalization
import Language
import Notebooks
import Support
import TestSupport
import Testing
import Transformer

@testable import Commands

@Suite struct FuzzTests {
    private static let factor = ProcessInfo.processInfo.environment["ICOT_FUZZ"].flatMap { Int($0) } ?? 1

    private static let workplace: URL = {
        let folder = FileManager.default.temporaryDirectory.appending(path: "icot-fuzz")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }()

    /// Hands changed copies of texts to a reader.
    private func fuzz(
        _ texts: [[UInt8]], _ name: String, count: Int, words: [String] = [], _ read: ([UInt8]) throws -> Void
    ) throws {
        let seeds = try #require(texts.isEmpty ? nil : texts)
        var mutation = Mutation(seed: UInt64(name.utf8.reduce(7) { $0 &* 31 &+ Int($1) }), words: words)
        let last = Self.workplace.appending(path: name)
        var refused = 0
        for _ in 0..<count * Self.factor {
            let seed = seeds[mutation.index(below: seeds.count)], other = seeds[mutation.index(below: seeds.count)]
            let bytes = mutation.changed(seed, by: other)
            // Where the process ends here, this is what did it.
            try Data(bytes).write(to: last)
            do { try read(bytes) } catch { refused += 1 }
        }
        // A reader that refuses nothing looks at nothing; one that refuses all was given nothing to look at.
        #expect(refused < count * Self.factor)
        try? FileManager.default.removeItem(at: last)
    }

    /// Hands changed copies of folders to a reader, in which one file is another.
    private func fuzz(folders: [URL], _ name: String, count: Int, _ read: (String) throws -> Void) throws {
        let place = Self.workplace.appending(path: name)
        try? FileManager.default.removeItem(at: place)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        var choice = Mutation(seed: 5, words: [])
        for folder in folders {
            let copy = place.appending(path: folder.lastPathComponent)
            try FileManager.default.copyItem(at: folder, to: copy)
            let files = try FileManager.default.contentsOfDirectory(at: copy, includingPropertiesForKeys: nil)
                .filter { !$0.hasDirectoryPath }.sorted { $0.path < $1.path }
            let contents = try files.map { [UInt8](try Data(contentsOf: $0)) }
            for _ in 0..<max(1, count * Self.factor / folders.count) {
                let chosen = choice.index(below: files.count)
                let bytes = choice.changed(contents[chosen], by: contents[choice.index(below: files.count)])
                try Data(bytes).write(to: files[chosen])
                do { try read(copy.path) } catch {}
                try Data(contents[chosen]).write(to: files[chosen])
            }
        }
        try? FileManager.default.removeItem(at: place)
    }

    private static func folders(_ path: String) -> [URL] {
        let root = packageFolder.appending(path: path)
        let all = (try? FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)) ?? []
        return all.filter { $0.hasDirectoryPath }.sorted { $0.path < $1.path }
    }

    private static func texts(_ paths: String...) -> [[UInt8]] {
        paths.flatMap { path -> [[UInt8]] in
            let url = packageFolder.appending(path: path)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path))?.sorted()
            return (names?.map { url.appending(path: $0) } ?? [url]).compactMap { file in
                (try? Data(contentsOf: file)).map { [UInt8]($0.prefix(1 << 16)) }
            }
        }
    }

    // MARK: Readers

    @Test func `checkpoints`() throws {
        let folders =
            Self.folders("Tests/Golden/formats") + Self.folders("Tests/Golden/malformed")
            + Self.folders("Tests/Cases/checkpoints") + Self.folders("Tests/Golden/models")
        try fuzz(folders: folders, "checkpoints", count: 300) { path in
            _ = try LanguageModel(try Checkpoint(path))
        }
    }

    @Test func `tokenizers`() throws {
        try fuzz(folders: Self.folders("Tests/Cases/tokenizers"), "tokenizers", count: 150) { path in
            let tokenizer = try TokenizerFolder.load(path)
            let ids = try tokenizer.encode("12 * 34 = 408 été\n", EncodingOptions())
            _ = ids.map { tokenizer.token($0) }
        }
    }

    @Test func `JSON`() throws {
        let texts = Self.texts("Tests/Golden/formats/manifest.json", "Tests/Cases/data/k15-coconut.json")
        try fuzz(texts, "json", count: 2000, words: ["1.5", "\\u0000", "\\ud800", "[[[[[[[[", "{\"a\":"]) { bytes in
            _ = try JSONReader.read(bytes, path: "fuzz")
        }
    }

    @Test func `problem files`() throws {
        let lines = Array(repeating: "1 2 * 3 4||6 0 + 2 7 #### 8 8\n", count: 8).joined()
        try fuzz([Array(lines.utf8)], "problems.txt", count: 1500, words: ["||", "####", "#### ", " || "]) { bytes in
            let path = Self.workplace.appending(path: "problems.txt").path
            let (set, _) = try ProblemFile(path).read()
            for index in 0..<set.count { _ = set[index] }
            _ = set.strays
        }
    }

    @Test(arguments: ["rows.json", "rows.jsonl", "rows.csv"])
    func `rows with fields`(_ name: String) throws {
        let texts: [[UInt8]] =
            switch name {
            case "rows.json": Self.texts("Tests/Cases/data/k15-coconut.json")
            case "rows.jsonl": Self.texts("Tests/Cases/data/k15-gsm8k.jsonl")
            default: [Array("question,steps,answer\n\"1, 2\",\"3\n4\",5\n6,7,8\n".utf8)]
            }
        let words = ["question", "steps", "answer", "<<1+2=3>>", "\"\"", "####"]
        try fuzz(texts, name, count: 1000, words: words) { _ in
            let path = Self.workplace.appending(path: name).path
            _ = try ProblemRecords(path, separator: ".").read()
        }
    }

    @Test func `arrays of NumPy`() throws {
        let numbers: [Float] = [1, 2, 3, 4, 5, 6]
        let path = Self.workplace.appending(path: "seed.npy").path
        try numbers.withUnsafeBufferPointer { try NumpyFile.write(StoredArray("a", shape: [2, 3], $0), to: path) }
        let words = [
            "'descr': '<f8'", "'<i8'", "(2, 3)", "(3,)", "()", "True", "(999999999, 999999999)", "'|O'", "'<c8'",
        ]
        try fuzz([[UInt8](try Data(contentsOf: URL(filePath: path)))], "array.npy", count: 2000, words: words) { _ in
            _ = try NumpyFile.read(Self.workplace.appending(path: "array.npy").path)
        }
    }

    /// Whatever has become of a file of a kept run: it is refused, or what is opened is a state that the run was in.
    @Test func `kept runs, which open as one of their own states or not at all`() throws {
        let root = Self.workplace.appending(path: "kept")
        try? FileManager.default.removeItem(at: root)
        defer { try? FileManager.default.removeItem(at: root) }
        let run = root.appending(path: "run").path
        /// What each statement says, up to the first that fails.
        func answers(_ statements: [String]) -> [String] {
            let session = Session(EngineVocabulary.make())
            var said: [String] = [], lines: [String] = []
            session.onEvent = { event in
                if case .output(let bundle) = event { lines += bundle.lines.map(\.plain) }
            }
            for statement in statements {
                lines = []
                guard session.run(SourceText(statement)) == .finished else { break }
                said.append(lines.joined(separator: "\n"))
            }
            return said
        }
        let commands = ["train steps: 3", "step", "train steps: 2", "mark \"here\"", "step", "back 1"]
        let begin = """
            let data = gen .parity digits: 4 n: 40 seed: 1
            let r = start (model .gpt2 width: 8 heads: 2 layers: 1 positions: 16) on: data batch: 8
            """
        let states = answers([begin] + commands.flatMap { [$0, "hash r"] } + ["save_run \"\(run)\""])
        #expect(states.count == 2 + 2 * commands.count)
        let known = Set(stride(from: 2, to: states.count, by: 2).map { states[$0] })
        let files = try FileManager.default.subpathsOfDirectory(atPath: run).sorted()
            .map { URL(filePath: run + "/" + $0) }.filter { FileSystem.kind(of: $0.path) == .file }
        let contents = try files.map { [UInt8](try Data(contentsOf: $0)) }
        var choice = Mutation(seed: 11, words: ["step-", "\"sha256\":", "1e-3", "null", "{}"])
        // A file that is changed may be one that nobody reads, so some are opened.
        var opened = 0
        for (file, bytes) in zip(files, contents) {
            for _ in 0..<8 * Self.factor {
                let other = contents[choice.index(below: contents.count)]
                try Data(choice.changed(bytes, by: other)).write(to: file)
                let found = answers(["let r = resume \"\(run)\" hold: false", "hash r"])
                if found.count == 2 {
                    opened += 1
                    #expect(known.contains(found[1]), "\(file.lastPathComponent)")
                }
            }
            try Data(bytes).write(to: file)
        }
        #expect(opened > 0)
    }

    /// Statements are checked and looked through for what they would do, not run.
    @Test func `notebooks and what they would do`() throws {
        let texts = Self.texts("notebooks").filter { $0.starts(with: Array("#".utf8)) || $0.count > 100 }
        let session = Session(EngineVocabulary.make())
        let words = [
            "#> ", "#~ ", "#: ", "%%", "# %% ", "def f(x) { x }", "import \"a.icot\"", "write x \"y\"", "```", "{~1}",
            "|",
            "for k in 0..<3 {", "}", "try {", "} catch {", "0x", "1e", "\"{\"{1}\"}\"",
        ]
        try fuzz(texts, "notebook.icot", count: 150, words: words) { bytes in
            let notebook = Notebook(bytes: bytes, name: "fuzz.icot")
            _ = EffectsReport(notebook, session.context)
            let document = ExportDocument(notebook, session.context)
            _ = (document.html, document.jupyter, document.markdown)
        }
    }

    @Test func `statements, checked and run for a moment`() throws {
        let texts = Self.texts("Tests/LanguageTests").map { Array($0.prefix(4000)) }
        try fuzz(texts, "statements.icot", count: 60, words: ["let x = ", "(", ")", "..<", "|>", "^", "%", "[1, 2]"]) {
            bytes in
            let session = Session(EngineVocabulary.make())
            session.limits = Limits(steps: 20_000, seconds: 1, memoryBytes: 64 << 20)
            session.refusal = { _ in Refusal("nothing is written here") }
            _ = session.run(SourceText(bytes: bytes, name: "fuzz"))
        }
    }
}
