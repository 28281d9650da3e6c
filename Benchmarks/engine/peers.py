#!/usr/bin/env python3
"""What the engine is measured against, one measurement a call, printed as name=value for measure.py.

peers.py train SHAPE               ms a training step of a minimal GPT-2 in PyTorch (eager, float32, fused AdamW, clipping at 1)
peers.py decode SHAPE NEW          tokens/s of greedy decoding at batch 1 with its KV cache
peers.py evaluate SHAPE BATCH N    problems/s of Hugging Face's generate: 11 tokens given, 10 written
peers.py llama SHAPE FILE NEW      tokens/s of llama.cpp; FILE is made where it is not there: random weights, a made-up vocabulary
peers.py llama8 SHAPE FILE NEW     the same with matrices in eight bits, Q8_0
peers.py load FILE                 ms to load 498 MB of safetensors into a model; FILE is made where it is not there
peers.py tokenize FOLDER TEXT      MB/s of tokenizers with the vocabulary in FOLDER, one thread
"""
import os, resource, statistics, sys, time

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
THREADS = int(os.environ.get("THREADS", "2"))
CONTEXT = 1024
SHAPES = {  # vocabulary, layers, heads, width, length, batch: those of EngineBenchmarks
    "tiny": (32, 2, 4, 128, 64, 32),
    "small": (32, 4, 8, 256, 64, 32),
    "icot2L4H": (50257, 2, 4, 768, 66, 32),
    "gpt2-small": (50257, 12, 12, 768, 66, 32),
}


def median(action, runs, warm=1, budget=25.0):
    """Median seconds of a call, over at least three while the budget lasts."""
    for _ in range(warm):
        action()
    times, start = [], time.perf_counter()
    while len(times) < runs and (len(times) < 3 or time.perf_counter() - start < budget):
        begin = time.perf_counter()
        action()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def minimal(shape):
    """GPT-2 in the fewest operations of PyTorch: fused attention, tied head."""
    import torch, torch.nn as nn, torch.nn.functional as F

    V, L, H, D, _, _ = SHAPES[shape]

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.LayerNorm(D), nn.LayerNorm(D)
            self.qkv, self.out = nn.Linear(D, 3 * D), nn.Linear(D, D)
            self.up, self.down = nn.Linear(D, 4 * D), nn.Linear(4 * D, D)

        def forward(self, x, cache=None):
            b, t, _ = x.shape
            q, k, v = (z.view(b, t, H, D // H).transpose(1, 2) for z in self.qkv(self.first(x)).split(D, 2))
            if cache is not None:
                past = cache["count"]
                cache["keys"][:, :, past:past + t], cache["values"][:, :, past:past + t] = k, v
                cache["count"] = past + t
                k, v = cache["keys"][:, :, :past + t], cache["values"][:, :, :past + t]
            y = F.scaled_dot_product_attention(q, k, v, is_causal=t > 1)
            x = x + self.out(y.transpose(1, 2).reshape(b, t, D))
            return x + self.down(F.gelu(self.up(self.second(x)), approximate="tanh"))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.positions = nn.Embedding(V, D), nn.Embedding(CONTEXT, D)
            self.blocks = nn.ModuleList(Block() for _ in range(L))
            self.norm, self.head = nn.LayerNorm(D), nn.Linear(D, V, bias=False)
            self.head.weight = self.tokens.weight
            for p in self.parameters():
                if p.dim() == 2:
                    nn.init.normal_(p, std=0.02)

        def forward(self, ids, caches=None, start=0, last=False):
            x = self.tokens(ids) + self.positions(torch.arange(start, start + ids.shape[1]))
            for i, block in enumerate(self.blocks):
                x = block(x, None if caches is None else caches[i])
            return self.head(self.norm(x[:, -1:] if last else x))

        def caches(self, count):
            empty = lambda: torch.empty(1, H, count, D // H)
            return [{"keys": empty(), "values": empty(), "count": 0} for _ in range(L)]

    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    return Model()


def train(shape):
    import torch

    V, _, _, _, T, B = SHAPES[shape]
    model = minimal(shape).train()
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=5e-5, fused=True)
    ids = torch.randint(0, V, (B, T))
    labels = ids.clone()
    labels[:, :11] = -100
    targets = torch.cat([labels[:, 1:], torch.full((B, 1), -100)], 1).view(-1)

    def step():
        torch.nn.functional.cross_entropy(model(ids).view(-1, V), targets).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    seconds = median(step, runs=5)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"ms={seconds * 1e3:.2f} peak_gb={peak:.2f}")


def decode(shape, new):
    import torch

    new = int(new)
    model = minimal(shape).eval()
    prompt = torch.randint(0, SHAPES[shape][0] - 1, (1, 10))

    @torch.inference_mode()
    def write():
        caches, ids, start = model.caches(10 + new), prompt, 0
        for _ in range(new):
            logits = model(ids, caches, start, last=True)
            start += ids.shape[1]
            ids = logits[:, -1].argmax(-1, keepdim=True)
            ids.item()

    print(f"tokens_per_s={new / median(write, runs=5):.2f}")


def evaluate(shape, batch, count):
    import logging, torch
    from transformers import GPT2Config, GPT2LMHeadModel

    logging.disable(logging.WARNING)
    batch, count = int(batch), int(count)
    V, L, H, D, _, _ = SHAPES[shape]
    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    model = GPT2LMHeadModel(
        GPT2Config(vocab_size=V, n_layer=L, n_head=H, n_embd=D, n_positions=CONTEXT, bos_token_id=V - 1, eos_token_id=V - 1)
    ).eval()
    inputs = torch.randint(0, V - 1, (count, 11))

    @torch.inference_mode()
    def write(x):
        model.generate(
            input_ids=x, attention_mask=torch.ones_like(x), max_new_tokens=10, min_new_tokens=10, do_sample=False, pad_token_id=V - 1)

    write(inputs[:batch])
    start = time.perf_counter()
    for first in range(0, count, batch):
        write(inputs[first:first + batch])
    print(f"examples_per_s={count / (time.perf_counter() - start):.2f}")


def make_gguf(shape, path, eight_bits=False):
    """A GPT-2 of random weights as llama.cpp reads it. Prompts are token ids, so the words of the vocabulary may be any."""
    import numpy, gguf

    V, L, H, D, _, _ = SHAPES[shape]
    random = numpy.random.default_rng(0)
    partial = path + ".partial"
    writer = gguf.GGUFWriter(partial, "gpt2")
    writer.add_block_count(L)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(D)
    writer.add_feed_forward_length(4 * D)
    writer.add_head_count(H)
    writer.add_layer_norm_eps(1e-5)
    writer.add_file_type(7 if eight_bits else 0)
    # The alphabet of byte-level BPE, whose bytes must all be there, then words without meaning.
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    alphabet = [chr(byte) if byte in shown else chr(256 + hidden.index(byte)) for byte in range(256)]
    words = [f"t{number}" for number in range(V - len(alphabet) - 1)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*alphabet, *words, "<|endoftext|>"])
    writer.add_token_types([1] * (V - 1) + [3])
    writer.add_token_merges(["t 0"])
    writer.add_bos_token_id(V - 1)
    writer.add_eos_token_id(V - 1)

    def matrix(name, *size):
        values = random.standard_normal(size, dtype=numpy.float32) * numpy.float32(0.02)
        if eight_bits and name != "position_embd.weight":
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, values)
    row = lambda name, value, count: writer.add_tensor(name, numpy.full(count, value, numpy.float32))
    matrix("token_embd.weight", V, D)
    matrix("position_embd.weight", CONTEXT, D)
    for layer in range(L):
        block = f"blk.{layer}."
        for norm in ("attn_norm", "ffn_norm"):
            row(block + norm + ".weight", 1, D)
            row(block + norm + ".bias", 0, D)
        for name, outputs, inputs in (
            ("attn_qkv", 3 * D, D), ("attn_output", D, D), ("ffn_up", 4 * D, D), ("ffn_down", D, 4 * D),
        ):
            matrix(block + name + ".weight", outputs, inputs)
            row(block + name + ".bias", 0, outputs)
    row("output_norm.weight", 1, D)
    row("output_norm.bias", 0, D)
    matrix("output.weight", V, D)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.rename(partial, path)


