#include "kernels/vector/resample.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/not_run.h"

namespace bpusim {
namespace {

using Values = std::vector<double>;

Resize resize(const Shape& x, const Values& scales, const std::map<std::string, std::string>& words) {
  Attributes a;
  a.strings = words;
  const Tensor none({0}, {});
  return resolve_resize("Resize", a, x, {none, Tensor({static_cast<std::int64_t>(scales.size())}, scales)});
}

TEST(Resample, LinearByHand) {
  // Half pixels: outputs at -0.25, 0.25, 0.75, 1.25 of inputs 0 and 1.
  EXPECT_EQ(apply_resize(resize({2}, {2}, {{"mode", "linear"}}), {0, 8}), (Values{0, 2, 6, 8}));
  // Aligned corners: at 0, 1/3, 2/3, 1.
  const auto aligned = apply_resize(
      resize({2}, {2}, {{"mode", "linear"}, {"coordinate_transformation_mode", "align_corners"}}), {0, 9});
  EXPECT_NEAR(aligned[1], 3, 1e-12);
  EXPECT_NEAR(aligned[3], 9, 1e-12);
  // Asymmetric: at 0, 0.5, 1, 1.5, of which the last lies beyond.
  EXPECT_EQ(
      apply_resize(resize({2}, {2}, {{"mode", "linear"}, {"coordinate_transformation_mode", "asymmetric"}}),
                   {0, 8}),
      (Values{0, 4, 8, 8}));
}

TEST(Resample, OneOutputOfARegionIsItsMiddle) {
  Attributes a;
  a.strings = {{"mode", "linear"}, {"coordinate_transformation_mode", "tf_crop_and_resize"}};
  // From 0.5 to 1 of five elements: half of 1.5 times 4.
  const Resize crop =
      resolve_resize("Resize", a, {5}, {Tensor({2}, {0.5, 1}), Tensor({0}, {}), Tensor({1}, {1})});
  EXPECT_EQ(apply_resize(crop, {10, 20, 30, 40, 50}), Values{40});
}

TEST(Resample, NearestByAFraction) {
  // 2 to 3: at -1/6, 1/2, 7/6; one half goes to the lower one.
  EXPECT_EQ(apply_resize(resize({2}, {1.5}, {}), {4, 5}), (Values{4, 4, 5}));
}

TEST(Resample, AnAxisOfMoreTapsThanMemoryHoldsIsNotRun) {
  EXPECT_THROW(resize({4}, {1e9}, {}), NotRun);
  EXPECT_NO_THROW(resize({4}, {1e5}, {}));
}

TEST(Resample, CubicKeepsConstantsAndItsPoints) {
  for (const double y : apply_resize(resize({5}, {2}, {{"mode", "cubic"}}), {3, 3, 3, 3, 3}))
    EXPECT_NEAR(y, 3, 1e-12);
}

TEST(Resample, IntegersAreTheRealSumsRoundedOnce) {
  const Resize r = resize({1, 2, 2}, {1, 2, 2}, {{"mode", "linear"}});
  const ResamplePlan plan = plan_resample(r, {1, 5}, Rounding::HalfEven);
  const ResampleTile tile = resample_tile(plan, 1, 0, 4);
  EXPECT_EQ(tile.in_rows, 2);
  const std::int8_t x[] = {10, 20, 31, 41};
  std::int8_t y[16];
  resample_codes(tile, plan, x, y);
  const auto real = apply_resize(r, {10, 20, 31, 41});
  // (1, 1): 9/16 of 10, 3/16 of 20 and 31, 1/16 of 41: 17.75.
  EXPECT_DOUBLE_EQ(real[5], 17.75);
  EXPECT_EQ(y[5], 18);
  // Distances from the zero point are rounded, so that ties go to even distances.
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(y[i], std::nearbyint(real[i] - 5) + 5) << i;
}

TEST(Resample, RowsAloneAreTheSameRows) {
  const Resize r = resize({1, 9, 4}, {1, 1.7, 2.3}, {{"mode", "linear"}});
  const ResamplePlan plan = plan_resample(r, {1, 0}, Rounding::HalfEven);
  std::vector<std::int8_t> x(36), whole(15 * 9), part(9);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::int8_t>(i * 29 % 97);
  ASSERT_EQ(r.shape(), (Shape{1, 15, 9}));
  resample_codes(resample_tile(plan, 1, 0, 15), plan, x.data(), whole.data());
  for (std::int64_t row = 0; row < 15; ++row) {
    const ResampleTile tile = resample_tile(plan, 1, row, 1);
    resample_codes(tile, plan, x.data() + tile.in_row * 4, part.data());
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + row * 9)) << row;
  }
}

TEST(Resample, OnlyTheLastTwoAxesAreForTheVectorUnit) {
  EXPECT_THROW(plan_resample(resize({2, 2, 2}, {2, 1, 1}, {{"mode", "linear"}}), {1, 0}, Rounding::HalfEven),
               std::invalid_argument);
}

}  // namespace
}  // namespace bpusim
