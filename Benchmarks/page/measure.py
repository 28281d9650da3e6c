#!/usr/bin/env python3
"""How long a page that thinks takes until its first answer, in headless Chromium.

measure.py PAGE [--slower 1,4,6] [--removed N,...] [--turns N] [--chromium PROGRAM]

Opens the file anew for each row, with the processor slowed down so many times (Chromium's own throttle: 4 to 6 stand for a phone), at
the stages of so many removed tokens. The time is from opening to the answer on the page, in milliseconds, the median of the turns. The
first stage needs its own weights only, the last of rounded ones those of all stages.
"""
import argparse, fcntl, json, os, shutil, statistics, subprocess, sys, tempfile, time

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("page")
arguments.add_argument("--slower", default="1,4,6")
arguments.add_argument("--removed", default="0")
arguments.add_argument("--turns", type=int, default=5)
arguments.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
options = arguments.parse_args()
if not options.chromium:
    sys.exit("there is no chromium here: sh .ci/setup --tests")

# Runs in the page before its own scripts.
WATCH = """
const waiting = setInterval(() => {
  const verdict = document.querySelector('.internalized .verdict');
  if (verdict && verdict.textContent) { window.answered = performance.now(); clearInterval(waiting); }
}, 1);
"""


class Browser:
    """Chromium on a pipe: messages of JSON, each ended by a zero byte."""

    def __init__(self, program):
        (theirs_in, self.out), (self.input, theirs_out) = os.pipe(), os.pipe()
        self.profile = tempfile.mkdtemp()

        def hand_over():
            # Out of the way first: they may lie on 3 and 4 themselves.
            reading, writing = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out))
            os.dup2(reading, 3)
            os.dup2(writing, 4)

        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={self.profile}"]
        self.process = subprocess.Popen(
            [program, *flags, "about:blank"], preexec_fn=hand_over, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.number, self.rest, self.session = 0, b"", None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.rest:
                self.rest += os.read(self.input, 1 << 16)
            text, self.rest = self.rest.split(b"\0", 1)
            answer = json.loads(text)
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def value(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def wait(self, expression, seconds=60):
        end = time.monotonic() + seconds
        while not (value := self.value(expression)):
            if time.monotonic() > end:
                sys.exit(f"{options.page} gave no answer in {seconds} s: is it a page of icot, as it was written?")
            time.sleep(0.05)
        return value

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


def measure(browser, slower, removed):
    browser.call("Emulation.setCPUThrottlingRate", rate=slower)
    browser.call("Page.navigate", url="about:blank")
    browser.call("Page.navigate", url=f"file://{os.path.abspath(options.page)}#removed={removed}")
    return browser.wait("window.answered")


browser = Browser(options.chromium)
browser.call("Page.enable")
browser.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
print("| slower | removed | answer |\n|---|---|---|")
for slower in map(float, options.slower.split(",")):
    for removed in options.removed.split(","):
        answer = statistics.median(measure(browser, slower, removed) for _ in range(options.turns))
        print(f"| {slower:g} × | {removed} | {answer:,.0f} ms |", flush=True)
browser.close()
