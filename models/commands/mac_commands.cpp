#include "models/commands/mac_commands.h"

#include <algorithm>
#include <vector>

#include "kernels/mac/conv_int16.h"
#include "kernels/mac/product.h"
#include "kernels/units.h"
#include "models/commands/cost.h"
#include "models/commands/footprint.h"
#include "models/commands/memories.h"
#include "models/commands/plans.h"
#include "models/machine_params.h"

namespace bpusim {

const char* Convolve::name(const Site&) const {
  return "Convolve";
}

void Convolve::relocate(std::int64_t offset) {
  for (auto* address : {&input, &weights, &entries, &out}) *address += offset;
}

Footprint Convolve::footprint(const Site& site, const Plans& plans) const {
  const ConvPlan& p = plans.of(*this);
  return {{sram_access(site.core, input, conv_inputs(p.problem, tile) * byte_size(p.in.dtype)),
           sram_access(site.core, weights, tile.out_channels * p.problem.taps()),
           sram_access(site.core, entries, tile.out_channels * kRecordBytes)},
          // Outputs that do not lie side by side span what is between them too.
          {sram_access(site.core, out, tile.output_span(p.problem.ow) * byte_size(p.out.dtype))}};
}

// Matrix products of pixels x outputs x taps, one a group, `groups_per_pass` groups side by side; several
// times where the activations are int16.
Cost Convolve::price(const MachineParams& machine, const Site&, const Plans& plans) const {
  const ConvPlan& p = plans.of(*this);
  const MacArrayParams& mac = machine.mac;
  const std::int64_t pixels = tile.samples * tile.out_rows * p.problem.ow;
  const std::int64_t outputs = std::min(tile.out_channels, p.problem.group_outputs());
  const std::int64_t groups = ceil_div(tile.out_channels, outputs);
  // Groups side by side share the columns.
  const std::int64_t side_by_side =
      std::max<std::int64_t>(1, std::min(mac.groups_per_pass, mac.cols / outputs));
  const std::int64_t passes =
      ceil_div(groups, side_by_side) * (p.in.dtype == DType::Int16 ? mac.int16_passes : 1);
  const Cost one = matmul_cost(mac, pixels, outputs, p.problem.taps());
  Cost cost;
  for (const Cost::Part& part : one.parts) cost.add(part.name, part.cycles * passes);
  return cost;
}

namespace {

// Results to where a tile's outputs lie; others lie in between where they are spread.
template <class Code>
void put(const std::vector<std::int32_t>& results, const ConvTile& tile, std::int64_t ow, Code* out) {
  const auto narrow = [](std::int32_t result) { return static_cast<Code>(result); };
  if (tile.column_step == 0) {
    std::transform(results.begin(), results.end(), out, narrow);
    return;
  }
  const std::int32_t* next = results.data();
  for (std::int64_t o = 0; o < tile.out_channels; ++o)
    for (std::int64_t y = 0; y < tile.out_rows; ++y)
      for (std::int64_t x = 0; x < ow; ++x)
        out[o * tile.plane_step + y * tile.row_step + x * tile.column_step] = narrow(*next++);
}

}  // namespace

void Convolve::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const ConvPlan& p = plans.of(*this);
  const CoreSram sram = memories.sram(site.core);
  const auto* taps = sram.at<std::int8_t>(weights);
  const auto* affine = sram.at<AffineEntry>(entries);
  if (!takes_int16(p))
    return conv_tile_int8(tile, p, sram.at<std::int8_t>(input), taps, affine, sram.at<std::int8_t>(out));
  const auto wide = sram.widened(input, conv_inputs(p.problem, tile), p.in.dtype);
  std::vector<std::int32_t> result(static_cast<std::size_t>(conv_outputs(p.problem, tile)));
  conv_tile_int16(tile, p, wide.data(), taps, affine, result.data());
  if (p.out.dtype == DType::Int8) return put(result, tile, p.problem.ow, sram.at<std::int8_t>(out));
  if (p.out.dtype == DType::Int16) return put(result, tile, p.problem.ow, sram.at<std::int16_t>(out));
  put(result, tile, p.problem.ow, sram.at<std::int32_t>(out));
}

std::int64_t passes_of(const ProductPlan& plan, const MacArrayParams& mac) {
  return (plan.a.dtype == DType::Int16 ? mac.int16_passes : 1) *
         (plan.b.dtype == DType::Int16 ? mac.int16_passes : 1);
}

const char* Multiply::name(const Site&) const {
  return "Multiply";
}

void Multiply::relocate(std::int64_t offset) {
  for (auto* address : {&a, &b, &out}) *address += offset;
}

Footprint Multiply::footprint(const Site& site, const Plans& plans) const {
  const ProductPlan& p = plans.of(*this);
  return {{sram_access(site.core, a, rows * p.inner * byte_size(p.a.dtype)),
           sram_access(site.core, b, p.inner * columns * byte_size(p.b.dtype))},
          {sram_access(site.core, out, rows * columns * byte_size(p.out.dtype))}};
}

// The second factor streams into the array row by row, however it lies. Where the factors' grids have zero
// points their sums over rows and columns are products with ones: one row and one column more. An int16
// factor goes through in its halves, so that two of them take the square of the passes of one.
Cost Multiply::price(const MachineParams& machine, const Site&, const Plans& plans) const {
  const ProductPlan& p = plans.of(*this);
  const Cost one =
      matmul_cost(machine.mac, rows + (p.b.asymmetric ? 1 : 0), columns + (p.a.asymmetric ? 1 : 0), p.inner);
  Cost cost;
  for (const Cost::Part& part : one.parts) cost.add(part.name, part.cycles * passes_of(p, machine.mac));
  return cost;
}

void Multiply::execute(const Site& site, const Plans& plans, Memories& memories) const {
  const CoreSram sram = memories.sram(site.core);
  const ProductPlan& p = plans.of(*this);
  if (!takes_int16(p))
    return product_tile_int8(p, rows, columns, sram.at<std::int8_t>(a), sram.at<std::int8_t>(b),
                             sram.at<std::int8_t>(out));
  const auto left = sram.widened(a, rows * p.inner, p.a.dtype),
             right = sram.widened(b, p.inner * columns, p.b.dtype);
  std::vector<std::int16_t> result(static_cast<std::size_t>(rows * columns));
  product_tile_int16(p, rows, columns, left.data(), right.data(), result.data());
  sram.narrow(result, out, p.out.dtype);
}

}  // namespace bpusim
