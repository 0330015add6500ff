#include "kernels/conv.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace bpusim {

namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("Conv: " + what);
}

// One spatial axis: padding before it, and its output extent.
struct Axis {
  std::int64_t pad = 0, out = 0;
};

Axis resolve_axis(const std::string& auto_pad, std::int64_t in, std::int64_t kernel, std::int64_t stride,
                  std::int64_t dilation, std::int64_t before, std::int64_t after) {
  const std::int64_t reach = dilation * (kernel - 1) + 1;
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    const std::int64_t out = ceil_div(in, stride);
    const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * stride + reach - in);
    return {auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2, out};
  }
  if (auto_pad == "VALID") before = after = 0;
  const std::int64_t span = in + before + after - reach;
  if (span < 0)
    refuse("the kernel reaches over " + std::to_string(reach) + " of " + std::to_string(in + before + after));
  return {before, span / stride + 1};
}

// Output positions [first, last) whose input position o * stride + offset lies within [0, extent).
struct Range {
  std::int64_t first, last;
};
Range valid(std::int64_t offset, std::int64_t stride, std::int64_t extent, std::int64_t outputs) {
  const std::int64_t first = offset >= 0 ? 0 : ceil_div(-offset, stride);
  const std::int64_t last = extent - offset <= 0 ? 0 : ceil_div(extent - offset, stride);
  return {std::min(first, outputs), std::clamp(last, std::min(first, outputs), outputs)};
}

// Calls visit(sample, oc, oy, kernel index, input row start, offset, range) for each row of taps.
template <class Visit>
void for_each_tap_row(const ConvProblem& p, std::int64_t sample, std::int64_t o, std::int64_t oy,
                      Visit&& visit) {
  const std::int64_t group = o / p.group_outputs();
  for (std::int64_t c = 0; c < p.group_inputs(); ++c) {
    const std::int64_t channel = group * p.group_inputs() + c;
    for (std::int64_t ky = 0; ky < p.kh; ++ky) {
      const std::int64_t iy = oy * p.stride_h - p.pad_top + ky * p.dilation_h;
      if (iy < 0 || iy >= p.ih) continue;
      const std::int64_t row = ((sample * p.ic + channel) * p.ih + iy) * p.iw;
      for (std::int64_t kx = 0; kx < p.kw; ++kx) {
        const std::int64_t offset = kx * p.dilation_w - p.pad_left;
        visit(((o * p.group_inputs() + c) * p.kh + ky) * p.kw + kx, row, offset,
              valid(offset, p.stride_w, p.iw, p.ow));
      }
    }
  }
}

}  // namespace

ConvProblem resolve_conv(const Attributes& attributes, const Shape& input, const Shape& weights) {
  const std::size_t rank = input.size();
  if (rank != 3 && rank != 4) refuse("input " + to_string(input) + " must have rank 3 or 4");
  if (weights.size() != rank) refuse("weights " + to_string(weights) + " must have the input's rank");
  const std::size_t spatial = rank - 2;
  const auto list = [&](const char* name, std::size_t size, std::int64_t fallback) {
    std::vector<std::int64_t> values = attributes.get(name, std::vector<std::int64_t>{});
    if (values.empty()) values.assign(size, fallback);
    if (values.size() != size) refuse(std::string(name) + " needs " + std::to_string(size) + " values");
    for (const std::int64_t v : values)
      if (v < (fallback == 0 ? 0 : 1)) refuse(std::string(name) + " holds " + std::to_string(v));
    if (spatial == 1) {  // a height of 1 in front
      values.insert(values.begin(), fallback);
      if (size == 2) values.insert(values.begin() + 2, fallback);
    }
    return values;
  };
  ConvProblem p;
  p.groups = attributes.get("group", std::int64_t{1});
  p.n = input[0];
  p.ic = input[1];
  p.ih = spatial == 2 ? input[2] : 1;
  p.iw = input.back();
  p.oc = weights[0];
  p.kh = spatial == 2 ? weights[2] : 1;
  p.kw = weights.back();
  for (const auto& shape : {input, weights})
    for (const std::int64_t extent : shape)
      if (extent < 1) refuse("shape " + to_string(shape) + " holds an empty dimension");
  if (p.groups < 1 || p.ic % p.groups != 0 || p.oc % p.groups != 0)
    refuse("group " + std::to_string(p.groups) + " does not divide " + std::to_string(p.ic) + " inputs and " +
           std::to_string(p.oc) + " outputs");
  if (weights[1] != p.group_inputs())
    refuse("weights " + to_string(weights) + " take " + std::to_string(weights[1]) +
           " channels a group, the input has " + std::to_string(p.group_inputs()));
  const auto strides = list("strides", spatial, 1), dilations = list("dilations", spatial, 1),
             pads = list("pads", 2 * spatial, 0);
  const std::string auto_pad = attributes.get("auto_pad", std::string("NOTSET"));
  const Axis h = resolve_axis(auto_pad, p.ih, p.kh, strides[0], dilations[0], pads[0], pads[2]);
  const Axis w = resolve_axis(auto_pad, p.iw, p.kw, strides[1], dilations[1], pads[1], pads[3]);
  p.stride_h = strides[0];
  p.stride_w = strides[1];
  p.dilation_h = dilations[0];
  p.dilation_w = dilations[1];
  p.pad_top = h.pad;
  p.pad_left = w.pad;
  p.oh = h.out;
  p.ow = w.out;
  return p;
}

