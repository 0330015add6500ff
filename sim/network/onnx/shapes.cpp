#include "sim/network/onnx/shapes.h"

#include <algorithm>

#include "sim/config/suggest.h"
#include "sim/input_error.h"

namespace bpusim {

void OnnxShapes::refuse(const std::string& name, const std::string& why) const {
  throw InputError(origin_.file + ": value '" + name + "' " + why);
}

// Exporters write open dimensions as a name, as nothing, as 0 or as -1.
std::int64_t OnnxShapes::extent(const onnx::TensorShapeProto::Dimension& dim, const std::string& fallback) {
  if (dim.dim_value() > 0) return dim.dim_value();
  const std::string& name = dim.dim_param().empty() ? fallback : dim.dim_param();
  if (name.empty()) return 0;
  dim_names_.insert(name);
  const auto given = dims_.find(name);
  return given == dims_.end() ? 0 : given->second;
}

void OnnxShapes::declare(const onnx::ValueInfoProto& info, const std::string& name, bool is_input) {
  Value& value = network_.values[name];
  if (value.constant || !info.type().has_tensor_type()) return;
  const auto& type = info.type().tensor_type();
  value.dtype = dtype_of(type.elem_type());
  note_type(name, type.elem_type());
  value.shape.clear();
  std::int64_t count = 1;
  for (const auto& dim : type.shape().dim()) {
    const std::string fallback = is_input ? name + "." + std::to_string(value.shape.size()) : "";
    value.shape.push_back(extent(dim, fallback));
    if (is_input && value.shape.back() == 0)
      network_.dynamic_dims.insert(dim.dim_param().empty() ? fallback : dim.dim_param());
    const std::int64_t known = std::max<std::int64_t>(value.shape.back(), 1);
    if (known > kMaxElements / count)
      refuse(name, "has a dimension of " + std::to_string(known) + ": more than " +
                       std::to_string(kMaxElements) + " elements");
    count *= known;
  }
  const bool open = std::any_of(value.shape.begin(), value.shape.end(), [](std::int64_t e) { return e < 1; });
  if (type.has_shape() && !open) shaped_.insert(name);
  if (!type.has_shape() && is_input) value.shape = {0};
}

void OnnxShapes::input(const onnx::ValueInfoProto& info) {
  const std::string& name = info.name();
  if (name.empty()) throw InputError(origin_.file + ": an input of the graph has no name");
  if (network_.values[name].constant) return;
  if (info.type().has_sequence_type() || info.type().has_map_type() || info.type().has_optional_type() ||
      info.type().has_sparse_tensor_type())
    refuse(name, "is an input that is no tensor: sequences, maps and optional values are not read");
  const int type = info.type().tensor_type().elem_type();
  if (type == onnx::TensorProto::BFLOAT16 || onnx_type_name(type).rfind("COMPLEX", 0) == 0 ||
      onnx_type_name(type).rfind("FLOAT8", 0) == 0)
    refuse(name, "is an input of type " + onnx_type_name(type) +
                     ", which is not read: export the model in float32");
  declare(info, name, true);
  if (!info.type().has_tensor_type()) network_.values[name].shape = {0};
}

void OnnxShapes::value(const onnx::ValueInfoProto& info, const std::string& name) {
  declare(info, name, false);
}

int OnnxShapes::type_of(const std::string& name) const {
  const auto found = types_.find(name);
  return found == types_.end() ? 0 : found->second;
}

void OnnxShapes::check_dims() const {
  for (const auto& [name, extent] : dims_)
    if (dim_names_.count(name) == 0)
      throw InputError(origin_.file + ": the model has no open dimension '" + name + "'" +
                       did_you_mean(name, {dim_names_.begin(), dim_names_.end()}));
}

}  // namespace bpusim
