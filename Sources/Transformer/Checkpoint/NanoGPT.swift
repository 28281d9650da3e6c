import Checkpoints
import Support

/// Checkpoints of nanoGPT (karpathy/nanoGPT, `ckpt.pt`): a GPT-2 whose matrices are (out, in), where Hugging Face's are
/// (in, out), and whose configuration is `model_args`: n_layer, n_head, n_embd, block_size, vocab_size, bias (whether
/// there are biases at all) and dropout. Its MLP has the exact GELU (`nn.GELU()`, since 2023), its head is tied.
enum NanoGPT {
    static func configuration(_ arguments: JSONObject, _ path: String) throws -> ModelConfiguration {
        func count(_ name: String) throws -> Int {
            guard let value = arguments[name]?.integer else {
                throw FileError(
                    .unsupported, path,
                    "has no config.json beside it, and its model_args do not say \(name), so they are not nanoGPT's")
            }
            return value
        }
        let dropout = Float(arguments["dropout"]?.double ?? 0)
        var configuration = ModelConfiguration.gpt2(
            vocabularySize: try count("vocab_size"), positionCount: try count("block_size"),
            width: try count("n_embd"), layerCount: try count("n_layer"), headCount: try count("n_head"),
            dropout: DropoutProbabilities(embedding: dropout, attention: dropout, residual: dropout))
        configuration.activation = .exactGELU
        if let fault = configuration.fault { throw FileError(.contradictory, path, fault.description) }
        return configuration
    }

    /// Whether the first block's attention is (3C, C).
    static func wrote(_ tensors: TensorTable, _ configuration: ModelConfiguration) -> Bool {
        configuration.architecture == .gpt2
            && tensors["transformer.h.0.attn.c_attn.weight"]?.shape == [3 * configuration.width, configuration.width]
    }

    /// Turns the matrices, and returns what a person should know.
    static func turn(
        _ tensors: inout TensorTable, _ configuration: inout ModelConfiguration, hasArguments: Bool
    ) -> [String] {
        let matrices = [".attn.c_attn.weight", ".attn.c_proj.weight", ".mlp.c_fc.weight", ".mlp.c_proj.weight"]
        for name in tensors.names where name.hasPrefix("transformer.h.") && matrices.contains(where: name.hasSuffix) {
            tensors[name] = tensors[name]?.transposed
        }
        return [
            "the matrices are (out, in), as nanoGPT writes them: turned"
                + (hasArguments ? "; its model_args are the configuration, with the exact GELU" : "")
        ]
    }
}
