#include "models/commands/cost.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/norms/datapath.h"
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

std::int64_t bpu_cycles_of(double ns, const BpuParams& bpu) {
  if (!(ns < kLongestSeconds * 1e9))
    throw std::invalid_argument("a task on the host takes " + std::to_string(ns / 1e9) +
                                " s of machine time, more than the " + std::to_string(kLongestSeconds) +
                                " s that are simulated (2^63 femtoseconds)");
  return static_cast<std::int64_t>(std::ceil(ns * bpu.clock_mhz / 1000));
}

Cost matmul_cost(const MacArrayParams& mac, std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::int64_t r = mac.rows, c = mac.cols, skew = r + c - 2;
  std::int64_t folds = 0, load = 0, stream = 0;
  switch (mac.dataflow) {
    case Dataflow::OutputStationary:
      folds = ceil_div(m, r) * ceil_div(n, c);
      stream = k;
      break;
    case Dataflow::WeightStationary:
      folds = ceil_div(k, r) * ceil_div(n, c);
      load = r;  // the stationary operand enters row by row
      stream = m;
      break;
    case Dataflow::InputStationary:
      folds = ceil_div(k, r) * ceil_div(m, c);
      load = r;
      stream = n;
      break;
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

LaneDemand lane_demand(const NormTile& tile, int sums, int element_bytes) {
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
  demand.sums = sums;
  demand.element_bytes = element_bytes;
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

std::int64_t lanes_taken(std::int64_t elements, DType in, DType out) {
  return elements * std::max(byte_size(in), byte_size(out));
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

}  // namespace bpusim