Shape conv_output_shape(const ConvProblem& p, std::size_t rank) {
  return rank == 4 ? Shape{p.n, p.oc, p.oh, p.ow} : Shape{p.n, p.oc, p.ow};
}

Tensor golden_conv(const ConvProblem& p, const Tensor& x, const Tensor& weights,
                   const std::vector<double>& bias, std::size_t rank) {
  Tensor y = Tensor::filled(conv_output_shape(p, rank), 0);
  double* out = y.values.data();
  for (std::int64_t s = 0; s < p.n; ++s) {
    for (std::int64_t o = 0; o < p.oc; ++o) {
      for (std::int64_t oy = 0; oy < p.oh; ++oy, out += p.ow) {
        std::fill(out, out + p.ow, bias.empty() ? 0.0 : bias[static_cast<std::size_t>(o)]);
        for_each_tap_row(p, s, o, oy, [&](std::int64_t k, std::int64_t row, std::int64_t offset, Range r) {
          const double w = weights.values[static_cast<std::size_t>(k)];
          const double* in = x.values.data() + row + offset;
          for (std::int64_t i = r.first; i < r.last; ++i) out[i] += w * in[i * p.stride_w];
        });
      }
    }
  }
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
  for (std::int64_t i = 0; i < n * ic; ++i) {
    const std::int64_t channel = i % ic, first = i / ic * oc + channel / (ic / groups) * each;
    for (std::int64_t o = 0; o < each; ++o)
      for (std::int64_t ky = 0; ky < kh; ++ky)
        for (std::int64_t kx = 0; kx < kw; ++kx) {
          const double w =
              weights.values[static_cast<std::size_t>(((channel * each + o) * kh + ky) * kw + kx)];
          for (std::int64_t iy = 0; iy < ih; ++iy) {
            const std::int64_t oy = iy * s[0] + ky * d[0] - pads[0];
            if (oy < 0 || oy >= oh) continue;
            for (std::int64_t ix = 0; ix < iw; ++ix) {
              const std::int64_t ox = ix * s[1] + kx * d[1] - pads[1];
              if (ox >= 0 && ox < ow)
                y.values[static_cast<std::size_t>(((first + o) * oh + oy) * ow + ox)] +=
                    w * x.values[static_cast<std::size_t>((i * ih + iy) * iw + ix)];
            }
          }
        }
  }
  return y;
}

FoldedConv fold_batch_norm(const Tensor& weights, const std::vector<double>& bias, const NormPart& bn) {
  FoldedConv folded{weights, std::vector<double>(bn.gamma.size())};
  const std::size_t per_channel = weights.values.size() / bn.gamma.size();
  for (std::size_t o = 0; o < bn.gamma.size(); ++o) {
    const double g = bn.gamma[o] / std::sqrt(bn.variance[o] + bn.epsilon);
    for (std::size_t i = 0; i < per_channel; ++i) folded.weights.values[o * per_channel + i] *= g;
    folded.bias[o] = ((bias.empty() ? 0.0 : bias[o]) - bn.mean[o]) * g + bn.beta[o];
  }
  return folded;
}

