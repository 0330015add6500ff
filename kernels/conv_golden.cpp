#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/conv.h"
#include "kernels/conv_direct.h"
#include "kernels/gemm.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"
#include "kernels/taps.h"

namespace bpusim {

namespace {

// One output channel, on top of what is there.
void direct_channel(const ConvProblem& p, const TapPlanes<double>& planes, const double* weights,
                    std::int64_t channel, double* y) {
  thread_local Scratch<double> row_memory;
  double* row = row_memory.reserve(static_cast<std::size_t>(p.ow + kTapSlack));
  const std::int64_t first = channel / p.group_outputs() * p.group_inputs();
  const std::vector<std::int64_t> offsets = planes.tap_offsets(p.group_inputs());
  for (std::int64_t oy = 0; oy < p.oh; ++oy, y += p.ow) {
    std::copy_n(y, p.ow, row);
    add_taps(TapSums<double>{weights, planes.under(first, oy, 0, 0), offsets.data(), p.taps()}, p.ow, row);
    std::copy_n(row, p.ow, y);
  }
}

void one_sample(const ConvProblem& p, const double* x, const double* weights, double* y) {
  thread_local Scratch<double> plane_memory;
  const TapSource<double> source{x, p.ic, 0, p.ih, 0, p.oh};
  TapPlanes<double> planes(p, source);
  const bool direct = p.suits_direct();
  if (!direct && planes.as_it_is(source)) {
    planes.read_from(x);
  } else {
    double* padded = plane_memory.reserve(static_cast<std::size_t>(p.ic * planes.plane() + kTapSlack));
    std::fill_n(padded + p.ic * planes.plane(), kTapSlack, 0.0);
    parallel_for(p.ic, p.ic * planes.plane(),
                 [&](std::int64_t c) { planes.fill(source, c, 1, padded, [](double v) { return v; }); });
    planes.read_from(padded);
  }
  const std::int64_t pixels = p.oh * p.ow, taps = p.taps(), outputs = p.group_outputs();
  if (direct) {
    parallel_for(p.oc, p.macs() / p.n,
                 [&](std::int64_t o) { direct_channel(p, planes, weights + o * taps, o, y + o * pixels); });
    return;
  }
  parallel_for(p.groups, p.macs() / p.n, [&](std::int64_t g) {
    gemm(outputs, pixels, taps, weights + g * outputs * taps, taps,
         TapRows<double>(p, planes, g * p.group_inputs()), y + g * outputs * pixels, pixels);
  });
}

// Where a transposed convolution's inputs go.
struct Scatter {
  std::int64_t ih, iw, oh, ow, kh, kw, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w;

