#!/usr/bin/env python3
"""The fastest that plain PyTorch does with the shapes of Rates.swift, on the card that is there.

    Benchmarks/gpu/peer.py [bf16|tf32] [--quick]

A training step is forwards, the loss at the labelled positions only, backwards, clip and fused AdamW, of a GPT-2 with
scaled_dot_product_attention, compiled by torch.compile, and the whole step played as one CUDA graph. Compiling takes
half a minute a shape, in processes of their own at the same time; `--quick` leaves it out. Decoding has a static cache
and a graph for each token. A vocabulary of 50257 is padded to 50304, which is several times as fast.
"""
import os
import subprocess
import sys
import time

import torch
import torch.nn.functional as F

SHAPES = [("2L4H V32", 32, 2, 4, 71, 60), ("2L4H V50257", 50304, 2, 4, 71, 60),
          ("GPT-2 small", 50304, 12, 12, 71, 60), ("GPT-2 small", 50304, 12, 12, 24, 13)]
WIDTH, BATCH, PROMPT = 768, 32, 11
CARD = "cuda"


class Block(torch.nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = torch.nn.LayerNorm(WIDTH), torch.nn.LayerNorm(WIDTH)
        self.qkv, self.out = torch.nn.Linear(WIDTH, 3 * WIDTH), torch.nn.Linear(WIDTH, WIDTH)
        self.up, self.down = torch.nn.Linear(WIDTH, 4 * WIDTH), torch.nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x, cache=None, at=None, mask=None):
        b, t, _ = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        if cache is None:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            keys, values = cache[0].index_copy_(2, at, k), cache[1].index_copy_(2, at, v)
            y = F.scaled_dot_product_attention(q, keys, values, attn_mask=mask)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, -1))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class GPT(torch.nn.Module):
    def __init__(self, vocabulary, layers, heads):
        super().__init__()
        self.tokens, self.positions = torch.nn.Embedding(vocabulary, WIDTH), torch.nn.Embedding(1024, WIDTH)
        self.blocks = torch.nn.ModuleList(Block(heads) for _ in range(layers))
        self.norm = torch.nn.LayerNorm(WIDTH)

    def states(self, x, positions, caches=None, at=None, mask=None):
        h = self.tokens(x) + self.positions(positions)
        for i, block in enumerate(self.blocks):
            h = block(h, caches and caches[i], at, mask)
        return self.norm(h)

    def forward(self, x, labels, first):
        """The mean loss of the last positions."""
        h = self.states(x, torch.arange(x.shape[1], device=CARD))[:, first:]
        return F.cross_entropy((h @ self.tokens.weight.T).flatten(0, 1).float(), labels.flatten())


def graph(body, prepare=lambda: None):
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        prepare()
        for _ in range(3):
            body()
    torch.cuda.current_stream().wait_stream(stream)
    prepare()
    made = torch.cuda.CUDAGraph()
    with torch.cuda.graph(made):
        body()
    return made.replay


def milliseconds(body, calls):
    times = []
    for _ in range(4):
        torch.cuda.synchronize()
        began = time.perf_counter()
        for _ in range(calls):
            body()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - began) / calls * 1e3)
    return sorted(times[1:])[1]


def training(shape, precision, compiles):
    name, vocabulary, layers, heads, length, labelled = shape
    torch.manual_seed(1)
    model = GPT(vocabulary, layers, heads).to(CARD)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, fused=True, capturable=True)
    x = torch.randint(0, 18, (BATCH, length), device=CARD)
    first = length - labelled
    labels = x[:, first:].contiguous()
    call = torch.compile(model, fullgraph=True, dynamic=False) if compiles else model
    parameters = list(model.parameters())

    def step():
        with torch.autocast(CARD, torch.bfloat16, enabled=precision == "bf16"):
            loss = call(x, labels, first)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return step


def decoding(shape, precision, count, new):
    name, vocabulary, layers, heads, _, _ = shape
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    model = GPT(vocabulary, layers, heads).to(CARD).eval().to(kind)
    size = PROMPT + new
    caches = [[torch.zeros(count, heads, size, WIDTH // heads, device=CARD, dtype=kind) for _ in (0, 1)]
              for _ in range(layers)]
    ids = torch.randint(0, 18, (count, 1), device=CARD)
    prompt = torch.randint(0, 18, (count, PROMPT), device=CARD)
    at, every, start = (torch.zeros(1, dtype=torch.long, device=CARD), torch.arange(size, device=CARD),
                        torch.arange(PROMPT, device=CARD))

    def read():
        h = model.states(prompt, start, caches, start, (every[None] <= start[:, None])[None, None])
        ids.copy_((h[:, -1:] @ model.tokens.weight.T).argmax(-1))
        at.fill_(PROMPT)

    def token():
        h = model.states(ids, at, caches, at, (every <= at)[None, None, None])
        ids.copy_((h @ model.tokens.weight.T).argmax(-1))
        at.add_(1)
    read_all, one = graph(read), graph(token, read)

    def whole():
        read_all()
        for _ in range(new - 1):
            one()
    return whole


def main():
    arguments = sys.argv[1:]
    precision = "tf32" if "tf32" in arguments else "bf16"
    compiles = "--quick" not in arguments
    torch.backends.cuda.matmul.allow_tf32 = True
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", "/tmp/inductor")
    if "--compile" in arguments:
        step = training(SHAPES[int(arguments[-1])], precision, True)
        step()
        torch.cuda.synchronize()
        return
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, {precision}", flush=True)
    if compiles:
        began = time.perf_counter()
        others = [subprocess.Popen([sys.executable, __file__, precision, "--compile", str(i)])
                  for i in range(len(SHAPES))]
        for other in others:
            other.wait()
        print(f"compiled in {time.perf_counter() - began:.0f} s", flush=True)
    for shape in SHAPES:
        step = training(shape, precision, compiles)
        for _ in range(3):
            step()
        print(f"{shape[0]} T{shape[4]}: {milliseconds(graph(step), 50):.3f} ms a step"
              + ("" if compiles else ", not compiled"), flush=True)
        if shape[4] == 71:
            for count, new in ((1, 60), (1000, 60), (1000, 13)):
                with torch.inference_mode():
                    time_ = milliseconds(decoding(shape, precision, count, new), 2)
                print(f"{shape[0]}, {count} × {new} new tokens: {time_ / new:.3f} ms a token, "
                      f"{count / time_ * 1e3:.1f} answers a second", flush=True)
        torch._dynamo.reset()
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