std::vector<double> weight_scales(const Tensor& weights) {
  const auto channels = static_cast<std::size_t>(weights.shape[0]);
  const std::size_t each = weights.values.size() / channels;
  std::vector<double> scales(channels, 1.0);
  for (std::size_t o = 0; o < channels; ++o) {
    double largest = 0;
    for (std::size_t i = 0; i < each; ++i)
      largest = std::max(largest, std::abs(weights.values[o * each + i]));
    if (largest > 0) scales[o] = largest / 127;
  }
  return scales;
}

ConvPlan plan_conv(const ConvProblem& problem, const Tensor& weights, const std::vector<double>& bias,
                   const Quantisation& in, const Quantisation& out, const Clamp& clamp, int multiplier_bits,
                   Rounding rounding) {
  ConvPlan plan;
  plan.problem = problem;
  plan.in = in;
  plan.out = out;
  plan.rounding = rounding;
  plan.lowest = out.lowest();
  plan.highest = out.highest();
  if (std::isfinite(clamp.low)) plan.lowest = quantise(clamp.low, out);
  if (std::isfinite(clamp.high)) plan.highest = quantise(clamp.high, out);
  const auto scales = weight_scales(weights);
  const auto taps = static_cast<std::size_t>(problem.taps());
  plan.weights.resize(weights.values.size());
  for (std::size_t i = 0; i < plan.weights.size(); ++i)
    plan.weights[i] =
        static_cast<std::int8_t>(quantise(weights.values[i], {scales[i / taps], 0, DType::Int8}));
  for (std::size_t o = 0; o < scales.size(); ++o)
    plan.entries.push_back(make_affine_entry(in.scale * scales[o] / out.scale,
                                             (bias.empty() ? 0.0 : bias[o]) / out.scale, multiplier_bits, 0));
  return plan;
}

std::int64_t accumulator_bound(const ConvPlan& plan) {
  const std::int64_t reach = std::max(std::abs(plan.in.highest() - plan.in.zero_point),
                                      std::abs(plan.in.lowest() - plan.in.zero_point));
  const auto taps = static_cast<std::size_t>(plan.problem.taps());
  std::int64_t largest = 0;
  for (std::size_t o = 0; o < plan.entries.size(); ++o) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < taps; ++i) sum += std::abs(static_cast<int>(plan.weights[o * taps + i]));
    largest = std::max(largest, sum * reach);
  }
  return largest;
}

ConvTile conv_tile(const ConvProblem& p, std::int64_t out_channel, std::int64_t out_channels,
                   std::int64_t out_row, std::int64_t out_rows) {
  const std::int64_t first = out_channel / p.group_outputs();
  const std::int64_t last = (out_channel + out_channels - 1) / p.group_outputs();
  const std::int64_t top = out_row * p.stride_h - p.pad_top;
  const std::int64_t bottom = (out_row + out_rows - 1) * p.stride_h - p.pad_top + (p.kh - 1) * p.dilation_h;
  // A tile that sees padding only still names one row, so that there is something to load.
  const std::int64_t in_row = std::clamp<std::int64_t>(top, 0, p.ih - 1);
  const std::int64_t in_end = std::clamp<std::int64_t>(bottom + 1, in_row + 1, p.ih);
  return {out_channel,
          out_channels,
          out_row,
          out_rows,
          first * p.group_inputs(),
          (last - first + 1) * p.group_inputs(),
          in_row,
          in_end - in_row};
}

