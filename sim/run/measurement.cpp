#include "sim/run/measurement.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace bpusim {

namespace {

// Of all values, one after another.
Codes captured(const Capture& capture, const std::vector<std::string>& values) {
  if (values.size() == 1) return capture.codes(values.front());
  Codes all;
  for (const std::string& value : values) {
    const Codes part = capture.codes(value);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

Codes ideal_of(const LoweredStep& lowered, const Capture& capture) {
  std::vector<Codes> inputs;
  for (const std::string& input : lowered.inputs) inputs.push_back(capture.codes(input));
  return lowered.ideal(inputs);
}

}  // namespace

// Of all outputs, one after another.
std::shared_ptr<const Tensor> Measurement::golden_of(const LoweredStep& lowered) const {
  if (lowered.outputs.size() == 1) return golden_.get(lowered.outputs.front());
  Tensor all;
  for (const std::string& output : lowered.outputs) {
    const auto part = golden_.get(output);
    all.values.insert(all.values.end(), part->values.begin(), part->values.end());
  }
  all.shape = {static_cast<std::int64_t>(all.values.size())};
  return std::make_shared<const Tensor>(std::move(all));
}

// Inputs are gone before the rest comes: together they would be the most memory that a run takes.
Accuracy Measurement::against_golden(const LoweredStep& lowered, const Capture& capture) const {
  const Codes ideal = ideal_of(lowered, capture), codes = captured(capture, lowered.outputs);
  return compare(golden_of(lowered)->values, codes, ideal, grid_of(lowered));
}

Accuracy Measurement::alone(const LoweredStep& lowered) const {
  std::vector<Codes> inputs;
  for (const std::string& input : lowered.inputs)
    inputs.push_back(quantise(golden_.get(input)->values, places_.at(input).grid));
  const Codes codes = lowered.ideal(inputs);
  return compare(golden_of(lowered)->values, codes, codes, grid_of(lowered));
}

double Measurement::statistics_error(const LoweredStep& lowered, DramPort& dram) const {
  double worst = 0;
  for (const auto& [name, address] : lowered.float_outputs) {
    const auto tensor = golden_.get(name);
    const std::vector<double>& golden = tensor->values;
    std::vector<float> got(golden.size());
    dram.read(address, got.data(), static_cast<std::int64_t>(got.size() * sizeof(float)));
    double largest = 0, error = 0;
    for (std::size_t i = 0; i < golden.size(); ++i) {
      largest = std::max(largest, std::abs(golden[i]));
      error = std::max(error, std::abs(static_cast<double>(got[i]) - golden[i]));
    }
    if (largest > 0) worst = std::max(worst, error / largest);
  }
  return worst;
}

}  // namespace bpusim
