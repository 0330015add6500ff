// Tensors that no operator of the BPU makes or reads are float32: nothing rounds them to a grid, and nothing
// converts them. What the BPU reads and the CPU too lies twice.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/commands/host_task.h"
#include "sim/plan/placed_network.h"
#include "sim/quantise/calibration.h"
#include "tests/run/network_builder.h"

namespace bpusim {
namespace {

using testing::Builder;
using testing::lists;

// float32 keeps 24 bits: an error of 2^-25 of the largest value is 150 dB below it, and the values of these
// tests are spread over few powers of two.
constexpr double kFloatDb = 135;

RunSpec on_cpu(const Builder& network, const std::set<std::string>& ops) {
  RunSpec spec = network.spec();
  for (const std::string& op : ops) spec.on[op] = Request::Cpu;
  return spec;
}

RunResult run(const RunSpec& spec, bool function = true) {
  return simulate({spec, read_machine("generic"), Policy::read("full")},
                  function ? RunOptions() : RunOptions::timing());
}

std::map<std::string, NodeResult> by_name(const RunResult& result) {
  std::map<std::string, NodeResult> rows;
  for (const NodeResult& row : result.nodes) rows[row.name] = row;
  return rows;
}

// The rows of a run with function, which takes the cycles of one without.
std::map<std::string, NodeResult> rows_of(const RunSpec& spec) {
  const RunResult with = run(spec);
  EXPECT_EQ(with.cycles, run(spec, false).cycles);
  return by_name(with);
}

std::string types(const NodeResult& row) {
  return row.in_type + " " + row.out_type;
}

TEST(FloatTensors, BetweenOperatorsOnTheCpuNothingIsRounded) {
  Builder b;
  const std::string x = b.input({1, 4, 8, 8});
  b.end("Softplus", {b.add("Tanh", {x})});
  const auto rows = rows_of(on_cpu(b, {"Tanh", "Softplus"}));
  for (const char* name : {"Tanh0", "Softplus1"}) {
    const NodeResult& row = rows.at(name);
    EXPECT_EQ(types(row), "float32 float32") << name;
    EXPECT_GT(row.accuracy->sqnr_db, kFloatDb) << name;
    EXPECT_GT(row.accuracy->cosine, 1 - 1e-12) << name;
    EXPECT_EQ(row.accuracy->ideal_exact_fraction, 1) << name;
    EXPECT_EQ(row.dram_read_bytes, 256 * 4) << name;  // elements of 4 bytes
    EXPECT_EQ(row.dram_write_bytes, 256 * 4) << name;
    EXPECT_EQ(row.activation_bytes, 2 * 256 * 4) << name;
  }
}

TEST(FloatTensors, OnlyWhatCrossesIsConverted) {
  Builder b;
  const std::string x = b.input({1, 4, 8, 8});
  const std::string first = b.add("Tanh", {b.add("Relu", {x})});  // dequantises
  const std::string middle = b.add("Sin", {first});
  b.end("Sigmoid", {b.add("Cos", {middle})});  // Cos quantises
  const auto rows = rows_of(on_cpu(b, {"Tanh", "Sin", "Cos"}));
  EXPECT_EQ(types(rows.at("Relu0")), "int8 int8");
  EXPECT_EQ(types(rows.at("Tanh1")), "int8 float32");
  EXPECT_EQ(types(rows.at("Sin2")), "float32 float32");
  EXPECT_EQ(types(rows.at("Cos3")), "float32 int8");
  EXPECT_EQ(types(rows.at("Sigmoid4")), "int8 int8");
  // 256 elements: an operation each, float32 in and out; to and from the BPU a crossing, a conversion and a
  // change of layout an element as well.
  const MachineParams machine = read_machine("generic");
  HostDemand inside;
  inside.compute_ops = 256;
  inside.memory_bytes = 256 * 4 * 2;
  const std::int64_t start = machine.bpu.dispatch_cycles;
  EXPECT_EQ(rows.at("Sin2").cycles, start + host_cycles(machine, inside));
  HostDemand border = inside;
  border.crossings = 1;
  border.convert_elements = border.layout_elements = 256;
  EXPECT_EQ(rows.at("Tanh1").cycles, start + host_cycles(machine, border));
  EXPECT_EQ(rows.at("Cos3").cycles, start + host_cycles(machine, border));
}

TEST(FloatTensors, AnInputOfBothSidesIsQuantisedForTheBpuOnce) {
  Builder b;
  const std::string x = b.input({1, 4, 8, 8});
  b.end("Relu", {x});
  b.end("Neg", {x});
  b.end("Softplus", {x});
  const auto rows = rows_of(on_cpu(b, {"Softplus"}));
  ASSERT_EQ(rows.count("Quantise_" + x), 1U);
  const NodeResult& quantise = rows.at("Quantise_" + x);
  EXPECT_EQ(quantise.on, Side::Cpu);
  EXPECT_EQ(types(quantise), "float32 int8");
  EXPECT_EQ(quantise.accuracy->ideal_exact_fraction, 1);
  EXPECT_EQ(types(rows.at("Softplus2")), "float32 float32");
  EXPECT_GT(rows.at("Softplus2").accuracy->sqnr_db, kFloatDb);
  for (const char* name : {"Relu0", "Neg1"}) {
    EXPECT_EQ(types(rows.at(name)), "int8 int8");
    EXPECT_EQ(rows.at(name).accuracy->ideal_exact_fraction, 1);
  }
  EXPECT_EQ(rows.size(), 4U);
}

TEST(FloatTensors, AResultOfTheCpuThatBothSidesReadIsExactForTheCpu) {
  Builder b;
  const std::string y = b.add("Tanh", {b.input({2, 3, 4, 5})});
  b.end("Relu", {y});
  b.end("Softplus", {y});
  const RunSpec spec = on_cpu(b, {"Tanh", "Softplus"});
  const auto rows = rows_of(spec);
  EXPECT_EQ(types(rows.at("Tanh0")), "float32 float32");
  EXPECT_EQ(types(rows.at("Quantise_" + y)), "float32 int8");
  EXPECT_EQ(types(rows.at("Relu1")), "int8 int8");
  EXPECT_GT(rows.at("Softplus2").accuracy->sqnr_db, kFloatDb);
  // The nodes lie in the order in which they run.
  std::vector<std::string> names;
  for (const NodeResult& row : run(spec, false).nodes) names.push_back(row.name);
  EXPECT_EQ(names, (std::vector<std::string>{"Tanh0", "Quantise_" + y, "Relu1", "Softplus2"}));
}

TEST(FloatTensors, AResultOfTheCpuLeavesTheNetworkAsFloat) {
  Builder b;
  const std::string y = b.add("Tanh", {b.input({1, 2, 4, 4})});
  b.output(y);
  b.end("Relu", {y});
  const auto rows = rows_of(on_cpu(b, {"Tanh"}));
  EXPECT_EQ(types(rows.at("Tanh0")), "float32 float32");
  EXPECT_EQ(types(rows.at("Relu1")), "int8 int8");
}

TEST(FloatTensors, WhatOnlyTheBpuReadsIsMadeAsCodes) {
  Builder b;
  b.end("Relu", {b.add("Tanh", {b.input({1, 2, 4, 4})})});
  const auto rows = rows_of(on_cpu(b, {"Tanh"}));
  EXPECT_EQ(types(rows.at("Tanh0")), "float32 int8");
  EXPECT_EQ(rows.size(), 2U);
}

TEST(FloatTensors, AnotherShapeOfTheSameBytesIsNoReader) {
  Builder b;
  const std::string y = b.add("Tanh", {b.input({2, 12})});
  const std::string turned = b.add("Reshape", {y, b.list({2, 3, 4})});
  b.end("Softplus", {turned});
  const auto rows = rows_of(on_cpu(b, {"Tanh", "Softplus"}));
  EXPECT_EQ(types(rows.at("Softplus2")), "float32 float32");
  EXPECT_GT(rows.at("Softplus2").accuracy->sqnr_db, kFloatDb);
  EXPECT_EQ(rows.size(), 2U);  // the Reshape is on the BPU by the policy, and nothing runs

  Builder c;  // the BPU reads the one shape, the CPU the other
  const std::string z = c.add("Tanh", {c.input({2, 12})});
  c.end("Relu", {c.add("Reshape", {z, c.list({1, 2, 3, 4})})});
  c.end("Softplus", {z});
  const auto split = rows_of(on_cpu(c, {"Tanh", "Softplus"}));
  EXPECT_EQ(types(split.at("Relu2")), "int8 int8");
  EXPECT_EQ(types(split.at("Softplus3")), "float32 float32");
  EXPECT_EQ(split.count("Quantise_Reshape1.y"), 1U);
}

TEST(FloatTensors, AConstantOfBothSidesIsHeldTwice) {
  Builder b;
  const std::string x = b.input({1, 2, 4, 4}), y = b.input({1, 2, 4, 4}), c = b.constant({1, 2, 4, 4});
  b.end("Add", {x, c});
  b.end("Mul", {y, c});
  const auto rows = rows_of(on_cpu(b, {"Mul"}));
  EXPECT_EQ(rows.size(), 2U);
  EXPECT_EQ(types(rows.at("Add0")), "int8 int8");
  EXPECT_EQ(types(rows.at("Mul1")), "float32 float32");
  EXPECT_GT(rows.at("Mul1").accuracy->sqnr_db, kFloatDb);
}

// An index that a grid moves by a half is another one.
TEST(FloatTensors, FloatsThatBecomeIndicesStayWhatTheyAre) {
  Builder b;
  const std::string indices = b.input({64});
  RunSpec spec;
  const std::string data = b.constant({100, 4});
  const std::string cast = b.add("Cast", {indices}, testing::number("to", 7));
  b.end("Gather", {data, cast});
  spec = b.spec();
  Tensor numbers = Tensor::filled({64}, 0);
  for (std::size_t i = 0; i < 64; ++i) numbers.values[i] = static_cast<double>((i * 37) % 100);
  spec.network.values[indices].hold(numbers);
  spec.network.values[cast].dtype = DType::Int64;
  const auto rows = rows_of(spec);
  EXPECT_EQ(rows.at("Cast0").accuracy->sqnr_db, 200);
  EXPECT_GT(rows.at("Gather1").accuracy->cosine, 1 - 1e-12);
}

TEST(FloatTensors, Int16IsOfTheCopyThatTheBpuReads) {
  Builder b;
  const std::string x = b.input({1, 2, 4, 4}), y = b.add("Tanh", {x});
  b.end("Relu", {y});
  b.end("Softplus", {y});
  RunSpec spec = on_cpu(b, {"Tanh", "Softplus"});
  spec.int16 = {"Tanh0", "Relu1", "Softplus2"};
  const RunResult result = run(spec);
  const auto rows = by_name(result);
  EXPECT_EQ(types(rows.at("Quantise_" + y)), "float32 int16");
  EXPECT_EQ(types(rows.at("Relu1")), "int16 int16");
  EXPECT_EQ(types(rows.at("Softplus2")), "float32 float32");
  ASSERT_EQ(result.warnings.size(), 1U);  // of what stays float32 whatever is asked
  EXPECT_NE(result.warnings[0].find("'Softplus2' is float32"), std::string::npos) << result.warnings[0];
}

TEST(FloatTensors, MethodsAreChosenForTheCopyByItsMaker) {
  Builder b;
  const std::string y = b.add("Tanh", {b.input({1, 2, 8, 8})});
  b.end("Relu", {y});
  b.end("Softplus", {y});
  RunSpec spec = on_cpu(b, {"Tanh", "Softplus"});
  for (const char* method : {"auto", "readers", "kl", "mse"}) {
    spec.defaults.calibration = method;
    const auto rows = by_name(run(spec));
    EXPECT_GT(rows.at("Softplus2").accuracy->sqnr_db, kFloatDb) << method;
    EXPECT_GT(rows.at("Relu1").accuracy->sqnr_db, 20) << method;
  }
  // A one-sided grid of the maker's alone: its copy has a zero point, the other tensors have none.
  spec.defaults.calibration = "max";
  spec.options["Tanh0"] = spec.defaults;
  spec.options["Tanh0"].quantisation = GridKind::Affine;
  const PlacedNetwork placed = place_network(spec, Policy::read("full"));
  EXPECT_EQ(affine_values(spec, placed.network).count(y + ".quantised"), 1U);
}

// Sqrt(1e-4) is 0.01, and 10 / 127 the step of its grid: the code is 0, and 1 / 0 infinity.
TEST(FloatTensors, WhatDividesByACodeOfZeroIsSaid) {
  Builder b;
  const std::string x = b.constant(Tensor({4}, {100, 4, 1e-4, 1}));
  const std::string y = b.add("Sqrt", {b.input({4}, 1, 1)});
  b.end("Div", {b.constant(Tensor({4}, {1, 1, 1, 1})), y});
  RunSpec spec = on_cpu(b, {"Div"});
  EXPECT_TRUE(run(spec).warnings.empty());
  spec.network.values.at(spec.network.inputs[0]).hold(*spec.network.values.at(x).data);
  const RunResult result = run(spec);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0].find("Div1: its results hold infinity"), 0U);
}

