#include "sim/run/accuracy.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace bpusim {

namespace {

double decibels(double signal, double noise) {
  if (noise == 0) return kExactDb;
  if (signal == 0) return -kExactDb;
  return std::clamp(10 * std::log10(signal / noise), -kExactDb, kExactDb);
}

}  // namespace

Accuracy compare(const std::vector<double>& golden, const std::vector<std::int64_t>& codes,
                 const std::vector<std::int64_t>& ideal, const Quantisation& grid) {
  Accuracy a;
  double signal = 0, noise = 0, ideal_noise = 0, dot = 0, power = 0, total = 0;
  std::int64_t exact = 0, near = 0;
  for (std::size_t i = 0; i < golden.size(); ++i) {
    const double y = dequantise(codes[i], grid), error = y - golden[i];
    const double ideal_error = dequantise(ideal[i], grid) - golden[i];
    signal += golden[i] * golden[i];
    noise += error * error;
    ideal_noise += ideal_error * ideal_error;
    dot += y * golden[i];
    power += y * y;
    total += std::abs(error);
    a.max_abs_error = std::max(a.max_abs_error, std::abs(error));
    exact += codes[i] == ideal[i];
    near += std::abs(codes[i] - ideal[i]) <= 1;
  }
  const double count = std::max<double>(1, static_cast<double>(golden.size()));
  a.mean_abs_error = total / count;
  a.sqnr_db = decibels(signal, noise);
  a.ideal_sqnr_db = decibels(signal, ideal_noise);
  a.ideal_loss_db = a.ideal_sqnr_db - a.sqnr_db;
  a.ideal_exact_fraction = static_cast<double>(exact) / count;
  a.ideal_within_1lsb_fraction = static_cast<double>(near) / count;
  a.cosine = signal == 0 && power == 0 ? 1 : signal == 0 || power == 0 ? 0 : dot / std::sqrt(signal * power);
  return a;
}

}  // namespace bpusim
