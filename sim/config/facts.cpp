// The table of facts.
#include <stdexcept>

#include "sim/config/limits.h"

namespace bpusim {

const std::vector<FactDefinition>& fact_definitions() {
  static const std::vector<FactDefinition> facts = {
      {"rank", false, "all", "rank"},
      {"ranks", false, "all", "rank of an input or output"},
      {"operand_ranks", false, "all", "rank of an input, constant or not,"},
      {"n", false, "all", "batch"},
      {"c", false, "all", "channel count"},
      {"h", false, "all", "height"},
      {"w", false, "all", "width"},
      {"channels", false, "all", "channel count of an input or output"},
      {"sizes", false, "all", "extent behind the batch"},
      {"elements", false, "all", "element count"},
      {"chw", false, "all", "C*H*W"},
      {"hw", false, "all", "H*W"},
      {"aligned_8w4c_32c", false, "all", "C*H*W, padded to 8W4C or 32C, whichever is less,"},
      {"constant_operands", false, "all", "count of constant inputs"},
      {"computed_operands", false, "all", "count of computed inputs"},
      {"second_elements", false, "of two inputs", "element count of the second input"},
      {"second_constant", true, "of two inputs", "second input a constant"},
      {"broadcast", true, "element by element: none, scalar, channels (NC11), one_sided or mutual",
       "broadcast"},
      {"broadcast_axes", false, "element by element", "axis that is broadcast"},
      {"merged_rank", false, "element by element",
       "rank without extents of 1 and with neighbours merged that are broadcast alike,"},
      {"changed_axes", false, "all", "count of axes on which input and output differ"},
      {"folds_into", true, "all", "operator that it folds into"},
      {"behind", true, "all", "operator that makes its input"},
      {"only_reader", true, "all", "operator that alone reads it"},
      {"residual_behind", true, "all", "an Add of two tensors alone behind it"},
      {"is_output", true, "all", "an output of the model"},
      {"kernel_d", false, "windows", "depth of the kernel"},
      {"kernel_h", false, "windows", "height of the kernel"},
      {"kernel_w", false, "windows", "width of the kernel"},
      {"kernel_area", false, "windows", "height times width of the kernel"},
      {"kernel_n", false, "convolutions", "count of kernels"},
      {"kernel_c", false, "convolutions", "channel count of a kernel"},
      {"kernel_volume", false, "convolutions", "C*H*W of one kernel"},
      {"phase_volume", false, "ConvTranspose", "C*H*W of one phase of the kernel"},
      {"groups", false, "convolutions", "group count"},
      {"channels_per_group", false, "convolutions", "channel count of a group, in or out,"},
      {"outputs_per_group", false, "convolutions", "count of a group's output channels"},
      {"stride_d", false, "windows", "stride along D"},
      {"stride_h", false, "windows", "stride along H"},
      {"stride_w", false, "windows", "stride along W"},
      {"dilation_d", false, "windows", "dilation along D"},
      {"dilation_h", false, "windows", "dilation along H"},
      {"dilation_w", false, "windows", "dilation along W"},
      {"pad_d", false, "windows", "pad along D"},
      {"pad_h", false, "windows", "pad along H"},
      {"pad_w", false, "windows", "pad along W"},
      {"half_kernel_d", false, "windows", "half of the kernel's depth"},
      {"inner_half_kernel_h", false, "windows", "(height of the kernel - 1) / 2"},
      {"inner_half_kernel_w", false, "windows", "(width of the kernel - 1) / 2"},
      {"most_pad_h", false, "ConvTranspose",
       "kernel / stride along H, rounded down; one less where that is exact and the stride odd"},
      {"most_pad_w", false, "ConvTranspose",
       "kernel / stride along W, rounded down; one less where that is exact and the stride odd"},
      {"output_pads", false, "ConvTranspose", "output padding"},
      {"axis", false, "with an axis", "axis"},
      {"axes", false, "reductions, Softmax", "axis"},
      {"axes_count", false, "reductions", "count of axes"},
      {"axis_size", false, "with axes", "extent of an axis"},
      {"axes_from_back", false, "with axes", "axis, counted from the back,"},
      {"keepdims", false, "reductions, ArgMax, ArgMin", "keepdims"},
      {"equal_parts", true, "Split", "parts of one size"},
      {"block", false, "DepthToSpace, SpaceToDepth", "block size"},
      {"mode", true, "Pad, Resize, Upsample, DepthToSpace, GridSample", "mode"},
      {"coordinates", true, "Resize, Upsample", "coordinate_transformation_mode"},
      {"padding_mode", true, "GridSample", "padding_mode"},
      {"factor_h", false, "Resize, Upsample", "factor along H"},
      {"factor_w", false, "Resize, Upsample", "factor along W"},
      {"resized_axes", false, "Resize, Upsample", "axis that is resized"},
      {"padded_axes", false, "Pad", "axis that is padded"},
      {"rows", false, "Gemm, MatMul", "M of a product"},
      {"inner", false, "Gemm, MatMul", "K of a product"},
      {"columns", false, "Gemm, MatMul", "N of a product"},
      {"stacked_second", false, "Gemm, MatMul", "count of second matrices"},
      {"ranks_differ", true, "Gemm, MatMul", "ranks that differ"},
      {"batch_broadcast", true, "MatMul: none, first, second, second_inner (behind what is kept) or mixed",
       "broadcast of a stack"},
      {"p", false, "LpNormalization, LpPool, GlobalLpPool", "p"},
      {"sorted", false, "TopK", "sorted"},
      {"direction", true, "LSTM, GRU, RNN", "direction"},
      {"indices", true, "Gather, GatherElements", "type of computed indices"},
      {"indices_within", true, "GatherElements", "indices within the input off the axis"},
      {"one_row", true, "Softmax", "all axes from its own on as one row (before opset 13)"},
  };
  return facts;
}

namespace {

void require(const std::string& name, bool is_word) {
  for (const FactDefinition& fact : fact_definitions())
    if (name == fact.name && fact.is_word == is_word) return;
  throw std::logic_error("OperatorFacts: no such fact: " + name);
}

}  // namespace

void OperatorFacts::number(const std::string& name, double value) {
  numbers(name, {value});
}

void OperatorFacts::numbers(const std::string& name, std::vector<double> given) {
  require(name, false);
  values[name] = std::move(given);
}

void OperatorFacts::word(const std::string& name, const std::string& value) {
  require(name, true);
  values[name] = value;
}

}  // namespace bpusim
