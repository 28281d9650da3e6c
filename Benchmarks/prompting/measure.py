#!/usr/bin/env python3
"""How soon Ctrl-C ends a question, how much memory a hostile server can take, and what a kept answer costs.

    Benchmarks/prompting/measure.py PROGRAM [TIMES]

starts servers on this machine that say nothing, ask to be left alone, or send without an end, and the program against
each of them. The times are from the signal to the end of the process. Standard library only.
"""

import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

PROBLEMS = "let d = gen .add digits: 2 n: 9 seed: 1; let t = gen .add digits: 2 n: %d seed: 7; "
ASK = 'prompted("m", at: "%s", on: t, examples: d, seconds: 600)'


class Server:
    def __init__(self, behaviour):
        self.behaviour = behaviour
        self.asked = threading.Event()
        self.count = 0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = "http://127.0.0.1:%d/v1" % self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            while connection.recv(1 << 16):
                self.count += 1
                self.asked.set()
                self.behaviour(connection)
        except OSError:
            pass


def silence(connection):
    time.sleep(600)


def response(status, headers, body=b""):
    return b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers, len(body), body)


def busy(connection):
    connection.sendall(response(503, b"Retry-After: 200\r\n"))


def endless(connection):
    connection.sendall(b"HTTP/1.1 200 X\r\n\r\n")
    while True:
        connection.sendall(b"x" * (1 << 16))


def prompt(connection):
    body = {"choices": [{"message": {"content": "Answer: 1"}}], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}
    connection.sendall(response(200, b"", json.dumps(body).encode()))


def start(program, statements, folder):
    environment = dict(os.environ, HOME=folder)
    return subprocess.Popen(
        [program, "-c", statements], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def interrupted(program, behaviour, times):
    milliseconds = []
    for number in range(times):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(behaviour)
            process = start(program, PROBLEMS % 2 + ASK % server.address, folder)
            server.asked.wait(60)
            # At another moment between two looks each time.
            time.sleep(0.3 + 0.0137 * number)
            begin = time.monotonic()
            process.send_signal(signal.SIGINT)
            process.wait(60)
            milliseconds.append(1000 * (time.monotonic() - begin))
            process.stderr.close()
    return milliseconds


def main():
    program, times = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20
    for name, behaviour in [("while it waits for an answer", silence), ("while it is left alone", busy)]:
        found = interrupted(program, behaviour, times)
        print(f"Ctrl-C {name}: {statistics.median(found):.0f} ms, at most {max(found):.0f}")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(endless)
        process = start(program, PROBLEMS % 2 + ASK % server.address, folder)
        process.communicate()
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f"an answer without an end: {peak / 1000:.0f} MB at most, status {process.returncode}")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(prompt)
        for name in ["asked", "kept"]:
            begin = time.monotonic()
            process = start(program, PROBLEMS % 1000 + ASK % server.address, folder)
            process.communicate()
            print(
                f"1,000 problems, {name}: {time.monotonic() - begin:.2f} s, {server.count} questions, "
                f"status {process.returncode}")
            server.count = 0


main()
