#include "kernels/norm_golden.h"

#include <cmath>

#include "kernels/norm_walk.h"

namespace bpusim {

namespace {

double entry(const std::vector<double>& values, std::int64_t index, double absent) {
  return values.empty() ? absent : values[static_cast<std::size_t>(index)];
}

// What normalises one set: xhat = (x - mean) * factor.
struct SetMoments {
  double mean = 0, variance = 0, factor = 0;
};

SetMoments moments(const NormPart& part, const std::vector<double>& x, const ElementPlace& start,
                   const std::vector<ElementPlace>& elements) {
  const auto at = [&](const ElementPlace& e) { return x[static_cast<std::size_t>(start.offset + e.offset)]; };
  const auto n = static_cast<double>(elements.size());
  SetMoments m;
  if (part.statistic == Statistic::MeanVariance) {
    for (const auto& e : elements) m.mean += at(e);
    m.mean /= n;
    for (const auto& e : elements) m.variance += (at(e) - m.mean) * (at(e) - m.mean);
    m.variance /= n;
  } else if (part.statistic == Statistic::L1) {
    for (const auto& e : elements) m.variance += std::abs(at(e));
    m.factor = m.variance > 0 ? 1 / m.variance : 0;
    return m;
  } else {
    for (const auto& e : elements) m.variance += at(e) * at(e);
    if (part.statistic == Statistic::MeanSquare) m.variance /= n;
  }
  const double deviation =
      part.epsilon_place == EpsilonPlace::InVariance    ? std::sqrt(m.variance + part.epsilon)
      : part.epsilon_place == EpsilonPlace::OnDeviation ? std::sqrt(m.variance) + part.epsilon
                                                        : std::sqrt(m.variance);
  m.factor = deviation > 0 ? 1 / deviation : 0;
  return m;
}

void golden_given(const NormPart& part, const std::vector<double>& x, std::vector<double>& y) {
  const auto elements = set_elements(part);
  for (const ElementPlace& start : set_starts(part))
    for (const ElementPlace& e : elements) {
      const auto i = static_cast<std::size_t>(start.offset + e.offset);
      const auto c = static_cast<std::size_t>(start.affine + e.affine);
      const double xhat = (x[i] - part.mean[c]) / std::sqrt(part.variance[c] + part.epsilon);
      y[i] =
          xhat * entry(part.gamma, start.affine + e.affine, 1) + entry(part.beta, start.affine + e.affine, 0);
    }
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
    const auto elements = set_elements(part);
    for (const ElementPlace& start : set_starts(part)) {
      const SetMoments m = moments(part, x, start, elements);
      golden.mean.push_back(m.mean);
      golden.inverse_deviation.push_back(m.factor);
      for (const ElementPlace& e : elements) {
        const auto i = static_cast<std::size_t>(start.offset + e.offset);
        const std::int64_t c = start.affine + e.affine;
        golden.y[i] = (x[i] - m.mean) * m.factor * entry(part.gamma, c, 1) + entry(part.beta, c, 0);
      }
      if (problem.running_mean.empty()) continue;
      const auto c = static_cast<std::size_t>(start.affine);
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
                   const std::vector<ElementPlace>& elements, const Quantisation& in) {
  Int128 sum = 0, squares = 0, magnitudes = 0;
  for (const auto& e : elements) {
    const Int128 q = codes[static_cast<std::size_t>(start.offset + e.offset)] - in.zero_point;
    sum += q;
    squares += q * q;
    magnitudes += q < 0 ? -q : q;
  }
  const auto n = static_cast<Int128>(elements.size());
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

}  // namespace

std::vector<std::int64_t> ideal_norm(const NormProblem& problem, const std::vector<std::int64_t>& codes,
                                     const Quantisation& in, const Quantisation& out) {
  std::vector<std::int64_t> y(codes.size());
  for (const NormPart& part : problem.parts) {
    const auto elements = set_elements(part);
    for (const ElementPlace& start : set_starts(part)) {
      const bool given = part.statistic == Statistic::Given;
      const IdealSet set = given ? IdealSet{} : ideal_set(part, codes, start, elements, in);
      for (const ElementPlace& e : elements) {
        const auto i = static_cast<std::size_t>(start.offset + e.offset);
        const std::int64_t c = start.affine + e.affine;
        const auto q = static_cast<Real>(codes[i] - in.zero_point);
        const Real xhat =
            given
                ? (q * in.scale - part.mean[static_cast<std::size_t>(c)]) /
                      std::sqrt(static_cast<Real>(part.variance[static_cast<std::size_t>(c)]) + part.epsilon)
                : (q - set.subtrahend) * set.factor;
        y[i] = onto_grid(xhat * entry(part.gamma, c, 1) + entry(part.beta, c, 0), out);
      }
    }
  }
  return y;
}

}  // namespace bpusim
