"""Draws reductions, and operators that move, choose or make elements."""
import numpy as np

from .case import NORMALS
from .windows import image


def axes_of(c, rank, as_input, fewest=0):
    """Axes as the opset has them, or none."""
    if c.chance(0.2) and fewest == 0:
        return []
    axes = c.axes(rank, max(fewest, 0 if as_input else 1))
    if as_input:
        c.whole(axes)
    elif axes:
        c.set(axes=axes)
    return axes


def reduction(low=-4, high=4):
    def fill(c):
        # Products and exponentials of whole numbers overflow, each runtime in its way.
        overflows = c.op in ("ReduceProd", "ReduceLogSum", "ReduceLogSumExp")
        dtype = c.dtype(*["float64"] if overflows else ["int32", "int64", "float64"], probability=0.2)
        rank = c.integer(0, 6)
        c.given(c.numbers(c.shape(rank, rank), dtype, low, high))
        as_input = c.opset >= (13 if c.op == "ReduceSum" else 18)
        axes_of(c, rank, as_input)
        c.sometimes(0.7, keepdims=c.integer(0, 1))
        if as_input:
            c.sometimes(0.4, noop_with_empty_axes=c.integer(0, 1))
    return fill


def arguments(c):
    shape = c.shape(1)
    c.given(c.numbers(shape, c.dtype("int32", "int8", "uint8", "float64", probability=0.2)))
    c.sometimes(0.8, axis=c.axis(len(shape), None if c.opset >= 11 else 0)).sometimes(0.6, keepdims=c.integer(0, 1))
    if c.opset >= 12:
        c.sometimes(0.5, select_last_index=c.integer(0, 1))


def softmax(c):
    shape = c.shape(1)
    c.given(c.reals(shape, -6, 6)).sometimes(0.8, axis=c.axis(len(shape), None if c.opset >= 11 else 0))


# What moves elements.
ANY = ("int64", "int32", "uint8", "bool")


def transpose(c):
    shape = c.shape()
    c.given(c.numbers(shape, c.dtype(*ANY))).sometimes(0.8, perm=[int(axis) for axis in c.random.permutation(len(shape))])


def expand(c):
    a, b = c.broadcast(2, 600)
    c.given(c.numbers(a, c.dtype(*ANY))).whole(b)


def depth_to_space(c):
    size = c.integer(1, 4)
    c.given(c.reals([c.integer(1, 2), size * size * c.integer(1, 3), c.extent(), c.integer(1, 5)])).set(blocksize=size)
    if c.opset >= 11:
        c.sometimes(0.7, mode=c.pick(["DCR", "CRD"]))


def space_to_depth(c):
    size = c.integer(1, 3)
    c.given(c.reals([c.integer(1, 2), c.integer(1, 4), size * c.integer(1, 4), size * c.integer(1, 4)])).set(blocksize=size)


def flatten(c):
    shape = c.shape()
    rank = len(shape)
    c.given(c.numbers(shape, c.dtype("int64"))).sometimes(0.8, axis=c.integer(-rank if c.opset >= 11 else 0, rank))


def reshape(c):
    shape = c.shape()
    factors = [extent for extent in shape for _ in range(1)]
    target = [int(x) for x in c.random.permutation(factors)] if c.chance(0.3) else list(shape)
    while len(target) > 1 and c.chance(0.4):
        at = c.integer(0, len(target) - 2)
        target[at:at + 2] = [target[at] * target[at + 1]]
    for _ in range(c.integer(0, 2)):
        target.insert(c.integer(0, len(target)), 1)
    for i in range(min(len(target), len(shape))):
        if target[i] == shape[i] and c.chance(0.2):
            target[i] = 0
    if target and c.chance(0.5):
        target[c.integer(0, len(target) - 1)] = -1
    c.given(c.numbers(shape, c.dtype(*ANY))).whole(np.asarray(target, np.int64).reshape(-1))
    if c.opset >= 14 and 0 not in target:
        c.sometimes(0.2, allowzero=c.integer(0, 1))


