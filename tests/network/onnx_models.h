// ONNX models that tests build in memory.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace bpusim::testing {

using Names = std::vector<std::string>;
using Dims = std::vector<std::int64_t>;

inline void fill(onnx::TensorProto& tensor, const std::string& name, const Dims& dims,
                 const std::vector<float>& values) {
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t dim : dims) tensor.add_dims(dim);
  tensor.set_raw_data(values.data(), values.size() * sizeof(float));
}

inline void fill_int64(onnx::TensorProto& tensor, const std::string& name, const Dims& dims,
                       const Dims& values) {
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  for (const std::int64_t dim : dims) tensor.add_dims(dim);
  for (const std::int64_t value : values) tensor.add_int64_data(value);
}

inline void fill_bool(onnx::TensorProto& tensor, const std::string& name, bool value) {
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::BOOL);
  tensor.add_int32_data(value ? 1 : 0);
}

inline onnx::AttributeProto& attribute(onnx::NodeProto& node, const std::string& name,
                                       onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(type);
  return a;
}
inline void set_int(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
  attribute(node, name, onnx::AttributeProto::INT).set_i(value);
}
inline void set_float(onnx::NodeProto& node, const std::string& name, float value) {
  attribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}
inline void set_string(onnx::NodeProto& node, const std::string& name, const std::string& value) {
  attribute(node, name, onnx::AttributeProto::STRING).set_s(value);
}
inline void set_ints(onnx::NodeProto& node, const std::string& name, const Dims& values) {
  onnx::AttributeProto& a = attribute(node, name, onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) a.add_ints(value);
}
inline onnx::TensorProto& set_tensor(onnx::NodeProto& node, const std::string& name) {
  return *attribute(node, name, onnx::AttributeProto::TENSOR).mutable_t();
}
inline onnx::GraphProto& set_graph(onnx::NodeProto& node, const std::string& name) {
  return *attribute(node, name, onnx::AttributeProto::GRAPH).mutable_g();
}

template <class Owner>  // a graph or a function
onnx::NodeProto& add_node(Owner& owner, const std::string& op, const Names& inputs, const Names& outputs,
                          const std::string& name = "") {
  onnx::NodeProto& node = *owner.add_node();
  node.set_op_type(op);
  node.set_name(name);
  for (const std::string& input : inputs) node.add_input(input);
  for (const std::string& output : outputs) node.add_output(output);
  return node;
}

inline void declare(onnx::ValueInfoProto& info, const std::string& name, const Dims& dims,
                    int type = onnx::TensorProto::FLOAT) {
  info.set_name(name);
  auto& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape();
  for (const std::int64_t dim : dims) tensor.mutable_shape()->add_dim()->set_dim_value(dim);
}

/// A model with its graph, at an opset and an IR version.
struct Model {
  explicit Model(int opset = 13, int ir = 8) {
    proto.set_ir_version(ir);
    auto& import = *proto.add_opset_import();
    import.set_domain("");
    import.set_version(opset);
    graph().set_name("graph");
  }
  onnx::GraphProto& graph() { return *proto.mutable_graph(); }
  onnx::NodeProto& node(const std::string& op, const Names& inputs, const Names& outputs,
                        const std::string& name = "") {
    return add_node(graph(), op, inputs, outputs, name);
  }
  void input(const std::string& name, const Dims& dims, int type = onnx::TensorProto::FLOAT) {
    declare(*graph().add_input(), name, dims, type);
  }
  void open_input(const std::string& name, const std::string& dim, const Dims& rest) {
    declare(*graph().add_input(), name, {}, onnx::TensorProto::FLOAT);
    auto& shape = *graph()
                       .mutable_input(graph().input_size() - 1)
                       ->mutable_type()
                       ->mutable_tensor_type()
                       ->mutable_shape();
    shape.add_dim()->set_dim_param(dim);
    for (const std::int64_t extent : rest) shape.add_dim()->set_dim_value(extent);
  }
  void output(const std::string& name, const Dims& dims, int type = onnx::TensorProto::FLOAT) {
    declare(*graph().add_output(), name, dims, type);
  }
  void weights(const std::string& name, const Dims& dims, const std::vector<float>& values) {
    fill(*graph().add_initializer(), name, dims, values);
  }
  void integers(const std::string& name, const Dims& values) {
    fill_int64(*graph().add_initializer(), name, {static_cast<std::int64_t>(values.size())}, values);
  }
  std::string bytes() const { return proto.SerializeAsString(); }

  onnx::ModelProto proto;
};

}  // namespace bpusim::testing
