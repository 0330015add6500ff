#include "sim/report/advice_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <type_traits>
#include <variant>

#include "sim/report/text_table.h"

namespace bpusim {

namespace {

std::string two_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", value);
  return text;
}

std::string milliseconds(double ms) {
  return fixed(ms, 3) + " ms";
}

std::string mebibytes(std::int64_t bytes) {
  return fixed(static_cast<double>(bytes) / 1024 / 1024, 1) + " MiB";
}

std::string share(const RunShare& of) {
  return milliseconds(of.ms) + ", " + fixed(of.percent, 1) + " % of the run";
}

std::string joined(const std::vector<std::string>& names, const std::string& between) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : between) + name;
  return text;
}

// "5: a, b, c, …": how many, and the first three names.
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  const auto shown = static_cast<std::ptrdiff_t>(std::min(names.size(), kShown));
  return std::to_string(names.size()) + ": " + joined({names.begin(), names.begin() + shown}, ", ") +
         (names.size() > kShown ? ", …" : "");
}

// --- what was timed ---

std::string on_bpu(const CpuOperatorAdvice& facts, std::size_t nodes) {
  const CpuOperatorAdvice::OnBpu& then = *facts.on_bpu;
  std::string text;
  if (then.segments_fewer > 0)
    text += "; of the run's " + std::to_string(facts.segments) + " segments " +
            std::to_string(then.segments_fewer) + " would go with it";
  text += "; on the BPU " + (then.count < nodes ? std::to_string(then.count) + " of them" : "they") +
          " would take " + milliseconds(then.ms) + ", each alone";
  if (then.readers_ms > 0)
    text += ", and their readers on the CPU " + milliseconds(then.readers_ms) + " more";
  if (const auto& with = facts.with_movers)
    text += "; with the " + std::to_string(with->count) + " operators around them that only move elements, " +
            milliseconds(with->now_ms) + " would become " + milliseconds(with->then_ms);
  return text;
}

std::string words(const CpuOperatorAdvice& facts, std::size_t nodes) {
  const std::string count = std::to_string(nodes);
  const std::string what =
      joined(facts.ops, ", ") +
      (facts.ops.size() == 1 ? " x" + count : ": " + count + " operators together that only move elements");
  return what + " on the CPU: " + share(facts.now) +
         (facts.on_bpu ? on_bpu(facts, nodes) : "; no BPU of bpusim runs it") + " (" + facts.reason + ")";
}

std::string words(const DecomposedNormAdvice& facts, std::size_t nodes) {
  return facts.op + " x" + std::to_string(nodes) + " run as sub-operators: " + share(facts.now) +
         "; on a BPU with the norm as one operator they would take " + milliseconds(facts.whole_ms) +
         ", each alone (" + facts.reason + ")";
}

std::string kind_of(const IdleMacsAdvice& facts) {
  switch (facts.groups) {
    case IdleMacsAdvice::Groups::One:
      return facts.op;
    case IdleMacsAdvice::Groups::Channels:
      return "depthwise " + facts.op;
    case IdleMacsAdvice::Groups::Several:
      return "grouped " + facts.op;
  }
  throw std::logic_error("kind_of: unknown Groups");
}

std::string remedy_of(const IdleMacsAdvice& facts) {
  switch (facts.remedy) {
    case IdleMacsAdvice::Remedy::LessTraffic:
      return "most of that is bound by memory: fewer or smaller weights and tensors help, more MACs do not";
    case IdleMacsAdvice::Remedy::FittingShapes:
      return "its shapes leave rows or columns of the array empty: multiples of " +
             std::to_string(facts.rows) + " rows and " + std::to_string(facts.cols) + " columns fill it";
    case IdleMacsAdvice::Remedy::WiderGroups:
      return "a group fills few columns of the array: wider groups, or ordinary convolutions of fewer "
             "channels, do more in the same time";
  }
  throw std::logic_error("remedy_of: unknown Remedy");
}

std::string words(const IdleMacsAdvice& facts, std::size_t nodes) {
  return kind_of(facts) + " x" + std::to_string(nodes) + ": " + share(facts.now) + ", at " +
         fixed(facts.macs_percent, 1) + " % of the MACs; " + remedy_of(facts);
}

std::string words(const DramBoundAdvice& facts, std::size_t nodes) {
  const std::string text = "Memory bounds " + std::to_string(nodes) +
                           (nodes == 1 ? " operator: " : " operators: ") + share(facts.waiting) +
                           "; weights and other constants are " + mebibytes(facts.weight_bytes) +
                           " of the run's " + mebibytes(facts.dram_bytes);
  if (!facts.tensors) return text + ", and every tensor between operators of the BPU stays on chip";
  const DramBoundAdvice::Tensors& tensors = *facts.tensors;
  return text + ", and tensors that could stay on chip " + mebibytes(tensors.traffic_bytes) + " (" +
         some_of(tensors.names) + "), " + milliseconds(tensors.pins_ms) +
         " at the pins; sram.tensor_bytes=" + std::to_string(tensors.room_bytes / 1024) +
         "KiB a core holds them all (now " + std::to_string(tensors.room_now_bytes / 1024) +
         "KiB), with sram.bytes as much larger";
}

