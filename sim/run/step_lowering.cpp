#include "sim/run/step_lowering.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "kernels/norm_golden.h"
#include "kernels/tensor_math.h"
#include "models/cost.h"
#include "sim/compile/conv_lowering.h"
#include "sim/compile/decomposed_lowering.h"
#include "sim/compile/elementwise_lowering.h"
#include "sim/compile/estimate.h"
#include "sim/compile/matmul_lowering.h"
#include "sim/compile/norm_lowering.h"
#include "sim/compile/pool_lowering.h"
#include "sim/compile/view_lowering.h"
#include "sim/input_error.h"
#include "sim/run/host_lowering.h"
#include "sim/run/simplify.h"

namespace bpusim {

Quantisation calibrate(const std::vector<double>& values, const NodeOptions& options) {
  const auto kept = options.calibration == "percentile" ? without_tails(values, options.percentile)
                    : options.calibration == "mse"      ? least_error_tails(values)
                                                        : values;
  return options.quantisation == "affine" ? affine_grid(kept) : symmetric_grid(kept);
}

namespace {

constexpr std::int64_t kRecord = sizeof(AffineEntry);
constexpr std::size_t kRehearsed = 4;  // candidates that the machine times
constexpr std::int64_t kTileSizes[] = {8 << 10, 32 << 10, 128 << 10, 512 << 10};

using Codes = std::vector<std::int64_t>;

class StepLowering {
 public:
  StepLowering(const Step& step, const LoweringContext& context)
      : step_(step),
        context_(context),
        machine_(context.machine),
        node_(context.run.network.nodes[step.nodes.front()]),
        options_(context.run.options_of(node_.name)) {}

  LoweredStep norm();
  LoweredStep conv();
  LoweredStep elementwise(ElementwiseKind kind);
  LoweredStep copies();
  LoweredStep relu();
  LoweredStep activation();
  LoweredStep lookup(const RealFunction& function);
  LoweredStep scalar_operand();
  LoweredStep softmax_rows();
  LoweredStep pool();
  LoweredStep view();
  LoweredStep matrix_product();
  // What follows a sum of products in the same step.
  struct Tail {
    Clamp clamp;
    std::optional<RealFunction> activation;
  };
  RealFunction activation_of(const Node& node) const;
  using MacLowering = Program (*)(const std::string&, const ConvJob&, const MachineParams&, std::int64_t);
  LoweredStep mac_step(LoweredStep lowered, const ConvProblem& problem, const Tensor& weights,
                       const std::vector<double>& bias, const Tail& tail, MacLowering lower);
  // One bit less than the parameter: two products are added.
  int multiplier_bits() const { return static_cast<int>(machine_.numerics.multiplier_bits) - 1; }

 private:
  const Node& last_node() const { return context_.run.network.nodes[step_.nodes.back()]; }
  const TensorPlace& place(const std::string& value) const { return context_.places.at(value); }
  const Shape& shape(const std::string& value) const { return context_.golden.numbers.at(value).shape; }
  template <class T>
  std::int64_t constants(const std::vector<T>& values) const {
    const auto bytes = static_cast<std::int64_t>(values.size() * sizeof(T));
    const std::int64_t address = context_.allocate(bytes);
    context_.dram.write(address, values.data(), bytes);
    return address;
  }
  struct Candidate {
    std::string mapping;
    Program program;
    std::int64_t estimate = 0;
  };
  template <class Lower>
  void add_candidates(const std::string& mapping, Lower&& lower, std::vector<Candidate>& candidates) const;
  Candidate fastest(std::vector<Candidate> candidates) const;
  template <class Lower>
  Program fastest_tiling(Lower&& lower) const;
  Program choose_mapping(const std::vector<NormJob>& jobs, std::string& mapping) const;
  Program decomposed(const NormProblem& problem) const;
  void check_accumulators(const std::vector<NormJob>& jobs) const;
  LoweredStep begin() const;
  [[noreturn]] void refuse(const std::string& what) const { throw InputError(step_.name + ": " + what); }

