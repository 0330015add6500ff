#include "sim/run/host_lowering.h"

#include <algorithm>
#include <cmath>

#include "kernels/conv.h"
#include "kernels/text.h"
#include "models/cost.h"

namespace bpusim {

namespace {

// Float32 operations an element: two passes of a norm (mean, squares, subtract, scale, shift), one of the
// rest.
constexpr double kNormOps = 8;
constexpr double kElementOps = 1;
constexpr double kSoftmaxOps = 20;  // largest, a polynomial exponential, sum, division; assumption
constexpr std::int64_t kFloatBytes = 4;

// Inputs of a node as tensors: those on the machine from their codes, constants from the network.
std::vector<Tensor> float_inputs(const Node& node, const GoldenValues& golden,
                                 const std::vector<std::string>& on_machine,
                                 const std::vector<std::vector<std::int64_t>>& codes,
                                 const std::vector<Quantisation>& grids) {
  std::vector<Tensor> inputs;
  std::size_t next = 0;
  for (const std::string& name : node.inputs) {
    if (name.empty()) {
      inputs.emplace_back(Shape{0}, std::vector<double>{});
    } else if (next < on_machine.size() && on_machine[next] == name) {
      Tensor tensor = Tensor::filled(golden.numbers.at(name).shape, 0);
      for (std::size_t i = 0; i < tensor.values.size(); ++i)
        tensor.values[i] = dequantise(codes[next][i], grids[next]);
      inputs.push_back(std::move(tensor));
      ++next;
    } else {
      inputs.push_back(golden.numbers.at(name));
    }
  }
  return inputs;
}

// `elements` is the larger of what goes in and what comes out: a reduction works on its input.
double compute_ops(const Node& node, const GoldenValues& golden, std::int64_t elements,
                   const HostParams& host) {
  const auto shape = [&](std::size_t input) -> const Shape& {
    return golden.numbers.at(node.inputs.at(input)).shape;
  };
  const double each = static_cast<double>(elements);
  if (find_norm(node.op) != nullptr) return kNormOps * each;
  if (node.op == "RandomNormal" || node.op == "RandomNormalLike") return host.random_ops_per_element * each;
  if (node.op == "Conv")
    return 2 * static_cast<double>(resolve_conv(node.attributes, shape(0), shape(1)).macs());
  if (node.op == "ConvTranspose") {  // each input meets the kernel of every output channel of its group
    const Shape& w = shape(1);
    return 2 * static_cast<double>(element_count(shape(0)) * w[1] * w[2] * w[3]);
  }
  if (node.op == "MatMul" || node.op == "Gemm") {
    const Shape& a = shape(0);
    const bool transposed = node.attributes.get("transA", std::int64_t{0}) != 0;
    const std::int64_t inner = transposed ? a[a.size() - 2] : a.back();
    return 2 * static_cast<double>(element_count(golden.numbers.at(node.outputs.at(0)).shape) * inner);
  }
  if (node.op == "Softmax") return kSoftmaxOps * each;
  return kElementOps * each;
}

std::int64_t host_cycles(const HostDemand& demand, const MachineParams& machine) {
  return static_cast<std::int64_t>(
      std::ceil(host_cost(machine.host, demand).total_ns() * machine.bpu.clock_mhz / 1000));
}

Program one_task(const std::string& name, HostTask task) {
  Command command;
  command.unit = Unit::Host;
  command.body = std::move(task);
  Program program;
  program.name = name;
  program.commands.push_back(std::move(command));
  return program;
}

LoweredStep lower_text(const Step& step, const Node& node, const LoweringContext& context) {
  HostTask task;
  task.what = node.op;
  for (const std::string& word : context.golden.text.at(node.inputs[0]).values)
    task.demand.characters += static_cast<std::int64_t>(word.size());
  task.work = [](DramPort&) {};  // text lives in the host's own memory
  LoweredStep lowered;
  lowered.mapping = "host";
  lowered.work.host_cycles = host_cycles(task.demand, context.machine);
  lowered.programs.push_back(one_task(step.name, std::move(task)));
  return lowered;
}

}  // namespace

std::function<std::vector<std::int64_t>(const std::vector<std::vector<std::int64_t>>&)> ideal_of_float(
    const Node& node, const LoweringContext& context, const std::vector<Quantisation>& in,
    const std::vector<Quantisation>& out) {
  std::vector<std::string> on_machine;
  for (const std::string& name : node.inputs)
    if (context.places.count(name) != 0) on_machine.push_back(name);
  return [&node, &golden = context.golden, on_machine, in,
          out](const std::vector<std::vector<std::int64_t>>& codes) {
    auto outputs = evaluate(node, float_inputs(node, golden, on_machine, codes, in));
    std::vector<std::int64_t> ideal;
    for (std::size_t k = 0; k < out.size(); ++k) {
      // Codes meet what real values do not, as 0/0; the tables of the BPU hold 0 there too (plan_lookup).
      for (double& v : outputs[k].values) v = std::isnan(v) ? 0.0 : v;
      const auto quantised = quantise(outputs[k].values, out[k]);
      ideal.insert(ideal.end(), quantised.begin(), quantised.end());
    }
    return ideal;
  };
}

LoweredStep lower_host(const Step& step, const LoweringContext& context) {
  const Node& node = context.run.network.nodes[step.nodes.front()];
  if (node.op == "StringNormalizer") return lower_text(step, node, context);
  LoweredStep lowered;
  lowered.mapping = "host";
  HostTask task;
  task.what = node.op;
  std::vector<TensorPlace> in, out;
  std::vector<Quantisation> in_grids, out_grids;
  bool enters = false;
  std::int64_t elements = 0;
  for (const std::string& name : node.inputs) {
    const auto found = context.places.find(name);
    if (found == context.places.end()) continue;
    lowered.inputs.push_back(name);
    in.push_back(found->second);
    in_grids.push_back(found->second.grid);
    task.reads.push_back(DramBox::contiguous(found->second.address, found->second.elements));
    const auto maker = context.made_on.find(name);
    const bool from_bpu = maker != context.made_on.end() && maker->second != Placement::Where::Cpu;
    enters = enters || from_bpu;
    if (from_bpu || maker == context.made_on.end()) task.demand.convert_elements += found->second.elements;
    if (from_bpu) task.demand.layout_elements += found->second.elements;
  }
  for (const std::string& name : node.outputs) {
    const auto found = context.places.find(name);
    if (found == context.places.end()) continue;
    lowered.outputs.push_back(name);
    out.push_back(found->second);
    out_grids.push_back(found->second.grid);
    elements += found->second.elements;
    task.writes.push_back(DramBox::contiguous(found->second.address, found->second.elements));
    task.demand.convert_elements += found->second.elements;
    task.demand.layout_elements += found->second.elements;
  }
  task.demand.crossings = (enters ? 1 : 0) + 1;  // from the BPU, and back to it or to the application
  std::int64_t most = elements;
  for (const TensorPlace& tensor : in) {
    most = std::max(most, tensor.elements);
    task.demand.memory_bytes += tensor.elements * kFloatBytes;
  }
  task.demand.compute_ops = compute_ops(node, context.golden, most, context.machine.host);
  task.demand.memory_bytes += elements * kFloatBytes;
  lowered.ideal = ideal_of_float(node, context, in_grids, out_grids);
  task.work = [in, out, ideal = lowered.ideal](DramPort& dram) {
    std::vector<std::vector<std::int64_t>> codes;
    for (const TensorPlace& tensor : in) {
      std::vector<std::int8_t> bytes(static_cast<std::size_t>(tensor.elements));
      dram.read(tensor.address, bytes.data(), tensor.elements);
      codes.emplace_back(bytes.begin(), bytes.end());
    }
    const auto results = ideal(codes);
    std::size_t at = 0;
    for (const TensorPlace& tensor : out) {
      const std::vector<std::int8_t> bytes(
          results.begin() + static_cast<std::ptrdiff_t>(at),
          results.begin() + static_cast<std::ptrdiff_t>(at) + tensor.elements);
      dram.write(tensor.address, bytes.data(), tensor.elements);
      at += bytes.size();
    }
  };
  lowered.work.host_cycles = host_cycles(task.demand, context.machine);
  lowered.programs.push_back(one_task(step.name, std::move(task)));
  return lowered;
}

void add_running_statistics(const std::string& name, const NormProblem& problem, const NormJob& job,
                            const Node& node, const LoweringContext& context, LoweredStep& lowered) {
  const auto channels = static_cast<std::int64_t>(problem.running_mean.size());
  HostTask task;
  task.what = "RunningStatistics";
  task.demand.compute_ops = kNormOps * static_cast<double>(channels);
  task.demand.memory_bytes = channels * static_cast<std::int64_t>(sizeof(SetSums));
  task.demand.crossings = 1;
  const std::int64_t bytes = channels * kFloatBytes;
  struct Target {
    std::int64_t address;
    std::size_t which;  // 0 the mean, 1 the variance
  };
  std::vector<Target> targets;
  for (std::size_t k = 1; k < 3; ++k) {
    if (k >= node.outputs.size() || node.outputs[k].empty()) continue;
    targets.push_back({context.allocate(bytes), k - 1});
    lowered.float_outputs[node.outputs[k]] = targets.back().address;
  }
  task.reads = {DramBox::contiguous(job.sums, channels * static_cast<std::int64_t>(sizeof(SetSums)))};
  for (const Target& target : targets) task.writes.push_back(DramBox::contiguous(target.address, bytes));
  task.work = [problem, plan = job.plan, sums_at = job.sums, targets](DramPort& dram) {
    const std::size_t count = problem.running_mean.size();
    std::vector<SetSums> sums(count);
    dram.read(sums_at, sums.data(), static_cast<std::int64_t>(count * sizeof(SetSums)));
    const double n = static_cast<double>(plan.set_size), scale = plan.in.scale;
    std::vector<std::vector<float>> running(2, std::vector<float>(count));
    for (std::size_t c = 0; c < count; ++c) {
      const double mean = static_cast<double>(sums[c].sum) / n;
      const double variance = static_cast<double>(sums[c].square_sum) / n - mean * mean;
      const double keep = problem.momentum;
      running[0][c] =
          static_cast<float>(keep * problem.running_mean[c] +
                             (1 - keep) * scale * (mean - static_cast<double>(plan.in.zero_point)));
      running[1][c] =
          static_cast<float>(keep * problem.running_variance[c] + (1 - keep) * scale * scale * variance);
    }
    for (const Target& target : targets)
      dram.write(target.address, running[target.which].data(),
                 static_cast<std::int64_t>(count * sizeof(float)));
  };
  lowered.programs.push_back(one_task(name, std::move(task)));
}

}  // namespace bpusim
