"""Draws nodes of one operator each, over shapes, attributes, types and opsets: what scripts/check-operators runs.

OPERATORS maps each operator to the function that fills a Case: its inputs, constant or not, and attributes. A case may turn out to be no
valid ONNX (a kernel larger than the image, a type that a runtime lacks): whoever runs it draws again.
"""
import numpy as np

NORMALS = {"float32": np.float32, "float64": np.float64, "int32": np.int32, "int64": np.int64, "int8": np.int8, "uint8": np.uint8,
           "bool": np.bool_}


class Case:
    """One node: its opset, its inputs as (values, constant) or None where one is left out, its attributes, the number of its outputs."""

    def __init__(self, random, op, opset):
        self.random, self.op, self.opset = random, op, opset
        self.inputs, self.attributes, self.outputs = [], {}, 1
        self.domain, self.unnamed = "", set()  # outputs that are left out, by their place
        self.valid = True  # False where runtimes differ about what ONNX leaves open
        OPERATORS[op](self)
        if op in MICROSOFT:
            self.domain = "com.microsoft"

    # Choices.
    def integer(self, low, high):
        return int(self.random.integers(low, high + 1))

    def chance(self, probability=0.5):
        return self.random.random() < probability

    def pick(self, choices):
        return choices[self.integer(0, len(choices) - 1)]

    def extent(self):
        return self.pick([1, 1, 2, 2, 3, 3, 4, 5, 7, 8, 16, 17])

    def shape(self, low=0, high=6, most=1500):
        shape = [self.extent() for _ in range(self.integer(low, high))]
        while np.prod(shape, dtype=int) > most:
            shape[int(np.argmax(shape))] = self.integer(1, 3)
        return shape

    def axis(self, rank, low=None):
        """Of a tensor of that rank, from the front or from the back."""
        return self.integer(-rank if low is None else low, rank - 1)

    def axes(self, rank, fewest=0):
        chosen = self.random.permutation(rank)[:self.integer(min(fewest, rank), rank)]
        return [int(axis) - (rank if self.chance(0.4) else 0) for axis in chosen]

    def shrunk(self, shape):
        """A shape that broadcasts to this one."""
        kept = [1 if self.chance(0.3) else extent for extent in shape]
        return kept[self.integer(0, len(kept)):] if self.chance(0.4) else kept

    def broadcast(self, count, most=1500):
        """Shapes that broadcast together, both ways."""
        whole = self.shape(most=most)
        return [whole if self.chance(0.4) else self.shrunk(whole) for _ in range(count)]

    # Numbers.
    def reals(self, shape, low=-4, high=4):
        if self.chance(0.4) and low < 0 < high:
            values = np.clip(self.random.normal(0, high / 3, shape), low, high)
        else:
            values = self.random.uniform(low, high, shape)
        if self.chance(0.3):
            values = np.clip(np.round(values * 2) / 2, low, high)  # ties, zeros, equal ones
        return np.asarray(values, np.float32)

    def numbers(self, shape, dtype="float32", low=-4, high=4):
        if dtype == "bool":
            return np.asarray(self.random.random(shape) < 0.5)
        if dtype.startswith("float"):
            return self.reals(shape, low, high).astype(NORMALS[dtype])
        low, high = (max(low, 0) if dtype[0] == "u" else low), high * 5
        return np.asarray(self.random.integers(int(np.ceil(low)), int(high) + 1, shape), NORMALS[dtype])

    # Inputs and attributes.
    def given(self, values, constant=False):
        self.inputs.append((np.asarray(values), bool(constant)))
        return self

    def maybe(self, values, probability=0.2):
        """An input that is a constant now and then."""
        return self.given(values, self.chance(probability))

    def whole(self, values):
        """A list of whole numbers, or one, that is a constant."""
        return self.given(np.asarray(values, np.int64), True)

    def without(self):
        self.inputs.append(None)
        return self

    def set(self, **attributes):
        self.attributes.update(attributes)
        return self

    def sometimes(self, probability=0.5, **attributes):
        return self.set(**attributes) if self.chance(probability) else self

    def dtype(self, *others, probability=0.3):
        """float32, or another type that the operator takes."""
        return self.pick(others) if others and self.chance(probability) else "float32"


