"""bpusim as a child process."""
import json
import os
import re
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
    """What this bpusim offers as --calibration."""
    page = subprocess.run([executable(), "run", "--help"], capture_output=True, text=True, check=True).stdout
    return re.search(r"--calibration TEXT:\{([^}]*)\}", page).group(1).split(",")


def run(model, *, machine="rdk-x5", policy=None, inputs=None, dim=None, calibration=None, function=True, golden=None):
    """Runs a model and returns {exit, wall_seconds, peak_bytes, error, report}.

    inputs maps an input to a .npy file (drawn where it is absent), dim a dynamic dimension to its size; golden is a folder
    for the float64 values. report is bpusim's own JSON, or None where it failed, and error what it then said.
    """
    config = {"machine": machine, "model": os.path.abspath(model)}
    for key, value in (("policy", policy), ("inputs", inputs), ("dim", dim), ("calibration", calibration)):
        if value:
            config[key] = value
    with tempfile.TemporaryDirectory() as work:
        run_file, report_file = os.path.join(work, "run.yaml"), os.path.join(work, "report.json")
        with open(run_file, "w") as file:
            json.dump(config, file)  # JSON is YAML
        command = [executable(), "run", run_file, "--json", report_file]
        command += [] if function else ["--no-function"]
        command += ["--dump-golden", golden] if golden else []
        measured = os.path.join(os.path.dirname(os.path.abspath(__file__)), "measured.py")
        child = subprocess.run([sys.executable, measured, *command], capture_output=True, text=True, check=True)
        result = json.loads(child.stdout)
        result["error"], result["report"] = child.stderr.strip(), None
        if os.path.exists(report_file):
            with open(report_file) as file:
                result["report"] = json.load(file)
        return result


def output_nodes(report, graph):
    """The report's rows of the nodes that make graph's (onnx.GraphProto) outputs, with an accuracy.

    What is folded into a node has no row of its own: the row is then that of the nearest node before it, along first inputs.
    """
    rows = {node["name"]: node for node in report["nodes"] if "accuracy" in node}
    maker = {value: node for node in graph.node for value in node.output}
    found = []
    for output in graph.output:
        node = maker.get(output.name)
        while node is not None and node.name not in rows:
            node = maker.get(node.input[0]) if node.input else None
        if node is not None and rows[node.name] not in found:
            found.append(rows[node.name])
    return found


def output_cosine(report, graph):
    """The least cosine among the graph's outputs; None where nothing was measured."""
    return min((node["accuracy"]["cosine"] for node in output_nodes(report, graph)), default=None)
