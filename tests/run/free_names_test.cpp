// A file may call its values what passes call what they add: nothing of either gets lost.
#include <gtest/gtest.h>

#include <set>

#include "sim/config/machine_file.h"
#include "sim/network/onnx/import.h"
#include "sim/plan/placed_network.h"
#include "sim/run/simulate.h"
#include "tests/network/onnx_models.h"

namespace bpusim {
namespace {

using testing::Model;
using testing::set_int;
using testing::set_ints;

constexpr std::int64_t kChannels = 8;

using Chain = void (*)(Model&);  // from x to z, its node "n" last or alone

void sum(Model& m) {
  m.node("Sigmoid", {"x"}, {"b"}, "b");
  m.node("Tanh", {"x"}, {"c"}, "c");
  m.node("Sum", {"x", "b", "c"}, {"z"}, "n");
}

void local_norm(Model& m) {
  set_int(m.node("LRN", {"x"}, {"z"}, "n"), "size", 3);
}

void computed_scale(Model& m) {
  m.weights("bias", {kChannels}, std::vector<float>(kChannels, 0.5F));
  m.node("GlobalMaxPool", {"x"}, {"most"}, "most");
  m.integers("flat", {kChannels});
  m.node("Reshape", {"most", "flat"}, {"scale"}, "scale");
  m.node("InstanceNormalization", {"x", "scale", "bias"}, {"z"}, "n");
}

void layer_norm(Model& m) {
  m.weights("gamma", {4}, {1, 2, 3, 4});
  set_int(m.node("LayerNormalization", {"x", "gamma"}, {"z"}, "n"), "axis", -1);
}

// In primitives: the rule's own scale stands for the reciprocal's product.
void primitives(Model& m) {
  m.weights("gamma", {4}, {1, 2, 3, 4});
  m.weights("epsilon", {}, {1e-5F});
  set_ints(m.node("ReduceMean", {"x"}, {"mean"}, "mean"), "axes", {-1});
  m.node("Sub", {"x", "mean"}, {"d"}, "d");
  m.node("Mul", {"d", "d"}, {"dd"}, "dd");
  set_ints(m.node("ReduceMean", {"dd"}, {"var"}, "var"), "axes", {-1});
  m.node("Add", {"var", "epsilon"}, {"v"}, "v");
  m.node("Sqrt", {"v"}, {"root"}, "root");
  m.node("Div", {"d", "root"}, {"q"}, "q");
  m.node("Mul", {"q", "gamma"}, {"z"}, "n");
}

// The function comes to stand before the Reshapes.
void reshaped(Model& m) {
  m.weights("w", {kChannels, kChannels, 1, 1}, std::vector<float>(kChannels * kChannels, 0.1F));
  m.integers("rows", {1, kChannels, 16});
  m.integers("image", {1, kChannels, 4, 4});
  m.node("Conv", {"x", "w"}, {"c"}, "c");
  m.node("Reshape", {"c", "rows"}, {"r"}, "r");
  m.node("Sigmoid", {"r"}, {"s"}, "n");
  m.node("Reshape", {"s", "image"}, {"z"}, "back");
}

Scenario scenario_of(Chain chain, const std::string& side, const std::string& policy) {
  Model model(17);
  model.input("x", {1, kChannels, 4, 4});
  model.node("Relu", {"x"}, {side}, "side");
  chain(model);
  model.node("Add", {"z", side}, {"y"}, "end");
  model.output("y", {1, kChannels, 4, 4});
  RunSpec run;
  run.network = parse_onnx(model.bytes(), "m.onnx", "");
  Tensor x = Tensor::filled({1, kChannels, 4, 4}, 0);
  for (std::size_t i = 0; i < x.values.size(); ++i) x.values[i] = static_cast<double>(i * 37 % 101) / 50 - 1;
  run.network.values["x"].hold(x);
  return {run, read_machine("generic", {}), Policy::read(policy)};
}

// Names that the plan has and the file has not.
std::set<std::string> added_names(const Scenario& scenario) {
  const Network placed = place_network(scenario.run, scenario.policy).network;
  std::set<std::string> names;
  for (const auto& [name, value] : placed.values) names.insert(name);
  for (const Node& node : placed.nodes) names.insert(node.name);
  for (const auto& [name, value] : scenario.run.network.values) names.erase(name);
  for (const Node& node : scenario.run.network.nodes) names.erase(node.name);
  return names;
}

TEST(FreeNames, OfWhatEachPassAdds) {
  std::size_t tried = 0;
  for (const Chain chain : {sum, local_norm, computed_scale, layer_norm, primitives, reshaped})
    for (const char* policy : {"full", "bayes-e", "nash"}) {
      const Scenario plain = scenario_of(chain, "side.value", policy);
      const RunResult expected = simulate(plain);
      for (const std::string& name : added_names(plain)) {
        SCOPED_TRACE(name + " on " + policy);
        const RunResult result = simulate(scenario_of(chain, name, policy));
        EXPECT_EQ(result.cycles, expected.cycles);
        ASSERT_EQ(result.nodes.size(), expected.nodes.size());
        EXPECT_EQ(result.nodes.back().accuracy->sqnr_db, expected.nodes.back().accuracy->sqnr_db);
        ++tried;
      }
    }
  EXPECT_GT(tried, 30U);  // a plan that adds nothing would prove nothing
}

}  // namespace
}  // namespace bpusim
