#include "kernels/norms/datapath.h"

#include <cmath>
#include <stdexcept>

#include "kernels/quantise/affine_int16.h"

namespace bpusim {

namespace {

// Fraction bits that the deviation gets where epsilon is added to it, beside those that epsilon_bits leave
// it. Together 20, for int8 and int16 results.
int deviation_bits(const NormPlan& plan) {
  return 16 - (plan.out.dtype == DType::Int16 ? kInt16FinerBits / 2 : 0);
}

int bits_of(Uint128 magnitude) {
  int bits = 0;
  for (; magnitude != 0; magnitude >>= 1) ++bits;
  return bits;
}

Uint128 to_integer(long double value) {
  const long double limit = std::ldexp(1.0L, 120);  // an epsilon this large makes every xhat vanish anyway
  const long double clamped = std::min(std::nearbyint(value), limit);
  const auto high = static_cast<std::uint64_t>(std::ldexp(clamped, -64));
  return (Uint128{high} << 64) +
         static_cast<std::uint64_t>(clamped - std::ldexp(static_cast<long double>(high), 64));
}

// |xhat| <= sqrt(N) where a mean is taken and <= 1 for Lp norms; and whatever epsilon is, |xhat| is no more
// than the largest deviation of a code, at most the grid's span (or its distance from real zero), over
// sqrt(epsilon).
double normalised_bound(const NormPart& part, const Quantisation& in) {
  const double n = static_cast<double>(part.set_size());
  const double bound = averages(part.statistic) ? std::sqrt(n) : 1.0;
  if (part.epsilon_place != EpsilonPlace::InVariance || part.epsilon <= 0) return bound;
  const double span = static_cast<double>(in.highest() - in.lowest());
  const double reach = std::max(std::abs(static_cast<double>(in.highest() - in.zero_point)),
                                std::abs(static_cast<double>(in.lowest() - in.zero_point)));
  const double largest = (subtracts_mean(part.statistic) ? span : reach) * in.scale;
  return std::min(bound, largest / std::sqrt(part.epsilon));
}

Uint128 epsilon_term(const NormPart& part, const NormPlan& plan) {
  const long double n = static_cast<long double>(part.set_size());
  const long double scale = plan.in.scale;
  if (part.epsilon_place == EpsilonPlace::InVariance)
    return to_integer(std::ldexp(n * n * part.epsilon / (scale * scale), plan.widths.epsilon_bits));
  if (part.epsilon_place == EpsilonPlace::OnDeviation)
    return to_integer(
        std::ldexp(n * part.epsilon / scale, plan.widths.epsilon_bits / 2 + deviation_bits(plan)));
  return 0;
}

double at(const std::vector<double>& values, std::size_t i, double absent) {
  return values.empty() ? absent : values[i];
}

std::vector<AffineEntry> make_entries(const NormPart& part, const NormPlan& plan) {
  std::vector<AffineEntry> entries(static_cast<std::size_t>(part.affine_count()));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const double gamma = at(part.gamma, i, 1), beta = at(part.beta, i, 0);
    if (part.statistic != Statistic::Given) {
      entries[i] = make_affine_entry_onto(plan.out, gamma / plan.out.scale, beta / plan.out.scale,
                                          plan.widths.multiplier_bits, plan.fraction_bits - plan.finer);
      continue;
    }
    // y = (s (q - z) - mean) * g + beta, with g = gamma / sqrt(variance + epsilon): an affine of the code
    // itself.
    const double g = gamma / std::sqrt(part.variance[i] + part.epsilon);
    const double zero = part.mean[i] + plan.in.scale * static_cast<double>(plan.in.zero_point);
    entries[i] = make_affine_entry_onto(plan.out, plan.in.scale * g / plan.out.scale,
                                        (beta - zero * g) / plan.out.scale, plan.widths.multiplier_bits, 0);
  }
  return entries;
}

}  // namespace

NumericWidths widths_onto(const Quantisation& out, NumericWidths widths) {
  if (out.dtype != DType::Int16) return widths;
  widths.rsqrt.bits += kInt16FinerBits;
  widths.rsqrt.newton_steps += 1;
  widths.epsilon_bits += kInt16FinerBits;
  widths.normalised_bits += kInt16FinerBits;
  return widths;
}

NormPlan plan_norm(const NormPart& part, const Quantisation& in, const Quantisation& out,
                   const NumericWidths& widths) {
  NormPlan plan;
  plan.statistic = part.statistic;
  plan.epsilon_place = part.epsilon_place;
  plan.widths = widths_onto(out, widths);
  plan.in = in;
  plan.out = out;
  plan.set_size = part.set_size();
  plan.element_factor = averages(part.statistic) ? plan.set_size : 1;
  plan.epsilon_term = epsilon_term(part, plan);
  if (part.statistic != Statistic::Given) {
    int exponent = 0;
    std::frexp(normalised_bound(part, in), &exponent);  // |xhat| < 2^exponent
    plan.fraction_bits = plan.widths.normalised_bits - 1 - exponent;
    plan.finer = plan.widths.normalised_bits - widths.normalised_bits;
  }
  plan.entries = make_entries(part, plan);
  return plan;
}

