// What the norm definitions share: views of a tensor, axes, attributes, and shapes of constant inputs.
#pragma once

#include <string>
#include <vector>

#include "kernels/norms/norm.h"

namespace bpusim::norms {

/// Throws std::invalid_argument with the operator's name and what is wrong.
[[noreturn]] void refuse(const NormArguments& arguments, const std::string& why);

/// Attributes as they are given, or as the row has them. Throw std::logic_error where the row has none of
/// that name and type.
std::int64_t integer(const NormArguments& arguments, const char* attribute);
double number(const NormArguments& arguments, const char* attribute);
const std::vector<std::int64_t>& integers(const NormArguments& arguments, const char* attribute);

/// One dimension an axis of `shape`, row-major; nothing reduced, nothing indexed.
std::vector<NormDim> dims_of(const Shape& shape);

/// `axis` counted from the front. Throws std::invalid_argument where it lies outside the rank.
std::size_t resolve_axis(const NormArguments& arguments, std::int64_t axis);

/// Row-major affine strides for the axes of `dims` at which `indexed` is true.
void index_affine(std::vector<NormDim>& dims, const std::vector<bool>& indexed);

/// A problem of one part.
NormProblem one_part(NormPart part);

/// For NormConstant::shape: a value a channel. Throws std::invalid_argument where the shape has no axis 1.
Shape per_channel(const NormArguments& arguments);

}  // namespace bpusim::norms
