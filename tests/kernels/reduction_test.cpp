#include "kernels/vector/reduction.h"

#include <gtest/gtest.h>

#include <random>

namespace bpusim {
namespace {

// Two rows of three, reduced within the rows.
const NormTile kRows{{{2, false, 0}, {3, true, 0}}};
// The same six codes reduced over the rows: three columns of two.
const NormTile kColumns{{{2, true, 0}, {3, false, 0}}};
const std::vector<std::int8_t> kCodes = {1, -2, 5, 7, 3, -3};

std::vector<int> reduced(ReductionKind kind, const NormTile& tile, const Quantisation& in,
                         const Quantisation& out) {
  const std::int64_t sets = tile.set_count();
  const ReductionPlan plan =
      plan_reduction(kind, tile.element_count() / sets, in, out, 30, Rounding::HalfEven);
  std::vector<Partial> partials(static_cast<std::size_t>(sets));
  std::vector<std::int8_t> y(static_cast<std::size_t>(sets));
  reduce_codes(tile, plan, kCodes.data(), partials.data(), false);
  finish_reduction(plan, partials.data(), sets, y.data());
  return {y.begin(), y.end()};
}

TEST(Reduction, ByHand) {
  const Quantisation unit{1, 0}, coarse{2, 0};
  EXPECT_EQ(reduced(ReductionKind::Sum, kRows, unit, unit), (std::vector<int>{4, 7}));
  EXPECT_EQ(reduced(ReductionKind::Sum, kColumns, unit, unit), (std::vector<int>{8, 1, 2}));
  EXPECT_EQ(reduced(ReductionKind::Sum, kRows, unit, coarse), (std::vector<int>{2, 4}));  // 3.5 is a tie
  EXPECT_EQ(reduced(ReductionKind::Mean, kRows, unit, unit), (std::vector<int>{1, 2}));   // 4/3 and 7/3
  EXPECT_EQ(reduced(ReductionKind::L1, kRows, unit, unit), (std::vector<int>{8, 13}));
  EXPECT_EQ(reduced(ReductionKind::SumSquare, kRows, unit, unit), (std::vector<int>{30, 67}));
  EXPECT_EQ(reduced(ReductionKind::L2, kRows, unit, unit), (std::vector<int>{5, 8}));  // 5.48 and 8.19
  EXPECT_EQ(reduced(ReductionKind::Max, kRows, unit, unit), (std::vector<int>{5, 7}));
  EXPECT_EQ(reduced(ReductionKind::Min, kColumns, unit, unit), (std::vector<int>{1, -2, -3}));
}

TEST(Reduction, DistancesFromTheZeroPointAreReduced) {
  // Around 2: (-1, -4, 3) and (5, 1, -5): sums -2 and 1, squares 26 and 51; the output's zero is 10.
  EXPECT_EQ(reduced(ReductionKind::Sum, kRows, {1, 2}, {1, 10}), (std::vector<int>{8, 11}));
  EXPECT_EQ(reduced(ReductionKind::SumSquare, kRows, {1, 2}, {1, 10}), (std::vector<int>{36, 61}));
  EXPECT_EQ(reduced(ReductionKind::Max, kRows, {1, 2}, {1, 10}), (std::vector<int>{13, 15}));
}

TEST(Reduction, ChunksAddUp) {
  const ReductionPlan plan = plan_reduction(ReductionKind::Sum, 6, {1, 0}, {1, 0}, 30, Rounding::HalfEven);
  const NormTile half{{{1, false, 0}, {3, true, 0}}};
  Partial partial = 77;
  reduce_codes(half, plan, kCodes.data(), &partial, false);
  reduce_codes(half, plan, kCodes.data() + 3, &partial, true);
  EXPECT_EQ(partial, 11);
}

TEST(Reduction, EqualsTheIdealOnDrawnCodes) {
  std::mt19937 random(5);
  std::int64_t wrong = 0, count = 0;
  for (int round = 0; round < 200; ++round) {
    const NormTile tile{{{3, false, 0}, {1 + static_cast<std::int64_t>(random() % 900), true, 0}}};
    std::vector<std::int8_t> codes(static_cast<std::size_t>(tile.element_count()));
    for (std::int8_t& q : codes) q = static_cast<std::int8_t>(random());
    const Quantisation in{0.01 + static_cast<double>(random() % 100) * 0.01,
                          static_cast<std::int64_t>(random() % 60) - 30};
    for (const ReductionKind kind : {ReductionKind::Sum, ReductionKind::Mean, ReductionKind::L1,
                                     ReductionKind::SumSquare, ReductionKind::L2, ReductionKind::Max}) {
      const Quantisation out{in.scale * static_cast<double>(1 + random() % 500) * 0.37, 3};
      const ReductionPlan plan =
          plan_reduction(kind, tile.element_count() / 3, in, out, 30, Rounding::HalfEven);
      std::vector<Partial> partials(3);
      std::vector<std::int8_t> y(3);
      reduce_codes(tile, plan, codes.data(), partials.data(), false);
      finish_reduction(plan, partials.data(), 3, y.data());
      const auto ideal = ideal_reduction(plan, tile, {codes.begin(), codes.end()});
      for (std::size_t i = 0; i < 3; ++i, ++count) wrong += y[i] != ideal[i];
    }
  }
  EXPECT_EQ(count, 3600);
  EXPECT_LE(wrong, 2);  // a multiplier's 2^-30 beside a tie
}

}  // namespace
}  // namespace bpusim
