// Operators that only move elements: each output element is one input element, found by strides.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/tensor/attributes.h"
#include "kernels/tensor/tensor.h"

namespace bpusim {

/// The output, dimension by dimension, as steps through the input (elements). A stride of 0 repeats.
struct View {
  struct Dim {
    std::int64_t count = 1, stride = 1;
  };
  std::int64_t offset = 0;
  std::vector<Dim> dims;  ///< outermost first; their product is the output's size
  Shape shape;            ///< of the output, which may group the dimensions differently
};

/// Whether the operator only moves elements: Transpose, Expand, Resize and Upsample to the nearest by whole
/// factors, DepthToSpace, SpaceToDepth; and those below that keep their order.
bool is_view(const std::string& op);
/// Reshape, Flatten, Squeeze, Unsqueeze, Identity, Dropout and Cast: the same bytes under another shape.
bool is_alias(const std::string& op);

/// `constants` are the inputs after the first. Throws std::invalid_argument with what does not fit.
View resolve_view(const std::string& op, const Attributes& attributes, const Shape& input,
                  const std::vector<Tensor>& constants);

/// Whether the output holds all elements of an input of `elements` in their order.
bool keeps_order(const View& view, std::int64_t elements);

std::vector<double> apply_view(const View& view, const std::vector<double>& x);

}  // namespace bpusim
