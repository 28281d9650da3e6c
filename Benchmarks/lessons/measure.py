#!/usr/bin/env python3
"""Time and accuracy of the lessons over seeds.

    swift build -c release --product icot
    Benchmarks/lessons/measure.py [--seeds 5] [tour multiplication]

Replays notebooks/NAME.icot with -p seed=1 … N and prints a row for each: accuracies on the 500 held-out problems with the
whole chain, with none of it, and of the No-CoT control with the same first weights, data, resets and number of updates; steps
where the notebook tells them; seconds of the whole process, control included.
"""
import argparse
import json
import os
import subprocess
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
parser = argparse.ArgumentParser()
parser.add_argument("names", nargs="*", default=["tour", "multiplication"])
parser.add_argument("--seeds", type=int, default=5)
parser.add_argument("--icot", default=os.path.join(root, ".build/release/icot"))
options = parser.parse_args()

for name in options.names:
    print(f"| {name} | explicit | implicit | No CoT | seconds |")
    print("|---|---|---|---|---|")
    for seed in range(1, options.seeds + 1):
        started = time.monotonic()
        result = subprocess.run(
            [options.icot, "--json", f"notebooks/{name}.icot", "-p", f"seed={seed}"],
            cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        seconds = time.monotonic() - started
        last = json.loads(result.stdout.strip().split("\n")[-1])
        print(f"| seed {seed} | {last['explicit']:.3f} | {last['implicit']:.3f} | {last['no_cot']:.3f} | {seconds:.1f} |", flush=True)
    print()