# Functions of one element.
def function(low, high, *types, **attributes):
    def fill(c):
        if types and c.chance(0.3):
            dtype = c.pick(types)
            c.given(c.numbers(c.shape(), dtype, low, high))
        else:
            c.given(c.numbers(c.shape(), c.dtype("float64", probability=0.1), low, high))
        for name, (least, most) in attributes.items():
            c.sometimes(0.6, **{name: float(np.float32(c.random.uniform(least, most)))})
    return fill


def gelu(c):
    function(-4, 4)(c)
    c.sometimes(0.6, approximate=c.pick(["none", "tanh"]))


def clip(c):
    dtype = c.dtype("int32", "int64", "int8", "uint8") if c.opset >= 12 else "float32"
    c.given(c.numbers(c.shape(), dtype))
    low, high = (c.numbers([], dtype, -3, 0), c.numbers([], dtype, 0, 3))
    bounds = [low if c.chance(0.7) else None, high if c.chance(0.7) else None]
    if c.opset < 11:
        for name, bound in zip(("min", "max"), bounds):
            if bound is not None:
                c.set(**{name: float(bound)})
        return
    for bound in bounds[:2 if bounds[1] is not None else 1]:
        c.without() if bound is None else c.given(bound, c.chance(0.9))


# Several tensors, element by element.
def pair(*types, low=-4, high=4, probability=0.3):
    def fill(c):
        dtype = c.dtype(*types, probability=probability)
        a, b = c.broadcast(2)
        first = c.chance(0.15)
        c.given(c.numbers(a, dtype, low, high), first)
        c.given(c.numbers(b, dtype, low, high), not first and c.chance(0.3))
    return fill


def away_from_zero(values):
    return np.where(np.abs(values) < 0.5, np.asarray(1, values.dtype), values).astype(values.dtype)


def divide(c):
    dtype = c.dtype("int32", "int64", "float64")
    a, b = c.broadcast(2)
    c.maybe(c.numbers(a, dtype, -8, 8), 0.1).maybe(away_from_zero(c.numbers(b, dtype)), 0.3)


def modulo(c):
    dtype = c.dtype("int32", "int64", "int8", "uint8", probability=0.6)
    a, b = c.broadcast(2)
    c.given(c.numbers(a, dtype, -8, 8)).maybe(away_from_zero(c.numbers(b, dtype)), 0.5)
    if dtype.startswith("float") or c.chance():
        c.set(fmod=1)


def power(c):
    a, b = c.broadcast(2)
    if c.chance(0.6):
        c.given(c.reals(a, 0.1, 3)).maybe(c.reals(b, -2, 3), 0.5)
    else:
        exponent = c.random.integers(0, 4, b)
        c.given(c.reals(a, -3, 3)).maybe(np.asarray(exponent, np.float32 if c.opset < 12 or c.chance() else np.int64), 0.7)


def prelu(c):
    x = c.shape(1)
    c.given(c.reals(x)).given(c.reals(c.shrunk(x), -1, 1), c.chance(0.8))


def several(*types):
    def fill(c):
        dtype = c.dtype(*types) if types and c.opset >= 12 else "float32"
        for shape in c.broadcast(c.integer(1, 4), 600):
            c.maybe(c.numbers(shape, dtype), 0.15)
    return fill


def where(c):
    dtype = c.dtype("int64", "int32", "uint8", "bool")
    condition, a, b = c.broadcast(3)
    c.maybe(c.numbers(condition, "bool"), 0.3).maybe(c.numbers(a, dtype)).maybe(c.numbers(b, dtype))


TYPE_NUMBERS = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9, "float64": 11, "float16": 10}


def cast(c):
    source = c.pick(["float32", "float32", "int32", "int64", "bool", "uint8", "int8", "float64"])
    to = c.pick(list(TYPE_NUMBERS))
    # What does not fit an unsigned type is undefined.
    c.given(c.numbers(c.shape(), source, 0 if to[0] == "u" else -4, 4)).set(to=TYPE_NUMBERS[to])


