// Codes of tensors as they lie in memory, whatever their element type. The code of a float32 element is its
// bits: equal codes are equal numbers but for the sign of zero, and neighbours of one sign are 1 apart.
#pragma once

#include <cstdint>
#include <vector>

#include "models/commands/command.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

/// The codes of `count` elements at `data`. Those of uint64 beyond what 64 signed bits hold are the largest.
Codes codes_of(const void* data, std::int64_t count, DType dtype);

/// What a code of the tensor stands for.
double real_of(std::int64_t code, const Quantisation& grid);

/// What the codes of a whole tensor stand for.
std::vector<double> reals_of(const Codes& codes, const TensorPlace& place);

/// Codes of values: on the grid, or rounded to float32. Throws std::invalid_argument for NaN.
Codes codes_on(const std::vector<double>& values, const Quantisation& grid);

/// What lies at a tensor's place.
Codes read_codes(DramPort& dram, const TensorPlace& place);

/// Writes place.elements codes there; each fits the element type.
void write_codes(DramPort& dram, const TensorPlace& place, const std::int64_t* codes);

}  // namespace bpusim
