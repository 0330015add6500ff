#include "sim/quantise/golden.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <stdexcept>

#include "kernels/not_run.h"
#include "kernels/quantise/value_rows.h"
#include "sim/config/memory_budget.h"
#include "sim/input_error.h"
#include "sim/network/own_name.h"
#include "sim/plan/simplify.h"

namespace bpusim {

namespace {

bool all_finite(const Tensor& tensor) {
  return std::all_of(tensor.values.begin(), tensor.values.end(), [](double v) { return std::isfinite(v); });
}

bool is_new_infinity(const Inputs& inputs, const std::vector<Tensor>& outputs) {
  return !std::all_of(outputs.begin(), outputs.end(), all_finite) &&
         std::all_of(inputs.begin(), inputs.end(), [](const Tensor* x) { return all_finite(*x); });
}

// Beyond, float64 does not hold every whole number.
bool leaves_float64(const Tensor& tensor) {
  return std::any_of(tensor.values.begin(), tensor.values.end(),
                     [](double v) { return std::abs(v) > 0x1p53; });
}

class Evaluation {
 public:
  Evaluation(const Network& network, const GoldenVisitor& visitor) : network_(network), visitor_(visitor) {
    for (const Node& node : network.nodes)
      for (const std::string& input : node.inputs) ++readers_[input];
  }

  void run() {
    refuse_undefined();
    require_memory();
    for (const std::string& name : network_.inputs) {
      const Value& value = network_.values.at(name);
      if (value.text) {
        texts_[name] = *value.text;
        if (visitor_.text) visitor_.text(name, *value.text);
      } else if (value.data) {
        visitor_.number(name, saturated_input(name, value));
      }
    }
    std::size_t done = 0;
    for (const Node& node : network_.nodes) {
      if (visitor_.listener != nullptr) visitor_.listener->report("golden", done++, network_.nodes.size());
      try {
        step(node);
      } catch (const NotRun& error) {
        throw PlacementError(place(node.name + ": " + in_own_name(node.op, error.what())));
      } catch (const std::invalid_argument& error) {
        throw InputError(place(node.name + ": " + in_own_name(node.op, error.what())));
      } catch (const std::out_of_range&) {
        throw InputError(place(node.name + ": " + node.op + " lacks an input that has a value"));
      }
      for (const std::string& input : node.inputs)
        if (--readers_[input] == 0) live_.erase(input);
    }
  }

 private:
  // Of a value while it is worked on: in float64, as it is, what makes it and what is compared with it; its
  // codes. Measured on single operators.
  double bytes_of(const std::string& name) const {
    constexpr double copies = 6;
    const auto found = network_.values.find(name);
    return found == network_.values.end() || found->second.text
               ? 0
               : copies * sizeof(double) * static_cast<double>(element_count(found->second.shape));
  }

  // Values live from the node that makes them to the last that reads them: whether all of them ever fit is
  // known before any of them is made.
  void require_memory() const {
    MemoryBudget budget(network_.memory_limit);
    std::map<std::string, int> readers = readers_;
    std::set<std::string> live;
    for (const std::string& name : network_.inputs)
      budget.charge(bytes_of(name), place("input '" + name + "'"));
    for (const Node& node : network_.nodes) {
      for (const std::string& name : node.outputs) {
        if (name.empty()) continue;
        budget.charge(bytes_of(name), place(node.op + " '" + node.name + "': output '" + name +
                                            "' of shape " + to_string(network_.shape_of(name)) + ""));
        live.insert(name);
      }
      for (const std::string& name : node.outputs)
        if (readers.count(name) == 0 && live.erase(name) != 0) budget.release(bytes_of(name));
      for (const std::string& name : node.inputs)
        if (--readers[name] == 0 && live.erase(name) != 0) budget.release(bytes_of(name));
    }
  }

  std::string place(const std::string& what) const {
    return network_.file.empty() ? what : network_.file + ": " + what;
  }

  void refuse_undefined() const {
    std::string lines;
    std::vector<std::string> not_run;
    for (const Node& node : network_.nodes) {
      if (find_operator(node.op) == nullptr)
        lines += "\n  " + node.name + " (" + node.op +
                 "): " + (node.unread.empty() ? "the operator has no definition in bpusim" : node.unread);
      if (const auto why = network_.not_run.find(node.name); why != network_.not_run.end())
        not_run.push_back(place(node.name + ": " + why->second));
    }
    if (!lines.empty()) throw PlacementError(place("nothing computes:" + lines));
    if (!not_run.empty()) throw PlacementError(not_run);
  }

