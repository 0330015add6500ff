// Counts and sizes that every floor reckons with.
#pragma once

#include <cstdint>

namespace bpusim {

/// Both at least 0, the divisor at least 1.
constexpr std::int64_t ceil_div(std::int64_t dividend, std::int64_t divisor) {
  return (dividend + divisor - 1) / divisor;
}

/// The next multiple of `step`.
constexpr std::int64_t round_up(std::int64_t value, std::int64_t step) {
  return ceil_div(value, step) * step;
}

/// Bytes that an AffineEntry, a SetSums and a SetScale take in memory.
constexpr std::int64_t kRecordBytes = 16;

/// Buffers in SRAM and tensors on chip start at multiples of this many bytes: whole words of the widest port.
constexpr std::int64_t kAlignBytes = 64;
constexpr std::int64_t aligned(std::int64_t bytes) {
  return round_up(bytes, kAlignBytes);
}

}  // namespace bpusim
