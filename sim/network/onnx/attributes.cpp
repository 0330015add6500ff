#include "sim/network/onnx/attributes.h"

#include <set>

#include "sim/input_error.h"
#include "sim/network/element_type.h"

namespace bpusim {

namespace {

using onnx::AttributeProto;
using Type = AttributeProto::AttributeType;

[[noreturn]] void refuse(const OnnxOrigin& origin, const std::string& where, const std::string& name,
                         const std::string& why) {
  throw InputError(origin.file + ": " + where + ": attribute '" + name + "' " + why);
}

// The types of the fields that hold something.
std::vector<Type> filled(const AttributeProto& a) {
  std::vector<Type> types;
  const auto note = [&](bool there, Type type) {
    if (there) types.push_back(type);
  };
  note(a.has_f(), AttributeProto::FLOAT);
  note(a.has_i(), AttributeProto::INT);
  note(a.has_s(), AttributeProto::STRING);
  note(a.has_t(), AttributeProto::TENSOR);
  note(a.has_g(), AttributeProto::GRAPH);
  note(a.has_sparse_tensor(), AttributeProto::SPARSE_TENSOR);
  note(a.floats_size() > 0, AttributeProto::FLOATS);
  note(a.ints_size() > 0, AttributeProto::INTS);
  note(a.strings_size() > 0, AttributeProto::STRINGS);
  note(a.tensors_size() > 0, AttributeProto::TENSORS);
  note(a.graphs_size() > 0, AttributeProto::GRAPHS);
  note(a.sparse_tensors_size() > 0, AttributeProto::SPARSE_TENSORS);
  return types;
}

Type type_of(const AttributeProto& a, const OnnxOrigin& origin, const std::string& where) {
  const std::vector<Type> types = filled(a);
  if (!a.has_type() || a.type() == AttributeProto::UNDEFINED) {
    if (types.size() != 1) refuse(origin, where, a.name(), "says no type, and holds no value or several");
    return types.front();
  }
  // Writers of proto3 leave out zeros, so that an attribute may fill no field at all; some fill all scalars.
  bool there = types.empty();
  for (const Type type : types) there = there || type == a.type();
  if (!there)
    refuse(origin, where, a.name(),
           "says that it is " + AttributeProto::AttributeType_Name(a.type()) + " and holds " +
               AttributeProto::AttributeType_Name(types.front()));
  return a.type();
}

// Attributes that have one type in every operator that bpusim knows.
const std::map<std::string, Type>& standard_types() {
  static const std::map<std::string, Type> table = {
      {"allowzero", AttributeProto::INT},
      {"alpha", AttributeProto::FLOAT},
      {"approximate", AttributeProto::STRING},
      {"auto_pad", AttributeProto::STRING},
      {"axes", AttributeProto::INTS},
      {"axis", AttributeProto::INT},
      {"beta", AttributeProto::FLOAT},
      {"blocksize", AttributeProto::INT},
      {"ceil_mode", AttributeProto::INT},
      {"coordinate_transformation_mode", AttributeProto::STRING},
      {"count_include_pad", AttributeProto::INT},
      {"dilations", AttributeProto::INTS},
      {"ends", AttributeProto::INTS},
      {"epsilon", AttributeProto::FLOAT},
      {"group", AttributeProto::INT},
      {"keepdims", AttributeProto::INT},
      {"kernel_shape", AttributeProto::INTS},
      {"max", AttributeProto::FLOAT},
      {"min", AttributeProto::FLOAT},
      {"mode", AttributeProto::STRING},
      {"momentum", AttributeProto::FLOAT},
      {"nearest_mode", AttributeProto::STRING},
      {"noop_with_empty_axes", AttributeProto::INT},
      {"num_groups", AttributeProto::INT},
      {"output_padding", AttributeProto::INTS},
      {"pads", AttributeProto::INTS},
      {"perm", AttributeProto::INTS},
      {"stash_type", AttributeProto::INT},
      {"starts", AttributeProto::INTS},
      {"storage_order", AttributeProto::INT},
      {"strides", AttributeProto::INTS},
      {"to", AttributeProto::INT},
      {"training_mode", AttributeProto::INT},
      {"transA", AttributeProto::INT},
      {"transB", AttributeProto::INT}};
  return table;
}

// A tensor of one element (ConstantOfShape's value) is that element, an integer where it is of such a type,
// and its type is the attribute "dtype", as operators have it that make a tensor.
void read_element(const OnnxAttribute& a, const OnnxOrigin& origin, const std::string& where,
                  Attributes& attributes) {
  const ModelTensor tensor = read_onnx_tensor(a.proto->t(), origin, "attribute '" + a.name + "' of " + where);
  const auto* numbers = std::get_if<Tensor>(&tensor);
  if (numbers == nullptr || numbers->size() != 1) return;
  attributes.ints.emplace("dtype", a.proto->t().data_type());
  if (is_exact(element_type(a.proto->t().data_type()))) {
    attributes.ints[a.name] = to_integer(numbers->values[0]);
  } else {
    attributes.floats[a.name] = numbers->values[0];
  }
}

void read_attribute(const OnnxAttribute& a, const OnnxOrigin& origin, const std::string& where,
                    Attributes& attributes) {
  switch (a.type) {
    case AttributeProto::INT:
      attributes.ints[a.name] = a.proto->i();
      break;
    case AttributeProto::FLOAT:
      attributes.floats[a.name] = static_cast<double>(a.proto->f());
      break;
    case AttributeProto::STRING:
      attributes.strings[a.name] = a.proto->s();
      break;
    case AttributeProto::INTS:
      attributes.int_lists[a.name].assign(a.proto->ints().begin(), a.proto->ints().end());
      break;
    case AttributeProto::FLOATS:
      attributes.float_lists[a.name].assign(a.proto->floats().begin(), a.proto->floats().end());
      break;
    case AttributeProto::STRINGS:
      attributes.string_lists[a.name].assign(a.proto->strings().begin(), a.proto->strings().end());
      break;
    case AttributeProto::TENSOR:
      read_element(a, origin, where, attributes);
      break;
    default:
      break;
  }
}

}  // namespace

std::vector<OnnxAttribute> resolve_attributes(const onnx::NodeProto& node, const OnnxCallAttributes& call,
                                              const OnnxOrigin& origin, const std::string& where) {
  std::vector<OnnxAttribute> resolved;
  std::set<std::string> names;
  for (const AttributeProto& a : node.attribute()) {
    if (a.name().empty()) refuse(origin, where, "", "has no name");
    if (!names.insert(a.name()).second) refuse(origin, where, a.name(), "is given twice");
    const AttributeProto* source = &a;
    if (!a.ref_attr_name().empty()) {
      const auto given = call.find(a.ref_attr_name());
      if (given == call.end()) continue;
      source = given->second;
    }
    resolved.push_back({a.name(), source, type_of(*source, origin, where)});
  }
  return resolved;
}

Attributes read_attributes(const std::vector<OnnxAttribute>& attributes, const OnnxOrigin& origin,
                           const std::string& where) {
  Attributes result;
  for (const OnnxAttribute& a : attributes) {
    const auto standard = standard_types().find(a.name);
    if (standard != standard_types().end() && standard->second != a.type)
      refuse(origin, where, a.name,
             "is " + AttributeProto::AttributeType_Name(a.type) + ", expected " +
                 AttributeProto::AttributeType_Name(standard->second));
    read_attribute(a, origin, where, result);
  }
  return result;
}

}  // namespace bpusim
