#include "models/commands/cost.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/units.h"

namespace bpusim {

namespace {

std::int64_t ceil_log2(std::int64_t value) {
  std::int64_t bits = 0;
  while ((std::int64_t{1} << bits) < value) ++bits;
  return bits;
}

}  // namespace

void Cost::add(const char* name, std::int64_t part_cycles) {
  parts.push_back({name, part_cycles});
  cycles += part_cycles;
}

Cost matmul_cost(const MacArrayParams& mac, std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::int64_t r = mac.rows, c = mac.cols;
  std::int64_t folds = 0, load = 0, skew = 0, stream = 0;
  if (mac.dataflow == Dataflow::OutputStationary) {
    folds = ceil_div(m, r) * ceil_div(n, c);
    skew = r + c - 2;
    stream = k;
  } else {
    const bool weights_stay = mac.dataflow == Dataflow::WeightStationary;
    folds = ceil_div(k, r) * ceil_div(weights_stay ? n : m, c);
    load = r;  // the stationary operand enters row by row
    skew = r + c - 2;
    stream = weights_stay ? m : n;
  }
  Cost cost;
  if (mac.fold_overlap) {
    // The next fold's stationary operand is loaded behind this fold's stream, which it can outlast.
    cost.add("load", load);
    cost.add("stream", folds * std::max(stream, load));
    cost.add("skew", skew);
  } else {
    cost.add("load", folds * load);
    cost.add("stream", folds * stream);
    cost.add("skew", folds * skew);
  }
  cost.add("counted_from_zero", -1);
  return cost;
}

LaneDemand lane_demand(const NormTile& tile, const NormPlan& plan) {
  LaneDemand demand;
  std::int64_t total = 1;
  bool open = true;  // still within the innermost dimensions that behave alike
  bool any = false;
  for (auto dim = tile.dims.rbegin(); dim != tile.dims.rend(); ++dim) {
    total *= dim->extent;
    if (dim->extent == 1) continue;
    if (!any) demand.across = dim->in_set;
    any = true;
    open = open && dim->in_set == demand.across;
    if (open) demand.run *= dim->extent;
  }
  demand.runs = total / demand.run;
  const bool needs_sum =
      plan.statistic == Statistic::MeanVariance || (plan.in.asymmetric && plan.statistic != Statistic::L1);
  demand.sums = needs_sum ? 2 : 1;
  demand.element_bytes = byte_size(plan.in.dtype);
  return demand;
}

Cost reduction_cost(const ReductionParams& reduction, const LaneDemand& demand) {
  const std::int64_t passes = ceil_div(demand.sums, reduction.sums_per_pass);
  const std::int64_t run = demand.run * demand.element_bytes;
  const std::int64_t full = ceil_div(demand.runs * run, reduction.lanes);
  const std::int64_t taken = reduction.segmented ? full : demand.runs * ceil_div(run, reduction.lanes);
  Cost cost;
  cost.add("elements", passes * full);
  cost.add("partly_filled_lanes", passes * (taken - full));
  cost.add("pipeline", passes * reduction.pipeline_cycles);
  cost.add("adder_tree", demand.across ? passes * ceil_log2(reduction.lanes) : 0);
  return cost;
}

Cost mac_reduction_cost(const MacArrayParams& mac, std::int64_t sets, std::int64_t elements, int sums) {
  Cost cost;
  if (sums == 2) cost.add("product_with_ones", matmul_cost(mac, sets, 1, elements).cycles);
  cost.add("products_with_itself", sets * matmul_cost(mac, 1, 1, elements).cycles);
  return cost;
}

// Lanes that `elements` take, where what is read and written is of these types: two a 2-byte element.
std::int64_t lanes_of(std::int64_t elements, DType in, DType out) {
  return elements * std::max(byte_size(in), byte_size(out));
}

Cost conv_cost(const MacArrayParams& mac, const ConvProblem& problem, const ConvTile& tile,
               DType activations) {
  const std::int64_t pixels = tile.samples * tile.out_rows * problem.ow;
  const std::int64_t outputs = std::min(tile.out_channels, problem.group_outputs());
  const std::int64_t groups = ceil_div(tile.out_channels, outputs);
  // Groups side by side share the columns.
  const std::int64_t side_by_side =
      std::max<std::int64_t>(1, std::min(mac.groups_per_pass, mac.cols / outputs));
  const std::int64_t passes =
      ceil_div(groups, side_by_side) * (activations == DType::Int16 ? mac.int16_passes : 1);
  const Cost one = matmul_cost(mac, pixels, outputs, problem.taps());
  Cost cost;
  for (const Cost::Part& part : one.parts) cost.add(part.name.c_str(), part.cycles * passes);
  return cost;
}

Cost product_cost(const MacArrayParams& mac, const ProductPlan& plan, std::int64_t rows,
                  std::int64_t columns) {
  return matmul_cost(mac, rows + (plan.b.asymmetric ? 1 : 0), columns + (plan.a.asymmetric ? 1 : 0),
                     plan.inner);
}

Cost vector_cost(const VectorParams& vector, std::int64_t elements) {
  Cost cost;
  cost.add("elements", ceil_div(elements, vector.lanes));
  cost.add("pipeline", vector.pipeline_cycles);
  return cost;
}

Cost lookup_cost(const VectorParams& vector, std::int64_t elements) {
  Cost cost;
  cost.add("elements", ceil_div(elements, vector.table_lanes));
  cost.add("pipeline", vector.pipeline_cycles);
  return cost;
}

Cost special_function_cost(const SpecialFunctionParams& sfu, std::int64_t sets, int passes) {
  Cost cost;
  cost.add("results", passes * ceil_div(sets, sfu.units) * sfu.interval_cycles);
  cost.add("pipeline", passes * sfu.pipeline_cycles);
  return cost;
}

double HostCost::total_ns() const {
  return task_ns + crossing_ns + convert_ns + layout_ns + text_ns + std::max(compute_ns, memory_ns);
}

HostCost host_cost(const HostParams& host, const HostDemand& demand) {
  const double ops_per_ns = static_cast<double>(host.cores) * host.simd_ops_per_cycle * host.clock_mhz / 1000;
  HostCost cost;
  cost.task_ns = host.task_overhead_us * 1000;
  cost.crossing_ns = static_cast<double>(demand.crossings) * host.crossing_overhead_us * 1000;
  cost.convert_ns = static_cast<double>(demand.convert_elements) * host.convert_ops_per_element / ops_per_ns;
  cost.layout_ns = static_cast<double>(demand.layout_elements) * host.layout_ops_per_element / ops_per_ns;
  cost.compute_ns = demand.compute_ops / ops_per_ns;
  cost.memory_ns = static_cast<double>(demand.memory_bytes) / host.bandwidth_gbps;
  cost.text_ns = static_cast<double>(demand.characters) * host.string_ns_per_char;
  return cost;
}

Cost price(const MachineParams& machine, const Program& program, const Command& command) {
  struct Visitor {
    const MachineParams& machine;
    const Program& program;
    const Command& command;

    const NormPlan& plan(int index) const { return program.norm_plans[static_cast<std::size_t>(index)]; }

    Cost operator()(const Transfer&) const {
      throw std::logic_error("price: a transfer's time is the DRAM's to tell");
    }
    Cost operator()(const Reduce& r) const {
      const LaneDemand demand = lane_demand(r.tile, plan(r.plan));
      if (command.unit == Unit::Reduction) return reduction_cost(machine.reduction, demand);
      const std::int64_t sets = r.tile.set_count();
      return mac_reduction_cost(machine.mac, sets, r.tile.element_count() / sets, demand.sums);
    }
    Cost operator()(const Combine& c) const {
      return vector_cost(machine.vector,
                         c.sets * static_cast<std::int64_t>(c.parts.size()) * 2);  // two sums a set
    }
    Cost operator()(const Finalise& f) const {
      const bool twice = plan(f.plan).epsilon_place == EpsilonPlace::OnDeviation;
      return special_function_cost(machine.sfu, f.sets, twice ? 2 : 1);
    }
    Cost operator()(const Apply& a) const {
      return vector_cost(machine.vector,
                         lanes_of(a.tile.element_count(), plan(a.plan).in.dtype, plan(a.plan).out.dtype));
    }
    Cost operator()(const Primitive& p) const {
      if (command.unit == Unit::Vector) return vector_cost(machine.vector, p.tile.element_count());
      if (command.unit == Unit::SpecialFunction)
        return special_function_cost(machine.sfu, p.tile.set_count(), 1);
      LaneDemand demand = lane_demand(p.tile, NormPlan{});
      demand.sums = 1;
      return reduction_cost(machine.reduction, demand);
    }
    Cost operator()(const Convolve& c) const {
      const ConvPlan& p = program.conv_plans[static_cast<std::size_t>(c.plan)];
      return conv_cost(machine.mac, p.problem, c.tile, p.in.dtype);
    }
    Cost operator()(const Elementwise& e) const {
      const ElementwisePlan& p = program.elementwise_plans[static_cast<std::size_t>(e.plan)];
      return vector_cost(machine.vector, takes_int16(p) ? 2 * e.elements : e.elements);
    }
    Cost operator()(const Lookup& l) const {
      const LookupPlan& p = program.lookup_plans[static_cast<std::size_t>(l.plan)];
      return lookup_cost(machine.vector, lanes_of(l.elements, p.in.dtype, p.out.dtype));
    }
    Cost operator()(const SoftmaxRows& s) const {
      // Three passes: the largest of each row, its exponentials and their sum, the division.
      const SoftmaxPlan& p = program.softmax_plans[static_cast<std::size_t>(s.plan)];
      const std::int64_t lanes = lanes_of(s.rows * s.shape.elements, p.in.dtype, p.out.dtype);
      Cost cost = lookup_cost(machine.vector, lanes);
      cost.add("largest", vector_cost(machine.vector, lanes).cycles);
      cost.add("division", vector_cost(machine.vector, lanes).cycles);
      return cost;
    }
    Cost operator()(const Multiply& m) const {
      return product_cost(machine.mac, program.product_plans[static_cast<std::size_t>(m.plan)], m.rows,
                          m.columns);
    }
    Cost operator()(const ReduceCodes& r) const {
      LaneDemand demand = lane_demand(r.tile, NormPlan{});
      demand.sums = 1;
      return reduction_cost(machine.reduction, demand);
    }
    Cost operator()(const FinishReduction& r) const {
      return command.unit == Unit::SpecialFunction ? special_function_cost(machine.sfu, r.sets, 1)
                                                   : vector_cost(machine.vector, r.sets);
    }
    Cost operator()(const Resample& r) const {
      // Rows are blended first, then columns: each product and its addition is one element of a pass.
      const ResamplePlan& p = program.resample_plans[static_cast<std::size_t>(r.plan)];
      const std::int64_t rows = r.tile.planes * r.tile.out_rows;
      Cost cost = vector_cost(machine.vector, rows * p.columns.in * p.rows.taps);
      cost.add("columns", vector_cost(machine.vector, rows * p.columns.out * p.columns.taps).cycles);
      return cost;
    }
    Cost operator()(const Pool& p) const {
      const PoolPlan& plan = program.pool_plans[static_cast<std::size_t>(p.plan)];
      const ConvProblem& w = plan.problem.window;
      const std::int64_t taken = p.tile.out_channels * p.tile.out_rows * w.ow * w.kh * w.kw;
      return vector_cost(machine.vector, lanes_of(taken, plan.in.dtype, plan.out.dtype));
    }
    Cost operator()(const HostTask& task) const {
      Cost cost;
      const double ns = host_cost(machine.host, task.demand).total_ns();
      cost.add("host", static_cast<std::int64_t>(std::ceil(ns * machine.bpu.clock_mhz / 1000)));
      return cost;
    }
  };
  return std::visit(Visitor{machine, program, command}, command.body);
}

}  // namespace bpusim
