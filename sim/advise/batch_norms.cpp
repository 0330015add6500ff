// Advice about BatchNormalization: left in training mode, or not folded and what to do about it.
#include <algorithm>
#include <optional>
#include <stdexcept>

#include "sim/advise/advisors.h"

namespace bpusim {

namespace {

constexpr std::size_t kNone = AdviceView::kNone;
using Because = BatchNormUnfoldedAdvice::Because;

// What an operator between a convolution and a BatchNormalization does; others are taken for activations.
// Where the shapes say so, SameChannels are OtherChannels.
struct Between {
  const char* op;
  Because because;
};
constexpr Between kBetween[] = {
    {"Split", Because::PartOfChannels},
    {"Slice", Because::PartOfChannels},
    {"Pad", Because::Padding},
    {"AveragePool", Because::Mean},
    {"GlobalAveragePool", Because::Mean},
    {"ReduceMean", Because::Mean},
    {"Reshape", Because::SameChannels},
    {"Transpose", Because::SameChannels},
    {"Flatten", Because::SameChannels},
    {"Squeeze", Because::SameChannels},
    {"Unsqueeze", Because::SameChannels},
    {"Identity", Because::SameChannels},
    {"Dropout", Because::SameChannels},
    {"Cast", Because::SameChannels},
    {"DepthToSpace", Because::SameChannels},
    {"Resize", Because::SameChannels},
    {"Upsample", Because::SameChannels},
};

Because because_of(const std::string& op) {
  for (const Between& row : kBetween)
    if (op == row.op) return row.because;
  return Because::Activation;
}

// Whether it can be folded by hand, so that nothing is left of it.
bool folds(Because because) {
  switch (because) {
    case Because::KeptApart:
    case Because::SameChannels:
    case Because::BranchesAdded:
    case Because::BranchesConcatenated:
    case Because::PartOfChannels:
    case Because::Mean:
    case Because::FoldsForward:
      return true;
    case Because::NetworkInput:
    case Because::NoConvolution:
    case Because::ConvolutionOnCpu:
    case Because::ConvolutionShared:
    case Because::OtherChannels:
    case Because::BranchesOfOtherKinds:
    case Because::Padding:
    case Because::Activation:
    case Because::FoldsForwardWithin:
      return false;
  }
  throw std::logic_error("folds: unknown Because");
}

bool training(const Node& node) {
  return node.attributes.get("training_mode", std::int64_t{0}) != 0;
}

// A convolution whose result nobody else reads.
bool own_convolution(const AdviceView& view, const std::string& value) {
  const std::size_t n = view.maker(value);
  return n != kNone && view.node(n).op == "Conv" && view.readers(value).size() == 1 && !view.leaves(value);
}

std::vector<std::string> tensors_of(const AdviceView& view, const Node& node) {
  std::vector<std::string> tensors;
  for (const std::string& input : node.inputs)
    if (!input.empty() && !view.input.network.values.at(input).constant) tensors.push_back(input);
  return tensors;
}

BatchNormUnfoldedAdvice behind_convolution(const AdviceView& view, const std::string& value) {
  BatchNormUnfoldedAdvice facts;
  const Step& step = view.step_of(view.maker(value));
  if (step.on_cpu()) {
    facts.because = Because::ConvolutionOnCpu;
    facts.reason = step.placement.reason;
  } else {
    facts.because = view.sole_reader(value) == kNone ? Because::ConvolutionShared : Because::KeptApart;
  }
  return facts;
}

// Of an operator that moves elements: one convolution's channels stay apart.
bool keeps_channels(const AdviceView& view, const Node& between) {
  const Shape& a = view.input.network.shape_of(between.inputs.at(0));
  const Shape& b = view.input.network.shape_of(between.outputs.at(0));
  const auto perm = between.attributes.get("perm", std::vector<std::int64_t>{});
  return between.op == "Transpose" ? perm.size() > 1 && perm[1] == 1
                                   : a.size() > 1 && b.size() > 1 && a[0] == b[0] && a[1] == b[1];
}

BatchNormUnfoldedAdvice behind_several(const AdviceView& view, const Node& between) {
  BatchNormUnfoldedAdvice facts;
  facts.between = between.op;
  for (const std::string& input : tensors_of(view, between))
    if (!own_convolution(view, input)) facts.branches.push_back(input);
  facts.because = !facts.branches.empty() ? Because::BranchesOfOtherKinds
                  : between.op == "Add"   ? Because::BranchesAdded
                                          : Because::BranchesConcatenated;
  return facts;
}

// Where the operator behind it can take its scale and shift instead.
std::optional<BatchNormUnfoldedAdvice> forward(const AdviceView& view, const Node& norm) {
  const std::string& value = norm.outputs.at(0);
  const std::size_t n = view.sole_reader(value);
  if (n == kNone) return {};
  const Node& next = view.node(n);
  const bool product = next.op == "Conv" || next.op == "Gemm" || next.op == "MatMul";
  if (!product || next.inputs.size() < 2 || next.inputs[0] != value ||
      !view.input.network.values.at(next.inputs[1]).constant)
    return {};
  const auto pads = next.attributes.get("pads", std::vector<std::int64_t>{});
  const bool padded = std::any_of(pads.begin(), pads.end(), [](std::int64_t p) { return p != 0; });
  BatchNormUnfoldedAdvice facts;
  facts.because = padded ? Because::FoldsForwardWithin : Because::FoldsForward;
  facts.reader = next.op;
  return facts;
}

// Behind an operator that takes one convolution's output.
BatchNormUnfoldedAdvice behind_one(const AdviceView& view, const Node& norm, const Node& between) {
  BatchNormUnfoldedAdvice facts;
  facts.because = because_of(between.op);
  if (facts.because == Because::SameChannels && !keeps_channels(view, between))
    facts.because = Because::OtherChannels;
  if (facts.because == Because::Activation) facts = forward(view, norm).value_or(facts);
  facts.between = between.op;
  return facts;
}

BatchNormUnfoldedAdvice facts_of(const AdviceView& view, const Node& norm) {
  const std::string& value = norm.inputs.at(0);
  const std::size_t n = view.maker(value);
  const auto next = forward(view, norm);
  if (n == kNone) return next && folds(next->because) ? *next : BatchNormUnfoldedAdvice{};
  const Node& feeder = view.node(n);
  if (feeder.op == "Conv") return behind_convolution(view, value);
  const auto own = [&](const std::string& input) { return own_convolution(view, input); };
  if (feeder.op == "Concat" || feeder.op == "Add") {
    const auto inputs = tensors_of(view, feeder);
    if (std::any_of(inputs.begin(), inputs.end(), own)) return behind_several(view, feeder);
  } else if (!feeder.inputs.empty() && own(feeder.inputs[0])) {
    return behind_one(view, norm, feeder);
  }
  if (next) return *next;
  BatchNormUnfoldedAdvice fed;
  fed.because = Because::NoConvolution;
  fed.between = feeder.op;
  return fed;
}

}  // namespace

void advisors_of::batch_norm_training(const AdviceView& view, AdviceLines& lines) {
  for (const Step& step : view.input.steps) {
    const Node& node = view.first(step);
    if (node.op == "BatchNormalization" && training(node)) lines.add(BatchNormTrainingAdvice{}, step.name);
  }
}

void advisors_of::batch_norm_unfolded(const AdviceView& view, AdviceLines& lines) {
  for (const Step& step : view.input.steps) {
    const Node& node = view.first(step);
    if (node.op != "BatchNormalization" || training(node)) continue;
    const BatchNormUnfoldedAdvice facts = facts_of(view, node);
    lines.add(facts, step.name, folds(facts.because));
  }
}

}  // namespace bpusim
