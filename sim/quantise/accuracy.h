// How close a result is: to the float64 golden, and to the ideal integer result.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/quantise/quantise.h"

namespace bpusim {

/// Signal-to-quantisation-noise ratio that stands for "no error at all" in reports, in dB.
constexpr double kExactDb = 200;

struct Accuracy {
  double sqnr_db = 0;  ///< 10 log10(sum golden^2 / sum error^2); kExactDb where there is no error
  double cosine = 0;
  double max_abs_error = 0, mean_abs_error = 0;
  double ideal_exact_fraction = 0;        ///< codes equal to the ideal ones
  double ideal_within_1lsb_fraction = 0;  ///< or next to them
  double ideal_sqnr_db = 0;               ///< of the ideal codes
  double ideal_loss_db = 0;               ///< ideal_sqnr_db - sqnr_db
};

/// `codes` and `ideal` are on `grid`; all three have the same length.
Accuracy compare(const std::vector<double>& golden, const std::vector<std::int64_t>& codes,
                 const std::vector<std::int64_t>& ideal, const Quantisation& grid);

}  // namespace bpusim
