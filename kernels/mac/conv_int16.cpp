#include "kernels/mac/conv_int16.h"

#include <algorithm>
#include <cmath>

#include "kernels/quantise/affine_int16.h"
#include "kernels/units.h"

namespace bpusim {

namespace {

// Codes without their zero point: channels and rows of one sample that a tile has, or all of them.
struct Centred {
  const std::int32_t* codes = nullptr;
  std::int64_t first_channel = 0, first_row = 0, rows = 0;

  const std::int32_t* row(const ConvProblem& p, std::int64_t channel, std::int64_t iy) const {
    return codes + ((channel - first_channel) * rows + iy - first_row) * p.iw;
  }
};

// Sums of one output row: output channel `o` with its weights [ic/groups][kh][kw]. Padding adds nothing.
void sum_row(const ConvProblem& p, const Centred& input, std::int64_t o, std::int64_t oy,
             const std::int8_t* weights, std::vector<std::int64_t>& sums) {
  std::fill(sums.begin(), sums.end(), 0);
  const std::int64_t first = o / p.group_outputs() * p.group_inputs();
  for (std::int64_t c = 0; c < p.group_inputs(); ++c) {
    for (std::int64_t ky = 0; ky < p.kh; ++ky) {
      const std::int64_t iy = oy * p.stride_h - p.pad_top + ky * p.dilation_h;
      if (iy < 0 || iy >= p.ih) continue;
      const std::int32_t* row = input.row(p, first + c, iy);
      for (std::int64_t kx = 0; kx < p.kw; ++kx) {
        const std::int64_t offset = kx * p.dilation_w - p.pad_left, w = weights[(c * p.kh + ky) * p.kw + kx];
        const std::int64_t begin = offset >= 0 ? 0 : ceil_div(-offset, p.stride_w);
        const std::int64_t end = std::min(p.ow, p.iw > offset ? ceil_div(p.iw - offset, p.stride_w) : 0);
        for (std::int64_t i = begin; i < end; ++i)
          sums[static_cast<std::size_t>(i)] += w * row[i * p.stride_w + offset];
      }
    }
  }
}

template <class Code>
std::vector<std::int32_t> centred(const Code* codes, std::int64_t count, std::int64_t zero) {
  std::vector<std::int32_t> out(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::int32_t>(codes[i] - zero);
  return out;
}

}  // namespace

void conv_tile_int16(const ConvTile& t, const ConvPlan& plan, const std::int16_t* input,
                     const std::int8_t* weights, const AffineEntry* entries, std::int32_t* output) {
  const ConvProblem& p = plan.problem;
  const std::int64_t taken = t.in_channels * t.in_rows * p.iw;
  std::vector<std::int64_t> sums(static_cast<std::size_t>(p.ow));
  for (std::int64_t s = 0; s < t.samples; ++s) {
    const auto codes = centred(input + s * taken, taken, plan.in.zero_point);
    const Centred view{codes.data(), t.in_channel, t.in_row, t.in_rows};
    for (std::int64_t o = 0; o < t.out_channels; ++o) {
      for (std::int64_t y = 0; y < t.out_rows; ++y) {
        sum_row(p, view, t.out_channel + o, t.out_row + y, weights + o * p.taps(), sums);
        for (const std::int64_t sum : sums)
          *output++ = static_cast<std::int32_t>(apply_affine_int16(
              sum, entries[o], plan.rounding, plan.out.zero_point, plan.lowest, plan.highest));
      }
    }
  }
}

std::vector<double> exact_conv_int16(const ConvPlan& plan, const std::vector<std::int64_t>& codes,
                                     const std::vector<double>& scales, const std::vector<double>& bias) {
  const ConvProblem& p = plan.problem;
  const std::int64_t each = p.ic * p.ih * p.iw;
  std::vector<double> exact;
  exact.reserve(static_cast<std::size_t>(p.n * p.oc * p.oh * p.ow));
  std::vector<std::int64_t> sums(static_cast<std::size_t>(p.ow));
  for (std::int64_t s = 0; s < p.n; ++s) {
    const auto sample = centred(codes.data() + s * each, each, plan.in.zero_point);
    const Centred view{sample.data(), 0, 0, p.ih};
    for (std::int64_t o = 0; o < p.oc; ++o) {
      const auto channel = static_cast<std::size_t>(o);
      const double gain = plan.in.scale * scales[channel], offset = bias.empty() ? 0.0 : bias[channel];
      for (std::int64_t oy = 0; oy < p.oh; ++oy) {
        sum_row(p, view, o, oy, plan.weights.data() + o * p.taps(), sums);
        for (const std::int64_t sum : sums) exact.push_back(static_cast<double>(sum) * gain + offset);
      }
    }
  }
  return exact;
}

std::vector<std::int64_t> ideal_conv_int16(const ConvPlan& plan, const std::vector<std::int64_t>& codes,
                                           const std::vector<double>& scales,
                                           const std::vector<double>& bias) {
  std::vector<std::int64_t> ideal;
  for (const double real : exact_conv_int16(plan, codes, scales, bias)) {
    const double code = real / plan.out.scale + static_cast<double>(plan.out.zero_point);
    ideal.push_back(std::clamp(static_cast<std::int64_t>(std::nearbyint(code)), plan.lowest, plan.highest));
  }
  return ideal;
}

}  // namespace bpusim
