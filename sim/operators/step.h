// A step: nodes of the network that run as one, with where they run.
#pragma once

#include <string>
#include <vector>

#include "sim/config/policy.h"
#include "sim/network/network.h"
#include "sim/result/result.h"

namespace bpusim {

/// A node alone, or a convolution with what is fused into it.
struct Step {
  std::vector<std::size_t> nodes;  ///< indices in the network, in order
  std::string name;                ///< of the first node
  std::string op;                  ///< "Conv+BatchNormalization+Relu"
  std::string shape;               ///< of the first node's data input
  Placement placement;
  bool lowerable = true;  ///< a BPU of this simulator could run it, wherever it runs

  bool on_cpu() const { return placement.where == Placement::Where::Cpu; }
  bool on_bpu() const {
    return placement.where == Placement::Where::Bpu || placement.where == Placement::Where::Decomposed;
  }
  Side side() const { return on_cpu() ? Side::Cpu : on_bpu() ? Side::Bpu : Side::Nowhere; }
};

/// Tensors on the machine that the step reads and does not make itself, in order; the first node's first.
std::vector<std::string> inputs_of(const Step& step, const Network& network);

}  // namespace bpusim