  const Step& step_;
  const LoweringContext& context_;
  const MachineParams& machine_;
  const Node& node_;
  const NodeOptions& options_;
};

LoweredStep StepLowering::begin() const {
  LoweredStep lowered;
  const auto on_machine = [&](const std::string& value) { return context_.places.count(value) != 0; };
  lowered.inputs = tensor_inputs(node_, context_.run.network);
  for (const std::string& output : last_node().outputs)
    if (on_machine(output)) lowered.outputs.push_back(output);
  const auto in_dram = [&](const std::string& value) { return place(value).address < kSramWindow; };
  for (const std::string& input : lowered.inputs)
    if (in_dram(input)) lowered.work.read_bytes += place(input).elements;
  for (const std::string& output : lowered.outputs)
    if (in_dram(output)) lowered.work.write_bytes += place(output).elements;
  return lowered;
}

// The program for each tile size that is worth a try.
template <class Lower>
void StepLowering::add_candidates(const std::string& mapping, Lower&& lower,
                                  std::vector<Candidate>& candidates) const {
  for (const std::int64_t tile : kTileSizes) {
    if (tile > kTileSizes[0] && tile > machine_.sram.bytes / 2) break;
    Candidate candidate{mapping, lower(tile), 0};
    candidate.estimate = estimate_cycles(candidate.program, machine_);
    candidates.push_back(std::move(candidate));
  }
}

// The estimate narrows the choice down; the machine itself, without function, decides. The first of equals.
StepLowering::Candidate StepLowering::fastest(std::vector<Candidate> candidates) const {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.estimate < b.estimate; });
  std::size_t best = 0;
  std::int64_t least = INT64_MAX;
  for (std::size_t c = 0; c < std::min(candidates.size(), kRehearsed); ++c) {
    const std::int64_t cycles = context_.rehearse(candidates[c].program);
    if (cycles >= least) continue;
    least = cycles;
    best = c;
  }
  return std::move(candidates.at(best));
}

template <class Lower>
Program StepLowering::fastest_tiling(Lower&& lower) const {
  std::vector<Candidate> candidates;
  add_candidates("", lower, candidates);
  return fastest(std::move(candidates)).program;
}

void StepLowering::check_accumulators(const std::vector<NormJob>& jobs) const {
  if (machine_.numerics.on_overflow != "refuse") return;
  for (const NormJob& job : jobs) {
    const AccumulatorBits bits = accumulator_bits(job.plan);
    if (bits.sum > machine_.numerics.sum_bits || bits.square_sum > machine_.numerics.square_sum_bits)
      refuse("sets of " + std::to_string(job.plan.set_size) + " elements can need " +
             std::to_string(bits.sum) + " bits for their sum and " + std::to_string(bits.square_sum) +
             " for their squares; numerics.sum_bits is " + std::to_string(machine_.numerics.sum_bits) +
             " and numerics.square_sum_bits " + std::to_string(machine_.numerics.square_sum_bits) +
             " (numerics.on_overflow: wrap would run it and count what wraps)");
  }
}

Program StepLowering::choose_mapping(const std::vector<NormJob>& jobs, std::string& mapping) const {
  std::vector<Candidate> candidates;
  const auto lower = [&](Mapping m) {
    add_candidates(
        to_string(m), [&](std::int64_t tile) { return lower_norm(step_.name, jobs, m, machine_, tile); },
        candidates);
  };
  const auto obstacle_to = [&](Mapping m) {
    std::string why;
    for (const NormJob& job : jobs)
      if (job.part->statistic != Statistic::Given && why.empty()) why = obstacle(m, job, machine_);
    return why;
  };
  const bool given = std::all_of(jobs.begin(), jobs.end(),
                                 [](const NormJob& job) { return job.part->statistic == Statistic::Given; });
  const auto forced = parse_mapping(options_.mapping);
  if (forced && *forced != Mapping::Host && *forced != Mapping::Decomposed && !given) {
    const std::string why = obstacle_to(*forced);
    if (!why.empty()) refuse("mapping " + options_.mapping + ": " + why);
    lower(*forced);
  } else {
    for (const Mapping m : {Mapping::Resident, Mapping::Split, Mapping::Streaming, Mapping::MacArray})
      if ((!given || m == Mapping::Resident) && obstacle_to(m).empty()) lower(m);
  }
  Candidate best = fastest(std::move(candidates));
  mapping = best.mapping;
  return std::move(best.program);
}

