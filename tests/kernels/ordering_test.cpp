// Elements by their order, their number and their place: small tensors, by hand.
#include <gtest/gtest.h>

#include "kernels/tensor/bits.h"
#include "kernels/tensor/determinant.h"
#include "kernels/tensor/finding.h"
#include "kernels/tensor/ranking.h"
#include "kernels/tensor/scatter.h"
#include "kernels/tensor/sweep.h"

namespace bpusim {
namespace {

using Values = std::vector<double>;

Tensor vec(Values values) {
  const auto n = static_cast<std::int64_t>(values.size());
  return Tensor({n}, std::move(values));
}

TEST(Ranking, TheLargestComeFirstAndOfEqualOnesTheFirst) {
  const Tensor x({2, 4}, {3, 1, 3, 2, -1, -5, 0, -5});
  Ranked top = top_k(x, 3, 1, true);
  EXPECT_EQ(top.values.shape, (Shape{2, 3}));
  EXPECT_EQ(top.values.values, (Values{3, 3, 2, 0, -1, -5}));
  EXPECT_EQ(top.indices.values, (Values{0, 2, 3, 2, 0, 1}));
  top = top_k(x, 1, 1, false);
  EXPECT_EQ(top.values.values, (Values{1, -5}));
  EXPECT_EQ(top.indices.values, (Values{1, 1}));
  top = top_k(x, 1, 0, true);  // down the columns
  EXPECT_EQ(top.values.values, (Values{3, 1, 3, 2}));
  EXPECT_EQ(top.indices.values, (Values{0, 0, 0, 0}));
  EXPECT_THROW(top_k(x, 5, 1, true), std::invalid_argument);
  EXPECT_EQ(top_k(x, 0, 1, true).values.shape, (Shape{2, 0}));
}

TEST(Ranking, HardmaxMarksTheFirst) {
  EXPECT_EQ(hardmax(Tensor({2, 3}, {1, 3, 3, 0, -1, -2}), 1).values, (Values{0, 1, 0, 1, 0, 0}));
  EXPECT_EQ(hardmax(Tensor({2, 3}, {1, 3, 3, 0, -1, 4}), 0).values, (Values{1, 1, 0, 0, 0, 1}));
}

// Slices [1] and [-1] of three, of two numbers each.
TEST(Scatter, SlicesByTuples) {
  const Tensor x({3, 2}, {1, 2, 3, 4, 5, 6}), indices({2, 1}, {1, -1}), updates({2, 2}, {10, 20, 30, 40});
  EXPECT_EQ(scatter_nd(x, indices, updates, ScatterReduction::None).values, (Values{1, 2, 10, 20, 30, 40}));
  EXPECT_EQ(scatter_nd(x, indices, updates, ScatterReduction::Add).values, (Values{1, 2, 13, 24, 35, 46}));
  const Tensor twice({2, 1}, {0, 0});
  EXPECT_EQ(scatter_nd(x, twice, updates, ScatterReduction::Mul).values, (Values{300, 1600, 3, 4, 5, 6}));
  EXPECT_EQ(scatter_nd(x, twice, updates, ScatterReduction::Max).values, (Values{30, 40, 3, 4, 5, 6}));
  EXPECT_EQ(scatter_nd(x, twice, updates, ScatterReduction::Min).values, (Values{1, 2, 3, 4, 5, 6}));
  EXPECT_THROW(scatter_nd(x, Tensor({2, 1}, {0, 3}), updates, ScatterReduction::None), std::invalid_argument);
  EXPECT_THROW(scatter_nd(x, indices, vec({1}), ScatterReduction::None), std::invalid_argument);
}

TEST(Scatter, ElementsAlongAnAxis) {
  const Tensor x({2, 3}, {0, 0, 0, 0, 0, 0}), indices({2, 2}, {2, 0, -2, 1}), updates({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(scatter_elements(x, indices, updates, 1, ScatterReduction::None).values,
            (Values{2, 0, 1, 0, 4, 0}));  // 3 and then 4 go to one place
  EXPECT_EQ(scatter_elements(x, indices, updates, 1, ScatterReduction::Add).values,
            (Values{2, 0, 1, 0, 7, 0}));
  EXPECT_EQ(
      scatter_elements(x, Tensor({1, 2}, {1, 0}), Tensor({1, 2}, {5, 6}), 0, ScatterReduction::None).values,
      (Values{0, 6, 0, 5, 0, 0}));
  EXPECT_EQ(scatter_reduction("min"), ScatterReduction::Min);
  EXPECT_THROW(scatter_reduction("mean"), std::invalid_argument);
}

TEST(Finding, PlacesOfWhatIsNotZero) {
  const Tensor found = non_zero(Tensor({2, 2}, {1, 0, -1, 2}));
  EXPECT_EQ(found.shape, (Shape{2, 3}));
  EXPECT_EQ(found.values, (Values{0, 1, 1, 0, 0, 1}));
  EXPECT_EQ(non_zero(Tensor({2}, {0, 0})).shape, (Shape{1, 0}));
  EXPECT_EQ(non_zero(Tensor({}, {5})).shape, (Shape{1, 1}));
}

TEST(Finding, CompressKeepsWhereTheConditionHolds) {
  const Tensor x({3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(compress(x, vec({0, 1, 1}), 0).values, (Values{3, 4, 5, 6}));
  EXPECT_EQ(compress(x, vec({0, 1}), 1).values, (Values{2, 4, 6}));
  EXPECT_EQ(compress(x, vec({0, 1, 0, 0, 1}), std::nullopt).values, (Values{2, 5}));
  EXPECT_THROW(compress(x, vec({1, 1, 1}), 1), std::invalid_argument);
}

TEST(Finding, DistinctElements) {
  const Distinct by_size = unique(vec({2, 1, 1, 3, 4, 3}), std::nullopt, true);
  EXPECT_EQ(by_size.values.values, (Values{1, 2, 3, 4}));
  EXPECT_EQ(by_size.first.values, (Values{1, 0, 3, 4}));
  EXPECT_EQ(by_size.inverse.values, (Values{1, 0, 0, 2, 3, 2}));
  EXPECT_EQ(by_size.counts.values, (Values{2, 1, 2, 1}));
  const Distinct as_met = unique(vec({2, 1, 1, 3, 4, 3}), std::nullopt, false);
  EXPECT_EQ(as_met.values.values, (Values{2, 1, 3, 4}));
  EXPECT_EQ(as_met.inverse.values, (Values{0, 1, 1, 2, 3, 2}));
  const Distinct rows = unique(Tensor({3, 2}, {1, 0, 1, 0, 0, 9}), 0, true);
  EXPECT_EQ(rows.values.values, (Values{0, 9, 1, 0}));
  EXPECT_EQ(rows.counts.values, (Values{1, 2}));
}

TEST(Sweep, Sums) {
  const Tensor x({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(cumulative_sum(x, 1, false, false).values, (Values{1, 3, 6, 4, 9, 15}));
  EXPECT_EQ(cumulative_sum(x, 1, true, false).values, (Values{0, 1, 3, 0, 4, 9}));
  EXPECT_EQ(cumulative_sum(x, 1, false, true).values, (Values{6, 5, 3, 15, 11, 6}));
  EXPECT_EQ(cumulative_sum(x, 0, true, true).values, (Values{4, 5, 6, 0, 0, 0}));
}

// Steps along axis 0, two samples: the first three of four turn round, then one alone stays.
TEST(Sweep, SequencesTurnRound) {
  const Tensor x({4, 2}, {0, 4, 1, 5, 2, 6, 3, 7});
  EXPECT_EQ(reverse_sequence(x, vec({3, 1}), 1, 0).values, (Values{2, 4, 1, 5, 0, 6, 3, 7}));
  EXPECT_EQ(reverse_sequence(x, vec({1, 2, 2, 0}), 0, 1).values, (Values{0, 4, 5, 1, 6, 2, 3, 7}));
  EXPECT_THROW(reverse_sequence(x, vec({5, 1}), 1, 0), std::invalid_argument);
  EXPECT_THROW(reverse_sequence(x, vec({1}), 1, 0), std::invalid_argument);
}

TEST(Bits, OfTwosComplement) {
  EXPECT_EQ(bitwise("BitwiseAnd", vec({12, -1}), vec({10})).values, (Values{8, 10}));
  EXPECT_EQ(bitwise("BitwiseOr", vec({12, -8}), vec({10})).values, (Values{14, -6}));
  EXPECT_EQ(bitwise("BitwiseXor", vec({12}), vec({10})).values, (Values{6}));
  EXPECT_EQ(bitwise("BitShift", vec({1, 3, 3}), vec({3, 1, 64}), true).values, (Values{8, 6, 0}));
  EXPECT_EQ(bitwise("BitShift", vec({16, 7}), vec({3, 1}), false).values, (Values{2, 3}));
  EXPECT_EQ(bitwise_not(vec({0, 5, -1})).values, (Values{-1, -6, 0}));
  Tensor bytes = bitwise_not(vec({0, 5, 255}));
  make_exact(bytes.values, DType::UInt8);
  EXPECT_EQ(bytes.values, (Values{255, 250, 0}));
}

// 1 * 4 - 2 * 3 = -2; a row exchanged changes the sign.
TEST(Determinant, OfEachMatrix) {
  const Tensor d = determinant(Tensor({3, 2, 2}, {1, 2, 3, 4, 0, 1, 1, 0, 2, 4, 1, 2}));
  EXPECT_EQ(d.shape, (Shape{3}));
  EXPECT_DOUBLE_EQ(d.values[0], -2);
  EXPECT_DOUBLE_EQ(d.values[1], -1);
  EXPECT_EQ(d.values[2], 0);
  EXPECT_THROW(determinant(Tensor({2, 3}, {1, 2, 3, 4, 5, 6})), std::invalid_argument);
}

TEST(Determinant, Inverses) {
  EXPECT_EQ(inverse(Tensor({2, 2}, {0, 2, 4, 0})).values, (Values{0, 0.25, 0.5, 0}));
  EXPECT_THROW(inverse(Tensor({2, 2}, {1, 2, 2, 4})), std::invalid_argument);
}

}  // namespace
}  // namespace bpusim
