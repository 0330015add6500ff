// Values that are known before anything runs: what the condition of an If may depend on.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "sim/network/network.h"
#include "sim/network/onnx/import.h"

namespace bpusim {

/// Computes small values from constants, from given inputs, and from shapes: those that the model declares,
/// and those that follow from them (known_shapes.h). What nobody knows of a value is NaN.
class KnownValues {
 public:
  /// `makers`: the node that makes a value, by the value's name; `ranked`: values whose rank is declared. All
  /// are read when value() is called, and may grow until then.
  KnownValues(const Network& network, const std::map<std::string, std::size_t>& makers,
              const std::set<std::string>& ranked, const GivenInputs& given)
      : network_(network), makers_(makers), ranked_(ranked), given_(given) {}

  /// The value, or nothing where it depends on data that is not given.
  std::optional<Tensor> value(const std::string& name);

  /// The shape, or nothing where nobody knows it; open extents are kOpen.
  std::optional<Shape> shape(const std::string& name) { return shape_of(name, 0); }

  /// Inputs of the network that a value depends on, by way of their numbers or of open dimensions.
  std::set<std::string> sources(const std::string& name) const;

  /// Adds the nodes that a known value is computed by.
  void add_makers(const std::string& name, std::set<std::size_t>& nodes) const;

 private:
  std::optional<Tensor> value(const std::string& name, int depth);
  std::optional<Tensor> result_of(const Node& node, int depth);
  std::optional<Shape> shape_of(const std::string& name, int depth);

  const Network& network_;
  const std::map<std::string, std::size_t>& makers_;
  const std::set<std::string>& ranked_;
  const GivenInputs& given_;
  std::map<std::string, std::optional<Tensor>> computed_;
  std::map<std::string, std::optional<Shape>> shapes_;
};

}  // namespace bpusim
