#include "kernels/norms/decomposed.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/norms/walk.h"

namespace bpusim {

const char* to_string(PrimitiveOp op) {
  switch (op) {
    case PrimitiveOp::Mean:
      return "Mean";
    case PrimitiveOp::Centre:
      return "Centre";
    case PrimitiveOp::Square:
      return "Square";
    case PrimitiveOp::Sum:
      return "Sum";
    case PrimitiveOp::Deviation:
      return "Deviation";
    case PrimitiveOp::Divide:
      return "Divide";
    case PrimitiveOp::Scale:
      return "Scale";
    case PrimitiveOp::Shift:
      return "Shift";
  }
  throw std::logic_error("to_string: unknown PrimitiveOp");
}

std::vector<PrimitiveOp> DecomposedPlan::ops() const {
  std::vector<PrimitiveOp> ops;
  if (subtracts_mean(statistic)) ops.push_back(PrimitiveOp::Mean);
  ops.insert(ops.end(), {PrimitiveOp::Centre, PrimitiveOp::Square, PrimitiveOp::Sum, PrimitiveOp::Deviation,
                         PrimitiveOp::Divide, PrimitiveOp::Scale, PrimitiveOp::Shift});
  return ops;
}

namespace {

double squared(Statistic statistic, double value) {
  return sums_magnitudes(statistic) ? std::abs(value) : value * value;
}

double deviation_of(const DecomposedPlan& plan, double sum) {
  if (sums_magnitudes(plan.statistic)) return sum;
  switch (plan.epsilon_place) {
    case EpsilonPlace::None:
      return std::sqrt(std::max(sum, 0.0));
    case EpsilonPlace::InVariance:
      return std::sqrt(std::max(sum, 0.0) + plan.epsilon);
    case EpsilonPlace::OnDeviation:
      return std::sqrt(std::max(sum, 0.0)) + plan.epsilon;
  }
  throw std::logic_error("deviation_of: unknown EpsilonPlace");
}

// The grid whose highest code is the largest magnitude seen.
class GridFinder {
 public:
  void see(double value) { largest_ = std::max(largest_, std::abs(value)); }
  Quantisation grid() const { return symmetric_grid({largest_}, DType::Int16); }

 private:
  double largest_ = 0;
};

}  // namespace

DecomposedPlan plan_decomposed(const NormPart& part, const std::vector<double>& x, const Quantisation& in,
                               const Quantisation& out) {
  DecomposedPlan plan;
  plan.statistic = part.statistic;
  plan.epsilon_place = part.epsilon_place;
  plan.epsilon = part.epsilon;
  plan.set_size = part.set_size();
  plan.in = in;
  plan.out = out;
  const auto entries = static_cast<std::size_t>(part.affine_count());
  const auto gamma = part.gamma.empty() ? std::vector<double>(entries, 1.0) : part.gamma;
  const auto beta = part.beta.empty() ? std::vector<double>(entries, 0.0) : part.beta;
  GridFinder mean, centred, square, sum, deviation, normalised, scaled;
  const auto elements = set_elements(part);
  const auto starts = x.empty() ? std::vector<ElementPlace>{} : set_starts(part);
  for (const ElementPlace& start : starts) {
    const auto value = [&](const ElementPlace& e) {
      return x[static_cast<std::size_t>(start.offset + e.offset)];
    };
    double m = 0, s = 0;
    if (subtracts_mean(part.statistic)) {
      for (const ElementPlace& e : elements) m += value(e);
      m /= static_cast<double>(plan.set_size);
      mean.see(m);
    }
    for (const ElementPlace& e : elements) {
      centred.see(value(e) - m);
      square.see(squared(part.statistic, value(e) - m));
      s += squared(part.statistic, value(e) - m);
    }
    if (averages(part.statistic)) s /= static_cast<double>(plan.set_size);
    sum.see(s);
    const double d = deviation_of(plan, s);
    deviation.see(d);
    for (const ElementPlace& e : elements) {
      const double n = d == 0 ? 0 : (value(e) - m) / d;
      normalised.see(n);
      scaled.see(n * gamma[static_cast<std::size_t>(start.affine + e.affine)]);
    }
  }
  plan.mean = mean.grid();
  plan.centred = centred.grid();
  plan.square = square.grid();
  plan.sum = sum.grid();
  plan.deviation = deviation.grid();
  plan.normalised = normalised.grid();
  plan.scaled = scaled.grid();
  plan.gamma_grid = symmetric_grid(gamma, DType::Int16);
  plan.beta_grid = symmetric_grid(beta, DType::Int16);
  for (std::size_t i = 0; i < entries; ++i) {
    plan.gamma.push_back(static_cast<std::int16_t>(quantise(gamma[i], plan.gamma_grid)));
    plan.beta.push_back(static_cast<std::int16_t>(quantise(beta[i], plan.beta_grid)));
  }
  return plan;
}

std::vector<PrimitiveSpan> primitive_spans(const DecomposedPlan& plan, PrimitiveOp op, const NormTile& tile,
                                           const PrimitiveAddresses& at) {
  const std::int64_t elements = tile.element_count(), sets = tile.set_count() * 2, table = at.entry_count * 2;
  const PrimitiveSpan codes{at.codes, elements, false}, wide{at.wide, elements * 2, false},
      work{at.work, elements * 2, false};
  const auto written = [](PrimitiveSpan span) {
    span.write = true;
    return span;
  };
  switch (op) {
    case PrimitiveOp::Mean:
      return {codes, {at.mean, sets, true}};
    case PrimitiveOp::Centre:
      if (!subtracts_mean(plan.statistic)) return {codes, written(wide)};
      return {codes, {at.mean, sets, false}, written(wide)};
    case PrimitiveOp::Square:
      return {wide, written(work)};
    case PrimitiveOp::Sum:
      return {work, {at.sum, sets, true}};
    case PrimitiveOp::Deviation:
      return {{at.sum, sets, false}, {at.deviation, sets, true}};
    case PrimitiveOp::Divide:
      return {wide, {at.deviation, sets, false}, written(work)};
    case PrimitiveOp::Scale:
      return {work, {at.gamma, table, false}, written(work)};
    case PrimitiveOp::Shift:
      return {work, {at.beta, table, false}, written(codes)};
  }
  throw std::logic_error("primitive_spans: unknown PrimitiveOp");
}

namespace {

// Calls visit(element, set, affine entry) for every element of the tile, row-major.
template <class Visit>
void for_each_element(const NormTile& tile, Visit&& visit) {
  std::vector<std::int64_t> index(tile.dims.size(), 0);
  const std::int64_t count = tile.element_count();
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t set = 0, affine = 0;
    for (std::size_t d = 0; d < index.size(); ++d) {
      if (!tile.dims[d].in_set) set = set * tile.dims[d].extent + index[d];
      affine += index[d] * tile.dims[d].affine_stride;
    }
    visit(i, set, affine);
    for (std::size_t d = index.size(); d-- > 0 && ++index[d] == tile.dims[d].extent;) index[d] = 0;
  }
}

std::int16_t wide_code(double real, const Quantisation& grid) {
  return static_cast<std::int16_t>(quantise(real, grid));
}

// Sums of codes are integers, so the order in which a reduction adds them can't matter.
template <class T>
void reduce_codes(const NormTile& tile, const T* codes, const Quantisation& from, double divisor,
                  const Quantisation& onto, std::int16_t* result) {
  std::vector<std::int64_t> sums(static_cast<std::size_t>(tile.set_count()), 0);
  for_each_element(tile, [&](std::int64_t i, std::int64_t set, std::int64_t) {
    sums[static_cast<std::size_t>(set)] += codes[i] - from.zero_point;
  });
  for (std::size_t s = 0; s < sums.size(); ++s)
    result[s] = wide_code(from.scale * static_cast<double>(sums[s]) / divisor, onto);
}

}  // namespace

