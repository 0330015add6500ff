// A norm in a network, whatever its spelling: statistics over some axes of some tensor, and what is
// multiplied and added afterwards.
#pragma once

#include "kernels/norms/norm.h"
#include "sim/network/patterns/graph.h"

namespace bpusim {

/// A constant that is multiplied or added, and the shape of the tensor that it meets (unknown: nothing).
struct AffineStep {
  bool scale = true;
  Tensor values;
  std::optional<Shape> at;
};

/// y = affine steps of (x - mean) / deviation, or of x / deviation where nothing is centred.
struct NormCore {
  std::string x;
  std::vector<std::int64_t> axes;  ///< of x, ascending; from the front where x's shape is known
  bool centred = true;
  EpsilonPlace epsilon_place = EpsilonPlace::InVariance;
  double epsilon = 0;
  std::vector<AffineStep> steps;  ///< innermost first
  std::string mean, deviation;    ///< values that hold them, where the network has such
  Trail trail;
};

/// The norm whose affine part ends with `value`, be it in primitives, TensorFlow's x s + (beta - mean s), or
/// an operator that holds the statistics. Beyond the statistics at most one constant factor, then one
/// constant summand, with Reshapes and copies between them.
std::optional<NormCore> norm_ending_at(const NetworkGraph& g, const std::string& value);

}  // namespace bpusim
