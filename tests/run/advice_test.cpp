// What deployment engineers trip over: each advisor finds it, with its facts, and stays quiet where there is
// nothing. How they are worded is in advice_text_test.cpp.
#include "sim/advise/advice.h"

#include <cmath>

#include "kernels/norms/golden.h"
#include "sim/config/machine_file.h"
#include "sim/operators/norm_problem.h"
#include "tests/run/advised_networks.h"

namespace bpusim {
namespace {

TEST(Advice, EveryAdvisorHasANameAndSaysWhatItLooksFor) {
  std::set<std::string> ids;
  for (const AdviceKind& kind : advice_kinds()) {
    EXPECT_TRUE(ids.insert(kind.id).second) << kind.id;
    EXPECT_NE(std::string(kind.looks_for), "");
  }
  EXPECT_EQ(ids.size(), std::variant_size_v<AdviceFacts>);
  Advice advice;
  advice.facts = GammaOutliersAdvice{};
  EXPECT_STREQ(advice.id(), "gamma_outliers");
}

TEST(Advice, NothingIsSaidOfAConvolutionThatFoldsItsBatchNorm) {
  Draft d({1, 4, 6, 6});
  EXPECT_TRUE(check({spec_of(d, batch_norm(d, conv(d, "x", 8))), {}, Policy::read("full")}).advice.empty());
}

TEST(Advice, TrainingMode) {
  Draft d({1, 4, 6, 6});
  const std::string first = batch_norm(d, "x", 1);
  // Both have the same facts, and share a line.
  const auto line = only(checked<BatchNormTrainingAdvice>(d, batch_norm(d, first, 1)));
  EXPECT_EQ(line.advice.nodes.size(), 2U);
}

// What is between a convolution and its BatchNormalization decides whether it folds all the same.
TEST(Advice, WhatKeepsABatchNormFromFolding) {
  using Because = BatchNormUnfoldedAdvice::Because;
  struct Case {
    Because because;
    const char *between, *reader;
    bool folds;
    std::function<std::string(Draft&)> build;
  };
  const std::vector<Case> cases = {
      {Because::NetworkInput, "", "", false, [](Draft& d) { return batch_norm(d, "x"); }},
      {Because::ConvolutionShared, "", "", false,
       [](Draft& d) {
         const std::string y = conv(d, "x", 4);
         return d.add("Add", {batch_norm(d, y), y});
       }},
      {Because::Activation, "Relu", "", false,
       [](Draft& d) { return batch_norm(d, d.add("Relu", {conv(d, "x", 4)})); }},
      {Because::FoldsForward, "Relu", "Conv", true,
       [](Draft& d) { return conv(d, batch_norm(d, d.add("Relu", {conv(d, "x", 4)})), 4); }},
      {Because::FoldsForwardWithin, "Relu", "Conv", false,
       [](Draft& d) { return conv(d, batch_norm(d, d.add("Relu", {conv(d, "x", 4)})), 4, 1); }},
      {Because::BranchesConcatenated, "Concat", "", true,
       [](Draft& d) {
         return batch_norm(d, d.add("Concat", {conv(d, "x", 4), conv(d, "x", 2)}, axis(1)));
       }},
      {Because::BranchesOfOtherKinds, "Concat", "", false,
       [](Draft& d) {
         return batch_norm(d, d.add("Concat", {conv(d, "x", 4), "x"}, axis(1)));
       }},
      {Because::BranchesAdded, "Add", "", true,
       [](Draft& d) {
         return batch_norm(d, d.add("Add", {conv(d, "x", 4), conv(d, "x", 4)}));
       }},
      {Because::OtherChannels, "Reshape", "", false,
       [](Draft& d) {
         return batch_norm(d, d.reshape(conv(d, "x", 4), {1, 2, 72}));
       }},
      {Because::SameChannels, "Transpose", "", true,
       [](Draft& d) {
         return batch_norm(d, d.add("Transpose", {conv(d, "x", 4)}, permutation({0, 1, 3, 2})));
       }},
      {Because::OtherChannels, "Transpose", "", false,
       [](Draft& d) {
         return batch_norm(d, d.add("Transpose", {conv(d, "x", 4)}, permutation({0, 2, 3, 1})));
       }},
      {Because::PartOfChannels, "Split", "", true,
       [](Draft& d) {
         const auto halves = d.add_many("Split", {conv(d, "x", 4), d.list({2, 2})}, axis(1), 2);
         return d.add("Concat", {batch_norm(d, halves[0]), halves[1]}, axis(1));
       }},
      {Because::Mean, "GlobalAveragePool", "", true,
       [](Draft& d) { return batch_norm(d, d.add("GlobalAveragePool", {conv(d, "x", 4)})); }},
      {Because::FoldsForward, "", "Gemm", true,
       [](Draft& d) {
         const std::string flat = d.add("Flatten", {d.add("GlobalAveragePool", {d.add("Sigmoid", {"x"})})});
         return d.add("Gemm", {batch_norm(d, flat), d.numbers({3, 5})});
       }},
      {Because::NoConvolution, "Sigmoid", "", false,
       [](Draft& d) { return batch_norm(d, d.add("Sigmoid", {"x"})); }},
  };
  for (const Case& c : cases) {
    Draft d({1, 3, 6, 6});
    const std::string output = c.build(d);
    const auto line = only(checked<BatchNormUnfoldedAdvice>(d, output));
    SCOPED_TRACE(static_cast<int>(c.because));
    EXPECT_EQ(line.because, c.because);
    EXPECT_EQ(line.between, c.between);
    EXPECT_EQ(line.reader, c.reader);
    EXPECT_EQ(line.advice.frees_nodes, c.folds);
    if (c.because == Because::BranchesOfOtherKinds) {
      EXPECT_EQ(line.branches, std::vector<std::string>{"x"});
    }
  }
}

TEST(Advice, AFoldSavesWhatTheBatchNormTakes) {
  Draft d({1, 3, 6, 6});
  const std::string y = batch_norm(d, d.add("Add", {conv(d, "x", 4), conv(d, "x", 4)}));
  const RunResult r =
      simulate({spec_of(d, y), read_machine("generic"), Policy::read("full")}, RunOptions::timing());
  const Advice advice = only(given<BatchNormUnfoldedAdvice>(r.advice)).advice;
  ASSERT_EQ(r.nodes.back().op, "BatchNormalization");
  EXPECT_GT(advice.won_ms, 0);
  EXPECT_DOUBLE_EQ(advice.won_ms, r.nodes.back().time_ms);
  ASSERT_TRUE(advice.freed.has_value());
  EXPECT_DOUBLE_EQ(advice.freed->percent,
                   100.0 * static_cast<double>(r.nodes.back().cycles) / static_cast<double>(r.cycles));
  EXPECT_EQ(advice.nodes, std::vector<std::string>{r.nodes.back().name});
}

TEST(Advice, ANormInPrimitivesNamesTheOpsetThatKeepsIt) {
  Draft d({1, 6, 8});
  const std::string c = d.add("Sub", {"x", d.mean("x", {2})});
  const std::string v = d.add("Sqrt", {d.add("Add", {d.mean(d.add("Mul", {c, c}), {2}), d.scalar(1e-5)})});
  const auto line = only(checked<NormWrittenOutAdvice>(d, d.add("Div", {c, v})));
  EXPECT_EQ(line.op, "LayerNormalization");
  EXPECT_NE(line.kept_by.find("opset_version=17"), std::string::npos) << line.kept_by;
}

// With two images the halves interleave: Split and Concat copy 2 * 6 * 40 elements of int8 each. The first
// half crosses to the CPU and back.
TEST(Advice, AnIbnChainSaysItsCopiesAndCrossings) {
  Draft d({2, 6, 8, 5});
  const std::string y = ibn(d);
  const auto line = only(checked<NormInPartsAdvice>(d, y, "bayes-e"));
  EXPECT_EQ(line.op, "InstanceBatchNormalization");
  EXPECT_EQ(line.operators, 4U);
  EXPECT_EQ(line.crossings, 2);
  EXPECT_EQ(line.copied_bytes, 960);
  EXPECT_EQ(line.remedy, find_norm("InstanceBatchNormalization")->in_parts);
  EXPECT_TRUE(checked<NormInPartsAdvice>(d, y, "full").empty());
}

// With one image they lie one behind the other, and nothing is copied.
TEST(Advice, ACheapIbnChainIsNotChargedForCopies) {
  Draft d({1, 6, 8, 5});
  EXPECT_EQ(only(checked<NormInPartsAdvice>(d, ibn(d, {3, 3}), "bayes-e")).copied_bytes, 0);
}

TEST(Advice, ANormThatThePolicyHasNotStaysInParts) {
  Draft d({2, 6, 8, 5});
  const std::string c = d.add("Sub", {"x", d.mean("x", {0, 2, 3})});
  const std::string root = d.add("Sqrt", {d.mean(d.add("Mul", {c, c}), {0, 2, 3})});
  const std::string y = d.add("Div", {c, d.add("Add", {root, d.scalar(1e-9)})});
  const auto line = only(checked<NormInPartsAdvice>(d, y, "bayes-e"));
  EXPECT_EQ(line.op, "MeanVarianceNormalization");
  EXPECT_EQ(line.advice.nodes.size(), 1U);
  EXPECT_EQ(line.operators, 7U);
}

// Nothing is advised that the chip's toolchain does not read, or that its policy sends to the CPU.
TEST(Advice, ANormInPartsStaysSoWhereTheChipHasNoBetter) {
  Draft d({1, 6, 8, 5});
  const std::string c = d.add("Sub", {"x", d.mean("x", {2, 3})});
  const std::string root =
      d.add("Sqrt", {d.add("Add", {d.mean(d.add("Mul", {c, c}), {2, 3}), d.scalar(1e-5)})});
  const std::string y = d.add("Div", {c, root});
  const auto line = only(checked<NormInPartsAdvice>(d, y, "bayes-e"));
  EXPECT_EQ(line.remedy.find("leave it so"), 0U) << line.remedy;
  // As one operator it is on the CPU, and its parts would not be.
  Draft whole({1, 6, 8, 5});
  const std::string normalised = instance_norm(whole, "x");
  EXPECT_EQ(only(checked<NormWholeOnCpuAdvice>(whole, normalised, "bayes-e")).op, "InstanceNormalization");
  EXPECT_TRUE(checked<NormWholeOnCpuAdvice>(whole, normalised, "bernoulli2").empty());  // no Sub on the BPU
}

TEST(Advice, OpsetsThatTheToolchainReads) {
  for (const int opset : {11, 17}) {
    Draft d({1, 6});
    RunSpec run = spec_of(d, d.add("Relu", {"x"}));
    run.from_model = true;
    for (Node& node : run.network.nodes) node.opset = opset;
    EXPECT_EQ(given<UnreadOpsetAdvice>(check({run, {}, Policy::read("bayes-e")}).advice).size(),
              opset == 17 ? 1U : 0U);
    EXPECT_TRUE(given<UnreadOpsetAdvice>(check({run, {}, Policy::read("nash")}).advice).empty());
  }
}

TEST(Advice, WhatMovesElementsOnTheCpuBesideANorm) {
  Draft d({1, 6, 8, 5});
  const std::string y = ibn(d);
  const auto line = only(checked<CpuBesideNormAdvice>(d, y, "bernoulli2"));
  EXPECT_EQ(line.op, "Split");
  EXPECT_EQ(line.norms, std::vector<std::string>{"InstanceNormalization"});
  EXPECT_EQ(line.remedy, CpuBesideNormAdvice::Remedy::TwoConvolutions);
  EXPECT_TRUE(line.advice.frees_nodes);
  EXPECT_TRUE(checked<CpuBesideNormAdvice>(d, y, "bayes-e").empty());  // the X5 has a Split
}

TEST(Advice, AMaskInFrontOfASoftmax) {
  for (const double least : {-HUGE_VAL, -3.4e38, -1e4, -100.0, -16.0}) {
    Draft d({1, 4, 4});
    Tensor mask = Tensor::filled({4, 4}, 0);
    mask.values[1] = mask.values[6] = least;
    const std::string scores = d.reshape(d.add("Add", {"x", d.constant(mask)}), {1, 2, 8});
    const auto lines = checked<MaskAdvice>(d, d.add("Softmax", {scores}));
    ASSERT_EQ(lines.size(), least <= -100 ? 1U : 0U) << least;
    for (const auto& line : lines) EXPECT_EQ(line.least, least);
  }
  Draft chosen({1, 4, 4});  // on the CPU: its result is on a grid as well
  const std::string scores = chosen.add("Where", {chosen.list({1, 1, 0, 1}), "x", chosen.scalar(-65504)});
  EXPECT_EQ(checked<MaskAdvice>(chosen, chosen.add("Softmax", {scores})).size(), 1U);
  Draft other({1, 4, 4});  // no Softmax behind it
  EXPECT_TRUE(
      checked<MaskAdvice>(other, other.add("Relu", {other.add("Add", {"x", other.list({-1e9})})})).empty());
}

// With statistics that are given gamma says how far results reach, whatever the variance was; that of a
// channel whose variance is epsilon's size reaches 1 / sqrt(2).
TEST(Advice, GivenVariancesDoNotMakeOutliers) {
  Draft d({1, 4, 6, 6});
  Tensor var = Tensor::filled({24}, 1);
  for (std::size_t c = 0; c < 5; ++c) var.values[c] = 1e4;
  var.values[5] = 1e-5;
  const std::string zeros = d.constant(Tensor::filled({24}, 0)), ones = d.constant(Tensor::filled({24}, 1));
  EXPECT_TRUE(checked<GammaOutliersAdvice>(
                  d, d.add("BatchNormalization", {conv(d, "x", 24), ones, zeros, zeros, d.constant(var)}))
                  .empty());
}

// Channels that were pruned are no measure of the others.
TEST(Advice, DeadChannelsAreLeftOutOfTheMedian) {
  const auto found = [](double dead, double variance, double largest) {
    Draft d({1, 4, 6, 6});
    Tensor gamma = Tensor::filled({24}, 1), var = Tensor::filled({24}, 1);
    for (std::size_t c = 0; c < 14; ++c) gamma.values[c] = dead, var.values[c] = variance;
    gamma.values.back() = largest;
    const std::string zeros = d.constant(Tensor::filled({24}, 0));
    return checked<GammaOutliersAdvice>(
        d, d.add("BatchNormalization", {conv(d, "x", 24), d.constant(gamma), zeros, zeros, d.constant(var)}));
  };
  EXPECT_TRUE(found(4e-41, 1, 1.5).empty());
  EXPECT_TRUE(found(1e-9, 1, 1.5).empty());
  EXPECT_TRUE(found(40, 1e-30, 1.5).empty());  // a large gamma of a channel that never moves
  EXPECT_TRUE(found(1e-9, 0, 1.5).empty());
  const auto lines = found(4e-41, 1, 16);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].times_median, 16);
}

