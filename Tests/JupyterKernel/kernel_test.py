#!/usr/bin/env python3
"""The kernel as Jupyter meets it: jupyter_kernel_test with no sample left out, and what that does not look at.

    pip install jupyter_kernel_test jupyter_client; apt-get install libzmq5
    Tests/JupyterKernel/kernel_test.py path/to/icot

Installs the kernel into a folder of its own and leaves nothing behind.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import jupyter_kernel_test
from jupyter_client.manager import start_new_kernel

ICOT = os.path.abspath(sys.argv.pop(1))


class KernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "icot"
    language_name = "icot"
    file_extension = ".icot"
    code_hello_world = 'print "hello, world"'
    code_stderr = "time (1 + 1)"
    completion_samples = [
        {"text": "prin", "matches": {"print"}},
        {"text": "let r = 3\nwhi", "matches": {"while"}},
    ]
    complete_code_samples = ["1 + 2", "for k in 0...3 { print k }", "?print", ""]
    incomplete_code_samples = ["for k in 0...3 {", "[1, 2,", "1 +"]
    invalid_code_samples = ["1 + 2 }", "let = 3"]
    code_page_something = "?print"
    code_generate_error = "pritn 3"
    code_execute_result = [{"code": "1 + 2", "result": "3"}, {"code": "6 * 7", "result": "42"}]
    code_display_data = [{"code": "plot [1, 4, 9, 16]", "mime": "image/svg+xml"}]
    code_history_pattern = "1*2"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "print"
    code_clear_output = "clear"


class BeyondTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.manager, cls.client = start_new_kernel(kernel_name="icot")

    @classmethod
    def tearDownClass(cls):
        cls.client.stop_channels()
        cls.manager.shutdown_kernel()
        assert not cls.manager.is_alive()

    def run_cell(self, code, **options):
        """The reply and the output messages of a cell."""
        outputs = []
        reply = self.client.execute_interactive(code, output_hook=outputs.append, timeout=20, **options)
        return reply["content"], [m for m in outputs if m["msg_type"] not in ("status", "execute_input")]

    def test_an_interrupt_stops_a_cell_and_keeps_the_session(self):
        self.run_cell("let kept = 17")
        message = self.client.execute("while true { kept }")
        time.sleep(0.5)
        started = time.monotonic()
        self.manager.interrupt_kernel()
        while True:
            reply = self.client.get_shell_msg(timeout=10)
            if reply["parent_header"].get("msg_id") == message:
                break
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(reply["content"]["ename"], "E309")
        content, outputs = self.run_cell("kept")
        self.assertEqual(outputs[0]["content"]["data"]["text/plain"], "17")

    def test_an_error_shows_the_words_at_fault(self):
        content, outputs = self.run_cell("pritn 3")
        self.assertEqual(content["ename"], "E201")
        traceback = "\n".join(content["traceback"])
        self.assertIn("^^^^^", traceback)
        self.assertEqual([m["msg_type"] for m in outputs], ["error"])

    def test_cells_behind_a_failed_one_do_not_run(self):
        # The loop keeps the session at work until both cells have arrived.
        first = self.client.execute("let i = 0\nwhile i < 2000000 { i = i + 1 }\n1 // 0", stop_on_error=True)
        second = self.client.execute("let never = 1")
        replies = {}
        while len(replies) < 2:
            reply = self.client.get_shell_msg(timeout=20)
            replies[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
        self.assertEqual(replies, {first: "error", second: "aborted"})

    def test_places_are_counted_in_characters(self):
        code = 'let s = "👩‍🔬é"; prin'
        self.client.complete(code, len(code))
        reply = self.client.get_shell_msg(timeout=10)["content"]
        self.assertEqual(reply["matches"][0], "print")
        self.assertEqual((reply["cursor_start"], reply["cursor_end"]), (len(code) - 4, len(code)))

    def test_a_silent_cell_says_nothing_and_counts_nothing(self):
        before, _ = self.run_cell("1")
        content, outputs = self.run_cell("2", silent=True)
        self.assertEqual((content["execution_count"], outputs), (before["execution_count"], []))

    def test_expressions_of_the_front_end_are_answered(self):
        content, _ = self.run_cell("let u = 5", user_expressions={"good": "u * 2", "bad": "uu"})
        self.assertEqual(content["user_expressions"]["good"]["data"]["text/plain"], "10")
        self.assertEqual(content["user_expressions"]["bad"]["status"], "error")


class EndTests(unittest.TestCase):
    def test_a_kernel_that_is_asked_to_end_finishes_the_step_and_saves(self):
        with tempfile.TemporaryDirectory() as folder:
            manager, client = start_new_kernel(kernel_name="icot", cwd=folder)
            client.execute_interactive(
                "let data = gen .parity digits: 4 n: 60 seed: 1\n"
                "let r = start (model .gpt2 width: 8 heads: 2 layers: 1 positions: 16) on: data batch: 8 name: \"x\"",
                timeout=20)
            client.execute("train steps: 100_000_000")
            while client.get_iopub_msg(timeout=20)["msg_type"] != "execute_input":
                pass
            time.sleep(1)
            process = manager.provisioner.process
            os.kill(process.pid, signal.SIGTERM)
            self.assertEqual(process.wait(20), 75)
            client.stop_channels()
            manager.cleanup_resources()
            said = subprocess.run(
                [ICOT, "-c", 'let r = resume "runs/x"', "-c", "r.steps > 0"], cwd=folder, capture_output=True, text=True)
            self.assertEqual(said.stdout, "true\n", said.stderr)


if __name__ == "__main__":
    folder = tempfile.mkdtemp()
    try:
        os.environ["JUPYTER_DATA_DIR"] = folder
        os.environ["JUPYTER_RUNTIME_DIR"] = folder
        subprocess.run([ICOT, "kernel", "install"], check=True, stdout=subprocess.DEVNULL)
        unittest.main(verbosity=2)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
