import Foundation
import Support
import TestSupport
import Testing

@testable import Commands
@testable import Language

/// A kept run is whole: whoever ends the process after any command and opens the run again gets what the process
/// would have got.
@Suite struct KeptRunTests {
    /// How a run is made: the model's and the run's own switches.
    struct Kind: Sendable, CustomTestStringConvertible {
        let model: String
        var start = ""
        var schedule = "schedule every: 4"

        var testDescription: String { "\(model) \(start) \(schedule)" }
        var text: String {
            """
            let test = gen .mult digits: 1 n: 12 seed: 7 apart_from: none
            let data = gen .mult digits: 1 n: 60 seed: 1 apart_from: test
            let r = start (model \(model) width: 16 heads: 2 positions: 64) on: data test: test batch: 8 \(start)
            """.replacing(" apart_from: none", with: "")
        }
    }

    private static let kinds: [Kind] = [
        Kind(model: ".gpt2 dropout: 0.2"),
        Kind(model: ".llama dropout: 0.2", start: "partial_batch: true"),
        Kind(model: ".mistral dropout: 0.3", schedule: "schedule flat_loss: 3 chunk: .half"),
        Kind(model: ".phi3 dropout: 0.1", start: "decay: 5", schedule: "schedule every: 3 mixing: 0.3"),
        Kind(model: ".mistral dropout: 0.2 layers: 1", schedule: "schedule adaptive: 0.3 patience: 20 most: 20"),
        Kind(model: ".gpt2", start: "accumulate: 3 accumulate_rule: .reference"),
        Kind(
            model: ".llama dropout: 0.1", start: "accumulate: 2 accumulate_rule: .reference clip: 0.5",
            schedule: "schedule every: 5 reset_optimizer: .second_moments"),
        Kind(
            model: ".gpt2 dropout: 0.1", start: "accumulate: 2 shuffle: false",
            schedule: "schedule every: 2 warmup: 3"),
        Kind(model: ".gpt2", start: "preset: .paper lr: 1e-3", schedule: "schedule per_epoch: 4"),
        Kind(model: ".gpt2", start: "preset: .reference lr: 1e-3", schedule: "schedule per_epoch: 8 smoothing: 1"),
        Kind(model: ".gpt2", start: "preset: .fixed lr: 1e-3", schedule: "schedule per_epoch: 4 side: .right"),
        Kind(model: ".gpt2", schedule: "schedule pace: .uniform positions: .shifted"),
        Kind(model: ".gpt2", schedule: "schedule every: 3 order: .random seed: 5 smoothing: 2 bins: 3"),
        Kind(model: ".gpt2", schedule: "schedule every: 4 start_from: 2 all_beyond: 4 pretrain_epochs: 1"),
    ]

    /// What a person may do next.
    private static func command(_ random: inout TestRandom, _ place: Int) -> String {
        let steps = Int.random(in: 1...5, using: &random)
        return random.pick([
            "train steps: \(steps)", "train steps: \(steps)", "train epochs: 0.3", "step", "step 2", "back", "back 2",
            "back to: 0", "mark \"m\(place)\"", "branch \"b\(place)\"", "back to: \"m\(max(0, place - 2))\"",
            "schedule smoothing: \(steps)", "schedule mixing: 0.\(steps)", "schedule every: \(steps)",
            "schedule positions: .shifted", "internalize at_most: \(2 * steps) final: 2 rescues: 1",
            "train lr: 0.00\(steps) steps: 2", "train until: 0.9 at_most: \(steps) check: 2",
        ])
    }

    /// What can be seen of a run, in words.
    private static func state(_ desk: Desk) -> String {
        "\(desk.value("hash r").asText ?? "?") removed \(desk.value("r.removed").text) "
            + desk.value("timeline run: r").json
    }

