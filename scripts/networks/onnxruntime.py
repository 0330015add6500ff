"""onnxruntime-node as a child: float32, one thread."""
import json
import os
import subprocess
import sys

import numpy as np

from networks.trained import NPM, PINNED

TYPES = {np.dtype(np.float32): "float32", np.dtype(np.int64): "int64", np.dtype(np.int32): "int32", np.dtype(bool): "bool"}


def run(model, inputs, work, *, outputs=(), optimised=False, warmup=0, runs=1):
    """Runs a model file on inputs (name to array) and returns the values of outputs as flat float64, and each run's ms.

    work is a folder for its files.
    """
    plan = {"model": model, "optimisation": "all" if optimised else "disabled", "inputs": {}, "warmup": warmup, "runs": runs,
            "outputs": {name: os.path.join(work, f"ort_out{i}") for i, name in enumerate(outputs)}}
    for i, (name, values) in enumerate(inputs.items()):
        file = os.path.join(work, f"ort_in{i}")
        values.tofile(file)
        plan["inputs"][name] = {"file": file, "type": TYPES[values.dtype], "shape": list(values.shape)}
    plan_file = os.path.join(work, "plan.json")
    with open(plan_file, "w") as file:
        json.dump(plan, file)
    environment = dict(os.environ, NODE_PATH=os.path.join(NPM, "node_modules"))
    child = subprocess.run(["node", os.path.join(PINNED, "session.js"), plan_file], env=environment, capture_output=True, text=True)
    if child.returncode != 0:
        sys.exit(f"error: onnxruntime, {model}: {child.stderr.strip()}")
    return {name: np.fromfile(file) for name, file in plan["outputs"].items()}, json.loads(child.stdout)
