#include "models/commands/reduction_commands.h"

#include "kernels/vector/reduction.h"
#include "models/commands/cost.h"
#include "models/commands/footprint.h"
#include "models/commands/memories.h"
#include "models/commands/plans.h"
#include "models/machine_params.h"

namespace bpusim {

namespace {

constexpr std::int64_t kPartialBytes = sizeof(Partial);

}  // namespace

const char* ReduceCodes::name(const Site&) const {
  return "ReduceCodes";
}

void ReduceCodes::relocate(std::int64_t offset) {
  codes += offset;
  partials += offset;
}

Footprint ReduceCodes::footprint(const Site& site, const Plans& plans) const {
  const Access total = sram_access(site.core, partials, tile.set_count() * kPartialBytes);
  Footprint f;
  f.reads = {sram_access(site.core, codes, tile.element_count() * byte_size(plans.of(*this).in.dtype))};
  if (accumulate) f.reads.push_back(total);
  f.writes = {total};
  return f;
}

Cost ReduceCodes::price(const MachineParams& machine, const Site&, const Plans& plans) const {
  return reduction_cost(machine.reduction, lane_demand(tile, 1, byte_size(plans.of(*this).in.dtype)));
}

void ReduceCodes::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const CoreSram sram = memories.sram(site.core);
  const ReductionPlan& p = plans.of(*this);
  if (p.in.dtype == DType::Int16)
    return reduce_codes(tile, p, sram.at<std::int16_t>(codes), sram.at<Partial>(partials), accumulate);
  reduce_codes(tile, p, sram.at<std::int8_t>(codes), sram.at<Partial>(partials), accumulate);
}

const char* FinishReduction::name(const Site&) const {
  return "FinishReduction";
}

void FinishReduction::relocate(std::int64_t offset) {
  partials += offset;
  out += offset;
}

Footprint FinishReduction::footprint(const Site& site, const Plans& plans) const {
  return {{sram_access(site.core, partials, sets * kPartialBytes)},
          {sram_access(site.core, out, sets * byte_size(plans.of(*this).out.dtype))}};
}

Cost FinishReduction::price(const MachineParams& machine, const Site& site, const Plans& plans) const {
  return site.unit == Unit::SpecialFunction
             ? special_function_cost(machine.sfu, sets, 1)
             : vector_cost(machine.vector, sets * byte_size(plans.of(*this).out.dtype));
}

void FinishReduction::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const CoreSram sram = memories.sram(site.core);
  const ReductionPlan& p = plans.of(*this);
  if (p.out.dtype == DType::Int16)
    return finish_reduction(p, sram.at<Partial>(partials), sets, sram.at<std::int16_t>(out));
  finish_reduction(p, sram.at<Partial>(partials), sets, sram.at<std::int8_t>(out));
}

}  // namespace bpusim
