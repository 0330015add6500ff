// Whole tensors of real values: their range, their histogram, and how far codes are from them. The same to
// the bit on every machine and for any number of threads.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/quantise/quantise.h"

namespace bpusim {

struct ValueRange {
  double lowest = 0, highest = 0;  ///< of the finite values; 0 where there are none
  bool any_finite = false, any_nan = false;
};
ValueRange value_range(const double* values, std::int64_t count);

/// Adds to `bins` how many magnitudes lie in each of them: of `width` each from 0 on, what is larger than all
/// in the last.
void count_magnitudes(const double* values, std::int64_t count, double width, std::vector<double>& bins);

/// Sums over a tensor of values v and what codes stand for, y.
struct ErrorSums {
  double signal = 0;   ///< v^2
  double power = 0;    ///< y^2
  double dot = 0;      ///< v y
  double noise = 0;    ///< (y - v)^2
  double errors = 0;   ///< |y - v|
  double largest = 0;  ///< the largest |y - v|
};
ErrorSums error_sums(const double* values, const std::int64_t* codes, std::int64_t count,
                     const Quantisation& grid);

}  // namespace bpusim