def squeeze(c):
    shape = c.shape()
    ones = [i for i, extent in enumerate(shape) if extent == 1]
    axes = [axis - (len(shape) if c.opset >= 11 and c.chance(0.4) else 0) for axis in ones if c.chance(0.7)]
    c.given(c.numbers(shape, c.dtype(*ANY)))
    if axes or (c.opset >= 13 and c.chance(0.2)):
        c.whole(np.asarray(axes, np.int64)) if c.opset >= 13 else c.set(axes=axes)


def unsqueeze(c):
    shape = c.shape(0, 4)
    more = c.integer(1, 3)
    rank = len(shape) + more
    axes = [int(axis) - (rank if c.opset >= 11 and c.chance(0.4) else 0) for axis in c.random.permutation(rank)[:more]]
    c.given(c.numbers(shape, c.dtype(*ANY)))
    c.whole(axes) if c.opset >= 13 else c.set(axes=axes)


def identity(c):
    c.given(c.numbers(c.shape(), c.dtype(*ANY)))


def dropout(c):
    c.given(c.reals(c.shape()))
    if c.opset < 12:
        c.sometimes(0.5, ratio=0.3)
        return
    if c.chance(0.5):
        c.given(np.float32(0.3), True)
        if c.chance(0.5):
            c.given(np.bool_(False), True)


def concat(c):
    shape, dtype = c.shape(1, 6, 400), c.dtype(*ANY)
    axis = c.axis(len(shape), None if c.opset >= 11 else 0)
    for _ in range(c.integer(1, 5)):
        part = list(shape)
        part[axis] = c.extent()
        c.maybe(c.numbers(part, dtype), 0.15)
    c.set(axis=axis)


def split(c):
    shape = c.shape(1)
    axis = c.axis(len(shape), None if c.opset >= 11 else 0)
    pieces = c.integer(1, 4)
    sizes = [c.integer(1, 5) for _ in range(pieces)]
    as_given = c.chance(0.6)
    shape[axis] = sum(sizes) if as_given else pieces * c.integer(1, 4)
    if not as_given and c.opset >= 18 and shape[axis] > 2 * pieces:
        shape[axis] -= c.integer(0, 1)  # the last one is shorter
    c.given(c.numbers(shape, c.dtype("int64", "int32", "uint8"))).sometimes(1 if axis not in (0, -len(shape)) else 0.5, axis=axis)
    if as_given:
        c.whole(sizes) if c.opset >= 13 else c.set(split=sizes)
    elif c.opset >= 18:
        c.set(num_outputs=pieces)
    c.outputs = pieces


def indices(c, extent, shape):
    low = -extent if c.opset >= 11 and c.chance(0.6) else 0
    return np.asarray(c.random.integers(low, extent, shape), c.pick([np.int64, np.int64, np.int32]))


def gather(c):
    shape = c.shape(1, 5, 500)
    axis = c.axis(len(shape), None if c.opset >= 11 else 0)
    c.maybe(c.numbers(shape, c.dtype(*ANY)), 0.15).maybe(indices(c, shape[axis], c.shape(0, 3, 20)), 0.7)
    c.sometimes(0.3 if axis == 0 else 1, axis=axis)


def gather_elements(c):
    shape = c.shape(1, 5)
    axis = c.axis(len(shape))
    chosen = [c.integer(1, extent) for extent in shape]
    chosen[axis] = c.extent()
    c.given(c.numbers(shape, c.dtype(*ANY))).maybe(indices(c, shape[axis], chosen), 0.5).sometimes(0.3 if axis == 0 else 1, axis=axis)


def gather_nd(c):
    shape = c.shape(1, 5)
    batch = c.integer(0, len(shape) - 1) if c.opset >= 12 else 0
    depth = c.integer(1, len(shape) - batch)
    outer = shape[:batch] + c.shape(0, 2, 20)
    if c.chance(0.3) and outer == [] and c.opset < 12:
        outer = [2]
    columns = [c.random.integers(-extent if c.chance() else 0, extent, outer) for extent in shape[batch:batch + depth]]
    c.given(c.numbers(shape, c.dtype(*ANY))).maybe(np.stack(columns, -1).astype(np.int64), 0.6).sometimes(0.3 if batch == 0 else 1,
                                                                                                        batch_dims=batch)


