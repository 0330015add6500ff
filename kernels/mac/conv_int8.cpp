#include <algorithm>
#include <cstdlib>
#include <functional>
#include <vector>

#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scratch.h"
#include "kernels/mac/conv.h"
#include "kernels/mac/conv_direct.h"
#include "kernels/mac/gemm_int8.h"
#include "kernels/mac/taps.h"
#include "kernels/quantise/requantise.h"

namespace bpusim {

namespace {

// Sums of one output channel (counted from the tile's first); result i goes to output element
// `output` + i * `step`.
struct SumRun {
  std::int64_t channel, output, step, count;
  const std::int32_t* sums;
};
using TakeRun = std::function<void(const SumRun&)>;

// Sums of products of a tile's centred codes (code - zero point, 0 for padding) with its weights.
template <class S>
class TileSums {
 public:
  TileSums(const ConvTile& tile, const ConvPlan& plan, const std::int8_t* weights, const TakeRun& take)
      : t_(tile), p_(plan.problem), zero_(plan.in.zero_point), weights_(weights), take_(take) {}

  void operator()(const S* input) const {
    const bool pixels_only = p_.ih * p_.iw * p_.kh * p_.kw == 1 && p_.oh * p_.ow == 1 &&
                             p_.pad_top + p_.pad_left == 0;  // else the one window lies in the padding
    if (pixels_only && p_.groups == 1 && narrow()) return matrix_product(input);
    for (std::int64_t s = 0; s < t_.samples; ++s) {
      const TapSource<S> source{input + s * t_.in_channels * t_.in_rows * p_.iw,
                                t_.in_channels,
                                t_.in_row,
                                t_.in_rows,
                                t_.out_row,
                                t_.out_rows};
      const std::int64_t output = s * t_.out_channels * t_.out_rows * p_.ow;
      if (p_.suits_direct() || !narrow()) {
        direct(source, output);
      } else {
        as_products(source, output);
      }
    }
  }

 private:
  // Whether centred codes fit 16 bits. Zero points farther out are rare enough for the way through 32 bits.
  bool narrow() const { return std::abs(zero_) <= 32000; }

  template <class T>
  void fill(const TapSource<S>& source, TapPlanes<T>& planes) const {
    thread_local Scratch<T> memory;
    T* values = memory.reserve(static_cast<std::size_t>(source.channels * planes.plane() + kTapSlack));
    std::fill_n(values + source.channels * planes.plane(), kTapSlack, T{0});
    const std::int64_t zero = zero_;
    parallel_for(source.channels, source.channels * planes.plane(), [&](std::int64_t c) {
      planes.fill(source, c, 1, values, [zero](S code) { return static_cast<T>(code - zero); });
    });
    planes.read_from(values);
  }

  // Images of one pixel: the samples are the columns of one product.
  void matrix_product(const S* input) const {
    thread_local Scratch<std::int16_t> memory;
    const std::int64_t k = t_.in_channels, n = t_.samples;
    std::int16_t* columns = memory.reserve(static_cast<std::size_t>(k * n));
    constexpr std::int64_t kBlock = 32;  // transposed in blocks, whose rows stay in the cache
    for (std::int64_t s = 0; s < n; s += kBlock)
      for (std::int64_t c = 0; c < k; c += kBlock)
        for (std::int64_t i = s; i < std::min(n, s + kBlock); ++i)
          for (std::int64_t j = c; j < std::min(k, c + kBlock); ++j)
            columns[j * n + i] = static_cast<std::int16_t>(input[i * k + j] - zero_);
    gemm_int8(t_.out_channels, n, k, weights_, k, DenseRows<std::int16_t>(columns, n),
              [&](const SumBlock& b) {
                for (std::int64_t r = 0; r < b.rows; ++r)
                  take_({b.row + r, b.column * t_.out_channels + b.row + r, t_.out_channels, b.columns,
                         b.sums + r * b.stride});
              });
  }

  void as_products(const TapSource<S>& source, std::int64_t output) const {
    TapPlanes<std::int16_t> planes(p_, source);
    fill(source, planes);
    const std::int64_t each = p_.group_outputs(), pixels = t_.out_rows * p_.ow, taps = p_.taps();
    const std::int64_t last = t_.out_channel + t_.out_channels;
    for (std::int64_t o = t_.out_channel; o < last;) {  // a group, or what the tile has of it
      const std::int64_t group = o / each, end = std::min(last, (group + 1) * each),
                         first = o - t_.out_channel;
      const TapRows<std::int16_t> rows(p_, planes, group * p_.group_inputs() - t_.in_channel);
      gemm_int8(end - o, pixels, taps, weights_ + first * taps, taps, rows, [&](const SumBlock& b) {
        for (std::int64_t r = 0; r < b.rows; ++r) {
          const std::int64_t channel = first + b.row + r;
          take_({channel, output + channel * pixels + b.column, 1, b.columns, b.sums + r * b.stride});
        }
      });
      o = end;
    }
  }

