// From what a camera gives to what a network was trained on: one matrix and one offset a pixel.
#pragma once

#include <array>
#include <optional>
#include <string>

namespace bpusim {

/// What the channels of an image are. NV12 is YUV with one U and V for four pixels.
enum class PixelType { Nv12, Yuv444, Rgb, Bgr, Gray };
const char* to_string(PixelType type);  ///< "nv12", "yuv444", "rgb", "bgr", "gray"
std::optional<PixelType> parse_pixel_type(const std::string& word);

constexpr bool is_yuv(PixelType type) {
  return type == PixelType::Nv12 || type == PixelType::Yuv444;
}
constexpr int channels_of(PixelType type) {
  return type == PixelType::Gray ? 1 : 3;
}

/// Which values a camera's Y, U and V take.
enum class YuvRange {
  Full,   ///< 0 to 255, all three (JFIF)
  Video,  ///< Y from 16 to 235, U and V from 16 to 240 (ITU-R BT.601)
};

/// to = factors * from + offsets, a pixel, all in 0 to 255. Of gray the first row and column alone count.
struct ColourMap {
  std::array<std::array<double, 3>, 3> factors{};
  std::array<double, 3> offsets{};

  std::array<double, 3> operator()(const std::array<double, 3>& from) const;
};

/// Between any two types of the same number of channels. YUV and RGB have the primaries of ITU-R
/// BT.601-7, 2.5.1 (Kr 0.299, Kb 0.114); `range` is that of the YUV. Throws std::invalid_argument where one
/// is gray alone.
ColourMap colour_map(PixelType from, PixelType to, YuvRange range);

}  // namespace bpusim
