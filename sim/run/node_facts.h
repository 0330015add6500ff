// What a row of the report says of a step beside its time: what it was made of, and how much it holds.
#pragma once

#include "sim/operators/step_lowering.h"
#include "sim/result/result.h"

namespace bpusim {

/// Fills origin, fused, macs, mac_utilisation, weight_bytes and activation_bytes of a row whose cycles are
/// known.
void describe(const Step& step, const Network& network, const LoweredStep& lowered,
              const std::map<std::string, TensorPlace>& places, const MachineParams& machine,
              NodeResult& row);

/// Marks the rows that make the network's outputs, perhaps under another shape.
void mark_outputs(const Network& network, const std::vector<Step>& steps, std::vector<NodeResult>& rows);

}  // namespace bpusim
