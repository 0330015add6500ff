"""Draws operators that only a CPU runs: order, places, bits, samplings."""
import numpy as np

from .windows import image
from .moves import reduction


def top_k(c):
    shape = c.shape(1)
    axis = c.axis(len(shape), None if c.opset >= 11 else 0)
    k = c.integer(1, shape[axis])
    c.given(c.numbers(shape, c.dtype("int32", "int64", "float64") if c.opset >= 11 else "float32"))
    if c.opset >= 10:
        c.whole([k])
    else:
        c.set(k=k)
    c.sometimes(0.3 if axis in (-1, len(shape) - 1) else 1, axis=axis)
    if c.opset >= 11:
        c.sometimes(0.5, largest=c.integer(0, 1)).sometimes(0.3, sorted=1)
    c.outputs = 2


def hardmax(c):
    shape = c.shape(1)
    c.given(c.reals(shape)).sometimes(0.8, axis=c.axis(len(shape), None if c.opset >= 11 else 0))


def reduction_word(c, additions, extremes):
    words = (["none", "add", "mul"] if c.opset >= additions else []) + (["max", "min"] if c.opset >= extremes else [])
    if words and c.chance(0.7):
        c.set(reduction=c.pick(words))
    return c.attributes.get("reduction", "none")


def scatter_elements(c):
    shape = c.shape(1, 5)
    axis = c.axis(len(shape))
    if c.op == "Scatter":
        axis %= len(shape)
    reduction = reduction_word(c, 16, 18)
    chosen = [c.integer(1, extent) for extent in shape]
    chosen[axis] = c.integer(1, shape[axis]) if reduction == "none" else c.extent()
    rows = np.argsort(c.random.random([*chosen[:axis % len(shape)], shape[axis], *chosen[axis % len(shape) + 1:]]), axis % len(shape))
    at = np.take(rows, range(chosen[axis]), axis % len(shape)) if reduction == "none" else c.random.integers(0, shape[axis], chosen)
    dtype = c.dtype("int64", "int32")
    c.maybe(c.numbers(shape, dtype)).maybe(np.asarray(at - (shape[axis] if c.opset >= 11 and c.chance(0.3) else 0), np.int64), 0.5)
    c.maybe(c.numbers(chosen, dtype, -2, 2)).sometimes(0.3 if axis == 0 else 1, axis=axis)


def scatter_nd(c):
    shape = c.shape(1, 5, 400)
    depth = c.integer(1, len(shape))
    reduction = reduction_word(c, 16, 18)
    places = int(np.prod(shape[:depth]))
    count = c.integer(1, min(places, 12)) if reduction == "none" else c.integer(1, 12)
    flat = c.random.permutation(places)[:count] if reduction == "none" else c.random.integers(0, places, count)
    tuples = np.stack(np.unravel_index(flat, shape[:depth]), -1).astype(np.int64)
    dtype = c.dtype("int64", "int32")
    c.maybe(c.numbers(shape, dtype)).maybe(tuples, 0.5).maybe(c.numbers([count] + shape[depth:], dtype, -2, 2))


def finding(c):
    c.given(c.numbers(c.shape(1), c.dtype("int64", "bool", probability=0.5)), True)


def compress(c):
    shape = c.shape(1)
    axis = c.axis(len(shape), None if c.opset >= 11 else 0)
    flat = c.chance(0.3)
    condition = c.random.random(np.prod(shape) if flat else shape[axis]) < 0.6
    condition[0] = True
    c.given(c.numbers(shape, c.dtype("int64")), True).given(condition, True)
    if not flat:
        c.set(axis=axis)


def unique(c):
    shape = c.shape(1, 3, 60)
    c.given(np.asarray(c.random.integers(-2, 3, shape), c.pick([np.float32, np.int64])), True)
    if c.chance(0.6):
        c.set(axis=c.axis(len(shape)))
    c.sometimes(0.6, sorted=c.integer(0, 1))
    c.outputs = 4


def suppression(c):
    samples, boxes, classes = c.integer(1, 2), c.integer(1, 12), c.integer(1, 3)
    centred = c.chance(0.4)
    corners = c.random.uniform(0, 1, [samples, boxes, 4])
    if not centred and c.chance(0.7):
        corners[..., 2:] += corners[..., :2]
    c.given(np.asarray(corners, np.float32), True).given(np.asarray(c.random.random([samples, classes, boxes]), np.float32), True)
    c.whole([c.integer(1, 6)]).given(np.asarray([c.random.uniform(0, 0.7)], np.float32), True)
    if c.chance():
        c.given(np.asarray([c.random.uniform(0, 0.4)], np.float32), True)
    c.sometimes(1 if centred else 0.3, center_point_box=int(centred))


