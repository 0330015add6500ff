"""What a network consists of: convolutions, multiply-accumulates, parameters, other operators."""
from collections import Counter
from math import prod
from typing import NamedTuple

from onnx import helper


class Contents(NamedTuple):
    convolutions: Counter  # (in, out, kernel, stride, pads, groups, dilations, height x width of the input)
    conv_macs: int
    product_macs: Counter  # MatMul and Gemm: (operator, shape of the result, depth)
    parameters: int
    operators: Counter  # (operator, shapes of the results)

    @property
    def macs(self):
        return self.conv_macs + sum(count * prod(shape) * depth for (_, shape, depth), count in self.product_macs.items())


def shapes_of(graph):
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        shapes[value.name] = tuple(dimension.dim_value for dimension in value.type.tensor_type.shape.dim)
    return shapes


def contents(model):
    graph, shapes = model.graph, shapes_of(model.graph)
    convolutions, conv_macs, products = Counter(), 0, Counter()
    for node in graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        x, y = shapes[node.input[0]], shapes[node.output[0]]
        if node.op_type == "Conv":
            w = shapes[node.input[1]]
            convolutions[x[1], y[1], w[2:], tuple(attributes["strides"]), tuple(attributes["pads"]), attributes["group"],
                         tuple(attributes["dilations"]), x[2:]] += 1
            conv_macs += prod(y) * prod(w[1:])
        elif node.op_type in ("MatMul", "Gemm"):
            products[node.op_type, y, x[-1]] += 1
    operators = Counter((node.op_type, *(shapes[output] for output in node.output)) for node in graph.node)
    return Contents(convolutions, conv_macs, products, parameters(graph, shapes), operators)


def parameters(graph, shapes):
    """Elements of what is learned: weights, not running statistics, not the constants of the topology."""
    data = {value.name for value in graph.input[1:]} | {tensor.name for tensor in graph.initializer}
    constants = {tensor.name for tensor in graph.initializer if tensor.name.startswith("const_")}
    statistics = {name for node in graph.node if node.op_type == "BatchNormalization" for name in node.input[3:5]}
    return sum(prod(shapes[name]) for name in data - constants - statistics)
