"""Mean and variance of what flows through a network, a channel each, so that weights can be scaled without running it.

Values are taken as normal and independent of each other. Both hold roughly: what matters is that every layer's output
stays near unit power, and that running statistics are those of the values that they normalise.
"""
import math

import numpy as np

POINTS, DENSITY = np.polynomial.hermite_e.hermegauss(24)
DENSITY = DENSITY / DENSITY.sum()

# Of the variance within a channel's plane, what its average keeps: neighbours are alike, and so is a whole image.
PLANE_SHARE = 0.1


class Moments:
    """Mean and variance, scalars or one value a channel."""

    def __init__(self, mean=0.0, variance=1.0):
        self.mean, self.variance = np.asarray(mean, float), np.asarray(variance, float)

    def over(self, channels):
        """The same with one value a channel."""
        return Moments(np.broadcast_to(self.mean, (channels,)), np.broadcast_to(self.variance, (channels,)))

    def __getitem__(self, channels):
        return Moments(self.mean[channels], self.variance[channels])

    def merged(self):
        """One value for all channels; their means' spread becomes variance."""
        return Moments(self.mean.mean(), self.variance.mean() + self.mean.var())

    def plus(self, other):
        return Moments(self.mean + other.mean, self.variance + other.variance)

    def times(self, other):
        """Product of two independent factors."""
        spread = self.variance * other.variance + self.variance * other.mean**2 + other.variance * self.mean**2
        return Moments(self.mean * other.mean, spread)

    def affine(self, scale, shift=0.0):
        return Moments(self.mean * scale + shift, self.variance * np.square(scale))

    def through(self, function):
        """After a function of one element, by Gauss-Hermite quadrature."""
        values = function(self.mean[..., None] + np.sqrt(self.variance)[..., None] * POINTS)
        mean = (values * DENSITY).sum(-1)
        return Moments(mean, np.maximum((values**2 * DENSITY).sum(-1) - mean**2, 1e-6))

    def largest_of(self, count):
        """The largest of `count` values; sqrt(2 ln count) is its asymptote for normal ones, 0.7 of it fits 4 to 25."""
        return Moments(self.mean + 0.7 * math.sqrt(2 * math.log(count)) * np.sqrt(self.variance), self.variance / 2)

    def plane_average(self):
        return Moments(self.mean, PLANE_SHARE * self.variance)

    def attended(self, count):
        """Averages of `count` values with Softmax of unit normal scores: the squared shares sum to e / count."""
        return Moments(self.mean, self.variance * min(1.0, math.e / count))


def joined(parts, channels):
    """Channels of several tensors behind each other."""
    spread = [part.over(count) for part, count in zip(parts, channels)]
    return Moments(np.concatenate([part.mean for part in spread]), np.concatenate([part.variance for part in spread]))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
