"""bpusim as a child process."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def executable():
    """$BPUSIM, or the release build's."""
    path = os.environ.get("BPUSIM", os.path.join(ROOT, "build/release/bin/bpusim"))
    if not os.path.exists(path):
        sys.exit(f"error: {path} is missing; cmake --preset release && cmake --build --preset release --target bpusim")
    return path


def machines():
    """Names of the presets, sorted."""
    return sorted(name[:-5] for name in os.listdir(os.path.join(ROOT, "configs/machines")) if name.endswith(".yaml"))


def calibrations():
    """Methods of --calibration; percentile is of 0.9999, and auto tries all, with more percentiles."""
    return ["max", "percentile", "kl", "mse", "readers", "auto"]


def run(model, *, machine="rdk-x5", policy=None, inputs=None, dim=None, on=None, calibration=None,
        quantisation=None, int16=None, settings=(), function=True, golden=None, outputs=None, inputs_as_weights=None):
    """Runs a model and returns {exit, wall_seconds, cpu_seconds, peak_bytes, error, report}.

    inputs maps an input to a .npy file (drawn where it is absent), dim a dynamic dimension to its size, on a
    node or an operator to bpu or cpu; int16 is a list of nodes, or all; settings are those of --set; golden is a folder for the float64 values, outputs one for
    the network's outputs as the machine makes them; inputs_as_weights is the run file's. report is
    bpusim's own JSON, or None where it failed, and error what it then said.
    """
    config = {"machine": machine, "model": os.path.abspath(model)}
    for key, value in (("policy", policy), ("inputs", inputs), ("dim", dim), ("on", on), ("calibration", calibration), ("quantisation", quantisation),
                       ("int16", int16), ("inputs_as_weights", inputs_as_weights)):
        if value:
            config[key] = value
    with tempfile.TemporaryDirectory() as work:
        run_file, report_file = os.path.join(work, "run.yaml"), os.path.join(work, "report.json")
        with open(run_file, "w") as file:
            json.dump(config, file)  # JSON is YAML
        command = [executable(), "run", run_file, "--json", report_file]
        command += [word for setting in settings for word in ("--set", setting)]
        command += [] if function else ["--no-function"]
        # All values at once: more than a run without them may take.
        command += ["--dump-golden", golden, "--memory-limit", "16GiB"] if golden else []
        command += ["--dump-outputs", outputs] if outputs else []
        measured = os.path.join(os.path.dirname(os.path.abspath(__file__)), "measured.py")
        child = subprocess.run([sys.executable, measured, *command], capture_output=True, text=True, check=True)
        result = json.loads(child.stdout)
        result["error"], result["report"] = child.stderr.strip(), None
        if os.path.exists(report_file):
            with open(report_file) as file:
                result["report"] = json.load(file)
        return result
