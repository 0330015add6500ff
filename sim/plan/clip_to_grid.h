// From one grid to another: a Clip that reaches from end to end of the grid changes no number that is on it.
#pragma once

#include <string>

#include "kernels/quantise/quantise.h"
#include "sim/plan/network_edit.h"

namespace bpusim {

/// Adds the node, which makes `to` of `from`, on `grid`; `to` is there, or is made. Returns its index.
std::size_t add_clip_to_grid(NetworkEdit& edit, const std::string& from, const std::string& to,
                             const Quantisation& grid, const std::string& name);

}  // namespace bpusim
