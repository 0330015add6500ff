#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scratch.h"
#include "kernels/mac/conv.h"
#include "kernels/mac/conv_direct.h"
#include "kernels/mac/conv_transpose.h"
#include "kernels/mac/taps.h"
#include "kernels/tensor/gemm.h"

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
  Scratch<double> plane_memory;  // not kept: as large as the network's largest activation
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

Tensor golden_conv_transpose(const ConvTransposeProblem& p, const Tensor& x, const Tensor& weights,
                             const std::vector<double>& bias, std::size_t rank) {
  Tensor y = Tensor::filled(conv_transpose_shape(p, rank), 0);
  for (std::int64_t o = 0; o < p.n * p.oc && !bias.empty(); ++o)
    std::fill_n(y.values.begin() + o * p.oh * p.ow, p.oh * p.ow, bias.at(static_cast<std::size_t>(o % p.oc)));
  const Scatter scatter{p.ih,       p.iw,       p.oh,      p.ow,       p.kh,         p.kw,
                        p.stride_h, p.stride_w, p.pad_top, p.pad_left, p.dilation_h, p.dilation_w};
  const std::int64_t inputs = p.group_inputs(), each = p.group_outputs();
  for (std::int64_t i = 0; i < p.n * p.groups; ++i) {  // samples, and their groups
    const std::int64_t g = i % p.groups;
    transposed_group(scatter, inputs, each, x.values.data() + i * inputs * p.ih * p.iw,
                     weights.values.data() + g * inputs * each * p.kh * p.kw,
                     y.values.data() + i * each * p.oh * p.ow);
  }
  return y;
}

}  // namespace bpusim
