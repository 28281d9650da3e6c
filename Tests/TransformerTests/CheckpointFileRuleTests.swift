// Which file of a checkpoint says what, what is refused by name, and what is said of it, on models made here.

import Foundation
import Support
import Tensors
import TestSupport
import Testing

@testable import Checkpoints
@testable import Transformer

/// Checkpoints are looked for in folders only.
private let nowhere = CheckpointLocator(environment: { _ in nil })

private func model(positions: Int = 6, tied: Bool = true) -> LanguageModel {
    LanguageModel(
        .gpt2(
            vocabularySize: 5, positionCount: positions, width: 4, layerCount: 1, headCount: 2, isHeadTied: tied),
        initialization: .fanIn, seed: 3)
}

/// Writes a model's weights under other names, each under as many as it is given.
private func put(_ model: LanguageModel, _ path: String, names: (String) -> [String]) throws {
    try model.parameters.read(0..<model.parameterCount) { values in
        let arrays = model.parameters.entries.flatMap { entry in
            names(entry.name).map {
                StoredArray($0, shape: entry.shape, UnsafeBufferPointer(rebasing: values[entry.range]))
            }
        }
        try SafeTensorsWriter.write(arrays, to: path)
    }
}

private func refusal(_ folder: String) -> FileError? {
    #expect(throws: FileError.self) { try Checkpoint(folder, locator: nowhere) }
}

@Suite struct CheckpointFolderRuleTests {
    @Test func `a checkpoint of the reference takes its base's configuration and as many positions as its table has`()
        throws
    {
        try withTemporaryFolder { root in
            let folder = root.path + "/m", long = model(positions: 9)
            try long.write(to: folder)
            try model(positions: 6).writeConfiguration(to: folder + "/base")
            // Its own configuration has to fit.
            try FileManager.default.removeItem(atPath: folder + "/config.json")
            try FileManager.default.copyItem(atPath: folder + "/base/config.json", toPath: folder + "/config.json")
            let own = refusal(folder)
            #expect(own?.kind == .contradictory)
            #expect(
                own?.rule == "\"transformer.wpe.weight\" has shape [9, 4]; the configuration makes it [6, 4]")
            try writeFileAtomically(folder + "/config.json", #"{"base_model": "base"}"#.utf8)
            let found = try Checkpoint(folder, locator: nowhere)
            #expect(found.configuration.positionCount == 9 && found.folder == folder && found.notes == [])
            #expect(try LanguageModel(found).parameters.values() == long.parameters.values())
            // Where a model_type is named too, that is what it is.
            try writeFileAtomically(folder + "/config.json", #"{"base_model": "base", "model_type": "x"}"#.utf8)
            #expect(refusal(folder)?.rule.hasPrefix("model_type \"x\" is not known") == true)
        }
    }

    @Test func `a base model lies inside the folder, or where somebody says`() throws {
        try withTemporaryFolder { root in
            let folder = root.path + "/m"
            try model().write(to: folder)
            try model().writeConfiguration(to: root.path + "/b")
            for name in ["../b", "x/../../b", ""] {
                try writeFileAtomically(folder + "/config.json", "{\"base_model\": \"\(name)\"}".utf8)
                let error = refusal(folder)
                #expect(error?.kind == .missing && error?.path == folder + "/config.json")
                #expect(
                    error?.rule
                        == "names the base model \"\(name)\", whose config.json is not here; say which folder it is in "
                        + "with base:")
                let found = try Checkpoint(folder, base: root.path + "/b", locator: nowhere)
                #expect(found.configuration == model().configuration)
            }
        }
    }

