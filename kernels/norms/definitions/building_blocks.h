// What the norm definitions share: views of a tensor, axes, and checks of constant inputs.
#pragma once

#include <string>
#include <vector>

#include "kernels/norms/norm.h"

namespace bpusim::norms {

/// One dimension an axis of `shape`, row-major; nothing reduced, nothing indexed.
std::vector<NormDim> dims_of(const Shape& shape);

/// `axis` counted from the front. Throws where it lies outside the rank.
std::int64_t resolve_axis(const char* op, std::int64_t axis, const Shape& shape);

/// Row-major affine strides for the axes of `dims` at which `indexed` is true; the number of entries comes
/// back.
std::int64_t index_affine(std::vector<NormDim>& dims, const std::vector<bool>& indexed);

/// The constant at `position`, with exactly `count` values. Throws where it is missing or of another length.
std::vector<double> required(const char* op, const char* name, const NormArguments& arguments,
                             std::size_t position, std::int64_t count);

/// The same, or nothing where the input is not given.
std::vector<double> optional(const char* op, const char* name, const NormArguments& arguments,
                             std::size_t position, std::int64_t count);

/// The constant at `position` broadcast onto `target` (numpy's rule, one way); nothing where it is not given.
std::vector<double> broadcast(const char* op, const char* name, const NormArguments& arguments,
                              std::size_t position, const Shape& target);

}  // namespace bpusim::norms
