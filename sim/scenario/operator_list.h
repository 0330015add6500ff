// The operators that a run file lists, and what it says of single nodes.
#pragma once

#include <cstdint>

#include "sim/config/yaml_reader.h"
#include "sim/scenario/run_file.h"

namespace bpusim {

/// mapping, quantisation, calibration, percentile and fuse; `options` hold where the node says nothing.
NodeOptions read_options(const YamlNode& node, NodeOptions options);

/// Adds the list's operators to the run's network, the inputs of each drawn from a seed of its own.
void read_operators(const YamlNode& operators, std::uint64_t seed, RunSpec& run);

}  // namespace bpusim
