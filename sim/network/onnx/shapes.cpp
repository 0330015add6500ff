#include "sim/network/onnx/shapes.h"

#include <algorithm>

#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/network/element_type.h"

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

namespace {

std::string axis_name(const std::string& input, std::size_t axis) {
  return input + "." + std::to_string(axis);
}

// "1xn0x4": open dimensions by their names.
std::string named_shape(const onnx::ValueInfoProto& info) {
  std::string text;
  std::size_t axis = 0;
  for (const auto& dim : info.type().tensor_type().shape().dim()) {
    const std::string name = dim.dim_param().empty() ? axis_name(info.name(), axis) : dim.dim_param();
    text += (axis++ == 0 ? "" : "x") + (dim.dim_value() > 0 ? std::to_string(dim.dim_value()) : name);
  }
  return axis == 0 ? "scalar" : text;
}

const Shape& shape_of(const AnyTensor& tensor) {
  const auto* numbers = std::get_if<Tensor>(&tensor);
  return numbers != nullptr ? numbers->shape : std::get<StringTensor>(tensor).shape;
}

}  // namespace

void OnnxShapes::take_given(const onnx::ValueInfoProto& info) {
  const auto found = given_.tensors.find(info.name());
  if (found == given_.tensors.end() || !info.type().has_tensor_type()) return;
  const auto& type = info.type().tensor_type();
  const DType dtype = element_type(type.elem_type());
  const auto* numbers = std::get_if<Tensor>(&found->second);
  if ((numbers == nullptr) != (dtype == DType::String))
    refuse(info.name(),
           numbers == nullptr ? "holds numbers, and is given text" : "is text, and is given numbers");
  if (const std::string why = numbers == nullptr ? "" : misfit(*numbers, dtype); !why.empty())
    refuse(info.name(), "is an input of " + to_string(dtype) + ", and what is given for it " + why);
  if (!type.has_shape()) return;
  const Shape& shape = shape_of(found->second);
  const std::string misfit_text =
      "is an input of shape " + named_shape(info) + ", and what is given for it has " + to_string(shape);
  if (shape.size() != static_cast<std::size_t>(type.shape().dim_size())) refuse(info.name(), misfit_text);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const auto& dim = type.shape().dim(static_cast<int>(d));
    if (dim.dim_value() > 0) {
      if (dim.dim_value() != shape[d]) refuse(info.name(), misfit_text);
      continue;
    }
    const std::string name = dim.dim_param().empty() ? axis_name(info.name(), d) : dim.dim_param();
    const auto [known, fresh] = dims_.emplace(name, shape[d]);
    if (!fresh && known->second != shape[d])
      refuse(info.name(), misfit_text + ": '" + name + "' is " + std::to_string(known->second) + " already");
  }
}

void OnnxShapes::declare(const onnx::ValueInfoProto& info, const std::string& name, bool is_input) {
  Value& value = network_.values[name];
  if (value.constant || !info.type().has_tensor_type()) return;
  const auto& type = info.type().tensor_type();
  value.dtype = element_type(type.elem_type());
  note_type(name, type.elem_type());
  value.shape.clear();
  std::int64_t count = 1;
  std::vector<std::string> axes;
  for (const auto& dim : type.shape().dim()) {
    const std::string fallback = is_input ? axis_name(name, value.shape.size()) : "";
    value.shape.push_back(extent(dim, fallback));
    axes.push_back(dim.dim_value() > 0 ? "" : dim.dim_param().empty() ? fallback : dim.dim_param());
    if (is_input && value.shape.back() == 0) network_.dynamic_dims.insert(axes.back());
    const std::int64_t known = std::max<std::int64_t>(value.shape.back(), 1);
    if (known > kMaxElements / count)
      refuse(name, "has a dimension of " + std::to_string(known) + ": more than " +
                       std::to_string(kMaxElements) + " elements");
    count *= known;
  }
  if (type.has_shape()) ranked_.insert(name);
  if (is_input && type.has_shape()) network_.open_axes[name] = std::move(axes);
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

std::vector<std::string> OnnxShapes::unknown_dims() const {
  std::vector<std::string> lines;
  for (const auto& [name, extent] : dims_)
    if (dim_names_.count(name) == 0)
      lines.push_back(origin_.file + ": the model has no open dimension '" + name + "'" +
                      did_you_mean(name, {dim_names_.begin(), dim_names_.end()}));
  return lines;
}

}  // namespace bpusim
