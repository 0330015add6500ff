#include "sim/operators/broadcast.h"

#include <algorithm>

#include "kernels/tensor/tensor_math.h"

namespace bpusim {

namespace {

// A dimension of the output, with the steps through both operands; 0 where one repeats.
struct Dim {
  std::int64_t count, a, b;
  bool alike(const Dim& other) const { return (a == 0) == (other.a == 0) && (b == 0) == (other.b == 0); }
};

// Outermost first; neighbours that both operands treat alike are one, dimensions of 1 are left out.
std::vector<Dim> merged_dims(const Shape& a, const Shape& b) {
  const Shape shape = broadcast_shape(a, b);
  std::vector<Dim> dims;
  std::int64_t step_a = 1, step_b = 1;
  for (std::size_t back = 0; back < shape.size(); ++back) {
    const std::int64_t extent = shape[shape.size() - 1 - back];
    const std::int64_t ea = back < a.size() ? a[a.size() - 1 - back] : 1,
                       eb = back < b.size() ? b[b.size() - 1 - back] : 1;
    if (extent != 1) {
      const Dim dim{extent, ea == 1 ? 0 : step_a, eb == 1 ? 0 : step_b};
      if (!dims.empty() && dims.front().alike(dim)) {
        dims.front().count *= extent;
      } else {
        dims.insert(dims.begin(), dim);
      }
    }
    step_a *= ea;
    step_b *= eb;
  }
  return dims;
}

}  // namespace

BroadcastBlocks broadcast_blocks(const Shape& a, const Shape& b) {
  std::vector<Dim> dims = merged_dims(a, b);
  BroadcastBlocks result;
  const Dim row = dims.empty() ? Dim{1, 1, 1} : dims.back();
  if (!dims.empty()) dims.pop_back();
  const Dim rows = dims.empty() ? Dim{1, 0, 0} : dims.back();
  if (!dims.empty()) dims.pop_back();
  const bool both = row.a != 0 && row.b != 0;
  // Of two whole rows the one that changes from row to row leads, so that the other is loaded once.
  result.swap = row.a == 0 || (both && rows.a == 0 && rows.b != 0);
  result.row = row.count;
  result.rows = rows.count;
  result.lead_stride = result.swap ? rows.b : rows.a;
  result.other_stride = result.swap ? rows.a : rows.b;
  result.second = !both                                         ? Operand::PerRow
                  : result.rows > 1 && result.other_stride == 0 ? Operand::PerColumn
                                                                : Operand::Full;
  result.blocks = {{0, 0}};
  for (const Dim& dim : dims) {
    std::vector<std::pair<std::int64_t, std::int64_t>> next;
    for (const auto& [lead, other] : result.blocks)
      for (std::int64_t i = 0; i < dim.count; ++i)
        next.emplace_back(lead + i * (result.swap ? dim.b : dim.a),
                          other + i * (result.swap ? dim.a : dim.b));
    result.blocks = std::move(next);
  }
  return result;
}

}  // namespace bpusim
