#include "kernels/norms/golden.h"

#include <algorithm>
#include <cmath>

#include "kernels/cpu/parallel.h"
#include "kernels/norms/walk.h"

namespace bpusim {

namespace {

double entry(const std::vector<double>& values, std::int64_t index, double absent) {
  return values.empty() ? absent : values[static_cast<std::size_t>(index)];
}

// What normalises one set: xhat = (x - mean) * factor.
struct SetMoments {
  double mean = 0, variance = 0, factor = 0;
};

// Adds up function(x) over one set, row-major.
template <class Function>
double total(const std::vector<double>& x, const ElementPlace& start, const std::vector<ElementRun>& runs,
             Function function) {
  double sum = 0;
  for (const ElementRun& run : runs) {
    const double* in = x.data() + start.offset + run.place.offset;
    for (std::int64_t i = 0; i < run.count; ++i) sum += function(in[i * run.stride]);
  }
  return sum;
}

SetMoments moments(const NormPart& part, const std::vector<double>& x, const ElementPlace& start,
                   const std::vector<ElementRun>& runs) {
  const auto n = static_cast<double>(part.set_size());
  SetMoments m;
  if (subtracts_mean(part.statistic)) {
    m.mean = total(x, start, runs, [](double v) { return v; }) / n;
    m.variance = total(x, start, runs, [&](double v) { return (v - m.mean) * (v - m.mean); }) / n;
  } else if (sums_magnitudes(part.statistic)) {
    m.variance = total(x, start, runs, [](double v) { return std::abs(v); });
    m.factor = m.variance > 0 ? 1 / m.variance : 0;
    return m;
  } else {
    m.variance = total(x, start, runs, [](double v) { return v * v; });
    if (averages(part.statistic)) m.variance /= n;
  }
  const double deviation =
      part.epsilon_place == EpsilonPlace::InVariance    ? std::sqrt(m.variance + part.epsilon)
      : part.epsilon_place == EpsilonPlace::OnDeviation ? std::sqrt(m.variance) + part.epsilon
                                                        : std::sqrt(m.variance);
  m.factor = deviation > 0 ? 1 / deviation : 0;
  return m;
}

// y = (x - mean) * factor * gamma + beta along a run.
struct Affine {
  double mean, factor;
};

void apply_run(const NormPart& part, const Affine& a, const ElementRun& run, std::int64_t affine,
               const double* x, double* y) {
  if (run.affine_stride == 0 && run.stride == 1) {
    const double gamma = entry(part.gamma, affine, 1), beta = entry(part.beta, affine, 0);
    for (std::int64_t i = 0; i < run.count; ++i) y[i] = (x[i] - a.mean) * a.factor * gamma + beta;
    return;
  }
  for (std::int64_t i = 0; i < run.count; ++i) {
    const std::int64_t c = affine + i * run.affine_stride;
    y[i * run.stride] =
        (x[i * run.stride] - a.mean) * a.factor * entry(part.gamma, c, 1) + entry(part.beta, c, 0);
  }
}

// Statistics that are given belong to an affine index, so a run has one of each where it has one index.
void given_run(const NormPart& part, const ElementRun& run, const double* x, double* y) {
  for (std::int64_t i = 0; i < run.count;) {
    ElementRun same = run;
    same.count = run.affine_stride == 0 ? run.count : 1;
    const std::int64_t affine = run.place.affine + i * run.affine_stride;
    const auto c = static_cast<std::size_t>(affine);
    apply_run(part, {part.mean[c], 1 / std::sqrt(part.variance[c] + part.epsilon)}, same, affine,
              x + i * run.stride, y + i * run.stride);
    i += same.count;
  }
}

void golden_given(const NormPart& part, const std::vector<double>& x, std::vector<double>& y) {
  const std::vector<ElementRun> runs = all_runs(part);
  parallel_for(static_cast<std::int64_t>(runs.size()), static_cast<std::int64_t>(x.size()),
               [&](std::int64_t i) {
                 const ElementRun& run = runs[static_cast<std::size_t>(i)];
                 given_run(part, run, x.data() + run.place.offset, y.data() + run.place.offset);
               });
}

// Each set's moments, while its values are normalised.
std::vector<SetMoments> golden_sets(const NormPart& part, const std::vector<double>& x,
                                    std::vector<double>& y) {
  const std::vector<ElementRun> runs = set_runs(part);
  const std::vector<ElementPlace> starts = set_starts(part);
  std::vector<SetMoments> sets(starts.size());
  parallel_for(static_cast<std::int64_t>(starts.size()), static_cast<std::int64_t>(x.size()),
               [&](std::int64_t i) {
                 const ElementPlace& start = starts[static_cast<std::size_t>(i)];
                 SetMoments& m = sets[static_cast<std::size_t>(i)];
                 m = moments(part, x, start, runs);
                 for (const ElementRun& run : runs) {
                   const std::int64_t offset = start.offset + run.place.offset;
                   apply_run(part, {m.mean, m.factor}, run, start.affine + run.place.affine,
                             x.data() + offset, y.data() + offset);
                 }
               });
  return sets;
}

}  // namespace

GoldenNorm golden_norm(const NormProblem& problem, const std::vector<double>& x) {
  GoldenNorm golden;
  golden.y.resize(x.size());
  for (const NormPart& part : problem.parts) {
    if (part.statistic == Statistic::Given) {
      golden_given(part, x, golden.y);
      continue;
    }
    const std::vector<SetMoments> sets = golden_sets(part, x, golden.y);
    const std::vector<ElementPlace> starts = set_starts(part);
    for (std::size_t i = 0; i < sets.size(); ++i) {
      const SetMoments& m = sets[i];
      golden.mean.push_back(m.mean);
      golden.inverse_deviation.push_back(m.factor);
      if (problem.running_mean.empty()) continue;
      const auto c = static_cast<std::size_t>(starts[i].affine);
      golden.running_mean.push_back(problem.momentum * problem.running_mean[c] +
                                    (1 - problem.momentum) * m.mean);
      golden.running_variance.push_back(problem.momentum * problem.running_variance[c] +
                                        (1 - problem.momentum) * m.variance);
    }
  }
  return golden;
}

namespace {

using Real = long double;

// 1 / deviation of a set in units of the input's step, and what is subtracted from each code.
struct IdealSet {
  Real factor = 0, subtrahend = 0;
};

IdealSet ideal_set(const NormPart& part, const std::vector<std::int64_t>& codes, const ElementPlace& start,
                   const std::vector<ElementRun>& runs, const Quantisation& in) {
  // Of the codes as they are, in 64 bits (2^30 a square of int16); the zero point follows in 128 bits.
  std::int64_t raw = 0, raw_squares = 0, magnitudes_64 = 0;
  for (const ElementRun& run : runs) {
    const std::int64_t* q = codes.data() + start.offset + run.place.offset;
    for (std::int64_t i = 0; i < run.count; ++i) {
      const std::int64_t code = q[i * run.stride];
      raw += code;
      raw_squares += code * code;
      magnitudes_64 += std::abs(code - in.zero_point);
    }
  }
  const Int128 zero = in.zero_point, n = part.set_size();
  const Int128 sum = raw - n * zero, squares = raw_squares - 2 * zero * raw + n * zero * zero;
  const Int128 magnitudes = magnitudes_64;
  IdealSet set;
  Real deviation = 0;  // in input steps
  const Real scale = in.scale;
  const auto real_n = static_cast<Real>(n);
  switch (part.statistic) {
    case Statistic::MeanVariance:
      deviation = static_cast<Real>(n * squares - sum * sum) / (real_n * real_n);
      set.subtrahend = static_cast<Real>(sum) / real_n;
      break;
    case Statistic::MeanSquare:
      deviation = static_cast<Real>(squares) / real_n;
      break;
    case Statistic::L2:
      deviation = static_cast<Real>(squares);
      break;
    case Statistic::L1:
      deviation = static_cast<Real>(magnitudes) * static_cast<Real>(magnitudes);
      break;
    case Statistic::Given:
      break;
  }
  if (part.epsilon_place == EpsilonPlace::InVariance) deviation += part.epsilon / (scale * scale);
  deviation = std::sqrt(deviation);
  if (part.epsilon_place == EpsilonPlace::OnDeviation) deviation += part.epsilon / scale;
  set.factor = deviation > 0 ? 1 / deviation : 0;
  return set;
}

std::int64_t onto_grid(Real y, const Quantisation& out) {
  const Real code = std::nearbyint(y / static_cast<Real>(out.scale)) + static_cast<Real>(out.zero_point);
  if (code <= static_cast<Real>(out.lowest())) return out.lowest();
  if (code >= static_cast<Real>(out.highest())) return out.highest();
  return static_cast<std::int64_t>(code);
}

// The same in double, where that is far enough from a tie to give the same. y comes of a few operations on
// magnitudes that add up to `size`: it is off by less than 2^-48 of that.
bool onto_grid_fast(double y, double size, const Quantisation& out, std::int64_t& code) {
  constexpr double kDoubt = 1.0 / (std::int64_t{1} << 48);
  const double steps = y / out.scale, rounded = std::nearbyint(steps), doubt = size / out.scale * kDoubt;
  if (!(doubt < 1e-3) || std::abs(std::abs(steps - rounded) - 0.5) <= doubt) return false;
  const double biased = rounded + static_cast<double>(out.zero_point);
  code = static_cast<std::int64_t>(
      std::clamp(biased, static_cast<double>(out.lowest()), static_cast<double>(out.highest())));
  return true;
}

// The real result of a code with an affine index, rounded.
std::int64_t ideal_code(const NormPart& part, const IdealSet& set, std::int64_t code, std::int64_t affine,
                        const Quantisation& in, const Quantisation& out) {
  const auto q = static_cast<Real>(code - in.zero_point);
  const auto c = static_cast<std::size_t>(affine);
  const Real xhat =
      part.statistic == Statistic::Given
          ? (q * in.scale - part.mean[c]) / std::sqrt(static_cast<Real>(part.variance[c]) + part.epsilon)
          : (q - set.subtrahend) * set.factor;
  return onto_grid(xhat * entry(part.gamma, affine, 1) + entry(part.beta, affine, 0), out);
}

// The real result of a code is slope * (code - zero point) + start, in double; `size` adds up the magnitudes
// that start is made of.
struct Line {
  double slope = 0, start = 0, size = 0;
};

Line line_of(const NormPart& part, const IdealSet& set, std::int64_t affine, const Quantisation& in) {
  const double gamma = entry(part.gamma, affine, 1), beta = entry(part.beta, affine, 0);
  double factor = static_cast<double>(set.factor), shift = static_cast<double>(set.subtrahend);
  if (part.statistic == Statistic::Given) {
    const auto c = static_cast<std::size_t>(affine);
    factor = in.scale / std::sqrt(part.variance[c] + part.epsilon);
    shift = part.mean[c] / in.scale;
  }
  const double slope = factor * gamma;
  return {slope, beta - shift * slope, std::abs(shift * slope) + std::abs(beta)};
}

// A long run with one affine index is a function of the code alone, which is computed once for each code.
void ideal_run(const NormPart& part, const IdealSet& set, const std::int64_t* codes, const ElementRun& run,
               std::int64_t affine, const Quantisation& in, const Quantisation& out, std::int64_t* y) {
  constexpr std::int64_t kCodes = 256;
  if (in.dtype == DType::Int8 && run.affine_stride == 0 && run.count >= kCodes) {
    std::int64_t table[kCodes];
    for (std::int64_t q = -128; q < 128; ++q) table[q + 128] = ideal_code(part, set, q, affine, in, out);
    for (std::int64_t i = 0; i < run.count; ++i) y[i * run.stride] = table[codes[i * run.stride] + 128];
    return;
  }
  Line line;
  for (std::int64_t i = 0; i < run.count; ++i) {
    const std::int64_t q = codes[i * run.stride], c = affine + i * run.affine_stride;
    if (i == 0 || run.affine_stride != 0) line = line_of(part, set, c, in);
    const double step = static_cast<double>(q - in.zero_point), rise = step * line.slope;
    std::int64_t& code = y[i * run.stride];
    if (!onto_grid_fast(rise + line.start, std::abs(rise) + line.size, out, code))
      code = ideal_code(part, set, q, c, in, out);
  }
}

}  // namespace

std::vector<std::int64_t> ideal_norm(const NormProblem& problem, const std::vector<std::int64_t>& codes,
                                     const Quantisation& in, const Quantisation& out) {
  std::vector<std::int64_t> y(codes.size());
  for (const NormPart& part : problem.parts) {
    if (part.statistic == Statistic::Given) {
      for (const ElementRun& run : all_runs(part))
        ideal_run(part, {}, codes.data() + run.place.offset, run, run.place.affine, in, out,
                  y.data() + run.place.offset);
      continue;
    }
    const auto runs = set_runs(part);
    for (const ElementPlace& start : set_starts(part)) {
      const IdealSet set = ideal_set(part, codes, start, runs, in);
      for (const ElementRun& run : runs) {
        const std::int64_t offset = start.offset + run.place.offset;
        ideal_run(part, set, codes.data() + offset, run, start.affine + run.place.affine, in, out,
                  y.data() + offset);
      }
    }
  }
  return y;
}

}  // namespace bpusim
