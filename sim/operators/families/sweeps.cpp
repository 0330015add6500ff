// CumSum and ReverseSequence, on the CPU: along an axis.
#include <stdexcept>

#include "kernels/tensor/sweep.h"
#include "sim/operators/families.h"

namespace bpusim {

namespace {

bool flag(const Node& node, const char* name) {
  return node.attributes.get(name, std::int64_t{0}) != 0;
}

std::vector<Tensor> golden_sum(const Node& node, const Inputs& inputs) {
  if (inputs.size() != 2 || inputs[1]->size() != 1)
    throw std::invalid_argument("CumSum: the axis must be one number");
  Node with_axis = node;  // it is an input there
  with_axis.attributes.ints["axis"] = to_integer(inputs[1]->values[0]);
  return one(cumulative_sum(*inputs[0], axis_of(with_axis, "axis", 0, inputs[0]->shape.size()),
                            flag(node, "exclusive"), flag(node, "reverse")));
}

std::vector<Tensor> golden_reversed(const Node& node, const Inputs& inputs) {
  if (inputs.size() != 2) throw std::invalid_argument("ReverseSequence: needs a tensor and sequence_lens");
  const std::size_t rank = inputs[0]->shape.size();
  try {
    return one(reverse_sequence(*inputs[0], *inputs[1], axis_of(node, "batch_axis", 1, rank),
                                axis_of(node, "time_axis", 0, rank)));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument("ReverseSequence: " + std::string(error.what()));
  }
}

}  // namespace

std::vector<OperatorDefinition> operators::sweeps() {
  OperatorDefinition sum;
  sum.op = "CumSum";
  sum.golden = golden_sum;
  sum.shapes = same_shape;
  sum.host_ops = ops_per_element;
  OperatorDefinition reversed = sum;
  reversed.op = "ReverseSequence";
  reversed.golden = golden_reversed;
  return {sum, reversed};
}

}  // namespace bpusim
