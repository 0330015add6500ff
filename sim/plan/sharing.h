// Which tensors share bytes, and which share a grid: decided by the network alone, so that a run with
// function and one without take the same cycles.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/network/network.h"
#include "sim/operators/step.h"

namespace bpusim {

/// Where a value lies: at an offset within a root, which is a tensor of its own.
struct Sharing {
  struct Part {
    std::string root;
    std::int64_t offset = 0;  ///< elements
  };
  std::map<std::string, Part> parts;        ///< of all tensors; a root is at offset 0 of itself
  std::map<std::string, int> grid_classes;  ///< tensors with the same number are on the same grid

  std::set<std::string> int16;         ///< values on int16 grids, also within steps (element_types.h)
  std::map<std::string, DType> exact;  ///< values of whole numbers or truth, which are on no grid
  std::set<std::string> float32;       ///< tensors that only the CPU touches, on no grid (float_tensors.h)
  std::set<std::string> sums;          ///< outputs that leave as int32, a scale a channel (sums.h)

  bool is_exact(const std::string& value) const { return exact.count(value) != 0; }
  bool is_wide(const std::string& value) const { return int16.count(value) != 0; }
  bool is_float(const std::string& value) const { return float32.count(value) != 0; }
  bool is_sums(const std::string& value) const { return sums.count(value) != 0; }
  /// Of the tensor on the machine.
  DType dtype_of(const std::string& value) const {
    return is_float(value) ? DType::Float32 : is_sums(value) ? DType::Int32 : grid_type_of(value);
  }
  /// The same, of a float32 tensor what it would be if the BPU touched it, and of sums what they would be on
  /// a grid.
  DType grid_type_of(const std::string& value) const {
    const auto found = exact.find(value);
    return found != exact.end() ? found->second : is_wide(value) ? DType::Int16 : DType::Int8;
  }
  const Part& part(const std::string& value) const { return parts.at(value); }
};

/// A Reshape and its input are the same bytes. Inputs of a Concat lie side by side in its output, and outputs
/// of a Split in its input, where rows do not interleave and nothing stands against it: no copy is needed
/// then. Operators that only move elements, a MaxPool, and a Concat on the BPU keep the grid. Tensors are the
/// network's inputs and what steps read and make.
/// `floats` are those that lie as float32 (float_tensors.h).
Sharing plan_sharing(const Network& network, const std::vector<Step>& steps,
                     std::set<std::string> floats = {});

}  // namespace bpusim