    @Test(arguments: kinds.indices)
    func `a run that is opened anew after every command comes to the same bits and the same answers as one left open`(
        _ index: Int
    ) throws {
        let kind = Self.kinds[index]
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            var random = TestRandom(seed: UInt64(index) + 1)
            let commands = [kind.schedule] + (0..<14).map { Self.command(&random, $0) }
            let whole = Desk()
            #expect(whole.run(kind.text) == .finished, "\(whole.messages)")
            var cut: Desk? = Desk()
            cut?.run(kind.text + "\nsave_run \"\(path)\"")
            for (place, command) in commands.enumerated() {
                whole.run(command)
                cut?.run(command)
                #expect(cut?.messages == whole.messages, "\(command)")
                #expect(cut.map(Self.state) == Self.state(whole), "after \(commands[...place].joined(separator: "; "))")
                cut = nil
                let next = Desk()
                #expect(next.run("let r = resume \"\(path)\"") == .finished, "\(next.messages)")
                #expect(Self.state(next) == Self.state(whole), "opened after \(command)")
                cut = next
            }
        }
    }

    // MARK: What it depends on

    private func kept(_ body: (_ path: String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let desk = Desk()
            let path = folder.path + "/run"
            #expect(desk.run(Self.kinds[0].text + "\nsave_run \"\(path)\"") == .finished, "\(desk.messages)")
            try body(path)
        }
    }

    @Test(arguments: ["model/config.json", "model/model.safetensors", "problems-training.txt", "task-training.json"])
    func `a file of a kept run that was changed is named, and the run is not opened`(_ file: String) throws {
        let desk = Desk()
        try kept { path in
            let copy = path + "-copy"
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            try? FileManager.default.removeItem(atPath: copy + "/owner.lock")
            let url = URL(fileURLWithPath: copy + "/" + file)
            var bytes = try Data(contentsOf: url)
            let place = try #require(bytes.indices.last { (0x31...0x38).contains(bytes[$0]) })
            bytes[place] += 1
            try bytes.write(to: url)
            for command in ["resume \"\(copy)\"", "resume \"\(copy)\" hold: false"] {
                #expect(desk.run(command) != .finished)
                #expect(desk.messages.joined().contains("\(file) is not as the run wrote it"), "\(desk.messages)")
            }
        }
    }

    @Test func `whichever file of a kept run is cut, emptied or changed by a bit, it is refused or nothing differs`()
        throws
    {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            var states: Set<String> = []
            do {
                let desk = Desk()
                desk.run(Self.kinds[0].text + "\nsave_run \"\(path)\"")
                states.insert(Self.state(desk))
                for command in ["train steps: 2", "step", "train steps: 1"] {
                    #expect(desk.run(command) == .finished)
                    states.insert(Self.state(desk))
                }
            }
            let files = try FileManager.default.subpathsOfDirectory(atPath: path).sorted().filter {
                !FileSystem.isFolder(path + "/" + $0) && !$0.hasSuffix(".lock")
            }
            #expect(files.count >= 12)
            var refused = 0
            for file in files {
                let url = URL(fileURLWithPath: path + "/" + file)
                let whole = try Data(contentsOf: url)
                var changes = [Data(), whole.prefix(whole.count / 2), whole + Data([0x20, 0x7D])]
                for place in [0, whole.count / 3, whole.count / 2, whole.count - 2] where whole.indices.contains(place)
                {
                    var other = whole
                    other[place] ^= 4
                    changes.append(other)
                }
                for (number, change) in changes.enumerated() {
                    try change.write(to: url)
                    let desk = Desk()
                    if desk.run("let r = resume \"\(path)\" hold: false") == .finished {
                        #expect(states.contains(Self.state(desk)), "\(file), change \(number)")
                    } else {
                        #expect(!desk.messages.isEmpty)
                        refused += 1
                    }
                    try whole.write(to: url)
                }
            }
            #expect(refused > 20)
        }
    }

    @Test func `what a start left that was ended in the middle is no run, and a run of that name can be started`()
        throws
    {
        try kept { path in
            let half = path + "-half"
            try FileManager.default.copyItem(atPath: path, toPath: half)
            for file in ["run.json", "owner.lock", "run.lock"] {
                try? FileManager.default.removeItem(atPath: half + "/" + file)
            }
            try Data("x".utf8).write(to: URL(fileURLWithPath: half + "/model/.tmp-8000"))
            let desk = Desk()
            #expect(desk.run("resume \"\(half)\"") != .finished)
            #expect(desk.messages.joined().contains("is not a run"))
            #expect(
                desk.run(Self.kinds[5].text + "\nsave_run \"\(half)\"\ntrain steps: 3") == .finished, "\(desk.messages)"
            )
            let names = try FileManager.default.subpathsOfDirectory(atPath: half)
            #expect(!names.contains { $0.contains(".tmp-") })
            let again = Desk()
            #expect(again.run("let r = resume \"\(half)\" hold: false") == .finished, "\(again.messages)")
            #expect(again.value("hash r").asText == desk.value("hash r").asText)
        }
    }

    @Test func `another number of threads is said when a run is opened, and written down`() throws {
        try kept { path in
            let copy = path + "-copy"
            try FileManager.default.copyItem(atPath: path, toPath: copy)
            try? FileManager.default.removeItem(atPath: copy + "/owner.lock")
            let checkpoint = copy + "/checkpoints/step-0000000001"
            let state = try String(contentsOfFile: checkpoint + "/state.json", encoding: .utf8)
            let threads = try #require(state.firstMatch(of: /([0-9]+) threads/)).1
            let other = state.replacing("\(threads) threads", with: "77 threads")
            #expect(other != state)
            try other.write(toFile: checkpoint + "/state.json", atomically: true, encoding: .utf8)
            let manifest = checkpoint + "/MANIFEST.json"
            try String(contentsOfFile: manifest, encoding: .utf8)
                .replacing(SHA256.hex(Array(state.utf8)), with: SHA256.hex(Array(other.utf8)))
                .replacing("\"bytes\": \(state.utf8.count)", with: "\"bytes\": \(other.utf8.count)")
                .write(toFile: manifest, atomically: true, encoding: .utf8)
            let desk = Desk()
            #expect(desk.run("let r = resume \"\(copy)\"") == .finished, "\(desk.messages)")
            #expect(desk.text.contains("77 threads") && desk.text.contains("\(threads) threads"), "\(desk.text)")
            #expect(desk.run("train steps: 1") == .finished)
            let last = try #require(
                try FileManager.default.contentsOfDirectory(atPath: copy + "/checkpoints").sorted().last)
            let after = try String(contentsOfFile: "\(copy)/checkpoints/\(last)/state.json", encoding: .utf8)
            #expect(after.contains("77 threads") && after.contains("\(threads) threads"))
            // Here and now it is the same again.
            let again = Desk()
            #expect(again.run("let r = resume \"\(copy)\" hold: false") == .finished)
            #expect(!again.text.contains("threads"))
        }
    }

    @Test func `a run keeps the tokenizer that its problems are written by`() throws {
        try withTemporaryFolder { folder in
            let tokens = folder.path + "/tokens"
            try FileManager.default.createDirectory(atPath: tokens, withIntermediateDirectories: true)
            try Self.tokenizer.write(toFile: tokens + "/tokenizer.json", atomically: true, encoding: .utf8)
            try #"{"eos_token": "<eos>"}"#.write(
                toFile: tokens + "/tokenizer_config.json", atomically: true, encoding: .utf8)
            let path = folder.path + "/run"
            let desk = Desk()
            let text = """
                let data = gen .parity digits: 3 n: 6 seed: 1
                let m = model .gpt2 vocab: "\(tokens)" width: 16 heads: 2 positions: 64
                let r = start m on: data batch: 2
                train steps: 2
                save_run "\(path)"
                write m "\(folder.path)/model"
                """
            #expect(desk.run(text) == .finished, "\(desk.messages)")
            let shown = desk.value("tokens data[0]").text
            try FileManager.default.removeItem(atPath: tokens)
            let moved = folder.path + "/elsewhere"
            try FileManager.default.copyItem(atPath: path, toPath: moved)
            try? FileManager.default.removeItem(atPath: moved + "/owner.lock")
            let later = Desk()
            #expect(later.run("let r = resume \"\(moved)\" hold: false") == .finished, "\(later.messages)")
            #expect(later.value("hash r").asText == desk.value("hash r").asText)
            #expect(later.run("let data = gen .parity digits: 3 n: 6 seed: 1") == .finished)
            #expect(later.value("tokens data[0]").text == shown)
            // A model that was written has it too, with the ids of its special tokens.
            #expect(later.run("let m = load \"\(folder.path)/model\"") == .finished, "\(later.messages)")
            #expect(later.value("tokenize m \"1\"").text == desk.value("tokenize m \"1\"").text)
            let configuration = try String(contentsOfFile: folder.path + "/model/config.json", encoding: .utf8)
            #expect(configuration.contains("\"eos_token_id\": 14"))
        }
    }

    /// Words of one character, and the end of a text.
    private static let tokenizer: String = {
        let words = Array("0123456789# *|").map(String.init) + ["<eos>"]
        let ids = words.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
        return """
            {"version": "1.0", "truncation": null, "padding": null,
             "added_tokens": [{"id": 14, "content": "<eos>", "single_word": false, "lstrip": false, "rstrip": false,
                               "normalized": false, "special": true}],
             "normalizer": null,
             "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": false},
             "post_processor": null, "decoder": null,
             "model": {"type": "WordLevel", "vocab": {\(ids)}, "unk_token": "0"}}
            """
    }()
}
