// Codes of tensors as they lie in memory, whatever their element type.
#pragma once

#include <cstdint>
#include <vector>

#include "models/commands/command.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

/// The codes of `count` elements at `data`. Those of uint64 beyond what 64 signed bits hold are the largest.
Codes codes_of(const void* data, std::int64_t count, DType dtype);

/// What lies at a tensor's place.
Codes read_codes(DramPort& dram, const TensorPlace& place);

/// Writes place.elements codes there; each fits the element type.
void write_codes(DramPort& dram, const TensorPlace& place, const std::int64_t* codes);

}  // namespace bpusim
