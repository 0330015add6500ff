#include "sim/scenario/pixel_inputs.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sim/network/free_names.h"

namespace bpusim {

namespace {

constexpr double kZero = 128;  // the byte whose code is 0
constexpr double kMost = 1e9;  // of means and scales
constexpr std::size_t kImageRank = 4;

PixelType read_type(const YamlNode& node, PixelType held) {
  const std::string word = node.choice(to_string(held), {"nv12", "yuv444", "rgb", "bgr", "gray"});
  return parse_pixel_type(word).value_or(held);
}

// One number, or one a channel.
std::vector<double> read_numbers(const YamlNode& node, std::vector<double> held, std::size_t channels) {
  if (!node.exists()) return held;
  if (node.is_scalar()) return {node.number(held[0], -kMost, kMost)};
  std::vector<double> values;
  for (const YamlNode& item : node.items()) values.push_back(item.number(0, -kMost, kMost));
  if (values.size() == 1 || values.size() == channels) return values;
  node.fail("has " + std::to_string(values.size()) + " numbers: one is needed, or one a channel (" +
            std::to_string(channels) + ")");
  return held;
}

double at(const std::vector<double>& values, std::size_t channel) {
  return values[values.size() == 1 ? 0 : channel];
}

// Weights and bias of (x + 128 - mean) * scale behind the colours' matrix.
std::pair<Tensor, Tensor> coefficients(const PixelInput& p) {
  const auto channels = static_cast<std::size_t>(p.channels());
  const ColourMap map = colour_map(p.type, p.train, p.range);
  Tensor weights = Tensor::filled({p.channels(), p.channels(), 1, 1}, 0),
         bias = Tensor::filled({p.channels()}, 0);
  for (std::size_t to = 0; to < channels; ++to) {
    double zero = map.offsets[to];  // what the code 0 stands for
    for (std::size_t from = 0; from < channels; ++from) {
      weights.values[to * channels + from] = map.factors[to][from] * at(p.scale, to);
      zero += map.factors[to][from] * kZero;
    }
    bias.values[to] = (zero - at(p.mean, to)) * at(p.scale, to);
  }
  return {std::move(weights), std::move(bias)};
}

void take_shape(const Shape& shape, PixelInput& p) {
  const std::string what = "has shape " + to_string(shape);
  if (shape.size() != kImageRank) throw std::invalid_argument(what + ", and an image has four axes");
  const std::size_t c = p.train_channels_last ? 3 : 1, h = p.train_channels_last ? 1 : 2;
  for (const std::int64_t extent : shape)
    if (extent < 1)
      throw std::invalid_argument(
          what + ": set its open dimensions (--dim, dim: in a run file, input_shape: in a vendor's)");
  p.images = shape[0];
  p.height = shape[h];
  p.width = shape[h + 1];
  if (shape[c] != p.channels())
    throw std::invalid_argument(what + ", and " + to_string(p.type) + " has " + std::to_string(p.channels()) +
                                " channels at axis " + std::to_string(c) + " (train_layout " +
                                (p.train_channels_last ? "NHWC" : "NCHW") + ")");
  if (is_yuv(p.type) && (p.height % 2 != 0 || p.width % 2 != 0))
    throw std::invalid_argument(what + ", and " + to_string(p.type) + " has an even height and width");
}

Value& image_value(const std::string& name, const Shape& shape, Network& network) {
  Value& value = network.values[name];
  value = Value();
  value.shape = shape;
  value.grid = Quantisation{};
  return value;
}

std::string add_constant(Tensor tensor, const std::string& wanted, FreeNames& names, Network& network) {
  std::string name = names.take(wanted);
  Value& value = network.values[name];
  value.hold(std::move(tensor));
  value.constant = true;
  return name;
}

Node transpose_of(const Node& before, const std::string& output, FreeNames& names) {
  Node node;
  node.name = names.take(before.name + "_to_NHWC");
  node.op = "Transpose";
  node.opset = before.opset;
  node.attributes.int_lists["perm"] = {0, 2, 3, 1};
  node.inputs = before.outputs;
  node.outputs = {output};
  return node;
}

// All that reads the input reads `other`.
void read_instead(const std::string& input, const std::string& other, Network& network) {
  for (Node& node : network.nodes) std::replace(node.inputs.begin(), node.inputs.end(), input, other);
  std::replace(network.outputs.begin(), network.outputs.end(), input, other);
}

}  // namespace

PixelInput read_pixels(const YamlNode& node) {
  PixelInput p;
  p.type = read_type(node["type"], p.type);
  p.train = node["train"].exists() || p.type == PixelType::Gray ? read_type(node["train"], p.type) : p.train;
  const auto layout = [](const YamlNode& at, const char* held) {
    return at.choice(held, {"NHWC", "NCHW"}) == "NHWC";
  };
  p.channels_last = layout(node["layout"], "NHWC");
  p.train_channels_last = layout(node["train_layout"], "NCHW");
  p.range = node["range"].choice("regular", {"regular", "bt601_video"}) == "regular" ? YuvRange::Full
                                                                                     : YuvRange::Video;
  const auto channels = static_cast<std::size_t>(p.channels());
  p.mean = read_numbers(node["mean"], p.mean, channels);
  p.scale = read_numbers(node["scale"], p.scale, channels);
  if (std::count(p.scale.begin(), p.scale.end(), 0.0) > 0)
    node["scale"].fail("a scale of 0 leaves nothing of the image");
  const std::string samples = node["samples"].choice("board", {"board", "train", "model"});
  p.samples = samples == "model"   ? PixelSamples::Model
              : samples == "train" ? PixelSamples::Trained
                                   : PixelSamples::Board;
  node.close();
  if (!node["type"].exists()) node.fail("needs a type: nv12, yuv444, rgb, bgr or gray");
  if (p.type == PixelType::Nv12 && node["layout"].exists())
    node["layout"].fail("nv12 has a layout of its own: rows of Y, then U and V in turns");
  if (p.range == YuvRange::Video && p.type != PixelType::Nv12)
    node["range"].fail("bt601_video is for nv12 alone");
  if (!is_legal(p.train, p.type))
    (node["train"].exists() ? node["train"] : node["type"])
        .fail(std::string("there is no way from ") + to_string(p.type) + " to " + to_string(p.train) +
              " (yuv444 takes nv12 and yuv444; rgb and bgr take these, rgb and bgr; gray takes gray)");
  return p;
}

bool is_legal(PixelType train, PixelType type) {
  switch (train) {
    case PixelType::Gray:
      return type == PixelType::Gray;
    case PixelType::Yuv444:
      return is_yuv(type);
    case PixelType::Rgb:
    case PixelType::Bgr:
      return type != PixelType::Gray;
    case PixelType::Nv12:
      break;
  }
  return false;
}

std::string preprocess_name(const std::string& input) {
  return "HZ_PREPROCESS_FOR_" + input;
}

void put_preprocess(const std::string& input, PixelInput p, Network& network) {
  const Shape trained = network.shape_of(input);
  take_shape(trained, p);
  FreeNames names(network);
  Node node;
  node.name = names.take(preprocess_name(input));
  node.op = "PixelPreprocess";
  if (!network.nodes.empty()) node.opset = network.nodes.front().opset;  // it asks for no newer one
  const bool nv12 = p.type == PixelType::Nv12;
  const Shape planes = {p.images, p.channels(), p.height, p.width};
  auto [weights, bias] = coefficients(p);
  node.inputs = {input, add_constant(std::move(weights), node.name + "_weights", names, network),
                 add_constant(std::move(bias), node.name + "_bias", names, network)};
  node.outputs = {names.take(node.name + "_output")};
  network.values[node.outputs[0]].shape = planes;
  const std::string result = p.train_channels_last ? names.take(node.name + "_output_NHWC") : node.outputs[0];
  network.values[result].shape = trained;
  read_instead(input, result, network);
  image_value(input, nv12 ? Shape{p.images, 1, p.height, p.width} : planes, network);
  if (nv12) {
    p.chroma = names.take(input + "_uv");
    node.inputs.push_back(p.chroma);
    image_value(p.chroma, {p.images, 2, p.height / 2, p.width / 2}, network);
    const auto at = std::find(network.inputs.begin(), network.inputs.end(), input);
    network.inputs.insert(at + 1, p.chroma);
  }
  std::vector<Node> front = {node};
  if (p.train_channels_last) front.push_back(transpose_of(node, result, names));
  network.nodes.insert(network.nodes.begin(), front.begin(), front.end());
  network.open_axes.erase(input);
  network.pixels[input] = std::move(p);
}

}  // namespace bpusim
