import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints
@testable import Transformer

private func golden(_ path: String) -> String { goldenFolder.appending(path: path).path }

/// Checkpoints are looked for in folders only.
private let nowhere = CheckpointLocator(environment: { _ in nil })

/// The largest difference between a checkpoint's logits and the recorded ones.
private func logitsError(_ model: LanguageModel, _ folder: String) throws -> Double {
    let expected = try SafeTensorsReader(folder + "/expect.safetensors")
    let ids = try #require(expected["input_ids"])
    let logits = try #require(expected["logits"]).doubles()
    let flat = try ids.integers().map { Int32($0) }
    let length = ids.shape[1]
    let sequences = (0..<ids.shape[0]).map { Array(flat[$0 * length..<($0 + 1) * length]) }
    let found = try model.logits(RaggedBatch(sequences: sequences))
    #expect(found.count == logits.count)
    return zip(found, logits).map { abs(Double($0) - $1) }.max() ?? .infinity
}

private let gpt2Formats = [
    "gpt2_single", "gpt2_sharded", "gpt2_bf16", "gpt2_fp16", "gpt2_bin", "gpt2_bin_bf16", "gpt2_bin_strided",
    "gpt2_bin_legacy",
    "gpt2_bin_parameters", "gpt2_da03", "gpt2_hub", "gpt2_old_buffers", "gpt2_untied",
]
private let llamaFormats = ["llama1_v4config", "llama_tied_v4config", "mistral_v4config", "phi3_v4config"]

/// `logits_atol_float32_engine` of the manifest: twelve times PyTorch's own float32 error.
private let tolerance = 3.7e-5

@Suite struct CheckpointTests {
    @Test(arguments: gpt2Formats)
    func `a checkpoint of any format gives the recorded logits`(_ name: String) throws {
        let folder = golden("formats/\(name)")
        let checkpoint = try Checkpoint(folder, locator: nowhere)
        #expect(checkpoint.notes == [])
        #expect(try logitsError(LanguageModel(checkpoint), folder) < tolerance)
    }

    @Test func `what a configuration of transformers 4 or 5 says is understood`() throws {
        let mistral = try ConfigurationReader.read(golden("formats/mistral_v4config/config.json"))
        #expect(mistral.architecture == .mistral)
        #expect(mistral.slidingWindow == 6)
        #expect(mistral.keyValueHeadCount == 2)
        #expect(mistral.headWidth == 4)
        #expect(mistral.rotary == RotaryConfiguration(base: 10000, width: 4))
        let llama = try ConfigurationReader.read(golden("formats/llama1_v4config/config.json"))
        #expect(llama.keyValueHeadCount == 4)
        #expect(llama.epsilon == 1e-6)
        #expect(llama.slidingWindow == nil)
    }