    @Test func `the tokenizer is that of the folder, else that of the base`() throws {
        try withTemporaryFolder { root in
            let folder = root.path + "/m"
            try model().write(to: folder)
            try model().writeConfiguration(to: folder + "/base")
            try writeFileAtomically(folder + "/config.json", #"{"base_model": "base"}"#.utf8)
            #expect(try Checkpoint(folder, locator: nowhere).tokenizerFolder == nil)
            #expect(try Checkpoint(folder, locator: nowhere).tokenizer() == nil)
            let words = #"{"model": {"type": "WordLevel", "vocab": {"a": 3}}}"#
            try writeFileAtomically(folder + "/base/tokenizer.json", words.utf8)
            let lent = try Checkpoint(folder, locator: nowhere)
            #expect(lent.tokenizerFolder == folder + "/base")
            let ids = try #require(try lent.tokenizer()).encode("a")
            #expect(ids == [3])
            try writeFileAtomically(folder + "/tokenizer.json", words.utf8)
            #expect(try Checkpoint(folder, locator: nowhere).tokenizerFolder == folder)
        }
    }

    @Test func `what lies where a configuration should be is told`() throws {
        try withTemporaryFolder { root in
            let folder = root.path + "/m", path = folder + "/config.json"
            try FileSystem.makeFolder(folder)
            let none = FileError(.missing, folder, "has no config.json, so it is not a checkpoint")
            #expect(refusal(folder) == none)
            try put(model(), folder + "/model.safetensors") { [$0] }
            #expect(refusal(folder) == none)
            try writeFileAtomically(path, "[1]".utf8)
            #expect(refusal(folder) == FileError(.malformed, path, "is not a JSON object"))
            unlink(path)
            #expect(symlink("none", path) == 0)
            let dead = refusal(folder)
            #expect(dead?.rule == "is a link to a file that is not there: it was not fetched to its end")
            #expect(dead?.path == path && dead?.help == "fetch it again: hf download")
        }
    }

    @Test func `an adapter is refused with the base that it names, and told how to merge it`() throws {
        try withTemporaryFolder { root in
            try model().write(to: root.path)
            let path = root.path + "/adapter_config.json"
            for (text, rule) in [
                (#"{"base_model_name_or_path": "o/m"}"#, "is that of an adapter such as LoRA for \"o/m\""),
                ("{}", "is that of an adapter such as LoRA"), ("no JSON", "is that of an adapter such as LoRA"),
            ] {
                try writeFileAtomically(path, text.utf8)
                let error = refusal(root.path)
                #expect(error?.rule == rule && error?.path == path && error?.kind == .unsupported)
                #expect(
                    error?.help
                        == "merge it into its base: model.merge_and_unload().save_pretrained(folder), with peft")
            }
        }
    }

    @Test func `two tensors that are one parameter, and two models in one file, are refused by their names`() throws {
        try withTemporaryFolder { root in
            let words = "transformer.wte.weight", weights = root.path + "/model.safetensors"
            try model().writeConfiguration(to: root.path)
            try put(model(), weights) { $0 == words ? [$0, "module." + $0] : [$0] }
            let twice = refusal(root.path)
            #expect(twice?.rule == "\"module.\(words)\" and \"\(words)\" are both \"\(words)\"")
            #expect(twice?.path == weights && twice?.kind == .contradictory)
            try put(model(), weights) { ["b." + $0, "a." + $0] }
            let several = refusal(root.path)
            #expect(several?.rule == "holds several models, under \"a.\", \"b.\"")
            #expect(several?.help == "save the one that is meant by itself" && several?.path == weights)
        }
    }

    @Test func `tensors that nobody needs are told in the order of their names`() throws {
        try withTemporaryFolder { root in
            try model().writeConfiguration(to: root.path)
            try put(model(), root.path + "/model.safetensors") {
                $0.hasSuffix("ln_f.bias") ? [$0, "z", "b", "k"] : [$0]
            }
            let notes = try Checkpoint(root.path, locator: nowhere).notes
            #expect(notes == ["b", "k", "z"].map { "tensor \"\($0)\" was not needed" })
        }
    }

    @Test func `a head that is the table of tokens is tied to it without a word, and one of another shape is another`()
        throws
    {
        try withTemporaryFolder { root in
            try model().writeConfiguration(to: root.path)
            let words = "transformer.wte.weight"
            try put(model(), root.path + "/model.safetensors") { $0 == words ? [$0, "lm_head.weight"] : [$0] }
            let same = try Checkpoint(root.path, locator: nowhere)
            #expect(same.configuration.isHeadTied && same.notes == [])
            // Where a configuration does not tie them, both are needed.
            try model(tied: false).writeConfiguration(to: root.path)
            #expect(try !Checkpoint(root.path, locator: nowhere).configuration.isHeadTied)
            try put(model(), root.path + "/model.safetensors") { [$0] }
            #expect(refusal(root.path)?.rule.hasPrefix("has no tensor \"lm_head.weight\"") == true)
        }
    }
}

@Suite struct ForeignTensorRuleTests {
    private func tensor(_ name: String, _ type: ElementType = .float32) throws -> CheckpointTensor {
        try withTemporaryFolder { folder in
            try writeFileAtomically(folder.path + "/x", [UInt8](repeating: 0, count: 8))
            return CheckpointTensor(
                name: name, shape: [1], elementType: type, count: 1, strides: nil,
                file: try MappedFile(folder.path + "/x"), byteOffset: 0)
        }
    }

