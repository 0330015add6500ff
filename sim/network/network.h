// A network as bpusim holds it, whether it came from an ONNX file or from a run's YAML: values and nodes, by
// name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kernels/quantise/quantise.h"
#include "kernels/tensor/attributes.h"
#include "kernels/tensor/tensor.h"
#include "sim/network/pixel_input.h"

namespace bpusim {

/// Codes that the model's file holds of a constant: its numbers are scale * code.
struct GivenCodes {
  std::vector<double> scales;            ///< one, or one an element of `axis`
  std::size_t axis = 0;                  ///< of the constant's shape
  std::int64_t lowest = 0, highest = 0;  ///< that the codes' type and zero points allow
};

/// A tensor of the network. Constants carry data; the network's inputs carry data too, once it is known.
struct Value {
  Shape shape;
  DType dtype = DType::Float32;
  std::shared_ptr<const Tensor> data;  ///< of a constant or an input; copies of a network share it
  std::function<Tensor()> stored;      ///< instead, of a large constant: reads it from the model's file
  std::optional<StringTensor> text;    ///< the same for strings
  bool constant = false;               ///< also without data, where a model holds shapes only
  std::optional<Quantisation> grid;    ///< that the model or the run gives; calibration chooses the others
  std::optional<GivenCodes> codes;     ///< of a constant that the model holds quantised

  /// Takes the tensor's values and shape.
  void hold(Tensor tensor) {
    shape = tensor.shape;
    data = std::make_shared<const Tensor>(std::move(tensor));
    stored = nullptr;
  }

  bool has_numbers() const { return data != nullptr || stored; }
  /// Null where nobody knows them. What is stored is read anew each time, and goes with the last pointer.
  /// Throws InputError where the file can't be read any more.
  std::shared_ptr<const Tensor> numbers() const {
    return stored ? std::make_shared<const Tensor>(stored()) : data;
  }
};

/// An operator. Empty input names stand for optional inputs that are not given.
struct Node {
  std::string name;  ///< unique and stable: the model's own name, or op and position
  std::string op;
  std::string domain;
  int opset = 21;
  Attributes attributes;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::string unread;  ///< why the importer left it as it is: nothing here runs it; empty for all others
  std::string origin;  ///< operators that a rule put together to this one; empty for the model's own
};

/// Nodes in topological order.
struct Network {
  std::string name;
  std::string file;               ///< that it was read from, for messages
  std::int64_t memory_limit = 0;  ///< bytes that values may take (MemoryBudget)
  std::map<std::string, Value> values;
  std::vector<Node> nodes;
  std::vector<std::string> inputs;  ///< without constants
  std::vector<std::string> outputs;
  bool shapes_only = false;            ///< weights have shapes and no data: timing is all that it is good for
  bool has_weights = false;            ///< the model's file has initializers
  std::set<std::string> dynamic_dims;  ///< names of dimensions that nobody has set
  /// Of inputs with open dimensions: their names by axis, empty where the model fixes the extent.
  std::map<std::string, std::vector<std::string>> open_axes;
  std::map<std::string, PixelInput> pixels;    ///< of inputs that are images; NV12 by its first plane's name
  std::map<std::string, std::string> not_run;  ///< valid nodes that nothing here runs, with the reason
  std::vector<std::string> notes;  ///< what of the model's own quantisation runs in another way than it says
  std::set<std::string> unknown;   ///< values whose shape nobody knows, behind operators without definition

  const Shape& shape_of(const std::string& value) const { return values.at(value).shape; }
};

}  // namespace bpusim
