"use strict";
// A decoder-only transformer, one token after another, in the equations of GPT-2 and of the Llama family:
//
//   GPT-2   x₀ = wte[token] + wpe[position];   a = x + attention(ln_1(x))·W_proj;   x′ = a + gelu(ln_2(a)·W_fc)·W_out
//   Llama   x₀ = embed[token], queries and keys turned by their positions;  a = x + attention(rms(x))·W_oᵀ;
//           x′ = a + (SiLU(gate) · up)·W_downᵀ
//   both    logits = norm(x_L)·headᵀ
//
// A pass keeps keys and values of the tokens it has read, so that a further token costs one row. It also keeps, for each
// token, what there is to look at: the residual stream after the embedding and after each half of each block, and the
// attention of every head. Weights are float32, everything else is computed in double precision.
//
// What can be cut while it reads: the output of a head (zero), and a place from the sight of the tokens that write (their
// attention to it becomes zero and the rest is shared out anew), as icot's `intervene` does it.

const Transformer = (() => {
  /** A model: its shape, and its parameters by their Hugging Face names. */
  function make(configuration, layout, values) {
    const tensors = {};
    let start = 0;
    for (const [name, rows, columns] of layout) {
      tensors[name] = values.subarray(start, start + rows * columns);
      start += rows * columns;
    }
    const isGPT2 = configuration.architecture === "gpt2";
    const blocks = [];
    for (let i = 0; i < configuration.layers; i++) {
      blocks.push(isGPT2 ? gpt2Block(tensors, i) : llamaBlock(tensors, i));
    }
    const embedding = tensors[isGPT2 ? "transformer.wte.weight" : "model.embed_tokens.weight"];
    return {
      configuration, isGPT2, blocks, embedding,
      positions: tensors["transformer.wpe.weight"],
      finalGain: tensors[isGPT2 ? "transformer.ln_f.weight" : "model.norm.weight"],
      finalBias: tensors["transformer.ln_f.bias"],
      head: tensors["lm_head.weight"] || embedding,
    };
  }

  // GPT-2 stores matrices as (in, out), Llama as (out, in).

  function gpt2Block(tensors, i) {
    const at = (name) => tensors[`transformer.h.${i}.${name}`];
    return {
      firstGain: at("ln_1.weight"), firstBias: at("ln_1.bias"),
      queryKeyValue: (x, size) => byRows(x, at("attn.c_attn.weight"), at("attn.c_attn.bias"), size),
      mixHeads: (z, size) => byRows(z, at("attn.c_proj.weight"), at("attn.c_proj.bias"), size),
      secondGain: at("ln_2.weight"), secondBias: at("ln_2.bias"),
      mlp: (x, inner, size) =>
        byRows(byRows(x, at("mlp.c_fc.weight"), at("mlp.c_fc.bias"), inner).map(gelu),
               at("mlp.c_proj.weight"), at("mlp.c_proj.bias"), size),
    };
  }

  function llamaBlock(tensors, i) {
    const at = (name) => tensors[`model.layers.${i}.${name}.weight`];
    // Phi-3 holds query, key and value as one matrix, and gate and up as another.
    const joined = (whole, parts) => (x) =>
      at(whole) ? byColumns(x, at(whole)) : Float64Array.from(parts.flatMap((p) => [...byColumns(x, at(p))]));
    const queryKeyValue = joined("self_attn.qkv_proj", ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]);
    const gateAndUp = joined("mlp.gate_up_proj", ["mlp.gate_proj", "mlp.up_proj"]);
    return {
      firstGain: at("input_layernorm"), queryKeyValue,
      mixHeads: (z) => byColumns(z, at("self_attn.o_proj")),
      secondGain: at("post_attention_layernorm"),
      mlp: (x, inner) => {
        const both = gateAndUp(x);
        return byColumns(both.subarray(0, inner).map((g, j) => (g / (1 + Math.exp(-g))) * both[inner + j]),
                         at("mlp.down_proj"));
      },
    };
  }

  /** x·W + b with W (in, out). */
  function byRows(x, matrix, bias, outputs) {
    const y = Float64Array.from(bias);
    for (let i = 0, at = 0; i < x.length; i++) {
      const value = x[i];
      for (let j = 0; j < outputs; j++) y[j] += value * matrix[at++];
    }
    return y;
  }

  /** x·Wᵀ with W (out, in). */
  function byColumns(x, matrix) {
    const y = new Float64Array(matrix.length / x.length);
    for (let j = 0, at = 0; j < y.length; j++) {
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum += x[i] * matrix[at++];
      y[j] = sum;
    }
    return y;
  }

  const gelu = (v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));

  /** Layer norm, or root-mean-square norm where there is no bias. */
  function norm(x, gain, bias, epsilon) {
    let mean = 0;
    if (bias) {
      for (const v of x) mean += v;
      mean /= x.length;
    }
    let square = 0;
    for (const v of x) square += (v - mean) * (v - mean);
    const scale = 1 / Math.sqrt(square / x.length + epsilon);
    return x.map((v, i) => (v - mean) * scale * gain[i] + (bias ? bias[i] : 0));
  }

  /** The logits that a residual stream has if the model stops there. */
  function logits(model, stream) {
    return byColumns(norm(stream, model.finalGain, model.finalBias, model.configuration.epsilon), model.head);
  }

  function softmax(values) {
    const top = Math.max(...values);
    const result = Float64Array.from(values, (v) => Math.exp(v - top));
    const sum = result.reduce((a, b) => a + b, 0);
    return result.map((v) => v / sum);
  }

  const noCuts = { heads: new Set(), keys: new Set(), firstQuery: Infinity };

  /**
   * Begins to read. cuts.heads: "layer.head"; cuts.keys: places that no token from place cuts.firstQuery on looks at,
   * other than the token itself.
   */
  function begin(model, cuts = noCuts) {
    return { model, cuts, rows: [], caches: model.blocks.map(() => ({ keys: [], values: [] })) };
  }

  /** Reads one more token and returns the logits of what follows it. */
  function read(pass, token, position) {
    const { model } = pass;
    const { configuration } = model;
    const { width } = configuration;
    const row = { token, position, streams: [], patterns: [] };
    let x = new Float64Array(width);
    for (let i = 0; i < width; i++) {
      x[i] = model.embedding[token * width + i] + (model.isGPT2 ? model.positions[position * width + i] : 0);
    }
    row.streams.push(x);
    model.blocks.forEach((block, layer) => {
      const first = norm(x, block.firstGain, block.firstBias, configuration.epsilon);
      const mixed = attend(pass, layer, block.queryKeyValue(first, 3 * width), position, row);
      x = add(x, block.mixHeads(mixed, width));
      row.streams.push(x);
      const second = norm(x, block.secondGain, block.secondBias, configuration.epsilon);
      x = add(x, block.mlp(second, configuration.inner, width));
      row.streams.push(x);
    });
    pass.rows.push(row);
    row.logits = logits(model, x);
    return row.logits;
  }

  const add = (a, b) => a.map((v, i) => v + b[i]);

  function attend(pass, layer, qkv, position, row) {
    const { configuration } = pass.model;
    const { heads, keyHeads, headWidth, window, rotary } = configuration;
    const queryWidth = heads * headWidth;
    const keyWidth = keyHeads * headWidth;
    if (rotary) for (let h = 0; h < heads + keyHeads; h++) turn(qkv, h * headWidth, position, rotary);
    const cache = pass.caches[layer];
    cache.keys.push(qkv.slice(queryWidth, queryWidth + keyWidth));
    cache.values.push(qkv.slice(queryWidth + keyWidth));
    const here = cache.keys.length - 1;
    const from = window ? Math.max(0, here - window + 1) : 0;
    const mixed = new Float64Array(queryWidth);
    const patterns = [];
    for (let h = 0; h < heads; h++) {
      const start = Math.floor((h * keyHeads) / heads) * headWidth;
      const scores = new Float64Array(here + 1).fill(-Infinity);
      for (let u = from; u <= here; u++) {
        let sum = 0;
        for (let d = 0; d < headWidth; d++) sum += qkv[h * headWidth + d] * cache.keys[u][start + d];
        scores[u] = sum / Math.sqrt(headWidth);
      }
      const pattern = withoutCuts(softmax(scores), here, pass.cuts);
      patterns.push(pattern);
      if (pass.cuts.heads.has(`${layer}.${h}`)) continue;
      for (let u = from; u <= here; u++) {
        for (let d = 0; d < headWidth; d++) mixed[h * headWidth + d] += pattern[u] * cache.values[u][start + d];
      }
    }
    row.patterns.push(patterns);
    return mixed;
  }

  function withoutCuts(pattern, here, cuts) {
    if (here < cuts.firstQuery) return pattern;
    const cut = [...cuts.keys].filter((key) => key < here);
    if (cut.length === 0) return pattern;
    for (const key of cut) pattern[key] = 0;
    const left = pattern.reduce((a, b) => a + b, 0);
    const others = here + 1 - cut.length;
    // Where nothing is left to share out by, every other key counts the same.
    return pattern.map((p, key) => (cut.includes(key) ? 0 : left > 1e-20 ? p / left : 1 / others));
  }

  /** Turns the pairs (x[i], x[i + half]) of a head by its position. */
  function turn(x, start, position, rotary) {
    const half = rotary.frequencies.length;
    rotary.frequencies.forEach((frequency, i) => {
      const cosine = rotary.amplitude * Math.cos(position * frequency);
      const sine = rotary.amplitude * Math.sin(position * frequency);
      const a = x[start + i];
      const b = x[start + half + i];
      x[start + i] = a * cosine - b * sine;
      x[start + half + i] = b * cosine + a * sine;
    });
  }

  return { make, begin, read, logits, softmax };
})();
