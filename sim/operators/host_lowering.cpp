#include "sim/operators/host_lowering.h"

#include <algorithm>
#include <cmath>

#include "models/commands/host_task.h"
#include "sim/input_error.h"
#include "sim/network/own_name.h"
#include "sim/operators/operator.h"
#include "sim/operators/tensor_codes.h"

namespace bpusim {

namespace {

constexpr double kStatisticsOps = 8;  // a channel: two divisions, a square, two blends
constexpr std::int64_t kFloatBytes = 4;

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
  const auto words = context.text.find(node.inputs.at(0));
  if (words != context.text.end())
    for (const std::string& word : words->second.values)
      task.demand.characters += static_cast<std::int64_t>(word.size());
  task.work = [](DramPort&) {};  // text lives in the host's own memory
  LoweredStep lowered;
  lowered.mapping = "host";
  lowered.work.host_cycles = host_cycles(context.machine, task.demand);
  lowered.programs.push_back(one_task(step.name, std::move(task)));
  return lowered;
}

// What crosses between BPU and CPU: inputs that the BPU made, outputs that it or the application takes. Exact
// tensors lie as they are, and float32 ones too: nothing converts them, and the BPU takes none.
struct Crossing {
  std::vector<TensorPlace> in, out;
  std::vector<Quantisation> in_grids, out_grids;
};

Crossing cross(const Node& node, const LoweringContext& context, LoweredStep& lowered, HostTask& task) {
  Crossing crossing;
  bool enters = false, leaves = false;
  const auto exact = [&](const std::string& name) { return is_exact(context.network.values.at(name).dtype); };
  const auto is_output = [&outputs = context.network.outputs](const std::string& name) {
    return std::find(outputs.begin(), outputs.end(), name) != outputs.end();
  };
  for (const std::string& name : operands_of(node, context.network)) {
    const TensorPlace& place = context.places.at(name);
    lowered.inputs.push_back(name);
    crossing.in.push_back(place);
    crossing.in_grids.push_back(place.grid);
    task.reads.push_back(DramBox::contiguous(place.address, place.bytes()));
    if (exact(name)) {
      task.demand.memory_bytes += place.bytes();
      continue;
    }
    const auto maker = context.made_on.find(name);
    const bool from_bpu = maker != context.made_on.end() && maker->second != Placement::Where::Cpu;
    const bool given = maker == context.made_on.end() && place.grid.dtype != DType::Float32;
    enters = enters || from_bpu;
    if (from_bpu || given) task.demand.convert_elements += place.elements;
    if (from_bpu) task.demand.layout_elements += place.elements;
    task.demand.memory_bytes += place.elements * kFloatBytes;
  }
  for (const std::string& name : node.outputs) {
    const auto found = context.places.find(name);
    if (found == context.places.end()) continue;
    const TensorPlace& place = found->second;
    lowered.outputs.push_back(name);
    crossing.out.push_back(place);
    crossing.out_grids.push_back(place.grid);
    task.writes.push_back(DramBox::contiguous(place.address, place.bytes()));
    if (exact(name)) {
      task.demand.memory_bytes += place.bytes();
      leaves = leaves || is_output(name);
      continue;
    }
    if (place.grid.dtype == DType::Float32) {
      task.demand.memory_bytes += place.bytes();
      leaves = leaves || is_output(name);
      continue;
    }
    leaves = true;
    task.demand.convert_elements += place.elements;
    task.demand.layout_elements += place.elements;
    task.demand.memory_bytes += place.elements * kFloatBytes;
  }
  // From the BPU, and back to it or to the application.
  task.demand.crossings = (enters ? 1 : 0) + (leaves ? 1 : 0);
  return crossing;
}

// A float operator on codes.
class FloatOnCodes {
 public:
  FloatOnCodes(const Node& node, const LoweringContext& context, std::vector<Quantisation> in,
               std::vector<Quantisation> out)
      : node_(node),
        network_(context.network),
        tensors_(operands_of(node, network_)),
        in_(std::move(in)),
        out_(std::move(out)) {
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      if (context.places.count(node.outputs[i]) != 0) made_.push_back(i);
  }

  Codes operator()(const std::vector<Codes>& codes) const {
    std::vector<Tensor> outputs = results(codes);
    Codes all;
    for (std::size_t k = 0; k < out_.size(); ++k) {
      Codes quantised = codes_on(outputs[made_[k]].values, out_[k]);
      if (out_.size() == 1) return quantised;
      all.insert(all.end(), quantised.begin(), quantised.end());
    }
    return all;
  }

