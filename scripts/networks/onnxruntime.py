"""onnxruntime-node as a child: float32, one thread."""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx

from networks.trained import NPM, PINNED

TYPES = {np.dtype(np.float32): "float32", np.dtype(np.int64): "int64", np.dtype(np.int32): "int32", np.dtype(bool): "bool"}


def run(model, inputs, work, *, outputs=(), optimised=False, shapes=False, warmup=0, runs=1):
    """Runs a model file on inputs (name to array) and returns the values of outputs as flat float64, and session.js's report.

    work is a folder for its files; shapes asks for the types and shapes of all graph outputs.
    """
    plan = {"model": os.path.abspath(model), "optimisation": "all" if optimised else "disabled", "inputs": {}, "warmup": warmup, "runs": runs,
            "shapes": shapes, "outputs": {name: os.path.join(work, f"ort_out{i}") for i, name in enumerate(outputs)}}
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


def drawn_inputs(model, dim=None):
    """Normal numbers from seed 1 for float inputs and zeros for all others; dynamic dimensions that dim lacks are 1."""
    random = np.random.default_rng(1)
    weights = {tensor.name for tensor in model.graph.initializer}
    drawn = {}
    for value in model.graph.input:
        if value.name in weights:
            continue
        tensor = value.type.tensor_type
        shape = [axis.dim_value or int((dim or {}).get(axis.dim_param, 1)) for axis in tensor.shape.dim]
        dtype = onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[tensor.elem_type]
        drawn[value.name] = random.standard_normal(shape).astype(dtype) if dtype.kind == "f" else np.zeros(shape, dtype)
    return drawn


def with_all_values(model, path, wanted=None):
    """Writes model to path with the outputs of all nodes (or wanted ones) as graph outputs."""
    there = {output.name for output in model.graph.output}
    names = [name for node in model.graph.node for name in node.output if name] if wanted is None else wanted
    extended = onnx.ModelProto()
    extended.CopyFrom(model)
    # Their types are the runtime's to find out.
    extended.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in there)
    onnx.save(extended, path)


def value_shapes(model, dim=None):
    """{value: {type, dims}} of every node's outputs, from a run on drawn inputs."""
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "model.onnx")
        with_all_values(model, path)
        return run(path, drawn_inputs(model, dim), work, shapes=True)[1]["shapes"]
