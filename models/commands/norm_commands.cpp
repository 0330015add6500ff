#include "models/commands/norm_commands.h"

#include <cstring>

#include "models/commands/cost.h"
#include "models/commands/footprint.h"
#include "models/commands/memories.h"
#include "models/commands/plans.h"
#include "models/machine_params.h"

namespace bpusim {

const char* Reduce::name(const Site&) const {
  return "Reduce";
}

void Reduce::relocate(std::int64_t offset) {
  codes += offset;
  sums += offset;
}

Footprint Reduce::footprint(const Site& site, const Plans& plans) const {
  const Access total = sram_access(site.core, sums, tile.set_count() * kRecordBytes);
  Footprint f;
  f.reads = {sram_access(site.core, codes, tile.element_count() * byte_size(plans.of(*this).in.dtype))};
  if (accumulate) f.reads.push_back(total);
  f.writes = {total};
  return f;
}

Cost Reduce::price(const MachineParams& machine, const Site& site, const Plans& plans) const {
  const NormPlan& p = plans.of(*this);
  const bool needs_sum = subtracts_mean(p.statistic) || (p.in.asymmetric && !sums_magnitudes(p.statistic));
  const int needed = needs_sum ? 2 : 1;
  if (site.unit == Unit::Reduction)
    return reduction_cost(machine.reduction, lane_demand(tile, needed, byte_size(p.in.dtype)));
  const std::int64_t sets = tile.set_count();
  return mac_reduction_cost(machine.mac, sets, tile.element_count() / sets, needed);
}

void Reduce::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const NormPlan& p = plans.of(*this);
  const CoreSram sram = memories.sram(site.core);
  auto* total = sram.at<SetSums>(sums);
  memories.overflows += p.in.dtype == DType::Int8
                            ? reduce_tile(tile, p, sram.at<std::int8_t>(codes), total, accumulate)
                            : reduce_tile(tile, p, sram.at<std::int16_t>(codes), total, accumulate);
}

const char* Combine::name(const Site&) const {
  return "Combine";
}

void Combine::relocate(std::int64_t offset) {
  for (Part& part : parts) part.sums += offset;
  into += offset;
}

Footprint Combine::footprint(const Site& site, const Plans&) const {
  Footprint f;
  for (const Part& part : parts) f.reads.push_back(sram_access(part.core, part.sums, sets * kRecordBytes));
  f.writes = {sram_access(site.core, into, sets * kRecordBytes)};
  return f;
}

Cost Combine::price(const MachineParams& machine, const Site&, const Plans&) const {
  constexpr std::int64_t kSumsOfASet = 2;
  return vector_cost(machine.vector, sets * static_cast<std::int64_t>(parts.size()) * kSumsOfASet);
}

void Combine::execute(const Site& site, const Plans&, Memories& memories) const {
  std::vector<SetSums> total(static_cast<std::size_t>(sets));
  for (const Part& part : parts) {
    const auto* sums = memories.sram(part.core).at<SetSums>(part.sums);
    for (std::size_t i = 0; i < total.size(); ++i) {
      total[i].sum += sums[i].sum;
      total[i].square_sum += sums[i].square_sum;
    }
  }
  std::memcpy(memories.sram(site.core).bytes + into, total.data(), total.size() * sizeof(SetSums));
}

const char* Finalise::name(const Site&) const {
  return "Finalise";
}

void Finalise::relocate(std::int64_t offset) {
  sums += offset;
  scales += offset;
}

Footprint Finalise::footprint(const Site& site, const Plans&) const {
  return {{sram_access(site.core, sums, sets * kRecordBytes)},
          {sram_access(site.core, scales, sets * kRecordBytes)}};
}

Cost Finalise::price(const MachineParams& machine, const Site&, const Plans& plans) const {
  const NormPlan& p = plans.of(*this);
  const bool twice = p.epsilon_place == EpsilonPlace::OnDeviation;
  const bool finer = p.out.dtype == DType::Int16;  // another Newton step on twice as many bits
  return special_function_cost(machine.sfu, sets, (twice ? 2 : 1) * (finer ? 2 : 1));
}

void Finalise::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const NormPlan& p = plans.of(*this);
  const RsqrtUnit rsqrt(p.widths.rsqrt);
  const CoreSram sram = memories.sram(site.core);
  const auto* from = sram.at<SetSums>(sums);
  auto* to = sram.at<SetScale>(scales);
  for (std::int64_t i = 0; i < sets; ++i) to[i] = finalise_set(p, from[i], rsqrt);
}

const char* Apply::name(const Site&) const {
  return "Apply";
}

void Apply::relocate(std::int64_t offset) {
  for (auto* address : {&codes, &scales, &entries, &out}) *address += offset;
}

Footprint Apply::footprint(const Site& site, const Plans& plans) const {
  const NormPlan& p = plans.of(*this);
  const std::int64_t elements = tile.element_count();
  Footprint f;
  f.reads = {sram_access(site.core, codes, elements * byte_size(p.in.dtype)),
             sram_access(site.core, entries, entry_count * kRecordBytes)};
  if (p.statistic != Statistic::Given)
    f.reads.push_back(sram_access(site.core, scales, tile.set_count() * kRecordBytes));
  f.writes = {sram_access(site.core, out, elements * byte_size(p.out.dtype))};
  return f;
}

Cost Apply::price(const MachineParams& machine, const Site&, const Plans& plans) const {
  const NormPlan& p = plans.of(*this);
  return vector_cost(machine.vector, lanes_taken(tile.element_count(), p.in.dtype, p.out.dtype));
}

void Apply::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const NormPlan& p = plans.of(*this);
  const CoreSram sram = memories.sram(site.core);
  const auto* scale = sram.at<SetScale>(scales);
  const auto* affine = sram.at<AffineEntry>(entries);
  if (p.in.dtype != p.out.dtype) {
    std::vector<std::int16_t> wide = sram.widened(codes, tile.element_count(), p.in.dtype);
    apply_tile(tile, p, wide.data(), scale, affine, wide.data());
    sram.narrow(wide, out, p.out.dtype);
  } else if (p.in.dtype == DType::Int8) {
    apply_tile(tile, p, sram.at<std::int8_t>(codes), scale, affine, sram.at<std::int8_t>(out));
  } else {
    apply_tile(tile, p, sram.at<std::int16_t>(codes), scale, affine, sram.at<std::int16_t>(out));
  }
}

const char* Primitive::name(const Site&) const {
  return to_string(op);
}

void Primitive::relocate(std::int64_t offset) {
  for (auto* address : {&at.codes, &at.wide, &at.work, &at.mean, &at.sum, &at.deviation, &at.gamma, &at.beta})
    *address += offset;
}

Footprint Primitive::footprint(const Site& site, const Plans& plans) const {
  Footprint f;
  for (const PrimitiveSpan& span : primitive_spans(plans.of(*this), op, tile, at))
    (span.write ? f.writes : f.reads).push_back(sram_access(site.core, span.begin, span.bytes));
  return f;
}

Cost Primitive::price(const MachineParams& machine, const Site& site, const Plans&) const {
  if (site.unit == Unit::Vector) return vector_cost(machine.vector, tile.element_count());
  if (site.unit == Unit::SpecialFunction) return special_function_cost(machine.sfu, tile.set_count(), 1);
  return reduction_cost(machine.reduction, lane_demand(tile, 1, 1));
}

void Primitive::execute(const Site& site, const Plans& plans, Memories& memories) const {
  run_primitive(plans.of(*this), op, tile, at, memories.sram(site.core).bytes);
}

}  // namespace bpusim
