"""Networks with attention or the blocks around it: ConvNeXt, FastViT, EfficientViT, ViT, a LLaMA block."""
import numpy as np

from .builder import RESIDUAL
from .moments import Moments


def layer_norm_nchw(b, x):
    return b.transpose(b.layer_norm_primitives(b.transpose(x, [0, 2, 3, 1])), [0, 3, 1, 2])


def convnext(b, width, depths):
    x = layer_norm_nchw(b, b.conv(b.input, width, 4, 4, pad=0, bias=True))
    for stage, blocks in enumerate(depths):
        if stage > 0:
            x = b.conv(layer_norm_nchw(b, x), 2 * b.channels(x), 2, 2, pad=0, bias=True)
        for _ in range(blocks):
            c = b.channels(x)
            y = layer_norm_nchw(b, b.depthwise(x, 7, bias=True))
            y = b.conv(b.gelu(b.conv(y, 4 * c, 1, bias=True)), c, 1, bias=True)
            x = b.add(b.scale_channels(y), x)
    return [b.gemm(b.flatten(layer_norm_nchw(b, b.global_average_pool(x))), 1000)]


def fastvit_t12(b):
    """Branches are one convolution each (deploy form); the feed-forward's BatchNorm stays, as in the released export."""
    x = b.gelu(b.conv(b.input, 64, 3, 2, bias=True))
    x = b.gelu(b.depthwise(x, 3, 2, bias=True))
    x = b.gelu(b.conv(x, 64, 1, bias=True))
    for stage, blocks in enumerate([2, 2, 6, 2]):
        if stage > 0:
            c = b.channels(x)
            x = b.conv(x, 2 * c, 7, 2, groups=c, bias=True)
            x = b.gelu(b.conv(x, 2 * c, 1, bias=True))
        for _ in range(blocks):
            c = b.channels(x)
            x = b.depthwise(x, 3, bias=True)  # RepMixer
            y = b.batch_norm(b.depthwise(x, 7))
            y = b.conv(b.gelu(b.conv(y, 3 * c, 1, bias=True)), c, 1, bias=True)
            x = b.add(x, b.scale_channels(y))
    x = b.conv(x, 1024, 3, groups=512, bias=True)
    return [b.classifier(b.gelu(b.squeeze_excite(x, 64, b.relu)))]


def cascaded_attention(b, x, heads, kernels):
    """EfficientViT's: each head also takes in the result of the head before it; a depthwise convolution on the queries."""
    n, c, h, w = b.shape[x]
    key, value, count = 16, c // heads, h * w
    parts = b.split(x, [value] * heads)
    results, entry = [], parts[0]
    for head in range(heads):
        if head > 0:
            entry = b.add(results[-1], parts[head])
        query, keys, values = b.split(b.conv_bn(entry, 2 * key + value, 1), [key, key, value])
        query = b.batch_norm(b.depthwise(query, kernels[head]))
        query, keys, values = (b.reshape(t, [n, b.channels(t), count]) for t in (query, keys, values))
        scores = b.matmul(b.transpose(query, [0, 2, 1]), keys, Moments(0.0, key))
        scores = b.add(b.mul_constant(scores, key**-0.5), b.around("bias", [count, count], 0, 0.5), Moments(0.0, 1.25))
        shares = b.transpose(b.softmax(scores), [0, 2, 1])
        results.append(b.reshape(b.matmul(values, shares, b.moments[values].attended(count)), [n, value, h, w]))
    return b.conv_bn(b.relu(b.concat(results)), c, 1, gain=RESIDUAL)


def window_attention(b, x, heads, kernels, window=7):
    """Attention within windows, where the plane is larger than one."""
    n, c, h, w = b.shape[x]
    if h <= window and w <= window:
        return cascaded_attention(b, x, heads, kernels)
    rows, columns = h // window, w // window
    y = b.reshape(b.transpose(x, [0, 2, 3, 1]), [n, rows, window, columns, window, c])
    y = b.reshape(b.transpose(y, [0, 1, 3, 2, 4, 5]), [n * rows * columns, window, window, c])
    y = cascaded_attention(b, b.transpose(y, [0, 3, 1, 2]), heads, kernels)
    y = b.reshape(b.transpose(y, [0, 2, 3, 1]), [n, rows, columns, window, window, c])
    y = b.reshape(b.transpose(y, [0, 1, 3, 2, 4, 5]), [n, h, w, c])
    return b.transpose(y, [0, 3, 1, 2])


