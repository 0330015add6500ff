// Split and Concat: pieces of rows, each moved where it goes, unless it lies there already.
#include "sim/operators/families/split_concat.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/units.h"
#include "sim/lowering/elementwise.h"
#include "sim/lowering/interleave.h"
#include "sim/operators/families.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

namespace {

// Rows of a tensor cut at an axis: outer x (extent at the axis x inner).
struct Rows {
  std::int64_t outer = 1, inner = 1;
};
Rows rows_at(const Shape& shape, std::size_t axis) {
  Rows rows;
  for (std::size_t d = 0; d < shape.size(); ++d)
    (d < axis ? rows.outer : rows.inner) *= d == axis ? 1 : shape[d];
  return rows;
}

// Extents of a Split's outputs: given, or equal shares with a smaller last one.
std::vector<std::int64_t> split_extents(const Node& node, std::vector<std::int64_t> given,
                                        std::int64_t whole) {
  const auto parts = static_cast<std::int64_t>(node.outputs.size());
  if (const std::int64_t said = node.attributes.get("num_outputs", parts); said != parts)
    throw std::invalid_argument("Split: num_outputs is " + std::to_string(said) + ", for " +
                                std::to_string(parts) + " outputs");
  if (given.empty()) {
    const std::int64_t each = ceil_div(whole, parts);
    for (std::int64_t at = 0; at < whole; at += each) given.push_back(std::min(each, whole - at));
  }
  std::int64_t total = 0;
  for (const std::int64_t piece : given) {
    if (piece < 0) throw std::invalid_argument("Split: a piece of " + std::to_string(piece));
    total += piece;
  }
  if (total != whole || given.size() != node.outputs.size())
    throw std::invalid_argument("Split: " + std::to_string(given.size()) + " pieces add up to " +
                                std::to_string(total) + ", for " + std::to_string(node.outputs.size()) +
                                " outputs of " + std::to_string(whole));
  return given;
}

std::vector<Tensor> golden_split(const Node& node, const Inputs& inputs) {
  const Tensor& x = *inputs.at(0);
  const std::size_t axis = axis_of(node, "axis", 0, x.shape.size());
  auto given = node.attributes.get("split", std::vector<std::int64_t>{});
  if (given.empty() && inputs.size() > 1)
    for (const double v : inputs[1]->values) given.push_back(static_cast<std::int64_t>(v));
  const Rows rows = rows_at(x.shape, axis);
  std::vector<Tensor> outputs;
  std::int64_t begin = 0;
  for (const std::int64_t piece : split_extents(node, given, x.shape[axis])) {
    Shape shape = x.shape;
    shape[axis] = piece;
    std::vector<double> values;
    values.reserve(static_cast<std::size_t>(rows.outer * piece * rows.inner));
    for (std::int64_t r = 0; r < rows.outer; ++r) {
      const auto first = x.values.begin() + (r * x.shape[axis] + begin) * rows.inner;
      values.insert(values.end(), first, first + piece * rows.inner);
    }
    outputs.emplace_back(shape, std::move(values));
    begin += piece;
  }
  return outputs;
}

std::vector<Shape> split_shapes(const Operation& operation) {
  const Shape& x = operation.shape();
  const std::size_t axis = axis_of(operation.node, "axis", 0, x.size());
  std::vector<Shape> outputs;
  for (const std::int64_t piece : split_extents(operation.node, operation.integers("split", 1), x[axis])) {
    outputs.push_back(x);
    outputs.back()[axis] = piece;
  }
  return outputs;
}

Shape concat_shape(const Node& node, const std::vector<Shape>& inputs) {
  if (inputs.empty()) throw std::invalid_argument("Concat: has no input");
  const std::size_t axis = axis_of(node, "axis", 0, inputs[0].size());
  Shape shape = inputs[0];
  shape[axis] = 0;
  for (const Shape& x : inputs) {
    if (x.size() != shape.size()) throw std::invalid_argument("Concat: inputs of different rank");
    for (std::size_t d = 0; d < shape.size(); ++d)
      if (d != axis && x[d] != shape[d])
        throw std::invalid_argument("Concat: " + to_string(x) + " does not fit beside " +
                                    to_string(inputs[0]));
    shape[axis] += x[axis];
  }
  return shape;
}

std::vector<Tensor> golden_concat(const Node& node, const Inputs& inputs) {
  std::vector<Shape> shapes;
  for (const Tensor* x : inputs) shapes.push_back(x->shape);
  const Shape shape = concat_shape(node, shapes);
  const std::size_t axis = axis_of(node, "axis", 0, shape.size());
  const Rows rows = rows_at(shape, axis);
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(element_count(shape)));
  for (std::int64_t r = 0; r < rows.outer; ++r)
    for (const Tensor* x : inputs) {
      const std::int64_t run = x->shape[axis] * rows.inner;
      values.insert(values.end(), x->values.begin() + r * run, x->values.begin() + (r + 1) * run);
    }
  return one(Tensor(shape, std::move(values)));
}

