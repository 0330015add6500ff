"""Mean and variance of what flows through a network, so that weights can be scaled without running it.

The variance is over positions and channels together. Values are taken as normal and independent of each other.
"""
import math

import numpy as np

POINTS, DENSITY = np.polynomial.hermite_e.hermegauss(24)
DENSITY = DENSITY / DENSITY.sum()

# Of a plane's variance, what its average keeps: channels differ, and neighbours are alike.
PLANE_SHARE = 0.3


class Moments:
    """Mean and variance. Behind a convolution there is a variance a channel, for the norm that may follow."""

    def __init__(self, mean=0.0, variance=1.0):
        self.mean, self.variance = np.asarray(mean, float), np.asarray(variance, float)

    def merged(self):
        """One variance for all channels."""
        return Moments(self.mean, self.variance.mean())

    def plus(self, other):
        return Moments(self.mean + other.mean, self.variance + other.variance)

    def times(self, other):
        """Product of two independent factors."""
        spread = self.variance * other.variance + self.variance * other.mean**2 + other.variance * self.mean**2
        return Moments(self.mean * other.mean, spread)

    def scaled(self, factor):
        return Moments(self.mean * factor, self.variance * factor**2)

    def through(self, function):
        """After a function of one element, by Gauss-Hermite quadrature."""
        values = function(self.mean + np.sqrt(self.variance) * POINTS)
        mean = (values * DENSITY).sum()
        return Moments(mean, (values**2 * DENSITY).sum() - mean**2)

    def largest_of(self, count):
        """The largest of `count` values; sqrt(2 ln count) is its asymptote for normal ones, 0.7 of it fits 4 to 25."""
        return Moments(self.mean + 0.7 * math.sqrt(2 * math.log(count)) * np.sqrt(self.variance), self.variance)

    def plane_average(self):
        return Moments(self.mean, PLANE_SHARE * self.variance)

    def attended(self, count):
        """Averages of `count` values; with Softmax of unit normal scores the squared shares sum to e / count."""
        alone = min(1.0, math.e / count)
        return Moments(self.mean, self.variance * (PLANE_SHARE + (1 - PLANE_SHARE) * alone))


def joined(parts, counts):
    """Tensors behind each other, with their extents."""
    shares = np.asarray(counts) / sum(counts)
    means, variances = (np.array([float(getattr(part, what)) for part in parts]) for what in ("mean", "variance"))
    mean = (shares * means).sum()
    return Moments(mean, (shares * (variances + (means - mean) ** 2)).sum())


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
