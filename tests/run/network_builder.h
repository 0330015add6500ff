// Small networks, put together node by node and run.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "sim/config/machine_file.h"
#include "sim/run/simulate.h"

namespace bpusim::testing {

using Lists = std::map<std::string, std::vector<std::int64_t>>;

/// A network that is put together node by node. Values are drawn, the same each time.
class Builder {
 public:
  std::string input(const Shape& shape, double low = -2, double high = 2) {
    const std::string name = constant(shape, low, high);
    network_.values[name].constant = false;
    network_.inputs.push_back(name);
    return name;
  }
  std::string constant(const Shape& shape, double low = -1, double high = 1) {
    Tensor t = Tensor::filled(shape, 0);
    for (double& v : t.values) v = std::uniform_real_distribution<double>(low, high)(random_);
    return constant(t);
  }
  std::string constant(const Tensor& tensor) {
    const std::string name = "v" + std::to_string(network_.values.size());
    network_.values[name].hold(tensor);
    network_.values[name].constant = true;
    return name;
  }
  std::string list(const std::vector<double>& values) {
    return constant(Tensor({static_cast<std::int64_t>(values.size())}, values));
  }
  std::string add(const std::string& op, const std::vector<std::string>& inputs, const Attributes& a = {}) {
    Node node;
    node.op = op;
    node.name = op + std::to_string(network_.nodes.size());
    node.inputs = inputs;
    node.outputs = {node.name + ".y"};
    node.attributes = a;
    node.opset = 21;
    network_.nodes.push_back(node);
    last_ = node.outputs[0];
    return last_;
  }
  /// The value leaves the network.
  void output(const std::string& value) { network_.outputs.push_back(value); }
  /// A node whose result leaves it.
  void end(const std::string& op, const std::vector<std::string>& inputs, const Attributes& a = {}) {
    output(add(op, inputs, a));
  }
  RunSpec spec() const {
    RunSpec spec;
    spec.network = network_;
    return spec;
  }
  RunResult run(const std::vector<std::string>& settings = {}, const std::string& policy = "full",
                bool function = true) const {
    return simulate({spec(), read_machine("generic", settings), Policy::read(policy)},
                    function ? RunOptions() : RunOptions::timing());
  }

 private:
  Network network_;
  std::string last_;
  std::mt19937 random_{17};
};

inline Attributes lists(const Lists& l) {
  Attributes a;
  a.int_lists = l;
  return a;
}
inline Attributes number(const std::string& name, std::int64_t value) {
  Attributes a;
  a.ints[name] = value;
  return a;
}
inline Attributes word(const std::string& name, const std::string& value) {
  Attributes a;
  a.strings[name] = value;
  return a;
}

/// All nodes on the BPU, ideal but for rare ties, on three machines; cycles do not depend on data.
inline void expect_ideal(const Builder& network, double exact = 0.999) {
  for (const std::vector<std::string>& settings :
       {std::vector<std::string>{}, {"sram.bytes=16KiB", "bpu.cores=3"}, {"sram.tensor_bytes=64KiB"}}) {
    const RunResult with = network.run(settings), without = network.run(settings, "full", false);
    EXPECT_EQ(with.cycles, without.cycles);
    for (const NodeResult& node : with.nodes) {
      EXPECT_EQ(node.on, Side::Bpu) << node.name << ": " << node.reason;
      ASSERT_TRUE(node.accuracy.has_value()) << node.name;
      EXPECT_EQ(node.accuracy->ideal_within_1lsb_fraction, 1) << node.name;
      EXPECT_GE(node.accuracy->ideal_exact_fraction, exact) << node.name;
      EXPECT_LE(node.roofline_fraction, 1) << node.name;
      EXPECT_GT(node.accuracy->sqnr_db, 20) << node.name;
    }
  }
}

}  // namespace bpusim::testing
