#!/usr/bin/python3
"""What bpusim prints on a terminal: as wide as it is, with colours, and with progress that never goes back."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

BPUSIM = sys.argv.pop(1)
RUN = """machine: generic
operators:
  - {name: a_chain_of_operators_with_a_name_that_is_longer_than_the_terminal_has_room_for_in_a_column, op: Conv,
     shape: [1, 8, 12, 12], out_channels: 16, then: [BatchNormalization, Relu, InstanceNormalization]}
"""
ESCAPE = re.compile(r"\x1b\[[0-9;]*[mK]")


def on_terminal(arguments, columns, **environment):
    """What it writes to a terminal, stdout and stderr together."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    process = subprocess.Popen([BPUSIM, *arguments], stdout=follower, stderr=follower, env={**kept, **environment})
    os.close(follower)
    read = b""
    while True:
        try:
            more = os.read(leader, 65536)
        except OSError:  # how a terminal ends
            more = b""
        if not more:
            break
        read += more
    os.close(leader)
    return process.wait(), read.decode()


def report_of(text):
    """Lines without escape sequences and without the line of progress before them."""
    return [ESCAPE.sub("", line.split("\r")[-1]) for line in text.replace("\r\n", "\n").split("\n")]


class Terminal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.run_file = os.path.join(folder.name, "chain.yaml")
        with open(self.run_file, "w", encoding="utf-8") as file:
            file.write(RUN)

    def test_reports_fit(self):
        for columns in (60, 80, 120, 200):
            for command in ("run", "check"):
                code, text = on_terminal([command, self.run_file, "--policy", "bayes-e"], columns)
                self.assertEqual(code, 0, text)
                self.assertIn("\x1b[1mTotals", text)
                for line in report_of(text):
                    if not line.lstrip().startswith(("bpusim ", os.path.dirname(self.run_file))):
                        self.assertLessEqual(len(line), columns, line)

    def test_a_terminal_without_a_size_has_the_width_of_a_file(self):
        code, text = on_terminal(["check", self.run_file], 0)
        self.assertEqual(code, 0, text)
        piped = subprocess.run([BPUSIM, "check", self.run_file], capture_output=True, text=True, check=True,
                               env={name: value for name, value in os.environ.items() if name != "COLUMNS"})
        self.assertEqual("\n".join(report_of(text)), piped.stdout)

    def test_columns_of_the_environment_come_first(self):
        _, told = on_terminal(["check", self.run_file], 80, COLUMNS="100")
        _, wide = on_terminal(["check", self.run_file], 100)
        self.assertEqual(report_of(told), report_of(wide))

    def test_progress_is_of_the_whole_run(self):
        code, text = on_terminal(["run", self.run_file, "--policy", "bayes-e", "--machine", "rdk-x5"], 80)
        self.assertEqual(code, 0, text)
        shares = [int(share) for share in re.findall(r"\r\x1b\[K *(\d+) %, ", text)]
        self.assertGreater(len(shares), 3, text)
        self.assertEqual(shares, sorted(shares))
        self.assertGreater(shares[-1], 60)

    def test_notes_stand_on_lines_of_their_own(self):
        with open(self.run_file, "w", encoding="utf-8") as file:
            file.write(RUN.replace("machine: generic\n", ""))
        _, text = on_terminal(["check", self.run_file], 120)
        self.assertRegex(text, r"(^|\n|\x1b\[K)note: no machine is named")

    def test_no_progress_but_on_a_terminal(self):
        piped = subprocess.run([BPUSIM, "run", self.run_file], capture_output=True, text=True, check=True)
        self.assertEqual(piped.stderr, "")
        self.assertNotIn("\x1b", piped.stdout)


if __name__ == "__main__":
    unittest.main()
