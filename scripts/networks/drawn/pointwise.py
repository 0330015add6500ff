"""Draws functions of one element, and operators on several tensors element by element."""
import numpy as np


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