Program StepLowering::decomposed(const NormProblem& problem) const {
  std::vector<DecomposedJob> jobs;
  for (const NormPart& part : problem.parts) {
    if (part.statistic == Statistic::Given)
      refuse(
          "a part with given statistics has no sub-operators to decompose into; IBNSplit runs its halves "
          "apart");
    const TensorPlace &x = place(node_.inputs[0]), &y = place(node_.outputs[0]);
    DecomposedJob job;
    job.part = &part;
    job.plan = plan_decomposed(part, context_.golden.numbers.at(node_.inputs[0]).values, x.grid, y.grid);
    job.x = x.address;
    job.y = y.address;
    std::vector<std::int16_t> tables = job.plan.gamma;
    tables.insert(tables.end(), job.plan.beta.begin(), job.plan.beta.end());
    job.constants = constants(tables);
    jobs.push_back(std::move(job));
  }
  try {
    return fastest_tiling(
        [&](std::int64_t tile) { return lower_decomposed(step_.name, jobs, machine_, tile); });
  } catch (const std::invalid_argument& error) {
    refuse(std::string("decomposed: ") + error.what());
  }
}

LoweredStep StepLowering::norm() {
  LoweredStep lowered = begin();
  const auto problem =
      std::make_shared<NormProblem>(norm_problem(node_, context_.run.network, shape(node_.inputs[0])));
  const TensorPlace &x = place(node_.inputs[0]), &y = place(node_.outputs[0]);
  const Quantisation in = x.grid, out = y.grid;
  lowered.ideal = [problem, in, out](const std::vector<Codes>& inputs) {
    return ideal_norm(*problem, inputs[0], in, out);
  };
  const bool only_given = std::all_of(problem->parts.begin(), problem->parts.end(),
                                      [](const NormPart& p) { return p.statistic == Statistic::Given; });
  if ((options_.mapping == "decomposed" || step_.placement.where == Placement::Where::Decomposed) &&
      !only_given) {
    lowered.mapping = "decomposed";
    lowered.programs.push_back(decomposed(*problem));
    for (const NormPart& part : problem->parts) {
      lowered.work.reduced_elements += part.element_count();
      lowered.work.vector_elements += part.element_count() * 5;
    }
    return lowered;
  }
  std::vector<NormJob> jobs;
  const bool training = !problem->running_mean.empty();
  for (const NormPart& part : problem->parts) {
    NormJob job;
    job.part = &part;
    job.plan = plan_norm(part, in, out, numeric_widths(machine_.numerics));
    job.x = x.address;
    job.y = y.address;
    job.entries = constants(job.plan.entries);
    if (training) job.sums = context_.allocate(part.set_count() * static_cast<std::int64_t>(sizeof(SetSums)));
    lowered.work.read_bytes += static_cast<std::int64_t>(job.plan.entries.size()) * kRecord;
    lowered.work.vector_elements += part.element_count();
    jobs.push_back(std::move(job));
  }
  check_accumulators(jobs);
  lowered.programs.push_back(choose_mapping(jobs, lowered.mapping));
  if (lowered.mapping != "mac_array")
    for (const NormPart& part : problem->parts)
      if (part.statistic != Statistic::Given) lowered.work.reduced_elements += part.element_count();
  if (training) add_running_statistics(step_.name, *problem, jobs.front(), node_, context_, lowered);
  return lowered;
}

