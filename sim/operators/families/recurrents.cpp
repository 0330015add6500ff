// RNN, GRU and LSTM, on the CPU.
#include "kernels/vector/recurrent.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

RecurrentProblem problem_of(const Operation& operation) {
  return resolve_recurrent(operation.node.op, operation.node.attributes, operation.shapes);
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  std::vector<Shape> shapes;
  for (const Tensor* input : inputs) shapes.push_back(input->shape);
  return recurrent(resolve_recurrent(node.op, node.attributes, shapes), inputs);
}

std::vector<Shape> shapes(const Operation& operation) {
  return recurrent_shapes(problem_of(operation));
}

double host_ops(const Operation& operation, const std::vector<Shape>&, const HostParams&) {
  return recurrent_operations(problem_of(operation));
}

}  // namespace

std::vector<OperatorDefinition> operators::recurrents() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"RNN", "GRU", "LSTM"}) {
    OperatorDefinition row;
    row.op = op;
    row.golden = golden;
    row.shapes = shapes;
    row.type = [](const Operation&, std::size_t) { return DType::Float32; };
    row.host_ops = host_ops;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
