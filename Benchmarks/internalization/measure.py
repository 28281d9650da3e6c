#!/usr/bin/env python3
"""Steps and seconds until a model answers without its chain, by schedule and seed (Python's standard library only).

    swift build -c release --static-swift-stdlib --product icot
    Benchmarks/internalization/measure.py [--icot .build/release/icot] [--seeds 5] [--tasks parity6,parity7,parity8,mult2]
                                          [--schedules adaptive,50,100,200,400] [--jobs 1] [--out results.jsonl]

One program for each (task, schedule, seed): a new model learns the whole chain, then the chain goes token by token. `adaptive`
removes when the model is ready and takes a stuck stage back; a number N removes a token every N steps. The same settings
for every task. A seed counts as a success with at least 0.95 of 500 held-out problems right and nothing of the chain left;
`steps` are all updates, those of abandoned attempts included; the medians are over the successes. CPU seconds are those of all threads,
which other work on the machine disturbs less than the clock on the wall. Results are appended to the file as they come, and what is there
is not measured again; the table is in Markdown.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

TASKS = {
    "parity6": (".parity digits: 6", 50000), "parity7": (".parity digits: 7", 50000), "parity8": (".parity digits: 8", 50000),
    "mult2": (".mult digits: 2", 7500),
}


def session(task, schedule, seed):
    make, count = TASKS[task]
    pace = "schedule adaptive: 0.95" if schedule == "adaptive" else f"schedule every: {schedule}"
    # A linear schedule may take as many steps in all as the adaptive one may.
    return f"""
let test = gen {make} n: 500 seed: 7
let data = gen {make} n: {count} seed: {seed} apart_from: test
let m = model .gpt2 layers: 2 heads: 4 width: 64 seed: {seed}
let r = start m on: data test: test batch: 64 lr: 2e-3 decay: 1000 seed: {seed}
{pace}
internalize until: 0.99 final: 1000 rescues: 6 at_most: 12000
let implicit = (eval test).accuracy
[implicit: implicit, removed: r.removed, chain: r.chain, seconds: elapsed()]
"""


def measure(icot, task, schedule, seed):
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([icot, "--json", "-c", session(task, schedule, seed)], stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        texts = []
        for file in (out, errors):
            file.seek(0)
            texts.append(file.read())
    result = {"task": task, "schedule": schedule, "seed": seed, "status": status, "cpu": round(usage.ru_utime + usage.ru_stime, 1)}
    for line in texts[0].splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and "end" in value:
            result["steps"], result["end"] = value["steps"], value["end"]
        if isinstance(value, dict) and "implicit" in value:
            result.update(value)
    if "implicit" not in result:
        result["error"] = (texts[1] or texts[0])[-400:]
    return result


def table(results):
    print("| task | schedule | ≥ 0.95 | accuracies | steps (median) | most | CPU seconds (median) |")
    print("|---|---|---|---|---|---|---|")
    for task in TASKS:
        for schedule in sorted({r["schedule"] for r in results if r["task"] == task}, key=lambda s: (s != "adaptive", s.zfill(6))):
            rows = sorted((r for r in results if (r["task"], r["schedule"]) == (task, schedule)), key=lambda r: r["seed"])
            fine = [r for r in rows if r.get("implicit", 0) >= 0.95 and r.get("removed") == r.get("chain")]
            accuracies = " ".join(f"{r.get('implicit', float('nan')):.3f}" for r in rows)
            steps, most = (f(r["steps"] for r in fine) if fine else "–" for f in (statistics.median, max))
            seconds = f"{statistics.median(r['cpu'] for r in fine):.0f}" if fine else "–"
            print(f"| {task} | {schedule} | {len(fine)}/{len(rows)} | {accuracies} | {steps} | {most} | {seconds} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--icot", default=".build/release/icot")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--schedules", default="adaptive,50,100,200,400")
    parser.add_argument("--jobs", type=int, default=1, help="programs at a time")
    parser.add_argument("--out", default="internalization.jsonl")
    options = parser.parse_args()
    results = []
    if os.path.exists(options.out):
        results = [json.loads(line) for line in open(options.out)]
    known = {(r["task"], r["schedule"], r["seed"]) for r in results if "implicit" in r}
    jobs = [(t, s, n) for t in options.tasks.split(",") for s in options.schedules.split(",") for n in range(options.seeds)]
    with ThreadPoolExecutor(options.jobs) as pool, open(options.out, "a") as out:
        for result in pool.map(lambda job: measure(options.icot, *job), [job for job in jobs if job not in known]):
            out.write(json.dumps(result) + "\n")
            out.flush()
            print(json.dumps(result), file=sys.stderr)
            results.append(result)
    table([r for r in results if "implicit" in r])


main()
