#!/usr/bin/env python3
"""What a newcomer needs, with nothing but the README (Python's standard library only).

    Benchmarks/first-use/measure.py [.build/release/icot]        from the first prompt on, in turn with and without the panel
    Benchmarks/first-use/measure.py --clone                      from `git clone` of this repository on, built in a folder of its own

Keys are counted as the README has them: every character of a line and Enter, without Tab, which needs fewer. What the prompt
transcript of the README says is typed, up to and with `internalize`; each line when the one before it is done. Then the same
training with and without the panel, in turn, and the time from a key to its echo at the prompt that follows a panel.
"""
import os, re, select, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../prompt"))
ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
CLONES = "--clone" in sys.argv
arguments = [a for a in sys.argv[1:] if a != "--clone"]
sys.argv = sys.argv[:1] + arguments[:1]
import measure as prompt


def transcript(readme):
    """The lines that are typed in the first transcript, up to `internalize`."""
    text = open(readme, encoding="utf-8").read()
    block = text[text.index("## At the prompt"):]
    block = block[block.index("```\n") + 4:]
    lines = [line[6:] for line in block[:block.index("\n```")].split("\n") if line.startswith("icot> ")]
    return lines[:lines.index("internalize") + 1]


def shell_block(readme):
    text = open(readme, encoding="utf-8").read()
    return re.search(r"```sh\n(.*?)\n```", text, re.S).group(1)


def session(icot, home, lines):
    """Types the lines one after another; the seconds of each, and what the last one wrote."""
    terminal = prompt.Terminal([icot], home)
    terminal.read_until(b"> ")
    terminal.quiet(0.2)
    times, last = [], b""
    for line in lines:
        sent = terminal.send(line.encode() + b"\r")
        last, arrived = b"", sent
        while True:
            if select.select([terminal.fd], [], [], 0.4)[0]:
                last += os.read(terminal.fd, 65536)
                arrived = time.perf_counter()
                continue
            # Silence after the next prompt: a line with its number and `>`, and perhaps a proposal after it.
            shown = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]|\r", b"", last)
            if re.search(rb"\n[^\n]*\d+> [^\n]*$", shown):
                break
            if time.perf_counter() - arrived > 60:
                sys.exit(f"no prompt after {line!r}; last: {shown[-200:]!r}")
        times.append(arrived - sent)
    return terminal, times, last.decode(errors="replace")


def clone():
    folder = tempfile.mkdtemp()
    steps = [("git clone", f"git clone -q {ROOT} {folder}/icot"), ("what the README says first", None)]
    keys = len("git clone https://example.org/icot && cd icot\n")
    for name, command in steps:
        command = command or f"cd {folder}/icot && " + shell_block(f"{folder}/icot/README.md")
        started = time.perf_counter()
        subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        print(f"{name:44s} {time.perf_counter() - started:8.1f} s")
    keys += len(shell_block(f"{folder}/icot/README.md")) + 1 + len("swift run -c release icot\n")
    print(f"{'keys in the shell':44s} {keys:8d}")
    return f"{folder}/icot/.build/release/icot"


def main():
    icot = clone() if CLONES else prompt.ICOT
    home = tempfile.mkdtemp()
    os.chdir(tempfile.mkdtemp())
    lines = transcript(f"{ROOT}/README.md")
    terminal, times, last = session(icot, home, lines)
    terminal.end()
    print(f"{'keys at the prompt, to the first model':44s} {sum(len(line) + 1 for line in lines):8d}")
    print(f"{'seconds, each line when the last is done':44s} {sum(times):8.1f} s")
    for line, seconds in zip(lines, times):
        if seconds > 0.5:
            print(f"    {line:40s} {seconds:8.1f} s")
    found = re.findall(r"accuracy ([0-9.]+)", last)
    print(f"{'accuracy without any chain':44s} {found[-1] if found else '?':>8s}")

    # Training with and without the panel, in turn.
    start = lines[:3]
    shares = []
    for _ in range(3):
        pair = []
        for panel in ("false", "true"):
            terminal, times, _ = session(icot, home, start + ["train steps: 50", f"train steps: 5000 panel: {panel}"])
            pair.append(times[-1])
            if panel == "true" and len(shares) == 2:
                echo = []
                for i in range(300):
                    key = b"abcdefghijklmnopqrstuvwxyz"[i % 26:i % 26 + 1]
                    sent = terminal.send(key)
                    echo.append(terminal.read_until(key) - sent)
                    time.sleep(0.002)
                prompt.report("keys: echo at the prompt after a panel", echo)
            terminal.end()
        shares.append(pair[1] / pair[0] - 1)
    shares.sort()
    print(f"{'more time with the panel, median of 3':44s} {100 * shares[1]:8.1f} %")



if __name__ == "__main__":
    main()
