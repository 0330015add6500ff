"""Detectors of Ultralytics: YOLOv5u, v8, v11, up to the two tensors of each of the three heads (boxes, classes)."""
from .builder import RESIDUAL
from .moments import Moments

CLASSES = 80
BOX = 64  # four sides of 16 bins


def layer(b, x, channels, kernel, stride=1, groups=1, pad=None, gain=1.0):
    return b.conv_bn(x, channels, kernel, stride, groups, b.silu, gain, pad)


def bottleneck(b, x, inner, kernels, shortcut):
    y = layer(b, layer(b, x, inner, kernels[0]), b.channels(x), kernels[1], gain=RESIDUAL if shortcut else 1.0)
    return b.add(x, y) if shortcut else y


def c2f(b, x, channels, blocks, shortcut=True):
    """Every bottleneck's result is kept for the last product."""
    parts = b.split(layer(b, x, channels, 1), [channels // 2] * 2)
    for _ in range(blocks):
        parts.append(bottleneck(b, parts[-1], channels // 2, (3, 3), shortcut))
    return layer(b, b.concat(parts), channels, 1)


def c3(b, x, channels, blocks, shortcut=True, kernels=(1, 3)):
    """Bottlenecks beside a path around them."""
    y = layer(b, x, channels // 2, 1)
    for _ in range(blocks):
        y = bottleneck(b, y, channels // 2, kernels, shortcut)
    return layer(b, b.concat([y, layer(b, x, channels // 2, 1)]), channels, 1)


def c3k2(b, x, channels, share=0.5, nested=False):
    """c2f whose one block is a bottleneck of half the channels, or a c3 of two."""
    inner = int(channels * share)
    parts = b.split(layer(b, x, 2 * inner, 1), [inner] * 2)
    parts.append(c3(b, parts[-1], inner, 2, kernels=(3, 3)) if nested else bottleneck(b, parts[-1], inner // 2, (3, 3), True))
    return layer(b, b.concat(parts), channels, 1)


def pooled_pyramid(b, x):
    """SPPF: three poolings behind each other, all kept."""
    c = b.channels(x)
    parts = [layer(b, x, c // 2, 1)]
    for _ in range(3):
        parts.append(b.max_pool(parts[-1], 5, 1, 2))
    return layer(b, b.concat(parts), c, 1)


def plane_attention(b, x, heads):
    """Attention over all positions, with a depthwise convolution of the values for their place; keys have half the depth."""
    n, c, h, w = b.shape[x]
    depth, key = c // heads, c // heads // 2
    qkv = b.reshape(b.conv_bn(x, c + 2 * key * heads, 1), [n, heads, 2 * key + depth, h * w])
    query, keys, values = b.split(qkv, [key, key, depth], axis=2)
    scores = b.matmul(b.transpose(query, [0, 1, 3, 2]), keys, Moments(0.0, key))
    shares = b.transpose(b.softmax(b.mul_constant(scores, key**-0.5)), [0, 1, 3, 2])
    y = b.reshape(b.matmul(values, shares, b.moments[values].attended(h * w)), [n, c, h, w])
    place = b.batch_norm(b.depthwise(b.reshape(values, [n, c, h, w]), 3))
    return b.conv_bn(b.add(y, place), c, 1, gain=RESIDUAL)


def c2psa(b, x):
    c = b.channels(x) // 2
    around, y = b.split(layer(b, x, 2 * c, 1), [c, c])
    y = b.add(y, plane_attention(b, y, c // 64))
    y = b.add(y, b.conv_bn(layer(b, y, 2 * c, 1), c, 1, gain=RESIDUAL))
    return layer(b, b.concat([around, y]), 2 * c, 1)


def heads(b, levels, separable=False):
    """Boxes and classes of each level."""
    hidden = max(b.channels(levels[0]), CLASSES)
    outputs = []
    for x in levels:
        y = layer(b, layer(b, x, BOX, 3), BOX, 3)
        outputs.append(b.conv(y, BOX, 1, bias=True))
        for _ in range(2):
            if separable:
                c = b.channels(x)
                x = layer(b, layer(b, x, c, 3, groups=c), hidden, 1)
            else:
                x = layer(b, x, hidden, 3)
        outputs.append(b.conv(x, CLASSES, 1, bias=True))
    return outputs


def yolov8(b, widths, depths):
    x = layer(b, b.input, widths[0], 3, 2)
    levels = []
    for channels, blocks in zip(widths[1:], depths):
        x = c2f(b, layer(b, x, channels, 3, 2), channels, blocks)
        levels.append(x)
    third, fourth, fifth = levels[1], levels[2], pooled_pyramid(b, x)

    def mixed(parts, channels):
        return c2f(b, b.concat(parts), channels, depths[0], shortcut=False)

    middle = mixed([b.upsample(fifth), fourth], widths[3])
    fine = mixed([b.upsample(middle), third], widths[2])
    middle = mixed([layer(b, fine, widths[2], 3, 2), middle], widths[3])
    coarse = mixed([layer(b, middle, widths[3], 3, 2), fifth], widths[4])
    return heads(b, [fine, middle, coarse])


def yolov5su(b):
    """YOLOv5s with the heads of v8."""
    x = layer(b, b.input, 32, 6, 2, pad=2)
    levels = []
    for channels, blocks in zip([64, 128, 256, 512], [1, 2, 3, 1]):
        x = c3(b, layer(b, x, channels, 3, 2), channels, blocks)
        levels.append(x)
    third, fourth, fifth = levels[1], levels[2], layer(b, pooled_pyramid(b, x), 256, 1)

    def mixed(parts, channels):
        return c3(b, b.concat(parts), channels, 1, shortcut=False)

    middle = layer(b, mixed([b.upsample(fifth), fourth], 256), 128, 1)
    fine = mixed([b.upsample(middle), third], 128)
    middle = mixed([layer(b, fine, 128, 3, 2), middle], 256)
    coarse = mixed([layer(b, middle, 256, 3, 2), fifth], 512)
    return heads(b, [fine, middle, coarse])


def yolo11n(b):
    x = layer(b, layer(b, b.input, 16, 3, 2), 32, 3, 2)
    x = c3k2(b, x, 64, share=0.25)
    third = c3k2(b, layer(b, x, 64, 3, 2), 128, share=0.25)
    fourth = c3k2(b, layer(b, third, 128, 3, 2), 128, nested=True)
    x = c3k2(b, layer(b, fourth, 256, 3, 2), 256, nested=True)
    fifth = c2psa(b, pooled_pyramid(b, x))

    middle = c3k2(b, b.concat([b.upsample(fifth), fourth]), 128)
    fine = c3k2(b, b.concat([b.upsample(middle), third]), 64)
    middle = c3k2(b, b.concat([layer(b, fine, 64, 3, 2), middle]), 128)
    coarse = c3k2(b, b.concat([layer(b, middle, 128, 3, 2), fifth]), 256, nested=True)
    return heads(b, [fine, middle, coarse], separable=True)