 private:
  // Dequantised inputs go before the results are rounded: large ones would lie in memory three times.
  std::vector<Tensor> results(const std::vector<Codes>& codes) const {
    std::vector<std::shared_ptr<const Tensor>> numbers;
    Inputs inputs;
    std::size_t next = 0;
    for (const std::string& name : node_.inputs) {
      if (name.empty()) {
        inputs.push_back(&absent());
        continue;
      }
      const bool tensor = next < tensors_.size() && tensors_[next] == name;
      numbers.push_back(tensor ? real(name, codes[next], in_[next]) : network_.values.at(name).numbers());
      next += tensor ? 1 : 0;
      inputs.push_back(numbers.back().get());
      if (inputs.back() == nullptr)
        throw InputError(node_.name + ": " + node_.op + ": input '" + name + "' must be a constant");
    }
    try {
      return evaluate_on_codes(node_, inputs, network_);
    } catch (const std::invalid_argument& error) {  // an index that golden does not have, say
      throw InputError(node_.name + ": " + in_own_name(node_.op, error.what()) +
                       ", of the numbers that quantised tensors give");
    }
  }

  std::shared_ptr<const Tensor> real(const std::string& name, const Codes& codes,
                                     const Quantisation& grid) const {
    Tensor x = Tensor::filled(network_.shape_of(name), 0);
    std::transform(codes.begin(), codes.end(), x.values.begin(),
                   [&](std::int64_t code) { return real_of(code, grid); });
    return std::make_shared<const Tensor>(std::move(x));
  }

  const Node& node_;
  const Network& network_;
  const std::vector<std::string> tensors_;
  const std::vector<Quantisation> in_, out_;
  std::vector<std::size_t> made_;  // outputs that are tensors, one for each grid of out_
};

}  // namespace

std::function<Codes(const std::vector<Codes>&)> ideal_of_float(const Node& node,
                                                               const LoweringContext& context,
                                                               const std::vector<Quantisation>& in,
                                                               const std::vector<Quantisation>& out) {
  return FloatOnCodes(node, context, in, out);
}

LoweredStep lower_host(const Step& step, const LoweringContext& context) {
  const Node& node = context.network.nodes[step.nodes.front()];
  const OperatorDefinition& row = *find_operator(node.op);
  if (row.text != nullptr) return lower_text(step, node, context);
  LoweredStep lowered;
  lowered.mapping = "host";
  HostTask task;
  task.what = node.op;
  const Crossing crossing = cross(node, context, lowered, task);
  std::vector<Shape> outputs;
  for (const std::string& name : lowered.outputs) outputs.push_back(context.network.shape_of(name));
  task.demand.compute_ops = row.host_ops(operation_of(node, context.network), outputs, context.machine.host);
  lowered.ideal = ideal_of_float(node, context, crossing.in_grids, crossing.out_grids);
  task.work = [in = crossing.in, out = crossing.out, ideal = lowered.ideal](DramPort& dram) {
    std::vector<Codes> codes;
    codes.reserve(in.size());
    for (const TensorPlace& tensor : in) codes.push_back(read_codes(dram, tensor));
    const Codes results = ideal(codes);
    const std::int64_t* next = results.data();
    for (const TensorPlace& tensor : out) {
      write_codes(dram, tensor, next);
      next += tensor.elements;
    }
  };
  lowered.work.host_cycles = host_cycles(context.machine, task.demand);
  lowered.programs.push_back(one_task(step.name, std::move(task)));
  return lowered;
}

void add_running_statistics(const StepLowering& s, const NormProblem& problem, const NormJob& job,
                            LoweredStep& lowered) {
  const auto channels = static_cast<std::int64_t>(problem.running_mean.size());
  HostTask task;
  task.what = "RunningStatistics";
  task.demand.compute_ops = kStatisticsOps * static_cast<double>(channels);
  task.demand.memory_bytes = channels * static_cast<std::int64_t>(sizeof(SetSums));
  task.demand.crossings = 1;
  const std::int64_t bytes = channels * kFloatBytes;
  struct Target {
    std::int64_t address;
    std::size_t which;  // 0 the mean, 1 the variance
  };
  std::vector<Target> targets;
  for (std::size_t k = 1; k < 3; ++k) {
    if (k >= s.node.outputs.size() || s.node.outputs[k].empty()) continue;
    targets.push_back({s.reserve(bytes), k - 1});
    lowered.float_outputs[s.node.outputs[k]] = targets.back().address;
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
  lowered.programs.push_back(one_task(s.step.name, std::move(task)));
}

}  // namespace bpusim
