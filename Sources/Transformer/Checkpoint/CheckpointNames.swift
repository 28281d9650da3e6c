import Checkpoints

/// The many names one parameter goes by in checkpoint files, brought to the one that transformers writes today.
///
///     wrappers in front      module. (data parallel), _orig_mod. (compiled), base_model. (the reference's
///                            ImplicitModel), in any order; and whatever else stands before the first block in the same
///                            way for all: base_causallm. (Coconut), model. (Lightning), …
///     GPT-2 on the hub       h.0.… wte.… wpe.… ln_f.…                    transformer. is put in front
///     a bare Llama           layers.0.… embed_tokens.… norm.…            model. is put in front
///
/// Buffers that old files carry and nobody needs: the causal mask `attn.bias`, its fill value `attn.masked_bias`, and
/// the rotary table `rotary_emb.inv_freq`.
struct CheckpointNames {
    private let architecture: Architecture
    /// What stands before all names; empty for nothing.
    let wrapper: String

    /// More than one model in one file.
    struct Ambiguity: Error { let wrappers: [String] }

    /// Finds the wrapper by the first norm of the first block, which every model has.
    init(_ names: [String], _ architecture: Architecture) throws(Ambiguity) {
        self.architecture = architecture
        let (stem, norm) =
            architecture == .gpt2 ? ("transformer.", "h.0.ln_1.weight") : ("model.", "layers.0.input_layernorm.weight")
        var found: Set<String> = []
        for name in names {
            let name = Self.unwrapped(name)
            guard name.hasSuffix(norm) else { continue }
            var before = name.dropLast(norm.count)
            if before.hasSuffix(stem) { before = before.dropLast(stem.count) }
            if before.isEmpty || before.hasSuffix(".") { found.insert(String(before)) }
        }
        guard found.count <= 1 || found.contains("") else { throw Ambiguity(wrappers: found.sorted()) }
        wrapper = found.contains("") ? "" : found.first ?? ""
    }

    private static func unwrapped(_ name: String) -> Substring {
        var rest = Substring(name)
        while let prefix = ["module.", "_orig_mod.", "base_model."].first(where: { rest.hasPrefix($0) }) {
            rest = rest.dropFirst(prefix.count)
        }
        return rest
    }

    /// The name of today, or nil for a buffer that is not a parameter.
    func canonical(_ name: String) -> String? {
        var rest = Self.unwrapped(name)
        if !wrapper.isEmpty, rest.hasPrefix(wrapper) { rest = rest.dropFirst(wrapper.count) }
        if isBuffer(rest) { return nil }
        let (prefix, parts) =
            architecture == .gpt2
            ? ("transformer.", ["h.", "wte.", "wpe.", "ln_f."]) : ("model.", ["layers.", "embed_tokens.", "norm."])
        return parts.contains { rest.hasPrefix($0) } ? prefix + rest : String(rest)
    }

    private func isBuffer(_ name: Substring) -> Bool {
        switch architecture {
        case .gpt2: name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias")
        case .llama, .mistral, .phi3, .qwen2: name.hasSuffix(".rotary_emb.inv_freq")
        }
    }
}
