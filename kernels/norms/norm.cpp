#include "kernels/norms/norm.h"

#include <stdexcept>

#include "kernels/not_run.h"

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
  if (rank < definition.min_rank)
    throw std::invalid_argument(definition.op + ": input of shape " + to_string(shape) + " has rank " +
                                std::to_string(rank) + "; it needs " + std::to_string(definition.min_rank) +
                                " or more");
  for (const std::int64_t extent : shape)
    if (extent < 1)
      throw std::invalid_argument(definition.op + ": input of shape " + to_string(shape) +
                                  " has an extent of " + std::to_string(extent) +
                                  "; every extent must be at least 1");
}

// Attributes of the row that are not given take their fallback. An integer is as good as a float.
void add_fallbacks(const NormDefinition& definition, Attributes& attributes) {
  for (const NormAttribute& row : definition.attributes) {
    if (const auto* integer = std::get_if<std::int64_t>(&row.fallback)) {
      attributes.ints.emplace(row.name, *integer);
    } else if (const auto* number = std::get_if<double>(&row.fallback)) {
      attributes.floats.emplace(row.name, attributes.get(row.name, *number));
    } else {
      attributes.int_lists.emplace(row.name, std::get<std::vector<std::int64_t>>(row.fallback));
    }
  }
}

void complete(const NormDefinition& definition, NormArguments& arguments) {
  check_shape(definition, arguments.shape);
  arguments.op = definition.op;
  add_fallbacks(definition, arguments.attributes);
}

// The values of a constant for each entry of `target`, by numpy's rule, one way.
Tensor broadcast(const std::string& name, const Tensor& tensor, const Shape& target) {
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
    throw std::invalid_argument(name + " of shape " + to_string(tensor.shape) + " does not broadcast to " +
                                to_string(target));
  std::vector<double> values(static_cast<std::size_t>(element_count(target)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::int64_t rest = static_cast<std::int64_t>(i), offset = 0;
    for (std::size_t d = target.size(); d-- > 0; rest /= target[d]) offset += rest % target[d] * strides[d];
    values[i] = tensor.values[static_cast<std::size_t>(offset)];
  }
  return {target, std::move(values)};
}

void check_constant(const NormConstant& row, const NormArguments& arguments, Tensor& constant) {
  const Shape shape = row.shape(arguments);
  if (constant.values.empty()) {
    if (row.optional) return;
    throw std::invalid_argument(arguments.op + ": input " + row.name + " is missing");
  }
  const std::string name = arguments.op + ": " + row.name;
  if (row.broadcasts) {
    constant = broadcast(name, constant, shape);
  } else if (constant.size() != element_count(shape)) {
    throw std::invalid_argument(name + " of shape " + to_string(constant.shape) + " has " +
                                std::to_string(constant.size()) + " values where " +
                                std::to_string(element_count(shape)) + " are needed");
  }
  if (row.role == NormRole::Variance)
    for (const double variance : constant.values)
      if (variance < 0) throw std::invalid_argument(name + " holds a negative variance");
}

}  // namespace

bool subtracts_mean(Statistic statistic) {
  switch (statistic) {
    case Statistic::MeanVariance:
      return true;
    case Statistic::MeanSquare:
    case Statistic::L1:
    case Statistic::L2:
    case Statistic::Given:
      return false;
  }
  throw std::logic_error("subtracts_mean: unknown Statistic");
}

bool averages(Statistic statistic) {
  switch (statistic) {
    case Statistic::MeanVariance:
    case Statistic::MeanSquare:
      return true;
    case Statistic::L1:
    case Statistic::L2:
    case Statistic::Given:
      return false;
  }
  throw std::logic_error("averages: unknown Statistic");
}

bool sums_magnitudes(Statistic statistic) {
  switch (statistic) {
    case Statistic::L1:
      return true;
    case Statistic::MeanVariance:
    case Statistic::MeanSquare:
    case Statistic::L2:
    case Statistic::Given:
      return false;
  }
  throw std::logic_error("sums_magnitudes: unknown Statistic");
}

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

std::string constant_names(const NormDefinition& definition) {
  std::string names;
  for (const NormConstant& constant : definition.constants)
    names += (names.empty() ? "" : ", ") + constant.name + (constant.optional ? "?" : "");
  return names;
}

std::size_t required_constants(const NormDefinition& definition) {
  std::size_t count = definition.constants.size();
  while (count > 0 && definition.constants[count - 1].optional) --count;
  return count;
}

bool in_training(const NormDefinition& definition, const Attributes& attributes) {
  return !definition.training_attribute.empty() &&
         attributes.get(definition.training_attribute, std::int64_t{0}) != 0;
}

bool takes_statistics(const NormDefinition& definition, const Attributes& attributes) {
  return !definition.given_statistics || in_training(definition, attributes);
}

Shape constant_shape(const NormDefinition& definition, const NormConstant& constant,
                     NormArguments arguments) {
  arguments.constants.clear();
  complete(definition, arguments);
  return constant.shape(arguments);
}

NormProblem resolve_norm(const NormDefinition& definition, NormArguments arguments) {
  complete(definition, arguments);
  arguments.constants.resize(definition.constants.size(), Tensor({0}, {}));
  for (std::size_t i = 0; i < definition.constants.size(); ++i)
    check_constant(definition.constants[i], arguments, arguments.constants[i]);
  NormProblem problem = definition.resolve(arguments);
  problem.shape = arguments.shape;
  for (NormPart& part : problem.parts) {
    if (!(part.epsilon >= 0) || part.epsilon > 1e30)
      throw std::invalid_argument(definition.op + ": epsilon must be a number that is not negative");
    if (sums_magnitudes(part.statistic) && part.epsilon_place != EpsilonPlace::None)
      throw std::invalid_argument(definition.op + ": a sum of magnitudes takes no epsilon");
    merge_dims(part.dims);
  }
  return problem;
}

}  // namespace bpusim
