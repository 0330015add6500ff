// Values that are known before anything runs: what the condition of an If may depend on.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "sim/network/network.h"

namespace bpusim {

/// Computes small values from constants and from the shapes that the model declares.
class KnownValues {
 public:
  /// `makers`: the node that makes a value, by the value's name; `shaped`: values whose shape is declared in
  /// full. All three are read when value() is called, and may grow until then.
  KnownValues(const Network& network, const std::map<std::string, std::size_t>& makers,
              const std::set<std::string>& shaped)
      : network_(network), makers_(makers), shaped_(shaped) {}

  /// The value, or nothing where it depends on data.
  std::optional<Tensor> value(const std::string& name);

  /// Adds the nodes that a known value is computed by.
  void add_makers(const std::string& name, std::set<std::size_t>& nodes) const;

 private:
  std::optional<Tensor> value(const std::string& name, int depth);
  std::optional<Tensor> result_of(const Node& node, int depth);
  std::optional<Tensor> shape_of(const std::string& name) const;

  const Network& network_;
  const std::map<std::string, std::size_t>& makers_;
  const std::set<std::string>& shaped_;
  std::map<std::string, std::optional<Tensor>> computed_;
};

}  // namespace bpusim
