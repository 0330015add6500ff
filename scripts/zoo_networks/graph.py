"""Nodes, weights and values of an ONNX graph under construction, each value with its shape and moments."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from .moments import Moments

IR_VERSION = 8


def described(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


class Graph:
    """With `drawn` false, weights are inputs of the graph without data."""

    def __init__(self, name, shape, opset=13, drawn=True):
        self.name, self.opset, self.drawn = name, opset, drawn
        # The name is the seed: a network's weights don't depend on which others are written.
        self.random = np.random.default_rng(list(name.encode()))
        self.nodes, self.initializers, self.weight_inputs, self.intermediates = [], [], [], []
        self.constants = {}
        self.input = "input"
        self.shape = {self.input: list(shape)}
        self.moments = {self.input: Moments()}

    def channels(self, x):
        return self.shape[x][1]

    def weight(self, role, shape, draw):
        """A weight of the node that comes next; draw() gives its values."""
        name = f"{role}_{len(self.nodes)}"
        if self.drawn:
            values = np.asarray(draw(), np.float32)
            assert list(values.shape) == list(shape), (name, values.shape, shape)
            self.initializers.append(numpy_helper.from_array(values, name))
        else:
            self.weight_inputs.append(described(name, shape))
        self.shape[name] = list(shape)
        return name

    def constant(self, values, kind=np.float32):
        """A value that belongs to the topology (axes, bounds, shapes), there also without weights; one for equal values."""
        values = np.asarray(values, kind)
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self.constants:
            self.constants[key] = f"const_{len(self.constants)}"
            self.initializers.append(numpy_helper.from_array(values, self.constants[key]))
            self.shape[self.constants[key]] = list(values.shape)
        return self.constants[key]

    def node(self, op, inputs, shape, moments, **attributes):
        """Adds an operator of one result; returns its name."""
        return self.results_of(op, inputs, [shape], [moments], **attributes)[0]

    def results_of(self, op, inputs, shapes, moments, **attributes):
        """Adds an operator of several results; returns their names."""
        name = f"{op}_{len(self.nodes)}"
        results = [name + "_y"] if len(shapes) == 1 else [f"{name}_y{i}" for i in range(len(shapes))]
        for result, shape, moment in zip(results, shapes, moments):
            if min(shape) < 1:
                raise ValueError(f"{name} would be {'x'.join(map(str, shape))}: the input is too small")
            self.shape[result], self.moments[result] = [int(extent) for extent in shape], moment
            self.intermediates.append(result)
        self.nodes.append(helper.make_node(op, inputs, results, name, **attributes))
        return results

    def broadcast(self, x, y):
        try:
            return list(np.broadcast_shapes(tuple(self.shape[x]), tuple(self.shape[y])))
        except ValueError:
            raise ValueError(f"{x} is {self.shape[x]} and {y} is {self.shape[y]}, which does not fit") from None

    def model(self, outputs):
        inputs = [described(self.input, self.shape[self.input])] + self.weight_inputs
        between = [described(name, self.shape[name]) for name in self.intermediates if name not in outputs]
        graph = helper.make_graph(self.nodes, self.name, inputs, [described(name, self.shape[name]) for name in outputs],
                                  self.initializers, value_info=between)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=IR_VERSION,
                                 producer_name="bpusim zoo")


def save(model, path):
    # Protobuf promises no order of fields unless asked.
    with open(path, "wb") as file:
        file.write(model.SerializeToString(deterministic=True))