def slice_(c):
    shape = c.shape(1)
    axes = c.axes(len(shape), 1)
    starts, ends, steps = [], [], []
    for axis in axes:
        extent = shape[axis]
        step = c.pick([1, 1, 1, 2, 3, -1, -2]) if c.opset >= 10 else 1
        first, last = c.integer(0, extent - 1), c.integer(0, extent - 1)
        first, last = (min(first, last), max(first, last)) if step > 0 else (max(first, last), min(first, last))
        start = first - (extent if c.chance(0.3) else 0)
        end = last + 1 if step > 0 else last - 1
        if step > 0:
            end = c.pick([end, end, end - extent if end < extent else end, 2**31 - 1 if last == extent - 1 or c.chance(0.3) else end, 2**63 - 1])
        elif end < 0 or c.chance(0.3):
            end = c.pick([-2**31 + 1, -extent - 1, -2**63 + 1])
        starts, ends, steps = starts + [start], ends + [end], steps + [step]
    c.given(c.numbers(shape, c.dtype(*ANY)))
    if c.opset < 10:
        c.set(starts=starts, ends=ends).set(axes=axes)
        return
    c.whole(starts).whole(ends)
    if axes != list(range(len(axes))) or steps.count(1) < len(steps) or c.chance():
        c.whole(axes)
        if steps.count(1) < len(steps) or c.chance(0.3):
            c.whole(steps)


def pad(c):
    shape = c.shape(1, 5, 500)
    mode = c.pick(["constant", "constant", "reflect", "edge"] + (["wrap"] if c.opset >= 19 else []))
    dtype = c.dtype("int64", "int32", "uint8", probability=0.2) if c.opset >= 13 else "float32"
    axes = c.axes(len(shape), 1) if c.opset >= 18 and c.chance(0.4) else list(range(len(shape)))
    low = -1 if c.chance(0.3) else 0

    def draw(axis):
        extent = shape[axis]
        return c.integer(low if extent > 3 else 0, min(3, extent - 1) if mode != "constant" else 3) if c.chance(0.6) else 0
    pads = [draw(axis) for axis in axes * 2]
    c.given(c.numbers(shape, dtype)).sometimes(0.4 if mode == "constant" else 1, mode=mode)
    if c.opset < 11:
        c.set(pads=pads).sometimes(0.4, value=float(np.float32(c.random.uniform(-3, 3))))
        return
    c.whole(pads)
    chosen = len(axes) < len(shape) or axes != list(range(len(shape)))
    if chosen or (mode == "constant" and c.chance(0.5)):
        c.given(c.numbers([], dtype), True) if mode == "constant" and c.chance(0.7) else c.without()
    if chosen:
        c.whole(axes)


def scales_for(c, shape, moved):
    choices = [0.5, 1, 1.5, 2, 2, 3, 0.75, 1.25, 4] if c.op == "Resize" else [1, 1.5, 2, 2, 3]
    return [c.pick(choices) if i in moved else 1.0 for i in range(len(shape))]


def upsample(c):
    spatial = c.pick([1, 2, 2])
    shape = image(c, spatial, c.integer(1, 4))
    scales = np.asarray(scales_for(c, shape, range(2, len(shape))), np.float32)
    c.given(c.reals(shape)).sometimes(0.9, mode=c.pick(["nearest", "linear"]))
    c.given(scales, True)


