"""Draws products, convolutions and pools."""
import numpy as np


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