# Products and convolutions.
def matmul(c):
    batch = c.broadcast(1, 40)[0][:4]
    m, k, n = c.extent(), c.pick([1, 3, 8, 20, 33]), c.extent()
    dtype = c.dtype("int32", "int64", probability=0.1)
    a, b = c.shrunk(batch) + [m, k], c.shrunk(batch) + [k, n]
    if c.chance(0.15):
        a = [k]
    if c.chance(0.15):
        b = [k]
    constant = c.chance(0.6)
    c.given(c.numbers(a, dtype), not constant and c.chance(0.2)).given(c.numbers(b, dtype, -1, 1), constant)


def gemm(c):
    m, k, n = c.extent(), c.pick([1, 3, 8, 20, 33]), c.extent()
    ta, tb = c.chance(), c.chance()
    c.given(c.reals([k, m] if ta else [m, k])).maybe(c.reals([n, k] if tb else [k, n], -1, 1), 0.7)
    if c.opset < 11 or c.chance(0.7):
        c.maybe(c.reals(c.pick([[], [1], [n], [1, n], [m, 1], [m, n], [1, 1]])), 0.7)
    c.sometimes(0.8 if ta else 0.3, transA=int(ta)) if not ta else c.set(transA=1)
    c.sometimes(0.3, transB=0) if not tb else c.set(transB=1)
    for name in ("alpha", "beta"):
        c.sometimes(0.4, **{name: float(np.float32(c.random.uniform(-2, 2)))})


EQUATIONS = ["ij,jk->ik", "bij,bjk->bik", "bhid,bhjd->bhij", "bhij,bhjd->bhid", "ij->ji", "ij->i", "ij->", "i,j->ij", "i,i->", "ij,ij->ij",
             "bij,jk", "ii->i", "ii", "ijk,kl->ijl", "bnhc,bmhc->bhnm", "...ij,...jk->...ik", "...i,i->...", "ab,bc,cd->ad", "ij,j->i",
             "bik,bjk->ij", "i...->...i", "ijk,ilk->jl", "b i j , b j k -> b i k"]


def einsum(c):
    equation = c.pick(EQUATIONS)
    extents = {letter: c.pick([1, 2, 3, 4, 8]) for letter in "abcdefhijklmn"}
    rest = c.shape(0, 2, 8)
    for i, term in enumerate(equation.split("->")[0].replace(" ", "").split(",")):
        head, dots, tail = term.partition("...")
        c.given(c.reals([extents[x] for x in head] + (rest if dots else []) + [extents[x] for x in tail]), i == 1 and c.chance(0.2))
    c.set(equation=equation)


def window(c, spatial, kernel, dilation, pads_below=3, ceil=False):
    """Attributes of what slides over an image."""
    c.sometimes(0.6, strides=[c.integer(1, 3) for _ in range(spatial)])
    if dilation and c.chance(0.3):
        c.set(dilations=[c.integer(1, 2) for _ in range(spatial)])
    way = c.pick(["none", "pads", "pads", "auto"])
    if way == "pads":
        c.set(pads=[c.integer(0, min(pads_below, k - 1) if ceil else pads_below) for k in list(kernel) * 2])
    if way == "auto":
        c.set(auto_pad=c.pick(["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"]))


def fits(c, x, kernel):
    """Whether the kernel, spread out, lies within the padded input; where it does not, onnxruntime divides -1 by 2."""
    spatial = len(kernel)
    pads, dilations = c.attributes.get("pads", [0] * 2 * spatial), c.attributes.get("dilations", [1] * spatial)
    return all(x[2 + i] + pads[i] + pads[spatial + i] >= (kernel[i] - 1) * dilations[i] + 1 for i in range(spatial))


def image(c, spatial, channels):
    most = {1: 24, 2: 13, 3: 6}[spatial]
    return [c.integer(1, 3), channels] + [c.integer(1 if c.chance(0.2) else 4, most) for _ in range(spatial)]


def dimensions(c):
    return c.pick([1, 2, 2, 2, 2, 3])


