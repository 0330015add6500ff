// BiasGelu, FastGelu, QuickGelu, BiasSplitGelu, BiasAdd, BiasSoftmax: a sum, and a function of it.
#include "sim/network/onnx/fused_writer.h"

namespace bpusim {

namespace {

constexpr double kQuickGeluAlpha = 1.702;  // onnxruntime's ContribOperators.md

void write_quick_gelu(FusedWriter& w) {
  const double alpha = w.attributes().get("alpha", kQuickGeluAlpha);
  std::string x = w.in(0);
  if (alpha != 1) x = w.add("Mul", "scaled", {x, w.scalar("alpha", alpha)});
  w.add("Mul", "product", {w.in(0), w.add("Sigmoid", "gate", {x})});
}

// The first half of the last axis by the Gelu of the second.
void write_split_gelu(FusedWriter& w) {
  Attributes axis;
  axis.ints["axis"] = -1;
  const std::string first = w.add("Split", "halves", {w.add("Add", "sum", {w.in(0), w.in(1)})}, axis);
  const std::string second = w.also("second");
  w.add("Mul", "product", {first, w.add("Gelu", "gelu", {second})});
}

void write_softmax(FusedWriter& w) {
  Attributes axis;
  axis.ints["axis"] = w.attributes().get("axis", std::int64_t{1});
  w.add("Softmax", "softmax", {w.add("Add", "sum", {w.in(0), w.in(1)})}, axis);
  w.last().opset = 12;  // all axes from `axis` on are one row
}

}  // namespace

void write_fused_pointwise(FusedWriter& w, const std::string& op) {
  if (op == "QuickGelu") return write_quick_gelu(w);
  if (op == "BiasSplitGelu") return write_split_gelu(w);
  if (op == "BiasSoftmax") return write_softmax(w);
  if (op == "BiasAdd") {
    w.plus("residual", w.add("Add", "sum", {w.in(0), w.in(1)}), 2);
    return;
  }
  Attributes attributes;
  if (op == "FastGelu") attributes.strings["approximate"] = "tanh";
  w.add("Gelu", "gelu",
        {op == "BiasGelu" ? w.add("Add", "sum", {w.in(0), w.in(1)}) : w.plus("sum", w.in(0), 1)}, attributes);
}

}  // namespace bpusim
