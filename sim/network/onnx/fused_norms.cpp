// SkipLayerNormalization and its kin: sums, and a norm of them.
#include "sim/network/onnx/fused_writer.h"

namespace bpusim {

namespace {

constexpr double kSkipEpsilon = 1e-12, kGroupEpsilon = 1e-5;  // onnxruntime's ContribOperators.md

Attributes with_axis(std::int64_t axis) {
  Attributes attributes;
  attributes.ints["axis"] = axis;
  return attributes;
}

// Of the last axis, with the outputs for mean and deviation that the fused node names from `outputs` on.
void write_layer_norm(FusedWriter& w, const std::string& op, const std::vector<std::string>& inputs,
                      std::size_t outputs) {
  Attributes attributes = with_axis(-1);
  attributes.floats["epsilon"] = w.attributes().get("epsilon", kSkipEpsilon);
  w.add(op, "norm", inputs, attributes);
  for (std::size_t i = outputs; outputs != 0 && i < outputs + 2; ++i) w.last().outputs.push_back(w.out(i));
  while (w.last().outputs.back().empty()) w.last().outputs.pop_back();
}

// input + skip + bias, which is output 4 too.
void write_skip(FusedWriter& w, bool simplified) {
  const std::size_t bias = simplified ? 3 : 4;
  const bool biased = w.given(bias);
  std::string sum = w.add("Add", "sum", {w.in(0), w.in(1)}, {}, biased ? "" : w.out(3));
  if (biased) sum = w.add("Add", "biased", {sum, w.in(bias)}, {}, w.out(3));
  if (simplified) {
    if (!w.out(1).empty()) w.not_run("its second output, a mean that it does not subtract, is not read");
    return write_layer_norm(w, "SimplifiedLayerNormalization", {sum, w.in(2)}, 0);
  }
  write_layer_norm(w, "LayerNormalization", {sum, w.in(2), w.given(3) ? w.in(3) : ""}, 1);
}

// The first rows of the positions' table, as many as a sequence has.
std::string positions(FusedWriter& w) {
  if (w.given(8)) return w.add("Gather", "positions", {w.in(3), w.in(8)});
  const std::string extents = w.add("Shape", "extents", {w.in(0)});
  const std::string length = w.add("Gather", "length", {extents, w.list("one", {1})});
  return w.add("Slice", "positions", {w.in(3), w.list("zero", {0}), length});
}

void write_embedding(FusedWriter& w) {
  if (!w.out(1).empty()) {
    const std::string mask = w.given(7) ? w.in(7) : w.add("Sub", "no_mask", {w.in(0), w.in(0)});
    Attributes each;
    each.ints["keepdims"] = 0;
    w.add("ReduceSum", "mask_index", {mask, w.list("mask_axis", {1})}, each, w.out(1));
  }
  const bool segments = w.given(1);
  std::string sum = w.add("Gather", "words", {w.in(2), w.in(0)});
  sum = w.add("Add", "sum", {sum, positions(w)}, {}, segments ? "" : w.out(2));
  if (segments)
    sum = w.add("Add", "segmented", {sum, w.add("Gather", "segments", {w.in(4), w.in(1)})}, {}, w.out(2));
  write_layer_norm(w, "LayerNormalization", {sum, w.in(5), w.in(6)}, 0);
}

// Of images [N, H, W, C]; an activation of 1 is SiLU.
void write_group_norm(FusedWriter& w) {
  const bool last = w.attributes().get("channels_last", std::int64_t{1}) != 0;
  const std::int64_t activation = w.attributes().get("activation", std::int64_t{0});
  if (activation != 0 && activation != 1)
    w.not_run("activation " + std::to_string(activation) + " is neither 0, none, nor 1, SiLU");
  Attributes forth, back, norm;
  forth.int_lists["perm"] = {0, 3, 1, 2};
  back.int_lists["perm"] = {0, 2, 3, 1};
  norm.floats["epsilon"] = w.attributes().get("epsilon", kGroupEpsilon);
  norm.ints["num_groups"] = w.attributes().get("groups", std::int64_t{1});
  std::string y = last ? w.add("Transpose", "channels_first", {w.in(0)}, forth) : w.in(0);
  y = w.add("GroupNormalization", "norm", {y, w.in(1), w.in(2)}, norm);
  w.last().opset = 21;  // a scale a channel
  if (activation == 1) y = w.add("SiLU", "activation", {y});
  if (last) w.add("Transpose", "channels_last", {y}, back);
}

}  // namespace

void write_fused_norm(FusedWriter& w, const std::string& op) {
  if (op == "EmbedLayerNormalization") return write_embedding(w);
  if (op == "GroupNorm") return write_group_norm(w);
  write_skip(w, op == "SkipSimplifiedLayerNormalization");
}

}  // namespace bpusim
