// Images as they are given, and as the network's inputs hold them: the board's bytes less 128.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/config/memory_budget.h"
#include "sim/network/network.h"
#include "sim/network/pixel_input.h"

namespace bpusim {

/// Shape of the image that the board is given: [n, h*3/2, w] of NV12, else [n, h, w, c] or [n, c, h, w].
Shape board_shape(const PixelInput& pixels);
/// Shape of an image as the model was trained on it.
Shape train_shape(const PixelInput& pixels);

/// Reads an image of `shape`: .npy, .npz or .pb of that shape, with or without extents of 1 or flat; any
/// other file holds unsigned bytes alone. Throws InputError.
Tensor read_image(const std::string& path, const Shape& shape, MemoryBudget* budget = nullptr);

/// `image` under `shape` where they differ by extents of 1 only, or where it is flat. Throws
/// std::invalid_argument with both.
Tensor as_image(Tensor image, const Shape& shape);

/// What the network's inputs hold of a board's image: by input, planes first. Throws std::invalid_argument
/// where the image has another shape, or values that no unsigned byte has.
std::map<std::string, Tensor> board_values(const std::string& input, const PixelInput& pixels,
                                           const Tensor& image);

/// The board's image of one that is as the model was trained on, 0 to 255, or as the model takes it, where
/// mean and scale are undone first: colours by the inverse matrix, chroma of NV12 the mean of its four
/// pixels, all rounded and clamped to bytes. Throws std::invalid_argument where it has another shape.
Tensor board_image(const PixelInput& pixels, const Tensor& sample);

/// A board's image of independent bytes, all equally likely.
Tensor drawn_image(const PixelInput& pixels, std::uint64_t seed);

}  // namespace bpusim
