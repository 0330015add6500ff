// Writes the nodes that stand for a fused one. For fused.cpp and the files of its families only.
#pragma once

#include <string>
#include <vector>

#include "sim/network/onnx/fused.h"

namespace bpusim {

class FusedWriter {
 public:
  FusedWriter(const Node& fused, const FusedSurroundings& around) : fused_(fused), around_(around) {}

  bool given(std::size_t input) const {
    return input < fused_.inputs.size() && !fused_.inputs[input].empty();
  }
  /// Throws std::invalid_argument where it is not given.
  const std::string& in(std::size_t input) const;
  /// The name of an output; empty where it is not wanted.
  std::string out(std::size_t output) const {
    return output < fused_.outputs.size() ? fused_.outputs[output] : "";
  }
  const Attributes& attributes() const { return fused_.attributes; }
  /// Throws NotRun where the shape of an input is not known, with what to do.
  Shape shape(std::size_t input) const;
  [[noreturn]] void not_run(const std::string& why) const;

  /// A node; the name of its first output, which is `output` where that is not empty.
  std::string add(const std::string& op, const std::string& part, std::vector<std::string> inputs,
                  Attributes attributes = {}, const std::string& output = "");
  std::string scalar(const std::string& part, double number);
  std::string list(const std::string& part, const std::vector<double>& numbers);
  Node& last() { return written_.nodes.back(); }
  /// One more output of the last node.
  std::string also(const std::string& part) {
    last().outputs.push_back(name_of(part));
    return last().outputs.back();
  }

  /// a + b, where b is given.
  std::string plus(const std::string& part, const std::string& a, std::size_t b) {
    return given(b) ? add("Add", part, {a, in(b)}) : a;
  }
  /// The last two axes of a value turned. Throws as shape() does.
  std::string turned(const std::string& part, std::size_t input);

  /// What was written; its last node makes the fused one's first output.
  WrittenOut finish();

 private:
  std::string name_of(const std::string& part) const { return around_.free_name(fused_.name + "/" + part); }

  const Node& fused_;
  const FusedSurroundings& around_;
  WrittenOut written_;
};

/// Families of fused operators; a file each.
void write_fused_product(FusedWriter& w, const std::string& op);    ///< FusedConv, FusedGemm, FusedMatMul
void write_fused_pointwise(FusedWriter& w, const std::string& op);  ///< BiasGelu, QuickGelu, BiasSoftmax
void write_fused_norm(FusedWriter& w, const std::string& op);       ///< SkipLayerNormalization, GroupNorm
void write_fused_attention(FusedWriter& w, const std::string& op);  ///< Attention, MultiHeadAttention

}  // namespace bpusim
