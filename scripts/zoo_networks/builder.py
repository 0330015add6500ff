"""The operators that networks are made of. Each adds nodes, draws their weights, and returns the name of the result.

Weights are scaled by the moments of what they meet, so that results have unit power; `gain` is the deviation wanted.
Branches that are added to a trunk take a gain below one, as training leaves them. Biases undo the mean; a
BatchNormalization's running statistics are the moments of its input.
"""
import numpy as np

from . import moments as stats
from .graph import Graph
from .moments import Moments

RESIDUAL = 0.5  # gain of a branch that is added to the trunk
EPSILON = 1e-5


class Builder(Graph):
    # Weights

    def around(self, role, shape, mean, deviation):
        return self.weight(role, shape, lambda: mean + deviation * self.random.standard_normal(shape))

    def gamma_beta(self, channels, gain):
        """Scale and shift of a norm, and their values (scalars where nothing is drawn)."""
        gamma, beta = np.asarray(gain), np.asarray(0.0)
        if self.drawn:
            gamma = gain * (1 + 0.1 * self.random.standard_normal(channels))
            beta = 0.1 * gain * self.random.standard_normal(channels)
        names = [self.weight("gamma", [channels], lambda: gamma), self.weight("beta", [channels], lambda: beta)]
        return names, gamma, beta

    def draw_linear(self, x, shape, bias, gain, groups=1, covered=1.0):
        """Weights [out, in/groups, taps...] and shift for inputs with the moments of x, and the result's moments.

        `covered` is the share of taps that lie inside the input.
        """
        if not self.drawn:
            return None, None, Moments(0.0, gain**2)
        out, inner = shape[:2]
        raw = self.random.standard_normal(shape).reshape(groups, out // groups, inner, -1)
        entry = self.moments[x].over(groups * inner)
        mean = covered * (raw.sum(-1) * entry.mean.reshape(groups, 1, inner)).sum(-1).reshape(out)
        variance = covered * ((raw**2).sum(-1) * entry.variance.reshape(groups, 1, inner)).sum(-1).reshape(out)
        # With a bias only what varies is left.
        scale = gain / np.sqrt((variance if bias else variance + mean**2).mean())
        result = Moments(mean, variance).affine(scale)
        if not bias:
            return (scale * raw).reshape(shape), None, result
        shift = 0.1 * gain * self.random.standard_normal(out) - result.mean
        return (scale * raw).reshape(shape), shift, Moments(result.mean + shift, result.variance)

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
        values, shift, moments = self.draw_linear(x, shape, bias, gain, groups, covered)
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
        c = self.channels(x)
        names, gamma, beta = self.gamma_beta(c, gain)
        seen = self.moments[x]
        # A running estimate is never exact.
        spread = seen.variance * self.random.uniform(0.9, 1.1, c) if self.drawn else seen.variance
        names += [self.weight("mean", [c], lambda: seen.over(c).mean), self.weight("var", [c], lambda: spread)]
        moments = Moments(beta, gamma**2 * seen.variance / spread)
        return self.node("BatchNormalization", [x] + names, self.shape[x], moments, epsilon=EPSILON)

    def own_norm(self, op, x, gain, **attributes):
        """A norm whose statistics are those of the very input, over whole channels or groups of them."""
        names, gamma, beta = self.gamma_beta(self.channels(x), gain)
        return self.node(op, [x] + names, self.shape[x], Moments(beta, gamma**2), epsilon=EPSILON, **attributes)

    def instance_norm(self, x, gain=1.0):
        return self.own_norm("InstanceNormalization", x, gain)

    def group_norm(self, x, groups, gain=1.0):
        return self.own_norm("GroupNormalization", x, gain, num_groups=groups)

    def over_channels(self, x, gamma, beta):
        """Moments behind a LayerNorm."""
        all_channels = self.moments[x].merged()
        return self.moments[x].affine(1 / np.sqrt(all_channels.variance), -all_channels.mean / np.sqrt(all_channels.variance)).affine(gamma, beta)

    def layer_norm(self, x):
        """LayerNormalization over the last axis, one node (opset 17)."""
        names, gamma, beta = self.gamma_beta(self.shape[x][-1], 1.0)
        return self.node("LayerNormalization", [x] + names, self.shape[x], self.over_channels(x, gamma, beta), axis=-1, epsilon=1e-6)

    def layer_norm_primitives(self, x):
        """LayerNorm over the last axis as exporters write it below opset 17."""
        centre = self.mean_over(x, [-1])
        centred = self.elementwise("Sub", x, centre, Moments())
        deviation = self.root_mean_square(centred)
        y = self.elementwise("Div", centred, deviation, Moments())
        names, gamma, beta = self.gamma_beta(self.shape[x][-1], 1.0)
        moments = self.over_channels(x, gamma, beta)
        return self.add(self.mul(y, names[0], moments), names[1], moments)

    def root_mean_square(self, x):
        square = self.elementwise("Pow", x, self.constant(2.0), Moments(1.0, 2.0))
        mean = self.add(self.mean_over(square, [-1]), self.constant(1e-6), Moments(1.0, 0.0))
        return self.node("Sqrt", [mean], self.shape[mean], Moments(1.0, 0.0))

    def rms_norm_primitives(self, x):
        """RMSNorm over the last axis, as LLaMA's is exported: times the reciprocal."""
        reciprocal = self.elementwise("Div", self.constant(1.0), self.root_mean_square(x), Moments(1.0, 0.0))
        y = self.mul(x, reciprocal, self.moments[x])
        gamma = self.around("gamma", [self.shape[x][-1]], 1, 0.1)
        return self.mul(y, gamma, Moments(0.0, 1.0))

    # Elementwise

    def elementwise(self, op, x, y, moments):
        return self.node(op, [x, y], self.broadcast(x, y), moments)

    def add(self, x, y, moments=None):
        return self.elementwise("Add", x, y, moments or self.moments[x].plus(self.moments[y]))

    def mul(self, x, y, moments=None):
        return self.elementwise("Mul", x, y, moments or self.moments[x].times(self.moments[y]))

    def mul_constant(self, x, factor):
        return self.mul(x, self.constant(factor), self.moments[x].affine(factor))

    def scale_channels(self, x, gain=RESIDUAL):
        """A layer scale: a learned factor for each channel."""
        c = self.channels(x)
        return self.mul(x, self.around("gamma", [c, 1, 1], gain, 0.1 * gain), self.moments[x].affine(gain))

    def function(self, op, x, f, inputs=(), **attributes):
        return self.node(op, [x, *inputs], self.shape[x], self.moments[x].through(f), **attributes)

    def relu(self, x):
        return self.function("Relu", x, lambda v: np.maximum(v, 0))

    def relu6(self, x):
        return self.function("Clip", x, lambda v: np.clip(v, 0, 6), [self.constant(0.0), self.constant(6.0)])

    def sigmoid(self, x):
        return self.function("Sigmoid", x, stats.sigmoid)

    def silu(self, x):
        return self.mul(x, self.sigmoid(x), self.moments[x].through(lambda v: v * stats.sigmoid(v)))

    def gelu(self, x):
        """Through Erf, in the primitives that PyTorch writes below opset 20."""
        inner = self.elementwise("Div", x, self.constant(np.sqrt(2)), self.moments[x].affine(np.sqrt(0.5)))
        erf = self.node("Erf", [inner], self.shape[x], Moments(0.0, 0.4))
        doubled = self.moments[x].through(lambda v: 2 * stats.gelu(v))
        return self.mul_constant(self.mul(x, self.add(erf, self.constant(1.0), Moments(1.0, 0.4)), doubled), 0.5)

    def softmax(self, x):
        return self.node("Softmax", [x], self.shape[x], Moments(1 / self.shape[x][-1], 0.0), axis=-1)

    # Reductions

    def mean_over(self, x, axes, moments=None):
        shape = list(self.shape[x])
        for axis in axes:
            shape[axis] = 1
        return self.node("ReduceMean", [x], shape, moments or self.moments[x].merged(), axes=axes, keepdims=1)

    def max_pool(self, x, kernel, stride, pad=0, ceil=False):
        def steps(extent):
            result = (extent + 2 * pad - kernel + (stride - 1 if ceil else 0)) // stride + 1
            # A window that starts behind the input and its front padding is left out.
            return result - 1 if ceil and (result - 1) * stride >= extent + pad else result

        shape = self.shape[x][:2] + [steps(extent) for extent in self.shape[x][2:]]
        return self.node("MaxPool", [x], shape, self.moments[x].largest_of(kernel * kernel), kernel_shape=[kernel] * 2,
                         strides=[stride] * 2, pads=[pad] * 4, ceil_mode=int(ceil))

    def global_average_pool(self, x):
        return self.node("GlobalAveragePool", [x], self.shape[x][:2] + [1, 1], self.moments[x].plane_average())

    # Layout

    def kept(self, x, shape):
        """Moments for another layout: a value a channel while some axis still is the channels."""
        return self.moments[x] if self.moments[x].mean.ndim == 0 or self.moments[x].mean.size in shape else self.moments[x].merged()

    def reshape(self, x, shape):
        if np.prod(shape) != np.prod(self.shape[x]):
            raise ValueError(f"{x} of shape {self.shape[x]} cannot be {list(shape)}: the input's size must divide further")
        return self.node("Reshape", [x, self.constant(shape, np.int64)], shape, self.kept(x, shape))

    def transpose(self, x, order):
        return self.node("Transpose", [x], [self.shape[x][axis] for axis in order], self.moments[x], perm=order)

    def flatten(self, x):
        n, *rest = self.shape[x]
        return self.node("Flatten", [x], [n, int(np.prod(rest))], self.moments[x], axis=1)

    def split(self, x, sizes, axis=1):
        """Parts along an axis; along the channels each part keeps its own moments."""
        shapes = [self.shape[x][:axis] + [size] + self.shape[x][axis + 1:] for size in sizes]
        starts = np.cumsum([0] + list(sizes))
        seen = self.moments[x]
        by_channel = seen.mean.ndim == 1 and seen.mean.size == starts[-1]
        parts = [seen[start:start + size] if by_channel else seen for start, size in zip(starts, sizes)]
        return self.results_of("Split", [x, self.constant(sizes, np.int64)], shapes, parts, axis=axis)

    def concat(self, parts, axis=1, moments=None):
        shape = list(self.shape[parts[0]])
        for part in parts:
            rest = [extent for i, extent in enumerate(self.shape[part]) if i != axis % len(shape)]
            if rest != [extent for i, extent in enumerate(shape) if i != axis % len(shape)]:
                raise ValueError(f"{parts[0]} is {shape} and {part} is {self.shape[part]}: the input's size must divide further")
        counts = [self.shape[part][axis] for part in parts]
        shape[axis] = sum(counts)
        return self.node("Concat", parts, shape, moments or stats.joined([self.moments[part] for part in parts], counts), axis=axis)

    def upsample(self, x):
        n, c, h, w = self.shape[x]
        return self.node("Resize", [x, "", self.constant([1, 1, 2, 2])], [n, c, 2 * h, 2 * w], self.moments[x], mode="nearest",
                         coordinate_transformation_mode="asymmetric", nearest_mode="floor")

    # Idioms that several families share

    def conv_bn(self, x, out, kernel, stride=1, groups=1, activation=None, gain=1.0, pad=None):
        y = self.batch_norm(self.conv(x, out, kernel, stride, groups, pad), gain)
        return activation(y) if activation else y

    def squeeze_excite(self, x, hidden, activation):
        """Hu et al., CVPR 2018: channels gated by what their averages say."""
        squeezed = self.mean_over(x, [2, 3], self.moments[x].plane_average())
        gate = activation(self.conv(squeezed, hidden, 1, bias=True))
        return self.mul(x, self.sigmoid(self.conv(gate, self.channels(x), 1, bias=True)))

    def classifier(self, x, classes=1000):
        return self.gemm(self.flatten(self.global_average_pool(x)), classes)