  void direct(const TapSource<S>& source, std::int64_t output) const {
    TapPlanes<std::int32_t> planes(p_, source);
    fill(source, planes);
    const std::int64_t pixels = t_.out_rows * p_.ow, taps = p_.taps();
    const std::vector<std::int64_t> offsets = planes.tap_offsets(p_.group_inputs());
    parallel_for(t_.out_channels, t_.out_channels * pixels * taps, [&](std::int64_t o) {
      thread_local Scratch<std::int32_t> memory;
      std::int32_t* sums = memory.reserve(static_cast<std::size_t>(pixels + kTapSlack));
      std::fill_n(sums, pixels + kTapSlack, 0);
      const std::vector<std::int32_t> weights(weights_ + o * taps, weights_ + (o + 1) * taps);
      const std::int64_t group = (t_.out_channel + o) / p_.group_outputs();
      const std::int64_t channel = group * p_.group_inputs() - t_.in_channel;
      for (std::int64_t y = 0; y < t_.out_rows; ++y) {
        std::fill_n(sums + y * p_.ow, p_.ow + kTapSlack, 0);  // what the row above wrote too much
        add_taps(TapSums<std::int32_t>{weights.data(), planes.under(channel, y, 0, 0), offsets.data(), taps},
                 p_.ow, sums + y * p_.ow);
      }
      take_({o, output + o * pixels, 1, pixels, sums});
    });
  }

  const ConvTile& t_;
  const ConvProblem& p_;
  const std::int64_t zero_;
  const std::int8_t* weights_;
  const TakeRun& take_;
};

// All samples of a plan as one tile where they are images of one pixel, else sample by sample.
void plan_sums(const ConvPlan& plan, const std::int64_t* codes, const TakeRun& take) {
  const ConvProblem& p = plan.problem;
  ConvTile tile = conv_tile(p, 0, p.oc, 0, p.oh);
  tile.in_row = 0;
  tile.in_rows = p.ih;
  tile.samples = p.n;
  TileSums<std::int64_t>(tile, plan, plan.weights.data(), take)(codes);
}

std::size_t output_size(const ConvProblem& p) {
  return static_cast<std::size_t>(p.n * p.oc * p.oh * p.ow);
}

// A tile whose outputs do not lie side by side: dense first, then each where it goes.
void spread_tile(const ConvTile& t, const ConvPlan& plan, const std::int8_t* input,
                 const std::int8_t* weights, const AffineEntry* entries, std::int8_t* output) {
  ConvTile side_by_side = t;
  side_by_side.plane_step = side_by_side.row_step = side_by_side.column_step = 0;
  const std::int64_t columns = plan.problem.ow;
  std::vector<std::int8_t> codes(static_cast<std::size_t>(t.out_channels * t.out_rows * columns));
  conv_tile_int8(side_by_side, plan, input, weights, entries, codes.data());
  const std::int8_t* next = codes.data();
  for (std::int64_t o = 0; o < t.out_channels; ++o)
    for (std::int64_t y = 0; y < t.out_rows; ++y)
      for (std::int64_t x = 0; x < columns; ++x)
        output[o * t.plane_step + y * t.row_step + x * t.column_step] = *next++;
}

}  // namespace

void conv_tile_int8(const ConvTile& t, const ConvPlan& plan, const std::int8_t* input,
                    const std::int8_t* weights, const AffineEntry* entries, std::int8_t* output) {
  if (t.column_step != 0) return spread_tile(t, plan, input, weights, entries, output);
  const CodeRange range{plan.out.zero_point, plan.lowest, plan.highest};
  const TakeRun take = [&](const SumRun& run) {
    thread_local Scratch<std::int8_t> memory;
    const bool dense = run.step == 1;
    std::int8_t* codes = dense ? output + run.output : memory.reserve(static_cast<std::size_t>(run.count));
    requantise(run.sums, run.count, entries[run.channel], plan.rounding, range, codes);
    for (std::int64_t i = 0; i < run.count && !dense; ++i) output[run.output + i * run.step] = codes[i];
  };
  TileSums<std::int8_t>(t, plan, weights, take)(input);
}

std::vector<double> exact_conv(const ConvPlan& plan, const std::vector<std::int64_t>& codes,
                               const std::vector<double>& scales, const std::vector<double>& bias) {
  std::vector<double> exact(output_size(plan.problem));
  plan_sums(plan, codes.data(), [&](const SumRun& run) {
    const auto channel = static_cast<std::size_t>(run.channel);
    const double gain = plan.in.scale * scales[channel], offset = bias.empty() ? 0.0 : bias[channel];
    double* to = exact.data() + run.output;
    for (std::int64_t i = 0; i < run.count; ++i) to[i * run.step] = run.sums[i] * gain + offset;
  });
  return exact;
}

std::vector<std::int64_t> ideal_conv(const ConvPlan& plan, const std::vector<std::int64_t>& codes,
                                     const std::vector<double>& scales, const std::vector<double>& bias) {
  std::vector<ExactAffine> maps;
  for (std::size_t o = 0; o < scales.size(); ++o)
    maps.emplace_back(static_cast<long double>(plan.in.scale) * scales[o],
                      bias.empty() ? 0.0L : static_cast<long double>(bias[o]), plan.out.scale,
                      CodeRange{plan.out.zero_point, plan.lowest, plan.highest});
  std::vector<std::int64_t> ideal(output_size(plan.problem));
  plan_sums(plan, codes.data(), [&](const SumRun& run) {
    thread_local Scratch<std::int8_t> memory;
    std::int8_t* rounded = memory.reserve(static_cast<std::size_t>(run.count));
    maps[static_cast<std::size_t>(run.channel)].apply(run.sums, run.count, rounded);
    std::int64_t* to = ideal.data() + run.output;
    for (std::int64_t i = 0; i < run.count; ++i) to[i * run.step] = rounded[i];
  });
  return ideal;
}

}  // namespace bpusim
