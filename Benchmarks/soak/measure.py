#!/usr/bin/env python3
"""One session of icot for a long time: does its memory grow, do descriptors stay open?

    Benchmarks/soak/measure.py [--icot PROGRAM] [--minutes 30]

Feeds one process, through a pipe, round after round of what a person does: problems, a model, a run, training, removal
and the way back, probes, figures, files written and read, a kept run resumed, and mistakes. After every round it reads
the resident memory and the open descriptors from /proc. Ends with 1 if, after the first sixth of the time, the memory
grew by a hundredth or more (medians of the rounds of a minute), or if descriptors are more at the end than there.
"""

import argparse, os, shutil, statistics, subprocess, sys, tempfile, time

ROUND = """
let data = gen .parity digits: 5 n: 300 seed: {round}
let test = gen .parity digits: 5 n: 100 seed: {next} apart_from: data
let m = model .gpt2 width: 32 heads: 2 layers: 2 positions: 32 seed: {round}
let r = start m on: data test: test batch: 16 name: "kept{round}"
train steps: 20
mark "explicit"
eval test
solve test[0]
step
train steps: 20
step
train steps: 5
timeline
back 1
branch "again"
step
train steps: 5
back to: "explicit"
let h = hidden r on: test layer: 1 at: .answer[0]
probe r on: test target: .running_parity at: .chain[0]
look .lens on: test
look .attention on: test
plot (timeline) x: .removed y: .loss
let f = plot (timeline) x: .removed y: .loss
write f "figure.svg"
let t = timeline
write t "table.csv"
let u = read "table.csv"
u | group mean: .loss by .removed
write data "data.txt"
let d = read "data.txt"
write m "model"
let n = load "model"
let q = resume "runs/kept{round}" hold: false
let numbers = 0..<200000
sum(numbers)
undo
for i in 0..<5 {{ let z = 0..<1000 }}
pritn 1
eval nothing
step 9999
gen .mult digits: 1 n: 500 repeat: .never
load "nowhere"
hash r
"""


def resident(process):
    with open(f"/proc/{process}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--icot", default=".build/release/icot")
    options.add_argument("--minutes", type=float, default=30)
    options = options.parse_args()
    program, seconds = os.path.abspath(options.icot), options.minutes * 60
    folder = tempfile.mkdtemp(prefix="icot-soak-")
    shown = open(os.path.join(folder, "shown"), "w+b")
    child = subprocess.Popen([program, "--threads", "1", "-i"], cwd=folder, stdin=subprocess.PIPE, stdout=shown, stderr=shown)
    start, samples, rounds = time.monotonic(), [], 0
    print(f"minute  rounds  resident MB  descriptors   ({folder})", flush=True)
    told = 0
    while time.monotonic() - start < seconds:
        rounds += 1
        text = ROUND.format(round=rounds, next=rounds + 1_000_000)
        child.stdin.write((text + f'print "end of round {rounds}"\n').encode())
        child.stdin.flush()
        mark = f"end of round {rounds}\n".encode()
        while True:
            if child.poll() is not None:
                sys.exit(f"icot ended with {child.returncode} in round {rounds}; what it said is in {folder}/shown")
            shown.seek(0)
            if mark in shown.read():
                break
            time.sleep(0.02)
        if rounds == 1:  # to be looked at
            shown.seek(0)
            with open(os.path.join(folder, "first"), "wb") as file:
                file.write(shown.read())
        shown.seek(0)
        shown.truncate()
        shutil.rmtree(os.path.join(folder, "runs", f"kept{rounds - 1}"), ignore_errors=True)
        minute = (time.monotonic() - start) / 60
        samples.append((minute, resident(child.pid), len(os.listdir(f"/proc/{child.pid}/fd"))))
        if minute >= told:
            told += max(1, options.minutes / 30)
            print(f"{minute:6.1f}  {rounds:6}  {samples[-1][1] / 1e6:11.1f}  {samples[-1][2]:11}", flush=True)
    child.stdin.close()
    child.wait(60)
    window = max(1, options.minutes / 30)
    early = [s for s in samples if options.minutes / 6 <= s[0] < options.minutes / 6 + window]
    late = [s for s in samples if s[0] >= options.minutes - window]
    before, after = (statistics.median(s[1] for s in part) for part in (early, late))
    opened = max(s[2] for s in late) - max(s[2] for s in early)
    print(f"{rounds} rounds; resident {before / 1e6:.1f} MB after minute {options.minutes / 6:.0f}, {after / 1e6:.1f} MB at the"
          f" end: {(after / before - 1) * 100:+.2f} %; descriptors {opened:+}")
    sys.exit(1 if after / before >= 1.01 or opened > 0 else 0)


main()
