#include "sim/quantise/accuracy.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "kernels/quantise/value_rows.h"
#include "sim/operators/tensor_codes.h"

namespace bpusim {

namespace {

double decibels(double signal, double noise) {
  if (noise == 0) return kExactDb;
  if (signal == 0) return -kExactDb;
  return std::clamp(10 * std::log10(signal / noise), -kExactDb, kExactDb);
}

double cosine_of(const ErrorSums& sums) {
  if (sums.signal == 0 && sums.power == 0) return 1;
  return sums.signal == 0 || sums.power == 0 ? 0 : sums.dot / std::sqrt(sums.signal * sums.power);
}

// Codes that are equal, and those that are no farther apart than 1.
struct Agreement {
  std::int64_t exact = 0, near = 0;
};

Agreement agreement_of(const std::vector<std::int64_t>& codes, const std::vector<std::int64_t>& ideal) {
  if (codes == ideal)
    return {static_cast<std::int64_t>(codes.size()), static_cast<std::int64_t>(codes.size())};
  Agreement agreement;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::int64_t apart = std::abs(codes[i] - ideal[i]);
    agreement.exact += apart == 0 ? 1 : 0;
    agreement.near += apart <= 1 ? 1 : 0;
  }
  return agreement;
}

// Of results that are on no grid. Where golden is infinite and the result too there is neither signal nor
// error.
ErrorSums error_sums_of(const std::vector<double>& values, const std::vector<std::int64_t>& codes,
                        const TensorPlace& place) {
  ErrorSums sums;
  const std::vector<double> reals = reals_of(codes, place);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double y = reals[i], error = y - values[i];
    if (std::isinf(y) && y == values[i]) continue;
    sums.signal += values[i] * values[i];
    sums.power += y * y;
    sums.dot += values[i] * y;
    sums.noise += error * error;
    sums.errors += std::abs(error);
    sums.largest = std::max(sums.largest, std::abs(error));
  }
  return sums;
}

ErrorSums errors_of(const Result& r, const std::vector<std::int64_t>& codes) {
  const Quantisation& grid = r.place.grid;
  if (grid.dtype == DType::Float32 || !r.place.channels.scales.empty())
    return error_sums_of(r.golden, codes, r.place);
  return error_sums(r.golden.data(), codes.data(), static_cast<std::int64_t>(r.golden.size()), grid);
}

void add(const ErrorSums& more, ErrorSums& sums) {
  sums.signal += more.signal;
  sums.power += more.power;
  sums.dot += more.dot;
  sums.noise += more.noise;
  sums.errors += more.errors;
  sums.largest = std::max(sums.largest, more.largest);
}

}  // namespace

Accuracy compare(const std::vector<Result>& results) {
  ErrorSums sums;
  Agreement agreement;
  std::int64_t count = 0;
  double ideal_noise = 0;
  for (const Result& r : results) {
    const auto elements = static_cast<std::int64_t>(r.golden.size());
    const ErrorSums own = errors_of(r, r.codes);
    const Agreement agreed = agreement_of(r.codes, r.ideal);
    add(own, sums);
    agreement.exact += agreed.exact;
    agreement.near += agreed.near;
    count += elements;
    ideal_noise += agreed.exact == elements  // the same codes
                       ? own.noise
                       : errors_of(r, r.ideal).noise;
  }
  const auto parts = static_cast<double>(std::max<std::int64_t>(1, count));
  Accuracy a;
  a.max_abs_error = sums.largest;
  a.mean_abs_error = sums.errors / parts;
  a.sqnr_db = decibels(sums.signal, sums.noise);
  a.ideal_sqnr_db = decibels(sums.signal, ideal_noise);
  a.ideal_loss_db = a.ideal_sqnr_db - a.sqnr_db;
  a.ideal_exact_fraction = static_cast<double>(agreement.exact) / parts;
  a.ideal_within_1lsb_fraction = static_cast<double>(agreement.near) / parts;
  a.cosine = cosine_of(sums);
  return a;
}

}  // namespace bpusim
