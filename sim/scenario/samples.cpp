#include "sim/scenario/samples.h"

#include <algorithm>
#include <filesystem>

#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/network/element_type.h"
#include "sim/network/files/tensor_files.h"

namespace bpusim {

namespace fs = std::filesystem;

Samples::Samples(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (!fs::exists(path)) throw InputError("calibration sample " + path + ": no such file or folder");
    if (!fs::is_directory(path)) {
      files_.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : fs::directory_iterator(path))
      if (entry.is_regular_file()) inside.push_back(entry.path().string());
    if (inside.empty()) throw InputError("calibration samples " + path + ": the folder holds no files");
    std::sort(inside.begin(), inside.end());
    files_.insert(files_.end(), inside.begin(), inside.end());
  }
}

namespace {

std::vector<std::string> keys(const std::map<std::string, Tensor>& tensors) {
  std::vector<std::string> names;
  names.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) names.push_back(name);
  return names;
}

}  // namespace

std::map<std::string, Tensor> read_samples(const std::string& file, const Network& network) {
  MemoryBudget budget(network.memory_limit);
  std::vector<std::string> numbers;
  for (const std::string& input : network.inputs)
    if (network.values.at(input).dtype != DType::String) numbers.push_back(input);
  if (fs::path(file).extension() == ".npz") {
    auto arrays = read_npz(file, &budget);
    for (const std::string& input : numbers)
      if (arrays.count(input) == 0)
        throw InputError(file + ": has no array for input '" + input + "'" +
                         did_you_mean(input, keys(arrays)));
    return arrays;
  }
  AnyTensor tensor = read_tensor_file(file, &budget);
  if (!std::holds_alternative<Tensor>(tensor)) throw InputError(file + ": holds text, not numbers");
  if (numbers.size() != 1)
    throw InputError(file + ": holds one tensor, and the network has " + std::to_string(numbers.size()) +
                     " inputs: an .npz has them by name" + did_you_mean("", numbers));
  return {{numbers[0], std::get<Tensor>(std::move(tensor))}};
}

Network Samples::apply(std::size_t sample, const Network& network) const {
  if (own_inputs()) return network;
  Network with = network;
  const std::string& file = files_.at(sample);
  for (auto& [name, tensor] : read_samples(file, network)) {
    const auto input = with.values.find(name);
    if (std::find(network.inputs.begin(), network.inputs.end(), name) == network.inputs.end())
      throw InputError(file + ": the network has no input '" + name + "'" +
                       did_you_mean(name, network.inputs));
    Value& value = input->second;
    if (tensor.shape != value.shape)
      throw InputError(file + ": has shape " + to_string(tensor.shape) + ", and input '" + name + "' takes " +
                       to_string(value.shape));
    if (const std::string why = misfit(tensor, value.dtype); !why.empty())
      throw InputError(file + ": input '" + name + "' " + why);
    value.hold(std::move(tensor));
  }
  return with;
}

}  // namespace bpusim
