// What a deployment engineer trips over, found in a network and its placement, with what to do about it.
#pragma once

#include <string>
#include <vector>

#include "sim/network/network.h"
#include "sim/operators/step.h"

namespace bpusim {

/// A line of advice; `won_ms` is what following it would win, where that was timed.
struct Advice {
  std::string text;
  double won_ms = 0;
};

/// BatchNormalization left in training mode, or not folded and why not; statistics over one element; norms
/// that were exported as primitives. Nodes of a kind share a line.
std::vector<Advice> static_advice(const Network& network, const std::vector<Step>& steps);

}  // namespace bpusim
