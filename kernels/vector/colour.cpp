#include "kernels/vector/colour.h"

#include <cstddef>
#include <stdexcept>
#include <utility>

namespace bpusim {

namespace {

constexpr PixelType kTypes[] = {PixelType::Nv12, PixelType::Yuv444, PixelType::Rgb, PixelType::Bgr,
                                PixelType::Gray};

constexpr double kRed = 0.299, kBlue = 0.114, kGreen = 1 - kRed - kBlue;  // shares of Y: BT.601
constexpr double kNoChroma = 128, kBlack = 16;                            // of U and V; of Y in video
constexpr double kFullSteps = 255, kVideoLuma = 219, kVideoChroma = 224;  // from black to white

ColourMap identity() {
  ColourMap map;
  for (std::size_t i = 0; i < 3; ++i) map.factors[i][i] = 1;
  return map;
}

ColourMap yuv_to_rgb(YuvRange range) {
  const bool video = range == YuvRange::Video;
  const double luma = video ? kFullSteps / kVideoLuma : 1, chroma = video ? kFullSteps / kVideoChroma : 1;
  const double red = 2 * (1 - kRed) * chroma, blue = 2 * (1 - kBlue) * chroma;
  ColourMap map;
  map.factors = {{{luma, 0, red}, {luma, -blue * kBlue / kGreen, -red * kRed / kGreen}, {luma, blue, 0}}};
  for (std::size_t i = 0; i < 3; ++i)
    map.offsets[i] = -luma * (video ? kBlack : 0) - (map.factors[i][1] + map.factors[i][2]) * kNoChroma;
  return map;
}

// By Cramer's rule; none of the maps here is singular.
ColourMap inverse(const ColourMap& map) {
  const auto& m = map.factors;
  const auto cofactor = [&](std::size_t r, std::size_t c) {
    const std::size_t r1 = (r + 1) % 3, r2 = (r + 2) % 3, c1 = (c + 1) % 3, c2 = (c + 2) % 3;
    return m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1];
  };
  const double determinant = m[0][0] * cofactor(0, 0) + m[0][1] * cofactor(0, 1) + m[0][2] * cofactor(0, 2);
  ColourMap back;
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c) back.factors[r][c] = cofactor(c, r) / determinant;
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c) back.offsets[r] -= back.factors[r][c] * map.offsets[c];
  return back;
}

}  // namespace

const char* to_string(PixelType type) {
  switch (type) {
    case PixelType::Nv12:
      return "nv12";
    case PixelType::Yuv444:
      return "yuv444";
    case PixelType::Rgb:
      return "rgb";
    case PixelType::Bgr:
      return "bgr";
    case PixelType::Gray:
      return "gray";
  }
  throw std::logic_error("to_string: unknown PixelType");
}

std::optional<PixelType> parse_pixel_type(const std::string& word) {
  for (const PixelType type : kTypes)
    if (word == to_string(type)) return type;
  return std::nullopt;
}

std::array<double, 3> ColourMap::operator()(const std::array<double, 3>& from) const {
  std::array<double, 3> to = offsets;
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c) to[r] += factors[r][c] * from[c];
  return to;
}

ColourMap colour_map(PixelType from, PixelType to, YuvRange range) {
  if (channels_of(from) != channels_of(to))
    throw std::invalid_argument(std::string("there is no way from ") + to_string(from) + " to " +
                                to_string(to));
  if (from == to || is_yuv(from) == is_yuv(to)) {
    ColourMap map = identity();
    if (from != to && !is_yuv(from)) std::swap(map.factors[0], map.factors[2]);  // RGB and BGR
    return map;
  }
  ColourMap map = yuv_to_rgb(range);
  const PixelType colours = is_yuv(from) ? to : from;
  if (colours == PixelType::Bgr) {
    std::swap(map.factors[0], map.factors[2]);
    std::swap(map.offsets[0], map.offsets[2]);
  }
  return is_yuv(from) ? map : inverse(map);
}

}  // namespace bpusim
