// Every norm of the kernels' registry: one lowering serves them all.
#include <algorithm>
#include <memory>

#include "kernels/norms/golden.h"
#include "kernels/units.h"
#include "sim/lowering/decomposed.h"
#include "sim/lowering/norm.h"
#include "sim/operators/families.h"
#include "sim/operators/host_lowering.h"
#include "sim/operators/norm_problem.h"
#include "sim/operators/step_lowering.h"

namespace bpusim {

namespace {

constexpr double kNormOps = 8;  // two passes: mean, squares, subtract, scale, shift

Tensor vector_of(const std::vector<double>& values) {
  return Tensor({static_cast<std::int64_t>(values.size())}, values);
}

NormProblem problem_of(const Node& node, const Shape& shape, std::vector<Tensor> constants) {
  NormArguments arguments;
  arguments.attributes = node.attributes;
  arguments.opset = node.opset;
  arguments.shape = shape;
  arguments.constants = std::move(constants);
  return resolve_norm(*find_norm(node.op), std::move(arguments));
}

bool trains(const Node& node) {
  return in_training(*find_norm(node.op), node.attributes);
}

// The input's shape with an extent of 1 where it is normalised.
Shape statistics_shape(const Node& node, Shape shape) {
  auto axes = node.attributes.get("axes", std::vector<std::int64_t>{});
  if (axes.empty())
    for (std::size_t d = axis_of(node, "axis", -1, shape.size()); d < shape.size(); ++d)
      axes.push_back(static_cast<std::int64_t>(d));
  const auto rank = static_cast<std::int64_t>(shape.size());
  for (const std::int64_t axis : axes) shape.at(static_cast<std::size_t>(axis < 0 ? axis + rank : axis)) = 1;
  return shape;
}

// Variances from what the sums were multiplied with.
std::vector<double> variances(const GoldenNorm& norm, double epsilon) {
  std::vector<double> variances;
  for (const double inverse : norm.inverse_deviation) variances.push_back(1 / (inverse * inverse) - epsilon);
  return variances;
}

std::vector<Tensor> golden(const Node& node, const Inputs& inputs) {
  const Tensor& x = *inputs.at(0);
  std::vector<Tensor> constants;
  for (std::size_t i = 1; i < inputs.size(); ++i) constants.push_back(*inputs[i]);
  const NormProblem problem = problem_of(node, x.shape, std::move(constants));
  GoldenNorm norm = golden_norm(problem, x.values);
  std::vector<Tensor> outputs = one(Tensor(x.shape, std::move(norm.y)));
  if (trains(node)) {
    outputs.push_back(vector_of(norm.running_mean));
    outputs.push_back(vector_of(norm.running_variance));
    outputs.push_back(vector_of(norm.mean));
    outputs.push_back(vector_of(variances(norm, problem.parts.front().epsilon)));
    return outputs;
  }
  for (const NormOutput which : find_norm(node.op)->outputs)
    outputs.emplace_back(statistics_shape(node, x.shape),
                         which == NormOutput::Mean ? norm.mean : norm.inverse_deviation);
  return outputs;
}

bool computes_parameters(const Operation& operation) {
  for (std::size_t i = 1; i < operation.values.size(); ++i)
    if (!operation.known(i)) return true;
  return false;
}

std::string parameter_obstacle(const Operation& operation) {
  return computes_parameters(operation)
             ? "a " + operation.node.op + " whose parameters are computed has no BPU lowering"
             : "";
}

std::vector<Shape> shapes(const Operation& operation) {
  const Shape& x = operation.shape();
  // Parameters that are computed have a shape that has to fit, too; of their values nothing is asked.
  std::vector<Tensor> constants;
  for (std::size_t i = 1; i < operation.values.size(); ++i)
    constants.push_back(operation.known(i) ? operation.value(i) : Tensor::filled(operation.shapes[i], 1));
  problem_of(operation.node, x, std::move(constants));
  std::vector<Shape> shapes = {x};
  const auto& outputs = find_norm(operation.node.op)->outputs;
  if (trains(operation.node)) {
    shapes.resize(5, Shape{x.at(1)});
  } else if (!outputs.empty()) {
    shapes.resize(1 + outputs.size(), statistics_shape(operation.node, x));
  }
  return shapes;
}

double host_ops(const Operation& operation, const std::vector<Shape>& outputs, const HostParams& host) {
  return kNormOps * ops_per_element(operation, outputs, host);
}

void check_accumulators(const StepLowering& s, const std::vector<NormJob>& jobs) {
  const NumericsParams& numerics = s.machine.numerics;
  if (numerics.on_overflow != OnOverflow::Refuse) return;
  for (const NormJob& job : jobs) {
    const AccumulatorBits bits = accumulator_bits(job.plan);
    if (bits.sum > numerics.sum_bits || bits.square_sum > numerics.square_sum_bits)
      s.refuse("sets of " + std::to_string(job.plan.set_size) + " elements can need " +
               std::to_string(bits.sum) + " bits for their sum and " + std::to_string(bits.square_sum) +
               " for their squares; numerics.sum_bits is " + std::to_string(numerics.sum_bits) +
               " and numerics.square_sum_bits " + std::to_string(numerics.square_sum_bits) +
               " (with numerics.on_overflow: wrap it runs, and what wraps is counted)" +
               (bits.sum > numerics.sum_bits ? "; numerics.sum_bits=" + std::to_string(bits.sum) + " would do"
                                             : "") +
               (bits.square_sum > numerics.square_sum_bits
                    ? "; numerics.square_sum_bits=" + std::to_string(bits.square_sum) + " would do"
                    : ""));
  }
}

bool only_given(const NormProblem& problem) {
  return std::all_of(problem.parts.begin(), problem.parts.end(),
                     [](const NormPart& p) { return p.statistic == Statistic::Given; });
}

// The mapping that the run asks for, or all that this machine can do.
std::vector<std::string> mappings_of(const StepLowering& s, const NormProblem& problem,
                                     const std::vector<NormJob>& jobs) {
  const auto obstacle_to = [&](Mapping m) {
    std::string why;
    for (const NormJob& job : jobs)
      if (job.part->statistic != Statistic::Given && why.empty()) why = obstacle(m, job, s.machine);
    return why;
  };
  const std::optional<Mapping>& forced = s.options.mapping;
  if (only_given(problem)) return {to_string(Mapping::Resident)};
  if (forced && *forced != Mapping::Host && *forced != Mapping::Decomposed) {
    const std::string why = obstacle_to(*forced);
    if (!why.empty()) s.refuse(std::string("mapping ") + to_string(*forced) + ": " + why);
    return {to_string(*forced)};
  }
  std::vector<std::string> possible;
  for (const Mapping m : {Mapping::Resident, Mapping::Split, Mapping::Streaming, Mapping::MacArray})
    if (obstacle_to(m).empty()) possible.emplace_back(to_string(m));
  return possible;
}

Program decomposed_program(const StepLowering& s, const NormProblem& problem, const Work& work) {
  std::vector<DecomposedJob> jobs;
  const std::vector<double> x =
      s.context.function ? s.context.golden(s.node.inputs[0]) : std::vector<double>{};
  for (const NormPart& part : problem.parts) {
    if (part.statistic == Statistic::Given)
      s.refuse(
          "a part with given statistics has no sub-operators to decompose into; IBNSplit runs its halves "
          "apart");
    DecomposedJob job;
    job.part = &part;
    job.plan = plan_decomposed(part, x, s.in().grid, s.out().grid);
    job.x = s.in().address;
    job.y = s.out().address;
    std::vector<std::int16_t> tables = job.plan.gamma;
    tables.insert(tables.end(), job.plan.beta.begin(), job.plan.beta.end());
    job.constants = s.constants(tables);
    jobs.push_back(std::move(job));
  }
  return s.fastest({"decomposed"}, work, [&](const LoweringChoice& choice, const MachineParams& machine) {
    return lower_decomposed(s.step.name, jobs, machine, choice.tile_bytes);
  });
}

LoweredStep lower(StepLowering& s) {
  const auto problem = std::make_shared<NormProblem>(norm_problem(s.operation()));
  const Quantisation in = s.in().grid, out = s.out().grid;
  const bool given = only_given(*problem);
  const bool decomposed = !given && (s.options.mapping == Mapping::Decomposed ||
                                     s.step.placement.where == Placement::Where::Decomposed);
  LoweredStep lowered = s.begin(decomposed ? "decomposed" : "");
  lowered.ideal = [problem, in, out](const std::vector<Codes>& inputs) {
    return ideal_norm(*problem, inputs[0], in, out);
  };
  if (decomposed) {
    for (const NormPart& part : problem->parts) {
      lowered.work.reduced_elements += part.element_count();
      lowered.work.vector_elements += part.element_count() * 5;
    }
    lowered.programs.push_back(decomposed_program(s, *problem, lowered.work));
    return lowered;
  }
  std::vector<NormJob> jobs;
  const bool training = !problem->running_mean.empty();
  for (const NormPart& part : problem->parts) {
    NormJob job;
    job.part = &part;
    job.plan = plan_norm(part, in, out, numeric_widths(s.machine.numerics));
    job.x = s.in().address;
    job.y = s.out().address;
    job.entries = s.constants(job.plan.entries);
    if (training) job.sums = s.reserve(part.set_count() * static_cast<std::int64_t>(sizeof(SetSums)));
    lowered.work.read_bytes += static_cast<std::int64_t>(job.plan.entries.size()) * kRecordBytes;
    lowered.work.vector_elements += part.element_count() * s.widest();
    jobs.push_back(std::move(job));
  }
  check_accumulators(s, jobs);
  lowered.programs.push_back(s.fastest(
      mappings_of(s, *problem, jobs), lowered.work,
      [&](const LoweringChoice& choice, const MachineParams& machine) {
        return lower_norm(s.step.name, jobs, *parse_mapping(choice.mapping), machine, choice.tile_bytes);
      },
      &lowered.mapping));
  if (lowered.mapping != "mac_array")
    for (const NormPart& part : problem->parts)
      if (part.statistic != Statistic::Given)
        lowered.work.reduced_elements += part.element_count() * byte_size(in.dtype);
  if (training) add_running_statistics(s, *problem, jobs.front(), lowered);
  return lowered;
}

}  // namespace

NormProblem norm_problem(const Operation& operation) {
  return problem_of(operation.node, operation.shape(), operation.constants());
}

OperatorDefinition operators::norm(const std::string& op) {
  OperatorDefinition row;
  row.op = op;
  row.operands = Operands::First;
  row.golden = golden;
  row.shapes = shapes;
  row.host_ops = host_ops;
  row.obstacle = parameter_obstacle;
  row.takes_int16 = always;
  row.lower = lower;
  row.engine = "reduction unit, special functions, vector unit";
  row.arithmetic = "exact sums, reciprocal root, one rounding (numerics.md)";
  return row;
}

}  // namespace bpusim
