#include "models/commands/vector_commands.h"

#include <vector>

#include "kernels/vector/pool.h"
#include "kernels/vector/softmax_int16.h"
#include "kernels/vector/unary.h"
#include "kernels/vector/vector_int16.h"
#include "models/commands/cost.h"
#include "models/commands/footprint.h"
#include "models/commands/memories.h"
#include "models/commands/plans.h"
#include "models/machine_params.h"

namespace bpusim {

const char* Elementwise::name(const Site&) const {
  return "Elementwise";
}

void Elementwise::relocate(std::int64_t offset) {
  for (auto* address : {&a, &b, &out}) *address += offset;
}

Footprint Elementwise::footprint(const Site& site, const Plans& plans) const {
  const ElementwisePlan& p = plans.of(*this);
  Footprint f;
  f.reads = {sram_access(site.core, a, elements * byte_size(p.in[0].dtype))};
  if (operand_count(p.kind) == 2)
    f.reads.push_back(
        sram_access(site.core, b, second_elements(broadcast, elements) * byte_size(p.in[1].dtype)));
  f.writes = {sram_access(site.core, out, elements * byte_size(p.out.dtype))};
  return f;
}

Cost Elementwise::price(const MachineParams& machine, const Site&, const Plans& plans) const {
  return vector_cost(machine.vector, elements * widest_bytes(plans.of(*this)));
}

void Elementwise::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const ElementwisePlan& p = plans.of(*this);
  const CoreSram sram = memories.sram(site.core);
  if (widest_bytes(p) == 1 && !p.beyond_64_bits)
    return elementwise_int8(p, sram.at<std::int8_t>(a), sram.at<std::int8_t>(b), elements,
                            sram.at<std::int8_t>(out), broadcast);
  auto first = sram.widened(a, elements, p.in[0].dtype);
  if (p.out.dtype == DType::Float32)
    return elementwise_float32(p, first.data(), elements, sram.at<float>(out));
  std::vector<std::int16_t> second;
  if (operand_count(p.kind) == 2)
    second = sram.widened(b, second_elements(broadcast, elements), p.in[1].dtype);
  elementwise_int16(p, first.data(), second.data(), elements, first.data(), broadcast);
  sram.narrow(first, out, p.out.dtype);
}

const char* Lookup::name(const Site&) const {
  return "Lookup";
}

void Lookup::relocate(std::int64_t offset) {
  in += offset;
  out += offset;
  if (table >= 0) table += offset;
}

Footprint Lookup::footprint(const Site& site, const Plans& plans) const {
  const LookupPlan& p = plans.of(*this);
  Footprint f;
  f.reads = {sram_access(site.core, in, elements * byte_size(p.in.dtype))};
  if (table >= 0) f.reads.push_back(sram_access(site.core, table, int16_table_bytes(p.segment_bits)));
  f.writes = {sram_access(site.core, out, elements * byte_size(p.out.dtype))};
  return f;
}

Cost Lookup::price(const MachineParams& machine, const Site&, const Plans& plans) const {
  const LookupPlan& p = plans.of(*this);
  return lookup_cost(machine.vector, lanes_taken(elements, p.in.dtype, p.out.dtype));
}

void Lookup::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const LookupPlan& p = plans.of(*this);
  const CoreSram sram = memories.sram(site.core);
  if (!takes_int16(p)) return lookup_int8(p, sram.at<std::int8_t>(in), elements, sram.at<std::int8_t>(out));
  auto codes = sram.widened(in, elements, p.in.dtype);
  lookup_int16(p, table >= 0 ? sram.at<std::uint8_t>(table) : nullptr, codes.data(), elements, codes.data());
  sram.narrow(codes, out, p.out.dtype);
}

const char* SoftmaxRows::name(const Site&) const {
  return "Softmax";
}

void SoftmaxRows::relocate(std::int64_t offset) {
  in += offset;
  out += offset;
}

Footprint SoftmaxRows::footprint(const Site& site, const Plans& plans) const {
  const SoftmaxPlan& p = plans.of(*this);
  const std::int64_t elements = rows * shape.elements;
  return {{sram_access(site.core, in, elements * byte_size(p.in.dtype))},
          {sram_access(site.core, out, elements * byte_size(p.out.dtype))}};
}

