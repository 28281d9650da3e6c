#!/usr/bin/env python3
"""What a sweep survives and what it costs.

    swift build -c release --product icot
    Benchmarks/sweep/measure.py [kills] [side-by-side] [overhead] [--notebook Benchmarks/sweep/steps.icot -p width=32]

kills         a sweep of 12 points is killed (SIGKILL, the sweep alone: its points must die with it) ten times at random
              moments, called again each time, and its table compared byte for byte with that of one that was left alone
side-by-side  16 tours (or replays of another notebook) with -j 2 against the same 16 one after the other with two threads
overhead      8 tours with -j 1 against the same 8 replayed one after the other with one thread

All of it happens in a folder of its own below --folder. The table, the seed of the random moments and all times are printed.
"""
import argparse
import glob
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
parser = argparse.ArgumentParser()
parser.add_argument("what", nargs="*", default=["kills", "side-by-side", "overhead"])
parser.add_argument("--icot", default=os.path.join(root, ".build/release/icot"))
parser.add_argument("--seed", type=int, default=1, help="of the moments")
parser.add_argument("--kills", type=int, default=10)
parser.add_argument("--tours", type=int, default=16)
parser.add_argument("--block", type=int, default=16, help="replays of one kind before those of the other")
parser.add_argument("--pause", type=float, default=0, help="seconds after each block")
parser.add_argument("--notebook", default=os.path.join(root, "notebooks/tour.icot"))
parser.add_argument("-p", action="append", default=[], help="another value for a parameter of the notebook")
parser.add_argument("--folder")
options = parser.parse_args()
options.notebook = os.path.abspath(options.notebook)
more = [word for text in options.p for word in ("-p", text)]
base = options.folder or tempfile.mkdtemp(prefix="icot-sweep-")
environment = dict(os.environ, XDG_STATE_HOME=os.path.join(base, "state"))


def fresh(name):
    folder = os.path.join(base, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def sweep(folder, *arguments):
    return [options.icot, "sweep", options.notebook, "--to", "runs/x", *more, *arguments]


def run(command, folder, **more):
    started = time.monotonic()
    subprocess.run(command, cwd=folder, env=dict(environment, **more), check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return time.monotonic() - started


def table(folder):
    return subprocess.run([options.icot, "--json", "-c", 'sweep_table("runs/x")'], cwd=folder, env=environment, check=True,
                          stdout=subprocess.PIPE).stdout


def processes_in(folder):
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            if os.path.join(folder, "runs/x").encode() in open(path, "rb").read():
                found.append(path)
        except OSError:
            pass
    return found


def kills():
    grid = ["-p", "seed=1...6", "-p", "digits=4,5"]
    alone = fresh("alone")
    whole = run(sweep(alone, *grid), alone)
    hit = fresh("hit")
    rng = random.Random(options.seed)
    killed, orphans, rounds = 0, 0, 0
    while True:
        rounds += 1
        process = subprocess.Popen(sweep(hit, *grid), cwd=hit, env=environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        if killed == options.kills:
            assert process.wait() == 0
            break
        # Long enough now and then for points to end in between, and so short that the sweep does not.
        try:
            process.wait(rng.uniform(0.02, whole / 4))
            print("ended before it could be killed")
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
            time.sleep(0.1)
            orphans += len(processes_in(hit))
            print(f"  kill {killed}: {len(glob.glob(hit + '/runs/x/points/*/result.json'))} of 12 points done", flush=True)
    same = table(alone) == table(hit)
    print(f"kills: {killed} (seed {options.seed}), {orphans} processes outlived their sweep, "
          f"tables {'are equal, byte for byte' if same else 'DIFFER'} ({len(table(hit))} bytes); undisturbed {whole:.1f} s")
    return same and orphans == 0


def serial(seeds, threads):
    folder = fresh(f"serial-{threads}")
    # With one thread on one core, as a point of a sweep.
    alone = ["taskset", "-c", str(min(os.sched_getaffinity(0)))] if threads == 1 else []
    return sum(run([*alone, options.icot, options.notebook, *more, "-p", f"seed={seed}"], folder, ICOT_THREADS=str(threads)) for seed in seeds)


def in_turn(count, threads, jobs):
    """Blocks of tours in turn, so that whatever else the machine does meets both."""
    one = two = 0.0
    for first in range(1, count + 1, options.block):
        seeds = range(first, min(first + options.block, count + 1))
        one += serial(seeds, threads)
        folder = fresh(f"sweep-{jobs}")
        two += run(sweep(folder, "-p", f"seed={seeds[0]}...{seeds[-1]}", "-j", str(jobs)), folder)
        print(f"  seeds {seeds[0]} to {seeds[-1]}: {one:.1f} s, {two:.1f} s so far", flush=True)
        time.sleep(options.pause)
    return one, two


def side_by_side():
    one, two = in_turn(options.tours, 2, 2)
    print(f"side by side: {options.tours} replays one after the other with two threads {one:.1f} s, "
          f"-j 2 {two:.1f} s: {one / two:.2f} times as fast")


def overhead():
    count = options.tours // 2
    one, two = in_turn(count, 1, 1)
    print(f"overhead: {count} replays with one thread {one:.1f} s, as a sweep with -j 1 {two:.1f} s: "
          f"{100 * (two / one - 1):+.1f} %")


print("in", base, flush=True)
for what in options.what:
    {"kills": kills, "side-by-side": side_by_side, "overhead": overhead}[what]()
