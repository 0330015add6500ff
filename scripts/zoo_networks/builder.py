"""The operators that networks are made of. Each adds nodes, draws their weights, and returns the name of the result.

Weights are scaled by the moments of what they meet, so that results have unit power; `gain` is the deviation wanted.
Branches that are added to a trunk take a gain below one, as training leaves them. A BatchNormalization's running
statistics are about the moments of its input.
"""
import numpy as np

from . import moments as stats
from .graph import Graph
from .moments import Moments

RESIDUAL = 0.5  # gain of a branch that is added to the trunk
GATE = 0.25  # gain in front of the Sigmoid of a gate, which else would feed what it gates
EPSILON = 1e-5
JITTER = 0.1  # deviation of norms' scales and shifts, of running means, of biases
# Share of the weights' mean that is taken off. Of none, the mean behind activations drowns what differs from input to
# input; of all, each activation makes small errors grow by half, and int8 has no chance. Trained networks lie between.
CENTRING = 0.4


def normal(gain):
    """Moments behind a norm."""
    return Moments(0.0, gain**2 * (1 + 3 * JITTER**2))


class Builder(Graph):
    def seen(self, x):
        """Moments of a value, over all of its channels."""
        return self.moments[x].merged()

    # Weights

    def around(self, role, shape, mean, deviation):
        return self.weight(role, shape, lambda: mean + deviation * self.random.standard_normal(shape))

    def gamma_beta(self, channels, gain):
        """Scale and shift of a norm."""
        return [self.around("gamma", [channels], gain, JITTER * gain), self.around("beta", [channels], 0, JITTER * gain)]

    def draw_linear(self, x, shape, bias, gain, covered=1.0):
        """Weights [out, in/groups, taps...], shift, and the result's moments, for inputs with the moments of x.

        `covered` is the share of taps that lie inside the input.
        """
        if not self.drawn:
            return None, None, normal(gain)
        entry, over = self.seen(x), tuple(range(1, len(shape)))
        raw = self.random.standard_normal(shape)
        raw -= CENTRING * raw.mean(over, keepdims=True)
        variance = covered * (entry.variance * (raw**2).sum(over) + entry.mean**2 * raw.sum(over) ** 2)
        scale = gain / np.sqrt(variance.mean())
        shift = JITTER * gain * self.random.standard_normal(shape[0]) if bias else None
        return scale * raw, shift, Moments(0.0, scale**2 * variance + (JITTER * gain) ** 2 * bias)

    # Convolutions and products

    def conv(self, x, out, kernel, stride=1, groups=1, pad=None, bias=False, gain=1.0):
        n, channels, *plane = self.shape[x]
        pad = kernel // 2 if pad is None else pad
        result = [(extent + 2 * pad - kernel) // stride + 1 for extent in plane]
        covered = 1.0
        for extent, steps in zip(plane, result):
            taps = np.arange(steps)[:, None] * stride - pad + np.arange(kernel)
            covered *= ((taps >= 0) & (taps < extent)).mean()
        shape = [out, channels // groups, kernel, kernel]
        values, shift, moments = self.draw_linear(x, shape, bias, gain, covered)
        inputs = [x, self.weight("w", shape, lambda: values)]
        if bias:
            inputs.append(self.weight("b", [out], lambda: shift))
        return self.node("Conv", inputs, [n, out] + result, moments, kernel_shape=[kernel] * 2, strides=[stride] * 2,
                         pads=[pad] * 4, dilations=[1, 1], group=groups)

    def depthwise(self, x, kernel, stride=1, bias=False):
        return self.conv(x, self.channels(x), kernel, stride, groups=self.channels(x), bias=bias)

    def gemm(self, x, out):
        shape = [out, self.shape[x][1]]
        values, shift, moments = self.draw_linear(x, shape, True, 1.0)
        inputs = [x, self.weight("w", shape, lambda: values), self.weight("b", [out], lambda: shift)]
        return self.node("Gemm", inputs, [self.shape[x][0], out], moments, transB=1)

    def linear(self, x, out, bias=True, gain=1.0):
        """A product over the last axis, as exporters write it for tensors of rank 3: MatMul, then Add."""
        *leading, inner = self.shape[x]
        values, shift, moments = self.draw_linear(x, [out, inner], bias, gain)
        y = self.node("MatMul", [x, self.weight("w", [inner, out], lambda: values.T)], leading + [out], moments)
        return self.add(y, self.weight("b", [out], lambda: shift), moments) if bias else y

    def matmul(self, x, y, moments):
        batch = np.broadcast_shapes(tuple(self.shape[x][:-2]), tuple(self.shape[y][:-2]))
        return self.node("MatMul", [x, y], [*batch, self.shape[x][-2], self.shape[y][-1]], moments)

    # Norms

    def batch_norm(self, x, gain=1.0):
        c, seen = self.channels(x), self.moments[x].variance
        # Running estimates are never exact.
        weights = self.gamma_beta(c, gain) + [
            self.weight("mean", [c], lambda: JITTER * np.sqrt(seen) * self.random.standard_normal(c)),
            self.weight("var", [c], lambda: seen * self.random.uniform(0.9, 1.1, c))]
        return self.node("BatchNormalization", [x] + weights, self.shape[x], normal(gain), epsilon=EPSILON)

    def own_norm(self, op, x, gain, **attributes):
        """A norm whose statistics are those of the very input, over whole channels or groups of them."""
        weights = self.gamma_beta(self.channels(x), gain)
        return self.node(op, [x] + weights, self.shape[x], normal(gain), epsilon=EPSILON, **attributes)

    def instance_norm(self, x, gain=1.0):
        return self.own_norm("InstanceNormalization", x, gain)

    def group_norm(self, x, groups, gain=1.0):
        return self.own_norm("GroupNormalization", x, gain, num_groups=groups)

    def layer_norm(self, x):
        """LayerNormalization over the last axis, one node (opset 17)."""
        weights = self.gamma_beta(self.shape[x][-1], 1.0)
        return self.node("LayerNormalization", [x] + weights, self.shape[x], Moments(), axis=-1, epsilon=1e-6)

    def layer_norm_primitives(self, x):
        """LayerNorm over the last axis as exporters write it below opset 17."""
        centre = self.mean_over(x, [-1])
        centred = self.elementwise("Sub", x, centre, Moments())
        deviation = self.root_mean_square(centred)
        y = self.elementwise("Div", centred, deviation, Moments())
        gamma, beta = self.gamma_beta(self.shape[x][-1], 1.0)
        return self.add(self.mul(y, gamma, Moments()), beta, Moments())

    def root_mean_square(self, x):
        square = self.elementwise("Pow", x, self.constant(2.0), Moments(1.0, 2.0))
        mean = self.add(self.mean_over(square, [-1]), self.constant(1e-6), Moments(1.0, 0.0))
        return self.node("Sqrt", [mean], self.shape[mean], Moments(1.0, 0.0))

    def rms_norm_primitives(self, x):
        """RMSNorm over the last axis, as LLaMA's is exported: times the reciprocal."""
        reciprocal = self.elementwise("Div", self.constant(1.0), self.root_mean_square(x), Moments(1.0, 0.0))
        y = self.mul(x, reciprocal, self.seen(x))
        gamma = self.around("gamma", [self.shape[x][-1]], 1, 0.1)
        return self.mul(y, gamma, Moments())

    # Elementwise

    def elementwise(self, op, x, y, moments):
        return self.node(op, [x, y], self.broadcast(x, y), moments)

    def add(self, x, y, moments=None):
        return self.elementwise("Add", x, y, moments or self.seen(x).plus(self.seen(y)))

    def mul(self, x, y, moments=None):
        return self.elementwise("Mul", x, y, moments or self.seen(x).times(self.seen(y)))

    def mul_constant(self, x, factor):
        return self.mul(x, self.constant(factor), self.seen(x).scaled(factor))

    def scale_channels(self, x, gain=RESIDUAL):
        """A layer scale: a learned factor for each channel."""
        c = self.channels(x)
        return self.mul(x, self.around("gamma", [c, 1, 1], gain, 0.1 * gain), self.seen(x).scaled(gain))

    def function(self, op, x, f, inputs=(), **attributes):
        return self.node(op, [x, *inputs], self.shape[x], self.seen(x).through(f), **attributes)

    def relu(self, x):
        return self.function("Relu", x, lambda v: np.maximum(v, 0))

    def relu6(self, x):
        return self.function("Clip", x, lambda v: np.clip(v, 0, 6), [self.constant(0.0), self.constant(6.0)])

    def sigmoid(self, x):
        return self.function("Sigmoid", x, stats.sigmoid)

    def silu(self, x):
        return self.mul(x, self.sigmoid(x), self.seen(x).through(lambda v: v * stats.sigmoid(v)))

    def gelu(self, x):
        """Through Erf, in the primitives that PyTorch writes below opset 20."""
        inner = self.elementwise("Div", x, self.constant(np.sqrt(2)), self.seen(x).scaled(np.sqrt(0.5)))
        erf = self.node("Erf", [inner], self.shape[x], Moments(0.0, 0.4))
        doubled = self.seen(x).through(lambda v: 2 * stats.gelu(v))
        return self.mul_constant(self.mul(x, self.add(erf, self.constant(1.0), Moments(1.0, 0.4)), doubled), 0.5)

    def softmax(self, x):
        return self.node("Softmax", [x], self.shape[x], Moments(1 / self.shape[x][-1], 0.0), axis=-1)

    # Reductions

    def mean_over(self, x, axes, moments=None):
        shape = list(self.shape[x])
        for axis in axes:
            shape[axis] = 1
        return self.node("ReduceMean", [x], shape, moments or self.seen(x), axes=axes, keepdims=1)

    def max_pool(self, x, kernel, stride, pad=0, ceil=False):
        def steps(extent):
            result = (extent + 2 * pad - kernel + (stride - 1 if ceil else 0)) // stride + 1
            # A window that starts behind the input and its front padding is left out.
            return result - 1 if ceil and (result - 1) * stride >= extent + pad else result

        shape = self.shape[x][:2] + [steps(extent) for extent in self.shape[x][2:]]
        return self.node("MaxPool", [x], shape, self.seen(x).largest_of(kernel * kernel), kernel_shape=[kernel] * 2,
                         strides=[stride] * 2, pads=[pad] * 4, ceil_mode=int(ceil))

    def global_average_pool(self, x):
        return self.node("GlobalAveragePool", [x], self.shape[x][:2] + [1, 1], self.seen(x).plane_average())

    # Layout

    def reshape(self, x, shape):
        if np.prod(shape) != np.prod(self.shape[x]):
            raise ValueError(f"{x} of shape {self.shape[x]} does not fit {list(shape)}")
        return self.node("Reshape", [x, self.constant(shape, np.int64)], shape, self.seen(x))

    def transpose(self, x, order):
        return self.node("Transpose", [x], [self.shape[x][axis] for axis in order], self.seen(x), perm=order)

    def flatten(self, x):
        n, *rest = self.shape[x]
        return self.node("Flatten", [x], [n, int(np.prod(rest))], self.seen(x), axis=1)

    def split(self, x, sizes, axis=1):
        shapes = [self.shape[x][:axis] + [size] + self.shape[x][axis + 1:] for size in sizes]
        return self.results_of("Split", [x, self.constant(sizes, np.int64)], shapes, [self.seen(x)] * len(sizes), axis=axis)

    def concat(self, parts, axis=1, moments=None):
        shape = list(self.shape[parts[0]])
        for part in parts:
            rest = [extent for i, extent in enumerate(self.shape[part]) if i != axis % len(shape)]
            if rest != [extent for i, extent in enumerate(shape) if i != axis % len(shape)]:
                raise ValueError(f"{parts[0]} is {shape} and {part} is {self.shape[part]}, which does not fit")
        counts = [self.shape[part][axis] for part in parts]
        shape[axis] = sum(counts)
        return self.node("Concat", parts, shape, moments or stats.joined([self.seen(part) for part in parts], counts), axis=axis)

    def upsample(self, x):
        n, c, h, w = self.shape[x]
        return self.node("Resize", [x, "", self.constant([1, 1, 2, 2])], [n, c, 2 * h, 2 * w], self.seen(x), mode="nearest",
                         coordinate_transformation_mode="asymmetric", nearest_mode="floor")

    # Idioms that several families share

    def conv_bn(self, x, out, kernel, stride=1, groups=1, activation=None, gain=1.0, pad=None):
        y = self.batch_norm(self.conv(x, out, kernel, stride, groups, pad), gain)
        return activation(y) if activation else y

    def squeeze_excite(self, x, hidden, activation):
        """Hu et al., CVPR 2018: channels gated by what their averages say."""
        squeezed = self.mean_over(x, [2, 3], self.seen(x).plane_average())
        gate = activation(self.conv(squeezed, hidden, 1, bias=True, gain=RESIDUAL))
        return self.mul(x, self.sigmoid(self.conv(gate, self.channels(x), 1, bias=True, gain=GATE)))

    def classifier(self, x, classes=1000):
        return self.gemm(self.flatten(self.global_average_pool(x)), classes)
