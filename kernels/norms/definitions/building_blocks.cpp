#include "kernels/norms/definitions/building_blocks.h"

#include <stdexcept>

namespace bpusim::norms {

std::vector<NormDim> dims_of(const Shape& shape) {
  std::vector<NormDim> dims(shape.size());
  std::int64_t stride = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    dims[d] = {shape[d], stride, false, 0};
    stride *= shape[d];
  }
  return dims;
}

std::int64_t resolve_axis(const char* op, std::int64_t axis, const Shape& shape) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  if (axis < -rank || axis >= rank)
    throw std::invalid_argument(std::string(op) + ": axis " + std::to_string(axis) +
                                " is out of range for rank " + std::to_string(rank) + " (" +
                                std::to_string(-rank) + " to " + std::to_string(rank - 1) + ")");
  return axis < 0 ? axis + rank : axis;
}

std::int64_t index_affine(std::vector<NormDim>& dims, const std::vector<bool>& indexed) {
  std::int64_t entries = 1;
  for (std::size_t d = dims.size(); d-- > 0;) {
    if (!indexed[d]) continue;
    dims[d].affine_stride = entries;
    entries *= dims[d].extent;
  }
  return entries;
}

namespace {

bool given(const NormArguments& arguments, std::size_t position) {
  return position < arguments.constants.size() && !arguments.constants[position].values.empty();
}

}  // namespace

std::vector<double> required(const char* op, const char* name, const NormArguments& arguments,
                             std::size_t position, std::int64_t count) {
  if (!given(arguments, position))
    throw std::invalid_argument(std::string(op) + ": input " + name + " is missing");
  return optional(op, name, arguments, position, count);
}

std::vector<double> optional(const char* op, const char* name, const NormArguments& arguments,
                             std::size_t position, std::int64_t count) {
  if (!given(arguments, position)) return {};
  const Tensor& tensor = arguments.constants[position];
  if (tensor.size() != count)
    throw std::invalid_argument(std::string(op) + ": " + name + " of shape " + to_string(tensor.shape) +
                                " has " + std::to_string(tensor.size()) + " values where " +
                                std::to_string(count) + " are needed");
  return tensor.values;
}

std::vector<double> broadcast(const char* op, const char* name, const NormArguments& arguments,
                              std::size_t position, const Shape& target) {
  if (!given(arguments, position)) return {};
  const Tensor& tensor = arguments.constants[position];
  std::vector<std::int64_t> strides(target.size(), 0);
  std::int64_t stride = 1;
  bool fits = true;
  for (std::size_t back = 1; back <= tensor.shape.size(); ++back) {
    const std::int64_t extent = tensor.shape[tensor.shape.size() - back];
    if (back > target.size() || (extent != 1 && extent != target[target.size() - back])) {
      fits = fits && extent == 1;
      continue;
    }
    if (extent != 1) strides[target.size() - back] = stride;
    stride *= extent;
  }
  if (!fits)
    throw std::invalid_argument(std::string(op) + ": " + name + " of shape " + to_string(tensor.shape) +
                                " does not broadcast to the normalized shape " + to_string(target));
  std::vector<double> values(static_cast<std::size_t>(element_count(target)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::int64_t rest = static_cast<std::int64_t>(i), offset = 0;
    for (std::size_t d = target.size(); d-- > 0; rest /= target[d]) offset += rest % target[d] * strides[d];
    values[i] = tensor.values[static_cast<std::size_t>(offset)];
  }
  return values;
}

}  // namespace bpusim::norms
