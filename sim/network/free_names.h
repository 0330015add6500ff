// Names for what passes add to a network: a file may have given the same ones to values of its own.
#pragma once

#include <string>
#include <unordered_set>

#include "sim/network/network.h"

namespace bpusim {

class FreeNames {
 public:
  /// Takes all names of values and nodes.
  explicit FreeNames(const Network& network);

  /// `wanted` where neither a value nor a node has that name, else with a number behind it. From then on it
  /// is taken.
  std::string take(const std::string& wanted);

 private:
  std::unordered_set<std::string> taken_;
};

}  // namespace bpusim
