"""Small networks that are quantised as other tools do it: Q/DQ pairs, operators on codes, or products of codes that are quantised as they come."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

CODES = {"uint8": (0, 255), "int8": (-128, 127)}
MICROSOFT = {"Add": "QLinearAdd", "Mul": "QLinearMul", "Sigmoid": "QLinearSigmoid", "LeakyRelu": "QLinearLeakyRelu", "Concat": "QLinearConcat",
             "AveragePool": "QLinearAveragePool", "GlobalAveragePool": "QLinearGlobalAveragePool", "Gemm": "QGemm", "Softmax": "QLinearSoftmax"}
MOVES = ("MaxPool", "Reshape", "Transpose")  # of codes as of numbers
DYNAMIC = ("Conv", "MatMul")


class Layer:
    """A node on real numbers: the names of its activations, its weights and bias (or none), its attributes."""

    def __init__(self, op, inputs, output, weights=None, bias=None, constants=(), **attributes):
        self.op, self.inputs, self.output, self.weights, self.bias, self.constants = op, inputs, output, weights, bias, constants
        self.attributes = attributes

    def axis(self):
        """Of the weights, along which outputs lie."""
        return {"Conv": 0, "ConvTranspose": 1, "Gemm": 0 if self.attributes.get("transB") else 1, "MatMul": 1}[self.op]


def drawn_layer(random, op, x, shape, output):
    """A layer on x of that shape, and the shapes of what it reads besides: {name: shape} of further inputs."""
    c, more = shape[1], {}
    normal = lambda *dims: random.normal(0, 0.4, dims).astype(np.float32)
    pick = lambda *choices: choices[int(random.integers(len(choices)))]
    if op == "Conv":
        groups = pick(1, 1, 2, c) if c % 2 == 0 else pick(1, c)
        k, out = pick(1, 3, 5), groups * pick(1, 3, 8)
        bias = normal(out) if pick(0, 1) else None
        layer = Layer(op, [x], output, normal(out, c // groups, k, k), bias, group=groups, kernel_shape=[k, k], strides=[pick(1, 2)] * 2,
                      pads=[int(p) for p in random.integers(0, k // 2 + 1, 4)], dilations=[pick(1, 1, 2) if k == 3 else 1] * 2)
    elif op == "ConvTranspose":
        k = pick(2, 3)
        layer = Layer(op, [x], output, normal(c, pick(2, 5), k, k), None, kernel_shape=[k, k], strides=[pick(1, 2)] * 2)
    elif op == "Gemm":
        n, turned = pick(3, 10, 32), pick(0, 1)
        layer = Layer(op, [x], output, normal(*((n, c) if turned else (c, n))), normal(n) if pick(0, 1) else None, transB=turned)
    elif op == "MatMul":
        layer = Layer(op, [x], output, normal(shape[-1], pick(4, 17)))
    elif op == "MatMul2":
        more[x + "_b"] = [*shape[:-2], shape[-1], pick(3, 8)]
        layer = Layer("MatMul", [x, x + "_b"], output)
    elif op in ("Add", "Mul"):
        more[x + "_b"] = shape
        layer = Layer(op, [x, x + "_b"], output)
    elif op == "Concat":
        more[x + "_b"] = [shape[0], pick(1, 4), *shape[2:]]
        layer = Layer(op, [x, x + "_b"], output, axis=1)
    elif op in ("MaxPool", "AveragePool"):
        k = pick(2, 3)
        layer = Layer(op, [x], output, kernel_shape=[k, k], strides=[pick(1, 2)] * 2, pads=[pick(0, 1)] * 4)
    elif op == "LeakyRelu":
        layer = Layer(op, [x], output, alpha=pick(0.01, 0.1, 0.3))
    elif op == "Clip":
        layer = Layer(op, [x], output, constants=(np.float32(-0.4), np.float32(1.1)))
    elif op == "Reshape":
        layer = Layer(op, [x], output, constants=(np.array([shape[0], -1], np.int64),))
    elif op == "Transpose":
        layer = Layer(op, [x], output, perm=[0, *[int(d) + 1 for d in random.permutation(len(shape) - 1)]])
    elif op == "Softmax":
        layer = Layer(op, [x], output, axis=-1)
    else:
        layer = Layer(op, [x], output)
    return layer, more


class Network:
    """Layers in order, inputs by name with their values; ranges are of all activations, once the real network has run."""

    def __init__(self, random, layers, inputs):
        self.random, self.layers, self.inputs, self.ranges, self.grids = random, layers, inputs, {}, {}

    def activations(self):
        return [*self.inputs, *(layer.output for layer in self.layers)]

    def output(self):
        return self.layers[-1].output

    def real(self):
        """The model on real numbers, all activations leaving it."""
        build = Build()
        for layer in self.layers:
            build.node(layer.op, [*layer.inputs, *build.parameters(layer)], layer.output, **layer.attributes)
        return build.model(self, [helper.make_tensor_value_info(layer.output, TensorProto.FLOAT, None) for layer in self.layers])

    def choose_grids(self, kinds):
        """A scale and a zero point for every activation, from its range; some saturate, and moves keep theirs now and then."""
        for name in self.activations():
            low, high = (min(0.0, self.ranges[name][0]), max(0.0, self.ranges[name][1], 1e-3))
            codes = kinds[int(self.random.integers(len(kinds)))]
            first, last = CODES[codes]
            cut = self.random.choice([1.0, 1.0, 0.8])
            scale = np.float32(max(high - low, 1e-3) * cut / 255)
            zero = 0 if codes == "int8" and self.random.integers(2) else int(np.clip(np.round(first - low * cut / scale), first, last))
            if codes == "int8" and zero == 0:
                scale = np.float32(max(abs(low), abs(high)) * cut / 127)
            self.grids[name] = (scale, zero, codes)


class Build:
    """Nodes and constants of one model."""

    def __init__(self):
        self.nodes, self.constants = [], {}

    def constant(self, name, values):
        self.constants[name] = numpy_helper.from_array(np.asarray(values), name)
        return name

    def node(self, op, inputs, output, domain="", **attributes):
        self.nodes.append(helper.make_node(op, inputs, output if isinstance(output, list) else [output], f"{op}_{len(self.nodes)}", domain=domain,
                                           **attributes))

    def parameters(self, layer):
        given = [(part, value) for part, value in (("w", layer.weights), ("bias", layer.bias)) if value is not None]
        given += [(f"c{i}", value) for i, value in enumerate(layer.constants)]
        return [self.constant(f"{layer.output}_{part}", value) for part, value in given]

    def grid(self, name, grid):
        scale, zero, codes = grid
        return [self.constant(name + "_scale", scale), self.constant(name + "_zero", np.array(zero, codes))]

    def weight_codes(self, network, layer):
        """Names of the weights' codes, scale and zero point, and the scale; one for all or one an output."""
        random, w, axis = network.random, layer.weights, layer.axis()
        several = bool(random.integers(2)) and layer.op != "ConvTranspose"
        unsigned = bool(random.integers(3) == 0) and layer.op in ("Conv", "MatMul")
        largest = np.abs(w).max(axis=tuple(d for d in range(w.ndim) if d != axis)) if several else np.abs(w).max()
        scale = (np.maximum(largest, 1e-3) / random.choice([127, 100, 63])).astype(np.float32)  # not all of int8 is always used
        over = scale.reshape([-1 if d == axis else 1 for d in range(w.ndim)]) if several else scale
        codes = np.clip(np.round(w / over), -127, 127)
        dtype, zero = ("uint8", 128) if unsigned else ("int8", 0)
        zeros = np.full(scale.shape, zero, dtype)
        stem = layer.output + "_w"
        names = [self.constant(stem, (codes + zero).astype(dtype)), self.constant(stem + "_scale", scale), self.constant(stem + "_zero", zeros)]
        return names, scale

    def bias_codes(self, network, layer, weight_scale):
        scale = (network.grids[layer.inputs[0]][0] * weight_scale).astype(np.float32)
        name = layer.output + "_bias"
        return self.constant(name, np.round(layer.bias / scale).astype(np.int32)), self.constant(name + "_scale", scale)

    def model(self, network, outputs):
        inputs = [helper.make_tensor_value_info(name, TensorProto.UINT8 if values.dtype == np.uint8 else TensorProto.FLOAT, values.shape)
                  for name, values in network.inputs.items()]
        graph = helper.make_graph(self.nodes, "quantised", inputs, outputs, list(self.constants.values()))
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid("com.microsoft", 1)], ir_version=8)


