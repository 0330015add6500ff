"""Image to image: style transfer with InstanceNorm, U-Net with GroupNorm."""
from .builder import RESIDUAL


def style_transfer(b):
    """Zeros for the reflected padding, and upsampling before a convolution for the transposed one (Odena et al., 2016)."""

    def layer(x, channels, kernel, stride=1):
        return b.relu(b.instance_norm(b.conv(x, channels, kernel, stride)))

    x = layer(layer(layer(b.input, 32, 9), 64, 3, 2), 128, 3, 2)
    for _ in range(5):
        x = b.add(b.instance_norm(b.conv(layer(x, 128, 3), 128, 3), RESIDUAL), x)
    x = layer(b.upsample(x), 64, 3)
    x = layer(b.upsample(x), 32, 3)
    return [b.conv(x, 3, 9, bias=True)]


def unet_group_norm(b):
    """Four levels as published, at half its width, padded, GroupNorm (8 groups) behind each convolution, nearest upsampling."""

    def double(x, channels):
        for _ in range(2):
            x = b.relu(b.group_norm(b.conv(x, channels, 3), 8))
        return x

    skips, x = [], b.input
    for channels in (32, 64, 128, 256):
        x = double(x, channels)
        skips.append(x)
        x = b.max_pool(x, 2, 2)
    x = double(x, 512)
    for skip in reversed(skips):
        x = b.conv(b.upsample(x), b.channels(skip), 3, bias=True)
        x = double(b.concat([skip, x]), b.channels(skip))
    return [b.conv(x, 2, 1, bias=True)]
