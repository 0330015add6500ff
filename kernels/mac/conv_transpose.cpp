#include "kernels/mac/conv_transpose.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

#include "kernels/mac/conv_int16.h"
#include "kernels/not_run.h"

namespace bpusim {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("ConvTranspose: " + what);
}

// Attributes of one spatial axis, and what follows from them.
struct Axis {
  std::int64_t in, kernel, stride, dilation, pad_before, pad_after, extra,
      wanted;  // wanted: 0, or the extent
  std::int64_t before = 0, out = 0;
};

void resolve(Axis& a, const std::string& auto_pad) {
  const std::int64_t full = (a.in - 1) * a.stride + a.extra + (a.kernel - 1) * a.dilation + 1;
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (a.wanted == 0 && !same) {
    if (auto_pad == "VALID") a.pad_before = a.pad_after = 0;
    a.before = a.pad_before;
    a.out = full - a.pad_before - a.pad_after;
    return;
  }
  a.out = a.wanted != 0 ? a.wanted : a.in * a.stride;
  const std::int64_t total = std::max<std::int64_t>(0, full - a.out);
  a.before = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
}

// Taps of a phase along one axis: kernel positions first, first + step, …, which read inputs `dilation`
// apart; and where its first output reads.
struct PhaseAxis {
  std::int64_t first = 0, step = 1, taps = 0, dilation = 1, outputs = 0, pad = 0;
};

PhaseAxis phase_axis(std::int64_t start, std::int64_t pad, std::int64_t kernel, std::int64_t stride,
                     std::int64_t dilation, std::int64_t outputs) {
  const std::int64_t common = std::gcd(stride, dilation);
  PhaseAxis a;
  a.step = stride / common;
  a.dilation = dilation / common;
  // Kernel position k is of this phase where k * dilation is start + pad but for whole strides; after `step`
  // positions that comes again.
  while (a.first < a.step && (start + pad - a.first * dilation) % stride != 0) ++a.first;
  const bool reached = a.first < a.step;
  a.taps = reached && a.first < kernel ? (kernel - a.first + a.step - 1) / a.step : 0;
  a.outputs = outputs > start ? (outputs - start + stride - 1) / stride : 0;
  // Output i takes tap j from input (start + pad - first * dilation) / stride + i - j * a.dilation: turned
  // round, a padding before.
  const std::int64_t before = reached ? start + pad - a.first * dilation : 0;
  a.pad = (std::max<std::int64_t>(a.taps, 1) - 1) * a.dilation - before / stride;
  return a;
}

PhaseAxis phase_rows(const ConvTransposeProblem& p, std::int64_t row) {
  return phase_axis(row, p.pad_top, p.kh, p.stride_h, p.dilation_h, p.oh);
}
PhaseAxis phase_columns(const ConvTransposeProblem& p, std::int64_t column) {
  return phase_axis(column, p.pad_left, p.kw, p.stride_w, p.dilation_w, p.ow);
}

}  // namespace

ConvTransposeProblem resolve_conv_transpose(const Attributes& at, const Shape& x, const Shape& weights) {
  const std::size_t rank = x.size(), spatial = rank < 2 ? 0 : rank - 2;
  if (rank > 4) throw NotRun("ConvTranspose: input " + to_string(x) + " has more than two spatial axes");
  if (rank < 3 || weights.size() != rank || weights[0] != x[1])
    refuse(to_string(weights) + " does not fit an input of " + to_string(x));
  for (const auto& shape : {x, weights})
    for (const std::int64_t extent : shape)
      if (extent < 1) refuse("shape " + to_string(shape) + " holds an empty dimension");
  const auto list = [&](const char* name, std::size_t size, std::int64_t fallback) {
    auto values = at.get(name, std::vector<std::int64_t>{});
    if (values.empty()) values.assign(size, fallback);
    if (values.size() != size) refuse(std::string(name) + " needs " + std::to_string(size) + " values");
    return values;
  };
  const auto given = at.get("kernel_shape", std::vector<std::int64_t>{});
  if (!given.empty() && given != std::vector<std::int64_t>(weights.begin() + 2, weights.end()))
    refuse("kernel_shape " + to_string(given) + " contradicts weights of " + to_string(weights));
  const auto stride = list("strides", spatial, 1), dilation = list("dilations", spatial, 1),
             pads = list("pads", 2 * spatial, 0), extra = list("output_padding", spatial, 0);
  auto wanted = at.get("output_shape", std::vector<std::int64_t>{});
  if (wanted.size() == rank) wanted.erase(wanted.begin(), wanted.begin() + 2);
  if (!wanted.empty() && wanted.size() != spatial) refuse("output_shape needs a value a spatial axis");
  const std::string auto_pad = at.get("auto_pad", std::string("NOTSET"));
  std::vector<Axis> axes(2, Axis{1, 1, 1, 1, 0, 0, 0, 0});
  for (std::size_t d = 0; d < spatial; ++d)
    axes[d + 2 - spatial] = {x[d + 2], weights[d + 2],    stride[d], dilation[d],
                             pads[d],  pads[d + spatial], extra[d],  wanted.empty() ? 0 : wanted[d]};
  for (std::size_t d = 0; d < 2; ++d) resolve(axes[d], d + spatial < 2 ? "NOTSET" : auto_pad);
  ConvTransposeProblem p;
  p.groups = at.get("group", std::int64_t{1});
  p.n = x[0];
  p.ic = x[1];
  p.oc = weights[1] * p.groups;
  const Axis &h = axes[0], &w = axes[1];
  p.ih = h.in, p.kh = h.kernel, p.oh = h.out, p.stride_h = h.stride, p.dilation_h = h.dilation;
  p.iw = w.in, p.kw = w.kernel, p.ow = w.out, p.stride_w = w.stride, p.dilation_w = w.dilation;
  p.pad_top = h.before;
  p.pad_left = w.before;
  if (p.groups < 1 || p.ic % p.groups != 0 || p.oh < 1 || p.ow < 1 || p.stride_h < 1 || p.stride_w < 1)
    refuse("nothing is left of the output");
  return p;
}

