"""onnxruntime-node as a child: float32, one thread."""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx

from networks.trained import NPM, PINNED

TYPES = {np.dtype(name): name for name in ("float32", "float64", "int64", "int32", "int8", "uint8", "bool")}


def run(model, inputs, work, *, outputs=(), optimised=False, shapes=False, warmup=0, runs=1):
    """Runs a model file on inputs (name to array) and returns the values of outputs as flat float64, and session.js's report.

    work is a folder for its files; shapes asks for the types and shapes of all graph outputs.
    """
    plan = plan_of(model, inputs, work, outputs)
    plan.update(optimisation="all" if optimised else "disabled", warmup=warmup, runs=runs, shapes=shapes)
    child = session(plan, work)
    if child.returncode != 0:
        sys.exit(f"error: onnxruntime, {model}: {child.stderr.strip()}")
    return values_of(plan), json.loads(child.stdout)


def run_all(plans, work):
    """Runs each plan of plan_of in one process: (values, shapes) of each, and None for those that onnxruntime refuses."""
    child = session(plans, work)
    if child.returncode != 0:
        sys.exit(f"error: onnxruntime: {child.stderr.strip()}")
    return [None if "error" in report else (values_of(plan), report["shapes"]) for plan, report in zip(plans, json.loads(child.stdout))]


def plan_of(model, inputs, work, outputs, name="ort"):
    """What session.js runs: once, as it stands. name tells the files of one plan in work from those of another."""
    plan = {"model": os.path.abspath(model), "optimisation": "disabled", "inputs": {}, "warmup": 0, "runs": 1, "shapes": True,
            "outputs": {output: os.path.join(work, f"{name}_out{i}") for i, output in enumerate(outputs)}}
    for i, (input_name, values) in enumerate(inputs.items()):
        file = os.path.join(work, f"{name}_in{i}")
        values.tofile(file)
        plan["inputs"][input_name] = {"file": file, "type": TYPES[values.dtype], "shape": list(values.shape)}
    return plan


def values_of(plan):
    return {name: np.fromfile(file) for name, file in plan["outputs"].items()}


def session(plan, work):
    plan_file = os.path.join(work, "plan.json")
    with open(plan_file, "w") as file:
        json.dump(plan, file)
    environment = dict(os.environ, NODE_PATH=os.path.join(NPM, "node_modules"))
    return subprocess.run(["node", os.path.join(PINNED, "session.js"), plan_file], env=environment, capture_output=True, text=True)


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
