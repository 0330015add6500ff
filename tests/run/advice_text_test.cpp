// How advice is worded, from facts that are made up here.
#include "sim/report/advice_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bpusim {
namespace {

template <class Facts>
Advice advice_of(const Facts& facts, std::vector<std::string> nodes = {"a"}) {
  Advice advice;
  advice.facts = facts;
  advice.nodes = std::move(nodes);
  return advice;
}

CpuOperatorAdvice norms_on_cpu() {
  CpuOperatorAdvice facts;
  facts.ops = {"InstanceNormalization"};
  facts.now = {1.5, 12.34};
  facts.segments = 5;
  facts.reason = "no row";
  return facts;
}

TEST(AdviceText, AnOperatorThatNoBpuRuns) {
  EXPECT_EQ(
      text_of(advice_of(norms_on_cpu(), {"a", "b"})),
      "InstanceNormalization x2 on the CPU: 1.500 ms, 12.3 % of the run; no BPU of bpusim runs it (no row)");
}

TEST(AdviceText, WhatTheBpuWouldTake) {
  CpuOperatorAdvice facts = norms_on_cpu();
  facts.on_bpu = {2, 0.25, 0, 0};
  EXPECT_EQ(text_of(advice_of(facts, {"a", "b"})),
            "InstanceNormalization x2 on the CPU: 1.500 ms, 12.3 % of the run; on the BPU they would take "
            "0.250 ms, each alone (no row)");
  facts.on_bpu = {1, 0.25, 0.0625, 2};
  facts.with_movers = {3, 1.75, 0.5};
  EXPECT_EQ(
      text_of(advice_of(facts, {"a", "b"})),
      "InstanceNormalization x2 on the CPU: 1.500 ms, 12.3 % of the run; of the run's 5 segments 2 would "
      "go with it; on the BPU 1 of them would take 0.250 ms, each alone, and their readers on the CPU "
      "0.062 ms more; with the 3 operators around them that only move elements, 1.750 ms would become "
      "0.500 ms (no row)");
}

TEST(AdviceText, SeveralKindsThatMoveElements) {
  CpuOperatorAdvice facts = norms_on_cpu();
  facts.ops = {"Concat", "Split"};
  EXPECT_EQ(text_of(advice_of(facts, {"a", "b", "c"})),
            "Concat, Split: 3 operators together that only move elements on the CPU: 1.500 ms, 12.3 % of the "
            "run; no BPU of bpusim runs it (no row)");
}

TEST(AdviceText, ADecomposedNorm) {
  EXPECT_EQ(text_of(advice_of(DecomposedNormAdvice{"LayerNormalization", {2, 50}, 0.5, "a row"})),
            "LayerNormalization x1 run as sub-operators: 2.000 ms, 50.0 % of the run; on a BPU with the norm "
            "as one operator they would take 0.500 ms, each alone (a row)");
}

TEST(AdviceText, IdleMacs) {
  using Groups = IdleMacsAdvice::Groups;
  using Remedy = IdleMacsAdvice::Remedy;
  IdleMacsAdvice facts{"Conv", Groups::One, {2, 50}, 12.5, Remedy::LessTraffic, 16, 32};
  EXPECT_EQ(text_of(advice_of(facts)),
            "Conv x1: 2.000 ms, 50.0 % of the run, at 12.5 % of the MACs; most of that is bound by memory: "
            "fewer or smaller weights and tensors help, more MACs do not");
  facts.remedy = Remedy::FittingShapes;
  EXPECT_EQ(
      text_of(advice_of(facts)),
      "Conv x1: 2.000 ms, 50.0 % of the run, at 12.5 % of the MACs; its shapes leave rows or columns of "
      "the array empty: multiples of 16 rows and 32 columns fill it");
  facts.remedy = Remedy::WiderGroups;
  facts.groups = Groups::Channels;
  EXPECT_EQ(
      text_of(advice_of(facts)),
      "depthwise Conv x1: 2.000 ms, 50.0 % of the run, at 12.5 % of the MACs; a group fills few columns "
      "of the array: wider groups, or ordinary convolutions of fewer channels, do more in the same time");
  facts.groups = Groups::Several;
  EXPECT_EQ(text_of(advice_of(facts)).substr(0, 16), "grouped Conv x1:");
}

// 3 MiB of 8; four tensors, of which three are named.
TEST(AdviceText, WhatMemoryBounds) {
  DramBoundAdvice facts;
  facts.waiting = {2, 50};
  facts.weight_bytes = 3 << 20;
  facts.dram_bytes = 8 << 20;
  EXPECT_EQ(
      text_of(advice_of(facts)),
      "Memory bounds 1 operator: 2.000 ms, 50.0 % of the run; weights and other constants are 3.0 MiB of "
      "the run's 8.0 MiB, and every tensor between operators of the BPU stays on chip");
  facts.tensors = {{"x", "y", "z", "w"}, 4 << 20, 0.125, 40 << 10, 8 << 10};
  EXPECT_EQ(
      text_of(advice_of(facts, {"a", "b"})),
      "Memory bounds 2 operators: 2.000 ms, 50.0 % of the run; weights and other constants are 3.0 MiB of "
      "the run's 8.0 MiB, and tensors that could stay on chip 4.0 MiB (4: x, y, z, …), 0.125 ms at the "
      "pins; sram.tensor_bytes=40KiB a core holds them all (now 8KiB), with sram.bytes as much larger");
}

TEST(AdviceText, ABatchNormInTrainingMode) {
  EXPECT_EQ(text_of(advice_of(BatchNormTrainingAdvice{}, {"a", "b", "c", "d"})),
            "BatchNormalization is in training mode: it takes the batch's own statistics, cannot be folded, "
            "and gives other results than the trained ones; call eval() before the export (4: a, b, c, …)");
}

TEST(AdviceText, WhyABatchNormStays) {
  using Because = BatchNormUnfoldedAdvice::Because;
  struct Case {
    BatchNormUnfoldedAdvice facts;
    const char* text;
  };
  const std::vector<Case> cases = {
      {{Because::NetworkInput, "", "", "", {}},
       "the network's input feeds it: only one behind a convolution folds into it; fold its scale and shift "
       "into the preprocessing"},
      {{Because::NoConvolution, "Sigmoid", "", "", {}},
       "it is fed by Sigmoid: only one behind a convolution folds into it"},
      {{Because::ConvolutionOnCpu, "", "", "no row", {}}, "the convolution before it is on the CPU: no row"},
      {{Because::ConvolutionShared, "", "", "", {}},
       "others read the output of the Conv before it too: let them read the BatchNormalization's output, or "
       "give each a convolution of its own"},
      {{Because::KeptApart, "", "", "", {}},
       "nothing is between it and the Conv before it, and the run keeps them apart: leave out fuse: false"},
      {{Because::OtherChannels, "Reshape", "", "", {}},
       "Conv -> Reshape -> BatchNormalization: the Reshape gives other channels, so that no scale per output "
       "channel does the same; normalise before it"},
      {{Because::SameChannels, "Flatten", "", "", {}},
       "Conv -> Flatten -> BatchNormalization: both keep the channels: put the BatchNormalization before the "
       "Flatten, and it folds, exactly"},
      {{Because::BranchesAdded, "Add", "", "", {}},
       "Conv -> Add -> BatchNormalization: fold its scale into the convolutions of all branches and its "
       "shift "
       "into one: exact"},
      {{Because::BranchesConcatenated, "Concat", "", "", {}},
       "Conv -> Concat -> BatchNormalization: fold its channels' part into the convolution of each branch: "
       "exact"},
      {{Because::BranchesOfOtherKinds, "Concat", "", "", {"x", "y"}},
       "Conv -> Concat -> BatchNormalization: foldable only if every branch is a convolution that nobody "
       "else "
       "reads; these are not: 2: x, y"},
      {{Because::PartOfChannels, "Split", "", "", {}},
       "Conv -> Split -> BatchNormalization: scale and shift the output channels of the convolution that go "
       "this way before the export: exact"},
      {{Because::Padding, "Pad", "", "", {}},
       "Conv -> Pad -> BatchNormalization: folds only if the padding's value is what its channels map to "
       "zero; put the BatchNormalization before the Pad"},
      {{Because::Mean, "AveragePool", "", "", {}},
       "Conv -> AveragePool -> BatchNormalization: a mean and an affine commute: put it before, and it folds "
       "(padding that counts as zeros aside)"},
      {{Because::Activation, "Relu", "", "", {}},
       "Conv -> Relu -> BatchNormalization: Relu and an affine do not commute; put the BatchNormalization "
       "before it when training, where it folds"},
      {{Because::FoldsForward, "", "Gemm", "", {}},
       "it folds forward into the weights and bias of the Gemm that reads it, exactly"},
      {{Because::FoldsForwardWithin, "Relu", "Conv", "", {}},
       "Conv -> Relu -> BatchNormalization: it folds forward into the weights and bias of the Conv that "
       "reads "
       "it, but at the border, where the padding would have to be its zero"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(text_of(advice_of(c.facts)),
              std::string("BatchNormalization stays an operator: ") + c.text + " (1: a)");
}

TEST(AdviceText, ANormThatWasWrittenOut) {
  EXPECT_EQ(
      text_of(advice_of(NormWrittenOutAdvice{"LayerNormalization", "opset 17 keeps it whole"})),
      "LayerNormalization was exported as primitives and is put together here; a toolchain that does not "
      "runs them one by one: opset 17 keeps it whole (1: a)");
}

TEST(AdviceText, ANormInParts) {
  const NormInPartsAdvice facts{"GroupNormalization", 7, 2, 960, "export it whole"};
  EXPECT_EQ(
      text_of(advice_of(facts, {"a", "b"})),
      "GroupNormalization x2 is written in 7 operators, and the policy has none for it whole: they cross "
      "between BPU and CPU 2 times and copy 960 bytes; export it whole (2: a, b)");
}

TEST(AdviceText, AnOpsetThatTheToolchainDoesNotRead) {
  EXPECT_EQ(
      text_of(advice_of(UnreadOpsetAdvice{17, "10 and 11"})),
      "the model is of opset 17, and the chip's toolchain reads 10 and 11: export it as such "
      "(torch.onnx.export(..., opset_version=11)) and look again, since newer operators are written out "
      "then (1: a)");
}

TEST(AdviceText, ANormOnTheCpuWhosePrimitivesAreNot) {
  EXPECT_EQ(
      text_of(advice_of(NormWholeOnCpuAdvice{"InstanceNormalization", "float"})),
      "InstanceNormalization x1 is on the CPU (float), and the policy has each of its primitives on the "
      "BPU: write it as means, differences and a square root there, with int8 between them (1: a)");
}

TEST(AdviceText, WhatMovesElementsBesideANorm) {
  using Remedy = CpuBesideNormAdvice::Remedy;
  CpuBesideNormAdvice facts{
      "Split", {"BatchNormalization", "InstanceNormalization"}, "no row", Remedy::TwoConvolutions};
  Advice advice = advice_of(facts);
  advice.freed = RunShare{0.25, 2.5};
  EXPECT_EQ(
      text_of(advice),
      "Split beside BatchNormalization and InstanceNormalization is on the CPU (no row): two convolutions "
      "with part of the channels each need no Split (1: a); that is 0.250 ms, 2.5 % of the run");
  EXPECT_EQ(
      text_of(advice_of(CpuBesideNormAdvice{"Concat", {"X"}, "r", Remedy::BothBranches})),
      "Concat beside X is on the CPU (r): give both branches to the operators behind it, where they are "
      "linear (1: a)");
  EXPECT_EQ(text_of(advice_of(CpuBesideNormAdvice{"Transpose", {"X"}, "r", Remedy::NormOverItsAxes})),
            "Transpose beside X is on the CPU (r): export the norm over the axes that it has, without moving "
            "them to the end (1: a)");
}

TEST(AdviceText, WhatANormsNumbersMeanInIntegers) {
  EXPECT_EQ(
      text_of(advice_of(OneElementAdvice{"InstanceNormalization"})),
      "InstanceNormalization has statistics over one element: its output is beta alone; take it out, or "
      "normalise before the pooling that leaves one element (1: a)");
  EXPECT_EQ(
      text_of(advice_of(EpsilonLostAdvice{"LayerNormalization", 1e-12, 1.2e-7, 64})),
      "LayerNormalization: epsilon 1e-12 is below the integer resolution of sets of 64 elements on this "
      "grid and has no effect (it counts from 1.2e-07 on): sets that are nearly constant come out as "
      "rounding noise; export with a larger epsilon, or raise numerics.epsilon_bits (1: a)");
  EXPECT_EQ(
      text_of(advice_of(MaskAdvice{"Add", -1e9})),
      "Add's mask of -1e+09 takes the whole grid of what goes into the Softmax, and the scores beside it "
      "become one code; a mask 16 below the smallest score leaves less than one code of probability and "
      "keeps the scores: export it with -16 below them (often -32 in place of the smallest float) (1: a)");
  EXPECT_EQ(
      text_of(advice_of(MaskAdvice{"Where", -HUGE_VAL})),
      "Where's mask of -inf has no code: it becomes the lowest score's, and what it hides keeps a share; a "
      "mask 16 below the smallest score leaves less than one code of probability and keeps the scores: "
      "export it with -16 below them (often -32 in place of the smallest float) (1: a)");
  EXPECT_EQ(
      text_of(advice_of(GammaOutliersAdvice{"InstanceNormalization", 16, 4})),
      "InstanceNormalization's largest gamma is 16 times the median: about 4.0 bits of int8 are lost for "
      "the other channels, since a tensor has one grid; move the outlying channels' scale into the "
      "weights that read them, clip (calibration: percentile), or keep the tensor in int16 (1: a)");
}

TEST(AdviceText, AChangeThatWasTried) {
  Advice advice = advice_of(norms_on_cpu());
  advice.run_ms = 1.25;
  const std::string text = text_of(advice, 2.5);
  EXPECT_EQ(text.substr(text.find(" (no row)")),
            " (no row); so changed, the whole run takes 1.250 ms in place of 2.500");
  advice.outputs = Advice::Outputs{0.9995, 0.998};
  const std::string both = text_of(advice, 2.5);
  EXPECT_EQ(both.substr(both.find(" of 2.500")),
            " of 2.500, and the worst output's cosine is 0.998000 in place of 0.999500");
}

TEST(AdviceText, WhatHelpsANodeThatInt8CostsMuch) {
  EXPECT_EQ(text_of(std::vector<Int8Remedy>{}), "");
  EXPECT_EQ(text_of({Int8Remedy::Int16Inputs}), "int16 already: what it reads holds it back");
  EXPECT_EQ(
      text_of({Int8Remedy::AffineGrids, Int8Remedy::CutTails, Int8Remedy::Int16}),
      "asymmetric quantisation (a zero point: quantisation: affine), since nearly half of a symmetric grid "
      "lies idle; a calibration that cuts tails, since 99.9 % of its values stay within a quarter of the "
      "largest; int16");
}

}  // namespace
}  // namespace bpusim
