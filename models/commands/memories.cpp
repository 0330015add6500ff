#include "models/commands/memories.h"

#include <algorithm>

namespace bpusim {

std::vector<std::int16_t> CoreSram::widened(std::int64_t address, std::int64_t elements, DType dtype) const {
  if (dtype == DType::Int16) {
    const auto* codes = at<std::int16_t>(address);
    return {codes, codes + elements};
  }
  const auto* codes = at<std::int8_t>(address);
  return {codes, codes + elements};
}

void CoreSram::narrow(const std::vector<std::int16_t>& codes, std::int64_t address, DType dtype) const {
  if (dtype == DType::Int16) {
    std::copy(codes.begin(), codes.end(), at<std::int16_t>(address));
  } else {
    std::transform(codes.begin(), codes.end(), at<std::int8_t>(address),
                   [](std::int16_t code) { return static_cast<std::int8_t>(code); });
  }
}

}  // namespace bpusim
