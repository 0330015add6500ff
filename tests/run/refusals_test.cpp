// What no file may break: every operator with tensors that have no elements, and with numbers beyond sense.
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sim/config/machine_file.h"
#include "sim/input_error.h"
#include "sim/network/known_attributes.h"
#include "sim/operators/operator.h"
#include "sim/run/simulate.h"

namespace bpusim {
namespace {

// A network of one node whose first inputs are tensors; those behind them hold what shape parameters do.
Scenario scenario_of(const std::string& op, const std::vector<Tensor>& inputs, const Attributes& attributes) {
  static const MachineParams machine = read_machine("generic");
  static const Policy policy = Policy::read("full");
  Scenario scenario{{}, machine, policy};
  Network& network = scenario.run.network;
  network.file = "m.onnx";
  Node node;
  node.name = "n";
  node.op = op;
  node.opset = 13;
  node.attributes = attributes;
  node.outputs = {"y"};
  for (const Tensor& input : inputs) {
    node.inputs.push_back("x" + std::to_string(node.inputs.size()));
    network.values[node.inputs.back()].hold(input);
    network.inputs.push_back(node.inputs.back());
  }
  network.values["y"];
  network.nodes.push_back(node);
  network.outputs = {"y"};
  return scenario;
}

// Whether it runs; false where it is refused with words that name the file.
bool runs(const Scenario& scenario) {
  try {
    simulate(scenario);
    return true;
  } catch (const ErrorLines& error) {
    for (const std::string& line : error.lines()) EXPECT_EQ(line.rfind("m.onnx: ", 0), 0U) << line;
    return false;
  }
}

TEST(Refusals, TensorsWithoutElementsOfEveryOperator) {
  const std::vector<Shape> shapes = {{0}, {0, 3}, {2, 0}, {1, 0, 3}, {1, 2, 0, 4}, {0, 4, 6, 6}};
  for (const OperatorDefinition& row : operator_registry())
    for (const Shape& shape : shapes)
      for (std::size_t count = 1; count <= 3; ++count) {
        SCOPED_TRACE(row.op + " of " + std::to_string(count) + " x " + to_string(shape));
        // Shapes follow from shapes, whatever is in them; random numbers need none.
        if (row.from_shapes != nullptr || row.op == "RandomNormal") continue;
        Attributes attributes;
        attributes.strings["equation"] = "i,i->";
        EXPECT_FALSE(runs(scenario_of(row.op, std::vector<Tensor>(count, Tensor(shape, {})), attributes)));
      }
}

TEST(Refusals, AnEmptyTensorIsValidAndNotRun) {
  EXPECT_THROW(simulate(scenario_of("Relu", {Tensor({0, 4}, {})}, {})), PlacementError);
  EXPECT_THROW(check(scenario_of("Relu", {Tensor({0, 4}, {})}, {})), PlacementError);
  Attributes einsum;
  einsum.strings["equation"] = "i,i->";  // the output is a number
  EXPECT_THROW(simulate(scenario_of("Einsum", {Tensor({0}, {}), Tensor({0}, {})}, einsum)), PlacementError);
}

TEST(Refusals, ASlopeLargerThanItsInputIsNoOnnx) {
  for (const Shape& slope : {Shape{3, 4}, Shape{1, 3, 1}, Shape{2, 3, 1}})
    EXPECT_THROW(simulate(scenario_of("PRelu", {Tensor::filled({3, 1}, 1), Tensor::filled(slope, 1)}, {})),
                 InputError)
        << to_string(slope);
}

TEST(Refusals, ASplitOfOtherPiecesThanOutputsIsNoOnnx) {
  for (const std::int64_t pieces : {1, 2, 1000000000}) {
    Attributes a;
    a.ints["num_outputs"] = pieces;
    const Scenario scenario = scenario_of("Split", {Tensor::filled({4}, 1)}, a);  // one output
    if (pieces == 1)
      EXPECT_NO_THROW(simulate(scenario));
    else
      EXPECT_THROW(simulate(scenario), InputError) << pieces;
  }
}

TEST(Refusals, ASliceThatLeavesNothingIsValidAndNotRun) {
  Scenario scenario = scenario_of(
      "Slice", {Tensor::filled({1, 3, 4, 4}, 1), Tensor({1}, {2}), Tensor({1}, {2})}, Attributes{});
  Network& network = scenario.run.network;
  for (const char* given : {"x1", "x2"}) network.values[given].constant = true;
  network.inputs = {"x0"};
  EXPECT_THROW(simulate(scenario), PlacementError);
}

// Where every input is a tensor of the run: shapes that follow from numbers are valid ONNX, and not run.
TEST(Refusals, ParametersThatAreComputedAreNotRun) {
  std::set<std::string> refused;
  for (const OperatorDefinition& row : operator_registry()) {
    for (const std::size_t count : {2U, 3U, 4U, 5U}) {
      SCOPED_TRACE(row.op + " of " + std::to_string(count));
      std::vector<Tensor> inputs{Tensor::filled({1, 4, 6, 6}, 0.5)};
      while (inputs.size() < count) inputs.push_back(Tensor::filled({4}, 1));
      try {
        simulate(scenario_of(row.op, inputs, Attributes{}));
      } catch (const PlacementError& error) {
        if (std::string(error.what()).find("must be a constant") != std::string::npos) refused.insert(row.op);
      } catch (const InputError& error) {
        EXPECT_EQ(std::string(error.what()).find("must be a constant"), std::string::npos) << error.what();
      }
    }
  }
  for (const char* op : {"Reshape", "Slice", "Tile", "Pad", "Expand", "Unsqueeze", "ReduceSum", "Resize"})
    EXPECT_EQ(refused.count(op), 1U) << op;
}

TEST(Refusals, ExtremeWholeNumbersInEveryAttribute) {
  const std::int64_t extremes[] = {
      INT64_MAX, INT64_MIN, INT64_MAX - 7, std::int64_t{1} << 62, INT32_MAX, INT32_MIN, -3, 0};
  for (const OperatorDefinition& row : operator_registry()) {
    const auto known = known_attributes(row.op);
    if (!known) continue;  // an operator that another test of this program adds
    for (const KnownAttribute& attribute : *known)
      for (const std::int64_t extreme : extremes) {
        SCOPED_TRACE(row.op + " " + attribute.name + " " + std::to_string(extreme));
        Attributes attributes;
        if (attribute.kind == AttributeKind::Int) attributes.ints[attribute.name] = extreme;
        if (attribute.kind != AttributeKind::Ints && attribute.kind != AttributeKind::Int) continue;
        for (const std::size_t length : {1U, 2U, 4U}) {
          if (attribute.kind == AttributeKind::Ints)
            attributes.int_lists[attribute.name].assign(length, extreme);
          if (attribute.name != "kernel_shape" && row.op.find("Pool") != std::string::npos)
            attributes.int_lists["kernel_shape"] = {2, 2};
          const Tensor image = Tensor::filled({1, 4, 6, 6}, 0.5), weights = Tensor::filled({4, 4, 3, 3}, 0.1);
          const bool conv = row.op.rfind("Conv", 0) == 0;
          runs(scenario_of(row.op, conv ? std::vector<Tensor>{image, weights} : std::vector<Tensor>{image},
                           attributes));
        }
      }
  }
}

// 2^24 numbers take 2^24 x 8 bytes, and six times that while they are worked on: 768 MiB.
TEST(Refusals, WhatIsLargerThanTheMemoryLimit) {
  Scenario scenario = scenario_of("Expand", {Tensor({1}, {1.0})}, {});
  Value& shape = scenario.run.network.values["s"];
  shape.hold(Tensor({1}, {static_cast<double>(1 << 24)}));
  shape.constant = true;
  scenario.run.network.nodes[0].inputs.push_back("s");
  scenario.run.network.memory_limit = 700 << 20;
  try {
    simulate(scenario);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("m.onnx: Expand 'n'"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("memory limit of 700 MiB (--memory-limit"), std::string::npos);
  }
}

// Some fifty thousand seconds of the host's time: 2^29 operations, ten thousand a second.
TEST(Refusals, MoreTimeThanIsSimulated) {
  Scenario scenario =
      scenario_of("MatMul", {Tensor::filled({256, 4096}, 0.5), Tensor::filled({4096, 256}, 0.5)}, {});
  scenario.run.defaults.mapping = Mapping::Host;
  scenario.machine =
      read_machine("generic", {"host.clock_mhz=1", "host.simd_ops_per_cycle=0.01", "host.cores=1"});
  EXPECT_FALSE(runs(scenario));
}

TEST(Refusals, AMachineWhoseRefreshLeavesNoTimeForABurst) {
  for (const char* setting :
       {"dram.rcd=3000", "dram.rp=2900", "dram.rfc=3050", "dram.refi=400", "dram.ras=2800"})
    EXPECT_THROW(read_machine("generic", {setting}), InputError) << setting;
}

}  // namespace
}  // namespace bpusim