TEST(Advice, OutliersOfOneOperatorShareALine) {
  Draft d({1, 10, 6, 6});
  std::string y = "x";
  for (const double largest : {16.0, 17.0, 40.0}) {
    Tensor gamma = Tensor::filled({10}, 1);
    gamma.values.back() = largest;
    y = d.add("InstanceNormalization", {y, d.constant(gamma), d.constant(Tensor::filled({10}, 0))});
  }
  const auto line = only(checked<GammaOutliersAdvice>(d, y));
  EXPECT_EQ(line.times_median, 40);
  EXPECT_EQ(line.advice.nodes.size(), 3U);
}

TEST(Advice, StatisticsOverOneElement) {
  Draft d({1, 6, 1, 1});
  EXPECT_EQ(only(checked<OneElementAdvice>(d, instance_norm(d, "x"))).op, "InstanceNormalization");
  Draft two({1, 6, 1, 2});
  EXPECT_TRUE(checked<OneElementAdvice>(two, instance_norm(two, "x")).empty());
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
    const auto found = given<EpsilonLostAdvice>(static_advice({d.network, {step}, &grids, {}}));
    EXPECT_EQ(vanishes, epsilon < 1.2e-7);
    ASSERT_EQ(found.size(), vanishes ? 1U : 0U) << epsilon;
    if (vanishes) {
      EXPECT_DOUBLE_EQ(found[0].epsilon, 1.1e-7);
      EXPECT_DOUBLE_EQ(found[0].counts_from, 1.2e-7);
      EXPECT_EQ(found[0].set_size, 64);
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
    const auto found = checked<GammaOutliersAdvice>(d, y);
    ASSERT_EQ(found.size(), largest > 1 ? 1U : 0U);
    if (largest > 1) {
      EXPECT_DOUBLE_EQ(found[0].times_median, 16);
      EXPECT_DOUBLE_EQ(found[0].lost_bits, 4);
    }
    const NormProblem problem = norm_problem(operation_of(d.network.nodes[0], d.network));
    decibels[largest > 1] =
        decibels_of_channels(problem, d.network.values.at("x").data->values, 0, (channels - 1) * pixels);
  }
  EXPECT_NEAR(decibels[0] - decibels[1], 21.1, 2);
}

}  // namespace
}  // namespace bpusim
