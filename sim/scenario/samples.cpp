#include "sim/scenario/samples.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <utility>

#include "sim/config/paths.h"
#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/network/element_type.h"
#include "sim/network/files/tensor_files.h"
#include "sim/scenario/pixel_images.h"

namespace bpusim {

namespace fs = std::filesystem;

namespace {

bool is_picture(const std::string& file) {
  static const std::set<std::string> kinds = {".jpg", ".jpeg", ".png", ".bmp", ".JPG", ".JPEG", ".PNG"};
  return kinds.count(fs::path(file).extension().string()) != 0;
}

std::string absent(const std::string& path) {
  return is_there(path) ? "" : "calibration sample " + path + ": no such file or folder";
}

std::vector<std::string> files_at(const std::string& path) {
  if (const std::string why = absent(path); !why.empty()) throw InputError(why);
  if (!is_folder(path)) return {path};
  std::vector<std::string> inside;
  for (const auto& entry : entries_of(path))
    if (is_file(entry)) inside.push_back(entry.string());
  if (inside.empty()) throw InputError("calibration samples " + path + ": the folder holds no files");
  for (const std::string& file : inside)
    if (is_picture(file))
      throw InputError(file + ": JPEG, PNG and BMP are not read; give raw float32 or uint8, or .npy");
  return inside;
}

std::vector<std::string> keys(const std::map<std::string, Tensor>& tensors) {
  std::vector<std::string> names;
  names.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) names.push_back(name);
  return names;
}

// Inputs that samples have numbers for. The planes of an image are one.
std::vector<std::string> sampled_inputs(const Network& network) {
  std::vector<std::string> names;
  for (const std::string& input : network.inputs) {
    const bool second_plane = std::any_of(network.pixels.begin(), network.pixels.end(),
                                          [&](const auto& pixels) { return pixels.second.chroma == input; });
    if (!second_plane && network.values.at(input).dtype != DType::String) names.push_back(input);
  }
  return names;
}

Shape sampled_shape(const PixelInput& pixels) {
  return pixels.samples == PixelSamples::Board ? board_shape(pixels) : train_shape(pixels);
}

Tensor read_one(const std::string& file, const std::string& input, const Network& network,
                MemoryBudget& budget) {
  if (const auto image = network.pixels.find(input); image != network.pixels.end())
    return read_image(file, sampled_shape(image->second), &budget);
  AnyTensor tensor = read_tensor_file(file, &budget);
  if (!std::holds_alternative<Tensor>(tensor)) throw InputError(file + ": holds text, not numbers");
  return std::get<Tensor>(std::move(tensor));
}

// The value takes the tensor of a file.
void hold(Tensor tensor, const std::string& file, const std::string& input, Network& network) {
  Value& value = network.values.at(input);
  if (tensor.shape != value.shape)
    throw InputError(file + ": has shape " + to_string(tensor.shape) + ", and input '" + input + "' takes " +
                     to_string(value.shape));
  if (const std::string why = misfit(tensor, value.dtype); !why.empty())
    throw InputError(file + ": input '" + input + "' " + why);
  value.hold(std::move(tensor));
}

// The input takes a sample: an image by its planes.
void take(Tensor sample, const std::string& file, const std::string& input, Network& network) {
  const auto image = network.pixels.find(input);
  if (image == network.pixels.end()) return hold(std::move(sample), file, input, network);
  const PixelInput& pixels = image->second;
  try {
    if (pixels.samples != PixelSamples::Board) sample = board_image(pixels, sample);
    for (auto& [name, tensor] : board_values(input, pixels, sample))
      hold(std::move(tensor), file, name, network);
  } catch (const std::invalid_argument& error) {
    throw InputError(file + ": input '" + input + "' " + error.what());
  }
}

// The sample of a file; its first extent is as many copies of it, where it holds one of them.
Tensor read_copies(const InputSamples& of, const std::string& file, const Network& network,
                   MemoryBudget& budget) {
  const auto image = network.pixels.find(of.input);
  Shape shape = image != network.pixels.end() ? sampled_shape(image->second) : network.shape_of(of.input);
  if (of.copies > 1 && !shape.empty()) shape[0] /= of.copies;
  Tensor one;
  if (!describes_itself(file))
    one = Tensor(shape, read_raw(file, of.raw, element_count(shape), &budget));
  else if (image != network.pixels.end())
    one = read_image(file, shape, &budget);
  else
    one = read_one(file, of.input, network, budget);
  if (of.copies <= 1 || one.shape != shape || shape.empty()) return one;
  budget.charge(sizeof(double) * static_cast<double>(of.copies) * static_cast<double>(one.values.size()),
                file + ": a batch of it");
  Tensor all;
  for (std::int64_t n = 0; n < of.copies; ++n)
    all.values.insert(all.values.end(), one.values.begin(), one.values.end());
  all.shape = shape;
  all.shape[0] *= of.copies;
  return all;
}

// What is wrong with samples is said at the place that names them.
template <class Work>
auto at_place(const std::string& place, Work&& work) {
  try {
    return work();
  } catch (const InputError& error) {
    if (place.empty()) throw;
    std::vector<std::string> lines = error.lines();
    for (std::string& line : lines) line.insert(0, place + ": ");
    throw InputError(lines);
  }
}

}  // namespace