// --- BatchNormalization ---

std::string words(const BatchNormTrainingAdvice&, std::size_t) {
  return "BatchNormalization is in training mode: it takes the batch's own statistics, cannot be folded, and "
         "gives other results than the trained ones; call eval() before the export";
}

// Behind a convolution and an operator between.
std::string behind_between(const BatchNormUnfoldedAdvice& facts) {
  using Because = BatchNormUnfoldedAdvice::Because;
  switch (facts.because) {
    case Because::OtherChannels:
      return "the " + facts.between +
             " gives other channels, so that no scale per output channel does the same; normalise before it";
    case Because::SameChannels:
      return "both keep the channels: put the BatchNormalization before the " + facts.between +
             ", and it folds, exactly";
    case Because::BranchesAdded:
      return "fold its scale into the convolutions of all branches and its shift into one: exact";
    case Because::BranchesConcatenated:
      return "fold its channels' part into the convolution of each branch: exact";
    case Because::BranchesOfOtherKinds:
      return "foldable only if every branch is a convolution that nobody else reads; these are not: " +
             some_of(facts.branches);
    case Because::PartOfChannels:
      return "scale and shift the output channels of the convolution that go this way before the export: "
             "exact";
    case Because::Padding:
      return "folds only if the padding's value is what its channels map to zero; put the BatchNormalization "
             "before the Pad";
    case Because::Mean:
      return "a mean and an affine commute: put it before, and it folds (padding that counts as zeros aside)";
    case Because::Activation:
      return facts.between +
             " and an affine do not commute; put the BatchNormalization before it when training, where it "
             "folds";
    default:
      throw std::logic_error("behind_between: nothing is between");
  }
}

std::string why_unfolded(const BatchNormUnfoldedAdvice& facts) {
  using Because = BatchNormUnfoldedAdvice::Because;
  const std::string chain = "Conv -> " + facts.between + " -> BatchNormalization: ";
  const std::string forward = (facts.between.empty() ? "" : chain) +
                              "it folds forward into the weights and bias of the " + facts.reader +
                              " that reads it, ";
  switch (facts.because) {
    case Because::NetworkInput:
      return "the network's input feeds it: only one behind a convolution folds into it; fold its scale and "
             "shift into the preprocessing";
    case Because::NoConvolution:
      return "it is fed by " + facts.between + ": only one behind a convolution folds into it";
    case Because::ConvolutionOnCpu:
      return "the convolution before it is on the CPU: " + facts.reason;
    case Because::ConvolutionShared:
      return "others read the output of the Conv before it too: let them read the BatchNormalization's "
             "output, or give each a convolution of its own";
    case Because::KeptApart:
      return "nothing is between it and the Conv before it, and the run keeps them apart: leave out fuse: "
             "false";
    case Because::FoldsForward:
      return forward + "exactly";
    case Because::FoldsForwardWithin:
      return forward + "but at the border, where the padding would have to be its zero";
    default:
      return chain + behind_between(facts);
  }
}

std::string words(const BatchNormUnfoldedAdvice& facts, std::size_t) {
  return "BatchNormalization stays an operator: " + why_unfolded(facts);
}

// --- norms ---

std::string words(const NormWrittenOutAdvice& facts, std::size_t) {
  return facts.op +
         " was exported as primitives and is put together here; a toolchain that does not runs them one by "
         "one: " +
         facts.kept_by;
}

std::string words(const NormInPartsAdvice& facts, std::size_t nodes) {
  return facts.op + " x" + std::to_string(nodes) + " is written in " + std::to_string(facts.operators) +
         " operators, and the policy has none for it whole: they cross between BPU and CPU " +
         std::to_string(facts.crossings) + " times and copy " + std::to_string(facts.copied_bytes) +
         " bytes; " + facts.remedy;
}

std::string remedy_of(const CpuBesideNormAdvice& facts) {
  switch (facts.remedy) {
    case CpuBesideNormAdvice::Remedy::TwoConvolutions:
      return "two convolutions with part of the channels each need no Split";
    case CpuBesideNormAdvice::Remedy::BothBranches:
      return "give both branches to the operators behind it, where they are linear";
    case CpuBesideNormAdvice::Remedy::NormOverItsAxes:
      return "export the norm over the axes that it has, without moving them to the end";
  }
  throw std::logic_error("remedy_of: unknown Remedy");
}

