// What deployment engineers trip over: each advisor finds it, says what to do, and stays quiet where there is
// nothing.
#include "sim/advise/advice.h"

#include "kernels/norms/golden.h"
#include "sim/advise/advisors.h"
#include "sim/config/machine_file.h"
#include "sim/operators/norm_problem.h"
#include "sim/run/simulate.h"
#include "tests/network/draft.h"

namespace bpusim {
namespace {

RunSpec spec_of(Draft& d, const std::string& output) {
  d.network.outputs = {output};
  RunSpec spec;
  spec.network = d.network;
  return spec;
}

std::vector<Advice> given(const std::vector<Advice>& all, const std::string& id) {
  std::vector<Advice> found;
  for (const Advice& advice : all)
    if (advice.id == id) found.push_back(advice);
  return found;
}

// The one line of the advisor in a check; empty where there is none.
Advice checked(Draft& d, const std::string& output, const std::string& id, const char* policy = "full") {
  const auto found = given(check({spec_of(d, output), {}, Policy::read(policy)}).advice, id);
  EXPECT_LE(found.size(), 1U);
  return found.empty() ? Advice{} : found[0];
}

bool says(const Advice& advice, const std::string& text) {
  return advice.text.find(text) != std::string::npos;
}

std::string conv(Draft& d, const std::string& x, std::int64_t channels, std::int64_t pads = 0) {
  Attributes a;
  a.int_lists["pads"] = {pads, pads, pads, pads};
  return d.add("Conv", {x, d.numbers({channels, d.shape(x)[1], 1, 1})}, a);
}

std::string batch_norm(Draft& d, const std::string& x, std::int64_t training = 0) {
  const Shape channels = {d.shape(x).at(1)};
  Attributes a;
  a.ints["training_mode"] = training;
  return d.add("BatchNormalization",
               {x, d.numbers(channels), d.numbers(channels), d.numbers(channels), d.numbers(channels)}, a);
}

std::string instance_norm(Draft& d, const std::string& x) {
  const Shape channels = {d.shape(x).at(1)};
  return d.add("InstanceNormalization", {x, d.numbers(channels), d.numbers(channels)});
}

Attributes axis(std::int64_t at) {
  Attributes a;
  a.ints["axis"] = at;
  return a;
}

Attributes permutation(std::vector<std::int64_t> perm) {
  Attributes a;
  a.int_lists["perm"] = std::move(perm);
  return a;
}

TEST(Advice, EveryAdvisorHasANameAndSaysWhatItLooksFor) {
  std::set<std::string> ids;
  for (const Advisor& advisor : advisors()) {
    EXPECT_TRUE(ids.insert(advisor.id).second) << advisor.id;
    EXPECT_NE(std::string(advisor.looks_for), "");
  }
}

TEST(Advice, NothingIsSaidOfAConvolutionThatFoldsItsBatchNorm) {
  Draft d({1, 4, 6, 6});
  EXPECT_TRUE(check({spec_of(d, batch_norm(d, conv(d, "x", 8))), {}, Policy::read("full")}).advice.empty());
}

TEST(Advice, TrainingMode) {
  Draft d({1, 4, 6, 6});
  const Advice advice = checked(d, batch_norm(d, "x", 1), "batch_norm_training");
  EXPECT_TRUE(says(advice, "call eval()")) << advice.text;
}

// What is between a convolution and its BatchNormalization decides whether it folds all the same.
TEST(Advice, WhatKeepsABatchNormFromFolding) {
  struct Case {
    const char* text;
    bool folds;
    std::function<std::string(Draft&)> build;
  };
  const std::vector<Case> cases = {
      {"network's input", false, [](Draft& d) { return batch_norm(d, "x"); }},
      {"others read", false,
       [](Draft& d) {
         const std::string y = conv(d, "x", 4);
         return d.add("Add", {batch_norm(d, y), y});
       }},
      {"do not commute", false, [](Draft& d) { return batch_norm(d, d.add("Relu", {conv(d, "x", 4)})); }},
      {"folds forward into the weights and bias of the Conv that reads it, exactly", true,
       [](Draft& d) { return conv(d, batch_norm(d, d.add("Relu", {conv(d, "x", 4)})), 4); }},
      {"but at the border", false,
       [](Draft& d) { return conv(d, batch_norm(d, d.add("Relu", {conv(d, "x", 4)})), 4, 1); }},
      {"into the convolution of each branch: exact", true,
       [](Draft& d) {
         return batch_norm(d, d.add("Concat", {conv(d, "x", 4), conv(d, "x", 2)}, axis(1)));
       }},
      {"these are not: 1: x", false,
       [](Draft& d) {
         return batch_norm(d, d.add("Concat", {conv(d, "x", 4), "x"}, axis(1)));
       }},
      {"convolutions of all branches and its shift into one", true,
       [](Draft& d) {
         return batch_norm(d, d.add("Add", {conv(d, "x", 4), conv(d, "x", 4)}));
       }},
      {"before the Reshape, and it folds", true,
       [](Draft& d) {
         return batch_norm(d, d.reshape(conv(d, "x", 4), {1, 4, 36}));
       }},
      {"gives other channels", false,
       [](Draft& d) {
         return batch_norm(d, d.reshape(conv(d, "x", 4), {1, 2, 72}));
       }},
      {"before the Transpose, and it folds", true,
       [](Draft& d) {
         return batch_norm(d, d.add("Transpose", {conv(d, "x", 4)}, permutation({0, 1, 3, 2})));
       }},
      {"gives other channels", false,
       [](Draft& d) {
         return batch_norm(d, d.add("Transpose", {conv(d, "x", 4)}, permutation({0, 2, 3, 1})));
       }},
      {"output channels of the convolution that go this way", true,
       [](Draft& d) {
         const auto halves = d.add_many("Split", {conv(d, "x", 4), d.list({2, 2})}, axis(1), 2);
         return d.add("Concat", {batch_norm(d, halves[0]), halves[1]}, axis(1));
       }},
      {"a mean and an affine commute", true,
       [](Draft& d) { return batch_norm(d, d.add("GlobalAveragePool", {conv(d, "x", 4)})); }},
      {"folds forward into the weights and bias of the Gemm that reads it, exactly", true,
       [](Draft& d) {
         const std::string flat = d.add("Flatten", {d.add("GlobalAveragePool", {d.add("Sigmoid", {"x"})})});
         return d.add("Gemm", {batch_norm(d, flat), d.numbers({3, 5})});
       }},
      {"fed by Sigmoid", false, [](Draft& d) { return batch_norm(d, d.add("Sigmoid", {"x"})); }},
  };
  for (const Case& c : cases) {
    Draft d({1, 3, 6, 6});
    const std::string output = c.build(d);
    const Advice advice = checked(d, output, "batch_norm_unfolded");
    EXPECT_TRUE(says(advice, c.text)) << c.text << ": " << advice.text;
    EXPECT_EQ(advice.frees_nodes, c.folds) << advice.text;
  }
}

TEST(Advice, AFoldSavesWhatTheBatchNormTakes) {
  Draft d({1, 3, 6, 6});
  const std::string y = batch_norm(d, d.add("Add", {conv(d, "x", 4), conv(d, "x", 4)}));
  const RunResult r =
      simulate({spec_of(d, y), read_machine("generic"), Policy::read("full")}, RunOptions::timing());
  const auto found = given(r.advice, "batch_norm_unfolded");
  ASSERT_EQ(found.size(), 1U);
  ASSERT_EQ(r.nodes.back().op, "BatchNormalization");
  EXPECT_GT(found[0].won_ms, 0);
  EXPECT_DOUBLE_EQ(found[0].won_ms, r.nodes.back().time_ms);
  EXPECT_EQ(found[0].nodes, std::vector<std::string>{r.nodes.back().name});
}

TEST(Advice, ANormInPrimitivesNamesTheOpsetThatKeepsIt) {
  Draft d({1, 6, 8});
  const std::string c = d.add("Sub", {"x", d.mean("x", {2})});
  const std::string v = d.add("Sqrt", {d.add("Add", {d.mean(d.add("Mul", {c, c}), {2}), d.scalar(1e-5)})});
  const Advice advice = checked(d, d.add("Div", {c, v}), "norm_written_out");
  EXPECT_TRUE(says(advice, "LayerNormalization")) << advice.text;
  EXPECT_TRUE(says(advice, "opset_version=17")) << advice.text;
}

std::string ibn(Draft& d) {
  const auto halves = d.add_many("Split", {"x", d.list({2, 4})}, axis(1), 2);
  const std::string in = instance_norm(d, halves[0]), bn = batch_norm(d, halves[1]);
  return d.add("Concat", {in, bn}, axis(1));
}

// With two images the halves interleave: Split and Concat copy 2 * 6 * 40 elements of int8 each. The first
// half crosses to the CPU and back.
TEST(Advice, AnIbnChainSaysItsCopiesAndCrossings) {
  Draft d({2, 6, 8, 5});
  const std::string y = ibn(d);
  const Advice advice = checked(d, y, "norm_in_parts", "bayes-e");
  EXPECT_TRUE(says(advice, "InstanceBatchNormalization x1 is written in 4 operators")) << advice.text;
  EXPECT_TRUE(says(advice, "2 times and copy 960 bytes")) << advice.text;
  EXPECT_EQ(checked(d, y, "norm_in_parts", "full").text, "");
}

// With one image they lie one behind the other, and nothing is copied.
TEST(Advice, ACheapIbnChainIsNotChargedForCopies) {
  Draft d({1, 6, 8, 5});
  EXPECT_TRUE(says(checked(d, ibn(d), "norm_in_parts", "bayes-e"), "copy 0 bytes"));
}

TEST(Advice, ANormThatThePolicyHasNotStaysInParts) {
  Draft d({2, 6, 8, 5});
  const std::string c = d.add("Sub", {"x", d.mean("x", {0, 2, 3})});
  const std::string root = d.add("Sqrt", {d.mean(d.add("Mul", {c, c}), {0, 2, 3})});
  const std::string y = d.add("Div", {c, d.add("Add", {root, d.scalar(1e-9)})});
  EXPECT_TRUE(says(checked(d, y, "norm_in_parts", "bayes-e"),
                   "MeanVarianceNormalization x1 is written in 7 operators"));
}

TEST(Advice, WhatMovesElementsOnTheCpuBesideANorm) {
  Draft d({1, 6, 8, 5});
  const std::string y = ibn(d);
  const Advice split = checked(d, y, "cpu_beside_norm", "bernoulli2");
  EXPECT_TRUE(says(split, "Split beside InstanceNormalization is on the CPU")) << split.text;
  EXPECT_TRUE(says(split, "two convolutions")) << split.text;
  EXPECT_EQ(checked(d, y, "cpu_beside_norm", "bayes-e").text, "");  // the X5 has a Split
}

TEST(Advice, StatisticsOverOneElement) {
  Draft d({1, 6, 1, 1});
  EXPECT_TRUE(says(checked(d, instance_norm(d, "x"), "one_element"), "beta alone"));
  Draft two({1, 6, 1, 2});
  EXPECT_EQ(checked(two, instance_norm(two, "x"), "one_element").text, "");
}

// W counts in units of s^2 / (N^2 2^8): with s = 0.5 and N = 64 that is 2.38e-7, and half of it rounds to
// nothing.
TEST(Advice, AnEpsilonBelowTheResolutionOfItsSet) {
  for (const double epsilon : {1.1e-7, 1.3e-7}) {
    Draft d({3, 64});
    Attributes a;
    a.floats["epsilon"] = epsilon;
    const std::string y = d.add("LayerNormalization", {"x", d.numbers({64})}, a);
    d.network.outputs = {y};
    Step step;
    step.nodes = {0};
    step.name = "norm";
    step.placement.where = Placement::Where::Bpu;
    Quantisation grid;
    grid.scale = 0.5;
    const std::map<std::string, Quantisation> grids = {{"x", grid}};
    const NormProblem problem = norm_problem(operation_of(d.network.nodes[0], d.network));
    const bool vanishes = plan_norm(problem.parts[0], grid, grid, {}).epsilon_term == 0;
    const auto found = given(static_advice({d.network, {step}, &grids, {}}), "epsilon_lost");
    EXPECT_EQ(vanishes, epsilon < 1.2e-7);
    ASSERT_EQ(found.size(), vanishes ? 1U : 0U) << epsilon;
    if (vanishes) {
      EXPECT_TRUE(says(found[0], "counts from 1.2e-07 on")) << found[0].text;
    }
  }
}

double decibels_of_channels(const NormProblem& problem, const std::vector<double>& x, std::size_t first,
                            std::size_t elements) {
  const Quantisation in = symmetric_grid(x);
  const auto golden = golden_norm(problem, x).y;
  const Quantisation out = symmetric_grid(golden);
  const auto codes = ideal_norm(problem, quantise(x, in), in, out);
  double signal = 0, noise = 0;
  for (std::size_t i = first; i < first + elements; ++i) {
    const double error = dequantise(codes[i], out) - golden[i];
    signal += golden[i] * golden[i];
    noise += error * error;
  }
  return 10 * std::log10(signal / noise);
}

// A gamma 16 times the others costs them 4 bits of the grid, 6.02 dB each, less what the input's own grid
// costs.
TEST(Advice, AGammaWithOutliersCostsTheOtherChannelsTheBitsThatItSays) {
  const std::size_t channels = 10, pixels = 1024;
  std::array<double, 2> decibels{};
  for (const double largest : {1.0, 16.0}) {
    Draft d({1, 10, 32, 32});
    Tensor gamma = Tensor::filled({10}, 1);
    gamma.values.back() = largest;
    const std::string y =
        d.add("InstanceNormalization", {"x", d.constant(gamma), d.constant(Tensor::filled({10}, 0))});
    const Advice advice = checked(d, y, "gamma_outliers");
    EXPECT_EQ(says(advice, "16 times the median: about 4.0 bits"), largest > 1) << advice.text;
    const NormProblem problem = norm_problem(operation_of(d.network.nodes[0], d.network));
    decibels[largest > 1] =
        decibels_of_channels(problem, d.network.values.at("x").data->values, 0, (channels - 1) * pixels);
  }
  EXPECT_NEAR(decibels[0] - decibels[1], 21.1, 2);
}

// --- what was timed ---

RunResult timed(Draft& d, const std::string& output, const char* machine, const char* policy) {
  return simulate({spec_of(d, output), read_machine(machine), Policy::read(policy)}, RunOptions::timing());
}

Advice only(const RunResult& r, const std::string& id) {
  const auto found = given(r.advice, id);
  EXPECT_EQ(found.size(), 1U) << id;
  return found.empty() ? Advice{} : found[0];
}

TEST(TimedAdvice, AnOperatorOnTheCpuSplitsTheRun) {
  Draft d({1, 8, 12, 12});
  const RunResult r = timed(d, conv(d, instance_norm(d, conv(d, "x", 8)), 8), "rdk-x5", "bayes-e");
  ASSERT_EQ(r.nodes.size(), 3U);
  const Advice advice = only(r, "cpu_operator");
  EXPECT_TRUE(says(advice, "of the run's 3 segments 2 would go")) << advice.text;
  EXPECT_TRUE(says(advice, "each alone")) << advice.text;
  EXPECT_GT(advice.won_ms, 0);
  EXPECT_LT(advice.won_ms, r.nodes[1].time_ms);
  EXPECT_EQ(r.advice[0].id, "cpu_operator");  // most is won there
}

// Floor stays on the CPU, and its input would cross then: a crossing and a conversion more.
TEST(TimedAdvice, WhatStaysOnTheCpuPaysForItsInputsToCross) {
  Draft d({1, 8, 12, 12});
  const RunResult r = timed(d, d.add("Floor", {instance_norm(d, "x")}), "rdk-x5", "bayes-e");
  const auto lines = given(r.advice, "cpu_operator");
  ASSERT_EQ(lines.size(), 2U);
  const Advice& norm = says(lines[0], "InstanceNormalization") ? lines[0] : lines[1];
  EXPECT_TRUE(says(norm, "their readers on the CPU")) << norm.text;
}

TEST(TimedAdvice, WhatOnlyMovesElementsAroundItGoesWithIt) {
  Draft d({1, 6, 8, 5});
  const RunResult r = timed(d, ibn(d), "rdk-x3", "bernoulli2");
  bool found = false;
  for (const Advice& advice : given(r.advice, "cpu_operator"))
    found = found || says(advice, "operators around them that only move elements");
  EXPECT_TRUE(found);
}

TEST(TimedAdvice, ANormInSubOperatorsBesideOneOperator) {
  Draft d({1, 64, 256});
  const std::string y = d.add("LayerNormalization", {"x", d.numbers({256}), d.numbers({256})});
  const Advice advice = only(timed(d, y, "generic", "bayes-e"), "decomposed_norm");
  EXPECT_GT(advice.won_ms, 0);
  EXPECT_TRUE(given(timed(d, y, "generic", "full").advice, "decomposed_norm").empty());
}

TEST(TimedAdvice, DepthwiseConvolutionsLeaveTheArrayIdle) {
  Draft d({1, 64, 32, 32});
  Attributes a;
  a.ints["group"] = 64;
  a.int_lists["pads"] = {1, 1, 1, 1};
  const RunResult r = timed(d, d.add("Conv", {"x", d.numbers({64, 1, 3, 3})}, a), "rdk-x5", "full");
  const Advice advice = only(r, "idle_macs");
  EXPECT_TRUE(says(advice, "depthwise Conv x1")) << advice.text;
  // 64 * 32 * 32 * 9 products.
  EXPECT_EQ(r.nodes[0].macs, 589824);
  EXPECT_NEAR(r.nodes[0].mac_utilisation,
              589824.0 /
                  static_cast<double>(read_machine("rdk-x5").mac.rows * read_machine("rdk-x5").mac.cols *
                                      read_machine("rdk-x5").bpu.cores) /
                  static_cast<double>(r.nodes[0].cycles),
              1e-12);
}

// Room as the advice says, and no tensor between operators is left in DRAM.
TEST(TimedAdvice, TheRoomThatItNamesHoldsAllTensors) {
  Draft d({1, 16, 48, 48});
  const std::string a = d.add("Sigmoid", {"x"}), b = d.add("Tanh", {a});
  const std::string y = d.add("Add", {d.add("Mul", {a, b}), b});
  const RunSpec spec = spec_of(d, y);
  const RunResult before =
      simulate({spec, read_machine("generic"), Policy::read("full")}, RunOptions::timing());
  const Advice advice = only(before, "dram_bound");
  const auto at = advice.text.find("sram.tensor_bytes=");
  ASSERT_NE(at, std::string::npos) << advice.text;
  const std::string room = advice.text.substr(at, advice.text.find(' ', at) - at);
  const MachineParams machine = read_machine("generic", {"sram.bytes=4MiB", room});
  const RunResult after = simulate({spec, machine, Policy::read("full")}, RunOptions::timing());
  // Left are the network's input and its output.
  EXPECT_EQ(after.dram_read_bytes + after.dram_write_bytes, 2 * 16 * 48 * 48);
  EXPECT_GT(before.dram_read_bytes + before.dram_write_bytes, 4 * 16 * 48 * 48);
}

RunOptions with_what_if(bool function) {
  RunOptions options;
  options.function = function;
  options.what_if = true;
  return options;
}

// A change that is tried is a run of its own: the policy that has the operator, the machine that has the
// room.
TEST(WhatIf, WhatItSaysIsWhatSuchARunTakes) {
  Draft d({1, 8, 24, 24});
  RunSpec spec = spec_of(d, conv(d, instance_norm(d, conv(d, "x", 8)), 8));
  const MachineParams machine = read_machine("rdk-x5");
  const RunResult r = simulate({spec, machine, Policy::read("bayes-e")}, with_what_if(true));
  const Advice advice = only(r, "cpu_operator");
  const RunResult other = simulate({spec, machine, Policy::read("full")}, RunOptions::timing());
  ASSERT_TRUE(advice.run_ms.has_value());
  EXPECT_DOUBLE_EQ(*advice.run_ms, other.time_ms(other.cycles));
  EXPECT_DOUBLE_EQ(advice.won_ms, r.time_ms(r.cycles - other.cycles));
}

// What the run file keeps on the host is let go as well.
TEST(WhatIf, ANodeThatTheRunPutsOnTheHost) {
  const char* text = "operators:\n  - {name: norm, op: InstanceNormalization, shape: [1, 8, 24, 24]%s}\n";
  char host[200], free[200];
  std::snprintf(host, sizeof host, text, ", mapping: host");
  std::snprintf(free, sizeof free, text, "");
  const MachineParams machine = read_machine("generic");
  const RunSpec spec = parse_run(host, "host.yaml", "");
  const RunResult r = simulate({spec, machine, Policy::read("full")}, with_what_if(false));
  const RunResult other =
      simulate({parse_run(free, "free.yaml", ""), machine, Policy::read("full")}, RunOptions::timing());
  EXPECT_DOUBLE_EQ(*only(r, "cpu_operator").run_ms, other.time_ms(other.cycles));
}

// The Transpose beside the norm goes with it; the one between the convolutions stays where it is.
TEST(WhatIf, OnlyTheNodesThatAreNamedMove) {
  Draft d({1, 8, 24, 24});
  const std::string turned = d.add("Transpose", {conv(d, "x", 8)}, permutation({0, 1, 3, 2}));
  const std::string far = d.network.nodes.back().name;
  const std::string y = instance_norm(d, d.add("Transpose", {conv(d, turned, 8)}, permutation({0, 1, 3, 2})));
  const RunSpec spec = spec_of(d, y);
  const MachineParams machine = read_machine("rdk-x3");
  const Policy policy = Policy::read("bernoulli2");
  const RunResult r = simulate({spec, machine, policy}, with_what_if(false));
  RunSpec same = spec;
  same.options[far].mapping = "host";
  const RunResult other = simulate(
      {same, machine, policy.with_on_bpu({"InstanceNormalization", "Transpose"})}, RunOptions::timing());
  bool found = false;
  for (const Advice& advice : given(r.advice, "cpu_operator"))
    if (says(advice, "InstanceNormalization x1")) {
      found = true;
      EXPECT_EQ(advice.what_if->nodes.size(), 2U);
      EXPECT_DOUBLE_EQ(*advice.run_ms, other.time_ms(other.cycles));
    }
  EXPECT_TRUE(found);
}

TEST(WhatIf, MoreRoomOnChip) {
  Draft d({1, 16, 48, 48});
  const std::string a = d.add("Sigmoid", {"x"}), b = d.add("Tanh", {a});
  RunSpec spec = spec_of(d, d.add("Add", {d.add("Mul", {a, b}), b}));
  const RunResult r = simulate({spec, read_machine("generic"), Policy::read("full")}, with_what_if(false));
  const Advice advice = only(r, "dram_bound");
  // generic: 2 MiB in 16 banks of 128 KiB, none of it for tensors. Three tensors of 36 KiB live at once at
  // most, so that one bank more holds them.
  const MachineParams machine =
      read_machine("generic", {"sram.bytes=2176KiB", "sram.banks=17", "sram.tensor_bytes=128KiB"});
  const RunResult other = simulate({spec, machine, Policy::read("full")}, RunOptions::timing());
  ASSERT_TRUE(advice.run_ms.has_value());
  EXPECT_DOUBLE_EQ(*advice.run_ms, other.time_ms(other.cycles));
  EXPECT_GT(advice.won_ms, 0);
}

}  // namespace
}  // namespace bpusim
