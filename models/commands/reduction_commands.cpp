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

Footprint ReduceCodes::footprint(const Site& site, const Plans&) const {
  const Access total = sram_access(site.core, partials, tile.set_count() * kPartialBytes);
  Footprint f;
  f.reads = {sram_access(site.core, codes, tile.element_count())};
  if (accumulate) f.reads.push_back(total);
  f.writes = {total};
  return f;
}

Cost ReduceCodes::price(const MachineParams& machine, const Site&, const Plans&) const {
  return reduction_cost(machine.reduction, lane_demand(tile, 1, 1));
}

void ReduceCodes::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const CoreSram sram = memories.sram(site.core);
  reduce_codes(tile, plans.of(*this), sram.at<std::int8_t>(codes), sram.at<Partial>(partials), accumulate);
}

const char* FinishReduction::name(const Site&) const {
  return "FinishReduction";
}

void FinishReduction::relocate(std::int64_t offset) {
  partials += offset;
  out += offset;
}

Footprint FinishReduction::footprint(const Site& site, const Plans&) const {
  return {{sram_access(site.core, partials, sets * kPartialBytes)}, {sram_access(site.core, out, sets)}};
}

Cost FinishReduction::price(const MachineParams& machine, const Site& site, const Plans&) const {
  return site.unit == Unit::SpecialFunction ? special_function_cost(machine.sfu, sets, 1)
                                            : vector_cost(machine.vector, sets);
}

void FinishReduction::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const CoreSram sram = memories.sram(site.core);
  finish_reduction(plans.of(*this), sram.at<Partial>(partials), sets, sram.at<std::int8_t>(out));
}

}  // namespace bpusim
