/// The many names one parameter goes by in checkpoint files, brought to the one that transformers writes today.
///
///     wrappers in front      module. (data parallel), _orig_mod. (compiled), base_model. (the reference's
///                            ImplicitModel)
///     GPT-2 on the hub       h.0.… wte.… wpe.… ln_f.…                    transformer. is put in front
///     a bare Llama           layers.0.… embed_tokens.… norm.…            model. is put in front
///
/// Buffers that old files carry and nobody needs: the causal mask `attn.bias`, its fill value `attn.masked_bias`, and
/// the rotary table `rotary_emb.inv_freq`.
enum CheckpointNames {
    /// The name of today, or nil for a buffer that is not a parameter.
    static func canonical(_ name: String, _ architecture: Architecture) -> String? {
        var rest = Substring(name)
        while let prefix = ["module.", "_orig_mod.", "base_model."].first(where: { rest.hasPrefix($0) }) {
            rest = rest.dropFirst(prefix.count)
        }
        if isBuffer(rest, architecture) { return nil }
        let (prefix, parts) =
            architecture == .gpt2
            ? ("transformer.", ["h.", "wte.", "wpe.", "ln_f."]) : ("model.", ["layers.", "embed_tokens.", "norm."])
        return parts.contains { rest.hasPrefix($0) } ? prefix + rest : String(rest)
    }

    private static func isBuffer(_ name: Substring, _ architecture: Architecture) -> Bool {
        switch architecture {
        case .gpt2: name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias")
        case .llama, .mistral, .phi3: name.hasSuffix(".rotary_emb.inv_freq")
        }
    }
}
