// ScatterND, ScatterElements and its older name Scatter, on the CPU: updates go into a copy of the data.
#include <stdexcept>

#include "kernels/tensor/scatter.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

ScatterReduction reduction_of(const Node& node) {
  return scatter_reduction(node.attributes.get("reduction", std::string("none")));
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  if (inputs.size() != 3) throw std::invalid_argument(node.op + ": needs data, indices and updates");
  const Tensor &x = *inputs[0], &indices = *inputs[1], &updates = *inputs[2];
  try {
    if (node.op == "ScatterND") return one(scatter_nd(x, indices, updates, reduction_of(node)));
    return one(
        scatter_elements(x, indices, updates, axis_of(node, "axis", 0, x.shape.size()), reduction_of(node)));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(node.op + ": " + error.what());
  }
}

std::vector<Shape> shapes(const Operation& operation) {
  const Shape &x = operation.shape(0), &indices = operation.shape(1), &updates = operation.shape(2);
  const bool fits = operation.node.op == "ScatterND" ? scatter_nd_fits(x, indices, updates)
                                                     : indices == updates && indices.size() == x.size();
  if (!fits)
    throw std::invalid_argument(operation.node.op + ": indices of " + to_string(indices) +
                                " and updates of " + to_string(updates) + " do not fit " + to_string(x));
  reduction_of(operation.node);
  if (operation.node.op != "ScatterND") axis_of(operation.node, "axis", 0, x.size());
  return {x};
}

// The copy, and an operation for each update.
double host_ops(const Operation& operation, const std::vector<Shape>&, const HostParams&) {
  return static_cast<double>(element_count(operation.shape(0)) + element_count(operation.shape(2)));
}

}  // namespace

std::vector<OperatorDefinition> operators::scatters() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"ScatterND", "ScatterElements", "Scatter"}) {
    OperatorDefinition row;
    row.op = op;
    row.operands = Operands::All;
    row.golden = golden;
    row.shapes = shapes;
    row.host_ops = host_ops;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
