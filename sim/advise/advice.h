// What a deployment engineer trips over, found in a network and its placement, with what to do about it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernels/norms/datapath.h"
#include "sim/network/network.h"
#include "sim/operators/step.h"

namespace bpusim {

/// A change that a run can try.
struct WhatIf {
  std::vector<std::string> on_bpu;  ///< operators that the policy gives to the BPU, whole and without limits,
  std::vector<std::string> nodes;   ///< but of those on the CPU now only these
  std::int64_t tensor_bytes = 0;    ///< at least so much of sram.tensor_bytes, with sram.bytes as much larger
};

/// A line of advice.
struct Advice {
  std::string id;  ///< of the advisor that gives it, for scripts
  std::string text;
  double won_ms = 0;               ///< what following it would win, where that was timed
  std::vector<std::string> nodes;  ///< the steps that it is about
  bool frees_nodes = false;        ///< followed, those steps are gone, and what they take is won
  std::optional<WhatIf> what_if = {};
  std::optional<double> run_ms = {};  ///< what the whole run takes with that change, where it was tried
};

/// What static advice is given for.
struct AdviceInput {
  const Network& network;  ///< as it is placed: constants folded, operators put together
  const std::vector<Step>& steps;
  const std::map<std::string, Quantisation>* grids = nullptr;  ///< null before calibration
  NumericWidths widths = {};
};

/// All advisors, one after the other. Nodes of which an advisor says the same share a line.
std::vector<Advice> static_advice(const AdviceInput& input);

}  // namespace bpusim
