"""A drawn node: its opset, inputs and attributes, and what draws them."""
import numpy as np


NORMALS = {"float32": np.float32, "float64": np.float64, "int32": np.int32, "int64": np.int64, "int8": np.int8, "uint8": np.uint8,
           "bool": np.bool_}


class Case:
    """One node: its opset, its inputs as (values, constant) or None where one is left out, its attributes, the number of its outputs."""

    def __init__(self, random, op, opset, domain, fill):
        """`fill` draws inputs and attributes."""
        self.random, self.op, self.opset = random, op, opset
        self.inputs, self.attributes, self.outputs = [], {}, 1
        self.domain, self.unnamed = domain, set()  # outputs that are left out, by their place
        self.valid = True  # False where runtimes differ about what ONNX leaves open
        fill(self)

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