def resize(c):
    spatial = c.pick([1, 2, 2, 2, 3])
    shape = image(c, spatial, c.integer(1, 3))
    mode = c.pick(["nearest", "nearest", "linear", "linear", "cubic"] if spatial == 2 and c.opset >= 11 else ["nearest", "linear"])
    c.given(c.reals(shape)).sometimes(0.9 if mode == "nearest" else 1, mode=mode)
    moved = list(range(2, len(shape)))
    scales = scales_for(c, shape, moved)
    if c.opset < 11:  # which element is the nearest is not said there: onnxruntime rounds up where it shrinks
        scales = [0.5 if scale == 0.75 else scale for scale in scales]
        return c.given(np.asarray(scales, np.float32), True)
    by_size = c.chance(0.4)
    resize_attributes(c, mode, by_size or all((scale * extent) % 1 == 0 for scale, extent in zip(scales, shape)))
    pick_axes = c.opset >= 18 and c.chance(0.4)
    if pick_axes:
        c.random.shuffle(moved)
        moved = [int(axis) for axis in moved]
        c.set(axes=[axis - (len(shape) if c.chance(0.3) else 0) for axis in moved])
    kept = moved if pick_axes else list(range(len(shape)))
    c.without() if c.opset >= 13 else c.given(np.zeros([0], np.float32), True)
    if by_size:
        c.without() if c.opset >= 13 else c.given(np.zeros([0], np.float32), True)
        # Coordinates of the nearest are exact in float32, too, where a size is a simple multiple.
        sizes = [c.integer(1, 2 * shape[i]) if mode != "nearest" else int(max(shape[i] * c.pick([0.5, 1, 2, 3]), 1)) for i in range(len(shape))]
        c.whole([sizes[i] if i > 1 else shape[i] for i in kept])
        if c.opset >= 18:
            # onnxruntime counts no axes from the back where the ratio is kept, and fractions differ as above.
            kept_ratio = min(c.attributes.get("axes", [0])) >= 0 and c.attributes.get("coordinate_transformation_mode") != "align_corners"
            c.sometimes(0.3, keep_aspect_ratio_policy=c.pick(["stretch"] + (["not_larger", "not_smaller"] if kept_ratio else [])))
    else:
        c.given(np.asarray([scales[i] for i in kept], np.float32), True)


def resize_attributes(c, mode, aligned):
    # Corners of an output of 6.25 elements: ONNX's reference aligns 6.25, onnxruntime 6. Whole ones are drawn with sizes.
    ways = ["half_pixel", "pytorch_half_pixel", "asymmetric"] + (["align_corners"] if aligned else []) + (["half_pixel_symmetric"] if c.opset >= 19 else [])
    c.sometimes(0.7, coordinate_transformation_mode=c.pick(ways))
    if mode == "nearest":
        c.sometimes(0.7, nearest_mode=c.pick(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]))
    if mode == "cubic":
        c.sometimes(0.5, cubic_coeff_a=c.pick([-0.75, -0.5])).sometimes(0.4, exclude_outside=c.integer(0, 1))
    if c.opset >= 18 and mode != "nearest":
        c.sometimes(0.3, antialias=c.integer(0, 1))


def shape_of(c):
    shape = c.shape()
    c.given(c.numbers(shape, c.dtype(*ANY)))
    if c.opset >= 15:
        c.sometimes(0.5, start=c.integer(-len(shape) - 1, len(shape))).sometimes(0.5, end=c.integer(-len(shape) - 1, len(shape) + 1))


def constant_of_shape(c):
    c.whole(np.asarray(c.shape(0, 4, 200), np.int64).reshape(-1))
    c.sometimes(0.8, value=c.numbers([1], c.pick(["float32", "int64", "int32", "bool"])))


def one_hot(c):
    depth = c.integer(1, 6)
    shape = c.shape(0, 3, 60)
    values = np.asarray(c.random.integers(-depth - 1 if c.opset >= 11 else 0, depth + 2, shape), np.int64)
    dtype = c.dtype("int64", "int32")
    c.given(values).whole(depth if c.chance() else [depth]).given(c.numbers([2], dtype), c.chance(0.8))
    c.sometimes(0.6, axis=c.integer(-len(shape) - 1, len(shape)))


def range_(c):
    dtype = c.dtype("int64", "int32", probability=0.7)
    step = c.pick([1, 2, 3, -1, -2] + ([0.5, 0.25, 1.5] if dtype == "float32" else []))
    start = c.integer(-4, 4)
    limit = start + step * c.integer(1, 20) - (c.pick([0, step / 2]) if dtype == "float32" else 0)
    for value in (start, limit, step):
        c.given(np.asarray(value, NORMALS[dtype]), True)


def tile(c):
    shape = c.shape(1, 5, 200)
    c.given(c.numbers(shape, c.dtype(*ANY))).whole([c.pick([1, 1, 2, 3]) for _ in shape])


def trilu(c):
    shape = c.shape(2, 5)
    c.given(c.numbers(shape, c.dtype("int64", "int32", "bool")))
    if c.chance(0.6):
        c.whole(c.integer(-shape[-2] - 1, shape[-1] + 1))
    c.sometimes(0.7, upper=c.integer(0, 1))