def as_pairs(network):
    """QuantizeLinear and DequantizeLinear around every activation; weights and biases are dequantised constants."""
    build = Build()

    def pair(name, real):
        parameters = build.grid(name, network.grids[name])
        build.node("QuantizeLinear", [real, *parameters], name + "_codes")
        build.node("DequantizeLinear", [name + "_codes", *parameters], name + "_dq")

    for name in network.inputs:
        pair(name, name)
    for layer in network.layers:
        inputs = [name + "_dq" for name in layer.inputs]
        if layer.weights is None:
            inputs += build.parameters(layer)
        else:
            names, scale = build.weight_codes(network, layer)
            build.node("DequantizeLinear", names, layer.output + "_wr", axis=layer.axis())
            inputs.append(layer.output + "_wr")
            if layer.bias is not None:
                build.node("DequantizeLinear", [*build.bias_codes(network, layer, scale)], layer.output + "_br", axis=0)
                inputs.append(layer.output + "_br")
        build.node(layer.op, inputs, layer.output, **layer.attributes)
        pair(layer.output, layer.output)
    output = network.output() + "_dq"
    return build.model(network, [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]), output


def as_operators(network):
    """Operators on codes, of ONNX and of com.microsoft; what moves codes stays. None where a layer has no such form."""
    build = Build()
    for layer in network.layers:
        if layer.op in MOVES:  # on the grid of what they read
            network.grids[layer.output] = network.grids[layer.inputs[0]]
    grid = {name: build.grid(name, network.grids[name]) for name in network.activations()}
    for name in network.inputs:
        build.node("QuantizeLinear", [name, *grid[name]], name + "_codes")
    for layer in network.layers:
        quantised = [part for name in layer.inputs for part in (name + "_codes", *grid[name])]
        out, attributes, domain = grid[layer.output], dict(layer.attributes), ""
        if len({network.grids[name][2] for name in [*layer.inputs, layer.output]}) > 1 and layer.op not in MOVES:
            return None, None  # onnxruntime's kernels have one type of codes
        if layer.op in MOVES:
            build.node(layer.op, [layer.inputs[0] + "_codes", *build.parameters(layer)], layer.output + "_codes", **attributes)
            continue
        if layer.weights is not None:
            names, scale = build.weight_codes(network, layer)
            quantised += names
            if layer.op == "Gemm":
                quantised.append(build.bias_codes(network, layer, scale)[0] if layer.bias is not None else "")
        if layer.op == "Concat":
            quantised, domain = [*out, *quantised], "com.microsoft"
        elif layer.op in ("Conv", "MatMul"):
            quantised += out
            if layer.bias is not None:
                quantised.append(build.bias_codes(network, layer, scale)[0])
        elif layer.op in MICROSOFT:
            quantised, domain = [*quantised, *out], "com.microsoft"
            attributes.update({"opset": 13} if layer.op == "Softmax" else {})
        else:
            return None, None
        op = MICROSOFT.get(layer.op, "QLinear" + layer.op)
        build.node(op, quantised, layer.output + "_codes", domain, **attributes)
    output = network.output() + "_dq"
    build.node("DequantizeLinear", [network.output() + "_codes", *grid[network.output()]], output)
    return build.model(network, [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]), output


