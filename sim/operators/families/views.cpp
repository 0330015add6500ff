// Operators that only move elements: the DMA moves them, or nothing at all.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/not_run.h"
#include "kernels/tensor/view.h"
#include "sim/lowering/view.h"
#include "sim/network/element_type.h"
#include "sim/operators/families.h"
#include "sim/operators/view_step.h"

namespace bpusim {

namespace {

// A narrow floating-point format: bits of the significand, exponent of the smallest step, largest value.
struct FloatFormat {
  int bits, smallest;
  double largest;
};
constexpr FloatFormat kHalf{11, -24, 65504}, kBrain{8, -133, 3.3895313892515355e38};

double round_to(const FloatFormat& format, double v) {
  if (v == 0 || !std::isfinite(v)) return v;
  int exponent = 0;
  std::frexp(v, &exponent);
  const double step = std::ldexp(1.0, std::max(exponent - format.bits, format.smallest));
  const double rounded = std::nearbyint(v / step) * step;
  return std::abs(rounded) > format.largest ? std::copysign(INFINITY, v) : rounded;
}

// Nibbles and 8-bit floats have no arithmetic here.
void check_cast(const Node& node) {
  const std::int64_t to = node.attributes.get("to", std::int64_t{1});
  const bool real = to == 1 || to == 10 || to == 11 || to == 16;
  if (!real && (to > 13 || !is_exact(element_type(to))))
    throw NotRun("Cast: to element type " + std::to_string(to) + " is not supported");
}

// Element types are those of ONNX's TensorProto: float and double keep the value, half precision rounds it,
// integers cut it off.
std::vector<Tensor> golden_cast(const Node& node, const Inputs& inputs) {
  check_cast(node);
  const std::int64_t to = node.attributes.get("to", std::int64_t{1});
  const bool half = to == 10, brain = to == 16, boolean = to == 9,
             integer = is_exact(element_type(to)) && !boolean;
  Tensor y = *inputs.at(0);
  for (double& v : y.values) {
    if (integer) v = std::trunc(v);
    if (boolean) v = v != 0 ? 1 : 0;
    if (half) v = round_to(kHalf, v);
    if (brain) v = round_to(kBrain, v);
  }
  return one(std::move(y));
}

std::vector<Shape> cast_shapes(const Operation& operation) {
  check_cast(operation.node);
  if (operation.dtype() == DType::String) throw NotRun("Cast: of text is not supported");
  return {operation.shape()};
}

DType cast_type(const Operation& operation, std::size_t) {
  return element_type(operation.node.attributes.get("to", std::int64_t{1}));
}

// What is kept, and whether it is.
DType dropout_type(const Operation& operation, std::size_t output) {
  return output == 0 ? operation.dtype() : DType::Bool;
}

// Not given, or 0.
bool is_zero(const Tensor& number) {
  return number.values.empty() || number.values[0] == 0;
}

[[noreturn]] void refuse_training() {
  throw NotRun("Dropout: training mode is not supported: export the model for inference");
}

// In training a ratio of the elements goes missing: half where none is given.
std::vector<Tensor> golden_dropout(const Node&, const Inputs& inputs) {
  const bool no_ratio = inputs.size() > 1 && !inputs[1]->values.empty() && is_zero(*inputs[1]);
  if (inputs.size() > 2 && !is_zero(*inputs[2]) && !no_ratio) refuse_training();
  return {*inputs.at(0), Tensor::filled(inputs[0]->shape, 1)};
}

// Whether that is known before anything runs.
bool drops_nothing(const Operation& operation) {
  return (operation.known(2) && is_zero(operation.value(2))) ||
         (operation.given(1) && operation.known(1) && is_zero(operation.value(1)));
}

std::vector<Shape> dropout_shapes(const Operation& operation) {
  if (operation.known(1) && operation.known(2) && !drops_nothing(operation)) refuse_training();
  return {operation.shape(), operation.shape()};
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  std::vector<Tensor> constants;
  for (std::size_t i = 1; i < inputs.size(); ++i) constants.push_back(*inputs[i]);
  const View view = resolve_view(node.op, node.attributes, inputs.at(0)->shape, constants);
  return one(Tensor(view.shape, apply_view(view, inputs[0]->values)));
}

View view_of(const Operation& operation) {
  return resolve_view(operation.node.op, operation.node.attributes, operation.shape(), operation.constants());
}

std::vector<Shape> shapes(const Operation& operation) {
  return {view_of(operation).shape};
}

bool same_elements(const Operation& operation) {
  return keeps_order(view_of(operation), element_count(operation.shape()));
}

std::string obstacle(const Operation& operation) {
  if (!operation.constant_parameters()) return "its target is no constant";
  view_of(operation);
  return "";
}

LoweredStep lower(StepLowering& s) {
  return lower_view_step(s, view_of(s.operation()));
}

}  // namespace

LoweredStep lower_view_step(const StepLowering& s, const View& view, const OtherWay& other) {
  LoweredStep lowered = s.begin("copy");
  const TensorPlace &x = s.in(), &y = s.out();
  if (x.address < kSramWindow) lowered.work.read_bytes = std::min(x.bytes(), y.bytes());
  std::vector<std::string> mappings = {"copy"};
  if (other.lower) mappings.push_back(other.mapping);
  lowered.programs.push_back(s.fastest(
      mappings, lowered.work,
      [&](const LoweringChoice& choice, const MachineParams& machine) {
        if (choice.mapping != "copy") return other.lower(choice, machine);
        return lower_view(s.step.name, view, x.address, y.address, byte_size(x.grid.dtype), machine,
                          choice.tile_bytes);
      },
      &lowered.mapping));
  lowered.ideal = [view](const std::vector<Codes>& inputs) {
    const auto values = apply_view(view, std::vector<double>(inputs[0].begin(), inputs[0].end()));
    return Codes(values.begin(), values.end());
  };
  return lowered;
}

std::vector<OperatorDefinition> operators::views() {
  std::vector<OperatorDefinition> rows;
  for (const char* op : {"Transpose", "Expand", "DepthToSpace", "SpaceToDepth", "Reshape", "Flatten",
                         "Squeeze", "Unsqueeze", "Identity", "Dropout", "Cast"}) {
    OperatorDefinition row;
    row.op = op;
    row.keeps_grid = true;
    row.alias = is_alias(op);
    row.golden = row.op == "Cast" ? golden_cast : row.op == "Dropout" ? golden_dropout : golden;
    row.shapes = row.op == "Cast" ? cast_shapes : row.op == "Dropout" ? dropout_shapes : shapes;
    if (row.op == "Cast") row.type = cast_type;
    if (row.op == "Dropout") row.type = dropout_type;
    if (row.op != "Cast") row.same_elements = row.op == "Dropout" ? drops_nothing : same_elements;
    row.host_ops = ops_per_element;
    row.obstacle = row.op == "Cast" || row.op == "Dropout" ? nullptr : obstacle;
    row.takes_int16 = always;
    row.lower = row.alias ? nullptr : lower;
    row.engine = row.alias ? "none" : "DMA";
    row.arithmetic = row.alias ? "the same bytes under another shape" : "codes are copied";
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace bpusim
