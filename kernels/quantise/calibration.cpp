#include "kernels/quantise/calibration.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <stdexcept>

#include "kernels/quantise/value_rows.h"

namespace bpusim {

namespace {

constexpr int kLevels = 128;  // magnitudes of a symmetric int8 grid
constexpr int kDivergenceStep = 16;
constexpr int kErrorStep = 32;

}  // namespace

std::string CalibrationMethod::name() const {
  switch (kind) {
    case Kind::Max:
      return "max";
    case Kind::Kl:
      return "kl";
    case Kind::Mse:
      return "mse";
    case Kind::Readers:
      return "readers";
    case Kind::Percentile:
      break;
  }
  char text[48];
  std::snprintf(text, sizeof text, "percentile:%.10g", fraction);
  return text;
}

std::optional<CalibrationMethod> parse_calibration(const std::string& name, double fraction) {
  using Kind = CalibrationMethod::Kind;
  if (name == "max") return CalibrationMethod{Kind::Max};
  if (name == "kl") return CalibrationMethod{Kind::Kl};
  if (name == "mse") return CalibrationMethod{Kind::Mse};
  if (name == "readers") return CalibrationMethod{Kind::Readers};
  if (name == "percentile") return CalibrationMethod{Kind::Percentile, fraction};
  const std::string prefix = "percentile:";
  if (name.compare(0, prefix.size(), prefix) != 0) return std::nullopt;
  const std::string number = name.substr(prefix.size());
  char* end = nullptr;
  const double given = std::strtod(number.c_str(), &end);
  if (number.empty() || *end != '\0' || !(given > 0) || given > 1) return std::nullopt;
  return CalibrationMethod{Kind::Percentile, given};
}

const std::vector<CalibrationMethod>& calibration_methods() {
  using Kind = CalibrationMethod::Kind;
  static const std::vector<CalibrationMethod> methods = {{Kind::Max},
                                                         {Kind::Percentile, 0.99999},
                                                         {Kind::Percentile, 0.99995},
                                                         {Kind::Percentile, 0.9999},
                                                         {Kind::Percentile, 0.9995},
                                                         {Kind::Percentile, 0.999},
                                                         {Kind::Kl},
                                                         {Kind::Mse},
                                                         {Kind::Readers}};
  return methods;
}

void ValueStatistics::range(const std::vector<double>& values) {
  const ValueRange range = value_range(values.data(), static_cast<std::int64_t>(values.size()));
  if (range.any_nan) throw std::invalid_argument("calibration: NaN has no place on an integer grid");
  if (!range.any_finite) return;
  lowest_ = seen_ ? std::min(lowest_, range.lowest) : range.lowest;
  highest_ = seen_ ? std::max(highest_, range.highest) : range.highest;
  seen_ = true;
}

double ValueStatistics::largest() const {
  return std::max(std::abs(lowest_), std::abs(highest_));
}

void ValueStatistics::count(const std::vector<double>& values) {
  if (all_zero()) return;  // symmetric_grid() has no grid for it either
  std::vector<double> all = bins();
  count_magnitudes(values.data(), static_cast<std::int64_t>(values.size()), largest() / kBins, all);
  filled_.clear();
  counts_.clear();
  for (std::size_t b = 0; b < all.size(); ++b) {
    if (all[b] == 0) continue;
    filled_.push_back(static_cast<std::uint16_t>(b));
    counts_.push_back(all[b]);
  }
  filled_.shrink_to_fit();
  counts_.shrink_to_fit();
  total_ += static_cast<double>(values.size());
}

std::vector<double> ValueStatistics::bins() const {
  std::vector<double> all(kBins, 0);
  for (std::size_t i = 0; i < filled_.size(); ++i) all[filled_[i]] = counts_[i];
  return all;
}

double ValueStatistics::percentile(double fraction) const {
  double below = 0;
  for (std::size_t i = 0; i < filled_.size(); ++i) {
    below += counts_[i];
    if (below >= fraction * total_) return filled_[i] == 0 ? largest() : edge(filled_[i] + 1);
  }
  return largest();
}

namespace {

// Sum of P log(P / Q) for the first `end` bins; infinite where Q has nothing for what P has.
double divergence(const std::vector<double>& bins, std::size_t end, double beyond) {
  double inside = 0;
  for (std::size_t b = 0; b < end; ++b) inside += bins[b];
  if (inside == 0) return std::numeric_limits<double>::infinity();
  const double total = inside + beyond;
  double sum = 0;
  for (std::size_t level = 0; level < kLevels; ++level) {
    const std::size_t first = level * end / kLevels, last = (level + 1) * end / kLevels;
    double counts = 0, taken = 0;
    for (std::size_t b = first; b < last; ++b) {
      counts += bins[b];
      taken += bins[b] > 0 ? 1 : 0;
    }
    for (std::size_t b = first; b < last; ++b) {
      const double p = (bins[b] + (b + 1 == end ? beyond : 0)) / total;
      if (p == 0) continue;
      if (bins[b] == 0) return std::numeric_limits<double>::infinity();
      sum += p * std::log(p / (counts / taken / inside));
    }
  }
  return sum;
}

}  // namespace

double ValueStatistics::least_divergence() const {
  std::vector<double> bins = this->bins();
  bins[0] = bins[1];
  double beyond = 0, least = std::numeric_limits<double>::infinity();
  int best = kBins;
  for (int end = kBins; end >= kLevels; end -= kDivergenceStep) {
    const double here = divergence(bins, static_cast<std::size_t>(end), beyond);
    if (here < least) {
      least = here;
      best = end;
    }
    for (int b = end - kDivergenceStep; b < end; ++b) beyond += bins[static_cast<std::size_t>(b)];
  }
  return edge(best);
}

double ValueStatistics::least_error() const {
  double least = std::numeric_limits<double>::infinity();
  int best = kBins;
  for (int end = kBins; end >= kBins / 8; end -= kErrorStep) {
    const double step = edge(end) / (kLevels - 1);
    double error = 0;
    for (std::size_t i = 0; i < filled_.size(); ++i) {
      const double centre = (filled_[i] + 0.5) * edge(1);
      const double e = std::min<double>(std::nearbyint(centre / step), kLevels - 1) * step - centre;
      error += counts_[i] * e * e;
    }
    if (error < least) {
      least = error;
      best = end;
    }
  }
  return edge(best);
}

double ValueStatistics::magnitude(const CalibrationMethod& method) const {
  using Kind = CalibrationMethod::Kind;
  if (method.kind == Kind::Max || filled_.empty()) return largest();
  if (method.kind == Kind::Readers) return for_readers_.value_or(largest());
  if (method.kind == Kind::Percentile) return percentile(method.fraction);
  return method.kind == Kind::Kl ? least_divergence() : least_error();
}

Quantisation ValueStatistics::grid(const CalibrationMethod& method, bool affine, DType dtype) const {
  return grid_to(dtype == DType::Int8 ? magnitude(method) : largest(), affine, dtype);
}

Quantisation ValueStatistics::grid_to(double most, bool affine, DType dtype) const {
  if (!affine) return symmetric_grid({most}, dtype);
  return affine_grid({std::clamp(lowest(), -most, most), std::clamp(highest(), -most, most)}, dtype);
}

}  // namespace bpusim