def convolution(c):
    spatial, groups = dimensions(c), c.pick([1, 1, 1, 2, 3, 4])
    inputs, outputs = c.pick([1, 2, 3, 5]), c.pick([1, 2, 3, 8])
    kernel = [c.pick([1, 2, 3, 3, 5]) for _ in range(spatial)]
    constant = c.chance(0.9)
    x = image(c, spatial, groups * inputs)
    c.given(c.reals(x)).given(c.reals([groups * outputs, inputs] + kernel, -1, 1), constant)
    if c.chance():
        c.given(c.reals([groups * outputs]), constant)
    window(c, spatial, kernel, True)
    c.valid = fits(c, x, kernel)
    c.sometimes(1 if groups > 1 else 0.3, group=groups).sometimes(0.5, kernel_shape=kernel)


def transposed(c):
    spatial, groups = dimensions(c), c.pick([1, 1, 2, 3])
    inputs, outputs = c.pick([1, 2, 5]), c.pick([1, 2, 4])
    kernel = [c.pick([1, 2, 3, 4]) for _ in range(spatial)]
    x = [c.integer(1, 2), groups * inputs] + [c.integer(1, 7) for _ in range(spatial)]
    constant = c.chance(0.9)
    c.given(c.reals(x)).given(c.reals([groups * inputs, outputs] + kernel, -1, 1), constant)
    if c.chance():
        c.given(c.reals([groups * outputs]), constant)
    window(c, spatial, kernel, True, pads_below=1)
    strides = c.attributes.get("strides", [1] * spatial)
    if any(stride > extent for stride, extent in zip(strides, kernel)) and c.attributes.get("auto_pad", "").startswith("SAME"):
        del c.attributes["auto_pad"]  # no padding makes input times stride of it: ONNX says that it is, onnxruntime that it is not
    if c.chance(0.3):
        c.set(output_padding=[c.integer(0, max(stride - 1, 0)) for stride in strides])
    if c.chance(0.2):
        c.set(output_shape=[x[2 + i] * strides[i] + c.integer(0, 1) for i in range(spatial)])
    c.sometimes(1 if groups > 1 else 0.3, group=groups).sometimes(0.5, kernel_shape=kernel)


# Pools, reductions, softmaxes.
def pool(c):
    spatial = dimensions(c)
    kernel = [c.pick([1, 2, 3, 3, 4]) for _ in range(spatial)]
    largest = c.op == "MaxPool"
    dtype = c.dtype("int8", "uint8", probability=0.15) if largest and c.opset >= 12 else "float32"
    x = image(c, spatial, c.pick([1, 2, 5]))
    c.given(c.numbers(x, dtype)).set(kernel_shape=kernel)
    window(c, spatial, kernel, c.opset >= (10 if largest else 19), ceil=True)
    c.valid = fits(c, x, kernel)
    if c.attributes.get("auto_pad", "").startswith("SAME"):
        c.attributes.pop("dilations", None)  # onnxruntime pads as if there were none
    if c.opset >= 10 and c.attributes.get("auto_pad") != "VALID":  # of 2.5 windows ONNX makes 2 there, onnxruntime 3
        c.sometimes(0.5, ceil_mode=c.integer(0, 1))
    if largest:
        c.sometimes(0.2, storage_order=c.integer(0, 1))
    else:
        c.sometimes(0.5, count_include_pad=c.integer(0, 1))


def global_pool(c):
    c.given(c.reals(image(c, dimensions(c), c.pick([1, 2, 5]))))
    if c.op == "GlobalLpPool":
        c.sometimes(0.6, p=c.integer(1, 3))


def lp_pool(c):
    spatial = c.pick([1, 2, 2])
    kernel = [c.pick([1, 2, 3]) for _ in range(spatial)]
    x = image(c, spatial, c.integer(1, 4))
    c.given(c.reals(x)).set(kernel_shape=kernel).sometimes(0.6, p=c.integer(1, 3))
    window(c, spatial, kernel, c.opset >= 18, ceil=True)
    c.attributes.pop("auto_pad", None)
    c.valid = fits(c, x, kernel)


