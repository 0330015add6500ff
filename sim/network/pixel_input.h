// An input of a network that is an image: what the board is given, and what the model was trained on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/tensor/tensor.h"
#include "kernels/vector/colour.h"

namespace bpusim {

/// What calibration samples of an image hold.
enum class PixelSamples {
  Board,    ///< the bytes that the board is given
  Trained,  ///< colours and layout as in training, 0 to 255
  Model,    ///< what the model itself takes: the same behind mean and scale
};

struct PixelInput {
  PixelType type = PixelType::Rgb;   ///< of what the board is given, in unsigned bytes
  PixelType train = PixelType::Rgb;  ///< of what the model takes
  YuvRange range = YuvRange::Full;   ///< of a YUV type
  bool channels_last = true;         ///< of the images that are given; NV12 has a layout of its own
  bool train_channels_last = false;  ///< of what the model takes
  std::vector<double> mean = {0};   ///< that the model's training took from each value; one, or one a channel
  std::vector<double> scale = {1};  ///< and multiplied it with
  PixelSamples samples = PixelSamples::Board;

  /// Filled in with the network's shapes (sim/scenario/pixels.h).
  std::int64_t images = 1, height = 0, width = 0;
  std::string chroma;  ///< of NV12: the input of the network that its half-size planes are

  int channels() const { return channels_of(type); }
};

}  // namespace bpusim
