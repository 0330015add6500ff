#include "sim/scenario/pixel_images.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "kernels/tensor/random.h"
#include "sim/input_error.h"
#include "sim/network/files/raw_tensor.h"
#include "sim/network/files/tensor_files.h"

namespace bpusim {

namespace {

constexpr double kZero = 128;      // the byte whose code is 0
constexpr double kHighest = 255;   // of a byte
constexpr std::int64_t kHalf = 2;  // NV12 has U and V of half the height and width

Shape layout(const PixelInput& p, bool channels_last) {
  const std::int64_t c = p.channels();
  return channels_last ? Shape{p.images, p.height, p.width, c} : Shape{p.images, c, p.height, p.width};
}

Shape without_ones(const Shape& shape) {
  Shape kept;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(kept), [](std::int64_t e) { return e != 1; });
  return kept;
}

// Where channel `c` of pixel `i` lies within an image.
std::size_t place_of(const PixelInput& p, bool channels_last, std::int64_t image, std::int64_t c,
                     std::int64_t i) {
  const std::int64_t plane = p.height * p.width, channels = p.channels();
  return static_cast<std::size_t>(image * channels * plane +
                                  (channels_last ? i * channels + c : c * plane + i));
}

void require_bytes(const Tensor& image) {
  for (const double v : image.values)
    if (!(v >= 0 && v <= kHighest) || v != std::floor(v))
      throw std::invalid_argument("holds " + std::to_string(v) + ", and an image has bytes, 0 to 255");
}

// What the model takes to what it was trained on, 0 to 255.
void undo_norm(const PixelInput& p, Tensor& image) {
  const auto of = [](const std::vector<double>& values, std::size_t c) {
    return values[values.size() == 1 ? 0 : c];
  };
  for (std::int64_t n = 0; n < p.images; ++n)
    for (std::int64_t c = 0; c < p.channels(); ++c)
      for (std::int64_t i = 0; i < p.height * p.width; ++i) {
        const auto channel = static_cast<std::size_t>(c);
        double& v = image.values[place_of(p, p.train_channels_last, n, c, i)];
        v = v / of(p.scale, channel) + of(p.mean, channel);
      }
}

double to_byte(double value) {
  return std::clamp(std::nearbyint(value), 0.0, kHighest);
}

// Y, U and V of all pixels to Y in rows and U, V in pairs, four pixels a pair.
std::vector<double> to_nv12(const PixelInput& p, const std::vector<std::array<double, 3>>& pixels) {
  std::vector<double> bytes;
  for (std::int64_t n = 0; n < p.images; ++n) {
    const auto at = [&](std::int64_t r, std::int64_t c) {
      return pixels[static_cast<std::size_t>((n * p.height + r) * p.width + c)];
    };
    for (std::int64_t r = 0; r < p.height; ++r)
      for (std::int64_t c = 0; c < p.width; ++c) bytes.push_back(to_byte(at(r, c)[0]));
    for (std::int64_t r = 0; r < p.height; r += kHalf)
      for (std::int64_t c = 0; c < p.width; c += kHalf)
        for (const std::size_t channel : {1, 2})
          bytes.push_back(to_byte((at(r, c)[channel] + at(r, c + 1)[channel] + at(r + 1, c)[channel] +
                                   at(r + 1, c + 1)[channel]) /
                                  4));
  }
  return bytes;
}

}  // namespace

Shape board_shape(const PixelInput& pixels) {
  if (pixels.type == PixelType::Nv12) return {pixels.images, pixels.height * 3 / kHalf, pixels.width};
  return layout(pixels, pixels.channels_last);
}

Shape train_shape(const PixelInput& pixels) {
  return layout(pixels, pixels.train_channels_last);
}

Tensor as_image(Tensor image, const Shape& shape) {
  const bool flat = image.shape.size() == 1 && element_count(image.shape) == element_count(shape);
  if (!flat && without_ones(image.shape) != without_ones(shape))
    throw std::invalid_argument("has shape " + to_string(image.shape) + ", and the image is " +
                                to_string(shape));
  image.shape = shape;
  return image;
}