def as_dynamic(network):
    """DynamicQuantizeLinear before products of codes, as onnxruntime's dynamic quantiser writes them; None where a layer is no product."""
    build = Build()
    for layer in network.layers:
        if layer.op not in DYNAMIC or layer.weights is None or layer.bias is not None:
            return None, None
        names, scale = build.weight_codes(network, layer)
        if scale.size > 1:
            build.constants.pop(names[2])
            build.constant(names[2], np.full(scale.shape, 0 if build.constants[names[0]].data_type == TensorProto.INT8 else 128,
                                             np.int8 if build.constants[names[0]].data_type == TensorProto.INT8 else np.uint8))
            if layer.op == "Conv":
                build.constant(names[1], scale.reshape(-1, 1, 1))
        stem = layer.output
        build.node("DynamicQuantizeLinear", [layer.inputs[0]], [stem + "_x", stem + "_xs", stem + "_xz"])
        build.node(layer.op + "Integer", [stem + "_x", names[0], stem + "_xz", names[2]], stem + "_sums", **layer.attributes)
        build.node("Cast", [stem + "_sums"], stem + "_real", to=TensorProto.FLOAT)
        build.node("Mul", [stem + "_xs", names[1]], stem + "_s")
        build.node("Mul", [stem + "_real", stem + "_s"], stem)
    return build.model(network, [helper.make_tensor_value_info(network.output(), TensorProto.FLOAT, None)]), network.output()


FORMS = {"pairs": as_pairs, "operators": as_operators, "dynamic": as_dynamic}