AccumulatorBits accumulator_bits(const NormPlan& plan) {
  if (plan.statistic == Statistic::Given) return {};
  const auto n = static_cast<Uint128>(plan.set_size);
  const auto largest = static_cast<Uint128>(-plan.in.lowest());
  const auto reach = static_cast<Uint128>(std::max(std::abs(plan.in.highest() - plan.in.zero_point),
                                                   std::abs(plan.in.lowest() - plan.in.zero_point)));
  const Uint128 second = sums_magnitudes(plan.statistic) ? n * reach : n * largest * largest;
  return {bits_of(n * largest) + 1, bits_of(second) + 1};
}

std::int64_t NormTile::set_count() const {
  std::int64_t count = 1;
  for (const Dim& dim : dims) count *= dim.in_set ? 1 : dim.extent;
  return count;
}

std::int64_t NormTile::element_count() const {
  std::int64_t count = 1;
  for (const Dim& dim : dims) count *= dim.extent;
  return count;
}

namespace {

struct WalkDim {
  std::int64_t extent, affine_stride, set_stride;
  bool in_set;
};

// Neighbouring dimensions that behave alike become one, so that the innermost run is as long as it can be.
std::vector<WalkDim> merged_dims(const NormTile& tile) {
  std::vector<WalkDim> merged;  // outermost first
  for (const auto& dim : tile.dims) {
    if (dim.extent == 1) continue;
    if (!merged.empty() && merged.back().in_set == dim.in_set &&
        merged.back().affine_stride == dim.extent * dim.affine_stride) {
      merged.back().extent *= dim.extent;
      merged.back().affine_stride = dim.affine_stride;
    } else {
      merged.push_back({dim.extent, dim.affine_stride, 0, dim.in_set});
    }
  }
  if (merged.empty()) merged.push_back({1, 0, 0, true});
  std::int64_t sets = 1;
  for (auto dim = merged.rbegin(); dim != merged.rend(); ++dim)
    if (!dim->in_set) {
      dim->set_stride = sets;
      sets *= dim->extent;
    }
  return merged;
}

// Calls visit(offset, set, affine) at the start of each innermost run.
template <class Visit>
void for_each_run(const std::vector<WalkDim>& dims, Visit&& visit) {
  std::vector<std::int64_t> index(dims.size(), 0);
  std::int64_t offset = 0, set = 0, affine = 0;
  const std::int64_t run = dims.back().extent;
  while (true) {
    visit(offset, set, affine);
    offset += run;
    std::size_t d = dims.size() - 1;
    while (true) {
      if (d == 0) return;
      --d;
      set += dims[d].set_stride;
      affine += dims[d].affine_stride;
      if (++index[d] < dims[d].extent) break;
      set -= dims[d].set_stride * dims[d].extent;
      affine -= dims[d].affine_stride * dims[d].extent;
      index[d] = 0;
    }
  }
}

// Wraps to a two's complement number of `bits`; counts where that changed the value.
std::int64_t wrap(Int128 value, int bits, std::int64_t& overflows) {
  const Int128 modulus = Int128{1} << bits;
  Int128 wrapped = value & (modulus - 1);
  if (wrapped >= modulus / 2) wrapped -= modulus;
  overflows += wrapped != value;
  return static_cast<std::int64_t>(wrapped);
}

// Sums of a contiguous run. Blocks of 2^16 int8 keep sum and squares within 32 bits (2^16 * 2^14 = 2^30),
// where the compiler vectorises; int16 needs 64 bits from the start.
template <class T>
SetSums sum_run(const T* codes, std::int64_t count) {
  using Block = std::conditional_t<sizeof(T) == 1, std::int32_t, std::int64_t>;
  SetSums total;
  for (std::int64_t begin = 0; begin < count; begin += 65536) {
    const std::int64_t end = std::min<std::int64_t>(begin + 65536, count);
    Block sum = 0, squares = 0;
    for (std::int64_t i = begin; i < end; ++i) {
      const Block q = codes[i];
      sum += q;
      squares += q * q;
    }
    total.sum += sum;
    total.square_sum += squares;
  }
  return total;
}

template <class T>
SetSums magnitude_run(const T* codes, std::int64_t count, std::int64_t zero_point) {
  SetSums total;
  for (std::int64_t i = 0; i < count; ++i) total.square_sum += std::abs(codes[i] - zero_point);
  return total;
}

}  // namespace

