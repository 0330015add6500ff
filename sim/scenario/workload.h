// Networks from a list of operators and shapes: data and parameters are drawn from seeded distributions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/config/memory_budget.h"
#include "sim/network/network.h"

namespace bpusim {

/// Where input data come from.
struct DataSpec {
  std::string kind = "normal";  ///< one of data_kinds(), or "file"
  double mean = 0, deviation = 1;
  std::string file;  ///< .npy, for kind "file"
};

/// normal; uniform (mean +- sqrt(3) deviations); offset (a mean of 200 deviations, where int8 has no codes
/// left for zero); outlier_channel (one channel 30 times as large); constant (deviation 0).
const std::vector<std::string>& data_kinds();

Tensor draw(const DataSpec& spec, const Shape& shape, std::uint64_t seed);

/// An operator that follows another in a chain.
struct FollowerSpec {
  std::string op;
  Attributes attributes;
};

/// An operator, or a chain of them, with its input.
struct OperatorSpec {
  std::string name, op;
  Shape shape;
  Attributes attributes;
  std::vector<FollowerSpec> then;      ///< operators that follow, each fed by the one before
  std::int64_t out_channels = 0;       ///< Conv
  std::int64_t kernel = 3;             ///< Conv
  std::int64_t instance_channels = 0;  ///< InstanceBatchNormalization: k; 0 for half
  DataSpec data;
  StringTensor text;  ///< StringNormalizer
  std::uint64_t seed = 1;
};

/// Operator names that a workload can hold: every norm of the registry and its neighbours, and "IBNSplit",
/// which is InstanceBatchNormalization as Split, InstanceNormalization, BatchNormalization and Concat.
std::vector<std::string> workload_operators();

/// Adds a spec's nodes and values. Node names are the spec's name, or name.Op in chains. Throws
/// std::invalid_argument with what is wrong, and InputError where its tensors are more than `budget` has.
void add_operator(const OperatorSpec& spec, MemoryBudget& budget, Network& network);

}  // namespace bpusim
