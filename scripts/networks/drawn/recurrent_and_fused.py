"""Draws recurrent layers, and fused operators of onnxruntime's own domain."""
import numpy as np

from .windows import convolution, gemm
from .host_only import ACTIVATIONS


def recurrent(gates):
    def fill(c):
        steps, samples, inputs, units = c.integer(1, 5), c.integer(1, 3), c.integer(1, 6), c.integer(1, 6)
        direction = c.pick(["forward", "forward", "reverse", "bidirectional"])
        directions = 2 if direction == "bidirectional" else 1
        constant = c.chance(0.85)
        c.given(c.reals([steps, samples, inputs], -2, 2))
        c.given(c.reals([directions, gates * units, inputs], -1, 1), constant)
        c.given(c.reals([directions, gates * units, units], -1, 1), constant)
        states = [directions, samples, units]
        rest = [(0.7, lambda: (c.reals([directions, 2 * gates * units], -0.5, 0.5), constant)),
                (0.3, lambda: (np.asarray(c.random.integers(1, steps + 1, samples), np.int32), c.chance())),
                (0.5, lambda: (c.reals(states, -1, 1), c.chance()))]
        if gates == 4:
            rest += [(0.5, lambda: (c.reals(states, -1, 1), c.chance())), (0.4, lambda: (c.reals([directions, 3 * units], -1, 1), constant))]
        given = [draw() if c.chance(chance) else None for chance, draw in rest]
        while given and given[-1] is None:
            given.pop()
        c.inputs += given
        c.set(hidden_size=units).sometimes(1 if direction != "forward" else 0.3, direction=direction)
        recurrent_attributes(c, gates, directions)
        c.outputs = 3 if gates == 4 else 2
        c.unnamed = {i for i in range(c.outputs - 1) if c.chance(0.2)}
    return fill


def recurrent_attributes(c, gates, directions):
    if gates == 3:
        c.sometimes(0.5, linear_before_reset=c.integer(0, 1))
    if gates == 4:
        c.sometimes(0.2, input_forget=1)
    if gates < 4:  # onnxruntime clips no cell before its function, which ONNX asks for
        c.sometimes(0.2, clip=float(np.float32(c.random.uniform(0.3, 2))))
    if c.chance(0.3):
        names = [c.pick(list(ACTIVATIONS)) for _ in range({1: 1, 3: 2, 4: 3}[gates] * directions)]
        alphas = [float(np.float32(c.random.uniform(0.2, 1))) for name in names if ACTIVATIONS[name] > 0]
        betas = [float(np.float32(c.random.uniform(0.2, 1))) for name in names if ACTIVATIONS[name] > 1]
        c.set(activations=names)
        if alphas:
            c.set(activation_alpha=alphas)
        if betas:
            c.set(activation_beta=betas)


# What onnxruntime's optimiser puts together.
def fused_activation(c, names):
    name = c.pick(names)
    parameters = {"LeakyRelu": [0.1], "Clip": [-0.5, 1.5], "HardSigmoid": [0.3, 0.4]}.get(name, [])
    return name, [float(np.float32(value)) for value in parameters]


def fused_conv(c):
    convolution(c)
    if c.attributes.get("auto_pad") or len(c.inputs[0][0].shape) != 4:
        c.valid = False  # onnxruntime has it for images
    name, parameters = fused_activation(c, ["Relu", "Tanh", "Sigmoid", "LeakyRelu", "Clip", "HardSigmoid"])
    c.set(activation=name)
    if parameters:
        c.set(activation_params=parameters)


def fused_gemm(c):
    gemm(c)
    name, parameters = fused_activation(c, ["Relu", "Tanh", "Sigmoid", "LeakyRelu"])
    c.set(activation=name)
    if parameters:
        c.set(activation_alpha=parameters[0])


def fused_matmul(c):
    batch = c.shape(0, 2, 20)
    m, k, n = c.integer(2, 8), c.pick([3, 8, 20]), c.integer(2, 8)
    ta, tb = c.chance(), c.chance()
    c.given(c.reals(batch + ([k, m] if ta else [m, k]))).maybe(c.reals(batch + ([n, k] if tb else [k, n]), -1, 1), 0.6)
    c.set(transA=int(ta), transB=int(tb)).sometimes(0.6, alpha=float(np.float32(c.random.uniform(-2, 2))))


def biased(c, probability=1.0):
    shape = c.shape(1, 4)
    shape[-1] = c.pick([2, 4, 8, 16])
    c.given(c.reals(shape))
    if c.chance(probability):
        c.given(c.reals(shape[-1:], -1, 1), c.chance(0.8))


def quick_gelu(c):
    c.given(c.reals(c.shape(1))).sometimes(0.7, alpha=float(np.float32(c.random.uniform(0.5, 2))))


def skip_norm(c):
    shape = [c.integer(1, 3), c.integer(1, 5), c.pick([4, 8, 16, 24])]
    c.given(c.reals(shape)).given(c.reals(shape)).given(c.reals(shape[2:]), True)
    rest = c.integer(0, 2 if c.op == "SkipLayerNormalization" else 1)
    for _ in range(rest):
        c.given(c.reals(shape[2:]), True)
    c.sometimes(0.8, epsilon=float(np.float32(c.pick([1e-5, 1e-3]))))
    if c.chance(0.4):
        c.outputs, c.unnamed = 4, {1, 2}


def embedding(c):
    samples, steps, width = c.integer(1, 3), c.integer(1, 6), c.pick([4, 8, 16])
    c.given(np.asarray(c.random.integers(0, 10, [samples, steps]), np.int32))
    segments = c.chance()
    c.given(np.asarray(c.random.integers(0, 2, [samples, steps]), np.int32)) if segments else c.without()
    c.given(c.reals([10, width]), True).given(c.reals([8, width]), True)
    c.given(c.reals([2, width]), True) if segments else c.without()
    c.given(c.reals([width]), True).given(c.reals([width]), True)
    if c.chance(0.4):
        c.given(np.asarray(c.random.integers(0, 2, [samples, steps]), np.int32))
    c.set(epsilon=float(np.float32(1e-5)))
    c.outputs = 2


def attention(c):
    samples, steps, heads, each = c.integer(1, 2), c.integer(1, 6), c.pick([1, 2, 4]), c.pick([4, 8])
    width, inputs = heads * each, c.pick([4, 8, 12])
    c.given(c.reals([samples, steps, inputs])).given(c.reals([inputs, 3 * width], -0.5, 0.5), True).given(c.reals([3 * width], -0.5, 0.5), True)
    if c.chance(0.5):
        mask = np.asarray(c.random.random([samples, steps]) < 0.7, np.int32)
        mask[:, 0] = 1
        c.given(mask)
    c.set(num_heads=heads).sometimes(0.3, unidirectional=1).sometimes(0.3, scale=float(np.float32(0.4)))


def multi_head(c):
    samples, steps, keys, heads, each = c.integer(1, 2), c.integer(1, 5), c.integer(1, 6), c.pick([1, 2, 4]), c.pick([4, 8])
    width = heads * each
    for length in (steps, keys, keys):
        c.given(c.reals([samples, length, width]))
    if c.chance(0.5):
        c.given(c.reals([3 * width], -0.5, 0.5), True)
    c.set(num_heads=heads).sometimes(0.3, scale=float(np.float32(0.4)))
