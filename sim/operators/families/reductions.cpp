// Reductions over axes on the reduction unit; a mean over H and W is a pooling.
#include <memory>
#include <optional>
#include <stdexcept>

#include "kernels/tensor/tensor_math.h"
#include "kernels/tensor/tensor_shapes.h"
#include "kernels/vector/reduction.h"
#include "sim/lowering/reduction.h"
#include "sim/lowering/tiling.h"
#include "sim/operators/families.h"
#include "sim/operators/pool_step.h"

namespace bpusim {

namespace {

bool keeps_dims(const Node& node) {
  return node.attributes.get("keepdims", std::int64_t{1}) != 0;
}

bool over_no_axes(const Node& node, const std::vector<std::int64_t>& axes) {
  return axes.empty() && node.attributes.get("noop_with_empty_axes", std::int64_t{0}) != 0;
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  auto axes = node.attributes.get("axes", std::vector<std::int64_t>{});
  if (axes.empty() && inputs.size() > 1)
    for (const double v : inputs[1]->values) axes.push_back(static_cast<std::int64_t>(v));
  if (over_no_axes(node, axes)) {  // each element is a set of its own: ReduceL2 leaves its magnitude
    Tensor sets = *inputs.at(0);
    sets.shape.push_back(1);
    return one(reduce(node.op, sets, {-1}, false));
  }
  return one(reduce(node.op, *inputs.at(0), axes, keeps_dims(node)));
}

std::vector<Shape> shapes(const Operation& operation) {
  const auto axes = operation.integers("axes", 1);
  if (over_no_axes(operation.node, axes)) return {operation.shape()};
  return {reduced_shape(operation.shape(), axes, keeps_dims(operation.node))};
}

std::optional<ReductionKind> kind_of(const std::string& op) {
  if (op == "ReduceSum") return ReductionKind::Sum;
  if (op == "ReduceMean") return ReductionKind::Mean;
  if (op == "ReduceL1") return ReductionKind::L1;
  if (op == "ReduceL2") return ReductionKind::L2;
  if (op == "ReduceSumSquare") return ReductionKind::SumSquare;
  if (op == "ReduceMax") return ReductionKind::Max;
  if (op == "ReduceMin") return ReductionKind::Min;
  return std::nullopt;
}

// Known axes, counted from the front; all where none are given.
std::vector<char> reduced_axes(const Operation& operation) {
  const auto axes = operation.integers("axes", 1);
  std::vector<char> over(operation.shape().size(), axes.empty() ? 1 : 0);
  for (const std::int64_t axis : axes)
    over.at(static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(over.size()) : axis)) = 1;
  return over;
}

bool is_pooling(const Operation& operation) {
  return operation.node.op == "ReduceMean" && reduced_axes(operation) == std::vector<char>{0, 0, 1, 1};
}

std::string obstacle(const Operation& operation) {
  if (!operation.constant_parameters())
    return "a " + operation.node.op + " whose axes are computed has no BPU lowering";
  if (over_no_axes(operation.node, operation.integers("axes", 1)))
    return "a " + operation.node.op + " over no axes has no BPU lowering";
  return kind_of(operation.node.op) ? "" : "a " + operation.node.op + " has no BPU lowering";
}

// Sets as strided dimensions; neighbours that are both reduced, or both kept, are one.
NormPart sets_of(const Shape& shape, const std::vector<char>& over) {
  NormPart part;
  part.statistic = Statistic::MeanSquare;
  std::int64_t stride = 1;
  for (std::size_t d = shape.size(); d-- > 0; stride *= shape[d]) {
    if (shape[d] == 1) continue;
    const bool in_set = over[d] != 0;
    if (!part.dims.empty() && part.dims.front().in_set == in_set) {
      part.dims.front().extent *= shape[d];
    } else {
      part.dims.insert(part.dims.begin(), {shape[d], stride, in_set, 0});
    }
  }
  if (part.dims.empty()) part.dims.push_back({1, 1, true, 0});
  return part;
}

LoweredStep lower(StepLowering& s) {
  const Operation operation = s.operation();
  if (is_pooling(operation))
    return lower_pool_step(s, resolve_pool("GlobalAveragePool", {}, operation.shape()));
  LoweredStep lowered = s.begin("streaming");
  ReductionJob job;
  job.part = sets_of(operation.shape(), reduced_axes(operation));
  job.plan = plan_reduction(*kind_of(s.node.op), job.part.set_size(), s.in().grid, s.out().grid,
                            s.multiplier_bits(), s.rounding());
  job.x = s.in().address;
  job.y = s.out().address;
  lowered.work.reduced_elements = s.in().elements * byte_size(s.in().grid.dtype);
  lowered.programs.push_back(
      s.fastest({"streaming"}, lowered.work, [&](const LoweringChoice& choice, const MachineParams& machine) {
        return lower_reduction(s.step.name, job, machine, choice.tile_bytes);
      }));
  lowered.ideal = [job](const std::vector<Codes>& inputs) {
    return ideal_reduction(job.plan, tile_of(job.part, whole_view(job.part)), inputs[0]);
  };
  return lowered;
}

// ArgMax and ArgMin: the position of the first (or last) largest or smallest element along one axis.
std::vector<Tensor> golden_position(const Node& node, const Inputs& inputs) {
  const Tensor& x = *inputs.at(0);
  const std::size_t axis = axis_of(node, "axis", 0, x.shape.size());
  const double sign = node.op == "ArgMax" ? 1 : -1;
  const bool last = node.attributes.get("select_last_index", std::int64_t{0}) != 0;
  std::int64_t inner = 1;
  for (std::size_t d = axis + 1; d < x.shape.size(); ++d) inner *= x.shape[d];
  const std::int64_t extent = x.shape[axis];
  Tensor y = Tensor::filled(reduced_shape(x.shape, {static_cast<std::int64_t>(axis)}, keeps_dims(node)), 0);
  for (std::int64_t set = 0; set < y.size(); ++set) {
    const double* element = x.values.data() + set / inner * extent * inner + set % inner;
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < extent; ++i) {
      const double ahead = sign * (element[i * inner] - element[best * inner]);
      if (ahead > 0 || (last && ahead == 0)) best = i;
    }
    y.values[static_cast<std::size_t>(set)] = static_cast<double>(best);
  }
  return one(std::move(y));
}

std::vector<Shape> position_shapes(const Operation& operation) {
  const std::size_t axis = axis_of(operation.node, "axis", 0, operation.shape().size());
  return {reduced_shape(operation.shape(), {static_cast<std::int64_t>(axis)}, keeps_dims(operation.node))};
}

}  // namespace

std::vector<OperatorDefinition> operators::reductions() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1",
                         "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"}) {
    OperatorDefinition row;
    row.op = op;
    row.golden = golden;
    row.shapes = shapes;
    row.host_ops = ops_per_element;
    row.obstacle = obstacle;
    row.takes_int16 = always;
    row.lower = kind_of(op) ? lower : nullptr;
    if (kind_of(op)) {
      row.engine = "reduction unit, vector unit or special functions";
      row.arithmetic = "exact sums (roots to the last bit) or the chosen code, one rounding";
    }
    rows.push_back(std::move(row));
  }
  for (const char* op : {"ArgMax", "ArgMin"}) {
    OperatorDefinition row;
    row.op = op;
    row.golden = golden_position;
    row.shapes = position_shapes;
    row.type = [](const Operation&, std::size_t) { return DType::Int64; };
    row.host_ops = ops_per_element;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
