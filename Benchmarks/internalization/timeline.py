#!/usr/bin/env python3
"""What going forward and back on the timeline costs (Python's standard library only).

    swift build -c release --static-swift-stdlib --product icot
    Benchmarks/internalization/timeline.py [--icot .build/release/icot] [--repeats 9]

A run of 2.4 million parameters on 3×3-digit multiplication with held-out problems, in memory and in a folder of its own. `step`
enters a stage for the first time (two evaluations and a snapshot included), `back` and `forward` move between stages that are
there; `snapshot` is the mark after 100 steps of training, as a share of the time of those steps. Medians, and the longest.
"""
import argparse, json, statistics, subprocess, tempfile


def program(name, repeats):
    return f"""
let test = gen .mult digits: 3 n: 500 seed: 7
let data = gen .mult digits: 3 n: 20_000 apart_from: test
let m = model .gpt2 layers: 3 heads: 4 width: 256
let r = start m on: data test: test batch: 32{f' name: "{name}"' if name else ''}
train steps: 20
let t = 0.0
let moves = []
let marks = []
for i in 1...{repeats} {{
  train steps: 5
  t = elapsed(); step; let first = elapsed() - t
  t = elapsed(); back; let back_seconds = elapsed() - t
  t = elapsed(); step; let forward = elapsed() - t
  moves = append(moves, [step: first, back: back_seconds, forward: forward])
}}
for i in 1...3 {{
  t = elapsed(); train steps: 100; let training = elapsed() - t
  t = elapsed(); mark "m{{i}}"; let snapshot = elapsed() - t
  marks = append(marks, [snapshot: snapshot, training: training])
}}
[moves: moves, marks: marks]
"""


def measure(icot, name, repeats):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([icot, "--json", "-c", program(name, repeats)], capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise SystemExit(done.stderr)
    result = json.loads(done.stdout.splitlines()[-1])
    return result["moves"], result["marks"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--icot", default=".build/release/icot")
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    print("| where | step | back | step again | snapshot | of 100 steps |")
    print("|---|---|---|---|---|---|")
    for where, name in (("in memory", None), ("with a folder", "kept")):
        moves, marks = measure(options.icot, name, options.repeats)
        cells = [f"{1000 * statistics.median(r[k] for r in moves):.0f} (≤ {1000 * max(r[k] for r in moves):.0f}) ms" for k in ("step", "back", "forward")]
        snapshot = statistics.median(r["snapshot"] for r in marks)
        share = statistics.median(r["snapshot"] / r["training"] for r in marks)
        print("| " + " | ".join([where, *cells, f"{1000 * snapshot:.0f} ms", f"{100 * share:.2f} %"]) + " |")


main()
