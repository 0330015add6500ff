#include "kernels/vector/reduction.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/quantise/affine_int16.h"

namespace bpusim {

namespace {

std::int64_t reach(const Quantisation& grid) {
  return std::max(std::abs(grid.highest() - grid.zero_point), std::abs(grid.lowest() - grid.zero_point));
}

bool squares(ReductionKind kind) {
  return kind == ReductionKind::SumSquare || kind == ReductionKind::L2;
}

Partial start_of(ReductionKind kind) {
  if (kind == ReductionKind::Max) return INT64_MIN;
  return kind == ReductionKind::Min ? INT64_MAX : 0;
}

void take(const ReductionPlan& plan, Partial& partial, std::int64_t code) {
  const std::int64_t value = code - plan.in.zero_point;
  switch (plan.kind) {
    case ReductionKind::Sum:
    case ReductionKind::Mean:
      partial += value;
      return;
    case ReductionKind::L1:
      partial += std::abs(value);
      return;
    case ReductionKind::SumSquare:
    case ReductionKind::L2:
      partial += value * value;
      return;
    case ReductionKind::Max:
      partial = std::max(partial, value);
      return;
    case ReductionKind::Min:
      partial = std::min(partial, value);
      return;
  }
}

// Calls visit(set, code) for each element of a dense tile; sets are counted row-major over what is kept.
template <class Code, class Visit>
void for_each_element(const NormTile& tile, const Code* codes, Visit&& visit) {
  std::vector<std::int64_t> index(tile.dims.size(), 0), step(tile.dims.size(), 0);
  std::int64_t sets = 1, set = 0;
  for (std::size_t d = tile.dims.size(); d-- > 0;) {
    if (tile.dims[d].in_set) continue;
    step[d] = sets;
    sets *= tile.dims[d].extent;
  }
  const std::int64_t total = tile.element_count();
  for (std::int64_t i = 0; i < total; ++i) {
    visit(static_cast<std::size_t>(set), codes[i]);
    for (std::size_t d = tile.dims.size(); d-- > 0;) {
      set += step[d];
      if (++index[d] < tile.dims[d].extent) break;
      set -= step[d] * tile.dims[d].extent;
      index[d] = 0;
    }
  }
}

// floor(sqrt(x)).
Uint128 root_of(Uint128 x) {
  Uint128 root = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const Uint128 with = root | (Uint128{1} << bit);
    if (with * with <= x) root = with;
  }
  return root;
}

constexpr int kRootGainBits = 44;  // with sums below 2^60 the product stays within 2^104

}  // namespace

ReductionPlan plan_reduction(ReductionKind kind, std::int64_t count, const Quantisation& in,
                             const Quantisation& out, int multiplier_bits, Rounding rounding) {
  ReductionPlan plan;
  plan.kind = kind;
  plan.in = in;
  plan.out = out;
  plan.rounding = rounding;
  const bool extreme = kind == ReductionKind::Max || kind == ReductionKind::Min;
  const double most = (extreme ? 1 : static_cast<double>(count)) *
                      std::pow(static_cast<double>(reach(in)), squares(kind) ? 2 : 1);
  int partial_bits = 0;
  std::frexp(most, &partial_bits);
  if (partial_bits > 56) throw std::invalid_argument("sums of codes so far from zero do not fit 64 bits");
  double gain = in.scale / out.scale;
  if (kind == ReductionKind::L2) {
    int exponent = 0;
    std::frexp(gain * gain, &exponent);
    plan.root_shift = std::clamp((kRootGainBits - exponent) / 2, 0, 60);
    plan.root_gain = std::llround(std::ldexp(gain * gain, 2 * plan.root_shift));
    return plan;
  }
  if (kind == ReductionKind::Mean) gain /= static_cast<double>(count);
  if (kind == ReductionKind::SumSquare) gain *= in.scale;
  // The multiplier gives up what long sums need of the 62 bits of a product; onto int16 a product has more.
  const int bits =
      out.dtype == DType::Int16 ? multiplier_bits : std::clamp(62 - partial_bits, 6, multiplier_bits);
  plan.entry = make_affine_entry_onto(out, gain, 0, bits, 0);
  return plan;
}

template <class Code>
void reduce_codes(const NormTile& tile, const ReductionPlan& plan, const Code* codes, Partial* partials,
                  bool accumulate) {
  if (!accumulate) std::fill_n(partials, tile.set_count(), start_of(plan.kind));
  for_each_element(tile, codes, [&](std::size_t set, Code code) { take(plan, partials[set], code); });
}
template void reduce_codes(const NormTile&, const ReductionPlan&, const std::int8_t*, Partial*, bool);
template void reduce_codes(const NormTile&, const ReductionPlan&, const std::int16_t*, Partial*, bool);

template <class Code>
void finish_reduction(const ReductionPlan& plan, const Partial* partials, std::int64_t sets, Code* y) {
  const std::int64_t lowest = plan.out.lowest(), highest = plan.out.highest();
  for (std::int64_t i = 0; i < sets; ++i) {
    if (plan.kind != ReductionKind::L2) {
      const auto apply = sizeof(Code) == 1 ? &apply_affine : &apply_affine_int16;
      y[i] = static_cast<Code>(
          apply(partials[i], plan.entry, plan.rounding, plan.out.zero_point, lowest, highest));
      continue;
    }
    const Uint128 square = static_cast<Uint128>(partials[i]) * static_cast<Uint128>(plan.root_gain);
    const Uint128 root = root_of(square);
    // One bit below the root says whether anything is left behind it.
    const Int128 sticky = static_cast<Int128>(root << 1 | (root * root != square ? 1 : 0));
    const auto code = static_cast<std::int64_t>(
        std::min<Int128>(round_shift(sticky, plan.root_shift + 1, plan.rounding), Int128{1} << 40));
    y[i] = static_cast<Code>(std::clamp(code + plan.out.zero_point, lowest, highest));
  }
}
template void finish_reduction(const ReductionPlan&, const Partial*, std::int64_t, std::int8_t*);
template void finish_reduction(const ReductionPlan&, const Partial*, std::int64_t, std::int16_t*);

std::vector<std::int64_t> ideal_reduction(const ReductionPlan& plan, const NormTile& whole,
                                          const std::vector<std::int64_t>& codes) {
  std::vector<Partial> partials(static_cast<std::size_t>(whole.set_count()), start_of(plan.kind));
  for_each_element(whole, codes.data(),
                   [&](std::size_t set, std::int64_t code) { take(plan, partials[set], code); });
  const std::int64_t elements = whole.element_count() / whole.set_count();
  const long double s = plan.in.scale, count = static_cast<long double>(elements);
  std::vector<std::int64_t> ideal;
  for (const Partial partial : partials) {
    long double real = s * static_cast<long double>(partial);
    if (plan.kind == ReductionKind::Mean) real /= count;
    if (plan.kind == ReductionKind::SumSquare) real *= s;
    if (plan.kind == ReductionKind::L2) real = s * std::sqrt(static_cast<long double>(partial));
    const long double code = real / plan.out.scale + static_cast<long double>(plan.out.zero_point);
    ideal.push_back(static_cast<std::int64_t>(
        std::nearbyint(std::clamp<long double>(code, plan.out.lowest(), plan.out.highest()))));
  }
  return ideal;
}

}  // namespace bpusim
