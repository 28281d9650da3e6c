import Checkpoints
import Foundation
import Support
import Tensors
import TestSupport
import Testing

@testable import Transformer

// This file is also compiled for the executor of a card (`Tests/CUDATests`): `onTestExecutor` says where models are.

/// One recorded model: its weights, its inputs, and what PyTorch in float64 made of them.
private struct GoldenModel {
    let name: String
    let folder: String
    let tolerances: JSONObject

    init(_ name: String) throws {
        self.name = name
        folder = goldenFolder.appending(path: "models/\(name)").path
        let manifest = try JSONReader.readFile(goldenFolder.appending(path: "models/manifest.json").path)
        tolerances = try #require(
            manifest.object?["models"]?.object?[name]?.object?["tolerances_float32_engine"]?.object)
    }

    func load() throws -> LanguageModel { try LanguageModel.load(from: folder).onTestExecutor }
    func tolerance(_ name: String) throws -> Double { try #require(tolerances[name]?.double) }
    func read(_ file: String) throws -> JSONObject {
        try #require(try JSONReader.readFile("\(folder)/golden/\(file)").object)
    }
    func tensors(_ file: String) throws -> SafeTensorsReader { try SafeTensorsReader("\(folder)/golden/\(file)") }
    func inputs(_ name: String) throws -> Rows {
        try Rows(#require(try read("inputs.json")["cases"]?.object?[name]?.object))
    }
}

/// Padded rows as they are recorded.
private struct Rows {
    let ids: [[Int32]]
    let labels: [[Int32]]
    let positions: [[Int32]]?
    let mask: [[Int32]]?

    init(_ object: JSONObject) throws {
        ids = try #require(Rows.matrix(object["input_ids"]))
        labels = try #require(Rows.matrix(object["labels"]))
        positions = Rows.matrix(object["position_ids"])
        mask = Rows.matrix(object["attention_mask"])
    }

    static func matrix(_ value: JSONValue?) -> [[Int32]]? {
        value?.array.map { $0.map { ($0.array ?? []).compactMap { $0.integer.map(Int32.init) } } }
    }

    /// Row `i` from its first real token, as a sequence: labels moved to where they are predicted.
    func append(_ i: Int, to batch: inout RaggedBatch) {
        let start = firstReal(i)
        let shifted = labels[i].dropFirst(start + 1).map { max($0, -1) } + [-1]
        batch.append(Array(ids[i][start...]), positions: positions.map { Array($0[i][start...]) }, labels: shifted)
    }

    func firstReal(_ i: Int) -> Int { mask?[i].firstIndex(of: 1) ?? 0 }
    /// How many columns count; after the mask's end there is only padding.
    func end(_ i: Int) -> Int { (mask?[i].lastIndex(of: 1) ?? ids[i].count - 1) + 1 }

    var batch: RaggedBatch {
        var batch = RaggedBatch()
        for i in ids.indices { append(i, to: &batch) }
        return batch
    }
}

private func largestDifference(_ a: some Sequence<Float>, _ b: some Sequence<Double>) -> Double {
    zip(a, b).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
}

private let allModels = ["gpt2", "llama", "llama_rope3_tied", "mistral", "phi3", "phi3_longrope"]
private let trainedModels = ["gpt2", "llama", "mistral", "phi3"]

@Suite struct GoldenModelTests {
    @Test(arguments: allModels, ["right_padded", "right_padded_mask", "left_padded", "kept_positions"])
    func `logits are PyTorch's`(_ name: String, _ inputCase: String) throws {
        let golden = try GoldenModel(name)
        let model = try golden.load()
        let rows = try golden.inputs(inputCase)
        let expected = try #require(golden.tensors("expect.safetensors")["\(inputCase).logits"])
        let values = try expected.doubles()
        let (length, vocabulary) = (expected.shape[1], expected.shape[2])
        for i in rows.ids.indices {
            var batch = RaggedBatch()
            rows.append(i, to: &batch)
            let logits = try model.logits(batch)
            let start = (i * length + rows.firstReal(i)) * vocabulary, end = (i * length + rows.end(i)) * vocabulary
            let error = largestDifference(logits, values[start..<end])
            #expect(try error <= golden.tolerance("logits_atol"), "row \(i)")
        }
    }

    @Test(arguments: allModels)
    func `hidden states are PyTorch's`(_ name: String) throws {
        let golden = try GoldenModel(name)
        let model = try golden.load()
        let expected = try golden.tensors("expect.safetensors")
        let layers = model.configuration.layerCount
        var points: [(HookPoint, String)] = [
            (.embedding, "right_padded.hidden.0"), (.finalNorm, "right_padded.final_norm"),
        ]
        points += (0..<layers).map { (.block($0, .residualPost), "right_padded.hidden.\($0 + 1)") }
        let capture = try model.capture(golden.inputs("right_padded").batch, points: Set(points.map(\.0)))
        for (point, name) in points {
            let tensor = try #require(expected[name], "\(name)")
            #expect(
                try largestDifference(#require(capture.states[point]), tensor.doubles())
                    <= golden.tolerance("hidden_atol"), "\(name)")
        }
    }

    @Test(arguments: allModels)
    func `attention probabilities are PyTorch's`(_ name: String) throws {
        let golden = try GoldenModel(name)
        let model = try golden.load()
        let expected = try golden.tensors("expect.safetensors")
        let layer = try #require(
            (0..<model.configuration.layerCount).first { expected["right_padded.attn.\($0)"] != nil })
        let tensor = try #require(expected["right_padded.attn.\(layer)"])
        let (heads, length) = (tensor.shape[1], tensor.shape[2])
        let count = tensor.shape[0], square = length * length
        let cells = (0..<square).map { AttentionCell(query: $0 / length, key: $0 % length) }
        let access = PatternAccess(reading: Array(repeating: cells, count: count))
        let patterns = try model.capture(
            golden.inputs("right_padded").batch, points: [], patterns: [layer: access]
        ).patterns
        // (heads, sequences, T, T), of which PyTorch has the sequences first.
        let read = try #require(patterns[layer])
        let found = (0..<count * heads).flatMap { index in
            let start = (index % heads * count + index / heads) * square
            return read[start..<start + square]
        }
        #expect(try largestDifference(found, tensor.doubles()) <= golden.tolerance("attn_atol"))
    }

    @Test(arguments: allModels)
    func `loss and gradients are PyTorch's`(_ name: String) throws {
        let golden = try GoldenModel(name)
        let trainee = Trainee(try golden.load())
        let report = try trainee.accumulate(golden.inputs("right_padded").batch)
        let manifest = try #require(golden.read("manifest.json")["cases"]?.object?["right_padded"]?.object)
        #expect(try abs(report.meanLoss - #require(manifest["loss"]?.double)) <= golden.tolerance("loss_atol"))
        #expect(report.targetCount == manifest["total_tokens"]?.integer)
        let gradients = try golden.tensors("grads.safetensors")
        for entry in trainee.gradients.entries {
            let expected = try #require(gradients[entry.name])
            #expect(
                try largestDifference(trainee.gradients.values(entry.range), expected.doubles())
                    <= golden.tolerance("grad_atol"), "\(entry.name)")
        }
    }

    @Test(arguments: trainedModels)
    func `five steps of AdamW arrive where PyTorch's do`(_ name: String) throws {
        let golden = try GoldenModel(name)
        let model = try golden.load()
        let trainee = Trainee(model)
        let optimizer = AdamW(model.parameters.layout, executor: model.parameters.executor)
        let record = try golden.read("adamw.json")
        let hyper = try #require(record["hyper"]?.object)
        for value in try #require(record["batches"]?.array) {
            trainee.clearGradients()
            _ = try trainee.accumulate(Rows(#require(value.object)).batch)
            _ = try optimizer.update(
                model, gradients: trainee.gradients, learningRate: Float(#require(hyper["lr"]?.double)),
                clip: Float(#require(hyper["max_grad_norm"]?.double)))
        }
        let expected = try golden.tensors("adamw.safetensors"), masks = try golden.tensors("adamw_mask.safetensors")
        let loose = try #require(golden.tolerances["adamw_param_atol_loose"]?.object?["step5"]?.double)
        let strict = try golden.tolerance("adamw_param_atol_strict")
        for entry in model.parameters.entries {
            let values = try #require(expected["step5." + entry.name]).doubles()
            let isStrict = try #require(masks[entry.name]).integers()
            for (i, own) in model.parameters.values(entry.range).enumerated() {
                let error = abs(Double(own) - values[i])
                if error > (isStrict[i] == 1 ? strict : loose) {
                    Issue.record("\(entry.name)[\(i)] is off by \(error)")
                }
            }
        }
    }

    @Test(arguments: trainedModels)
    func `greedy generation writes PyTorch's tokens`(_ name: String) throws {
        let golden = try GoldenModel(name)
        let model = try golden.load()
        let record = try golden.read("generate.json")
        let prompts = try #require(Rows.matrix(record["prompts"])).map { Prompt(tokens: $0) }
        let expected = try #require(Rows.matrix(record["new_tokens"]))
        let steps = try #require(record["steps"]?.integer)
        let found = try model.generate(prompts, GenerationOptions(maximumNewTokens: steps, stop: .none))
        #expect(found.map(\.tokens) == expected)
        try checkLogits(golden, model, prompts, expected, steps)
        for value in record["double_eos"]?.object?.members ?? [] {
            let stop = try #require(value.value.object)
            let separator = try Int32(#require(stop["eos_token_id"]?.integer))
            let options = GenerationOptions(
                maximumNewTokens: try #require(stop["max_new_tokens"]?.integer), stop: .nthToken(separator, count: 2))
            let found = try model.generate(#require(Rows.matrix(stop["prompts"])).map { Prompt(tokens: $0) }, options)
            #expect(found.map(\.tokens) == Rows.matrix(stop["greedy_new_tokens_until_second_eos"]), "\(value.name)")
        }
    }

    /// The decoder's logits before each of the recorded tokens.
    private func checkLogits(
        _ golden: GoldenModel, _ model: LanguageModel, _ prompts: [Prompt], _ tokens: [[Int32]], _ steps: Int
    ) throws {
        let tensor = try #require(try golden.tensors("generate.safetensors")["logits"])
        let expected = try tensor.doubles()
        let vocabulary = tensor.shape[2]
        for (sequence, prompt) in prompts.enumerated() {
            let decoder = Decoder(model, sequenceCount: 1, capacity: prompt.tokens.count + steps, .shared)
            var rows = prompt.tokens.enumerated().map { Decoder.Row(sequence: 0, token: $1, position: Int32($0)) }
            for step in 0..<steps {
                let logits = decoder.executor.copyOut(decoder.advance(rows))
                let start = (sequence * steps + step) * vocabulary
                #expect(
                    try largestDifference(logits, expected[start..<start + vocabulary])
                        <= golden.tolerance("generate_logits_atol"))
                rows = [
                    Decoder.Row(sequence: 0, token: tokens[sequence][step], position: Int32(prompt.tokens.count + step))
                ]
            }
        }
    }
}