def efficientvit_m5(b):
    def mixed(x):
        """A depthwise convolution and a feed-forward, both residual."""
        x = b.add(x, b.batch_norm(b.depthwise(x, 3), RESIDUAL))
        c = b.channels(x)
        return b.add(x, b.conv_bn(b.conv_bn(x, 2 * c, 1, activation=b.relu), c, 1, gain=RESIDUAL))

    x = b.input
    for channels in (24, 48, 96):
        x = b.conv_bn(x, channels, 3, 2, activation=b.relu)
    x = b.conv_bn(x, 192, 3, 2)
    for stage, (channels, blocks, heads) in enumerate([(192, 1, 3), (288, 3, 3), (384, 4, 4)]):
        if stage > 0:
            x = mixed(x)
            inner = 4 * b.channels(x)
            y = b.conv_bn(x, inner, 1, activation=b.relu)
            y = b.conv_bn(y, inner, 3, 2, groups=inner, activation=b.relu)
            x = mixed(b.conv_bn(b.squeeze_excite(y, inner // 4, b.relu), channels, 1))
        for _ in range(blocks):
            x = mixed(x)
            x = mixed(b.add(x, window_attention(b, x, heads, [7, 5, 3, 3])))
    return [b.gemm(b.batch_norm(b.flatten(b.global_average_pool(x))), 1000)]


def heads_of(b, x, heads):
    """[1, tokens, width] to [1, heads, tokens, width / heads]."""
    n, count, width = b.shape[x]
    return b.transpose(b.reshape(x, [n, count, heads, width // heads]), [0, 2, 1, 3])


def attended(b, query, keys, values, mask=None):
    """Softmax(q k' / sqrt(d)) v over [1, heads, tokens, d], back to [1, tokens, width]."""
    n, heads, count, depth = b.shape[query]
    scores = b.matmul(query, b.transpose(keys, [0, 1, 3, 2]), Moments(0.0, depth))
    scores = b.mul_constant(scores, depth**-0.5)
    if mask:
        scores = b.add(scores, mask, Moments())
    y = b.matmul(b.softmax(scores), values, b.moments[values].attended(count))
    return b.reshape(b.transpose(y, [0, 2, 1, 3]), [n, count, heads * depth])


def vit_tiny(b):
    """Patches of 16, width 192, 12 blocks of 3 heads."""
    width, heads = 192, 3
    x = b.conv(b.input, width, 16, 16, pad=0, bias=True)
    n, _, h, w = b.shape[x]
    x = b.transpose(b.reshape(x, [n, width, h * w]), [0, 2, 1])
    x = b.concat([b.around("class", [1, 1, width], 0, 1), x], axis=1, moments=b.moments[x])
    x = b.add(x, b.around("position", [1, h * w + 1, width], 0, 0.3), b.moments[x])
    for _ in range(12):
        parts = b.split(b.linear(b.layer_norm(x), 3 * width), [width] * 3, axis=2)
        y = attended(b, *(heads_of(b, part, heads) for part in parts))
        x = b.add(x, b.linear(y, width, gain=RESIDUAL))
        y = b.linear(b.gelu(b.linear(b.layer_norm(x), 4 * width)), width, gain=RESIDUAL)
        x = b.add(x, y)
    x = b.layer_norm(x)
    first = b.node("Gather", [x, b.constant(0, np.int64)], [n, width], b.moments[x], axis=1)
    return [b.gemm(first, 1000)]


def rotated(b, x, cosine, sine):
    """Rotary position: x cos + (-second half, first half) sin (Su et al., 2021)."""
    depth = b.shape[x][-1]
    shape = b.shape[x][:-1] + [depth // 2]
    axis, half, end = (b.constant([v], np.int64) for v in (3, depth // 2, depth))
    first = b.node("Slice", [x, b.constant([0], np.int64), half, axis], shape, b.moments[x])
    second = b.node("Slice", [x, half, end, axis], shape, b.moments[x])
    turned = b.concat([b.node("Neg", [second], shape, b.moments[x]), first], axis=3, moments=b.moments[x])
    return b.add(b.mul(x, cosine, b.moments[x]), b.mul(turned, sine, b.moments[x]), b.moments[x])


def rotary_tables(tokens, depth, base=10000.0):
    angles = np.outer(np.arange(tokens), base ** (-np.arange(0, depth, 2) / depth))
    return np.cos(np.hstack([angles, angles])), np.sin(np.hstack([angles, angles]))


def llama_block(b, heads=12, inner=2048):
    """A block of width 768 without biases: RMSNorm, rotary attention, RMSNorm, SwiGLU.

    The causal mask adds -16 in place of minus infinity (1e-7 behind the exponential), so that int8 has a range to stand on.
    """
    _, count, width = b.shape[b.input]
    cosine, sine = (b.constant(table) for table in rotary_tables(count, width // heads))
    mask = b.constant(np.triu(np.full((count, count), -16.0), 1))
    x = b.input
    y = b.rms_norm_primitives(x)
    query, keys, values = (heads_of(b, b.linear(y, width, bias=False), heads) for _ in range(3))
    y = attended(b, rotated(b, query, cosine, sine), rotated(b, keys, cosine, sine), values, mask)
    x = b.add(x, b.linear(y, width, bias=False, gain=RESIDUAL))
    y = b.rms_norm_primitives(x)
    y = b.mul(b.silu(b.linear(y, inner, bias=False)), b.linear(y, inner, bias=False))
    return [b.add(x, b.linear(y, width, bias=False, gain=RESIDUAL))]