void require_samples(const std::vector<std::string>& paths, const std::vector<InputSamples>& by_input) {
  std::vector<std::string> lines;
  for (const std::string& path : paths)
    if (const std::string why = absent(path); !why.empty()) lines.push_back(why);
  for (const InputSamples& samples : by_input)
    if (const std::string why = absent(samples.path); !why.empty())
      lines.push_back(samples.place.empty() ? why : samples.place + ": " + why);
  if (!lines.empty()) throw InputError(lines);
}

Samples::Samples(const std::vector<std::string>& paths, const std::vector<InputSamples>& by_input) {
  for (const std::string& path : paths)
    for (std::string& file : files_at(path)) files_.push_back(std::move(file));
  for (const InputSamples& samples : by_input) {
    by_input_.push_back({samples, at_place(samples.place, [&] { return files_at(samples.path); })});
    const std::size_t first = by_input_[0].files.size(), here = by_input_.back().files.size();
    if (here != first)
      throw InputError((samples.place.empty() ? "" : samples.place + ": ") + "calibration samples: input '" +
                       by_input_[0].samples.input + "' has " + std::to_string(first) + " files in " +
                       by_input_[0].samples.path + ", and input '" + samples.input + "' " +
                       std::to_string(here) + " in " + samples.path);
  }
  count_ = files_.size() + (by_input_.empty() ? 0 : by_input_[0].files.size());
}

std::map<std::string, Tensor> read_samples(const std::string& file, const Network& network) {
  MemoryBudget budget(network.memory_limit);
  const std::vector<std::string> numbers = sampled_inputs(network);
  if (fs::path(file).extension() == ".npz") {
    auto arrays = read_npz(file, &budget);
    for (const std::string& input : numbers)
      if (arrays.count(input) == 0)
        throw InputError(file + ": has no array for input '" + input + "'" +
                         did_you_mean(input, keys(arrays)));
    return arrays;
  }
  if (numbers.size() != 1)
    throw InputError(file + ": holds one tensor, and the network has " + std::to_string(numbers.size()) +
                     " inputs: an .npz has them by name" + did_you_mean("", numbers));
  return {{numbers[0], read_one(file, numbers[0], network, budget)}};
}

void Samples::apply_by_input(std::size_t sample, Network& network) const {
  MemoryBudget budget(network.memory_limit);
  const std::vector<std::string> inputs = sampled_inputs(network);
  for (const OfInput& of : by_input_) {
    const std::string &input = of.samples.input, &file = of.files.at(sample);
    if (std::find(inputs.begin(), inputs.end(), input) == inputs.end())
      throw InputError("calibration samples: the network has no input '" + input + "'" +
                       did_you_mean(input, inputs));
    at_place(of.samples.place,
             [&] { take(read_copies(of.samples, file, network, budget), file, input, network); });
  }
  for (const std::string& input : inputs)
    if (std::none_of(by_input_.begin(), by_input_.end(),
                     [&](const OfInput& of) { return of.samples.input == input; }))
      throw InputError("calibration samples: there are none for input '" + input + "'");
}

Network Samples::apply(std::size_t sample, const Network& network) const {
  if (own_inputs()) return network;
  Network with = network;
  if (sample >= files_.size()) {
    apply_by_input(sample - files_.size(), with);
    return with;
  }
  const std::string& file = files_.at(sample);
  const std::vector<std::string> inputs = sampled_inputs(network);
  for (auto& [name, tensor] : read_samples(file, network)) {
    if (std::find(inputs.begin(), inputs.end(), name) == inputs.end())
      throw InputError(file + ": the network has no input '" + name + "'" + did_you_mean(name, inputs));
    take(std::move(tensor), file, name, with);
  }
  return with;
}

}  // namespace bpusim
