#include "kernels/norms/definitions/building_blocks.h"

#include <stdexcept>

namespace bpusim::norms {

namespace {

template <class Map>
const typename Map::mapped_type& listed(const Map& map, const NormArguments& arguments,
                                        const char* attribute) {
  const auto found = map.find(attribute);
  if (found == map.end())
    throw std::logic_error(arguments.op + ": its row has no attribute " + attribute + " of this type");
  return found->second;
}

}  // namespace

void refuse(const NormArguments& arguments, const std::string& why) {
  throw std::invalid_argument(arguments.op + ": " + why);
}

std::int64_t integer(const NormArguments& arguments, const char* attribute) {
  return listed(arguments.attributes.ints, arguments, attribute);
}

double number(const NormArguments& arguments, const char* attribute) {
  return listed(arguments.attributes.floats, arguments, attribute);
}

const std::vector<std::int64_t>& integers(const NormArguments& arguments, const char* attribute) {
  return listed(arguments.attributes.int_lists, arguments, attribute);
}

std::vector<NormDim> dims_of(const Shape& shape) {
  std::vector<NormDim> dims(shape.size());
  std::int64_t stride = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    dims[d] = {shape[d], stride, false, 0};
    stride *= shape[d];
  }
  return dims;
}

std::size_t resolve_axis(const NormArguments& arguments, std::int64_t axis) {
  const auto rank = static_cast<std::int64_t>(arguments.shape.size());
  if (axis < -rank || axis >= rank)
    refuse(arguments, "axis " + std::to_string(axis) + " is out of range for rank " + std::to_string(rank) +
                          " (" + std::to_string(-rank) + " to " + std::to_string(rank - 1) + ")");
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

void index_affine(std::vector<NormDim>& dims, const std::vector<bool>& indexed) {
  std::int64_t entries = 1;
  for (std::size_t d = dims.size(); d-- > 0;) {
    if (!indexed[d]) continue;
    dims[d].affine_stride = entries;
    entries *= dims[d].extent;
  }
}

NormProblem one_part(NormPart part) {
  NormProblem problem;
  problem.parts.push_back(std::move(part));
  return problem;
}

Shape per_channel(const NormArguments& arguments) {
  if (arguments.shape.size() < 2)
    refuse(arguments, "shape " + to_string(arguments.shape) + " has no channels at axis 1");
  return {arguments.shape[1]};
}

}  // namespace bpusim::norms