  // Adds what the inputs give under the tap (ky, kx) to one output channel.
  void add(const double* products, std::int64_t ky, std::int64_t kx, double* y) const {
    const std::int64_t offset = kx * dilation_w - pad_left;  // ix * stride_w + offset within [0, ow)
    const std::int64_t first = offset >= 0 ? 0 : (-offset + stride_w - 1) / stride_w;
    const std::int64_t last = std::min(iw, ow - offset <= 0 ? 0 : (ow - offset + stride_w - 1) / stride_w);
    for (std::int64_t iy = 0; iy < ih; ++iy) {
      const std::int64_t oy = iy * stride_h + ky * dilation_h - pad_top;
      if (oy < 0 || oy >= oh) continue;
      for (std::int64_t ix = first; ix < last; ++ix)
        y[oy * ow + ix * stride_w + offset] += products[iy * iw + ix];
    }
  }
};

// One group of one sample: products [outputs of a few channels * taps][pixels] as a matrix product over the
// inputs, then each to where its tap leads. x [inputs][pixels], weights [inputs][outputs][taps].
void transposed_group(const Scatter& scatter, std::int64_t inputs, std::int64_t outputs, const double* x,
                      const double* weights, double* y) {
  const std::int64_t taps = scatter.kh * scatter.kw, pixels = scatter.ih * scatter.iw;
  constexpr std::int64_t kProducts = 1 << 20;  // at a time
  const std::int64_t some = std::clamp<std::int64_t>(kProducts / (taps * pixels), 1, outputs);
  std::vector<double> products, turned;
  for (std::int64_t o = 0; o < outputs; o += some) {
    const std::int64_t count = std::min(some, outputs - o), rows = count * taps;
    turned.resize(static_cast<std::size_t>(rows * inputs));
    for (std::int64_t c = 0; c < inputs; ++c)
      for (std::int64_t r = 0; r < rows; ++r)
        turned[static_cast<std::size_t>(r * inputs + c)] = weights[(c * outputs + o) * taps + r];
    products.assign(static_cast<std::size_t>(rows * pixels), 0);
    gemm(rows, pixels, inputs, turned.data(), inputs, DenseRows<double>(x, pixels), products.data(), pixels);
    parallel_for(count, rows * pixels, [&](std::int64_t k) {
      for (std::int64_t t = 0; t < taps; ++t)
        scatter.add(products.data() + (k * taps + t) * pixels, t / scatter.kw, t % scatter.kw,
                    y + (o + k) * scatter.oh * scatter.ow);
    });
  }
}

}  // namespace

Tensor golden_conv(const ConvProblem& p, const Tensor& x, const Tensor& weights,
                   const std::vector<double>& bias, std::size_t rank) {
  Tensor y = Tensor::filled(conv_output_shape(p, rank), 0);
  const std::int64_t pixels = p.oh * p.ow;
  for (std::int64_t i = 0; i < p.n * p.oc && !bias.empty(); ++i)
    std::fill_n(y.values.begin() + i * pixels, pixels, bias[static_cast<std::size_t>(i % p.oc)]);
  for (std::int64_t s = 0; s < p.n; ++s)
    one_sample(p, x.values.data() + s * p.ic * p.ih * p.iw, weights.values.data(),
               y.values.data() + s * p.oc * pixels);
  return y;
}

Tensor golden_conv_transpose(const Attributes& a, const Tensor& x, const Tensor& weights,
                             const std::vector<double>& bias) {
  if (x.shape.size() != 4 || weights.shape.size() != 4 || weights.shape[0] != x.shape[1])
    throw std::invalid_argument("ConvTranspose: " + to_string(weights.shape) + " does not fit an input of " +
                                to_string(x.shape) + " (two spatial axes are supported)");
  if (a.get("auto_pad", std::string("NOTSET")) != "NOTSET" ||
      !a.get("output_shape", std::vector<std::int64_t>{}).empty())
    throw std::invalid_argument("ConvTranspose: auto_pad and output_shape are not supported");
  const auto list = [&](const char* name, std::size_t size, std::int64_t fallback) {
    auto values = a.get(name, std::vector<std::int64_t>(size, fallback));
    if (values.size() != size)
      throw std::invalid_argument(std::string("ConvTranspose: wrong number of ") + name);
    return values;
  };
  const auto s = list("strides", 2, 1), d = list("dilations", 2, 1), pads = list("pads", 4, 0),
             extra = list("output_padding", 2, 0);
  const std::int64_t groups = a.get("group", std::int64_t{1}), n = x.shape[0], ic = x.shape[1],
                     ih = x.shape[2], iw = x.shape[3];
  const std::int64_t each = weights.shape[1], kh = weights.shape[2], kw = weights.shape[3],
                     oc = each * groups;
  const std::int64_t oh = (ih - 1) * s[0] + extra[0] + (kh - 1) * d[0] + 1 - pads[0] - pads[2];
  const std::int64_t ow = (iw - 1) * s[1] + extra[1] + (kw - 1) * d[1] + 1 - pads[1] - pads[3];
  if (groups < 1 || ic % groups != 0 || oh < 1 || ow < 1)
    throw std::invalid_argument("ConvTranspose: nothing is left of the output");
  Tensor y = Tensor::filled({n, oc, oh, ow}, 0);
  for (std::int64_t o = 0; o < n * oc && !bias.empty(); ++o)
    std::fill_n(y.values.begin() + o * oh * ow, oh * ow, bias.at(static_cast<std::size_t>(o % oc)));
  const Scatter scatter{ih, iw, oh, ow, kh, kw, s[0], s[1], pads[0], pads[1], d[0], d[1]};
  const std::int64_t inputs = ic / groups;
  for (std::int64_t i = 0; i < n * groups; ++i) {  // samples, and their groups
    const std::int64_t g = i % groups;
    transposed_group(scatter, inputs, each, x.values.data() + i * inputs * ih * iw,
                     weights.values.data() + g * inputs * each * kh * kw,
                     y.values.data() + i * each * oh * ow);
  }
  return y;
}

}  // namespace bpusim
