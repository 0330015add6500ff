"""Classifiers of depthwise convolutions: MobileNet V2 and V4, EfficientNet, MobileOne, FasterNet."""
from .builder import RESIDUAL


def mobilenet_v2(b):
    x = b.conv_bn(b.input, 32, 3, 2, activation=b.relu6)
    for expansion, channels, blocks, first_stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                                                      (6, 160, 3, 2), (6, 320, 1, 1)]:
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            inner, residual = b.channels(x) * expansion, stride == 1 and b.channels(x) == channels
            y = x if expansion == 1 else b.conv_bn(x, inner, 1, activation=b.relu6)
            y = b.conv_bn(y, inner, 3, stride, groups=inner, activation=b.relu6)
            y = b.conv_bn(y, channels, 1, gain=RESIDUAL if residual else 1.0)
            x = b.add(x, y) if residual else y
    return [b.classifier(b.conv_bn(x, 1280, 1, activation=b.relu6))]


# Blocks of MobileNetV4-conv-small: channels, expanded channels, the depthwise kernels before and after the expansion
# (0: none), stride.
UNIVERSAL_BOTTLENECKS = [
    (96, 192, 5, 5, 2), (96, 192, 0, 3, 1), (96, 192, 0, 3, 1), (96, 192, 0, 3, 1), (96, 192, 0, 3, 1), (96, 384, 3, 0, 1),
    (128, 576, 3, 3, 2), (128, 512, 5, 5, 1), (128, 512, 0, 5, 1), (128, 384, 0, 5, 1), (128, 512, 0, 3, 1), (128, 512, 0, 3, 1),
]


def universal_bottleneck(b, x, channels, inner, before, after, stride):
    residual = stride == 1 and b.channels(x) == channels
    y = b.batch_norm(b.depthwise(x, before, 1 if after else stride)) if before else x
    y = b.conv_bn(y, inner, 1, activation=b.relu)
    if after:
        y = b.conv_bn(y, inner, after, stride, groups=inner, activation=b.relu)
    y = b.conv_bn(y, channels, 1, gain=RESIDUAL if residual else 1.0)
    return b.add(y, x) if residual else y


def mobilenet_v4_conv_small(b):
    x = b.conv_bn(b.input, 32, 3, 2, activation=b.relu)
    for inner, channels in [(32, 32), (96, 64)]:  # fused: a full convolution, then a product
        x = b.conv_bn(b.conv_bn(x, inner, 3, 2, activation=b.relu), channels, 1, activation=b.relu)
    for block in UNIVERSAL_BOTTLENECKS:
        x = universal_bottleneck(b, x, *block)
    x = b.global_average_pool(b.conv_bn(x, 960, 1, activation=b.relu))
    return [b.gemm(b.flatten(b.conv_bn(x, 1280, 1, activation=b.relu)), 1000)]


def efficientnet_b2(b):
    """B0 with 1.1 times the channels, rounded to eight, and 1.2 times the blocks."""
    x = b.conv_bn(b.input, 32, 3, 2, activation=b.silu)
    for expansion, channels, blocks, kernel, first_stride in [(1, 16, 2, 3, 1), (6, 24, 3, 3, 2), (6, 48, 3, 5, 2), (6, 88, 4, 3, 2),
                                                              (6, 120, 4, 5, 1), (6, 208, 5, 5, 2), (6, 352, 2, 3, 1)]:
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            entry, residual = b.channels(x), stride == 1 and b.channels(x) == channels
            y = x if expansion == 1 else b.conv_bn(x, entry * expansion, 1, activation=b.silu)
            y = b.conv_bn(y, b.channels(y), kernel, stride, groups=b.channels(y), activation=b.silu)
            y = b.squeeze_excite(y, entry // 4, b.silu)
            y = b.conv_bn(y, channels, 1, gain=RESIDUAL if residual else 1.0)
            x = b.add(y, x) if residual else y
    return [b.classifier(b.conv_bn(x, 1408, 1, activation=b.silu))]


def mobileone(b, widths, excited=(0, 0, 0, 0)):
    """The deploy form: branches and BatchNorms are one convolution. The last `excited` blocks of a stage carry SE."""

    def layer(x, channels, kernel, stride=1, groups=1, squeeze=False):
        y = b.conv(x, channels, kernel, stride, groups, bias=True)
        return b.relu(b.squeeze_excite(y, channels // 16, b.relu) if squeeze else y)

    x = layer(b.input, min(64, int(64 * widths[0])), 3, 2)
    for base, width, blocks, last in zip([64, 128, 256, 512], widths, [2, 8, 10, 1], excited):
        for block in range(blocks):
            squeeze = block >= blocks - last
            x = layer(x, b.channels(x), 3, 2 if block == 0 else 1, groups=b.channels(x), squeeze=squeeze)
            x = layer(x, int(base * width), 1, squeeze=squeeze)
    return [b.classifier(x)]


def fasternet(b, width, depths, activation):
    """Partial convolution: a quarter of the channels is convolved, the rest passes by."""
    act = getattr(b, activation)
    x = b.conv_bn(b.input, width, 4, 4, pad=0)
    for stage, blocks in enumerate(depths):
        if stage > 0:
            x = b.conv_bn(x, 2 * b.channels(x), 2, 2, pad=0)
        for _ in range(blocks):
            c = b.channels(x)
            part, rest = b.split(x, [c // 4, c - c // 4])
            y = b.concat([b.conv(part, c // 4, 3), rest])
            y = b.conv(b.conv_bn(y, 2 * c, 1, activation=act), c, 1, gain=RESIDUAL)
            x = b.add(x, y)
    x = act(b.conv(b.global_average_pool(x), 1280, 1))
    return [b.gemm(b.flatten(x), 1000)]