    private static let block = "model.layers.0.self_attn.q_proj"

    @Test(arguments: [
        "lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B", "lora_magnitude", ".base_layer.",
        "modules_to_save.", "hada_w1", "hada_w2", "lokr_w", "ia3_l", "vera_lambda", "oft_r",
    ])
    func `every mark of an adapter is one, wherever it stands`(_ mark: String) throws {
        let name =
            Self.block + (mark.hasPrefix(".") ? "" : ".") + mark + (mark.hasSuffix(".") ? "" : ".default.") + "weight"
        let error = #expect(throws: FileError.self) { try ForeignTensors.refuse([tensor("a"), tensor(name)]) }
        #expect(
            error?.rule == "\"\(name)\": the weights are a base and the factors (\(mark)) of an adapter such as LoRA")
        #expect(error?.help == "merge them: model.merge_and_unload().save_pretrained(folder), with peft")
        #expect(error?.kind == .unsupported)
    }

    @Test(arguments: [
        ".SCB", ".weight_format", ".absmax", ".quant_map", ".nested_absmax", ".quant_state", ".qweight", ".qzeros",
        ".scales", ".g_idx", ".weight_scale", ".weight_scale_inv", ".input_scale", ".output_scale", ".weight_packed",
        ".weight_shape", ".weight_zero_point", ".weight._data", ".weight._scale", ".codebooks", ".codes",
        ".scale_weight",
    ])
    func `every mark of a scale is one, at the end of a name or of a part of it`(_ mark: String) throws {
        for name in [Self.block + mark, Self.block + mark + ".bitsandbytes__nf4"] {
            let error = #expect(throws: FileError.self) { try ForeignTensors.refuse([tensor(name)]) }
            #expect(error?.rule == "\"\(name)\": the weights are quantised, this (\(mark)) is their scale")
            #expect(error?.help == ForeignTensors.dequantise && error?.kind == .unsupported)
        }
        #expect(throws: Never.self) { try ForeignTensors.refuse([tensor(Self.block + mark + "xyz")]) }
    }

    @Test func `weights by their usual names are no foreign tensors`() throws {
        let names = [
            "lm_head.weight", Self.block + ".weight", Self.block + ".bias", "transformer.h.0.attn.c_attn.weight",
        ]
        let tensors = try names.map { try tensor($0) }
        #expect(throws: Never.self) { try ForeignTensors.refuse(tensors) }
    }

    @Test func `only floats of two bytes and more are weights`() throws {
        for type in ElementType.allCases {
            if [.float64, .float32, .float16, .bfloat16].contains(type) {
                #expect(throws: Never.self) { try ForeignTensors.refuseIntegers(tensor("w", type)) }
            } else {
                let error = #expect(throws: FileError.self) { try ForeignTensors.refuseIntegers(tensor("w", type)) }
                #expect(error?.rule == "\"w\" holds \(type.rawValue), so the weights are quantised", "\(type)")
                #expect(error?.kind == .unsupported && error?.help == ForeignTensors.dequantise)
            }
        }
    }
}

@Suite struct NanoGPTRuleTests {
    private static let arguments: [(String, Int)] = [
        ("vocab_size", 5), ("block_size", 6), ("n_embd", 4), ("n_layer", 1), ("n_head", 2),
    ]

    private func configuration(
        without name: String? = nil, _ more: JSONObject = JSONObject()
    ) throws
        -> ModelConfiguration
    {
        var members = more
        for (own, value) in Self.arguments where own != name && members[own] == nil { members[own] = JSONValue(value) }
        return try NanoGPT.configuration(members, "ckpt.pt")
    }

