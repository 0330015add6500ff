// Advice about BatchNormalization: left in training mode, or not folded and what to do about it.
#include <algorithm>

#include "sim/advise/advisors.h"

namespace bpusim {

namespace {

constexpr std::size_t kNone = AdviceView::kNone;

bool training(const Node& node) {
  return node.attributes.get("training_mode", std::int64_t{0}) != 0;
}

bool is_one_of(const std::string& op, std::initializer_list<const char*> ops) {
  return std::any_of(ops.begin(), ops.end(), [&](const char* each) { return op == each; });
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

// What stands between a convolution and the BatchNormalization, and whether it may fold all the same.
struct Detour {
  std::string text;
  bool folds = false;
};

Detour behind_convolution(const AdviceView& view, const Node& conv, const std::string& value) {
  const Step& step = view.step_of(view.maker(value));
  if (step.on_cpu()) return {"the convolution before it is on the CPU: " + step.placement.reason, false};
  if (view.sole_reader(value) == kNone)
    return {
        "others read the output of the " + conv.op +
            " before it too: let them read the BatchNormalization's output, or give each a convolution of "
            "its own",
        false};
  return {"nothing is between it and the Conv before it, and the run keeps them apart: leave out fuse: false",
          true};
}

// One convolution behind an operator that moves elements: the channels decide.
Detour behind_view(const AdviceView& view, const Node& between) {
  const std::string &from = between.inputs.at(0), &to = between.outputs.at(0);
  const Shape &a = view.input.network.shape_of(from), &b = view.input.network.shape_of(to);
  const std::string head = "Conv -> " + between.op + " -> BatchNormalization: ";
  const auto perm = between.attributes.get("perm", std::vector<std::int64_t>{});
  const bool keeps = between.op == "Transpose" ? perm.size() > 1 && perm[1] == 1
                                               : a.size() > 1 && b.size() > 1 && a[0] == b[0] && a[1] == b[1];
  if (!keeps)
    return {head + "the " + between.op +
                " gives other channels, so that no scale per output channel does the "
                "same; normalise before it",
            false};
  return {head + "both keep the channels: put the BatchNormalization before the " + between.op +
              ", and it folds, exactly",
          true};
}

Detour behind_several(const AdviceView& view, const Node& between) {
  const auto inputs = tensors_of(view, between);
  std::vector<std::string> others;
  for (const std::string& input : inputs)
    if (!own_convolution(view, input)) others.push_back(input);
  const bool sum = between.op == "Add";
  const std::string head = "Conv -> " + between.op + " -> BatchNormalization: ";
  if (others.empty())
    return {head + (sum ? "fold its scale into the convolutions of all branches and its shift into one: exact"
                        : "fold its channels' part into the convolution of each branch: exact"),
            true};
  return {head + "foldable only if every branch is a convolution that nobody else reads; these are not: " +
              some_of(others),
          false};
}

// Where the operator behind it can take its scale and shift instead; an empty text where none can.
Detour forward(const AdviceView& view, const Node& norm) {
  const std::string& value = norm.outputs.at(0);
  const std::size_t n = view.sole_reader(value);
  if (n == kNone) return {};
  const Node& next = view.node(n);
  const bool product = is_one_of(next.op, {"Conv", "Gemm", "MatMul"});
  if (!product || next.inputs.size() < 2 || next.inputs[0] != value ||
      !view.input.network.values.at(next.inputs[1]).constant)
    return {};
  const auto pads = next.attributes.get("pads", std::vector<std::int64_t>{});
  const bool padded = std::any_of(pads.begin(), pads.end(), [](std::int64_t p) { return p != 0; });
  return {"it folds forward into the weights and bias of the " + next.op + " that reads it, " +
              (padded ? "but at the border, where the padding would have to be its zero" : "exactly"),
          !padded};
}

Detour behind_activation(const AdviceView& view, const Node& norm, const Node& between) {
  const std::string head = "Conv -> " + between.op + " -> BatchNormalization: ";
  Detour next = forward(view, norm);
  if (!next.text.empty()) return {head + next.text, next.folds};
  return {head + between.op +
              " and an affine do not commute; put the BatchNormalization before it when training, where it "
              "folds",
          false};
}

Detour detour_of(const AdviceView& view, const Node& norm) {
  const std::string& value = norm.inputs.at(0);
  const std::size_t n = view.maker(value);
  Detour next = forward(view, norm);
  if (n == kNone && next.folds) return next;
  if (n == kNone)
    return {
        "the network's input feeds it: only one behind a convolution folds into it; fold its scale and "
        "shift into the preprocessing",
        false};
  const Node& between = view.node(n);
  if (between.op == "Conv") return behind_convolution(view, between, value);
  if (between.op == "Concat" || between.op == "Add") {
    const auto inputs = tensors_of(view, between);
    if (std::any_of(inputs.begin(), inputs.end(),
                    [&](const std::string& input) { return own_convolution(view, input); }))
      return behind_several(view, between);
  } else if (!between.inputs.empty() && own_convolution(view, between.inputs[0])) {
    if (between.op == "Split" || between.op == "Slice")
      return {
          "Conv -> " + between.op +
              " -> BatchNormalization: scale and shift the output channels of the convolution that go this "
              "way before the export: exact",
          true};
    if (between.op == "Pad")
      return {
          "Conv -> Pad -> BatchNormalization: folds only if the padding's value is what its channels map "
          "to zero; put the BatchNormalization before the Pad",
          false};
    if (is_one_of(between.op, {"AveragePool", "GlobalAveragePool", "ReduceMean"}))
      return {
          "Conv -> " + between.op +
              " -> BatchNormalization: a mean and an affine commute: put it before, and it folds (padding "
              "that counts as zeros aside)",
          true};
    if (is_one_of(between.op, {"Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Identity",
                               "Dropout", "Cast", "DepthToSpace", "Resize", "Upsample"}))
      return behind_view(view, between);
    return behind_activation(view, norm, between);
  }
  if (!next.text.empty()) return next;
  return {"it is fed by " + between.op + ": only one behind a convolution folds into it", false};
}

}  // namespace

void advisors_of::batch_norm_training(const AdviceView& view, AdviceLines& lines) {
  for (const Step& step : view.input.steps) {
    const Node& node = view.first(step);
    if (node.op == "BatchNormalization" && training(node))
      lines.add(
          "BatchNormalization is in training mode: it takes the batch's own statistics, cannot be folded, "
          "and "
          "gives other results than the trained ones; call eval() before the export",
          step.name);
  }
}

void advisors_of::batch_norm_unfolded(const AdviceView& view, AdviceLines& lines) {
  for (const Step& step : view.input.steps) {
    const Node& node = view.first(step);
    if (node.op != "BatchNormalization" || training(node)) continue;
    const Detour detour = detour_of(view, node);
    lines.add("BatchNormalization stays an operator: " + detour.text, step.name, detour.folds);
  }
}

}  // namespace bpusim