std::vector<Shape> concat_shapes(const Operation& operation) {
  return {concat_shape(operation.node, operation.shapes)};
}

LoweredStep lower(StepLowering& s) {
  LoweredStep lowered = s.begin("copy");
  const bool split = s.node.op == "Split";
  const std::string& whole = split ? s.node.inputs[0] : s.node.outputs[0];
  const std::int64_t rows = rows_before(s.node, s.shape(whole));
  const std::int64_t whole_row = s.place(whole).elements / rows;
  std::vector<ElementwiseJob> jobs;
  std::int64_t begin_at = 0;
  for (const std::string& piece : split ? lowered.outputs : lowered.inputs) {
    const TensorPlace &part = s.place(piece), &all = s.place(whole);
    const std::int64_t row = part.elements / rows;
    const RowView inside{all.address + begin_at * byte_size(all.grid.dtype), whole_row},
        alone{part.address, row};
    begin_at += row;
    if (rows == 1 && inside.address == alone.address) continue;  // it lies there already
    const Quantisation &from = split ? all.grid : part.grid, &onto = split ? part.grid : all.grid;
    ElementwiseJob job;
    job.plan = plan_elementwise(ElementwiseKind::Copy, {from}, onto, s.sum_multiplier_bits(), s.rounding());
    job.moves_only = s.same_grid(part, all);
    job.rows = rows;
    job.row_elements = row;
    job.in = {split ? inside : alone};
    job.out = split ? alone : inside;
    jobs.push_back(std::move(job));
  }
  if (jobs.empty()) {
    lowered.mapping = "in place";
    lowered.work = {};
  } else {
    const WholeRows all_rows{s.place(whole).address, whole_row, split};
    const bool interleaved = worth_interleaving(jobs, all_rows, s.machine);
    lowered.programs.push_back(
        s.fastest({"copy"}, lowered.work, [&](const LoweringChoice& choice, const MachineParams& machine) {
          return interleaved ? lower_interleaved(s.step.name, jobs, all_rows, machine, choice.tile_bytes)
                             : lower_elementwise(s.step.name, jobs, machine, choice.tile_bytes);
        }));
  }
  std::vector<Quantisation> from, onto;
  for (const std::string& value : lowered.inputs) from.push_back(s.place(value).grid);
  for (const std::string& value : lowered.outputs) onto.push_back(s.place(value).grid);
  if (s.context.function) lowered.ideal = ideal_of_float(s.node, s.context, from, onto);
  return lowered;
}

}  // namespace

std::int64_t rows_before(const Node& node, const Shape& whole) {
  return rows_at(whole, axis_of(node, "axis", 0, whole.size())).outer;
}

std::vector<OperatorDefinition> operators::split_concat() {
  OperatorDefinition split;
  split.op = "Split";
  split.keeps_grid = true;
  split.same_elements = [](const Operation& operation) { return operation.node.outputs.size() == 1; };
  split.golden = golden_split;
  split.shapes = split_shapes;
  split.host_ops = ops_per_element;
  split.takes_int16 = always;
  split.lower = lower;
  split.engine = "DMA";
  split.arithmetic = "codes are copied, or stay where they are";
  OperatorDefinition concat;
  concat.op = "Concat";
  concat.operands = Operands::All;
  concat.same_elements = of_one_tensor;
  concat.golden = golden_concat;
  concat.shapes = concat_shapes;
  concat.host_ops = ops_per_element;
  concat.takes_int16 = always;
  concat.lower = lower;
  concat.engine = "DMA";
  concat.arithmetic = "codes are copied, or stay where they are";
  return {split, concat};
}

}  // namespace bpusim
