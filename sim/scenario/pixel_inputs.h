// Inputs that are images: how a run file names them, and the step that goes in front of the network for them.
#pragma once

#include <string>

#include "sim/config/yaml_reader.h"
#include "sim/network/network.h"

namespace bpusim {

/// An entry of a run file's `pixels`. What is wrong with it is said at its place.
PixelInput read_pixels(const YamlNode& node);

/// Whether toolchains make a network that is given `type` from one that was trained on `train`: from yuv444
/// nv12 and yuv444; from rgb or bgr all but gray; from gray gray.
bool is_legal(PixelType train, PixelType type);

/// Name of the node that a pixel input gets, as the toolchains call it.
std::string preprocess_name(const std::string& input);

/// Puts a PixelPreprocess between the input and all that reads it: the input, of NV12 two of them, then holds
/// an image's bytes less 128 on the grid of step 1, planes first. Where the model takes channels last a
/// Transpose follows. Throws std::invalid_argument where the input is no image of that type: rank, channels,
/// an extent that nobody has set, or that is odd where chroma has half of it.
void put_preprocess(const std::string& input, PixelInput pixels, Network& network);

}  // namespace bpusim