// The mean of what is left of a mean is what float64 rounds, some 1e-17: no grid of its own, and no gain that
// a multiplier would have to reach.
TEST(FloatTensors, SumsThatCancelAreZero) {
  Builder b;
  const std::string x = b.input({2, 24});
  const auto mean = [&](const std::string& of) {
    Attributes a = lists({{"axes", {1}}});
    a.ints["keepdims"] = 1;
    return b.add("ReduceMean", {of}, a);
  };
  const std::string centred = b.add("Sub", {x, mean(x)});
  b.output(mean(centred));
  RunSpec spec = b.spec();
  for (Node& node : spec.network.nodes) node.opset = 13;
  const RunResult result = run(spec);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0].find("ReduceMean2: its sums cancel"), 0U) << result.warnings[0];
  EXPECT_LT(result.nodes.back().accuracy->max_abs_error, 1e-12);
}

// An input that leaves the network, and a constant that does, are given with what the steps make.
TEST(FloatTensors, OutputsThatNoStepMakesAreGiven) {
  Builder b;
  const std::string x = b.input({3}), c = b.constant(Tensor({2}, {5, 6}));
  b.end("Relu", {x});
  b.output(x);
  b.output(c);
  RunOptions options;
  std::map<std::string, Tensor> given;
  options.output = [&](const std::string& name, const Tensor& values) { given[name] = values; };
  simulate({b.spec(), read_machine("generic"), Policy::read("full")}, options);
  EXPECT_EQ(given.size(), 3U);
  EXPECT_EQ(given.at(x).values, b.spec().network.values.at(x).data->values);
  EXPECT_EQ(given.at(c).values, (std::vector<double>{5, 6}));
}

}  // namespace
}  // namespace bpusim
