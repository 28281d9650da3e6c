#!/usr/bin/env python3
"""One row of the table in README.md at a time: ours, the peer's, the ratio, and the machine's ceiling, taken in turn.

measure.py [--python PYTHON] [--turns N] [--scratch FOLDER] ROW...      rows: see below; `all` for every one

Ours is the release build of EngineBenchmarks, which is built where it is not there. Peers (peers.py) run in PYTHON; what that
lacks is said, and the row goes on without a peer. Files that are measured on are made in the scratch folder. Each turn runs
ours and then the peer's; what is compared are the medians over the turns. Without --python only ours and the ceiling are
measured.
"""
import argparse, os, re, statistics, subprocess, sys

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))
arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("rows", nargs="+")
arguments.add_argument("--python")
arguments.add_argument("--tokenizer", default=os.path.join(root, "..", "shared", "tokenizers", "gpt2"))
arguments.add_argument("--text", default=os.path.join(root, "..", "shared", "data", "gsm8k", "test.txt"))
arguments.add_argument("--turns", type=int, default=3)
arguments.add_argument("--scratch", default="/tmp")
arguments.add_argument("--binary", default=os.path.join(root, ".build", "release", "EngineBenchmarks"))
options = arguments.parse_args()

# What each peer imports; `pip install` knows the packages by the same names.
MODULES = {
    "train": ["torch"], "decode": ["torch"], "evaluate": ["torch", "transformers"],
    "llama": ["xllamacpp", "gguf", "numpy"], "load": ["torch", "safetensors"], "tokenize": ["tokenizers"],
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def numbers(text):
    """What is printed as name=value."""
    return {k: float(v) for k, v in re.findall(r"(\w+)=([-\d.]+)", text)}


def ours(*words):
    """The numbers of one line of ours, by name."""
    if not os.path.exists(options.binary):
        if options.binary != arguments.get_default("binary"):
            sys.exit(f"{options.binary} is not there; without --binary it is built here")
        say("building EngineBenchmarks, some minutes")
        build = ["swift", "build", "-c", "release", "--product", "EngineBenchmarks", "--package-path", root]
        if subprocess.run(build, stdout=sys.stderr).returncode != 0 or not os.path.exists(options.binary):
            sys.exit(f"{options.binary} is not there: {' '.join(build)}; sh .ci/setup installs what it builds on")
    return numbers(run([options.binary, *map(str, words)]))


lacking = {}


def has_peer(name):
    """Whether there is a Python that can run this peer; what it lacks is said once."""
    if not options.python:
        return False
    if name not in lacking:
        test = "import importlib.util, sys; print(*[m for m in sys.argv[1:] if importlib.util.find_spec(m) is None])"
        lacking[name] = run([options.python, "-c", test, *MODULES[name]]).split()
        if lacking[name]:
            say(f"no peer for {name}: {options.python} has no {' and no '.join(lacking[name])}; "
                f"{options.python} -m pip install {' '.join(lacking[name])}")
    return not lacking[name]


def peer(name, value, *words):
    """A number that a peer prints; None where it cannot run."""
    if not has_peer(name):
        return None
    return numbers(run([options.python, os.path.join(here, "peers.py"), name, *map(str, words)]))[value]


def turns(mine, theirs):
    """Medians of both over the turns, ours first in each."""
    pairs = [(mine(), theirs()) for _ in range(options.turns)]
    median = lambda values: statistics.median(values) if None not in values else None
    return median([a for a, _ in pairs]), median([b for _, b in pairs])


def row(name, unit, mine, theirs, goal, ceiling="", lower_is_better=False):
    ratio = "" if theirs is None else f"{(theirs / mine if lower_is_better else mine / theirs):.2f}×"
    show = lambda x: "–" if x is None else (f"{x:,.0f}" if x >= 100 else f"{x:.2f}")
    print(f"| {name} | {show(mine)} {unit} | {show(theirs)} {unit if theirs is not None else ''} | {ratio} | {goal} | {ceiling} |", flush=True)


def train(shape, goal):
    mine, theirs = turns(lambda: ours("train", shape, "--budget=4")["ms"], lambda: peer("train", "ms", shape))
    ceiling, last = ours("ceiling", shape), ours("train", shape, "--budget=4")
    row(f"training step, {shape}", "ms", mine, theirs, goal,
        f"{last['gflops']:.0f} GFLOP/s, sgemm of the same products {ceiling['sgemm_gflops']:.0f}; {last['allocations']:.0f} allocations; peak {last['peak_gb']:.2f} GB", True)


def tour():
    mine = statistics.median(ours("train", "tour", "--runs=200")["ms"] for _ in range(options.turns))
    row("training step, V16 L2 D64, 64 × 13 tokens", "ms", mine, None, "≤ 6 ms", f"{ours('ceiling', 'tour')['sgemm_gflops']:.0f} GFLOP/s sgemm")


def decode(shape, goal):
    if shape == "tiny":
        theirs = lambda: peer("decode", "tokens_per_s", shape, 250)
    else:
        theirs = lambda: peer("llama", "tokens_per_s", shape, os.path.join(options.scratch, f"icot-{shape}.gguf"), 250)
    mine, other = turns(lambda: ours("decode", shape, "--new=250", "--runs=5")["tokens_per_s"], theirs)
    ceiling, last = ours("bandwidth"), ours("decode", shape, "--new=250", "--runs=5")
    row(f"decoding at batch 1, {shape}", "tokens/s", mine, other, goal,
        f"reads {last['gb_per_s']:.1f} GB/s of weights, memory {ceiling['gb_per_s']:.1f}; {last['allocations_per_token']:.2f} allocations a token")


def evaluate(shape):
    mine, theirs = turns(lambda: ours("evaluate", shape, "--problems=300")["examples_per_s"], lambda: peer("evaluate", "examples_per_s", shape, 100, 300))
    row(f"evaluating 4 × 4 problems, {shape}", "problems/s", mine, theirs, "≥ 1.4×")


def load():
    folder = os.path.join(options.scratch, "icot-gpt2-small")
    if not os.path.exists(folder + "/model.safetensors"):
        ours("make", "gpt2-small", folder)
    file = os.path.join(options.scratch, "icot-gpt2-small.safetensors")
    mine, theirs = turns(lambda: ours("load", folder)["copied_ms"], lambda: peer("load", "copied_ms", file))
    row("498 MB of safetensors, copied into a model", "ms", mine, theirs, "≤ 120 ms", "", True)
    row("498 MB of safetensors, mapped", "ms", ours("load", folder)["mapped_ms"], None, "< 10 ms")


def tokenize():
    files = [os.path.join(options.tokenizer, name) for name in ("tokenizer.json", "vocab.json", "merges.txt")]
    absent = [file for file in files if not os.path.exists(file)]
    if absent:
        return say(f"tokenize left out: {absent[0]} is not there; hf download openai-community/gpt2 tokenizer.json vocab.json merges.txt "
                   "--local-dir gpt2, then --tokenizer gpt2")
    if not os.path.exists(options.text):
        return say(f"tokenize left out: {options.text} is not there; --text FILE takes any text, the table has GSM8K's test set")
    mine, theirs = turns(lambda: ours("tokenize", options.tokenizer, options.text)["mb_per_s"],
                         lambda: peer("tokenize", "mb_per_s", options.tokenizer, options.text))
    row("BPE encoding, GSM8K, 1 thread", "MB/s", mine, theirs, "≥ 10 MB/s")


def growth():
    """How the cost grows: training tokens/s of the small shape by length, batch and threads."""
    for threads in (1, 2):
        lengths = [f"T{t}: {ours('train', 'small', f'--length={t}', f'--batch={max(1, 2048 // t)}', f'--threads={threads}', '--budget=2')['tokens_per_s']:,.0f}" for t in (64, 128, 256, 512, 1024)]
        print(f"| small, 2048 tokens a step, {threads} thread{'s' * (threads > 1)} | " + " · ".join(lengths) + " |", flush=True)
        batches = [f"B{b}: {ours('train', 'small', f'--batch={b}', f'--threads={threads}', '--budget=2')['tokens_per_s']:,.0f}" for b in (1, 4, 16, 64, 256)]
        print(f"| small, T64, {threads} thread{'s' * (threads > 1)} | " + " · ".join(batches) + " |", flush=True)


rows = {
    "tour": tour,
    "train-tiny": lambda: train("tiny", "≥ 1.6×"),
    "train-small": lambda: train("small", "≥ 1.45×"),
    "train-icot2L4H": lambda: train("icot2L4H", "≥ 1.45×"),
    "train-gpt2-small": lambda: train("gpt2-small", "≥ 1.45×, ≤ 3.5 GB"),
    "decode-tiny": lambda: decode("tiny", "≥ 6×"),
    "decode-icot2L4H": lambda: decode("icot2L4H", "≥ 0.95×"),
    "decode-gpt2-small": lambda: decode("gpt2-small", "≥ 0.95×"),
    "evaluate": lambda: evaluate("icot2L4H"),
    "load": load,
    "tokenize": tokenize,
    "growth": growth,
}
wanted = list(rows) if options.rows == ["all"] else options.rows
for name in wanted:
    if name not in rows:
        sys.exit(f"{name} is not a row; rows are {', '.join(rows)} and all")
for name in wanted:
    rows[name]()
