// GridSample, RoiAlign and MaxRoiPool, on the CPU: images read between their pixels, or in regions.
#include <algorithm>
#include <cmath>

#include "kernels/vector/sampling.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

std::vector<Tensor> golden_grid(const Node& node, const Inputs& inputs) {
  return one(grid_sample(node.attributes, *inputs.at(0), *inputs.at(1)));
}

std::vector<Shape> grid_shapes(const Operation& operation) {
  return {grid_sample_shape(operation.node.attributes, operation.shape(0), operation.shape(1))};
}

// A product and a sum a tap; 2 or 4 taps an axis.
double grid_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  const std::string mode = operation.node.attributes.get("mode", std::string("linear"));
  const double taps = mode == "nearest" ? 1 : mode.find("cubic") != std::string::npos ? 4 : 2;
  const auto axes = static_cast<double>(operation.shape(0).size() - 2);
  return 2 * std::pow(taps, axes) * static_cast<double>(element_count(outputs.at(0)));
}

std::vector<Tensor> golden_regions(const Node& node, const Inputs& inputs) {
  return one(roi_align(node.attributes, node.opset, *inputs.at(0), *inputs.at(1), *inputs.at(2)));
}

std::vector<Shape> region_shapes(const Operation& operation) {
  return {
      roi_align_shape(operation.node.attributes, operation.shape(0), operation.shape(1), operation.shape(2))};
}

// Four products and as many sums a sample. Where as many are taken as a region is large, it is priced as if
// it were the whole image.
double region_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  const std::int64_t ratio = operation.node.attributes.get("sampling_ratio", std::int64_t{0});
  const Shape &x = operation.shape(0), &y = outputs.at(0);
  const auto along = [&](std::size_t axis) {
    return ratio > 0 ? ratio : std::max<std::int64_t>(1, (x[axis] + y[axis] - 1) / y[axis]);
  };
  return 8 * static_cast<double>(element_count(y) * along(2) * along(3));
}

std::vector<Tensor> golden_pooled(const Node& node, const Inputs& inputs) {
  return one(roi_pool(node.attributes, *inputs.at(0), *inputs.at(1)));
}

std::vector<Shape> pooled_shapes(const Operation& operation) {
  return {roi_pool_shape(operation.node.attributes, operation.shape(0), operation.shape(1))};
}

// As if each region were the whole image: an operation a pixel.
double pooled_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams&) {
  const Shape& x = operation.shape(0);
  return static_cast<double>(outputs.at(0)[0] * x[1] * x[2] * x[3]);
}

}  // namespace

std::vector<OperatorDefinition> operators::samplings() {
  OperatorDefinition grid;
  grid.op = "GridSample";
  grid.golden = golden_grid;
  grid.shapes = grid_shapes;
  grid.host_ops = grid_ops;
  OperatorDefinition regions;
  regions.op = "RoiAlign";
  regions.golden = golden_regions;
  regions.shapes = region_shapes;
  regions.host_ops = region_ops;
  OperatorDefinition pooled;
  pooled.op = "MaxRoiPool";
  pooled.golden = golden_pooled;
  pooled.shapes = pooled_shapes;
  pooled.host_ops = pooled_ops;
  return {grid, regions, pooled};
}

}  // namespace bpusim
