import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints
@testable import Transformer

/// Every golden checkpoint and tokenizer, damaged in many ways, must load or be refused with a `FileError`: a trap
/// would end the test process. The damage follows a seed, so a case can be run again; `ICOT_FUZZ=20` runs twenty times
/// as many.
@Suite struct FuzzTests {
    private struct Damage {
        var state: UInt64

        mutating func below(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(max(count, 1)))
        }

        /// One to four changes: a byte, a bit, a run, a number blown up, a piece cut, doubled, swapped or removed.
        ///
        /// Half of the changes go where headers are: the first `focus` bytes, or the last if it is negative.
        mutating func apply(to bytes: inout [UInt8], focus: Int) {
            for _ in 0...below(4) where !bytes.isEmpty {
                let inside = below(min(abs(focus), bytes.count))
                let place = below(2) == 0 ? below(bytes.count) : focus < 0 ? bytes.count - 1 - inside : inside
                switch below(9) {
                case 0: bytes[place] = UInt8(below(256))
                case 1: bytes[place] ^= 1 << UInt8(below(8))
                case 2: bytes.removeSubrange(place...)
                case 3: bytes.removeSubrange(place..<min(place + below(40), bytes.count))
                case 4: bytes.insert(contentsOf: bytes[place..<min(place + below(40), bytes.count)], at: place)
                case 5: for i in place..<min(place + 8, bytes.count) { bytes[i] = 0xFF }
                case 6: for i in place..<min(place + 4, bytes.count) { bytes[i] = 0 }
                case 7: bytes.swapAt(place, below(bytes.count))
                default: bytes.insert(contentsOf: Array("9999999999999999999".utf8).prefix(1 + below(19)), at: place)
                }
            }
        }
    }

    /// Runs `open` on `cases` damaged versions of a file and counts how many were refused.
    private func fuzz(_ file: URL, cases: Int, focus: Int, _ open: (String) throws -> Void) throws {
        let original = try Array(Data(contentsOf: file))
        let factor = ProcessInfo.processInfo.environment["ICOT_FUZZ"].flatMap { Int($0) } ?? 1
        try withTemporaryFolder { folder in
            let path = folder.path + "/" + file.lastPathComponent
            for number in 0..<cases * factor {
                var damage = Damage(state: UInt64(number) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(original.count))
                var bytes = original
                damage.apply(to: &bytes, focus: focus)
                try Data(bytes).write(to: URL(filePath: path))
                do {
                    try open(path)
                } catch is FileError {
                } catch is TokenizationError {
                } catch {
                    Issue.record("case \(number) of \(file.lastPathComponent): \(error)")
                }
            }
        }
    }

    private func readAll(_ tensors: [CheckpointTensor]) throws {
        for tensor in tensors { _ = try tensor.floats() }
    }

    @Test(arguments: ["gpt2_single", "gpt2_bf16", "phi3_v4config"])
    func `a damaged safetensors file is read or refused`(_ name: String) throws {
        try fuzz(goldenFolder.appending(path: "formats/\(name)/model.safetensors"), cases: 300, focus: 2500) {
            try readAll(SafeTensorsReader($0).tensors)
        }
    }

    @Test(arguments: ["gpt2_bin", "gpt2_bin_strided", "gpt2_bin_legacy", "gpt2_bin_parameters"])
    func `a damaged PyTorch file is read or refused`(_ name: String) throws {
        try fuzz(goldenFolder.appending(path: "formats/\(name)/pytorch_model.bin"), cases: 300, focus: 4500) {
            try readAll(PickledTensors($0).tensors)
        }
    }

    @Test func `a damaged zip directory is read or refused`() throws {
        let url = goldenFolder.appending(path: "malformed/ok_pickle_by_hand/pytorch_model.bin")
        try fuzz(url, cases: 800, focus: -1200) { try readAll(PickledTensors($0).tensors) }
    }

    @Test(arguments: ["gpt2_single", "llama_tied_v4config", "phi3_v4config"])
    func `a damaged configuration or index is read or refused`(_ name: String) throws {
        try fuzz(goldenFolder.appending(path: "formats/\(name)/config.json"), cases: 300, focus: 1 << 20) {
            _ = try ConfigurationReader.read($0).parameterLayout
        }
    }

    @Test func `a damaged tokenizer is read or refused, and what is read can encode and decode`() throws {
        try fuzz(goldenFolder.appending(path: "malformed/ok_tokenizer/tokenizer.json"), cases: 400, focus: 1 << 20) {
            path in
            let tokenizer = try TokenizerFile.read(path)
            _ = tokenizer.text(of: try tokenizer.encode("ab a<|endoftext|>b"))
        }
    }

    @Test(
        .enabled(if: Shared.has("golden/sp"), "\(Shared.reason)"),
        arguments: ["mistral_like", "metaspace", "phi3_like"])
    func `a damaged SentencePiece-style tokenizer is read or refused too`(_ name: String) throws {
        try fuzz(Shared.url("golden/sp/\(name)/tokenizer.json"), cases: 60, focus: 3000) { path in
            let tokenizer = try TokenizerFile.read(path)
            _ = tokenizer.text(of: try tokenizer.encode("ab a</s>b \u{1F600}"))
        }
    }
}