Tensor read_image(const std::string& path, const Shape& shape, MemoryBudget* budget) {
  if (!describes_itself(path))
    return Tensor(shape, read_raw(path, RawType::UInt8, element_count(shape), budget));
  AnyTensor tensor = read_tensor_file(path, budget);
  if (std::holds_alternative<StringTensor>(tensor)) throw InputError(path + ": holds text, not an image");
  try {
    return as_image(std::get<Tensor>(std::move(tensor)), shape);
  } catch (const std::invalid_argument& error) {
    throw InputError(path + ": " + error.what());
  }
}

std::map<std::string, Tensor> board_values(const std::string& input, const PixelInput& p,
                                           const Tensor& given) {
  const Tensor image = as_image(given, board_shape(p));
  require_bytes(image);
  const std::int64_t plane = p.height * p.width;
  const bool nv12 = p.type == PixelType::Nv12;
  Tensor first = Tensor::filled({p.images, nv12 ? 1 : p.channels(), p.height, p.width}, 0);
  if (!nv12) {
    for (std::int64_t n = 0; n < p.images; ++n)
      for (std::int64_t c = 0; c < p.channels(); ++c)
        for (std::int64_t i = 0; i < plane; ++i)
          first.values[place_of(p, false, n, c, i)] =
              image.values[place_of(p, p.channels_last, n, c, i)] - kZero;
    return {{input, std::move(first)}};
  }
  Tensor chroma = Tensor::filled({p.images, 2, p.height / kHalf, p.width / kHalf}, 0);
  const std::int64_t quarter = plane / 4;
  for (std::int64_t n = 0; n < p.images; ++n) {
    const double* bytes = image.values.data() + n * plane * 3 / kHalf;
    for (std::int64_t i = 0; i < plane; ++i)
      first.values[static_cast<std::size_t>(n * plane + i)] = bytes[i] - kZero;
    for (std::int64_t i = 0; i < 2 * quarter; ++i)
      chroma.values[static_cast<std::size_t>((2 * n + i % 2) * quarter + i / 2)] = bytes[plane + i] - kZero;
  }
  return {{input, std::move(first)}, {p.chroma, std::move(chroma)}};
}

Tensor board_image(const PixelInput& p, const Tensor& given) {
  Tensor trained = as_image(given, train_shape(p));
  if (p.samples == PixelSamples::Model) undo_norm(p, trained);
  const std::int64_t plane = p.height * p.width;
  if (p.type == PixelType::Gray) {
    Tensor image(board_shape(p), trained.values);
    for (double& v : image.values) v = to_byte(v);
    return image;
  }
  const ColourMap map = colour_map(p.train, p.type, p.range);
  std::vector<std::array<double, 3>> pixels;
  pixels.reserve(static_cast<std::size_t>(p.images * plane));
  for (std::int64_t n = 0; n < p.images; ++n)
    for (std::int64_t i = 0; i < plane; ++i) {
      std::array<double, 3> from{};
      for (std::size_t c = 0; c < 3; ++c)
        from[c] = trained.values[place_of(p, p.train_channels_last, n, static_cast<std::int64_t>(c), i)];
      pixels.push_back(map(from));
    }
  if (p.type == PixelType::Nv12) return Tensor(board_shape(p), to_nv12(p, pixels));
  Tensor image = Tensor::filled(board_shape(p), 0);
  for (std::int64_t n = 0; n < p.images; ++n)
    for (std::int64_t c = 0; c < 3; ++c)
      for (std::int64_t i = 0; i < plane; ++i)
        image.values[place_of(p, p.channels_last, n, c, i)] =
            to_byte(pixels[static_cast<std::size_t>(n * plane + i)][static_cast<std::size_t>(c)]);
  return image;
}

Tensor drawn_image(const PixelInput& pixels, std::uint64_t seed) {
  Tensor image = random_uniform(board_shape(pixels), 0, kHighest + 1, seed);
  for (double& v : image.values) v = std::floor(v);
  return image;
}

}  // namespace bpusim
