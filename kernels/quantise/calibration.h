// Where the grid of a tensor ends: statistics of the values that it takes, sample by sample, and the methods
// that choose a largest magnitude from them. Values are never kept: a range and a histogram stand for them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernels/quantise/quantise.h"

namespace bpusim {

/// A way to choose the largest magnitude of a grid.
struct CalibrationMethod {
  enum class Kind { Max, Percentile, Kl, Mse, Readers };
  Kind kind = Kind::Max;
  double fraction = 0.9999;  ///< of the magnitudes, for Percentile

  std::string name() const;  ///< "max", "percentile:0.9999", "kl", "mse", "readers"
};

/// The method of a name: "max", "percentile" (of `fraction`), "percentile:0.9995" (above 0, at most 1), "kl",
/// "mse" or "readers". Absent for other words.
std::optional<CalibrationMethod> parse_calibration(const std::string& name, double fraction = 0.9999);

/// All methods, the simplest first: max, percentiles (0.99999, 0.99995, 0.9999, 0.9995, 0.999), kl, mse,
/// readers.
const std::vector<CalibrationMethod>& calibration_methods();

/// What is known of a tensor's values: see all samples with range(), then all of them again with count().
class ValueStatistics {
 public:
  static constexpr int kBins = 2048;

  /// Infinite values are left out. Throws std::invalid_argument for NaN, which has no place on a grid.
  void range(const std::vector<double>& values);
  /// Magnitudes beyond the range count as the largest.
  void count(const std::vector<double>& values);

  double lowest() const { return seen_ ? lowest_ : 0; }
  double highest() const { return seen_ ? highest_ : 0; }
  double largest() const;
  /// Whether there is nothing but zeros, or numbers so small that no grid tells them from it.
  bool all_zero() const { return largest() / kBins <= 1e-300; }
  /// The magnitude that `fraction` of all magnitudes do not exceed, to the upper edge of its bin; the largest
  /// where that is the first bin, since a grid that ends there would keep nothing.
  double percentile(double fraction) const;

  /// The largest magnitude that the method keeps.
  ///
  /// Kl: the cut that loses the least information. With P the histogram up to a bin i, all counts beyond it
  /// added to the last, and Q the same bins merged to 128 levels and spread evenly over those of each level
  /// that are not empty, it is the i with the least sum P log(P / Q), both normalised (S. Migacz, "8-bit
  /// inference with TensorRT", GTC 2017). The first bin counts as its neighbour: zero is on every grid, so a
  /// peak of zeros says nothing about where one should end. Judged every 16 bins.
  ///
  /// Mse: the cut where the squared error of the bins' centres on a symmetric int8 grid is least. Judged
  /// every 32 bins, down to an eighth of the largest magnitude.
  double magnitude(const CalibrationMethod& method) const;

  /// The grid by the method. int16 always reaches the largest magnitude: its steps are 256 times as fine, and
  /// a cut would lose more than it wins. All-zero data gets scale 1.
  Quantisation grid(const CalibrationMethod& method, bool affine, DType dtype = DType::Int8) const;

  /// The grid that ends at `most`, or where the values end before.
  Quantisation grid_to(double most, bool affine, DType dtype = DType::Int8) const;

  /// The magnitude that "readers" keeps (sim/quantise/reader_losses.h); without it the largest.
  void end_for_readers(double magnitude) { for_readers_ = magnitude; }

 private:
  std::vector<double> bins() const;  // all of them
  double least_divergence() const;
  double least_error() const;
  double edge(int bins) const { return largest() * bins / kBins; }

  bool seen_ = false;
  double lowest_ = 0, highest_ = 0;
  // Counts of magnitudes, in equal shares of the largest: of bins with some only, since most networks have
  // many values that are small or fill few bins. Empty before count().
  std::vector<std::uint16_t> filled_;
  std::vector<double> counts_;
  double total_ = 0;
  std::optional<double> for_readers_;
};

}  // namespace bpusim