void run_primitive(const DecomposedPlan& plan, PrimitiveOp op, const NormTile& tile,
                   const PrimitiveAddresses& at, std::uint8_t* sram) {
  const auto wide16 = [sram](std::int64_t address) {
    return reinterpret_cast<std::int16_t*>(sram + address);
  };
  auto* codes = reinterpret_cast<std::int8_t*>(sram + at.codes);
  std::int16_t *wide = wide16(at.wide), *work = wide16(at.work), *mean = wide16(at.mean),
               *sum = wide16(at.sum), *deviation = wide16(at.deviation);
  const std::int16_t *gamma = wide16(at.gamma), *beta = wide16(at.beta);
  const double n = static_cast<double>(plan.set_size);
  switch (op) {
    case PrimitiveOp::Mean:
      return reduce_codes(tile, codes, plan.in, n, plan.mean, mean);
    case PrimitiveOp::Centre: {
      const bool centre = subtracts_mean(plan.statistic);
      return for_each_element(tile, [&](std::int64_t i, std::int64_t s, std::int64_t) {
        wide[i] = wide_code(dequantise(codes[i], plan.in) - (centre ? dequantise(mean[s], plan.mean) : 0),
                            plan.centred);
      });
    }
    case PrimitiveOp::Square:
      for (std::int64_t i = 0; i < tile.element_count(); ++i)
        work[i] = wide_code(squared(plan.statistic, dequantise(wide[i], plan.centred)), plan.square);
      return;
    case PrimitiveOp::Sum:
      return reduce_codes(tile, work, plan.square, averages(plan.statistic) ? n : 1, plan.sum, sum);
    case PrimitiveOp::Deviation:
      for (std::int64_t s = 0; s < tile.set_count(); ++s)
        deviation[s] = wide_code(deviation_of(plan, dequantise(sum[s], plan.sum)), plan.deviation);
      return;
    case PrimitiveOp::Divide:
      return for_each_element(tile, [&](std::int64_t i, std::int64_t s, std::int64_t) {
        const double d = dequantise(deviation[s], plan.deviation);
        work[i] =
            d == 0 ? std::int16_t{0} : wide_code(dequantise(wide[i], plan.centred) / d, plan.normalised);
      });
    case PrimitiveOp::Scale:
      return for_each_element(tile, [&](std::int64_t i, std::int64_t, std::int64_t a) {
        work[i] = wide_code(dequantise(work[i], plan.normalised) * dequantise(gamma[a], plan.gamma_grid),
                            plan.scaled);
      });
    case PrimitiveOp::Shift:
      return for_each_element(tile, [&](std::int64_t i, std::int64_t, std::int64_t a) {
        codes[i] = static_cast<std::int8_t>(
            quantise(dequantise(work[i], plan.scaled) + dequantise(beta[a], plan.beta_grid), plan.out));
      });
  }
}

}  // namespace bpusim
