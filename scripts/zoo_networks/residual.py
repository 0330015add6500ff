"""Plain, residual and branching classifiers: ResNet, ResNet-IBN, RepVGG, GoogLeNet."""
from .builder import RESIDUAL


def stem(b):
    return b.max_pool(b.conv_bn(b.input, 64, 7, 2, activation=b.relu), 3, 2, 1)


def resnet18(b):
    x = stem(b)
    for stage, channels in enumerate([64, 128, 256, 512]):
        for block in range(2):
            stride = 2 if stage > 0 and block == 0 else 1
            y = b.conv_bn(x, channels, 3, stride, activation=b.relu)
            y = b.conv_bn(y, channels, 3, gain=RESIDUAL)
            if stride == 2:
                x = b.conv_bn(x, channels, 1, 2)
            x = b.relu(b.add(y, x))
    return [b.classifier(x)]


def ibn(b, x):
    """InstanceNorm on the first half of the channels, BatchNorm on the rest, as exporters write it."""
    c = b.channels(x)
    first, second = b.split(x, [c // 2, c - c // 2])
    return b.concat([b.instance_norm(first), b.batch_norm(second)])


def resnet50_ibn_a(b):
    x = stem(b)
    for stage, (width, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)]):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            y = b.conv(x, width, 1)
            y = b.relu(ibn(b, y) if stage < 3 else b.batch_norm(y))
            y = b.conv_bn(y, width, 3, stride, activation=b.relu)
            y = b.conv_bn(y, 4 * width, 1, gain=RESIDUAL)
            if block == 0:
                x = b.conv_bn(x, 4 * width, 1, stride)
            x = b.relu(b.add(y, x))
    return [b.classifier(x)]


def repvgg(b, blocks, widths, groups=1):
    """The deploy form: each block's branches and BatchNorms are one convolution. Every second one takes the groups."""
    x = b.relu(b.conv(b.input, min(64, int(64 * widths[0])), 3, 2, bias=True))
    number = 1
    for base, width, count in zip([64, 128, 256, 512], widths, blocks):
        for block in range(count):
            grouped = groups if number % 2 == 0 else 1
            x = b.relu(b.conv(x, int(base * width), 3, 2 if block == 0 else 1, groups=grouped, bias=True))
            number += 1
    return [b.classifier(x)]


# Channels of the four branches: 1x1; 3x3 behind its reduction; the second 3x3 behind its own; the pooled one.
INCEPTIONS = {
    3: [(64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)],
    4: [(192, 96, 208, 16, 48, 64), (160, 112, 224, 24, 64, 64), (128, 128, 256, 24, 64, 64), (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128)],
    5: [(256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)],
}


def googlenet(b):
    """With BatchNorm, and 3x3 for the 5x5 branch: so is the form that torchvision trained."""

    def layer(x, channels, kernel, stride=1):
        return b.conv_bn(x, channels, kernel, stride, activation=b.relu)

    x = b.max_pool(layer(b.input, 64, 7, 2), 3, 2, ceil=True)
    x = layer(layer(x, 64, 1), 192, 3)
    for stage, blocks in INCEPTIONS.items():
        x = b.max_pool(x, 2 if stage == 5 else 3, 2, ceil=True)
        for one, reduced, three, reduced_more, five, pooled in blocks:
            x = b.concat([layer(x, one, 1), layer(layer(x, reduced, 1), three, 3), layer(layer(x, reduced_more, 1), five, 3),
                          layer(b.max_pool(x, 3, 1, 1, ceil=True), pooled, 1)])
    return [b.classifier(x)]
