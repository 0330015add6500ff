// How Split and Concat cut a tensor.
#pragma once

#include "sim/network/network.h"

namespace bpusim {

/// Rows that the axis of a Split or Concat cuts apart: 1 where the pieces lie one behind the other in the
/// whole tensor.
std::int64_t rows_before(const Node& node, const Shape& whole);

}  // namespace bpusim
