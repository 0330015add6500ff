// An ONNX graph, with its branches and functions spliced in, to the nodes of a Network. For the importer's
// own files only.
#pragma once

#include <onnx/onnx_pb.h>

#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/network/network.h"
#include "sim/network/onnx/attributes.h"
#include "sim/network/onnx/condition.h"
#include "sim/network/onnx/shapes.h"

namespace bpusim {

/// The names that a graph's, a branch's or a function's nodes see.
struct OnnxScope {
  const OnnxScope* outer =
      nullptr;         ///< where a branch looks for what it does not make; functions see nothing
  std::string prefix;  ///< of the network's names for what is made here; empty in the main graph
  int opset = 0;
  int depth = 0;
  OnnxCallAttributes attributes;               ///< of the call, in a function
  std::map<std::string, std::string> names;    ///< values made so far, to the network's names
  std::map<std::string, std::string> results;  ///< names that are given: what the outside calls these values
};

class OnnxGraphReader {
 public:
  OnnxGraphReader(const OnnxOrigin& origin, const Dimensions& dims, const GivenInputs& given,
                  const onnx::ModelProto& model, Network& network);

  /// Reads the main graph and empties it: each tensor's bytes are given back before the next one is read.
  /// Throws InputError at the first thing that is wrong. Operators that are not read stay, with Node::unread.
  void read(onnx::GraphProto& graph, int opset);

 private:
  using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

  void read_interface(const onnx::GraphProto& graph, OnnxScope& scope);
  void read_initializer(const onnx::TensorProto& proto, OnnxScope& scope);
  void read_sparse_initializers(const onnx::GraphProto& graph, OnnxScope& scope);
  void make_constant(const std::string& local, ModelTensor tensor, int onnx_type, OnnxScope& scope);
  void check_initializer(const std::string& name, const OnnxScope& scope) const;
  void resolve_cast_like(Node& node) const;
  void resolve_codes(Node& node) const;
  std::string unread_codes(const onnx::NodeProto& proto, const std::vector<std::string>& inputs) const;
  void read_nodes(const Nodes& nodes, OnnxScope& scope);
  void read_node(const onnx::NodeProto& proto, OnnxScope& scope, const Nodes& nodes);
  void read_constant(const onnx::NodeProto& proto, OnnxScope& scope);
  void read_plain(const onnx::NodeProto& proto, std::string name, std::vector<std::string> inputs,
                  OnnxScope& scope);
  Node plain_node(const onnx::NodeProto& proto, std::string name, std::vector<std::string> inputs,
                  OnnxScope& scope);
  void read_fused(const onnx::NodeProto& proto, const std::string& name,
                  const std::vector<std::string>& inputs, OnnxScope& scope);
  void read_if(const onnx::NodeProto& proto, const std::string& name, const std::string& condition,
               OnnxScope& scope);
  void read_call(const onnx::NodeProto& proto, const onnx::FunctionProto& function, const std::string& name,
                 const std::vector<std::string>& inputs, OnnxScope& scope);
  std::vector<std::string> bind_results(const onnx::NodeProto& proto, const std::vector<std::string>& made,
                                        const OnnxScope& scope, OnnxScope& inner);
  void finish_results(const onnx::NodeProto& proto, const std::string& name,
                      const std::vector<std::string>& made, const std::vector<std::string>& results,
                      const OnnxScope& inner, OnnxScope& scope);
  std::vector<std::string> inputs_of(const onnx::NodeProto& proto, const std::string& where,
                                     const OnnxScope& scope, const Nodes& nodes) const;
  const onnx::FunctionProto* function_of(const onnx::NodeProto& proto) const;
  void add_defaults(const onnx::FunctionProto& function, OnnxCallAttributes& attributes);

  const std::string* find(const std::string& name, const OnnxScope& scope) const;
  std::string name_in(const std::string& local, const OnnxScope& scope) const;
  std::string make(const std::string& local, OnnxScope& scope);
  std::string unique_name(std::string name);
  std::string free_name(const std::string& wanted);
  void add_node(Node node);
  void add_unread(const onnx::NodeProto& proto, const std::string& name,
                  const std::vector<std::string>& inputs, const std::string& reason, OnnxScope& scope);
  void train_old_batch_norm(Node& node) const;
  std::optional<bool> decided(const std::string& name, const std::string& condition);
  std::string undecided(const std::string& name, const std::string& condition) const;
  void drop_condition_nodes();
  void note_branches(const onnx::NodeProto& proto, const std::string& name);
  std::vector<std::string> unknown_assumptions() const;
  void say_unknown(std::vector<std::string> lines) const;
  [[noreturn]] void refuse(const std::string& where, const std::string& why) const;

  const OnnxOrigin& origin_;
  const onnx::ModelProto& model_;
  Network& network_;
  OnnxShapes shapes_;
  std::set<std::string> node_names_;
  std::set<std::string>
      file_names_;  ///< of the main graph's nodes and values, read or not, and of what was added
  std::map<std::string, std::size_t> makers_;  ///< node that makes a value
  KnownValues known_;
  std::set<std::size_t> condition_nodes_;
  std::set<std::string> branched_by_;         ///< names of all Ifs, and of their conditions
  std::list<onnx::AttributeProto> defaults_;  ///< of functions' attributes
  const GivenInputs& given_;
  std::size_t nodes_read_ = 0;
};

/// Why an operator of ONNX's own domain is not read, or nullptr: loops, sequences and optional values.
const char* unread_reason(const std::string& op);

}  // namespace bpusim
