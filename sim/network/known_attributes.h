// Which attributes each operator has, in any of ONNX's versions and in those of its other domains that are
// read.
#pragma once

#include <string>
#include <vector>

namespace bpusim {

enum class AttributeKind { Int, Float, String, Ints, Floats, Strings, Other };

struct KnownAttribute {
  std::string name;
  AttributeKind kind;
};

/// Null for an operator that is not in the table.
const std::vector<KnownAttribute>* known_attributes(const std::string& op);

/// Null where the operator has no such attribute.
const KnownAttribute* find_attribute(const std::vector<KnownAttribute>& known, const std::string& name);

/// For suggestions.
std::vector<std::string> names_of(const std::vector<KnownAttribute>& known);

/// "a whole number", "a list of whole numbers".
const char* to_string(AttributeKind kind);

}  // namespace bpusim