LoweredStep StepLowering::conv() {
  LoweredStep lowered = begin();
  lowered.mapping = "mac_array";
  const Shape& input = shape(node_.inputs[0]);
  Tensor weights = context_.golden.numbers.at(node_.inputs.at(1));
  std::vector<double> bias;
  if (node_.inputs.size() > 2 && !node_.inputs[2].empty())
    bias = context_.golden.numbers.at(node_.inputs[2]).values;
  const ConvProblem problem = resolve_conv(node_.attributes, input, weights.shape);
  Clamp clamp;
  std::optional<RealFunction> activation;
  for (std::size_t n = 1; n < step_.nodes.size(); ++n) {
    const Node& follower = context_.run.network.nodes[step_.nodes[n]];
    if (follower.op == "Relu") clamp.low = 0;
    if (follower.op == "Clip") clamp = clip_bounds(follower, context_.run.network);
    if (follower.op != "Clip" && find_unary(follower.op) != nullptr) activation = activation_of(follower);
    if (follower.op != "BatchNormalization") continue;
    const NormProblem batch_norm =
        norm_problem(follower, context_.run.network, conv_output_shape(problem, input.size()));
    FoldedConv folded = fold_batch_norm(weights, bias, batch_norm.parts.front());
    weights = std::move(folded.weights);
    bias = std::move(folded.bias);
  }
  return mac_step(std::move(lowered), problem, weights, bias, {clamp, activation}, &lower_conv);
}

// Quantised weights and their affine entries into DRAM, then the products on the MAC array.
LoweredStep StepLowering::mac_step(LoweredStep lowered, const ConvProblem& problem, const Tensor& weights,
                                   const std::vector<double>& bias, const Tail& tail, MacLowering lower) {
  const TensorPlace &x = place(node_.inputs[0]), &y = place(last_node().outputs[0]);
  ConvJob job;
  // With a table behind it the convolution's own result has a grid too, between accumulator and table.
  Quantisation result = y.grid;
  if (tail.activation) {
    const Node& before = context_.run.network.nodes[step_.nodes[step_.nodes.size() - 2]];
    const auto& values = context_.golden.numbers.at(before.outputs[0]).values;
    result = calibrate(values, options_);
    job.activation = plan_lookup(*tail.activation, result, y.grid);
    lowered.work.table_elements = y.elements;
  }
  job.plan = plan_conv(problem, weights, bias, x.grid, result, tail.clamp,
                       static_cast<int>(machine_.numerics.multiplier_bits),
                       numeric_widths(machine_.numerics).rounding);
  if (accumulator_bound(job.plan) > INT32_MAX)
    refuse("sums of " + std::to_string(problem.taps()) + " products can overflow int32 accumulators");
  job.x = x.address;
  job.y = y.address;
  job.weights = constants(job.plan.weights);
  job.entries = constants(job.plan.entries);
  lowered.work.read_bytes +=
      static_cast<std::int64_t>(job.plan.weights.size() + job.plan.entries.size() * sizeof(AffineEntry));
  lowered.work.macs = problem.macs();
  try {
    lowered.programs.push_back(
        fastest_tiling([&](std::int64_t tile) { return lower(step_.name, job, machine_, tile); }));
  } catch (const std::invalid_argument& error) {
    refuse(error.what());
  }
  const auto plan = std::make_shared<ConvPlan>(job.plan);
  lowered.ideal = [plan, scales = weight_scales(weights), bias, activation = tail.activation,
                   out = y.grid](const std::vector<Codes>& inputs) {
    if (!activation) return ideal_conv(*plan, inputs[0], scales, bias);
    // The function of the exact sum, rounded once: what the grid between sum and table costs shows against
    // it.
    Codes codes;
    for (const long double real : exact_conv(*plan, inputs[0], scales, bias))
      codes.push_back(quantise((*activation)(static_cast<double>(real)), out));
    return codes;
  };
  return lowered;
}

LoweredStep StepLowering::relu() {
  LoweredStep lowered = begin();
  lowered.mapping = "streaming";
  const TensorPlace &x = place(node_.inputs[0]), &y = place(node_.outputs[0]);
  const auto plan = std::make_shared<ElementwisePlan>(
      plan_elementwise(ElementwiseKind::Relu, {x.grid}, y.grid, multiplier_bits(),
                       numeric_widths(machine_.numerics).rounding));
  ElementwiseJob job;
  job.plan = *plan;
  job.row_elements = y.elements;
  job.in = {{x.address, x.elements}};
  job.out = {y.address, y.elements};
  lowered.work.vector_elements = y.elements;
  lowered.programs.push_back(fastest_tiling(
      [&](std::int64_t tile) { return lower_elementwise(step_.name, {job}, machine_, tile); }));
  lowered.ideal = [plan](const std::vector<Codes>& inputs) { return ideal_elementwise(*plan, inputs); };
  return lowered;
}

