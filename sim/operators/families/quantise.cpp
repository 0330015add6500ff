#include "sim/operators/families/quantise.h"

#include <memory>

#include "sim/lowering/elementwise.h"
#include "sim/operators/families.h"
#include "sim/operators/step_lowering.h"
#include "sim/operators/tensor_codes.h"

namespace bpusim {

namespace {

LoweredStep lower(StepLowering& s) {
  LoweredStep lowered = s.begin("streaming");
  const TensorPlace &x = s.in(), &y = s.out();
  ElementwiseJob job;
  const ElementwisePlan plan =
      plan_elementwise(ElementwiseKind::Copy, {x.grid}, y.grid, s.sum_multiplier_bits(), s.rounding());
  job.plan = plan;
  job.row_elements = y.elements;
  job.in = {{x.address, x.elements}};
  job.out = {y.address, y.elements};
  lowered.work.vector_elements = y.elements * s.widest();
  lowered.programs.push_back(
      s.fastest({"streaming"}, lowered.work, [&](const LoweringChoice& choice, const MachineParams& machine) {
        return lower_elementwise(s.step.name, {job}, machine, choice.tile_bytes);
      }));
  lowered.ideal = [plan](const std::vector<Codes>& inputs) {
    if (plan.out.dtype != DType::Float32) return ideal_elementwise(plan, inputs);
    std::vector<double> numbers;
    numbers.reserve(inputs.front().size());
    for (const std::int64_t code : inputs.front()) numbers.push_back(dequantise(code, plan.in.front()));
    return codes_on(numbers, plan.out);
  };
  return lowered;
}

}  // namespace

std::vector<OperatorDefinition> operators::quantises() {
  OperatorDefinition quantise;
  quantise.op = kQuantise;
  quantise.arithmetic = "float32 onto the grid that the BPU reads; plans add it";
  quantise.golden = [](const Node&, const Inputs& inputs) { return one(*inputs.at(0)); };
  quantise.shapes = same_shape;
  quantise.same_elements = of_one_tensor;
  // What it takes is the crossing and the conversion, which every task on the CPU is charged for.
  quantise.host_ops = [](const Operation&, const std::vector<Shape>&, const HostParams&) { return 0.0; };
  OperatorDefinition requantise = quantise;
  requantise.op = kRequantise;
  requantise.engine = "vector unit";
  requantise.arithmetic = "int8 and int16 onto each other's grids, one rounding; plans add it";
  requantise.host_ops = ops_per_element;
  requantise.takes_int16 = always;
  requantise.lower = lower;
  OperatorDefinition dequantise = requantise;
  dequantise.op = kDequantise;
  dequantise.arithmetic = "codes times their scale as float32, one rounding; plans add it behind outputs";
  dequantise.host_ops = quantise.host_ops;
  return {quantise, requantise, dequantise};
}

}  // namespace bpusim
