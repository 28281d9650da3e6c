// Checkpoints of the kinds that people have, made up and small (`Tests/Cases`), against what transformers 5.24
// computes with them, and the refusals of those that nobody can compute with.

import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints
@testable import Transformer

private func caseFolder(_ name: String) -> String { casesFolder.appending(path: "checkpoints/\(name)").path }

/// Checkpoints are looked for in folders only.
private let nowhere = CheckpointLocator(environment: { _ in nil })

private func loaded(_ name: String) throws -> (Checkpoint, LanguageModel) {
    let checkpoint = try Checkpoint(caseFolder(name), locator: nowhere)
    return (checkpoint, try LanguageModel(checkpoint))
}

/// Copies a case into a folder that a test may change.
private func withCopy(_ name: String, _ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
        let copy = folder.appending(path: "copy")
        try FileManager.default.copyItem(atPath: caseFolder(name), toPath: copy.path)
        try body(copy)
    }
}

private func write(_ text: String, _ url: URL) throws { try text.write(to: url, atomically: true, encoding: .utf8) }

@Suite struct CheckpointCaseTests {
    @Test(arguments: [
        // The logits of ids 1 5 3 7 at position 3, the first four.
        ("k1-bos-sentencepiece", [1.0647, -0.1845, 0.2459, -0.2924]),
        ("k2-tied-but-other-head", [-0.8985, -0.9928, -0.4875, -0.2702]),
        ("k3-tied-only-head-kept", [-0.7875, 1.3042, 0.1046, -0.5186]),
        ("k5-added-tokens-json", [0.3054, -0.0053, 0.6805, 1.0775]),
        ("k6-llama3-style", [0.4991, 0.0077, -0.8677, -0.0866]),
        // transformers drops the wrappers' weights and starts from random ones; these are the same weights as k3's.
        ("k7-coconut-base_causallm", [-0.7875, 1.3042, 0.1046, -0.5186]),
        ("k7-lightning-model", [-0.7875, 1.3042, 0.1046, -0.5186]),
        ("k8-nested-state_dict", [-0.7875, 1.3042, 0.1046, -0.5186]),
        ("k8-number-beside", [-0.7875, 1.3042, 0.1046, -0.5186]),
        ("k20-shard-has-more", [-0.7875, 1.3042, 0.1046, -0.5186]),
        ("k21-config-infinity", [-0.7875, 1.3042, 0.1046, -0.5186]),
    ])
    func `what people have gives the logits of transformers`(_ name: String, _ expected: [Double]) throws {
        let (_, model) = try loaded(name)
        let size = model.configuration.vocabularySize
        let logits = try model.logits(RaggedBatch(sequences: [[1, 5, 3, 7]]))[(3 * size)..<(3 * size + 4)]
        for (found, expected) in zip(logits, expected) { #expect(abs(Double(found) - expected) < 1e-4, "\(name)") }
    }

    @Test(arguments: [
        "gpt2_exact_gelu", "gpt2_scaled_by_layer", "gpt2_not_scaled", "llama_biases", "llama_yarn", "qwen2",
        "qwen2_window_yarn", "nanogpt", "lightning",
    ])
    func `every switch of a family that is read gives the logits of transformers, also token by token`(
        _ name: String
    )
        throws
    {
        let expected = try JSONReader.readFile(caseFolder(name) + "/expect.json")
        let ids = try #require(expected["ids"]?.array).compactMap { $0.integer.map(Int32.init) }
        let rows = try #require(expected["logits"]?.array).map { $0.array?.compactMap(\.double) ?? [] }
        let (_, model) = try loaded(name)
        let logits = try model.logits(RaggedBatch(sequences: [ids])).map(Double.init)
        let wanted = rows.flatMap { $0 }
        // Logits of several units, of products of some ten terms in single precision, recorded to 1e-6.
        let error = zip(logits, wanted).map { abs($0 - $1) }.max() ?? .infinity
        #expect(logits.count == wanted.count && error < 3e-5, "\(name): \(error)")
        let greedy = rows.map { row in Int32(row.indices.max { row[$0] < row[$1] } ?? -1) }
        for count in 1...ids.count {
            let prompt = Prompt(tokens: Array(ids.prefix(count)))
            let options = GenerationOptions(maximumNewTokens: 1, stop: .token(-1))
            let next = try model.generate([prompt], options).first?.tokens.first
            #expect(next == greedy[count - 1], "\(name), after \(count)")
        }
    }

    @Test(arguments: [
        "gpt2_exact_gelu", "gpt2_scaled_by_layer", "gpt2_not_scaled", "llama_biases", "llama_yarn", "qwen2",
        "qwen2_window_yarn", "nanogpt", "k2-tied-but-other-head",
    ])
    func `what was read is written as it was and read again`(_ name: String) throws {
        let (_, model) = try loaded(name)
        try withTemporaryFolder { folder in
            try model.write(to: folder.path)
            let again = try LanguageModel(Checkpoint(folder.path, locator: nowhere))
            #expect(again.configuration == model.configuration)
            #expect(again.parameters.values() == model.parameters.values())
        }
    }

    @Test(arguments: [
        ("k2-tied-but-other-head", "the weights have another head: that one is kept"),
        ("k8-nested-state_dict", #"the weights are those under "state_dict""#),
        ("k8-number-beside", #"beside the tensors: "step""#),
        ("nanogpt", "the matrices are (out, in), as nanoGPT writes them: turned"),
        ("k7-coconut-base_causallm", "was not needed"),
    ])
    func `what was decided or passed over is said`(_ name: String, _ words: String) throws {
        let notes = try Checkpoint(caseFolder(name), locator: nowhere).notes
        #expect(notes.contains { $0.contains(words) }, "\(notes)")
    }

    @Test func `nanoGPT's arguments are a configuration`() throws {
        let (checkpoint, _) = try loaded("nanogpt")
        var expected = ModelConfiguration.gpt2(
            vocabularySize: 12, positionCount: 16, width: 4, layerCount: 2, headCount: 2,
            dropout: DropoutProbabilities(embedding: 0.1, attention: 0.1, residual: 0.1))
        expected.activation = .exactGELU
        #expect(checkpoint.configuration == expected)
    }

    @Test func `a weight file may be named itself, also where there are several`() throws {
        try withCopy("lightning") { folder in
            try FileManager.default.copyItem(
                at: folder.appending(path: "epoch=1.ckpt"), to: folder.appending(path: "epoch=2.ckpt"))
            let error = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(error?.rule == "has several weight files and no index: epoch=1.ckpt, epoch=2.ckpt")
            #expect(error?.help == #"say which one: load "\#(folder.path)/epoch=1.ckpt""#)
            let named = try LanguageModel(Checkpoint(folder.path + "/epoch=1.ckpt", locator: nowhere))
            #expect(named.parameters.values() == (try loaded("lightning").1.parameters.values()))
            // What trainers keep beside weights is no second candidate.
            for name in ["optimizer.pt", "training_args.bin", "rng_state_0.pth"] {
                try write("x", folder.appending(path: name))
            }
            try FileManager.default.removeItem(at: folder.appending(path: "epoch=2.ckpt"))
            _ = try Checkpoint(folder.path, locator: nowhere)
        }
    }

    // MARK: Refusals

    @Test(arguments: [
        ("k4-bitsandbytes-int8", "config.json", "quantization_config: the weights are quantised (bitsandbytes)"),
        ("k9-lfs-weights", "model.safetensors", "is a Git LFS pointer to a file of 548 MB, not the file itself"),
    ])
    func `what is not weights is refused by name`(_ name: String, _ file: String, _ rule: String) throws {
        let error = #expect(throws: FileError.self) { try Checkpoint(caseFolder(name), locator: nowhere) }
        #expect(error?.path == caseFolder(name) + "/" + file)
        #expect(error?.rule == rule)
        #expect(error?.help != nil)
    }

    @Test func `scales, or integers where weights belong, are refused without a word in the configuration too`() throws
    {
        try withCopy("k4-bitsandbytes-int8") { folder in
            let path = folder.appending(path: "config.json")
            var members = try #require(try JSONReader.readFile(path.path).object)
            members["quantization_config"] = nil
            try write(JSONWriter.text(.object(members)), path)
            let error = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(error?.rule.contains(".SCB\": the weights are quantised, this (.SCB) is their scale") == true)

            // The same without the scales: nothing but the type tells.
            let reader = try SafeTensorsReader(folder.path + "/model.safetensors")
            let kept = reader.tensors.filter { !$0.name.hasSuffix(".SCB") && !$0.name.hasSuffix("weight_format") }
            let arrays = kept.map { tensor in
                StoredArray(
                    tensor.name, shape: tensor.shape, tensor.elementType,
                    UnsafeRawBufferPointer(
                        rebasing: tensor.file.bytes[
                            tensor.byteOffset..<tensor.byteOffset + tensor.count * tensor.elementType.byteCount]))
            }
            try SafeTensorsWriter.write(arrays, to: folder.path + "/model.safetensors")
            let plain = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(plain?.rule.contains("holds I8, so the weights are quantised") == true, "\(plain?.rule ?? "")")
        }
    }

    @Test(arguments: [
        "base_model.model.transformer.h.0.attn.c_attn.lora_A.default.weight",
        "transformer.h.0.attn.c_attn.base_layer.weight",
        "transformer.h.0.attn.c_attn.weight_scale", "transformer.h.0.mlp.c_fc.qweight", "transformer.wte.weight.absmax",
    ])
    func `an adapter's factors and scales beside float weights are refused by name`(_ name: String) throws {
        try withCopy("k21-config-infinity") { folder in
            let tensors = try SafeTensorsReader(folder.path + "/model.safetensors").tensors
            let floats = try tensors.map { ($0, try $0.floats()) }
            let one: [Float] = [1]
            try one.withUnsafeBufferPointer { one in
                var arrays = [StoredArray(name, shape: [1], one)]
                let buffers = floats.map { UnsafeMutableBufferPointer<Float>.allocate(capacity: max($0.1.count, 1)) }
                defer { for buffer in buffers { buffer.deallocate() } }
                for ((tensor, values), buffer) in zip(floats, buffers) {
                    _ = buffer.initialize(from: values)
                    arrays.append(
                        StoredArray(
                            tensor.name, shape: tensor.shape, UnsafeBufferPointer(rebasing: buffer[..<values.count])))
                }
                try SafeTensorsWriter.write(arrays, to: folder.path + "/model.safetensors")
            }
            let error = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(error?.kind == .unsupported)
            #expect(error?.rule.hasPrefix("\"\(name)\": the weights are ") == true, "\(error?.rule ?? "")")
        }
    }

    @Test func `a folder with an adapter is refused, though it may hold weights too`() throws {
        try withCopy("k21-config-infinity") { folder in
            try write(#"{"base_model_name_or_path": "gpt2"}"#, folder.appending(path: "adapter_config.json"))
            let error = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(error?.rule == #"is that of an adapter such as LoRA for "gpt2""#)
        }
    }

    @Test func `a refusal says which names are there`() throws {
        try withCopy("k21-config-infinity") { folder in
            let path = folder.appending(path: "config.json")
            var members = try #require(try JSONReader.readFile(path.path, nonFinite: .read).object)
            members["n_layer"] = 2
            members["time_step_limit"] = nil
            try write(JSONWriter.text(.object(members)), path)
            let error = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(
                error?.rule.hasPrefix(
                    #"has no tensor "transformer.h.1.ln_1.weight", which its configuration asks for; "#
                        + #"there are "transformer.h.0."#
                ) == true, "\(error?.rule ?? "")")
            #expect(error?.rule.hasSuffix(" more") == true)
        }
    }

    @Test func `two models in one file are not one of them`() throws {
        let names = ["a.transformer.h.0.ln_1.weight", "b.transformer.h.0.ln_1.weight", "a.transformer.wte.weight"]
        #expect(throws: CheckpointNames.Ambiguity.self) { try CheckpointNames(names, .gpt2) }
        // One without a wrapper is what transformers would take.
        #expect(try CheckpointNames(names + ["transformer.h.0.ln_1.weight"], .gpt2).wrapper == "")
        #expect(try CheckpointNames(["model._x.model.layers.0.input_layernorm.weight"], .llama).wrapper == "model._x.")
    }

    @Test func `a setting that counts may not be infinite, whatever Python wrote`() throws {
        try withCopy("k21-config-infinity") { folder in
            let path = folder.appending(path: "config.json")
            let text = try String(contentsOf: path, encoding: .utf8)
            try write(text.replacing("1e-05", with: "Infinity"), path)
            let error = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(error?.rule.contains("layer_norm_epsilon") == true)
        }
    }

    @Test func `a window in some layers only is refused`() throws {
        try withCopy("qwen2_window_yarn") { folder in
            let path = folder.appending(path: "config.json")
            var members = try #require(try JSONReader.readFile(path.path).object)
            members["layer_types"] = ["full_attention", "sliding_attention"]
            try write(JSONWriter.text(.object(members)), path)
            let error = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(error?.rule == "a sliding window in 1 of 2 layers is not supported")
        }
    }

    @Test(arguments: [
        ("", "is empty"), ("<!DOCTYPE html><html>", "is a web page"), ("<?xml version=\"1.0\"?><Error>", "is XML"),
        ("version https://git-lfs.github.com/spec/v1\nsize 12\n", "is a Git LFS pointer to a file of 12 bytes"),
    ])
    func `a file that is another thing altogether is recognised, whichever it was to be`(
        _ text: String, _ rule: String
    )
        throws
    {
        for file in ["model.safetensors", "config.json"] {
            try withCopy("k21-config-infinity") { folder in
                try write(text, folder.appending(path: file))
                let error = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
                #expect(error?.path == folder.path + "/" + file)
                #expect(error?.rule.hasPrefix(rule) == true, "\(error?.rule ?? "")")
                #expect(error?.help != nil)
            }
        }
        try withCopy("k8-number-beside") { folder in
            try write(text, folder.appending(path: "pytorch_model.bin"))
            let error = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(error?.rule.hasPrefix(rule) == true, "\(error?.rule ?? "")")
        }
    }

    @Test func `weights that were not fetched to their end are said to be that`() throws {
        try withCopy("k21-config-infinity") { folder in
            let weights = folder.appending(path: "model.safetensors")
            let bytes = try Data(contentsOf: weights)
            try bytes.dropLast(7).write(to: weights)
            let short = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(short?.rule.hasSuffix("bytes of data: the file is cut short") == true)
            try FileManager.default.removeItem(at: weights)
            try FileManager.default.createSymbolicLink(atPath: weights.path, withDestinationPath: "../blobs/none")
            let dangling = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(dangling?.rule == "is a link to a file that is not there: it was not fetched to its end")
            try FileManager.default.removeItem(at: weights)
            try write("", folder.appending(path: "model.safetensors.incomplete"))
            let partial = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(partial?.rule.hasSuffix("; model.safetensors.incomplete was not fetched to its end") == true)
        }
    }

    @Test func `a cached model is found by the name or the first digits of a revision`() throws {
        try withTemporaryFolder { cache in
            let model = cache.appending(path: "models--org--tiny")
            let commit = "0123456789abcdef0123456789abcdef01234567"
            let snapshot = model.appending(path: "snapshots/\(commit)")
            let manager = FileManager.default
            try manager.createDirectory(at: model.appending(path: "refs/pr"), withIntermediateDirectories: true)
            try manager.createDirectory(at: model.appending(path: "snapshots"), withIntermediateDirectories: true)
            try manager.copyItem(atPath: caseFolder("k21-config-infinity"), toPath: snapshot.path)
            try write(commit + "\n", model.appending(path: "refs/v1.0"))
            let path = cache.path
            let locator = CheckpointLocator(environment: { $0 == "HF_HUB_CACHE" ? path : nil })
            for revision in ["v1.0", "0123456789ab", commit] {
                #expect(try locator.folder("org/tiny", revision: revision) == snapshot.path)
            }
            let error = #expect(throws: FileError.self) { try locator.folder("org/tiny") }
            #expect(error?.rule == "is in the Hugging Face cache without its revision main; there is v1.0")
            #expect(error?.help == #"write load "org/tiny" revision: "v1.0""#)
            for revision in ["../../x", "v1", "", "0123456"] where revision != "0123456" {
                #expect(throws: FileError.self) { try locator.folder("org/tiny", revision: revision) }
            }
            try write(commit, model.appending(path: "refs/main"))
            #expect(try locator.folder("org/tiny") == snapshot.path)
        }
    }
}