// Two operands, of which the smaller may repeat: by row, by column, or block by block.
LoweredStep StepLowering::elementwise(ElementwiseKind kind) {
  LoweredStep lowered = begin();
  lowered.mapping = "streaming";
  const bool swap = element_count(shape(node_.inputs[0])) < element_count(shape(node_.inputs[1]));
  const std::string &first = node_.inputs[swap ? 1 : 0], &second = node_.inputs[swap ? 0 : 1];
  const TensorPlace &a = place(first), &b = place(second), &y = place(node_.outputs[0]);
  const BroadcastRows rows = broadcast_rows(shape(first), shape(second));
  const auto plan = std::make_shared<ElementwisePlan>(plan_elementwise(
      kind, {a.grid, b.grid}, y.grid, multiplier_bits(), numeric_widths(machine_.numerics).rounding));
  std::vector<ElementwiseJob> jobs;
  for (std::int64_t block = 0; block < rows.repeat; ++block) {
    const std::int64_t at = block * rows.rows * rows.row;
    ElementwiseJob job;
    job.plan = *plan;
    job.rows = rows.rows;
    job.row_elements = rows.row;
    job.second = rows.full ? Operand::Full : rows.per_row ? Operand::PerRow : Operand::PerColumn;
    job.in = {{a.address + at, rows.row}, {b.address, rows.per_row ? 1 : rows.row}};
    job.out = {y.address + at, rows.row};
    jobs.push_back(job);
  }
  lowered.work.vector_elements = y.elements;
  lowered.programs.push_back(
      fastest_tiling([&](std::int64_t tile) { return lower_elementwise(step_.name, jobs, machine_, tile); }));
  Broadcast broadcast;
  if (!rows.full) broadcast = rows.per_row ? Broadcast{rows.row, rows.rows} : Broadcast{1, rows.row};
  lowered.ideal = [plan, broadcast, swap](const std::vector<Codes>& inputs) {
    return ideal_elementwise(*plan, swap ? std::vector<Codes>{inputs[1], inputs[0]} : inputs, broadcast);
  };
  return lowered;
}

LoweredStep StepLowering::lookup(const RealFunction& function) {
  LoweredStep lowered = begin();
  lowered.mapping = "table";
  const TensorPlace &x = place(lowered.inputs.at(0)), &y = place(node_.outputs[0]);
  ElementwiseJob job;
  job.plan = plan_lookup(function, x.grid, y.grid);
  job.row_elements = y.elements;
  job.in = {{x.address, x.elements}};
  job.out = {y.address, y.elements};
  lowered.work.table_elements = y.elements;
  lowered.programs.push_back(fastest_tiling(
      [&](std::int64_t tile) { return lower_elementwise(step_.name, {job}, machine_, tile); }));
  lowered.ideal = [function, in = x.grid, out = y.grid](const std::vector<Codes>& inputs) {
    Codes ideal;
    for (const std::int64_t code : inputs[0]) ideal.push_back(quantise(function(dequantise(code, in)), out));
    return ideal;
  };
  return lowered;
}

RealFunction StepLowering::activation_of(const Node& node) const {
  std::vector<Tensor> constants;
  for (std::size_t i = 1; i < node.inputs.size(); ++i)
    constants.push_back(node.inputs[i].empty() ? Tensor({0}, {})
                                               : context_.golden.numbers.at(node.inputs[i]));
  return unary_function(node.op, node.attributes, constants);
}

LoweredStep StepLowering::activation() {
  return lookup(activation_of(node_));
}

// A tensor and a constant scalar: a function of one element.
LoweredStep StepLowering::scalar_operand() {
  const bool tensor_first = context_.places.count(node_.inputs[0]) != 0 &&
                            !context_.run.network.values.at(node_.inputs[0]).constant;
  const Tensor constant = context_.golden.numbers.at(node_.inputs[tensor_first ? 1 : 0]);
  return lookup([op = node_.op, constant, tensor_first](double x) {
    const Tensor value({}, {x}), scalar({}, {constant.values.at(0)});
    return (tensor_first ? binary(op, value, scalar) : binary(op, scalar, value)).values[0];
  });
}

