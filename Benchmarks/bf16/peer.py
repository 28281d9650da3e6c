"""A GPT-2 of random weights in PyTorch, as small as it can be written, trained or read under bf16 autocast.

peer.py train SHAPE [--threads N] [--precision bf16|f32] [--runs N]      ms a step: forward, loss, backward, clip at 1, AdamW
peer.py decode SHAPE [--threads N] [--precision bf16|f32] [--new N]      tokens a second, greedy, batch 1, with a cache

The shapes are those of `Benchmarks/engine`: 32 sequences of 66 tokens, labels on all but the first 11 positions, the head only where there are
labels, no dropout. Decoding in bf16 takes a model whose weights are bf16 (autocast would round them at every token).
"""
import argparse, statistics, time
import torch
from torch import nn
from torch.nn import functional as F

SHAPES = {"tiny": (32, 2, 4, 128), "small": (32, 4, 8, 256), "icot2L4H": (50257, 2, 4, 768), "gpt2-small": (50257, 12, 12, 768)}
LENGTH, BATCH, UNLABELLED = 66, 32, 11


class Block(nn.Module):
    def __init__(self, heads, width):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, cache=None):
        b, t, c = x.shape
        q, k, v = (y.view(b, t, self.heads, c // self.heads).transpose(1, 2) for y in self.qkv(self.norm1(x)).split(c, 2))
        if cache is not None:
            keys, values, at = cache
            keys[:, :, at:at + t], values[:, :, at:at + t] = k, v
            k, v = keys[:, :, :at + t], values[:, :, :at + t]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=t > 1)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, c))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Model(nn.Module):
    def __init__(self, vocabulary, layers, heads, width):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(1024, width)
        self.blocks = nn.ModuleList(Block(heads, width) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.tokens.weight
        nn.init.normal_(self.tokens.weight, std=0.02)

    def states(self, ids, first=0, caches=None):
        x = self.tokens(ids) + self.positions(torch.arange(first, first + ids.shape[1]))
        for i, block in enumerate(self.blocks):
            x = block(x, None if caches is None else (*caches[i], first))
        return self.norm(x)


def train(model, shape, options):
    vocabulary = SHAPES[shape][0]
    ids = torch.randint(0, vocabulary, (BATCH, LENGTH))
    labels = ids[:, UNLABELLED:]
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, fused=True)

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bf16"):
            logits = model.head(model.states(ids)[:, UNLABELLED - 1:-1])
        F.cross_entropy(logits.float().reshape(-1, vocabulary), labels.reshape(-1)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    step()
    times = []
    for _ in range(options.runs):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    print(f"ms={statistics.median(times) * 1e3:.2f} best_ms={min(times) * 1e3:.2f}")


def decode(model, shape, options):
    vocabulary, layers, heads, width = SHAPES[shape]
    kind = torch.bfloat16 if options.precision == "bf16" else torch.float32
    model = model.to(kind).eval()
    rates = []
    with torch.inference_mode():
        for _ in range(options.runs):
            caches = [[torch.zeros(1, heads, 10 + options.new, width // heads, dtype=kind) for _ in "kv"] for _ in range(layers)]
            ids = torch.randint(0, vocabulary, (1, 10))
            start, first = time.perf_counter(), 0
            for _ in range(options.new):
                logits = model.head(model.states(ids, first, caches)[:, -1])
                first += ids.shape[1]
                ids = logits.argmax(-1, keepdim=True)
            rates.append(options.new / (time.perf_counter() - start))
    print(f"tokens_per_s={statistics.median(rates):.1f} best_tokens_per_s={max(rates):.1f}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", choices=["train", "decode"])
    arguments.add_argument("shape", choices=SHAPES)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--precision", choices=["f32", "bf16"], default="bf16")
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--new", type=int, default=100)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    (train if options.what == "train" else decode)(Model(*SHAPES[options.shape]), options.shape, options)
