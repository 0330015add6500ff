// Resize and Upsample: to the nearest by whole factors the DMA or the vector unit repeats elements, all else
// is weighted on the vector unit.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <stdexcept>

#include "kernels/vector/resample.h"
#include "sim/lowering/resample.h"
#include "sim/operators/families.h"
#include "sim/operators/view_step.h"

namespace bpusim {

namespace {

Resize resize_of(const Operation& operation) {
  return resolve_resize(operation.node.op, operation.node.attributes, operation.shape(),
                        operation.constants());
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  std::vector<Tensor> constants;
  for (std::size_t i = 1; i < inputs.size(); ++i) constants.push_back(*inputs[i]);
  const Resize resize = resolve_resize(node.op, node.attributes, inputs.at(0)->shape, constants);
  return one(Tensor(resize.shape(), apply_resize(resize, inputs[0]->values)));
}

std::vector<Shape> shapes(const Operation& operation) {
  return {resize_of(operation).shape()};
}

bool same_elements(const Operation& operation) {
  const Resize resize = resize_of(operation);
  return std::all_of(resize.axes.begin(), resize.axes.end(),
                     [](const AxisTaps& axis) { return axis.identity(); });
}

double host_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams& host) {
  double taps = 1;
  for (const AxisTaps& axis : resize_of(operation).axes) taps *= static_cast<double>(axis.taps);
  return taps * ops_per_element(operation, outputs, host);
}

// Elements that are repeated a whole number of times, if that is what the node does.
std::optional<View> repetition_of(const Operation& operation) {
  if (operation.node.attributes.strings.count("keep_aspect_ratio_policy") != 0 ||
      operation.node.attributes.int_lists.count("axes") != 0)
    return std::nullopt;
  try {
    return resolve_view(operation.node.op, operation.node.attributes, operation.shape(),
                        operation.constants());
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
}

std::string obstacle(const Operation& operation) {
  if (!operation.constant_parameters()) return "its target is no constant";
  if (repetition_of(operation)) return "";
  try {
    plan_resample(resize_of(operation), {}, Rounding::HalfEven);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

// From DRAM a DMA that repeats elements reads them one by one: with the vector unit they come once, in rows.
OtherWay resampled(const StepLowering& s, const Operation& operation) {
  const TensorPlace &x = s.in(), &y = s.out();
  if (operation.shape().empty()) return {};
  try {
    const ResamplePlan plan = plan_resample(resize_of(operation), y.grid, s.rounding());
    return {"streaming", [&s, &x, &y, plan](const LoweringChoice& choice, const MachineParams& machine) {
              return lower_resample(s.step.name, plan, x.address, y.address, machine, choice.tile_bytes);
            }};
  } catch (const std::invalid_argument&) {
    return {};  // more axes than the vector unit takes
  }
}

LoweredStep lower(StepLowering& s) {
  const Operation operation = s.operation();
  if (const auto view = repetition_of(operation)) return lower_view_step(s, *view, resampled(s, operation));
  LoweredStep lowered = s.begin("streaming");
  const TensorPlace &x = s.in(), &y = s.out();
  const auto resize = std::make_shared<Resize>(resize_of(operation));
  const ResamplePlan plan = plan_resample(*resize, y.grid, s.rounding());
  lowered.work.vector_elements =
      plan.planes * plan.rows.out * (plan.columns.in * plan.rows.taps + plan.columns.out * plan.columns.taps);
  if (x.address < kSramWindow) lowered.work.read_bytes = std::min(x.bytes(), y.bytes());
  lowered.programs.push_back(
      s.fastest({"streaming"}, lowered.work, [&](const LoweringChoice& choice, const MachineParams& machine) {
        return lower_resample(s.step.name, plan, x.address, y.address, machine, choice.tile_bytes);
      }));
  // In steps of the grid, and without what doubles leave behind the 30th bit, so that sums half-way between
  // two codes are just that.
  lowered.ideal = [resize, zero = y.grid.zero_point, dtype = y.grid.dtype](const std::vector<Codes>& inputs) {
    std::vector<double> steps;
    steps.reserve(inputs[0].size());
    for (const std::int64_t code : inputs[0]) steps.push_back(static_cast<double>(code - zero));
    std::vector<double> sums = apply_resize(*resize, steps);
    for (double& sum : sums) sum = std::ldexp(std::nearbyint(std::ldexp(sum, 30)), -30);
    return quantise(sums, Quantisation{1, zero, dtype});
  };
  return lowered;
}

}  // namespace

std::vector<OperatorDefinition> operators::resizes() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"Resize", "Upsample"}) {
    OperatorDefinition row;
    row.op = op;
    row.keeps_grid = true;
    row.same_elements = same_elements;
    row.golden = golden;
    row.shapes = shapes;
    row.host_ops = host_ops;
    row.obstacle = obstacle;
    row.takes_int16 = always;
    row.lower = lower;
    row.engine = "vector unit, or DMA";
    row.arithmetic =
        "whole factors to the nearest are copied; else weights of 44 bits an axis, exact sums, one rounding";
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