template <class T>
std::int64_t reduce_tile(const NormTile& tile, const NormPlan& plan, const T* codes, SetSums* sums,
                         bool accumulate) {
  if (!accumulate) std::fill(sums, sums + tile.set_count(), SetSums{});
  const auto dims = merged_dims(tile);
  const WalkDim inner = dims.back();
  const bool magnitudes = sums_magnitudes(plan.statistic);
  std::int64_t overflows = 0;
  const auto add = [&](SetSums& into, const SetSums& run) {
    into.sum = wrap(Int128{into.sum} + run.sum, plan.widths.sum_bits, overflows);
    into.square_sum = wrap(Int128{into.square_sum} + run.square_sum, plan.widths.square_sum_bits, overflows);
  };
  for_each_run(dims, [&](std::int64_t offset, std::int64_t set, std::int64_t) {
    const T* run = codes + offset;
    if (inner.in_set) {
      add(sums[set],
          magnitudes ? magnitude_run(run, inner.extent, plan.in.zero_point) : sum_run(run, inner.extent));
      return;
    }
    for (std::int64_t i = 0; i < inner.extent; ++i)
      add(sums[set + i * inner.set_stride],
          magnitudes ? magnitude_run(run + i, 1, plan.in.zero_point) : sum_run(run + i, 1));
  });
  return overflows;
}

SetScale finalise_set(const NormPlan& plan, const SetSums& sums, const RsqrtUnit& rsqrt) {
  const Int128 n = plan.set_size;
  const Int128 z = plan.in.zero_point;
  const Int128 s1 = sums.sum, s2 = sums.square_sum;
  SetScale scale;
  Int128 v = 0;
  switch (plan.statistic) {
    case Statistic::MeanVariance:
      v = n * s2 - s1 * s1;
      scale.subtrahend = sums.sum;
      break;
    case Statistic::MeanSquare:  // N * sum (q - z)^2
      v = n * (s2 - 2 * z * s1 + n * z * z);
      scale.subtrahend = static_cast<std::int64_t>(n * z);
      break;
    case Statistic::L2:
      v = s2 - 2 * z * s1 + n * z * z;
      scale.subtrahend = static_cast<std::int64_t>(z);
      break;
    case Statistic::L1:  // 1 / |x| = 1 / sqrt(|x|^2)
      v = s2 * s2;
      scale.subtrahend = static_cast<std::int64_t>(z);
      break;
    case Statistic::Given:
      throw std::logic_error("finalise_set: given statistics have nothing to finalise");
  }
  if (v < 0) v = 0;  // only wrapped accumulators, which were counted, get here
  const int e = plan.widths.epsilon_bits;
  Uint128 w = (static_cast<Uint128>(v) << e);
  if (plan.epsilon_place == EpsilonPlace::InVariance) w += plan.epsilon_term;
  if (w == 0) return scale;  // mantissa 0: every xhat is 0
  RsqrtResult r = rsqrt(w);
  int extra = e / 2;  // fraction bits of sqrt(W) over sqrt(V)
  if (plan.epsilon_place == EpsilonPlace::OnDeviation && plan.epsilon_term != 0) {
    // sqrt(W) = W * rsqrt(W), with deviation_bits() more; then the unit once more, on the square of the sum.
    const int bits = rsqrt.params().bits;
    const int excess = std::max(0, bits_of(w) + bits - 126);  // W keeps 80 bits at the least
    const Int128 root = round_shift(static_cast<Int128>(w >> excess) * r.mantissa,
                                    bits - r.exponent - deviation_bits(plan) - excess, Rounding::HalfEven);
    const Uint128 sum = static_cast<Uint128>(root) + plan.epsilon_term;
    if (bits_of(sum) > 63) return scale;  // a deviation plus epsilon this large leaves nothing of xhat
    r = rsqrt(sum * sum);
    extra += deviation_bits(plan);
  }
  scale.low = static_cast<std::uint32_t>(r.mantissa);
  scale.high = static_cast<std::uint16_t>(r.mantissa >> 32);
  scale.shift = static_cast<std::int16_t>(rsqrt.params().bits - r.exponent - extra - plan.fraction_bits);
  return scale;
}

namespace {

// Everything of apply that does not change within a tile.
class Applier {
 public:
  explicit Applier(const NormPlan& plan) : plan_(plan), given_(plan.statistic == Statistic::Given) {
    const int d_bits =
        bits_of(static_cast<Uint128>(plan.element_factor)) + 18;  // int16 codes and the difference
    narrow_ = plan.widths.rsqrt.bits < 32 && d_bits + 31 <= 62 && std::abs(plan.in.zero_point) < (1 << 16);
    const std::int64_t top = (std::int64_t{1} << (plan.widths.normalised_bits - 1)) - 1;
    highest_ = top;
    lowest_ = -top - 1;
  }