// Three passes: the largest of each row, its exponentials and their sum, the division.
Cost SoftmaxRows::price(const MachineParams& machine, const Site&, const Plans& plans) const {
  const SoftmaxPlan& p = plans.of(*this);
  const std::int64_t lanes = lanes_taken(rows * shape.elements, p.in.dtype, p.out.dtype);
  Cost cost = lookup_cost(machine.vector, lanes);
  cost.add("largest", vector_cost(machine.vector, lanes).cycles);
  cost.add("division", vector_cost(machine.vector, lanes).cycles);
  return cost;
}

void SoftmaxRows::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const SoftmaxPlan& p = plans.of(*this);
  const CoreSram sram = memories.sram(site.core);
  if (!takes_int16(p))
    return softmax_int8(p, sram.at<std::int8_t>(in), rows, shape, sram.at<std::int8_t>(out));
  auto codes = sram.widened(in, rows * shape.elements, p.in.dtype);
  softmax_int16(p, codes.data(), rows, shape, codes.data());
  sram.narrow(codes, out, p.out.dtype);
}

namespace {

std::int64_t pool_inputs(const PoolPlan& plan, const ConvTile& tile) {
  return tile.out_channels * tile.in_rows * plan.problem.window.iw;
}

std::int64_t pool_outputs(const PoolPlan& plan, const ConvTile& tile) {
  return tile.out_channels * tile.out_rows * plan.problem.window.ow;
}

}  // namespace

const char* Pool::name(const Site&) const {
  return "Pool";
}

void Pool::relocate(std::int64_t offset) {
  in += offset;
  out += offset;
}

Footprint Pool::footprint(const Site& site, const Plans& plans) const {
  const PoolPlan& p = plans.of(*this);
  return {{sram_access(site.core, in, pool_inputs(p, tile) * byte_size(p.in.dtype))},
          {sram_access(site.core, out, pool_outputs(p, tile) * byte_size(p.out.dtype))}};
}

Cost Pool::price(const MachineParams& machine, const Site&, const Plans& plans) const {
  const PoolPlan& p = plans.of(*this);
  const std::int64_t taken = pool_outputs(p, tile) * p.problem.window.kh * p.problem.window.kw;
  return vector_cost(machine.vector, lanes_taken(taken, p.in.dtype, p.out.dtype));
}

void Pool::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const PoolPlan& p = plans.of(*this);
  const CoreSram sram = memories.sram(site.core);
  if (!takes_int16(p)) return pool_tile_int8(tile, p, sram.at<std::int8_t>(in), sram.at<std::int8_t>(out));
  const auto input = sram.widened(in, pool_inputs(p, tile), p.in.dtype);
  std::vector<std::int16_t> output(static_cast<std::size_t>(pool_outputs(p, tile)));
  pool_tile_int16(tile, p, input.data(), output.data());
  sram.narrow(output, out, p.out.dtype);
}

const char* Resample::name(const Site&) const {
  return "Resample";
}

void Resample::relocate(std::int64_t offset) {
  in += offset;
  out += offset;
}

Footprint Resample::footprint(const Site& site, const Plans& plans) const {
  const ResamplePlan& p = plans.of(*this);
  const std::int64_t size = byte_size(p.grid.dtype);
  return {{sram_access(site.core, in, tile.planes * tile.in_rows * p.columns.in * size)},
          {sram_access(site.core, out, tile.planes * tile.out_rows * p.columns.out * size)}};
}

// Rows are blended first, then columns: each product and its addition is one element of a pass.
Cost Resample::price(const MachineParams& machine, const Site&, const Plans& plans) const {
  const ResamplePlan& p = plans.of(*this);
  const std::int64_t rows = tile.planes * tile.out_rows * byte_size(p.grid.dtype);
  Cost cost = vector_cost(machine.vector, rows * p.columns.in * p.rows.taps);
  cost.add("columns", vector_cost(machine.vector, rows * p.columns.out * p.columns.taps).cycles);
  return cost;
}

void Resample::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const CoreSram sram = memories.sram(site.core);
  const ResamplePlan& p = plans.of(*this);
  if (p.grid.dtype == DType::Int16)
    return resample_codes(tile, p, sram.at<std::int16_t>(in), sram.at<std::int16_t>(out));
  resample_codes(tile, p, sram.at<std::int8_t>(in), sram.at<std::int8_t>(out));
}

}  // namespace bpusim
