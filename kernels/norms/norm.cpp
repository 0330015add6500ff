#include "kernels/norms/norm.h"

#include <stdexcept>

namespace bpusim {

namespace {

// Two neighbouring dimensions are one where walking the inner one to its end arrives at the outer one's next
// step, in the tensor and in the affine table alike.
bool mergeable(const NormDim& outer, const NormDim& inner) {
  return outer.in_set == inner.in_set && outer.stride == inner.extent * inner.stride &&
         outer.affine_stride == inner.extent * inner.affine_stride;
}

void merge_dims(std::vector<NormDim>& dims) {
  std::vector<NormDim> merged;
  for (const NormDim& dim : dims) {
    if (dim.extent == 1) continue;
    if (!merged.empty() && mergeable(merged.back(), dim)) {
      merged.back() = {merged.back().extent * dim.extent, dim.stride, dim.in_set, dim.affine_stride};
    } else {
      merged.push_back(dim);
    }
  }
  if (merged.empty()) merged.push_back({});
  dims = merged;
}

void check_shape(const NormDefinition& definition, const Shape& shape) {
  const auto rank = static_cast<int>(shape.size());
  const std::string op = definition.op;
  if (rank < definition.min_rank || rank > definition.max_rank)
    throw std::invalid_argument(op + ": input of shape " + to_string(shape) + " has rank " +
                                std::to_string(rank) + "; ranks " + std::to_string(definition.min_rank) +
                                " to " + std::to_string(definition.max_rank) + " are supported");
  for (const std::int64_t extent : shape)
    if (extent < 1)
      throw std::invalid_argument(op + ": input of shape " + to_string(shape) + " has an extent of " +
                                  std::to_string(extent) + "; every extent must be at least 1");
}

}  // namespace

std::int64_t NormPart::set_size() const {
  std::int64_t size = 1;
  for (const NormDim& dim : dims) size *= dim.in_set ? dim.extent : 1;
  return size;
}

std::int64_t NormPart::set_count() const {
  std::int64_t count = 1;
  for (const NormDim& dim : dims) count *= dim.in_set ? 1 : dim.extent;
  return count;
}

std::int64_t NormPart::affine_count() const {
  std::int64_t last = 0;
  for (const NormDim& dim : dims) last += (dim.extent - 1) * dim.affine_stride;
  return last + 1;
}

const NormDefinition* find_norm(const std::string& op) {
  for (const NormDefinition& row : norm_registry())
    if (op == row.op) return &row;
  return nullptr;
}

NormProblem resolve_norm(const NormDefinition& definition, const NormArguments& arguments) {
  check_shape(definition, arguments.shape);
  NormProblem problem = definition.resolve(arguments);
  problem.shape = arguments.shape;
  for (NormPart& part : problem.parts) {
    if (!(part.epsilon >= 0) || part.epsilon > 1e30)
      throw std::invalid_argument(std::string(definition.op) +
                                  ": epsilon must be a number that is not negative");
    merge_dims(part.dims);
  }
  return problem;
}

}  // namespace bpusim
