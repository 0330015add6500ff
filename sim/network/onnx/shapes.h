// What an ONNX graph declares about its values: types, shapes and named dimensions. For the importer's own
// files only.
#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <set>
#include <string>

#include "sim/network/onnx/import.h"
#include "sim/network/onnx/tensor.h"

namespace bpusim {

class OnnxShapes {
 public:
  OnnxShapes(const OnnxOrigin& origin, const Dimensions& dims, const GivenInputs& given, Network& network)
      : origin_(origin), given_(given), dims_(dims), network_(network) {}

  /// Takes the extents of an input's open dimensions from the tensor that is given for it, if there is one.
  /// Before any input or value. Throws InputError where the tensor does not fit.
  void take_given(const onnx::ValueInfoProto& info);

  /// A graph input. Open dimensions without a name are called by the input and the axis, "x.0". One of
  /// unknown rank gets the shape {0}, which only a file can replace.
  void input(const onnx::ValueInfoProto& info);

  /// Any other value; `name` is the network's for it.
  void value(const onnx::ValueInfoProto& info, const std::string& name);

  /// ONNX's element type of a value that is declared or noted; 0 where nobody says it.
  int type_of(const std::string& name) const;
  void note_type(const std::string& name, int onnx_type) { types_[name] = onnx_type; }

  /// A line for each dimension that was set and that the model does not have.
  std::vector<std::string> unknown_dims() const;

  /// Values whose rank is declared; open dimensions are 0.
  const std::set<std::string>& ranked() const { return ranked_; }

 private:
  void declare(const onnx::ValueInfoProto& info, const std::string& name, bool is_input);
  std::int64_t extent(const onnx::TensorShapeProto::Dimension& dim, const std::string& fallback);
  [[noreturn]] void refuse(const std::string& name, const std::string& why) const;

  const OnnxOrigin& origin_;
  const GivenInputs& given_;
  Dimensions dims_;  ///< that were asked for, and those of given tensors
  Network& network_;
  std::set<std::string> ranked_, dim_names_;
  std::map<std::string, int> types_;
};

}  // namespace bpusim