def roi_pool(c):
    x = [c.integer(1, 2), c.integer(1, 3), c.integer(4, 10), c.integer(4, 10)]
    regions = c.integer(1, 4)
    corner = c.random.uniform(0, 5, [regions, 2])
    boxes = np.concatenate([c.random.integers(0, x[0], [regions, 1]), corner, corner + c.random.uniform(1, 6, [regions, 2])], 1)
    c.given(c.reals(x)).maybe(np.asarray(boxes, np.float32), 0.5).set(pooled_shape=[c.integer(1, 4), c.integer(1, 4)])
    c.sometimes(0.5, spatial_scale=float(c.pick([0.5, 1.0, 0.75])))


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


# What ranks, finds, writes and goes along an axis.
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


# Norms.
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


NUMBERS, TRUTH = ("int32", "int64", "float64"), ("bool",)
OPERATORS = {
    "Abs": function(-4, 4, "int32", "int64", "int8"), "Neg": function(-4, 4, "int32", "int64", "int8"), "Sign": function(-4, 4, "int32", "int64", "uint8"),
    "Acos": function(-1, 1), "Asin": function(-1, 1), "Atanh": function(-0.95, 0.95), "Acosh": function(1, 6), "Asinh": function(-4, 4),
    "Atan": function(-4, 4), "Ceil": function(-4, 4), "Floor": function(-4, 4), "Round": function(-4, 4), "Cos": function(-7, 7),
    "Sin": function(-7, 7), "Tan": function(-1.4, 1.4), "Cosh": function(-3, 3), "Sinh": function(-3, 3), "Tanh": function(-4, 4),
    "Erf": function(-3, 3), "Exp": function(-4, 4), "Log": function(0.1, 6), "Sqrt": function(0, 6), "Reciprocal": function(0.2, 4),
    "Sigmoid": function(-6, 6), "Softplus": function(-6, 6), "Softsign": function(-6, 6), "HardSwish": function(-5, 5),
    "Mish": function(-5, 5), "Relu": function(-4, 4, "int32", "int8"), "Not": lambda c: c.given(c.numbers(c.shape(), "bool")),
    "Celu": function(-4, 4, alpha=(0.2, 2)), "Elu": function(-4, 4, alpha=(0.2, 2)), "LeakyRelu": function(-4, 4, alpha=(-0.5, 1.5)),
    "ThresholdedRelu": function(-4, 4, alpha=(-1, 2)), "Selu": function(-4, 4, alpha=(0.2, 2), gamma=(0.2, 2)),
    "HardSigmoid": function(-4, 4, alpha=(0.1, 0.6), beta=(0.1, 0.8)), "Gelu": gelu, "Clip": clip,
    "Add": pair(*NUMBERS), "Sub": pair(*NUMBERS), "Mul": pair(*NUMBERS), "Div": divide, "Mod": modulo, "Pow": power, "PRelu": prelu,
    "Equal": pair("bool", *NUMBERS), "Less": pair(*NUMBERS), "LessOrEqual": pair(*NUMBERS), "Greater": pair(*NUMBERS),
    "GreaterOrEqual": pair(*NUMBERS), "And": pair(*TRUTH, probability=1), "Or": pair(*TRUTH, probability=1),
    "Xor": pair(*TRUTH, probability=1), "Min": several("int32", "int64", "uint8"), "Max": several("int32", "int64", "uint8"),
    "Sum": several(), "Mean": several(), "Where": where, "Cast": cast,
    "MatMul": matmul, "Gemm": gemm, "Einsum": einsum, "Conv": convolution, "ConvTranspose": transposed,
    "MaxPool": pool, "AveragePool": pool, "GlobalMaxPool": global_pool, "GlobalAveragePool": global_pool,
    "ReduceMean": reduction(), "ReduceSum": reduction(), "ReduceMax": reduction(), "ReduceMin": reduction(), "ReduceL1": reduction(),
    "ReduceL2": reduction(), "ReduceSumSquare": reduction(), "ReduceProd": reduction(-1.5, 1.5), "ReduceLogSum": reduction(0.1, 4),
    "ReduceLogSumExp": reduction(), "ArgMax": arguments, "ArgMin": arguments, "Softmax": softmax, "LogSoftmax": softmax,
    "Transpose": transpose, "Expand": expand, "DepthToSpace": depth_to_space, "SpaceToDepth": space_to_depth, "Flatten": flatten,
    "Reshape": reshape, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Identity": identity, "Dropout": dropout, "Concat": concat,
    "Split": split, "Gather": gather, "GatherElements": gather_elements, "GatherND": gather_nd, "Slice": slice_, "Pad": pad,
    "Resize": resize, "Upsample": upsample, "Shape": shape_of, "Size": identity, "ConstantOfShape": constant_of_shape, "OneHot": one_hot,
    "Range": range_, "Tile": tile, "Trilu": trilu, "BatchNormalization": batch_norm, "InstanceNormalization": instance_norm,
    "GroupNormalization": group_norm, "LayerNormalization": layer_norm, "SimplifiedLayerNormalization": layer_norm,
    "TopK": top_k, "Hardmax": hardmax, "Scatter": scatter_elements, "ScatterElements": scatter_elements, "ScatterND": scatter_nd,
    "NonZero": finding, "Compress": compress, "Unique": unique, "NonMaxSuppression": suppression, "CumSum": cumulative,
    "ReverseSequence": reverse_sequence, "BitShift": bit_pair, "BitwiseAnd": bit_pair, "BitwiseOr": bit_pair, "BitwiseXor": bit_pair,
    "BitwiseNot": bit_not, "IsInf": is_infinite, "IsNaN": is_infinite, "Det": square, "Inverse": square, "EyeLike": eye_like,
    "GridSample": grid_sample, "RoiAlign": roi_align, "LpPool": lp_pool, "GlobalLpPool": global_pool, "MaxRoiPool": roi_pool,
    "Shrink": function(-4, 4, lambd=(0.2, 2), bias=(-1, 1)),
    "RNN": recurrent(1), "GRU": recurrent(3), "LSTM": recurrent(4),
    "FusedConv": fused_conv, "FusedGemm": fused_gemm, "FusedMatMul": fused_matmul, "BiasGelu": biased, "FastGelu": lambda c: biased(c, 0.5),
    "QuickGelu": quick_gelu, "SkipLayerNormalization": skip_norm, "SkipSimplifiedLayerNormalization": skip_norm,
    "EmbedLayerNormalization": embedding, "Attention": attention, "MultiHeadAttention": multi_head,
    "RMSNormalization": layer_norm, "LpNormalization": lp_norm, "MeanVarianceNormalization": mean_variance_norm, "LRN": local_norm,
}

