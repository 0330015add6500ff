#include "sim/quantise/reader_losses.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/cpu/parallel.h"
#include "kernels/quantise/quantise_rows.h"
#include "sim/quantise/golden.h"

namespace bpusim {

namespace {

constexpr std::size_t kEnds = 13;
using Losses = std::array<double, kEnds>;

double end_of(double largest, std::size_t k) {
  return largest * std::exp2(-static_cast<double>(k) / 4);
}

// Noise over signal; without a signal there is nothing to lose.
double loss(const std::vector<Tensor>& golden, const std::vector<Tensor>& outputs) {
  double signal = 0, noise = 0;
  for (std::size_t t = 0; t < golden.size() && t < outputs.size(); ++t)
    for (std::size_t i = 0; i < golden[t].values.size(); ++i) {
      const double y = golden[t].values[i], error = outputs[t].values[i] - y;
      signal += y * y;
      noise += error * error;
    }
  return signal == 0 ? 0 : noise / signal;
}

class ReaderLosses {
 public:
  ReaderLosses(const RunSpec& run, const PlacedNetwork& placed, Observation& observation,
               const Listener& listener)
      : network_(placed.network),
        sharing_(placed.sharing),
        observation_(observation),
        listener_(listener),
        affine_(affine_values(run, placed.network)) {
    for (const auto& [name, statistics] : observation.values) {
      double& largest = largest_[family(name)];
      largest = std::max(largest, statistics.largest());
    }
  }

  void see(const Network& sample) {
    GoldenVisitor visitor;
    visitor.number = [&](const std::string& name, const std::shared_ptr<const Tensor>& tensor) {
      const auto& outputs = network_.outputs;
      if (std::find(outputs.begin(), outputs.end(), name) != outputs.end())
        add(name, [&](const Quantisation& grid) { return loss({*tensor}, {rounded(*tensor, grid)}); });
    };
    visitor.text = [](const std::string&, const StringTensor&) {};
    visitor.node = [&](const Node& node, const Inputs& inputs, const std::vector<Tensor>& outputs) {
      read(node, inputs, outputs);
    };
    visitor.listener = &listener_;
    evaluate(sample, visitor);
  }

  void finish() {
    std::map<std::string, Losses> families;
    for (const auto& [name, losses] : losses_) {
      Losses& sum = families.emplace(family(name), Losses{}).first->second;
      for (std::size_t k = 0; k < kEnds; ++k) sum[k] += losses[k];
    }
    for (auto& [name, statistics] : observation_.values) {
      const auto found = families.find(family(name));
      if (found == families.end()) continue;
      const auto least = static_cast<std::size_t>(
          std::min_element(found->second.begin(), found->second.end()) - found->second.begin());
      statistics.end_for_readers(end_of(largest_.at(found->first), least));
      if (const auto own = losses_.find(name); own != losses_.end())
        observation_.losses[name] = {
            largest_.at(found->first), {own->second.begin(), own->second.end()}, least};
    }
  }

 private:
  void read(const Node& node, const Inputs& inputs, const std::vector<Tensor>& outputs) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const std::string& name = node.inputs[i];
      if (observation_.values.count(name) == 0 || family(node.outputs.at(0)) == family(name)) continue;
      add(name, [&](const Quantisation& grid) {
        const Tensor on_grid = rounded(*inputs[i], grid);
        Inputs with = inputs;
        for (std::size_t j = 0; j < with.size(); ++j)
          if (node.inputs[j] == name) with[j] = &on_grid;
        return loss(outputs, evaluate_on_codes(node, with, network_));
      });
    }
  }

  template <class LossOn>
  void add(const std::string& name, LossOn&& loss_on) {
    const double largest = largest_.at(family(name));
    if (largest == 0 || sharing_.dtype_of(name) != DType::Int8) return;
    Losses& losses = losses_.emplace(name, Losses{}).first->second;
    const ValueStatistics& statistics = observation_.values.at(name);
    for (std::size_t k = 0; k < kEnds; ++k)
      losses[k] += loss_on(statistics.grid_to(end_of(largest, k), affine_.count(name) != 0));
  }

  static Tensor rounded(const Tensor& tensor, const Quantisation& grid) {
    Tensor result = tensor;
    constexpr std::int64_t kChunk = 1 << 14;
    parallel_for((tensor.size() + kChunk - 1) / kChunk, tensor.size(), [&](std::int64_t chunk) {
      const std::int64_t first = chunk * kChunk, count = std::min(kChunk, tensor.size() - first);
      std::int8_t codes[kChunk];
      quantise_int8(tensor.values.data() + first, count, grid, codes);
      for (std::int64_t i = 0; i < count; ++i)
        result.values[static_cast<std::size_t>(first + i)] = dequantise(codes[i], grid);
    });
    return result;
  }

  // What is on one grid has one name.
  std::string family(const std::string& value) const {
    const auto found = sharing_.grid_classes.find(value);
    return found == sharing_.grid_classes.end() ? value : "#" + std::to_string(found->second);
  }

  const Network& network_;
  const Sharing& sharing_;
  Observation& observation_;
  const Listener& listener_;
  const std::set<std::string> affine_;
  std::map<std::string, double> largest_;
  std::map<std::string, Losses> losses_;
};

}  // namespace

void observe_readers(const RunSpec& run, const PlacedNetwork& placed, const Samples& samples,
                     Observation& observation, const Listener& listener) {
  ReaderLosses losses(run, placed, observation, listener);
  for (std::size_t s = 0; s < samples.count(); ++s) losses.see(samples.apply(s, placed.network));
  losses.finish();
}

}  // namespace bpusim
