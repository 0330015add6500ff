#include "sim/run/measurement.h"

#include <algorithm>
#include <cmath>

#include "sim/operators/tensor_codes.h"

namespace bpusim {

namespace {

Codes ideal_of(const LoweredStep& lowered, const Capture& capture) {
  std::vector<Codes> inputs;
  for (const std::string& input : lowered.inputs) inputs.push_back(capture.codes(input));
  return lowered.ideal(inputs);
}

}  // namespace

// Ideal codes come of all outputs, one after another.
std::vector<Codes> Measurement::by_output(const LoweredStep& lowered, const Codes& all) const {
  std::vector<Codes> parts;
  auto at = all.begin();
  for (const std::string& output : lowered.outputs) {
    const auto end = at + static_cast<std::ptrdiff_t>(places_.at(output).elements);
    parts.emplace_back(at, end);
    at = end;
  }
  return parts;
}

namespace {

template <class T>
std::vector<T> joined(const std::vector<std::vector<T>>& parts) {
  std::vector<T> all;
  for (const std::vector<T>& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

bool same(const Quantisation& a, const Quantisation& b) {
  return a.scale == b.scale && a.zero_point == b.zero_point && a.dtype == b.dtype;
}

}  // namespace

// Tensors on one grid are summed as one.
Accuracy Measurement::compared(const LoweredStep& lowered, const std::vector<Codes>& codes,
                               const std::vector<Codes>& ideal) const {
  const TensorPlace& first = places_.at(lowered.outputs.front());
  if (lowered.outputs.size() == 1)
    return compare({{golden_.get(lowered.outputs[0])->values, codes[0], ideal[0], first}});
  std::vector<std::vector<double>> golden;
  std::vector<Result> results;
  bool one_grid = true;
  for (const std::string& output : lowered.outputs) {
    golden.push_back(golden_.get(output)->values);
    one_grid = one_grid && same(first.grid, places_.at(output).grid);
  }
  if (one_grid) return compare({{joined(golden), joined(codes), joined(ideal), first}});
  for (std::size_t k = 0; k < golden.size(); ++k)
    results.push_back({golden[k], codes[k], ideal[k], places_.at(lowered.outputs[k])});
  return compare(results);
}

// Inputs are gone before the rest comes: together they would be the most memory that a run takes.
Accuracy Measurement::against_golden(const LoweredStep& lowered, const Capture& capture) const {
  std::vector<Codes> ideal, codes;
  if (lowered.outputs.size() == 1) {
    ideal.push_back(ideal_of(lowered, capture));
  } else {
    ideal = by_output(lowered, ideal_of(lowered, capture));
  }
  for (const std::string& output : lowered.outputs) codes.push_back(capture.codes(output));
  return compared(lowered, codes, ideal);
}

Accuracy Measurement::alone(const LoweredStep& lowered) const {
  std::vector<Codes> inputs;
  for (const std::string& input : lowered.inputs)
    inputs.push_back(codes_on(golden_.get(input)->values, places_.at(input).grid));
  const std::vector<Codes> codes = by_output(lowered, lowered.ideal(inputs));
  return compared(lowered, codes, codes);
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
