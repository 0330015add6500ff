"""Runs a command and prints its exit code, wall and CPU seconds and peak resident bytes as JSON on stdout.

A program of its own: a child's peak counts the memory of the process that it was forked from, so that one has to be small.
"""
import json
import os
import sys
import time


def main():
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execv(sys.argv[1], sys.argv[1:])
    _, status, usage = os.wait4(pid, 0)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
    wall, cpu = time.monotonic() - start, usage.ru_utime + usage.ru_stime
    print(json.dumps({"exit": code, "wall_seconds": wall, "cpu_seconds": cpu, "peak_bytes": usage.ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
