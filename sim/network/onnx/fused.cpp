#include "sim/network/onnx/fused.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "kernels/not_run.h"
#include "sim/network/onnx/fused_writer.h"

namespace bpusim {

namespace {

constexpr int kOpset = 17;  // of what is written: LayerNormalization is there, axes of a ReduceSum an input

// From onnxruntime's ContribOperators.md: attributes that a row reads, or that change no number.
struct Row {
  const char* ops;
  void (*write)(FusedWriter&, const std::string& op);
  const char* attributes;
};

const Row kRows[] = {
    {"FusedConv", write_fused_product,
     "activation activation_params auto_pad dilations group kernel_shape pads strides"},
    {"FusedGemm", write_fused_product,
     "activation activation_alpha activation_beta activation_gamma alpha beta transA transB"},
    {"FusedMatMul TransposeMatMul", write_fused_product, "alpha transA transB transBatchA transBatchB"},
    {"FusedMatMulActivation", write_fused_product,
     "activation activation_alpha activation_axis activation_beta activation_gamma alpha transA transB "
     "transBatchA transBatchB"},
    {"BiasGelu FastGelu BiasSplitGelu BiasAdd", write_fused_pointwise, ""},
    {"QuickGelu", write_fused_pointwise, "alpha"},
    {"BiasSoftmax", write_fused_pointwise, "axis is_inner_broadcast"},
    {"SkipLayerNormalization SkipSimplifiedLayerNormalization", write_fused_norm, "epsilon"},
    {"EmbedLayerNormalization", write_fused_norm, "epsilon mask_index_type"},
    {"GroupNorm", write_fused_norm, "activation channels_last epsilon groups"},
    {"Attention", write_fused_attention,
     "do_rotary mask_filter_value num_heads past_present_share_buffer qkv_hidden_sizes rotary_embedding_dim "
     "scale unidirectional"},
    {"MultiHeadAttention", write_fused_attention, "mask_filter_value num_heads scale unidirectional"},
};

bool holds(const char* words, const std::string& word) {
  std::istringstream all(words);
  for (std::string each; all >> each;)
    if (each == word) return true;
  return false;
}

const Row* row_of(const std::string& op) {
  for (const Row& row : kRows)
    if (holds(row.ops, op)) return &row;
  return nullptr;
}

template <class Map>
void check_attributes(const Row& row, const Map& given) {
  for (const auto& entry : given)
    if (!holds(row.attributes, entry.first))
      throw NotRun("its attribute '" + entry.first + "' has no definition in bpusim: save the model at " +
                   "onnxruntime's optimisation level basic");
}

}  // namespace

bool is_fused_operator(const std::string& op) {
  return row_of(op) != nullptr;
}

bool is_shared_operator(const std::string& op) {
  return op == "Inverse" || op == "GridSample" || op == "Trilu";
}

WrittenOut write_out_fused(const Node& fused, const FusedSurroundings& around) {
  const Row* row = row_of(fused.op);
  if (row == nullptr) throw std::invalid_argument(fused.op + " is no fused operator");
  const Attributes& a = fused.attributes;
  check_attributes(*row, a.ints);
  check_attributes(*row, a.floats);
  check_attributes(*row, a.strings);
  check_attributes(*row, a.int_lists);
  check_attributes(*row, a.float_lists);
  check_attributes(*row, a.string_lists);
  FusedWriter writer(fused, around);
  row->write(writer, fused.op);
  return writer.finish();
}

const char* unread_layout_reason(const std::string& op, const std::string& domain) {
  const bool layout = domain == "com.microsoft.nchwc" || domain == "com.ms.internal.nhwc" ||
                      (domain == "com.microsoft" && op.rfind("Nhwc", 0) == 0) ||
                      (domain == "com.microsoft" && op == "ReorderInput") ||
                      (domain == "com.microsoft" && op == "ReorderOutput");
  return layout
             ? "its layout is one of onnxruntime's own for the machine that it ran on: save the model at its "
               "optimisation level extended or below (ORT_ENABLE_EXTENDED)"
             : nullptr;
}

const std::string& FusedWriter::in(std::size_t input) const {
  if (!given(input))
    throw std::invalid_argument("needs an input " + std::to_string(input + 1) + ", it has " +
                                std::to_string(fused_.inputs.size()));
  return fused_.inputs[input];
}

void FusedWriter::not_run(const std::string& why) const {
  throw NotRun(why);
}

Shape FusedWriter::shape(std::size_t input) const {
  const auto known = around_.shape(in(input));
  if (!known || known->empty())
    not_run("the rank of its input '" + in(input) +
            "' is not known: let onnx.shape_inference.infer_shapes write it into the model");
  return *known;
}

std::string FusedWriter::add(const std::string& op, const std::string& part, std::vector<std::string> inputs,
                             Attributes attributes, const std::string& output) {
  while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
  Node node;
  node.name = name_of(part);
  node.op = op;
  node.domain = fused_.domain;  // its opset is not the model's
  node.opset = kOpset;
  node.attributes = std::move(attributes);
  node.inputs = std::move(inputs);
  node.outputs = {output.empty() ? node.name : output};
  node.origin = fused_.op;
  written_.nodes.push_back(std::move(node));
  return last().outputs[0];
}

std::string FusedWriter::scalar(const std::string& part, double number) {
  std::string name = name_of(part);
  Value& value = written_.constants[name];
  value.constant = true;
  value.hold(Tensor({}, {number}));
  return name;
}

std::string FusedWriter::list(const std::string& part, const std::vector<double>& numbers) {
  std::string name = name_of(part);
  Value& value = written_.constants[name];
  value.constant = true;
  value.dtype = DType::Int64;
  value.hold(Tensor({static_cast<std::int64_t>(numbers.size())}, numbers));
  return name;
}

std::string FusedWriter::turned(const std::string& part, std::size_t input) {
  const std::size_t rank = shape(input).size();
  if (rank < 2) return in(input);
  std::vector<std::int64_t> perm;
  for (std::size_t d = 0; d < rank; ++d) perm.push_back(static_cast<std::int64_t>(d));
  std::swap(perm[rank - 1], perm[rank - 2]);
  Attributes attributes;
  attributes.int_lists["perm"] = perm;
  return add("Transpose", part, {in(input)}, attributes);
}

WrittenOut FusedWriter::finish() {
  last().name = fused_.name;
  last().outputs[0] = fused_.outputs.at(0);
  return std::move(written_);
}

}  // namespace bpusim
