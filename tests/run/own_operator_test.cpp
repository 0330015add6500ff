// An operator and an observer that are defined here alone: one row and one class, and a run takes them from a
// model to the report.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "models/observers/observer.h"
#include "sim/config/machine_file.h"
#include "sim/operators/families/tables.h"
#include "sim/operators/operator.h"
#include "sim/report/report.h"
#include "sim/run/simulate.h"
#include "tests/network/onnx_models.h"

namespace bpusim {
namespace {

// y = x / 2 + 1, on the vector unit by table.
double half_and_one(double x) {
  return x / 2 + 1;
}

OperatorDefinition half_and_one_row() {
  OperatorDefinition row;
  row.op = "HalfAndOne";
  row.engine = "vector unit";
  row.golden = [](const Node&, const Inputs& inputs) {
    Tensor y = *inputs.at(0);
    for (double& value : y.values) value = half_and_one(value);
    return one(std::move(y));
  };
  row.shapes = same_shape;
  row.host_ops = ops_per_element;
  row.lower = [](StepLowering& s) { return lower_lookup(s, s.node.inputs.at(0), half_and_one); };
  return row;
}

const bool kRegistered = [] {
  register_operator(half_and_one_row());
  return true;
}();

// Counts commands by the unit that ran them.
class UnitCounter : public Observer {
 public:
  void command_retired(const Program& program, int command, const CommandTimes& times) override {
    ++commands[to_string(program.commands[static_cast<std::size_t>(command)].unit)];
    last_cycle = std::max(last_cycle, times.finish);
  }

  std::map<std::string, int> commands;
  std::int64_t last_cycle = 0;
};

RunSpec model_run() {
  testing::Model model(17);
  model.input("x", {1, 4, 6, 5});
  model.node("HalfAndOne", {"x"}, {"y"}, "half");
  model.output("y", {1, 4, 6, 5});
  const std::string file = ::testing::TempDir() + "bpusim_own_operator.onnx";
  std::ofstream(file, std::ios::binary) << model.bytes();
  return parse_run("model: '" + file + "'\n", "own.yaml", "");
}

Policy policy(const char* on) {
  return Policy::parse("name: own\ndescription: own\noperators:\n  - {op: HalfAndOne, on: " +
                           std::string(on) + ", reason: own, source: own}\n",
                       "own.yaml");
}

TEST(OwnOperator, RunsOnTheBpuAndOnTheCpu) {
  ASSERT_TRUE(kRegistered);
  const MachineParams machine = read_machine("generic");
  for (const char* on : {"bpu", "cpu"}) {
    const RunResult result = simulate({model_run(), machine, policy(on)});
    ASSERT_EQ(result.nodes.size(), 1u);
    const NodeResult& node = result.nodes[0];
    EXPECT_EQ(node.on_cpu(), std::string(on) == "cpu");
    EXPECT_EQ(node.accuracy->ideal_exact_fraction, 1) << on;
    EXPECT_GT(node.accuracy->cosine, 0.9999) << on;
    EXPECT_NE(text_report(result).find("HalfAndOne"), std::string::npos);
    EXPECT_EQ(simulate({model_run(), machine, policy(on)}, RunOptions::timing()).cycles, result.cycles);
  }
}

TEST(OwnOperator, ItsNameIsTaken) {
  EXPECT_THROW(register_operator(half_and_one_row()), std::invalid_argument);
  OperatorDefinition relu;
  relu.op = "Relu";
  EXPECT_THROW(register_operator(relu), std::invalid_argument);
}

// One load, one look-up, one store: the tensor of 120 bytes is one tile. What the compiler rehearsed is not
// seen.
TEST(OwnObserver, SeesEveryCommandOfTheRunAndNoOther) {
  UnitCounter counter;
  const RunResult result =
      simulate({model_run(), read_machine("generic"), policy("bpu")}, RunOptions::timing(), {&counter});
  EXPECT_EQ(counter.commands, (std::map<std::string, int>{{"dma_load", 1}, {"vector", 1}, {"dma_store", 1}}));
  EXPECT_EQ(counter.last_cycle, result.cycles);
  std::int64_t commands = 0;
  for (const EngineUse& use : result.engines) commands += use.commands;
  EXPECT_EQ(commands, 3);
}

}  // namespace
}  // namespace bpusim
