// ONNX's attributes to Attributes. For the importer's own files only.
#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <string>
#include <vector>

#include "sim/network/network.h"
#include "sim/network/onnx/tensor.h"

namespace bpusim {

/// Attributes of a call, by name, that a function's body refers to.
using OnnxCallAttributes = std::map<std::string, const onnx::AttributeProto*>;

/// An attribute under the name that its node has for it.
struct OnnxAttribute {
  std::string name;
  const onnx::AttributeProto* proto;
  onnx::AttributeProto::AttributeType type;
};

/// A node's attributes, those of a function's body resolved through `call` (what the call does not give is
/// left out). The type is that of the field that is filled where the file does not say it (before IR 2).
/// Throws InputError where it says one thing and fills another. `where` is "Conv 'name'".
std::vector<OnnxAttribute> resolve_attributes(const onnx::NodeProto& node, const OnnxCallAttributes& call,
                                              const OnnxOrigin& origin, const std::string& where);

/// Numbers, texts and lists of them; a tensor of one element as that element. Other kinds are left to those
/// who know the operator. Throws InputError where an attribute of ONNX's own operators has another type than
/// theirs, or is given twice.
Attributes read_attributes(const std::vector<OnnxAttribute>& attributes, const OnnxOrigin& origin,
                           const std::string& where);

}  // namespace bpusim
