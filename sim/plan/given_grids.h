// A model that was quantised elsewhere, read as what it means: a network of real numbers whose tensors are on
// the grids that the model gives.
#pragma once

#include <optional>

#include "sim/network/network.h"

namespace bpusim {

/// The grid of the machine on which the codes of a type mean what they mean with this scale and zero point:
/// uint8 with zero point z is int8 with z - 128. Nothing for types of other widths.
std::optional<Quantisation> grid_of_codes(double scale, double zero, DType codes);

/// Takes pairs of QuantizeLinear and DequantizeLinear out, and gives the value between them their grid
/// (Value::grid): the value that was quantised, where nothing else reads it. Where something else does, or
/// where it is on another given grid, a Clip to the grid's ends takes the pair's place, which requantises.
/// Operators that only move codes, or choose some, become the same on real numbers first. A QuantizeLinear
/// whose codes somebody reads stays, and a DequantizeLinear of codes that come from elsewhere; both meet
/// their grid. `network` has its shapes, types and constants (folded(), simplify.h). What is not read as a
/// grid is said in Network::notes.
Network with_given_grids(Network network);

}  // namespace bpusim