LoweredStep StepLowering::softmax_rows() {
  LoweredStep lowered = begin();
  lowered.mapping = "table";
  const TensorPlace &x = place(node_.inputs[0]), &y = place(node_.outputs[0]);
  const auto plan = std::make_shared<SoftmaxPlan>(plan_softmax(x.grid, y.grid));
  const std::int64_t row = shape(node_.inputs[0]).back();
  ElementwiseJob job;
  job.plan = *plan;
  job.rows = y.elements / row;
  job.row_elements = row;
  job.in = {{x.address, row}};
  job.out = {y.address, row};
  lowered.work.table_elements = y.elements;
  lowered.programs.push_back(fastest_tiling(
      [&](std::int64_t tile) { return lower_elementwise(step_.name, {job}, machine_, tile); }));
  lowered.ideal = [plan, row](const std::vector<Codes>& inputs) {
    return ideal_softmax(*plan, inputs[0], row);
  };
  return lowered;
}

// Pooling; ReduceMean over H and W is one.
LoweredStep StepLowering::pool() {
  LoweredStep lowered = begin();
  lowered.mapping = "streaming";
  const std::string op = node_.op == "ReduceMean" ? "GlobalAveragePool" : node_.op;
  const TensorPlace &x = place(node_.inputs[0]), &y = place(node_.outputs[0]);
  const auto plan = std::make_shared<PoolPlan>(plan_pool(
      resolve_pool(op, node_.attributes, shape(node_.inputs[0])), x.grid, y.grid,
      static_cast<int>(machine_.numerics.multiplier_bits), numeric_widths(machine_.numerics).rounding));
  const ConvProblem& window = plan->problem.window;
  lowered.work.vector_elements = y.elements * window.kh * window.kw;
  lowered.programs.push_back(fastest_tiling([&](std::int64_t tile) {
    return lower_pool(step_.name, *plan, x.address, y.address, machine_, tile);
  }));
  lowered.ideal = [plan](const std::vector<Codes>& inputs) { return ideal_pool(*plan, inputs[0]); };
  return lowered;
}

LoweredStep StepLowering::view() {
  LoweredStep lowered = begin();
  lowered.mapping = "copy";
  std::vector<Tensor> constants;
  for (std::size_t i = 1; i < node_.inputs.size(); ++i)
    constants.push_back(node_.inputs[i].empty() ? Tensor({0}, {})
                                                : context_.golden.numbers.at(node_.inputs[i]));
  const View moved = resolve_view(node_.op, node_.attributes, shape(node_.inputs[0]), constants);
  const TensorPlace &x = place(node_.inputs[0]), &y = place(node_.outputs[0]);
  if (x.address < kSramWindow)
    lowered.work.read_bytes = std::min(x.elements, y.elements);  // a Slice reads no more than it keeps
  lowered.programs.push_back(fastest_tiling([&](std::int64_t tile) {
    return lower_view(step_.name, moved, x.address, y.address, machine_, tile);
  }));
  lowered.ideal = [moved](const std::vector<Codes>& inputs) {
    const auto values = apply_view(moved, std::vector<double>(inputs[0].begin(), inputs[0].end()));
    return Codes(values.begin(), values.end());
  };
  return lowered;
}

// Gemm and MatMul with constant weights.
LoweredStep StepLowering::matrix_product() {
  LoweredStep lowered = begin();
  lowered.mapping = "mac_array";
  const Attributes& a = node_.attributes;
  const bool gemm = node_.op == "Gemm";
  Tensor weights = context_.golden.numbers.at(node_.inputs.at(1));
  if (!gemm || a.get("transB", std::int64_t{0}) == 0) weights = transpose_last(weights);
  for (double& w : weights.values) w *= gemm ? a.get("alpha", 1.0) : 1.0;
  ConvProblem problem;
  problem.ic = weights.shape[1];
  problem.oc = weights.shape[0];
  problem.n = place(node_.inputs[0]).elements / problem.ic;
  std::vector<double> bias;
  if (gemm && node_.inputs.size() > 2 && !node_.inputs[2].empty()) {
    const Tensor& c = context_.golden.numbers.at(node_.inputs[2]);
    if (c.size() != problem.oc && c.size() != 1)
      refuse("Gemm: C of shape " + to_string(c.shape) + " is no bias");
    for (std::int64_t o = 0; o < problem.oc; ++o)
      bias.push_back(a.get("beta", 1.0) * c.values[static_cast<std::size_t>(c.size() == 1 ? 0 : o)]);
  }
  return mac_step(std::move(lowered), problem, weights, bias, {}, &lower_matmul);
}

