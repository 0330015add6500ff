// Graphs within a graph: the branches of an If and the bodies of a model's own functions become nodes of the
// network.
#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/config/suggest.h"
#include "sim/input_error.h"
#include "sim/network/onnx/graph.h"

namespace bpusim {

namespace {

// Numbers of fields that the installed onnx.proto may not know yet (onnx.proto of IR version 10).
constexpr int kFunctionDefaults = 11, kFunctionOverload = 13, kNodeOverload = 8;

std::vector<std::string> unknown_strings(const google::protobuf::Message& message, int number) {
  std::vector<std::string> values;
  const auto& fields = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < fields.field_count(); ++i)
    if (fields.field(i).number() == number &&
        fields.field(i).type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      values.push_back(fields.field(i).length_delimited());
  return values;
}

}  // namespace

const onnx::FunctionProto* OnnxGraphReader::function_of(const onnx::NodeProto& proto) const {
  for (const auto& function : model_.functions())
    if (function.name() == proto.op_type() && function.domain() == proto.domain() &&
        unknown_strings(function, kFunctionOverload) == unknown_strings(proto, kNodeOverload))
      return &function;
  return nullptr;
}

// The names in the network of what a node that is spliced in makes. The inner graph uses them for its own
// results.
std::vector<std::string> OnnxGraphReader::bind_results(const onnx::NodeProto& proto,
                                                       const std::vector<std::string>& made,
                                                       const OnnxScope& scope, OnnxScope& inner) {
  std::vector<std::string> results;
  for (int i = 0; i < proto.output_size(); ++i) {
    const std::string& output = proto.output(i);
    results.push_back(output.empty() ? output : name_in(output, scope));
    if (!output.empty()) inner.results.emplace(made[static_cast<std::size_t>(i)], results.back());
  }
  return results;
}

// A result that the inner graph did not make itself (it hands on what it was given) is an Identity.
void OnnxGraphReader::finish_results(const onnx::NodeProto& proto, const std::string& name,
                                     const std::vector<std::string>& made,
                                     const std::vector<std::string>& results, const OnnxScope& inner,
                                     OnnxScope& scope) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].empty()) continue;
    const std::string* source = find(made[i], inner);
    if (source == nullptr || source->empty())
      refuse(proto.op_type() + " '" + name + "'",
             "has the result '" + made[i] + "', which nothing within it makes");
    const std::string& output = proto.output(static_cast<int>(i));
    if (!scope.names.emplace(output, results[i]).second) refuse("value '" + output + "'", "is made twice");
    if (*source == results[i]) continue;
    network_.values[results[i]];
    Node identity;
    identity.name = unique_name(name + "/Identity");
    identity.op = "Identity";
    identity.opset = scope.opset;
    identity.inputs = {*source};
    identity.outputs = {results[i]};
    add_node(std::move(identity));
  }
}

// Which branch an If takes, where that is known or assumed.
std::optional<bool> OnnxGraphReader::decided(const std::string& name, const std::string& condition) {
  const std::optional<Tensor> known = known_.value(condition);
  if (known && known->size() == 1 && !std::isnan(known->values[0])) return known->values[0] != 0;
  for (const std::string* key : {&name, &condition})
    if (const auto assumed = given_.assumed.find(*key); assumed != given_.assumed.end())
      return assumed->second;
  return std::nullopt;
}

// Why a branch can't be taken, and what decides it.
std::string OnnxGraphReader::undecided(const std::string& name, const std::string& condition) const {
  std::string inputs, open;
  bool given = true;
  for (const std::string& input : known_.sources(condition)) {
    inputs += (inputs.empty() ? "'" : ", '") + input + "'";
    given = given && given_.tensors.count(input) != 0;
    if (const auto axes = network_.open_axes.find(input); axes != network_.open_axes.end())
      for (const std::string& axis : axes->second)
        if (network_.dynamic_dims.count(axis) != 0 && open.empty()) open = axis;
  }
  return "its condition '" + condition + "' is not known before the run" +
         (inputs.empty() ? "" : ", and depends on " + inputs) + ": choose a branch (--assume " + name +
         "=true or =false, or assume: in the run file)" +
         (given ? "" : ", give that input a file (inputs: in the run file)") +
         (open.empty() ? "" : ", or set its dimensions (--dim " + open + "=1)");
}

// An If, and those within its branches, taken or not: what may be assumed.
void OnnxGraphReader::note_branches(const onnx::NodeProto& proto, const std::string& name) {
  branched_by_.insert(name);
  for (const auto& attribute : proto.attribute())
    for (const auto& node : attribute.g().node()) {
      if (node.op_type() != "If") continue;
      if (node.input_size() > 0) branched_by_.insert(node.input(0));
      note_branches(node, name + "/" + node.name());
    }
}

std::vector<std::string> OnnxGraphReader::unknown_assumptions() const {
  std::vector<std::string> lines;
  for (const auto& [name, holds] : given_.assumed)
    if (branched_by_.count(name) == 0)
      lines.push_back(origin_.file + ": the model has no If '" + name + "', and none whose condition it is" +
                      did_you_mean(name, {branched_by_.begin(), branched_by_.end()}));
  return lines;
}