Shape conv_transpose_shape(const ConvTransposeProblem& p, std::size_t rank) {
  return rank == 4 ? Shape{p.n, p.oc, p.oh, p.ow} : Shape{p.n, p.oc, p.ow};
}

Tensor forward_weights(const ConvTransposeProblem& p, const Tensor& weights) {
  const std::int64_t plane = p.kh * p.kw, each = p.group_outputs(), inputs = p.group_inputs();
  Tensor forward;
  forward.shape = {p.oc, inputs, p.kh, p.kw};
  if (weights.values.empty()) return forward;
  forward.values.resize(weights.values.size());
  for (std::int64_t c = 0; c < p.ic; ++c)
    for (std::int64_t o = 0; o < each; ++o) {
      const std::int64_t to = (c / inputs * each + o) * inputs + c % inputs;
      std::copy_n(weights.values.begin() + (c * each + o) * plane, plane,
                  forward.values.begin() + to * plane);
    }
  return forward;
}

std::vector<ConvPhase> phases_of(const ConvTransposeProblem& p) {
  std::vector<ConvPhase> phases;
  std::int64_t weights = 0;
  for (std::int64_t row = 0; row < p.stride_h; ++row)
    for (std::int64_t column = 0; column < p.stride_w; ++column) {
      const PhaseAxis h = phase_rows(p, row), w = phase_columns(p, column);
      if (h.outputs == 0 || w.outputs == 0) continue;
      ConvPhase phase;
      ConvProblem& c = phase.problem;
      c.n = p.n, c.ic = p.ic, c.ih = p.ih, c.iw = p.iw, c.oc = p.oc, c.groups = p.groups;
      c.kh = std::max<std::int64_t>(h.taps, 1);
      c.kw = std::max<std::int64_t>(w.taps, 1);
      c.oh = h.outputs, c.ow = w.outputs, c.pad_top = h.pad, c.pad_left = w.pad;
      c.dilation_h = h.dilation, c.dilation_w = w.dilation;
      phase.row = row;
      phase.column = column;
      phase.first_weight = weights;
      weights += c.oc * c.taps();
      phases.push_back(phase);
    }
  return phases;
}

std::vector<std::int8_t> phase_weights(const ConvTransposeProblem& p,
                                       const std::vector<std::int8_t>& forward) {
  std::vector<std::int8_t> weights;
  for (const ConvPhase& phase : phases_of(p)) {
    const ConvProblem& c = phase.problem;
    const PhaseAxis h = phase_rows(p, phase.row), w = phase_columns(p, phase.column);
    for (std::int64_t k = 0; k < c.oc * c.group_inputs(); ++k)
      for (std::int64_t y = c.kh; y-- > 0;)
        for (std::int64_t x = c.kw; x-- > 0;) {
          const std::int64_t ky = h.first + y * h.step, kx = w.first + x * w.step;
          weights.push_back(y < h.taps && x < w.taps
                                ? forward[static_cast<std::size_t>((k * p.kh + ky) * p.kw + kx)]
                                : std::int8_t{0});
        }
  }
  return weights;
}

std::vector<double> exact_conv_transpose(const ConvTransposeProblem& p, const ConvPlan& plan,
                                         const std::vector<std::int8_t>& weights,
                                         const std::vector<std::int64_t>& codes,
                                         const std::vector<double>& scales, const std::vector<double>& bias) {
  std::vector<double> exact(static_cast<std::size_t>(p.n * p.oc * p.oh * p.ow));
  for (const ConvPhase& phase : phases_of(p)) {
    const ConvProblem& c = phase.problem;
    ConvPlan part;
    part.problem = c;
    part.in = plan.in;
    part.out = plan.out;
    const auto first = weights.begin() + phase.first_weight;
    part.weights.assign(first, first + c.oc * c.taps());
    const auto values = takes_int16(part) ? exact_conv_int16(part, codes, scales, bias)
                                          : exact_conv(part, codes, scales, bias);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(values.size()); ++i) {
      const std::int64_t x = i % c.ow, y = i / c.ow % c.oh, plane = i / (c.ow * c.oh);
      exact[static_cast<std::size_t>((plane * p.oh + phase.row + y * p.stride_h) * p.ow + phase.column +
                                     x * p.stride_w)] = values[static_cast<std::size_t>(i)];
    }
  }
  return exact;
}

}  // namespace bpusim