def cumulative(c):
    shape = c.shape(1)
    c.given(c.numbers(shape, c.dtype("int32", "int64", "float64"))).whole(c.axis(len(shape)))
    c.sometimes(0.5, exclusive=c.integer(0, 1)).sometimes(0.5, reverse=c.integer(0, 1))


def reverse_sequence(c):
    shape = c.shape(2, 5)
    time = c.integer(0, 1)
    lengths = np.asarray(c.random.integers(1, shape[time] + 1, shape[1 - time]), np.int64)
    c.given(c.numbers(shape, c.dtype("int64", "bool"))).maybe(lengths, 0.7)
    c.sometimes(1 if time else 0.5, time_axis=time, batch_axis=1 - time)


def bit_pair(c):
    a, b = c.broadcast(2)
    kinds = ["uint8"] if c.op == "BitShift" else ["int32", "int64", "uint8", "int8"]
    dtype = c.pick(kinds)
    c.given(c.numbers(a, dtype)).maybe(c.numbers(b, dtype, 0, 1) if c.op == "BitShift" else c.numbers(b, dtype), 0.3)
    if c.op == "BitShift":
        c.set(direction=c.pick(["LEFT", "RIGHT"]))


def bit_not(c):
    c.given(c.numbers(c.shape(), c.pick(["int32", "int64", "uint8", "int8"])))


def is_infinite(c):
    c.given(c.reals(c.shape()))
    if c.op == "IsInf":
        c.sometimes(0.5, detect_negative=c.integer(0, 1))


def square(c):
    n = c.integer(1, 5)
    matrices = c.reals(c.shape(0, 2, 30) + [n, n], -1, 1) + 3 * np.eye(n, dtype=np.float32)
    c.given(np.asarray(matrices, np.float32))


def eye_like(c):
    c.given(c.numbers(c.shape(2, 2), c.dtype("int64", "int32"))).sometimes(0.6, k=c.integer(-3, 3)).sometimes(0.5, dtype=c.pick([1, 6, 7]))


def grid_sample(c):
    volume = c.opset >= 20 and c.chance(0.3)
    x = image(c, 3 if volume else 2, c.integer(1, 3))
    grid = [x[0]] + [c.integer(1, 6) for _ in x[2:]] + [len(x) - 2]
    cubic = "cubic" if c.opset >= 20 else "bicubic"
    linear = "linear" if c.opset >= 20 else "bilinear"
    corners = c.integer(0, 1)
    places = c.random.uniform(-1.3, 1.3, grid)
    c.given(c.reals(x)).maybe(np.asarray(places, np.float32), 0.4)
    c.sometimes(0.8, mode=c.pick([linear, linear, "nearest"] + ([] if volume else [cubic])))
    c.sometimes(0.8, padding_mode=c.pick(["zeros", "border", "reflection"])).sometimes(0.8, align_corners=corners)


def roi_align(c):
    x = [c.integer(1, 3), c.integer(1, 3), c.integer(4, 12), c.integer(4, 12)]
    regions = c.integer(1, 4)
    corner = c.random.uniform(0, 5, [regions, 2])
    boxes = np.concatenate([corner, corner + c.random.uniform(1, 6, [regions, 2])], 1)
    c.given(c.reals(x)).maybe(np.asarray(boxes, np.float32), 0.5).given(np.asarray(c.random.integers(0, x[0], regions), np.int64), c.chance(0.7))
    c.sometimes(0.8, output_height=c.integer(1, 4), output_width=c.integer(1, 4)).sometimes(0.7, sampling_ratio=c.integer(0, 3))
    c.sometimes(0.6, spatial_scale=float(c.pick([0.5, 1.0, 0.75])))
    if c.opset >= 16:
        c.sometimes(0.6, coordinate_transformation_mode=c.pick(["half_pixel", "output_half_pixel"]))
    c.sometimes(0.2, mode="max")


# Recurrent layers.
ACTIVATIONS = {"Relu": 0, "Tanh": 0, "Sigmoid": 0, "Softsign": 0, "Affine": 2, "LeakyRelu": 1, "ThresholdedRelu": 1, "ScaledTanh": 2,
               "HardSigmoid": 2, "Elu": 1}
