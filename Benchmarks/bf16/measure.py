#!/usr/bin/env python3
"""bf16 beside float32, and beside PyTorch's bf16 on the same cores: training steps and decoding, in turn.

    swift build -c release --product EngineBenchmarks
    Benchmarks/bf16/measure.py [--python PYTHON] [--threads 1,2] [--turns 3] [ROW...]

ROWs are train-SHAPE and decode-SHAPE of tiny, small, icot2L4H, gpt2-small; without any, those of icot2L4H and gpt2-small. PYTHON has torch
(`pip install torch`); without it only ours are measured. Where it also has xllamacpp, gguf and numpy, `--eight-bits` lets llama.cpp decode
with weights of eight bits (Q8_0) in the same turns, and keeps its models in the folder --scratch. A turn runs float32, bf16 and the peer one after the other; compared are medians over
the turns. Python's standard library only.
"""
import argparse, os, re, statistics, subprocess, sys

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))
arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("rows", nargs="*", default=["train-icot2L4H", "train-gpt2-small", "decode-icot2L4H", "decode-gpt2-small"])
arguments.add_argument("--python")
arguments.add_argument("--threads", default="1,2")
arguments.add_argument("--turns", type=int, default=3)
arguments.add_argument("--eight-bits", action="store_true")
arguments.add_argument("--scratch", default="/tmp")
arguments.add_argument("--new", type=int, default=100)
arguments.add_argument("--binary", default=os.path.join(root, ".build", "release", "EngineBenchmarks"))
options = arguments.parse_args()


def number(name, command, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    found = re.search(rf"\b{name}=([\d.]+)", done.stdout)
    return float(found.group(1)) if done.returncode == 0 and found else sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def row(what, shape, threads):
    name, more = ("ms", ["--runs=3", "--budget=4"]) if what == "train" else ("tokens_per_s", [f"--new={options.new}", "--runs=3"])
    own = lambda precision: number(name, [options.binary, what, shape, f"--threads={threads}", f"--precision={precision}", *more])
    ways = {"f32": lambda: own("f32"), "bf16": lambda: own("bf16")}
    if options.python:
        peer = [options.python, os.path.join(here, "peer.py"), what, shape, "--threads", str(threads), "--new", str(options.new)]
        ways["peer"] = lambda: number(name, peer)
    if options.eight_bits and what == "decode":
        peers = os.path.join(root, "Benchmarks", "engine", "peers.py")
        file = os.path.join(options.scratch, f"icot-{shape}-q8.gguf")
        environment = {**os.environ, "THREADS": str(threads)}
        eight = [options.python, peers, "llama8", shape, file, str(options.new)]
        ways["eight"] = lambda: number(name, eight, environment)
    taken = {way: [] for way in ways}
    for _ in range(options.turns):
        for way, run in ways.items():
            taken[way].append(run())
    found = {way: statistics.median(values) for way, values in taken.items()}
    ratio = lambda way: "–" if way not in found else f"{found[way] / found['bf16'] if what == 'train' else found['bf16'] / found[way]:.2f}×"
    unit = "ms" if what == "train" else "tokens/s"
    show = lambda way: "–" if way not in found else f"{found[way]:,.0f} {unit}"
    words = "training step" if what == "train" else "decoding, batch 1"
    more = f" {show('eight')} | {ratio('eight')} |" if options.eight_bits else ""
    print(f"| {words}, {shape} | {threads} | {show('f32')} | {show('bf16')} | {show('peer')} | {ratio('f32')} | {ratio('peer')} |{more}", flush=True)


more = (" llama.cpp Q8_0 | to llama.cpp |", "---|---|") if options.eight_bits else ("", "")
print(f"| | threads | float32 | bf16 | PyTorch bf16 | bf16 to float32 | to PyTorch |{more[0]}\n|---|---|---|---|---|---|---|{more[1]}")
for name in options.rows:
    what, _, shape = name.partition("-")
    if what not in ("train", "decode"):
        sys.exit(f"{name} is no row: train-SHAPE or decode-SHAPE")
    for threads in options.threads.split(","):
        row(what, shape, int(threads))