// Split and Concat: pieces of rows, each copied onto the grid of where it goes.
LoweredStep StepLowering::copies() {
  LoweredStep lowered = begin();
  lowered.mapping = "copy";
  const bool split = node_.op == "Split";
  const std::string& whole = split ? node_.inputs[0] : node_.outputs[0];
  const Shape& whole_shape = shape(whole);
  std::int64_t axis = node_.attributes.get("axis", std::int64_t{0});
  if (axis < 0) axis += static_cast<std::int64_t>(whole_shape.size());
  std::int64_t rows = 1;
  for (std::int64_t d = 0; d < axis; ++d) rows *= whole_shape[static_cast<std::size_t>(d)];
  const std::int64_t whole_row = place(whole).elements / rows;
  std::vector<ElementwiseJob> jobs;
  std::int64_t begin_at = 0;
  for (const std::string& piece : split ? lowered.outputs : lowered.inputs) {
    const TensorPlace& part = place(piece);
    const std::int64_t row = part.elements / rows;
    const RowView inside{place(whole).address + begin_at, whole_row}, alone{part.address, row};
    const Quantisation &from = split ? place(whole).grid : part.grid,
                       &onto = split ? part.grid : place(whole).grid;
    jobs.push_back({plan_elementwise(ElementwiseKind::Copy, {from}, onto,
                                     static_cast<int>(machine_.numerics.multiplier_bits) - 1,
                                     numeric_widths(machine_.numerics).rounding),
                    rows,
                    row,
                    {split ? inside : alone},
                    split ? alone : inside});
    begin_at += row;
  }
  lowered.programs.push_back(
      fastest_tiling([&](std::int64_t tile) { return lower_elementwise(step_.name, jobs, machine_, tile); }));
  std::vector<Quantisation> from, onto;
  for (const std::string& value : lowered.inputs) from.push_back(place(value).grid);
  for (const std::string& value : lowered.outputs) onto.push_back(place(value).grid);
  lowered.ideal = ideal_of_float(node_, context_, from, onto);
  return lowered;
}

}  // namespace

LoweredStep lower_step(const Step& step, const LoweringContext& context) {
  const Node& node = context.run.network.nodes[step.nodes.front()];
  try {
    if (step.placement.where == Placement::Where::Cpu) return lower_host(step, context);
    StepLowering lowering(step, context);
    if (find_norm(node.op) != nullptr) return lowering.norm();
    if (node.op == "Conv") return lowering.conv();
    if (node.op == "Relu") return lowering.relu();
    if (find_unary(node.op) != nullptr) return lowering.activation();
    if (is_binary(node.op)) {
      if (tensor_inputs(node, context.run.network).size() == 1) return lowering.scalar_operand();
      if (node.op == "Add") return lowering.elementwise(ElementwiseKind::Add);
      if (node.op == "Sub") return lowering.elementwise(ElementwiseKind::Sub);
      if (node.op == "Mul") return lowering.elementwise(ElementwiseKind::Mul);
    }
    if (node.op == "Softmax") return lowering.softmax_rows();
    if (node.op == "Gemm" || node.op == "MatMul") return lowering.matrix_product();
    if (node.op == "ReduceMean" || node.op.find("Pool") != std::string::npos) return lowering.pool();
    if (is_view(node.op)) return lowering.view();
    if (node.op == "Split" || node.op == "Concat") return lowering.copies();
  } catch (const std::invalid_argument& error) {
    throw InputError(step.name + ": " + error.what());
  }
  throw InputError(step.name + ": " + node.op +
                   " has no lowering for the BPU; a policy that puts it on the CPU runs it");
}

}  // namespace bpusim
