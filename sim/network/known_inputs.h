// How many inputs each operator has, in any of ONNX's versions that are read.
#pragma once

#include <cstddef>
#include <string>

namespace bpusim {

struct InputCount {
  std::size_t least = 1;  ///< that an operator can't do without, those after the first included
  std::size_t most = 0;   ///< 0: any number
};

/// One and more for an operator that bpusim does not know.
InputCount input_count(const std::string& op);

}  // namespace bpusim
