// ONNX models that were quantised elsewhere, and what the machine makes of them.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "sim/config/machine_file.h"
#include "sim/network/onnx/import.h"
#include "sim/run/simulate.h"
#include "tests/network/onnx_models.h"

namespace bpusim::testing {

using Type = onnx::TensorProto;

/// A model with initializers of codes.
struct QuantisedModel : Model {
  using Model::Model;

  void codes(const std::string& name, const Dims& dims, int type, const Dims& values) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const std::int64_t dim : dims) tensor.add_dims(dim);
    for (const std::int64_t value : values) tensor.add_int32_data(static_cast<std::int32_t>(value));
  }
  /// Scale and zero point: NAME_scale, NAME_zero.
  void grid(const std::string& name, float scale, std::int64_t zero, int type) {
    weights(name + "_scale", {}, {scale});
    codes(name + "_zero", {}, type, {zero});
  }
  void quantise(const std::string& from, const std::string& grid, const std::string& to) {
    node("QuantizeLinear", {from, grid + "_scale", grid + "_zero"}, {to}, to + ".q");
  }
  onnx::NodeProto& dequantise(const std::string& from, const std::string& grid, const std::string& to) {
    return node("DequantizeLinear", {from, grid + "_scale", grid + "_zero"}, {to}, to + ".dq");
  }
  /// A pair: NAME is quantised and dequantised as NAME_dq, onto `grid`.
  void pair(const std::string& name, const std::string& grid) {
    quantise(name, grid, name + "_codes");
    dequantise(name + "_codes", grid, name + "_dq");
  }
};

/// A run's result with the outputs that the machine made.
struct Ran {
  RunResult result;
  std::map<std::string, Tensor> outputs;

  const NodeResult& node(const std::string& name) const {
    for (const NodeResult& node : result.nodes)
      if (node.name == name) return node;
    throw std::out_of_range(name);
  }
  bool warns(const std::string& what) const {
    for (const std::string& warning : result.warnings)
      if (warning.find(what) != std::string::npos) return true;
    return false;
  }
};

inline RunSpec spec_of(const Model& model, const std::map<std::string, Tensor>& inputs) {
  RunSpec run;
  std::map<std::string, AnyTensor> given;
  for (const auto& [name, tensor] : inputs) given.emplace(name, tensor);
  run.network = parse_onnx(model.bytes(), "m.onnx", "", {}, kOldestOpset, {given, {}});
  for (const auto& [name, tensor] : inputs) run.network.values[name].hold(tensor);
  return run;
}

/// With function, on a BPU that runs all that it can; the same cycles without function.
inline Ran run_model(const RunSpec& spec, const std::string& policy = "full") {
  const Scenario scenario{spec, read_machine("generic", {}), Policy::read(policy)};
  Ran ran;
  RunOptions options;
  options.output = [&](const std::string& name, const Tensor& values) { ran.outputs[name] = values; };
  ran.result = simulate(scenario, options);
  EXPECT_EQ(simulate(scenario, RunOptions::timing()).cycles, ran.result.cycles);
  return ran;
}
inline Ran run_model(const Model& model, const std::map<std::string, Tensor>& inputs,
                     const std::string& policy = "full") {
  return run_model(spec_of(model, inputs), policy);
}

}  // namespace bpusim::testing
