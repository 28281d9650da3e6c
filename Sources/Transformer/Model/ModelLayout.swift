// The parameters of each architecture, with the names and shapes that Hugging Face's checkpoints have.
//
//   gpt2         transformer.wte.weight (V, C) · transformer.wpe.weight (P, C) · per block i, transformer.h.i.:
//                ln_1.{weight,bias} (C) · attn.c_attn.{weight (C, 3C), bias (3C)} · attn.c_proj.{weight (C, C), bias} ·
//                ln_2.{weight,bias} · mlp.c_fc.{weight (C, F), bias (F)} · mlp.c_proj.{weight (F, C), bias} ·
//                transformer.ln_f.{weight,bias} · lm_head.weight (V, C) unless tied
//   llama,       model.embed_tokens.weight (V, C) · per block i, model.layers.i.: input_layernorm.weight (C) ·
//   mistral      self_attn.{q (H·w, C), k, v (K·w, C), o (C, H·w)}_proj.weight · post_attention_layernorm.weight ·
//                mlp.{gate (F, C), up (F, C), down (C, F)}_proj.weight · model.norm.weight · lm_head.weight unless tied
//   qwen2        as llama, with self_attn.{q,k,v}_proj.bias after the three matrices; a llama may have these too, and
//                self_attn.o_proj.bias, mlp.{gate,up,down}_proj.bias after their matrices
//   phi3         as llama, with self_attn.qkv_proj.weight ((H + 2K)·w, C) and mlp.gate_up_proj.weight (2F, C)

extension ModelConfiguration {
    public var parameterLayout: ParameterLayout {
        switch architecture {
        case .gpt2: gpt2Layout
        case .llama, .mistral, .phi3, .qwen2: llamaLayout
        }
    }

    private var gpt2Layout: ParameterLayout {
        var layout = ParameterLayout()
        layout.add("transformer.wte.weight", [vocabularySize, width], .table)
        layout.add("transformer.wpe.weight", [positionCount, width], .table)
        for i in 0..<layerCount {
            let block = "transformer.h.\(i)."
            layout.add(block + "ln_1.weight", [width], .gain)
            layout.add(block + "ln_1.bias", [width], .bias)
            layout.add(block + "attn.c_attn.weight", [width, 3 * width])
            layout.add(block + "attn.c_attn.bias", [3 * width], .bias)
            layout.add(block + "attn.c_proj.weight", [width, width], .residualMatrix)
            layout.add(block + "attn.c_proj.bias", [width], .bias)
            layout.add(block + "ln_2.weight", [width], .gain)
            layout.add(block + "ln_2.bias", [width], .bias)
            layout.add(block + "mlp.c_fc.weight", [width, innerWidth])
            layout.add(block + "mlp.c_fc.bias", [innerWidth], .bias)
            layout.add(block + "mlp.c_proj.weight", [innerWidth, width], .residualMatrix)
            layout.add(block + "mlp.c_proj.bias", [width], .bias)
        }
        layout.add("transformer.ln_f.weight", [width], .gain)
        layout.add("transformer.ln_f.bias", [width], .bias)
        if !isHeadTied { layout.add("lm_head.weight", [vocabularySize, width], .head) }
        return layout
    }

    private var llamaLayout: ParameterLayout {
        var layout = ParameterLayout()
        let queries = headCount * headWidth
        let keys = keyValueHeadCount * headWidth
        layout.add("model.embed_tokens.weight", [vocabularySize, width], .table)
        for i in 0..<layerCount {
            let block = "model.layers.\(i)."
            layout.add(block + "input_layernorm.weight", [width], .gain)
            if architecture == .phi3 {
                layout.add(block + "self_attn.qkv_proj.weight", [queries + 2 * keys, width])
            } else {
                layout.add(block + "self_attn.q_proj.weight", [queries, width])
                layout.add(block + "self_attn.k_proj.weight", [keys, width])
                layout.add(block + "self_attn.v_proj.weight", [keys, width])
                if attentionBiases != .none {
                    layout.add(block + "self_attn.q_proj.bias", [queries], .bias)
                    layout.add(block + "self_attn.k_proj.bias", [keys], .bias)
                    layout.add(block + "self_attn.v_proj.bias", [keys], .bias)
                }
            }
            layout.add(block + "self_attn.o_proj.weight", [width, queries], .residualMatrix)
            if attentionBiases == .all { layout.add(block + "self_attn.o_proj.bias", [width], .bias) }
            layout.add(block + "post_attention_layernorm.weight", [width], .gain)
            if architecture == .phi3 {
                layout.add(block + "mlp.gate_up_proj.weight", [2 * innerWidth, width])
            } else {
                layout.add(block + "mlp.gate_proj.weight", [innerWidth, width])
                layout.add(block + "mlp.up_proj.weight", [innerWidth, width])
                if hasMLPBiases {
                    layout.add(block + "mlp.gate_proj.bias", [innerWidth], .bias)
                    layout.add(block + "mlp.up_proj.bias", [innerWidth], .bias)
                }
            }
            layout.add(block + "mlp.down_proj.weight", [width, innerWidth], .residualMatrix)
            if hasMLPBiases { layout.add(block + "mlp.down_proj.bias", [width], .bias) }
        }
        layout.add("model.norm.weight", [width], .gain)
        if !isHeadTied { layout.add("lm_head.weight", [vocabularySize, width], .head) }
        return layout
    }
}