namespace {

void one_sample(const ConvTile& t, const ConvPlan& plan, const std::int8_t* input, const std::int8_t* weights,
                const AffineEntry* entries, std::int8_t* output) {
  const ConvProblem& p = plan.problem;
  const std::int64_t zero = plan.in.zero_point, taps = p.taps();
  std::vector<std::int32_t> centred(static_cast<std::size_t>(t.in_channels * t.in_rows * p.iw));
  for (std::size_t i = 0; i < centred.size(); ++i) centred[i] = static_cast<std::int32_t>(input[i] - zero);
  std::vector<std::int32_t> acc(static_cast<std::size_t>(p.ow));
  for (std::int64_t o = 0; o < t.out_channels; ++o) {
    const std::int64_t group = (t.out_channel + o) / p.group_outputs();
    for (std::int64_t y = 0; y < t.out_rows; ++y) {
      std::fill(acc.begin(), acc.end(), 0);
      for (std::int64_t c = 0; c < p.group_inputs(); ++c) {
        const std::int64_t channel = group * p.group_inputs() + c - t.in_channel;
        for (std::int64_t ky = 0; ky < p.kh; ++ky) {
          const std::int64_t iy = (t.out_row + y) * p.stride_h - p.pad_top + ky * p.dilation_h;
          if (iy < 0 || iy >= p.ih) continue;
          const std::int32_t* row = centred.data() + (channel * t.in_rows + iy - t.in_row) * p.iw;
          for (std::int64_t kx = 0; kx < p.kw; ++kx) {
            const std::int64_t offset = kx * p.dilation_w - p.pad_left;
            const Range r = valid(offset, p.stride_w, p.iw, p.ow);
            const std::int32_t w = weights[o * taps + (c * p.kh + ky) * p.kw + kx];
            const std::int32_t* in = row + offset;
            if (p.stride_w == 1) {
              for (std::int64_t i = r.first; i < r.last; ++i) acc[static_cast<std::size_t>(i)] += w * in[i];
            } else {
              for (std::int64_t i = r.first; i < r.last; ++i)
                acc[static_cast<std::size_t>(i)] += w * in[i * p.stride_w];
            }
          }
        }
      }
      std::int8_t* out = output + (o * t.out_rows + y) * p.ow;
      for (std::int64_t i = 0; i < p.ow; ++i)
        out[i] =
            static_cast<std::int8_t>(apply_affine(acc[static_cast<std::size_t>(i)], entries[o], plan.rounding,
                                                  plan.out.zero_point, plan.lowest, plan.highest));
    }
  }
}

}  // namespace

void conv_tile_int8(const ConvTile& t, const ConvPlan& plan, const std::int8_t* input,
                    const std::int8_t* weights, const AffineEntry* entries, std::int8_t* output) {
  const ConvProblem& p = plan.problem;
  for (std::int64_t s = 0; s < t.samples; ++s)
    one_sample(t, plan, input + s * t.in_channels * t.in_rows * p.iw, weights, entries,
               output + s * t.out_channels * t.out_rows * p.ow);
}

std::vector<long double> exact_conv(const ConvPlan& plan, const std::vector<std::int64_t>& codes,
                                    const std::vector<double>& scales, const std::vector<double>& bias) {
  const ConvProblem& p = plan.problem;
  std::vector<long double> exact;
  exact.reserve(static_cast<std::size_t>(p.n * p.oc * p.oh * p.ow));
  // Sums fit 32 bits (accumulator_bound), where the compiler vectorises.
  std::vector<std::int32_t> acc(static_cast<std::size_t>(p.ow)), centred(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i)
    centred[i] = static_cast<std::int32_t>(codes[i] - plan.in.zero_point);
  for (std::int64_t s = 0; s < p.n; ++s) {
    for (std::int64_t o = 0; o < p.oc; ++o) {
      const auto channel = static_cast<std::size_t>(o);
      const long double gain = static_cast<long double>(plan.in.scale) * scales[channel];
      const long double offset = bias.empty() ? 0.0L : static_cast<long double>(bias[channel]);
      for (std::int64_t oy = 0; oy < p.oh; ++oy) {
        std::fill(acc.begin(), acc.end(), 0);
        for_each_tap_row(p, s, o, oy, [&](std::int64_t k, std::int64_t row, std::int64_t off, Range r) {
          const std::int32_t w = plan.weights[static_cast<std::size_t>(k)];
          const std::int32_t* in = centred.data() + row + off;
          std::int32_t* sum = acc.data();
          if (p.stride_w == 1) {
            for (std::int64_t i = r.first; i < r.last; ++i) sum[i] += w * in[i];
          } else {
            for (std::int64_t i = r.first; i < r.last; ++i) sum[i] += w * in[i * p.stride_w];
          }
        });
        for (const std::int32_t a : acc) exact.push_back(static_cast<long double>(a) * gain + offset);
      }
    }
  }
  return exact;
}

std::vector<std::int64_t> ideal_conv(const ConvPlan& plan, const std::vector<std::int64_t>& codes,
                                     const std::vector<double>& scales, const std::vector<double>& bias) {
  std::vector<std::int64_t> ideal;
  for (const long double real : exact_conv(plan, codes, scales, bias)) {
    const long double code = real / plan.out.scale + static_cast<long double>(plan.out.zero_point);
    ideal.push_back(std::clamp(static_cast<std::int64_t>(std::nearbyint(code)), plan.lowest, plan.highest));
  }
  return ideal;
}

}  // namespace bpusim