    @Test(arguments: [
        ("st_truncated_data", "model.safetensors", FileError.Kind.malformed, "claims bytes"),
        (
            "st_truncated_header", "model.safetensors", .malformed,
            "the header claims 1416 bytes, but the file ends after 708 of them"
        ),
        (
            "st_header_longer_than_file", "model.safetensors", .malformed,
            "the header claims 1099511627776 bytes; at most 100000000 are allowed"
        ),
        ("st_header_length_u64_max", "model.safetensors", .malformed, "the header claims 18446744073709551615 bytes"),
        ("st_overlapping_offsets", "model.safetensors", .malformed, "overlaps the tensor before it"),
        ("st_unknown_dtype", "model.safetensors", .malformed, #""F33" is not a dtype of safetensors"#),
        ("st_negative_shape", "model.safetensors", .malformed, #"a count (digits only) was expected for "shape""#),
        ("st_shape_overflow", "model.safetensors", .malformed, "more elements than 63 bits can count"),
        ("st_duplicate_keys", "model.safetensors", .malformed, "is named twice in one object"),
        ("st_non_utf8_header", "model.safetensors", .malformed, "a string that is not UTF-8"),
        (
            "st_missing_tensor", "", .contradictory,
            #"has no tensor "transformer.ln_f.weight", which its configuration asks for"#
        ),
        (
            "st_shape_contradicts_config", "model.safetensors", .contradictory,
            #"has shape [11, 8]; the configuration makes it [11, 16]"#
        ),
        ("cfg_nan_epsilon", "config.json", .malformed, #"layer_norm_epsilon is nan, not a finite number"#),
        (
            "cfg_unknown_model_type", "config.json", .unsupported,
            #"model_type "quux" is not known; known are gpt2, llama, mistral, phi3"#
        ),
        ("pkl_os_system", "pytorch_model.bin", .refused, "the pickle asks for os.system"),
        ("pkl_raw_posix_system", "pytorch_model.bin", .refused, "the pickle asks for posix.system"),
        ("zip_path_traversal", "pytorch_model.bin", .refused, "would leave its folder"),
        ("zip_size_claim", "pytorch_model.bin", .malformed, "claims 1125899906842624 bytes"),
        ("zip_deflate_bomb", "pytorch_model.bin", .malformed, "is compressed"),
        (
            "idx_missing_shard", "model.safetensors.index.json", .missing,
            #"names "model-00002-of-00002.safetensors", which is not there"#
        ),
        ("idx_path_traversal", "model.safetensors.index.json", .refused, "would leave the folder"),
    ])
    func `a bad checkpoint is refused by file and rule`(
        _ name: String, _ file: String, _ kind: FileError.Kind, _ rule: String
    ) {
        let folder = golden("malformed/\(name)")
        let error = #expect(throws: FileError.self) { try Checkpoint(folder, locator: nowhere) }
        #expect(error?.path == (file.isEmpty ? folder : folder + "/" + file))
        #expect(error?.kind == kind)
        #expect(error?.rule.contains(rule) == true, "\(error?.description ?? "")")
        #expect(!FileManager.default.fileExists(atPath: "PWNED"))
    }

    @Test(arguments: [
        "ok_plain", "ok_header_padded_no_metadata", "ok_scrambled_order", "ok_pickle", "ok_pickle_by_hand",
    ])
    func `the well-formed checkpoints beside the bad ones load`(_ name: String) throws {
        let model = try LanguageModel(Checkpoint(golden("malformed/\(name)"), locator: nowhere))
        let plain = try LanguageModel(Checkpoint(golden("malformed/ok_plain"), locator: nowhere))
        #expect(model.parameters.values() == plain.parameters.values())
    }

    @Test func `a tensor nobody asked for is passed over with a note`() throws {
        let checkpoint = try Checkpoint(golden("malformed/st_extra_tensor"), locator: nowhere)
        #expect(checkpoint.notes.count == 1)
        #expect(checkpoint.notes.first?.hasSuffix("was not needed") == true)
    }

    @Test func `a weight that is not a number is named`() throws {
        try withTemporaryFolder { folder in
            let model = try LanguageModel(Checkpoint(golden("malformed/ok_plain"), locator: nowhere))
            let entry = try #require(model.parameters.layout["transformer.h.0.ln_1.bias"])
            model.parameters.put([.nan], at: entry.range.lowerBound + 3)
            try model.write(to: folder.path + "/m")
            let error = #expect(throws: FileError.self) { try LanguageModel.load(from: folder.path + "/m") }
            #expect(error?.rule == #"element 3 of "transformer.h.0.ln_1.bias" is nan, not a number to compute with"#)
            #expect(error?.offset != nil)
        }
    }

    @Test(arguments: gpt2Formats + llamaFormats)
    func `a model written as a folder and read again is the same, and so are its files`(_ name: String) throws {
        try withTemporaryFolder { folder in
            let model = try LanguageModel(Checkpoint(golden("formats/\(name)"), locator: nowhere))
            try model.write(to: folder.path + "/a/b", specialIDs: SpecialIDs(end: 60))
            let again = try LanguageModel.load(from: folder.path + "/a/b")
            #expect(again.configuration == model.configuration)
            #expect(again.parameters.values() == model.parameters.values())
            try again.write(to: folder.path + "/c", specialIDs: SpecialIDs(end: 60))
            for file in ["config.json", "model.safetensors", "generation_config.json"] {
                #expect(
                    try SHA256.hex(ofFile: folder.path + "/a/b/" + file)
                        == SHA256.hex(ofFile: folder.path + "/c/" + file))
            }
        }
    }

    @Test func `weights of transformers written again are its bytes`() throws {
        for name in ["gpt2_single", "llama_tied_v4config", "phi3_v4config", "mistral_v4config"] {
            try withTemporaryFolder { folder in
                try LanguageModel(Checkpoint(golden("formats/\(name)"), locator: nowhere)).write(to: folder.path)
                #expect(
                    try SHA256.hex(ofFile: folder.path + "/model.safetensors")
                        == SHA256.hex(ofFile: golden("formats/\(name)/model.safetensors")))
            }
        }
    }

    @Test func `a checkpoint of the reference needs the configuration of its base model`() throws {
        try withTemporaryFolder { folder in
            for file in ["config.json", "state_dict.bin"] {
                try FileManager.default.copyItem(
                    atPath: golden("formats/gpt2_da03/\(file)"), toPath: folder.path + "/" + file)
            }
            let error = #expect(throws: FileError.self) { try Checkpoint(folder.path, locator: nowhere) }
            #expect(
                error?.rule
                    == #"names the base model "tiny-gpt2", whose config.json is not here; say which folder it is in with base:"#
            )
            let checkpoint = try Checkpoint(folder.path, base: golden("formats/gpt2_da03/tiny-gpt2"), locator: nowhere)
            #expect(try logitsError(LanguageModel(checkpoint), golden("formats/gpt2_da03")) < tolerance)
        }
    }
}

