"""Which tests reach a change, and whether one of them notices it."""
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

from .tree import BUILD, WORK

# The fuzz targets take what is damaged and hold no result; crosscheck asks a registry.
NOT_ASKED = ("Fuzz/", "crosscheck")
TEMPORARY = os.path.join(WORK, "tmp")  # beside those of tests that somebody else runs
REACHED = os.path.join(WORK, "reached")
MEMORY_BYTES, FILE_BYTES = 8 << 30, 32 << 30  # a test makes a sparse file of 20 GiB


@dataclass
class Test:
    name: str
    command: list
    folder: str
    environment: dict
    skipped: int | None
    seconds: float = 0
    reaches: set = field(default_factory=set)
    alone: threading.Lock = field(default_factory=threading.Lock)  # it may write where it always does


def run(test, environment, limit):
    """Exit code of a test, None where it takes too long. A change may loop or ask for all the memory there is."""
    def bounds():
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    process = subprocess.Popen(test.command, cwd=test.folder, env={**os.environ, "TMPDIR": TEMPORARY, **test.environment, **environment},
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True, preexec_fn=bounds)
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        return None
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def listed():
    """What ctest would run."""
    shown = subprocess.run(["ctest", "--show-only=json-v1"], cwd=BUILD, capture_output=True, text=True, check=True)
    for test in json.loads(shown.stdout)["tests"]:
        properties = {p["name"]: p["value"] for p in test["properties"]}
        if test["name"].startswith(NOT_ASKED) or test["name"].endswith("_NOT_BUILT"):
            continue
        environment = dict(value.split("=", 1) for value in properties.get("ENVIRONMENT", []))
        yield Test(test["name"], test["command"], properties.get("WORKING_DIRECTORY", BUILD), environment,
                   properties.get("SKIP_RETURN_CODE"))


def recorded(last):
    """The tests, those that are quickest first, each with the numbers (up to `last`) that it reaches."""
    tests, failing = [], []
    os.makedirs(TEMPORARY, exist_ok=True)
    for test in listed():
        open(REACHED, "wb").write(bytes(last + 1))
        began = time.time()
        code = run(test, {"BPUSIM_MUTANTS_REACHED": REACHED}, 900)
        test.seconds = time.time() - began
        test.reaches = {n for n, byte in enumerate(open(REACHED, "rb").read()) if byte}
        if code == 0:
            tests.append(test)
        elif code is None or code != test.skipped:
            failing.append(test.name)
    if failing:
        print("error: without a change fail: " + ", ".join(failing), file=sys.stderr)
        sys.exit(2)
    return sorted(tests, key=lambda t: t.seconds)


def verdict(number, tests):
    """How the change fares: 'noticed by X', 'passes' or 'passes: no test reaches it'."""
    reaching = [t for t in tests if number in t.reaches]
    for test in reaching:
        with test.alone:
            code = run(test, {"BPUSIM_MUTANT": str(number)}, 10 * test.seconds + 10)
        if code != 0:
            return "noticed by " + test.name + (": takes too long" if code is None else "")
    return "passes" if reaching else "passes: no test reaches it"
