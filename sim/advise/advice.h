// What a deployment engineer trips over, found in a network and its placement, with what to do about it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernels/norms/datapath.h"
#include "sim/network/network.h"
#include "sim/operators/step.h"
#include "sim/result/result.h"

namespace bpusim {

/// What static advice is given for.
struct AdviceInput {
  const Network& network;  ///< as it is placed: constants folded, operators put together
  const std::vector<Step>& steps;
  const std::map<std::string, Quantisation>* grids = nullptr;  ///< null before calibration
  NumericWidths widths = {};
  const Policy* policy = nullptr;  ///< null: nothing is said of the chip's toolchain
  int opset = 0;                   ///< of the model; 0 where the network comes from no model
};

/// All advisors, one after the other. Nodes of which an advisor says the same share a line.
std::vector<Advice> static_advice(const AdviceInput& input);

}  // namespace bpusim