# The opset that brought an operator, where that is later than 9, and the last one of those that have gone.
SINCE = {"Gelu": 20, "HardSwish": 14, "Mish": 18, "LessOrEqual": 12, "GreaterOrEqual": 12, "Celu": 12, "Round": 11, "Range": 11,
         "Mod": 10, "Einsum": 12, "GatherElements": 11, "GatherND": 11, "Resize": 10, "Trilu": 14, "GroupNormalization": 18,
         "LayerNormalization": 17, "RMSNormalization": 23, "CumSum": 11, "ReverseSequence": 10, "BitShift": 11, "BitwiseAnd": 18,
         "BitwiseOr": 18, "BitwiseXor": 18, "BitwiseNot": 18, "IsInf": 10, "Det": 11, "GridSample": 16, "RoiAlign": 10, "ScatterElements": 11,
         "ScatterND": 11, "Unique": 11, "NonMaxSuppression": 10}
UNTIL = {"Upsample": 9, "Scatter": 10}

# Operators of onnxruntime's own domain; their opset is that of the model around them.
MICROSOFT = {"FusedConv", "FusedGemm", "FusedMatMul", "BiasGelu", "FastGelu", "QuickGelu", "SkipLayerNormalization",
             "SkipSimplifiedLayerNormalization", "EmbedLayerNormalization", "Attention", "MultiHeadAttention", "Inverse"}


def operators_of(opset):
    return [op for op in OPERATORS if SINCE.get(op, 9) <= opset <= UNTIL.get(op, opset)]