  void step(const Node& node) {
    const OperatorDefinition* row = find_operator(node.op);
    if (row != nullptr && row->text != nullptr) {
      StringTensor words = row->text(node, text(node.inputs.at(0)));
      if (visitor_.text) visitor_.text(node.outputs.at(0), words);
      texts_[node.outputs[0]] = std::move(words);
      return;
    }
    Inputs inputs;
    std::vector<std::shared_ptr<const Tensor>> constants;
    for (const std::string& name : node.inputs) inputs.push_back(number(name, constants));
    auto outputs = evaluate(node, inputs, network_);
    if (visitor_.doubt && is_new_infinity(inputs, outputs))
      visitor_.doubt(node, node.op + ": its result holds infinity" + ranges_of(inputs));
    if (visitor_.doubt && meets_inexact_integers(node, inputs, outputs))
      visitor_.doubt(node, node.op + ": whole numbers beyond 2^53, which float64 rounds" + ranges_of(inputs));
    if (visitor_.node) visitor_.node(node, inputs, outputs);
    for (std::size_t i = 0; i < node.outputs.size() && i < outputs.size(); ++i) {
      const std::string& name = node.outputs[i];
      if (name.empty()) continue;
      saturate(name, outputs[i]);
      const auto tensor = std::make_shared<const Tensor>(std::move(outputs[i]));
      const auto said = network_.values.find(name);
      if (said != network_.values.end() && said->second.shape != tensor->shape)
        throw std::logic_error(node.name + ": " + node.op + " gives " + to_string(tensor->shape) +
                               ", and its shape was said to be " + to_string(said->second.shape));
      visitor_.number(name, tensor);
      if (readers_.count(name) != 0) live_[name] = tensor;
    }
  }

  // A grid that is given ends somewhere, and what lies beyond saturates there: quantisers leave activations
  // out that this stands for. Its steps are no part of the float64 model.
  void saturate(const std::string& name, Tensor& tensor) const {
    const auto value = network_.values.find(name);
    if (value == network_.values.end() || !value->second.grid) return;
    const Quantisation& grid = *value->second.grid;
    const double low = dequantise(grid.lowest(), grid), high = dequantise(grid.highest(), grid);
    for (double& v : tensor.values) v = std::clamp(v, low, high);
  }
  std::shared_ptr<const Tensor> saturated_input(const std::string& name, const Value& value) {
    if (!value.grid) return value.data;
    Tensor tensor = *value.data;
    saturate(name, tensor);
    return live_[name] = std::make_shared<const Tensor>(std::move(tensor));
  }

  // Constants such as the end of a Slice may be as large as they like.
  bool meets_inexact_integers(const Node& node, const Inputs& inputs,
                              const std::vector<Tensor>& outputs) const {
    const auto exact = [&](const std::string& name) {
      const auto value = network_.values.find(name);
      return value != network_.values.end() && !value->second.constant && byte_size(value->second.dtype) == 8;
    };
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (exact(node.inputs[i]) && leaves_float64(*inputs[i])) return true;
    for (std::size_t i = 0; i < outputs.size() && i < node.outputs.size(); ++i)
      if (exact(node.outputs[i]) && leaves_float64(outputs[i])) return true;
    return false;
  }

  // A constant's numbers live with `constants`, since those of a file are read for this node alone.
  const Tensor* number(const std::string& name, std::vector<std::shared_ptr<const Tensor>>& constants) const {
    if (name.empty()) return &absent();
    const auto found = live_.find(name);
    if (found != live_.end()) return found->second.get();
    constants.push_back(network_.values.at(name).numbers());
    if (constants.back() == nullptr) throw std::out_of_range(name);
    return constants.back().get();
  }
  const StringTensor& text(const std::string& name) const {
    const auto found = texts_.find(name);
    if (found != texts_.end()) return found->second;
    const auto& constant = network_.values.at(name).text;
    if (!constant) throw std::out_of_range(name);
    return *constant;
  }

  const Network& network_;
  const GoldenVisitor& visitor_;
  std::map<std::string, int> readers_;
  std::map<std::string, std::shared_ptr<const Tensor>> live_;
  std::map<std::string, StringTensor> texts_;
};

}  // namespace

void evaluate(const Network& network, const GoldenVisitor& visitor) {
  Evaluation(network, visitor).run();
}

GoldenValues evaluate(const Network& network, const Listener& listener) {
  GoldenValues golden;
  const Network whole = folded(network);
  MemoryBudget budget(network.memory_limit);  // all values stay
  for (const auto& [name, value] : whole.values) {
    if (value.has_numbers()) golden.numbers[name] = *value.numbers();
    if (value.text) golden.text[name] = *value.text;
  }
  GoldenVisitor visitor;
  visitor.number = [&](const std::string& name, const std::shared_ptr<const Tensor>& tensor) {
    budget.charge(sizeof(double) * static_cast<double>(tensor->size()),
                  network.file + ": value '" + name + "' of the float64 model");
    golden.numbers[name] = *tensor;
  };
  visitor.text = [&](const std::string& name, const StringTensor& words) { golden.text[name] = words; };
  visitor.listener = &listener;
  evaluate(whole, visitor);
  return golden;
}

}  // namespace bpusim