    @Test func `nanoGPT's arguments are all needed, but for the dropout, which is one for all places`() throws {
        var expected = model().configuration
        expected.activation = .exactGELU
        #expect(try configuration() == expected)
        expected.dropout = DropoutProbabilities(embedding: 0.25, attention: 0.25, residual: 0.25)
        #expect(try configuration(JSONObject([.init("dropout", 0.25)])) == expected)
        for (name, _) in Self.arguments {
            let error = #expect(throws: FileError.self) { try configuration(without: name) }
            #expect(
                error?.rule
                    == "has no config.json beside it, and its model_args do not say \(name), so they are not nanoGPT's")
            #expect(error?.path == "ckpt.pt" && error?.kind == .unsupported)
        }
        let uneven = #expect(throws: FileError.self) { try configuration(JSONObject([.init("n_head", 3)])) }
        #expect(uneven?.rule == "width 4 is not a multiple of 3 heads" && uneven?.kind == .contradictory)
    }

    @Test func `its matrices are known by their shape and turned, and nothing else is`() throws {
        try withTemporaryFolder { folder in
            let model = model(), path = folder.path + "/x.safetensors"
            try put(model, path) { [$0] }
            var table = TensorTable([:])
            for tensor in try SafeTensorsReader(path).tensors { table[tensor.name] = tensor }
            var configuration = model.configuration
            #expect(!NanoGPT.wrote(table, configuration))
            let matrices = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"].map {
                "transformer.h.0.\($0).weight"
            }
            for name in matrices { table[name] = table[name]?.transposed }
            #expect(NanoGPT.wrote(table, configuration))
            configuration.architecture = .llama
            #expect(!NanoGPT.wrote(table, configuration))
            configuration = model.configuration
            let turned = "the matrices are (out, in), as nanoGPT writes them: turned"
            #expect(NanoGPT.turn(&table, &configuration, hasArguments: false) == [turned])
            for entry in model.parameters.entries {
                let tensor = try #require(table[entry.name])
                #expect(
                    try tensor.shape == entry.shape && tensor.floats() == model.parameters[entry.name], "\(entry.name)")
            }
            #expect(configuration == model.configuration)
            #expect(
                NanoGPT.turn(&table, &configuration, hasArguments: true)
                    == [turned + "; its model_args are the configuration, with the exact GELU"])
        }
    }
}

@Suite struct LoadingRuleTests {
    @Test func `a table of several pieces is loaded whole, and a number that is none is told by its place in it`()
        throws
    {
        try withTemporaryFolder { folder in
            let large = LanguageModel(
                .gpt2(vocabularySize: 70_000, positionCount: 4, width: 4, layerCount: 1, headCount: 1),
                initialization: .fanIn, seed: 1)
            try large.write(to: folder.path)
            let checkpoint = try Checkpoint(folder.path, locator: nowhere)
            #expect(try LanguageModel(checkpoint).parameters.values() == large.parameters.values())
            var heard: [Double] = []
            _ = try LanguageModel(checkpoint, observer: WorkObserver { heard.append($0) })
            #expect(heard == [0])
            let interrupt = Interrupt()
            interrupt.request()
            #expect(throws: Interrupted()) {
                try LanguageModel(checkpoint, observer: WorkObserver(interrupt: interrupt))
            }
            // Pieces have 2¹⁸ numbers; this one is in the second.
            large.parameters.put([-.infinity, .nan], at: 270_000)
            try large.write(to: folder.path)
            let error = #expect(throws: FileError.self) {
                try LanguageModel(Checkpoint(folder.path, locator: nowhere))
            }
            #expect(
                error?.rule == "element 270000 of \"transformer.wte.weight\" is -inf, not a number to compute with")
            #expect(error?.kind == .malformed)
        }
    }

    @Test func `a configuration alone makes a model of zeros`() throws {
        try withTemporaryFolder { folder in
            let written = model(tied: false)
            try written.writeConfiguration(to: folder.path)
            #expect(FileSystem.names(in: folder.path) == ["config.json", "generation_config.json"])
            let blank = try LanguageModel(configurationIn: folder.path)
            #expect(blank.configuration == written.configuration && blank.parameters.values().allSatisfy { $0 == 0 })
        }
    }

    @Test func `a model is written with its tokenizer and with the tokens that begin and end a text`() throws {
        try withTemporaryFolder { folder in
            let tokenizer = goldenFolder.appending(path: "malformed/ok_tokenizer").path
            try model().write(
                to: folder.path + "/m", tokenizerFolder: tokenizer, specialIDs: SpecialIDs(begin: 2, end: 4))
            #expect(
                FileSystem.names(in: folder.path + "/m") == [
                    "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
                ])
            #expect(try readBytes(folder.path + "/m/tokenizer.json") == readBytes(tokenizer + "/tokenizer.json"))
            for name in ["config.json", "generation_config.json"] {
                let file = try JSONReader.readFile(folder.path + "/m/" + name)
                #expect(file["bos_token_id"] == 2 && file["eos_token_id"] == 4, "\(name)")
            }
            #expect(try SafeTensorsReader(folder.path + "/m/model.safetensors").metadata.map(\.value) == ["pt"])
            #expect(throws: FileError.self) { try model().write(to: folder.path + "/n", tokenizerFolder: folder.path) }
        }
    }
}
