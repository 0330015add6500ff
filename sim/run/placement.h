// Which operator runs where, what is fused into what, and why: decided before anything is lowered.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/conv.h"
#include "sim/config/policy.h"
#include "sim/network/run_file.h"
#include "sim/run/golden.h"

namespace bpusim {

/// How the smaller operand of an element-wise operator meets the larger: as `rows` rows of `row` elements,
/// where each row takes one element (per_row), or all rows take the same `row` elements, or both are equally
/// large.
struct BroadcastRows {
  std::int64_t rows = 0, row = 0;  ///< 0 rows: it broadcasts in more than one stretch
  std::int64_t repeat = 1;         ///< the larger consists of so many such blocks
  bool per_row = false, full = false;
};
BroadcastRows broadcast_rows(const Shape& large, const Shape& small);

/// Nodes that run as one: a node alone, or a convolution with what is fused into it.
struct Step {
  std::vector<std::size_t> nodes;  ///< indices in the network, in order
  std::string name;                ///< of the first node
  std::string op;                  ///< "Conv+BatchNormalization+Relu"
  std::string shape;               ///< of the first node's data input
  Placement placement;
  bool lowerable = true;  ///< a BPU of this simulator could run it, wherever it runs
};

/// Shapes decide about limits, so they must be known.
std::vector<Step> place(const RunSpec& run, const Policy& policy, const std::map<std::string, Shape>& shapes);

/// Bounds of a Clip, from its attributes or constant inputs. Infinite where there are none.
Clamp clip_bounds(const Node& clip, const Network& network);

/// Operators that the policy cannot place; a line each. Ends a command with exit code 3.
class PlacementError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
/// Throws PlacementError if there are any.
void refuse_unplaced(const std::vector<Step>& steps, const std::string& policy);

}  // namespace bpusim
