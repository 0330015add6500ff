"""What a network needs to lie in memory as float32: its weights, and the activations that are alive at the same time."""
import math

import onnx

from networks import onnxruntime

FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE, onnx.TensorProto.BFLOAT16)
BYTES = 4


def constants(model):
    """Every weight by name: initializers and the tensors of Constant nodes."""
    found = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                found[node.output[0]] = attribute.t
    return found


def weight_bytes(model):
    return sum(BYTES * math.prod(tensor.dims) for tensor in constants(model).values() if tensor.data_type in FLOATS)


def value_sizes(model, dim=None):
    """Elements of each float value, in the shapes that onnxruntime finds in a run."""
    shapes = onnxruntime.value_shapes(model, dim)
    sizes = {name: math.prod(value["dims"]) for name, value in shapes.items() if value["type"].startswith("float")}
    sizes.update((name, values.size) for name, values in onnxruntime.drawn_inputs(model, dim).items() if values.dtype.kind == "f")
    return sizes


def live_bytes(model, sizes):
    """The largest sum of float activations that are alive at a node, nodes taken in their order.

    A value lives from the node that makes it, or the start for an input, to its last reader; outputs live to the end.
    """
    weights, nodes = constants(model), model.graph.node
    last = {name: i for i, node in enumerate(nodes) for name in node.input}
    last.update((output.name, len(nodes)) for output in model.graph.output)
    alive = {value.name for value in model.graph.input if value.name not in weights}
    largest = 0
    for i, node in enumerate(nodes):
        alive.update(name for name in node.output if name not in weights)
        largest = max(largest, sum(sizes.get(name, 0) for name in alive))
        alive = {name for name in alive if last.get(name, -1) > i}
    return BYTES * largest


def bound(model, dim=None):
    """The most memory in bytes that bpusim may take for it: 2 × (weights + largest live activations) + 200 MB."""
    return 2 * (weight_bytes(model) + live_bytes(model, value_sizes(model, dim))) + 200e6