def llama8(shape, path, new):
    llama(shape, path, new, eight_bits=True)


def llama(shape, path, new, eight_bits=False):
    import xllamacpp

    if not os.path.exists(path):
        make_gguf(shape, path, eight_bits)
    new = int(new)
    settings = xllamacpp.CommonParams()
    settings.model.path = path
    settings.n_ctx, settings.n_parallel = 512, 1
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = THREADS
    server = xllamacpp.Server(settings)
    rates = []
    for run in range(6):
        start = time.perf_counter()
        answer = server.handle_completions({
            "prompt": list(range(100 + run, 110 + run)), "n_predict": new, "max_tokens": new, "temperature": 0,
            "ignore_eos": True, "cache_prompt": False,
        })
        seconds = time.perf_counter() - start
        count = answer.get("timings", {}).get("predicted_n") or answer["usage"]["completion_tokens"]
        if run:
            rates.append(count / seconds)
    print(f"tokens_per_s={statistics.median(rates):.2f}")


def load(path):
    from safetensors.torch import load_file, save_file

    model = minimal("gpt2-small")
    if not os.path.exists(path):
        tensors = {k: v.detach().contiguous().clone() for k, v in model.state_dict().items() if k != "head.weight"}
        save_file(tensors, path + ".partial")
        os.rename(path + ".partial", path)
    seconds = median(lambda: model.load_state_dict(load_file(path), strict=False), runs=7)
    print(f"copied_ms={seconds * 1e3:.2f}")


def tokenize(folder, text):
    os.environ["TOKENIZERS_PARALLELISM"], os.environ["RAYON_NUM_THREADS"] = "false", "1"
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.BPE.from_file(folder + "/vocab.json", folder + "/merges.txt"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    content = open(text, encoding="utf-8").read()
    lines = content.splitlines(keepends=True)
    seconds = median(lambda: tokenizer.encode_batch_fast(lines), runs=7)
    print(f"mb_per_s={len(content.encode()) / seconds / 1e6:.2f}")


actions = {
    "train": train, "decode": decode, "evaluate": evaluate, "llama": llama, "llama8": llama8, "load": load, "tokenize": tokenize,
}
if len(sys.argv) < 3 or sys.argv[1] not in actions:
    sys.exit(__doc__)
actions[sys.argv[1]](*sys.argv[2:])