std::string words(const CpuBesideNormAdvice& facts, std::size_t) {
  return facts.op + " beside " + joined(facts.norms, " and ") + " is on the CPU (" + facts.reason +
         "): " + remedy_of(facts);
}

std::string words(const OneElementAdvice& facts, std::size_t) {
  return facts.op +
         " has statistics over one element: its output is beta alone; take it out, or normalise before the "
         "pooling that leaves one element";
}

std::string words(const EpsilonLostAdvice& facts, std::size_t) {
  return facts.op + ": epsilon " + two_digits(facts.epsilon) +
         " is below the integer resolution of sets of " + std::to_string(facts.set_size) +
         " elements on this grid and has no effect (it counts from " + two_digits(facts.counts_from) +
         " on): sets that are nearly constant come out as rounding noise; export with a larger epsilon, or "
         "raise numerics.epsilon_bits";
}

std::string words(const MaskAdvice& facts, std::size_t) {
  const char* harm = std::isinf(facts.least)
                         ? " has no code: it becomes the lowest score's, and what it hides keeps a share; a "
                         : " takes the whole grid of what goes into the Softmax, and the scores beside it "
                           "become one code; a ";
  return facts.op + "'s mask of " + two_digits(facts.least) + harm +
         "mask "
         "16 below the smallest score leaves less than one code of probability and keeps the scores: export "
         "it with -16 below them (often -32 in place of the smallest float)";
}

std::string words(const GammaOutliersAdvice& facts, std::size_t) {
  return facts.op + "'s largest gamma is " + fixed(facts.times_median, 0) + " times the median: about " +
         fixed(facts.lost_bits, 1) +
         " bits of int8 are lost for the other channels, since a tensor has one grid; move the outlying "
         "channels' scale into the weights that read them, clip (calibration: percentile), or keep the "
         "tensor "
         "in int16";
}

std::string words(const UnreadOpsetAdvice& facts, std::size_t) {
  return "the model is of opset " + std::to_string(facts.opset) + ", and the chip's toolchain reads " +
         facts.reads +
         ": export it as such (torch.onnx.export(..., opset_version=11)) and look again, since "
         "newer operators are written out then";
}

std::string words(const NormWholeOnCpuAdvice& facts, std::size_t nodes) {
  return facts.op + " x" + std::to_string(nodes) + " is on the CPU (" + facts.reason +
         "), and the policy has each of its primitives on the BPU: write it as means, differences and a "
         "square root there, with int8 between them";
}

// What was timed is said of whole kinds of operators, and such a line names no nodes.
template <class Facts>
constexpr bool kTimed =
    std::is_same_v<Facts, CpuOperatorAdvice> || std::is_same_v<Facts, DecomposedNormAdvice> ||
    std::is_same_v<Facts, IdleMacsAdvice> || std::is_same_v<Facts, DramBoundAdvice>;

}  // namespace

std::string text_of(Int8Remedy remedy) {
  switch (remedy) {
    case Int8Remedy::Int16:
      return "int16";
    case Int8Remedy::Int16Inputs:
      return "int16 already: what it reads holds it back";
    case Int8Remedy::AffineGrids:
      return "asymmetric quantisation (a zero point: quantisation: affine), since nearly half of a symmetric "
             "grid lies idle";
    case Int8Remedy::CutTails:
      return "a calibration that cuts tails, since 99.9 % of its values stay within a quarter of the largest";
  }
  throw std::logic_error("text_of: unknown Int8Remedy");
}

const char* short_text_of(Int8Remedy remedy) {
  switch (remedy) {
    case Int8Remedy::Int16:
      return "int16";
    case Int8Remedy::Int16Inputs:
      return "better inputs";
    case Int8Remedy::AffineGrids:
      return "asymmetric";
    case Int8Remedy::CutTails:
      return "cut tails";
  }
  throw std::logic_error("short_text_of: unknown Int8Remedy");
}

std::string text_of(const Advice& advice, double now_ms) {
  std::string text = std::visit(
      [&](const auto& facts) {
        const std::string of =
            kTimed<std::decay_t<decltype(facts)>> ? "" : " (" + some_of(advice.nodes) + ")";
        return words(facts, advice.nodes.size()) + of;
      },
      advice.facts);
  if (advice.freed) text += "; that is " + share(*advice.freed);
  if (advice.run_ms)
    text += "; so changed, the whole run takes " + milliseconds(*advice.run_ms) + " in place of " +
            fixed(now_ms, 3);
  if (advice.outputs)
    text += ", and the worst output's cosine is " + fixed(advice.outputs->cosine_then, 6) + " in place of " +
            fixed(advice.outputs->cosine_now, 6);
  return text;
}

std::string text_of(const std::vector<Int8Remedy>& remedies) {
  std::string text;
  for (const Int8Remedy remedy : remedies) text += (text.empty() ? "" : "; ") + text_of(remedy);
  return text;
}

}  // namespace bpusim
