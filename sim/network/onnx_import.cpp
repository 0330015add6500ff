#include "sim/network/onnx_import.h"

#include <onnx/onnx_pb.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "sim/input_error.h"
#include "sim/network/tensor_files.h"

namespace bpusim {

namespace {

using onnx::TensorProto;

struct Origin {
  std::string file, folder;
};

std::size_t element_bytes(int type) {
  switch (type) {
    case TensorProto::FLOAT:
    case TensorProto::INT32:
    case TensorProto::UINT32:
      return 4;
    case TensorProto::DOUBLE:
    case TensorProto::INT64:
    case TensorProto::UINT64:
      return 8;
    case TensorProto::INT8:
    case TensorProto::UINT8:
    case TensorProto::BOOL:
      return 1;
    case TensorProto::INT16:
    case TensorProto::UINT16:
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return 2;
    default:
      return 0;
  }
}

template <class T>
double as(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return static_cast<double>(value);
}

double raw_element(int type, const char* bytes) {
  switch (type) {
    case TensorProto::FLOAT:
      return as<float>(bytes);
    case TensorProto::DOUBLE:
      return as<double>(bytes);
    case TensorProto::INT64:
      return as<std::int64_t>(bytes);
    case TensorProto::UINT64:
      return as<std::uint64_t>(bytes);
    case TensorProto::INT32:
      return as<std::int32_t>(bytes);
    case TensorProto::UINT32:
      return as<std::uint32_t>(bytes);
    case TensorProto::INT16:
      return as<std::int16_t>(bytes);
    case TensorProto::UINT16:
      return as<std::uint16_t>(bytes);
    case TensorProto::INT8:
      return as<std::int8_t>(bytes);
    case TensorProto::BFLOAT16: {
      std::uint32_t bits = 0;
      std::memcpy(reinterpret_cast<char*>(&bits) + 2, bytes, 2);
      return as<float>(reinterpret_cast<const char*>(&bits));
    }
    case TensorProto::FLOAT16: {
      std::uint16_t bits = 0;
      std::memcpy(&bits, bytes, 2);
      return half_to_double(bits);
    }
    default:
      return as<std::uint8_t>(bytes);
  }
}

std::string external_bytes(const TensorProto& proto, const Origin& origin) {
  std::string location;
  std::size_t offset = 0, length = std::string::npos;
  for (const auto& entry : proto.external_data()) {
    try {
      if (entry.key() == "location") location = entry.value();
      if (entry.key() == "offset") offset = std::stoull(entry.value());
      if (entry.key() == "length") length = std::stoull(entry.value());
    } catch (const std::exception&) {
      throw InputError(origin.file + ": tensor '" + proto.name() + "': external " + entry.key() + " is '" +
                       entry.value() + "'");
    }
  }
  const std::filesystem::path path = std::filesystem::path(origin.folder) / location;
  std::ifstream in(path, std::ios::binary);
  if (location.empty() || !in || std::filesystem::is_directory(path))
    throw InputError(origin.file + ": tensor '" + proto.name() + "': external data '" + path.string() +
                     "' is not there");
  in.seekg(0, std::ios::end);
  const auto size = static_cast<std::size_t>(in.tellg());
  if (offset > size || (length != std::string::npos && length > size - offset))
    throw InputError(origin.file + ": tensor '" + proto.name() + "': external data '" + path.string() +
                     "' is too short");
  std::string bytes(length == std::string::npos ? size - offset : length, '\0');
  in.seekg(static_cast<std::streamoff>(offset));
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

Shape shape_of(const TensorProto& proto, const Origin& origin) {
  Shape shape;
  std::int64_t count = 1;
  for (const std::int64_t dim : proto.dims()) {
    if (dim < 0 || (dim > 0 && count > (std::int64_t{1} << 40) / dim))
      throw InputError(origin.file + ": tensor '" + proto.name() + "' has an impossible dimension " +
                       std::to_string(dim));
    count *= dim;
    shape.push_back(dim);
  }
  return shape;
}

[[noreturn]] void wrong_count(const TensorProto& proto, const Origin& origin, std::size_t have) {
  throw InputError(origin.file + ": tensor '" + proto.name() + "' of shape " +
                   to_string(shape_of(proto, origin)) + " holds " + std::to_string(have) + " elements");
}

template <class Field>
void copy_field(const Field& field, std::vector<double>& values) {
  for (const auto value : field) values.push_back(static_cast<double>(value));
}

std::vector<double> typed_values(const TensorProto& proto) {
  std::vector<double> values;
  const int type = proto.data_type();
  if (type == TensorProto::FLOAT) {
    copy_field(proto.float_data(), values);
  } else if (type == TensorProto::DOUBLE) {
    copy_field(proto.double_data(), values);
  } else if (type == TensorProto::INT64) {
    copy_field(proto.int64_data(), values);
  } else if (type == TensorProto::UINT64 || type == TensorProto::UINT32) {
    copy_field(proto.uint64_data(), values);
  } else if (type == TensorProto::BFLOAT16) {
    for (const auto bits : proto.int32_data()) {
      const std::uint16_t half = static_cast<std::uint16_t>(bits);
      values.push_back(raw_element(type, reinterpret_cast<const char*>(&half)));
    }
  } else if (type == TensorProto::FLOAT16) {
    for (const auto bits : proto.int32_data())
      values.push_back(half_to_double(static_cast<std::uint16_t>(bits)));
  } else {
    copy_field(proto.int32_data(), values);
  }
  return values;
}

AnyTensor tensor_of(const TensorProto& proto, const Origin& origin) {
  const Shape shape = shape_of(proto, origin);
  const auto count = static_cast<std::size_t>(element_count(shape));
  if (proto.data_type() == TensorProto::STRING) {
    StringTensor text{shape, {proto.string_data().begin(), proto.string_data().end()}};
    if (text.values.size() != count) wrong_count(proto, origin, text.values.size());
    return text;
  }
  const std::size_t width = element_bytes(proto.data_type());
  if (width == 0)
    throw InputError(origin.file + ": tensor '" + proto.name() + "' has element type " +
                     std::to_string(proto.data_type()) + ", which is not read");
  const bool external = proto.data_location() == TensorProto::EXTERNAL;
  if (external || proto.has_raw_data()) {
    const std::string bytes = external ? external_bytes(proto, origin) : proto.raw_data();
    if (bytes.size() != count * width) wrong_count(proto, origin, bytes.size() / width);
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i)
      values[i] = raw_element(proto.data_type(), bytes.data() + i * width);
    return Tensor(shape, std::move(values));
  }
  std::vector<double> values = typed_values(proto);
  if (values.size() != count) wrong_count(proto, origin, values.size());
  return Tensor(shape, std::move(values));
}

DType dtype_of(int type) {
  switch (type) {
    case TensorProto::STRING:
      return DType::String;
    case TensorProto::INT64:
      return DType::Int64;
    case TensorProto::INT32:
    case TensorProto::UINT8:
    case TensorProto::INT16:
    case TensorProto::UINT16:
    case TensorProto::UINT32:
    case TensorProto::UINT64:
      return DType::Int32;
    case TensorProto::INT8:
      return DType::Int8;
    case TensorProto::BOOL:
      return DType::Bool;
    default:
      return DType::Float32;
  }
}

void set_constant(Value& value, AnyTensor tensor, DType dtype) {
  value.constant = true;
  if (auto* text = std::get_if<StringTensor>(&tensor)) {
    value.shape = text->shape;
    value.dtype = DType::String;
    value.text = std::move(*text);
  } else {
    auto& numbers = std::get<Tensor>(tensor);
    value.dtype = dtype;
    value.hold(std::move(numbers));
  }
}

// A tensor of one element (ConstantOfShape's value) is that element, an integer where it is of such a type.
void read_tensor_attribute(const onnx::AttributeProto& proto, const Origin& origin, Attributes& attributes) {
  const AnyTensor tensor = tensor_of(proto.t(), origin);
  const auto* numbers = std::get_if<Tensor>(&tensor);
  if (numbers == nullptr || numbers->size() != 1) return;
  const DType dtype = dtype_of(proto.t().data_type());
  if (dtype == DType::Int32 || dtype == DType::Int64) {
    attributes.ints[proto.name()] = static_cast<std::int64_t>(numbers->values[0]);
  } else {
    attributes.floats[proto.name()] = numbers->values[0];
  }
}

void read_attribute(const onnx::AttributeProto& proto, const Origin& origin, Attributes& attributes) {
  using onnx::AttributeProto;
  switch (proto.type()) {
    case AttributeProto::INT:
      attributes.ints[proto.name()] = proto.i();
      break;
    case AttributeProto::FLOAT:
      attributes.floats[proto.name()] = static_cast<double>(proto.f());
      break;
    case AttributeProto::STRING:
      attributes.strings[proto.name()] = proto.s();
      break;
    case AttributeProto::INTS:
      attributes.int_lists[proto.name()].assign(proto.ints().begin(), proto.ints().end());
      break;
    case AttributeProto::STRINGS:
      attributes.string_lists[proto.name()].assign(proto.strings().begin(), proto.strings().end());
      break;
    case AttributeProto::TENSOR:
      read_tensor_attribute(proto, origin, attributes);
      break;
    default:
      break;  // graphs: operators that need them are refused by name
  }
}

// A Constant node's value, from whichever attribute holds it.
AnyTensor constant_of(const onnx::NodeProto& node, const Origin& origin) {
  for (const auto& a : node.attribute()) {
    if (a.name() == "value") return tensor_of(a.t(), origin);
    if (a.name() == "value_float") return Tensor({}, {static_cast<double>(a.f())});
    if (a.name() == "value_int") return Tensor({}, {static_cast<double>(a.i())});
    if (a.name() == "value_ints")
      return Tensor({a.ints_size()}, std::vector<double>(a.ints().begin(), a.ints().end()));
    if (a.name() == "value_floats")
      return Tensor({a.floats_size()}, std::vector<double>(a.floats().begin(), a.floats().end()));
  }
  throw InputError(origin.file + ": Constant '" + node.name() + "' has no value that is read");
}

DType constant_dtype(const onnx::NodeProto& node) {
  for (const auto& a : node.attribute()) {
    if (a.name() == "value") return dtype_of(a.t().data_type());
    if (a.name() == "value_int" || a.name() == "value_ints") return DType::Int64;
  }
  return DType::Float32;
}

void declare(const onnx::ValueInfoProto& info, const Dimensions& dims, Network& network) {
  Value& value = network.values[info.name()];
  if (value.constant || !info.type().has_tensor_type()) return;
  if (info.type().tensor_type().elem_type() == TensorProto::BFLOAT16)
    throw InputError("'" + info.name() + "' is bfloat16, which is not read as an input or output");
  value.dtype = dtype_of(info.type().tensor_type().elem_type());
  value.shape.clear();
  for (const auto& dim : info.type().tensor_type().shape().dim()) {
    const auto named = dims.find(dim.dim_param());
    if (!dim.has_dim_value() && named == dims.end() && !dim.dim_param().empty())
      network.dynamic_dims.insert(dim.dim_param());
    value.shape.push_back(dim.has_dim_value() ? dim.dim_value() : named == dims.end() ? 0 : named->second);
  }
}

// The element type of a value that the graph declares; 0 where it does not.
int declared_type(const onnx::GraphProto& graph, const std::string& name) {
  for (const auto& tensor : graph.initializer())
    if (tensor.name() == name) return tensor.data_type();
  for (const auto* list : {&graph.input(), &graph.value_info(), &graph.output()})
    for (const auto& info : *list)
      if (info.name() == name) return info.type().tensor_type().elem_type();
  return 0;
}

// A CastLike whose type is known is a Cast.
void resolve_cast_like(const onnx::GraphProto& graph, Node& node) {
  if (node.op != "CastLike" || node.inputs.size() != 2) return;
  const int type = declared_type(graph, node.inputs[1]);
  if (type == 0) return;
  node.op = "Cast";
  node.inputs.pop_back();
  node.attributes.ints["to"] = type;
}

std::string unique_name(const onnx::NodeProto& node, std::size_t index, std::set<std::string>& taken) {
  std::string name = node.name().empty() ? node.op_type() + "_" + std::to_string(index) : node.name();
  if (!taken.insert(name).second) {
    name += "_" + std::to_string(index);
    taken.insert(name);
  }
  return name;
}

void read_nodes(const onnx::GraphProto& graph, int opset, const Origin& origin, Network& network) {
  std::set<std::string> taken, defined;
  for (const auto& [name, value] : network.values)
    if (value.constant) defined.insert(name);
  defined.insert(network.inputs.begin(), network.inputs.end());
  for (const auto& proto : graph.node()) {
    if (proto.op_type() == "Constant" && proto.output_size() == 1) {
      set_constant(network.values[proto.output(0)], constant_of(proto, origin), constant_dtype(proto));
      defined.insert(proto.output(0));
      continue;
    }
    Node node;
    node.name = unique_name(proto, network.nodes.size(), taken);
    node.op = proto.op_type();
    node.domain = proto.domain();
    node.opset = opset;
    for (const auto& attribute : proto.attribute()) read_attribute(attribute, origin, node.attributes);
    node.inputs.assign(proto.input().begin(), proto.input().end());
    node.outputs.assign(proto.output().begin(), proto.output().end());
    resolve_cast_like(graph, node);
    for (const std::string& input : node.inputs)
      if (!input.empty() && defined.count(input) == 0)
        throw InputError(origin.file + ": " + node.op + " '" + node.name + "' reads '" + input +
                         "', which nothing before it makes");
    for (const std::string& output : node.outputs) {
      defined.insert(output);
      network.values[output];
    }
    network.nodes.push_back(std::move(node));
  }
}

}  // namespace

Network parse_onnx(const std::string& bytes, const std::string& name, const std::string& folder,
                   const Dimensions& dims) {
  const Origin origin{name, folder};
  onnx::ModelProto model;
  if (!model.ParseFromString(bytes))
    throw InputError(name + ": not an ONNX model, or truncated (" + std::to_string(bytes.size()) +
                     " bytes do not parse)");
  if (!model.has_graph() || model.graph().node_size() == 0)
    throw InputError(name + ": the model has no nodes (" + std::to_string(bytes.size()) + " bytes)");
  int opset = 0;
  for (const auto& import : model.opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx") opset = static_cast<int>(import.version());
  Network network;
  network.name = model.graph().name();
  for (const auto& proto : model.graph().initializer())
    set_constant(network.values[proto.name()], tensor_of(proto, origin), dtype_of(proto.data_type()));
  for (const auto& info : model.graph().value_info()) declare(info, dims, network);
  for (const auto& info : model.graph().output()) {
    declare(info, dims, network);
    network.outputs.push_back(info.name());
  }
  for (const auto& info : model.graph().input()) {
    declare(info, dims, network);
    if (!network.values[info.name()].constant) network.inputs.push_back(info.name());
  }
  read_nodes(model.graph(), opset, origin, network);
  return network;
}

Network read_onnx(const std::string& path, const Dimensions& dims) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path)) throw InputError(path + ": no such file, or not readable");
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return parse_onnx(bytes.str(), path, std::filesystem::path(path).parent_path().string(), dims);
}

AnyTensor read_pb(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  TensorProto proto;
  if (!in || std::filesystem::is_directory(path)) throw InputError(path + ": no such file, or not readable");
  if (!proto.ParseFromIstream(&in)) throw InputError(path + ": not a TensorProto, or truncated");
  return tensor_of(proto, {path, std::filesystem::path(path).parent_path().string()});
}

}  // namespace bpusim
