"""Draws normalizations."""
import numpy as np

from .windows import image


def channels_and_images(c):
    rank = c.pick([2, 3, 4, 4, 5])
    return [c.integer(1, 3), c.pick([1, 2, 3, 6, 8])] + c.shape(rank - 2, rank - 2, 60)


def epsilon(c):
    c.sometimes(0.6, epsilon=float(np.float32(c.pick([1e-5, 1e-3, 0.1, 1e-7]))))


def batch_norm(c):
    shape = channels_and_images(c)
    constant = c.chance(0.85)
    c.given(c.reals(shape))
    for low, high in ((-2, 2), (-2, 2), (-2, 2), (0.1, 3)):
        c.given(c.reals(shape[1:2], low, high), constant)
    epsilon(c)
    c.sometimes(0.3, momentum=float(np.float32(0.7)))
    if c.opset >= 14:
        c.sometimes(0.2, training_mode=0)


def instance_norm(c):
    shape = channels_and_images(c)
    constant = c.chance(0.85)
    c.given(c.reals(shape)).given(c.reals(shape[1:2]), constant).given(c.reals(shape[1:2]), constant)
    epsilon(c)
    c.valid = np.prod(shape[2:]) > 1  # of one element float32 leaves x s - mean s, which is 0 but for its rounding


def group_norm(c):
    groups, each = c.integer(1, 4), c.integer(1, 3)
    shape = [c.integer(1, 2), groups * each] + c.shape(0, 3, 60)
    length = [groups if c.opset < 21 else groups * each]
    constant = c.chance(0.85)
    c.given(c.reals(shape)).given(c.reals(length), constant).given(c.reals(length), constant).set(num_groups=groups)
    epsilon(c)


def layer_norm(c):
    shape = c.shape(1, 6)
    axis = c.axis(len(shape))
    constant = c.chance(0.85)
    affine = shape[axis:] if c.chance(0.8) else c.shrunk(shape[axis:])
    c.given(c.reals(shape)).given(c.reals(affine), constant)
    if c.op == "LayerNormalization" and c.chance(0.7):
        c.given(c.reals(affine), constant)
    epsilon(c)
    c.sometimes(0.3 if axis == -1 else 1, axis=axis)


def lp_norm(c):
    shape = c.shape(1, 6)
    c.given(c.reals(shape)).sometimes(0.7, axis=c.axis(len(shape))).sometimes(0.7, p=c.integer(1, 2))


def mean_variance_norm(c):
    shape = c.shape(1, 5)
    if len(shape) == 4 and c.chance(0.3):
        return c.given(c.reals(shape))
    c.given(c.reals(shape)).set(axes=[axis % len(shape) for axis in c.axes(len(shape), 1)])


def local_norm(c):
    shape = image(c, c.pick([1, 2, 2]), c.pick([1, 3, 6, 9]))
    c.given(c.reals(shape)).set(size=c.pick([1, 2, 3, 4, 5]))
    for name, low, high in (("alpha", 1e-4, 0.5), ("beta", 0.3, 1.2), ("bias", 0.5, 2)):
        c.sometimes(0.6, **{name: float(np.float32(c.random.uniform(low, high)))})
