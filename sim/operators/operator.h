// What bpusim knows of an operator, in one row: its arithmetic, its shapes, what it costs on the CPU, and how
// the BPU runs it. A family of operators is one file of rows. Elsewhere an operator is named where a pass
// means that one: what folds, fuses, is recognised or looked through.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/tensor/tensor.h"
#include "models/machine_params.h"
#include "sim/network/network.h"
#include "sim/operators/operation.h"

namespace bpusim {

class StepLowering;
struct LoweredStep;

/// Inputs of a node in order; absent() for those that are not given. Never null.
using Inputs = std::vector<const Tensor*>;

/// Which inputs are tensors on the machine; the others are parameters of the operator.
enum class Operands {
  Varying,  ///< those that are not constant
  First,    ///< the first, constant or not, and parameters that are computed
  Several,  ///< those that are not constant, and constants of more than one element
  All,      ///< every one: a constant lies beside the others, whatever its size
};

struct OperatorDefinition {
  std::string op;
  const char* engine = "CPU";                     ///< what runs it where a BPU does, for docs
  const char* arithmetic = "float32 on the CPU";  ///< and how, for docs
  Operands operands = Operands::Varying;
  /// The same bytes under another shape: nothing runs.
  bool alias = false;
  /// Codes pass through as they are, so that the output is on its input's grid.
  bool keeps_grid = false;
  /// Makes new numbers each time: not a constant, whatever its inputs are.
  bool draws = false;

  /// The extents of its outputs follow from the numbers of its inputs, not from their shapes.
  bool by_values = false;

  /// Whether the first output holds the elements of the first input in their order, perhaps under another
  /// shape. May throw as shapes() does. Null: never.
  bool (*same_elements)(const Operation& operation) = nullptr;

  /// Outputs in float64. Throws std::invalid_argument with what does not fit.
  std::vector<Tensor> (*golden)(const Node& node, const Inputs& inputs) = nullptr;
  /// The same where inputs may lie outside of the operator's domain, since they come from codes; null:
  /// golden.
  std::vector<Tensor> (*on_codes)(const Node& node, const Inputs& inputs) = nullptr;
  /// The output of an operator on text, instead of `golden`. Throws std::invalid_argument.
  StringTensor (*text)(const Node& node, const StringTensor& words) = nullptr;
  /// Shapes of the outputs; the same as golden's. Throws std::invalid_argument.
  std::vector<Shape> (*shapes)(const Operation& operation) = nullptr;
  /// Element type of an output; null: that of the first input.
  DType (*type)(const Operation& operation, std::size_t output) = nullptr;
  /// Values that follow from shapes alone (Shape, Size); null for all other operators.
  Tensor (*from_shapes)(const Operation& operation) = nullptr;
  /// Float32 operations on the CPU, given the shapes of the outputs.
  double (*host_ops)(const Operation& operation, const std::vector<Shape>& outputs,
                     const HostParams& host) = nullptr;
  /// Why no BPU of this simulator runs the node; empty where one does. Null: always, or never without
  /// `lower`.
  std::string (*obstacle)(const Operation& operation) = nullptr;
  /// Whether the lowering takes int16 tensors for this node, in and out. Null: never.
  bool (*takes_int16)(const Operation& operation) = nullptr;
  /// The step as programs for the BPU; null where only the CPU runs the operator.
  LoweredStep (*lower)(StepLowering& step) = nullptr;
};

/// All rows, family by family, and last the norms that were registered since (register_norm). Throws
/// std::invalid_argument where one of those has the name of another operator.
const std::deque<OperatorDefinition>& operator_registry();

/// Adds an operator from outside of bpusim, before the first run. Throws std::invalid_argument where the name
/// is taken.
void register_operator(const OperatorDefinition& row);

/// Null where bpusim has no definition of the operator.
const OperatorDefinition* find_operator(const std::string& op);

/// A node's outputs in float64. Throws std::invalid_argument where the operator is unknown, where its inputs
/// do not fit, and for NaN, which no integer can stand for.
std::vector<Tensor> evaluate(const Node& node, const Inputs& inputs);

/// The same, as the types of the network's values have it: integers are cut off and wrap. Throws also for
/// NaN among the results, with the range of the inputs, and for infinity where no float stands for it.
std::vector<Tensor> evaluate(const Node& node, const Inputs& inputs, const Network& network);

/// The same from values that codes stand for, which meet what real ones do not: outside of its domain a
/// function takes the value at its edge, as the tables of the BPU do; what is no number is 0, infinity of
/// integers too.
std::vector<Tensor> evaluate_on_codes(const Node& node, const Inputs& inputs, const Network& network);

/// ", where its input goes from -2 to 3", or of several "its inputs go"; empty without any.
std::string ranges_of(const Inputs& inputs);

/// Element type of an output of the node, from those of its inputs.
DType type_of(const Operation& operation, std::size_t output);

/// Inputs of the node that are tensors on the machine, by name and in order.
std::vector<std::string> operands_of(const Node& node, const Network& network);

/// Why no BPU of this simulator runs a node; empty where one does.
std::string obstacle_of(const Node& node, const Network& network);

/// One operation an element of the larger of first input and outputs: what most operators cost the CPU.
double ops_per_element(const Operation& operation, const std::vector<Shape>& outputs, const HostParams& host);

/// For OperatorDefinition::takes_int16.
inline bool always(const Operation&) {
  return true;
}

/// Outputs of an operator that has one, for OperatorDefinition::golden. (A braced list would copy it.)
inline std::vector<Tensor> one(Tensor output) {
  std::vector<Tensor> outputs;
  outputs.push_back(std::move(output));
  return outputs;
}

/// For OperatorDefinition::same_elements of operators on several tensors.
inline bool of_one_tensor(const Operation& operation) {
  return operation.node.inputs.size() == 1 && operation.node.outputs.size() == 1;
}

/// The shapes of what the node gives, where all of its inputs are known; for OperatorDefinition::shapes of
/// rows that are `by_values`. Throws NotRun where they are computed, with what to do.
std::vector<Shape> shapes_of_results(const Operation& operation);

/// The shape of the first input.
std::vector<Shape> same_shape(const Operation& operation);

}  // namespace bpusim
