// Which attributes each operator has, in any of ONNX's versions and in those of its other domains that are
// read.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace bpusim {

enum class AttributeKind { Int, Float, String, Ints, Floats, Strings, Other };

struct KnownAttribute {
  std::string name;
  AttributeKind kind;
};

/// Nothing for an operator that bpusim does not know. Norms that are none of ONNX's have those of their own
/// row.
std::optional<std::vector<KnownAttribute>> known_attributes(const std::string& op);

/// Null where the operator has no such attribute.
const KnownAttribute* find_attribute(const std::vector<KnownAttribute>& known, const std::string& name);

/// For suggestions.
std::vector<std::string> names_of(const std::vector<KnownAttribute>& known);

/// "a whole number", "a list of whole numbers".
const char* to_string(AttributeKind kind);

}  // namespace bpusim