@Suite struct CheckpointLocatorTests {
    @Test func `a model of the Hugging Face cache is found by its name, an absent one by the command that fetches it`()
        throws
    {
        try withTemporaryFolder { home in
            let model = home.path + "/hub/models--openai-community--gpt2"
            let revision = String(repeating: "0a", count: 20)
            try FileManager.default.createDirectory(atPath: model + "/refs", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(
                atPath: model + "/snapshots/" + revision, withIntermediateDirectories: true)
            try Data(revision.utf8).write(to: URL(filePath: model + "/refs/main"))
            let locator = CheckpointLocator(environment: { ["HF_HOME": home.path][$0] })
            #expect(try locator.folder("gpt2") == model + "/snapshots/" + revision)
            #expect(try locator.folder("openai-community/gpt2") == model + "/snapshots/" + revision)
            #expect(try locator.folder(home.path + "/hub/") == home.path + "/hub")
            let absent = #expect(throws: FileError.self) { try locator.folder("gpt2-medium") }
            #expect(
                absent?.rule
                    == "is neither a folder nor in the Hugging Face cache (\(home.path)/hub)"
            )
            for name in ["../gpt2", "a/b/c", "", ".", "a/..b", "x y"] where name != "." {
                #expect(throws: FileError.self) { try locator.folder(name) }
            }
            try Data("../../../etc".utf8).write(to: URL(filePath: model + "/refs/main"))
            #expect(throws: FileError.self) { try locator.folder("gpt2") }
        }
    }

    @Test func `the variables that name the cache count in the library's order`() throws {
        try withTemporaryFolder { home in
            let paths = ["HF_HUB_CACHE": home.path + "/a", "HF_HOME": home.path + "/b", "HOME": home.path + "/c"]
            for (missing, place) in [
                ([], "/a"), (["HF_HUB_CACHE"], "/b/hub"), (["HF_HUB_CACHE", "HF_HOME"], "/c/.cache/huggingface/hub"),
            ] {
                let locator = CheckpointLocator(environment: { missing.contains($0) ? nil : paths[$0] })
                let error = #expect(throws: FileError.self) { try locator.folder("nobody/nothing") }
                #expect(error?.rule.contains("(\(home.path)\(place))") == true)
            }
        }
    }
}
