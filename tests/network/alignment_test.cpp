#include "sim/network/patterns/alignment.h"

#include <gtest/gtest.h>

namespace bpusim {
namespace {

std::string written(const std::optional<std::vector<Piece>>& pieces) {
  if (!pieces) return "none";
  std::string text;
  for (const Piece& p : *pieces)
    text += std::to_string(p.extent) + ":" + std::to_string(p.a) + "," + std::to_string(p.b) + " ";
  return text;
}

TEST(Alignment, CutsWhereEitherShapeDoes) {
  // 2 x 6 x 20 beside 2 x 3 x 40: 6 is 3 by 2, and 40 is that 2 by 20.
  EXPECT_EQ(written(align({2, 6, 20}, {2, 3, 40})), "2:0,0 3:1,1 2:1,2 20:2,2 ");
  EXPECT_EQ(written(align({1, 6, 1}, {6})), "6:1,0 ");
  EXPECT_EQ(written(align({1, 1}, {1})), "");
  EXPECT_EQ(written(align({6, 4}, {4, 6})), "none");  // 4 ends within 6
  EXPECT_EQ(written(align({6}, {5})), "none");
}

// Two numbers along the groups of 2 x 6 x 4, seen as 2 x 2 x 12: channels 0 to 2 have 5, channels 3 to 5
// have 7.
TEST(Alignment, ConstantsByTheAxesOfAnotherShape) {
  const AffineStep step{true, Tensor({2, 1}, {5, 7}), Shape{2, 2, 12}};
  const Shape x = {2, 6, 4};
  EXPECT_EQ(varying_axes(step, x), (std::vector<bool>{false, true, false}));
  const auto by_channel = over_axes(step, x, {false, true, false});
  ASSERT_TRUE(by_channel.has_value());
  EXPECT_EQ(by_channel->shape, Shape{6});
  EXPECT_EQ(by_channel->values, (std::vector<double>{5, 5, 5, 7, 7, 7}));
  EXPECT_FALSE(over_axes(step, x, {false, false, true}).has_value());  // depends on the channel
}

// A number an axis has entries for may be the same for all of them: then nothing depends on that axis.
TEST(Alignment, EqualEntriesAreNoDependence) {
  const AffineStep repeated{true, Tensor({6, 1}, {1, 2, 3, 1, 2, 3}), Shape{6, 4}};
  const auto by_channel = over_axes(repeated, {2, 3, 4}, {false, true, false});
  ASSERT_TRUE(by_channel.has_value());
  EXPECT_EQ(by_channel->values, (std::vector<double>{1, 2, 3}));
  const AffineStep different{true, Tensor({6, 1}, {1, 2, 3, 4, 5, 6}), Shape{6, 4}};
  EXPECT_FALSE(over_axes(different, {2, 3, 4}, {false, true, false}).has_value());
  const AffineStep unknown{true, Tensor({6, 1}, {1, 2, 3, 4, 5, 6}), std::nullopt};
  EXPECT_FALSE(varying_axes(unknown, {6, 4}).has_value());
}

}  // namespace
}  // namespace bpusim
