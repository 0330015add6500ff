// Operators that choose elements axis by axis, which the DMA copies: Slice, Gather at known indices, Pad.
#include <algorithm>
#include <memory>
#include <stdexcept>

#include "kernels/not_run.h"
#include "kernels/tensor/selection.h"
#include "kernels/tensor/tensor_math.h"
#include "sim/lowering/selection.h"
#include "sim/operators/families.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

namespace {

constexpr std::int64_t kMostPieces = 4096;  // boxes, each with two transfers of its own

std::vector<std::int64_t> integers(const Tensor& tensor) {
  return {tensor.values.begin(), tensor.values.end()};
}

// The selection and its fill value, from shapes and the values of the inputs from the second on.
struct Chosen {
  Selection selection;
  double fill = 0;
};

Chosen choose(const Node& node, const Shape& x, const std::vector<Tensor>& c) {
  const Attributes& a = node.attributes;
  const auto list = [&](std::size_t input, const char* attribute) {
    return input < c.size() ? integers(c[input]) : a.get(attribute, std::vector<std::int64_t>{});
  };
  if (node.op == "Slice")
    return {resolve_slice(x, list(0, "starts"), list(1, "ends"), list(2, "axes"), list(3, "steps")), 0};
  if (node.op == "Pad") {
    const bool given = c.size() > 1 && !c[1].values.empty();
    return {resolve_pad(a.get("mode", std::string("constant")), x, list(0, "pads"), list(2, "axes")),
            given ? c[1].values[0] : a.get("value", 0.0)};
  }
  if (c.empty()) throw std::invalid_argument("Gather: needs data and indices");
  return {resolve_gather(x, c[0], axis_of(node, "axis", 0, x.size())), 0};
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  std::vector<Tensor> constants;
  for (std::size_t i = 1; i < inputs.size(); ++i) constants.push_back(*inputs[i]);
  const Chosen chosen = choose(node, inputs.at(0)->shape, constants);
  return one(
      Tensor(chosen.selection.shape, apply_selection(chosen.selection, inputs[0]->values, chosen.fill)));
}

Chosen chosen_by(const Operation& operation) {
  return choose(operation.node, operation.shape(), operation.constants());
}

bool same_elements(const Operation& operation) {
  return chosen_by(operation).selection.identity();
}

std::vector<Shape> shapes(const Operation& operation) {
  const Shape shape = chosen_by(operation).selection.shape;
  // A list may come out empty, as shape arithmetic has it (the axes before axis 0).
  if (element_count(shape) == 0 && operation.shape().size() > 1)
    throw NotRun(operation.node.op + ": nothing is left of " + to_string(operation.shape()) +
                 "; tensors without elements are valid, and not run");
  return {shape};
}

// Indices may be computed: only the CPU follows them then.
std::vector<Shape> gather_shapes(const Operation& operation) {
  const Shape &x = operation.shape(0), &indices = operation.shape(1);
  const auto axis = static_cast<std::ptrdiff_t>(axis_of(operation.node, "axis", 0, x.size()));
  Shape shape(x.begin(), x.begin() + axis);
  shape.insert(shape.end(), indices.begin(), indices.end());
  shape.insert(shape.end(), x.begin() + axis + 1, x.end());
  return {shape};
}

std::string obstacle(const Operation& operation) {
  const std::string& op = operation.node.op;
  for (std::size_t i = 1; i < operation.values.size(); ++i)
    if (!operation.known(i))
      return "a " + op + " whose " + (op == "Gather" ? "indices are" : "parameters are") +
             " computed has no BPU lowering";
  if (operation.constant[0] != 0) return "a " + op + " of a constant has no BPU lowering";
  const std::int64_t pieces = piece_count(chosen_by(operation).selection);
  return pieces <= kMostPieces ? ""
                               : "a " + op + " of " + std::to_string(pieces) + " pieces has no BPU lowering";
}

LoweredStep lower(StepLowering& s) {
  LoweredStep lowered = s.begin("copy");
  const auto chosen = std::make_shared<Chosen>(chosen_by(s.operation()));
  const Selection& selection = chosen->selection;
  const TensorPlace &x = s.in(), &y = s.out();
  const std::int64_t fill = quantise(chosen->fill, y.grid);
  std::int64_t fill_at = 0;
  if (s.node.op == "Pad") {
    const std::size_t elements = selection.index.empty() ? 1 : selection.index.back().size();
    fill_at = y.grid.dtype == DType::Int16
                  ? s.constants(std::vector<std::int16_t>(elements, static_cast<std::int16_t>(fill)))
                  : s.constants(std::vector<std::int8_t>(elements, static_cast<std::int8_t>(fill)));
  }
  if (x.address < kSramWindow)
    lowered.work.read_bytes = std::min(x.bytes(), y.bytes());  // no more is read than is kept
  lowered.programs.push_back(
      s.fastest({"copy"}, lowered.work, [&](const LoweringChoice& choice, const MachineParams& machine) {
        return lower_selection(s.step.name, selection, x.address, y.address, fill_at, byte_size(y.grid.dtype),
                               machine, choice.tile_bytes);
      }));
  lowered.ideal = [chosen, fill](const std::vector<Codes>& inputs) {
    const auto values =
        apply_selection(chosen->selection, std::vector<double>(inputs[0].begin(), inputs[0].end()),
                        static_cast<double>(fill));
    return Codes(values.begin(), values.end());
  };
  return lowered;
}

}  // namespace

std::vector<OperatorDefinition> operators::selections() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"Slice", "Gather", "Pad"}) {
    OperatorDefinition row;
    row.op = op;
    row.keeps_grid = true;
    row.same_elements = same_elements;
    row.golden = golden;
    row.shapes = row.op == "Gather" ? gather_shapes : shapes;
    row.host_ops = ops_per_element;
    row.obstacle = obstacle;
    row.takes_int16 = always;
    row.lower = lower;
    row.engine = "DMA";
    row.arithmetic = "codes are copied, box by box; computed indices on the CPU";
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
