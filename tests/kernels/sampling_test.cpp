// Images between their pixels and in regions, and boxes that cover each other: small ones, by hand.
#include "kernels/vector/sampling.h"

#include <gtest/gtest.h>

#include "kernels/vector/boxes.h"
#include "kernels/vector/lp_pool.h"

namespace bpusim {
namespace {

using Values = std::vector<double>;

Attributes words(std::map<std::string, std::string> given, std::map<std::string, std::int64_t> numbers = {}) {
  Attributes attributes;
  attributes.strings = std::move(given);
  attributes.ints = std::move(numbers);
  return attributes;
}

// Of the image [1 2; 3 4] at places (x, y).
Values sampled(const Attributes& attributes, const Values& places) {
  const auto count = static_cast<std::int64_t>(places.size() / 2);
  return grid_sample(attributes, Tensor({1, 1, 2, 2}, {1, 2, 3, 4}), Tensor({1, 1, count, 2}, places)).values;
}

// With corners at -1 and 1 the middle is the mean, and x goes along a row.
TEST(GridSample, PlacesBetweenPixels) {
  EXPECT_EQ(sampled(words({}, {{"align_corners", 1}}), {0, 0, -1, -1, 1, -1, 0, -1}),
            (Values{2.5, 1, 2, 1.5}));
  // Without them -1 is half a pixel before the first: what lies outside is 0 there, 1/4 of 1.
  EXPECT_EQ(sampled({}, {0, 0, -1, -1, -0.5, -0.5}), (Values{2.5, 0.25, 1}));
  EXPECT_EQ(sampled(words({{"mode", "nearest"}}, {{"align_corners", 1}}), {0.2, -1, -0.2, 1}),
            (Values{2, 3}));
}

// A pixel to the right of the image: nothing, the edge, or the pixel before the edge.
TEST(GridSample, WhatLiesOutside) {
  for (const auto& [padding, value] :
       std::map<std::string, double>{{"zeros", 0}, {"border", 3}, {"reflection", 2}})
    EXPECT_EQ(sampled(words({{"padding_mode", padding}}, {{"align_corners", 1}}), {3, 0}), Values{value})
        << padding;
  EXPECT_EQ(sampled({}, {1e30, 0}), Values{0});
  EXPECT_EQ(sampled(words({{"padding_mode", "border"}}), {1e30, 0}), Values{3});
  EXPECT_THROW(sampled(words({{"mode", "quadratic"}}), {0, 0}), std::invalid_argument);
}

// A cubic through a straight line is the line, where all four pixels are there: between 1 and 2 of 0 1 2 3.
TEST(GridSample, Cubic) {
  const Tensor x({1, 1, 1, 4}, {0, 1, 2, 3});
  const Attributes cubic = words({{"mode", "cubic"}, {"padding_mode", "border"}}, {{"align_corners", 1}});
  EXPECT_NEAR(grid_sample(cubic, x, Tensor({1, 1, 1, 2}, {0, 0})).values[0], 1.5, 1e-12);
}

// Pixels are their column. A region of 2 x 2 from the corner has its middle at 1, half a pixel less where
// pixels have their middles at halves.
TEST(RoiAlign, MiddlesOfRegions) {
  Tensor x = Tensor::filled({1, 1, 4, 4}, 0);
  for (std::size_t i = 0; i < 16; ++i) x.values[i] = static_cast<double>(i % 4);
  const Tensor region({1, 4}, {0, 0, 2, 2}), sample({1}, {0});
  Attributes a = words({{"coordinate_transformation_mode", "half_pixel"}}, {{"sampling_ratio", 1}});
  EXPECT_EQ(roi_align(a, 16, x, region, sample).values, Values{0.5});
  a.strings["coordinate_transformation_mode"] = "output_half_pixel";
  EXPECT_EQ(roi_align(a, 16, x, region, sample).values, Values{1});
  a.ints["output_width"] = 2;  // cells of one pixel: middles at 0.5 and 1.5
  EXPECT_EQ(roi_align(a, 16, x, region, sample).values, (Values{0.5, 1.5}));
  EXPECT_EQ(roi_align({}, 10, x, region, sample).values, Values{1});  // 2 x 2 samples; the older corners
  EXPECT_THROW(roi_align(a, 16, x, region, Tensor({1}, {1})), std::invalid_argument);
}

TEST(MaxRoiPool, LargestPixels) {
  Tensor x = Tensor::filled({1, 1, 4, 4}, 0);
  for (std::size_t i = 0; i < 16; ++i) x.values[i] = static_cast<double>(i);
  Attributes a;
  a.int_lists["pooled_shape"] = {1, 2};
  // Columns 0 and 1 to 2 of rows 0 to 1: cells of 1.5 columns share the middle one.
  EXPECT_EQ(roi_pool(a, x, Tensor({1, 5}, {0, 0, 0, 2, 1})).values, (Values{5, 6}));
  EXPECT_EQ(roi_pool(a, x, Tensor({1, 5}, {0, 9, 9, 9, 9})).values, (Values{0, 0}));  // beside the image
}

TEST(LpPool, NormsOfWindows) {
  const Tensor x({1, 1, 1, 4}, {3, -4, 0, 2});
  Attributes a;
  a.int_lists = {{"kernel_shape", {1, 2}}, {"strides", {1, 2}}};
  EXPECT_EQ(lp_pool("LpPool", a, x).values, (Values{5, 2}));
  a.ints["p"] = 1;
  EXPECT_EQ(lp_pool("LpPool", a, x).values, (Values{7, 2}));
  EXPECT_EQ(lp_pool("GlobalLpPool", a, x).values, Values{9});
  a.int_lists["pads"] = {0, 1, 0, 1};  // what lies outside adds nothing
  EXPECT_EQ(lp_pool("LpPool", a, x).values, (Values{3, 4, 2}));
}

// The second box covers 0.9 of 1.1 of the first, 0.82; the third none of it.
TEST(NonMaxSuppression, TheBestOfThoseThatCoverEachOther) {
  const Tensor corners({1, 3, 4}, {0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 10, 1, 11}),
      centres({1, 3, 4}, {0.5, 0.5, 1, 1, 0.6, 0.5, 1, 1, 10.5, 0.5, 1, 1}),
      scores({1, 1, 3}, {0.75, 0.9, 0.6});
  SuppressionLimits limits;
  limits.most = 3;
  limits.overlap = 0.5;
  EXPECT_EQ(non_max_suppression(corners, scores, limits).values, (Values{0, 0, 1, 0, 0, 2}));
  limits.centred = true;
  EXPECT_EQ(non_max_suppression(centres, scores, limits).values, (Values{0, 0, 1, 0, 0, 2}));
  limits.overlap = 0.85;
  EXPECT_EQ(non_max_suppression(centres, scores, limits).shape, (Shape{3, 3}));
  limits.score = 0.7;
  EXPECT_EQ(non_max_suppression(centres, scores, limits).values, (Values{0, 0, 1, 0, 0, 0}));
  limits.most = 1;
  EXPECT_EQ(non_max_suppression(centres, scores, limits).values, (Values{0, 0, 1}));
}

}  // namespace
}  // namespace bpusim