  bool given() const { return given_; }

  /// xhat of a code, floor of the exact product.
  std::int64_t normalised(std::int64_t q, const SetScale& scale) const {
    if (given_) return q;
    if (narrow_ && scale.shift >= 0) {
      const std::int64_t product = (plan_.element_factor * q - scale.subtrahend) * std::int64_t{scale.low};
      return std::clamp(product >> std::min<int>(scale.shift, 63), lowest_, highest_);
    }
    return wide(q, scale);
  }

  std::int64_t affine(std::int64_t xhat, const AffineEntry& entry) const {
    if (plan_.out.dtype != DType::Int16)
      return apply_affine(xhat, entry, plan_.widths.rounding, plan_.out.zero_point, plan_.out.lowest(),
                          plan_.out.highest());
    return apply_affine_finer(xhat, plan_.finer, entry, plan_.widths.rounding, plan_.out.zero_point,
                              plan_.out.lowest(), plan_.out.highest());
  }

 private:
  std::int64_t wide(std::int64_t q, const SetScale& scale) const {
    const Int128 d = Int128{plan_.element_factor} * q - scale.subtrahend;
    const Int128 product = d * static_cast<Int128>(scale.mantissa());
    Int128 xhat;
    if (scale.shift >= 0) {
      xhat = product >> std::min<int>(scale.shift, 126);
    } else if (scale.shift > -60) {
      xhat = std::clamp<Int128>(product, -(Int128{1} << 62), Int128{1} << 62) << -scale.shift;
    } else {
      xhat = product < 0 ? lowest_ : product > 0 ? highest_ : 0;
    }
    return static_cast<std::int64_t>(std::clamp<Int128>(xhat, lowest_, highest_));
  }

  const NormPlan& plan_;
  bool given_, narrow_;
  std::int64_t lowest_, highest_;
};

// A run of one set: with one affine entry it is a function of the code alone, with many xhat is.
template <class T>
void apply_run_of_one_set(const Applier& applier, const T* codes, const SetScale& scale,
                          const AffineEntry* entries, const WalkDim& run, T* out) {
  constexpr std::int64_t kCodes = 256;
  const bool tabled = sizeof(T) == 1 && run.extent >= kCodes;
  if (tabled && run.affine_stride == 0) {
    T table[kCodes];
    for (std::int64_t q = -128; q < 128; ++q)
      table[q + 128] = static_cast<T>(applier.affine(applier.normalised(q, scale), *entries));
    for (std::int64_t i = 0; i < run.extent; ++i) out[i] = table[codes[i] + 128];
  } else if (tabled && !applier.given()) {
    std::int64_t table[kCodes];
    for (std::int64_t q = -128; q < 128; ++q) table[q + 128] = applier.normalised(q, scale);
    for (std::int64_t i = 0; i < run.extent; ++i)
      out[i] = static_cast<T>(applier.affine(table[codes[i] + 128], entries[i * run.affine_stride]));
  } else {
    for (std::int64_t i = 0; i < run.extent; ++i)
      out[i] =
          static_cast<T>(applier.affine(applier.normalised(codes[i], scale), entries[i * run.affine_stride]));
  }
}

}  // namespace

template <class T>
void apply_tile(const NormTile& tile, const NormPlan& plan, const T* codes, const SetScale* scales,
                const AffineEntry* entries, T* out) {
  const auto dims = merged_dims(tile);
  const WalkDim inner = dims.back();
  const Applier applier(plan);
  static const SetScale unused;
  for_each_run(dims, [&](std::int64_t offset, std::int64_t set, std::int64_t affine) {
    if (inner.in_set || applier.given()) {
      apply_run_of_one_set(applier, codes + offset, applier.given() ? unused : scales[set], entries + affine,
                           inner, out + offset);
      return;
    }
    for (std::int64_t i = 0; i < inner.extent; ++i)
      out[offset + i] = static_cast<T>(
          applier.affine(applier.normalised(codes[offset + i], scales[set + i * inner.set_stride]),
                         entries[affine + i * inner.affine_stride]));
  });
}

template std::int64_t reduce_tile(const NormTile&, const NormPlan&, const std::int8_t*, SetSums*, bool);
template std::int64_t reduce_tile(const NormTile&, const NormPlan&, const std::int16_t*, SetSums*, bool);
template void apply_tile(const NormTile&, const NormPlan&, const std::int8_t*, const SetScale*,
                         const AffineEntry*, std::int8_t*);
template void apply_tile(const NormTile&, const NormPlan&, const std::int16_t*, const SetScale*,
                         const AffineEntry*, std::int16_t*);

}  // namespace bpusim
