#!/usr/bin/env python3
"""How quick the prompt is, measured from outside through a pseudo-terminal (Python's standard library only).

    swift build -c release --static-swift-stdlib --product icot
    Benchmarks/prompt/measure.py [.build/release/icot]

startup     from exec to the prompt on the screen; beside it /bin/true started the same way
keys        from a key to its echo, at the end and in the middle of a 500-line buffer
completion  from Tab to the list, with 10,000 variables
interrupt   from Ctrl-C to the next prompt, in the middle of an endless loop
history     start with a history of 10,000 lines, and from Ctrl-R and a letter to the found line

All times in milliseconds: median, 99th percentile, worst. The last column is the median of the processor time that the
program itself took, which other work on the machine disturbs less.
"""
import fcntl, os, pty, select, shutil, struct, sys, tempfile, termios, time

ICOT = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".build/release/icot")


class Terminal:
    def __init__(self, arguments, home, rows=50, columns=120):
        self.started = time.perf_counter()
        self.process, self.fd = pty.fork()
        if self.process == 0:
            # The size is set by the child itself, before it becomes the program.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(arguments[0], arguments, {
                "HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"})
        self.seen = b""

    def read_until(self, wanted, timeout=30):
        """Time at which `wanted` had arrived, looking only at what comes from now on."""
        fresh = b""
        end = time.perf_counter() + timeout
        while wanted not in fresh:
            ready, _, _ = select.select([self.fd], [], [], end - time.perf_counter())
            if not ready:
                sys.exit(f"waited in vain for {wanted!r}; last: {fresh[-300:]!r}")
            fresh += os.read(self.fd, 65536)
        return time.perf_counter()

    def quiet(self, seconds=0.3):
        while select.select([self.fd], [], [], seconds)[0]:
            try:
                os.read(self.fd, 65536)
            except OSError:
                return

    def send(self, data):
        os.write(self.fd, data)
        return time.perf_counter()

    def paste(self, text):
        data = b"\x1b[200~" + text.encode() + b"\x1b[201~"
        while data:
            data = data[os.write(self.fd, data[:2048]):]
            while select.select([self.fd], [], [], 0)[0]:
                os.read(self.fd, 65536)

    def cpu(self):
        """Seconds of processor time so far, all threads."""
        total = 0
        folder = f"/proc/{self.process}/task"
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/schedstat") as file:
                total += int(file.read().split()[0])
        return total * 1e-9

    def end(self):
        os.close(self.fd)
        try:
            os.kill(self.process, 9)
        except ProcessLookupError:
            pass
        os.waitpid(self.process, 0)


def report(name, times, cpu=()):
    times = sorted(1000 * t for t in times)
    cpu = sorted(1000 * t for t in cpu)
    at = lambda q: times[min(len(times) - 1, int(q * len(times)))]
    print(f"{name:44s} {at(0.5):8.2f} {at(0.99):8.2f} {times[-1]:8.2f} "
          + (f"{cpu[len(cpu) // 2]:8.2f}" if cpu else " " * 8) + f"   n={len(times)}")


def startup(home, count=60):
    own, true, cpu = [], [], []
    for _ in range(count):
        terminal = Terminal([ICOT], home)
        own.append(terminal.read_until(b"> ") - terminal.started)
        cpu.append(terminal.cpu())
        terminal.end()
        started = time.perf_counter()
        process, fd = pty.fork()
        if process == 0:
            os.execve("/bin/true", ["/bin/true"], {})
        os.waitpid(process, 0)
        true.append(time.perf_counter() - started)
        os.close(fd)
    report("startup: exec to prompt", own, cpu)
    report("startup: /bin/true, the same way", true)


def keys(home):
    lines = [f"let value_{i} = {i} * (3 + 4) # line {i} of a long entry" for i in range(500)]
    for place in ("end", "middle"):
        terminal = Terminal([ICOT], home)
        terminal.read_until(b"> ")
        terminal.quiet()
        terminal.paste("\n".join(lines))
        terminal.quiet()
        if place == "middle":
            # Left, so that Up moves in the text and not in the history.
            terminal.send(b"\x1b[D")
            for _ in range(250):
                terminal.send(b"\x1b[A")
            terminal.quiet()
        times, cpu = [], []
        for i in range(300):
            key = b"abcdefghijklmnopqrstuvwxyz"[i % 26:i % 26 + 1]
            before = terminal.cpu()
            sent = terminal.send(key)
            times.append(terminal.read_until(key) - sent)
            time.sleep(0.002)
            cpu.append(terminal.cpu() - before)
        report(f"keys: echo at the {place} of 500 lines", times, cpu)
        terminal.end()


def completion(home):
    folder = os.path.join(home, ".config/icot")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "startup.icot"), "w") as file:
        file.writelines(f"let variable_{i} = {i}\n" for i in range(10_000))
    terminal = Terminal([ICOT], home)
    terminal.read_until(b"> ", 120)
    terminal.quiet()
    times, cpu = [], []
    for _ in range(50):
        # In the middle of a command, where the names of variables can stand.
        terminal.send(b"print variable_77")
        terminal.quiet(0.1)
        before = terminal.cpu()
        sent = terminal.send(b"\t")
        times.append(terminal.read_until(b"more") - sent)
        cpu.append(terminal.cpu() - before)
        terminal.send(b"\x15\x03")
        terminal.quiet(0.1)
    report("completion: Tab to list, 10,000 variables", times, cpu)
    terminal.end()
    os.remove(os.path.join(folder, "startup.icot"))


def history(home, count=40):
    folder = os.path.join(home, ".local/state/icot")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "history"), "w") as file:
        file.write("# icot history 1\n")
        file.writelines(f"17{i:08d} train steps: {i} lr: 3e-4 # entry {i}\n" for i in range(10_000))
    starts, finds = [], []
    for _ in range(count):
        terminal = Terminal([ICOT], home)
        starts.append(terminal.read_until(b"> ") - terminal.started)
        terminal.quiet(0.05)
        terminal.send(b"\x12")
        terminal.read_until(b"search")
        sent = terminal.send(b"entry 17\x12")
        finds.append(terminal.read_until(b"entry") - sent)
        terminal.end()
    report("history: exec to prompt, 10,000 lines", starts)
    report("history: Ctrl-R to the found line", finds)


def interrupt(home, count=40):
    terminal = Terminal([ICOT], home)
    terminal.read_until(b"> ")
    terminal.quiet()
    terminal.send(b"let n = 0\r")
    terminal.quiet()
    times = []
    for _ in range(count):
        terminal.send(b"while true { n = n + 1 }\r")
        terminal.quiet(0.15)
        sent = terminal.send(b"\x03")
        times.append(terminal.read_until(b"> ") - sent)
        terminal.quiet(0.05)
    report("interrupt: Ctrl-C to the next prompt", times)
    terminal.end()


if __name__ == "__main__":
    home = tempfile.mkdtemp()
    try:
        print(f"{'':44s} {'median':>8s} {'p99':>8s} {'worst':>8s} {'cpu':>8s}   milliseconds")
        startup(home)
        keys(home)
        completion(home)
        history(home)
        interrupt(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
