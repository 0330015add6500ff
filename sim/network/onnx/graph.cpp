#include "sim/network/onnx/graph.h"

#include <algorithm>

#include "kernels/norms/norm.h"
#include "kernels/not_run.h"
#include "kernels/vector/unary.h"
#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/network/element_type.h"
#include "sim/network/known_inputs.h"
#include "sim/network/onnx/fused.h"
#include "sim/network/onnx/quantised.h"

namespace bpusim {

namespace {

constexpr std::size_t kMostNodes = 1000000;   // functions that call functions grow fast
constexpr std::size_t kMostSuggested = 2000;  // names that are worth comparing with a misspelt one

// ONNX's own domain has two spellings.
std::string domain_of(const std::string& domain) {
  return domain == "ai.onnx" ? "" : domain;
}

std::string where_of(const std::string& op, const std::string& name) {
  return op + " '" + name + "'";
}

// Optional inputs and outputs at the end may be left out; so they are, for those who count them.
void trim(std::vector<std::string>& names) {
  while (!names.empty() && names.back().empty()) names.pop_back();
}

std::vector<std::string> strings_of(const google::protobuf::RepeatedPtrField<std::string>& field) {
  std::vector<std::string> names(field.begin(), field.end());
  trim(names);
  return names;
}

// Names of a graph's own nodes, of all values that they make, and of those that it is given.
std::set<std::string> names_of(const onnx::GraphProto& graph) {
  std::set<std::string> names;
  for (const auto& node : graph.node()) {
    names.insert(node.name());
    names.insert(node.output().begin(), node.output().end());
  }
  for (const auto& input : graph.input()) names.insert(input.name());
  for (const auto& initializer : graph.initializer()) names.insert(initializer.name());
  for (const auto& sparse : graph.sparse_initializer()) names.insert(sparse.values().name());
  return names;
}

// Names that bpusim gives to operators of its own making.
bool is_of_plans(const std::string& op) {
  return op == "Quantise" || op == "Requantise" || op == "Dequantise" || op == "PixelPreprocess";
}

// Operators whose first output may be left out.
bool may_lack_first_output(const std::string& op) {
  return op == "RNN" || op == "GRU" || op == "LSTM";
}

Tensor vector_of(std::vector<double> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return Tensor({size}, std::move(values));
}

}  // namespace

const char* unread_reason(const std::string& op) {
  if (op == "Loop" || op == "Scan") return "loops are not read, export the model with them unrolled";
  if (op.rfind("Sequence", 0) == 0 || op == "SplitToSequence" || op == "ConcatFromSequence")
    return "sequences are not read";
  if (op.rfind("Optional", 0) == 0) return "optional values are not read";
  return nullptr;
}

OnnxGraphReader::OnnxGraphReader(const OnnxOrigin& origin, const Dimensions& dims, const GivenInputs& given,
                                 const onnx::ModelProto& model, Network& network)
    : origin_(origin),
      model_(model),
      network_(network),
      shapes_(origin, dims, given, network),
      known_(network, makers_, shapes_.ranked(), given),
      given_(given) {}

void OnnxGraphReader::refuse(const std::string& where, const std::string& why) const {
  throw InputError(origin_.file + ": " + where + " " + why);
}

void OnnxGraphReader::read(onnx::GraphProto& graph, int opset) {
  OnnxScope scope;
  scope.opset = opset;
  network_.has_weights = graph.initializer_size() + graph.sparse_initializer_size() > 0;
  file_names_ = names_of(graph);
  for (auto& slot : *graph.mutable_initializer()) {
    onnx::TensorProto proto;
    proto.Swap(&slot);
    read_initializer(proto, scope);
  }
  read_sparse_initializers(graph, scope);
  read_interface(graph, scope);
  say_unknown(shapes_.unknown_dims());
  for (auto& slot : *graph.mutable_node()) {  // Constant nodes hold tensors too
    read_node(slot, scope, graph.node());
    onnx::NodeProto().Swap(&slot);
  }
  for (const auto& info : graph.output())
    if (scope.names.count(info.name()) == 0)
      refuse("output '" + info.name() + "'", "of the graph is made by nothing");
  say_unknown(unknown_assumptions());
  drop_condition_nodes();
}

void OnnxGraphReader::read_interface(const onnx::GraphProto& graph, OnnxScope& scope) {
  for (const auto& info : graph.input()) shapes_.take_given(info);
  for (const auto& info : graph.value_info()) shapes_.value(info, info.name());
  if (graph.output_size() == 0) throw InputError(origin_.file + ": the graph has no outputs");
  for (const auto& info : graph.output()) {
    if (std::count(network_.outputs.begin(), network_.outputs.end(), info.name()) != 0)
      refuse("output '" + info.name() + "'", "of the graph is there twice");
    shapes_.value(info, info.name());
    network_.outputs.push_back(info.name());
  }
  std::set<std::string> inputs;
  for (const auto& info : graph.input()) {
    if (!inputs.insert(info.name()).second)
      refuse("input '" + info.name() + "'", "of the graph is there twice");
    shapes_.input(info);
    if (network_.values[info.name()].constant) continue;
    network_.inputs.push_back(info.name());
    scope.names[info.name()] = info.name();
  }
}

void OnnxGraphReader::make_constant(const std::string& local, ModelTensor tensor, int onnx_type,
                                    OnnxScope& scope) {
  const std::string name = make(local, scope);
  shapes_.note_type(name, onnx_type);
  set_constant(network_.values[name], std::move(tensor), element_type(onnx_type));
}

void OnnxGraphReader::check_initializer(const std::string& name, const OnnxScope& scope) const {
  if (name.empty()) throw InputError(origin_.file + ": an initializer has no name");
  if (scope.names.count(name) != 0) refuse("initializer '" + name + "'", "is there twice");
}

void OnnxGraphReader::read_initializer(const onnx::TensorProto& proto, OnnxScope& scope) {
  check_initializer(proto.name(), scope);
  make_constant(proto.name(), read_onnx_tensor(proto, origin_, "initializer '" + proto.name() + "'"),
                proto.data_type(), scope);
}

void OnnxGraphReader::read_sparse_initializers(const onnx::GraphProto& graph, OnnxScope& scope) {
  for (const auto& proto : graph.sparse_initializer()) {
    const std::string& name = proto.values().name();
    check_initializer(name, scope);
    make_constant(name, read_sparse_tensor(proto, origin_, "sparse initializer '" + name + "'"),
                  proto.values().data_type(), scope);
  }
}

const std::string* OnnxGraphReader::find(const std::string& name, const OnnxScope& scope) const {
  for (const OnnxScope* at = &scope; at != nullptr; at = at->outer) {
    const auto found = at->names.find(name);
    if (found != at->names.end()) return &found->second;
  }
  return nullptr;
}

// The network's name for a value that is about to be made.
std::string OnnxGraphReader::name_in(const std::string& local, const OnnxScope& scope) const {
  if (scope.names.count(local) != 0) refuse("value '" + local + "'", "is made twice");
  const auto given = scope.results.find(local);
  if (given != scope.results.end()) return given->second;
  if (scope.prefix.empty()) return local;
  std::string name = scope.prefix + local;
  for (int i = 2; network_.values.count(name) != 0; ++i)
    name = scope.prefix + local + "_" + std::to_string(i);
  return name;
}

std::string OnnxGraphReader::make(const std::string& local, OnnxScope& scope) {
  std::string name = name_in(local, scope);
  scope.names[local] = name;
  network_.values[name];
  return name;
}

std::string OnnxGraphReader::unique_name(std::string name) {
  while (!node_names_.insert(name).second) name += "_" + std::to_string(network_.nodes.size());
  return name;
}

// For a value that no file names.
std::string OnnxGraphReader::free_name(const std::string& wanted) {
  std::string name = wanted;
  const auto taken = [&] { return network_.values.count(name) != 0 || node_names_.count(name) != 0; };
  for (int number = 2; taken() || !file_names_.insert(name).second; ++number)
    name = wanted + "#" + std::to_string(number);
  return name;
}

void OnnxGraphReader::add_node(Node node) {
  for (const std::string& output : node.outputs)
    if (!output.empty()) makers_[output] = network_.nodes.size();
  network_.nodes.push_back(std::move(node));
}

// An operator that nothing here runs is kept by its name: it is listed with all others of its kind where
// nodes get their places. Its attributes are nobody's business.
void OnnxGraphReader::add_unread(const onnx::NodeProto& proto, const std::string& name,
                                 const std::vector<std::string>& inputs, const std::string& reason,
                                 OnnxScope& scope) {
  Node node;
  node.name = name;
  node.domain = domain_of(proto.domain());
  // Nothing may take it for the operator that bpusim has by that name.
  const bool no_other = unread_reason(proto.op_type()) != nullptr || proto.op_type() == "If";
  node.op = (!node.domain.empty() ? node.domain + "." : no_other ? "" : "ai.onnx.") + proto.op_type();
  node.opset = scope.opset;
  node.unread = reason;
  node.inputs = inputs;
  for (const std::string& output : strings_of(proto.output()))
    node.outputs.push_back(output.empty() ? output : make(output, scope));
  add_node(std::move(node));
}

std::vector<std::string> OnnxGraphReader::inputs_of(const onnx::NodeProto& proto, const std::string& where,
                                                    const OnnxScope& scope, const Nodes& nodes) const {
  std::vector<std::string> inputs;
  for (const std::string& input : proto.input()) {
    const std::string* name = input.empty() ? &input : find(input, scope);
    if (name == nullptr) {
      for (const auto& other : nodes)
        if (std::count(other.output().begin(), other.output().end(), input) != 0)
          refuse(where, "reads '" + input + "', which is made only after it, by " +
                            (other.name().empty() ? "a node of type " + other.op_type()
                                                  : where_of(other.op_type(), other.name())) +
                            ": the nodes of an ONNX graph stand in the order of their data");
      std::vector<std::string> candidates;
      for (const auto& [local, unused] : scope.names)
        if (candidates.size() < kMostSuggested) candidates.push_back(local);
      refuse(where, "reads '" + input + "', which nothing before it makes" + did_you_mean(input, candidates));
    }
    inputs.push_back(*name);
  }
  trim(inputs);
  return inputs;
}

void OnnxGraphReader::read_nodes(const Nodes& nodes, OnnxScope& scope) {
  if (scope.depth > 32)
    throw InputError(origin_.file + ": graphs nest deeper than 32 at '" + scope.prefix +
                     "', or a function calls itself");
  for (const auto& proto : nodes) read_node(proto, scope, nodes);
}

void OnnxGraphReader::read_node(const onnx::NodeProto& proto, OnnxScope& scope, const Nodes& nodes) {
  if (++nodes_read_ > kMostNodes)
    throw InputError(origin_.file + ": more than " + std::to_string(kMostNodes) + " nodes");
  if (proto.op_type() == "Constant" && domain_of(proto.domain()).empty()) return read_constant(proto, scope);
  const std::string index = std::to_string(network_.nodes.size());
  const std::string name =
      unique_name(scope.prefix + (proto.name().empty() ? proto.op_type() + "_" + index : proto.name()));
  const std::string where = where_of(proto.op_type(), name);
  if (proto.op_type().empty()) refuse("node '" + name + "'", "has no operator");
  if (strings_of(proto.output()).empty()) refuse(where, "has no outputs");
  std::vector<std::string> inputs = inputs_of(proto, where, scope, nodes);
  if (const onnx::FunctionProto* function = function_of(proto))
    return read_call(proto, *function, name, inputs, scope);
  if (const std::string reason = unread_codes(proto, inputs); !reason.empty())
    return add_unread(proto, name, inputs, reason, scope);
  if (const auto function = quantised_function(proto, scope.opset))
    return read_call(proto, *function, name, inputs, scope);
  const std::string domain = domain_of(proto.domain());
  if (domain.empty() && proto.op_type() == "If") {
    if (inputs.size() != 1) refuse(where, "takes one input, the condition");
    return read_if(proto, name, inputs[0], scope);
  }
  const bool defined = find_norm(proto.op_type()) != nullptr || find_unary(proto.op_type()) != nullptr ||
                       (domain == "com.microsoft" &&
                        (is_shared_operator(proto.op_type()) || is_linear_quantisation(proto.op_type())));
  if (domain.empty() && is_of_plans(proto.op_type()))
    return add_unread(proto, name, inputs, "ONNX has no such operator", scope);
  if (const char* reason = domain.empty() ? unread_reason(proto.op_type()) : nullptr)
    return add_unread(proto, name, inputs, reason, scope);
  if (domain == "com.microsoft" && is_fused_operator(proto.op_type()))
    return read_fused(proto, name, inputs, scope);
  if (const char* reason = unread_layout_reason(proto.op_type(), domain))
    return add_unread(proto, name, inputs, reason, scope);
  if (!domain.empty() && !defined)
    return add_unread(
        proto, name, inputs,
        "operators of domain '" + domain + "' have no definition in bpusim: export the model with ONNX's own",
        scope);
  read_plain(proto, name, std::move(inputs), scope);
}

void OnnxGraphReader::read_plain(const onnx::NodeProto& proto, std::string name,
                                 std::vector<std::string> inputs, OnnxScope& scope) {
  Node node = plain_node(proto, std::move(name), std::move(inputs), scope);
  resolve_cast_like(node);
  resolve_codes(node);
  train_old_batch_norm(node);
  add_node(std::move(node));
}

// An operator of onnxruntime's optimiser becomes those that it put together.
void OnnxGraphReader::read_fused(const onnx::NodeProto& proto, const std::string& name,
                                 const std::vector<std::string>& inputs, OnnxScope& scope) {
  const std::string where = where_of(proto.op_type(), name);
  FusedSurroundings around;
  around.shape = [this](const std::string& value) { return known_.shape(value); };
  around.free_name = [this](const std::string& wanted) { return free_name(wanted); };
  Node fused = plain_node(proto, name, inputs, scope);
  WrittenOut written;
  try {
    written = write_out_fused(fused, around);
  } catch (const NotRun& error) {
    fused.op = fused.domain + "." + fused.op;
    fused.attributes = {};
    fused.unread = error.what();
    return add_node(std::move(fused));
  } catch (const std::invalid_argument& error) {
    refuse(where, error.what());
  }
  for (auto& [value, constant] : written.constants) network_.values[value] = std::move(constant);
  for (Node& node : written.nodes) {
    for (const std::string& output : node.outputs)
      if (!output.empty()) network_.values[output];
    node_names_.insert(node.name);
    add_node(std::move(node));
  }
}

Node OnnxGraphReader::plain_node(const onnx::NodeProto& proto, std::string name,
                                 std::vector<std::string> inputs, OnnxScope& scope) {
  const std::string where = where_of(proto.op_type(), name);
  const InputCount count = input_count(proto.op_type());
  const auto given = static_cast<std::size_t>(std::distance(
      inputs.begin(), std::find(inputs.begin(), inputs.end(), "")));  // up to the first that is left out
  if (given < count.least)
    refuse(where,
           "needs at least " + std::to_string(count.least) + " inputs, it has " + std::to_string(given));
  if (count.most > 0 && inputs.size() > count.most)
    refuse(where, "takes at most " + std::to_string(count.most) + (count.most == 1 ? " input" : " inputs") +
                      ", it has " + std::to_string(inputs.size()));
  const bool unnamed = proto.output(0).empty();
  if (unnamed && !may_lack_first_output(proto.op_type())) refuse(where, "has no name for its first output");
  Node node;
  node.name = std::move(name);
  node.op = proto.op_type();
  node.domain = domain_of(proto.domain());
  node.opset = scope.opset;
  node.attributes =
      read_attributes(resolve_attributes(proto, scope.attributes, origin_, where), origin_, where);
  node.inputs = std::move(inputs);
  for (const std::string& output : strings_of(proto.output()))
    node.outputs.push_back(output.empty() ? output : make(output, scope));
  if (unnamed) {
    node.outputs[0] = free_name(node.name + "/Y");
    network_.values[node.outputs[0]];
  }
  return node;
}

// Before opset 14 an output beyond the first is what asks for training.
void OnnxGraphReader::train_old_batch_norm(Node& node) const {
  if (node.op == "BatchNormalization" && node.opset < 14 && node.outputs.size() > 1)
    node.attributes.ints["training_mode"] = 1;
}

// A CastLike whose type is known is a Cast.
void OnnxGraphReader::resolve_cast_like(Node& node) const {
  if (node.op != "CastLike" || node.inputs.size() != 2) return;
  const int type = shapes_.type_of(node.inputs[1]);
  if (type == 0) return;
  node.op = "Cast";
  node.inputs.pop_back();
  node.attributes.ints["to"] = type;
}

// The type of the codes is that of the zero point.
void OnnxGraphReader::resolve_codes(Node& node) const {
  if (node.op != "QuantizeLinear" || node.inputs.size() < 3) return;
  if (const int type = shapes_.type_of(node.inputs[2])) node.attributes.ints["output_dtype"] = type;
}

// Why a node is not read because of the codes that it reads or makes.
std::string OnnxGraphReader::unread_codes(const onnx::NodeProto& proto,
                                          const std::vector<std::string>& inputs) const {
  const std::string& op = proto.op_type();
  if (!is_linear_quantisation(op)) return unread_quantised(proto);
  int type = 0;
  for (const auto& a : proto.attribute())
    if (a.name() == "output_dtype" && op == "QuantizeLinear") type = static_cast<int>(a.i());
  const std::size_t says = op == "QuantizeLinear" ? 2 : 0;
  if (says < inputs.size() && shapes_.type_of(inputs[says]) != 0) type = shapes_.type_of(inputs[says]);
  return unread_code_type(op, type);
}

void OnnxGraphReader::read_constant(const onnx::NodeProto& proto, OnnxScope& scope) {
  const std::string label = proto.name().empty() && proto.output_size() > 0 ? proto.output(0) : proto.name();
  const std::string where = where_of("Constant", label);
  if (proto.output_size() != 1 || proto.output(0).empty()) refuse(where, "must have one output");
  const auto attributes = resolve_attributes(proto, scope.attributes, origin_, where);
  if (attributes.size() != 1)
    refuse(where, "must have one value, it has " + std::to_string(attributes.size()));
  const onnx::AttributeProto& a = *attributes[0].proto;
  const std::string& kind = attributes[0].name;
  const std::string what = "value of " + where;
  using Type = onnx::AttributeProto;
  const std::map<std::string, Type::AttributeType> kinds = {
      {"value", Type::TENSOR},        {"sparse_value", Type::SPARSE_TENSOR},
      {"value_float", Type::FLOAT},   {"value_floats", Type::FLOATS},
      {"value_int", Type::INT},       {"value_ints", Type::INTS},
      {"value_string", Type::STRING}, {"value_strings", Type::STRINGS}};
  const auto expected = kinds.find(kind);
  if (expected == kinds.end()) refuse(where, "has '" + kind + "', no value that is read");
  if (expected->second != attributes[0].type)
    refuse(where, "has '" + kind + "' as " + Type::AttributeType_Name(attributes[0].type) + ", expected " +
                      Type::AttributeType_Name(expected->second));
  const auto hold = [&](ModelTensor tensor, int type) {
    make_constant(proto.output(0), std::move(tensor), type, scope);
  };
  using Element = onnx::TensorProto;
  if (kind == "value") {
    hold(read_onnx_tensor(a.t(), origin_, what), a.t().data_type());
  } else if (kind == "sparse_value") {
    hold(read_sparse_tensor(a.sparse_tensor(), origin_, what), a.sparse_tensor().values().data_type());
  } else if (kind == "value_float") {
    hold(Tensor({}, {static_cast<double>(a.f())}), Element::FLOAT);
  } else if (kind == "value_floats") {
    hold(vector_of({a.floats().begin(), a.floats().end()}), Element::FLOAT);
  } else if (kind == "value_int") {
    hold(Tensor({}, {static_cast<double>(a.i())}), Element::INT64);
  } else if (kind == "value_ints") {
    hold(vector_of({a.ints().begin(), a.ints().end()}), Element::INT64);
  } else if (kind == "value_string") {
    hold(StringTensor{{}, {a.s()}}, Element::STRING);
  } else {
    hold(StringTensor{{a.strings_size()}, {a.strings().begin(), a.strings().end()}}, Element::STRING);
  }
}

}  // namespace bpusim
