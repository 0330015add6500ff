#include "kernels/vector/colour.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace bpusim {
namespace {

using Pixel = std::array<double, 3>;

void expect_near(const Pixel& got, const Pixel& wanted, double within) {
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(got[c], wanted[c], within) << "channel " << c;
}

// Y 81, U 90, V 240 in video range is BT.601's red: 255/219 * (81 - 16) = 75.685, V adds 255/224 * 1.402 *
// 112 = 178.755, so R = 254.44; G = 75.685 + 0.391762 * 38 - 0.812968 * 112 = -0.48; B = 75.685 - 2.017232 *
// 38 = -0.97.
TEST(ColourMap, OfVideo) {
  const ColourMap map = colour_map(PixelType::Nv12, PixelType::Rgb, YuvRange::Video);
  expect_near(map({81, 90, 240}), {254.440, -0.481, -0.970}, 0.01);
  expect_near(map({16, 128, 128}), {0, 0, 0}, 1e-9);
  expect_near(map({235, 128, 128}), {255, 255, 255}, 1e-9);
}

// R = Y + 1.402 (V - 128), B = Y + 1.772 (U - 128), G = Y - 0.344136 (U - 128) - 0.714136 (V - 128).
TEST(ColourMap, OfTheFullRange) {
  const ColourMap map = colour_map(PixelType::Yuv444, PixelType::Bgr, YuvRange::Full);
  expect_near(map({100, 138, 108}), {100 + 17.72, 100 - 3.44136 + 14.28272, 100 - 28.04}, 1e-3);
}

TEST(ColourMap, GoesBack) {
  for (const YuvRange range : {YuvRange::Full, YuvRange::Video})
    for (const PixelType colours : {PixelType::Rgb, PixelType::Bgr}) {
      const ColourMap there = colour_map(PixelType::Yuv444, colours, range),
                      back = colour_map(colours, PixelType::Yuv444, range);
      for (const Pixel& pixel : {Pixel{20, 30, 200}, Pixel{128, 128, 128}, Pixel{255, 0, 17}})
        expect_near(back(there(pixel)), pixel, 1e-9);
    }
}

TEST(ColourMap, SwapsRedAndBlue) {
  expect_near(colour_map(PixelType::Bgr, PixelType::Rgb, YuvRange::Full)({1, 2, 3}), {3, 2, 1}, 0);
  expect_near(colour_map(PixelType::Rgb, PixelType::Rgb, YuvRange::Full)({1, 2, 3}), {1, 2, 3}, 0);
  EXPECT_THROW(colour_map(PixelType::Gray, PixelType::Rgb, YuvRange::Full), std::invalid_argument);
}

}  // namespace
}  // namespace bpusim