void OnnxGraphReader::say_unknown(std::vector<std::string> lines) const {
  if (lines.empty()) return;
  if (given_.unknown_names == nullptr) throw InputError(std::move(lines));
  for (std::string& line : lines) given_.unknown_names->push_back(std::move(line));
}

void OnnxGraphReader::read_if(const onnx::NodeProto& proto, const std::string& name,
                              const std::string& condition, OnnxScope& scope) {
  const std::string where = "If '" + name + "'";
  branched_by_.insert(condition);
  note_branches(proto, name);
  const std::optional<bool> holds = decided(name, condition);
  if (!holds) return add_unread(proto, name, {condition}, undecided(name, condition), scope);
  known_.add_makers(condition, condition_nodes_);
  const std::string taken = *holds ? "then_branch" : "else_branch";
  const onnx::GraphProto* found = nullptr;
  for (const OnnxAttribute& a : resolve_attributes(proto, scope.attributes, origin_, where))
    if (a.name == taken && a.type == onnx::AttributeProto::GRAPH) found = &a.proto->g();
  if (found == nullptr) refuse(where, "has no graph " + taken);
  if (found->output_size() != proto.output_size())
    refuse(where, "has " + std::to_string(proto.output_size()) + " outputs, its " + taken + " " +
                      std::to_string(found->output_size()));
  const onnx::GraphProto& branch = *found;
  OnnxScope inner;
  inner.outer = &scope;
  inner.prefix = name + "/";
  inner.opset = scope.opset;
  inner.depth = scope.depth + 1;
  inner.attributes = scope.attributes;
  std::vector<std::string> made;
  for (const auto& output : branch.output()) made.push_back(output.name());
  const std::vector<std::string> results = bind_results(proto, made, scope, inner);
  for (const auto& initializer : branch.initializer()) read_initializer(initializer, inner);
  read_sparse_initializers(branch, inner);
  read_nodes(branch.node(), inner);
  for (const auto& info : branch.value_info())
    if (inner.names.count(info.name()) != 0) shapes_.value(info, inner.names[info.name()]);
  finish_results(proto, name, made, results, inner, scope);
}

void OnnxGraphReader::add_defaults(const onnx::FunctionProto& function, OnnxCallAttributes& attributes) {
  for (const std::string& bytes : unknown_strings(function, kFunctionDefaults)) {
    onnx::AttributeProto proto;
    if (!proto.ParseFromString(bytes))
      refuse("function '" + function.name() + "'", "has a default of an attribute that does not parse");
    defaults_.push_back(std::move(proto));
    attributes.emplace(defaults_.back().name(), &defaults_.back());
  }
}

void OnnxGraphReader::read_call(const onnx::NodeProto& proto, const onnx::FunctionProto& function,
                                const std::string& name, const std::vector<std::string>& inputs,
                                OnnxScope& scope) {
  const std::string where = proto.op_type() + " '" + name + "'";
  const auto takes = static_cast<std::size_t>(function.input_size());
  if (inputs.size() > takes || proto.output_size() > function.output_size())
    refuse(where, "does not fit its function, which has " + std::to_string(takes) + " inputs and " +
                      std::to_string(function.output_size()) + " outputs");
  OnnxScope inner;
  inner.prefix = name + "/";
  inner.opset = scope.opset;
  inner.depth = scope.depth + 1;
  for (const auto& import : function.opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx")
      inner.opset = static_cast<int>(import.version());
  for (const OnnxAttribute& a : resolve_attributes(proto, scope.attributes, origin_, where))
    inner.attributes[a.name] = a.proto;
  add_defaults(function, inner.attributes);
  for (std::size_t i = 0; i < takes; ++i)
    inner.names[function.input(static_cast<int>(i))] = i < inputs.size() ? inputs[i] : "";
  const std::vector<std::string> made(function.output().begin(), function.output().end());
  const std::vector<std::string> results = bind_results(proto, made, scope, inner);
  read_nodes(function.node(), inner);
  finish_results(proto, name, made, results, inner, scope);
}

// Nodes that only conditions needed go: there is no place for a comparison on the machine.
void OnnxGraphReader::drop_condition_nodes() {
  std::map<std::string, int> uses;
  for (const Node& node : network_.nodes)
    for (const std::string& input : node.inputs) ++uses[input];
  for (const std::string& output : network_.outputs) ++uses[output];
  for (auto at = condition_nodes_.rbegin(); at != condition_nodes_.rend(); ++at) {
    const Node& node = network_.nodes[*at];
    const bool used = std::any_of(node.outputs.begin(), node.outputs.end(),
                                  [&](const std::string& output) { return uses[output] > 0; });
    if (used) continue;
    for (const std::string& input : node.inputs) --uses[input];
    for (const std::string& output : node.outputs) network_.values.erase(output);
    network_.nodes.erase(network_.nodes.begin() + static_cast<std::ptrdiff_t>(*at));
  }
}

}  // namespace bpusim
