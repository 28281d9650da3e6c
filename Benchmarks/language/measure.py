#!/usr/bin/env python3
"""How fast the language runs, beside CPython and what else is at hand.

    python3 Benchmarks/language/measure.py [.build/release/icot] [--runs 5]

Each program is run in turn by every interpreter, and the processor time that it takes beyond an empty program of the same
interpreter is counted, so that start-up and other load on the machine do not. Prints medians and how many times faster
icot is."""
import argparse, os, shutil, statistics, subprocess, sys

ICOT = {
    "empty": "none",
    "fib(27)": "def fib(n) { if n < 2 { return n }; return fib(n - 1) + fib(n - 2) }\nfib(27)",
    "3 million additions, for": "def f() { let s = 0; for i in 0..<1000 { for j in 0..<3000 { s = s + j } }; return s }\nf()",
    "3 million additions, while":
        "def f() { let s = 0; let i = 0; while i < 1000 { let j = 0; while j < 3000 { s = s + j; j = j + 1 }; i = i + 1 }; return s }\nf()",
    "a list of 300,000 squares": "def f() { let xs = []; for k in 0..<300000 { xs = append(xs, k * k) }; return length(xs) }\nf()",
}
PYTHON = {
    "empty": "pass",
    "fib(27)": "def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\nprint(fib(27))",
    "3 million additions, for": "def f():\n s = 0\n for i in range(1000):\n  for j in range(3000): s = s + j\n return s\nprint(f())",
    "3 million additions, while":
        "def f():\n s = 0; i = 0\n while i < 1000:\n  j = 0\n  while j < 3000: s = s + j; j = j + 1\n  i = i + 1\n return s\nprint(f())",
    "a list of 300,000 squares": "def f():\n xs = []\n for k in range(300000): xs.append(k * k)\n return len(xs)\nprint(f())",
}
LUA = {
    "empty": "",
    "fib(27)": "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end print(fib(27))",
    "3 million additions, for": "local function f() local s = 0 for i = 0, 999 do for j = 0, 2999 do s = s + j end end return s end print(f())",
    "3 million additions, while":
        "local function f() local s, i = 0, 0 while i < 1000 do local j = 0 while j < 3000 do s = s + j j = j + 1 end i = i + 1 end return s end print(f())",
    "a list of 300,000 squares": "local function f() local xs = {} for k = 0, 299999 do xs[#xs + 1] = k * k end return #xs end print(f())",
}


def processor_seconds(command):
    """Processor time of one run, and what it printed."""
    # OpenBLAS's own thread spins for some 20 ms after it is loaded, on the other core; it is no part of the language.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    output = process.stdout.read().decode()
    error = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command[:2])} failed: {error or output}")
    return usage.ru_utime + usage.ru_stime, output.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("icot", nargs="?", default=".build/release/icot")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    tools = [("icot", [options.icot, "-c"], ICOT), ("CPython " + sys.version.split()[0], [sys.executable, "-c"], PYTHON)]
    if shutil.which("lua5.4"):
        tools.append(("Lua 5.4", ["lua5.4", "-e"], LUA))
    names = [name for name in ICOT if name != "empty"]
    times = {(tool, name): [] for tool, _, _ in tools for name in ICOT}
    for _ in range(options.runs):
        for name in ICOT:
            answers = set()
            for tool, command, programs in tools:
                seconds, output = processor_seconds(command + [programs[name]])
                times[tool, name].append(seconds)
                answers.add(output)
            if name != "empty" and len(answers) != 1:
                sys.exit(f"{name}: the answers differ: {answers}")
    medians = {key: statistics.median(values) for key, values in times.items()}
    print("| program | " + " | ".join(f"{tool}, ms" for tool, _, _ in tools) + " | CPython / icot |")
    print("|---|" + "---|" * (len(tools) + 1))
    for name in names:
        cells = [max(medians[tool, name] - medians[tool, "empty"], 1e-4) * 1000 for tool, _, _ in tools]
        print(f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + f" | {cells[1] / cells[0]:.1f} |")


main()
